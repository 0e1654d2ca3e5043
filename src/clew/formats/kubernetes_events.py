"""Events of Kubernetes: what kubelets, schedulers and controllers say of pods, nodes and deployments.

    {"kind":"List","items":[{"kind":"Event","involvedObject":{"kind":"Pod","name":"web-6d4b75cb6d-hx2kp"},
     "reason":"BackOff","type":"Warning","message":"Back-off restarting failed container","lastTimestamp":"..."}]}

Reads     kubectl get events -o json, with or without --watch; events one a line, as exporters write them; of both
          APIs, v1 and events.k8s.io/v1
Returns   time (the last one of an event that was seen again), severity by its type, reason as event_name, message,
          namespace, pod, node as host, the component as logger; a deployment that rolls out a new replica set
          and a container that starts are changes; how often and the object as attributes
Units     `line` counts events, `byte_offset` is that number
Blind to  the single times of an event that came again and again: it states the first, the last and how many;
          scaling by hand or by load is no change
Source    Kubernetes, API reference, Event v1 core and events.k8s.io
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clew.formats import Settings
from clew.formats._json_head import share_of
from clew.formats._rewritten import Record, RewrittenParser, rewritten, whole_documents
from clew.model.case import Sample

LIST = re.compile(
    rb'\A(?:\xef\xbb\xbf)?\s*\{\s*"(?:apiVersion|items|kind)"(?s:.){0,4000}?"(?:involvedObject|regarding)"\s*:'
)
OBJECTS = ("involvedObject", "regarding")
TIMES = (
    "lastTimestamp",
    "deprecatedLastTimestamp",
    "eventTime",
    "firstTimestamp",
    "deprecatedFirstTimestamp",
)
SEVERITIES = {"Warning": "WARN", "Normal": "INFO"}
ROLLED_OUT = re.compile(r"^Scaled up replica set (\S+) (?:from 0 to \d+|to \d+ from 0|to \d+$)")
OF_REPLICA_SET = re.compile(r"^(.+)-[0-9a-f]{6,10}-[a-z0-9]{5}$")
"""A pod's name, of which the first part is the deployment's."""


def sniff(head: bytes) -> float:
    """Whether events of Kubernetes stand here, one a line or in a list."""
    if LIST.match(head[:65_536]):
        return 0.97
    return 0.97 * share_of(head, lambda one: _is_event(one.get("object", one)))


def parse(head: bytes, settings: Settings) -> RewrittenParser:
    """A parser of lists of events and of events alone."""
    return rewritten(settings, _records)


def _records(path: Path) -> Iterator[Record]:
    for document in whole_documents(path):
        for one in document if isinstance(document, list) else [document]:
            yield from _of_document(one)


def _of_document(document: Any) -> Iterator[Record]:
    if not isinstance(document, dict):
        yield str(document)
        return
    items = document.get("items")
    for item in items if isinstance(items, list) else [document.get("object", document)]:
        yield (
            _event(item) if _is_event(item) else item if isinstance(item, dict) else {"item": item}
        )


def _is_event(one: Any) -> bool:
    if not isinstance(one, dict) or "reason" not in one:
        return False
    return one.get("kind", "Event") == "Event" and any(
        isinstance(one.get(o), dict) for o in OBJECTS
    )


def _event(one: dict[str, Any]) -> dict[str, Any]:
    """The event as a record with our names; what has none keeps its own."""
    rest = {name: value for name, value in one.items() if value not in (None, "", {}, [])}
    about = _dict(next((rest.pop(name) for name in OBJECTS if name in rest), None))
    meta, source = _dict(rest.pop("metadata", None)), _dict(rest.pop("source", None))
    source = source or _dict(rest.pop("deprecatedSource", None))
    kind, name = about.get("kind"), str(about.get("name", ""))
    message = str(rest.pop("message", "") or rest.pop("note", ""))
    reason = rest.pop("reason")
    at = next((rest[time] for time in TIMES if time in rest), meta.get("creationTimestamp"))
    found = {
        "timestamp": at,
        "severity": SEVERITIES.get(str(rest.get("type"))),
        "event_name": reason,
        "message": message,
        "k8s_namespace": about.get("namespace") or meta.get("namespace"),
        "k8s_pod": name if kind == "Pod" else None,
        "service": _service(kind, name),
        "host": source.get("host") or (name if kind == "Node" else None),
        "logger": source.get("component")
        or rest.get("reportingComponent")
        or rest.get("reportingController"),
        "object_kind": kind,
        "object_name": name,
        "event_uid": meta.get("uid"),
        **_change(kind, name, str(reason), message),
    }
    left_out = {"kind", "apiVersion", "type"}
    found |= {name: value for name, value in rest.items() if name not in left_out}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _service(kind: Any, name: str) -> str | None:
    """The deployment, or the workload, that an object is or belongs to."""
    if kind == "Pod":
        of_set = OF_REPLICA_SET.match(name)
        return of_set[1] if of_set else None
    return name if kind in ("Deployment", "StatefulSet", "DaemonSet") else None


def _change(kind: Any, name: str, reason: str, message: str) -> dict[str, str]:
    if (
        kind == "Deployment"
        and reason == "ScalingReplicaSet"
        and (new := ROLLED_OUT.match(message))
    ):
        return {"change_type": "deployment", "change_target": name, "change_version": new[1]}
    if kind == "Pod" and reason == "Started":
        return {"change_type": "start", "change_target": _service(kind, name) or name}
    return {}


def _dict(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


_BACK_OFF = (
    '{"apiVersion":"v1","count":3,"eventTime":null,"firstTimestamp":"2025-11-20T09:00:00Z","involvedObject":{"kind":'
    '"Pod","name":"web-6d4b75cb6d-hx2kp","namespace":"shop"},"kind":"Event","lastTimestamp":"2025-11-20T09:02:00Z",'
    '"message":"Back-off restarting failed container web","metadata":{"name":"web.17","namespace":"shop","uid":"e1"},'
    '"reason":"BackOff","source":{"component":"kubelet","host":"node1"},"type":"Warning"}'
)
_SCALED = (
    '{"kind":"Event","metadata":{"creationTimestamp":"2025-11-20T09:01:00Z"},"regarding":{"kind":"Deployment","name":'
    '"web","namespace":"shop"},"note":"Scaled up replica set web-6d4b75cb6d from 0 to 1","reason":"ScalingReplicaSet",'
    '"eventTime":null,"reportingController":"deployment-controller","type":"Normal"}'
)
SAMPLES = [
    Sample(
        f'{{"apiVersion":"v1","items":[{_BACK_OFF},\n{_SCALED},\n'
        + _SCALED.replace("from 0 to 1", "from 1 to 3")
        + '],"kind":"List","metadata":{"resourceVersion":""}}\n',
        [
            {"timestamp": "2025-11-20T09:02:00Z", "severity": "WARN", "event_name": "BackOff", "service": "web",
             "k8s_pod": "web-6d4b75cb6d-hx2kp", "k8s_namespace": "shop", "host": "node1", "logger": "kubelet",
             "message": "Back-off restarting failed container web", "attributes.count": 3, "change_type": None},
            {"timestamp": "2025-11-20T09:01:00Z", "severity": "INFO", "service": "web",
             "change_type": "deployment", "change_target": "web", "change_version": "web-6d4b75cb6d"},
            {"change_type": None, "message": "Scaled up replica set web-6d4b75cb6d from 1 to 3"},
        ],
        name="kubectl get events -o json",
    ),
    Sample(
        f"{_BACK_OFF}\n{_SCALED}\n",
        [{"event_name": "BackOff", "line": 1}, {"event_name": "ScalingReplicaSet", "line": 2}],
        name="events one a line",
    ),
]  # fmt: skip

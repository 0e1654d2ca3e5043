"""Zipkin's JSON, version 2: what the API takes and gives, and the UI downloads.

Reads     a list of spans, a list of traces (lists of spans), or either a line
Returns   an event a span. Client and server of one call share a span id: both stay, each under its own
          service; annotations are span events, the other side's service is `peer.service`
Units     Zipkin counts in microseconds; `line` counts spans, `byte_offset` is their place in the file
Blind to  version 1, with binaryAnnotations
Source    https://zipkin.io/zipkin-api/#/default/post_spans
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._telemetry.batches import Message, MessageParser, elements_of, lines_of
from clew.formats._telemetry.gathered import Gathered
from clew.formats._telemetry.otlp_json import integer, text
from clew.formats._telemetry.plain_spans import PlainSpans
from clew.formats._telemetry.signals import Rows, Scope
from clew.model.case import Sample
from clew.sources.files import Block

FIRST = re.compile(rb"(?:\xef\xbb\xbf)?\s*(\[)?\s*\[?\s*\{")
NAMES = (b'"traceId"', b'"id"')
OTHERS = (b'"localEndpoint"', b'"remoteEndpoint"', b'"annotations"')
FOREIGN = (b'"spanId"', b'"span_id"', b'"binaryAnnotations"')
HEAD = 65_536
TRUE = ("", "true")


def sniff(head: bytes) -> float:
    """Whether it begins with spans that have what only Zipkin's have."""
    start = head[:HEAD]
    if not FIRST.match(start) or any(name in start for name in FOREIGN):
        return 0.0
    is_zipkin = all(name in start for name in NAMES) and any(name in start for name in OTHERS)
    return 0.97 if is_zipkin else 0.0


def parse(head: bytes, settings: Settings) -> MessageParser:
    """A parser of one list, or of lines."""
    found = FIRST.match(head)
    first, newline, rest = head.strip().partition(b"\n")
    is_list = bool(found and found[1]) and not (newline and _is_whole(first) and rest.strip())
    return MessageParser(settings, _elements if is_list else _lines, {"zipkin": _rows})


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), list)
    except (ValueError, RecursionError):
        return False


def _elements(blocks: Iterable[Block]) -> Iterator[Message]:
    for place, element in elements_of(blocks, is_array=True):
        yield Message(place, element, ("zipkin",))


def _lines(blocks: Iterable[Block]) -> Iterator[Message]:
    for place, line in lines_of(blocks):
        yield Message(place, line, ("zipkin",))


def _rows(payloads: Sequence[bytes]) -> Rows:
    spans = PlainSpans(Gathered())
    scopes: dict[str, int] = {}
    for number, payload in enumerate(payloads):
        try:
            found = json.loads(payload.decode(errors="replace"), strict=False)
        except (ValueError, RecursionError) as error:
            raise InputError(f"not JSON: {error}") from error
        for span in _flat(found):
            _add_span(spans, scopes, number, span)
    return spans.rows()


def _flat(found: Any) -> Iterator[Any]:
    """Spans, out of lists and of lists of lists."""
    if not isinstance(found, list):
        yield found
        return
    for inner in found:
        yield from inner if isinstance(inner, list) else [inner]


def _add_span(spans: PlainSpans, scopes: dict[str, int], payload: int, span: Any) -> None:
    if not isinstance(span, dict):
        spans.refuse(payload, "no JSON object")
        return
    if "traceId" not in span or "id" not in span:
        spans.refuse(payload, "no span of Zipkin: it has no traceId or no id")
        return
    local, remote = (_endpoint(span.get(f"{side}Endpoint")) for side in ("local", "remote"))
    service = text(local.get("serviceName"))
    if service not in scopes:
        spans.gathered.scopes.append(Scope({"service.name": service} if service else {}))
        scopes[service] = len(spans.gathered.scopes) - 1
    row = spans.begin(payload, scopes[service])
    kind = text(span.get("kind")).lower() or "internal"
    spans.name(row, span.get("name"), kind)
    spans.identify(row, span["traceId"], span["id"], span.get("parentId"))
    spans.time(row, integer(span.get("timestamp")), integer(span.get("duration")))
    tags = dict(span["tags"]) if isinstance(span.get("tags"), dict) else {}
    _set_status(spans, row, tags)
    spans.gathered.add(row, tags | _about(span, kind, local, remote))
    for annotation in span["annotations"] if isinstance(span.get("annotations"), list) else ():
        if isinstance(annotation, dict):
            time_us = integer(annotation.get("timestamp")) or 0
            spans.events.add(row, text(annotation.get("value")), max(time_us, 0) * 1000, {})


def _endpoint(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _set_status(spans: PlainSpans, row: int, tags: dict[str, Any]) -> None:
    """A tag `error` says that it failed, and mostly why; OpenTelemetry's exporter says it too."""
    status = text(tags.pop("otel.status_code", None)).lower()
    message = tags.pop("otel.status_description", None)
    if "error" in tags:
        said = text(tags["error"])
        if said.lower() != "false":
            status = status or "error"
            if said.lower() not in TRUE:
                message = message or said
    spans.end(row, status if status in ("ok", "error") else "unset", message)


def _about(
    span: dict[str, Any], kind: str, local: dict[str, Any], remote: dict[str, Any]
) -> dict[str, Any]:
    """Both ends of the call, and the marks of a span."""
    found: dict[str, Any] = {}
    if name := text(remote.get("serviceName")):
        found["peer.service"] = name
    address = remote.get("ipv4") or remote.get("ipv6")
    if address:
        found["client.address" if kind == "server" else "network.peer.address"] = address
    if remote.get("port"):
        found["client.port" if kind == "server" else "network.peer.port"] = remote["port"]
    for key in ("ipv4", "ipv6", "port"):
        if local.get(key):
            found[f"local_endpoint.{key}"] = local[key]
    for mark in ("shared", "debug"):
        if span.get(mark) is not None:
            found[mark] = span[mark]
    return found


CLIENT = {
    "traceId": "5b8efff798038103", "id": "eee19b7ec3c1b174", "parentId": "eee19b7ec3c1b173", "kind": "CLIENT",
    "name": "get", "timestamp": 1763629200123456, "duration": 2500,
    "localEndpoint": {"serviceName": "front", "ipv4": "192.0.2.1"},
    "remoteEndpoint": {"serviceName": "cart", "ipv4": "192.0.2.2", "port": 8080},
    "annotations": [{"timestamp": 1763629200123460, "value": "wire send"}],
    "tags": {"http.method": "GET", "http.status_code": "503", "error": "overloaded"},
}  # fmt: skip
SERVER = {
    "traceId": "5b8efff798038103", "id": "eee19b7ec3c1b174", "kind": "SERVER", "shared": True, "name": "get /cart",
    "timestamp": 1763629200124000, "duration": 1500, "localEndpoint": {"serviceName": "cart"},
    "remoteEndpoint": {"ipv4": "192.0.2.1", "port": 51000},
}  # fmt: skip
EXPECTED = [
    {
        "timestamp": "2025-11-20T09:00:00.123456Z",
        "duration_ms": 2.5,
        "trace_id": "5b8efff798038103",
        "span_id": "eee19b7ec3c1b174",
        "parent_span_id": "eee19b7ec3c1b173",
        "span_kind": "client",
        "service": "front",
        "http_status": 503,
        "status": "error",
        "status_message": "overloaded",
        "attributes.peer.service": "cart",
    },
    {
        "span_id": "eee19b7ec3c1b174",
        "span_kind": "server",
        "service": "cart",
        "client_ip": "192.0.2.1",
        "status": "unset",
        "attributes.shared": True,
    },
]
SAMPLES = [
    Sample(json.dumps([CLIENT, SERVER]), EXPECTED, name="both halves of one call in a list"),
    Sample(
        json.dumps([[CLIENT, SERVER]], indent=1),
        EXPECTED,
        name="a list of traces over many lines",
    ),
    Sample(
        json.dumps([CLIENT]) + "\n" + json.dumps([SERVER, 1]) + "\n",
        EXPECTED,
        name="a list a line, with what is no span",
        rejects=1,
    ),
]

"""Open Cybersecurity Schema Framework 1.8: Detection Findings and API Activity as JSON lines.

Takes   findings (class 2004), events (class 6003)
Over    http (a POST of lines), lines: tcp:// and tls:// with line feeds, udp://; a file
Token   over HTTP a bearer token
Limits  1,000 items and 4 MB a request
Source  OCSF schema 1.8.0, profiles ai_operation and trace
Blind to  columns without a place in the schema: they stand under `unmapped`

What concerns a model bears the profile ai_operation, with `ai_model` and `message_context`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clew.model.finding import Finding
from clew.sinks import Answer, Event, Item, Request, Sample, State, Told, Verdict, What, _examples
from clew.sinks._cutting import event_within, finding_within
from clew.sinks._documents import (
    encoded,
    is_address,
    moment,
    named,
    parsed,
    plant,
    rank,
    techniques,
)
from clew.sinks._lines import bearer, ndjson
from clew.sinks._verdicts import by_status

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("http", "lines")
VERSION = "1.8.0"
SEVERITIES = ("Informational", "Low", "Medium", "High", "Critical")
SEVERITY_OF_EVENT = {
    "TRACE": 1, "DEBUG": 1, "INFO": 1, "WARN": 3, "ERROR": 4, "FATAL": 6,
}  # fmt: skip
NAME_OF_SEVERITY = {0: "Unknown", 1: "Informational", 3: "Medium", 4: "High", 6: "Fatal"}
STATUSES = {"ok": (1, "Success"), "error": (2, "Failure")}
ACTIVITIES = {"POST": 1, "GET": 2, "HEAD": 2, "OPTIONS": 2, "PUT": 3, "PATCH": 3, "DELETE": 4}
ACTIVITY_NAMES = {0: "Unknown", 1: "Create", 2: "Read", 3: "Update", 4: "Delete"}
OWN_PLACE = {"severity", "severity_number", "status", "time", "metadata.product.name",
             "metadata.product.version", "ai_model.name", "activity_name", "error", "action",
             "metadata.logged_time"}  # fmt: skip
"""Names whose values the schema wants in another shape; they are set here."""
OBSERVABLE_TYPES = {
    "client_ip": 2, "src_ip": 2, "dst_ip": 2, "user_id": 4, "host": 1, "url_path": 6,
}  # fmt: skip


def sink(told: Told) -> Ocsf:
    """The sink."""
    return Ocsf(told)


@dataclass(frozen=True, slots=True)
class Ocsf:
    """One OCSF event a line."""

    told: Told
    most_items: int = 1_000
    most_bytes: int = 4_000_000

    def finding(self, finding: Finding, state: State) -> bytes:
        """A Detection Finding."""
        return finding_within(
            self.told.most, finding, lambda shown: encoded(self._finding(shown, state))
        )

    def event(self, event: Event) -> bytes:
        """API Activity."""
        return event_within(self.told.most, event, lambda shown: encoded(self._activity(shown)))

    def _finding(self, finding: Finding, state: State) -> dict[str, Any]:
        began = moment(finding, self.told.now)
        activity, status = (3, 4) if state == "resolved" else (1, 1)
        severity = rank(finding) + 1
        ended = finding.end or began
        ai = _ai(finding.subject)
        return {
            "class_uid": 2004,
            "class_name": "Detection Finding",
            "category_uid": 2,
            "category_name": "Findings",
            "activity_id": activity,
            "activity_name": "Close" if activity == 3 else "Create",
            "type_uid": 200400 + activity,
            "severity_id": severity,
            "severity": SEVERITIES[rank(finding)],
            "status_id": status,
            "status": "Resolved" if state == "resolved" else "New",
            "time": _ms(began),
            "start_time": _ms(began),
            "end_time": _ms(ended),
            "confidence_score": round(finding.confidence * 100),
            "confidence_id": 3 if finding.confidence >= 0.8 else 2 if finding.confidence >= 0.5 else 1,
            "message": finding.title,
            "metadata": self._metadata(finding.id, ai),
            "finding_info": _finding_info(finding, began, ended),
            "evidences": [
                {
                    "name": line.source,
                    "data": {
                        "event_id": line.event_id,
                        "line": line.line,
                        "byte_offset": line.byte_offset,
                        "text": line.text,
                    },
                }
                for line in finding.evidence
            ],
            "observables": [
                {"name": name, "type_id": OBSERVABLE_TYPES.get(name, 99), "value": str(value)}
                for name, value in finding.subject.items()
            ],
            **({"remediation": {"desc": " ".join(finding.recommendations)}}
               if finding.recommendations else {}),
            **ai,
            "unmapped": {"measures": finding.measures, "references": list(finding.references)},
        }  # fmt: skip

    def _activity(self, event: Event) -> dict[str, Any]:
        method = str(event.get("http_method") or "").upper()
        activity = ACTIVITIES.get(method, 0)
        severity = SEVERITY_OF_EVENT.get(str(event.get("severity")), 0)
        status, said = STATUSES.get(str(event.get("status")), (0, "Unknown"))
        ai = _ai(event)
        tree: dict[str, Any] = {
            "class_uid": 6003,
            "class_name": "API Activity",
            "category_uid": 6,
            "category_name": "Application Activity",
            "activity_id": activity,
            "activity_name": ACTIVITY_NAMES[activity],
            "type_uid": 600300 + activity,
            "severity_id": severity,
            "severity": NAME_OF_SEVERITY[severity],
            "status_id": status,
            "status": said,
            "time": _ms(event.get("timestamp") or self.told.now),
            "metadata": self._metadata(str(event.get("event_id")), ai),
            "api": {"operation": _operation(event)},
            **ai,
        }
        unmapped: dict[str, Any] = {}
        for column, name, value in named(event, "ocsf"):
            if name in OWN_PLACE or column in SAID_OF_AI or column == "event_id":
                if column in ("error_type", "action", "event_name", "severity_number"):
                    unmapped[column] = value
                continue
            is_other = name.endswith(".ip") and not is_address(value)
            place = name.removesuffix("ip") + "name" if is_other else PLACES.get(column, name)
            if not place or not plant(tree, place, _converted(column, value)):
                unmapped[column] = value
        tree.setdefault("actor", {"app_name": str(event.get("service") or "unknown")})
        tree.setdefault("src_endpoint", {"name": str(event.get("host") or "unknown")})
        if own := event.get("attributes"):
            unmapped["attributes"] = own
        if unmapped:
            tree["unmapped"] = unmapped
        if service := event.get("service"):
            tree["api"]["service"] = {"name": service}
        return tree

    def _metadata(self, uid: str, ai: dict[str, Any]) -> dict[str, Any]:
        product = {"name": "Clew", "vendor_name": "Clew", "version": self.told.version}
        profiles = {"profiles": ["ai_operation"]} if ai else {}
        return {"version": VERSION, "uid": uid, "product": product, **profiles}

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """Lines in one POST."""
        return Request(to, ndjson(items), {"content-type": "application/x-ndjson", **bearer(token)})

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """By the status."""
        return by_status(answer, len(items))


PLACES = {"team": "actor.user.groups"}
"""A list of objects, which a dotted name cannot say."""
SAID_OF_AI = ("model", "provider", "input_tokens", "output_tokens", "total_tokens")


def _finding_info(finding: Finding, began: datetime, ended: datetime) -> dict[str, Any]:
    attacks = [
        {"technique": {"uid": found, "name": found}, "version": "16.1"}
        for found in techniques(finding)
        if found.startswith("T")
    ]
    return {
        "uid": finding.id,
        "title": finding.title,
        "desc": " ".join(finding.why),
        "types": [finding.kind],
        "created_time": _ms(began),
        "first_seen_time": _ms(began),
        "last_seen_time": _ms(ended),
        "analytic": {"name": finding.kind, "uid": finding.kind, "type_id": 1, "type": "Rule"},
        "data_sources": sorted({line.source for line in finding.evidence}),
        **({"attacks": attacks} if attacks else {}),
    }


def _ai(columns: Event) -> dict[str, Any]:
    """Model and tokens, as the profile ai_operation has them; nothing without a model."""
    model = columns.get("model") or columns.get("response_model")
    if not model:
        return {}
    context: dict[str, Any] = {
        "ai_role_id": 2,
        "service": {"name": str(columns.get("service") or columns.get("provider") or "unknown")},
    }
    tokens = (
        ("input_tokens", "prompt_tokens"),
        ("output_tokens", "completion_tokens"),
        ("total_tokens", "total_tokens"),
    )
    for column, name in tokens:
        if columns.get(column) is not None:
            context[name] = columns[column]
    if session := columns.get("session_id"):
        context["uid"] = session
    provider = str(columns.get("provider") or "unknown")
    return {
        "ai_model": {"name": str(model), "ai_provider": provider},
        "message_context": context,
    }


def _operation(event: Event) -> str:
    for column in (
        "event_name",
        "operation",
        "http_route",
        "url_path",
        "span_name",
        "source_format",
    ):
        if event.get(column):
            return str(event[column])
    return "unknown"


def _converted(column: str, value: Any) -> Any:
    """Durations are whole milliseconds, groups are lists."""
    if column == "duration_ms":
        return round(value)
    if column == "team":
        return [{"name": value}]
    return parsed(value) if column == "tags" else value


def _ms(when: datetime) -> int:
    return round((when - datetime(1970, 1, 1)).total_seconds() * 1000)


SAMPLES = [
    Sample(
        "a finding is a Detection Finding",
        _examples.FINDING,
        {"class_uid": 2004, "type_uid": 200401, "severity_id": 4, "time": 1767323045000},
    ),
    Sample(
        "a resolved finding closes it",
        _examples.FINDING,
        {"activity_id": 3, "type_uid": 200403, "status_id": 4},
        state="resolved",
    ),
    Sample(
        "an AI call is API Activity with the profile ai_operation",
        _examples.CALL,
        {
            "class_uid": 6003,
            "type_uid": 600301,
            "ai_model": {"name": "gpt-4o", "ai_provider": "openai"},
            "duration": 12,
            "src_endpoint": {"ip": "192.0.2.7"},
        },
    ),
]

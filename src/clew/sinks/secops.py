"""Google SecOps (Chronicle): UDM events through its ingestion.

Takes   findings, events
Over    http: .../projects/P/locations/L/instances/I/events:import of chronicle.googleapis.com, or
        .../v2/udmevents:batchCreate of the older API, with the option `customer_id`
Token   an OAuth access token
Limits  500 events and 900,000 bytes a request
Source  Google SecOps, Unified Data Model and events.import
Blind to  columns without a place in UDM: they stand under additional.fields

`productLogId` is the event's or the finding's id, by which repeats can be told. One bad event refuses its
whole request: it is found by halving.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from clew.model.finding import Finding, rfc3339
from clew.model.plain_json import plain
from clew.sinks import Answer, Event, Item, Request, Sample, State, Told, Verdict, What, _examples
from clew.sinks._cutting import event_within, finding_within
from clew.sinks._documents import encoded, is_address, moment, plant, techniques
from clew.sinks._lines import bearer, json_array
from clew.sinks._verdicts import by_status

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("http",)
MOST_ITEM = 200_000
SEVERITIES = {
    "info": "INFORMATIONAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "critical": "CRITICAL",
}
PLACES = {
    "user_id": "principal.user.userid",
    "host": "principal.hostname",
    "client_port": "principal.port",
    "src_port": "principal.port",
    "server_address": "target.hostname",
    "service": "target.application",
    "server_port": "target.port",
    "dst_port": "target.port",
    "url_path": "target.url",
    "http_method": "network.http.method",
    "http_status": "network.http.responseCode",
    "user_agent": "network.http.userAgent",
    "referer": "network.http.referralUrl",
    "session_id": "network.sessionId",
    "message": "metadata.description",
}
"""Column to its place in UDM."""


def sink(told: Told, *, customer_id: str = "") -> SecOps:
    """The sink.

    customer_id  for the older API, v2/udmevents:batchCreate
    """
    return SecOps(told, customer_id)


@dataclass(frozen=True, slots=True)
class SecOps:
    """UDM events."""

    told: Told
    customer_id: str
    most_items: int = 500
    most_bytes: int = 900_000

    def finding(self, finding: Finding, state: State) -> bytes:
        """A generic event with a securityResult."""
        return finding_within(
            MOST_ITEM, finding, lambda shown: encoded(self._finding(shown, state))
        )

    def event(self, event: Event) -> bytes:
        """An HTTP event where it is one, else a generic one."""
        return event_within(MOST_ITEM, event, lambda shown: encoded(self._event(shown)))

    def _finding(self, finding: Finding, state: State) -> dict[str, Any]:
        result = {
            "ruleName": finding.kind,
            "summary": finding.title,
            "description": " ".join(finding.why),
            "severity": SEVERITIES[finding.severity],
            "confidenceScore": round(finding.confidence * 100),
            "alertState": "NOT_ALERTING" if state == "resolved" else "ALERTING",
            "category": ["SOFTWARE_SUSPICIOUS"],
            "categoryDetails": techniques(finding) or [finding.kind],
        }
        tree = self._metadata(moment(finding, self.told.now), finding.id, finding.kind)
        tree["metadata"] |= {"eventType": "GENERIC_EVENT", "description": finding.title}
        tree["securityResult"] = [result]
        left = _placed(tree, finding.subject)
        _has_principal(tree, self.told.host)
        said = finding.as_json()
        more = {
            name: said[name] for name in ("measures", "recommendations", "references", "evidence")
        }
        tree["additional"] = {**left, **more, "state": state}
        return tree

    def _event(self, event: Event) -> dict[str, Any]:
        kind = str(event.get("event_name") or event.get("source_format") or "event")
        when = event.get("timestamp") or self.told.now
        tree = self._metadata(when, str(event.get("event_id")), kind)
        left = _placed(tree, {k: v for k, v in event.items() if k not in ("timestamp", "event_id")})
        _has_principal(tree, self.told.host)
        is_http = "http" in tree.get("network", {}) and "target" in tree
        tree["metadata"]["eventType"] = "NETWORK_HTTP" if is_http else "GENERIC_EVENT"
        if left:
            tree["additional"] = plain(left)
        return tree

    def _metadata(self, when: datetime, uid: str, kind: str) -> dict[str, Any]:
        return {
            "metadata": {
                "eventTimestamp": rfc3339(when),
                "productLogId": uid,
                "vendorName": "Clew",
                "productName": "Clew",
                "productVersion": self.told.version,
                "productEventType": kind,
            }
        }

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """One import."""
        headers = {"content-type": "application/json", **bearer(token)}
        if urlsplit(to).path.endswith("udmevents:batchCreate"):
            customer = json.dumps(self.customer_id).encode()
            body = b'{"customerId": ' + customer + b', "events": ' + json_array(items) + b"}"
        else:
            wrapped = [Item(item.id, b'{"udm": ' + item.payload + b"}") for item in items]
            body = b'{"inlineSource": {"events": ' + json_array(wrapped) + b"}}"
        return Request(to, body, headers, may_zip=True)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """By the status."""
        return by_status(answer, len(items))


def _placed(tree: dict[str, Any], columns: Event) -> dict[str, Any]:
    """Plants columns in their places; gives those that have none."""
    left: dict[str, Any] = {}
    for column, value in columns.items():
        if value is None:
            continue
        side = {"client_ip": "principal", "src_ip": "principal", "dst_ip": "target"}.get(column)
        if side and is_address(value) and plant(tree, f"{side}.ip", [value]):
            continue
        if column in ("request_bytes", "response_bytes"):
            name = "network.sentBytes" if column == "request_bytes" else "network.receivedBytes"
            if plant(tree, name, str(value)):  # 64-bit numbers are texts in protobuf's JSON
                continue
        place = PLACES.get(column)
        if not place or not plant(tree, place, value):
            left[column] = value
    return left


def _has_principal(tree: dict[str, Any], host: str) -> None:
    principal = tree.setdefault("principal", {})
    if not principal.keys() & {"ip", "hostname"}:
        principal["hostname"] = host


SAMPLES = [
    Sample(
        "a request is NETWORK_HTTP with principal and target",
        _examples.CALL,
        {
            "metadata": {"eventType": "NETWORK_HTTP", "productLogId": "00d1f6a2c3b4e5f6"},
            "principal": {"ip": ["192.0.2.7"], "user": {"userid": "u-17"}, "hostname": "edge-1"},
            "network": {"http": {"method": "POST", "responseCode": 502}},
        },
    ),
    Sample(
        "a finding is a generic event with a result",
        _examples.FINDING,
        {"metadata": {"eventType": "GENERIC_EVENT", "productLogId": "f1f2f3f4f5f6f7f8"}},
    ),
]

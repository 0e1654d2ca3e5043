"""Elasticsearch and OpenSearch: documents of the Elastic Common Schema through the bulk API.

Takes   findings, events
Over    http: https://HOST:9200, to which /_bulk is added where no path is given; a file has bulk lines
Token   an API key; user:password is basic authentication; "Bearer ..." is sent as it is
Limits  1,000 documents and 5 MB a request, 1 MB a document
Source  Elastic Common Schema 8.17; Elasticsearch, Bulk API
Blind to  an index whose mapping knows none of these fields: what does not fit its types is refused

The document's id is the event's or the finding's: a repeat adds nothing. An event is created once; a
finding that comes again takes the place of the one before.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from clew.model.finding import Finding, rfc3339
from clew.sinks import (
    TAKEN,
    Answer,
    Event,
    Item,
    Request,
    Sample,
    State,
    Told,
    Verdict,
    What,
    _examples,
)
from clew.sinks._cutting import event_within, finding_within
from clew.sinks._documents import (
    encoded,
    is_address,
    labels,
    moment,
    named,
    parsed,
    plant,
    rank,
    techniques,
)
from clew.sinks._lines import ndjson
from clew.sinks._verdicts import by_status, json_of

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("http",)
MOST_ITEM = 1_000_000
VERSION = "8.17.0"
SEVERITY_OF_RANK = (1, 21, 47, 73, 99)
OUTCOMES = {"ok": "success", "error": "failure", "unset": "unknown"}
ADDRESSES = ("client.ip", "source.ip", "destination.ip")


def sink(told: Told, *, index: str = "") -> Elastic:
    """The sink.

    index  or data stream; empty: clew-findings or clew-events
    """
    return Elastic(told, index)


@dataclass(frozen=True, slots=True)
class Elastic:
    """Two lines a document: what to do, and the document."""

    told: Told
    index: str
    most_items: int = 1_000
    most_bytes: int = 5_000_000

    def finding(self, finding: Finding, state: State) -> bytes:
        """An alert of ECS."""
        action = {"_index": self.index or "clew-findings", "_id": finding.id}
        return finding_within(
            MOST_ITEM,
            finding,
            lambda shown: _bulk("index", action, self._alert(shown, state)),
        )

    def event(self, event: Event) -> bytes:
        """An event of ECS."""
        action = {"_index": self.index or "clew-events", "_id": event.get("event_id")}
        return event_within(
            MOST_ITEM, event, lambda shown: _bulk("create", action, self._document(shown))
        )

    def _document(self, event: Event) -> dict[str, Any]:
        tree: dict[str, Any] = {
            "@timestamp": rfc3339(event.get("timestamp") or self.told.now),
            "ecs": {"version": VERSION},
            "event": {"kind": "event", "dataset": "clew.events"},
        }
        if "http_status" in event or "http_method" in event:
            tree["event"] |= {"category": ["web"], "type": ["access"]}
        own = _fill(tree, event)
        if own:
            tree["clew"] = own
        if keys := labels(event):
            tree["labels"] = keys
        return tree

    def _alert(self, finding: Finding, state: State) -> dict[str, Any]:
        began = moment(finding, self.told.now)
        tree: dict[str, Any] = {
            "@timestamp": rfc3339(began),
            "ecs": {"version": VERSION},
            "message": finding.title,
            "event": {
                "kind": "alert",
                "dataset": "clew.findings",
                "id": finding.id,
                "action": f"finding-{state}",
                "severity": SEVERITY_OF_RANK[rank(finding)],
                "start": rfc3339(began),
                **({"end": rfc3339(finding.end)} if finding.end else {}),
                "reason": " ".join(finding.why),
            },
            "rule": {"name": finding.kind},
        }
        if found := techniques(finding):
            tree["threat"] = {"framework": "MITRE ATT&CK", "technique": {"id": found}}
        own = _fill(tree, finding.subject)
        told = {**finding.as_json(), "state": state}
        kept = ("kind", "severity", "confidence", "state", "measures", "why", "recommendations",
                "references", "evidence", "subject")  # fmt: skip
        tree["clew"] = {**own, "finding": {name: told[name] for name in kept}}
        return tree

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """One bulk request."""
        parts = urlsplit(to)
        if not parts.path.rstrip("/").endswith("_bulk"):
            to = urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/_bulk"))
        headers = {"content-type": "application/x-ndjson"}
        if token:
            headers["authorization"] = _authorization(token)
        return Request(to, ndjson(items), headers, may_zip=True)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """Each item's own status, which a request of status 200 may bear too."""
        told = json_of(answer)
        rows = told.get("items") if isinstance(told, dict) else None
        if answer.status != 200:
            return by_status(answer, len(items))
        if not isinstance(rows, list) or len(rows) != len(items):
            words = "its answer does not say what became of each document"
            return [Verdict("stop", f"HTTP 200, but {words}")] * len(items)
        return [_verdict(row) for row in rows]


def _verdict(row: Any) -> Verdict:
    action, result = next(iter(row.items())) if isinstance(row, dict) and row else ("", {})
    status = result.get("status") if isinstance(result, dict) else None
    if not isinstance(status, int):
        return Verdict("later", "the answer has no status for it")
    if 200 <= status < 300 or (action == "create" and status == 409):  # 409: it is there already
        return TAKEN
    error = result.get("error")
    words = f"{error.get('type')}: {error.get('reason')}" if isinstance(error, dict) else str(error)
    outcome = "later" if status in (408, 409, 429) or status >= 500 else "refused"
    return Verdict("later" if outcome == "later" else "refused", f"{status} {words}"[:400])


def _fill(tree: dict[str, Any], columns: Event) -> dict[str, Any]:
    """Plants columns under their ECS names; gives those that have none, or whose place is taken."""
    own: dict[str, Any] = {}
    related: dict[str, list[str]] = {}
    for column, name, value in named(columns, "ecs"):
        if name == "@timestamp":
            continue
        if name in ADDRESSES:
            plant(tree, name.removesuffix("ip") + "address", value)
            if not is_address(value):
                continue
            related.setdefault("ip", []).append(value)
        elif column == "user_id":
            related.setdefault("user", []).append(str(value))
        if not name or not plant(tree, name, _converted(column, value)):
            own[column] = value
    if related:
        tree["related"] = {name: sorted(set(values)) for name, values in related.items()}
    return own


def _converted(column: str, value: Any) -> Any:
    """ECS has durations in nanoseconds, outcomes in words of its own, HTTP versions as numbers."""
    if column == "duration_ms":
        return round(value * 1_000_000)
    if column == "status":
        return OUTCOMES.get(str(value), "unknown")
    if column == "protocol":
        return str(value).removeprefix("HTTP/")
    return parsed(value) if column == "tags" else value


def _authorization(token: str) -> str:
    scheme, found, _ = token.partition(" ")
    if found and scheme in ("Bearer", "ApiKey", "Basic"):
        return token
    if ":" in token:
        return f"Basic {base64.b64encode(token.encode()).decode()}"
    return f"ApiKey {token}"


def _bulk(action: str, place: dict[str, Any], document: dict[str, Any]) -> bytes:
    return encoded({action: place}) + b"\n" + encoded(document)


SAMPLES = [
    Sample(
        "an event is created under its own id, with the names and units of ECS",
        _examples.CALL,
        {
            "@timestamp": "2026-01-02T03:04:05.678000Z",
            "client": {"address": "192.0.2.7", "ip": "192.0.2.7"},
            "http": {
                "request": {"method": "POST"},
                "response": {"status_code": 502},
                "version": "1.1",
            },
            "labels": {"team_name": "search", "retries": "2"},
            "related": {"ip": ["192.0.2.7"], "user": ["u-17"]},
        },
    ),
    Sample(
        "a finding is an alert",
        _examples.FINDING,
        {
            "rule": {"name": "credential_stuffing"},
            "client": {"address": "192.0.2.7", "ip": "192.0.2.7"},
        },
    ),
]

"""Plain JSON lines: findings as `clew detect --output json` prints them, events with their columns.

Takes   findings, events
Over    http (a POST of lines), lines: tcp:// and tls:// with line feeds, udp://; a file
Token   over HTTP a bearer token
Limits  1,000 items and 4 MB a request
Blind to  nothing: every column and every key of `attributes` is there
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clew.model.finding import Finding
from clew.sinks import Answer, Event, Item, Request, Sample, State, Told, Verdict, What, _examples
from clew.sinks._cutting import event_within, finding_within
from clew.sinks._documents import encoded
from clew.sinks._lines import bearer, ndjson
from clew.sinks._verdicts import by_status

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("http", "lines")


def sink(told: Told) -> JsonLines:
    """The sink."""
    return JsonLines(told)


@dataclass(frozen=True, slots=True)
class JsonLines:
    """One JSON object a line."""

    told: Told
    most_items: int = 1_000
    most_bytes: int = 4_000_000

    def finding(self, finding: Finding, state: State) -> bytes:
        """The finding's own JSON, with its state."""
        return finding_within(
            self.told.most, finding, lambda shown: encoded({**shown.as_json(), "state": state})
        )

    def event(self, event: Event) -> bytes:
        """The columns that have a value."""
        return event_within(self.told.most, event, encoded)

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """Lines in one POST."""
        return Request(to, ndjson(items), {"content-type": "application/x-ndjson", **bearer(token)})

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """By the status."""
        return by_status(answer, len(items))


SAMPLES = [
    Sample(
        "an event keeps its columns and attributes, with control characters as escapes",
        {"event_id": "00d1f6a2c3b4e5f6", "message": "\x1b[2J", "attributes": {"a": 1}},
        '{"event_id": "00d1f6a2c3b4e5f6", "message": "\\u001b[2J", "attributes": {"a": 1}}',
    ),
    Sample("a finding says its state", _examples.FINDING, {"state": "firing", "severity": "high"}),
]

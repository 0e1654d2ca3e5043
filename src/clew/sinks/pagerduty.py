"""An alert of PagerDuty for each finding, through its Events API v2.

Takes   findings
Over    http: https://events.pagerduty.com, to which /v2/enqueue is added where no path is given
Token   the integration key of the service (the routing key)
Limits  one finding a request; 1,024 characters of summary, 500,000 bytes
Source  PagerDuty, Events API v2
Blind to  acknowledgements made in PagerDuty

`dedup_key` is the finding's id: a repeat changes the alert, and a resolved finding resolves it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from clew.model.finding import Finding, rfc3339
from clew.sinks import Answer, Event, Item, Request, Sample, State, Told, Verdict, What, _examples
from clew.sinks._cutting import cut, finding_within
from clew.sinks._documents import encoded, moment
from clew.sinks._verdicts import of_status, said
from clew.sinks._words import heading

TAKES: tuple[What, ...] = ("findings",)
OVER = ("http",)
MOST_SUMMARY = 1_024
MOST_ITEM = 500_000
SEVERITIES = {
    "info": "info",
    "low": "info",
    "medium": "warning",
    "high": "error",
    "critical": "critical",
}


def sink(told: Told, *, source: str = "") -> PagerDuty:
    """The sink.

    source  what is affected; empty: whom the finding is about
    """
    return PagerDuty(told, source)


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """Events of the API v2; the routing key is put in when it is sent, and never stored."""

    told: Told
    source: str
    most_items: int = 1
    most_bytes: int = MOST_ITEM

    def finding(self, finding: Finding, state: State) -> bytes:
        """A trigger, or what resolves it."""
        return finding_within(
            MOST_ITEM - 1_000, finding, lambda shown: encoded(self._event(shown, state))
        )

    def _event(self, finding: Finding, state: State) -> dict[str, Any]:
        about = ", ".join(f"{name}={value}" for name, value in finding.subject.items())
        return {
            "event_action": "resolve" if state == "resolved" else "trigger",
            "dedup_key": finding.id,
            "client": "Clew",
            "payload": {
                "summary": cut(heading(finding, state), MOST_SUMMARY),
                "source": cut(self.source or about or self.told.host, 255),
                "severity": SEVERITIES[finding.severity],
                "timestamp": rfc3339(moment(finding, self.told.now)),
                "component": str(finding.subject.get("service", "")),
                "class": finding.kind,
                "custom_details": finding.as_json(),
            },
        }

    def event(self, event: Event) -> bytes:
        raise AssertionError("BUG: pagerduty takes findings alone")

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """One event with the routing key."""
        parts = urlsplit(to)
        if parts.path in ("", "/"):
            to = urlunsplit(parts._replace(path="/v2/enqueue"))
        body = b'{"routing_key": ' + json.dumps(token).encode() + b", " + items[0].payload[1:]
        return Request(to, body, {"content-type": "application/json"})

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """202 is taken; 400 is bad for good."""
        if answer.status == 400 and "routing" in said(answer).lower():
            return [Verdict("stop", f"HTTP 400: {said(answer)}")]
        return [of_status(answer)]


SAMPLES = [
    Sample(
        "a finding triggers an alert under its id",
        _examples.FINDING,
        {"event_action": "trigger", "dedup_key": "f1f2f3f4f5f6f7f8"},
    ),
    Sample(
        "a resolved finding resolves the same alert",
        _examples.FINDING,
        {"event_action": "resolve", "dedup_key": "f1f2f3f4f5f6f7f8"},
        state="resolved",
    ),
]

"""Datadog's log intake.

Takes   findings, events
Over    http: https://http-intake.logs.datadoghq.com (or your site's), path /api/v2/logs added
Token   an API key
Limits  1,000 logs and 5 MB a request, 1 MB a log
Source  Datadog, Send logs (v2)
Blind to  logs older than 18 hours: Datadog takes them and drops them

Datadog keeps repeats: each log bears `clew_id`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from clew.model.finding import Finding, rfc3339
from clew.sinks import Answer, Event, Item, Request, Sample, State, Told, Verdict, What, _examples
from clew.sinks._cutting import event_within, finding_within
from clew.sinks._documents import encoded, moment
from clew.sinks._lines import json_array
from clew.sinks._verdicts import by_status
from clew.sinks._words import heading

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("http",)
MOST_ITEM = 900_000
STATUS_OF_FINDING = {
    "info": "info",
    "low": "notice",
    "medium": "warning",
    "high": "error",
    "critical": "critical",
}
STATUS_OF_EVENT = {
    "FATAL": "critical", "ERROR": "error", "WARN": "warning", "INFO": "info", "DEBUG": "debug",
    "TRACE": "debug",
}  # fmt: skip


def sink(told: Told, *, service: str = "clew", tags: str = "") -> Datadog:
    """The sink.

    service  where the event names none
    tags     as env:prod,team:soc
    """
    return Datadog(told, service, tags)


@dataclass(frozen=True, slots=True)
class Datadog:
    """A JSON list of logs."""

    told: Told
    service: str
    tags: str
    most_items: int = 1_000
    most_bytes: int = 4_500_000

    def finding(self, finding: Finding, state: State) -> bytes:
        """Title as the message, the finding's own JSON beside it."""

        def encode(shown: Finding) -> bytes:
            return self._log(
                heading(shown, state),
                STATUS_OF_FINDING[shown.severity],
                rfc3339(moment(shown, self.told.now)),
                {
                    "clew_id": shown.id,
                    "service": self.service,
                    "finding": {**shown.as_json(), "state": state},
                },
            )

        return finding_within(MOST_ITEM, finding, encode)

    def event(self, event: Event) -> bytes:
        """Its own sentence as the message, its columns beside it."""

        def encode(shown: Event) -> bytes:
            return self._log(
                str(shown.get("message") or shown.get("url_path") or shown.get("span_name") or "-"),
                STATUS_OF_EVENT.get(str(shown.get("severity")), "info"),
                rfc3339(shown.get("timestamp") or self.told.now),
                {
                    "clew_id": shown.get("event_id"),
                    "service": shown.get("service") or self.service,
                    "hostname": shown.get("host") or self.told.host,
                    "clew": {k: v for k, v in shown.items() if k not in ("message", "timestamp")},
                },
            )

        return event_within(MOST_ITEM, event, encode)

    def _log(self, message: str, status: str, when: str | None, more: dict[str, Any]) -> bytes:
        return encoded(
            {
                "ddsource": "clew",
                "ddtags": self.tags,
                "hostname": self.told.host,
                "message": message,
                "status": status,
                "timestamp": when,
                **more,
            }
        )

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """One POST with the key in its header."""
        parts = urlsplit(to)
        if parts.path in ("", "/"):
            to = urlunsplit(parts._replace(path="/api/v2/logs"))
        headers = {"content-type": "application/json", "dd-api-key": token}
        return Request(to, json_array(items), headers, may_zip=True)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """By the status."""
        return by_status(answer, len(items))


SAMPLES = [
    Sample(
        "an event names its service, host, status and time",
        _examples.CALL,
        {
            "ddsource": "clew",
            "service": "gateway",
            "hostname": "edge-1",
            "status": "error",
            "timestamp": "2026-01-02T03:04:05.678000Z",
            "clew_id": "00d1f6a2c3b4e5f6",
        },
    ),
]

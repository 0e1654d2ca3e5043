"""Splunk's HTTP Event Collector.

Takes   findings, events
Over    http: https://HOST:8088, to which /services/collector/event is added where no path is given
Token   the collector's token
Limits  1,000 events and 900,000 bytes a request
Source  Splunk, Format events for HTTP Event Collector
Blind to  what becomes of an event behind the collector, where the token has no indexer acknowledgement

With indexer acknowledgement an event leaves the spool when Splunk says that it is indexed.
Splunk keeps repeats: each event bears `clew_id` as an indexed field, by which a search can drop them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from clew.model.finding import Finding
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
from clew.sinks._documents import encoded, moment
from clew.sinks._verdicts import by_status, json_of, of_status

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("http",)
MOST_ITEM = 500_000
COLLECTOR = "/services/collector"
PATH = f"{COLLECTOR}/event"
ACK_PATH = f"{COLLECTOR}/ack"
WRONG_TOKEN = {1, 2, 3, 4, 7, 10, 11, 14, 16}
"""Codes that no event can help: the token, its index, its channel."""
BAD_EVENT = {6, 12, 13, 15}


def sink(
    told: Told, *, index: str = "", sourcetype: str = "", source: str = "clew", host: str = ""
) -> Splunk:
    """The sink.

    index       where Splunk keeps it; empty: the token's own
    sourcetype  empty: clew:finding or clew:event
    source      what Splunk calls the source
    host        empty: the event's own host, else this machine
    """
    return Splunk(told, index, sourcetype, source, host)


@dataclass(frozen=True, slots=True)
class Splunk:
    """Concatenated JSON objects."""

    told: Told
    index: str
    sourcetype: str
    source: str
    host: str
    most_items: int = 1_000
    most_bytes: int = 900_000

    def finding(self, finding: Finding, state: State) -> bytes:
        """The finding's own JSON as the event."""

        def encode(shown: Finding) -> bytes:
            event = {**shown.as_json(), "state": state}
            return self._wrapped(event, "finding", moment(shown, self.told.now), "", shown.id)

        return finding_within(MOST_ITEM, finding, encode)

    def event(self, event: Event) -> bytes:
        """Its columns as the event."""

        def encode(shown: Event) -> bytes:
            when = shown.get("timestamp")
            when = when if isinstance(when, datetime) else self.told.now
            host = str(shown.get("host") or "")
            return self._wrapped(shown, "event", when, host, str(shown.get("event_id")))

        return event_within(MOST_ITEM, event, encode)

    def _wrapped(self, event: Any, kind: str, when: datetime, host: str, clew_id: str) -> bytes:
        envelope = {
            "time": round((when - datetime(1970, 1, 1)).total_seconds(), 6),
            "host": self.host or host or self.told.host,
            "source": self.source,
            "sourcetype": self.sourcetype or f"clew:{kind}",
            **({"index": self.index} if self.index else {}),
            "event": event,
            "fields": {"clew_id": clew_id},
        }
        return encoded(envelope)

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """One POST; the channel follows from the address, so that a repeat comes on the same one."""
        body = b"\n".join(item.payload for item in items)
        return Request(_placed(to), body, _headers(to, token), may_zip=True)

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """By Splunk's code; the number of a bad event is refused alone."""
        told = json_of(answer)
        code = told.get("code") if isinstance(told, dict) else None
        if not isinstance(code, int):
            return by_status(answer, len(items))
        reason = f"HTTP {answer.status}, code {code}: {str(told.get('text'))[:200]}"
        bad = told.get("invalid-event-number")
        if code in BAD_EVENT and isinstance(bad, int) and 0 <= bad < len(items):
            again = Verdict("later", "sent in one request with a bad event")
            return [Verdict("refused", reason) if n == bad else again for n in range(len(items))]
        if code in WRONG_TOKEN:
            return [Verdict("stop", reason)] * len(items)
        if code in BAD_EVENT:
            return [Verdict("smaller", reason)] * len(items)
        if code == 0 and answer.status == 200:
            return [TAKEN] * len(items)
        verdict = of_status(answer)
        is_ok = verdict.outcome == "taken"  # a code that says no under a status that says yes
        return [Verdict("later", reason) if is_ok else verdict] * len(items)

    def ack_of(self, answer: Answer) -> int | None:
        """The number that a token with indexer acknowledgement gives each request."""
        told = json_of(answer)
        found = told.get("ackId") if isinstance(told, dict) and answer.status == 200 else None
        return found if isinstance(found, int) else None

    def ack_request(self, to: str, token: str, acks: Sequence[int]) -> Request:
        """Asked on the channel that the events came on."""
        parts = urlsplit(_placed(to))
        before, found, _ = parts.path.partition(COLLECTOR)
        path = before + ACK_PATH if found else ACK_PATH
        body = json.dumps({"acks": list(acks)}).encode()
        return Request(urlunsplit(parts._replace(path=path)), body, _headers(to, token))

    def acked(self, answer: Answer) -> set[int]:
        """Those that it says yes to."""
        told = json_of(answer)
        acks = told.get("acks") if isinstance(told, dict) else None
        if not isinstance(acks, dict):
            return set()
        return {int(ack) for ack, is_there in acks.items() if is_there is True and ack.isdigit()}


def _placed(to: str) -> str:
    """The collector's address, where only the host is given."""
    parts = urlsplit(to)
    return urlunsplit(parts._replace(path=PATH)) if parts.path in ("", "/") else to


def _headers(to: str, token: str) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "authorization": f"Splunk {token}",
        "x-splunk-request-channel": _channel(_placed(to)),
    }


def _channel(to: str) -> str:
    """A UUID that follows from the address."""
    digits = hashlib.sha256(to.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


SAMPLES = [
    Sample(
        "an event bears its time in seconds and its id as an indexed field",
        _examples.CALL,
        {
            "time": 1767323045.678,
            "host": "edge-1",
            "sourcetype": "clew:event",
            "fields": {"clew_id": "00d1f6a2c3b4e5f6"},
        },
    ),
    Sample(
        "a finding goes to the index that the settings name",
        _examples.FINDING,
        {"time": 1767323045.0, "sourcetype": "clew:finding", "index": "soc"},
        options={"index": "soc"},
    ),
]

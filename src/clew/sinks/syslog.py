"""Syslog as RFC 5424 defines it, with every column as structured data.

Takes   findings, events
Over    syslog: tcp:// and tls:// with octet counting (RFC 6587, RFC 5425), udp:// (RFC 5426); a file
Token   none
Limits  8,192 bytes a message over TCP, 2,048 over UDP, as the option `most_bytes` says
Blind to  whether the receiver has stored a message: TCP tells that it has read it, UDP nothing
"""

from __future__ import annotations

from datetime import datetime

from clew.model.escape import visible
from clew.model.finding import Finding, rfc3339
from clew.model.plain_json import dumps
from clew.sinks import Event, Sample, State, Told, What, _examples
from clew.sinks._cutting import cut
from clew.sinks._documents import moment
from clew.sinks._syslog import (
    SyslogSink,
    event_severity,
    finding_severity,
    header,
    structured,
)
from clew.sinks._words import heading

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("syslog",)
ELEMENT = "clew@32473"
"""32473 is the number that RFC 5612 sets aside for examples: a vendor's own is not needed to be read."""
MOST_VALUE = 1_024


def sink(
    told: Told, *, facility: str = "local0", most_bytes: int = 0, framing: str = "octets"
) -> Syslog:
    """The sink.

    facility    kern, user, daemon, auth ... local7
    most_bytes  of a message; 0: what the way allows
    framing     over TCP and TLS: octets, counted before each message; lines, for receivers that
                know a message by its line feed
    """
    return Syslog.of(told, facility, most_bytes, framing)


class Syslog(SyslogSink):
    """Messages of RFC 5424."""

    __slots__ = ()

    def _finding(self, finding: Finding, state: State) -> bytes:
        start = header(
            self.facility,
            finding_severity(finding),
            moment(finding, self.told.now),
            self.told.host,
            finding.kind,
        )
        pairs = [
            ("id", finding.id),
            ("kind", finding.kind),
            ("state", state),
            ("severity", finding.severity),
            ("confidence", f"{finding.confidence:g}"),
            ("end", rfc3339(finding.end) or ""),
            *((f"subject.{name}", str(value)) for name, value in finding.subject.items()),
            *((name, f"{value:g}") for name, value in finding.measures.items() if value is not None),
            *(("why", line) for line in finding.why),
            *((f"evidence.{n}", f"{line.source}:{line.line} {line.text}")
              for n, line in enumerate(finding.evidence[:5])),
        ]  # fmt: skip
        return self._message(start, pairs, heading(finding, state))

    def _event(self, event: Event) -> bytes:
        when = event.get("timestamp")
        start = header(
            self.facility,
            event_severity(event),
            when if isinstance(when, datetime) else self.told.now,
            str(event.get("host") or self.told.host),
            str(event.get("source_format") or "event"),
        )
        pairs = [
            (name, value if isinstance(value, str) else dumps(value).strip('"'))
            for name, value in event.items()
            if name != "message"
        ]
        return self._message(start, pairs, visible(str(event.get("message") or "-")))

    def _message(self, start: str, pairs: list[tuple[str, str]], words: str) -> bytes:
        data = structured(
            ELEMENT, [(name, cut(value, MOST_VALUE)) for name, value in pairs if value]
        )
        return f"{start} {data} {words}".encode(errors="backslashreplace")


SAMPLES = [
    Sample(
        "an event is structured data and its sentence, in one line",
        {
            "event_id": "00d1f6a2c3b4e5f6",
            "timestamp": _examples.CALL["timestamp"],
            "severity": "ERROR",
            "message": "no\nroute",
            "host": "edge-1",
            "user_agent": 'curl "x] y',
            "source_format": "nginx_access",
        },
        "<131>1 2026-01-02T03:04:05.678000Z edge-1 clew - nginx_access "
        '[clew@32473 event_id="00d1f6a2c3b4e5f6" timestamp="2026-01-02T03:04:05.678000Z" '
        'severity="ERROR" host="edge-1" user_agent="curl \\"x\\] y" source_format="nginx_access"] '
        "no\\nroute",
        way="syslog",
    ),
]

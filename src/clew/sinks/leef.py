"""QRadar's Log Event Extended Format 2.0.

Takes   findings, events
Over    syslog: tcp:// and tls:// with octet counting, udp://; a file has bare LEEF lines
Token   none
Limits  1,024 characters a value; 8,192 bytes a message over TCP, 2,048 over UDP
Source  IBM, Log Event Extended Format, version 2
Blind to  nothing: columns without a key of LEEF stand under their own names

Attributes are parted by tabs. LEEF has no way to escape, so control characters are made visible: no
value holds a tab.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from clew.model.escape import visible
from clew.model.finding import Finding
from clew.model.plain_json import dumps
from clew.sinks import Event, Sample, State, Told, What, _examples
from clew.sinks._cutting import cut
from clew.sinks._documents import moment, rank
from clew.sinks._syslog import (
    SyslogSink,
    event_severity,
    finding_severity,
    header,
    word,
)

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("syslog",)
MOST_VALUE = 1_024
SEVERITY_OF_RANK = (1, 3, 5, 8, 10)
SEVERITY_OF_EVENT = {2: 9, 3: 7, 4: 5, 6: 2, 7: 1}
TIME_FORMAT = "yyyy-MM-dd'T'HH:mm:ss.SSSX"
KEYS = {
    "client_ip": "src",
    "src_ip": "src",
    "client_port": "srcPort",
    "src_port": "srcPort",
    "dst_ip": "dst",
    "server_port": "dstPort",
    "dst_port": "dstPort",
    "bytes_out": "srcBytes",
    "bytes_in": "dstBytes",
    "packets_out": "srcPackets",
    "packets_in": "dstPackets",
    "transport": "proto",
    "user_id": "usrName",
    "url_path": "url",
    "team": "groupID",
    "host": "identHostName",
    "message": "msg",
}
"""Column to LEEF's predefined key."""


def sink(
    told: Told, *, facility: str = "local0", most_bytes: int = 0, framing: str = "octets"
) -> Leef:
    """The sink.

    facility    kern, user, daemon, auth ... local7
    most_bytes  of a message; 0: what the way allows
    framing     over TCP and TLS: octets, counted before each message; lines, for receivers that
                know a message by its line feed
    """
    return Leef.of(told, facility, most_bytes, framing)


class Leef(SyslogSink):
    """Lines of LEEF, with the header of RFC 5424 where they travel as syslog."""

    __slots__ = ()

    def _finding(self, finding: Finding, state: State) -> bytes:
        began = moment(finding, self.told.now)
        severity = 1 if state == "resolved" else SEVERITY_OF_RANK[rank(finding)]
        pairs = [
            ("cat", "finding"),
            ("sev", str(severity)),
            *_times(began),
            ("findingId", finding.id),
            ("state", state),
            ("msg", finding.title),
            *_keyed(finding.subject),
            *((name, f"{value:g}") for name, value in finding.measures.items() if value is not None),
            ("confidence", f"{finding.confidence:g}"),
            *((f"why{n}", line) for n, line in enumerate(finding.why[:5], 1)),
            *((f"evidence{n}", f"{line.source}:{line.line} {line.text}")
              for n, line in enumerate(finding.evidence[:3], 1)),
        ]  # fmt: skip
        level = finding_severity(finding)
        return self._line(pairs, finding.kind, began, self.told.host, level)

    def _event(self, event: Event) -> bytes:
        when = event.get("timestamp")
        when = when if isinstance(when, datetime) else self.told.now
        level = event_severity(event)
        pairs = [
            ("cat", "event"),
            ("sev", str(SEVERITY_OF_EVENT.get(level, 3))),
            *_times(when),
            *_keyed({name: value for name, value in event.items() if name != "timestamp"}),
        ]
        host = str(event.get("host") or self.told.host)
        return self._line(pairs, str(event.get("source_format") or "event"), when, host, level)

    def _line(
        self, pairs: list[tuple[str, str]], kind: str, when: datetime, host: str, severity: int
    ) -> bytes:
        said = "\t".join(f"{key}={visible(cut(value, MOST_VALUE))}" for key, value in pairs)
        line = f"LEEF:2.0|Clew|Clew|{self.told.version}|{word(kind)}|x09|{said}"
        if self.told.way == "syslog":
            line = f"{header(self.facility, severity, when, host, kind)} - {line}"
        return line.encode(errors="backslashreplace")


def _times(when: datetime) -> tuple[tuple[str, str], ...]:
    text = when.isoformat(timespec="milliseconds") + "Z"
    return ("devTime", text), ("devTimeFormat", TIME_FORMAT)


def _keyed(columns: Event) -> Iterator[tuple[str, str]]:
    used: set[str] = set()
    for name, value in columns.items():
        key = KEYS.get(name, name)
        key = name if key in used else key
        used.add(key)
        yield key, _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value).strip('"')


SAMPLES = [
    Sample(
        "an event in a file is a bare line parted by tabs, and no value has a tab",
        {
            "timestamp": _examples.CALL["timestamp"],
            "source_format": "nginx_access",
            "client_ip": "192.0.2.7",
            "message": "a\tb|c=d",
        },
        "LEEF:2.0|Clew|Clew|0.0|nginx_access|x09|cat=event\tsev=2\t"
        "devTime=2026-01-02T03:04:05.678Z\tdevTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSX\t"
        "source_format=nginx_access\tsrc=192.0.2.7\tmsg=a\\tb|c=d",
        way="file",
    ),
]

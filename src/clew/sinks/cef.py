"""ArcSight's Common Event Format, as SIEMs take it over syslog.

Takes   findings, events
Over    syslog: tcp:// and tls:// with octet counting, udp://; a file has bare CEF lines
Token   none
Limits  1,023 characters a value; 8,192 bytes a message over TCP, 2,048 over UDP
Source  ArcSight Common Event Format, version 26
Blind to  columns for which CEF has no key and no custom one is left: they stand under their own names

The header holds no word of the logs: many readers break on what is escaped in it.
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
from clew.sinks._documents import moment, rank, techniques
from clew.sinks._syslog import (
    SyslogSink,
    event_severity,
    finding_severity,
    header,
    word,
)

TAKES: tuple[What, ...] = ("findings", "events")
OVER = ("syslog",)
MOST_VALUE = 1_023
SEVERITY_OF_RANK = (1, 3, 5, 8, 10)
SEVERITY_OF_EVENT = {2: 9, 3: 7, 4: 5, 6: 2, 7: 0}
KEYS = {
    "event_id": "externalId",
    "message": "msg",
    "service": "sourceServiceName",
    "host": "dvchost",
    "process_id": "dvcpid",
    "client_ip": "src",
    "src_ip": "src",
    "client_port": "spt",
    "src_port": "spt",
    "dst_ip": "dst",
    "server_address": "dhost",
    "server_port": "dpt",
    "dst_port": "dpt",
    "user_id": "suser",
    "http_method": "requestMethod",
    "url_path": "request",
    "user_agent": "requestClientApplication",
    "referer": "requestContext",
    "protocol": "app",
    "transport": "proto",
    "status": "outcome",
    "action": "act",
    "error_type": "reason",
    "request_bytes": "in",
    "response_bytes": "out",
    "duration_ms": "cfp1",
    "http_status": "cn1",
    "input_tokens": "cn2",
    "output_tokens": "cn3",
    "cost_usd": "cfp2",
    "model": "cs1",
    "provider": "cs2",
    "trace_id": "cs3",
    "request_id": "cs4",
    "exception_type": "cs5",
    "session_id": "cs6",
}
"""Column to CEF's key; the custom ones bear the column's name as their label."""
CUSTOM = ("cs", "cn", "cfp")


def sink(
    told: Told, *, facility: str = "local0", most_bytes: int = 0, framing: str = "octets"
) -> Cef:
    """The sink.

    facility    kern, user, daemon, auth ... local7
    most_bytes  of a message; 0: what the way allows
    framing     over TCP and TLS: octets, counted before each message; lines, for receivers that
                know a message by its line feed
    """
    return Cef.of(told, facility, most_bytes, framing)


class Cef(SyslogSink):
    """Lines of CEF, with the header of RFC 5424 where they travel as syslog."""

    __slots__ = ()

    def _finding(self, finding: Finding, state: State) -> bytes:
        began = moment(finding, self.told.now)
        severity = 0 if state == "resolved" else SEVERITY_OF_RANK[rank(finding)]
        pairs = [
            ("externalId", finding.id),
            ("msg", finding.title),
            ("rt", _epoch_ms(began)),
            ("start", _epoch_ms(began)),
            *((("end", _epoch_ms(finding.end)),) if finding.end else ()),
            ("act", state),
            *_keyed(finding.subject),
            *((name, f"{value:g}") for name, value in finding.measures.items() if value is not None),
            ("confidence", f"{finding.confidence:g}"),
            *((("techniques", ",".join(techniques(finding))),) if techniques(finding) else ()),
            *((f"why{n}", line) for n, line in enumerate(finding.why[:5], 1)),
            *((f"evidence{n}", f"{line.source}:{line.line} {line.text}")
              for n, line in enumerate(finding.evidence[:3], 1)),
        ]  # fmt: skip
        line = self._line(finding.kind, finding.kind.replace("_", " "), severity, pairs)
        start = (began, self.told.host, finding.kind, finding_severity(finding))
        return self._wrapped(line, *start)

    def _event(self, event: Event) -> bytes:
        when = event.get("timestamp")
        when = when if isinstance(when, datetime) else self.told.now
        kind = str(event.get("source_format") or "event")
        level = event_severity(event)
        own = event.get("attributes")
        pairs = [
            ("rt", _epoch_ms(when)),
            *_keyed({name: value for name, value in event.items() if name not in UNTOLD}),
            *((("attributes", dumps(own)),) if own else ()),
        ]
        line = self._line(kind, _sort_of(event), SEVERITY_OF_EVENT.get(level, 3), pairs)
        return self._wrapped(line, when, str(event.get("host") or self.told.host), kind, level)

    def _line(self, kind: str, name: str, severity: int, pairs: list[tuple[str, str]]) -> str:
        said = " ".join(f"{key}={extension(cut(value, MOST_VALUE))}" for key, value in pairs)
        return f"CEF:0|Clew|Clew|{self.told.version}|{word(kind)}|{name}|{severity}|{said}"

    def _wrapped(self, line: str, when: datetime, host: str, kind: str, severity: int) -> bytes:
        if self.told.way == "syslog":
            line = f"{header(self.facility, severity, when, host, kind)} - {line}"
        return line.encode(errors="backslashreplace")


UNTOLD = ("timestamp", "attributes", "severity_number", "source_id")


def extension(value: str) -> str:
    r"""A value of the extension: `\` and `=` are escaped, a line break is \n.

    >>> extension("a=b\\c\nd")
    'a\\=b\\\\c\\nd'
    """
    lines = value.replace("\r\n", "\n").split("\n")
    return "\\n".join(visible(line).replace("\\", "\\\\").replace("=", "\\=") for line in lines)


def _keyed(columns: Event) -> Iterator[tuple[str, str]]:
    """Keys and values; a key that is taken leaves the column under its own name."""
    used: set[str] = set()
    for name, value in columns.items():
        key = KEYS.get(name, name)
        if key in used:
            key = name
        used.add(key)
        yield key, _text(value)
        if key != name and key.startswith(CUSTOM):
            yield f"{key}Label", name


def _text(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value).strip('"')


def _epoch_ms(when: datetime) -> str:
    seconds = (when - datetime(1970, 1, 1)).total_seconds()
    return str(round(seconds * 1000))


def _sort_of(event: Event) -> str:
    """What an event is, in fixed words."""
    if "model" in event or "provider" in event:
        return "AI call"
    if "span_id" in event and "span_name" in event:
        return "span"
    if "http_status" in event or "http_method" in event:
        return "HTTP request"
    return "log record"


SAMPLES = [
    Sample(
        "a finding in a file is a bare line, and only values are escaped",
        _examples.FINDING,
        "CEF:0|Clew|Clew|0.0|credential_stuffing|credential stuffing|8|externalId=f1f2f3f4f5f6f7f8 "
        "msg=41 users tried from 192.0.2.7 | <b>\\=x rt=1767323045000 start=1767323045000 "
        "end=1767326400000 act=firing src=192.0.2.7 suser=a\\=b|c\\\\d\\ne users=41 "
        "error_share=0.75 confidence=0.9 techniques=T1110.004 "
        "why1=41 users from one address within an hour. "
        "evidence1=access.log:812 POST /login 401 <!channel> \\\\x1b[2J",
        way="file",
    ),
    Sample(
        "an event over syslog has the header of RFC 5424",
        {
            "timestamp": _examples.CALL["timestamp"],
            "source_format": "nginx_access",
            "http_status": 502,
            "host": "edge-1",
        },
        "<134>1 2026-01-02T03:04:05.678000Z edge-1 clew - nginx_access - "
        "CEF:0|Clew|Clew|0.0|nginx_access|HTTP request|2|rt=1767323045678 "
        "source_format=nginx_access cn1=502 cn1Label=http_status dvchost=edge-1",
        way="syslog",
    ),
]

r"""HAProxy's log: requests in its HTTP format, and what it says of servers that come and go.

    Nov 20 09:00:05 lb1 haproxy[31]: 203.0.113.7:52141 [20/Nov/2026:09:00:00.523]
    http-in api/api1 0/0/1/11/12 503 212 - - SC-- 2/2/0/0/0 0/0 "POST /v1/pay HTTP/1.1"

Reads     lines as syslog brings them, or bare; captured headers in braces
Returns   requests: the time of the accept, client, method, path, status, size, duration, backend and
          server as upstream_address, the server's time as upstream_ms; other lines as syslog gives them
Units     timers are milliseconds; -1, where a stage was never reached, is NULL
Blind to  the TCP format: its lines are events with their text
Source    HAProxy Configuration Manual, section 8.2.3
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew import registry
from clew.formats import Lines, Parser, Settings
from clew.formats._access import first_lines, request_sql
from clew.formats._fields import quoted
from clew.formats._members import columns_of, json_object
from clew.formats._time import timestamp_sql
from clew.model.case import Sample

REQUEST = (
    r"(\S+):(\d+) \[(\d\d/[A-Z][a-z]{2}/\d{4}:[\d:.]+)\] "  # 203.0.113.7:52141 [20/Nov/2026:09:00:00.523]
    r"(\S+) ([^\s/]+)/(\S+) "  # http-in~ api/api1
    r"(?:[+-]?\d+/){3}([+-]?\d+)/\+?(-?\d+) "  # 0/0/1/11/12
    r"([+-]?\d+) \+?(\d+) \S+ \S+ (\S{4}) "  # 503 212 - - SC--
    r"\d+/\d+/\d+/\d+/\+?(\d+) \d+/\d+ "  # 2/2/0/0/0 0/0
    r'(?:(\{[^}]*\}(?: \{[^}]*\})?) )?"([^"]*)"?\s*$'  # {curl/8} "POST /v1/pay HTTP/1.1"
)
NAMES = (
    "client", "port", "at", "frontend", "backend", "server", "answered", "took", "code", "sent", "ended",
    "retries", "captured", "request",
)  # fmt: skip
OWN = re.compile(rf"^(?:.*haproxy\[\d+\]: )?{REQUEST}|haproxy\[\d+\]: ")


@dataclass(slots=True)
class HaproxyParser:
    """Parses lines of syslog, and the requests in them."""

    syslog: Parser
    settings: Settings

    def heads(self, lines: Lines) -> NDArray[np.bool_] | None:
        """As syslog's."""
        return self.syslog.heads(lines)

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        lines = self.syslog.select(workbench, records)
        known = columns_of(workbench, lines)
        own = self._columns()
        kept = [f"s.{name}" for name in known if name not in (*own, "reject")]
        picked = [
            f'CASE WHEN r.is_request THEN {sql} ELSE {f"s.{name}" if name in known else "NULL"} END AS "{name}"'
            for name, sql in own.items()
        ]
        names = ", ".join(quoted(name) for name in NAMES)
        found = (
            f"SELECT *, m.at <> '' AS is_request FROM (SELECT byte_offset, "
            f"regexp_extract(text, {quoted(REQUEST)}, [{names}]) AS m FROM {records})"
        )
        return (
            f"SELECT {', '.join(kept)}, CASE WHEN NOT r.is_request THEN s.reject END AS reject, "
            f"{', '.join(picked)} FROM ({lines}) s JOIN ({found}) r USING (byte_offset)"
        )

    def _columns(self) -> dict[str, str]:
        ended = "nullif(r.m.ended, '----')"
        attributes = {
            "frontend": "rtrim(r.m.frontend, '~')",
            "termination": ended,
            "captured": "nullif(r.m.captured, '')",
            "retries": "nullif(r.m.retries, '0')",
        }
        members = [(name, f"to_json({sql})::VARCHAR") for name, sql in attributes.items()]
        return {
            "timestamp": timestamp_sql("r.m.at", self.settings),
            "timestamp_text": "r.m.at",
            "message": "NULL::VARCHAR",
            "client_ip": "r.m.client",
            "client_port": "try_cast(r.m.port AS BIGINT)",
            **request_sql("r.m.request"),
            "http_status": "CASE WHEN r.m.code <> '-1' THEN try_cast(r.m.code AS BIGINT) END",
            "response_bytes": "try_cast(r.m.sent AS BIGINT)",
            "duration_ms": _timer("r.m.took"),
            "upstream_ms": _timer("r.m.answered"),
            "upstream_address": "r.m.backend || '/' || r.m.server",
            "attributes": json_object(members),
        }


def _timer(text: str) -> str:
    number = f"try_cast({text} AS DOUBLE)"
    return f"CASE WHEN {number} >= 0 THEN {number} END"


def sniff(head: bytes) -> float:
    """Share of the first lines that HAProxy wrote."""
    lines = first_lines(head)
    return 0.98 * sum(bool(OWN.search(line)) for line in lines) / len(lines) if lines else 0.0


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of HAProxy's lines."""
    return HaproxyParser(registry.load("formats", "syslog").parse(head, settings), settings)


SAMPLES = [
    Sample(
        "Nov 20 09:00:00 lb1 haproxy[31]: 203.0.113.7:52140 [20/Nov/2026:09:00:00.123] http-in~ api/api1 "
        '0/0/1/11/12 200 512 - - ---- 2/2/0/0/0 0/0 "GET /v1/items?x=1 HTTP/1.1"\n'
        "Nov 20 09:00:05 lb1 haproxy[31]: 203.0.113.7:52141 [20/Nov/2026:09:00:00.523] http-in api/<NOSRV> "
        '0/5000/-1/-1/5000 503 212 - - sQ-- 2/2/0/0/0 0/1 {api.example.com|curl/8} "POST /v1/pay HTTP/1.1"\n'
        "Nov 20 09:00:06 lb1 haproxy[31]: Server api/api1 is DOWN, reason: Layer4 connection problem.\n",
        [
            {"timestamp": "2026-11-20T09:00:00.123000Z", "client_ip": "203.0.113.7", "http_method": "GET",
             "url_path": "/v1/items", "http_status": 200, "duration_ms": 12.0, "upstream_ms": 11.0,
             "upstream_address": "api/api1", "host": "lb1", "attributes.frontend": "http-in"},
            {"http_status": 503, "duration_ms": 5000.0, "upstream_ms": None, "attributes.termination": "sQ--",
             "attributes.captured": "{api.example.com|curl/8}"},
            {"message": "Server api/api1 is DOWN, reason: Layer4 connection problem.", "service": "haproxy",
             "http_status": None, "timestamp": "2026-11-20T09:00:06Z"},
        ],
        name="through syslog",
        options={"year": 2026},
    ),
    Sample(
        '203.0.113.7:52140 [20/Nov/2026:09:00:00.123] http-in api/api1 0/0/1/-1/+12 -1 +0 - - CD-- 2/2/0/0/0 0/0 '
        '"GET /v1/items HTTP/1.1"\nbroken\n',
        [{"http_status": None, "duration_ms": 12.0, "url_path": "/v1/items", "upstream_ms": None}],
        name="bare",
        rejects=1,
    ),
]  # fmt: skip

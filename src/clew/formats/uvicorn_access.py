r"""uvicorn's access log: one line a request, without a time unless the application adds one.

    INFO:     192.0.2.1:54321 - "POST /v1/chat HTTP/1.1" 500 Internal Server Error
    2026-11-20 09:00:00,123 INFO uvicorn.access: 192.0.2.1:54321 - "GET / HTTP/1.1" 200

Reads     uvicorn's and hypercorn's default, with any usual time, level and logger before it
Returns   requests: time where there is one, client, port, method, path, status
Units     none
Blind to  durations and sizes: uvicorn does not write them
Source    uvicorn documentation, settings for logging
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from clew.formats import Lines, Parser, Settings
from clew.formats._access import first_lines, request_sql
from clew.formats._fields import quoted
from clew.formats._severity import severity_sql
from clew.formats._time import timestamp_sql
from clew.model.case import Sample

REQUEST = (
    r"(?:\[?([0-9A-Za-z:._-]*[0-9A-Za-z])\]?:([0-9]+)|-)?"  # 192.0.2.1:54321, nothing on a socket
    r' - "([A-Z]+ .* HTTP/[0-9.]+)" '  # "POST /v1/chat HTTP/1.1"
    r"([1-5][0-9]{2})(?: [A-Za-z' -]+)?"  # 500 Internal Server Error
)
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]+(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
LEVEL = r"(?i)\b(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b"
LINE = rf"^(?:(.*?)\s)??{REQUEST}\s*$"
ANSI = "\\x1b\\[[0-9;]*m"


@dataclass(slots=True)
class UvicornParser:
    """Parses access lines of ASGI servers."""

    settings: Settings

    def heads(self, lines: Lines) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns over `records`."""
        names = "['before', 'client', 'port', 'request', 'code']"
        at = f"nullif(regexp_extract(m.before, {quoted(TIME)}), '')"
        level = f"nullif(regexp_extract(m.before, {quoted(LEVEL)}), '')"
        logger = "nullif(regexp_extract(m.before, '\\b((?:uvicorn|hypercorn)[.\\w]*)', 1), '')"
        columns = {
            "timestamp": timestamp_sql("clock", self.settings),
            "timestamp_text": "clock",
            "severity": severity_sql("level"),
            "logger": logger,
            "client_ip": "nullif(nullif(m.client, ''), 'None')",
            "client_port": "try_cast(m.port AS BIGINT)",
            **request_sql("m.request"),
            "http_status": "try_cast(m.code AS BIGINT)",
        }
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        bare = (
            f"(SELECT *, CASE WHEN contains(text, chr(27)) THEN regexp_replace(text, '{ANSI}', '', "
            f"'g') ELSE text END AS bare FROM {records})"
        )
        matched = f"(SELECT *, regexp_extract(bare, {quoted(LINE)}, {names}) AS m FROM {bare})"
        return (
            "SELECT line, byte_offset, CASE WHEN m.code = '' THEN 'not a line of this access log' "
            f"END AS reject, {picked} FROM (SELECT *, {at} AS clock, {level} AS level FROM {matched})"
        )


def sniff(head: bytes) -> float:
    """Share of the first lines that are access lines."""
    lines = [re.sub(ANSI, "", line) for line in first_lines(head)]
    found = sum(' - "' in line and bool(re.match(LINE, line)) for line in lines)
    return 0.96 * found / len(lines) if lines else 0.0


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of access lines."""
    return UvicornParser(settings)


SAMPLES = [
    Sample(
        'INFO:     192.0.2.1:54321 - "POST /v1/chat?x=1 HTTP/1.1" 500 Internal Server Error\n'
        '\x1b[32mINFO\x1b[0m:     2001:db8::1:9 - "\x1b[1mGET / HTTP/1.1\x1b[0m" \x1b[32m200 OK\x1b[0m\n'
        "nothing of the kind\n",
        [
            {"timestamp": None, "severity": "INFO", "client_ip": "192.0.2.1", "client_port": 54321,
             "http_method": "POST", "url_path": "/v1/chat", "url_query": "x=1", "http_status": 500,
             "protocol": "HTTP/1.1"},
            {"client_ip": "2001:db8::1", "http_status": 200},
        ],
        name="the default, colours too",
        rejects=1,
    ),
    Sample(
        '2026-11-20 09:00:00,123 INFO uvicorn.access: 192.0.2.1:54321 - "GET /a HTTP/1.1" 200\n'
        '2026-11-20 09:00:01,123 INFO uvicorn.access: 192.0.2.1:54322 - "GET /b HTTP/1.1" 404\n',
        [
            {"timestamp": "2026-11-20T09:00:00.123000Z", "logger": "uvicorn.access",
             "url_path": "/a", "http_status": 200},
            {"http_status": 404},
        ],
        name="with a time and a logger",
    ),
    Sample(
        'INFO:     [2001:db8::1]:443 - "GET /a "b" HTTP/1.1" 200 OK\n'
        'INFO:      - "GET /socket HTTP/1.1" 200 OK\n'
        '2026-11-20T09:00:00Z [info] 192.0.2.1:1 - "GET /low HTTP/2" 404\n',
        [
            {"client_ip": "2001:db8::1", "client_port": 443, "url_path": '/a "b"'},
            {"client_ip": None, "url_path": "/socket", "severity": "INFO"},
            {"timestamp": "2026-11-20T09:00:00Z", "severity": "INFO", "url_path": "/low"},
        ],
        name="other clients and levels",
    ),
]  # fmt: skip

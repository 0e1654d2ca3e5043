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
    r"(?:\[?(?:([0-9a-fA-F:.]+):([0-9]+)|-)\]?)"  # 192.0.2.1:54321
    r' - "([A-Z]+ [^"]*)" '  # "POST /v1/chat HTTP/1.1"
    r"([1-5][0-9]{2})(?: [A-Za-z' -]+)?"  # 500 Internal Server Error
)
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]+(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
LEVEL = r"\b(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b"
LINE = re.compile(rf"(?:.*\s)?{REQUEST}\s*")
ANSI = "\\x1b\\[[0-9;]*m"


@dataclass(slots=True)
class UvicornParser:
    """Parses access lines of ASGI servers."""

    settings: Settings

    def heads(self, lines: Lines) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns over `records`."""
        found = f"regexp_extract(bare, {quoted('(?:^|[ ])' + REQUEST + '[ ]*$')}"
        prefix = f"regexp_extract(bare, {quoted('^(.*?)(?:^|[ ])' + REQUEST)}, 1)"
        at = f"nullif(regexp_extract({prefix}, {quoted(TIME)}), '')"
        level = f"nullif(regexp_extract({prefix}, {quoted(LEVEL)}), '')"
        logger = f"nullif(regexp_extract({prefix}, '\\b((?:uvicorn|hypercorn)[.\\w]*)', 1), '')"
        columns = {
            "timestamp": timestamp_sql(at, self.settings),
            "timestamp_text": at,
            "severity": severity_sql(level),
            "logger": logger,
            "client_ip": f"nullif({found}, 1), '')",
            "client_port": f"try_cast({found}, 2) AS BIGINT)",
            **request_sql(f"nullif({found}, 3), '')"),
            "http_status": f"try_cast({found}, 4) AS BIGINT)",
        }
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return (
            f"SELECT line, byte_offset, CASE WHEN {found}, 4) = '' THEN "
            f"'not a line of this access log' END AS reject, {picked} FROM (SELECT *, "
            f"CASE WHEN contains(text, chr(27)) THEN regexp_replace(text, '{ANSI}', '', 'g') "
            f"ELSE text END AS bare FROM {records})"
        )


def sniff(head: bytes) -> float:
    """Share of the first lines that are access lines."""
    lines = [re.sub(ANSI, "", line) for line in first_lines(head)]
    return 0.96 * sum(bool(LINE.fullmatch(line)) for line in lines) / len(lines) if lines else 0.0


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
]  # fmt: skip

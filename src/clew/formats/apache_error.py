r"""Apache's error log.

    [Fri Nov 20 09:00:01.123456 2026] [proxy_http:error] [pid 32:tid 140214]
    [client 203.0.113.7:53012] AH01114: HTTP: failed to make connection to backend: 192.0.2.7

Reads     the layout of 2.4 and the shorter one of 2.2; lines that do not begin with a time continue the
          one before
Returns   time, severity, module as logger, process, thread, client, message; error_type is Apache's number
          of the message (AH01114); the backend that failed as upstream_address
Units     none
Blind to  the request: Apache does not write it here
Source    Apache HTTP Server documentation, ErrorLogFormat
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew.formats import Lines, Parser, Settings
from clew.formats._access import share_of_lines
from clew.formats._fields import quoted
from clew.formats._members import json_object
from clew.formats._severity import severity_sql
from clew.formats._time import timestamp_sql
from clew.model.case import Sample

LINE = (
    r"(?s)^\[([A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4})\] "
    r"\[(?:([a-z0-9_]*):)?([a-z]+\d?)\] "  # [proxy_http:error]
    r"(?:\[pid (\d+)(?::tid (\d+))?\] )?"  # [pid 32:tid 140214]
    r"(?:\(\d+\)([^:]+): )?"  # (111)Connection refused:
    r"(?:\[client (\S+?)(?::(\d+))?\] )?"  # [client 203.0.113.7:53012]
    r"(?:(AH\d{5}): )?"  # AH01114:
    r"(.*?)"
    r"(?:, referer: (\S+))?$"
)
NAMES = (
    "at", "module", "level", "pid", "tid", "cause", "client", "port", "code", "said", "referer",
)  # fmt: skip
BACKEND = (
    r"(?:attempt to connect to|connection to backend:?|server for:?|from remote server) "
    r"([0-9A-Za-z.-]+(?::\d+)?)"
)
"""Words by which mod_proxy names what it could not reach."""


@dataclass(slots=True)
class ApacheErrorParser:
    """Parses lines of Apache's error log."""

    settings: Settings

    def heads(self, lines: Lines) -> NDArray[np.bool_]:
        """A line begins a record where a bracket and a weekday stand first."""
        begins: NDArray[np.bool_] = (
            lines.begins_with(b"[") & (lines.byte(4) == ord(" ")) & lines.digits(9, 10, 12, 13)
        )
        return begins

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        names = ", ".join(quoted(name) for name in NAMES)
        backend = f"nullif(regexp_extract(m.said, {quoted(BACKEND)}, 1), '')"
        cause = "nullif(m.cause, '')"
        columns = {
            "timestamp": timestamp_sql("m.at", self.settings),
            "timestamp_text": "m.at",
            "severity": severity_sql("rtrim(m.level, '0123456789')"),
            "logger": "nullif(m.module, '')",
            "process_id": "try_cast(m.pid AS BIGINT)",
            "thread": "nullif(m.tid, '')",
            "message": f"concat_ws(': ', {cause}, m.said)",
            "client_ip": "nullif(m.client, '')",
            "client_port": "try_cast(m.port AS BIGINT)",
            "error_type": "nullif(m.code, '')",
            "upstream_address": f"CASE WHEN starts_with(m.module, 'proxy') THEN {backend} END",
            "referer": "nullif(m.referer, '')",
            "attributes": json_object([("cause", f"to_json({cause})::VARCHAR")]),
        }
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return (
            "SELECT line, byte_offset, CASE WHEN m.at = '' THEN 'not a line of an Apache error log' "
            f"END AS reject, {picked} FROM "
            f"(SELECT *, regexp_extract(text, {quoted(LINE)}, [{names}]) AS m FROM {records})"
        )


def sniff(head: bytes) -> float:
    """Share of the first lines in Apache's layout."""
    return 0.95 * share_of_lines(head, LINE)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of Apache's error log."""
    return ApacheErrorParser(settings)


SAMPLES = [
    Sample(
        "[Fri Nov 20 09:00:00.123456 2026] [mpm_event:notice] [pid 31:tid 140213] AH00489: Apache/2.4.62 "
        "(Debian) configured -- resuming normal operations\n"
        "[Fri Nov 20 09:00:01.123456 2026] [proxy:error] [pid 32:tid 140214] (111)Connection refused: AH00957: "
        "HTTP: attempt to connect to 192.0.2.7:8000 (192.0.2.7) failed\n"
        "[Fri Nov 20 09:00:01.123556 2026] [proxy_http:error] [pid 32:tid 140214] [client 203.0.113.7:53012] "
        "AH01114: HTTP: failed to make connection to backend: 192.0.2.7, referer: https://shop.example.com/\n"
        "[Fri Nov 20 09:00:03 2026] [error] [client 203.0.113.7] File does not exist: /srv/favicon.ico\n",
        [
            {"timestamp": "2026-11-20T09:00:00.123456Z", "severity": "INFO", "logger": "mpm_event",
             "process_id": 31, "thread": "140213", "error_type": "AH00489"},
            {"severity": "ERROR", "upstream_address": "192.0.2.7:8000", "error_type": "AH00957",
             "message": "Connection refused: HTTP: attempt to connect to 192.0.2.7:8000 (192.0.2.7) failed",
             "attributes.cause": "Connection refused"},
            {"client_ip": "203.0.113.7", "client_port": 53012, "upstream_address": "192.0.2.7",
             "message": "HTTP: failed to make connection to backend: 192.0.2.7",
             "referer": "https://shop.example.com/"},
            {"timestamp": "2026-11-20T09:00:03Z", "client_ip": "203.0.113.7", "logger": None,
             "message": "File does not exist: /srv/favicon.ico"},
        ],
        name="2.4 and 2.2",
    ),
    Sample(
        "AH00558: apache2: Could not determine the server's name\n"
        "[Fri Nov 20 09:00:02.123456 2026] [php:error] [pid 33] [client 203.0.113.7:53012] PHP Fatal error:  "
        "Uncaught Error: no foo() in /srv/index.php:3\nStack trace:\n#0 {main}\n",
        [{"line": 2, "severity": "ERROR", "message":
          "PHP Fatal error:  Uncaught Error: no foo() in /srv/index.php:3\nStack trace:\n#0 {main}"}],
        name="lines that go on, and one without a time",
        rejects=1,
    ),
]  # fmt: skip

r"""Requests as Gin writes them, among lines of logfmt or text: Ollama's server log.

    [GIN] 2026/11/20 - 09:00:02 | 200 |  1.234567891s |       127.0.0.1 | POST     "/api/chat"
    time=2026-11-20T09:00:00.123Z level=INFO source=routes.go:1297 msg="Listening on 127.0.0.1:11434"

Reads     Gin's default logger; pairs, as Go's slog writes them; any other line as its text
Returns   requests: time, client, method, path, status, duration; other lines as logfmt gives them
Units     the duration says its own: 12.125µs, 1.2s, 1m30s
Blind to  the zone: Gin writes local time
Source    Gin documentation, default log format
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from clew import registry
from clew.formats import Lines, Parser, Settings
from clew.formats._access import first_lines
from clew.formats._durations import spelled_ms
from clew.formats._fields import quoted
from clew.formats._layouts import ANSI
from clew.formats._members import columns_of
from clew.formats._time import timestamp_sql
from clew.model.case import Sample

LINE = (
    r"^\[GIN\] (\d{4}/\d\d/\d\d - \d\d:\d\d:\d\d) \| *(\d{3}) \| *"  # [GIN] 2026/11/20 - 09:00:02 | 200 |
    r"([0-9.]+[a-zµμ]+(?:[0-9.]+[a-z]+)*) \| *"  # 1.234567891s |
    r'([^ |]+) \| *([A-Z]+) +"([^"]*)"'  # 127.0.0.1 | POST     "/api/chat"
)
NAMES = "['at', 'code', 'took', 'client', 'verb', 'uri']"


@dataclass(slots=True)
class GinParser:
    """Parses requests of Gin, and pairs in between."""

    logfmt: Parser
    settings: Settings

    def heads(self, lines: Lines) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        pairs = self.logfmt.select(workbench, records)
        known = columns_of(workbench, pairs)
        own = {
            "timestamp": timestamp_sql("r.m.at", self.settings),
            "timestamp_text": "r.m.at",
            "http_status": "try_cast(r.m.code AS BIGINT)",
            "duration_ms": spelled_ms("r.m.took"),
            "client_ip": "r.m.client",
            "http_method": "r.m.verb",
            "url_path": "split_part(r.m.uri, '?', 1)",
            "url_query": "nullif(split_part(r.m.uri, '?', 2), '')",
            "attributes": "NULL::VARCHAR",
        }
        kept = [f"s.{name}" for name in known if name not in (*own, "reject", "message")]
        picked = [
            f"CASE WHEN r.m.at <> '' THEN {sql} ELSE {_of_pairs(name, known)} END AS \"{name}\""
            for name, sql in own.items()
        ]
        found = (
            f"SELECT byte_offset, bare, regexp_extract(bare, {quoted(LINE)}, {NAMES}) AS m FROM (SELECT "
            f"byte_offset, regexp_replace(text, '{ANSI}', '', 'g') AS bare FROM {records})"
        )
        said = f"CASE WHEN s.reject IS NULL THEN {'s.message' if 'message' in known else 'NULL'} ELSE r.bare END"
        return (
            f"SELECT {', '.join(kept)}, NULL::VARCHAR AS reject, {', '.join(picked)}, "
            f"CASE WHEN r.m.at = '' THEN {said} END AS \"message\" "
            f"FROM ({pairs}) s JOIN ({found}) r USING (byte_offset)"
        )


def _of_pairs(name: str, known: list[str]) -> str:
    return f"CASE WHEN s.reject IS NULL THEN s.{name} END" if name in known else "NULL"


def sniff(head: bytes) -> float:
    """High where a request of Gin stands among the first lines."""
    lines = [re.sub(ANSI, "", line) for line in first_lines(head)]
    return 0.92 if any(re.match(LINE, line) for line in lines) else 0.0


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of Gin's requests and of what stands between them."""
    return GinParser(registry.load("formats", "logfmt").parse(head, settings), settings)


SAMPLES = [
    Sample(
        'time=2026-11-20T09:00:00.123Z level=WARN source=runner.go:129 msg="truncating input prompt" limit=2048\n'
        '[GIN] 2026/11/20 - 09:00:02 | 200 |  1.234567891s |       127.0.0.1 | POST     "/api/chat"\n'
        '[GIN] 2026/11/20 - 09:00:03 |\x1b[97;41m 500 \x1b[0m|      12.125µs |     203.0.113.7 |\x1b[97;46m POST    '
        '\x1b[0m "/api/generate?x=1"\n'
        "[GIN] 2026/11/20 - 09:00:04 | 200 |         1m30s |       127.0.0.1 | GET      \"/\"\n"
        "llama_model_loader: loaded meta data with 29 key-value pairs\n",
        [
            {"timestamp": "2026-11-20T09:00:00.123000Z", "severity": "WARN", "message": "truncating input prompt",
             "attributes.limit": 2048, "http_status": None},
            {"timestamp": "2026-11-20T09:00:02Z", "http_status": 200, "duration_ms": 1234.567891,
             "client_ip": "127.0.0.1", "http_method": "POST", "url_path": "/api/chat", "message": None},
            {"http_status": 500, "duration_ms": 0.012125, "url_path": "/api/generate", "url_query": "x=1"},
            {"duration_ms": 90000.0},
            {"message": "llama_model_loader: loaded meta data with 29 key-value pairs", "timestamp": None},
        ],
        name="Ollama's server log",
    ),
]  # fmt: skip

r"""logfmt: `key=value` pairs and nothing else, in any order.

    ts=2026-11-20T09:00:00Z level=info msg="request done" method=GET status=200 duration=12.3ms

Reads     Go services, Heroku, Grafana's tools; quoted values with escapes
Returns   canonical columns by the names of model/vocabulary.py; other keys as attributes
Units     durations by their own unit (12.3ms), their name, or their size, which the ledger says
Blind to  what a word without a value means: such words stay together in the attribute `rest`
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb

from clew.formats import Lines, Parser, Settings
from clew.formats._access import first_lines
from clew.formats._fields import Field, Units, map_fields, quoted
from clew.formats._pairs import SPACED, pairs_sql, with_pair_fields
from clew.model.case import Sample

PAIR = re.compile(r'(?:^|\s)[A-Za-z_@][\w.@-]*=(?:"(?:[^"\\]|\\.)*"|[^\s"]*)')


@dataclass(slots=True)
class LogfmtParser:
    """Parses lines of pairs."""

    settings: Settings
    units: Units | None = field(default=None, compare=False)

    def heads(self, lines: Lines) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        workbench.execute(
            "CREATE OR REPLACE TEMP TABLE logfmt_lines AS SELECT line, byte_offset, text, "
            f"{pairs_sql('text')} FROM {records}"
        )
        rest = f"nullif(trim(regexp_replace(text, {quoted(SPACED)}, '', 'g')), '')"
        source, fields = with_pair_fields(workbench, "logfmt_lines")
        fields.append(Field("rest", rest, f"to_json({rest})::VARCHAR"))
        self.units = self.units or Units(lambda number: None)
        self.units.median = lambda number: _median(workbench, source, number)
        columns = map_fields(fields, self.settings, self.units)
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return (
            "SELECT line, byte_offset, CASE WHEN keys IS NULL OR len(keys) = 0 OR "
            f"(len(keys) = 1 AND ({rest}) IS NOT NULL) THEN 'no key=value pairs' END AS reject, {picked} FROM {source}"
        )


def _median(workbench: duckdb.DuckDBPyConnection, source: str, number: str) -> float | None:
    found = workbench.execute(f"SELECT median({number}) FROM {source}").fetchall()
    middle: float | None = found[0][0]
    return middle


def sniff(head: bytes) -> float:
    """Share of the first lines that begin with a pair and are made of pairs."""
    lines = first_lines(head)
    if not lines:
        return 0.0
    own = 0
    for line in lines:
        found = PAIR.findall(line)
        covered = sum(len(pair) for pair in found)
        own += len(found) >= 2 and bool(PAIR.match(line)) and covered > 0.8 * len(line.strip())
    return 0.9 * own / len(lines)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of pairs."""
    return LogfmtParser(settings)


SAMPLES = [
    Sample(
        'ts=2026-11-20T09:00:00.5Z level=info msg="request \\"done\\"" method=GET path=/v1/models?x=1 '
        "status=200 duration=12.3ms region=eu\n"
        'level=error msg=failed err="connection refused" ts=1763629200 retries=3 urgent\n'
        "no pairs here\n",
        [
            {"timestamp": "2026-11-20T09:00:00.500000Z", "severity": "INFO",
             "message": 'request "done"', "http_method": "GET", "url_path": "/v1/models",
             "url_query": "x=1", "http_status": 200, "duration_ms": 12.3, "region": "eu"},
            {"timestamp": "2025-11-20T09:00:00Z", "severity": "ERROR",
             "exception_message": "connection refused", "attributes.retries": 3,
             "attributes.rest": "urgent"},
        ],
        name="any order, quotes, a bare word",
        rejects=1,
    ),
    Sample(
        "at=2026-11-20T09:00:00Z lvl=error msg=boom client=203.0.113.7:443\n"
        "ts=2026-11-20T09:00:01Z at=warn msg=slow client=ios-app\n",
        [
            {"timestamp": "2026-11-20T09:00:00Z", "severity": "ERROR", "client_ip": "203.0.113.7",
             "attributes": None},
            {"timestamp": "2026-11-20T09:00:01Z", "severity": "WARN", "client_ip": None,
             "attributes.client": "ios-app"},
        ],
        name="at is a moment or a level, client an address or a name",
    ),
]  # fmt: skip

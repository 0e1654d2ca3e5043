r"""Any text, as the last resort: every line is an event, with a time and a level where they stand.

Reads     lines that no other format knows; indented lines and tracebacks continue the one before
Returns   the text as message; time, severity, exception columns and key=value pairs where there are
Units     none
Blind to  everything that the line does not say in a usual way
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew.formats import Lines, Parser, Settings
from clew.formats._fields import Units, quoted
from clew.formats._messages import RAISED, message_columns, with_pairs
from clew.formats._severity import severity_sql
from clew.formats._starts import text_begins
from clew.formats._time import timestamp_sql
from clew.model.case import Sample

TIME = (
    r"^[\[(<\"']*("
    r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
    r"|\d{1,2}/[A-Z][a-z]{2}/\d{4}[: ]\d\d:\d\d:\d\d(?: [+-]\d{4})?"
    r"|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d"
    r"|\d{10}(?:\.\d+)?|\d{13})\b"
)
LEVEL = r"\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE|PANIC)\b"
LEVEL_WITHIN = 120
COLOUR = "\\x1b\\[[0-9;]*m"


@dataclass(slots=True)
class TextParser:
    """Parses lines of which nothing is known."""

    settings: Settings
    units: Units = field(default_factory=lambda: Units(lambda number: None), compare=False)

    def heads(self, lines: Lines) -> NDArray[np.bool_]:
        """Indented lines, tracebacks and the exception below them continue."""
        return text_begins(lines)

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        first_line = "split_part(text, chr(10), 1)"
        bare = f"CASE WHEN contains(text, chr(27)) THEN regexp_replace(text, '{COLOUR}', '', 'g') ELSE text END"
        lines = f"(SELECT *, {first_line} AS said FROM (SELECT * REPLACE ({bare} AS text) FROM {records}))"
        workbench.execute(
            f"CREATE OR REPLACE TEMP TABLE texts AS {with_pairs(lines, 'line, byte_offset, said')}"
        )
        source, columns = message_columns(workbench, "texts", self.settings, self.units)
        found = f"nullif(regexp_extract(said, {quoted(TIME)}, 1), '')"
        level = f"nullif(regexp_extract(left(said, {LEVEL_WITHIN}), {quoted(LEVEL)}, 1), '')"
        columns |= {
            "timestamp": timestamp_sql(found, self.settings),
            "timestamp_text": found,
            "severity": f"coalesce({severity_sql(level)}, CASE WHEN has_stack THEN 'ERROR' END)",
            "message": f"coalesce(message, {RAISED}, said)",
        }
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return f"SELECT line, byte_offset, NULL::VARCHAR AS reject, {picked} FROM {source}"


def sniff(head: bytes) -> float:
    """A little for any text, so that every better format wins."""
    return 0.01 if head.strip() and b"\x00" not in head else 0.0


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of anything."""
    return TextParser(settings)


TRACE = 'Traceback (most recent call last):\n  File "/app/x.py", line 1, in f\n'
SAMPLES = [
    Sample(
        "\x1b[0mGET /v1/items/3 \x1b[31m500\x1b[0m 4.848 ms - 903\x1b[0m\n"
        "::ffff:192.0.2.1 - GET /slow HTTP/1.1 503 1 - 120.566 ms\n",
        [
            {"message": "GET /v1/items/3 500 4.848 ms - 903", "http_status": 500, "duration_ms": 4.848},
            {"url_path": "/slow", "http_status": 503, "duration_ms": 120.566},
        ],
        name="requests of Express, in colour",
    ),
    Sample(
        "[2026-11-20 09:00:00] something WARNING odd user_id=u-1\nplain words\n  indented more\n"
        "oops\nTraceback (most recent call last):\n"
        '  File "/app/x.py", line 1, in f\nValueError: bad\nafter\n',
        [
            {"timestamp": "2026-11-20T09:00:00Z", "severity": "WARN", "user_id": "u-1"},
            {"timestamp": None, "severity": None, "message": "plain words\n  indented more"},
            {"message": "oops", "exception_type": "ValueError", "exception_frame": "/app/x.py:1 in f"},
            {"message": "after"},
        ],
        name="lines of no format",
    ),
    Sample(
        TRACE + "ValueError: first\n" + TRACE + "KeyError: 'second'\n\nDuring handling of the above "
        "exception, another exception occurred:\n\n" + TRACE + "RuntimeError: third\n" + TRACE
        + "OSError\n",
        [
            {"line": 1, "message": "ValueError: first", "exception_type": "ValueError"},
            {"line": 4, "message": "RuntimeError: third", "exception_type": "RuntimeError"},
            {"line": 13, "exception_type": "OSError"},
        ],
        name="tracebacks one after another were one event",
    ),
]  # fmt: skip

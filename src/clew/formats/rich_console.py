"""The log of rich's RichHandler: columns of time, level, message and place, wrapped to a console.

    [09:00:00] INFO     server started on port 8000                   api.py:9
               WARNING  a message that goes on until its column       api.py:11
                        is full

Reads     what rich.logging.RichHandler writes to a file or a pipe, with tracebacks of Python and those that rich draws
Returns   severity, time, the message in one piece with its pairs, the file as logger; exception columns
Units     none
Blind to  the day, where the time is a clock: such events have no time. Where a message was wrapped at a space or
          had a line break of its own: a line that the next word would have fitted in had one
Source    rich's documentation of its logging handler
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew.formats import NO_LAYOUT, Lines, Settings
from clew.formats._access import first_lines
from clew.formats._fields import Units, quoted
from clew.formats._functions import make_known
from clew.formats._messages import RAISED, message_columns, with_pairs
from clew.formats._severity import severity_sql
from clew.formats._time import timestamp_sql
from clew.model.case import Sample

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LEVEL_WIDTH = 9
"""Of the column of levels, with the space behind it."""
HEAD = re.compile(r"(\[[^\]\n]{5,32}\] )(DEBUG   |INFO    |WARNING |ERROR   |CRITICAL) \S")
PLACE = re.compile(r" +([\w.<>/-]+:\d+) *$")
AMERICAN = "^[0-9]{2}/[0-9]{2}/[0-9]{2} "
"""11/20/26 09:00:00, rich's own way where none is given."""
BOX = ("╭", "│", "╰", "+", "|")
SPACE = ord(" ")


@dataclass(slots=True)
class RichParser:
    """Parses records whose level stands in one column.

    column  where levels begin
    time    the last time that was stated: rich leaves out one that is the same as before
    """

    settings: Settings
    column: int
    units: Units = field(default_factory=lambda: Units(lambda number: None), compare=False)
    time: str | None = field(default=None, compare=False)

    def heads(self, lines: Lines) -> NDArray[np.bool_]:
        """Lines with a level in its column, and those that are not indented."""
        inner = Lines(lines.text, np.minimum(lines.starts + self.column, lines.ends), lines.ends)
        begins: NDArray[np.bool_] = lines.byte(0) != SPACE
        for level in LEVELS:
            word = level.ljust(LEVEL_WIDTH).encode()
            begins |= inner.begins_with(word) & (lines.byte(self.column - 1) == SPACE)
        return begins

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        whole, said = f"clew_rich_{self.column}", "split_part(text, chr(10), 1)"
        make_known(workbench, whole, self._whole)
        level = f"rtrim(text[{self.column + 1}:{self.column + LEVEL_WIDTH}])"
        is_known = f"{level} IN ({', '.join(map(quoted, LEVELS))})"
        at = f"nullif(trim(text[:{self.column}], '[] '), '')"
        place = f"nullif(regexp_extract({said}, {quoted(PLACE.pattern)}, 1), '')"
        parted = (
            f"(SELECT line, byte_offset, {is_known} AS is_known, {level} AS level, {at} AS stated, "
            f"{place} AS place, CASE WHEN {is_known} THEN {whole}(text) ELSE text END AS text FROM {records})"
        )
        kept = "line, byte_offset, is_known, level, stated, place"
        self._carry(workbench, with_pairs(f"(SELECT *, {said} AS said FROM {parted})", kept))
        source, columns = message_columns(workbench, "rich_rows", self.settings, self.units)
        columns |= {
            "timestamp": timestamp_sql(_dated("said_at"), self.settings),
            "timestamp_text": "said_at",
            "severity": f"coalesce({severity_sql('level')}, CASE WHEN has_stack THEN 'ERROR' END)",
            "logger": "nullif(regexp_replace(place, ':[0-9]+$', ''), '')",
            "message": f"coalesce(message, {RAISED})",
        }
        picked = ", ".join(
            f'CASE WHEN is_known THEN {sql} END AS "{name}"' for name, sql in columns.items()
        )
        reject = f"CASE WHEN NOT is_known THEN {quoted(NO_LAYOUT)} END"
        return f"SELECT line, byte_offset, {reject} AS reject, {picked} FROM {source}"

    def _carry(self, workbench: duckdb.DuckDBPyConnection, rows: str) -> None:
        """Makes a table of the rows with the time that counts; the last one is kept for the next block."""
        before = "NULL::VARCHAR" if self.time is None else quoted(self.time)
        workbench.execute(
            "CREATE OR REPLACE TEMP TABLE rich_rows AS SELECT *, coalesce(last_value(CASE WHEN is_known "
            "THEN stated END IGNORE NULLS) OVER (ORDER BY byte_offset ROWS BETWEEN UNBOUNDED PRECEDING AND "
            f"CURRENT ROW), {before}) AS said_at FROM ({rows})"
        )
        last = workbench.execute("SELECT max_by(said_at, byte_offset) FROM rich_rows").fetchall()
        self.time = last[0][0] or self.time

    def _whole(self, text: str | None) -> str | None:
        """The message in one piece, without the columns around it."""
        return unwrapped(text or "", self.column + LEVEL_WIDTH)


def unwrapped(text: str, indent: int) -> str:
    r"""The message of a record, whose lines begin behind the indent.

    >>> unwrapped("[09:00:00] INFO     one two a.py:9\n                    three       \n", 20)
    'one two three'
    """
    lines = [line[indent:] for line in text.rstrip("\n").split("\n")]
    place = PLACE.search(lines[0])
    width = place.start(1) - 1 if place else max(map(len, lines))
    if place:
        lines[0] = lines[0][: place.start()]
    found = last = lines[0].rstrip()
    for line in map(str.rstrip, lines[1:]):
        word = line.split(" ", 1)[0]
        is_wrapped = word and not line.startswith(BOX) and len(last) + 1 + len(word) > width
        is_cut = len(last) == width and " " not in last  # a word longer than the column
        found += ("" if is_cut else " ") + line if is_wrapped else "\n" + line
        last = line
    return found


def _dated(time: str) -> str:
    year = f"'20' || {time}[7:8] || '-' || {time}[1:2] || '-' || {time}[4:5] || {time}[9:]"
    return (
        f"CASE WHEN regexp_matches({time}, '{AMERICAN}') THEN {year} "
        f"WHEN contains({time}, '-') THEN {time} END"
    )


def sniff(head: bytes) -> float:
    """Whether levels stand in one column, amid lines that are indented to it or to the message's."""
    lines = [line for line in first_lines(head) if line.strip()]
    first = next((m for line in lines if (m := HEAD.match(line))), None)
    if first is None:
        return 0.0
    column = len(first[1])
    heads = sum(HEAD.match(line) is not None for line in lines)
    indented = sum(line.startswith(" " * column) for line in lines)
    placed = sum(PLACE.search(line) is not None for line in lines)
    if not indented and placed < heads / 2:
        return 0.0
    return 0.94 * (heads + indented) / len(lines)


def parse(head: bytes, settings: Settings) -> RichParser:
    """A parser by the column in which the first level stands."""
    first = next((m for line in first_lines(head) if (m := HEAD.match(line))), None)
    return RichParser(settings, len(first[1]) if first else 0)


SAMPLES = [
    Sample(
        "[2025-11-20 09:00:00] INFO     server started on port 8000              api.py:9\n"
        "                      INFO     second message                          api.py:10\n"
        "[2025-11-20 09:00:01] WARNING  a long message that goes on and on      api.py:11\n"
        "                               until its column is full request_id=r7           \n"
        "                      ERROR    failed request_id=r8                    api.py:13\n"
        "                               Traceback (most recent call last):               \n"
        '                                 File "/app/api.py", line 12, in run            \n'
        "                                   x()                                          \n"
        "                               KeyError: 'age'                                  \n",
        [
            {"timestamp": "2025-11-20T09:00:00Z", "severity": "INFO", "logger": "api.py",
             "message": "server started on port 8000"},
            {"timestamp": "2025-11-20T09:00:00Z", "message": "second message"},
            {"line": 3, "timestamp": "2025-11-20T09:00:01Z", "severity": "WARN", "request_id": "r7",
             "message": "a long message that goes on and on until its column is full request_id=r7"},
            {"line": 5, "timestamp": "2025-11-20T09:00:01Z", "severity": "ERROR", "request_id": "r8",
             "message": "failed request_id=r8", "exception_type": "KeyError",
             "exception_frame": "/app/api.py:12 in run"},
        ],
        name="a message that was wrapped, a time left out, a traceback",
    ),
    Sample(
        "[11/20/25 09:00:00] INFO     ready                                     api.py:9\n"
        "                    DEBUG    done                                      api.py:9\n"
        "printed\n",
        [
            {"timestamp": "2025-11-20T09:00:00Z", "message": "ready"},
            {"timestamp": "2025-11-20T09:00:00Z", "severity": "DEBUG"},
            {"message": "printed", "source_format": "text"},
        ],
        name="rich's own way of dates, and a line that the service printed",
    ),
    Sample(
        "[09:00:00] INFO     ready                                              api.py:9\n"
        "           INFO     done                                               api.py:9\n",
        [{"timestamp": None, "timestamp_text": "09:00:00", "message": "ready"}, {"message": "done"}],
        name="a clock alone",
    ),
]  # fmt: skip

"""Lines that a container runtime, a collector or a tool wrapped: the inner line is parsed in turn.

    {"log":"<inner>\\n","stream":"stdout","time":"2026-11-20T09:00:00.123456789Z"}
    web-1  | <inner>
    Nov 20 09:00:00 host1 scoring[31]: <inner>

The wrapper's parser tells whose a line is, and each container, program or pod has a format of its own, found
from its first lines. What the inner line says counts; the wrapper says what it leaves out: time, severity,
service, host. A line that no inner format can read is text, with the times, levels and pairs it has.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew import registry
from clew.formats import BatchParser, ElementParser, FileParser, Lines, Parser, Settings, sureness
from clew.formats._fields import quoted
from clew.formats._members import types_of
from clew.formats._starts import text_begins

FIRST_LINES = 100
"""Lines of one writer that tell its format."""
SURE_ENOUGH = 0.4
"""How sure a format must be of inner lines."""
SURE_OF_LINES = 0.6
"""How sure one must be to take what may be a logger's own sentences for lines."""
LIKE_A_LINE = re.compile(
    r'^\s*\{"|\d\d:\d\d:\d\d|^(?:\[|<)?[A-Z]{4,8}\b|" \d{3} |^[IWEF]\d{4} |\b\w+=\S+ \w+='
)
NOT_INNER = frozenset(("csv", "parquet", "text"))
"""Formats that the lines of one writer are never taken for by their looks."""
WRITERS = ("container", "service", "k8s_pod", "service_instance", "logger")
"""Columns of the wrapper of which the first that it has tells one writer from another."""
PLACED = ("line", "byte_offset", "reject")
BACKSLASH, TAB_LETTER = ord("\\"), ord("t")
FOLLOWS = {"timestamp_text": "timestamp", "severity_number": "severity"}
"""A column to the one that it belongs to: both are the inner line's, or both the wrapper's."""
Columns = dict[str, str]
"""Name to type."""


@runtime_checkable
class PartedParser(Protocol):
    """A parser whose rows are of several formats."""

    def parts(self, workbench: duckdb.DuckDBPyConnection, records: str) -> list[tuple[str, str]]:
        """Format and SELECT of the rows of each; "" is of the records that nobody can read."""


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How numpy finds the inner lines of a block, whose records may be several lines.

    line         of each line: its end is where the inner line begins; its group, if it has one, is the writer
    joined       SQL of the inner lines of a record of several lines, `r.text`, where the wrapper's parser
                 reads only the first of them; "" where it reads all
    writer       of each line: its group is the writer, or the stream, where `line` does not say it
    marks_split  the group of `line` is P where the line goes on in the next one, and no writer
    """

    line: re.Pattern[bytes]
    joined: str = ""
    writer: re.Pattern[bytes] | None = None
    marks_split: bool = False

    def heads(self, lines: Lines) -> NDArray[np.bool_]:
        """Inner lines that are empty, indented or of a traceback go on, as long as their writer does."""
        known: dict[bytes | None, int] = {}
        places, found = _first_of_lines(self.line, lines, known)
        starts = lines.starts.copy()
        starts[places] = found[:, 1]
        writers = np.full(len(starts), -1, dtype=np.int64)
        writers[places] = found[:, 2]
        goes_on = (writers == known.get(b"P", -2)) & self.marks_split
        if self.writer is not None:
            places, found = _first_of_lines(self.writer, lines, known)
            writers[places] = found[:, 2]
        inner = Lines(lines.text, starts, np.maximum(starts, lines.ends))
        begins: NDArray[np.bool_] = text_begins(inner) & (inner.lengths > 0)
        begins &= (inner.byte(0) != BACKSLASH) | (inner.byte(1) != TAB_LETTER)
        begins |= starts == lines.starts
        begins[1:] |= writers[1:] != writers[:-1]
        begins[1:] &= ~goes_on[:-1]
        return begins


def _first_of_lines(
    pattern: re.Pattern[bytes], lines: Lines, known: dict[bytes | None, int]
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Lines with a match, and of the first one in each: where it begins and ends, and the number that
    `known` gives its group."""
    which = 1 if pattern.groups else 0
    found = [
        (m.start(), m.end(), known.setdefault(m[1] if which else None, len(known)))
        for m in pattern.finditer(lines.text.data)
    ]
    rows = np.array(found, dtype=np.int64).reshape(-1, 3)
    places, first = np.unique(np.searchsorted(lines.ends, rows[:, 0]), return_index=True)
    return places, rows[first]


@dataclass(slots=True)
class WrappedParser:
    """Parses wrapped lines by `outer`, whose message is the inner line, and that by its own format.

    wrapping  how lines become records of several lines; None where each is one
    inner     parsers of inner lines, and the format of each in `formats`
    by_name   writer to the place of its parser
    """

    outer: Parser
    settings: Settings
    wrapping: Wrapping | None = None
    table: str = "wrapped"
    inner: list[Parser] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    by_name: dict[str, int] = field(default_factory=dict)

    @property
    def elements(self) -> Literal["array", "documents"] | None:
        """Of the outer lines."""
        return self.outer.elements if isinstance(self.outer, ElementParser) else None

    def heads(self, lines: Lines) -> NDArray[np.bool_] | None:
        """What begins a record."""
        if self.wrapping is None:
            return self.outer.heads(lines)
        return self.wrapping.heads(lines)

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """All rows, whatever their format."""
        parts = [select for _, select in self.parts(workbench, records)]
        return " UNION ALL BY NAME ".join(f"({part})" for part in parts)

    def parts(self, workbench: duckdb.DuckDBPyConnection, records: str) -> list[tuple[str, str]]:
        """One SELECT a format: the inner parser's columns, completed from the wrapper's."""
        self._unwrap(workbench, records)
        self._meet(workbench)
        read: list[tuple[str, str]] = []
        for place, parser in enumerate(self.inner):
            own = [name for name, chosen in self.by_name.items() if chosen == place]
            is_own = f"list_contains([{', '.join(map(quoted, own))}]::VARCHAR[], writer)"
            self._read(workbench, parser, self.formats[place], is_own, read)
        tried = {name for name, _ in read}
        while left := self._sample(workbench, _unread(read)):
            name, parser = _parser_of(left, self.settings, tried)
            tried.add(name)
            self._read(workbench, parser, name, _unread(read), read)
        outer = types_of(workbench, self.table)
        parts: dict[str, list[str]] = {}
        for name, table in read:
            select = _completed(outer, types_of(workbench, table), self.table, table)
            parts.setdefault(name, []).append(select)
        alone = f"SELECT * FROM {self.table} WHERE {_unread(read)}"
        united = {name: " UNION ALL BY NAME ".join(found) for name, found in parts.items()}
        return [("", alone), *united.items()]

    def _unwrap(self, workbench: duckdb.DuckDBPyConnection, records: str) -> None:
        """Makes the wrapper's rows, and the inner lines with their writers."""
        execute, held = workbench.execute, f"{self.table}_records"
        execute(
            f"CREATE OR REPLACE TEMP TABLE {held} AS SELECT line, lines, byte_offset, text FROM {records}"
        )
        joined = self.wrapping.joined if self.wrapping else ""
        first = "split_part(text, chr(10), 1)" if joined else "text"
        outer = self.outer.select(
            workbench, f"(SELECT line, lines, byte_offset, {first} AS text FROM {held})"
        )
        execute(f"CREATE OR REPLACE TEMP TABLE {self.table} AS {outer}")
        known = types_of(workbench, self.table)
        writer = ", ".join(f"o.{name}" for name in WRITERS if name in known)
        inner = "o.message" if "message" in known else "NULL::VARCHAR"
        if joined:
            inner = f"CASE WHEN contains(r.text, chr(10)) THEN {joined} ELSE {inner} END"
        execute(
            f"CREATE OR REPLACE TEMP TABLE {self.table}_lines AS SELECT o.line, r.lines, byte_offset, "
            f"rtrim({inner}, chr(10)) AS text, coalesce({writer}{', ' if writer else ''}'') AS writer "
            f"FROM {self.table} AS o JOIN {held} AS r USING (byte_offset) "
            f"WHERE o.reject IS NULL AND ({inner}) IS NOT NULL"
        )

    def _meet(self, workbench: duckdb.DuckDBPyConnection) -> None:
        """Finds the formats of writers that no block before had."""
        met = workbench.execute(
            f"SELECT writer, list(text ORDER BY byte_offset) FROM (SELECT * FROM {self.table}_lines QUALIFY "
            "row_number() OVER (PARTITION BY writer ORDER BY byte_offset) <= ?) GROUP BY writer ORDER BY writer",
            [FIRST_LINES],
        ).fetchall()
        for writer, lines in met:
            if writer not in self.by_name:
                self.know(writer, lines)

    def know(self, writer: str, lines: Sequence[str]) -> None:
        """Notes the format of a writer, whose first lines these are."""
        name, parser = _parser_of(lines, self.settings, set())
        same = (n for n, one in enumerate(self.inner) if (self.formats[n], one) == (name, parser))
        place = next(same, len(self.inner))
        if place == len(self.inner):
            self.inner.append(parser)
            self.formats.append(name)
        self.by_name[writer] = place

    def _read(
        self,
        workbench: duckdb.DuckDBPyConnection,
        parser: Parser,
        name: str,
        where: str,
        read: list[tuple[str, str]],
    ) -> None:
        """Parses some inner lines; what the parser takes is in the table that `read` gets."""
        table = f"{self.table}_{len(read)}"
        lines = f"(SELECT line, lines, byte_offset, text FROM {self.table}_lines WHERE {where})"
        select = parser.select(workbench, lines)
        workbench.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * EXCLUDE (reject) FROM ({select}) "
            "WHERE reject IS NULL"
        )
        read.append((name, table))

    def _sample(self, workbench: duckdb.DuckDBPyConnection, where: str) -> list[str]:
        """Inner lines that are left."""
        found = workbench.execute(
            f"SELECT text FROM {self.table}_lines WHERE {where} ORDER BY byte_offset LIMIT ?",
            [2 * FIRST_LINES],
        ).fetchall()
        return [text for (text,) in found]


def looks_like_lines(lines: Sequence[str]) -> bool:
    """Whether these are lines of a format, and not sentences."""
    if not any(LIKE_A_LINE.search(line) for line in lines):
        return False
    return _parser_of(lines, Settings(), set(), SURE_OF_LINES)[0] != "text"


def _unread(read: Sequence[tuple[str, str]]) -> str:
    """SQL of whether no parser has taken a line."""
    taken = [f"byte_offset NOT IN (SELECT byte_offset FROM {table})" for _, table in read]
    return " AND ".join(taken) or "true"


def _parser_of(
    lines: Sequence[str], settings: Settings, tried: Collection[str], sure: float = SURE_ENOUGH
) -> tuple[str, Parser]:
    """The format that is surest of these lines, and a parser; text where none is sure or all are tried."""
    head = "".join(f"{line}\n" for line in lines).encode()
    scores = sureness(head, {*NOT_INNER, *tried})
    for name in sorted(scores, key=lambda name: -scores[name]):
        if scores[name] < sure:
            break
        parser: Parser = registry.load("formats", name).parse(head, settings)
        if not isinstance(parser, BatchParser | FileParser):
            if isinstance(parser, WrappedParser):
                parser.table = "wrapped_within"
            if not (isinstance(parser, ElementParser) and parser.elements):
                return name, parser
    text: Parser = registry.load("formats", "text").parse(head, settings)
    return "text", text


def _completed(outer: Columns, inner: Columns, wrapper: str, table: str) -> str:
    """SQL of the rows of an inner parser with what the wrapper says besides."""
    picked = ["i.line", "i.byte_offset", "NULL::VARCHAR AS reject"]
    for name in dict.fromkeys([*inner, *outer]):
        if name in PLACED:
            continue
        if name not in outer or (name == "message" and name in inner):
            sql = f'i."{name}"'
        elif name == "message":
            sql = "NULL::VARCHAR"
        elif name not in inner:
            sql = f'o."{name}"'
        elif name == "attributes":
            sql = "coalesce(json_merge_patch(o.attributes, i.attributes)::VARCHAR, i.attributes, o.attributes)"
        else:
            sql = f'coalesce(i."{name}", o."{name}")'
            if inner[name] != outer[name]:
                sql = f'coalesce(i."{name}"::VARCHAR, o."{name}"::VARCHAR)'
        if name in FOLLOWS and FOLLOWS[name] in inner and name in outer:
            own = f'i."{name}"' if name in inner else "NULL"
            sql = f'CASE WHEN i."{FOLLOWS[name]}" IS NULL THEN o."{name}" ELSE {own} END'
        picked.append(f'{sql} AS "{name}"')
    return f"SELECT {', '.join(picked)} FROM {table} AS i JOIN {wrapper} AS o USING (byte_offset)"

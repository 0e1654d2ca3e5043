"""How a source gets into a DuckDB case: rows, counts, digests and the chain.

A block is parsed on a bench, a database in memory of its own, into Arrow batches; they are hashed,
counted and inserted as they are. A source's digest is sha256 over its blocks' digests. The chain is
sha256 over the chain before it and the source's own row, so a source cannot be altered, dropped or
inserted unseen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np

from clew.engines._duckdb_asked import Asked
from clew.engines._duckdb_chain import chain, note_link
from clew.engines._duckdb_digest import (
    ALL,
    PROVENANCE,
    Batches,
    block_digest,
    filled_mask,
    row_check,
)
from clew.engines._duckdb_writer import with_service
from clew.engines._threads import Behind
from clew.engines.duckdb import SQL_TYPES, DuckDBEngine
from clew.formats import AT_ONCE, HEADER_LINE
from clew.formats._calls.alike import column_sql, error_class_sql
from clew.formats._fields import quoted
from clew.formats._records import STREAM, Records
from clew.formats._severity import severity_number_sql
from clew.model.event import BY_NAME, COLUMNS, OWN
from clew.model.ledger import Count
from clew.model.redaction import Policy
from clew.prices.charge import Till, charged, may_be_calls
from clew.redact._key import key_of
from clew.redact._rows import Redactor

EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
NEVER_GIVEN = frozenset({*OWN, "cost_usd"} - {"service_source"})
"""Columns that no format gives; what a source claims of a call's cost is cost_given_usd."""
ATTRIBUTES = "try_cast(nullif(attributes, '{}') AS JSON)::VARIANT::JSON::VARCHAR"
"""What goes into the VARIANT, as the JSON text that it gives back."""
CHECK_BYTES = 4
"""Of a row's check."""
FEW = 200
"""Records that are picked out to be parsed again; more are found by parsing all of them."""


def new_bench(spill: str = "") -> duckdb.DuckDBPyConnection:
    """A database in memory to parse on, by one thread: two cost a third more CPU time, and win little,
    because a block is small.

    spill  folder, made when it is needed, for what does not fit into memory; "" is DuckDB's own
    """
    bench = duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 1})
    if spill:
        bench.execute("SET temp_directory = ?", [spill])
    bench.execute("SET TimeZone = 'UTC'")
    bench.execute("SET enable_progress_bar = false")  # DuckDB's own, which a Python prompt has
    bench.execute("SET memory_limit = '2GB'")
    return bench


def redactor_of(engine: DuckDBEngine, bench: duckdb.DuckDBPyConnection, policy: Policy) -> Redactor:
    """What redacts the blocks of one source, with the key of the engine's case."""
    return Redactor(bench, policy, lambda: key_of(policy, engine.path))


@dataclass(slots=True)
class Load:
    """One source on its way into the case. Use inside `engine.transaction()`.

    writer  the service that the source's name means, for rows that state none; "" is none
    till    what the bench knows of prices, and of SELECTs in `asked`: for one source after the other
    behind  stores a block while the next is parsed: how many events, digests and fields there are is
            known when it has ended; without one a block is stored at once
    """

    engine: DuckDBEngine
    bench: duckdb.DuckDBPyConnection
    redactor: Redactor
    till: Till
    asked: Asked
    source_id: str
    root_sha256: str
    format: str
    count: Count = field(default_factory=Count)
    digests: list[str] = field(default_factory=list)
    fields: dict[str, int] = field(default_factory=dict)
    first_event: datetime | None = None
    last_event: datetime | None = None
    first_reject: tuple[int, int, str] | None = None
    behind: Behind | None = None
    writer: str = ""

    def add(
        self,
        select: str,
        format_name: str,
        records: int,
        source: Records | None = None,
    ) -> list[tuple[int, int, str]]:
        """Stores the events of one block, parsed by this SELECT out of so many records.

        source  these, where the SELECT reads them from `STREAM`: rejects are then found faster

        Gives the rejects as (line, byte offset, reason); lines that name columns are counted here.
        """
        given = self._given(select)
        named = with_service(select, given, format_name, self._writer())
        events = self._events(named, given if named == select else self._given(named), format_name)
        batches = self.asked.batches(events)
        if self._learns(batches):
            batches = self.asked.batches(events)  # once more, with prices that were not known
        batches = self._redacted(batches)
        rejects = []
        if self._found(batches, source) < records:
            rejects = self._rejects(select, batches, source)
        if len(batches):
            self._do(self._store, batches, format_name)
        refused = [row for row in rejects if row[2] != HEADER_LINE]
        self.count.continuation += len(rejects) - len(refused)
        return refused

    def add_some(self, select: str, format_name: str) -> list[tuple[int, int, str]]:
        """The same of a SELECT that has a row for each record of its own, which may be none."""
        (count,) = self.bench.execute(f"SELECT count(*) FROM ({select})").fetchall()[0]
        return self.add(select, format_name, count) if count else []

    def _given(self, select: str) -> frozenset[str]:
        return frozenset(name.lower() for name in self.asked.names(select))

    def _writer(self) -> str:
        """SQL of the service that the source's name means; "" where it means none."""
        return quoted(self.writer) if self.writer else ""

    def _found(self, batches: Batches, source: Records | None) -> int:
        """How many records the rows are of. Without offsets a record is a row: a message holds many,
        at one offset."""
        return len(batches) if source is None else batches.count_records()

    def _rejects(
        self, select: str, batches: Batches, source: Records | None
    ) -> list[tuple[int, int, str]]:
        """What did not become an event; where few records are missing, only those are parsed again."""
        if source is not None:
            offsets = source.byte_offsets
            missing = np.setdiff1d(offsets, batches.byte_offsets(), assume_unique=True)
            if len(missing) <= FEW:
                self.bench.register(STREAM, source.pick(missing).alone())
        rows = self.bench.execute(
            f"SELECT line, byte_offset, reject FROM ({select}) WHERE reject IS NOT NULL ORDER BY byte_offset"
        ).fetchall()
        return list(rows)

    def add_rejects(
        self,
        rejects: Sequence[tuple[int, int, str]],
        texts: Mapping[int, str] | None = None,
    ) -> None:
        """Stores lines that no format could read.

        texts  byte offset to the line; it is kept as far as it can be redacted
        """
        if not rejects:
            return
        self.first_reject = min(rejects) if self.first_reject is None else self.first_reject
        lines, offsets, given = zip(*rejects, strict=True)
        told = [(texts or {}).get(offset, "") for offset in offsets]
        kept = self.redactor.redacted([*told, *given])
        reasons = [new or reason for new, reason in zip(kept[len(told) :], given, strict=True)]
        known = [text or None for text in kept[: len(told)]]
        self._do(self._store_rejects, list(lines), list(offsets), reasons, known)
        self.count.rejects += len(rejects)

    def _do(self, work: Callable[..., None], *given: object) -> None:
        """Writes to the case, now or a little later."""
        if self.behind is None:
            work(*given)
        else:
            self.behind.do(work, *given)

    def _store_rejects(self, *columns: list[Any]) -> None:
        self.engine.workbench.execute(
            "INSERT INTO rejects SELECT ?, unnest(?::BIGINT[]), unnest(?::BIGINT[]), "
            "unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
            [self.source_id, *columns],
        ).fetchall()

    def _events(self, select: str, given: frozenset[str], format_name: str) -> str:
        """SQL of the rows as they are stored, `attributes` as JSON text, with a check a row."""
        columns = [c for c in COLUMNS if c.name in given and c.name not in NEVER_GIVEN]
        names = [*PROVENANCE, *(c.name for c in columns), "attributes"]
        values = [
            "root_id" if "root_id" in given else f"'{self.root_sha256[:16]}' AS root_id",
            "source_id" if "source_id" in given else f"'{self.source_id}' AS source_id",
            f"'{format_name}' AS source_format",
            "line",
            "byte_offset",
            f"{'part::INTEGER' if 'part' in given else '0'} AS part",
            *(
                f'try_cast({column_sql(c.name, given, format_name)} AS {SQL_TYPES[c.kind]}) AS "{c.name}"'
                for c in columns
            ),
            f"{ATTRIBUTES if 'attributes' in given else 'NULL::VARCHAR'} AS attributes",
        ]
        if failed := error_class_sql(given):
            names = [*dict.fromkeys([*names[:-1], "error_class"]), "attributes"]
            values = [value for value in values if not value.endswith(' AS "error_class"')]
            values.insert(-1, f'{failed} AS "error_class"')
        if "severity" in given and "severity_number" not in given:
            names.insert(-1, "severity_number")
            values.insert(-1, f"({severity_number_sql('severity')})::BIGINT AS severity_number")
        rows = (
            f"SELECT * EXCLUDE (reject) FROM (SELECT {', '.join(values)}, reject "
            f"FROM ({select}) {AT_ONCE}) WHERE reject IS NULL"
        )
        if may_be_calls(names):
            rows = charged(f"({rows})", names, ", ".join(f'"{name}"' for name in names))
            names = [*names, "cost_usd", "price_source"]
        return f"SELECT *, {row_check(names)} AS row_check FROM ({rows})"

    def _redacted(self, batches: Batches) -> Batches:
        """The same rows without what is taken out, and with the checks of what is left."""
        self.bench.register("unredacted", batches)
        try:
            rows = self.redactor.rows("unredacted", [n for n in batches.names if n != "row_check"])
            if rows is None:
                return batches
            check = row_check(self.asked.names(rows))
            return self.asked.batches(f"SELECT *, {check} AS row_check FROM ({rows})")
        finally:
            self.bench.unregister("unredacted")

    def _learns(self, batches: Batches) -> bool:
        """Whether these rows hold calls of a kind that no block before them held."""
        self.bench.register("unpriced", batches)
        try:
            return self.till.learn("unpriced", batches.names)
        finally:
            self.bench.unregister("unpriced")

    def _store(self, batches: Batches, format_name: str) -> None:
        with self.bench.cursor() as bench:  # the next block may be on the bench itself
            batches = batches.in_order(bench)
            insert(self.engine, batches)
            self.note(batches, format_name)
            for _, name, rows in attribute_keys(bench, batches):
                self.fields[name] = self.fields.get(name, 0) + rows

    def note(self, batches: Batches, format_name: str, rows: slice = ALL) -> None:
        """Writes down what a block of rows that was stored holds: its digest, its times, its fields.

        rows  those that are of this source, where the block is one batch
        """
        columns = batches.columns()
        offsets = batches.byte_offsets()[rows]
        checks = b"".join(bytes(part.buffer(1)) for part in columns["row_check"])
        if rows != ALL:
            checks = checks[CHECK_BYTES * rows.start : CHECK_BYTES * rows.stop]
        digest = block_digest(batches, rows)
        names = [name for name in batches.names if name != "row_check"]
        self.engine.workbench.execute(
            "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [self.source_id, len(self.digests), format_name, int(offsets.min()), int(offsets.max()),
             len(offsets), digest, ",".join(names), duckdb.__version__, checks],
        ).fetchall()  # fmt: skip
        self.digests.append(digest)
        self.count.events += len(offsets)
        for part in columns.get("timestamp", []):
            times = np.frombuffer(part.buffer(1), np.int64)[: part.length]
            times = times[rows][filled_mask(part)[rows] == 1]
            if len(times):
                first = EPOCH + timedelta(microseconds=int(times.min()))
                last = EPOCH + timedelta(microseconds=int(times.max()))
                self.first_event = min(first, self.first_event or first)
                self.last_event = max(last, self.last_event or last)
        for name, parts in columns.items():
            if name in BY_NAME:
                filled = sum(int(filled_mask(part)[rows].sum()) for part in parts)
                self.fields[name] = self.fields.get(name, 0) + filled

    def finish(self, facts: dict[str, Any]) -> str:
        """Writes the row of `sources` and its link of the chain; gives the source's digest."""
        bench = self.engine.workbench
        before, position = self.engine.last_link()
        digest = hashlib.sha256("".join(self.digests).encode()).hexdigest()
        row = {
            **facts,
            "source_id": self.source_id,
            "root_sha256": self.root_sha256,
            "format": self.format,
            "lines": self.count.lines,
            "events": self.count.events,
            "continuation": self.count.continuation,
            "blanks": self.count.blanks,
            "rejects": self.count.rejects,
            "redacted": json.dumps(self.redactor.counted),
            "redaction": self.redactor.words,
            "first_event": self.first_event,
            "last_event": self.last_event,
            "digest": digest,
            "position": position + 1,
        }
        row["chain"] = chain(before, row)
        names = ", ".join(row)
        bench.execute(
            f"INSERT INTO sources ({names}) VALUES ({', '.join('?' * len(row))})",
            list(row.values()),
        )
        note_link(bench, row)
        fields = sorted((name, rows) for name, rows in self.fields.items() if rows)
        names_found, found = zip(*(fields or [("line", 0)]), strict=True)
        bench.execute(
            "INSERT INTO fields SELECT ?, unnest(?::VARCHAR[]), unnest(?::BOOLEAN[]), "
            "unnest(?::BIGINT[]), ?",
            [self.source_id, list(names_found), [name not in BY_NAME for name in names_found],
             list(found), self.first_event if fields else None],
        ).fetchall()  # fmt: skip
        return digest


def insert(engine: DuckDBEngine, batches: Batches) -> None:
    """Adds rows to the events; a column that is empty is left out."""
    columns = batches.columns()
    names = [name for name in batches.names if name != "row_check"]
    filled = [name for name in names if any(p.null_count < p.length for p in columns[name])]
    engine.insert("event_rows", batches, filled)


def attribute_keys(
    bench: duckdb.DuckDBPyConnection, batches: Batches
) -> list[tuple[str, str, int]]:
    """source_id, key of the attributes, and how many of its rows have it."""
    if all(part.length == part.null_count for part in batches.columns()["attributes"]):
        return []
    bench.register("stored_batches", batches)
    return bench.execute(
        "SELECT source_id, name, count(*) FROM (SELECT source_id, unnest(json_keys(attributes)) AS name "
        "FROM stored_batches) GROUP BY source_id, name"
    ).fetchall()

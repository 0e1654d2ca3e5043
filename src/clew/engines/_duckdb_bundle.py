"""Small sources of one format, on their way into the case together.

To plan one SELECT of a format takes longer than to parse a small file with it. So the rows of many
files are parsed, priced, redacted and inserted at once, and each source notes what is its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from clew.engines._duckdb_digest import Batches
from clew.engines._duckdb_ledger import Load, attribute_keys, insert
from clew.formats import HEADER_LINE
from clew.formats._records import Records
from clew.model.ledger import SourceRow

ID_CHARACTERS = 16
"""Of a source_id."""


@dataclass(slots=True)
class Bundle(Load):
    """The rows of these sources, which say in `source_id` whose they are.

    loads    source_id to the source
    rows     source_id to what an ingest tells of it
    refused  source_id to the rejects of `add`: line, byte offset, reason
    """

    loads: Mapping[str, Load] = field(default_factory=dict)
    rows: Mapping[str, SourceRow] = field(default_factory=dict)
    refused: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)

    def add_lines(
        self, select: str, format_name: str, records: Records | None, bases: Sequence[int]
    ) -> None:
        """Stores the events of this SELECT over the records of the sources, `Records.joined`.

        records  these, where each gives a row; None where the SELECT is of some of them
        bases    what was added to the byte offsets of each source, in the order of `loads`
        """
        self.bench.execute(
            "CREATE OR REPLACE TEMP TABLE bundled AS "
            "SELECT unnest(?::BIGINT[]) AS base, unnest(?::VARCHAR[]) AS source_id, "
            "nullif(unnest(?::VARCHAR[]), '') AS source_writer",
            [list(bases), list(self.loads), [load.writer for load in self.loads.values()]],
        ).fetchall()
        own = (
            "SELECT p.* REPLACE (p.byte_offset - b.base AS byte_offset), b.source_id, b.source_id AS root_id, "
            f"b.source_writer FROM ({select}) AS p ASOF JOIN bundled AS b ON p.byte_offset >= b.base"
        )
        if records is None:
            self.add_some(own, format_name)
        elif len(records):
            self.add(own, format_name, len(records), records)

    def _writer(self) -> str:
        return "source_writer" if any(load.writer for load in self.loads.values()) else ""

    def _found(self, batches: Batches, source: Records | None) -> int:
        """None where a record of lines may have given several rows: rejects are then asked for."""
        is_whole = source is None or not batches.has_parts()
        return len(batches) if is_whole else 0

    def _store(self, batches: Batches, format_name: str) -> None:
        with self.bench.cursor() as bench:
            order = ", ".join(f"'{source_id}'" for source_id in self.loads)
            batches = batches.only(
                bench, f"ORDER BY list_position([{order}], source_id), byte_offset, part"
            )
            insert(self.engine, batches)
            for source_id, part, rows in _parts(batches):
                self.loads[source_id].note(part, format_name, rows)
            for source_id, name, rows_with in attribute_keys(bench, batches):
                fields = self.loads[source_id].fields
                fields[name] = fields.get(name, 0) + rows_with
        for source_id, load in self.loads.items():
            load.redactor.counts.update(self.redactor.counts_of.pop(source_id, {}))
            load.redactor.used_key = load.redactor.used_key or self.redactor.used_key

    def _rejects(
        self, select: str, batches: Batches, source: Records | None
    ) -> list[tuple[int, int, str]]:
        """Nothing: what did not become an event is kept in `refused`, by source."""
        rows = self.bench.execute(
            f"SELECT source_id, line, byte_offset, reject FROM ({select}) WHERE reject IS NOT NULL "
            "ORDER BY byte_offset"
        ).fetchall()
        for source_id, *reject in rows:
            if reject[-1] == HEADER_LINE:
                self.loads[source_id].count.continuation += 1
            else:
                self.refused.setdefault(source_id, []).append(tuple(reject))
        return []


def _parts(batches: Batches) -> Iterator[tuple[str, Batches, slice]]:
    """Each source's rows: its id, a batch that holds them, and where; a batch may end within a source."""
    for array in batches.arrays:
        batch = Batches(batches.schema, [array])
        (ids,) = batch.columns()["source_id"]
        text = memoryview(ids.buffer(2))[: ID_CHARACTERS * len(batch)]
        data = np.frombuffer(text, f"S{ID_CHARACTERS}")
        begins = np.flatnonzero(np.concatenate(([True], data[1:] != data[:-1]))).tolist()
        for begin, end in zip(begins, [*begins[1:], len(batch)], strict=True):
            yield data[begin].decode(), batch, slice(begin, end)

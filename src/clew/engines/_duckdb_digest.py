"""Arrow batches of a block, and the digest that proves them.

A block's digest is sha256 over its columns, each with its NULLs, its lengths and its bytes in the
order of the source; columns that are NULL throughout do not count. It depends on the values alone, not
on how a version of DuckDB stores or prints them. Which row of a block was altered is found by a check
of 32 bits a row, which only locates: the digest is what proves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import nanoarrow as na
import numpy as np
from nanoarrow.c_array import CArray
from nanoarrow.c_array_stream import CArrayStream
from numpy.typing import NDArray

from clew.model.event import COLUMNS

PROVENANCE = ("root_id", "source_id", "source_format", "line", "byte_offset", "part")
ROW_COLUMNS = (*PROVENANCE, *(c.name for c in COLUMNS if c.name not in (*PROVENANCE, "event_id")))


@dataclass(frozen=True, slots=True)
class Batches:
    """Rows as Arrow, held in memory; any number of readers may ask for the stream."""

    schema: Any
    arrays: list[CArray]

    @classmethod
    def of(cls, bench: duckdb.DuckDBPyConnection, select: str) -> Batches:
        """The answer to a SELECT."""
        stream = na.c_array_stream(bench.sql(select))
        return cls(stream.get_schema(), list(stream))

    def in_order(self, bench: duckdb.DuckDBPyConnection) -> Batches:
        """The same rows in the order of the source: threads may hand over their parts in any order."""
        arrays = sorted(self.arrays, key=self._first_byte)
        batches = Batches(self.schema, arrays)
        if batches._is_in_order():
            return batches
        return self.only(bench, "ORDER BY byte_offset, part")

    def only(self, bench: duckdb.DuckDBPyConnection, clauses: str) -> Batches:
        """What these clauses of a SELECT leave of the rows."""
        rows = self
        stream = na.c_array_stream(bench.sql(f"SELECT * FROM rows {clauses}"))
        return Batches(rows.schema, list(stream))

    def _first_byte(self, array: CArray) -> tuple[int, int]:
        view = array.view()
        byte_offset, part = (view.child(self.names.index(name)) for name in ("byte_offset", "part"))
        return int(byte_offset.buffer(1)[0]), int(part.buffer(1)[0])

    def _is_in_order(self) -> bool:
        steps = np.diff(self.byte_offsets())
        return bool(np.all((steps > 0) | ((steps == 0) & (np.diff(self._numbers("part")) > 0))))

    def byte_offsets(self) -> NDArray[np.int64]:
        """Where each row's record begins."""
        return self._numbers("byte_offset")

    def count_records(self) -> int:
        """How many records the rows are of: one may have given several."""
        return len(np.unique(self.byte_offsets())) if self.has_parts() else len(self)

    def has_parts(self) -> bool:
        """Whether a record may have given several rows."""
        return bool(self._numbers("part").any())

    def _numbers(self, name: str) -> NDArray[Any]:
        parts = self.columns()[name]
        return np.concatenate(
            [np.asarray(p.buffer(1))[: p.length] for p in parts] or [np.empty(0, np.int64)]
        )

    def __len__(self) -> int:
        return sum(len(array) for array in self.arrays)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A new stream each time it is asked."""
        stream: object = CArrayStream.from_c_arrays(self.arrays, self.schema).__arrow_c_stream__()
        return stream

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [self.schema.child(i).name for i in range(self.schema.n_children)]

    def columns(self) -> dict[str, list[Any]]:
        """Column to its part of each batch."""
        views = [array.view() for array in self.arrays]
        return {name: [v.child(i) for v in views] for i, name in enumerate(self.names)}


def filled_mask(part: Any) -> NDArray[np.uint8]:
    """1 where a value is there, a byte a row."""
    if not part.null_count or part.buffer(0).size_bytes == 0:
        return np.ones(part.length, dtype=np.uint8)
    bits = np.frombuffer(part.buffer(0), np.uint8)
    return np.unpackbits(bits, bitorder="little")[: part.length]


def _hash_column(parts: Sequence[Any], rows: slice) -> str:
    """sha256 over the NULLs, the lengths and the bytes of a column; "" where all is NULL."""
    if all(part.null_count == part.length for part in parts):
        return ""
    hashes = [hashlib.sha256() for _ in range(3)]
    filled = 0
    for part in parts:
        assert part.offset == 0, "BUG: an Arrow batch does not begin at its first row"
        mask = filled_mask(part)[rows]
        filled += int(mask.sum())
        hashes[0].update(mask.data)
        if part.storage_type == "string":
            edges = np.frombuffer(part.buffer(1), np.int32)[: part.length + 1]
            edges = edges[rows.start : None if rows.stop is None else rows.stop + 1]
            hashes[1].update(np.diff(edges).data)
            begin, end = (int(edges[0]), int(edges[-1])) if len(edges) else (0, 0)
            hashes[2].update(memoryview(part.buffer(2))[begin:end])
            continue
        data = np.frombuffer(part.buffer(1), np.uint8)
        if part.storage_type == "bool":
            values = np.unpackbits(data, bitorder="little")[: part.length].reshape(-1, 1)
        else:
            width = len(data) // part.length if part.length else 1
            values = data[: width * part.length].reshape(part.length, width)
        values = values[rows] if mask.all() else values[rows] * mask[:, None]
        hashes[2].update(np.ascontiguousarray(values).data)
    return " ".join(h.hexdigest() for h in hashes) if filled else ""


ALL = slice(None)


def block_digest(batches: Batches, rows: slice = ALL) -> str:
    """sha256 over the columns of a block, in the order of `ROW_COLUMNS`.

    rows  these alone, where the block is one batch
    """
    columns = batches.columns()
    found = [
        f"{name} {hashed}"
        for name in (*ROW_COLUMNS, "attributes")
        if name in columns and (hashed := _hash_column(columns[name], rows))
    ]
    size = len(range(len(batches))[rows])
    return hashlib.sha256("\n".join([str(size), *found]).encode()).hexdigest()


def row_check(names: Sequence[str]) -> str:
    """SQL of 32 bits that tell a row from an altered one, within one version of DuckDB."""
    return f"(hash({', '.join(names)}) % 4294967296)::UINTEGER"

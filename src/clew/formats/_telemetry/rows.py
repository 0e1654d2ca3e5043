"""Rows of telemetry that a decoder has already taken apart: Arrow columns, and the SQL over them.

A row is a span, a log record or a data point. What every row of a signal has (ids, times, names) are
columns of their own; an attribute with a canonical meaning is a column under its own name, which
`map_members` turns into canonical ones as it does for any JSON log; all others are one JSON text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import nanoarrow as na
import numpy as np
from nanoarrow.c_array import c_array_from_buffers
from nanoarrow.c_array_stream import CArrayStream
from numpy.typing import NDArray

from clew.formats import Settings
from clew.formats._fields import Field, Units, map_members
from clew.formats._members import Shared, named
from clew.formats._telemetry.columns import TYPES, Column
from clew.model.event import BY_NAME

PLACE = ("line", "byte_offset", "part", "is_kept")
QUOTING = "mlflow."
"""Keys of who writes each of its values as JSON: text in quotes too."""
AS_THEY_ARE = {"error.type": "error_type"}
"""Attributes whose text is the column's, whatever it looks like."""
SQL_KINDS: dict[str, str] = {
    "int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN", "time": "TIMESTAMP",
    "money": "DECIMAL(18, 9)",
}  # fmt: skip
TIMES = ("timestamp", "observed_timestamp")


class SpanKey(NamedTuple):
    """What decides whether a span was delivered before."""

    trace_id: str | None
    span_id: str | None
    span_kind: str | None
    service: str | None


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Spans, log records or data points, a row each, and rejects among them.

    byte_offsets  of the message that a row came from
    parts         the row's index in its message
    numbers       of the rows in the source, from 1: what the ledger counts as lines
    direct        canonical column to its values; `reject` says why a row is none; `rest` is the
                  inside of a JSON object of the attributes that have no canonical meaning
    attributes    name and values of attributes that have; those of the resource come first
    derived       canonical column to values for rows in which no attribute fills it
    services      of the rows, where they are spans
    kept          the rows that count
    origins       root_id and source_id of the rows, where they are of several sources
    """

    byte_offsets: NDArray[np.int64]
    parts: NDArray[np.int64]
    numbers: NDArray[np.int64]
    direct: Mapping[str, Column]
    attributes: Sequence[tuple[str, Column]]
    derived: Mapping[str, Column] = field(default_factory=dict)
    services: Sequence[str | None] = ()
    kept: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, dtype=np.bool_))
    origins: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.kept.sum())

    @property
    def lines(self) -> int:
        """What the ledger counts: a row is a line."""
        return len(self)

    def spans(self) -> list[SpanKey]:
        """The key of each row that counts; empty for logs and metrics."""
        if not self.services:
            return []
        nothing: list[str | None] = [None] * len(self.kept)
        ids = [
            self.direct[name].texts() if name in self.direct else nothing
            for name in ("trace_id", "span_id", "span_kind")
        ]
        keys = map(SpanKey._make, zip(*ids, self.services, strict=True))
        return [key for key, is_kept in zip(keys, self.kept, strict=True) if is_kept]

    def keep(self, mask: Sequence[bool]) -> Telemetry:
        """The rows for which the mask is true; it has one value for each row that still counts."""
        kept = self.kept.copy()
        kept[kept] = np.asarray(mask, dtype=np.bool_)
        return replace(self, kept=kept)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The Arrow stream of all columns; DuckDB may ask for it repeatedly."""
        size = len(self.kept)
        everywhere = np.ones(size, dtype=np.bool_)
        place = (self.numbers, self.byte_offsets, self.parts, self.kept.astype(np.int64))
        columns = {
            name: Column("int", frozenset(), everywhere, values)
            for name, values in zip(PLACE, place, strict=True)
        }
        columns |= {**self.origins, **self.direct}
        columns |= {f"a{n}": values for n, (_, values) in enumerate(self.attributes)}
        columns |= {f"derived_{name}": values for name, values in self.derived.items()}
        schema = na.struct({name: TYPES[values.kind] for name, values in columns.items()})
        slices = zip(*(values.slices() for values in columns.values()), strict=True)
        arrays = [
            c_array_from_buffers(schema, len(children[0]), [None], children=list(children))
            for children in slices
        ]
        stream: object = CArrayStream.from_c_arrays(
            arrays, na.c_schema(schema)
        ).__arrow_c_stream__()
        return stream

    def select(self, relation: str, settings: Settings) -> str:
        """SQL of line, byte_offset, part, reject, canonical columns and attributes."""
        fields = [_field(name, values, f"a{n}") for n, (name, values) in enumerate(self.attributes)]
        mapped = [item for item in fields if item.name not in AS_THEY_ARE]
        shared = Shared()
        columns, left = map_members(mapped, settings, Units(self._median), share=shared)
        for item in fields:
            if item.name in AS_THEY_ARE:
                columns[AS_THEY_ARE[item.name]] = f"nullif({item.text}, '')"
        own = {
            name: f"make_timestamp({name})" if name in TIMES else f'"{name}"'
            for name in self.direct
            if name not in ("reject", "rest")
        }
        columns = _first_of(own, columns)
        columns = _first_of(columns, {name: f"derived_{name}" for name in self.derived})
        members = ", ".join(["rest", *named(left)])
        columns["attributes"] = f"nullif('{{' || concat_ws(',', {members}) || '}}', '{{}}')"
        reject = "reject" if "reject" in self.direct else "NULL::VARCHAR"
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        place = ", ".join(["line", "byte_offset", "part", *self.origins])
        kept = shared.table(relation, "is_kept = 1")
        return f"SELECT {place}, {reject} AS reject, {picked} FROM {kept}"

    def _median(self, number: str) -> float | None:
        """The middle value of the attribute that this SQL stands for."""
        for n, (_, values) in enumerate(self.attributes):
            is_number = values.kind in ("int", "float") and values.valid.any()
            if is_number and f"a{n}" in number.replace("(", " ").split():
                return float(np.median(values.edges[values.valid]))
        return None


def _first_of(sure: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """The columns of both; where both have one, the surer value if there is one."""
    columns = {**other, **sure}
    for name in sure.keys() & other.keys():
        kind = SQL_KINDS.get(BY_NAME[name].kind, "VARCHAR")
        columns[name] = f"coalesce(({sure[name]})::{kind}, ({other[name]})::{kind})"
    return columns


def _field(name: str, values: Column, column: str) -> Field:
    """An attribute as `map_members` wants it."""
    if values.kind == "text":
        shown = column
        if name.startswith(QUOTING):
            shown = (
                f"CASE WHEN {column} LIKE '\"%\"' AND json_valid({column}) "
                f"THEN {column}->>'$' ELSE {column} END"
            )
        return Field(name, shown, f"to_json({column})", values.types)
    if values.kind == "json":
        text = column
        if "VARCHAR" in values.types:
            text = f"CASE WHEN starts_with({column}, '\"') THEN {column}->>'$' ELSE {column} END"
        return Field(name, text, column, values.types)
    text = f"{column}::VARCHAR"
    if values.kind == "int":
        return Field(name, text, text, values.types, column)
    finite = f"CASE WHEN isfinite({column}) THEN {column} END"
    json = f"CASE WHEN isfinite({column}) THEN {text} ELSE to_json({text})::VARCHAR END"
    return Field(name, text, json, values.types, finite)

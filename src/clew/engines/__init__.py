"""Engines: where tables live. Analyses are written once as Ibis; an engine compiles and runs them.

    duckdb      one file, embedded; the default
    clickhouse  a server, or in process as chdb

A case is named by what `--case` says: a path is a DuckDB file, `clickhouse://user@host:port/database`
a server, `chdb:///path` an in-process ClickHouse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from clew.model.fill import Fill

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns and rows, in order. Times are naive UTC datetimes, money is Decimal."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """One dict a row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Engine(Protocol):
    """What the pipeline and the faces ask of an engine."""

    dialect: str

    def run(
        self,
        question: ir.Table | str,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """The answer to an Ibis expression or to SQL that only reads. Raises EngineError."""

    def stream(self, question: ir.Table | str) -> Iterator[Answer]:
        """The same in parts, where the engine can: an answer may be larger than memory."""

    def sharing(
        self, parts: Mapping[str, ir.Table], *, is_few: bool = False
    ) -> AbstractContextManager[Engine]:
        """An engine that may compute parts that many questions hold only once, while it is open.

        `is_few`: the parts are few rows even of a big case, so that keeping them costs little.
        """

    def kept(self, part: ir.Table) -> ir.Table:
        """The table that a part has become, to build on; the part itself where it is not kept."""

    def fill(self, fill: Fill) -> int:
        """Writes a column of events that follows from others, where it is NULL and no source brought it;
        gives how many rows. A case that is only read stays as it is."""

    def close(self) -> None:
        """Lets go of the connection; a second call does nothing."""

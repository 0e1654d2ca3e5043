"""SELECTs that a bench is asked block after block: DuckDB binds each of them once more only to run it.

Binding the SELECT of a format takes as long as parsing some thousand rows with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb
import nanoarrow as na

from clew.engines._duckdb_digest import Batches

MOST_KNOWN = 50
"""SELECTs that are kept; their text may change from block to block."""


@dataclass(frozen=True, slots=True)
class _Question:
    relation: duckdb.DuckDBPyRelation
    names: tuple[str, ...]


@dataclass(slots=True)
class Asked:
    """What one bench has been asked. A SELECT reads what stands under its names when it is run."""

    bench: duckdb.DuckDBPyConnection
    _known: dict[str, _Question] = field(default_factory=dict)

    def names(self, select: str) -> tuple[str, ...]:
        """The columns of the answer."""
        return self._question(select).names

    def batches(self, select: str) -> Batches:
        """The answer."""
        stream = na.c_array_stream(self._question(select).relation)
        return Batches(stream.get_schema(), list(stream))

    def _question(self, select: str) -> _Question:
        if select not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            relation = self.bench.sql(select)
            self._known[select] = _Question(relation, tuple(relation.columns))
        return self._known[select]

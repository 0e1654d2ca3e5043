"""Which spans have been delivered before: (trace_id, span_id, kind, service) decides.

A hash of 64 bits for each span of the case is kept in memory, in sorted runs: 8 bytes a span, and a
batch is looked up in a millisecond among millions. A hash that is known is only a hint: the spans
themselves are then compared, so no span is ever dropped for another's sake.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import nanoarrow as na
import numpy as np
from nanoarrow.c_array import c_array_from_buffers
from nanoarrow.c_array_stream import CArrayStream
from numpy.typing import NDArray

from clew.engines.duckdb import DuckDBEngine
from clew.formats._telemetry.columns import dense

KEY = ("trace_id", "span_id", "span_kind", "service")
HASH = f"hash({', '.join(KEY)})"
Key = tuple[str | None, ...]
Hashes = NDArray[np.uint64]


class SeenSpans:
    """The spans of a case. Only the writer uses it, so it needs no lock."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []

    def __len__(self) -> int:
        return sum(len(run) for run in self._runs)

    def add(self, hashes: Hashes) -> None:
        """Adds the hashes of spans that the case holds now."""
        if not len(hashes):
            return
        run = np.sort(hashes)
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        self._runs.append(run)

    def maybe(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Which of these may have been delivered before."""
        found = np.zeros(len(hashes), dtype=np.bool_)
        for run in self._runs:
            at = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
            found |= run[at] == hashes
        return found


def stored_hashes(connection: duckdb.DuckDBPyConnection, where: str = "true") -> Hashes:
    """The hash of every span of the case."""
    sql = f"SELECT {HASH} AS h FROM spans WHERE trace_id IS NOT NULL AND {where}"
    return np.asarray(connection.execute(sql).fetchnumpy()["h"], dtype=np.uint64)


def hashes_of(bench: duckdb.DuckDBPyConnection, keys: Sequence[Key]) -> Hashes:
    """The same hash of spans that are on their way."""
    bench.register("span_keys", _Keys(keys))
    try:
        found = bench.execute(f"SELECT {HASH} AS h FROM span_keys").fetchnumpy()["h"]
    finally:
        bench.unregister("span_keys")
    return np.asarray(found, dtype=np.uint64)


def new_among(
    engine: DuckDBEngine, seen: SeenSpans, keys: Sequence[Key], hashes: Hashes
) -> list[bool]:
    """Which of these spans are new: not in the case, and not earlier in this very list.

    A span without a trace's or a span's id cannot be told from another: it is always new.
    """
    here: set[Key] = set()
    hints = seen.maybe(hashes)
    stored = _stored(engine, [key for key, hint in zip(keys, hints, strict=True) if hint])
    fresh = []
    for key in keys:
        if key[0] is None or key[1] is None:
            fresh.append(True)
            continue
        fresh.append(key not in here and key not in stored)
        here.add(key)
    return fresh


def _stored(engine: DuckDBEngine, keys: Sequence[Key]) -> set[Key]:
    """Those of these spans that the case holds."""
    ids = sorted({key[1] for key in keys if key[1] is not None})
    if not ids:
        return set()
    rows = engine.workbench.execute(
        f"SELECT {', '.join(KEY)} FROM spans WHERE span_id IN (SELECT unnest(?::VARCHAR[]))", [ids]
    ).fetchall()
    return set(rows)


class _Keys:
    """Spans' keys as an Arrow stream of four columns of text."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._columns = [dense(values) for values in zip(*keys, strict=True)]
        self._size = len(keys)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        schema = na.struct({name: na.string() for name in KEY})
        batches: list[Any] = []
        for children in zip(*(column.slices() for column in self._columns), strict=True):
            size = len(children[0])
            batches.append(c_array_from_buffers(schema, size, [None], children=list(children)))
        stream: object = CArrayStream.from_c_arrays(
            batches, na.c_schema(schema)
        ).__arrow_c_stream__()
        return stream

"""The table `span_tree` of a DuckDB case: made in memory when a question names it.

It lives in a database of its own beside the case, so that every connection sees it and a case that is
only read can have it. Whoever writes spans calls `forget`; the next question makes it anew.
"""

from __future__ import annotations

import re
import threading

import duckdb
import ibis
import nanoarrow as na
from nanoarrow.c_array import c_array_from_buffers

from clew.engines._duckdb_digest import Batches
from clew.model import span_tree
from clew.model.views import events

NAMED = re.compile(r"\bspan_tree\b")
TYPES = {"int64": na.int64(), "float64": na.float64()}


class SpanTrees:
    """One for all connections to a case; made before the case is closed to further databases."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("ATTACH IF NOT EXISTS ':memory:' AS clew_memory (READ_WRITE)")
        self._lock = threading.Lock()
        self._is_fresh = False

    def forget(self) -> None:
        """Spans have come or gone."""
        self._is_fresh = False

    def show(
        self, cursor: duckdb.DuckDBPyConnection, connection: duckdb.DuckDBPyConnection
    ) -> None:
        """Lets a question on this cursor name `span_tree`."""
        with self._lock:
            if not self._is_fresh:
                self._is_fresh = True  # what is forgotten meanwhile stays forgotten
                try:
                    with connection.cursor() as own:
                        _make(own)
                except BaseException:
                    self._is_fresh = False
                    raise
        cursor.execute("CREATE OR REPLACE TEMP VIEW span_tree AS FROM clew_memory.span_tree")


def _make(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute(f"CREATE TEMP TABLE span_rows AS {_sql(span_tree.rows(events))}")
    t = ibis.table(span_tree.rows(events).schema(), name="span_rows")
    columns = cursor.execute(_sql(span_tree.arrays_of(t, span_tree.links(t)))).fetchnumpy()
    placed = span_tree.places_of({name: columns[name] for name in columns})
    schema = na.struct({name: TYPES[kind] for name, kind in span_tree.COLUMNS.items()})
    size = len(placed["n"])
    parts = [
        c_array_from_buffers(TYPES[kind], size, [None, placed[name]])
        for name, kind in span_tree.COLUMNS.items()
    ]
    array = c_array_from_buffers(schema, size, [None], children=parts)
    cursor.register("span_places", Batches(na.c_schema(schema), [array]))
    places = ibis.table(span_tree.COLUMNS, name="span_places")
    cursor.execute(
        f"CREATE OR REPLACE TABLE clew_memory.span_tree AS {_sql(span_tree.finished(t, places))}"
    )


def _sql(expression: ibis.Table) -> str:
    return str(ibis.to_sql(expression, dialect="duckdb"))

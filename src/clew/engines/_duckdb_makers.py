"""What makes the tables that follow from the events of a DuckDB case: see _duckdb_derived.py.

Loaded when a question names one: the questions are Ibis, which takes longer to import than a small file to
ingest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import duckdb
import nanoarrow as na
from nanoarrow.c_array import c_array_from_buffers

from clew.correlation import calls_once, span_tree
from clew.engines._duckdb_digest import Batches
from clew.engines._sql import duckdb_sql
from clew.model.views import events
from clew.prompts import scores

TYPES = {"int64": na.int64(), "float64": na.float64()}


def _span_tree(cursor: duckdb.DuckDBPyConnection) -> str:
    rows, arrays, finished = _span_questions()
    cursor.execute(f"CREATE TEMP TABLE span_rows AS {rows}")
    columns = cursor.execute(arrays).fetchnumpy()
    placed = span_tree.places_of({name: columns[name] for name in columns})
    schema = na.struct({name: TYPES[kind] for name, kind in span_tree.COLUMNS.items()})
    size = len(placed["n"])
    parts = [
        c_array_from_buffers(TYPES[kind], size, [None, placed[name]])
        for name, kind in span_tree.COLUMNS.items()
    ]
    array = c_array_from_buffers(schema, size, [None], children=parts)
    cursor.register("span_places", Batches(na.c_schema(schema), [array]))
    return finished


@cache
def _span_questions() -> tuple[str, str, str]:
    """SQL of the rows, of their arrays and of the tree, the same for all states of the events; few spans take
    less time than to compile it."""
    rows, arrays, finished = span_tree.questions(events)
    return duckdb_sql(rows), duckdb_sql(arrays), duckdb_sql(finished)


def _call_copies(cursor: duckdb.DuckDBPyConnection) -> str:
    return _copies()


@cache
def _copies() -> str:
    """The same for all states of the events; it takes longer to compile than to ask of few calls."""
    return duckdb_sql(calls_once.copies(events))


def _prompt_signs(cursor: duckdb.DuckDBPyConnection) -> None:
    """Grows: a score follows from the prompt alone, so that only prompts that are new are scored."""
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS clew_memory.prompt_signs (prompt VARCHAR, "
        "prompt_injection_score DOUBLE, jailbreak_score DOUBLE, signs VARCHAR[])"
    )
    cursor.execute("CREATE OR REPLACE TEMP VIEW prompt_signs AS FROM clew_memory.prompt_signs")
    cursor.execute(
        "DELETE FROM clew_memory.prompt_signs AS s WHERE NOT EXISTS "
        "(SELECT 1 FROM events AS e WHERE e.prompt = s.prompt)"
    )
    cursor.execute(f"INSERT INTO clew_memory.prompt_signs {_new_signs()}")


@cache
def _new_signs() -> str:
    """SQL of the prompts that `prompt_signs` lacks; it takes longer to compile than to ask."""
    return duckdb_sql(scores.scored_ones(events, known=scores.prompt_signs))


MAKERS: dict[str, Callable[[duckdb.DuckDBPyConnection], str | None]] = {
    "span_tree": _span_tree,
    "call_copies": _call_copies,
    "prompt_signs": _prompt_signs,
}
"""Table to what prepares it and gives its SELECT, or None where it has made it."""

"""Tables that follow from the events of a DuckDB case, made in memory when a question names one.

span_tree    every span in its trace (correlation/span_tree.py)
call_copies  rows that tell of the same AI call (correlation/calls_once.py)
prompt_signs scores of prompts, and what they are made of (prompts/scores.py)

They live in a database of their own beside the case, so that every connection sees them and a case
that is only read can have them. Whoever writes events calls `forget`; the next question makes them
anew.
"""

from __future__ import annotations

import re
import threading

import duckdb

NAMES = ("span_tree", "call_copies", "prompt_signs")


class Derived:
    """One for all connections to a case; made before the case is closed to further databases."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("ATTACH IF NOT EXISTS ':memory:' AS clew_memory (READ_WRITE)")
        self._lock = threading.Lock()
        self._fresh: dict[str, bool] = {}
        """The tables that are as the events are, and whether they hold rows."""

    def forget(self) -> None:
        """Events have come, gone or changed."""
        self._fresh = {}

    def show(
        self, sql: str, cursor: duckdb.DuckDBPyConnection, connection: duckdb.DuckDBPyConnection
    ) -> None:
        """Lets a question on this cursor name the tables that its SQL names."""
        for name in NAMES:
            if name not in sql or not re.search(rf"\b{name}\b", sql):
                continue
            from clew.engines._duckdb_makers import MAKERS

            with self._lock:
                fresh = self._fresh  # what is forgotten while a table is made stays forgotten
                if name not in fresh:
                    with connection.cursor() as own:
                        if select := MAKERS[name](own):
                            own.execute(f"CREATE OR REPLACE TABLE clew_memory.{name} AS {select}")
                        fresh[name] = bool(
                            own.execute(f"FROM clew_memory.{name} LIMIT 1").fetchall()
                        )
            # a table that is plainly empty leaves the plan: a join with it would cost a second a million
            none = "" if fresh[name] else " WHERE false"
            cursor.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM clew_memory.{name}{none}")

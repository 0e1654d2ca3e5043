"""Where a file is loaded on its way into the live case: tables of one connection's own.

To parse a large file takes long, and the case has one writer at a time. So what came over the wire is
stored meanwhile, and the file's rows go into the case all at once when they are there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import duckdb

TABLES = ("event_rows", "blocks", "rejects")
"""The tables that a file fills before its row of `sources`."""


@contextlib.contextmanager
def staged(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Within it these tables are the connection's own, and empty; `unstaged` gives what they have got."""
    for table in TABLES:
        connection.execute(f"CREATE TEMP TABLE {table} AS FROM {table} LIMIT 0")
    try:
        yield
    finally:
        for table in TABLES:
            connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
            connection.execute(f"DROP TABLE IF EXISTS temp.staged_{table}")


def unstaged(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Gives their names back to the case's tables: those of its own, and their columns."""
    found = {}
    for table in TABLES:
        connection.execute(f"ALTER TABLE temp.{table} RENAME TO staged_{table}")
        columns = connection.execute(
            f"SELECT name FROM pragma_table_info('staged_{table}')"
        ).fetchall()
        found[table] = [name for (name,) in columns]
    return found


def moved(connection: duckdb.DuckDBPyConnection, columns: dict[str, list[str]]) -> None:
    """Moves the rows into the case; part of a transaction, and the case has these columns."""
    for table, names in columns.items():
        listed = ", ".join(f'"{name}"' for name in names)
        connection.execute(
            f"INSERT INTO {table} ({listed}) SELECT {listed} FROM temp.staged_{table}"
        ).fetchall()


def shape(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The columns of the case's events with their comments: DuckDB refuses the commit of rows for a
    table of which another has changed these meanwhile."""
    return connection.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'event_rows' AND "
        "database_name = current_database()"
    ).fetchall()

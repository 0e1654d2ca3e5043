"""SQLite files that tracing tools keep: rows read in order and only read, each a JSON record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clew.errors import InputError

MAGIC = b"SQLite format 3\x00"
Json = Any
"""What JSON can be: dict, list, str, int, float, bool or None."""


def has_tables(head: bytes, *names: str) -> bool:
    """Whether the first pages of a SQLite file define these tables."""
    return head.startswith(MAGIC) and all(name.encode() in head for name in names)


def rows_of(path: Path, tables: tuple[str, ...], query: str) -> Iterator[dict[str, Json]]:
    """The rows of a query, one after the other. Raises InputError where the file is not such a store."""
    store: sqlite3.Connection | None = None
    try:
        store = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        store.text_factory = lambda data: data.decode(errors="replace")
        store.row_factory = sqlite3.Row
        found = {row[0] for row in store.execute("SELECT name FROM sqlite_master")}
        if missing := [name for name in tables if name not in found]:
            raise InputError(f"{path.name} is a SQLite file without the table {missing[0]}.")
        for row in store.execute(query):
            yield dict(row)
    except sqlite3.Error as error:
        raise InputError(f"{path.name} is not a whole SQLite store: {error}.") from error
    finally:
        if store is not None:
            store.close()


def columns_of(path: Path, table: str) -> set[str]:
    """The columns of a table; tools add some with every version."""
    return {row["name"] for row in rows_of(path, (), f"SELECT name FROM pragma_table_info('{table}')")}  # fmt: skip


def parsed(value: Json) -> Json:
    """What a text holds as JSON, the text itself where it holds none."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value

"""SQL of columns and members: what stands in several of them, and members to the text of a JSON object."""

from __future__ import annotations

import json
from collections.abc import Sequence

import duckdb


def json_object(members: Sequence[tuple[str, str]]) -> str:
    """SQL of a JSON object from names and SQL of JSON values; members that are NULL are left out,
    an empty object is NULL."""
    if not members:
        return "NULL::VARCHAR"
    return "nullif('{' || concat_ws(',', " + ", ".join(named(members)) + ") || '}', '{}')"


def named(members: Sequence[tuple[str, str]]) -> list[str]:
    """SQL of each member of a JSON object; a name that stands twice gets `_2`, `_3` ..."""
    seen: dict[str, int] = {}
    parts = []
    for name, value in members:
        seen[name] = seen.get(name, 0) + 1
        unique = name if seen[name] == 1 else f"{name}_{seen[name]}"
        parts.append(f"{_quoted(json.dumps(unique, ensure_ascii=False) + ':')} || ({value})")
    return parts


def columns_of(workbench: duckdb.DuckDBPyConnection, select: str) -> list[str]:
    """The names of the columns that a SELECT, or a table, gives."""
    return list(types_of(workbench, select))


def types_of(workbench: duckdb.DuckDBPyConnection, select: str) -> dict[str, str]:
    """The same, each with its type."""
    return {row[0]: row[1] for row in workbench.execute(f"DESCRIBE {select}").fetchall()}


class Shared:
    """SQL that stands in several columns, worked out once in an inner SELECT and called by a short name.

    DuckDB takes longer to plan a SELECT that says the same again and again than to parse with it.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, sql: str) -> str:
        """The name of this SQL."""
        return self._names.setdefault(sql, f"shared_{len(self._names)}")

    def table(self, relation: str, where: str = "true") -> str:
        """The relation with what is shared, as columns of their own."""
        once = "".join(f", {sql} AS {name}" for sql, name in self._names.items())
        return f"(SELECT *{once} FROM {relation} WHERE {where})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""Members of a JSON object, as SQL: names and values to the text of the object."""

from __future__ import annotations

import json
from collections.abc import Sequence


def json_object(members: Sequence[tuple[str, str]], taken: set[str]) -> str:
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


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""SQL that takes the first line of a record apart by the layouts of its source."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clew.formats._fields import quoted
from clew.formats._layouts import LAYOUTS, LEVELS, Quick, compiled

PARTS = {
    "said_at": "time",
    "level": "level",
    "logger": "logger",
    "thread": "thread",
    "pid": "pid",
    "said": "said",
}
"""Column to the group of a layout that it is."""


def parted_by_layout(source: str, layouts: Sequence[str], quick: Quick | None) -> str:
    """SQL of line, byte_offset, text, first_line, the columns of `PARTS`, and `is_known`.

    `source` has the first four. The narrow pattern is tried first, then one layout after the other.
    """
    is_quick = missed = ""
    if quick:
        groups = ", ".join(quoted(name) for name in ("prefix", *quick.groups))
        source = (
            f"SELECT *, regexp_extract(first_line, {quoted(quick.pattern)}, [{groups}]) AS q "
            f"FROM ({source})"
        )
        levels = ", ".join(quoted(level) for level in LEVELS)
        is_quick = f"q.level IN ({levels})" if "level" in quick.groups else "q.prefix <> ''"
        source = f"SELECT *, {is_quick} AS is_quick FROM ({source})"
        missed = "NOT is_quick"
    for place, layout in enumerate(layouts):
        names = list(compiled(layout).groupindex)
        found = (
            f"regexp_extract(first_line, {quoted('^' + _unnamed(LAYOUTS[layout]) + '$')}, "
            f"[{', '.join(quoted(name) for name in names)}])"
        )
        part = f"CASE WHEN {missed} THEN {found} END" if missed else found
        source = f"SELECT *, {part} AS m{place} FROM ({source})"
        told = next(name for name in ("time", "level", "said") if name in names)
        here = f"(m{place} IS NULL OR m{place}.{told} = '')"
        missed = f"{missed} AND {here}" if missed else here
    parts = ", ".join(f"{_part(group, layouts, quick)} AS {name}" for name, group in PARTS.items())
    is_known = f"NOT ({missed})" if missed else "false"
    return f"SELECT line, byte_offset, text, first_line, {parts}, {is_known} AS is_known FROM ({source})"


def _part(group: str, layouts: Sequence[str], quick: Quick | None) -> str:
    found = [
        f"nullif(m{place}.{group}, '')"
        for place, layout in enumerate(layouts)
        if group in compiled(layout).groupindex
    ]
    other = f"coalesce({', '.join(found)})" if found else "NULL::VARCHAR"
    narrow = _quick_part(group, quick)
    return f"CASE WHEN is_quick THEN {narrow} ELSE {other} END" if narrow else other


def _quick_part(group: str, quick: Quick | None) -> str:
    """The part as the narrow pattern has it, "" where it has none."""
    if quick is None:
        return ""
    if group == "said":
        return "nullif(substr(first_line, length(q.prefix) + 1), '')"
    if group == "time" and quick.time:
        begin, end = quick.time
        return f"substr(first_line, {begin}, {end - begin + 1})"
    return f"nullif(q.{group}, '')" if group in quick.groups else ""


def _unnamed(pattern: str) -> str:
    """RE2 in DuckDB takes the names of groups apart from the pattern."""
    return re.sub(r"\(\?P<\w+>", "(", pattern)

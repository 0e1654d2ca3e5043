"""Plain JSON: a list with one object a line, so that both `jq` and `grep` can read it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from clew.cli.render.escape import visible_json
from clew.model.plain_json import dumps, plain

__all__ = ["dumps", "lines", "pretty"]


def lines(rows: Iterable[Any]) -> Iterable[str]:
    """The text of a JSON list, piece by piece."""
    before = "["
    for row in rows:
        yield f"{before}{dumps(row)}"
        before = ",\n "
    yield "[]\n" if before == "[" else "]\n"


def pretty(value: Any) -> str:
    """Indented, for lists that a person reads too."""
    return visible_json(json.dumps(plain(value), ensure_ascii=False, indent=2)) + "\n"

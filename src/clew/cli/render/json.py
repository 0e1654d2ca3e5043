"""Plain JSON: a list with one object a line, so that both `jq` and `grep` can read it.

Times are RFC 3339 with Z, money is a number, NaN and infinities are null, bytes are hex digits.
Characters that act on a terminal are written as JSON escapes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from clew.cli.render.escape import visible_json
from clew.model.finding import rfc3339


def lines(rows: Iterable[Any]) -> Iterable[str]:
    """The text of a JSON list, piece by piece."""
    before = "["
    for row in rows:
        yield f"{before}{dumps(row)}"
        before = ",\n "
    yield "[]\n" if before == "[" else "]\n"


def pretty(value: Any) -> str:
    """Indented, for lists that a person reads too."""
    return visible_json(json.dumps(_plain(value), ensure_ascii=False, indent=2)) + "\n"


def dumps(value: Any) -> str:
    """One value on one line."""
    try:
        text = _STRICT.encode(value)
    except (ValueError, TypeError):
        text = _STRICT.encode(_plain(value))
    return visible_json(text)


def _plain(value: Any) -> Any:
    """The value in JSON's own types."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    return _plain(_one(value))


def _one(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        if not value.is_finite():
            return None
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"BUG: no JSON for a {type(value).__name__}")


_STRICT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_one)

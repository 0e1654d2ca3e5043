"""Plain JSON: times are RFC 3339 with Z, money is a number, NaN and infinities are null, bytes are hex.

dumps  one value on one line; what acts on a terminal is written as JSON escapes
plain  the value in JSON's own types
"""

from __future__ import annotations

import json
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from clew.model.escape import visible_json
from clew.model.finding import rfc3339


def dumps(value: Any) -> str:
    """One value on one line.

    >>> dumps({"a": Decimal("0.5"), "b": float("nan"), "c": "x\\x1b[2J"})
    '{"a": 0.5, "b": null, "c": "x\\\\u001b[2J"}'
    """
    try:
        text = _STRICT.encode(value)
    except (ValueError, TypeError):
        text = _STRICT.encode(plain(value))
    return visible_json(text)


def plain(value: Any) -> Any:
    """The value in JSON's own types."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    return plain(_one(value))


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

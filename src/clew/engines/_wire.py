"""Rows of an answer as lines of JSON, and back, each value with its exact type.

Text, whole numbers, floats, booleans and NULL stand for themselves; every other value is a list of
one: its type's name and its text. So a Decimal, a time or NaN comes out as it went in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from clew import errors

PLAIN = (str, int, float, bool, type(None))


def rows_line(rows: Iterable[tuple[Any, ...]]) -> bytes:
    """A line with these rows.

    >>> rows_of(rows_line([(1, Decimal("0.10"), None, float("inf"))]))
    [(1, Decimal('0.10'), None, inf)]
    >>> rows_of(rows_line([(datetime(2026, 1, 2, 3), [b"x", {"a": (1,)}])]))
    [(datetime.datetime(2026, 1, 2, 3, 0), [b'x', {'a': (1,)}])]
    """
    packed = [[v if type(v) in PLAIN else _packed(v) for v in row] for row in rows]
    return json.dumps(packed, separators=(",", ":")).encode() + b"\n"


def rows_of(line: bytes) -> list[tuple[Any, ...]]:
    """The rows of such a line."""
    return [
        tuple([_unpacked(v) if type(v) is dict else v for v in row]) for row in json.loads(line)
    ]


def error_line(error: errors.ClewError) -> dict[str, str]:
    """An error of the server's as the other side raises it."""
    return {"error": type(error).__name__, "sentence": str(error)}


def error_of(told: dict[str, str]) -> errors.ClewError:
    """The error that `error_line` told of.

    >>> error_of({"error": "ConfigError", "sentence": "One SELECT is expected."})
    ConfigError('One SELECT is expected.')
    """
    kinds = (errors.InputError, errors.LedgerError, errors.ConfigError, errors.EvidenceError)
    kind = next((k for k in kinds if k.__name__ == told["error"]), errors.EngineError)
    return kind(told["sentence"])


def _packed(value: Any) -> Any:
    """A value that JSON has not, as an object of one key: the type's name."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, datetime):
        if zone := getattr(value.tzinfo, "key", None):
            return {"zoned": [value.replace(tzinfo=None).isoformat(), value.fold, zone]}
        return {"datetime": value.isoformat()}
    if isinstance(value, (date, time)):
        return {type(value).__name__: value.isoformat()}
    if isinstance(value, timedelta):
        return {"timedelta": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, UUID):
        return {"uuid": str(value)}
    if isinstance(value, dict):
        return {"dict": [[_packed(key), _packed(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_packed(item) for item in value]}
    raise AssertionError(f"BUG: no way to send a {type(value).__name__}")


_UNPACK: dict[str, Callable[[Any], Any]] = {
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "zoned": lambda parts: datetime.fromisoformat(parts[0]).replace(
        fold=parts[1], tzinfo=ZoneInfo(parts[2])
    ),
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda parts: timedelta(*parts),
    "bytes": bytes.fromhex,
    "uuid": UUID,
    "dict": lambda pairs: {_unpacked(key): _unpacked(item) for key, item in pairs},
    "list": lambda items: [_unpacked(item) for item in items],
    "tuple": lambda items: tuple(_unpacked(item) for item in items),
}


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        ((kind, inside),) = value.items()
        return _UNPACK[kind](inside)
    return value

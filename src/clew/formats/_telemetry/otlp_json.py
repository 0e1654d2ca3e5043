"""OTLP requests in JSON to rows: spans, log records and data points, in the same rows as protobuf's.

Keys are lowerCamelCase, as OTLP asks, or snake_case; ids are hex, or the base64 of protobuf's own JSON;
numbers of 64 bits may be text; enumerations may be numbers or names.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from clew.errors import InputError
from clew.formats._telemetry.columns import DEEPEST, json_text
from clew.formats._telemetry.gathered import Gathered
from clew.formats._telemetry.signals import Scope, Signal

NAMES: dict[Signal, tuple[str, ...]] = {
    "traces": ("Spans", "InstrumentationLibrarySpans"),
    "logs": ("Logs", "InstrumentationLibraryLogs"),
    "metrics": ("Metrics", "InstrumentationLibraryMetrics"),
}
ITEMS: dict[Signal, str] = {"traces": "spans", "logs": "logRecords", "metrics": "metrics"}
KEYS: dict[str, Signal] = {
    key: signal
    for signal, (name, _) in NAMES.items()
    for key in (f"resource{name}", f"resource_{name.lower()}")
}
"""The keys of a request that tell its signal."""
IDS = {"trace_id": 16, "span_id": 8, "parent_span_id": 8}
Json = Any


def requests(payloads: Sequence[bytes]) -> Iterator[Json]:
    """The object of each payload. Raises InputError where one is no JSON object."""
    for number, payload in enumerate(payloads, 1):
        yield request_of(
            payload, f"request {number} of {len(payloads)} is " if payloads[1:] else ""
        )


def request_of(payload: bytes, which: str = "") -> Json:
    """The object of a payload. Raises InputError, which says `which`, where it is no JSON object."""
    try:
        found = json.loads(payload.decode(errors="replace"), strict=False)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{which}not JSON: {reason}") from error
    if not isinstance(found, dict):
        raise InputError(f"{which}JSON, but not an object")
    return found


def get(found: Json, name: str) -> Json:
    """A member by its lowerCamelCase name, or the snake_case one."""
    value = found.get(name)
    if value is None:
        snake = _snake(name)
        if snake != name:
            value = found.get(snake)
    return value


@lru_cache(maxsize=512)
def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()


def dicts(value: Json, what: str) -> list[Json]:
    """A list of objects. Raises InputError where it is something else; nothing is none."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise InputError(f"{what} is not a list")
    return value


def in_scopes(request: Json, signal: Signal) -> Iterator[tuple[Scope, list[Json]]]:
    """Every scope of a request with its spans, log records or metrics."""
    name, old = NAMES[signal]
    key = f"resource{name}"
    for resource in dicts(get(request, key), key):
        if not isinstance(resource, dict):
            raise InputError(f"{key} holds what is no object")
        own, other = said_by_resource(resource)
        listed = dicts(get(resource, f"scope{name}"), f"scope{name}")
        listed = listed + dicts(get(resource, old[0].lower() + old[1:]), old)
        for scope in listed:
            if not isinstance(scope, dict):
                raise InputError(f"scope{name} holds what is no object")
            items = dicts(get(scope, ITEMS[signal]), ITEMS[signal])
            yield said_by_scope(own, scope, other), items


def rows_in_scopes(
    number: int, request: Json, signal: Signal, gathered: Gathered
) -> Iterator[tuple[int, Json]]:
    """Row and object of every span or log record of a request; what is no object is rejected."""
    for scope, items in in_scopes(request, signal):
        gathered.scopes.append(scope)
        for item in items:
            row = gathered.begin(number)
            if isinstance(item, dict):
                yield row, item
            else:
                gathered.rejects[row] = "not an object"
                yield row, {}


def said_by_resource(found: Json) -> tuple[dict[str, Any], dict[str, Any]]:
    """Attributes of a resource, and what else it says of its rows."""
    described = get(found, "resource")
    own = attributes_of(described.get("attributes")) if isinstance(described, dict) else {}
    url = get(found, "schemaUrl")
    return own, {"resource.schema_url": url} if url else {}


def said_by_scope(resource: dict[str, Any], found: Json, other: dict[str, Any]) -> Scope:
    """A scope of a resource."""
    about = get(found, "scope") or get(found, "instrumentationLibrary")
    about = about if isinstance(about, dict) else {}
    told = dict(other)
    if version := about.get("version"):
        told["otel.scope.version"] = version
    told |= attributes_of(about.get("attributes"))
    if url := get(found, "schemaUrl"):
        told["otel.scope.schema_url"] = url
    return Scope(resource, text(about.get("name")), told)


def attributes_of(found: Json) -> dict[str, Any]:
    """Attributes as names and plain values; a plain object is taken as it is."""
    if isinstance(found, dict):
        return found
    if not isinstance(found, list):
        return {}
    attributes: dict[str, Any] = {}
    for pair in found:
        if not isinstance(pair, dict):
            continue
        value = pair.get("value")
        plain = value.get("stringValue") if type(value) is dict else None
        attributes[text(pair.get("key"))] = any_value(value) if plain is None else plain
    return attributes


def any_value(value: Json, depth: int = 0) -> Any:
    """The plain value of an AnyValue."""
    if type(value) is not dict:
        return value
    for name, inner in value.items():
        kind = VALUES.get(name)
        if kind is None or inner is None:
            continue
        if kind == "string":
            return inner if type(inner) is str else json_text(inner)
        if kind == "int":
            return integer(inner)
        if kind == "double":
            return real(inner)
        if kind == "bool":
            return inner if type(inner) is bool else str(inner).lower() == "true"
        if kind == "bytes":
            return inner
        return _nested(kind, inner, depth + 1)
    return None


VALUES = {
    key: kind
    for kind in ("string", "int", "double", "bool", "bytes", "array", "kvlist")
    for key in (f"{kind}Value", f"{kind}_value")
}


def _nested(kind: str, value: Json, depth: int) -> Any:
    if depth > DEEPEST:
        return f"(deeper than {DEEPEST} levels)"
    listed = value.get("values") if isinstance(value, dict) else value
    if not isinstance(listed, list):
        listed = []
    if kind == "array":
        return [any_value(inner, depth) for inner in listed]
    return {
        text(inner.get("key")): any_value(inner.get("value"), depth)
        for inner in listed
        if isinstance(inner, dict)
    }


def text(value: Json) -> str:
    """Text as it is; nothing is empty; other values as JSON."""
    if type(value) is str:
        return value
    return "" if value is None else json_text(value)


def integer(value: Json) -> int | None:
    """A whole number, which may stand as text; None where it is none."""
    if type(value) is int:
        return value
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def count(value: Json) -> int:
    """A number of 64 bits, 0 where there is none."""
    number = integer(value)
    return number if number is not None and 0 <= number < 1 << 64 else 0


def real(value: Json) -> float | None:
    """A number, which may stand as text such as NaN; None where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def enumerated(value: Json, words: Mapping[int, str], prefix: str) -> str | None:
    """The word that a number, or a name such as SPAN_KIND_SERVER, stands for."""
    if type(value) is int:
        return words.get(value)
    if not isinstance(value, str):
        return None
    if value.isdecimal():
        return words.get(int(value[:9]))
    word = value.removeprefix(prefix).lower()
    return word if word in words.values() else None


def identifier(value: Json, name: str) -> tuple[str | None, str]:
    """An id as lower-case hex, None where it is not set; and what is wrong with it, else ""."""
    if value is None or value == "":
        return None, ""
    width = IDS[name]
    if type(value) is str and len(value) == 2 * width and HEX.fullmatch(value):
        return (value if value.strip("0") else None), ""
    found = value.lower() if isinstance(value, str) else json_text(value)
    if len(found) != 2 * width or not HEX.fullmatch(found):
        raw = _bytes_of(value)
        if raw is None:
            return None, f"{name} is no id of {width} bytes in hex or base64"
        if len(raw) != width:
            return None, f"{name} has {len(raw):,} bytes, not {width}"
        found = raw.hex()
    return (None if found.strip("0") == "" else found), ""


HEX = re.compile("[0-9a-f]+")


def _bytes_of(value: Json) -> bytes | None:
    """The bytes of hex or of base64."""
    if not isinstance(value, str):
        return None
    if len(value) % 2 == 0 and HEX.fullmatch(value.lower()) and len(value) not in (12, 24):
        return bytes.fromhex(value)
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        return None

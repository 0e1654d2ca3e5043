"""JSON records whose attributes are OTLP's lists of keys and values, outside an OTLP request.

    {"traceId": "...", "name": "GET /x", "attributes": [{"key": "user.id", "value": {"stringValue": "u1"}}]}
    {"body": {"stringValue": "ready"}, "resource": {"attributes": [{"key": "service.name", "value": ...}]}}

The lists become objects, {"user.id": "u1"}, and the records go on as those of any JSON log. A list that
names a key twice stays as it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import duckdb

from clew.formats._functions import make_known
from clew.formats._json import JsonParser
from clew.formats._telemetry.otlp_json import any_value

MARK = re.compile(rb'"(?:attributes|Attributes)"\s*:\s*\[\s*\{\s*"(?:key|value)"\s*:')
VALUE = frozenset(
    {
        "stringValue",
        "intValue",
        "doubleValue",
        "boolValue",
        "bytesValue",
        "arrayValue",
        "kvlistValue",
    }
)
"""The one key of a value."""


@dataclass(slots=True)
class KeyedParser(JsonParser):
    """Parses JSON records after it has turned such lists into objects."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        make_known(workbench, "clew_unkeyed", unkeyed)
        workbench.execute(
            "CREATE OR REPLACE TEMP TABLE unkeyed AS SELECT * REPLACE (CASE WHEN contains(text, 'Value\"') "
            f"THEN clew_unkeyed(text) ELSE text END AS text) FROM {records}"
        )
        return JsonParser.select(self, workbench, "unkeyed")


def unkeyed(text: str | None) -> str | None:
    """The record with objects in place of lists of keys and values.

    >>> unkeyed('{"attributes": [{"key": "n", "value": {"intValue": "3"}}]}')
    '{"attributes": {"n": 3}}'
    """
    try:
        return json.dumps(_plain(json.loads(text or "")), ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if len(value) == 1 and not VALUE.isdisjoint(value):
            return any_value(value)
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        keys = [pair["key"] for pair in value if _is_pair(pair)]
        if value and len(keys) == len(value) == len(set(keys)):
            return {pair["key"]: _plain(pair["value"]) for pair in value}
        return [_plain(inner) for inner in value]
    return value


def _is_pair(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and found.keys() == {"key", "value"}
        and isinstance(found["key"], str)
        and isinstance(found["value"], dict)
        and not VALUE.isdisjoint(found["value"])
    )

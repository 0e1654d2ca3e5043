"""What a case on ClickHouse is made of: its tables, and the functions that expressions of all engines name.

`sources` and `rejects` have the columns of a DuckDB case.
"""

from __future__ import annotations

from collections.abc import Mapping

from clew.engines._duckdb_chain import CHAINED
from clew.model.event import COLUMNS, Kind

SQL_TYPES: dict[Kind, str] = {
    "text": "Nullable(String)",
    "int": "Nullable(Int64)",
    "float": "Nullable(Float64)",
    "bool": "Nullable(Bool)",
    "time": "Nullable(DateTime64(6, 'UTC'))",
    "money": "Nullable(Decimal(18, 9))",
    "json": "Nullable(String)",
}

EVENT_TYPES: dict[str, str] = {
    **{column.name: SQL_TYPES[column.kind] for column in COLUMNS},
    "attributes": SQL_TYPES["json"],
}

LEDGER: dict[str, dict[str, Kind]] = {
    "sources": {
        **dict.fromkeys((*CHAINED, "chain"), "text"),
        **dict.fromkeys(("start", "size", "first_line", "position"), "int"),
        **dict.fromkeys(("lines", "events", "continuation", "blanks", "rejects"), "int"),
        **dict.fromkeys(("first_event", "last_event", "ingested_at"), "time"),
    },
    "rejects": {
        "source_id": "text", "line": "int", "byte_offset": "int", "reason": "text", "text": "text",
    },
    "findings": {"id": "text", "kind": "text", "found_at": "time", "finding": "text"},
}  # fmt: skip
"""Table and column to kind: those that stand beside the events, as in a DuckDB case."""


def _made(name: str, types: Mapping[str, str], order: str) -> str:
    columns = ", ".join(f"`{column}` {kind}" for column, kind in types.items())
    return (
        f"CREATE TABLE {name} ({columns}) ENGINE = MergeTree ORDER BY ({order}) "
        "SETTINGS allow_nullable_key = 1"
    )


TABLES = {
    "events": _made("events", EVENT_TYPES, "timestamp, event_id"),
    **{
        name: _made(
            name, {column: SQL_TYPES[kind] for column, kind in kinds.items()}, next(iter(kinds))
        )
        for name, kinds in LEDGER.items()
    },
}

FUNCTIONS = {
    "clew_attribute": "(attributes, key) -> JSONExtract(attributes, key, 'Nullable(String)')",
    "clew_attribute_pairs": (
        "(attributes) -> arrayMap(key -> concat(key, '=', ifNull(JSONExtract(ifNull(attributes,"
        " '{}'), key, 'Nullable(String)'), '')), arraySort(JSONExtractKeys(ifNull(attributes,"
        " '{}'))))"
    ),
    "clew_attribute_object": (
        "(attributes, begin) -> nullIf(concat('{', arrayStringConcat(arrayMap(key ->"
        " concat(toJSONString(substring(key, length(begin) + 1)), ':',"
        " JSONExtractRaw(ifNull(attributes, '{}'), key)), arrayFilter(key -> startsWith(key, begin),"
        " arraySort(JSONExtractKeys(ifNull(attributes, '{}'))))), ','), '}'), '{}')"
    ),
    "clew_shingles": (
        "(words) -> arrayMap(place -> sipHash64(words[place], words[place + 1], words[place + 2]),"
        " range(1, toUInt64(greatest(length(words) - 1, 1))))"
    ),
    "clew_stems": (
        "(words, letters) -> arrayMap(one -> leftUTF8(one, letters),"
        " arrayFilter(one -> one != '', words))"
    ),
    "clew_pairs": (
        "(words) -> arrayMap(place -> concat(words[place], ' ', words[place + 1]),"
        " range(1, toUInt64(greatest(length(words), 1))))"
    ),
    "clew_json_items": "(text) -> JSONExtractArrayRaw(ifNull(text, ''))",
    "clew_json_text": (
        "(item, key) -> nullIf(if(JSONType(ifNull(item, ''), key) = 'String',"
        " JSONExtractString(ifNull(item, ''), key), JSONExtractRaw(ifNull(item, ''), key)), '')"
    ),
    "clew_json_values": (
        "(text) -> multiIf(text IS NULL, [], startsWith(ifNull(text, ''), '[') AND"
        " isValidJSON(ifNull(text, '')), arrayMap(one -> if(startsWith(one, '\"'),"
        " JSONExtractString(one), one), arrayFilter(one -> one != 'null',"
        " JSONExtractArrayRaw(ifNull(text, '')))), [ifNull(text, '')])"
    ),
    "clew_json_inside": (
        "(values, key) -> arrayFlatten(arrayMap(one -> clew_json_values(clew_json_text(one, key)),"
        " values))"
    ),
    "clew_json_joined": (
        "(values) -> multiIf(length(values) = 0, NULL, length(values) = 1, values[1],"
        " toJSONString(values))"
    ),
    "clew_any_found": "(values, pattern) -> arrayExists(one -> match(one, pattern), values)",
    "clew_numbers": (
        "(values) -> arrayFilter(one -> one IS NOT NULL, arrayMap(one ->"
        " toFloat64OrNull(one), values))"
    ),
    "clew_distinct": "(words) -> arrayDistinct(words)",
    "clew_shared": "(one, other) -> toInt64(length(arrayIntersect(one, other)))",
    "clew_band": (
        "(hashes, block, salt, other) -> reinterpretAsInt64(sipHash64(block,"
        " arrayMin(arrayMap(one -> bitXor(one, toUInt64(salt)), hashes)),"
        " arrayMin(arrayMap(one -> bitXor(one, toUInt64(other)), hashes))))"
    ),
    "clew_attribute_keys": ("(attributes) -> arraySort(JSONExtractKeys(ifNull(attributes, '{}')))"),
}

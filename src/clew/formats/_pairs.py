r"""key=value pairs inside a line: what logfmt, syslog and the messages of text logs share.

    request_id=req-1 path=/v1/predict status=500 took=12.3ms fields=age,income note="two words"

All pairs of a line are found by one pass of one pattern, however many keys there are. A value ends
at white space; where pairs are parted by commas (a=1,b=2), at the comma. Base64 that ends in equals signs is
no pair.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from clew.formats._fields import Field, quoted

NAME = "[A-Za-z_@][A-Za-z0-9_.@-]*"
KEY = rf"(?:^|[\s,;(\[{{|]){NAME}="
QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'"
WITH_UNIT = r"[0-9]+(?:\.[0-9]+)? (?:ms|µs|ns)\b"
SPACED = rf"{KEY}(?:{QUOTED}|\[[^\]]*\]|\{{[^}}]*\}}|{WITH_UNIT}|[^\s;\"'=][^\s;\"']*)"
COMMAED = rf"{KEY}(?:{QUOTED}|[^\s,;\"'=][^\s,;\"']*)"
IS_COMMAED = r"=[^\s,=\"]*,[A-Za-z_][A-Za-z0-9_.]*="
CLOSED = r"^([^\[({\])}]*)[\])}]+:?$"
"""A bracket at the end that opened before the pair: [trace=4f2a id=1], request{path=/v1/x}:"""
PLAIN_END = """'"', '''', ']', ')', '}', ':', ',', '.'"""
"""A value that ends in none of these is said as it stands."""
NOTHING = "'', '-', '<nil>'"
MOST_KEYS = 200
NUMBER = r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?"


def pairs_sql(text: str) -> str:
    """SQL of two columns, `keys` and `vals`: the pairs of a text, as lists of the same length."""

    found = (
        f"CASE WHEN NOT contains({text}, '=') THEN NULL "
        f"WHEN contains({text}, ',') AND regexp_matches({text}, {quoted(IS_COMMAED)}) "
        f"THEN regexp_extract_all({text}, {quoted(COMMAED)}) "
        f"ELSE regexp_extract_all({text}, {quoted(SPACED)}) END"
    )
    key = (
        "lambda p: CASE WHEN starts_with(p, ' ') THEN substr(p, 2, strpos(p, '=') - 2) "
        f"ELSE regexp_extract(p, {quoted(NAME)}) END"
    )
    value = "lambda p: substr(p, strpos(p, '=') + 1)"
    return (
        f"{found} AS pairs_found, list_transform(pairs_found, {key}) AS keys, "
        f"list_transform(pairs_found, {value}) AS vals"
    )


def with_pair_fields(
    workbench: duckdb.DuckDBPyConnection, relation: str
) -> tuple[str, list[Field]]:
    """A relation with `keys` and `vals`, and one more column for each key; the keys as fields."""
    keys = workbench.execute(
        f"SELECT key FROM (SELECT unnest(keys) AS key FROM {relation}) "
        f"GROUP BY key ORDER BY count(*) DESC, key LIMIT {MOST_KEYS}"
    ).fetchall()
    found = [
        f"vals[list_position(keys, {quoted(key)})] AS found_{i}" for i, (key,) in enumerate(keys)
    ]
    bare = [f"{_unquoted(f'found_{i}')} AS bare_{i}" for i in range(len(keys))]
    values = [
        f"CASE WHEN bare_{i} NOT IN ({NOTHING}) THEN bare_{i} END AS pair_{i}"
        for i in range(len(keys))
    ]
    fields = [_field(key, f"pair_{i}") for i, (key,) in enumerate(keys)]
    if left := _left_over(workbench, relation, [key for (key,) in keys]):
        values.append(f"{left} AS pairs_left")
        fields.append(
            Field("more_pairs", "array_to_string(pairs_left, ' ')", "to_json(pairs_left)")
        )
    source = relation
    for columns in (found, bare, values):
        source = f"(SELECT {', '.join(['*', *columns])} FROM {source})"
    return source, fields


def _left_over(
    workbench: duckdb.DuckDBPyConnection, relation: str, keys: Sequence[str]
) -> str | None:
    """SQL of the pairs that no column of their own takes, where there are any: a key that stands twice
    in a line, and keys beyond the most frequent ones."""
    known = f"[{', '.join(quoted(key) for key in keys)}]::VARCHAR[]"
    is_doubled = "CASE WHEN len(keys) > 1 THEN len(keys) > len(list_distinct(keys)) ELSE false END"
    is_left = f"{is_doubled} OR ({len(keys)} = {MOST_KEYS} AND NOT list_has_all({known}, keys))"
    if not workbench.execute(f"SELECT 1 FROM {relation} WHERE {is_left} LIMIT 1").fetchall():
        return None
    kept = f"list_position(keys, keys[i]) < i OR NOT list_contains({known}, keys[i])"
    pairs = f"[keys[i] || '=' || vals[i] FOR i IN range(1, len(keys) + 1) IF {kept}]"
    return f"CASE WHEN {is_left} THEN nullif({pairs}, []) END"


def _unquoted(value: str) -> str:
    """Without quotes; escapes are JSON's as a rule."""
    inner = f"{value}[2:-2]"
    escaped = f"replace(replace(replace({inner}, '\\\"', '\"'), '\\n', chr(10)), '\\\\', '\\')"
    bare = f"rtrim({value}, ',.')"
    return (
        f"CASE WHEN right({value}, 1) NOT IN ({PLAIN_END}) THEN {value} "
        f"WHEN starts_with({value}, '\"') AND length({value}) > 1 THEN CASE WHEN "
        f"contains({value}, '\\') THEN coalesce(try_cast({value} AS JSON) ->> '$', {escaped}) "
        f"ELSE {inner} END WHEN starts_with({value}, '''') AND length({value}) > 1 THEN {inner} "
        f"WHEN suffix({value}, ']') OR suffix({value}, ')') OR suffix({value}, '}}') OR suffix({value}, ':') "
        f"THEN regexp_replace({bare}, {quoted(CLOSED)}, '\\1') ELSE {bare} END"
    )


def _field(key: str, text: str) -> Field:
    is_number = f"regexp_full_match({text}, {quoted(NUMBER)})"
    json = f"CASE WHEN {is_number} THEN {text} ELSE to_json({text})::VARCHAR END"
    return Field(key, text, json)

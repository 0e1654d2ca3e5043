r"""key=value pairs inside a line: what logfmt, syslog and the messages of text logs share.

    request_id=req-1 path=/v1/predict status=500 took=12.3ms fields=age,income note="two words"

All pairs of a line are found by two passes of one pattern, however many keys there are. A value ends
at white space; where pairs are parted by commas (a=1,b=2), at the comma.
"""

from __future__ import annotations

import duckdb

from clew.formats._fields import Field, quoted

KEY = r"(?:^|[\s,;(\[{|])([A-Za-z_@][A-Za-z0-9_.@-]*)="
QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'"
SPACED = rf"{KEY}({QUOTED}|\[[^\]]*\]|\{{[^}}]*\}}|[^\s;\"']*)"
COMMAED = rf"{KEY}({QUOTED}|[^\s,;\"']*)"
IS_COMMAED = r"=[^\s,=\"]*,[A-Za-z_][A-Za-z0-9_.]*="
MOST_KEYS = 200
NUMBER = r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?"


def pairs_sql(text: str) -> str:
    """SQL of two columns, `keys` and `vals`: the pairs of a text, as lists of the same length."""

    def found(group: int) -> str:
        return (
            f"CASE WHEN contains({text}, ',') AND regexp_matches({text}, {quoted(IS_COMMAED)}) "
            f"THEN regexp_extract_all({text}, {quoted(COMMAED)}, {group}) "
            f"ELSE regexp_extract_all({text}, {quoted(SPACED)}, {group}) END"
        )

    return (
        f"CASE WHEN contains({text}, '=') THEN {found(1)} END AS keys, "
        f"CASE WHEN contains({text}, '=') THEN {found(2)} END AS vals"
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
    values = [f"{_unquoted(f'found_{i}')} AS pair_{i}" for i in range(len(keys))]
    source = f"(SELECT {', '.join(['*', *values])} FROM (SELECT {', '.join(['*', *found])} FROM {relation}))"
    return source, [_field(key, f"pair_{i}") for i, (key,) in enumerate(keys)]


def _unquoted(value: str) -> str:
    text = (
        f"CASE WHEN starts_with({value}, '\"') AND length({value}) > 1 THEN "
        f"replace(replace(replace({value}[2:-2], '\\\"', '\"'), '\\n', chr(10)), '\\\\', '\\') "
        f"WHEN starts_with({value}, '''') AND length({value}) > 1 THEN {value}[2:-2] "
        f"ELSE rtrim({value}, ',.') END"
    )
    return f"nullif(nullif({text}, ''), '-')"


def _field(key: str, text: str) -> Field:
    is_number = f"regexp_full_match({text}, {quoted(NUMBER)})"
    json = f"CASE WHEN {is_number} THEN {text} ELSE to_json({text})::VARCHAR END"
    return Field(key, text, json)

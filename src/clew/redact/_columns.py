"""Which columns of rows have to be looked at, and all that a row says in them, as SQL."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from clew.model.event import BY_NAME, OWN
from clew.redact._pattern import literal

HEX = "[0-9a-fA-F-]+"
IDS = {
    **dict.fromkeys(("trace_id", "span_id", "parent_span_id", "prompt_hash"), HEX),
    "timestamp_text": (
        "[0-9]{9,20}([.][0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9TtZz:.,+ -]*"
        "|[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}"
    ),
}
"""Columns that mostly hold ids and times, and what those look like."""
WORDS = {
    "severity": ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
    "http_method": ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"),
    "protocol": ("HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/2", "HTTP/3.0", "HTTP/3"),
}
"""Columns that mostly hold one of a few words, and those."""
TOLD_IN = {"prompt": "input_messages", "completion": "output_messages"}
"""Columns, and those whose JSON mostly says the same."""


def may_hold(name: str) -> bool:
    """Whether a column's values are texts of the source."""
    if name in OWN or name == "root_id":
        return False
    return name == "attributes" or (name in BY_NAME and BY_NAME[name].kind in ("text", "json"))


def without_ids(
    bench: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]
) -> list[str]:
    """The columns without those that, in this block, hold nothing but ids, times or the usual words: of a
    million numbers some look like a card's, and what is known need not be looked through."""
    asked = {
        name: f"regexp_full_match({name}, {literal(IDS[name])})" for name in columns if name in IDS
    }
    asked |= {
        name: f"{name} IN ({', '.join(map(literal, WORDS[name]))})"
        for name in columns
        if name in WORDS
    }
    if not asked:
        return list(columns)
    tests = ", ".join(f"coalesce(bool_and({test}), true)" for test in asked.values())
    (found,) = bench.execute(f"SELECT {tests} FROM {relation}").fetchall()
    ids = {name for name, is_id in zip(asked, found, strict=True) if is_id}
    return [name for name in columns if name not in ids]


def whole(columns: Sequence[str]) -> str:
    """SQL of all that a row says; a text that stands in quotes, as it is, in another column is said there."""
    said = [
        f"CASE WHEN contains({TOLD_IN[name]}, concat('\"', {name}, '\"')) THEN NULL ELSE {name} END"
        if TOLD_IN.get(name) in columns
        else name
        for name in columns
    ]
    return f"concat_ws(chr(10), {', '.join(said)})"

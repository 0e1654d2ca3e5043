"""Exceptions that attributes tell of, to the exception columns.

What the attributes say counts. A stack trace's text tells the frame, and what they leave open; without
one, type and message make the fingerprint. Like texts are taken apart once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

import duckdb

from clew.formats._telemetry.columns import Column, column, valid
from clew.formats._traceback import exception_struct_sql

EXCEPTION = {
    "exception.type": "exception_type",
    "exception.message": "exception_message",
    "exception.stacktrace": "exception_stacktrace",
}
"""Attributes of an event of a span, of a log record, or of the span itself."""
PARSED = ("exception_type", "exception_message", "exception_frame", "exception_fingerprint")
QUESTION = f"SELECT {exception_struct_sql('told')} FROM (SELECT unnest($1::VARCHAR[]) AS told)"
LOCK = threading.Lock()
KNOWN: dict[str, dict[str, str | None]] = {}
MOST_KNOWN = 1_000
LONGEST_KNOWN = 10_000
Told = tuple[str | None, str | None, str | None]


def exception_columns(
    attributes: Mapping[str, Column], events: Mapping[int, Mapping[str, Any]], size: int
) -> dict[str, Column]:
    """The columns, from attributes of rows and of the events that were recorded on them."""
    told: dict[int, dict[str, str]] = {}
    for name in EXCEPTION:
        if name in attributes:
            for row, text in enumerate(attributes[name].as_texts()):
                if text:
                    told.setdefault(row, {})[name] = text
    for row, said in events.items():
        for name in EXCEPTION:
            if said.get(name) not in (None, ""):
                told.setdefault(row, {})[name] = valid(str(said[name]))
    if not told:
        return {}
    keys = {row: _key(said) for row, said in told.items()}
    found = _taken_apart(list(dict.fromkeys(keys.values())))
    rows = sorted(told)
    columns = {}
    for name in next(iter(found.values())):
        filled = [row for row in rows if found[keys[row]][name]]
        if filled:
            columns[name] = column(filled, [found[keys[row]][name] for row in filled], size)
    return columns


def _key(said: Mapping[str, str]) -> Told:
    kind, message, stack = (said.get(name) for name in EXCEPTION)
    return kind, message, stack


def _taken_apart(told: list[Told]) -> dict[Told, dict[str, str | None]]:
    """Every exception column of each."""
    errors = {key: ": ".join(part for part in key[:2] if part) for key in told}
    parsed = _parsed({text for key in told for text in (key[2], errors[key]) if text})
    found: dict[Told, dict[str, str | None]] = {}
    for key in told:
        kind, message, stack = key
        of_stack, of_error = parsed.get(stack or "", {}), parsed.get(errors[key], {})
        both = {name: of_stack.get(name) or of_error.get(name) for name in PARSED}
        both["exception_type"] = kind or both["exception_type"]
        both["exception_message"] = message or both["exception_message"]
        found[key] = both | {"exception_stacktrace": stack}
    return found


def _parsed(texts: set[str]) -> dict[str, dict[str, str | None]]:
    """What each text tells; the last ones are remembered, because errors repeat."""
    with LOCK:
        found = {text: KNOWN[text] for text in texts if text in KNOWN}
        new = sorted(texts - found.keys())
        if new:
            answer = _bench().execute(QUESTION, [new]).fetchall()
            told = {text: said or {} for text, (said,) in zip(new, answer, strict=True)}
            found |= told
            if len(KNOWN) + len(told) > MOST_KNOWN:
                KNOWN.clear()
            short = {text: said for text, said in told.items() if len(text) < LONGEST_KNOWN}
            if len(short) <= MOST_KNOWN:
                KNOWN.update(short)
    return found


@cache
def _bench() -> duckdb.DuckDBPyConnection:
    """A small database in memory; one question at a time."""
    return duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False})

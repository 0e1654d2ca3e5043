"""A private key over several records: its first line, lines of base64 and its last, each one by itself.

What a pattern finds stands in one text; a program that logs a key line by line makes an event of each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from clew.model.redaction import secret_mark

MARK = secret_mark("private_key")
BEGINS = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----\s*$"
"""RE2 of a text that such a key begins with, and does not end with."""
KEY_BEGINS = re.compile(BEGINS)
KEY_ENDS = re.compile("-----END [A-Z0-9 ]{0,40}PRIVATE KEY")
KEY_LINE = re.compile(r"\s*(?:[A-Za-z0-9+/=]{1,100}|(?:Proc-Type|DEK-Info): .{1,80})?\s*")
FULL_LINE = re.compile(r"\s*[A-Za-z0-9+/=]{40,100}\s*")
"""One that cannot be mistaken: other lines may stand between those of a key."""
MOST_LINES = 400
"""Behind the first in which the others are looked for."""


def without_split_keys(lines: Sequence[str]) -> list[str]:
    """The lines without those of a private key that stands over several of them."""
    taken = _of_keys(lines)
    return [MARK if number in taken else line for number, line in enumerate(lines)]


def add_key_lines(
    bench: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], origin: str
) -> bool:
    """Fills redact_keys with messages that are lines of a private key, and adds the rows that have them to
    redact_rows, where the first lines are; whether there are any.

    origin  SQL of whose a row is; the rows of each stand in the order of its bytes
    """
    begins = f"contains(message, 'PRIVATE KEY') AND regexp_matches(message, '{BEGINS}')"
    if not bench.execute(f"SELECT bool_or({begins}) FROM redact_rows").fetchall()[0][0]:
        return False
    below = bench.execute(
        "WITH numbered AS (SELECT message, origin, row_number() OVER (PARTITION BY origin "
        "ORDER BY byte_offset, part) AS place FROM "
        f"(SELECT message, {origin} AS origin, byte_offset, part FROM {relation})), "
        f"firsts AS (SELECT origin, place AS first FROM numbered WHERE {begins}) "
        "SELECT list(coalesce(message, '') ORDER BY place) FROM firsts JOIN numbered USING (origin) "
        f"WHERE place BETWEEN first AND first + {MOST_LINES} GROUP BY origin, first"
    ).fetchall()
    found = sorted({lines[n] for (lines,) in below for n in _of_keys(lines, FULL_LINE)})
    if found:
        bench.execute(
            "CREATE OR REPLACE TEMP TABLE redact_keys AS SELECT unnest(?::VARCHAR[]) AS before",
            [found],
        )
        are_lines = "message IN (SELECT before FROM redact_keys)"
        bench.execute(f"DELETE FROM redact_rows WHERE {are_lines}")
        bench.execute(
            f"INSERT INTO redact_rows SELECT {', '.join(columns)}, {origin} FROM {relation} "
            f"WHERE {are_lines}"
        )
    return bool(found)


def _of_keys(lines: Sequence[str], cut_off: re.Pattern[str] = KEY_LINE) -> set[int]:
    """Which of the lines belong to private keys: those right behind a first one, and full ones further
    down, up to the last.

    cut_off  what those look like of a key without its last line
    """
    taken: set[int] = set()
    for first, line in enumerate(lines):
        if not KEY_BEGINS.search(line):
            continue
        below = range(first + 1, min(first + 1 + MOST_LINES, len(lines)))
        end = next((number for number in below if KEY_ENDS.search(lines[number])), None)
        like, is_whole = cut_off if end is None else KEY_LINE, True
        for number in range(first + 1, below.stop if end is None else end):
            text = lines[number]
            if KEY_BEGINS.search(text):
                break
            is_whole = is_whole and bool(like.fullmatch(text))
            is_last = number + 1 == end and bool(like.fullmatch(text))
            if text.strip() and (is_whole or is_last or (end and FULL_LINE.fullmatch(text))):
                taken.add(number)
    return taken

"""A private key over several records: its first line, lines of base64 and its last, each one by itself.

What a pattern finds stands in one text; a program that logs a key line by line makes an event of each. Each may
have something before it, as a time, which is alike on all lines of a key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import duckdb

from clew.model.redaction import secret_mark

MARK = secret_mark("private_key")
BEGINS = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----\s*$"
ENDS = r"^[^-]*(?:-[^-]+)*-----END [A-Z0-9 ]{0,40}PRIVATE KEY"
"""RE2 of a text that such a key begins with, and does not end with; and the other way round."""
KEY_BEGINS, KEY_ENDS = re.compile(BEGINS), re.compile(ENDS)
KEY_LINE = re.compile(r"\s*(?:[A-Za-z0-9+/=]{1,100}|(?:Proc-Type|DEK-Info): .{1,80})?\s*")
FULL_LINE = re.compile(r"\s*[A-Za-z0-9+/=]{40,100}\s*")
"""One that cannot be mistaken: other lines may stand between those of a key."""
SURE_LINE = re.compile(r"\s*(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])[A-Za-z0-9+/=]{64,76}\s*")
"""The same where the other end of the key is out of sight."""
LAST_LINE = re.compile(
    r"\s*(?:[A-Za-z0-9+/]{2,99}={1,2}|(?=[^0-9+/]*[0-9+/])(?=[^A-Z]*[A-Z])[A-Za-z0-9+/]{4,100})\s*"
)
"""One that is shorter, right beside a full one."""
MOST_LINES = 400
"""Behind the first in which the others are looked for."""
MOST_ABOVE = 100
"""Before a last one whose first one is out of sight."""


Rest = Callable[[str], tuple[str, str] | None]
"""A line to what stands before its part of the key, and that part; None where it is of something else."""


def without_split_keys(lines: Sequence[str]) -> list[str]:
    """The lines without those of a private key that stands over several of them."""
    taken = _of_keys(lines)
    return [taken.get(number, line) for number, line in enumerate(lines)]


def add_key_lines(
    bench: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], origin: str
) -> bool:
    """Fills redact_keys with messages that are lines of a private key and what becomes of them, and adds the
    rows that have them to redact_rows, where first or last lines are; whether there are any.

    origin  SQL of whose a row is; the rows of each stand in the order of its bytes
    """
    is_edge = (
        f"contains(message, 'PRIVATE KEY') AND regexp_matches(message, '{BEGINS}|{ENDS}') "
        f"AND NOT regexp_matches(message, 'BEGIN(?s:.*)-----END')"
    )
    if not bench.execute(f"SELECT bool_or({is_edge}) FROM redact_rows").fetchall()[0][0]:
        return False
    around = bench.execute(
        "WITH numbered AS (SELECT message, origin, row_number() OVER (PARTITION BY origin "
        "ORDER BY byte_offset, part) AS place FROM "
        f"(SELECT message, {origin} AS origin, byte_offset, part FROM {relation})), "
        f"edges AS (SELECT origin, place AS edge FROM numbered WHERE {is_edge}) "
        "SELECT list(coalesce(message, '') ORDER BY place) FROM edges JOIN numbered USING (origin) "
        f"WHERE place BETWEEN edge - {MOST_ABOVE} AND edge + {MOST_LINES} GROUP BY origin, edge"
    ).fetchall()
    found = {
        lines[n]: new for (lines,) in around for n, new in _of_keys(lines, cut_off=True).items()
    }
    if found:
        bench.execute(
            "CREATE OR REPLACE TEMP TABLE redact_keys AS "
            "SELECT unnest(?::VARCHAR[]) AS before, unnest(?::VARCHAR[]) AS after",
            [list(found), list(found.values())],
        )
        are_lines = "message IN (SELECT before FROM redact_keys)"
        bench.execute(f"DELETE FROM redact_rows WHERE {are_lines}")
        bench.execute(
            f"INSERT INTO redact_rows SELECT {', '.join(columns)}, {origin} FROM {relation} "
            f"WHERE {are_lines}"
        )
    return bool(found)


def _of_keys(lines: Sequence[str], *, cut_off: bool = False) -> dict[int, str]:
    """What becomes of the lines that belong to private keys: those right behind a first one, and full ones
    further down, up to the last; and full ones above a last one.

    cut_off  whether more lines may follow that are not at hand
    """
    taken: dict[int, str] = {}
    for number, line in enumerate(lines):
        if begins := KEY_BEGINS.search(line):
            taken |= _below(lines, number, _rest_behind(line[: begins.start()]), cut_off=cut_off)
        elif (ends := KEY_ENDS.search(line)) and number - 1 not in taken:
            prefix = line[: line.index("-----END", ends.start())]
            taken |= _above(lines, number, _rest_behind(prefix))
    return taken


def _rest_behind(prefix: str) -> Rest:
    """Takes a line apart that begins as this one of its key: other digits are no difference."""
    alike = re.compile(re.sub("[0-9]+", "[0-9]+", re.escape(prefix)))

    def rest(line: str) -> tuple[str, str] | None:
        found = alike.match(line)
        return (found[0], line[found.end() :]) if found else None

    return rest


def _below(lines: Sequence[str], first: int, rest: Rest, *, cut_off: bool) -> dict[int, str]:
    """The lines of the key whose first one this is."""
    taken: dict[int, str] = {}
    below = range(first + 1, min(first + 1 + MOST_LINES, len(lines)))
    end = next((number for number in below if _is_end(lines[number], rest)), None)
    like, is_whole = FULL_LINE if cut_off and end is None else KEY_LINE, True
    for number in range(first + 1, below.stop if end is None else end):
        if KEY_BEGINS.search(lines[number]):
            break
        prefix, text = rest(lines[number]) or ("", " -")
        is_whole = is_whole and bool(like.fullmatch(text))
        is_last = number + 1 == end and bool(like.fullmatch(text))
        is_cut = end is None and number - 1 in taken and bool(LAST_LINE.fullmatch(text))
        is_full = (FULL_LINE if end else SURE_LINE).fullmatch(text) if end or cut_off else None
        if text.strip() and (is_whole or is_last or is_cut or is_full):
            taken[number] = prefix + MARK
    return taken


def _above(lines: Sequence[str], end: int, rest: Rest) -> dict[int, str]:
    """The lines of the key whose last one this is, where its first one is out of sight."""
    taken: dict[int, str] = {}
    for number in range(end - 1, max(end - 1 - MOST_ABOVE, -1), -1):
        if KEY_BEGINS.search(lines[number]) or _is_end(lines[number], rest):
            break
        prefix, text = rest(lines[number]) or ("", "")
        like = LAST_LINE if number + 1 == end else SURE_LINE
        if like.fullmatch(text):
            taken[number] = prefix + MARK
    return taken


def _is_end(line: str, rest: Rest) -> bool:
    apart = rest(line)
    return (
        apart is not None
        and apart[1].lstrip().startswith("-----END")
        and bool(KEY_ENDS.search(line))
    )

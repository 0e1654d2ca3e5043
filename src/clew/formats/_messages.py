r"""What the message of a text log says beside its words: pairs, ids, requests, tracebacks.

    request req_1a2b3c4d done in 512.1 ms status=200 "GET /v1/models HTTP/1.1" 200
    scoring failed request_id=r-7
    Traceback (most recent call last): ...

Used by every format whose records end in free text. The message itself stays whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import duckdb

from clew.formats import Settings
from clew.formats._access import request_sql
from clew.formats._fields import Units, map_fields, quoted
from clew.formats._members import Shared
from clew.formats._pairs import pairs_sql, with_pair_fields
from clew.formats._traceback import COLUMNS, alone_sql, exception_struct_sql, printed_sql

TRACEBACK = "Traceback (most recent call last)"
HAS_STACK = (
    "(contains(text, chr(10)) AND (contains(text, 'Traceback (most recent call last)') "
    "OR contains(text, chr(10) || chr(9) || 'at ') OR contains(text, chr(10) || '    at ')))"
)
RAISED = "nullif(concat_ws(': ', raised.exception_type, raised.exception_message), '')"
"""The sentence of a traceback that no line of the log stands before."""
OTHER_STACK = r"(?s)(?:\n[^\n]*)?\n\s+at .*$"
"""A stack of Java or Node, and the line of its error."""
HAS_ID, HAS_REQUEST, HAS_PATH = (f"contains(message, '{word}')" for word in ("req", " HTTP/", " /"))
"""SQL of what stands in every message that says an id, a request line, a path."""
COOKIES = r"(?i)\b(?:set-)?cookie['\"]?\s{0,3}[:=][^\r\n]*"
"""A header whose pairs are a browser's, not the log's: its session is no session of ours."""
REQUEST_WORD = r"\breq[-_](?:[0-9A-Za-z-]*[0-9][0-9A-Za-z-]*|[0-9a-f]{8,})\b"
"""An id has a digit or is long and hexadecimal; `req-uest` is a word."""
REQUEST_LINE = r'"([A-Z]{3,7} [^" ]+ HTTP/[0-9.]+)"'
REQUEST_STATUS = r'HTTP/[0-9.]+"\s+([1-5][0-9]{2})\b'
FAILED_PATH = (
    r"\b(?:Exception on|Error handling request|Internal Server Error:|Bad Request:|Not Found:|"
    r"Forbidden:|Unauthorized:|Service Unavailable:) (/[^\s?]*)"  # Exception on /v1/predict
    r"(?:\?\S*)?(?: \[([A-Z]+)\])?"  # [POST]
)
"""What Flask, gunicorn and Django say of the request that raised."""
BARE_REQUEST = (
    r"\b(GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS) (/[^\s?\"]*)(?:\?\S*)?"  # POST /v1/chat
    r"(?: HTTP/[0-9.]+)?\"?(?: (?:->|=>|-|:|returned|status))*"  # ->
    r"(?: ([1-5][0-9]{2})\b)?(?: (?:[0-9]+|-) -)?"  # 503 12 -
    r"(?:,? \(?(?:in )?([0-9]+(?:\.[0-9]+)?) ?(ms|s)\b)?"  # (0.52s)
)
DONE_IN = (
    r"\b(?:done|completed|finished|succeeded|served|handled|processed|took) (?:in )?"  # done in
    r"([0-9]+(?:\.[0-9]+)?) ?(ms|s)\b"  # 512.1 ms
)


def with_pairs(records: str, columns: str, before: str = "") -> str:
    """SQL of a relation with these columns of `records`, its message and the message's pairs.

    `records` has the columns text and said (the first line's own sentence).

    before  one of the columns, which may hold pairs as well: `[trace_id=4f2a span_id=1b]`
    """
    source = f"(SELECT {columns}, text, {HAS_STACK} AS has_stack, {message_sql()} AS message "
    source += f"FROM {_with_following(records)})"
    bare = f"regexp_replace(message, {quoted(COOKIES)}, '', 'g')"
    said = f"CASE WHEN contains(message, 'ookie') THEN {bare} ELSE message END"
    if not before:
        return (
            f"SELECT * EXCLUDE (pairs_found, spoken) FROM (SELECT *, {pairs_sql('spoken')} "
            f"FROM (SELECT *, {said} AS spoken FROM {source}))"
        )
    both = (
        f"CASE WHEN contains({before}, '=') THEN concat_ws(' ', {before}, {said}) ELSE {said} END"
    )
    paired = f"SELECT *, {both} AS paired FROM {source}"
    return f"SELECT * EXCLUDE (paired, pairs_found) FROM (SELECT *, {pairs_sql('paired')} FROM ({paired}))"


def message_sql() -> str:
    """The sentence and the lines that follow it, up to a traceback."""
    is_stack = "contains(text, chr(9) || 'at ') OR contains(text, '    at ')"
    unstacked = f"regexp_replace(following, {quoted(OTHER_STACK)}, '')"
    rest = f"CASE WHEN {is_stack} THEN {unstacked} ELSE following END"
    drawn = f"regexp_replace({rest}, '\\s*(?:[+] Exception Group|╭─+) $', '')"
    rest = f"CASE WHEN ends_with(following, ' ') OR {is_stack} THEN {drawn} ELSE following END"
    bare = "replace(ltrim(said, ' +'), 'Exception Group ', '')"
    own = f"CASE WHEN starts_with({bare}, {quoted(TRACEBACK)}) THEN NULL ELSE said END"
    return (
        "CASE WHEN NOT contains(text, chr(10)) THEN said "
        f"ELSE nullif(rtrim(concat({own}, {rest}), chr(10) || ' '), '') END"
    )


def _with_following(records: str) -> str:
    """SQL of the same records and, as `following`, their lines behind the first one, up to a traceback."""
    before = f"split_part(text, {quoted(TRACEBACK)}, 1)"
    parted = (
        f"SELECT *, CASE WHEN contains(text, chr(10)) THEN {before} END AS before FROM {records}"
    )
    following = (
        "CASE WHEN contains(before, chr(10)) THEN substr(before, strpos(before, chr(10))) END"
    )
    return f"(SELECT *, {following} AS following FROM ({parted}))"


def message_columns(
    workbench: duckdb.DuckDBPyConnection,
    relation: str,
    settings: Settings,
    units: Units,
    *,
    renamed: Callable[[str], str] = str,
) -> tuple[str, dict[str, str]]:
    """A relation to select from, and the canonical columns and attributes that messages hold.

    renamed  what a pair's key is called, where that is not the key itself

    Tracebacks are few, dear and much the same: each is parsed once, apart from the records, then joined.
    """
    source, fields = with_pair_fields(workbench, relation)
    fields = [replace(item, name=renamed(item.name)) for item in fields]
    units.median = lambda number: _median(workbench, source, number)
    shared = Shared()
    columns = map_fields(fields, settings, units, share=shared)
    source = shared.table(source)
    for name in ("message", "timestamp", "timestamp_text"):
        columns.pop(name, None)
    found = _words(workbench, relation, columns)
    if not any_of(workbench, relation, "has_stack")[0]:
        found.append(f"NULL::STRUCT({', '.join(f'{name} VARCHAR' for name in COLUMNS)}) AS raised")
        return f"(SELECT *, {', '.join(found)} FROM {source})", columns
    _take_apart_stacks(workbench, relation)
    for name in COLUMNS:
        own = f"raised.{name}"
        columns[name] = f"coalesce({own}, {columns[name]})" if name in columns else own
    joined = f"{source} LEFT JOIN raised_errors ON stack_at = byte_offset"
    return f"(SELECT *{''.join(f', {one}' for one in found)} FROM {joined})", columns


def _words(
    workbench: duckdb.DuckDBPyConnection, relation: str, columns: dict[str, str]
) -> list[str]:
    """SQL of what is read from the words of a message, of which some message says any; offers it to the
    columns."""
    has_id, has_request, is_done, has_path = any_of(
        workbench,
        relation,
        HAS_ID,
        HAS_REQUEST,
        f"regexp_matches(message, {quoted(DONE_IN)})",
        HAS_PATH,
    )
    found = []
    if has_id:
        word = f"regexp_extract(message, {quoted(REQUEST_WORD)})"
        found.append(f"nullif(CASE WHEN {HAS_ID} THEN {word} END, '') AS req_word")
        _offer(columns, "request_id", "req_word")
    if has_request:
        found += _request_parts(columns)
    if is_done:
        found.append(f"regexp_extract(message, {quoted(DONE_IN)}, ['n', 'unit']) AS took")
        _offer(columns, "duration_ms", _milliseconds("took"))
    if has_path:
        found += _path_parts(columns)
    return found


def any_of(workbench: duckdb.DuckDBPyConnection, relation: str, *asked: str) -> list[bool]:
    """Of each of these conditions, whether a row of the relation meets it: what no message of a block
    says is not looked for in each of them."""
    each = ", ".join(f"EXISTS (SELECT 1 FROM {relation} WHERE {one})" for one in asked)
    (found,) = workbench.execute(f"SELECT {each}").fetchall()
    return list(found)


def _request_parts(columns: dict[str, str]) -> list[str]:
    """SQL of what a quoted request line says; offers it to the columns."""
    for name, sql in request_sql("req_line").items():
        _offer(columns, name, sql)
    _offer(columns, "http_status", "try_cast(req_status AS BIGINT)")
    line = f"regexp_extract(message, {quoted(REQUEST_LINE)}, 1)"
    status = f"regexp_extract(message, {quoted(REQUEST_STATUS)}, 1)"
    return [
        f"nullif(CASE WHEN {HAS_REQUEST} THEN {line} END, '') AS req_line",
        f"CASE WHEN {HAS_REQUEST} THEN {status} END AS req_status",
    ]


def _path_parts(columns: dict[str, str]) -> list[str]:
    """SQL of what words say of a request for a path; offers it to the columns."""
    for name, key in (("http_method", "method"), ("url_path", "path")):
        _offer(columns, name, f"coalesce(nullif(bare.{key}, ''), nullif(failed.{key}, ''))")
    _offer(columns, "http_status", "try_cast(bare.status AS BIGINT)")
    _offer(columns, "duration_ms", _milliseconds("bare"))
    failed = f"regexp_extract(message, {quoted(FAILED_PATH)}, ['path', 'method'])"
    names = "['method', 'path', 'status', 'n', 'unit']"
    bare = f"regexp_extract(message, {quoted(BARE_REQUEST)}, {names})"
    return [
        f"CASE WHEN {HAS_PATH} THEN {failed} END AS failed",
        f"CASE WHEN {HAS_PATH} THEN {bare} END AS bare",
    ]


def _milliseconds(found: str) -> str:
    return f"try_cast({found}.n AS DOUBLE) * CASE {found}.unit WHEN 's' THEN 1000 ELSE 1 END"


def _take_apart_stacks(workbench: duckdb.DuckDBPyConnection, relation: str) -> None:
    """Fills raised_errors with what the tracebacks of these records say, by the byte they begin at."""
    workbench.execute(
        f"CREATE OR REPLACE TEMP TABLE stacks AS SELECT byte_offset AS stack_at, {alone_sql('text')} AS stack "
        f"FROM {relation} WHERE has_stack"
    )
    (is_other,) = any_of(workbench, "stacks", f"NOT {printed_sql('stack')}")
    raised = exception_struct_sql("stack", is_printed=not is_other)
    parsed = f"SELECT stack, {raised} AS raised FROM (SELECT DISTINCT stack FROM stacks)"
    workbench.execute(
        "CREATE OR REPLACE TEMP TABLE raised_errors AS "
        f"SELECT stack_at, raised FROM stacks JOIN ({parsed}) USING (stack)"
    )


def _offer(columns: dict[str, str], name: str, sql: str) -> None:
    """A pair's value counts before one that was read from the words."""
    columns[name] = f"coalesce({columns[name]}, {sql})" if name in columns else sql


def _median(workbench: duckdb.DuckDBPyConnection, relation: str, number: str) -> float | None:
    found = workbench.execute(f"SELECT median({number}) FROM {relation}").fetchall()
    middle: float | None = found[0][0]
    return middle

"""Where a record of a call keeps its parts, and SQL that takes them out of it.

request, response            bodies: objects, or text that holds one, a stream or gzip of it
request_headers, response_headers, url, http_code
envelope                     the record without the bodies and headers
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from clew.formats import Settings
from clew.formats._calls.request import KNOWN as KNOWN_REQUEST
from clew.formats._calls.response import KNOWN as KNOWN_ANSWER
from clew.formats._fields import quoted
from clew.formats._json_text import document_of
from clew.formats._time import timestamp_sql

BESIDE = ("body", "headers", "url", "uri", "method", "json", "status_code", "chunks", "events")
"""Members that make a request or a response more than its body; so does a status that is a number."""
MOST_TEXT = 2_000
"""Characters that are kept of a body that is none: a form, a page."""
Pointers = tuple[str, ...]
"""RFC 6901; the first that holds something counts. "" is the record itself."""


OPERATION_OF_KIND = {
    "LLM": "chat", "CHAT_MODEL": "chat", "EMBEDDING": "embeddings", "RERANKER": "rerank",
    "TOOL": "execute_tool", "AGENT": "invoke_agent", "RETRIEVER": "retrieval", "CHAIN": "invoke_workflow",
}  # fmt: skip
"""Kinds of spans as OpenInference, MLflow and LangSmith name them, and what they are."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a source of call records looks like.

    keys      pointers that tell its records from others: all of one of these groups must be there
    names     the source's own names: column, or column:unit for durations; "" for no column
    request, response, request_headers, response_headers, url, status  where the parts stand
    derived   canonical column to SQL over `document`, where a name alone cannot say it
    is_plain  text that is no JSON is the prompt or the answer itself, not a form or a page
    spent     pointers of more that the columns have read whole, and the envelope need not keep
    fixed     canonical column to a SQL value, where the record and its parts say nothing
    provider  where the source has only one
    reshape   SQL of another document made from `document`, where no pointer can say it; else ""
    tables    columns that tell a table of such records, as `keys`; () where there is none
    told      members of a page that hold for every record it lists
    """

    keys: tuple[Pointers, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    request: Pointers = ()
    response: Pointers = ()
    request_headers: Pointers = ()
    response_headers: Pointers = ()
    url: Pointers = ()
    status: Pointers = ()
    spent: Pointers = ()
    fixed: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    is_plain: bool = False
    provider: str = ""
    reshape: str = ""
    tables: tuple[Pointers, ...] = ()
    told: tuple[str, ...] = ()


def make_parts(bench: duckdb.DuckDBPyConnection, layout: Layout, records: str, table: str) -> None:
    """Makes a temporary table of line, byte_offset, text (where it is no JSON), is_call, the parts, and
    the envelope. What a record holds is taken out of it in one pass."""
    bench.execute(
        f"CREATE OR REPLACE TEMP TABLE {table}_documents AS SELECT line, byte_offset, "
        f"{document_of('text')} AS document, CASE WHEN document IS NULL THEN text END AS text "
        f"FROM {records}"
    )
    document = layout.reshape or "document"
    own = "".join(f", {sql} AS own_{column}" for column, sql in layout.derived.items())
    bench.execute(
        f"CREATE OR REPLACE TEMP TABLE {table}_found AS SELECT line, byte_offset, text, "
        "json_type(document) = 'OBJECT' AS is_object, json_extract(document, "
        f"{_listed(_pointers(layout))}) AS found, {_envelope(layout)} AS envelope{own} FROM "
        f"(SELECT line, byte_offset, text, {document} AS document FROM {table}_documents)"
    )
    at = {pointer: f"found[{n}]" for n, pointer in enumerate(_pointers(layout), start=1)}

    def first(pointers: Sequence[str]) -> str:
        some = [f"CASE WHEN {_is_filled(at[p], p, pointers)} THEN {at[p]} END" for p in pointers]
        return f"coalesce({', '.join(some)})" if some else "NULL::JSON"

    groups = [" AND ".join(f"{at[p]} IS NOT NULL" for p in group) for group in layout.keys]
    carried = "".join(f", own_{column}" for column in layout.derived)
    url, status = first(layout.url), f"(({first(layout.status)})->>'$')"
    bench.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS "
        f"SELECT * EXCLUDE (asked_with, answered_with), {_request(layout)} AS request, "
        f"{_response(layout)} AS response, "
        f"CASE WHEN json_type(asked_with) = 'VARCHAR' THEN left((asked_with->>'$'), {MOST_TEXT}) END AS request_text, "
        f"CASE WHEN json_type(answered_with) = 'VARCHAR' THEN left((answered_with->>'$'), {MOST_TEXT}) END "
        "AS response_text FROM ("
        f"SELECT line, byte_offset, text, envelope{carried}, "
        f"{_object_or_text(first(layout.request))} AS asked_with, "
        f"{_object_or_text(first(layout.response))} AS answered_with, "
        f"{first(layout.request_headers)} AS request_headers, "
        f"{first(layout.response_headers)} AS response_headers, "
        f"(({url})->>'$') AS url, "
        f"try_cast(nullif(regexp_extract({status}, '^ *([1-5][0-9][0-9])', 1), '') AS BIGINT) AS http_code, "
        f"coalesce({' OR '.join(f'({group})' for group in groups)}, false) AND "
        f"coalesce(is_object, false) AS is_call FROM {table}_found)"
    )


def _is_filled(found: str, pointer: str, among: Sequence[str]) -> str:
    """SQL of whether a part stands there. What may hold a body may be one: then it has none of the
    members that stand beside a body."""
    if not any(other.startswith(pointer + "/") for other in among):
        return f"json_type({found}) <> 'NULL'"
    has_status = f"coalesce(json_type({found}, '/status') = 'UBIGINT', false)"
    has_more = f"(list_has_any(json_keys({found}), {_listed(BESIDE)}) OR {has_status})"
    return f"json_type({found}) <> 'NULL' AND NOT (json_type({found}) = 'OBJECT' AND {has_more})"


def _pointers(layout: Layout) -> list[str]:
    """Every pointer of the layout, once."""
    named = (
        layout.request, layout.response, layout.request_headers, layout.response_headers, layout.url,
        layout.status, *layout.keys,
    )  # fmt: skip
    return list(dict.fromkeys(pointer for pointers in named for pointer in pointers))


def _listed(texts: Sequence[str]) -> str:
    return "[" + ", ".join(quoted(text) for text in texts) + "]"


def has_keys(layout: Layout, document: Mapping[str, object]) -> bool:
    """Whether a record has one group of the keys that tell the source's own ones."""
    return any(all(_has(document, pointer) for pointer in group) for group in layout.keys)


def is_table(layout: Layout, header: Mapping[str, object]) -> bool:
    """Whether the names of a table's columns are those of the source's own export."""
    return any(all(_has(header, pointer) for pointer in group) for group in layout.tables)


def _has(document: object, pointer: str) -> bool:
    for key in pointer.split("/")[1:]:
        if not isinstance(document, Mapping) or _plain(key) not in document:
            return False
        document = document[_plain(key)]
    return True


def counted(*pointers: str) -> str:
    """SQL of the first count that stands at one of these pointers of `document`."""
    found = ", ".join(f"(document->>{quoted(pointer)})" for pointer in pointers)
    number = f"try_cast(coalesce({found}) AS BIGINT)"
    return f"CASE WHEN {number} BETWEEN 0 AND 1000000000 THEN {number} END"


def operation_of_kind(kind: str) -> str:
    """SQL of the operation of a span, from its kind as tracing tools name it, in any case.

    >>> operation_of_kind("kind").startswith("CASE upper(kind) WHEN 'LLM' THEN 'chat'")
    True
    """
    branches = " ".join(
        f"WHEN '{name}' THEN '{means}'" for name, means in OPERATION_OF_KIND.items()
    )
    return f"CASE upper({kind}) {branches} END"


def elapsed_ms(began: str, ended: str) -> str:
    """SQL of the milliseconds between two times of `document`; NULL where the end comes first."""
    told = Settings()
    first, last = (
        f"epoch_us({timestamp_sql(f'(document->>{quoted(pointer)})', told)})"
        for pointer in (began, ended)
    )
    return f"CASE WHEN {last} >= {first} THEN ({last} - {first}) / 1e3 END"


def _object_or_text(found: str) -> str:
    """Numbers and claims are no bodies."""
    return f"CASE WHEN json_type({found}) IN ('OBJECT', 'ARRAY', 'VARCHAR') THEN {found} END"


def _request(layout: Layout) -> str:
    """SQL of the request's body: messages alone, or a prompt alone, become a body that has them."""
    found = "asked_with"
    speaks = f"coalesce(({found}->0->'role'), ({found}->0->'content')) IS NOT NULL"
    plain = f"CASE json_type({found}) WHEN 'ARRAY' THEN CASE WHEN {speaks} THEN json_object('messages', {found}) END"
    if layout.is_plain:
        plain += f" WHEN 'VARCHAR' THEN json_object('prompt', {found})"
    return f"coalesce(CASE WHEN {speaks} THEN NULL ELSE {_body(found)} END, {plain} END)"


def _response(layout: Layout) -> str:
    """SQL of the answer's body: a message alone, or words alone, become a body that has them."""
    found = "answered_with"
    is_message = (
        f"json_type({found}) = 'OBJECT' AND ({found}->>'role') IS NOT NULL AND ({found}->>'type') IS NULL "
        f"AND coalesce(({found}->'choices'), ({found}->'usage')) IS NULL"
    )
    plain = f"CASE WHEN {is_message} THEN json_object('message', {found}) ELSE {_body(found)} END"
    if layout.is_plain:
        words = (
            f"CASE WHEN json_type({found}) = 'VARCHAR' THEN json_object('output_text', {found}) END"
        )
        plain = f"coalesce({plain}, {words})"
    return plain


def _body(found: str) -> str:
    """SQL of the body as a JSON object. Text that is not one goes to Python, which knows streams."""
    text = f"({found}->>'$')"
    return (
        f"CASE json_type({found}) "
        f"WHEN 'OBJECT' THEN {found} "
        f"WHEN 'ARRAY' THEN try_cast(clew_whole_body({found}::VARCHAR) AS JSON) "
        f"WHEN 'VARCHAR' THEN coalesce(CASE WHEN starts_with(ltrim({text}), '{{') "
        f"THEN try_cast({text} AS JSON) END, try_cast(clew_whole_body({text}) AS JSON)) END"
    )


def _envelope(layout: Layout) -> str:
    """SQL of the record without what is read elsewhere; objects that are empty then go too."""
    spent = [
        p
        for p in (
            *layout.request, *layout.response, *layout.request_headers, *layout.response_headers, *layout.spent,
            *layout.url,
        )
        if p
    ]  # fmt: skip
    if "" in (*layout.request, *layout.response):
        known = f"{KNOWN_ANSWER if '' in layout.response else KNOWN_REQUEST}"
        spent = [*spent, *(f"/{name}" for name in json.loads(known))]
    spent = [p for p in spent if not any(other.startswith(p + "/") for other in spent)]
    if not spent:
        return "document"
    flat = [p.removeprefix("/") for p in spent if p.count("/") == 1]
    nested: dict[str, list[str]] = {}
    for pointer in spent:
        _, first, *rest = pointer.split("/")
        if rest and first not in flat:
            nested.setdefault(first, []).append("/".join(rest))
    paths = [*flat, *(f"{first}/{rest}" for first, all_ in nested.items() for rest in all_)]
    quick = f"json_merge_patch(document, {quoted(_patch(paths))})"
    members = []
    for name, inner in nested.items():
        whole = f"json_extract(document, {quoted('/' + name)})"
        rest_of = f"nullif(json_merge_patch({whole}, {quoted(_patch(inner))}), '{{}}')"
        members.append(
            f"{quoted(_plain(name))}, CASE json_type({whole}) WHEN 'OBJECT' THEN {rest_of} ELSE {whole} END"
        )
    exact = f"json_merge_patch(document, {quoted(_patch([*flat, *nested]))}"
    exact += f", json_object({', '.join(members)}))" if members else ")"
    is_plain = "json_type(document) = 'OBJECT'"
    if not nested:
        return f"CASE WHEN {is_plain} THEN {quick} ELSE document END"
    parents = f"json_type(document, {_listed(['/' + name for name in nested])})"
    same = _listed(["OBJECT"] * len(nested))
    emptied = f"{quick}::VARCHAR"
    for name in nested:
        key = json.dumps(_plain(name), ensure_ascii=False)
        emptied = f"replace({emptied}, {quoted(key + ':{}')}, {quoted(key + ':null')})"
    return (
        f"CASE WHEN {parents} = {same} THEN {emptied}::JSON WHEN {is_plain} THEN {exact} "
        "ELSE document END"
    )


def _patch(paths: Sequence[str]) -> str:
    """The merge patch that removes these paths, such as `body` and `log/entry`."""
    patch: dict[str, object] = {}
    for path in paths:
        inner = patch
        *parents, last = path.split("/")
        for parent in parents:
            found = inner.setdefault(_plain(parent), {})
            inner = found if isinstance(found, dict) else {}
        inner[_plain(last)] = None
    return json.dumps(patch)


def _plain(key: str) -> str:
    """A key as it is, from one of a pointer."""
    return key.replace("~1", "/").replace("~0", "~")

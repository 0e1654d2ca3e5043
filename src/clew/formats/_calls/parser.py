"""The parser that all formats of API calls share: where a record keeps its parts, and one SELECT.

A format says in a `Layout` by which of its keys a record is known, which of its own names mean which
column, and where the bodies and headers stand. Bodies are read by the modules beside this one: request, response,
usage and errors, whatever the source; everything else of the record goes through the
parser of JSON lines, so that no key is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import duckdb

from clew.formats import Settings
from clew.formats._calls.entries import (
    PAGES,
    Json,
    entries_of_pages,
    header_of,
    listed,
    records_of,
    rows_of_table,
)
from clew.formats._calls.errors import asked_wait, error_class, with_error
from clew.formats._calls.headers import answered_at, header_columns, with_headers
from clew.formats._calls.headers import leftover as left_headers
from clew.formats._calls.hosts import (
    host_of,
    provider_of_body,
    provider_of_host,
    provider_of_path,
    url_columns,
)
from clew.formats._calls.parts import Layout, has_keys, is_table, make_parts
from clew.formats._calls.request import request_columns, with_request
from clew.formats._calls.response import (
    IS_IMAGE,
    IS_VECTOR,
    VECTORS,
    left_choices,
    response_columns,
    with_response,
)
from clew.formats._calls.response import leftover as left_response
from clew.formats._calls.streams import whole_body
from clew.formats._calls.usage import with_usage
from clew.formats._fields import quoted, spelling_of
from clew.formats._functions import make_known
from clew.formats._json import JsonParser
from clew.formats._json_head import elements, share_of
from clew.formats._members import columns_of
from clew.formats._records import Records
from clew.formats._time import timestamp_sql
from clew.model.event import BY_NAME
from clew.model.vocabulary import Spelling

BODY_FIRST = frozenset({
    "input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "response_model", "response_id", "finish_reason", "prompt", "completion",
    "input_messages", "output_messages", "max_tokens", "usage_details", "error_type", "status_message",
})  # fmt: skip
"""Columns in which the provider's own body counts before what the recorder wrote beside it."""

FORM_MODEL = (
    "nullif(regexp_extract(request_text, 'name=\"model\"\\s+([\\w./:@-]+)\\s*(?:\\n|$)', 1), '')"
)
"""SQL of the model that a form with a file asks for."""


@dataclass(slots=True)
class CallsParser:
    """Parses records that are JSON objects and hold the parts of a call."""

    settings: Settings
    layout: Layout
    elements: Literal["array", "documents"] | None = None
    table: str = "call_parts"
    envelope: JsonParser = field(init=False)

    def __post_init__(self) -> None:
        spell = partial(_spelled, {name.lower(): said for name, said in self.layout.names.items()})
        self.envelope = JsonParser(self.settings, table="call_envelopes", spell=spell)

    def heads(self, lines: object) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        make_known(workbench, "clew_whole_body", whole_body)
        make_parts(workbench, self.layout, records, self.table)
        workbench.execute(f"CREATE OR REPLACE TEMP TABLE call_columns AS {self._read(self.table)}")
        envelope = self.envelope.select(
            workbench, "(SELECT line, byte_offset, envelope AS text FROM call_columns)"
        )
        names = set(columns_of(workbench, envelope))
        return self._completed(envelope, names)

    def _read(self, relation: str) -> str:
        """SQL of what bodies, headers and URL say, one column each, and the envelope that is left."""
        provider = (
            f"coalesce({quoted(self.layout.provider) if self.layout.provider else 'NULL'}, "
            f"{provider_of_host(host_of('url'))}, {provider_of_path('url')}, {provider_of_body()})"
        )
        source = with_headers(f"(SELECT * FROM {relation})")
        source = with_request(f"({source})")
        source = with_response(f"({source})")
        source = with_error(f"({source})")
        source = with_usage(f"(SELECT *, {provider} AS provider FROM ({source}))")
        columns = _columns(self.settings, self.layout)
        picked = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        rest = {
            "response": "NULL" if "" in self.layout.response else left_response(),
            "response.choices": left_choices(),
            "request.body": "CASE WHEN request IS NULL THEN to_json(request_text) END",
            "response.body": "CASE WHEN response IS NULL AND e IS NULL THEN to_json(response_text) END",
            "request.headers": left_headers("asked"),
            "response.headers": left_headers("told"),
            "response.error": "e.rest",
            "response.error_code": "CASE WHEN e.code <> e.type THEN to_json(e.code) END",
            "usage_problem": f"to_json(nullif(concat_ws('; ', {_problems()}), ''))",
        }
        additions = ", ".join(f"{quoted(name)}, {sql}" for name, sql in rest.items())
        kept = "envelope"
        if "" in self.layout.response:
            kept = (
                f"CASE WHEN {IS_VECTOR} IS NOT NULL OR {IS_IMAGE} "
                f"THEN json_merge_patch(envelope, {VECTORS}) ELSE envelope END"
            )
        envelope = (
            f"CASE WHEN is_call THEN json_merge_patch({kept}, "
            f"json_merge_patch('{{}}'::JSON, json_object({additions})))::VARCHAR ELSE "
            f"coalesce(envelope::VARCHAR, text) END"
        )
        return (
            f"SELECT line, byte_offset, is_call, {envelope} AS envelope, provider AS provider, "
            f"e.code AS error_code, {picked} FROM ({source})"
        )

    def _completed(self, envelope: str, names: set[str]) -> str:
        """SQL that puts what the recorder wrote and what the bodies say into one row."""
        own = {**_columns(self.settings, self.layout), "provider": ""}
        body_first = BODY_FIRST | set(self.layout.derived)
        found: dict[str, str] = {}
        for name in sorted({*own, *names} - {"line", "byte_offset", "reject"}):
            if name not in own:
                found[name] = f"v.{name}"
            elif name not in names:
                found[name] = f"c.{name}"
            else:
                order = ("c", "v") if name in body_first else ("v", "c")
                found[name] = f"coalesce({order[0]}.{name}, {order[1]}.{name})"
        for name, sql in self.layout.fixed.items():
            found[name] = f"coalesce({found[name]}, {sql})" if name in found else sql
        found["model"] = f"coalesce({found['model']}, {found['response_model']})"
        told = found["timestamp_text"]
        late = timestamp_sql("c.timestamp_text", self.settings)
        found["timestamp"] = f"coalesce({'v.timestamp, ' if 'timestamp' in names else ''}{late})"
        found["timestamp_text"] = told
        words = [
            found[name]
            for name in ("error_type", "status_message", "exception_type", "exception_message")
            if name in found
        ]
        heard = f"concat_ws(' ', c.error_code, {', '.join(words)})"
        status = found["http_status"]
        failed = [f"{status} >= 400", *(f"{word} IS NOT NULL" for word in words[:1] + words[2:])]
        if "status" in found:
            failed.append(f"{found['status']} = 'error'")
        found["is_failed"] = (
            f"coalesce({', '.join(f'nullif({one}, false)' for one in failed)}, false)"
        )
        is_own = "c.is_call"
        reject = (
            f"CASE WHEN v.reject IS NOT NULL THEN v.reject WHEN NOT {is_own} "
            "THEN 'a JSON object, but no API call of this source' END"
        )
        picked = ", ".join(f"{sql} AS {name}" for name, sql in found.items())
        kept = [name for name in found if name not in ("is_failed", "status", "error_class")]
        stated = "status" if "status" in found else "NULL"
        given = "error_class" if "error_class" in found else "NULL"
        return (
            f"SELECT line, byte_offset, reject, {', '.join(kept)}, "
            f"CASE WHEN is_failed THEN 'error' ELSE coalesce({stated}, "
            "CASE WHEN http_status BETWEEN 200 AND 399 THEN 'ok' END) END AS status, "
            f"CASE WHEN is_failed THEN coalesce({given}, "
            f"{error_class('http_status', 'heard')}) END AS error_class FROM ("
            f"SELECT v.line, v.byte_offset, {reject} AS reject, {heard} AS heard, {picked} "
            f"FROM ({envelope}) v JOIN call_columns c USING (byte_offset))"
        )


@dataclass(slots=True)
class EntriesParser(CallsParser):
    """Reads the file by itself.

    entries_of  the entries of a file; raises InputError with what is wrong with it
    """

    entries_of: Callable[[Path], Iterator[Json]] = lambda path: iter(())

    def read(self, bench: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Records]:
        """The entries as records whose text is JSON."""
        return records_of(self.entries_of(path))


def sniff(head: bytes, layout: Layout) -> float:
    """Share of the first records that are the source's own, surer than JSON lines and whole exchanges."""
    if is_table(layout, header_of(head)):
        return 0.98
    return 0.98 * share_of(head, partial(_is_own, layout))


def share_of_own(head: bytes, is_own: Callable[[dict[str, Json]], bool]) -> float:
    """Share of the first records, alone or in pages, that a source tells by more than their keys."""
    return share_of(
        head, lambda found: is_own(found) or all(is_own(one) for one in listed(found) or [{}])
    )


def parse(head: bytes, settings: Settings, layout: Layout) -> CallsParser:
    """A parser of the source's records: one a line, in one array, one after the other, in pages, or as
    the rows of a table."""
    if is_table(layout, header_of(head)):
        return of_entries(settings, layout, rows_of_table)
    if share_of(head, partial(_is_page, layout)) > 0.5:
        return of_entries(settings, layout, partial(entries_of_pages, told=layout.told))
    return CallsParser(settings, layout, elements=elements(head))


def of_entries(
    settings: Settings, layout: Layout, entries_of: Callable[[Path], Iterator[Json]]
) -> EntriesParser:
    """A parser that reads entries from the file."""
    return EntriesParser(settings, layout, entries_of=entries_of)


def _is_own(layout: Layout, document: Mapping[str, object]) -> bool:
    return has_keys(layout, document) or _is_page(layout, document)


def _is_page(layout: Layout, document: Mapping[str, object]) -> bool:
    """Whether a document that is no record lists some. Of one that the head cuts off, only the names
    of its members are known, however deep."""
    found = listed(document)
    if found is not None:
        return not has_keys(layout, document) and all(has_keys(layout, one) for one in found[:20])
    is_cut = bool(document) and all(value == {} for value in document.values())
    return is_cut and any(name in document for name in PAGES) and has_keys(layout, document)


def _columns(settings: Settings, layout: Layout) -> dict[str, str]:
    """Canonical column to SQL of what bodies, headers and URL say, the surest first."""
    found: dict[str, list[str]] = {}
    for source in (request_columns(), response_columns(), url_columns("url")):
        for name, sql in source.items():
            found.setdefault(name, []).append(sql)
    found["service_tier"].reverse()
    for name, rivals in header_columns(settings).items():
        found[name] = [*rivals, *found.get(name, [])]
    found["model"].append(FORM_MODEL)
    blocked = "a.promptFeedback.blockReason"
    found["error_type"] = ["e.type", blocked]
    found["status_message"] = ["e.said", f"'the prompt was blocked: ' || {blocked}"]
    found["retry_after_s"].append(asked_wait())
    found["timestamp_text"].append(answered_at())
    found["http_status"] = ["http_code"]
    for name in layout.derived:
        found[name] = [f"own_{name}", *found.get(name, [])]
    return {
        name: rivals[0] if len(rivals) == 1 else f"coalesce({', '.join(rivals)})"
        for name, rivals in found.items()
        if name in BY_NAME
    }


def _problems() -> str:
    """SQL of what of the usage could not be read, in a few words each."""
    is_answer = "answers IS NOT NULL AND e IS NULL AND coalesce(http_code, 200) < 400"
    is_blob = (
        "request IS NOT NULL AND response IS NULL AND response_text <> '' AND coalesce(http_code, 200) < 400 "
        "AND NOT contains(coalesce(url, ''), '/audio/')"
    )
    return (
        "usage_problem, CASE WHEN a.clew_stream.is_cut THEN 'the stream was cut off' END, "
        f"CASE WHEN {is_blob} THEN 'the answer is neither JSON nor a stream' END, "
        f"CASE WHEN {is_answer} AND usage IS NULL THEN 'the answer states no usage' END, "
        "CASE WHEN usage IS NOT NULL AND coalesce(a.model, a.modelVersion, a.model_version, q.model, "
        f"q.modelId, {FORM_MODEL}) IS NULL "
        "AND coalesce(url, '') NOT SIMILAR TO '.*/(model|models|deployments)/.*' "
        "THEN 'usage without a model' END, "
        "CASE WHEN upper(u.currency) <> 'USD' THEN 'the cost is in ' || left(u.currency, 20) END"
    )


def _spelled(names: Mapping[str, str], name: str) -> Spelling | None:
    """The layout's own names first; then those that every source uses."""
    said = names.get(name.lower())
    if said is None:
        return spelling_of(name)
    column, _, unit = said.partition(":")
    return Spelling(column, unit, -10) if column else None

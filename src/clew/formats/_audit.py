"""Audit logs: JSON records that say who did what, from where, and whether it was allowed.

A format says in an `AuditLayout` by which of its keys a record is known, which of its names are which
column, and what only SQL can say. Records stand one a line, in one array, one after the other, or in
the list of an envelope: {"Records": [...]}, or in messages of a queue or a log service (`_carriers`).
There are no lines then: the ledger counts records.
Names that no column takes stay attributes, and so do those that the vocabulary does not know under the
column that they fill: rules and searches may ask for them by the vendor's own name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import duckdb

from clew.formats import Settings
from clew.formats._calls.entries import text_of
from clew.formats._carriers import carried, documents
from clew.formats._fields import quoted
from clew.formats._json import JsonParser
from clew.formats._json_head import elements, share_of
from clew.formats._json_text import document_of
from clew.formats._members import columns_of
from clew.formats._records import Records, records_of_texts
from clew.model.event import BY_NAME, OWN
from clew.model.vocabulary import Spelling, unwrapped

ENTRIES = 10_000
WORDED = ("severity", "status", "action", "operation", "protocol", "transport", "span_kind", "stage_status",
          "change_type")  # fmt: skip
"""Columns of few words of ours: what a vendor calls so is an attribute unless its layout says it."""
Json = Any
"""What JSON can be: dict, list, str, int, float, bool or None."""


@dataclass(frozen=True, slots=True)
class AuditLayout:
    """What an audit log looks like.

    keys      pointers (RFC 6901) that tell its records: all of one of these groups must be there
    values    pointer to the texts of which one must stand there, if anything does
    names     the source's own names, dotted where nested: the column, or column:unit for durations
    texts     canonical column to pointers, the first that holds text counts; they stay attributes too
    derived   canonical column to SQL over `document`
    lists     keys of an envelope whose list holds the records
    inside    key under which a record of that list may stand as text; else ""
    reshape   SQL of another document made from `document`, where records are wrapped; else ""
    """

    keys: tuple[tuple[str, ...], ...]
    names: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    inside: str = ""
    reshape: str = ""


@dataclass(slots=True)
class AuditParser:
    """Parses records that are JSON objects, one each."""

    settings: Settings
    layout: AuditLayout
    elements: Literal["array", "documents"] | None = None
    table: str = "audit_documents"
    inner: JsonParser = field(init=False)

    def __post_init__(self) -> None:
        names = {name.lower(): said for name, said in self.layout.names.items()}
        self.inner = JsonParser(self.settings, table="audit_fields", spell=partial(_spelled, names))

    def heads(self, lines: object) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        document = self.layout.reshape or "document"
        workbench.execute(
            f"CREATE OR REPLACE TEMP TABLE {self.table} AS SELECT line, byte_offset, text, "
            f"{document} AS document FROM "
            f"(SELECT line, byte_offset, text, {document_of('text')} AS document FROM {records})"
        )
        told = {column: _first(pointers) for column, pointers in self.layout.texts.items()}
        told |= self.layout.derived
        picked = "".join(f", {sql} AS {column}" for column, sql in told.items())
        workbench.execute(
            f"CREATE OR REPLACE TEMP TABLE audit_columns AS SELECT byte_offset, "
            f"{self._is_own()} AS is_own{picked} FROM {self.table}"
        )
        inner = self.inner.select(
            workbench,
            "(SELECT line, byte_offset, coalesce(document::VARCHAR, text) AS text "
            f"FROM {self.table})",
        )
        names = columns_of(workbench, inner)
        found = {name: f"v.{name}" for name in names if name not in ("line", "byte_offset")}
        for column in told:
            found[column] = (
                f"coalesce(d.{column}, v.{column})" if column in names else f"d.{column}"
            )
        found["reject"] = (
            "CASE WHEN v.reject IS NOT NULL THEN v.reject WHEN NOT d.is_own "
            "THEN 'a JSON object, but no record of this audit log' END"
        )
        columns = ", ".join(f'{sql} AS "{name}"' for name, sql in found.items())
        return (
            f"SELECT v.line, v.byte_offset, {columns} "
            f"FROM ({inner}) v JOIN audit_columns d USING (byte_offset)"
        )

    def _is_own(self) -> str:
        groups = [
            " AND ".join(f"json_type(document, {quoted(p)}) IS NOT NULL" for p in group)
            for group in self.layout.keys
        ]
        own = " OR ".join(f"({group})" for group in groups)
        for pointer, values in self.layout.values.items():
            listed = ", ".join(quoted(value) for value in sorted(values))
            is_other = f"json_type(document, {quoted(pointer)}) <> 'VARCHAR'"
            own = f"({own}) AND coalesce({is_other} OR (document->>{quoted(pointer)}) IN ({listed}), true)"
        return f"coalesce({own}, false)"


@dataclass(slots=True)
class EnvelopeParser(AuditParser):
    """Reads a file whose documents hold the records in a list, or carry them as messages."""

    def read(self, bench: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Records]:
        """The records, written out as their own JSON objects."""
        number = 0
        texts: list[str] = []
        for record in self._records(path):
            texts.append(record if isinstance(record, str) else json.dumps(record))
            if len(texts) >= ENTRIES:
                yield records_of_texts(texts, number)
                number, texts = number + len(texts), []
        if texts:
            yield records_of_texts(texts, number)

    def _records(self, path: Path) -> Iterator[Json]:
        for document in documents(text_of(path)):
            for page in document if isinstance(document, list) else [document]:
                yield from self._of_page(page)

    def _of_page(self, page: Json) -> Iterator[Json]:
        inside = carried(page)
        if inside is not None:
            for one in inside:
                yield from [one] if one is page else self._of_page(one)
            return
        listed = _listed(self.layout, page)
        yield from [page] if listed is None else map(self._unwrapped, listed)

    def _unwrapped(self, record: Json) -> Json:
        """The record that stands in another as text; what is no JSON object stays as it is."""
        text = record.get(self.layout.inside) if isinstance(record, Mapping) else None
        if not self.layout.inside or not isinstance(text, str):
            return record
        try:
            found = json.loads(text)
        except ValueError:
            return record
        return found if isinstance(found, Mapping) else record


def sniff(head: bytes, layout: AuditLayout) -> float:
    """Share of the first records that are the source's own, surer than JSON lines and calls."""
    return 0.99 * share_of(head, partial(_is_own, layout))


def parse(head: bytes, settings: Settings, layout: AuditLayout) -> AuditParser:
    """A parser of records alone, or of envelopes that list them."""
    if share_of(head, partial(_is_envelope, layout)) > 0.5:
        return EnvelopeParser(settings, layout)
    return AuditParser(settings, layout, elements=elements(head))


def login_class(is_failed: str) -> str:
    """SQL of the class of an error by which credentials were refused."""
    return f"CASE WHEN {is_failed} THEN 'auth' END"


def address(text: str) -> str:
    """SQL of an address; NULL where a service's name stands in its place."""
    return f"CASE WHEN regexp_full_match({text}, '[0-9a-fA-F.:]+') THEN {text} END"


def _is_own(layout: AuditLayout, document: Mapping[str, Json]) -> bool:
    inside = carried(document)
    listed = _listed(layout, document) if inside is None else inside
    if listed is not None:
        some = [one for one in listed[:20] if isinstance(one, dict)]
        return bool(some) and all(_is_own(layout, one) for one in some)
    is_cut = bool(document) and all(value == {} for value in document.values())
    if is_cut:  # the names of all members, however deep
        return any(
            all(name in document for pointer in group for name in pointer.split("/")[1:])
            for group in layout.keys
        )
    if not any(all(_at(document, p) is not None for p in group) for group in layout.keys):
        return False
    told = {pointer: _at(document, pointer) for pointer in layout.values}
    return all(
        not isinstance(value, str) or value in layout.values[pointer]
        for pointer, value in told.items()
    )


def _is_envelope(layout: AuditLayout, document: Mapping[str, Json]) -> bool:
    return carried(document) is not None or any(
        isinstance(document.get(name), list) or document.get(name) == {} for name in layout.lists
    )


def _listed(layout: AuditLayout, document: Json) -> list[Json] | None:
    """The records that an envelope holds; None where the document is none."""
    if not isinstance(document, Mapping):
        return None
    found = (document.get(name) for name in layout.lists)
    return next((listed for listed in found if isinstance(listed, list)), None)


def _at(document: Json, pointer: str) -> Json:
    for name in pointer.split("/")[1:]:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name.replace("~1", "/").replace("~0", "~"))
    return document


def _first(pointers: tuple[str, ...]) -> str:
    """SQL of the first text at one of these places; objects, lists and empty text are none."""
    found = [
        f"CASE WHEN json_type(document, {quoted(p)}) NOT IN ('OBJECT', 'ARRAY') "
        f"THEN nullif(document->>{quoted(p)}, '') END"
        for p in pointers
    ]
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def _spelled(names: Mapping[str, str], name: str) -> Spelling | None:
    """The layout's own names, and those of canonical columns; an audit log's `target` is no path."""
    column, _, unit = names.get(name.lower(), "").partition(":")
    if column:
        return Spelling(column, unit, list(names).index(name.lower()))
    plain = unwrapped(name)
    is_text = plain in BY_NAME and BY_NAME[plain].kind == "text"
    return Spelling(plain, "", len(names)) if is_text and plain not in (*OWN, *WORDED) else None

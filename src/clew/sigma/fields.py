"""A name in a rule to values of events, and what the case has of it.

A name may have several values in an event: the key as a source wrote it, and the canonical columns
that it stands for. A test holds where it holds for one of them; as a key of a group the first that
is there counts. Of a list, a test holds where it holds for one of its items (`items`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.model.event import BY_NAME, OWN
from clew.model.json_lists import at_path, json_joined
from clew.model.views import attribute
from clew.model.vocabulary import resolve
from clew.query.scope import Subject
from clew.sigma.items import Inner
from clew.sigma.known import Known
from clew.sigma.reading import LogSource
from clew.sigma.taxonomy import EXTENSION, FULL_URL, MADE, ONLY_HERE, URL, named
from clew.sigma.testing import Tail

KEYWORDS = (
    "message", "prompt", "completion", "exception_message", "exception_stacktrace", "user_agent",
    "referer", "db_query", "tool_name", "tool_arguments", "tool_result", "event_name", "error_type",
    "status_message", "span_name", "logger", "service", "host", "user_id", "client_ip",
    "server_address",
)  # fmt: skip
"""Columns, beside the URL and attributes, in which a keyword is looked for."""

WRITTEN = "timestamp_text"
"""Where a time stands as the source wrote it."""


class Fields:
    """The fields of one rule over a table of events. `known` None: every column may be there."""

    def __init__(self, table: ir.Table, source: LogSource, known: Known | None) -> None:
        self.table, self.source, self.known = table, source, known
        self.found: dict[str, list[Subject]] = {}

    def find(self, name: str) -> list[Subject]:
        """The values that the name stands for, the surest first; none where the case has none."""
        if name not in self.found:
            self.found[name] = self._find(name)
        return self.found[name]

    def _find(self, name: str) -> list[Subject]:
        keys = self.known.keys(name, self.source) if self.known else []
        found: list[Subject] = []
        for key in keys:
            value = attribute(self.table.attributes, key)
            may_list = self.known is None or self.known.lists is None or key in self.known.lists
            found.append(Subject(name, value, "attribute" if may_list else "text"))
        found += self._inside(name)
        found += self._of_objects(name)
        return [*found, *self._elsewhere(keys, self._columns(name, is_found=bool(found)))]

    def _columns(self, name: str, *, is_found: bool) -> list[Subject]:
        """The columns that the name stands for."""
        found: list[Subject] = []
        columns = named(name, self.source)
        for column in columns:
            found += self._made(column, name) if column in MADE else self._column(column, name)
        if columns == (URL, "url_query") and len(found) > 1:
            query = found.pop()
            found.append(Tail(name, query.value, query.kind, query.column))
        if not columns or not (found or is_found):
            found += self._by_vocabulary(name)
        return found

    def _elsewhere(self, keys: list[str], columns: list[Subject]) -> list[Subject]:
        """Columns, but for events that keep all that the name means under one of the keys."""
        keepers = self.known.keepers(keys) if self.known else []
        if not keepers:
            return columns
        if self.known and self.known.formats is not None and self.known.formats <= set(keepers):
            return []
        is_kept = self.table.source_format.isin(keepers).fill_null(False)
        return [replace(one, value=ibis.ifelse(is_kept, None, one.value)) for one in columns]

    def column(self, name: str) -> str:
        """The name as a finding bears it: the canonical column's where it stands for one."""
        wanted = [subject.column for subject in self.find(name) if subject.column]
        plain = [n for n in named(name, self.source) if n not in MADE]
        return (wanted or plain or [resolve(name).column or name])[0]

    def text(self, name: str) -> ir.StringValue:
        """The field as the key of a group."""
        values = [subject.as_text() for subject in self.find(name)]
        return ibis.coalesce(*values) if values else ibis.null("string")

    def number(self, name: str) -> ir.NumericValue:
        """The field as a number, in the unit of its name."""
        values = [subject.number().cast("float64") / subject.scale for subject in self.find(name)]
        return ibis.coalesce(*values) if values else ibis.null("float64")

    def keywords(self) -> list[Subject]:
        """All text of an event."""
        if "" not in self.found:
            self.found[""] = self._keywords()
        return self.found[""]

    def _keywords(self) -> list[Subject]:
        found = [subject for name in KEYWORDS for subject in self._column(name, name)]
        found += map(self._as_request, self._made(URL, URL))
        if self.known is None or self.known.attributes:
            pairs = _pairs(self.table.attributes).join("\n")
            found.append(Subject("attributes", pairs, "text"))
        return found

    def _as_request(self, url: Subject) -> Subject:
        """A URL behind its method, as an access log writes it: `POST /login`."""
        if self.known is not None and "http_method" not in self.known.columns:
            return url
        text = url.as_text()
        return replace(url, value=ibis.coalesce(self.table.http_method.concat(" ", text), text))

    def _column(self, column: str, name: str, scale: float = 1.0) -> list[Subject]:
        if self.known is not None and column not in self.known.columns:
            return []
        found = Subject(name, self.table[column], BY_NAME[column].kind, column, scale)
        as_written = self._column(WRITTEN, name) if column == "timestamp" else []
        return [found, *as_written]

    def _made(self, made: str, name: str) -> list[Subject]:
        if self.known is not None and not self.known.columns & set(MADE[made]):
            return []
        there = made in self.table.columns
        return [Subject(name, self.table[made] if there else made_of(self.table, made), "text")]

    def _by_vocabulary(self, name: str) -> list[Subject]:
        meant = resolve(name)
        column = meant.column or meant.otherwise
        is_of_host = self.source.product in ONLY_HERE
        if column is None or (column in OWN and name != column):
            return self._attribute(name)
        found = self._column(column, name, meant.scale)
        if column == "status" == name.lower():
            found += self._column("http_status", name)
        if not is_of_host:
            is_url = column == "url_path" and name != column
            return [*found, *(self._urls(name) if is_url else ())]
        return [*self._attribute(name), *map(self._of_no_request, found)]

    def _urls(self, name: str) -> list[Subject]:
        """The URL as a log writes it under one name: with its query, and with its host."""
        return [*self._made(URL, name), *self._made(FULL_URL, name)]

    def _of_no_request(self, subject: Subject) -> Subject:
        """The value in events that are no HTTP requests: a path of a host is none of a URL."""
        if self.known is not None and "http_method" not in self.known.columns:
            return subject
        value = ibis.ifelse(self.table.http_method.isnull(), subject.value, None)
        return replace(subject, value=value)

    def _inside(self, name: str) -> list[Subject]:
        """Inside of lists and objects that sources wrote under a key."""
        if self.known is None or not self.known.inner:
            return []
        found: list[Subject] = []
        for key, path in dict.fromkeys(self.known.places(name, self.source)):
            if (key, path) in self.known.inner:
                text = attribute(self.table.attributes, key)
                values = at_path(text, path)
                found.append(Inner(name, json_joined(values), "attribute", "", 1.0, values, text))
        return found

    def _of_objects(self, name: str) -> list[Subject]:
        """An object of that name, of which each value is a key of its own."""
        begins = self.known.objects(name, self.source) if self.known else []
        return [Subject(name, _object(self.table.attributes, begin), "text") for begin in begins]

    def _attribute(self, name: str) -> list[Subject]:
        """A key that nothing is known of: only where nothing is known of the case at all."""
        if self.known is not None:
            return []
        return [Subject(name, attribute(self.table.attributes, name), "attribute")]


def made_of(events: ir.Table, made: str) -> ir.StringValue:
    """What is made of columns. NULL where they are."""
    path, query = events.url_path, events.url_query
    if made == EXTENSION:
        return path.re_extract(r"\.([^./]+)$", 1).nullif("")
    more = ibis.ifelse(query.isnull(), "", ibis.literal("?").concat(query))
    whole = ibis.ifelse(path.isnull() & query.isnull(), None, path.fill_null("").concat(more))
    return events.server_address.concat(whole) if made == FULL_URL else whole


@lru_cache(maxsize=256)
def fields_of(table: Any, source: LogSource, known: Known | None) -> Fields:
    """The fields of all rules of one log source; `table` is a table's node."""
    return Fields(table.to_expr(), source, known)


@ibis.udf.scalar.builtin(name="clew_attribute_pairs", signature=(("string",), "array<string>"))
def _pairs(attributes):  # type: ignore[no-untyped-def]
    """`key=value` of each attribute."""


@ibis.udf.scalar.builtin(name="clew_attribute_object", signature=(("string", "string"), "string"))
def _object(attributes, begin):  # type: ignore[no-untyped-def]
    """The attributes whose keys begin so, as a JSON object without that begin; NULL for none."""

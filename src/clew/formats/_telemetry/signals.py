"""What every OTLP request says, however it is encoded: rows in scopes of resources, to Telemetry.

A decoder fills a `Rows`; `telemetry` gives its numbers their words, repeats what the resource and the
scope say for each row, and sorts attributes into those with a canonical meaning and the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from clew.formats._fields import spelling_of
from clew.formats._telemetry import genai
from clew.formats._telemetry.columns import Column, Ints, column, member, text_column
from clew.formats._telemetry.leaves import Turns, fold, folded_into
from clew.formats._telemetry.raised import EXCEPTION, exception_columns
from clew.formats._telemetry.rows import Telemetry
from clew.model.vocabulary import WEAK

Signal = Literal["traces", "logs", "metrics"]
OWN = frozenset(
    {
        "timestamp", "timestamp_text", "observed_timestamp", "duration_ms", "severity",
        "severity_number", "trace_id", "span_id", "parent_span_id", "span_name", "span_kind", "status",
        "span_events", "span_links", "metric_name", "metric_value", "metric_unit", "message", "logger",
    }
)  # fmt: skip
"""Columns that a row fills from fields of its own: no attribute competes for them."""
KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
STATUSES = {1: "ok", 2: "error"}
LONGEST_SHARED = 4_096
"""Characters of what a resource says that are repeated on each of its rows; of more, the first row
has all and the others have what is short."""
SHORT = 256
LONGEST_COLUMN = 1_024
"""Characters of a resource's value that fills a column on each of its rows."""
LONGEST_NAME = 200
NONE = "None"
"""What Python writes for nothing: no value of an attribute with a meaning."""
UNWRAPPED = 100
"""Priority of a spelling from which on it was found behind the name of a wrapping object."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope of a resource, and what both say of each of their rows.

    resource  attributes of the resource
    other     attributes of the scope, its version, and schema URLs
    """

    resource: dict[str, Any]
    name: str = ""
    other: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Rows:
    """Spans, log records or data points as a decoder finds them.

    payload     of each row
    scope       of each row, an index into `scopes`
    direct      canonical column to its values, where the row states them itself
    attributes  name to values, of attributes with a meaning
    rest        the other attributes of each row as the inside of a JSON object
    names       of all attributes in `rest`
    turns       structures that are one turn of a conversation
    leaves      of each row the attributes that are parts of one structure, with their values
    said        structures that events of a row tell: name, row, value
    raised      row to the attributes of the exception that was recorded on it
    starts_ns   row to its begin, for times that are given as moments
    rejects     row to why it is no event
    """

    size: int
    payload: Ints
    scope: Ints
    scopes: list[Scope]
    direct: dict[str, Column]
    attributes: dict[str, Column]
    rest: Sequence[str]
    names: frozenset[str] = frozenset()
    turns: Mapping[str, Turns] = field(default_factory=dict)
    leaves: dict[int, list[tuple[str, Any]]] = field(default_factory=dict)
    said: dict[str, dict[int, Any]] = field(default_factory=dict)
    raised: dict[int, dict[str, Any]] = field(default_factory=dict)
    starts_ns: Sequence[int] = ()
    rejects: dict[int, str] = field(default_factory=dict)


Role = Literal["column", "leaf", "rest"]


def role_of(name: str) -> Role:
    """Where an attribute goes: a column, a structure that it is a leaf of, or the rest."""
    return _role(name) if len(name) <= LONGEST_NAME else "rest"


@lru_cache(maxsize=4_096)
def _role(name: str) -> Role:
    if name in EXCEPTION or name == genai.FIRST_CHUNK:
        return "column"
    if name.lower() in WEAK or name == "status":
        return "rest"
    spelling = spelling_of(name)
    if spelling and spelling.priority < UNWRAPPED and spelling.column not in OWN:
        return "column"
    return "leaf" if folded_into(name) else "rest"


def plain(name: str, value: Any) -> Any:
    """The value as a column wants it: headers come as lists, mostly of one; lists of words that end
    an answer become one text."""
    if type(value) is list and value and all(type(inner) is str for inner in value):
        if len(value) == 1 and ".header." in name:
            return value[0]
        spelling = spelling_of(name)
        if spelling and spelling.column == "finish_reason":
            return ",".join(value)
    return value


def telemetry(
    rows: Rows, byte_offsets: Sequence[int], first_line: int, *, is_spans: bool
) -> Telemetry:
    """The rows with what their scopes say, in order."""
    payloads = rows.payload
    starts = np.searchsorted(payloads, payloads)
    shared = _Shared(rows)
    direct = rows.direct | shared.direct()
    if rows.rejects:
        direct["reject"] = column(
            sorted(rows.rejects), [rows.rejects[row] for row in sorted(rows.rejects)], rows.size
        )
    direct["rest"] = shared.rest()
    own = {name: values for name, values in rows.attributes.items() if name not in EXCEPTION}
    direct |= exception_columns(rows.attributes, rows.raised, rows.size)
    folded = fold(rows.leaves, rows.said)
    derived = genai.derive(own, folded, rows.turns, rows.starts_ns, rows.size)
    attributes = [*shared.attributes(), *sorted(own.items())]
    attributes += genai.folded_columns(folded, rows.size).items()
    attributes += [(name, turns.column(rows.size)) for name, turns in rows.turns.items()]
    attributes = _once(attributes)
    return Telemetry(
        byte_offsets=np.asarray(byte_offsets, dtype=np.int64)[payloads],
        parts=np.arange(rows.size) - starts,
        numbers=np.arange(first_line, first_line + rows.size),
        direct=direct,
        attributes=attributes,
        derived=derived,
        services=shared.services() if is_spans else (),
        kept=np.ones(rows.size, dtype=np.bool_),
    )


def _once(attributes: list[tuple[str, Column]]) -> list[tuple[str, Column]]:
    """Without those that say exactly what a surer name of the same column says already."""
    by_column: dict[str, list[tuple[int, str, Column]]] = {}
    for name, values in attributes:
        spelling = spelling_of(name)
        if spelling:
            by_column.setdefault(spelling.column, []).append((spelling.priority, name, values))
    said_before: set[int] = set()
    for rivals in by_column.values():
        rivals.sort(key=lambda rival: rival[0])
        for place, (_, _, values) in enumerate(rivals):
            if any(values.is_like(other) for _, _, other in rivals[:place]):
                said_before.add(id(values))
    return [pair for pair in attributes if id(pair[1]) not in said_before]


class _Shared:
    """What scopes say, repeated for their rows."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.firsts = set(np.unique(rows.scope, return_index=True)[1].tolist())

    def repeated(self, values: Sequence[Any]) -> Column | None:
        """A column from one value a scope; None where no scope has one."""
        if all(value is None for value in values):
            return None
        used = self.rows.scope.tolist()
        if all(value is None or type(value) is str for value in values):
            encoded = [None if v is None else v.encode(errors="replace") for v in values]
            filled = np.array([value is not None for value in values])[self.rows.scope]
            places = np.flatnonzero(filled)
            texts = [encoded[scope] or b"" for scope in self.rows.scope[places].tolist()]
            return text_column(places, texts, self.rows.size)
        pairs = [(row, values[s]) for row, s in enumerate(used) if values[s] is not None]
        return column([row for row, _ in pairs], [value for _, value in pairs], self.rows.size)

    def attributes(self) -> list[tuple[str, Column]]:
        """Attributes of resources that have a meaning."""
        names = dict.fromkeys(
            name
            for scope in self.rows.scopes
            for name, value in scope.resource.items()
            if _is_column(name, value)
        )
        found = []
        for name in names:
            values = [scope.resource.get(name) for scope in self.rows.scopes]
            if repeated := self.repeated([v if _is_column(name, v) else None for v in values]):
                found.append((name, repeated))
        return found

    def services(self) -> list[str | None]:
        """The service of each row."""
        names = [scope.resource.get("service.name") for scope in self.rows.scopes]
        words = [name if type(name) is str and name else None for name in names]
        return [words[scope] for scope in self.rows.scope.tolist()]

    def direct(self) -> dict[str, Column]:
        """The logger, and what else the resource and the scope say, as JSON."""
        found = {"logger": self.repeated([scope.name or None for scope in self.rows.scopes])}
        others = self._others()
        whole = ["{" + ", ".join(part.values()) + "}" if part else None for part in others]
        if any(len(text or "") > LONGEST_SHARED for text in whole):
            short = [_short(part) for part in others]
            texts = [
                whole[scope] if row in self.firsts else short[scope]
                for row, scope in enumerate(self.rows.scope.tolist())
            ]
            rows = [row for row, text in enumerate(texts) if text]
            found["resource_attributes"] = column(
                rows, [text for text in texts if text], self.rows.size
            )
        else:
            found["resource_attributes"] = self.repeated(whole)
        return {name: values for name, values in found.items() if values is not None}

    def _others(self) -> list[dict[str, str]]:
        """Of each scope the attributes without a meaning, as members of a JSON object."""
        return [
            {
                name: member(name, value)
                for name, value in (scope.resource | scope.other).items()
                if not _is_column(name, value) or name in scope.other
            }
            for scope in self.rows.scopes
        ]

    def rest(self) -> Column:
        """The attributes without a meaning; those of the resource too, where the row has no other."""
        rows = self.rows
        shared = [", ".join(part.values()) for part in self._searchable()]
        of_row = zip(rows.rest, rows.scope.tolist(), strict=True)
        pairs = [(own, shared[scope]) for own, scope in of_row]
        texts = [f"{a}, {b}" if a and b else a or b for a, b in pairs]
        encoded = [text.encode(errors="replace") for text in texts]
        filled = [row for row, text in enumerate(encoded) if text]
        return text_column(
            np.array(filled, np.int64), [encoded[row] for row in filled], rows.size, "json"
        )

    def _searchable(self) -> list[dict[str, str]]:
        """Of each resource the short attributes without a meaning that no row has by itself."""
        return [
            {
                name: member(name, value)
                for name, value in scope.resource.items()
                if not _is_column(name, value)
                and name not in self.rows.names
                and len(member(name, value)) <= SHORT
            }
            for scope in self.rows.scopes
        ]


def _is_column(name: str, value: Any) -> bool:
    is_short = type(value) is not str or len(value) <= LONGEST_COLUMN
    return value is not None and is_short and role_of(name) == "column"


def _short(part: dict[str, str]) -> str | None:
    """What is short of it, as far as there is room."""
    kept: list[str] = []
    room = LONGEST_SHARED
    for text in part.values():
        if len(text) <= SHORT and len(text) < room:
            kept.append(text)
            room -= len(text)
    return "{" + ", ".join(kept) + "}" if kept else None

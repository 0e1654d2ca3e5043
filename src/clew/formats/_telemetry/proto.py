"""OTLP requests in protobuf to rows: each level of the messages is scanned at once, over all requests.

    TracesData   1 resource_spans  2 scope_spans  2 spans        Logs and metrics are built alike;
    ResourceX    1 resource, 2 scope_x, 3 schema_url             an Export...ServiceRequest has the
    ScopeX       1 scope, 2 rows, 3 schema_url                   same fields as ...Data
https://github.com/open-telemetry/opentelemetry-proto
"""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.formats._telemetry.columns import (
    DEEPEST,
    Column,
    Ints,
    column,
    member,
    number_column,
    text_column,
    valid_texts,
)
from clew.formats._telemetry.leaves import CONTENT, ROLE, Turns, folded_into
from clew.formats._telemetry.raised import EXCEPTION
from clew.formats._telemetry.signals import NONE, Scope, plain, role_of
from clew.formats._telemetry.wire import Buffer, Fields, joined, scan, text_at, walk

STRING, BOOL, INT, DOUBLE, ARRAY, PAIRS, RAW = 0x0A, 0x10, 0x18, 0x21, 0x2A, 0x32, 0x3A
"""Tags of an AnyValue."""
KEY, VALUE = 0x0A, 0x12
"""Tags of a KeyValue."""
FIRST, SECOND, THIRD = 0x0A, 0x12, 0x1A
OLD_SCOPE = 1000 << 3 | 2
"""InstrumentationLibrarySpans, which ScopeSpans replaced; it is built alike."""
RAW_NONE = NONE.encode()
LONGEST_CACHED = 256
MOST_CACHED = 50_000


@dataclass(frozen=True, slots=True)
class Items:
    """The messages that are rows (or, of metrics, hold them), with where they belong.

    begin, end  of each message
    payload     index of its request
    scope       index into `scopes`
    """

    begin: Ints
    end: Ints
    payload: Ints
    scope: Ints
    scopes: list[Scope]


def items_of(buffer: Buffer, starts: Ints, ends: Ints) -> Items:
    """The spans, log records or metrics of these requests, in order."""
    resources = scan(buffer, starts, ends).only(FIRST).by_owner()
    inside = scan(buffer, resources.begin, resources.end)
    scopes = inside.only(SECOND, OLD_SCOPE).by_owner()
    within = scan(buffer, scopes.begin, scopes.end)
    found = within.only(SECOND).by_owner()
    said = _resources(buffer.data, inside, len(resources))
    about = _scopes(buffer.data, within, len(scopes))
    listed = [
        Scope(said[of][0], name, said[of][1] | other)
        for of, (name, other) in zip(scopes.owner.tolist(), about, strict=True)
    ]
    return Items(
        found.begin, found.end, resources.owner[scopes.owner[found.owner]], found.owner, listed
    )


def _resources(
    data: bytes, inside: Fields, size: int
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Attributes of each resource, and its schema URL."""
    found: list[tuple[dict[str, Any], dict[str, Any]]] = [({}, {}) for _ in range(size)]
    said = inside.only(FIRST, THIRD)
    for owner, tag, begin, end in _listed(said):
        attributes, other = found[owner]
        if tag == THIRD:
            if end > begin:
                other["resource.schema_url"] = text_at(data, begin, end)
            continue
        for inner, first, last, _ in walk(data, begin, end):
            if inner == FIRST:
                key, value = pair(data, first, last)
                attributes[key] = value
    return found


def _scopes(data: bytes, within: Fields, size: int) -> list[tuple[str, dict[str, Any]]]:
    """Name of each scope, and what else is said of it."""
    found: list[tuple[str, dict[str, Any]]] = [("", {}) for _ in range(size)]
    for owner, tag, begin, end in _listed(within.only(FIRST, THIRD)):
        name, other = found[owner]
        if tag == THIRD:
            if end > begin:
                other["otel.scope.schema_url"] = text_at(data, begin, end)
            continue
        for inner, first, last, _ in walk(data, begin, end):
            if inner == FIRST:
                name = text_at(data, first, last)
            elif inner == SECOND and last > first:
                other["otel.scope.version"] = text_at(data, first, last)
            elif inner == THIRD:
                key, value = pair(data, first, last)
                other[key] = value
        found[owner] = name, other
    return found


def _listed(fields: Fields) -> list[tuple[int, int, int, int]]:
    return list(
        zip(
            fields.owner.tolist(),
            fields.tag.tolist(),
            fields.begin.tolist(),
            fields.end.tolist(),
            strict=True,
        )
    )


def pair(data: bytes, begin: int, end: int, depth: int = 0) -> tuple[str, Any]:
    """Key and value of one KeyValue."""
    key, value = "", None
    for tag, first, last, _ in walk(data, begin, end):
        if tag == KEY:
            key = text_at(data, first, last)
        elif tag == VALUE:
            value = any_value(data, first, last, depth)
    return key, value


def any_value(data: bytes, begin: int, end: int, depth: int = 0) -> Any:
    """The value of one AnyValue; bytes as base64, None where it is empty."""
    value: Any = None
    for tag, first, last, number in walk(data, begin, end):
        if tag == STRING:
            value = text_at(data, first, last)
        elif tag == BOOL:
            value = number != 0
        elif tag == INT:
            value = signed(number)
        elif tag == DOUBLE:
            (value,) = struct.unpack_from("<d", data, first)
        elif tag == RAW:
            value = base64.b64encode(data[first:last]).decode()
        elif tag in (ARRAY, PAIRS):
            value = _nested(data, tag, first, last, depth + 1)
    return value


def signed(number: int) -> int:
    """A number of 64 bits as int64."""
    return number - (1 << 64) if number >> 63 else number


def _nested(data: bytes, kind: int, begin: int, end: int, depth: int) -> Any:
    if depth > DEEPEST:
        return f"(deeper than {DEEPEST} levels)"
    inner = [place for place in walk(data, begin, end) if place[0] == FIRST]
    if kind == ARRAY:
        return [any_value(data, first, last, depth) for _, first, last, _ in inner]
    return dict(pair(data, first, last, depth) for _, first, last, _ in inner)


@dataclass(slots=True)
class Attributes:
    """Attributes of many rows, as they stand in the buffer.

    row         of each attribute, ascending
    begin, end  of its KeyValue
    """

    buffer: Buffer
    row: Ints
    begin: Ints
    end: Ints
    size: int
    columns: dict[str, Column] = field(default_factory=dict)
    rest: list[list[str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    leaves: dict[int, list[tuple[str, Any]]] = field(default_factory=dict)
    turns: dict[str, Turns] = field(default_factory=dict)

    def read(self) -> None:
        """Fills `columns` with the attributes that have a meaning, `leaves` with those that are part
        of a structure, and `rest` with the others."""
        self.rest = [[] for _ in range(self.size)]
        if not len(self.row):
            return
        names, name_of, value = self._parsed()
        ids = name_of.astype(np.int16) if len(names) < 1 << 15 else name_of
        order = np.argsort(ids, kind="stable")
        grouped, rows = name_of[order], self.row[order]
        is_last = np.ones(len(order), np.bool_)
        is_last[:-1] = (grouped[1:] != grouped[:-1]) | (rows[1:] != rows[:-1])
        order = order[is_last]
        bounds = np.searchsorted(name_of[order], np.arange(len(names) + 1))
        others: list[Ints] = []
        leaves: list[tuple[str, Ints]] = []
        for n, name in enumerate(names):
            chosen = order[bounds[n] : bounds[n + 1]]
            role = role_of(name)
            if role == "column":
                self.columns[name] = self._column(name, chosen, value)
            elif role == "leaf":
                leaves.append((name, chosen))
            else:
                others.append(chosen)
                self.names.append(name)
        if others:
            self._add_rest(np.sort(np.concatenate(others)))
        if leaves:
            self._fold(leaves, value)

    def _parsed(self) -> tuple[list[str], Ints, _Values]:
        """Names, the index of each attribute's name, and the values."""
        fields = scan(self.buffer, self.begin, self.end)
        keys, values = fields.only(KEY), fields.only(VALUE)
        size = len(self.row)
        is_plain = (np.bincount(keys.owner, minlength=size) == 1) & (
            np.bincount(values.owner, minlength=size) == 1
        )
        begin = np.zeros(size, np.int64)
        end = np.zeros(size, np.int64)
        begin[keys.owner], end[keys.owner] = keys.begin, keys.end
        texts = joined(self.buffer, begin.tolist(), end.tolist())
        index: dict[bytes, int] = {}
        name_of = np.array([index.setdefault(text, len(index)) for text in texts], np.int64)
        value = _Values.of(self.buffer, values.pick(is_plain[values.owner]), size)
        return [text.decode(errors="replace") for text in index], name_of, value

    def _fold(self, leaves: list[tuple[str, Ints]], value: _Values) -> None:
        """Structures that are one turn and no more, all at once; leaves of the others one by one."""
        by_base: dict[str, list[tuple[tuple[str, ...], str, Ints]]] = {}
        for name, chosen in leaves:
            base, path = folded_into(name) or ("", ())
            by_base.setdefault(base, []).append((path, name, chosen))
        for base, parts in by_base.items():
            is_turn = self._add_turns(base, parts, value)
            for _, name, chosen in parts:
                self._add_leaves(name, chosen[~is_turn[self.row[chosen]]], value)

    def _add_turns(
        self, base: str, parts: list[tuple[tuple[str, ...], str, Ints]], value: _Values
    ) -> NDArray[np.bool_]:
        """The rows whose structure is the role and the text of one turn."""
        count = np.zeros(self.size, np.int64)
        places: dict[tuple[str, ...], Ints] = {}
        for path, _, chosen in parts:
            count[self.row[chosen]] += 1
            if path in (ROLE, CONTENT) and path not in places:
                texts = chosen[value.tag[chosen] == STRING]
                places[path] = np.full(self.size, -1)
                places[path][self.row[texts]] = texts
        if len(places) < 2:
            return np.zeros(self.size, np.bool_)
        is_turn: NDArray[np.bool_] = (count == 2) & (places[ROLE] >= 0) & (places[CONTENT] >= 0)
        rows = np.flatnonzero(is_turn)
        texts_of = [
            joined(self.buffer, value.begin[at].tolist(), value.end[at].tolist())
            for at in (places[ROLE][rows], places[CONTENT][rows])
        ]
        self.turns[base] = Turns(rows, texts_of[0], valid_texts(texts_of[1]))
        return is_turn

    def _add_leaves(self, name: str, chosen: Ints, value: _Values) -> None:
        data = self.buffer.data
        places = (
            self.row[chosen],
            value.tag[chosen],
            value.begin[chosen],
            value.end[chosen],
            chosen,
        )
        for row, tag, begin, end, at in zip(*(p.tolist() for p in places), strict=True):
            found = text_at(data, begin, end) if tag == STRING else self._python(at)
            self.leaves.setdefault(row, []).append((name, found))

    def _column(self, name: str, chosen: Ints, value: _Values) -> Column:
        """The values of one attribute."""
        rows, tags = self.row[chosen], value.tag[chosen]
        tag = int(tags[0])
        if (tags != tag).any() or tag not in (STRING, INT, DOUBLE):
            found = [plain(name, self._python(at)) for at in chosen.tolist()]
            nothing = (None,) if name in EXCEPTION else (None, NONE)
            kept = [at for at, inner in enumerate(found) if inner not in nothing]
            return column(rows[kept], [found[at] for at in kept], self.size)
        begin, end = value.begin[chosen], value.end[chosen]
        if tag == STRING:
            texts = joined(self.buffer, begin.tolist(), end.tolist())
            if RAW_NONE in texts and name not in EXCEPTION:
                told = [place for place, text in enumerate(texts) if text != RAW_NONE]
                rows, texts = rows[told], [texts[place] for place in told]
            return text_column(rows, texts, self.size)
        if tag == INT:
            return number_column(rows, value.number[chosen].view(np.int64), self.size)
        return number_column(rows, self.buffer.u64[begin].view(np.float64), self.size)

    def _python(self, at: int) -> Any:
        return pair(self.buffer.data, int(self.begin[at]), int(self.end[at]))[1]

    def _add_rest(self, chosen: Ints) -> None:
        """Members of a JSON object; many attributes are the same on many rows."""
        data = self.buffer.data
        cache: dict[bytes, str] = {}
        begins, ends = self.begin[chosen].tolist(), self.end[chosen].tolist()
        for row, begin, end in zip(self.row[chosen].tolist(), begins, ends, strict=True):
            raw = data[begin:end]
            text = cache.get(raw)
            if text is None:
                text = member(*pair(raw, 0, len(raw)))
                if len(raw) <= LONGEST_CACHED and len(cache) < MOST_CACHED:
                    cache[raw] = text
            self.rest[row].append(text)


@dataclass(frozen=True, slots=True)
class _Values:
    """The one field of each attribute's AnyValue; tag 0 where it is not one plain value."""

    tag: Ints
    begin: Ints
    end: Ints
    number: NDArray[np.uint64]

    @classmethod
    def of(cls, buffer: Buffer, values: Fields, size: int) -> _Values:
        inner = scan(buffer, values.begin, values.end)
        owner = values.owner[inner.owner]
        is_one = np.bincount(owner, minlength=size) == 1
        inner = inner.pick(is_one[owner])
        owner = values.owner[inner.owner]
        tag, begin, end = (np.zeros(size, np.int64) for _ in range(3))
        number = np.zeros(size, np.uint64)
        tag[owner], begin[owner], end[owner] = inner.tag, inner.begin, inner.end
        number[owner] = inner.number
        return cls(tag, begin, end, number)

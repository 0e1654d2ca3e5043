"""The tree of a search: what was asked, and where in the text each part stands.

A tree knows nothing of columns or tables; `compile` gives it a meaning. Every node has the position
of its word, so that an error can point at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

ValueKind = Literal["word", "phrase", "regex"]
PIPES = (
    "stats",
    "sort",
    "head",
    "tail",
    "limit",
    "top",
    "rare",
    "dedup",
    "patterns",
    "fields",
    "where",
)
FUNCTIONS = (
    "count", "sum", "avg", "min", "max", "dcount", "median", "first", "last", "values", "rate",
)  # fmt: skip
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")


@dataclass(frozen=True, slots=True)
class Value:
    """A value as typed: a word may hold wildcards, a phrase is taken as it stands."""

    text: str
    kind: ValueKind
    position: int


@dataclass(frozen=True, slots=True)
class Text:
    """A word or phrase that stands alone."""

    value: Value


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against a value; the operator is one of : = != > >= < <=."""

    name: str
    operator: str
    value: Value
    position: int


@dataclass(frozen=True, slots=True)
class Range:
    """field:[low TO high]; `*` leaves an end open, braces leave it out."""

    name: str
    low: Value
    high: Value
    with_low: bool
    with_high: bool
    position: int


@dataclass(frozen=True, slots=True)
class Exists:
    """exists(field)"""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Not:
    item: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every item holds; without items, everything is meant."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """One of the items holds."""

    items: tuple[Node, ...]


Node = Text | Compare | Range | Exists | Not | All | Any


@dataclass(frozen=True, slots=True)
class Call:
    """One function of `stats`: name, field or "", and the name its column gets or ""."""

    function: str
    field: str
    alias: str
    position: int
    field_position: int


@dataclass(frozen=True, slots=True)
class Key:
    """A field to group, sort or pick by; `bucket` holds 5m of bucket(5m)."""

    name: str
    position: int
    bucket: str = ""
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Pipe:
    """One step behind a bar. Which parts are filled follows from its name."""

    name: str
    position: int
    calls: tuple[Call, ...] = ()
    keys: tuple[Key, ...] = ()
    by: tuple[Key, ...] = ()
    count: int = 10
    where: Node | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A whole search: which events, then what is done with them."""

    text: str
    where: Node
    pipes: tuple[Pipe, ...]

    def columns(self) -> frozenset[str]:
        """Every field that is named, as typed."""
        named = {
            node.name for node in _walk(self.where) if isinstance(node, Compare | Range | Exists)
        }
        for pipe in self.pipes:
            named |= {key.name for key in (*pipe.keys, *pipe.by) if not key.bucket}
            named |= {call.field for call in pipe.calls if call.field}
        return frozenset(named)


def _walk(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, All | Any):
        for item in node.items:
            yield from _walk(item)
    elif isinstance(node, Not):
        yield from _walk(node.item)


def is_aggregate(query: Query) -> bool:
    """Whether the answer has other rows than events."""
    return any(pipe.name in ("stats", "top", "rare", "patterns", "fields") for pipe in query.pipes)

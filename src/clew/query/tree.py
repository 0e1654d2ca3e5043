"""What a search says, as a tree: every node knows its place in the text.

Query    a search and the pipes after it
Search   Everything, Word, Compare, Between, Exists, And, Or, Not
Pipe     Stats, Sort, Head, Tail, Top, Dedup, Patterns, Fields, Where
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Literal

from clew.model.vocabulary import resolve

Operator = Literal[":", "=", "!=", ">", ">=", "<", "<="]


class Wild(Enum):
    """A wildcard in a value: any text, or one character."""

    ANY = "*"
    ONE = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """position: where its text begins in the query, from 0; length: in characters."""

    position: int
    length: int


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A name as it was typed."""

    name: str

    @property
    def label(self) -> str:
        """Its name as a result column: the canonical one, where that has the same unit."""
        meant = resolve(self.name)
        if meant.column is not None:
            return meant.column if meant.scale == 1 else self.name
        return meant.attribute or self.name


@dataclass(frozen=True, slots=True)
class Value(Node):
    """A value as it was typed, escapes undone.

    parts  its text, cut at the wildcards; a phrase and a regular expression have none
    """

    parts: tuple[str | Wild, ...]
    style: Literal["word", "phrase", "regex"] = "word"

    @property
    def text(self) -> str:
        return "".join(part.value if isinstance(part, Wild) else part for part in self.parts)

    @property
    def has_wildcard(self) -> bool:
        return any(isinstance(part, Wild) for part in self.parts)

    @property
    def is_star(self) -> bool:
        return set(self.parts) == {Wild.ANY}


@dataclass(frozen=True, slots=True)
class Everything(Node):
    """Every row: the empty search, or a star alone."""


@dataclass(frozen=True, slots=True)
class Word(Node):
    """Text that is looked for in the columns of free text."""

    value: Value


@dataclass(frozen=True, slots=True)
class Compare(Node):
    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Between(Node):
    """field:[low TO high]; None is an open end, a brace leaves the end itself out."""

    field: Field
    low: Value | None
    high: Value | None
    has_low: bool
    has_high: bool


@dataclass(frozen=True, slots=True)
class Exists(Node):
    field: Field


@dataclass(frozen=True, slots=True)
class Not(Node):
    term: Search


@dataclass(frozen=True, slots=True)
class And(Node):
    terms: tuple[Search, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    terms: tuple[Search, ...]


Search = Everything | Word | Compare | Between | Exists | Not | And | Or


@dataclass(frozen=True, slots=True)
class Bucket(Node):
    """A length of time that rows are grouped by, such as 5m. Its column is called `bucket`."""

    width: str

    @property
    def label(self) -> str:
        return "bucket"


@dataclass(frozen=True, slots=True)
class Measure(Node):
    """One function of `stats`.

    function  count, sum, p99 ...
    label     its result column
    """

    function: str
    field: Field | None
    label: str


@dataclass(frozen=True, slots=True)
class Stats(Node):
    measures: tuple[Measure, ...]
    by: tuple[Field | Bucket, ...]


@dataclass(frozen=True, slots=True)
class SortKey(Node):
    field: Field
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Sort(Node):
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Head(Node):
    count: int


@dataclass(frozen=True, slots=True)
class Tail(Node):
    count: int


@dataclass(frozen=True, slots=True)
class Top(Node):
    """The most frequent values, or the rarest."""

    count: int
    fields: tuple[Field, ...]
    by: tuple[Field | Bucket, ...]
    is_rare: bool


@dataclass(frozen=True, slots=True)
class Dedup(Node):
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Patterns(Node):
    field: Field
    by: tuple[Field | Bucket, ...]


@dataclass(frozen=True, slots=True)
class Fields(Node):
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Where(Node):
    search: Search


Pipe = Stats | Sort | Head | Tail | Top | Dedup | Patterns | Fields | Where

CHANGES_COLUMNS = (Stats, Top, Patterns, Fields)


@dataclass(frozen=True, slots=True)
class Query:
    """A search and its pipes, in order; `text` is what was typed."""

    text: str
    search: Search
    pipes: tuple[Pipe, ...] = ()

    def columns(self) -> frozenset[str]:
        """The canonical columns and the keys of `attributes` that it names."""
        named = set(_names(self.search))
        for pipe in self.pipes:
            named.update(_names(pipe))
            if isinstance(pipe, CHANGES_COLUMNS):
                break
        return frozenset(named)


def is_aggregate(query: Query) -> bool:
    """Whether its rows have other columns than events."""
    return any(isinstance(pipe, CHANGES_COLUMNS) for pipe in query.pipes)


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Field):
        meant = resolve(node.name)
        yield meant.column or meant.attribute or node.name
    for part in _below(node):
        yield from _names(part)


def _below(node: Node) -> Iterator[Node]:
    for field in fields(node):
        held = getattr(node, field.name)
        for part in held if isinstance(held, tuple) else (held,):
            if isinstance(part, Node):
                yield part

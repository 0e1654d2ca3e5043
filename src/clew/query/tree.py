"""What a search says, as a tree: every node knows its place in the text.

Query    a search and the pipes after it
Search   Everything, Word, Compare, Between, Exists, And, Or, Not
Pipe     Stats, Sort, Head, Tail, Top, Dedup, Patterns, Fields, Where
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from clew.model.vocabulary import resolve

Operator = Literal["=", "!=", ">", ">=", "<", "<="]

TEXT_COLUMNS = ("message", "prompt", "completion", "exception_message")
"""Where a word without a field is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """position: where its text begins in the query, from 0."""

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

    pieces  the text between its wildcards: one where it has none
    """

    text: str
    pieces: tuple[str, ...]
    is_quoted: bool = False
    is_regex: bool = False

    @property
    def has_wildcard(self) -> bool:
        return len(self.pieces) > 1


@dataclass(frozen=True, slots=True)
class Everything(Node):
    """Every row: the empty search, or a star alone."""


@dataclass(frozen=True, slots=True)
class Word(Node):
    """Text that is looked for in TEXT_COLUMNS."""

    value: Value


@dataclass(frozen=True, slots=True)
class Compare(Node):
    field: Field
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Between(Node):
    """Both ends belong to it; None is an open end."""

    field: Field
    low: Value | None
    high: Value | None


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
    """A length of time that rows are grouped by, such as 5m."""

    width: str


@dataclass(frozen=True, slots=True)
class Measure(Node):
    """One function of `stats`.

    function  count, sum, p99 ...
    name      the result column
    """

    function: str
    field: Field | None
    name: str


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
        """The columns of `events` that it names; `attributes` stands for all of its keys.

        A query whose events come out whole reads every column besides.
        """
        found = set(_columns(self.search))
        for pipe in self.pipes:
            found.update(_columns(pipe))
            if isinstance(pipe, CHANGES_COLUMNS):
                break
        return frozenset(found)


def parts(node: Node) -> Iterator[Node]:
    """The nodes right below this one."""
    for name in node.__dataclass_fields__:
        below = getattr(node, name)
        for part in below if isinstance(below, tuple) else (below,):
            if isinstance(part, Node):
                yield part


def _columns(node: Node) -> Iterator[str]:
    if isinstance(node, Word):
        yield from TEXT_COLUMNS
    elif isinstance(node, Bucket):
        yield "timestamp"
    elif isinstance(node, Field):
        yield resolve(node.name).column or "attributes"
        if node.name.lower() == "status":
            yield "http_status"
    for part in parts(node):
        yield from _columns(part)

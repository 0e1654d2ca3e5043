"""What one event must be for a rule to match, as a tree without pySigma.

selection: {cs-method: GET, cs-uri-query|contains: [/etc/passwd, ..%2f]}
filter: {c-ip|cidr: 10.0.0.0/8}
condition: selection and not filter

All([Match("cs-method", Text(["GET"])), Any([Match("cs-uri-query", Text([*, "/etc/passwd", *])),
     ...]), Not(Match("c-ip", Network(10.0.0.0/8)))])
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from clew.query.tree import Wild

Part = Literal["minute", "hour", "day", "week", "month", "year"]
Sign = Literal["<", "<=", ">", ">=", "==", "!="]


@dataclass(frozen=True, slots=True)
class Text:
    """The whole text is these parts. Case does not count unless `cased` says so."""

    parts: tuple[str | Wild, ...]
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """It stands so to a number; a part of a time where `part` names one."""

    sign: Sign
    number: int | float
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    is_true: bool


@dataclass(frozen=True, slots=True)
class Null:
    """The event does not state the field."""


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether the event states the field."""

    is_there: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression of RE2 finds something in it; flags of i, m and s."""

    pattern: str
    flags: str = ""

    @property
    def re2(self) -> str:
        """The same for every engine: a dot is no new line unless s says so."""
        no_dot = "" if "s" in self.flags else "-s"
        return f"(?{self.flags}{no_dot}:{self.pattern})"


@dataclass(frozen=True, slots=True)
class Network:
    network: IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class SameAs:
    """It is, or begins with, ends with or holds, what another field says."""

    field: str
    place: Literal["whole", "start", "end", "inside"] = "whole"
    cased: bool = False


Test = Text | Number | Truth | Null | Exists | Pattern | Network | SameAs


@dataclass(frozen=True, slots=True)
class Match:
    """A test of a field; of all text of the event where `field` is None."""

    field: str | None
    test: Test


@dataclass(frozen=True, slots=True)
class All:
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    term: Node


Node = Match | All | Any | Not


def matches(node: Node) -> Iterator[Match]:
    """Every test of the tree."""
    match node:
        case Match():
            yield node
        case All() | Any():
            for term in node.terms:
                yield from matches(term)
        case Not():
            yield from matches(node.term)


def fields(node: Node) -> dict[str, None]:
    """The fields that the tree names, in order; None's place is left out."""
    named: dict[str, None] = {}
    for found in matches(node):
        if found.field is not None:
            named[found.field] = None
        if isinstance(found.test, SameAs):
            named[found.test.field] = None
    return named

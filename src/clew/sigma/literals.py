"""What an event must hold for a rule to match: texts to throw most events away by, before all else.

A million URLs against the texts of forty rules in one pattern cost less than against one rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any as Anything

import ibis.expr.types as ir

from clew.query.scope import NUMBERS, Subject
from clew.sigma.items import ESCAPED, LISTED, Inner
from clew.sigma.testing import MOST_ALTERNATIVES, Tail, one_inside
from clew.sigma.tree import All, Match, Node, Not, Pattern, Text

SHORTEST = 3
"""Characters of a text that is worth looking for; never in a column of few words, such as http_method,
of which half the events have each."""
Find = Callable[[str | None], list[Subject]]


@dataclass(slots=True)
class Hint:
    """Values of events, and texts in lower case: a matching event has one of a value's texts in it."""

    texts: dict[Anything, set[str]] = field(default_factory=dict)
    values: dict[Anything, ir.StringValue] = field(default_factory=dict)

    def add(self, value: ir.StringValue, texts: Iterable[str]) -> None:
        key = value.op()
        self.values[key] = value
        self.texts.setdefault(key, set()).update(texts)

    def with_other(self, other: Hint) -> Hint:
        """Either of two."""
        for key, texts in other.texts.items():
            self.add(other.values[key], texts)
        return self

    @property
    def worth(self) -> tuple[int, int]:
        """The better of two has the greater worth: few values, then long texts."""
        shortest = min((len(text) for texts in self.texts.values() for text in texts), default=0)
        return -len(self.texts), shortest

    def condition(self) -> ir.BooleanValue:
        """Whether an event may match: true for all that do."""
        parts = []
        for key, texts in self.texts.items():
            low = self.values[key].lower()
            listed = sorted(_without_longer(texts))
            parts += [
                one_inside(low, listed[begin : begin + MOST_ALTERNATIVES])
                for begin in range(0, len(listed), MOST_ALTERNATIVES)
            ]
        return reduce(or_, parts)


def hint_of(node: Node, find: Find) -> Hint | None:
    """The hint of a tree; None where a matching event need not hold any text. A tree that no event can
    match has an empty one."""
    match node:
        case Match():
            return _of_match(node, find)
        case Not():
            return None
        case All():
            hints = [hint for term in node.terms if (hint := hint_of(term, find)) is not None]
            return max(hints, key=lambda hint: hint.worth, default=None)
    found = Hint()
    for term in node.terms:
        hint = hint_of(term, find)
        if hint is None:
            return None
        found.with_other(hint)
    return found


def _of_match(node: Match, find: Find) -> Hint | None:
    subjects = find(node.field)
    if not isinstance(node.test, Text | Pattern) or any(
        subject.kind in NUMBERS
        or subject.is_any_case
        or not isinstance(subject.value, ir.StringValue)
        for subject in subjects
    ):
        return None
    is_written = any(subject.kind in LISTED for subject in subjects)
    text = _needed(node.test, as_json=is_written)
    if len(text) < SHORTEST:
        return None
    hint = Hint()
    for subject in subjects:
        if isinstance(subject, Tail) and not subject.asked([node.test]):
            continue
        whole = subject.key_text if isinstance(subject, Inner) else None
        hint.add(subject.as_text() if whole is None else whole, [text])
    return hint


def _needed(test: Text | Pattern, *, as_json: bool) -> str:
    """The longest ASCII text that must stand in the value, or in a list of values as JSON, in lower case."""
    if isinstance(test, Pattern):
        return ""
    texts = [part for part in test.parts if isinstance(part, str) and part.isascii()]
    if as_json:
        texts = [piece for text in texts for piece in ESCAPED.split(text)]
    return max(texts, key=len, default="").lower()


def _without_longer(texts: set[str]) -> set[str]:
    """Without texts that hold another one of them."""
    kept: list[str] = []
    for text in sorted(texts, key=len):
        if not any(short in text for short in kept):
            kept.append(text)
    return set(kept)

"""A list that a source wrote under a key, or a column holds: whether one of its items meets a test.

answers: ["192.0.2.1", "127.0.0.1"]          answers: 127.0.0.1           holds
answers: ["192.0.2.1", "127.0.0.1"]          answers|cidr: 10.0.0.0/8     does not

What is looked for anywhere in a value is found in the list's own text, where JSON writes it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from clew.model.json_lists import any_found, json_values, numbers
from clew.query.addresses import pattern_of
from clew.query.matching import RE2
from clew.query.scope import Subject
from clew.query.tree import Wild
from clew.query.values import quoted
from clew.sigma.testing import COMPARED, MOST_ALTERNATIVES, plain
from clew.sigma.tree import Network, Number, Pattern, Test, Text, Truth

ESCAPED = re.compile(r'[\x00-\x1f"\\]')
"""What JSON does not write as it is."""
LISTED = ("attribute", "json")
"""Kinds of values that may be lists."""


@dataclass(frozen=True, slots=True)
class Inner(Subject):
    """What stands inside of a key: its values, and the text of the whole key."""

    values: ir.ArrayValue | None = None
    key_text: ir.StringValue | None = None


def one_of_items(subject: Subject, tests: Sequence[Test]) -> ir.BooleanValue | None:
    """Whether one of the values that a key or column holds, or holds inside, meets one of the tests; None
    where its whole text says the same."""
    if isinstance(subject, Inner):
        return _one_of(subject.values, tests, is_alone=True)
    text = subject.as_text()
    if subject.kind == "json":  # what stands alone is a list of one
        text = ibis.ifelse(text.startswith("["), text, ibis.literal("[").concat(text, "]"))
    found = _one_of(json_values(text), tests, is_alone=False)
    return None if found is None else ibis.ifelse(text.startswith("["), found, False)


def _one_of(
    values: ir.ArrayValue, tests: Sequence[Test], *, is_alone: bool
) -> ir.BooleanValue | None:
    patterns = [pattern for test in tests if (pattern := _pattern(test, is_alone=is_alone))]
    parts: list[ir.BooleanValue] = [
        any_found(values, "|".join(patterns[begin : begin + MOST_ALTERNATIVES]))
        for begin in range(0, len(patterns), MOST_ALTERNATIVES)
    ]
    parts += [
        _compared(numbers(values), test)
        for test in tests
        if isinstance(test, Number) and test.part is None
    ]
    return reduce(or_, parts) if parts else None


def _pattern(test: Test, *, is_alone: bool) -> str:
    """The test of an item as a pattern; "" where there is none, or where the whole text is tested too."""
    match test:
        case Text():
            shape = None if is_alone else plain(test)
            if shape and shape[0] == "inside" and not ESCAPED.search(shape[1]):
                return ""
            made = "".join(RE2[p] if isinstance(p, Wild) else quoted(p) for p in test.parts)
            return f"(?{'' if test.cased else 'i'}s:^{made}$)"
        case Truth():
            return f"(?i:^{test.is_true}$)"
        case Pattern():
            return test.re2
        case Network():
            return f"(?:{pattern_of(test.network)})"
    return ""


def _compared(found: ir.ArrayValue, test: Number) -> ir.BooleanValue:
    number = float(test.number)
    some = found.length() > 0
    if test.sign == "==":
        return some & found.contains(number)
    if test.sign == "!=":
        return some & ((found.mins() != number) | (found.maxs() != number))
    end = found.mins() if test.sign in ("<", "<=") else found.maxs()
    made: ir.BooleanValue = some & COMPARED[test.sign](end, number)
    return made

"""Columns of few words, asked for by the words that logs write: a warning is WARN, what failed is an error.

level: warning               severity IN ('WARN')
level|contains: crit         severity IN ('FATAL')
level: 40                    severity IN ('WARN')         as pino counts; levelno: 40 is ERROR
status: [failed, timeout]    status IN ('error')
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

import ibis.expr.types as ir

from clew.formats._errors import ERROR_WORDS, OK_WORDS
from clew.formats._severity import BUNYAN, NUMBERS, SYSLOG, WORDS
from clew.query.scope import Subject
from clew.query.tree import Wild
from clew.sigma.tree import Number, Pattern, Test, Text

SHORTEST = 3
"""Letters of a word that a rule may mean a part of: `e` is in most words."""
STATUS = {"ok": OK_WORDS, "error": ERROR_WORDS}
ORDERS = {
    "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__,
    "==": float.__eq__, "!=": float.__ne__,
}  # fmt: skip


def in_words(subject: Subject, test: Test) -> ir.BooleanValue | None:
    """Whether the column says what a test asks of the words that logs write for it; None where the
    column is no such one, or no word of it is meant."""
    if subject.column not in ("severity", "status"):
        return None
    meant = sorted(_meant(subject, test))
    return subject.value.isin(meant) if meant else None


def _meant(subject: Subject, test: Test) -> Iterable[str]:
    """What the column holds where a log's word or number meets the test."""
    if subject.column == "severity" and isinstance(test, Number) and test.part is None:
        return {word for word, numbers in _scale(subject.name, test.number).items()
                if any(ORDERS[test.sign](float(n), float(test.number)) for n in numbers)}  # fmt: skip
    found = _pattern(test)
    if found is None:
        return ()
    words = _severities() if subject.column == "severity" else STATUS
    return {held for held, written in words.items() if any(map(found.search, (held, *written)))}


def _pattern(test: Test) -> re.Pattern[str] | None:
    """The test of a text as a pattern of Python's, without regard to case: that of the log is gone."""
    if isinstance(test, Text):
        shapes = {Wild.ANY: ".*", Wild.ONE: "."}
        parts = (shapes[p] if isinstance(p, Wild) else re.escape(p) for p in test.parts)
        return re.compile(rf"(?is)\A{''.join(parts)}\Z")
    if isinstance(test, Pattern):
        try:
            return re.compile(test.pattern, re.I)
        except re.error:  # RE2 takes some that Python does not
            return None
    return None


@cache
def _severities() -> Mapping[str, tuple[str, ...]]:
    return {held: tuple(word for word in words if len(word) >= SHORTEST and word.isalpha())
            for held, words in WORDS.items()}  # fmt: skip


def _scale(name: str, number: float) -> Mapping[str, tuple[str, ...]]:
    """Severity to its numbers: syslog's are below ten, `level` is pino's, any other name Python's."""
    if number < 10:
        return _turned(SYSLOG)
    return _turned(BUNYAN) if name.lower() in ("level", "lvl") else NUMBERS


def _turned(by_number: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for number, word in by_number.items():
        found[word] = (*found.get(word, ()), number)
    return found

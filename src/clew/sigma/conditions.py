"""A rule's tree to an Ibis condition over events, with what of it the case cannot tell.

A field that the case does not have is NULL in every event: it meets no test but null and exists. What
follows from that is worked out before any event is read, so that a rule which cannot match is known
to be not evaluable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, reduce
from operator import and_, or_

import ibis
import ibis.expr.types as ir

from clew.query.scope import Subject
from clew.sigma.fields import Fields, fields_of
from clew.sigma.items import LISTED, Inner, one_of_items
from clew.sigma.known import Known
from clew.sigma.literals import Hint, hint_of
from clew.sigma.reading import Rule
from clew.sigma.taxonomy import WEB_CATEGORIES, other_formats, own_formats
from clew.sigma.testing import Tail, any_of, holds, same
from clew.sigma.tree import (
    All,
    Any,
    Exists,
    Match,
    Node,
    Not,
    Null,
    Pattern,
    SameAs,
    Test,
    Text,
    fields,
    matches,
)

TEXT_OF_EVENTS = "text of events"
"""What a keyword needs."""


class Condition:
    """What a rule asks of an event. It is made when it is asked for: of thousands of rules few are.

    is_possible  whether any event can match, with the fields that the case has
    missing      fields that the rule names and the case does not have
    hint         texts of which a matching event has one, to find candidates by; None where there are none
    holds        True or False for a matching event and another, never NULL
    """

    def __init__(self, rule: Rule, events: ir.Table, known: Known | None) -> None:
        self.rule, self.events, self.known = rule, events, known
        self.compiler = _Compiler(fields_of(events.op(), rule.log_source, known))
        is_web = rule.log_source.category in WEB_CATEGORIES
        self.tree = _with_dashes(rule.tree) if is_web else rule.tree
        self.own = own_formats(rule.log_source)
        is_blind = self.own is not None and _holds_of_nothing(self.tree)
        self.stated = self.compiler.stated(self.tree) if is_blind else None
        self.missing = tuple(self.compiler.missing(self.tree))
        self.is_possible = self.compiler.by_fields(self.tree) is not False
        if self.stated is False and not self._may_be_own:
            self.is_possible, self.missing = False, tuple(fields(self.tree))

    @property
    def _may_be_own(self) -> bool:
        """Whether the case may have events in a format of the rule's product."""
        formats = None if self.known is None else self.known.formats
        return formats is None or bool(formats & set(self.own or ()))

    @cached_property
    def hint(self) -> Hint | None:
        return hint_of(self.tree, self.compiler.find)

    @cached_property
    def holds(self) -> ir.BooleanValue:
        value = self.compiler.of(self.tree)
        made = ibis.literal(value) if isinstance(value, bool) else value.fill_null(False)
        others = other_formats(self.rule.log_source)
        if self.known is not None and self.known.formats is not None:
            others = tuple(name for name in others if name in self.known.formats)
        if others and (self.known is None or "source_format" in self.known.columns):
            made = made & self.events.source_format.notin(others).fill_null(True)
        if self.stated is not None and self.stated is not True:
            is_own = self.events.source_format.isin(self.own) if self.own else ibis.literal(False)
            made = made & (is_own.fill_null(False) | self.stated)
        return made


class _Compiler:
    def __init__(self, fields: Fields) -> None:
        self.fields = fields

    def find(self, field: str | None) -> list[Subject]:
        """The values of a field; all text for None."""
        return self.fields.keywords() if field is None else self.fields.find(field)

    def missing(self, tree: Node) -> list[str]:
        named = [name for name in fields(tree) if not self.find(name) and _is_asked(tree, name)]
        if any(match.field is None for match in matches(tree)) and not self.find(None):
            named.append(TEXT_OF_EVENTS)
        return named

    def stated(self, tree: Node) -> ir.BooleanValue | bool:
        """Whether an event states one of the fields that the rule names."""
        subjects = [subject for name in fields(tree) for subject in self.find(name)]
        return self.absence(subjects, is_there=True)

    def by_fields(self, node: Node) -> bool | None:
        """What the fields that the case has decide, without an event; None where they do not."""
        match node:
            case Match():
                return self.by_field(node)
            case Not():
                value = self.by_fields(node.term)
                return None if value is None else not value
        decided = isinstance(node, Any)
        values = [self.by_fields(term) for term in node.terms]
        if decided in values:
            return decided
        return None if None in values else not decided

    def by_field(self, node: Match) -> bool | None:
        if not self.find(node.field):
            return _is_absence(node.test)
        if isinstance(node.test, SameAs) and not self.find(node.test.field):
            return False
        return None

    def of(self, node: Node) -> ir.BooleanValue | bool:
        """The condition; a plain bool where the case's fields alone decide."""
        match node:
            case Match():
                return self.match(node.field, [node.test])
            case Not():
                value = self.of(node.term)
                return not value if isinstance(value, bool) else ~value.fill_null(False)
            case All():
                return _joined([self.of(term) for term in node.terms], is_all=True)
        return _joined(self.alternatives(node.terms), is_all=False)

    def alternatives(self, terms: Sequence[Node]) -> list[ir.BooleanValue | bool]:
        """Tests of one field stand together: they cost one look at it."""
        tests: dict[str | None, list[Test]] = {}
        others = []
        for term in terms:
            if isinstance(term, Match):
                tests.setdefault(term.field, []).append(term.test)
            elif isinstance(term, Any):
                others += self.alternatives(term.terms)
            else:
                others.append(self.of(term))
        return [*(self.match(field, asked) for field, asked in tests.items()), *others]

    def match(self, field: str | None, tests: list[Test]) -> ir.BooleanValue | bool:
        """Whether the field meets one of the tests."""
        subjects = self.find(field)
        parts: list[ir.BooleanValue | bool] = [
            self.absence(subjects, is_there=isinstance(test, Exists) and test.is_there)
            for test in tests
            if isinstance(test, Null | Exists)
        ]
        for test in tests:
            if isinstance(test, SameAs):
                others = self.find(test.field)
                parts += [same(mine, other, test) for mine in subjects for other in others]
        rest = [test for test in tests if not isinstance(test, Null | Exists | SameAs)]
        if rest:
            whole = [subject for subject in subjects if not isinstance(subject, Inner)]
            for subject in whole:
                if own := subject.asked(rest) if isinstance(subject, Tail) else rest:
                    parts += _of_whole(subject, own)
            written = [subject for subject in subjects if subject.kind in LISTED]
            listed = [one_of_items(subject, rest) for subject in written]
            parts += [part for part in listed if part is not None]
        return _joined(parts, is_all=False)

    def absence(self, subjects: list[Subject], *, is_there: bool) -> ir.BooleanValue | bool:
        """Whether an event states the field, or does not."""
        test = Exists(is_there)
        return _joined([holds(subject, test) for subject in subjects], is_all=not is_there)


def _of_whole(subject: Subject, tests: Sequence[Test]) -> list[ir.BooleanValue]:
    """Whether a value meets one of the tests as the text that it is: of a list, a pattern would find its
    quotes and brackets, and is asked of its items alone."""
    if subject.kind not in LISTED:
        return [any_of(subject, tests)]
    patterns = [test for test in tests if isinstance(test, Pattern)]
    others = [test for test in tests if not isinstance(test, Pattern)]
    text = subject.as_text()
    alone = replace(subject, value=ibis.ifelse(text.startswith("["), None, text))
    given = ((subject, others), (alone, patterns))
    return [any_of(one, asked) for one, asked in given if asked]


def _with_dashes(node: Node) -> Node:
    """Web logs write a dash for what a request does not have: there it is no value, and a rule may ask
    for the dash."""
    match node:
        case Match(field=str(), test=Text(parts=("-",))):
            unsaid = All((Match(node.field, Null()), Match("cs-method", Exists(True))))
            return Any((node, unsaid))
        case All() | Any():
            return type(node)(tuple(map(_with_dashes, node.terms)))
        case Not():
            return Not(_with_dashes(node.term))
    return node


def _holds_of_nothing(node: Node) -> bool:
    """Whether an event would match that states none of the fields, and no text."""
    match node:
        case Match():
            return _is_absence(node.test)
        case Not():
            return not _holds_of_nothing(node.term)
        case All():
            return all(map(_holds_of_nothing, node.terms))
    return any(map(_holds_of_nothing, node.terms))


def _is_absence(test: Test) -> bool:
    return isinstance(test, Null) or test == Exists(False)


def _is_asked(tree: Node, name: str) -> bool:
    """Whether what the field says matters, and not only whether it is there."""
    return any(
        (match.field == name and not isinstance(match.test, Null | Exists))
        or (isinstance(match.test, SameAs) and match.test.field == name)
        or (match.field == name and match.test == Exists(True))
        for match in matches(tree)
    )


def _joined(parts: Sequence[ir.BooleanValue | bool], *, is_all: bool) -> ir.BooleanValue | bool:
    """All of the parts, or any; none of them is True for all and False for any."""
    if any(part is (not is_all) for part in parts):
        return not is_all
    values = [part for part in parts if not isinstance(part, bool)]
    return _balanced(values, is_all=is_all) if values else is_all


def _balanced(values: Sequence[ir.BooleanValue], *, is_all: bool) -> ir.BooleanValue:
    """As a tree that is as flat as can be: depth is recursion."""
    if len(values) <= 2:
        return reduce(and_ if is_all else or_, values)
    middle = len(values) // 2
    left = _balanced(values[:middle], is_all=is_all)
    right = _balanced(values[middle:], is_all=is_all)
    return left & right if is_all else left | right

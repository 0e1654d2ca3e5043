"""A search's tree to an Ibis expression, the same for every engine.

A row that lacks a field is not `field:x`, and is `NOT field:x`: conditions are NULL where a field is,
and NOT takes NULL for false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import and_, ge, gt, le, lt, or_
from typing import Any, NoReturn

import ibis
import ibis.expr.types as ir

from clew.errors import ConfigError, QueryError
from clew.query import matching
from clew.query.scope import NUMBERS, Events, Scope, Subject
from clew.query.times import parse_interval
from clew.query.tree import (
    And,
    Between,
    Compare,
    Everything,
    Exists,
    Node,
    Not,
    Operator,
    Or,
    Query,
    Search,
    Value,
    Word,
)
from clew.query.values import number_of, severity_of, truth_of

EVENT_ORDER = ("timestamp", "event_id")
ORDERS: dict[str, Callable[[Any, Any], Any]] = {">": gt, ">=": ge, "<": lt, "<=": le}
STATUS_CODES = ("http_status", "upstream_status")

STANDS_FOR = {"status": "http_status", "severity": "severity_number"}
"""The column that a number under a column's name is of."""


def compile(query: Query, events: ir.Table, *, now: datetime) -> ir.Table:
    """The rows that a search asks for: events in time order, or what its pipes make of them.

    now  naive and in UTC; what relative times count from
    """
    from clew.query.pipes import apply

    found = condition(query.search, Events(events, query.text), now)
    table = events if found is None else events.filter(found)
    if not query.pipes:
        return table.order_by([table[name].asc() for name in EVENT_ORDER])
    return apply(query, table, now)


def condition(search: Search, scope: Scope, now: datetime) -> ir.BooleanValue | None:
    """The condition on the rows of a scope; None where it holds for every row."""
    return _Conditions(scope, now).of(search)


class _Conditions:
    def __init__(self, scope: Scope, now: datetime) -> None:
        self.scope, self.now = scope, now

    def of(self, search: Search) -> ir.BooleanValue | None:
        match search:
            case Everything():
                return None
            case And():
                parts = [part for term in search.terms if (part := self.of(term)) is not None]
                return _joined(parts, and_) if parts else None
            case Or():
                return self.any_of(search)
            case Not():
                part = self.of(search.term)
                return ibis.literal(False) if part is None else ~part.fill_null(False)
            case Word():
                return self.word(search.value)
            case Exists():
                return self.scope.find(search.field).value.notnull()
            case Between():
                return self.between(search)
            case Compare():
                return self.compare(search)

    def any_of(self, search: Or) -> ir.BooleanValue | None:
        """Plain values of one field become one IN: a list of a thousand ids is one look-up."""
        parts: list[ir.BooleanValue] = []
        lists: dict[str, tuple[ir.Value, list[Any]]] = {}
        for term in search.terms:
            plain = self.plain(term) if isinstance(term, Compare) else None
            if plain is not None and isinstance(term, Compare):
                lists.setdefault(term.field.name, (plain[0], []))[1].append(plain[1])
            elif (part := self.of(term)) is None:
                return None
            else:
                parts.append(part)
        parts += [
            value.isin(listed) if len(listed) > 1 else value == listed[0]
            for value, listed in lists.values()
        ]
        return _joined(parts, or_)

    def plain(self, node: Compare) -> tuple[ir.Value, Any] | None:
        """Column and literal, where the comparison is just that they are the same."""
        if (
            node.operator not in (":", "=")
            or node.value.has_wildcard
            or node.value.style == "regex"
        ):
            return None
        subject = self.subject(node)
        text = node.value.text
        if subject.kind == "int" and (number := self.number(subject, text)) is not None:
            return (subject.value, number) if isinstance(number, int) else None
        is_exact = subject.kind == "text" and not subject.is_any_case
        if not is_exact or "/" in text or matching.network_of(node.value, subject):
            return None
        if subject.is_free and node.operator == ":":
            return None
        return subject.value, text

    def word(self, value: Value) -> ir.BooleanValue:
        """A word in any of the columns of free text."""
        columns = self.scope.searched()
        if not columns:
            self.fail("Behind this pipe there is no text: a field is needed, as count>3.", value)
        return _joined([matching.inside(text, value, self.fail) for text in columns], or_)

    def between(self, node: Between) -> ir.BooleanValue:
        ends: list[tuple[Operator, Value]] = []
        if node.low is not None:
            ends.append((">=" if node.has_low else ">", node.low))
        if node.high is not None:
            ends.append(("<=" if node.has_high else "<", node.high))
        if not ends:
            return self.scope.find(node.field).value.notnull()
        return _joined([self.compare(_compare(node, sign, value)) for sign, value in ends], and_)

    def subject(self, node: Compare) -> Subject:
        """What a comparison is about: `status:500` is about the code, `severity>=17` the number."""
        subject = self.scope.find(node.field)
        value = node.value
        other = STANDS_FOR.get(subject.column)
        is_number = number_of(value.text) is not None or (
            other == "http_status" and matching.is_status_pattern(value)
        )
        if other and is_number and value.style != "regex":
            return self.scope.column(other) or subject
        return subject

    def compare(self, node: Compare) -> ir.BooleanValue:
        if node.operator == "!=":
            return ~self.compare(_compare(node, "=", node.value)).fill_null(False)
        subject, value = self.subject(node), node.value
        if node.operator in (":", "="):
            if value.is_star:
                return subject.value.notnull()
            if value.style == "regex":
                flags = "i" if subject.is_free and node.operator == ":" else ""
                return matching.regex(subject.as_text(), value, self.fail, flags=flags)
        if subject.kind in NUMBERS:
            return self.compare_number(subject, node)
        compare = {
            "bool": self.compare_truth,
            "time": self.compare_time,
            "attribute": self.compare_attribute,
        }.get(subject.kind, self.compare_text)
        return compare(subject, node)

    def compare_number(self, subject: Subject, node: Compare) -> ir.BooleanValue:
        value = node.value
        if node.operator in (":", "="):
            if subject.column in STATUS_CODES and (first := matching.status_class(value)):
                return subject.number().between(first, first + 99)
            if value.has_wildcard:
                return matching.whole(subject.as_text(), value, self.fail)
        number = self.number(subject, value.text)
        if number is None:
            self.fail(f"{subject.name} is a number, and '{value.text}' is not.", value)
        return _compared(subject.number(), node.operator, number)

    def number(self, subject: Subject, text: str) -> float | int | None:
        return number_of(text, subject.column, subject.scale)

    def compare_truth(self, subject: Subject, node: Compare) -> ir.BooleanValue:
        truth = truth_of(node.value.text)
        if truth is None or node.operator in ORDERS:
            self.fail(f"{subject.name} is true or false, not '{node.value.text}'.", node.value)
        return subject.value == ibis.literal(truth)

    def compare_time(self, subject: Subject, node: Compare) -> ir.BooleanValue:
        """A date stands for its whole day: `<=` reaches its end, `>` begins behind it."""
        begin, end = self.interval(node.value)
        time = subject.value
        match node.operator:
            case ">":
                return time >= end
            case ">=":
                return time >= begin
            case "<":
                return time < begin
            case "<=":
                return time < end
        return (time >= begin) & (time < end)

    def interval(self, value: Value) -> tuple[ir.TimestampValue, ir.TimestampValue]:
        text = value.text.removesuffix("*") if value.style == "word" else value.text
        try:
            begin, end = parse_interval(text, self.now)
        except ConfigError as error:
            self.fail(str(error), value)
        return ibis.literal(begin, "timestamp(6)"), ibis.literal(end, "timestamp(6)")

    def compare_attribute(self, subject: Subject, node: Compare) -> ir.BooleanValue:
        """Attributes are text; what looks like a number is compared as one."""
        value, text = node.value, node.value.text
        number = number_of(text, subject.name) if value.style == "word" else None
        if node.operator in ORDERS:
            if number is not None:
                return _compared(subject.number(), node.operator, number)
            return _compared(subject.value, node.operator, text)
        if number is not None:
            return (subject.value == text) | (subject.number() == float(number))
        if text.lower() in ("true", "false") and value.style == "word":
            return subject.value.lower() == text.lower()
        return matching.whole(subject.value, value, self.fail, subject)

    def compare_text(self, subject: Subject, node: Compare) -> ir.BooleanValue:
        value, text = node.value, node.value.text
        level = severity_of(text) if subject.column == "severity" else None
        if node.operator in ORDERS:
            if level:
                return subject.value.isin(matching.levels(node.operator, level))
            number = number_of(text)
            if number is not None:
                return _compared(subject.value.try_cast("float64"), node.operator, number)
            return _compared(subject.value, node.operator, text)
        if level:
            return subject.value == level
        if subject.is_free and node.operator == ":":
            return matching.inside(subject.value, value, self.fail)
        return matching.whole(subject.value, value, self.fail, subject)

    def fail(self, sentence: str, node: Node) -> NoReturn:
        raise QueryError(sentence, self.scope.query, node.position, node.length)


def _compared(value: ir.Value, sign: str, wanted: Any) -> ir.BooleanValue:
    return ORDERS[sign](value, wanted) if sign in ORDERS else value == wanted


def _compare(node: Compare | Between, sign: Operator, value: Value) -> Compare:
    return Compare(node.field, sign, value, position=node.position, length=node.length)


def _joined(parts: Sequence[Any], join: Callable[[Any, Any], Any]) -> Any:
    """All parts under one operator, as a tree that is as flat as can be: depth is recursion."""
    while len(parts) > 1:
        pairs: Iterable[Sequence[Any]] = (parts[at : at + 2] for at in range(0, len(parts), 2))
        parts = [join(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return parts[0]

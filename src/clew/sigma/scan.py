"""Many rules over the events at once: which events each matches, and whose they are.

Events without any of the texts that a rule needs are left behind first, by one pattern for all rules;
the conditions are worked out over what remains, as bits of one number.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from clew.sigma.conditions import Condition
from clew.sigma.literals import Hint

MOST_RULES = 60
"""Rules of one scan: bits of a 64-bit number."""
WHO = ("user_id", "api_key_hash", "client_ip")
WHERE = ("src_ip", "host", "service")
SUBJECT = (*WHO, *WHERE)
"""Whose an event is: who caused it; where no column says so, the first of where it came from."""
_BETWEEN = "\x1f"


def matched(events: ir.Table, conditions: Sequence[Condition]) -> ir.Table:
    """One row an event that may match: event_id, its time and place, whose it is, and `mask`: bit n is
    set where it matches condition n."""
    assert 0 < len(conditions) <= MOST_RULES, "BUG: nothing to look for, or too much"
    bits = [
        ibis.ifelse(one.holds, ibis.literal(1 << n, "int64"), ibis.literal(0, "int64"))
        for n, one in enumerate(conditions)
    ]
    t = events.filter(_candidates(conditions))
    return t.select(
        event_id=events.event_id,
        timestamp=events.timestamp,
        source_id=events.source_id,
        byte_offset=events.byte_offset,
        **_whose(events),
        mask=_sum(bits),
    )


def of_rule(t: ir.Table, number: int) -> ir.Table:
    """The rows of `matched` that match this condition."""
    return t.filter((t.mask & ibis.literal(1 << number, "int64")) != 0)


def each_rule(t: ir.Table, count: int) -> ir.Table:
    """One row an event and rule that it matches, the rule's number as `rule`."""
    t = t.filter(t.mask != 0)
    t = t.mutate(rule=ibis.literal(list(range(count)), "array<int64>").unnest())
    return t.filter(((t.mask >> t.rule) & 1) == 1)


def subjects(t: ir.Table) -> ir.Table:
    """One row a rule and subject: when, and how many events. `t` has `rule`, or is of one rule."""
    by = ["rule", "who"] if "rule" in t.columns else ["who"]
    return t.group_by(*by).agg(
        **{name: t[name].max() for name in SUBJECT},
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
        events=t.count(),
    )


def _whose(e: ir.Table) -> dict[str, ir.Value]:
    nobody = reduce(lambda a, b: a & b, [e[name].isnull() for name in WHO])
    columns: dict[str, ir.Value] = {name: e[name] for name in WHO}
    for name in WHERE:
        columns[name] = ibis.ifelse(nobody, e[name], None)
        nobody = nobody & e[name].isnull()
    parts = [value.fill_null("") for value in columns.values()]
    columns["who"] = reduce(lambda a, b: a + _BETWEEN + b, parts)
    return columns


def _candidates(conditions: Sequence[Condition]) -> ir.BooleanValue:
    """True for every event that matches a condition; for few others, where texts allow it."""
    hints = Hint()
    parts: list[ir.BooleanValue] = []
    for one in conditions:
        if one.hint is None:
            parts.append(one.holds)
        else:
            hints.with_other(one.hint)
    if hints.texts:
        parts.append(hints.condition().fill_null(False))
    return _balanced_or(parts)


def _balanced_or(parts: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    if len(parts) <= 2:
        return reduce(or_, parts)
    middle = len(parts) // 2
    return _balanced_or(parts[:middle]) | _balanced_or(parts[middle:])


def _sum(parts: Sequence[ir.IntegerValue]) -> ir.IntegerValue:
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return _sum(parts[:middle]) + _sum(parts[middle:])

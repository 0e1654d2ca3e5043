"""The two sides of a comparison: which spans are before, and which after.

times    a request is before where its first span is among the events of the baseline, else after
other    versions or searches: a span belongs to the side it is of, and the others of its request to
         that, too. A service that has spans of one side alone does not count where another has both:
         when one service goes from 1.2 to 1.3, a second that is at 1.2 all along has not changed
one      search alone: the requests that it finds, and all others
neither  given: the earlier half of the time between the first request and the last, and the later
A span that would be of both sides is of none.
"""

from __future__ import annotations

from typing import TypeAlias

import ibis
import ibis.expr.types as ir

from clew.analyses._by import value_of
from clew.analyses._spans import spans_of
from clew.correlation.calls_of_spans import UNKNOWN
from clew.correlation.clocks import microseconds
from clew.errors import ConfigError
from clew.model.views import events, span_tree

Side: TypeAlias = "str | ir.BooleanValue | None"


def sided(
    seen: ir.Table, baseline: ir.Table | None, column: str | None, before: Side, after: Side
) -> ir.Table:
    """Spans with is_after (0 or 1), and begun: when their request began."""
    if column is None and before is None and after is None:
        return _by_time(seen, baseline)
    if column is not None and before is None and after is None:
        raise ConfigError(f"Say which {column} to compare: --option before=... --option after=...")
    is_before, is_after = _condition(column, before), _condition(column, after)
    if column is not None:
        is_before = is_before if is_before is not None else _all_but(is_after, column)
        is_after = is_after if is_after is not None else _all_but(is_before, column)
    marks = _marks(is_before, is_after)
    rest = -1 if is_before is None else 1 if is_after is None else 0
    later = _chosen(spans_of(seen), marks, 1, rest)
    earlier = _chosen(spans_of(seen if baseline is None else baseline), marks, 0, rest)
    return _begun(ibis.union(earlier, later))


def _marks(is_before: ir.BooleanValue | None, is_after: ir.BooleanValue | None) -> ir.Table:
    """marked_id, own_before and own_after (0 or 1) of spans, in services that have both sides; where
    no service has, in all. A side that is not given has none."""
    t = events.select(
        "span_name",
        marked_id="event_id",
        marked_service=events.service.fill_null(UNKNOWN),
        own_before=_flag(is_before),
        own_after=_flag(is_after),
    )
    t = t.filter(t.span_name.notnull() & (t.own_before != t.own_after))
    of = t.group_by("marked_service").agg(has_both=t.own_before.max() * t.own_after.max())
    of = of.mutate(most=of.has_both.max().over(ibis.window()))
    counting = of.filter(of.has_both == of.most)
    return t.semi_join(counting, "marked_service").drop("span_name", "marked_service")


def _by_time(seen: ir.Table, baseline: ir.Table | None) -> ir.Table:
    t = _begun(spans_of(seen))
    if baseline is not None:
        earlier = _begun(spans_of(baseline))
        return ibis.union(
            earlier.mutate(is_after=ibis.literal(0, "int64")),
            t.mutate(is_after=ibis.literal(1, "int64")),
        )
    at = microseconds(t.begun)
    return t.mutate(is_after=((at - at.min().over(ibis.window())) * 2
                              >= at.max().over(ibis.window()) - at.min().over(ibis.window())
                              ).cast("int64"))  # fmt: skip


def _begun(t: ir.Table) -> ir.Table:
    """Spans whose request has a beginning."""
    first = span_tree.filter(span_tree.event_id == span_tree.root_event_id)
    first = first.filter(first.started.notnull()).select(first_id="event_id", begun="started")
    return t.join(first, t.root_event_id == first.first_id).drop("first_id")


def _condition(column: str | None, side: Side) -> ir.BooleanValue | None:
    if isinstance(side, str):
        if column is None:
            raise ConfigError(
                f"'{side}' is a value of which column? --option column=service_version says it."
            )
        return value_of(events, column).cast("string") == side
    return side


def _all_but(side: ir.BooleanValue | None, column: str) -> ir.BooleanValue:
    """The other side: rows that have the column and are not of this side."""
    assert side is not None, "BUG: one side at least is given"
    return ~side.fill_null(False) & value_of(events, column).notnull()


def _flag(condition: ir.BooleanValue | None) -> ir.IntegerValue:
    known = ibis.literal(False) if condition is None else condition.fill_null(False)
    return known.cast("int64")


def _chosen(t: ir.Table, marks: ir.Table, is_after: int, rest: int) -> ir.Table:
    """The spans of one side. rest: the side of requests with no mark; -1 before, 1 after, 0 none."""
    columns = t.columns
    t = t.left_join(marks, t.event_id == marks.marked_id)
    t = t.mutate(own_before=t.own_before.fill_null(0), own_after=t.own_after.fill_null(0))
    request = ibis.window(group_by=t.root_event_id)
    t = t.mutate(
        any_before=t.own_before.max().over(request), any_after=t.own_after.max().over(request)
    )
    side = ibis.ifelse(
        t.own_before + t.own_after > 0, t.own_after - t.own_before, t.any_after - t.any_before
    )
    side = ibis.ifelse(t.any_before + t.any_after > 0, side, rest)
    chosen = t.filter(side == (1 if is_after else -1)).select(*columns)
    return chosen.mutate(is_after=ibis.literal(is_after, "int64"))

"""Parents and the rows of calls that they make: in turn, or at once."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.model.views import span_tree

UNLIKELY = 7.0
"""Parents in turn that would have been at once, were all as before: e**-7 is the chance of none."""


def parents_of(calls: ir.Table) -> ir.Table:
    """One row per parent: what its rows of calls took, and what they would take at once."""
    rows = calls.group_by("parent_event_id", "run").agg(
        parent_service=calls.parent_service.min(),
        parent_span_name=calls.parent_span_name.min(),
        trace_id=calls.trace_id.min(),
        started=calls.started.min(),
        ended=calls.ended.max(),
        calls=calls.count(),
        overlaps=calls.is_overlap.cast("int64").sum(),
        sum_ms=calls.duration_ms.sum(),
        longest_ms=calls.duration_ms.max(),
        ran_after_failure=(calls.last_failed.fill_null(False) & (calls.row_place > 0))
        .cast("int64")
        .sum(),
    )
    t = rows.group_by("parent_event_id").agg(
        parent_service=rows.parent_service.min(),
        parent_span_name=rows.parent_span_name.min(),
        trace_id=rows.trace_id.min(),
        started=rows.started.min(),
        ended=rows.ended.max(),
        calls=rows.calls.sum(),
        overlaps=rows.overlaps.sum(),
        sum_ms=rows.sum_ms.sum(),
        longest_ms=rows.longest_ms.sum(),
        ran_after_failure=rows.ran_after_failure.sum(),
    )
    above = span_tree.select(parent_event_id="event_id", parent_ms="duration_ms")
    t = t.left_join(above, "parent_event_id")
    return t.mutate(saving_ms=ibis.ifelse(t.overlaps > 0, 0.0, t.sum_ms - t.longest_ms))


def while_in_turn(parents: ir.Table) -> ir.Table:
    """The parents of each operation; where its calls at other times ran at once, the longest row of
    those that made them in turn.

    Adds at_once_else: how many made them at once, where so many in a row that did not are no chance.
    """
    own = ["parent_service", "parent_span_name"]
    at_once = (parents.overlaps > 0).cast("int64")
    so_far = ibis.window(
        group_by=own,
        order_by=[parents.started, parents.parent_event_id],
        preceding=None,
        following=0,
    )
    t = parents.mutate(at_once=at_once, row=at_once.sum().over(so_far))
    rows = t.filter(t.at_once == 0).group_by(*own, "row").agg(length=lambda k: k.count())
    order = ibis.window(group_by=own, order_by=[rows.length.desc(), rows["row"]])
    rows = rows.mutate(place=ibis.row_number().over(order))
    rows = rows.filter(rows.place == 0).rename(longest_row="row").drop("place")
    sums = t.group_by(*own).agg(parents=t.count(), at_once_else=t.at_once.sum())
    t = t.join(
        sums.left_join(rows, own, rname="{name}_row").select(
            *sums.columns, "length", "longest_row"
        ),
        own,
    )
    usual = t.at_once_else / (t.parents - t.length).nullif(0)
    is_changed = (t.at_once_else > 0.01 * t.parents) & (t.length * usual > UNLIKELY)
    t = t.mutate(at_once_else=ibis.ifelse(is_changed.fill_null(False), t.at_once_else, 0))
    is_in_row = (t.at_once == 0) & (t["row"] == t.longest_row)
    return t.filter((t.at_once_else == 0) | is_in_row.fill_null(False))

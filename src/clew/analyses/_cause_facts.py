"""Spans as root_cause reads them: whose own time it is, whose failure, who was called."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from clew.correlation.clocks import microseconds
from clew.correlation.span_tree import ASKING
from clew.model.views import span_tree, spans


def span_facts(e: ir.Table) -> ir.Table:
    """One row a span of `e` (with component and pod): whose its own time and its failure are.

    Adds callee and callee_pod ("" where it called nobody), role (own, gap or unanswered), fails
    (it started here), children, self_ms (without waits before it called again what had failed),
    served (children that did not fail) and served_ms (what they took).
    """
    stated = spans(e).drop("service", "span_id", "span_name")
    placed = span_tree.select(
        "event_id", "parent_event_id", "span_name", "span_kind", "status", "self_ms", "started",
        "ended",
        spent_ms=(microseconds(span_tree.ended) - microseconds(span_tree.started)) / 1e3,
    )  # fmt: skip
    t = stated.join(placed, "event_id")
    is_failure = (t.status == "error").fill_null(False) | (t.http_status >= 500).fill_null(False)
    t = t.mutate(operation=t.span_name, failed=is_failure)
    up = t.select(
        parent_event_id="event_id", up_component="component", up_operation="operation",
        up_kind="span_kind",
    )  # fmt: skip
    child = t.select(
        "event_id", "parent_event_id", "component", "pod", "failed", "operation", "spent_ms",
        "started", "ended",
    )  # fmt: skip
    child = _waited(child.join(up, "parent_event_id"))
    t = _asking(t, child)
    is_remote = child.component != child.up_component
    below = child.group_by("parent_event_id").agg(
        children=child.count(),
        served=child.count(where=~child.failed),
        served_ms=child.spent_ms.sum(where=~child.failed),
        waited_ms=child.waited_ms.sum(),
        child_failed=child.failed.cast("int64").max() > 0,
        callee=child.component.max(where=is_remote),
        callee_pod=child.pod.max(where=is_remote),
    )
    below = below.rename(event_id="parent_event_id")
    t = t.left_join(below, "event_id")
    t = _aimed(t.drop("event_id_right"), e)
    role = ibis.cases(
        (~t.asks | (t.callee == ""), "own"), (t.is_answered, "gap"), else_="unanswered"
    )
    return t.mutate(
        role=role,
        children=t.children.fill_null(0),
        served=t.served.fill_null(0),
        served_ms=t.served_ms.fill_null(0.0),
        self_ms=ibis.greatest(t.self_ms - t.waited_ms.fill_null(0.0), 0.0),
        fails=t.failed & ~t.child_failed.fill_null(False),
    )


def _waited(child: ir.Table) -> ir.Table:
    """Adds waited_ms: the time between a call that failed and this one, if it is the same anew."""
    began, over = microseconds(child.started), microseconds(child.ended)
    alike = ibis.window(
        group_by=["parent_event_id", "component", "operation"],
        order_by=[began, over, child.event_id],
    )
    has_failed = child.failed.lag().over(alike).fill_null(False)
    wait_ms = (began - over.lag().over(alike)) / 1e3
    waited = ibis.ifelse(has_failed, ibis.greatest(wait_ms, 0.0), 0.0).fill_null(0.0)
    return child.mutate(waited_ms=waited)


def passing(t: ir.Table) -> ir.Table:
    """clew_group, component and `passed`: the share of its failures in the bad time that others began.

    t: `span_facts` with `side` and `clew_group`.
    """
    failures = t.filter(t.failed & (t.side == 1))
    return failures.group_by("clew_group", "component").agg(
        passed=(~failures.fails).cast("float64").mean()
    )


def _asking(t: ir.Table, child: ir.Table) -> ir.Table:
    """Adds asks: a client's span by its kind; where none is stated, one within its service that bears
    the name of what another service did for it, or the beginning of that name."""
    mine, theirs = child.up_operation, child.operation
    is_alike = theirs.startswith(mine) | mine.endswith(theirs)
    pair = child.filter(child.up_kind.isnull() & (child.component != child.up_component) & is_alike)
    pair = pair.select(component="up_component", operation="up_operation").distinct()
    t = t.left_join(pair.mutate(is_pair=True), ["component", "operation"], rname="{name}_pair")
    up = t.select(parent_event_id="event_id", above="component")
    t = t.left_join(up, "parent_event_id", rname="{name}_above")
    is_call = t.span_kind.isnull() & t.is_pair & (t.above == t.component)
    asks = t.span_kind.isin(ASKING).fill_null(False) | is_call.fill_null(False)
    return t.mutate(asks=asks)


def _aimed(t: ir.Table, e: ir.Table) -> ir.Table:
    """Gives a call that nobody answered the callee that answers such calls, or the one it names."""
    answered = t.filter(t.asks & t.callee.notnull())
    usual = answered.group_by("component", "operation").agg(
        usual=answered.callee.max(), other=answered.callee.min()
    )
    usual = usual.filter(usual.usual == usual.other).drop("other")
    known = e.filter(e.component != "").select(named="component").distinct()
    t = t.mutate(address=t.server_address.re_extract(r"^([A-Za-z][A-Za-z0-9_-]*)", 1))
    t = t.left_join(usual, ["component", "operation"], rname="{name}_usual")
    t = t.left_join(known, t.address == known.named)
    aimed = ibis.ifelse(t.asks, ibis.coalesce(t.callee, t.usual, t.named, ibis.literal("")), "")
    aimed = ibis.ifelse(aimed == t.component, "", aimed)
    return t.mutate(
        is_answered=t.callee.notnull(), callee=aimed, callee_pod=t.callee_pod.fill_null("")
    )


def called(t: ir.Table) -> ir.Table:
    """The service map of `span_facts`: component and callee, once each."""
    up = t.select(parent_event_id="event_id", caller="component")
    met = t.select("parent_event_id", callee="component").join(up, "parent_event_id")
    named = t.filter(t.callee != "").select(caller="component", callee="callee")
    both = ibis.union(met.select("caller", "callee"), named.select("caller", "callee"))
    return cast(ir.Table, both.filter(both.caller != both.callee).distinct())

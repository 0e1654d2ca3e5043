"""What spans say of a cause: own time, gaps of calls, where failures start, calls that stay away.

A caller that is slow or fails because of what it called has neither own time nor a failure of its own.
The gap between a client's span and its server's is the network's, and so is a call that nothing
answered: it counts to the callee, and to the pod whose calls, in and out, all have it.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._cause_words import EVIDENCE, PLACE, clue, number, percent, saturating
from clew.correlation.clocks import microseconds

LEAST_MS = 0.1
"""Added to a time before its logarithm: below it, times are alike."""
NODE = [*PLACE, "operation"]
EDGE = ["clew_group", "component", "pod", "callee", "callee_pod"]
UNSURE, SHARED = 0.6, 0.85
"""What a gap counts that may as well be the caller's work, where no client's span tells: of one
operation that calls, and of several, whose work hardly grew at the same time."""
MOST_COMMON_GROWTH = 0.5
"""How much of a growth that most operations share is taken for load, as a logarithm."""


def span_clues(t: ir.Table) -> ir.Table:
    """Evidence of `span_facts` with `side` and `clew_group`."""
    t = t.mutate(log_ms=(ibis.greatest(t.self_ms, 0.0) + LEAST_MS).ln())
    blamed = t.mutate(
        component=ibis.ifelse(t.role == "own", t.component, t.callee),
        pod=ibis.ifelse(t.role == "own", t.pod, t.callee_pod),
    )
    nodes = _growth(
        blamed.filter(blamed.role != "gap"), NODE, ["clew_group", "component", "operation"]
    )
    calls = _calls(t)
    edges = _growth(calls.filter(calls.asks), EDGE, ["clew_group", "component", "callee"])
    more = _more(t.filter(t.role == "own"))
    total = ibis.union(
        nodes.select("clew_group", "extra_ms"),
        edges.select("clew_group", "extra_ms"),
        more.select("clew_group", "extra_ms"),
    )
    total = total.group_by("clew_group").agg(all_ms=ibis.greatest(total.extra_ms, 0.0).sum())
    calls = _long(calls)
    return ibis.union(
        _own_time(nodes.join(total, "clew_group"), calls),
        _gaps(calls, total),
        _failures(blamed),
        _missing_calls(t.filter(t.role == "own")),
        _more_calls(more.join(total, "clew_group")),
    ).select(*EVIDENCE)


def _growth(t: ir.Table, own: list[str], alike: list[str]) -> ir.Table:
    """One row a key of `own`: own time before and after, by its logarithm, and what it cost.

    Where a pod has no past, that of the same operation in other pods stands for it. Adds n, usual_ms
    and now_ms (geometric means), growth (the logarithm of their ratio, less what most share), sigmas
    and extra_ms (over all spans).
    """
    t = t.filter(t.self_ms.notnull())
    s = t.group_by(*own).agg(
        **{
            f"{name}{side}": value
            for side, where in ((0, t.side == 0), (1, t.side == 1))
            for name, value in (
                ("n", where.cast("float64").sum()),
                ("log", t.log_ms.sum(where=where).fill_null(0.0)),
                ("square", (t.log_ms * t.log_ms).sum(where=where).fill_null(0.0)),
                ("ms", t.self_ms.sum(where=where).fill_null(0.0)),
            )
        }
    )
    whole = ibis.window(group_by=alike)
    sums = ("n0", "log0", "square0", "ms0")
    s = s.mutate(**{f"all_{name}": s[name].sum().over(whole) for name in sums})
    has_past = s.n0 >= 5
    s = s.mutate(**{name: ibis.ifelse(has_past, s[name], s[f"all_{name}"]) for name in sums})
    s = s.filter((s.n0 >= 3) & (s.n1 > 0))
    mean0, mean1 = s.log0 / s.n0, s.log1 / s.n1
    # a deviation is not known to be small from few: 0.1 is 10 %
    spread0 = ibis.greatest(s.square0 / s.n0 - mean0 * mean0, 0.0) + 0.01
    spread1 = ibis.greatest(s.square1 / s.n1 - mean1 * mean1, 0.0) + 0.01
    error = (spread0 / s.n0 + (spread1 + spread0) / 2 / s.n1).sqrt()
    s = s.mutate(move=mean1 - mean0, error=error, per_span=s.ms1 / s.n1 - s.ms0 / s.n0)
    common = s.group_by("clew_group").agg(common=s.move.quantile(0.5), keys=s.count())
    s = s.join(common, "clew_group")
    shared = ibis.ifelse(s["keys"] >= 8, s.common, 0.0)
    growth = s.move - ibis.greatest(ibis.least(shared, MOST_COMMON_GROWTH), 0.0)
    s = s.mutate(
        n=s.n1, growth=growth, sigmas=growth / s.error,
        usual_ms=s.ms0 / s.n0, now_ms=s.ms1 / s.n1,
    )  # fmt: skip
    is_sure = saturating(s.sigmas - 2.0, 3.0) * saturating(s.growth, 0.35)
    # of a rise that few spans make, the mean tells more than the logarithms
    tail = s.per_span / (s.ms0 / s.n0 + 1.0)
    is_sure = ibis.greatest(is_sure, 0.8 * saturating(tail - 0.5, 2.0) * s.n1 / (s.n1 + 10.0))
    return s.mutate(is_sure=is_sure, extra_ms=s.n1 * s.per_span * is_sure)


def _calls(t: ir.Table) -> ir.Table:
    """One row a call from one component to another: the caller's columns, callee and callee_pod.

    self_ms is the caller's time beside the call: that of a client's span is the gap alone; where no
    span of a client is there, the caller's own work between its other calls is in it.
    """
    in_turn = ibis.window(
        group_by=["clew_group", "parent_event_id"], order_by=["began", "event_id"]
    )
    t = t.mutate(began=microseconds(t.started), over=microseconds(t.ended))
    child = t.filter(t.parent_event_id.notnull()).select(
        "clew_group", "parent_event_id", "event_id", "began", "over", callee="component",
        callee_pod="pod",
    )  # fmt: skip
    child = child.mutate(last=child.over.lag().over(in_turn), next=child.began.lead().over(in_turn))
    up = t.select(
        "clew_group", "side", "component", "pod", "operation", "self_ms", "log_ms", "asks",
        parent_event_id="event_id", up_began="began", up_over="over",
    )  # fmt: skip
    met = child.join(up, ["clew_group", "parent_event_id"])
    met = met.filter((met.callee != met.component) & met.self_ms.notnull())
    before = met.began - ibis.coalesce(met["last"], met.up_began)
    after = ibis.coalesce(met["next"], met.up_over) - met.over
    beside_ms = (ibis.greatest(before, 0) + ibis.greatest(after, 0)) / 1e3
    beside_ms = ibis.ifelse(met.asks, met.self_ms, ibis.least(beside_ms, met.self_ms))
    return met.mutate(
        self_ms=beside_ms, log_ms=(ibis.greatest(beside_ms, 0.0) + LEAST_MS).ln()
    ).drop("began", "over", "last", "next", "up_began", "up_over", "event_id")


def _long(calls: ir.Table) -> ir.Table:
    """Adds is_long (1.0 for a call of the bad time beyond what is usual for it)."""
    alike = ["clew_group", "component", "operation", "callee"]
    usual = calls.filter(calls.side == 0)
    usual = usual.group_by(*alike).agg(
        usual_mean=usual.log_ms.mean(), usual_spread=usual.log_ms.std(how="pop")
    )
    t = calls.join(usual, alike)
    is_long = t.log_ms > t.usual_mean + 3 * ibis.greatest(t.usual_spread, 0.1)
    return t.mutate(
        is_long=(is_long & (t.side == 1)).cast("float64"), is_now=(t.side == 1).cast("float64")
    )


def _own_time(s: ir.Table, calls: ir.Table) -> ir.Table:
    """Own time that grew. Where it is long in calls of one callee alone, it is spent on the way."""
    mixed = calls.filter(~calls.asks)
    ends = ibis.union(
        mixed.select(*NODE, "is_long", "is_now"),
        mixed.select(
            "clew_group", "is_long", "is_now", component="callee", pod="callee_pod",
            operation=ibis.literal("")
        ).select(*NODE, "is_long", "is_now"),
    )  # fmt: skip
    ends = ends.group_by(*NODE).agg(long=ends.is_long.sum() / (ends.is_now.sum() + 2.0))
    ends = ends.mutate(most=ends.long.max().over(ibis.window(group_by="clew_group")))
    s = s.left_join(ends.filter(ends.operation != ""), NODE)
    is_own = (s.long / s.most.nullif(0.0)).fill_null(1.0)
    share = ibis.greatest(s.extra_ms, 0.0) / s.all_ms.nullif(0.0)
    strength = (s.is_sure * (0.25 + 0.75 * share.sqrt()) * (0.4 + 0.6 * is_own)).fill_null(0.0)
    return clue(
        s.filter(s.extra_ms > 0), "time", strength,
        s.operation, " takes ", number(s.now_ms), " ms of its own instead of ", number(s.usual_ms),
        " (", percent(share), " of the time that was added)",
    )  # fmt: skip


def _gaps(calls: ir.Table, total: ir.Table) -> ir.Table:
    """Gaps of calls, told by both ends: to blame is the end of whose calls, in and out, most have it.

    Without spans of clients only the callee's end is told: the caller's is its own time.
    """
    columns = ["clew_group", "side", "self_ms", "log_ms", "is_long", "is_now"]
    asked = calls.asks.cast("float64")
    caller = calls.component + "\n" + calls.operation
    both = ibis.union(
        calls.select(
            *columns, "component", "pod", is_in=ibis.literal(0.0), asked=asked, caller=caller
        ),
        calls.select(
            *columns, component="callee", pod="callee_pod", is_in=ibis.literal(1.0), asked=asked,
            caller=caller,
        ),
    )  # fmt: skip
    ends = _growth(both, PLACE, ["clew_group", "component"]).join(total, "clew_group")
    long = both.group_by(*PLACE).agg(
        long_n=both.is_long.sum(),
        long_in=(both.is_long * both.is_in).sum(),
        long_share=both.is_long.sum() / (both.is_now.sum() + 2.0),
        asked=both.asked.mean(),
        callers=both.caller.nunique(where=(both.is_long * both.is_in) > 0),
    )
    s = ends.join(long, PLACE)
    s = s.mutate(most=s.long_share.max().over(ibis.window(group_by="clew_group")))
    share = (ibis.greatest(s.extra_ms, 0.0) / s.all_ms.nullif(0.0)).fill_null(0.0)
    inwards = s.long_in / s.long_n.nullif(0.0)
    unsure = ibis.ifelse(s.callers > 1, SHARED, UNSURE)
    towards = ibis.ifelse(s.asked > 0.5, 0.75 + 0.25 * inwards, unsure * inwards)
    strength = s.is_sure * s.long_share / s.most.nullif(0.0) * towards
    return clue(
        s.filter(s.extra_ms > 0).mutate(operation=ibis.literal("")),
        "gap",
        (strength * (0.25 + 0.75 * ibis.least(share, 1.0).sqrt())).fill_null(0.0),
        ibis.ifelse(
            s.asked > 0.5,
            "calls from and to it spend ",
            "those that call it spend, beside what it takes, ",
        ),
        number(s.now_ms), " ms instead of ",
        number(s.usual_ms), " (", percent(ibis.least(share, 1.0)), " of the time that was added)",
    )  # fmt: skip


def _failures(t: ir.Table) -> ir.Table:
    """Failures that start here: of an answered call that failed alone, the callee is t.

    So is a call that nobody answered, whatever its status: as many as usual are no news.
    """
    t = t.mutate(fails=t.fails | (t.role == "unanswered"))
    s = t.group_by(*NODE).agg(
        n0=(t.side == 0).cast("float64").sum(),
        n1=(t.side == 1).cast("float64").sum(),
        fails0=(t.fails & (t.side == 0)).cast("float64").sum(),
        fails1=(t.fails & (t.side == 1)).cast("float64").sum(),
        alone=(t.fails & (t.side == 1) & (t.role != "own")).cast("float64").sum(),
        error=t.exception_type.max(where=t.fails & (t.side == 1)),
    )
    usual = (s.fails0 + 0.5) / (s.n0 + 50.0)
    s = s.mutate(expected=usual * s.n1, share=s.fails1 / s.n1.nullif(0.0))
    s = s.mutate(more=s.fails1 - s.expected)
    s = s.mutate(sigmas=s.more / (s.expected + 0.5).sqrt())
    total = ibis.greatest(s.more, 0.0).sum().over(ibis.window(group_by="clew_group"))
    of_all = s.more / total.nullif(0.0)
    certain = saturating(s.sigmas - 1.0, 2.0)
    strength = certain * (0.2 + 0.8 * of_all) * (0.4 + 0.6 * saturating(s.share, 0.2))
    words = ibis.ifelse(
        s.alone > s.fails1 / 2,
        "calls of it fail at the caller or unanswered: ",
        "failures start in it: ",
    )
    return clue(
        s.filter(s.more > 0), "failures", strength.fill_null(0.0),
        words, number(s.fails1), " of ", number(s.n1), " ", s.operation, " (",
        number(s.expected), " expected)", ibis.ifelse(s.error.isnull(), "", ibis.literal(", ") + s.error),
    )  # fmt: skip


def _missing_calls(t: ir.Table) -> ir.Table:
    """An operation that no longer calls what it called: it returns early, or calls are lost."""
    s = t.group_by(*NODE).agg(
        n0=(t.side == 0).cast("float64").sum(),
        n1=(t.side == 1).cast("float64").sum(),
        calls0=t.children.sum(where=t.side == 0).cast("float64").fill_null(0.0),
        calls1=t.children.sum(where=t.side == 1).cast("float64").fill_null(0.0),
    )
    whole = ibis.window(group_by=["clew_group", "component", "operation"])
    s = s.mutate(all_n0=s.n0.sum().over(whole), all_calls0=s.calls0.sum().over(whole))
    s = s.filter((s.all_n0 >= 5) & (s.n1 >= 2))
    usual, now = s.all_calls0 / s.all_n0, s.calls1 / s.n1
    s = s.mutate(usual=usual, now=now)
    lost = 1.0 - s.now / s.usual.nullif(0.0)
    sigmas = (s.usual - s.now) * s.n1.sqrt() / (s.usual + 0.2).sqrt()
    strength = saturating(sigmas - 2.0, 3.0) * ibis.greatest(lost, 0.0)
    return clue(
        s.filter(s.usual > 0.2), "calls", strength.fill_null(0.0),
        s.operation, " makes ", number(s.now), " calls instead of ", number(s.usual),
    )  # fmt: skip


def _more(t: ir.Table) -> ir.Table:
    """One row an operation of a pod: usual and now, its calls that did not fail a span, and extra_ms.

    extra_ms is what calls beyond the usual number took. A call made again because it failed is not
    one: its callee is to blame.
    """
    s = t.group_by(*NODE).agg(
        **{
            f"{name}{side}": value
            for side, where in ((0, t.side == 0), (1, t.side == 1))
            for name, value in (
                ("n", where.cast("float64").sum()),
                ("calls", t.served.sum(where=where).cast("float64").fill_null(0.0)),
                ("square", (t.served * t.served).sum(where=where).cast("float64").fill_null(0.0)),
                ("ms", t.served_ms.sum(where=where).fill_null(0.0)),
            )
        }
    )
    whole = ibis.window(group_by=["clew_group", "component", "operation"])
    s = s.mutate(
        **{f"all_{name}": s[name].sum().over(whole) for name in ("n0", "calls0", "square0")}
    )
    s = s.filter((s.all_n0 >= 5) & (s.n1 >= 3) & (s.calls1 > 0))
    usual, now = s.all_calls0 / s.all_n0, s.calls1 / s.n1
    varied = ibis.greatest(s.all_square0 / s.all_n0 - usual * usual, 0.0) + 0.02
    varied_now = ibis.greatest(s.square1 / s.n1 - now * now, 0.0) + 0.02
    sigmas = (now - usual) / (varied / s.all_n0 + (varied + varied_now) / 2 / s.n1).sqrt()
    is_sure = saturating(sigmas - 2.0, 3.0) * saturating(now / (usual + 0.1) - 1.1, 0.3)
    beyond = ibis.greatest(now - usual, 0.0) / now
    return s.mutate(usual=usual, now=now, is_sure=is_sure, extra_ms=is_sure * beyond * s.ms1)


def _more_calls(s: ir.Table) -> ir.Table:
    """An operation that calls more than it did: a loop, or a cache that no longer answers."""
    share = ibis.least(s.extra_ms / s.all_ms.nullif(0.0), 1.0)
    strength = (s.is_sure * (0.25 + 0.75 * share.sqrt())).fill_null(0.0)
    return clue(
        s.filter(s.extra_ms > 0), "time", strength,
        s.operation, " makes ", number(s.now), " calls instead of ", number(s.usual),
        " (", percent(share), " of the time that was added)",
    )  # fmt: skip

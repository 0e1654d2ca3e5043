"""Two times to compare: when it went wrong, and when all was normal.

side  1: the time that is looked at; 0: the normal time. Rows in neither are left out
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from clew.correlation.clocks import microseconds

SLICES = 60
"""Parts that a case is cut into to find its worst time; none is shorter than SHORTEST_US."""
SHORTEST_US = 10_000_000
LEAST_BAD = 3.0
"""How many spreads a slice must be out for the case to have a worst time at all."""


@dataclass(frozen=True, slots=True)
class Times:
    """When it went wrong, and when all was normal; times are naive UTC, and None is no bound.

    Without `baseline` the time before `since` is normal, or what follows `until` where nothing was
    before.
    """

    since: datetime | None = None
    until: datetime | None = None
    baseline: tuple[datetime, datetime] | None = None


def bounds(e: ir.Table, times: Times) -> ir.Table:
    """One row: began, ended, usual_from, usual_until and uses_after, of the events `e`.

    usual_from and usual_until are NULL where no baseline was given, uses_after says whether what
    follows is normal too. Without any of the times it is the worst time of the case that is looked at,
    and the rest is normal; began and ended are NULL where none stands out.
    """
    if times == Times():
        none = ibis.null("timestamp(6)")
        return worst_time(e).mutate(usual_from=none, usual_until=none, uses_after=True)
    window = e.agg(first=e.timestamp.min(), last=e.timestamp.max())
    from_, until = times.baseline or (None, None)
    window = window.mutate(
        began=window["first"] if times.since is None else _literal(times.since),
        ended=window["last"] + ibis.interval(microseconds=1)
        if times.until is None
        else _literal(times.until),
        usual_from=_literal(from_),
        usual_until=_literal(until),
    )
    return window.mutate(uses_after=window["first"] >= window.began).drop("first", "last")


def worst_time(e: ir.Table) -> ir.Table:
    """One row: began and ended of the time in which most failed and spans took longest; or NULLs.

    The case is cut into slices; those at least half as bad as the worst make times, and the one that
    is worst in all is taken.
    """
    s = _slices(e)
    most = s.agg(worst=s.badness.max())
    bad = s.cross_join(most)
    bad = bad.filter((bad.worst >= LEAST_BAD) & (bad.badness * 2 >= bad.worst))
    in_order = ibis.window(order_by="slice")
    bad = bad.mutate(is_new=(bad.slice - bad.slice.lag().over(in_order) > 2).fill_null(True))
    so_far = ibis.window(order_by="slice", preceding=None, following=0)
    bad = bad.mutate(island=bad.is_new.cast("int64").sum().over(so_far))
    islands = bad.group_by("island").agg(
        total=bad.badness.sum(), began=bad.began.min(), ended=bad.ended.max()
    )
    best = ibis.row_number().over(ibis.window(order_by=[islands.total.desc(), islands.island]))
    islands = islands.mutate(place=best)
    top = islands.place == 0
    return islands.agg(began=islands.began.max(where=top), ended=islands.ended.max(where=top))


def _slices(e: ir.Table) -> ir.Table:
    """One row a slice with events: slice, began, ended, badness (spreads above the usual slice)."""
    e = e.filter(e.timestamp.notnull() & e.metric_name.isnull())
    failed = (
        e.severity.isin(("ERROR", "FATAL")).fill_null(False)
        | e.exception_type.notnull()
        | (e.status == "error").fill_null(False)
        | (e.http_status >= 500).fill_null(False)
    )
    slow = (ibis.greatest(e.duration_ms, 0.0) + 0.1).ln()
    t = e.select("service", "span_name", at=microseconds(e.timestamp), failed=failed, slow=slow)
    alike = ibis.window(group_by=["service", "span_name"])
    t = t.mutate(slower=t.slow - t.slow.mean().over(alike), begin=t["at"].min().over(ibis.window()))
    whole = ibis.window()
    width = ((t["at"].max().over(whole) - t.begin) / SLICES).ceil().cast("int64")
    t = t.mutate(width=ibis.greatest(width, SHORTEST_US))
    t = t.mutate(slice=((t["at"] - t.begin) / t.width).floor().cast("int64"))
    s = t.group_by("slice").agg(
        begin=t.begin.min(),
        width=t.width.min(),
        failures=t.failed.cast("int64").sum().cast("float64"),
        slower=t.slower.mean().fill_null(0.0),
    )
    quartiles = s.agg(
        **{
            f"{name}_{part}": s[name].quantile(q)
            for name in ("failures", "slower")
            for part, q in (("low", 0.25), ("mid", 0.5), ("high", 0.75))
        }
    )
    s = s.cross_join(quartiles)
    noise = ibis.greatest(s.failures_high - s.failures_low, (s.failures_mid + 1.0).sqrt())
    failing = ibis.greatest((s.failures - s.failures_mid) / noise, 0.0)
    slowing = (s.slower - s.slower_mid) / ibis.greatest(s.slower_high - s.slower_low, 0.05)
    began = ibis.timestamp("1970-01-01 00:00:00") + (s.begin + s.slice * s.width).as_interval("us")
    return s.select(
        "slice",
        began=began,
        ended=began + s.width.as_interval("us"),
        badness=ibis.least(failing, 20.0) + ibis.least(ibis.greatest(slowing, 0.0), 20.0),
    )


def _literal(moment: datetime | None) -> ir.TimestampValue:
    found: ir.TimestampValue = (
        ibis.null("timestamp(6)") if moment is None else ibis.literal(moment, "timestamp(6)")
    )
    return found


def sided(t: ir.Table, window: ir.Table) -> ir.Table:
    """The rows of `t` in one of the two times, with `side`. t: has `timestamp`."""
    names = t.columns
    t = t.cross_join(window)
    at = t.timestamp
    is_wrong = (at >= t.began) & (at < t.ended)
    is_stated = (at >= t.usual_from) & (at < t.usual_until)
    is_rest = t.usual_from.isnull() & ((at < t.began) | (t.uses_after & (at >= t.ended)))
    side = ibis.cases((is_stated, 0), (is_wrong, 1), (is_rest, 0), else_=None)
    t = t.mutate(side=side.cast("int8"))
    return t.filter(t.side.notnull()).select(*names, "side")

"""Which requests of an entry point are slow, which are normal, and what that rests on.

apart   the slow ones stand apart: beyond four spreads of the fast ones, with fewer just below
tail    no gap, but the slowest twentieth takes several times as long as the median
all     all are alike and all are slow: there is no normal one to hold them against; a job
        (is_job_entry: nobody waits for an answer) may take its time
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

Z_10, Z_30 = -1.2816, -0.5244
"""Where 10 % and 30 % of a normal distribution lie, in standard deviations."""
APART, NEAR = 4.0, 2.5
"""Spreads above the fast ones' middle from where on a request is slow, or nearly."""
LEAST_SPREAD = 0.1
TAIL, TAIL_FACTOR, TAIL_MS, TAIL_REQUESTS = 0.95, 4.0, 100.0, 100
ENTRY = ("entry_service", "entry_span_name")


@dataclass(frozen=True, slots=True)
class Limits:
    """From how many requests, and how much slower, an entry point is looked at."""

    min_requests: int
    min_slow: int
    min_slow_share: float
    min_extra_ms: float
    slow_ms: float


def judged(t: ir.Table, limits: Limits) -> ir.Table:
    """One row a request that is slow or normal, with the numbers of its entry point.

    `t` is what `placed` returns. The spread is that of logarithms, taken from the fast requests
    alone (10 % and 30 % of them), so that slow ones, up to half of all, do not hide themselves.
    Failed requests may be slow but are never normal: many fail fast.
    """
    asked = t.filter((t.event_id == t.root_event_id) & t.duration_ms.notnull())
    asked = asked.mutate(is_job=(asked.span_kind == "internal").fill_null(False)).select(
        "root_event_id", *ENTRY, "started", "ended", "duration_ms", "failed", "is_job"
    )
    t = asked.join(_entries(asked, limits), list(ENTRY))
    is_slow = ibis.cases(
        (t.basis == "apart", t.duration_ms > t.threshold_ms),
        (t.basis == "tail", t.duration_ms > t.tail_ms),
        else_=True,
    )
    is_normal = ~t.failed & ibis.cases(
        (t.basis == "apart", t.duration_ms <= t.threshold_ms),
        (t.basis == "tail", t.duration_ms <= t.p50_ms),
        else_=False,
    )
    t = t.mutate(
        is_slow=is_slow,
        is_normal=is_normal,
        threshold_ms=ibis.cases(
            (t.basis == "apart", t.threshold_ms), (t.basis == "tail", t.tail_ms), else_=0.0
        ),
        normal_below_ms=ibis.cases(
            (t.basis == "apart", t.threshold_ms), (t.basis == "tail", t.p50_ms), else_=-1.0
        ),
    )
    return t.filter(t.is_slow | t.is_normal)


def _entries(asked: ir.Table, limits: Limits) -> ir.Table:
    """Entry points with slow requests: their percentiles, threshold and basis."""
    sound = ~asked.failed
    t = asked.group_by(*ENTRY).agg(
        requests=asked.count(),
        q10=asked.duration_ms.quantile(0.1, where=sound),
        q30=asked.duration_ms.quantile(0.3, where=sound),
        p50_ms=asked.duration_ms.quantile(0.5),
        tail_ms=asked.duration_ms.quantile(TAIL),
        p99_ms=asked.duration_ms.quantile(0.99),
        is_job_entry=asked.is_job.cast("int64").min() > 0,
    )
    t = t.filter((t.requests >= limits.min_requests) & t.q10.notnull() & t.q30.notnull())
    low, high = _ln(t.q10), _ln(t.q30)
    spread = ibis.greatest((high - low) / (Z_30 - Z_10), LEAST_SPREAD)
    t = t.mutate(spread=spread, middle_ms=(low - Z_10 * spread).exp())
    t = t.mutate(
        near_ms=t.middle_ms * (NEAR * t.spread).exp(),
        threshold_ms=ibis.greatest(
            t.middle_ms * (APART * t.spread).exp(), t.middle_ms + limits.min_extra_ms
        ),
    )
    met = asked.join(t.select(*ENTRY, "near_ms", "threshold_ms"), list(ENTRY))
    beyond = met.group_by(*ENTRY).agg(
        slow=(met.duration_ms > met.threshold_ms).cast("int64").sum(),
        nearly=((met.duration_ms > met.near_ms) & (met.duration_ms <= met.threshold_ms))
        .cast("int64")
        .sum(),
    )
    t = t.join(beyond, list(ENTRY))
    is_apart = (
        (t.slow >= limits.min_slow)
        & (t.slow >= limits.min_slow_share * t.requests)
        & (t.slow >= t.nearly)
    )
    is_tail = (
        (t.requests >= TAIL_REQUESTS)
        & (t.p99_ms >= TAIL_FACTOR * t.p50_ms)
        & (t.p99_ms - t.p50_ms >= TAIL_MS)
    )
    basis = ibis.cases(
        (is_apart, "apart"),
        (is_tail, "tail"),
        (t.p50_ms >= limits.slow_ms, "all"),
        else_=ibis.null("string"),
    )
    t = t.mutate(basis=basis)
    return t.filter(t.basis.notnull()).drop("q10", "q30", "spread", "middle_ms", "near_ms")


def _ln(ms: ir.Value) -> ir.FloatingValue:
    found: ir.FloatingValue = ibis.greatest(ms, 0.001).ln()
    return found

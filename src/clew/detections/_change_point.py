"""The stretch of time in which a series is higher than before: by ranks, over buckets of equal count.

Each value stands as its rank within its series, so that no outlier decides and no distribution is
assumed. The values are cut in time into at most 40 buckets of equal count; of all stretches of
buckets the one is taken whose ranks are higher than those of the rest by most standard errors.
Source  Levin and Kline 1985 (a change that may end again); Pettitt 1979 (ranks)
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

MOST_BUCKETS, LEAST_BUCKETS, LEAST_IN_BUCKET = 40, 6, 10
STEP_BUCKETS = 3
"""Buckets on either side of the beginning that must show the step, and that no other may reach."""


def bucketed(t: ir.Table) -> ir.Table:
    """Adds calls (of the series), score (rank / calls), bucket and buckets.

    `t` has series, event_id, at_us, own_ms.
    """
    whole = ibis.window(group_by=t.series)
    by_value = ibis.window(group_by=t.series, order_by=[t.own_ms])
    by_time = ibis.window(group_by=t.series, order_by=[t.at_us, t.event_id])
    t = t.mutate(
        calls=t.event_id.count().over(whole),
        ranked=ibis.rank().over(by_value),
        place=ibis.row_number().over(by_time),
    )
    buckets = ibis.least(
        ibis.greatest((t.calls / LEAST_IN_BUCKET).floor().cast("int64"), LEAST_BUCKETS),
        MOST_BUCKETS,
    )
    t = t.mutate(buckets=buckets, score=t["ranked"] / t.calls)
    bucket = (t.place * t.buckets / t.calls).floor().cast("int64")
    return t.mutate(bucket=bucket).drop("ranked", "place")


def stretches(t: ir.Table, *, min_calls: int, min_errors_apart: float) -> ir.Table:
    """One row per series that has one: first_bucket, last_bucket, errors_apart, rank_shift.

    shift_to_wander: the shift over how far the buckets' means stray from their side's, which is
    large where the level wanders anyway and a shift means little.
    `t` is what `bucketed` returns. A stretch begins with a step, half of the whole difference or
    more within a few buckets, and no few buckets outside of it are as high: what drifts, or comes
    every day, is no change.
    """
    b = _per_bucket(t)
    pairs = _scored(b, min_calls)
    best = ibis.window(
        group_by=pairs.series,
        order_by=[pairs.errors_apart.desc(), pairs.first_bucket, pairs.last_bucket],
    )
    pairs = pairs.mutate(place=ibis.row_number().over(best))
    found = pairs.filter((pairs.place == 0) & (pairs.errors_apart >= min_errors_apart))
    return _with_a_step(b, found)


def _per_bucket(t: ir.Table) -> ir.Table:
    whole = t.group_by("series").agg(
        mean=t.score.mean(), spread=t.score.std(how="pop"), all_calls=t.event_id.count()
    )
    b = t.group_by("series", "bucket").agg(
        calls=t.event_id.count(), score_sum=t.score.sum(), buckets=t.buckets.max()
    )
    so_far = ibis.window(group_by=b.series, order_by=[b.bucket], preceding=None, following=0)
    few = ibis.window(
        group_by=b.series, order_by=[b.bucket], preceding=STEP_BUCKETS - 1, following=0
    )
    b = b.mutate(
        calls_to=b.calls.sum().over(so_far),
        score_to=b.score_sum.sum().over(so_far),
        few_mean=b.score_sum.sum().over(few) / b.calls.sum().over(few),
    )
    return b.join(whole, "series")


def _scored(b: ir.Table, min_calls: int) -> ir.Table:
    """Every stretch with enough calls in it and before it: how far its ranks are above the rest's."""
    ends = b.select("series", last_bucket="bucket", calls_end="calls_to", score_end="score_to")
    begins = b.select(
        "series", "mean", "spread", "all_calls",
        first_bucket="bucket",
        calls_before=b.calls_to - b.calls,
        score_before=b.score_to - b.score_sum,
    )  # fmt: skip
    begins = begins.filter(
        (begins.calls_before >= min_calls) & (begins.first_bucket >= STEP_BUCKETS)
    )
    t = begins.join(ends, "series")
    inside = t.calls_end - t.calls_before
    t = t.mutate(inside=inside)
    long_enough = t.last_bucket - t.first_bucket + 1 >= STEP_BUCKETS
    t = t.filter(long_enough & (t.inside >= min_calls) & (t.spread > 0))
    score = t.score_end - t.score_before
    # of n values drawn from N, without putting back
    error = (
        t.spread * (t.inside * (t.all_calls - t.inside) / (t.all_calls - 1)).cast("float64").sqrt()
    )
    shift = score / t.inside - t.score_before / t.calls_before
    return t.select(
        "series",
        "first_bucket",
        "last_bucket",
        errors_apart=(score - t.inside * t.mean) / error,
        rank_shift=shift,
        low_mean=t.score_before / t.calls_before,
    )


def _with_a_step(b: ir.Table, found: ir.Table) -> ir.Table:
    t = b.join(found, "series")
    before = (t.bucket < t.first_bucket) & (t.bucket >= t.first_bucket - STEP_BUCKETS)
    after = (t.bucket >= t.first_bucket) & (
        t.bucket <= ibis.least(t.first_bucket + STEP_BUCKETS - 1, t.last_bucket)
    )
    # the mean of a few buckets ends at its bucket: it must not reach into the stretch
    outside = ((t.bucket < t.first_bucket) & (t.bucket >= STEP_BUCKETS - 1)) | (
        t.bucket >= t.last_bucket + STEP_BUCKETS
    )
    keys = ["series", "first_bucket", "last_bucket", "errors_apart", "rank_shift", "low_mean"]
    side = t.low_mean + ibis.ifelse(t.bucket >= t.first_bucket, t.rank_shift, 0.0)
    off = t.score_sum / t.calls - side
    t = t.group_by(*keys).agg(
        wander=(off * off).mean(where=t.bucket <= t.last_bucket).sqrt(),
        step=t.score_sum.sum(where=after) / t.calls.sum(where=after)
        - t.score_sum.sum(where=before) / t.calls.sum(where=before),
        highest=t.few_mean.max(where=outside),
    )
    half = 0.5 * t.rank_shift
    t = t.mutate(shift_to_wander=t.rank_shift / ibis.greatest(t.wander, 0.001))
    return t.filter(
        (t.step >= half) & (t.highest.isnull() | (t.highest <= t.low_mean + half))
    ).drop("step", "highest", "low_mean", "wander")

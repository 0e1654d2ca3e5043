"""Confidence intervals of shares and medians, as expressions.

Source  Wilson 1927 (score interval of one share); Newcombe 1998, method 10 (difference of two);
        Hahn and Meeker 1991, 5.2 (median, by order statistics)
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

Z_95 = 1.959964


def wilson(
    successes: ir.Value, trials: ir.Value, *, z: float = Z_95
) -> tuple[ir.FloatingValue, ir.FloatingValue]:
    """Lower and upper bound of successes / trials; NULL where there are no trials."""
    hits = cast(ir.NumericValue, successes).cast("float64")
    n = cast(ir.NumericValue, trials).cast("float64").nullif(0.0)
    middle = (hits + z * z / 2) / (n + z * z)
    # successes * failures / trials is never below 0, so the root always exists
    half = z / (n + z * z) * (hits * (n - hits) / n + z * z / 4).sqrt()
    return cast(ir.FloatingValue, middle - half), cast(ir.FloatingValue, middle + half)


def newcombe(
    before_errors: ir.Value, before: ir.Value, after_errors: ir.Value, after: ir.Value
) -> tuple[ir.FloatingValue, ir.FloatingValue]:
    """95 % interval of the after share less the before share."""
    low_b, high_b = wilson(before_errors, before)
    low_a, high_a = wilson(after_errors, after)
    share_b, share_a = before_errors / before.nullif(0), after_errors / after.nullif(0)
    change = share_a - share_b
    low = (
        change
        - ((share_a - low_a) * (share_a - low_a) + (high_b - share_b) * (high_b - share_b)).sqrt()
    )
    high = (
        change
        + ((high_a - share_a) * (high_a - share_a) + (share_b - low_b) * (share_b - low_b)).sqrt()
    )
    return cast(ir.FloatingValue, low), cast(ir.FloatingValue, high)


def medians(met: ir.Table) -> ir.Table:
    """Medians of `timed_ms` before and after each change with their 95 % bounds.

    The bounds are the values at ranks n/2 -+ 0.98 sqrt(n). One row per service, change_at and
    route, NULLs where nothing was timed.
    """
    side = [met.service, met.change_at, met.route, met.is_after]
    t = met.mutate(
        # NULLs sort last and are not counted, so they reach no rank that is looked at
        rank=ibis.row_number().over(
            ibis.window(group_by=side, order_by=[met.timed_ms.isnull(), met.timed_ms, met.event_id])
        ),
        timed=met.timed_ms.count().over(ibis.window(group_by=side)),
    )
    half, reach = t.timed / 2.0, 0.98 * t.timed.cast("float64").sqrt()
    is_low = t["rank"] == ibis.greatest((half - reach).floor().cast("int64"), 0)
    is_high = t["rank"] == ibis.least((half + reach).ceil().cast("int64"), t.timed - 1)
    ms, after = t.timed_ms, t.is_after
    return t.group_by("service", "change_at", "route").agg(
        median_before_ms=ms.quantile(0.5, where=~after),
        median_after_ms=ms.quantile(0.5, where=after),
        low_before_ms=ms.max(where=~after & is_low),
        high_before_ms=ms.max(where=~after & is_high),
        low_after_ms=ms.max(where=after & is_low),
        high_after_ms=ms.max(where=after & is_high),
        timed_before=ms.count(where=~after),
        timed_after=ms.count(where=after),
    )

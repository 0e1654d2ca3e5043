"""Confidence intervals of shares, as expressions.

Source  Wilson 1927 (score interval of one share); Newcombe 1998, method 10 (difference of two)
"""

from __future__ import annotations

from typing import cast

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

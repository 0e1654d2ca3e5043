"""How sure a change is: 95 % intervals of shares, rates, means and percentiles, and of their change.

Each value has an interval of its own; that of the change adds the squares of the distances between
value and bound (Zou and Donner's method of recovered variances), so that a skewed interval stays
skewed.

share       Wilson's interval of k in n
rate        k events, by the square root: Poisson's spread is then the same everywhere
mean        normal: 1.96 standard errors
percentile  between the two of the n values, in order, that hold it in 95 of 100 samples: no shape of
            distribution is assumed; where there are too few, the smallest and the largest stand in
"""

from __future__ import annotations

from typing import NamedTuple

import ibis
import ibis.expr.types as ir

Z = 1.96
LEAST = 6
"""From so many values on the smallest and the largest hold the median in 95 of 100 samples."""


class Estimate(NamedTuple):
    """A value and its interval, as expressions."""

    value: ir.Value
    low: ir.Value
    high: ir.Value


def share(count: ir.Value, of: ir.Value) -> Estimate:
    """The share that `count` is `of` all."""
    n = of.cast("float64").nullif(0.0)
    part = count.cast("float64") / n
    scale = 1 + Z**2 / n
    middle = (part + Z**2 / (2 * n)) / scale
    half = Z * (part * (1 - part) / n + Z**2 / (4 * n * n)).sqrt() / scale
    return Estimate(
        part, ibis.least(ibis.greatest(middle - half, 0.0), part),
        ibis.greatest(ibis.least(middle + half, 1.0), part),
    )  # fmt: skip


def rate(count: ir.Value, seconds: ir.Value) -> Estimate:
    """So many a second."""
    root = count.cast("float64").sqrt()
    low = ibis.greatest(root - Z / 2, 0.0)
    high = root + Z / 2
    return Estimate(count.cast("float64") / seconds, low * low / seconds, high * high / seconds)


def mean(total: ir.Value, squares: ir.Value, of: ir.Value) -> Estimate:
    """The mean of `of` values, of which only the sum and the sum of squares are known."""
    n = of.cast("float64").nullif(0.0)
    middle = total / n
    spread = ibis.greatest((squares - total * middle) / (n - 1).nullif(0.0), 0.0)
    half = Z * (spread / n).sqrt()
    return Estimate(middle, middle - half, middle + half)


def ranks(count: ir.Value, part: float) -> tuple[ir.Value, ir.Value]:
    """Places, from 1, of the values between which the percentile lies."""
    n = count.cast("float64")
    half = (n * (part * (1 - part))).sqrt() * Z
    low = ibis.greatest((n * part - half).floor().cast("float64"), 1.0)
    return low, ibis.least((n * part + half).ceil().cast("float64") + 1, n)


def change(before: Estimate, after: Estimate) -> Estimate:
    """What became of it."""
    moved = after.value - before.value
    down = _squares(after.value - after.low, before.high - before.value).sqrt()
    up = _squares(after.high - after.value, before.value - before.low).sqrt()
    return Estimate(moved, moved - down, moved + up)


def _squares(one: ir.Value, other: ir.Value) -> ir.Value:
    return one * one + other * other


def surely(change: Estimate) -> ir.Value:
    """How far from no change its interval lies: 0 where it may be none."""
    nearest = ibis.cases((change.low > 0, change.low), (change.high < 0, -change.high), else_=0.0)
    return nearest.fill_null(0.0)

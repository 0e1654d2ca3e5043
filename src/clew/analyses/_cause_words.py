"""Evidence for a cause: one shape for all signals, and its numbers as words."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

PLACE = ["clew_group", "component", "pod"]
EVIDENCE = (*PLACE, "operation", "signal", "strength", "because")
"""One row a clue. operation: "" where it is the pod's as a whole; strength: 0 to 1."""


def clue(t: ir.Table, signal: str, strength: ir.Value, *words: ir.Value | str) -> ir.Table:
    """Evidence from `t`, which has the columns PLACE and `operation`; no row without strength."""
    because = ibis.literal("")
    for word in words:
        because = because + (ibis.literal(word) if isinstance(word, str) else word)
    found = t.select(
        *PLACE, "operation", signal=ibis.literal(signal), strength=strength, because=because
    )
    return found.filter(found.strength > 0.02)


def number(value: ir.Value) -> ir.StringValue:
    """Three digits or so: 1234567, 123, 12.3, 0.123."""
    n = cast(ir.NumericValue, value).cast("float64")
    whole = n.round().cast("int64").cast("string")
    size = n.abs()
    short = ibis.ifelse(size >= 10, n.round(1), n.round(3)).cast("string").re_replace(r"\.0$", "")
    return cast(ir.StringValue, ibis.ifelse(size >= 100, whole, short))


def percent(share: ir.Value) -> ir.StringValue:
    """0.256 as 26 %."""
    return number((cast(ir.NumericValue, share) * 100).round()) + " %"


def saturating(value: ir.Value, at: float) -> ir.FloatingValue:
    """0 at or below 0, 0.63 at `at`, towards 1."""
    n = ibis.greatest(cast(ir.NumericValue, value).cast("float64"), 0.0)
    return cast(ir.FloatingValue, 1.0 - (-n / at).exp())


def relative(value: ir.Value, most: ir.Value) -> ir.FloatingValue:
    """How near a value is to the largest of all, on a scale of logarithms: 0 to 1."""
    own, top = (ibis.greatest(cast(ir.NumericValue, v), 0.0) for v in (value, most))
    return cast(ir.FloatingValue, (own + 1.0).ln() / (top + 1.0).ln().nullif(0.0))

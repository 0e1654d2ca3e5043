"""What detections of wasted money share: what a token of each model costs in this case, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from clew.detections._values import option
from clew.model.case import Case

OUTPUT_TIMES_INPUT = 4.0
"""How much dearer a written token is than a read one, where the case cannot tell them apart."""

CACHED_PRICES = (
    (r"claude|deepseek|gpt-5|gemini-(2\.5|[3-9])", 0.1),
    (r"gpt-4\.1|(^|/)o[34]|gemini", 0.25),
)
"""What makers ask for a token read from their cache, of a read one; the first that fits, else a half."""


def cached_price(model: ir.StringValue) -> ir.FloatingValue:
    """What a cached token of a model costs, of a read one: from 0 to 1."""
    cases = [(model.lower().re_search(pattern), option(price)) for pattern, price in CACHED_PRICES]
    price: ir.FloatingValue = ibis.cases(*cases, else_=option(0.5))
    return price


def usd(amount: object) -> str:
    """
    >>> usd(1234.5), usd(0.0123), usd(None)
    ('$1,234.50', '$0.0123', 'an unknown amount')
    """
    if amount is None:
        return "an unknown amount"
    value = float(str(amount))
    return f"${value:,.2f}" if abs(value) >= 1 or value == 0 else f"${value:,.4f}"


def rates(t: ir.Table) -> ir.Table:
    """One row a model: usd_per_input and usd_per_output, a token's price as the case's costs show it.

    Costs are linear in both counts, so least squares gives a model's own prices back. Where a model's
    calls are all of one shape, which cannot tell them apart, a written token is taken to cost four
    times a read one. Calls with cached tokens do not count: these have another price.
    """
    t = t.filter(
        t.cost_usd.notnull(),
        t.cache_read_tokens.fill_null(0) == 0,
        t.cache_write_tokens.fill_null(0) == 0,
        (t.input_tokens.fill_null(0) + t.output_tokens.fill_null(0)) > 0,
        t.model.notnull(),
    )
    read = t.input_tokens.fill_null(0).cast("float64")
    written = t.output_tokens.fill_null(0).cast("float64")
    cost = t.cost_usd.cast("float64")
    s = t.group_by("model").agg(
        priced_calls=t.count(),
        ii=(read * read).sum(),
        io=(read * written).sum(),
        oo=(written * written).sum(),
        ic=(read * cost).sum(),
        oc=(written * cost).sum(),
        weight=(read + written * OUTPUT_TIMES_INPUT).sum(),
        spent=cost.sum(),
    )
    det = s.ii * s.oo - s.io * s.io
    s = s.mutate(
        det=det,
        by_input=(s.ic * s.oo - s.oc * s.io) / det.nullif(0.0),
        by_output=(s.oc * s.ii - s.ic * s.io) / det.nullif(0.0),
        blended=s.spent / s.weight.nullif(0.0),
    )
    told_apart = (s.det > s.ii * s.oo * 0.0001) & (s.by_input >= 0) & (s.by_output >= 0)
    told_apart = told_apart.fill_null(False)
    return s.select(
        "model",
        "priced_calls",
        usd_per_input=ibis.ifelse(told_apart, s.by_input, s.blended).round(12),
        usd_per_output=ibis.ifelse(told_apart, s.by_output, s.blended * OUTPUT_TIMES_INPUT).round(
            12
        ),
    )


def with_owner(
    t: ir.Table, keys: Sequence[str], column: str = "user_id", most: float = 0.8
) -> ir.Table:
    """The rows, with `owner`: the one that at least `most` of the rows of a group are of; else NULL."""
    each = t.group_by(*keys, column).agg(own=t.count())
    within = ibis.window(group_by=[each[key] for key in keys])
    each = each.mutate(whole=each.own.sum().over(within))
    each = each.filter(each[column].notnull(), each.own >= each.whole * most)
    each = each.select(*(each[key].name(f"of_{key}") for key in keys), owner=each[column])
    return t.left_join(each, [t[key].identical_to(each[f"of_{key}"]) for key in keys]).drop(
        *(f"of_{key}" for key in keys)
    )


NO_COST = Case(
    "calls without a cost are no money wasted",
    rows=[{"model": "m", "user_id": "a"}] * 100,
    expect=[],
)

"""How large calls are: the spread of their tokens.

Reads     calls, each counted once   input_tokens, output_tokens, max_tokens, finish_reason
Returns   one row per value of the columns split by; most calls first
Units     calls: number with tokens; input_* and output_*: tokens of one call, percentiles interpolated;
          output_share: part of all tokens that were written, 0 to 1; at_limit_share: part of the calls
          that ended because of a limit on their length, 0 to 1
Blind to  calls that state no tokens
"""

from __future__ import annotations

import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.correlation.call_outcomes import counted
from clew.model.case import Case

RETURNS = (
    "calls", "input_p50", "input_p90", "input_p99", "input_max", "output_p50", "output_p90", "output_p99",
    "output_max", "output_share", "at_limit_share",
)  # fmt: skip
_SHARES = (0.5, 0.9, 0.99)
_LIMITS = ("length", "max_tokens", "model_length", "max_output_tokens", "token_limit")


def token_distribution(
    events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None
) -> ir.Table:
    t = counted(events)
    t = t.filter(t.input_tokens.notnull() | t.output_tokens.notnull())
    keys = group_keys(t, by, bucket, RETURNS)
    limit = (t.output_tokens >= t.max_tokens).fill_null(False)
    limit = limit | t.finish_reason.lower().isin(_LIMITS).fill_null(False)
    m = per_group(
        t,
        keys,
        calls=t.count(),
        read=t.input_tokens.cast("float64").quantile(list(_SHARES)),
        written=t.output_tokens.cast("float64").quantile(list(_SHARES)),
        input_max=t.input_tokens.max(),
        output_max=t.output_tokens.max(),
        read_sum=t.input_tokens.sum(),
        written_sum=t.output_tokens.sum(),
        at_limit_share=limit.cast("float64").mean(),
    )
    whole = m.read_sum.fill_null(0) + m.written_sum.fill_null(0)
    percentiles = {
        f"{kind}_p{share * 100:.0f}": values[place]
        for kind, values in (("input", m.read), ("output", m.written))
        for place, share in enumerate(_SHARES)
    }
    m = m.mutate(
        **percentiles, output_share=m.written_sum.fill_null(0).cast("float64") / whole.nullif(0)
    )
    return ordered(m, list(keys), "calls").select(*keys, *RETURNS)


CASES = [
    Case(
        "percentiles of what calls read and wrote",
        rows=[
            {"model": "m", "input_tokens": 100 * n, "output_tokens": n, "finish_reason": "length" if n > 8 else "stop"}
            for n in range(1, 11)
        ],
        expect=[
            {
                "calls": 10, "input_p50": 550.0, "input_p90": 910.0, "input_max": 1000, "output_p50": 5.5,
                "output_max": 10, "at_limit_share": 0.2, "output_share": 55 / 5555,
            }
        ],
    ),
    Case(
        "an answer as long as it was allowed to be sits at its limit",
        options={"by": ("model",)},
        rows=[
            {"model": "m", "output_tokens": 64, "max_tokens": 64},
            {"model": "m", "output_tokens": 63, "max_tokens": 64},
        ],
        expect=[{"model": "m", "calls": 2, "at_limit_share": 0.5, "input_p50": None}],
    ),
    Case("calls without tokens have no spread", rows=[{"model": "m"}], expect=[{"calls": 0, "input_p50": None}]),
]  # fmt: skip

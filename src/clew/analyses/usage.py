"""How many tokens AI calls used: by user, team, key, model, provider, service, route, time.

Reads     calls, each counted once   input_tokens, output_tokens, cache_read_tokens,
          cache_write_tokens, reasoning_tokens, total_tokens, cost_usd
Returns   one row per value of the columns split by; most tokens first, in time order with a bucket
Units     calls: number; tokens: input and output together, or what the source states as their total;
          *_tokens: sums, cached ones are part of the input and reasoning part of the output; cache_share:
          part of the input that was read from a cache, 0 to 1; unstated_calls: answered calls that
          state no tokens, which are in no sum; unpriced_calls: answered calls without a price
Blind to  characters, seconds and images that a provider charges by
"""

from __future__ import annotations

import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.correlation.call_outcomes import counted, number
from clew.model.case import Case

RETURNS = (
    "calls", "tokens", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "cache_share", "unstated_calls", "unpriced_calls",
)  # fmt: skip


def usage(events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None) -> ir.Table:
    t = counted(events)
    keys = group_keys(t, by, bucket, RETURNS)
    used = per_group(
        t,
        keys,
        calls=t.count(),
        **{name: t[name].sum() for name in RETURNS[1:7]},
        unstated_calls=number(t.tokens.isnull() & ~t.failed),
        unpriced_calls=number(t.is_unpriced),
    )
    used = used.mutate(
        cache_share=used.cache_read_tokens.cast("float64") / used.input_tokens.nullif(0),
        rank_tokens=used.tokens.fill_null(-1),
    )
    return ordered(used, list(keys), "rank_tokens").select(*keys, *RETURNS)


CASES = [
    Case(
        "sums by model, most tokens first; a call without tokens is counted on its own",
        options={"by": ("model",)},
        rows=[
            {"model": "small", "input_tokens": 100, "output_tokens": 10, "cache_read_tokens": 50},
            {"model": "large", "input_tokens": 300, "output_tokens": 30, "reasoning_tokens": 20},
            {"model": "small", "total_tokens": 7},
            {"model": "small"},
            {"model": "small", "http_status": 500},
        ],
        expect=[
            {"model": "large", "calls": 1, "tokens": 330, "reasoning_tokens": 20, "unstated_calls": 0},
            {
                "model": "small", "calls": 4, "tokens": 117, "input_tokens": 100, "output_tokens": 10,
                "cache_share": 0.5, "unstated_calls": 1, "unpriced_calls": 3,
            },
        ],
    ),
    Case(
        "without calls nothing was used",
        rows=[{"message": "ready"}],
        expect=[{"calls": 0, "tokens": None, "unstated_calls": 0}],
    ),
]  # fmt: skip

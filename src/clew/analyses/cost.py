"""What AI calls cost: by user, team, key, model, provider, service, route, time, or anything else.

Reads     calls, each counted once   cost_usd, input_tokens, output_tokens, http_status, error_type,
          error_class, status
Returns   one row per value of the columns split by; the dearest first, in time order with a bucket
Units     calls: number; cost_usd: US dollars at the price of each call's own date, NULL where no call
          has a price; cost_share: part of the cost of all rows of the answer, 0 to 1; unpriced_calls:
          answered calls without a price, whose cost is not in cost_usd; failed_calls: number;
          usd_per_call: mean over the priced calls; input_tokens, output_tokens: sums
Blind to  what is not charged by the call: seats, storage, fine-tuning hours
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.correlation.call_outcomes import counted, number
from clew.model.case import Case

RETURNS = (
    "calls", "cost_usd", "cost_share", "unpriced_calls", "failed_calls", "usd_per_call", "input_tokens",
    "output_tokens",
)  # fmt: skip


def cost(events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None) -> ir.Table:
    t = counted(events)
    keys = group_keys(t, by, bucket, RETURNS)
    spent = per_group(
        t,
        keys,
        calls=t.count(),
        cost_usd=t.cost_usd.sum(),
        unpriced_calls=number(t.is_unpriced),
        failed_calls=number(t.failed),
        priced=t.cost_usd.count(),
        input_tokens=t.input_tokens.sum(),
        output_tokens=t.output_tokens.sum(),
    )
    usd = spent.cost_usd.cast("float64")
    whole = usd.sum().over(ibis.window())
    return ordered(
        spent.select(
            *keys,
            "calls",
            "cost_usd",
            "unpriced_calls",
            "failed_calls",
            "input_tokens",
            "output_tokens",
            cost_share=usd / whole.nullif(0.0),
            usd_per_call=usd / spent.priced.nullif(0),
            rank_usd=usd.fill_null(-1.0),
        ),
        list(keys),
        "rank_usd",
    ).select(*keys, *RETURNS)


_CALL = {"model": "gpt-4o", "input_tokens": 100, "output_tokens": 10}

CASES = [
    Case(
        "the dearest user first; a call without a price is counted beside the sum, not as nothing",
        options={"by": ("user_id",)},
        rows=[
            {**_CALL, "user_id": "ann", "cost_usd": "0.30"},
            {**_CALL, "user_id": "ann", "cost_usd": None},
            {**_CALL, "user_id": "bob", "cost_usd": "0.10"},
            {**_CALL, "user_id": "cleo", "cost_usd": None},
        ],
        expect=[
            {"user_id": "ann", "calls": 2, "cost_usd": 0.3, "unpriced_calls": 1, "cost_share": 0.75},
            {"user_id": "bob", "calls": 1, "cost_usd": 0.1, "unpriced_calls": 0, "cost_share": 0.25},
            {"user_id": "cleo", "calls": 1, "cost_usd": None, "unpriced_calls": 1, "cost_share": None},
        ],
    ),
    Case(
        "a call that failed is no call without a price",
        rows=[
            {**_CALL, "cost_usd": "0.25"},
            {"model": "gpt-4o", "http_status": 429},
            {"model": "gpt-4o", "error_type": "APITimeoutError"},
        ],
        expect=[{"calls": 3, "cost_usd": 0.25, "unpriced_calls": 0, "failed_calls": 2, "input_tokens": 100}],
    ),
    Case(
        "a call that a gateway and a trace tell of costs once",
        rows=[
            {**_CALL, "response_id": "r1", "cost_usd": "0.25", "source_id": "gateway"},
            {**_CALL, "response_id": "r1", "cost_usd": "0.25", "source_id": "trace"},
        ],
        expect=[{"calls": 1, "cost_usd": 0.25}],
    ),
    Case(
        "each bucket has its own cost, in time order",
        options={"bucket": "1d"},
        rows=[
            {**_CALL, "timestamp": "2026-01-06T10:00:00Z", "cost_usd": "0.50"},
            {**_CALL, "timestamp": "2026-01-05T10:00:00Z", "cost_usd": "0.25"},
        ],
        expect=[
            {"bucket": "2026-01-05T00:00:00Z", "cost_usd": 0.25},
            {"bucket": "2026-01-06T00:00:00Z", "cost_usd": 0.5},
        ],
    ),
    Case(
        "without calls there is no cost",
        rows=[{"message": "ready"}],
        expect=[{"calls": 0, "cost_usd": None, "unpriced_calls": 0, "cost_share": None}],
    ),
]  # fmt: skip

"""Calls whose cost is not known, and why: what a total does not hold.

Reads     calls, each counted once   model, provider, input_tokens, output_tokens, cost_usd, http_status,
          error_type, error_class, status
Returns   one row per value of the columns split by, and reason; most calls first
Units     reason: no model stated, no tokens stated, or no price known; calls: answered calls without a
          cost; tokens: sum over those that state them
Blind to  failed calls, which as a rule cost nothing
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.model.call_outcomes import counted
from clew.model.case import Case

RETURNS = ("reason", "calls", "tokens")


def unpriced_calls(
    events: ir.Table, *, by: tuple[str, ...] = ("provider", "model"), bucket: str | None = None
) -> ir.Table:
    t = counted(events)
    t = t.filter(t.is_unpriced)
    keys = group_keys(t, by, bucket, RETURNS)
    reason = ibis.cases(
        (ibis.coalesce(t.response_model, t.model).isnull(), "no model stated"),
        (t.input_tokens.isnull() & t.output_tokens.isnull(), "no tokens stated"),
        else_="no price known",
    )
    found = per_group(t, {**keys, "reason": reason}, calls=t.count(), tokens=t.tokens.sum())
    return ordered(found, [*keys, "reason"], "calls").select(*keys, *RETURNS)


_CALL = {"input_tokens": 100, "output_tokens": 10}

CASES = [
    Case(
        "each reason is a row of its own; what is priced or failed is none",
        rows=[
            {**_CALL, "model": "own-model"},
            {**_CALL, "model": "own-model"},
            {"model": "gpt-4o"},
            {**_CALL, "provider": "openai"},
            {**_CALL, "model": "gpt-4o", "cost_usd": "0.01"},
            {"model": "gpt-4o", "http_status": 500},
        ],
        expect=[
            {"provider": None, "model": "own-model", "reason": "no price known", "calls": 2, "tokens": 220},
            {"provider": "openai", "model": None, "reason": "no model stated", "calls": 1, "tokens": 110},
            {"provider": None, "model": "gpt-4o", "reason": "no tokens stated", "calls": 1, "tokens": None},
        ],
    ),
    Case("a case in which all is priced has none", rows=[{**_CALL, "model": "m", "cost_usd": "1"}], expect=[]),
]  # fmt: skip

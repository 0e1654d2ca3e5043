"""Calls whose cost is not known, and why: what a total does not hold.

Reads     calls, each counted once   model, provider, input_tokens, output_tokens, cost_usd, http_status,
          error_type, error_class, status, usage_problem of the attributes
Returns   one row per value of the columns split by, and reason; most calls first
Units     reason: no model stated, the stream was cut off, an answer that cannot be read, a count that is
          none (negative, absurd or no number), no tokens stated, only a part of the tokens stated, or no
          price known; calls: answered calls without a cost; tokens: sum over those that state them
Blind to  failed calls, which as a rule cost nothing
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.correlation.call_outcomes import counted
from clew.model.case import Case
from clew.model.views import attribute

RETURNS = ("reason", "calls", "tokens")
WRITING = ("chat", "text_completion", "generate_content")
"""Operations whose answer is charged by its length."""


def unpriced_calls(
    events: ir.Table, *, by: tuple[str, ...] = ("provider", "model"), bucket: str | None = None
) -> ir.Table:
    t = counted(events)
    t = t.filter(t.is_unpriced)
    keys = group_keys(t, by, bucket, RETURNS)
    problem = attribute(t.attributes, "usage_problem").fill_null("")
    has_input, has_output = t.input_tokens.notnull(), t.output_tokens.notnull()
    is_half = ~has_input | (~has_output & t.operation.isin(WRITING).fill_null(False))
    reason = ibis.cases(
        (ibis.coalesce(t.response_model, t.model).isnull(), "no model stated"),
        (problem.contains("the stream was cut off"), "the stream was cut off"),
        (problem.contains("neither JSON nor a stream"), "an answer that cannot be read"),
        (problem.re_search("(in|out)put_tokens is "), "a count that is none"),
        (~has_input & ~has_output, "no tokens stated"),
        (is_half, "only a part of the tokens stated"),
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
    Case(
        "usage that could not be read says how it failed; a call without model and seller is one too",
        rows=[
            {"model": "m", "attributes": {"usage_problem": "the stream was cut off; the answer states no usage"}},
            {"model": "m", "output_tokens": 1, "attributes": {"usage_problem": "input_tokens is -5"}},
            {"model": "m", "input_tokens": 5, "operation": "chat"},
            _CALL,
        ],
        options={"by": ()},
        expect=[
            {"reason": "a count that is none", "calls": 1, "tokens": 1},
            {"reason": "no model stated", "calls": 1, "tokens": 110},
            {"reason": "only a part of the tokens stated", "calls": 1, "tokens": 5},
            {"reason": "the stream was cut off", "calls": 1, "tokens": None},
        ],
    ),
    Case("a case in which all is priced has none", rows=[{**_CALL, "model": "m", "cost_usd": "1"}], expect=[]),
]  # fmt: skip

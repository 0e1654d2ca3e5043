"""How near AI calls came to the provider's rate limits, by provider, model and key.

Reads     calls, each counted once   rate_limit_requests, rate_limit_requests_remaining, rate_limit_tokens,
          rate_limit_tokens_remaining, http_status, error_class
Returns   one row per provider, model and key, or per value of the columns split by; the fullest first
Units     calls: number; stated_calls: of them with a limit in the answer; limited_calls: refused with 429;
          limited_share: 0 to 1; request_limit, token_limit: the highest limit stated; *_lowest: least that
          remained in a window; *_used_p50, *_used_p99: part of the limit that was used when a call was
          answered, 0 to 1, NULL where no answer states it
Blind to  limits that answers do not state; other users of the same limit, whose part is not told apart
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.correlation.call_outcomes import counted, number
from clew.model.case import Case

RETURNS = (
    "calls", "stated_calls", "limited_calls", "limited_share", "request_limit", "requests_lowest",
    "requests_used_p50", "requests_used_p99", "token_limit", "tokens_lowest", "tokens_used_p50",
    "tokens_used_p99",
)  # fmt: skip


def rate_limit_headroom(
    events: ir.Table,
    *,
    by: tuple[str, ...] = ("provider", "model", "api_key_hash"),
    bucket: str | None = None,
) -> ir.Table:
    t = counted(events)
    keys = group_keys(t, by, bucket, RETURNS)
    is_limited = (t.http_status == 429).fill_null(False)
    is_limited = is_limited | (t.error_class == "rate_limited").fill_null(False)
    used_requests = _used(t.rate_limit_requests, t.rate_limit_requests_remaining)
    used_tokens = _used(t.rate_limit_tokens, t.rate_limit_tokens_remaining)
    found = per_group(
        t,
        keys,
        calls=t.count(),
        stated_calls=number(t.rate_limit_requests.notnull() | t.rate_limit_tokens.notnull()),
        limited_calls=number(is_limited),
        request_limit=t.rate_limit_requests.max(),
        requests_lowest=t.rate_limit_requests_remaining.min(),
        requests_used_p50=used_requests.quantile(0.5),
        requests_used_p99=used_requests.quantile(0.99),
        token_limit=t.rate_limit_tokens.max(),
        tokens_lowest=t.rate_limit_tokens_remaining.min(),
        tokens_used_p50=used_tokens.quantile(0.5),
        tokens_used_p99=used_tokens.quantile(0.99),
    )
    fullest = ibis.greatest(
        found.requests_used_p99.fill_null(-1.0), found.tokens_used_p99.fill_null(-1.0)
    )
    found = found.mutate(
        limited_share=found.limited_calls / found.calls.nullif(0), rank_used=fullest.round(9)
    )
    return ordered(found, list(keys), "rank_used", "limited_calls").select(*keys, *RETURNS)


def _used(limit: ir.IntegerValue, left: ir.IntegerValue) -> ir.FloatingValue:
    used: ir.FloatingValue = 1 - ibis.greatest(left, 0).cast("float64") / limit.nullif(0)
    return used


def _call(n: int, left: int, **columns: object) -> dict[str, object]:
    return {
        "timestamp": f"2026-11-20T10:00:{n:02}Z", "provider": "openai", "model": "m", "api_key_hash": "k1",
        "rate_limit_requests": 100, "rate_limit_requests_remaining": left, "http_status": 200, **columns,
    }  # fmt: skip


CASES = [
    Case(
        "a key that came to its limit, and one that states none",
        rows=[
            *(_call(n, 100 - 10 * n) for n in range(10)),
            _call(20, 0, http_status=429),
            {"model": "m", "provider": "openai", "api_key_hash": "k2"},
        ],
        expect=[
            {
                "provider": "openai", "api_key_hash": "k1", "calls": 11, "stated_calls": 11, "limited_calls": 1,
                "request_limit": 100, "requests_lowest": 0, "requests_used_p50": 0.5, "requests_used_p99": 0.99,
                "token_limit": None, "tokens_used_p99": None,
            },
            {"api_key_hash": "k2", "calls": 1, "stated_calls": 0, "limited_calls": 0, "requests_used_p50": None},
        ],
    ),
    Case(
        "tokens have a limit of their own; a refusal may state its class alone",
        options={"by": ("model",)},
        rows=[
            {"model": "m", "rate_limit_tokens": 1000, "rate_limit_tokens_remaining": 250},
            {"model": "m", "error_class": "rate_limited"},
        ],
        expect=[{"model": "m", "token_limit": 1000, "tokens_used_p50": 0.75, "limited_share": 0.5}],
    ),
    Case("without calls there are no rows", rows=[{"message": "ready"}], expect=[]),
]  # fmt: skip

"""How fast models answer: the whole time, the time to the first token, tokens a second.

Reads     calls, each counted once   duration_ms, ttft_ms, output_tokens, model, response_model
Returns   one row per model, or per value of the columns split by; slowest p99 first
Units     calls: answered calls with a duration; p50_ms .. p99_ms and ttft_p50_ms .. ttft_p99_ms:
          milliseconds; tokens_per_s_p50 and tokens_per_s_p5: tokens written for each second after the
          first token (of the whole time where that is not stated), of the middle and of the slow calls
Blind to  failed calls; the time that a client waits before it sends
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.correlation.call_outcomes import counted
from clew.model.case import Case

RETURNS = (
    "calls", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "ttft_p50_ms", "ttft_p90_ms", "ttft_p95_ms",
    "ttft_p99_ms", "tokens_per_s_p50", "tokens_per_s_p5",
)  # fmt: skip
_SHARES = (0.5, 0.9, 0.95, 0.99)


def latency_by_model(
    events: ir.Table, *, by: tuple[str, ...] = ("model",), bucket: str | None = None
) -> ir.Table:
    t = counted(events)
    t = t.filter(t.duration_ms.notnull() & ~t.failed)
    keys = group_keys(t, by, bucket, RETURNS)
    writing_ms = t.duration_ms - ibis.ifelse(t.ttft_ms < t.duration_ms, t.ttft_ms, 0.0).fill_null(
        0.0
    )
    rate = t.output_tokens * 1000.0 / writing_ms.nullif(0.0)
    m = per_group(
        t,
        keys,
        calls=t.count(),
        took=t.duration_ms.quantile(list(_SHARES)),
        first=t.ttft_ms.quantile(list(_SHARES)),
        rates=rate.quantile([0.5, 0.05]),
    )
    named = {
        f"{prefix}p{share * 100:.0f}_ms": values[place]
        for prefix, values in (("", m.took), ("ttft_", m.first))
        for place, share in enumerate(_SHARES)
    }
    m = m.mutate(**named, tokens_per_s_p50=m.rates[0], tokens_per_s_p5=m.rates[1])
    return ordered(m, list(keys), "p99_ms").select(*keys, *RETURNS)


CASES = [
    Case(
        "the slowest model first; tokens a second count from the first token on",
        rows=[
            {"model": "small", "duration_ms": 500.0, "ttft_ms": 100.0, "output_tokens": 40},
            {"model": "large", "duration_ms": 3000.0, "ttft_ms": 1000.0, "output_tokens": 100},
            {"model": "large", "duration_ms": 1000.0, "output_tokens": 50},
            {"model": "large", "duration_ms": 9000.0, "http_status": 500},
        ],
        expect=[
            {
                "model": "large", "calls": 2, "p50_ms": 2000.0, "p99_ms": 2980.0, "ttft_p50_ms": 1000.0,
                "tokens_per_s_p50": 50.0,
            },
            {"model": "small", "calls": 1, "p50_ms": 500.0, "tokens_per_s_p50": 100.0},
        ],
    ),
    Case("without a duration there is nothing to say", rows=[{"model": "m"}], expect=[]),
]  # fmt: skip

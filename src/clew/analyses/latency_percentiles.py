"""How long things took: the percentiles of their durations.

Reads     events   duration_ms; any row that has one: requests, spans, AI calls
Returns   one row per value of the columns split by; slowest p99 first, in time order with a bucket
Units     count: rows with a duration; p50_ms .. max_ms: milliseconds, exact, interpolated between
          the two nearest rows; NULL where no row has a duration
Blind to  proxy and application each time the same request, and both count: split by source_format
          to tell them apart
"""

from __future__ import annotations

import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.model.case import Case

RETURNS = ("count", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms")
_SHARES = (0.5, 0.9, 0.95, 0.99)


def latency_percentiles(
    events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None
) -> ir.Table:
    timed = events.filter(events.duration_ms.notnull())
    keys = group_keys(timed, by, bucket, RETURNS)
    # One list of quantiles: four quantiles of their own would each keep all durations.
    measured = per_group(
        timed,
        keys,
        count=timed.count(),
        clew_quantiles=timed.duration_ms.quantile(list(_SHARES)),
        max_ms=timed.duration_ms.max(),
    )
    named = {name: measured.clew_quantiles[place] for place, name in enumerate(RETURNS[1:-1])}
    return ordered(
        measured.select(*keys, "count", **named, max_ms=measured.max_ms), list(keys), "p99_ms"
    )


CASES = [
    Case(
        "percentiles are exact and interpolated",
        rows=[{"duration_ms": float(n)} for n in range(1, 101)],
        expect=[
            {
                "count": 100,
                "p50_ms": 50.5,
                "p90_ms": 90.1,
                "p95_ms": 95.05,
                "p99_ms": 99.01,
                "max_ms": 100.0,
            }
        ],
    ),
    Case(
        "the slowest model comes first; rows without a duration do not count",
        options={"by": ("model",)},
        rows=[
            {"model": "small", "duration_ms": 10.0},
            {"model": "large", "duration_ms": 30.0},
            {"model": "large", "duration_ms": None},
            {"model": "none", "duration_ms": None},
        ],
        expect=[
            {"model": "large", "count": 1, "p50_ms": 30.0, "p99_ms": 30.0, "max_ms": 30.0},
            {"model": "small", "count": 1, "p50_ms": 10.0, "p99_ms": 10.0, "max_ms": 10.0},
        ],
    ),
    Case(
        "equal latencies are ordered by their key",
        options={"by": ("shard",)},
        rows=[
            {"duration_ms": 5.0, "attributes": {"shard": 2}},
            {"duration_ms": 5.0, "attributes": {"shard": 1}},
        ],
        expect=[{"shard": "1", "p50_ms": 5.0}, {"shard": "2", "p50_ms": 5.0}],
    ),
    Case(
        "each bucket has its own percentiles",
        options={"bucket": "1h"},
        rows=[
            {"timestamp": "2026-01-05T10:59:59Z", "duration_ms": 9.0},
            {"timestamp": "2026-01-05T11:00:00Z", "duration_ms": 1.0},
            {"timestamp": "2026-01-05T11:30:00Z", "duration_ms": 2.0},
        ],
        expect=[
            {"bucket": "2026-01-05T10:00:00Z", "count": 1, "p50_ms": 9.0},
            {"bucket": "2026-01-05T11:00:00Z", "count": 2, "p50_ms": 1.5},
        ],
    ),
    Case(
        "without a duration there is no percentile",
        rows=[{"message": "ready"}],
        expect=[{"count": 0, "p50_ms": None, "p99_ms": None, "max_ms": None}],
    ),
]

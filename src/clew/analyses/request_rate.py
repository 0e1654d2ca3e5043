"""How many requests came, and how many a second.

Reads     requests   timestamp, request_id; in a case without HTTP rows log records and AI calls
Returns   one row per value of the columns split by; most requests first, in time order with a
          bucket
Units     requests: distinct requests; requests_per_s: over the bucket, or without one over the time
          from the first to the last request of the whole case, NULL where that is no time at all
Blind to  the first and last bucket may be cut by the ends of the files; a bucket without any
          request has no row; a request in two groups counts once in each
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group, seconds
from clew.analyses._requests import count_requests, served
from clew.model.case import Case

RETURNS = ("requests", "requests_per_s")


def request_rate(
    events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None
) -> ir.Table:
    found = served(events)
    keys = group_keys(found, by, bucket, RETURNS)
    counted = per_group(
        found,
        keys,
        requests=count_requests(found),
        clew_first=found.timestamp.min(),
        clew_last=found.timestamp.max(),
    )
    duration_s = _observed_s(counted) if bucket is None else ibis.literal(float(seconds(bucket)))
    rated = counted.mutate(requests_per_s=counted.requests / duration_s)
    return ordered(rated.select(*keys, *RETURNS), list(keys), "requests")


def _observed_s(counted: ir.Table) -> ir.FloatingValue:
    whole = ibis.window()
    first, last = counted.clew_first.min().over(whole), counted.clew_last.max().over(whole)
    return (last.delta(first, unit="millisecond") / 1_000).nullif(0)


CASES = [
    Case(
        "groups are rated over the same time: the whole case",
        options={"by": ("service",)},
        rows=[
            {"timestamp": "2026-01-05T10:00:00Z", "service": "api", "http_status": 200},
            {"timestamp": "2026-01-05T10:00:04Z", "service": "api", "http_status": 200},
            {"timestamp": "2026-01-05T10:00:10Z", "service": "web", "http_status": 200},
        ],
        expect=[
            {"service": "api", "requests": 2, "requests_per_s": 0.2},
            {"service": "web", "requests": 1, "requests_per_s": 0.1},
        ],
    ),
    Case(
        "with a bucket the rate is over its length",
        options={"bucket": "1m"},
        rows=[
            *({"timestamp": "2026-01-05T10:00:30Z", "http_status": 200} for _ in range(30)),
            {"timestamp": "2026-01-05T10:02:00Z", "http_status": 200},
        ],
        expect=[
            {"bucket": "2026-01-05T10:00:00Z", "requests": 30, "requests_per_s": 0.5},
            {"bucket": "2026-01-05T10:02:00Z", "requests": 1, "requests_per_s": 1 / 60},
        ],
    ),
    Case(
        "two sources of one request are one request",
        rows=[
            {"timestamp": "2026-01-05T10:00:00Z", "request_id": "a", "http_status": 200},
            {"timestamp": "2026-01-05T10:00:02Z", "request_id": "a", "http_status": 200},
        ],
        expect=[{"requests": 1, "requests_per_s": 0.5}],
    ),
    Case(
        "one moment has no rate",
        rows=[{"timestamp": "2026-01-05T10:00:00Z", "http_status": 200}],
        expect=[{"requests": 1, "requests_per_s": None}],
    ),
    Case(
        "equal counts are ordered by their key, NULL last",
        options={"by": ("tier",)},
        rows=[
            {"http_status": 200, "attributes": {"tier": "gold"}},
            {"http_status": 200, "attributes": {"tier": "blue"}},
            {"http_status": 200},
        ],
        expect=[{"tier": "blue"}, {"tier": "gold"}, {"tier": None}],
    ),
    Case("no events have no rate", rows=[], expect=[{"requests": 0, "requests_per_s": None}]),
]

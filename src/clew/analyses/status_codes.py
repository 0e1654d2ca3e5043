"""Which HTTP status codes were answered, and how often.

Reads     requests   http_status, request_id
Returns   one row per status code, within each value of the columns split by; most requests first
Units     http_status: the code; requests: distinct requests; share: of the requests of that group
          that have a status, 0 to 1
Blind to  requests without a status, such as a record of their start; a request answered with two
          codes (the proxy's and the application's) counts once under each
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.analyses._requests import count_requests
from clew.model.case import Case

RETURNS = ("http_status", "requests", "share")


def status_codes(
    events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None
) -> ir.Table:
    answered = events.filter(events.http_status.notnull())
    keys = group_keys(answered, by, bucket, RETURNS)
    counted = per_group(
        answered, {**keys, "http_status": answered.http_status}, requests=count_requests(answered)
    )
    of_group = counted.requests.sum().over(ibis.window(group_by=list(keys)))
    shared = counted.mutate(share=counted.requests / of_group)
    return ordered(shared, list(keys), "requests", then=("http_status",))


CASES = [
    Case(
        "codes are counted, the most frequent first, equal ones by code",
        rows=[{"http_status": code} for code in (200, 200, 500, 404)],
        expect=[
            {"http_status": 200, "requests": 2, "share": 0.5},
            {"http_status": 404, "requests": 1, "share": 0.25},
            {"http_status": 500, "requests": 1, "share": 0.25},
        ],
    ),
    Case(
        "the share is within the group",
        options={"by": ("plan",)},
        rows=[
            {"http_status": 200, "attributes": {"plan": "free"}},
            {"http_status": 429, "attributes": {"plan": "free"}},
            {"http_status": 200, "attributes": {"plan": "paid"}},
        ],
        expect=[
            {"plan": "free", "http_status": 200, "requests": 1, "share": 0.5},
            {"plan": "free", "http_status": 429, "requests": 1, "share": 0.5},
            {"plan": "paid", "http_status": 200, "requests": 1, "share": 1.0},
        ],
    ),
    Case(
        "buckets stand in time order",
        options={"bucket": "1d"},
        rows=[
            {"timestamp": "2026-01-06T00:00:00Z", "http_status": 200},
            {"timestamp": "2026-01-05T23:59:59Z", "http_status": 503},
        ],
        expect=[
            {"bucket": "2026-01-05T00:00:00Z", "http_status": 503, "share": 1.0},
            {"bucket": "2026-01-06T00:00:00Z", "http_status": 200, "share": 1.0},
        ],
    ),
    Case(
        "rows without a status do not count",
        rows=[{"http_method": "GET"}, {"message": "ready"}],
        expect=[],
    ),
]

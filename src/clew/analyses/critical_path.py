"""Where the time of requests goes: own time on the critical path, by service and operation.

Reads     spans   trace_id, span_id, parent_span_id, service, span_name, span_kind, duration_ms
Returns   one row per operation, the most time first; `--by` splits by other columns instead, in time
          order with a bucket
Units     requests: those whose path it is on; spans: of that operation; critical_ms: its own time on
          the path, all requests together; critical_share: of the bucket's, 0 to 1; request_ms: a
          request's mean share of it, which sums up to the mean duration; waiting_ms: the part of
          critical_ms that lies between a client's span and its server's, in a queue or the network
Method    at any moment the path is in the child that had begun and ended last; what no child fills is
          the parent's own. What a client waits beyond its server's span is laid to the operation
          called. A request belongs to a range of time when it begins there
Blind to  work that is not traced: it is the own time of the span around it
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import ordered, per_group
from clew.analyses._span_cases import requests, span
from clew.analyses._spans import OPERATION, OWNER, of_bucket, spans_of, split
from clew.model.case import Case

RETURNS = ("requests", "spans", "critical_ms", "critical_share", "request_ms", "waiting_ms")


def critical_path(
    events: ir.Table, *, by: tuple[str, ...] = OPERATION, bucket: str | None = None
) -> ir.Table:
    timed = spans_of(events).filter(ibis._.critical_ms.notnull())
    t, keys = split(timed, by, bucket, RETURNS, named=OWNER)
    measured = per_group(
        t,
        keys,
        requests=t.root_event_id.nunique(where=t.critical_ms > 0),
        spans=t.count(),
        critical_ms=t.critical_ms.sum(),
        waiting_ms=t.critical_ms.sum(where=t.is_gap).fill_null(0.0),
        begun=(t.event_id == t.root_event_id).cast("int64").sum(),
    )
    whole = of_bucket(keys)
    shared = measured.mutate(
        critical_share=measured.critical_ms / measured.critical_ms.sum().over(whole).nullif(0),
        request_ms=measured.critical_ms / measured.begun.sum().over(whole).nullif(0),
    )
    return ordered(shared.select(*keys, *RETURNS), list(keys), "critical_ms")


CASES = [
    Case(
        "the database that every request waits for comes first, and the parts sum up to the whole",
        rows=requests(4, query_ms=80.0, work_ms=5.0, gap_ms=1.0),
        expect=[
            {
                "service": "features", "span_name": "SELECT features", "requests": 4, "spans": 4,
                "critical_ms": 320.0, "critical_share": 80 / 98, "request_ms": 80.0,
                "waiting_ms": 0.0,
            },
            {
                "service": "features", "span_name": "POST /features", "spans": 8,
                "critical_ms": 48.0, "request_ms": 12.0, "waiting_ms": 8.0,
            },
            {"service": "gateway", "span_name": "POST /score", "critical_ms": 24.0},
        ],
    ),
    Case(
        "of two children side by side only the one that ends last is on the path",
        rows=[
            span("t1", "a", None, 0, 100, service="api", span_name="GET /"),
            span("t1", "b", "a", 10, 60, service="api", span_name="left"),
            span("t1", "c", "a", 10, 80, service="api", span_name="right"),
        ],
        options={"by": ("span_name",)},
        expect=[
            {"span_name": "right", "critical_ms": 80.0, "requests": 1},
            {"span_name": "GET /", "critical_ms": 20.0, "requests": 1},
            {"span_name": "left", "critical_ms": 0.0, "requests": 0},
        ],
    ),
    Case(
        "ids in names do not tell operations apart",
        rows=[
            span("t1", "a", None, 0, 10, service="api", span_name="GET /users/7"),
            span("t2", "b", None, 9, 10, service="api", span_name="GET /users/8"),
        ],
        expect=[{"service": "api", "span_name": "GET /users/{id}", "requests": 2}],
    ),
    Case(
        "what a span does not know of its request is taken from the first one",
        rows=requests(2, user_id="al"),
        options={"by": ("user_id",)},
        expect=[{"user_id": "al", "requests": 2, "critical_share": 1.0}],
    ),
    Case(
        "a bucket holds the requests that began in it, whole",
        rows=[
            span("t1", "a", None, 59_990, 100, service="api", span_name="GET /"),
            span("t1", "b", "a", 60_010, 50, service="db", span_name="read"),
        ],
        options={"by": (), "bucket": "1m"},
        expect=[{"bucket": "2026-11-20T10:00:00Z", "critical_ms": 100.0, "request_ms": 100.0}],
    ),
    Case(
        "a span without a duration has no time",
        rows=[span("t1", "a", None, 0, None, service="api", span_name="GET /")],
        expect=[],
    ),
]  # fmt: skip

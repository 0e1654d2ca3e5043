"""What the time of spans is spent on: shares by service, operation or any attribute.

Reads     spans   trace_id, span_id, parent_span_id, service, span_name, duration_ms, and the columns
                  or keys of attributes that it is split by
Returns   one row per service and operation, or per value of the columns that `--by` names; the most
          own time first, in time order with a bucket
Units     spans: rows with a duration; self_ms: time in which no child ran, all together; self_share:
          of the bucket's, 0 to 1; critical_ms: the part of it that delayed its request;
          critical_share: of the bucket's; p50_ms: of the whole span
Method    spans side by side each count in full, so self_ms may sum up to more than the requests took;
          critical_ms does not. A column that a span lacks is its request's first span's
Blind to  work that is not traced: it is the own time of the span around it
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import ordered, per_group
from clew.analyses._span_cases import requests, span
from clew.analyses._spans import OPERATION, of_bucket, spans_of, split
from clew.model.case import Case

RETURNS = ("spans", "self_ms", "self_share", "critical_ms", "critical_share", "p50_ms")


def span_breakdown(
    events: ir.Table, *, by: tuple[str, ...] = OPERATION, bucket: str | None = None
) -> ir.Table:
    timed = spans_of(events).filter(ibis._.self_ms.notnull())
    t, keys = split(timed, by, bucket, RETURNS)
    measured = per_group(
        t,
        keys,
        spans=t.count(),
        self_ms=t.self_ms.sum(),
        critical_ms=t.critical_ms.sum(),
        p50_ms=t.duration_ms.quantile(0.5),
    )
    whole = of_bucket(keys)
    shared = measured.mutate(
        **{
            f"{kind}_share": measured[f"{kind}_ms"]
            / measured[f"{kind}_ms"].sum().over(whole).nullif(0)
            for kind in ("self", "critical")
        }
    )
    return ordered(shared.select(*keys, *RETURNS), list(keys), "self_ms")


CASES = [
    Case(
        "own time is split by service and operation",
        rows=requests(2, query_ms=84.0, work_ms=3.0, gap_ms=2.0),
        expect=[
            {
                "service": "features", "span_name": "SELECT features", "spans": 2,
                "self_ms": 168.0, "self_share": 0.84, "critical_share": 0.84, "p50_ms": 84.0,
            },
            {"service": "features", "span_name": "POST /features", "self_ms": 12.0},
            {"service": "gateway", "span_name": "POST /score", "self_ms": 12.0, "p50_ms": 100.0},
            {"service": "gateway", "span_name": "POST /features", "self_ms": 8.0},
        ],
    ),
    Case(
        "spans side by side each count in full, but only one of them delays the request",
        rows=[
            span("t1", "a", None, 0, 100, service="api", span_name="GET /"),
            span("t1", "b", "a", 0, 60, service="api", span_name="left"),
            span("t1", "c", "a", 0, 100, service="api", span_name="right"),
        ],
        options={"by": ("span_name",)},
        expect=[
            {"span_name": "right", "self_ms": 100.0, "self_share": 0.625, "critical_share": 1.0},
            {"span_name": "left", "self_ms": 60.0, "critical_ms": 0.0},
            {"span_name": "GET /", "self_ms": 0.0},
        ],
    ),
    Case(
        "a key of attributes splits, too",
        rows=[
            span("t1", "a", None, 0, 30, service="api", span_name="GET /"),
            span("t1", "b", "a", 0, 20, span_name="get", attributes={"cache.hit": "no"}),
        ],
        options={"by": ("cache.hit",)},
        expect=[
            {"cache.hit": "no", "spans": 1, "self_ms": 20.0},
            {"cache.hit": None, "spans": 1, "self_ms": 10.0},
        ],
    ),
    Case("a case without spans has no time to split", rows=[{"message": "ready"}], expect=[]),
]  # fmt: skip

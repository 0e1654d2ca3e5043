"""How long each service takes to answer, and how often it fails.

Reads     spans   trace_id, span_id, parent_span_id, service, span_kind, duration_ms, status,
                  http_status, exception_type
Returns   one row per service, or per value of the columns that `--by` names; slowest p99 first, in
          time order with a bucket
Units     requests: spans with which a service answers a caller; errors: of them, a status of error,
          5xx or an exception that left the span; error_share: 0 to 1; p50_ms .. max_ms: milliseconds,
          interpolated between the two nearest; self_ms: mean of what the service did itself in that
          span, without its children
Method    a span answers when its kind is server or consumer, when it is the first of its trace, or
          when its parent is in another service; spans inside a service do not count
Blind to  what a caller waits before and after the span: `service_map` has the caller's view
"""

from __future__ import annotations

import ibis.expr.types as ir

from clew.analyses._by import ordered, per_group
from clew.analyses._span_cases import requests, span
from clew.analyses._spans import spans_of, split
from clew.correlation.span_tree import ANSWERING
from clew.model.case import Case

RETURNS = (
    "requests", "errors", "error_share", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms", "self_ms",
)  # fmt: skip
_SHARES = {"p50_ms": 0.5, "p90_ms": 0.9, "p95_ms": 0.95, "p99_ms": 0.99}


def service_latency(
    events: ir.Table, *, by: tuple[str, ...] = ("service",), bucket: str | None = None
) -> ir.Table:
    t, keys = split(_answers(spans_of(events)), by, bucket, RETURNS)
    measured = per_group(
        t,
        keys,
        requests=t.count(),
        errors=t.failed.cast("int64").sum().fill_null(0),
        clew_quantiles=t.duration_ms.quantile(list(_SHARES.values())),
        max_ms=t.duration_ms.max(),
        self_ms=t.self_ms.mean(),
    )
    named = {name: measured.clew_quantiles[place] for place, name in enumerate(_SHARES)}
    measured = measured.mutate(error_share=measured.errors / measured.requests.nullif(0), **named)
    return ordered(measured.select(*keys, *RETURNS), list(keys), "p99_ms")


def _answers(t: ir.Table) -> ir.Table:
    """Spans with which a service answers whoever called it."""
    is_first = t.parent_event_id.isnull() & (t.problem != "missing parent").fill_null(True)
    is_from_elsewhere = (t.service != t.parent_service.fill_null(t.service)).fill_null(False)
    return t.filter(
        t.span_kind.isin(ANSWERING).fill_null(False)
        | is_first
        | (t.parent_event_id.notnull() & is_from_elsewhere)
    )


CASES = [
    Case(
        "each service by the spans that answer its callers",
        rows=requests(3, query_ms=80.0) + requests(1, since_ms=9000, query_ms=80.0, is_failed=True),
        expect=[
            {
                "service": "gateway", "requests": 4, "errors": 1, "error_share": 0.25,
                "p50_ms": 98.0, "max_ms": 98.0, "self_ms": 6.0,
            },
            {"service": "features", "requests": 4, "errors": 1, "p99_ms": 90.0, "self_ms": 10.0},
        ],
    ),
    Case(
        "spans without a kind answer where their parent is in another service",
        rows=[
            span("t1", "a", None, 0, 100, service="api", span_name="GET /"),
            span("t1", "b", "a", 10, 60, service="api", span_name="ask"),
            span("t1", "c", "b", 20, 40, service="db", span_name="read"),
            span("t1", "d", "lost", 20, 40, service="db", span_name="write"),
            span("t1", "e", "c", 30, 5, service="db", span_name="sort"),
        ],
        expect=[
            {"service": "api", "requests": 1, "p50_ms": 100.0},
            {"service": "db", "requests": 1, "p50_ms": 40.0},
        ],
    ),
    Case(
        "each operation of a service",
        rows=requests(1),
        options={"by": ("service", "span_name")},
        expect=[
            {"service": "gateway", "span_name": "POST /score", "requests": 1},
            {"service": "features", "span_name": "POST /features", "requests": 1},
        ],
    ),
    Case("a log is no answer", rows=[{"service": "api", "message": "ready"}], expect=[]),
]  # fmt: skip

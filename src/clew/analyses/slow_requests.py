"""The slowest requests of each entry point, and where the time of each went.

Reads     spans   trace_id, span_id, parent_span_id, service, span_name, span_kind, duration_ms
Returns   one row per request, the slowest first: of each entry point the slowest `share`, one at
          least, and at most `most` in all; in time order of buckets where they are asked for
Units     duration_ms: of its first span; p50_ms: of all requests of that entry point; spans, errors:
          of the request; slowest_*: the operation with the most own time on its critical path;
          slowest_ms: that time; slowest_share: of the duration, 0 to 1; time_spent: the three with
          most of it, in words
Method    an entry point is service and name of a trace's first span, ids in the name apart; options
          `service` and `entry_point` choose one. What a client waits beyond its server's span is laid
          to the operation called
Blind to  requests whose first span is missing from the case
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._span_cases import requests, span
from clew.analyses._spans import spans_of, split
from clew.correlation.calls_of_spans import operation
from clew.model.case import Case

RETURNS = (
    "trace_id", "entry_service", "entry_span_name", "started", "duration_ms", "p50_ms", "spans",
    "errors", "slowest_service", "slowest_span_name", "slowest_ms", "slowest_share", "time_spent",
)  # fmt: skip
_NAMED = 3


def slow_requests(
    events: ir.Table,
    *,
    by: tuple[str, ...] = (),
    bucket: str | None = None,
    entry_point: str | None = None,
    service: str | None = None,
    share: float = 0.01,
    most: int = 1000,
) -> ir.Table:
    spans = spans_of(events)
    if entry_point is not None:
        spans = spans.filter(spans.entry_span_name == operation(ibis.literal(entry_point)))
    if service is not None:
        spans = spans.filter(spans.entry_service == service)
    slow = _slowest(spans, share, most)
    t = slow.join(_spent(spans, slow), "root_event_id")
    t = t.mutate(slowest_share=t.slowest_ms / t.duration_ms.nullif(0))
    t, keys = split(t, by, bucket, RETURNS)
    found = t.select(**keys, **{name: t[name] for name in (*RETURNS, "event_id")})
    order = ["bucket"] if "bucket" in keys else []
    return found.order_by(
        *(found[name].asc() for name in order), found.duration_ms.desc(), found.event_id.asc()
    ).select(*keys, *RETURNS)


def _slowest(spans: ir.Table, share: float, most: int) -> ir.Table:
    """The first spans of the slow requests, with p50_ms of their entry point."""
    t = spans.filter((spans.event_id == spans.root_event_id) & spans.duration_ms.notnull())
    entry = ["entry_service", "entry_span_name"]
    slowest_first = [t.duration_ms.desc(), t.event_id]
    whole = t.group_by(*entry).agg(p50_ms=t.duration_ms.quantile(0.5), requests=t.count())
    t = t.mutate(place=ibis.row_number().over(ibis.window(group_by=entry, order_by=slowest_first)))
    t = t.join(whole, entry)
    t = t.filter((t.place == 0) | (t.place < t.requests * share))
    return t.order_by(t.duration_ms.desc(), t.event_id).limit(most)


def _spent(spans: ir.Table, slow: ir.Table) -> ir.Table:
    """Of each slow request: spans, errors, and the operations that took most of its time."""
    t = spans.semi_join(slow.select("root_event_id"), "root_event_id")
    owner = ["owner_service", "owner_span_name"]
    t = t.group_by("root_event_id", *owner).agg(
        spans=t.count(), errors=t.failed.cast("int64").sum(), ms=t.critical_ms.sum().fill_null(0.0)
    )
    most_first = [t.ms.desc(), t.owner_service, t.owner_span_name]
    t = t.mutate(
        place=ibis.row_number().over(ibis.window(group_by=t.root_event_id, order_by=most_first))
    )
    words = (
        t.owner_service + " " + t.owner_span_name + " " + t.ms.round().cast("int64").cast("string")
    )
    t = t.mutate(words=words + " ms")
    first = t.place == 0
    named = [
        ibis.ifelse(t.ms > 0, t.words, ibis.null("string")).max(where=t.place == place)
        for place in range(_NAMED)
    ]
    found = t.group_by("root_event_id").agg(
        spans=t.spans.sum(),
        errors=t.errors.sum(),
        slowest_service=t.owner_service.max(where=first),
        slowest_span_name=t.owner_span_name.max(where=first),
        slowest_ms=t.ms.max(where=first),
        **{f"words_{place}": words for place, words in enumerate(named)},
    )
    text = found.words_0.fill_null("")
    for place in range(1, _NAMED):
        text = text + (ibis.literal(", ") + found[f"words_{place}"]).fill_null("")
    return found.mutate(time_spent=text).drop(*(f"words_{place}" for place in range(_NAMED)))


_FAST = {"query_ms": 10.0}
_SLOW = {"query_ms": 900.0}

CASES = [
    Case(
        "the slowest of an entry point, with what it waited for",
        rows=requests(199, **_FAST) + requests(1, since_ms=500_000, **_SLOW),
        expect=[
            {
                "trace_id": "t000500000", "entry_service": "gateway",
                "entry_span_name": "POST /score", "started": "2026-11-20T10:08:20Z",
                "duration_ms": 918.0, "p50_ms": 28.0, "spans": 4, "errors": 0,
                "slowest_service": "features", "slowest_span_name": "SELECT features",
                "slowest_ms": 900.0, "slowest_share": 900 / 918,
                "time_spent": "features SELECT features 900 ms, features POST /features 12 ms, "
                "gateway POST /score 6 ms",
            },
            {"duration_ms": 28.0},
        ],
    ),
    Case(
        "each entry point has its own slowest; one at least, at most so many in all",
        rows=[
            span("t1", "a", None, 0, 100, service="api", span_name="GET /users/17"),
            span("t2", "a", None, 9, 300, service="api", span_name="GET /users/18", status="error"),
            span("t3", "a", None, 9, 20, service="web", span_name="GET /"),
        ],
        options={"most": 2},
        expect=[
            {"trace_id": "t2", "entry_span_name": "GET /users/{id}", "p50_ms": 200.0, "errors": 1},
            {"trace_id": "t3", "slowest_service": "web", "slowest_share": 1.0},
        ],
    ),
    Case(
        "options choose the entry point and how many of its requests are slow",
        rows=[
            span("t1", "a", None, 0, 100, service="api", span_name="GET /"),
            span("t2", "a", None, 9, 300, service="api", span_name="GET /"),
            span("t3", "a", None, 9, 900, service="api", span_name="POST /"),
            span("t4", "a", None, 9, 800, service="web", span_name="GET /"),
        ],
        options={"entry_point": "GET /", "service": "api", "share": 1.0},
        expect=[{"trace_id": "t2"}, {"trace_id": "t1"}],
    ),
    Case(
        "a key of the first span splits",
        rows=[
            span("t1", "a", None, 0, 10, service="x", span_name="x", attributes={"a.key": "k"}),
            span("t2", "a", None, 0, 20, service="y", span_name="y"),
        ],
        options={"by": ("a.key",)},
        expect=[{"a.key": None, "trace_id": "t2"}, {"a.key": "k", "trace_id": "t1"}],
    ),
    Case(
        "a request that is not timed is not slow",
        rows=[span("t1", "a", None, 0, None, service="api", span_name="GET /")],
        expect=[],
    ),
]  # fmt: skip

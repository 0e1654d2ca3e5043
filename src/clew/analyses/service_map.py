"""Who calls whom, how often, how slowly and how often in vain: the map of services.

Reads     spans   trace_id, span_id, parent_span_id, service, span_kind, duration_ms, status,
                  http_status, db_system, server_address, provider, peer.service (attribute)
Returns   one row per caller and callee, the most calls first; in time order with a bucket
Units     callee_kind: service, database, model, queue or other; calls: spans that ask; errors: calls
          that failed on either side; error_share: 0 to 1; p50_ms, p99_ms: as the caller waits
Method    a client's or a producer's span is a call to the service of the span below it; without one,
          to the service that peer.service or the host's name means, else to what peer.service, the
          database's system, the address or the AI provider says. Of two nested clients in one
          service the inner one is the call. A span whose parent is in another service is a call,
          too, where no client's span is between them
Blind to  which of several databases of one system: split by server_address or db_namespace; a callee
          that nothing names is `unknown`
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import ordered, per_group
from clew.analyses._span_cases import request, requests, span
from clew.analyses._spans import spans_of, split
from clew.correlation.calls_of_spans import UNKNOWN
from clew.correlation.span_tree import ASKING
from clew.model.case import Case

RETURNS = (
    "caller", "callee", "callee_kind", "calls", "errors", "error_share", "p50_ms", "p99_ms",
)  # fmt: skip
_EDGE = ("caller", "callee", "callee_kind")


def service_map(
    events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None
) -> ir.Table:
    spans = spans_of(events)
    t, keys = split(ibis.union(_asked(spans), _without_client(spans)), by, bucket, RETURNS)
    measured = per_group(
        t,
        {**keys, **{name: t[name] for name in _EDGE}},
        calls=t.count(),
        errors=t.failed.cast("int64").sum(),
        clew_quantiles=t.duration_ms.quantile([0.5, 0.99]),
    )
    measured = measured.mutate(
        error_share=measured.errors / measured.calls,
        p50_ms=measured.clew_quantiles[0],
        p99_ms=measured.clew_quantiles[1],
    )
    return ordered(measured.select(*keys, *RETURNS), list(keys), "calls", then=_EDGE)


_CALL = (
    "event_id", "root_event_id", "service", "span_name", *_EDGE, "failed", "duration_ms",
)  # fmt: skip


def _asked(t: ir.Table) -> ir.Table:
    """Calls that the caller's own span tells of."""
    is_out = t.span_kind.isin(ASKING).fill_null(False)
    asks = t.filter(is_out | (t.is_statement & t.span_kind.isin(("internal", "unspecified"))))
    inner = asks.filter(asks.service == asks.parent_service).select(outer_id="parent_event_id")
    asks = asks.anti_join(inner, asks.event_id == inner.outer_id)
    answered = t.filter(t.failed & (t.service != t.parent_service).fill_null(False))
    answered = answered.select(asked_id="parent_event_id").distinct()
    asks = asks.left_join(answered, asks.event_id == answered.asked_id)
    is_service = asks.has_server | asks.has_spans
    return asks.mutate(
        caller=asks.service,
        callee=ibis.ifelse(
            asks.has_server,
            asks.owner_service,
            ibis.coalesce(
                ibis.ifelse(asks.has_spans, asks.callee, None),
                asks.callee_name,
                ibis.literal(UNKNOWN),
            ),
        ),
        callee_kind=ibis.cases(
            (is_service & ~asks.is_statement, "service"),
            (asks.has_server, "service"),
            (asks.is_statement, "database"),
            (asks.is_model, "model"),
            (asks.span_kind == "producer", "queue"),
            else_="other",
        ),
        failed=asks.failed | asks.asked_id.notnull(),
    ).select(_CALL)


def _without_client(t: ir.Table) -> ir.Table:
    """Calls of which only the callee's span tells that they happened."""
    asks = t.select(above="event_id", above_kind="span_kind")
    below = t.filter((t.service != t.parent_service).fill_null(False))
    below = below.join(asks, below.parent_event_id == asks.above)
    below = below.filter(~below.above_kind.isin(ASKING).fill_null(False))
    return below.mutate(
        caller=below.parent_service, callee=below.service, callee_kind=ibis.literal("service")
    ).select(_CALL)


CASES = [
    Case(
        "services and their databases, as their callers wait for them",
        rows=requests(3, query_ms=80.0) + request("e", 9000, query_ms=40.0, is_failed=True),
        expect=[
            {
                "caller": "features", "callee": "postgresql", "callee_kind": "database",
                "calls": 4, "errors": 1, "error_share": 0.25, "p50_ms": 80.0,
            },
            {
                "caller": "gateway", "callee": "features", "callee_kind": "service", "calls": 4,
                "errors": 1, "p50_ms": 92.0, "p99_ms": 92.0,
            },
        ],
    ),
    Case(
        "a callee without spans is named by peer.service, address or provider",
        rows=[
            span("t1", "a", None, 0, 90, service="api", span_name="GET /", span_kind="server"),
            span("t1", "b", "a", 1, 10, service="api", span_name="GET", span_kind="client",
                 server_address="192.0.2.7", attributes={"peer.service": "billing"}),
            span("t1", "c", "a", 20, 10, service="api", span_name="GET", span_kind="client",
                 server_address="pay.example.com", http_status=503),
            span("t1", "d", "a", 40, 10, service="api", span_name="chat", span_kind="client",
                 provider="openai", model="gpt-4o"),
            span("t1", "e", "a", 60, 10, service="api", span_name="send", span_kind="producer"),
        ],
        expect=[
            {"callee": "billing", "callee_kind": "other", "calls": 1, "errors": 0},
            {"callee": "openai", "callee_kind": "model"},
            {"callee": "pay.example.com", "callee_kind": "other", "errors": 1},
            {"callee": "unknown", "callee_kind": "queue"},
        ],
    ),
    Case(
        "of two nested clients the inner one is the call, and spans without a kind count, too",
        rows=[
            span("t1", "a", None, 0, 90, service="api", span_name="GET /"),
            span("t1", "b", "a", 1, 80, service="api", span_name="rpc", span_kind="client"),
            span("t1", "c", "b", 2, 70, service="api", span_name="POST", span_kind="client"),
            span("t1", "d", "c", 3, 60, service="auth", span_name="check"),
            span("t1", "e", "d", 4, 50, service="keys", span_name="look up", status="error"),
        ],
        expect=[
            {"caller": "api", "callee": "auth", "calls": 1, "p50_ms": 70.0, "errors": 0},
            {"caller": "auth", "callee": "keys", "calls": 1, "p50_ms": 50.0, "errors": 1},
        ],
    ),
    Case(
        "a service that fails without its client's notice has failed",
        rows=[
            span("t1", "a", None, 0, 90, service="api", span_name="ask", span_kind="client"),
            span("t1", "b", "a", 2, 70, service="auth", span_name="check", span_kind="server",
                 status="error"),
        ],
        expect=[{"caller": "api", "callee": "auth", "errors": 1, "error_share": 1.0}],
    ),
    Case(
        "a service that calls nobody is on no edge",
        rows=[span("t1", "a", None, 0, 9, service="api", span_name="GET /")],
        expect=[],
    ),
]  # fmt: skip

"""Traces for the cases of analyses: a gateway asks a service, which asks its database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]
BEGIN = datetime(2026, 11, 20, 10, tzinfo=UTC)


def span(
    trace_id: str, of: str, under: str | None, begin_ms: float, length_ms: float | None, **more: Any
) -> Row:
    """One span, so long after the cases' beginning."""
    began = (BEGIN + timedelta(milliseconds=begin_ms)).isoformat().replace("+00:00", "Z")
    return {
        "trace_id": trace_id, "span_id": of, "parent_span_id": under,
        "timestamp": began, "duration_ms": length_ms, **more,
    }  # fmt: skip


def request(
    name: str,
    begin_ms: float,
    *,
    query_ms: float = 10.0,
    work_ms: float = 5.0,
    gap_ms: float = 1.0,
    is_failed: bool = False,
    statement: Row | None = None,
    **first: Any,
) -> list[Row]:
    """POST /score of gateway -> POST /features of features -> SELECT features.

    query_ms   of the statement, work_ms before and after it, gap_ms between client and server
    is_failed  the statement fails, and the services pass that on
    statement  further columns of the statement; `first` those of the gateway's span
    """
    inner = query_ms + 2 * work_ms
    passed: Row = {"status": "error", "http_status": 500} if is_failed else {"http_status": 200}
    own: Row = {"status": "error"} if is_failed else {}
    gateway: Row = {"service": "gateway", **passed}
    features: Row = {"service": "features", **own}
    return [
        span(name, "a", None, begin_ms, inner + 2 * gap_ms + 6, span_name="POST /score",
             span_kind="server", **{**gateway, **first}),
        span(name, "b", "a", begin_ms + 3, inner + 2 * gap_ms, span_name="POST /features",
             span_kind="client", server_address="features", **gateway),
        span(name, "c", "b", begin_ms + 3 + gap_ms, inner, span_name="POST /features",
             span_kind="server", **features),
        span(name, "d", "c", begin_ms + 3 + gap_ms + work_ms, query_ms,
             span_name="SELECT features", span_kind="client", db_system="postgresql",
             **{**features, **(statement or {})}),
    ]  # fmt: skip


def requests(count: int, *, since_ms: float = 0, every_ms: float = 1000, **more: Any) -> list[Row]:
    """`count` requests, one every `every_ms`; traces are named by when they begin."""
    begins = [since_ms + n * every_ms for n in range(count)]
    return [row for at in begins for row in request(f"t{at:09.0f}", at, **more)]

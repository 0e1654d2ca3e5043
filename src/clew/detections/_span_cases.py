"""Traces for the cases of detections that read spans: a gateway asks a service, which asks its database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]
BEGIN = datetime(2026, 11, 20, 10, tzinfo=UTC)


def span(trace: int, name: str, begin_ms: float, duration_ms: float, **columns: Any) -> Row:
    """One span of a trace; its id is `of`, its parent's id `under`."""
    of, under = columns.pop("of"), columns.pop("under", None)
    return {
        "trace_id": f"t{trace:05}", "span_id": f"{of}{trace:05}", "span_name": name,
        "parent_span_id": f"{under}{trace:05}" if under else None, "duration_ms": duration_ms,
        "timestamp": moment(begin_ms), **columns,
    }  # fmt: skip


def moment(begin_ms: float) -> str:
    """RFC 3339 of so many milliseconds after the cases' beginning."""
    return (BEGIN + timedelta(milliseconds=begin_ms)).isoformat().replace("+00:00", "Z")


def request(
    n: int,
    *,
    query_ms: float = 10.0,
    work_ms: float = 4.0,
    gap_ms: float = 1.0,
    every_ms: float = 6000.0,
    error: str = "",
    **columns: Any,
) -> list[Row]:
    """POST /score of gateway -> POST /features of features -> SELECT features, one every `every_ms`.

    The times vary a little from request to request. `error` fails the statement, and the two
    services pass that on. `columns` go to the statement.
    """
    jitter = 1.0 + 0.1 * (n * 37 % 11 - 5) / 5
    query_ms, work_ms, gap_ms = query_ms * jitter, work_ms * jitter, gap_ms * jitter
    at = n * every_ms
    inner = query_ms + 2 * work_ms
    passed: Row = {"status": "error", "http_status": 500} if error else {"http_status": 200}
    failed: Row = {}
    if error:
        failed = {"status": "error", "exception_type": error, "exception_message": "it failed"}
    client: Row = {"span_kind": "client", "server_address": "features", **passed}
    return [
        span(n, "POST /score", at, inner + 2 * gap_ms + 6, of="a", service="gateway",
             span_kind="server", **passed),
        span(n, "POST /features", at + 3, inner + 2 * gap_ms, of="b", under="a",
             service="gateway", **client),
        span(n, "POST /features", at + 3 + gap_ms, inner, of="c", under="b", service="features",
             span_kind="server", **passed),
        {
            **span(n, "SELECT features", at + 3 + gap_ms + work_ms, query_ms, of="d", under="c"),
            "service": "features", "span_kind": "client", "db_system": "postgresql",
            "db_query": "SELECT * FROM features WHERE id = $1", **failed, **columns,
        },
    ]  # fmt: skip


def requests(count: int, **times: Any) -> list[Row]:
    """`count` requests; a time that is a function is asked with the request's number."""
    return [
        row
        for n in range(count)
        for row in request(
            n, **{name: value(n) if callable(value) else value for name, value in times.items()}
        )
    ]

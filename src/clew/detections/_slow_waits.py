"""Time that slow requests pass between attempts: a caller waits before it repeats a call that failed."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.clocks import microseconds
from clew.detections._words import many

LEAST_PART = 0.5
"""Part of an operation's own time that such waits must hold, for them to be what makes it slow."""


def waits_of(t: ir.Table, mine: ir.Table) -> ir.Table:
    """What was called again after it had failed, and the waits before: the longest in all first.

    `t` has the spans of the requests that are looked at, `mine` those of the operation, with `request`
    and is_slow. Returns called, requests, attempts (those that failed and were repeated), waited_ms
    (mean per slow request).
    """
    slow = mine.filter(mine.is_slow)
    calls = t.join(slow.select("request", caller_id="event_id"), t.parent_event_id == slow.event_id)
    calls = calls.select(
        "caller_id", "request", "failed", "event_id", called="span_name",
        began=microseconds(calls.started), over=microseconds(calls.ended),
    )  # fmt: skip
    alike = ibis.window(group_by=["caller_id", "called"], order_by=["began", "over", "event_id"])
    calls = calls.mutate(
        after_failure=calls.failed.lag().over(alike).fill_null(False),
        wait_ms=(calls.began - calls.over.lag().over(alike)) / 1e3,
    )
    repeats = calls.filter(calls.after_failure & (calls.wait_ms > 0))
    found = repeats.group_by("called").agg(
        requests=repeats.request.nunique(), attempts=repeats.count(), total_ms=repeats.wait_ms.sum()
    )
    found = found.cross_join(slow.agg(slow_requests=slow.request.nunique()))
    found = found.mutate(waited_ms=found.total_ms / found.slow_requests)
    return found.order_by(found.waited_ms.desc(), "called").limit(1)


def telling(row: dict[str, Any], waits: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The waits, where they are most of the operation's own time."""
    is_most = waits and waits[0]["waited_ms"] >= LEAST_PART * row["slow_own_ms"]
    return waits[0] if is_most else None


def wait_sentences(row: dict[str, Any], waits: list[dict[str, Any]]) -> list[str]:
    """That most of the time is back-off, and after whose failures."""
    found = telling(row, waits)
    if found is None:
        return []
    return [
        f"{found['waited_ms']:.0f} ms of it pass between attempts of '{found['called']}', which failed "
        f"and was called again {many(found['attempts'], 'time')} in "
        f"{many(found['requests'], 'slow request')}: that failure is the cause, and this operation "
        "backs off before it tries anew."
    ]

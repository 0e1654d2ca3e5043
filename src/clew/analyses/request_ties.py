"""Which line of an application belongs to which line of the proxy before it, and how surely.

Reads     requests, logs   request_id, trace_id, http_method, url_path, http_status, timestamp,
          exception_type, source_format
Returns   one row per application line that is tied, the surest first within the time
Units     gap_ms: the proxy's time less the line's, zone and skew corrected; confidence 0 to 1
Method    by id where both carry one (confidence 1); else method, path, status and time; else an
          exception and the failed request nearest to it: one to one, nearest first, within
          tolerance_s, less sure where several were near
Blind to  lines of an application without a proxy's log beside it
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered
from clew.correlation.exceptions import exceptions
from clew.correlation.ties import observed, pairs
from clew.model.case import Case

RETURNS = (
    "application_event_id", "proxy_event_id", "url_path", "http_status", "tied_by", "gap_ms",
    "confidence",
)  # fmt: skip


def request_ties(
    events: ir.Table,
    *,
    by: tuple[str, ...] = (),
    bucket: str | None = None,
    tolerance_s: float = 2.0,
) -> ir.Table:
    found = _tied(observed(events), tolerance_s)
    found = found.select(
        "proxy_event_id",
        "tied_by",
        "confidence",
        application_event_id="event_id",
        gap_ms=found.gap_us / 1e3,
    )
    keys = group_keys(events, by, bucket, RETURNS)
    lines = events.select(line_id=events.event_id, **keys)
    proxy = events.select("url_path", "http_status", proxy_id="event_id")
    t = found.join(lines, found.application_event_id == lines.line_id)
    t = t.join(proxy, t.proxy_event_id == proxy.proxy_id)
    return ordered(
        t.select(*keys, *RETURNS), list(keys), then=("application_event_id", "proxy_event_id")
    )


def _tied(seen: ir.Table, tolerance_s: float) -> ir.Table:
    """Every line of an application with the proxy's line of its request.

    Returns event_id, proxy_event_id, tied_by (id; request: method, path, status and time; path or
    time: an exception and the failed request nearest to it), gap_us (on one clock, proxy's time
    less the line's) and confidence: 1 by an id, else 0.9 or 0.8, less where several were near.
    """
    tolerance_us = int(tolerance_s * 1_000_000)
    proxy = seen.filter((seen.role == "proxy") & seen.http_status.notnull())
    own = seen.filter(seen.role == "application")
    known = proxy.filter(proxy.rid.notnull()).select(
        "rid", proxy_event_id="event_id", proxy_at="at"
    )
    by_id = own.join(known, "rid")
    by_id = by_id.select(
        "event_id",
        "proxy_event_id",
        tied_by=ibis.literal("id"),
        gap_us=by_id.proxy_at - by_id["at"],
        confidence=ibis.literal(1).cast("float64"),
    )
    asked = own.filter(own.http_status.notnull()).anti_join(known, "rid")
    free = proxy.anti_join(own.filter(own.rid.notnull()), "rid")
    found = pairs(_requested(asked, is_proxy_side=False), _requested(free, is_proxy_side=True),
                  tolerance_us=tolerance_us)  # fmt: skip
    by_request = found.select(
        event_id="left_id",
        proxy_event_id="right_id",
        tied_by=ibis.literal("request"),
        gap_us="signed_gap_us",
        confidence=0.9 / found.rivals.cast("float64").sqrt(),
    )
    raised = exceptions(seen, tolerance_s=tolerance_s)
    raised = raised.anti_join(ibis.union(by_id, by_request), "event_id")
    times = proxy.select(proxy_event_id="event_id", proxy_at="at")
    raised = raised.join(times, "proxy_event_id")
    by_error = raised.select(
        "event_id",
        "proxy_event_id",
        "tied_by",
        gap_us=raised.proxy_at - raised["at"],
        confidence="confidence",
    )
    return ibis.union(by_id, by_request, by_error)


def _requested(t: ir.Table, *, is_proxy_side: bool) -> ir.Table:
    """id, tie_key, at: keyed by method, path and status; a line without a method ties to any."""
    path = t.url_path.fill_null("") + " " + t.http_status.cast("string")
    keys = [t.http_method.fill_null("*") + " " + path]
    if is_proxy_side:
        keys.append(ibis.literal("* ") + path)
    return t.select(id=t.event_id, at=t["at"], tie_key=ibis.array(keys).unnest())


def _line(side: str, time: str, **columns: Any) -> dict[str, Any]:
    return {
        "source_id": side,
        "source_format": "nginx_access" if side == "access" else "python_logging",
        "timestamp": f"2026-11-20T10:00:{time}Z",
        "http_method": "POST",
        "url_path": "/v1/predict",
        "http_status": 500,
        **columns,
    }


def _bare(time: str, **columns: Any) -> dict[str, Any]:
    """A traceback with nothing of its request."""
    return {
        "source_id": "app", "source_format": "python_logging", "severity": "ERROR",
        "timestamp": f"2026-11-20T10:00:{time}Z", "exception_type": "KeyError",
        "message": "failed", **columns,
    }  # fmt: skip


CASES = [
    Case(
        "the same request id ties, whatever else differs",
        rows=[
            _line("access", "01", request_id="r1", event_id="p1"),
            _bare("07", request_id="r1", event_id="a1"),
        ],
        expect=[
            {
                "application_event_id": "a1", "proxy_event_id": "p1", "url_path": "/v1/predict",
                "http_status": 500, "tied_by": "id", "gap_ms": -6000.0, "confidence": 1.0,
            }
        ],
    ),
    Case(
        "an id in the error's message ties it to the proxy's line",
        rows=[
            _line("access", "01", request_id="8f03a1c28f03a1c28f03a1c28f03a1c2", event_id="p1"),
            _line("access", "01", request_id="11111111111111111111111111111111", event_id="p2"),
            _bare("01.1", message="request 8f03a1c28f03a1c28f03a1c28f03a1c2 failed", event_id="a1"),
        ],
        expect=[{"application_event_id": "a1", "proxy_event_id": "p1", "tied_by": "id"}],
    ),
    Case(
        "without ids method, path, status and time tie, one to one, the nearest first",
        rows=[
            _line("access", "01", event_id="p1"),
            _line("access", "02", event_id="p2"),
            _line("access", "02", event_id="p3", http_status=200),
            _line("app", "01.2", event_id="a1"),
            _line("app", "02.1", event_id="a2"),
        ],
        expect=[
            {"application_event_id": "a1", "proxy_event_id": "p1", "tied_by": "request"},
            {"application_event_id": "a2", "proxy_event_id": "p2", "gap_ms": -100.0},
        ],
    ),
    Case(
        "a traceback without a path ties to the failed request beside it",
        rows=[_line("access", "00.125", event_id="p1"), _bare("00.120", event_id="a1")],
        expect=[
            {
                "application_event_id": "a1", "proxy_event_id": "p1", "tied_by": "time",
                "gap_ms": 5.0, "confidence": 0.8,
            }
        ],
    ),
    Case(
        "lines further apart than the tolerance are not tied",
        rows=[_line("access", "01"), _line("app", "09")],
        expect=[],
    ),
]  # fmt: skip

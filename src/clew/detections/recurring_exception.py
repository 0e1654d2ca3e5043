"""One exception again and again on one path: what fails, for whom, and what the failing share.

Reads     logs, requests   exception_type, exception_message, exception_frame, url_path,
          http_status, request_id, trace_id, every column and attribute of the requests concerned
Returns   one row per service, exception type and path (the route where paths carry ids)
Units     events: logged exceptions; requests: all requests on that path while it lasted;
          affected_requests: those with the exception; error_share: affected of all, 0 to 1
Method    an exception without path or status takes them from the lines of its request: tied by id,
          else the nearest failed request in time; an exception that the server logs once more is
          the same request, and of several exceptions in one request the first counts
Blind to  errors logged without an exception type; requests that no log mentions
Source    OpenTelemetry semantic conventions, exceptions in logs and spans
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation import clocks, ties
from clew.correlation.exceptions import exceptions
from clew.detections._contrast import contrast, distinctions, lacking_fields
from clew.detections._words import clock, clock_sentences, place, share
from clew.model.case import Case
from clew.model.finding import Description, Severity

NEEDS = {"logs": ("exception_type",)}
SUBJECT = ("service", "exception_type", "url_path", "http_route")
MEASURES = ("events", "requests", "affected_requests", "error_share", "min_requests")
REFERENCES: tuple[str, ...] = ()


def detect(events: ir.Table, *, min_requests: int = 3, tolerance_s: float = 2.0) -> ir.Table:
    seen = ties.observed(events)
    raised = _first_causes(exceptions(seen, tolerance_s=tolerance_s))
    found = raised.group_by("service", "exception_type", "route").agg(
        started=raised.timestamp.min(),
        ended=raised.timestamp.max(),
        events=raised.count(),
        affected_requests=raised.request.nunique(),
        paths=raised.url_path.nunique(),
        path=raised.url_path.max(),
        tied_lines=raised.proxy_event_id.nunique(),
        tie_confidence=raised.confidence.mean(),
    )
    found = found.filter(found.affected_requests >= min_requests)
    t = found.left_join(_asked(seen, found), ["service", "exception_type", "route"])
    t = t.mutate(requests=ibis.greatest(t.asked.fill_null(0), t.affected_requests))
    is_one_path = t.paths == 1
    return t.select(
        "service",
        "exception_type",
        "started",
        "ended",
        "events",
        "requests",
        "affected_requests",
        "route",
        "tied_lines",
        "tie_confidence",
        url_path=ibis.ifelse(is_one_path, t.path, None),
        http_route=ibis.ifelse(is_one_path, None, t.route),
        error_share=ibis.ifelse(
            t.route.isnull() & t.asked.isnull(), None, t.affected_requests / t.requests
        ),
        min_requests=ibis.literal(min_requests),
    ).order_by(ibis.desc("affected_requests"), "service", "exception_type", "route")


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The exceptions as logged, each followed by the proxy's line of its request."""
    raised = _of_row(exceptions(ties.observed(events)), row)
    order = ibis.window(order_by=[raised.is_repeat, raised["at"], raised.event_id])
    raised = raised.mutate(place=ibis.row_number().over(order))
    raised = raised.filter(raised.place < 20)
    own = raised.select("event_id", "place", side=ibis.literal(0))
    proxied = raised.select(event_id="proxy_event_id", place="place", side=ibis.literal(1))
    both = ibis.union(own, proxied.filter(proxied.event_id.notnull()))
    once = both.group_by("event_id").agg(place=both.place.min(), side=both.side.min())
    return once.order_by("place", "side", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    seen = ties.observed(events)
    raised = _of_row(exceptions(seen), row)
    texts = raised.group_by("exception_message", "exception_frame").agg(events=raised.count())
    return {
        "texts": texts.order_by(ibis.desc("events"), "exception_message", "exception_frame").limit(
            5
        ),
        "facts": contrast(events, _labelled(seen, raised, row)),
        "clocks": clocks.clock_offsets(events, failures_only=True).order_by("source_id"),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    text: dict[str, Any] = details["texts"][0] if details["texts"] else {}
    message = text.get("exception_message") or ""
    lacking = lacking_fields(details["facts"], message)
    affected, requests = row["affected_requests"], row["requests"]
    where = place(row)
    reasons = [f"{row['exception_type']}: {message}" if message else str(row["exception_type"])]
    if text.get("exception_frame"):
        reasons.append(f"It was raised at {text['exception_frame']}.")
    if row["error_share"] is not None:
        reasons.append(
            f"{affected:,} of {requests:,} requests on {where} failed with it between "
            f"{clock(row['started'])} and {clock(row['ended'])} ({share(row['error_share'])})."
        )
    reasons += distinctions(details["facts"], message)
    if row["tied_lines"]:
        reasons.append(
            f"{row['tied_lines']:,} of them are tied to the proxy's line of the same request "
            f"(confidence {row['tie_confidence']:.2f})."
        )
    reasons += clock_sentences(details["clocks"])
    missing = lacking[0] if lacking else _field_named(row["exception_type"], message)
    if missing and not lacking:
        reasons.insert(1, f"The message names the field that is missing: '{missing}'.")
    cause = f": the input lacks '{missing}'" if lacking else f": '{missing}' is missing"
    cause = cause if missing else ""
    times = f"in {affected:,} requests" if row["route"] else f"{row['events']:,} times"
    return Description(
        title=f"{row['exception_type']} {times} on {where}{cause}",
        severity=_severity(row),
        confidence=min(0.99, 0.9 * row["tie_confidence"] + (0.09 if affected >= 10 else 0.0)),
        why=tuple(reasons),
        recommendations=_recommendations(row, text, lacking[0] if lacking else None),
    )


def _first_causes(raised: ir.Table) -> ir.Table:
    """Of several exceptions of one request those of the first's type; the others follow."""
    order = ibis.window(
        group_by=raised.request,
        order_by=[raised["at"], raised.line.fill_null(0), raised.event_id],
        preceding=None,
        following=None,
    )
    raised = raised.mutate(first_type=raised.exception_type.first().over(order))
    return raised.filter(raised.exception_type == raised.first_type)


def _asked(seen: ir.Table, found: ir.Table) -> ir.Table:
    """Requests on each finding's path while it lasted: its service's, else the proxy's."""
    counted = ties.requests(seen)
    counted = counted.filter(counted.is_request)
    counted = counted.select("route", asked_service="service", role="role", asked_at="timestamp")
    span = found.select("service", "exception_type", "route", "started", "ended")
    slack = ibis.interval(seconds=2)
    met = counted.join(span, "route")
    met = met.filter((met.asked_at >= met.started - slack) & (met.asked_at <= met.ended + slack))
    own = met.count(where=met.asked_service == met.service)
    proxied = met.count(where=met.role == "proxy")
    return met.group_by("service", "exception_type", "route").agg(
        asked=ibis.ifelse(own > 0, own, proxied)
    )


def _of_row(raised: ir.Table, row: dict[str, Any]) -> ir.Table:
    on_route = raised.route.isnull() if row["route"] is None else raised.route == row["route"]
    raised = _first_causes(raised)
    return raised.filter(
        (raised.service == row["service"])
        & (raised.exception_type == row["exception_type"])
        & on_route
    )


def _labelled(seen: ir.Table, raised: ir.Table, row: dict[str, Any]) -> ir.Table:
    """event_id, request, failed: the lines of affected requests, and of succeeding ones beside."""
    own = raised.select("event_id", "request")
    proxied = raised.filter(raised.proxy_event_id.notnull())
    proxied = proxied.select(event_id="proxy_event_id", request="request")
    named = seen.filter(seen.rid.notnull()).select("event_id", request="rid")
    named = named.semi_join(raised, "request")
    failing = ibis.union(own, proxied, named).distinct().mutate(failed=ibis.literal(True))
    slack = timedelta(seconds=2)
    lines = seen.filter(seen.timestamp.between(row["started"] - slack, row["ended"] + slack))
    lines = lines.mutate(request=ibis.coalesce(lines.rid, lines.event_id))
    on_route = lines.route.isnull() if row["route"] is None else lines.route == row["route"]
    is_good = (lines.http_status < 400).fill_null(~lines.severity.isin(("ERROR", "FATAL")))
    good = lines.filter(on_route & is_good.fill_null(True)).select("request").distinct()
    good = lines.semi_join(good, "request").anti_join(failing, "request")
    succeeding = good.select("event_id", "request", failed=ibis.literal(False))
    return ibis.union(failing, succeeding)


MISSING_FIELD = re.compile(
    r"""
    (?:missing|required|without|no\ such|unknown|lacks?)\b.{0,30}?   # missing required field
    (?:field|key|column|feature|argument|parameter|property)s?
    [^\w]{0,4}(?P<after>\w[\w.]*)                                  # 'customer_age'
    | (?P<before>\w[\w.]*)\s+field\ required                        # pydantic: age, field required
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _field_named(exception_type: str, message: str) -> str | None:
    """The field that a KeyError or a validation message says is missing.

    >>> _field_named("KeyError", "'customer_age'")
    'customer_age'
    >>> _field_named("ValueError", "missing required field: income")
    'income'
    """
    if exception_type.rpartition(".")[2] == "KeyError":
        key = re.fullmatch(r"""['"]?(\w[\w.-]*)['"]?""", message)
        return key[1] if key else None
    found = MISSING_FIELD.search(message)
    return (found["after"] or found["before"]) if found else None


def _severity(row: dict[str, Any]) -> Severity:
    if (row["error_share"] or 0) >= 0.05 or row["affected_requests"] >= 100:
        return "high"
    return "medium" if row["affected_requests"] >= 10 else "low"


def _recommendations(
    row: dict[str, Any], text: dict[str, Any], missing: str | None
) -> tuple[str, ...]:
    if missing:
        return (
            f"Answer 400 with the missing field's name when '{missing}' is absent, "
            "instead of failing.",
            f"Ask the caller to send '{missing}', or give it a default.",
        )
    frame = text.get("exception_frame")
    return (f"Look at {frame}." if frame else f"Find where {row['exception_type']} is raised.",)


def _request(
    minute: int, second: int, *, user: str, fields: str, fails: bool
) -> list[dict[str, Any]]:
    rid = f"r{minute:02}{second:02}{user}"
    seen_at = f"2026-11-20T10:{minute:02}:{second:02}"
    proxy = {
        "source_id": "access", "source_format": "nginx_access", "timestamp": f"{seen_at}Z",
        "http_method": "POST", "url_path": "/v1/predict", "http_status": 500 if fails else 200,
        "request_id": rid, "client_ip": "203.0.113.9" if fails else "198.51.100.4",
    }  # fmt: skip
    own = {
        "source_id": "app", "source_format": "python_logging", "timestamp": f"{seen_at}.120Z",
        "service": "scoring", "request_id": rid, "user_id": user, "attributes": {"fields": fields},
        "severity": "ERROR" if fails else "INFO", "message": "failed" if fails else "done",
    }  # fmt: skip
    error = {
        "exception_type": "KeyError", "exception_message": "'customer_age'",
        "exception_frame": "features.py:41 in build",
    }  # fmt: skip
    again = {**own, **error, "logger": "uvicorn.error", "message": "Exception in ASGI application"}
    return [proxy, {**own, **error}, again] if fails else [proxy, own]


_MIXED = [
    row
    for minute in range(6)
    for row in [
        *_request(minute, 1, user="partner-7", fields="income,tenure", fails=True),
        *_request(minute, 20, user="web", fields="income,customer_age", fails=False),
        *_request(minute, 40, user="app", fields="tenure,customer_age", fails=False),
    ]
]
_NO_IDS = [
    {name: value for name, value in row.items() if name != "request_id"}
    for row in _MIXED
    if row["source_id"] == "access" or "exception_type" in row
]


def _busy(second: int, ms: int, path: str, kind: str) -> list[dict[str, Any]]:
    """A failing request's line of the proxy, and what the application logged of it."""
    logged_ms = ms + (20 if ms == 600 else 10)
    return [
        {
            "source_id": "access", "source_format": "nginx_access", "http_status": 500,
            "timestamp": f"2026-11-20T10:00:{second:02}.{ms:03}Z", "url_path": path,
        },
        {
            "source_id": "app", "source_format": "python_logging", "service": "scoring",
            "timestamp": f"2026-11-20T10:00:{second:02}.{logged_ms:03}Z",
            "severity": "ERROR", "exception_type": kind, "message": "failed",
        },
    ]  # fmt: skip


_BUSY = [
    row
    for second in range(8)
    # every fourth answer on the other path is logged nearest to a failure on this one
    for ms, path, kind in (
        (100, "/v1/predict", "KeyError"),
        (130 if second % 4 == 3 else 600, "/v1/explain", "FileNotFoundError"),
    )
    for row in _busy(second, ms, path, kind)
]

CASES = [
    Case(
        "exceptions in a container's output, which holds the server's access lines too, are found",
        rows=[
            {"timestamp": f"2026-11-20T10:00:{n:02}Z", "source_id": "out", **columns}
            for n in range(0, 40, 4)
            for columns in (
                {"source_format": "python_logging", "exception_type": "KeyError", "url_path": "/v1/x"},
                {"source_format": "nginx_access", "http_method": "POST", "http_status": 500, "url_path": "/v1/x"},
            )
        ],
        expect=[{"exception_type": "KeyError", "events": 10, "requests": 10, "url_path": "/v1/x"}],
    ),
    Case(
        "in a busy minute each exception stays on the path of its kind",
        rows=_BUSY,
        expect=[
            {"exception_type": "FileNotFoundError", "url_path": "/v1/explain", "events": 8},
            {"exception_type": "KeyError", "url_path": "/v1/predict", "events": 8},
        ],
    ),
    Case(
        "input that was refused is found, although it is logged as a warning",
        rows=[
            {
                "timestamp": f"2026-11-20T10:00:0{n}Z", "service": "api", "severity": "WARN",
                "exception_type": "ValidationError", "message": "refused", "http_status": 422,
                "url_path": "/v1/predict",
            }
            for n in range(5)
        ],
        expect=[{"exception_type": "ValidationError", "url_path": "/v1/predict", "events": 5}],
    ),
    Case(
        "requests are counted, not the lines that the service and its server wrote of each",
        rows=_MIXED,
        expect=[
            {
                "service": "scoring", "exception_type": "KeyError", "url_path": "/v1/predict",
                "http_route": None, "events": 12, "requests": 16, "affected_requests": 6,
                "error_share": 0.375, "tied_lines": 6,
            }
        ],
    ),
    Case(
        "without any id the nearest failed request gives the path",
        rows=_NO_IDS,
        expect=[{"url_path": "/v1/predict", "events": 12, "requests": 16, "affected_requests": 6}],
    ),
    Case(
        "a log that is an hour ahead of the proxy is tied all the same",
        rows=[
            {**row, "timestamp": row["timestamp"].replace("T10", "T11")}
            if row["source_id"] == "app"
            else row
            for row in _NO_IDS
        ],
        expect=[{"url_path": "/v1/predict", "affected_requests": 6, "tied_lines": 6}],
    ),
    Case(
        "paths that differ in their ids are one route",
        rows=[
            {
                "timestamp": f"2026-11-20T10:00:0{n}Z", "service": "users", "severity": "ERROR",
                "url_path": f"/users/{n}/orders", "http_status": 500,
                "exception_type": "TimeoutError", "message": "no answer",
            }
            for n in range(4)
        ],
        expect=[{"url_path": None, "http_route": "/users/{id}/orders", "events": 4, "requests": 4}],
    ),
    Case(
        "an exception on no path at all is found without a share",
        rows=[
            {
                "timestamp": f"2026-11-20T10:00:0{n}Z", "service": "worker", "severity": "ERROR",
                "exception_type": "OSError", "message": "disk",
            }
            for n in range(3)
        ],
        expect=[{"service": "worker", "url_path": None, "events": 3, "error_share": None}],
    ),
    Case(
        "an exception that was handled and logged as a warning is not reported",
        rows=[
            {
                "timestamp": f"2026-11-20T10:00:0{n}Z", "service": "api", "severity": "WARN",
                "exception_type": "TimeoutError", "message": "retrying", "http_status": 200,
                "url_path": "/v1/predict",
            }
            for n in range(5)
        ],
        expect=[],
    ),
    Case("two exceptions are not yet recurring", rows=_MIXED[:9], expect=[]),
]  # fmt: skip

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
from clew.detections._exception_cases import EXCEPTION_CASES
from clew.detections._words import clock, clock_sentences, place, share
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
        "stacks": _stack(events, raised),
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
    reasons += _origin_sentences(details["stacks"])
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


CHAINED = re.compile(
    r"^(?P<error>[A-Za-z_][\w.]*(?:: [^\n]*)?)$"  # openai.RateLimitError: Error code: 429
    r"(?:\n[^\n]*){0,20}?\n+"
    r"(?:The above exception was the direct cause|During handling of the above exception)",
    re.MULTILINE,
)


def _stack(events: ir.Table, raised: ir.Table) -> ir.Table:
    """The traceback of the first of them that has one."""
    logged = events.semi_join(raised, "event_id")
    logged = logged.filter(logged.exception_stacktrace.notnull())
    return (
        logged.order_by("timestamp", "event_id")
        .select(stack="exception_stacktrace", place="event_id")
        .limit(1)
    )


def _origin_sentences(stacks: list[dict[str, Any]]) -> list[str]:
    """What a chained exception came from: the first error of the chain.

    >>> _origin_sentences([{"stack": "KeyError: 1\\n\\nDuring handling of the above exception, another ..."}])
    ['It came from KeyError: 1']
    """
    found = CHAINED.search(stacks[0]["stack"]) if stacks else None
    return [f"It came from {found['error'][:300]}"] if found else []


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


CASES = EXCEPTION_CASES

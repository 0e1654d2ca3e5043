"""One exception again and again on one path: what fails, for whom, and what the failing share.

Reads     logs, requests   exception_type, exception_message, exception_frame, url_path,
          http_status, request_id, trace_id, every column and attribute of the requests concerned
Returns   one row per service, exception type and path (the route where paths carry ids); paths that share
          the cause, one own frame and message, are one row of the path with most affected requests
Units     events: logged exceptions; requests: all requests on that path while it lasted;
          affected_requests: those with the exception; error_share: affected of all, 0 to 1;
          routes: paths with that cause, and all_events, all_requests, all_affected_requests the sums over
          them; all_recovered_requests: those answered below 400 all the same
Method    an exception without path or status takes them from the lines of its request: tied by id,
          else the nearest failed request in time; an exception that the server logs once more is
          the same request, and of several exceptions in one request the first counts; of warnings with an
          exception min_warned must be there, for what is tried again and succeeds is logged so
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
from clew.detections._changes import began_sentences, change_before
from clew.detections._contrast import contrast, distinctions, lacking_fields
from clew.detections._exception_cases import EXCEPTION_CASES
from clew.detections._exception_paths import (
    COUNTED,
    beside,
    by_path,
    folded,
    of_row,
    on_routes,
)
from clew.detections._words import clock, clock_sentences, place, share
from clew.model.finding import Description, Severity

NEEDS = {"logs": ("exception_type",)}
SUBJECT = ("service", "exception_type", "url_path", "http_route")
MEASURES = (
    "events", "requests", "affected_requests", "error_share", "routes", "all_events", "all_requests",
    "all_affected_requests", "all_recovered_requests", "min_requests", "min_warned",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()


def detect(
    events: ir.Table, *, min_requests: int = 3, min_warned: int = 10, tolerance_s: float = 2.0
) -> ir.Table:
    t = folded(by_path(ties.observed(events), tolerance_s=tolerance_s))
    is_warned = t.warnings * 2 > t.events
    t = t.filter(t.all_affected_requests >= ibis.ifelse(is_warned, min_warned, min_requests))
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
        "cause",
        "routes",
        "warnings",
        "tied_lines",
        "tie_confidence",
        *(f"all_{name}" for name in COUNTED),
        url_path=ibis.ifelse(is_one_path, t.path, None),
        http_route=ibis.ifelse(is_one_path, None, t.route),
        error_share=ibis.ifelse(
            t.route.isnull() & t.asked.isnull(), None, t.affected_requests / t.requests
        ),
        min_requests=ibis.literal(min_requests),
        min_warned=ibis.literal(min_warned),
    ).order_by(ibis.desc("all_affected_requests"), "service", "exception_type", "route")


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The exceptions as logged, each followed by the proxy's line of its request, or else by the
    application's."""
    raised = of_row(ties.observed(events), row)
    order = ibis.window(order_by=[raised.is_repeat, raised["at"], raised.event_id])
    raised = raised.mutate(place=ibis.row_number().over(order))
    raised = raised.filter(raised.place < 20)
    own = raised.select("event_id", "place", side=ibis.literal(0))
    line = ibis.coalesce(raised.proxy_event_id, raised.own_event_id)
    tied = raised.select(event_id=line, place="place", side=ibis.literal(1))
    both = ibis.union(own, tied.filter(tied.event_id.notnull()))
    once = both.group_by("event_id").agg(place=both.place.min(), side=both.side.min())
    return once.order_by("place", "side", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    seen = ties.observed(events)
    raised = of_row(seen, row)
    texts = raised.group_by("exception_message", "exception_frame").agg(events=raised.count())
    return {
        "texts": texts.order_by(ibis.desc("events"), "exception_message", "exception_frame").limit(
            5
        ),
        "stacks": _stack(events, raised),
        "facts": contrast(events, _labelled(seen, raised, row)),
        "paths": beside(seen, row).order_by(ibis.desc("affected_requests"), "route").limit(10),
        "changes": change_before(events, seen, row["service"], row["started"]),
        "clocks": clocks.clock_offsets(events, failures_only=True).order_by("source_id"),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    text: dict[str, Any] = details["texts"][0] if details["texts"] else {}
    message = text.get("exception_message") or ""
    lacking = lacking_fields(details["facts"], message)
    reasons = [f"{row['exception_type']}: {message}" if message else str(row["exception_type"])]
    if text.get("exception_frame"):
        reasons.append(f"It was raised at {text['exception_frame']}.")
    reasons += _origin_sentences(details["stacks"])
    reasons += _share_sentences(row, details["paths"])
    reasons += began_sentences(details["changes"], row["started"], row["error_share"])
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
    return Description(
        title=_title(row) + (cause if missing else ""),
        severity=_severity(row),
        confidence=min(
            0.99,
            0.9 * row["tie_confidence"] + (0.09 if row["all_affected_requests"] >= 10 else 0.0),
        ),
        why=tuple(reasons),
        recommendations=_recommendations(row, text, lacking[0] if lacking else None),
    )


def _title(row: dict[str, Any]) -> str:
    affected, where = row["all_affected_requests"], place(row)
    if not row["route"]:
        return f"{row['exception_type']} {row['events']:,} times on {where}"
    if row["routes"] > 1:
        where = f"{row['routes']} paths of {row['service']}, most on {where.partition(' of ')[0]}"
    then = ", which succeeded nevertheless," if _is_recovered(row) else ""
    return f"{row['exception_type']} in {affected:,} requests{then} on {where}"


def _is_recovered(row: dict[str, Any]) -> bool:
    """Whether what raised it was answered well all the same: tried again, or done without."""
    return bool(row["all_recovered_requests"] * 2 > row["all_affected_requests"])


def _share_sentences(row: dict[str, Any], paths: list[dict[str, Any]]) -> list[str]:
    """How many requests met it, on each of its paths, and how many succeeded all the same."""
    said = []
    verb = "raised" if _is_recovered(row) else "failed with"
    if row["error_share"] is not None:
        said.append(
            f"{row['affected_requests']:,} of {row['requests']:,} requests on {place(row)} {verb} it "
            f"between {clock(row['started'])} and {clock(row['ended'])} ({share(row['error_share'])})."
        )
    if row["all_recovered_requests"]:
        said.append(
            f"{row['all_recovered_requests']:,} of {row['all_affected_requests']:,} were answered with a "
            "status below 400 all the same: what failed was tried again or done without."
        )
    if row["routes"] > 1:
        others = [path for path in paths if path["route"] != row["route"]]
        told = ", ".join(
            f"{path['route'] or 'no known path'} ({path['affected_requests']:,} of "
            f"{path['requests']:,} requests)"
            for path in others
        )
        said.append(
            f"The same error came on {row['routes']} paths, {row['all_affected_requests']:,} of "
            f"{row['all_requests']:,} requests in all, so what they share is at fault; beside it: {told}."
        )
    return said


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


def _labelled(seen: ir.Table, raised: ir.Table, row: dict[str, Any]) -> ir.Table:
    """event_id, request, failed: the lines of affected requests, and of succeeding ones beside."""
    own = raised.select("event_id", "request")
    proxied = raised.filter(raised.proxy_event_id.notnull())
    proxied = proxied.select(event_id="proxy_event_id", request="request")
    told = raised.filter(raised.own_event_id.notnull())
    told = told.select(event_id="own_event_id", request="request")
    named = seen.filter(seen.rid.notnull()).select("event_id", request="rid")
    named = named.semi_join(raised, "request")
    failing = ibis.union(own, proxied, told, named).distinct().mutate(failed=ibis.literal(True))
    slack = timedelta(seconds=2)
    lines = seen.filter(seen.timestamp.between(row["started"] - slack, row["ended"] + slack))
    lines = lines.mutate(request=ibis.coalesce(lines.rid, lines.event_id))
    is_good = (lines.http_status < 400).fill_null(~lines.severity.isin(("ERROR", "FATAL")))
    good = on_routes(lines.filter(is_good.fill_null(True)), seen, row)
    good = good.select("request").distinct()
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
    """A warning, or what was answered well in the end, is not as bad as a failure."""
    affected = row["all_affected_requests"]
    is_mild = _is_recovered(row) or row["warnings"] * 2 > row["events"]
    if (row["error_share"] or 0) >= 0.05 or affected >= 100:
        return "medium" if is_mild else "high"
    return "medium" if affected >= 10 and not is_mild else "low"


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

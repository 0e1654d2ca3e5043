"""An error without an exception that a service logs again and again: connection to db lost.

Reads     events   logs at ERROR and above without exception_type: message, exception_message; the requests
                   of their ids
          outcomes of records: outcome, success, status
Returns   one row per service and message, whose numbers, ids and quoted words do not count
Units     events: lines that say it; records: all log lines of the service that have a level; record_share: events of
          records, 0 to 1; failed_requests: requests of these lines that failed with 5xx
Method    it counts where half of its lines belong to requests that failed, or min_share of the service's
          lines say it: a healthy service has errors of its own. Of records that state an outcome, a
          failure's, min_failed_share is enough
Blind to  what stands beside an exception of the same request, which recurring_exception names; a share
          that grows without reaching min_share is an error_burst
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation import ties
from clew.correlation.exceptions import normalised
from clew.detections._changes import began_sentences, change_before
from clew.detections._contrast import contrast, distinctions
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"logs": ("message",)}
SUBJECT = ("service", "url_path")
MEASURES = (
    "events",
    "records",
    "record_share",
    "failed_requests",
    "min_events",
    "min_share",
    "min_failed_share",
)
REFERENCES: tuple[str, ...] = ()
LONGEST_TITLE = 120
CALLERS_FAULT = (
    r"(?i)log[ _-]?(in|on)|sign[ _-]?in|password|mfa|unauthori[sz]ed|forbidden|denied|not found|"
    r"invalid (user|credential|token|input|request)|validation|rate.?limit|unsupported"
)
"""Outcomes that a healthy service refuses its callers with, day by day."""


def detect(
    events: ir.Table,
    *,
    min_events: int = 20,
    min_share: float = 0.1,
    min_failed_share: float = 0.02,
) -> ir.Table:
    seen = ties.observed(events)
    said = _errors(seen)
    found = said.group_by("service", "kind").agg(
        started=said.timestamp.min(),
        ended=said.timestamp.max(),
        events=said.count(),
        failed_requests=said.failed_rid.nunique(),
        failed_lines=said.failed_rid.count(),
        outcomes=said.is_outcome.cast("int64").sum(),
        paths=said.path.nunique(),
        path=said.path.max(),
        example=said.words.min(),
    )
    is_record = seen.severity.notnull() | seen.status.notnull()
    logged = seen.filter((seen.role == "application") & is_record & seen.span_name.isnull())
    records = logged.group_by("service").agg(records=logged.count())
    t = found.join(records, "service")
    t = t.filter(
        (t.events >= min_events)
        & (
            (t.failed_lines * 2 >= t.events)
            | (t.events >= min_share * t.records)
            | (
                (t.outcomes * 2 >= t.events)
                & (t.events >= min_failed_share * t.records)
                & ~t.example.re_search(CALLERS_FAULT)
            )
        )
    )
    return t.select(
        "service", "kind", "started", "ended", "events", "records", "failed_requests", "example",
        url_path=ibis.ifelse(t.paths == 1, t.path, ibis.null("string")),
        record_share=t.events / t.records,
        min_events=ibis.literal(min_events),
        min_share=option(min_share),
        min_failed_share=option(min_failed_share),
        is_outcome=t.outcomes * 2 >= t.events,
    ).order_by(ibis.desc("failed_requests"), ibis.desc("events"), "service", "kind")  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The lines that say it, from the first, each followed by the failed request of its id."""
    seen = ties.observed(events)
    said = _errors(seen)
    said = said.filter((said.service == row["service"]) & (said.kind == row["kind"]))
    order = ibis.window(order_by=[said["at"], said.event_id])
    said = said.mutate(place=ibis.row_number().over(order))
    said = said.filter(said.place < 10)
    lines = said.select("event_id", "place", side=ibis.literal(0))
    asked = said.filter(said.failed_id.notnull())
    asked = asked.select(event_id="failed_id", place="place", side=ibis.literal(1))
    both = ibis.union(lines, asked)
    once = both.group_by("event_id").agg(place=both.place.min(), side=both.side.min())
    return once.order_by("place", "side", "event_id")


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    seen = ties.observed(events)
    said = _errors(seen)
    said = said.filter((said.service == row["service"]) & (said.kind == row["kind"]))
    lines = seen.filter((seen.role == "application") & (seen.service == row["service"]))
    lines = lines.filter(
        lines.timestamp.between(row["started"], row["ended"]) & lines.span_name.isnull()
    )
    lines = lines.select("event_id", "rid", request=ibis.coalesce(lines.rid, lines.event_id))
    told = (
        lines.semi_join(said, "event_id")
        .select("request")
        .distinct()
        .mutate(failed=ibis.literal(True))
    )
    t = lines.left_join(told, "request")
    labelled = t.select("event_id", "request", failed=t.failed.fill_null(False))
    return {
        "facts": contrast(events, labelled),
        "changes": change_before(events, seen, row["service"], row["started"]),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    words = row["example"].split("\n", 1)[0]
    short = words if len(words) <= LONGEST_TITLE else words[: LONGEST_TITLE - 1] + "…"
    where = f"{row['url_path']} of {row['service']}" if row["url_path"] else row["service"]
    reasons = [
        f"{many(row['events'], 'line')} of {row['service']} say so between {clock(row['started'])} and "
        f"{clock(row['ended'])}, {share(row['record_share'])} of its {row['records']:,} lines: {words}",
    ]
    if row["failed_requests"]:
        reasons.append(
            f"{many(row['failed_requests'], 'request')} of these lines failed with a status of 500 or above."
        )
    elif not row["is_outcome"]:
        reasons.append("No failed request is tied to these lines by its id.")
    reasons += began_sentences(details["changes"], row["started"], row["record_share"])
    reasons += distinctions(details["facts"], words, most=3)
    return Description(
        title=f"{short} ({row['events']:,} times on {where})",
        severity="high" if row["failed_requests"] >= 10 else "medium",
        confidence=0.9 if row["failed_requests"] else 0.7,
        why=tuple(reasons),
        recommendations=(
            f"Look at what {row['service']} does when it says so, and at what it names.",
        ),
    )


def _is_line(seen: ir.Table) -> ir.BooleanValue:
    """A line that an application logs, which is no request and no span."""
    is_line: ir.BooleanValue = (
        (seen.role == "application")
        & (seen.severity.notnull() | seen.status.notnull())
        & seen.http_status.isnull()
        & seen.span_name.isnull()
    )
    return is_line


def _errors(seen: ir.Table) -> ir.Table:
    """Lines at ERROR and above without an exception, of requests without one.

    Adds words, kind (the words without what differs), path, failed_rid and failed_id: the request of
    the line's id, where it failed.
    """
    t = seen.filter(_is_line(seen) & ties.says_failed(seen) & seen.exception_type.isnull())
    t = t.mutate(is_outcome=(t.status == "error").fill_null(False))
    failed = ibis.ifelse(
        t.is_outcome & ~t.severity.isin(("ERROR", "FATAL")).fill_null(False), ": failed", ""
    )
    cause = ibis.coalesce(": " + t.exception_message, failed)
    t = t.mutate(words=ibis.coalesce(t.message + cause, t.exception_message))
    t = t.filter(t.words.notnull())
    raised = seen.filter(seen.exception_type.notnull() & seen.rid.notnull())
    t = t.anti_join(raised.select("rid").distinct(), "rid")
    asked = seen.filter(seen.rid.notnull() & seen.http_status.notnull())
    asked = asked.group_by(asked_rid=asked.rid).agg(
        asked_status=asked.http_status.max(),
        asked_path=asked.url_path.max(),
        asked_id=asked.event_id.min(where=asked.http_status >= 500),
    )
    t = t.left_join(asked, t.rid == asked.asked_rid)
    return t.select(
        "event_id", "timestamp", "at", "service", "words", "is_outcome",
        kind=normalised(t.words),
        path=ibis.coalesce(t.url_path, t.asked_path),
        failed_rid=ibis.ifelse(t.asked_status >= 500, t.asked_rid, ibis.null("string")),
        failed_id=t.asked_id,
    )  # fmt: skip


def _line(n: int, message: str, **columns: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T10:{n // 60 % 60:02}:{n % 60:02}Z", "service": "worker",
        "severity": "INFO", "source_format": "python_logging", "source_id": "app",
        "message": message, **columns,
    }  # fmt: skip


_DONE = [_line(n, f"job {n} done") for n in range(100)]
_LOST = "connection to db lost, job {} requeued"

CASES = [
    Case(
        "an error without an exception that a third of all lines say is found, whatever job it names",
        rows=_DONE + [_line(n, _LOST.format(n), severity="ERROR") for n in range(50)],
        expect=[{"service": "worker", "events": 50, "records": 150, "failed_requests": 0, "url_path": None}],
    ),
    Case(
        "a container's name stands for the service that no line states",
        rows=[{**_line(n, "db lost", severity="ERROR"), "service": None, "container": name, "source_id": name}
              for name in ("cart", "checkout") for n in range(30)],
        expect=[{"service": "cart", "events": 30}, {"service": "checkout", "events": 30}],
    ),
    Case(
        "errors whose requests failed are found with their path, however few of all lines they are",
        rows=[_line(n, f"job {n} done") for n in range(400)]
        + [
            one
            for n in range(24)
            for one in (
                _line(n, "charge failed", severity="ERROR", request_id=f"r{n}",
                      exception_message="dial tcp 192.0.2.5:5432: connection refused"),
                _line(n, "request", http_status=500, url_path="/v1/pay", request_id=f"r{n}"),
            )
        ],
        expect=[{"events": 24, "failed_requests": 24, "url_path": "/v1/pay"}],
    ),
    Case(
        "what a healthy service complains of now and then is no finding",
        rows=[_line(n, f"job {n} done") for n in range(600)]
        + [_line(n, f"cache miss of k{n}", severity="ERROR") for n in range(30)],
        expect=[],
    ),
    Case(
        "outcomes that are failures are found, though they are few of the records and have no level",
        rows=[
            {"timestamp": f"2026-11-20T10:{n // 10:02}:{n % 10 * 6:02}Z", "service": "vectors",
             "source_format": "jsonl", "message": "query", "status": "error" if n % 20 == 0 else "ok",
             "exception_message": "segment checksum mismatch" if n % 20 == 0 else None}
            for n in range(600)
        ],
        expect=[{"service": "vectors", "events": 30, "records": 600, "record_share": 0.05}],
    ),
    Case(
        "a line beside an exception of the same request is the exception's",
        rows=[
            one
            for n in range(30)
            for one in (
                _line(n, "request failed", severity="ERROR", request_id=f"r{n}"),
                _line(n, "no age", severity="ERROR", request_id=f"r{n}", exception_type="KeyError"),
            )
        ],
        expect=[],
    ),
]  # fmt: skip

"""The operation where errors start: not the services that wait for it and pass its failure on.

Reads     spans   of all services; logs of exceptions that carry the trace_id
Returns   one row per operation (service, span_name) whose spans fail and have no failed span below;
          a call of a service that never answered is laid to that service
Units     errors: spans that failed there; calls: all its spans; error_share 0 to 1, with the lower
          end of its 95 % interval; failed_requests: entry requests that failed with it;
          failed_share: of all that failed at the same entry points; recovered_share: errors that
          nothing above failed by
Blind to  failures that no span and no log with a trace_id states; a failed span more than six
          levels above the next failed one counts as one where errors start
Source    OpenTelemetry semantic conventions, recording errors
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.calls_of_spans import owned, placed
from clew.correlation.span_tree import ASKING
from clew.detections._contrast import contrast
from clew.detections._failing_words import described
from clew.detections._intervals import wilson
from clew.detections._onset import changes_before
from clew.detections._span_cases import Row, request, requests, span
from clew.detections._values import option
from clew.model.case import Case
from clew.model.finding import Description
from clew.model.views import span_tree

NEEDS = {"spans": ("trace_id",)}
SUBJECT = ("service", "span_name")
MEASURES = (
    "errors", "traces", "calls", "error_share", "error_share_low", "failed_requests",
    "all_failed_requests", "failed_share", "recovered_share", "unanswered", "logged",
    "calls_before", "calls_after", "min_errors", "min_share", "tolerated",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()
LEVELS = 6
"""How far above a failed span its next failed ancestor is looked for."""
REPEATABLE = (408, 429)
"""Answers of 4xx that say nothing against the request."""
OWNER = ("owner_service", "owner_span_name")
SAMPLE = 300


def detect(
    events: ir.Table, *, min_errors: int = 3, min_share: float = 0.005, tolerated: float = 0.5
) -> ir.Table:
    t = owned(placed(events), events)
    starts = _starts(events, t, tolerated)
    found = _calls(t, _by_operation(starts))
    found = found.join(_failed_at_entries(t, starts), list(OWNER))
    low, _ = wilson(found.errors, found.calls)
    found = found.mutate(
        error_share=found.errors / found.calls,
        error_share_low=low,
        failed_share=found.failed_requests / ibis.greatest(found.all_failed_requests, 1),
        recovered_share=found.recovered / found.errors,
    )
    found = found.filter((found.errors >= min_errors) & (found.error_share_low >= min_share))
    # a caller told that it asks wrongly, which takes that for an answer: a 404, a 401
    is_answer = (found.refusals >= 0.9 * found.errors) & (found.recovered_share > tolerated)
    found = found.filter(~is_answer)
    found = found.rename(service="owner_service", span_name="owner_span_name")
    return (
        found.mutate(
            min_errors=ibis.literal(min_errors),
            min_share=option(min_share),
            tolerated=option(tolerated),
        )
        .drop("recovered")
        .order_by(ibis.desc("failed_requests"), ibis.desc("errors"), "service", "span_name")
    )


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The spans where the errors start, from the first, then the errors logged with them."""
    starts = _starts_of(events, row)
    first = starts.order_by("started", "event_id").limit(14)
    said = _said(events, row).semi_join(first, "trace_id")
    proof = ibis.union(
        first.select("event_id", "started", rank=ibis.literal(0)),
        said.select("event_id", started="timestamp", rank=ibis.literal(1)),
    )
    return proof.order_by("rank", "started", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    starts = _starts_of(events, row)
    words = events.filter(events.event_id.isin(row["start_ids"]))
    kinds = words.group_by("exception_type", "status_message", "http_status").agg(
        errors=words.count(),
        message=words.exception_message.max(),
        peer=words.server_address.max(),
        database=words.db_system.max(),
    )
    said = _said(events, row).semi_join(starts, "trace_id")
    lines = said.group_by("exception_type").agg(
        lines=said.count(),
        message=ibis.coalesce(said.exception_message, said.message).max(),
    )
    labelled = events.filter(
        events.event_id.isin([*row["start_ids"], *(row["sound_ids"] or ())])
    ).select("event_id", request="event_id", failed=events.event_id.isin(row["start_ids"]))
    passed = _passed_on(events, starts)
    return {
        "kinds": kinds.order_by(
            ibis.desc("errors"), "exception_type", "status_message", "http_status"
        ).limit(3),
        "lines": lines.order_by(ibis.desc("lines"), "exception_type").limit(2),
        "facts": contrast(events, labelled),
        "passed": passed.order_by(ibis.desc("spans"), "service").limit(6),
        "changes": changes_before(events, row["service"], row["started"]),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    return described(row, details)


def _starts(events: ir.Table, t: ir.Table, tolerated: float) -> ir.Table:
    """Failed spans with no failed span below them that anything failed by.

    An operation whose errors mostly reach nothing above is tolerated, as a cache that may be down:
    what fails above one of those fails by something else.
    """
    failed = _failed(events, t)
    t = t.select("event_id", "parent_event_id")
    above = _next_failed_above(t, failed)
    failed = failed.left_join(above, failed.event_id == above.below_id).drop("below_id")
    failed = _recovered(failed)
    same = ibis.window(group_by=[failed.owner_service, failed.owner_span_name])
    failed = failed.mutate(tolerated_share=failed.is_recovered.cast("float64").mean().over(same))
    passes = failed.is_answer | (failed.tolerated_share <= tolerated)
    passing = failed.filter(passes & failed.above_id.notnull())
    return failed.anti_join(passing.select(event_id="above_id").distinct(), "event_id")


def _recovered(failed: ir.Table) -> ir.Table:
    """Adds is_answer: the next failed span above is the client's half of the same call; and
    is_recovered: but for that half, nothing above failed."""
    failed = failed.mutate(
        ends=failed.above_id.isnull() & (failed.event_id != failed.root_event_id)
    )
    halves = failed.filter(failed.has_server).select(half_id="event_id", half_ends="ends")
    t = failed.left_join(halves, failed.parent_event_id == halves.half_id)
    is_answer = (t.above_id == t.half_id).fill_null(False)
    return t.mutate(
        is_answer=is_answer, is_recovered=t.ends | (is_answer & t.half_ends.fill_null(False))
    ).drop("ends", "half_id", "half_ends")


def _failed(events: ir.Table, t: ir.Table) -> ir.Table:
    """Spans that failed, and those that logged an exception in a trace that has failed."""
    own = t.filter(t.failed)
    raised = events.filter(
        events.exception_type.notnull()
        & events.span_name.isnull()
        & events.trace_id.notnull()
        & events.span_id.notnull()
        & events.severity.isin(("ERROR", "FATAL")).fill_null(True)
    )
    raised = raised.semi_join(own, "trace_id").select("trace_id", "span_id").distinct()
    logged = t.filter(~t.failed).semi_join(raised, ["trace_id", "span_id"])
    return ibis.union(
        own.mutate(is_logged=ibis.literal(False)), logged.mutate(is_logged=ibis.literal(True))
    )


def _next_failed_above(t: ir.Table, failed: ir.Table) -> ir.Table:
    """For each failed span its nearest failed ancestor, up to LEVELS above: below_id, above_id."""
    parents = t.select(child_id="event_id", up="parent_event_id")
    bad = failed.select(bad_id="event_id")
    walk = failed.select(below_id="event_id", at_id="parent_event_id")
    found = []
    for _ in range(LEVELS):
        walk = walk.filter(walk.at_id.notnull())
        met = walk.left_join(bad, walk.at_id == bad.bad_id)
        found.append(met.filter(met.bad_id.notnull()).select("below_id", above_id="bad_id"))
        on = met.filter(met.bad_id.isnull()).select("below_id", "at_id")
        walk = on.join(parents, on.at_id == parents.child_id).select("below_id", at_id="up")
    return ibis.union(*found)


def _by_operation(starts: ir.Table) -> ir.Table:
    asks = starts.span_kind.isin(ASKING).fill_null(False)
    earliest = ibis.window(
        group_by=[starts.owner_service, starts.owner_span_name],
        order_by=[starts.started, starts.event_id],
    )
    starts = starts.mutate(is_sampled=ibis.row_number().over(earliest) < SAMPLE)
    return starts.group_by(*OWNER).agg(
        errors=starts.count(),
        traces=starts.trace_id.nunique(),
        recovered=starts.is_recovered.cast("int64").sum(),
        unanswered=(starts.is_gap & asks).cast("int64").sum(),
        logged=starts.is_logged.cast("int64").sum(),
        is_statement=starts.is_statement.cast("int64").max() > 0,
        refusals=(starts.http_status.between(400, 499) & ~starts.http_status.isin(REPEATABLE))
        .fill_null(False)
        .cast("int64")
        .sum(),
        first=starts.started.min(),
        last=starts.ended.max(),
        start_ids=starts.event_id.collect(where=starts.is_sampled).sort(),
    )


def _calls(t: ir.Table, found: ir.Table) -> ir.Table:
    """Adds the calls of each operation: in all, before and after its errors, and some sound ones.

    A client's span and its server's are one call.
    """
    whole = t.filter(~t.has_server).join(found.select(*OWNER, "first", "last"), list(OWNER))
    order = ibis.window(
        group_by=[whole.owner_service, whole.owner_span_name, whole.failed], order_by=whole.event_id
    )
    whole = whole.mutate(is_sampled=~whole.failed & (ibis.row_number().over(order) < SAMPLE))
    calls = whole.group_by(*OWNER).agg(
        calls=whole.count(),
        calls_before=(whole.started < whole["first"]).cast("int64").sum(),
        calls_after=(whole.started > whole["last"]).cast("int64").sum(),
        sound_ids=whole.event_id.collect(where=whole.is_sampled).sort(),
    )
    return found.join(calls, list(OWNER)).rename(started="first", ended="last")


def _failed_at_entries(t: ir.Table, starts: ir.Table) -> ir.Table:
    """Failed entry requests that each operation explains, and all that failed at those entries."""
    asked = t.filter((t.event_id == t.root_event_id) & t.failed)
    asked = asked.select("root_event_id", "entry_service", "entry_span_name")
    per_entry = asked.group_by("entry_service", "entry_span_name").agg(entry_failed=asked.count())
    hit = starts.select("root_event_id", *OWNER).distinct()
    met = hit.left_join(asked, "root_event_id")
    reached = met.group_by(*OWNER, "entry_service", "entry_span_name").agg(
        failed_requests=met.entry_service.count()
    )
    reached = reached.left_join(per_entry, ["entry_service", "entry_span_name"])
    most = ibis.window(
        group_by=[reached[name] for name in OWNER],
        order_by=[reached.failed_requests.desc(), reached.entry_service, reached.entry_span_name],
    )
    reached = reached.mutate(place=ibis.row_number().over(most))
    return reached.group_by(*OWNER).agg(
        failed_requests=reached.failed_requests.sum(),
        all_failed_requests=reached.entry_failed.sum().fill_null(0),
        entry_service=reached.entry_service.max(where=reached.place == 0),
        entry_span_name=reached.entry_span_name.max(where=reached.place == 0),
    )


def _starts_of(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The first spans of a finding where errors start."""
    t = span_tree.select("event_id", "trace_id", "started")
    return t.filter(t.event_id.isin(row["start_ids"])).semi_join(events, "event_id")


def _said(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Errors that the service logged with a trace_id."""
    said = events.filter(
        events.span_name.isnull()
        & events.trace_id.notnull()
        & (events.severity.isin(("ERROR", "FATAL")) | events.exception_type.notnull()).fill_null(
            False
        )
    )
    return said.filter(said.service.fill_null(row["service"]) == row["service"])


def _passed_on(events: ir.Table, starts: ir.Table) -> ir.Table:
    """Services with failed spans in these traces, where nothing starts."""
    t = placed(events)
    failed = t.filter(t.failed).semi_join(starts, "trace_id").anti_join(starts, "event_id")
    return failed.group_by("service").agg(spans=failed.count())


def _often(error: str) -> Any:
    """Every tenth request fails with `error`."""
    return lambda n: error if n % 10 == 3 else ""


def _cache(n: int, *, fails: bool) -> Row:
    """A look into the cache inside POST /features; its failure is done without."""
    failed: Row = {"status": "error", "exception_type": "ConnectionError"} if fails else {}
    return span(
        n, "GET cache", n * 6000.0 + 4, 1.0, of="e", under="c", service="features",
        span_kind="client", db_system="redis", **failed,
    )  # fmt: skip


def _refused(n: int) -> list[Row]:
    """POST /score of a gateway whose call of the service `features` is refused."""
    passed: Row = {"status": "error", "http_status": 502}
    return [
        span(n, "POST /score", n * 6000.0, 8.0, of="a", service="gateway", span_kind="server",
             **passed),
        span(n, "POST /features", n * 6000.0 + 2, 2.0, of="b", under="a", service="gateway",
             span_kind="client", server_address="features.prod.svc:8080", status="error",
             exception_type="ConnectionRefusedError"),
    ]  # fmt: skip


def _silent(n: int) -> list[Row]:
    """Every tenth request fails in the gateway alone; only a log of `features` names the exception."""
    rows = request(n)
    if n % 10 != 3:
        return rows
    rows[0] |= {"status": "error", "http_status": 500}
    rows[1] |= {"status": "error", "http_status": 500}
    said = {
        "trace_id": rows[2]["trace_id"], "span_id": rows[2]["span_id"], "service": "features",
        "severity": "ERROR", "timestamp": rows[2]["timestamp"], "message": "no features",
        "exception_type": "KeyError", "exception_message": "'age'",
    }  # fmt: skip
    return [*rows, said]


CASES = [
    Case(
        "an error passed up through two services is named where it starts",
        rows=requests(100, error=_often("DeadlockDetected")),
        expect=[
            {
                "service": "features", "span_name": "SELECT features", "errors": 10, "traces": 10,
                "calls": 100, "failed_requests": 10, "all_failed_requests": 10,
                "failed_share": 1.0, "recovered_share": 0.0,
            }
        ],
    ),
    Case(
        "a call that is refused is laid to the service that was called",
        rows=[
            row for n in range(60) for row in (_refused(n) if n % 6 == 1 else request(n))
        ],
        expect=[
            {"service": "features", "span_name": "POST /features", "errors": 10, "unanswered": 10}
        ],
    ),
    Case(
        "an error that is done without is said so, and is not what fails above it",
        rows=[
            *requests(100, error=_often("DeadlockDetected")),
            *[_cache(n, fails=n % 4 == 3) for n in range(100)],
        ],
        expect=[
            {"span_name": "SELECT features", "errors": 10, "failed_requests": 10},
            {"span_name": "GET cache", "errors": 25, "recovered_share": 0.8},
        ],
    ),
    Case(
        "an exception that only a log of the trace names is laid to that log's span",
        rows=[row for n in range(100) for row in _silent(n)],
        expect=[
            {"service": "features", "span_name": "POST /features", "errors": 10, "logged": 10}
        ],
    ),
    Case(
        "a failed span three levels below under spans that say nothing is where it starts",
        rows=[
            row if row["span_id"][0] not in "bc" else {**row, "status": None, "http_status": None}
            for row in requests(100, error=_often("DeadlockDetected"))
        ],
        expect=[{"span_name": "SELECT features", "errors": 10, "failed_share": 1.0}],
    ),
    Case(
        "a 404 that the caller takes for an answer is no failure",
        rows=[
            {**row, "status": "error", "http_status": 404} if row["span_id"][0] == "b" else row
            for row in requests(60)
        ],
        expect=[],
    ),
    Case("no error, no finding", rows=requests(100), expect=[]),
    Case(
        "two errors among a hundred calls may be chance",
        rows=requests(100, error=lambda n: "TimeoutError" if n in (20, 70) else ""),
        expect=[],
    ),
    Case(
        "an exception that was handled, its span being ok, is no failure",
        rows=requests(60, status="ok", exception_type="KeyError"),
        expect=[],
    ),
]  # fmt: skip

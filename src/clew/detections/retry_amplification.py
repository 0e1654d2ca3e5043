"""One request becomes several: a caller repeats calls that failed, and the callee gets them all.

Reads     spans   trace_id, span_id, parent_span_id, timestamp, duration_ms, span_name, status,
          http_status, url_path, db_query; attributes http.request.resend_count, http.resend_count
Returns   one row per operation that is repeated, most repeats first
Units     calls: what callers wanted; attempts: what the callee got; attempts_per_call: attempts of
          calls; attempts_when_retried: the same among calls that were repeated at all;
          amplification: attempts_per_call times that of every repeated call above it;
          retry_share: attempts that repeat, 0 to 1; recovered_share: of the repeated calls, those
          whose last attempt succeeded; backoff_ms: median wait before a repeat; backoff_growth:
          median ratio of a wait to the wait before it (1 fixed, 2 doubling)
Method    under one parent, a call to the same callee for the same thing that begins after the one
          before it ended and failed (status error, 5xx, 408, 425, 429, an exception); or one that
          says so by its resend count. Where spans do not say what they ask for, a call counts as a
          repeat only as long as none before it under that parent succeeded. Repeats of less than
          retry_budget of all attempts, most of which succeed in the end, are no amplification
Blind to  repeats in another trace (a user who presses again, a queue that delivers again); clients
          that make one span of all attempts and state no count
Source    OpenTelemetry semantic conventions, HTTP client spans (http.request.resend_count)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.calls_of_spans import operation
from clew.detections._child_calls import brothers, child_calls, in_turn, is_failed
from clew.detections._retry_cases import inner, trace
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description
from clew.model.views import attribute, span_tree, spans

NEEDS = {"spans": ("parent_span_id", "duration_ms")}
SUBJECT = ("service", "span_name")
MEASURES = (
    "calls", "attempts", "retries", "attempts_per_call", "attempts_when_retried", "most_attempts",
    "amplification", "retry_share", "recovered_share", "backoff_ms", "backoff_growth", "wasted_ms",
    "traces", "min_retries", "min_retry_share", "retry_budget",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()

RESEND_KEYS = ("http.request.resend_count", "http.resend_count")
HOPS = 8
"""How far above a call another repeated call is looked for: client, server and inner spans count."""


def detect(
    events: ir.Table,
    *,
    min_retries: int = 5,
    min_retry_share: float = 0.02,
    retry_budget: float = 0.1,
) -> ir.Table:
    attempts = _attempts(events)
    own = _by_operation(_logical_calls(attempts), events)
    found = own.filter((own.retries >= min_retries) & (own.retry_share >= option(min_retry_share)))
    t = found.left_join(_above(attempts, own), ["service", "span_name"])
    # a few calls that were made again and then succeeded are what repeats are for
    is_within = (t.retry_share < option(retry_budget)) & (t.recovered_share >= 0.5)
    t = t.filter(~is_within | (t.layers.fill_null(0) > 0))
    return t.mutate(
        amplification=t.attempts_per_call * t.factor_above.fill_null(1.0),
        layers=t.layers.fill_null(0) + 1,
        min_retries=ibis.literal(min_retries),
        min_retry_share=option(min_retry_share),
        retry_budget=option(retry_budget),
    ).order_by(ibis.desc("retries"), "service", "span_name")


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls with most attempts, each attempt in the order in which it was made."""
    own = _of_row(events, row)
    of_call = ibis.window(group_by=[own.parent_event_id, own.key, own.call])
    own = own.mutate(attempts=own.attempt.max().over(of_call))
    own = own.filter((own.attempts > 0) | own.resends.notnull())
    order = (ibis.desc("attempts"), "parent_event_id", "key", "call", "started", "event_id")
    return own.order_by(*order).limit(20).select("event_id", "attempts", "started")


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    own = _of_row(events, row)
    failed = own.filter(own.is_failed)
    why = failed.group_by("http_status", "exception_type").agg(attempts=failed.count())
    return {
        "failures": why.order_by(ibis.desc("attempts"), "http_status", "exception_type").limit(3),
        "callees": own.filter(own.callee.notnull()).select("callee").distinct().order_by("callee"),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    callees = " and ".join(line["callee"] for line in details["callees"][:3])
    target = f" to {callees}" if callees else ""
    reasons = [
        f"{many(row['calls'], 'call')} became {many(row['attempts'], 'attempt')} between "
        f"{clock(row['started'])} and {clock(row['ended'])}: {many(row['retries'], 'attempt')} "
        f"({share(row['retry_share'])}) repeat one that failed.",
        f"A call that was repeated took {row['attempts_when_retried']:.1f} attempts on average, at "
        f"most {row['most_attempts']:,}; {share(row['recovered_share'])} of them succeeded in the "
        "end.",
        _backoff_sentence(row),
    ]
    reasons += [
        f"{line['attempts']:,} attempts failed"
        + (f" with status {line['http_status']}" if line["http_status"] is not None else "")
        + (f" with {line['exception_type']}" if line["exception_type"] else "")
        + "."
        for line in details["failures"]
        if line["http_status"] is not None or line["exception_type"]
    ]
    if row["layers"] > 1:
        reasons.append(
            f"{row['layers']} layers repeat, one inside the other: together one request becomes "
            f"{row['amplification']:.1f} attempts here."
        )
    steep = row["amplification"] >= 3 or row["retry_share"] >= 0.3
    helps = row["recovered_share"] >= 0.5
    return Description(
        title=f"{row['service']} repeats '{row['span_name']}'{target} after failures: "
        f"{row['amplification']:.1f} attempts for each call",
        severity="high" if steep and not helps else "medium" if steep or not helps else "low",
        confidence=0.9,
        why=tuple(reasons),
        recommendations=_recommendations(row),
    )


def _backoff_sentence(row: dict[str, Any]) -> str:
    wait, growth = row["backoff_ms"], row["backoff_growth"]
    if wait is None:
        return "How long it waits before it repeats is not in the spans."
    said = f"It waits {wait:.0f} ms before it repeats (median)"
    if wait < 1:
        said = "It repeats at once, without a wait"
    if growth is None or wait < 1:
        return f"{said}."
    kind = "growing" if growth >= 1.5 else "the same"
    return f"{said}, {kind} from repeat to repeat (factor {growth:.1f})."


def _recommendations(row: dict[str, Any]) -> tuple[str, ...]:
    advice = [
        "Bound repeats by a budget (a share of all calls), not only by a count for each call."
    ]
    if row["layers"] > 1:
        advice.insert(0, "Repeat at one layer only, the one nearest to the failure.")
    if row["backoff_ms"] is not None and (row["backoff_growth"] or 1.0) < 1.5:
        advice.append("Wait longer before each repeat, by a random part of it.")
    return tuple(advice)


def _attempts(events: ir.Table) -> ir.Table:
    """Calls of parents where something failed or is a resend, with what they repeat.

    key (same parent, same thing asked), call (which logical call of that key), attempt (from 0),
    backoff_ms (NULL for a first attempt).
    """
    tree, resent = brothers(1), _resent(events)
    failed = spans(events).filter(is_failed)
    again = ibis.union(failed.select("event_id"), resent.select("event_id"))
    suspects = tree.semi_join(again, "event_id").select("parent_event_id")
    tree = tree.semi_join(suspects, "parent_event_id")
    calls = child_calls(events, tree).left_join(resent, "event_id", rname="{name}_resent")
    who = (
        calls.service.fill_null("")
        + "|"
        + calls.span_name
        + "|"
        + calls.server_address.fill_null("")
    )
    calls = calls.mutate(key=who + "|" + calls.asked)
    t = in_turn(calls, "key")
    order = [t.started, t.ended, t.event_id]
    before = ibis.window(group_by=["parent_event_id", "key"], order_by=order, preceding=(None, 1))
    had_success = (~t.is_failed).cast("int64").max().over(before).fill_null(0) > 0
    follows = t.last_failed.fill_null(False) & ~t.is_overlap & ((t.asked != "") | ~had_success)
    t = t.mutate(is_retry=follows | (t.resends.fill_null(0) > 0))
    so_far = ibis.window(
        group_by=["parent_event_id", "key"], order_by=order, preceding=None, following=0
    )
    t = t.mutate(call=ibis.ifelse(t.is_retry, 0, 1).sum().over(so_far))
    of_call = ibis.window(
        group_by=["parent_event_id", "key", "call"], order_by=["started", "ended", "event_id"]
    )
    t = t.mutate(
        attempt=ibis.row_number().over(of_call),
        backoff_ms=ibis.ifelse(t.is_retry, t.gap_ms, ibis.null("float64")),
    )
    return t.mutate(last_backoff_ms=t.backoff_ms.lag().over(of_call))


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    t = _attempts(events)
    return t.filter((t.service == row["service"]) & (t.span_name == row["span_name"]))


def _resent(events: ir.Table) -> ir.Table:
    """event_id and resends of spans that state how often they were sent again."""
    t = spans(events)
    stated = ibis.coalesce(*(attribute(t.attributes, key) for key in RESEND_KEYS))
    t = t.select("event_id", resends=stated.try_cast("int64"))
    return t.filter(t.resends > 0)


def _logical_calls(attempts: ir.Table) -> ir.Table:
    """One row per call that a caller wanted, however often it was attempted.

    missing: attempts that only the resend count tells of.
    """
    order = ibis.window(
        group_by=[attempts.parent_event_id, attempts.key, attempts.call],
        order_by=[attempts.started, attempts.ended, attempts.event_id],
        preceding=None,
        following=None,
    )
    t = attempts.mutate(
        growth=attempts.backoff_ms / attempts.last_backoff_ms.nullif(0.0),
        ends_failed=attempts.is_failed.last().over(order),
    )
    t = t.group_by("service", "span_name", "parent_event_id", "key", "call").agg(
        trace_id=t.trace_id.min(),
        started=t.started.min(),
        ended=t.started.max(),
        seen=t.count(),
        stated=t.resends.max().fill_null(0) + 1,
        recovered=1 - t.ends_failed.cast("int64").max(),
        backoff_ms=t.backoff_ms.quantile(0.5),
        growth=t.growth.quantile(0.5),
        failed_ms=t.duration_ms.sum(where=t.is_failed),
    )
    t = t.mutate(attempts=ibis.greatest(t.seen, t.stated))
    return t.mutate(retries=t.attempts - 1, missing=t.attempts - t.seen)


def _by_operation(calls: ir.Table, events: ir.Table) -> ir.Table:
    """One row per operation that was repeated; every span of it counts as an attempt."""
    tree = span_tree.filter(span_tree.parent_event_id.notnull())
    tree = tree.semi_join(spans(events).select("event_id"), "event_id")
    in_all = tree.group_by("service", span_name=operation(tree.span_name)).agg(
        seen_in_all=tree.count()
    )
    is_again = calls.retries > 0
    t = calls.group_by("service", "span_name").agg(
        started=calls.started.min(where=is_again),
        ended=calls.ended.max(where=is_again),
        retries=calls.retries.sum(),
        missing=calls.missing.sum(),
        attempts_when_retried=calls.attempts.mean(where=is_again),
        most_attempts=calls.attempts.max(),
        recovered_share=calls.recovered.mean(where=is_again),
        backoff_ms=calls.backoff_ms.quantile(0.5),
        backoff_growth=calls.growth.quantile(0.5),
        wasted_ms=calls.failed_ms.sum(where=is_again),
        traces=calls.trace_id.nunique(where=is_again),
    )
    t = t.filter(t.retries > 0).join(in_all, ["service", "span_name"])
    t = t.mutate(attempts=t.seen_in_all + t.missing)
    t = t.mutate(calls=t.attempts - t.retries)
    return t.mutate(
        attempts_per_call=t.attempts / t.calls.nullif(0), retry_share=t.retries / t.attempts
    )


def _above(attempts: ir.Table, own: ir.Table) -> ir.Table:
    """Of each operation, the repeated operations that its attempts hang under, multiplied."""
    reached = attempts.select("event_id", "service", "span_name", above_id="parent_event_id")
    parents = span_tree.select(
        above_id="event_id", next_id="parent_event_id", above_service="service",
        above_name=operation(span_tree.span_name),
    )  # fmt: skip
    met = []
    for _ in range(HOPS):
        step = reached.join(parents, "above_id")
        met.append(step.select("service", "span_name", "above_service", "above_name"))
        reached = step.select("event_id", "service", "span_name", above_id="next_id")
    pairs = ibis.union(*met, distinct=True)
    factors = own.select(
        above_service="service", above_name="span_name", factor="attempts_per_call"
    )
    t = pairs.join(factors, ["above_service", "above_name"])
    t = t.filter((t.service != t.above_service) | (t.span_name != t.above_name))
    return t.group_by("service", "span_name").agg(
        factor_above=t.factor.ln().sum().exp(), layers=t.count()
    )


CASES = [
    Case(
        "calls repeated after a failure are attempts of one call, with their waits",
        rows=[row for n in range(4) for row in trace(n, "ffo")],
        expect=[
            {
                "service": "api",
                "span_name": "POST",
                "calls": 4,
                "attempts": 12,
                "retries": 8,
                "attempts_per_call": 3.0,
                "amplification": 3.0,
                "recovered_share": 1.0,
                "backoff_ms": 75.0,
                "backoff_growth": 2.0,
                "retry_share": 2 / 3,
            }
        ],
    ),
    Case(
        "layers that repeat multiply",
        rows=[
            row
            for number in range(2)
            for row in [
                *trace(number, "fff", waits_ms=(100,)),
                *[row for outer in range(3) for row in inner(number, outer, "fff")],
            ]
        ],
        options={"min_retries": 4},
        expect=[
            {"service": "payments", "span_name": "bank.Charge", "amplification": 9.0, "layers": 2},
            {"service": "api", "span_name": "POST", "amplification": 3.0, "layers": 1},
        ],
    ),
    Case(
        "an attempt that states its resend count is a repeat, though the others were not recorded",
        rows=[
            row
            for n in range(3)
            for row in trace(n, "o", attributes={"http.request.resend_count": "2"})
        ],
        expect=[{"calls": 3, "attempts": 9, "retries": 6, "backoff_ms": None}],
    ),
    Case(
        "pages fetched one after the other are no repeats",
        rows=[row for n in range(9) for row in trace(n, "oooo")],
        expect=[],
    ),
    Case(
        "different things asked for are no repeats, though all of them fail",
        rows=[row for n in range(9) for row in trace(n, "ffff", url_path=lambda n: f"/charge/{n}")],
        expect=[],
    ),
    Case(
        "failures side by side are no repeats",
        rows=[row for n in range(9) for row in trace(n, "fff", waits_ms=(-10,))],
        expect=[],
    ),
    Case(
        "a repeat now and then among many calls is no amplification",
        rows=[row for n in range(50) for row in trace(n, "ooooo" if n else "ffooo")],
        expect=[],
    ),
    Case(
        "repeats within the usual budget, which succeed, are what repeats are for",
        rows=[row for n in range(50) for row in trace(n, "oo" if n % 8 else "fo")],
        expect=[],
    ),
    Case(
        "as few repeats, none of which helps, are told",
        rows=[row for n in range(50) for row in trace(n, "oo" if n % 8 else "ff")],
        expect=[{"service": "api", "span_name": "POST", "retries": 7, "recovered_share": 0.0}],
    ),
]

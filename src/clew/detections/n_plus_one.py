"""Many like calls under one parent, one after the other: a query in a loop, where one would do.

Reads     spans   trace_id, span_id, parent_span_id, timestamp, duration_ms, span_name, db_query,
          db_operation, db_collection, url_path, url_query, server_address, span_kind, operation,
          input_tokens
Returns   one row per repeated operation and kind of request, most time to save first
Units     calls: repeated calls in all; calls_per_parent: median; saving_ms: mean per parent, from
          the first call's begin to the last one's end less the slowest call; saving_share: of the
          parents' time, 0 to 1; overlap_share: calls that ran beside an earlier one, 0 to 1
Method    children of one parent with the same name, callee and statement, numbers and texts in it
          aside; at least min_calls of them, in turn, in min_traces traces (in fewer, where there
          are twice as many calls). Not counted: calls repeated after a failure, pages of one answer
          (OFFSET, page=), messages handled, steps of one's own that ask nobody, embeddings of
          whole batches, calls with waits between them (polling), and the steps of an agent, of
          which each needs the last
Blind to  loops whose calls hang under a span of their own each; calls of less than min_calls
Source    OpenTelemetry semantic conventions, database and HTTP client spans
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.detections._child_calls import brothers, child_calls, in_turn
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description
from clew.model.views import span_tree

NEEDS = {"spans": ("parent_span_id", "duration_ms")}
SUBJECT = ("service", "span_name")
MEASURES = (
    "calls", "calls_per_parent", "most_calls", "parents", "traces", "mean_call_ms", "saving_ms",
    "saving_share", "overlap_share", "min_calls", "min_traces", "max_overlap",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()

PAGES = (
    r"(?i)\boffset\b"  # ... LIMIT 100 OFFSET 200
    r"|\bfetch\s+next\b"  # OFFSET 0 ROWS FETCH NEXT 10 ROWS ONLY
    r"|[/_ ]scroll\b"  # POST /_search/scroll
    r"|\b(page|cursor|offset|skip|start_?(key|after|index)|(next_?)?page_?token|continuation)"
    r"[\w.-]*="  # ?page=3, ?page_token=af31
)
IDLE, PACE_MS = 5, 50
"""Calls with so many times their own length between them, and so long a wait, are paced: a status that
is asked for until it changes."""
FULL_BATCH_TOKENS = 2_000
"""Tokens of one call for embeddings that holds a batch of texts, or a text as long as one."""


def detect(
    events: ir.Table, *, min_calls: int = 5, min_traces: int = 3, max_overlap: float = 0.1
) -> ir.Table:
    parents = _parents(_looped(events, min_calls), min_calls)
    parents = parents.filter(parents.overlaps <= option(max_overlap) * parents.calls)
    t = parents.group_by("service", "span_name", "alike").agg(
        started=parents.started.min(),
        ended=parents.ended.max(),
        calls=parents.calls.sum(),
        calls_per_parent=parents.calls.quantile(0.5).cast("float64"),
        most_calls=parents.calls.max(),
        parents=parents.count(),
        traces=parents.trace_id.nunique(),
        mean_call_ms=parents.call_ms.sum() / parents.calls.sum(),
        saving_ms=parents.saving_ms.mean(),
        saving_share=parents.saving_ms.sum() / parents.parent_ms.sum().nullif(0.0),
        overlap_share=parents.overlaps.sum() / parents.calls.sum(),
        asked=parents.asked.min(),
        callee=parents.callee.min(),
        parent_service=parents.parent_service.min(),
        parent_span_name=parents.parent_span_name.min(),
    )
    t = t.filter((t.traces >= min_traces) | (t.calls_per_parent >= 2 * min_calls))
    return t.mutate(
        min_calls=ibis.literal(min_calls),
        min_traces=ibis.literal(min_traces),
        max_overlap=option(max_overlap),
    ).order_by((t.saving_ms * t.parents).desc(), "service", "span_name", "alike")


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The parent with most such calls, then its calls in the order in which they were made."""
    calls = _of_row(events, row)
    parents = _parents(calls, row["min_calls"])
    parents = parents.filter(parents.overlaps <= row["max_overlap"] * parents.calls)
    worst = parents.order_by(parents.calls.desc(), "started", "parent_event_id").limit(1)
    own = calls.semi_join(worst, "parent_event_id")
    own = own.select("event_id", "started", rank=ibis.literal(1))
    above = worst.select(event_id="parent_event_id", started="started", rank=ibis.literal(0))
    return ibis.union(above, own).order_by("rank", "started", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    calls = _of_row(events, row)
    parents = calls.group_by("parent_service", "parent_span_name").agg(
        parents=calls.parent_event_id.nunique(), calls=calls.count()
    )
    asked = calls.agg(asked=calls.asked.nunique())
    return {
        "parents": parents.order_by(ibis.desc("calls"), "parent_service", "parent_span_name").limit(
            3
        ),
        "asked": asked,
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    above = " and ".join(
        f"'{parent['parent_span_name']}' of {parent['parent_service']}"
        for parent in details["parents"]
    )
    target = f" to {row['callee']}" if row["callee"] else ""
    what = f"'{row['span_name']}'{target}"
    reasons = [
        f"{many(row['calls'], 'call')} under {many(row['parents'], 'parent span')} of "
        f"{many(row['traces'], 'trace')}: {row['calls_per_parent']:g} each (median), at most "
        f"{row['most_calls']:,}, between {clock(row['started'])} and {clock(row['ended'])}.",
        f"They are made in turn, {row['mean_call_ms']:.2f} ms each on average: one batch as slow as "
        f"the slowest of them would save {row['saving_ms']:.1f} ms a time, "
        f"{share(row['saving_share'] or 0.0)} of their parents' time.",
    ]
    if above:
        reasons.append(f"They are made by {above}.")
    if row["asked"]:
        reasons.append(f"Each asks for the like of: {row['asked'][:200]}")
    distinct = sum(line["asked"] for line in details["asked"])
    if distinct == 1 and row["asked"] and row["calls"] > row["parents"]:
        reasons.append("All of them ask for the very same thing: the first answer could be kept.")
    return Description(
        title=f"{row['service']} repeats {what} {row['calls_per_parent']:g} times in a row in one "
        f"request: together they could save {row['saving_ms']:.0f} ms",
        severity="medium" if (row["saving_share"] or 0) >= 0.2 or row["saving_ms"] >= 50 else "low",
        confidence=0.9 if row["traces"] >= row["min_traces"] else 0.75,
        why=tuple(reasons),
        recommendations=(
            "Ask for all of them in one call: a join, an IN list, a batch or bulk endpoint.",
        ),
    )


def _looped(events: ir.Table, min_calls: int) -> ir.Table:
    """Calls that have like ones under the same parent, in turn with them."""
    tree = brothers(min_calls)
    crowd = tree.group_by("parent_event_id", "span_name").agg(children=tree.count())
    tree = tree.semi_join(
        crowd.filter(crowd.children >= min_calls), ["parent_event_id", "span_name"]
    )
    calls = child_calls(events, tree)
    calls = calls.filter(_is_call(calls) & ~calls.label.re_search(PAGES))
    t = in_turn(calls, "service", "alike")
    return t.filter(~t.last_failed.fill_null(False))


def _is_call(t: ir.Table) -> ir.BooleanValue:
    """Whether one call for all would do: no message handled, no step of one's own, no full batch."""
    is_handled = (t.span_kind == "consumer").fill_null(False)
    is_own_step = (t.span_kind == "internal") & t.callee.isnull() & (t.asked == "")
    is_batch = (t.operation == "embeddings") & (t.input_tokens >= FULL_BATCH_TOKENS)
    alone = is_handled | is_own_step.fill_null(False) | is_batch.fill_null(False)
    return ~t.is_step_of_agent & ~alone


def _parents(calls: ir.Table, min_calls: int) -> ir.Table:
    """One row per parent and kind of call with at least `min_calls` of it."""
    t = calls.group_by("parent_event_id", "service", "alike").agg(
        span_name=calls.span_name.min(),
        trace_id=calls.trace_id.min(),
        started=calls.started.min(),
        ended=calls.ended.max(),
        calls=calls.count(),
        overlaps=calls.is_overlap.cast("int64").sum(),
        call_ms=calls.duration_ms.sum(),
        slowest_ms=calls.duration_ms.max(),
        asked=calls.asked.min(),
        callee=calls.callee.min(),
        parent_service=calls.parent_service.min(),
        parent_span_name=calls.parent_span_name.min(),
    )
    t = t.filter(t.calls >= min_calls)
    above = span_tree.select(parent_event_id="event_id", parent_ms="duration_ms")
    t = t.left_join(above, "parent_event_id")
    elapsed_ms = t.ended.delta(t.started, unit="microsecond") / 1e3
    idle_ms = elapsed_ms - t.call_ms
    is_paced = (idle_ms > IDLE * t.call_ms) & (idle_ms > PACE_MS * (t.calls - 1))
    t = t.filter(~is_paced)
    return t.mutate(saving_ms=ibis.greatest(elapsed_ms - t.slowest_ms, 0.0))


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    calls = _looped(events, row["min_calls"])
    return calls.filter((calls.service == row["service"]) & (calls.alike == row["alike"]))


def _trace(
    trace: int, calls: int, *, gap_ms: float = 5.0, call_ms: float = 4.0, **columns: Any
) -> list[dict[str, Any]]:
    """A request of one service with `calls` queries, one begun every `gap_ms`."""
    parent = {
        "trace_id": f"t{trace}", "span_id": f"p{trace}", "span_name": "GET /orders",
        "span_kind": "server", "service": "orders", "duration_ms": calls * gap_ms + 2,
        "timestamp": f"2026-11-20T10:{trace:02}:00Z",
    }  # fmt: skip
    children = []
    for n in range(calls):
        at_us = round((1 + n * gap_ms) * 1000)
        children.append(
            {
                "trace_id": f"t{trace}", "span_id": f"c{trace}-{n}", "parent_span_id": f"p{trace}",
                "span_name": "SELECT items", "span_kind": "client", "service": "orders",
                "timestamp": f"2026-11-20T10:{trace:02}:00.{at_us:06}Z", "duration_ms": call_ms,
                "db_system": "postgresql", "db_query": f"SELECT * FROM items WHERE id = {n}",
                **{key: value(n) if callable(value) else value for key, value in columns.items()},
            }
        )  # fmt: skip
    return [parent, *children]


CASES = [
    Case(
        "a query in a loop is found in all traces that have it, with what a batch would save",
        rows=[row for n in range(3) for row in _trace(n, 8)],
        expect=[
            {
                "service": "orders",
                "span_name": "SELECT items",
                "calls": 24,
                "calls_per_parent": 8.0,
                "parents": 3,
                "traces": 3,
                "saving_ms": 35.0,
                "overlap_share": 0.0,
            }
        ],
    ),
    Case(
        "one trace is enough where the loop is long",
        rows=_trace(1, 12),
        expect=[{"calls": 12, "traces": 1}],
    ),
    Case("a loop of two is none", rows=[row for n in range(9) for row in _trace(n, 2)], expect=[]),
    Case(
        "calls side by side are no loop",
        rows=[row for n in range(5) for row in _trace(n, 8, gap_ms=0.5)],
        expect=[],
    ),
    Case(
        "different statements are not alike",
        rows=[
            row
            for n in range(5)
            for row in _trace(n, 8, db_query=lambda n: f"SELECT a FROM {'abcdefgh'[n]}s")
        ],
        expect=[],
    ),
    Case(
        "a call repeated after each failure is a retry",
        rows=[row for n in range(5) for row in _trace(n, 8, status="error")],
        expect=[],
    ),
    Case(
        "pages of one answer follow one another by need",
        rows=[
            row
            for n in range(5)
            for row in _trace(n, 8, db_query=lambda n: f"SELECT * FROM items OFFSET {n * 100}")
        ],
        expect=[],
    ),
    Case(
        "an agent's turns follow one another by need",
        rows=[
            row
            for n in range(5)
            for row in _trace(n, 8, db_query=None, span_name="chat", operation="chat")
        ],
        expect=[],
    ),
    Case(
        "messages that a worker handles are not asked of anybody",
        rows=[
            row
            for n in range(5)
            for kind in ("consumer", "internal")
            for row in _trace(n, 8, db_query=None, span_name="handle", span_kind=kind)
        ],
        expect=[],
    ),
    Case(
        "a status that is asked for each second is polled",
        rows=[row for n in range(5) for row in _trace(n, 8, gap_ms=120.0)],
        expect=[],
    ),
    Case(
        "embeddings of whole batches are no loop, of single texts they are",
        rows=[
            row
            for n in range(3)
            for place, tokens in enumerate((40, 7900))
            for row in _trace(
                n + 10 * place,
                6,
                db_query=None,
                span_name=f"embeddings {['small', 'large'][place]}",
                operation="embeddings",
                input_tokens=tokens,
            )
        ],
        expect=[{"service": "orders", "span_name": "embeddings small", "calls": 18}],
    ),
    Case(
        "paths that differ in their ids are one operation",
        rows=[
            row
            for n in range(3)
            for row in _trace(
                n, 6, db_query=None, span_name="GET", url_path=lambda n: f"/v1/users/{n}"
            )
        ],
        expect=[{"service": "orders", "span_name": "GET", "calls": 18}],
    ),
]

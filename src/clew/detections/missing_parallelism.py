"""Calls that seem independent, made one after the other: what making them at once would save.

Reads     spans   trace_id, span_id, parent_span_id, timestamp, duration_ms, span_name, db_query,
          url_path, server_address, status
Returns   one row per operation that waits for such calls, most time to save first
Units     parents: how often it made such calls; calls_per_parent: mean; saving_ms: mean per parent,
          the calls' sum less the longest; saving_share: of the parents' time, 0 to 1;
          at_once_else: requests that made such calls at once, before or after a time when all
          made them in turn, and are not counted; reordered_share: of pairs seen in both orders,
          0 to 1; ran_after_failure: calls made although the one before failed
Method    children of one parent of which each begins at most max_gap_ms after the last one's end,
          in every request, with two operations or at least three like calls. What comes first by
          need (authentication, sessions, locks, begin), what uses the answers before it (models,
          ranking, writes, commits) and an agent's steps end such a row, unless the order varies
Blind to  values that one call hands to the next: spans do not show them, so this is an estimate.
          Loops of like calls that a batch would replace are n_plus_one's
Source    OpenTelemetry semantic conventions, client spans
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.detections._child_calls import brothers, child_calls, in_turn
from clew.detections._turns import parents_of, while_in_turn
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"spans": ("parent_span_id", "duration_ms")}
SUBJECT = ("service", "span_name")
MEASURES = (
    "parents", "traces", "calls_per_parent", "sum_ms", "longest_ms", "saving_ms", "saving_share",
    "in_turn_share", "at_once_else", "reordered_share", "ran_after_failure", "min_traces", "min_saving_ms",
    "min_saving_share", "max_gap_ms",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()

FIRST_BY_NEED = (
    r"(?i)(?:^|[^a-z])o?auth(?:[^o]|$)|authn|authz|authent|authori"  # check_auth, auth-service
    r"|log_?in|token|session|credential|permission|verify|validat|jwt|introspect"
    r"|connect|handshake|\bdns|\btls|resolve|discover"
    r"|(?:^|[^a-z])(?:begin|start transaction|savepoint|lock|acquire)"
)
USES_WHAT_CAME_BEFORE = (
    r"(?i)predict|infer|score|scoring|(?:^|[^a-z])rank|rerank|model|embed|generate|complet|prompt"
    r"|aggregat|merge|combin|join|reduce|assembl|compos|render|serializ|respond|format|enrich"
    r"|insert|update|upsert|delete|(?:^|[^a-z])(?:put|patch|set|save|store|add|create|write|place)"
    r"|publish|enqueue|produce|notify|send|email|charge|payment|refund|ship|checkout|confirm|empty"
    r"|commit|rollback|release|unlock|log_?out"
)
TOUCHING_MS = 0.05
"""Clocks are finer than spans: an overlap below this is none."""


def detect(
    events: ir.Table,
    *,
    min_traces: int = 5,
    min_saving_ms: float = 5.0,
    min_saving_share: float = 0.1,
    max_gap_ms: float = 5.0,
) -> ir.Table:
    calls = _rows(events, max_gap_ms)
    parents = while_in_turn(parents_of(calls))
    t = parents.group_by(service="parent_service", span_name="parent_span_name").agg(
        started=parents.started.min(),
        ended=parents.ended.max(),
        parents=parents.count(where=parents.saving_ms > 0),
        traces=parents.trace_id.nunique(where=parents.saving_ms > 0),
        calls_per_parent=parents.calls.mean(where=parents.saving_ms > 0),
        sum_ms=parents.sum_ms.mean(where=parents.saving_ms > 0),
        longest_ms=parents.longest_ms.mean(where=parents.saving_ms > 0),
        saving_ms=parents.saving_ms.mean(where=parents.saving_ms > 0),
        saving_share=parents.saving_ms.sum() / parents.parent_ms.sum().nullif(0.0),
        in_turn_share=(parents.overlaps == 0).cast("float64").mean(),
        at_once_else=parents.at_once_else.max(),
        ran_after_failure=parents.ran_after_failure.sum(),
    )
    t = t.left_join(_reordered(calls), ["service", "span_name"], rname="{name}_pair")
    t = t.mutate(reordered_share=t.reordered_share.fill_null(0.0))
    t = t.filter(
        (t.traces >= min_traces)
        & (t.in_turn_share >= 0.99)
        & (t.saving_ms >= option(min_saving_ms))
        & (t.saving_share >= option(min_saving_share))
    )
    return t.mutate(
        min_traces=ibis.literal(min_traces),
        min_saving_ms=option(min_saving_ms),
        min_saving_share=option(min_saving_share),
        max_gap_ms=option(max_gap_ms),
    ).order_by((t.saving_ms * t.parents).desc(), "service", "span_name")


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The parents with most to save, each followed by its calls in turn."""
    calls = _of_row(events, row)
    parents = parents_of(calls)
    worst = parents.filter(parents.saving_ms > 0)
    worst = worst.order_by(worst.saving_ms.desc(), "parent_event_id").limit(4)
    worst = worst.mutate(
        place=ibis.row_number().over(
            ibis.window(order_by=[worst.saving_ms.desc(), worst.parent_event_id])
        )
    )
    own = calls.join(worst.select("parent_event_id", "place"), "parent_event_id")
    own = own.select("event_id", "place", "started", rank=ibis.literal(1))
    above = worst.select("place", "started", event_id="parent_event_id", rank=ibis.literal(0))
    both = ibis.union(above.select("event_id", "place", "started", "rank"), own)
    return both.order_by("place", "rank", "started", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    calls = _of_row(events, row)
    kinds = calls.group_by("operation_name").agg(
        calls=calls.count(), mean_ms=calls.duration_ms.mean(), first=calls.row_place.min()
    )
    return {"calls": kinds.order_by("first", ibis.desc("calls"), "operation_name").limit(8)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    kinds = details["calls"]
    named = ", ".join(f"'{kind['operation_name']}' ({kind['mean_ms']:.1f} ms)" for kind in kinds)
    reasons = [
        f"In {many(row['parents'], 'request')} between {clock(row['started'])} and "
        f"{clock(row['ended'])} it made {row['calls_per_parent']:.1f} calls in turn, never two at "
        f"once: {named}.",
        f"Together they took {row['sum_ms']:.1f} ms, the longest {row['longest_ms']:.1f} ms: at "
        f"once they could save {row['saving_ms']:.1f} ms, {share(row['saving_share'])} of its time.",
        f"Each began at most {row['max_gap_ms']:g} ms after the end of the last.",
    ]
    sure = 0.5
    if row["ran_after_failure"]:
        sure = 0.7
        reasons.append(
            f"{many(row['ran_after_failure'], 'time')}, the next was made although the one before had "
            "failed, so it did not need its answer."
        )
    if row["at_once_else"]:
        sure = 0.9
        reasons.append(
            f"At other times it made such calls at once, in {many(row['at_once_else'], 'request')}: "
            "they need not wait for one another."
        )
    if row["reordered_share"] >= 0.05:
        sure = max(sure, 0.85)
        reasons.append("Their order varies from request to request, so none needs another first.")
    reasons.append("This is an estimate: whether a call uses another's answer is not in the spans.")
    return Description(
        title=f"{row['service']} waits for {row['calls_per_parent']:.0f} calls in turn in "
        f"'{row['span_name']}' that could be made at once: about {row['saving_ms']:.0f} ms a "
        "request",
        severity="medium" if row["saving_share"] >= 0.3 and sure >= 0.7 else "low",
        confidence=sure,
        why=tuple(reasons),
        recommendations=(
            f"Check whether {named} need one another's answers; if not, start them together and "
            "wait for all.",
        ),
    )


def _rows(events: ir.Table, max_gap_ms: float) -> ir.Table:
    """Calls in rows of two or more that follow one another closely, and all calls that overlap.

    run (which row of the parent), row_calls, row_kinds, row_place, operation_name.
    """
    calls = child_calls(events, brothers(2))
    calls = calls.filter(~calls.span_kind.isin(("producer",)).fill_null(False))
    own_name = calls.span_name
    through = ibis.ifelse(
        calls.callee.isnull(), own_name, calls.callee + " " + calls.callee_name.fill_null("")
    )
    t = in_turn(calls.mutate(operation_name=through))
    needs_order = (
        t.label.re_search(FIRST_BY_NEED)
        | t.label.re_search(USES_WHAT_CAME_BEFORE)
        | t.is_step_of_agent
    ).fill_null(False)
    is_close = (t.gap_ms <= option(max_gap_ms)).fill_null(False)
    is_repeat = t.last_failed.fill_null(False) & (
        t.alike == t.alike.lag().over(_in_order(t))
    ).fill_null(False)
    breaks = needs_order | needs_order.lag().over(_in_order(t)).fill_null(True)
    t = t.mutate(
        needs_order=needs_order,
        is_overlap=(t.gap_ms < -TOUCHING_MS).fill_null(False),
        is_new_row=breaks | ~is_close | is_repeat,
    )
    so_far = ibis.window(
        group_by=t.parent_event_id,
        order_by=[t.started, t.ended, t.event_id],
        preceding=None,
        following=0,
    )
    t = t.mutate(run=t.is_new_row.cast("int64").sum().over(so_far))
    t = t.filter(~t.needs_order)
    sizes = t.group_by("parent_event_id", "run").agg(
        row_calls=t.count(), row_kinds=t.operation_name.nunique()
    )
    # like calls: two may be chance, five are a loop that n_plus_one reports
    sizes = sizes.filter(
        ((sizes.row_kinds >= 2) & (sizes.row_calls < 5 * sizes.row_kinds))
        | ((sizes.row_kinds == 1) & sizes.row_calls.between(3, 4))
    )
    t = t.join(sizes, ["parent_event_id", "run"])
    return t.mutate(
        row_place=ibis.row_number().over(
            ibis.window(group_by=[t.parent_event_id, t.run], order_by=[t.started, t.event_id])
        )
    )


def _in_order(t: ir.Table):  # type: ignore[no-untyped-def]
    return ibis.window(group_by=t.parent_event_id, order_by=[t.started, t.ended, t.event_id])


def _reordered(calls: ir.Table) -> ir.Table:
    """Of the pairs of operations that stand side by side, the share in the rarer order."""
    last = calls.operation_name.lag().over(
        ibis.window(
            group_by=[calls.parent_event_id, calls.run],
            order_by=[calls.started, calls.ended, calls.event_id],
        )
    )
    t = calls.mutate(last=last)
    t = t.filter(t.last.notnull() & (t.last != t.operation_name))
    is_up = t.last < t.operation_name
    t = t.group_by(
        "parent_service",
        "parent_span_name",
        low=ibis.least(t.last, t.operation_name),
        high=ibis.greatest(t.last, t.operation_name),
    ).agg(up=is_up.cast("int64").sum(), pairs=t.count())
    t = t.group_by(service="parent_service", span_name="parent_span_name").agg(
        rarer=ibis.least(t.up, t.pairs - t.up).sum(), pairs=t.pairs.sum()
    )
    return t.select("service", "span_name", reordered_share=t.rarer / t.pairs)


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    calls = _rows(events, row["max_gap_ms"])
    return calls.filter(
        (calls.parent_service == row["service"]) & (calls.parent_span_name == row["span_name"])
    )


def _trace(
    trace: int, *calls: str, gap_ms: int = 1, parallel: bool = False, failed: str = ""
) -> list[dict[str, Any]]:
    """One request that makes these calls of 20, 21, 22 ... ms, in turn or at once."""
    at = {"trace_id": f"t{trace}", "service": "shop"}
    rows = [
        {
            **at, "span_id": f"p{trace}", "span_name": "GET /product", "span_kind": "server",
            "timestamp": f"2026-11-20T10:{trace:02}:00Z", "duration_ms": 25.0 * len(calls) + 5,
        }
    ]  # fmt: skip
    start_ms = 1
    for n, name in enumerate(calls):
        rows.append(
            {
                **at, "span_id": f"c{trace}-{n}", "parent_span_id": f"p{trace}",
                "span_name": name, "span_kind": "client", "duration_ms": 20.0 + n,
                "status": "error" if name == failed else "ok",
                "timestamp": f"2026-11-20T10:{trace:02}:00.{start_ms:03}Z",
            }
        )  # fmt: skip
        start_ms += 1 if parallel else 20 + n + gap_ms
    return rows


_READS = ("GET /stock", "GET /price", "GET /reviews")

CASES = [
    Case(
        "reads in turn could be made at once; the longest remains",
        rows=[row for n in range(6) for row in _trace(n, *_READS)],
        expect=[
            {
                "service": "shop",
                "span_name": "GET /product",
                "parents": 6,
                "calls_per_parent": 3.0,
                "sum_ms": 63.0,
                "longest_ms": 22.0,
                "saving_ms": 41.0,
                "saving_share": 0.5125,
                "in_turn_share": 1.0,
                "reordered_share": 0.0,
            }
        ],
    ),
    Case(
        "calls that are made at once already are not reported",
        rows=[row for n in range(6) for row in _trace(n, *_READS, parallel=True)],
        expect=[],
    ),
    Case(
        "nor those that only some requests make in turn",
        rows=[row for n in range(9) for row in _trace(n, *_READS, parallel=n < 2)],
        expect=[],
    ),
    Case(
        "calls that are made at once at other times need not be in turn",
        rows=[row for n in range(24) for row in _trace(n, *_READS, parallel=n < 9 or n == 23)],
        expect=[{"service": "shop", "parents": 14, "at_once_else": 10, "saving_ms": 41.0}],
    ),
    Case(
        "authentication comes first by need; what is left is one call",
        rows=[row for n in range(6) for row in _trace(n, "POST /auth/verify", "GET /stock")],
        expect=[],
    ),
    Case(
        "features, then the model that reads them, then the aggregator are a pipeline",
        rows=[
            row
            for n in range(6)
            for row in _trace(n, "GET /features", "POST /predict", "POST /aggregate")
        ],
        expect=[],
    ),
    Case(
        "work between two calls may be what prepares the second",
        rows=[row for n in range(6) for row in _trace(n, *_READS, gap_ms=20)],
        expect=[],
    ),
    Case(
        "an order that varies, and calls made after a failure, are told",
        rows=[
            row
            for n in range(6)
            for row in _trace(n, *(_READS if n % 2 else _READS[::-1]), failed="GET /price")
        ],
        expect=[{"reordered_share": 0.5, "ran_after_failure": 6}],
    ),
    Case(
        "two like calls may be chance",
        rows=[row for n in range(9) for row in _trace(n, "GET /a", "GET /a")],
        expect=[],
    ),
    Case(
        "five like calls are a loop, which is n_plus_one's",
        rows=[row for n in range(6) for row in _trace(n, *["GET /a"] * 5)],
        expect=[],
    ),
]

"""The operation that makes requests slow: where their extra time over normal requests is spent.

Reads     spans   of all services; logs with a trace_id, for what the slow requests say besides
Returns   one row per operation (service, span_name) that holds most of the extra time of requests
Units     the entry point is the one it delays most: requests, slow_requests; explained_requests:
          slow ones with at least min_explained of their extra time in this operation;
          *_ms: milliseconds; extra_share: part of all extra time of the slow requests, 0 to 1
Blind to  entry points with fewer than min_requests requests; time that passes in no span's trace;
          what takes long in every request because that is what it is for: a model call, a job
Source    critical path of the trace; slow is beyond four log-spreads of the fast requests
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.calls_of_spans import of_owner, owned, placed
from clew.detections._slow_requests import ENTRY, Limits, judged
from clew.detections._slow_words import SAMPLE, described, spread_of
from clew.detections._span_cases import moment, requests
from clew.detections._values import option
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"spans": ("trace_id", "duration_ms")}
SUBJECT = ("service", "span_name")
MEASURES = (
    "requests", "slow_requests", "slow_share", "threshold_ms", "p50_ms", "p99_ms",
    "explained_requests", "explained_share", "extra_ms", "extra_share", "slow_own_ms",
    "normal_own_ms", "gap_ms", "slow_calls", "normal_calls", "spread_requests", "entry_points",
    "min_requests", "min_slow", "min_slow_share", "min_extra_ms", "min_explained",
    "min_explained_share", "slow_ms", "slow_statement_ms",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()
OWNER = ("owner_service", "owner_span_name")
NUMBERS = (
    "requests", "p50_ms", "p99_ms", "threshold_ms", "normal_below_ms", "basis", "is_job_entry",
)  # fmt: skip
"""What is known of an entry point whatever the request."""
SPREAD = 0.6
"""Part of a request's extra time that a service's operations must hold together."""


def detect(
    events: ir.Table,
    *,
    min_requests: int = 20,
    min_slow: int = 3,
    min_slow_share: float = 0.005,
    min_extra_ms: float = 25.0,
    min_explained: float = 0.4,
    min_explained_share: float = 0.1,
    slow_ms: float = 500.0,
    slow_statement_ms: float = 200.0,
) -> ir.Table:
    t = owned(placed(events), events)
    least_ms = min(slow_ms, slow_statement_ms)
    limits = Limits(min_requests, min_slow, min_slow_share, min_extra_ms, least_ms)
    asked = judged(t, limits)
    found = _explained(_spent(t, asked), asked, min_explained)
    enough = ibis.greatest(min_slow, min_explained_share * found.slow_requests)
    is_slow_itself = ibis.ifelse(
        found.is_statement,
        found.slow_own_ms >= slow_statement_ms,
        (found.slow_own_ms >= slow_ms) & ~found.is_model,
    )
    is_entry = (found.owner_service == found.entry_service) & (
        found.owner_span_name == found.entry_span_name
    )
    is_slow_itself = is_slow_itself & ~(found.is_job_entry & is_entry)
    found = found.filter(
        (found.explained_requests >= enough)
        & (found.extra_ms >= min_extra_ms)
        & ((found.basis != "all") | ((found.explained_share >= 0.5) & is_slow_itself))
    )
    return (
        _main_entry(found)
        .mutate(
            min_requests=ibis.literal(min_requests),
            min_slow=ibis.literal(min_slow),
            min_slow_share=option(min_slow_share),
            min_extra_ms=option(min_extra_ms),
            min_explained=option(min_explained),
            min_explained_share=option(min_explained_share),
            slow_ms=option(slow_ms),
            slow_statement_ms=option(slow_statement_ms),
        )
        .order_by(ibis.desc("delay_ms"), "service", "span_name")
    )


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The slow spans themselves, slowest first, then what their service logged in those traces."""
    t = owned(placed(events).filter(lambda s: s.root_event_id.isin(_looked_at(row))), events)
    t = t.filter(t.root_event_id.isin(row["slow_roots"]))
    slowest = of_owner(t, row).order_by(ibis.desc("critical_ms"), "event_id").limit(12)
    said = events.filter(events.span_name.isnull() & events.trace_id.notnull())
    said = said.filter(said.service.fill_null(row["service"]) == row["service"])
    said = said.semi_join(slowest, "trace_id")
    proof = ibis.union(
        slowest.select("event_id", rank=ibis.literal(0), place=-slowest.critical_ms),
        said.select(
            "event_id",
            rank=ibis.literal(1),
            place=said.timestamp.epoch_seconds().cast("float64"),
        ),
    )
    return proof.order_by("rank", "place", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = placed(events)
    asked = t.filter((t.event_id == t.root_event_id) & (t.entry_service == row["entry_service"]))
    asked = asked.filter(asked.entry_span_name == row["entry_span_name"])
    sample = owned(t.filter(t.root_event_id.isin(_looked_at(row))), events)
    return spread_of(events, sample, asked, row)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    return described(row, details)


def _spent(t: ir.Table, asked: ir.Table) -> ir.Table:
    """Own time by request and operation, for the requests that are judged."""
    t = t.semi_join(asked, "root_event_id")
    t = t.filter(t.critical_ms.notnull())
    return t.group_by("root_event_id", *OWNER).agg(
        own_ms=t.critical_ms.sum(),
        gap_ms=t.critical_ms.sum(where=t.is_gap),
        calls=t.count(where=~t.has_server),
        is_statement=t.is_statement.cast("int64").max() > 0,
        is_model=t.is_model.cast("int64").max() > 0,
    )


def _explained(spent: ir.Table, asked: ir.Table, min_explained: float) -> ir.Table:
    """One row per entry point and operation, with the slow requests that it explains."""
    keys = [*ENTRY, *OWNER]
    met = spent.join(asked, "root_event_id")
    sums = met.group_by(*keys).agg(
        normal_sum=met.own_ms.sum(where=met.is_normal).fill_null(0.0),
        slow_sum=met.own_ms.sum(where=met.is_slow).fill_null(0.0),
        normal_calls=met.calls.sum(where=met.is_normal).fill_null(0),
        is_statement=met.is_statement.cast("int64").max() > 0,
        is_model=met.is_model.cast("int64").max() > 0,
    )
    sums = sums.join(_normal(asked), list(ENTRY))
    sums = sums.mutate(normal_own_ms=sums.normal_sum / ibis.greatest(sums.normal_requests, 1))
    wins = _first_of_each(met.filter(met.is_slow), sums, keys, min_explained)
    slowest = ibis.window(
        group_by=[wins[name] for name in keys],
        order_by=[wins.duration_ms.desc(), wins.root_event_id],
    )
    wins = wins.mutate(is_sampled=ibis.row_number().over(slowest) < SAMPLE)
    wins = wins.group_by(*keys).agg(
        spread_requests=wins.is_spread.cast("int64").sum(),
        explained_requests=wins.count(),
        started=wins.started.min(),
        ended=wins.ended.max(),
        slow_own_ms=wins.own_ms.mean(),
        gap_ms=wins.gap_ms.fill_null(0.0).mean(),
        slow_calls=wins.calls.mean(),
        slow_roots=wins.root_event_id.collect(where=wins.is_sampled).sort(),
    )
    numbers = asked.group_by(*ENTRY).agg(**{name: asked[name].max() for name in NUMBERS})
    t = sums.join(wins, keys).join(numbers, list(ENTRY))
    extra_ms, over_ms = t.slow_own_ms - t.normal_own_ms, t.slow_mean_ms - t.normal_ms
    return t.mutate(
        slow_share=t.slow_requests / t.requests,
        explained_share=t.explained_requests / t.slow_requests,
        extra_ms=extra_ms,
        extra_share=(t.slow_sum / t.slow_requests - t.normal_own_ms) / over_ms,
        delay_ms=extra_ms * t.explained_requests,
        normal_calls=t.normal_calls / ibis.greatest(t.normal_requests, 1),
    ).drop("slow_sum", "normal_sum")


def _normal(asked: ir.Table) -> ir.Table:
    """One row per entry point: its normal requests, some of them by id, and how long its slow ones took."""
    of_kind = ibis.window(
        group_by=[asked.is_normal, *(asked[name] for name in ENTRY)], order_by=asked.root_event_id
    )
    asked = asked.mutate(is_sampled=asked.is_normal & (ibis.row_number().over(of_kind) < SAMPLE))
    return asked.group_by(*ENTRY).agg(
        normal_requests=asked.is_normal.cast("int64").sum(),
        normal_roots=asked.root_event_id.collect(where=asked.is_sampled).sort(),
        slow_requests=asked.is_slow.cast("int64").sum(),
        normal_ms=asked.duration_ms.mean(where=asked.is_normal).fill_null(0.0),
        slow_mean_ms=asked.duration_ms.mean(where=asked.is_slow),
    )


def _first_of_each(
    slow: ir.Table, sums: ir.Table, keys: list[str], min_explained: float
) -> ir.Table:
    """For each slow request the operation that holds enough of its extra time.

    Where none does but one service's operations do together, that service's: the one with most
    extra time in all requests (is_spread).
    """
    t = slow.join(sums.select(*keys, "normal_own_ms", "normal_ms", "slow_sum"), keys)
    t = t.mutate(extra_ms=t.own_ms - t.normal_own_ms, over_ms=t.duration_ms - t.normal_ms)
    same = ibis.window(group_by=[t.root_event_id, t.owner_service])
    t = t.mutate(
        service_extra_ms=t.extra_ms.sum().over(same),
        is_enough=t.extra_ms >= min_explained * t.over_ms,
    )
    # one operation that holds enough is preferred; else the service, and then its main operation
    rank_ms = ibis.ifelse(t.is_enough, t.extra_ms, 0.0)
    most = ibis.window(
        group_by=t.root_event_id,
        order_by=[
            rank_ms.desc(),
            t.service_extra_ms.desc(),
            t.slow_sum.desc(),
            t.owner_service,
            t.owner_span_name,
        ],
    )
    t = t.mutate(place=ibis.row_number().over(most), is_spread=~t.is_enough)
    t = t.filter(t.place == 0)
    return t.filter(t.is_enough | (t.service_extra_ms >= SPREAD * t.over_ms))


def _main_entry(found: ir.Table) -> ir.Table:
    """One row per operation: the numbers are those of the entry point that it delays most."""
    t = found.rename(service="owner_service", span_name="owner_span_name")
    same = [t.service, t.span_name]
    most = ibis.window(group_by=same, order_by=[t.delay_ms.desc(), *(t[name] for name in ENTRY)])
    t = t.mutate(
        place=ibis.row_number().over(most),
        entry_points=t.requests.count().over(ibis.window(group_by=same)),
    )
    return t.filter(t.place == 0).drop("place")


def _looked_at(row: dict[str, Any]) -> list[str]:
    """The requests that stand for all slow ones and all normal ones."""
    return [*row["slow_roots"], *(row["normal_roots"] or ())]


def _rarely(slow: float, normal: float) -> Any:
    """Every tenth request takes `slow` milliseconds, the others `normal`."""
    return lambda n: slow if n % 10 == 3 else normal


def _line(n: int, message: str) -> dict[str, Any]:
    return {
        "trace_id": f"t{n:05}", "span_id": f"c{n:05}", "service": "features", "severity": "INFO",
        "timestamp": moment(n * 6000.0 + 9), "message": message,
    }  # fmt: skip


CASES = [
    Case(
        "a statement that is slow now and then is named, not the services that wait for it",
        rows=requests(100, query_ms=_rarely(400.0, 10.0)),
        expect=[
            {
                "service": "features", "span_name": "SELECT features", "basis": "apart",
                "requests": 100, "slow_requests": 10, "explained_requests": 10,
                "entry_service": "gateway", "entry_span_name": "POST /score", "entry_points": 1,
            }
        ],
    ),
    Case(
        "time of its own inside a service is that service's: a lock that only its log names",
        rows=[
            *requests(100, work_ms=_rarely(300.0, 4.0)),
            *[_line(n, "waiting for lock on features, held by 4") for n in range(3, 100, 10)],
        ],
        expect=[
            {"service": "features", "span_name": "POST /features", "explained_requests": 10}
        ],
    ),
    Case(
        "time between the client's span and the server's is the callee's, not the caller's",
        rows=requests(100, gap_ms=_rarely(200.0, 1.0)),
        expect=[{"service": "features", "span_name": "POST /features", "explained_share": 1.0}],
    ),
    Case(
        "two causes are two findings, each with the requests that it explains",
        rows=requests(
            120,
            query_ms=lambda n: 500.0 if n % 10 == 3 else 10.0,
            gap_ms=lambda n: 200.0 if n % 10 == 7 else 1.0,
        ),
        expect=[
            {"span_name": "SELECT features", "slow_requests": 24, "explained_requests": 12},
            {"span_name": "POST /features", "service": "features", "explained_requests": 12},
        ],
    ),
    Case(
        "where every request is slow, the statement that takes most of the time is named",
        rows=requests(40, query_ms=700.0),
        expect=[
            {
                "span_name": "SELECT features", "basis": "all", "slow_requests": 40,
                "normal_own_ms": 0.0,
            }
        ],
    ),
    Case(
        "a slow beginning is found though most requests are slow since then",
        rows=requests(100, query_ms=lambda n: 10.0 if n < 45 else 150.0),
        expect=[{"span_name": "SELECT features", "slow_requests": 55, "explained_requests": 55}],
    ),
    Case(
        "a service whose operations are all slow is named by the one that adds most",
        rows=requests(100, query_ms=_rarely(90.0, 10.0), work_ms=_rarely(50.0, 2.0), gap_ms=_rarely(40.0, 1.0)),
        expect=[{"service": "features", "explained_requests": 10}],
    ),
    Case("requests that all take about as long have no cause", rows=requests(200), expect=[]),
    Case(
        "a model that always takes its time does what it is for",
        rows=requests(
            60, query_ms=900.0, db_system=None, model="large-1", span_name="chat large-1"
        ),
        expect=[],
    ),
    Case(
        "a job that always takes its time makes nobody wait",
        rows=[
            {
                "trace_id": f"t{n}", "span_id": f"j{n}", "span_name": "nightly", "service": "jobs",
                "span_kind": "internal", "duration_ms": 7000.0,
                "timestamp": f"2026-11-20T10:{n:02}:00Z",
            }
            for n in range(40)
        ],
        expect=[],
    ),
    Case(
        "two slow requests of a hundred are too few to say",
        rows=requests(100, query_ms=lambda n: 400.0 if n in (3, 70) else 10.0),
        expect=[],
    ),
    Case(
        "a steep but even spread has no slow requests that stand apart",
        rows=requests(200, query_ms=lambda n: 10.0 + (n * 61 % 200)),
        expect=[],
    ),
]  # fmt: skip

"""What changed between two times, versions or searches: latency, errors and critical path.

Reads     spans   trace_id, span_id, parent_span_id, service, span_name, span_kind, duration_ms,
                  status, http_status, exception_type; the column compared
Returns   one row per operation and metric, the largest change first, up or down; of changes that are
          as large, that of the operation which made most difference to whole requests, so that a
          cause stands before the callers that wait for it
Units     before, after, change: in the metric's unit: p50_ms, p95_ms, p99_ms of its spans;
          error_share of them, 0 to 1; rate_per_s; critical_ms: own time on the critical path, a
          request's mean. change_low, change_high: a 95 % interval of the change
Method    sides are `baseline` and the events, or one `column` that is `before` and `after`, or two
          searches; without any of them the earlier half of the time and the later. Intervals: Wilson's
          for shares, square roots of counts for rates, the normal one for means, and for percentiles
          the values in whose places they lie, so none where a side has fewer than 6 spans. Equal changes: by
          the part of a request's time, or of the requests, that the nearer end of the interval says
          was gained or lost by the operation's own time, or by errors that began in it
Blind to  a mix of entry points that changed; a span of both versions in one request; what an
          operation that is only on one side cost before: there before is empty, but critical_ms and
          rate_per_s are 0
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from clew.analyses._change import LEAST, Estimate, change, mean, ranks, rate, share, surely
from clew.analyses._sides import Side, sided
from clew.analyses._span_cases import requests, span
from clew.analyses._spans import OPERATION, OWNER, split
from clew.model.case import Case

RETURNS = ("metric", "before", "after", "change", "change_low", "change_high")
_PERCENTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
_ORIGINS = "origins"
"""Share of requests in which an error began in the operation: it orders rows and is none itself."""
_ORDER = ("critical_ms", "error_share", *_PERCENTILES, "rate_per_s")


def compare(
    events: ir.Table,
    *,
    by: tuple[str, ...] = OPERATION,
    bucket: str | None = None,
    baseline: ir.Table | None = None,
    column: str | None = None,
    before: Side = None,
    after: Side = None,
) -> ir.Table:
    spans = sided(events, baseline, column, before, after)
    t, keys = split(spans, by, bucket, RETURNS)
    t = t.select(*t.columns, **{f"by_{place}": key for place, key in enumerate(keys.values())})
    owners, owner_keys = split(spans, by, bucket, RETURNS, named=OWNER)
    owners = owners.select(
        "event_id", "root_event_id", "is_after", "critical_ms",
        **{f"by_{place}": key for place, key in enumerate(owner_keys.values())},
    )  # fmt: skip
    names = [f"by_{place}" for place in range(len(keys))]
    sides = _sides(spans)
    long = ibis.union(
        *(_times(t, names)),
        *(_counted(t, names, sides)),
        _critical(owners, names, sides),
    )
    compared = _compared(long, names, sides)
    named = compared.rename(dict(zip(keys, names, strict=True)))
    return named.select(*keys, *RETURNS)


def _sides(spans: ir.Table) -> ir.Table:
    """One row a side: requests, whole_ms (all of them together), seconds from the first to the last."""
    t = spans.group_by("is_after").agg(
        requests=spans.root_event_id.nunique(),
        whole_ms=spans.critical_ms.sum().fill_null(0.0),
        first=spans.begun.min(),
        last=spans.begun.max(),
    )
    return t.select(
        "is_after", "requests", "whole_ms",
        seconds=(t.last.delta(t.first, unit="microsecond") / 1e6).nullif(0.0),
    )  # fmt: skip


def _long(
    t: ir.Table, names: Sequence[str], metric: str, said: Estimate, whole: float = 0
) -> ir.Table:
    """Rows of one metric. whole: by how much of it a whole request changes with it; 0: it is no part."""
    return t.select(
        *names,
        is_after="is_after",
        metric=ibis.literal(metric),
        value=said.value,
        low=said.low,
        high=said.high,
        whole=ibis.literal(float(whole)),
    )


def _times(t: ir.Table, names: Sequence[str]) -> list[ir.Table]:
    """Percentiles of durations."""
    t = t.filter(t.duration_ms.notnull())
    group = [*names, "is_after"]
    t = t.mutate(
        place=ibis.row_number().over(
            ibis.window(group_by=group, order_by=[t.duration_ms, t.event_id])
        )
        + 1,
        spans=ibis._.count().over(ibis.window(group_by=group)),
    )
    measures: dict[str, ir.Value] = {"quantiles": t.duration_ms.quantile([*_PERCENTILES.values()])}
    for metric, part in _PERCENTILES.items():
        low, high = ranks(t.spans, part)
        measures[f"{metric}_low"] = t.duration_ms.max(where=t.place <= low)
        measures[f"{metric}_high"] = t.duration_ms.min(where=t.place >= high)
    found = t.group_by(*group).agg(spans=t.count(), **measures)
    is_enough = found.spans >= LEAST
    tables = []
    for place, metric in enumerate(_PERCENTILES):
        value = found.quantiles[place]
        low, high = found[f"{metric}_low"], found[f"{metric}_high"]
        bounds = (
            ibis.ifelse(is_enough, bound, ibis.null("float64"))
            for bound in (ibis.least(low, value), ibis.greatest(high, value))
        )
        tables.append(_long(found, names, metric, Estimate(value, *bounds)))
    return tables


def _counted(t: ir.Table, names: Sequence[str], sides: ir.Table) -> list[ir.Table]:
    """Errors, where they began, and rates."""
    passed_on = t.filter(t.failed).select("is_after", passed_by="parent_event_id").distinct()
    t = t.left_join(
        passed_on,
        [t.event_id == passed_on.passed_by, t.is_after == passed_on.is_after],
        rname="{name}_passed",
    )
    begins_here = t.failed & t.passed_by.isnull()
    found = t.group_by(*names, "is_after").agg(
        spans=t.count(),
        failed=t.failed.cast("int64").sum(),
        origins=t.root_event_id.nunique(where=begins_here).fill_null(0),
    )
    found = found.join(sides, "is_after")
    return [
        _long(found, names, "error_share", share(found.failed, found.spans)),
        _long(found, names, _ORIGINS, share(found.origins, found.requests), whole=1),
        _long(found, names, "rate_per_s", rate(found.spans, found.seconds)),
    ]


def _critical(t: ir.Table, names: Sequence[str], sides: ir.Table) -> ir.Table:
    """Own time on the critical path, a request's mean: requests without the operation count as 0."""
    t = t.filter(t.critical_ms.notnull())
    t = t.group_by(*names, "is_after", "root_event_id").agg(ms=t.critical_ms.sum())
    found = t.group_by(*names, "is_after").agg(total=t.ms.sum(), squares=(t.ms * t.ms).sum())
    found = found.join(sides, "is_after")
    return _long(found, names, "critical_ms", mean(found.total, found.squares, found.requests), 1)


def _compared(long: ir.Table, names: Sequence[str], sides: ir.Table) -> ir.Table:
    """Both sides of each metric beside each other, in order."""
    is_after = long.is_after == 1
    wide = long.group_by(*names, "metric").agg(
        whole=long.whole.max(),
        **{
            f"{name}_{side}": long[name].max(where=is_after if side == "after" else ~is_after)
            for name in ("value", "low", "high")
            for side in ("before", "after")
        },
    )
    there = sides.aggregate(
        there_before=(sides.is_after == 0).any().fill_null(False),
        there_after=(sides.is_after == 1).any().fill_null(False),
        request_ms=(sides.whole_ms / sides.requests).max(),
    )
    wide = wide.cross_join(there)
    is_zero = wide.metric.isin(("critical_ms", "rate_per_s", _ORIGINS))
    before, after = (
        Estimate(*(
            ibis.ifelse(
                is_zero & wide[f"there_{side}"],
                wide[f"{name}_{side}"].fill_null(ibis.ifelse(wide[f"value_{side}"].isnull(), 0.0, None)),
                wide[f"{name}_{side}"],
            )
            for name in ("value", "low", "high")
        ))
        for side in ("before", "after")
    )  # fmt: skip
    moved = change(before, after)
    scale = ibis.ifelse(wide.metric == _ORIGINS, 1.0, wide.request_ms.nullif(0.0))
    t = wide.mutate(
        before=before.value,
        after=after.value,
        change=moved.value,
        change_low=moved.low,
        change_high=moved.high,
        sure=(wide.whole * surely(moved) / scale).fill_null(0.0),
        seen=(wide.whole * moved.value.abs() / scale).fill_null(0.0),
    )
    return _ordered(t, names)


def _ordered(t: ir.Table, names: Sequence[str]) -> ir.Table:
    """The largest change first; of equal ones that of the operation that made most difference, and of
    it the metric that says so."""
    own = ibis.window(group_by=list(names)) if names else ibis.window()
    errors = t.metric == _ORIGINS
    t = t.mutate(
        sure_most=t.sure.max().over(own),
        seen_most=t.seen.max().over(own),
        errors_most=ibis.ifelse(errors, t.sure + t.seen, 0.0).max().over(own),
        time_most=ibis.ifelse(errors, 0.0, t.sure + t.seen).max().over(own),
    )
    leads = ibis.cases(((t.metric == "error_share") & (t.errors_most > t.time_most), 0), else_=1)
    t = t.filter(t.metric != _ORIGINS).mutate(
        leads=leads, place=t.metric.cases(*((name, n) for n, name in enumerate(_ORDER)), else_=9)
    )  # fmt: skip
    return t.order_by(
        t.change.abs().desc(), t.sure_most.desc(), t.seen_most.desc(),
        *(t[name].asc() for name in names), t.leads.asc(), t.place.asc(),
    )  # fmt: skip


def _halves(**later: object) -> list[dict[str, object]]:
    """Ten requests, and ten more that differ."""
    return requests(10) + requests(10, since_ms=10_000, **later)  # type: ignore[arg-type]


def _others(rows: int) -> list[dict[str, object]]:
    """Rows that the case says nothing of."""
    return [{}] * rows


_VERSIONS = [
    row
    for n in range(20)
    for row in requests(
        1, since_ms=n * 1000.0, query_ms=30.0 if n % 2 else 10.0, service_version="1.2",
        statement={"service_version": "1.3" if n % 2 else "1.2"},
    )
]  # fmt: skip
"""The gateway stays at 1.2; of the features service every second request meets 1.3."""

CASES = [
    Case(
        "the statement that became slow stands before the services that wait for it",
        rows=_halves(query_ms=110.0),
        expect=[
            {
                "service": "features", "span_name": "SELECT features", "metric": "critical_ms",
                "before": 10.0, "after": 110.0, "change": 100.0, "change_low": 100.0,
                "change_high": 100.0,
            },
            {"span_name": "SELECT features", "metric": "p50_ms", "before": 10.0, "after": 110.0},
            {"span_name": "SELECT features", "metric": "p95_ms", "change": 100.0},
            {"span_name": "SELECT features", "metric": "p99_ms", "change_low": 100.0},
            *(
                {"service": service, "span_name": name, "metric": metric, "change": 100.0}
                for service, name in (
                    ("features", "POST /features"), ("gateway", "POST /features"),
                    ("gateway", "POST /score"),
                )
                for metric in ("p50_ms", "p95_ms", "p99_ms")
            ),
            {
                "span_name": "SELECT features", "metric": "error_share", "before": 0.0, "after": 0.0,
                "change": 0.0, "change_low": -0.277540169, "change_high": 0.277540169,
            },
            {"span_name": "SELECT features", "metric": "rate_per_s", "before": 10 / 9},
            {"service": "features", "span_name": "POST /features", "metric": "critical_ms",
             "change": 0.0},
            *_others(7),
        ],
    ),
    Case(
        "the largest change stands first, up or down",
        rows=_halves(query_ms=4.0, gap_ms=40.0),
        options={"by": ("span_name",)},
        expect=[
            {"span_name": "POST /features", "metric": "critical_ms", "change": 78.0},
            {"metric": "p95_ms", "change": 72.0},
            {"metric": "p99_ms", "change": 72.0},
            *_others(15),
        ],
    ),
    Case(
        "what waits between client and server is laid to the service that is called",
        rows=_halves(gap_ms=40.0),
        options={"by": ("service",)},
        expect=[
            {"service": "features", "metric": "critical_ms", "before": 22.0, "after": 100.0},
            *_others(8),
            {"service": "gateway", "metric": "critical_ms", "change": 0.0},
            *_others(2),
        ],
    ),
    Case(
        "of failures as frequent, that of the operation in which they begin stands first",
        rows=_halves(query_ms=10.5, is_failed=True),
        options={"by": ("span_name",)},
        expect=[
            {"span_name": "SELECT features", "metric": "error_share", "before": 0.0, "after": 1.0},
            {"span_name": "POST /features", "metric": "error_share", "change": 1.0},
            {"span_name": "POST /score", "metric": "error_share", "change": 1.0},
            {"span_name": "SELECT features", "metric": "critical_ms", "change": 0.5},
            *_others(14),
        ],
    ),
    Case(
        "two versions of an inner service are told apart by its own spans",
        rows=_VERSIONS,
        options={
            "by": ("span_name",), "column": "service_version", "before": "1.2", "after": "1.3",
        },
        expect=[
            {"span_name": "SELECT features", "metric": "critical_ms", "before": 10.0, "after": 30.0},
            *_others(5),
            *_others(12),
        ],
    ),
    Case(
        "without before it is all that is not after",
        rows=_VERSIONS,
        options={"by": ("db_system",), "column": "service_version", "after": "1.3"},
        expect=[
            {"db_system": "postgresql", "metric": "critical_ms", "change": 20.0},
            *_others(5),
            *_others(6),
        ],
    ),
    Case(
        "an operation that was not there before took no time then",
        rows=[
            row
            for n in range(4)
            for row in (
                span(f"t{n}", "a", None, n * 1000, 100, service="api", span_name="GET /"),
                *([span(f"t{n}", "b", "a", n * 1000, 60, service="api", span_name="lock")]
                  if n > 1 else []),
            )
        ],
        options={"by": ("span_name",)},
        expect=[
            {"span_name": "GET /", "metric": "critical_ms", "before": 100.0, "after": 40.0},
            {"span_name": "lock", "metric": "critical_ms", "before": 0.0, "after": 60.0},
            {"span_name": "lock", "metric": "rate_per_s", "before": 0.0, "after": 2.0},
            *_others(5),
            {"span_name": "lock", "metric": "error_share", "before": None, "after": 0.0},
            {"metric": "p50_ms", "before": None, "after": 60.0, "change_low": None},
            *_others(2),
        ],
    ),
    Case("logs have nothing to compare", rows=[{"message": "ready"}], expect=[]),
]  # fmt: skip

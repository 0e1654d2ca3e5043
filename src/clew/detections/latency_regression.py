"""An operation that became slower at a point in time: since when, by how much, with which change.

Reads     spans   own time of each operation; requests with a duration of services without spans
Returns   one row per service and beginning: the operation whose own time grew by most in all;
          span_name of spans, http_route of requests
Units     calls_before, calls_after; p50 and p95 of own time before and while it is slower, *_ms;
          median_change_*: 95 % interval; rank_shift: 0 is no change, 0.5 every later call is
          slower; errors_apart: standard errors between the ranks of both; shift_to_wander: the shift
          over how far parts of one side stray; added_ms: in all calls since; other_operations: of
          the service, slower since the same time
Blind to  operations with fewer than min_calls on either side; requests that failed; what drifts
          slowly or comes and goes, as a day's load does; operations that are slow because another one
          is, which `why` names
Source    rank scan for a changed stretch: Levin and Kline 1985, Pettitt 1979
"""

from __future__ import annotations

from math import pi, sin
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation import ties
from clew.correlation.calls_of_spans import owned, placed
from clew.correlation.clocks import microseconds
from clew.correlation.span_tree import ASKING
from clew.detections._change_point import bucketed, stretches
from clew.detections._contrast import contrast
from clew.detections._intervals import medians
from clew.detections._onset import changes_before
from clew.detections._regression_words import described
from clew.detections._resources import resources_of
from clew.detections._span_cases import moment, requests
from clew.detections._values import option
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"events": ("timestamp", "duration_ms")}
SUBJECT = ("service", "span_name", "http_route")
MEASURES = (
    "calls_before", "calls_after", "p50_before_ms", "p95_before_ms", "p50_after_ms",
    "p95_after_ms", "median_change_ms", "median_change_low_ms", "median_change_high_ms",
    "rank_shift", "errors_apart", "shift_to_wander", "added_ms", "other_operations",
    "min_calls", "min_slowdown", "min_extra_ms", "min_errors_apart", "min_shift_to_wander",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()
SAME_ONSET_US = 120_000_000
SMALL_PART = 0.1
"""What adds less than this part of another's time, from the same moment on, follows from it."""
SAMPLE = 300


def detect(
    events: ir.Table,
    *,
    min_calls: int = 25,
    min_slowdown: float = 1.25,
    min_extra_ms: float = 5.0,
    min_errors_apart: float = 5.5,
    min_shift_to_wander: float = 4.5,
) -> ir.Table:
    t = bucketed(_often(_timed(events), 2 * min_calls))
    found = stretches(t, min_calls=min_calls, min_errors_apart=min_errors_apart)
    t = _sides(t, found).join(found, "series")
    median_ms = t.p50_after_ms - t.p50_before_ms
    by_median = (
        (t.low_after_ms > t.high_before_ms)
        & (t.p50_after_ms >= min_slowdown * t.p50_before_ms)
        & (median_ms >= min_extra_ms)
        & (t.shift_to_wander >= min_shift_to_wander)
    )
    # a seventh of the calls lies where a twentieth did, and well beyond it
    by_tail = (
        (t.p85_after_ms > t.p95_before_ms)
        & (t.p95_after_ms >= 2 * min_slowdown * t.p95_before_ms)
        & (t.p95_after_ms - t.p95_before_ms >= 4 * min_extra_ms)
        & (t.shift_to_wander >= 0.5 * min_shift_to_wander)
    )
    t = t.filter((by_median | by_tail).fill_null(False))
    t = t.mutate(
        median_change_ms=t.p50_after_ms - t.p50_before_ms,
        median_change_low_ms=t.low_after_ms - t.high_before_ms,
        median_change_high_ms=t.high_after_ms - t.low_before_ms,
    )
    return (
        _causes(t)
        .mutate(
            min_calls=ibis.literal(min_calls),
            min_slowdown=option(min_slowdown),
            min_extra_ms=option(min_extra_ms),
            min_errors_apart=option(min_errors_apart),
            min_shift_to_wander=option(min_shift_to_wander),
        )
        .order_by(ibis.desc("added_ms"), "service", "span_name", "http_route", "started")
    )


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The slowest calls since then, then the last ones before it."""
    mine = _of_row(events, row)
    after = mine.filter(mine.moment.between(row["started"], row["ended"]))
    after = after.order_by(ibis.desc("own_ms"), "event_id").limit(15)
    before = mine.filter(mine.moment < row["started"])
    before = before.order_by(ibis.desc("moment"), "event_id").limit(5)
    proof = ibis.union(
        after.select("event_id", rank=ibis.literal(0), place=-after.own_ms),
        before.select("event_id", rank=ibis.literal(1), place=before.own_ms),
    )
    return proof.order_by("rank", "place", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    mine = _of_row(events, row)
    is_after = mine.moment.between(row["started"], row["ended"])
    sides = mine.mutate(failed=is_after).filter(is_after | (mine.moment < row["started"]))
    slowest = sides.order_by(ibis.desc("own_ms"), "event_id")
    kinds = [slowest.filter(slowest.failed == is_slow).limit(SAMPLE) for is_slow in (True, False)]
    labelled = ibis.union(*(t.select("event_id", "failed", request="event_id") for t in kinds))
    return {
        "facts": contrast(events, labelled),
        "changes": changes_before(events, row["service"], row["started"]),
        "resources": resources_of(events, row),
        "waiting": _waiting(events, row),
        "rest": mine.filter(mine.moment > row["ended"]).agg(
            calls=mine.event_id.count(), median_ms=mine.own_ms.quantile(0.5)
        ),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    return described(row, details)


def _timed(events: ir.Table) -> ir.Table:
    """Own times: of spans, and of requests that no span tells of; a series is one operation's."""
    t = ibis.union(_span_times(events), _request_times(events))
    t = t.filter(t.own_ms.notnull() & t.moment.notnull())
    return t.mutate(
        at_us=microseconds(t.moment),
        series=t.service
        + "\n"
        + t.span_name.fill_null("")
        + "\n"
        + t.http_route.fill_null("")
        + ibis.ifelse(t.is_gap, "\ngap", ""),
    )


def _span_times(events: ir.Table) -> ir.Table:
    return owned(placed(events), events).select(
        "event_id",
        service="owner_service",
        span_name="owner_span_name",
        http_route=ibis.null("string"),
        # what passes before the server's span begins is a series of its own
        is_gap="has_server",
        moment="started",
        own_ms="self_ms",
    )


def _request_times(events: ir.Table) -> ir.Table:
    seen = ties.requests(ties.observed(events.filter(events.span_name.isnull())))
    # how long a failure took is told by what finds failures
    seen = seen.filter(seen.is_request & seen.route.notnull() & ~seen.failed)
    return seen.select(
        "event_id",
        "service",
        span_name=ibis.null("string"),
        http_route="route",
        is_gap=ibis.literal(False),
        moment="timestamp",
        own_ms="duration_ms",
    )


def _often(t: ir.Table, least: int) -> ir.Table:
    counts = t.group_by("series").agg(calls=t.count())
    return t.semi_join(counts.filter(counts.calls >= least), "series")


def _sides(t: ir.Table, found: ir.Table) -> ir.Table:
    """Each series' times before its stretch and in it, with the interval of both medians."""
    met = t.join(found.select("series", "first_bucket", "last_bucket"), "series")
    met = met.filter(met.bucket <= met.last_bucket)
    met = met.mutate(
        is_after=met.bucket >= met.first_bucket,
        timed_ms=met.own_ms,
        change_at=met.first_bucket,
        route=met.last_bucket,
    )
    middle = medians(met.drop("service").rename(service="series"))
    middle = middle.rename(
        series="service", p50_before_ms="median_before_ms", p50_after_ms="median_after_ms"
    ).drop("change_at", "route", "timed_before", "timed_after")
    after, ms = met.is_after, met.own_ms
    sums = met.group_by("series").agg(
        service=met.service.max(),
        span_name=met.span_name.max(),
        http_route=met.http_route.max(),
        is_gap=met.is_gap.cast("int64").max() > 0,
        calls_before=met.count(where=~after),
        calls_after=met.count(where=after),
        p95_before_ms=ms.quantile(0.95, where=~after),
        p85_after_ms=ms.quantile(0.85, where=after),
        p95_after_ms=ms.quantile(0.95, where=after),
        mean_before_ms=ms.mean(where=~after),
        mean_after_ms=ms.mean(where=after),
        started=met.moment.min(where=after),
        ended=met.moment.max(where=after),
        started_us=met.at_us.min(where=after),
        bucket_us=(met.at_us.max() - met.at_us.min()) / met.buckets.max(),
        is_over=met.buckets.max() - 1 > met.last_bucket.max(),
    )
    sums = sums.mutate(added_ms=(sums.mean_after_ms - sums.mean_before_ms) * sums.calls_after)
    return _beginning(met, sums.join(middle, "series"))


def _beginning(met: ir.Table, t: ir.Table) -> ir.Table:
    """Within the first bucket, the first call as slow as those after it: a bucket blurs the time."""
    limit_ms = ibis.greatest((t.p50_before_ms + t.p50_after_ms) / 2.0, t.p95_before_ms)
    first = met.filter(met.bucket == met.first_bucket)
    first = first.join(t.select("series", limit_ms=limit_ms), "series")
    first = first.filter(first.own_ms > first.limit_ms)
    first = first.group_by("series").agg(slow_from=first.moment.min(), slow_us=first.at_us.min())
    t = t.left_join(first, "series").drop("series_right")
    return t.mutate(
        started=ibis.coalesce(t.slow_from, t.started),
        started_us=ibis.coalesce(t.slow_us, t.started_us),
    ).drop("slow_from", "slow_us")


def _causes(t: ir.Table) -> ir.Table:
    """Of operations that slow down at one time, those that are no other's shadow.

    Of one service the one that adds most; of several services not what adds next to nothing beside
    another; not a route as a log saw it, where spans tell the operation.
    """
    other = t.select(
        other_series="series",
        other_service="service",
        other_added_ms="added_ms",
        other_is_span=t.span_name.notnull(),
        other_started_us="started_us",
        other_bucket_us="bucket_us",
    )
    met = t.select("series", "service", "span_name", "added_ms", "started_us", "bucket_us")
    met = met.cross_join(other)
    reach = ibis.greatest(met.bucket_us, met.other_bucket_us) * 2.0
    is_near = (met.started_us - met.other_started_us).abs() <= ibis.greatest(reach, SAME_ONSET_US)
    met = met.filter(is_near & (met.series != met.other_series))
    is_own = met.service == met.other_service
    is_more = (met.other_added_ms > met.added_ms) | (
        (met.other_added_ms == met.added_ms) & (met.other_series < met.series)
    )
    is_shadow = (
        (is_own & is_more)
        | (met.added_ms < SMALL_PART * met.other_added_ms)
        | (met.span_name.isnull() & met.other_is_span)
    )
    shadows = met.group_by("series").agg(
        is_shadow=is_shadow.cast("int64").max(),
        other_operations=is_own.cast("int64").sum(),
    )
    t = t.left_join(shadows, "series").drop("series_right")
    t = t.mutate(other_operations=t.other_operations.fill_null(0))
    return t.filter(t.is_shadow.fill_null(0) == 0).drop("is_shadow")


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls of a finding's operation."""
    is_span = row["span_name"] is not None
    t = _span_times(events) if is_span else _request_times(events)
    name = "span_name" if is_span else "http_route"
    t = t.filter(
        (t.service == row["service"]) & (t.is_gap == row["is_gap"]) & (t[name] == row[name])
    )
    return t.filter(t.own_ms.notnull() & t.moment.notnull())


def _waiting(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Operations of the same traces whose whole time grew and whose own did not."""
    t = owned(placed(events), events)
    is_own = (t.owner_service == row["service"]) & (t.owner_span_name == (row["span_name"] or ""))
    asked = t.filter(is_own).select("root_event_id").distinct()
    t = t.filter(~is_own & ~t.span_kind.isin(ASKING).fill_null(False))
    t = t.semi_join(asked, "root_event_id")
    before, after = t.started < row["started"], t.started.between(row["started"], row["ended"])
    t = t.group_by("service", "span_name").agg(
        before_ms=t.duration_ms.quantile(0.5, where=before),
        after_ms=t.duration_ms.quantile(0.5, where=after),
        own_before_ms=t.self_ms.quantile(0.5, where=before),
        own_after_ms=t.self_ms.quantile(0.5, where=after),
    )
    grown = t.after_ms - t.before_ms
    t = t.mutate(grown_ms=grown, own_grown_ms=t.own_after_ms - t.own_before_ms)
    t = t.filter((t.grown_ms >= 5.0) & (t.own_grown_ms < 0.5 * t.grown_ms))
    return t.order_by(ibis.desc("grown_ms"), "service", "span_name").limit(5)


def _answered(n: int, **columns: Any) -> dict[str, Any]:
    """A line of an access log, one every 6 s."""
    return {
        "source_id": "access", "source_format": "nginx_access", "http_method": "GET",
        "timestamp": moment(n * 6000.0), "url_path": "/v1/search", "http_status": 200,
        **columns,
    }  # fmt: skip


def _noise(n: int) -> float:
    """0.7 to 1.3, without order."""
    return 0.7 + 0.6 * (n * 7919 % 101) / 100


CASES = [
    Case(
        "the statement that became slower is named, and not the services that wait for it",
        rows=requests(200, query_ms=lambda n: (10.0 if n < 120 else 60.0) * _noise(n)),
        expect=[
            {
                "service": "features", "span_name": "SELECT features", "http_route": None,
                "calls_before": 120, "calls_after": 80, "is_over": False,
                "started": "2026-11-20T10:12:00.008200Z",
            }
        ],
    ),
    Case(
        "a version that came with it, and an end",
        rows=requests(
            300,
            query_ms=lambda n: (60.0 if 120 <= n < 200 else 10.0) * _noise(n),
            service_version=lambda n: "2.1" if 120 <= n < 200 else "2.0",
        ),
        expect=[{"span_name": "SELECT features", "calls_after": 80, "is_over": True}],
    ),
    Case(
        "time that grew between client and server is the callee's",
        rows=requests(200, gap_ms=lambda n: 1.0 if n < 100 else 30.0),
        expect=[{"service": "features", "span_name": "POST /features", "is_gap": True}],
    ),
    Case(
        "an access log without spans names the route",
        rows=[
            _answered(n, duration_ms=(40.0 if n < 100 else 120.0) * _noise(n)) for n in range(200)
        ],
        expect=[{"http_route": "/v1/search", "span_name": None, "calls_before": 100}],
    ),
    Case("noise is no change", rows=requests(300, query_ms=lambda n: 40.0 * _noise(n)), expect=[]),
    Case(
        "a slow drift over the whole time has no beginning",
        rows=requests(300, query_ms=lambda n: (20.0 + 0.2 * n) * _noise(n)),
        expect=[],
    ),
    Case(
        "what comes and goes with the hours is no change",
        rows=[
            _answered(n, duration_ms=(100.0 + 60.0 * sin(n * 2 * pi / 120)) * _noise(n))
            for n in range(480)
        ],
        expect=[],
    ),
    Case(
        "what became faster is no regression",
        rows=requests(200, query_ms=lambda n: 60.0 if n < 100 else 10.0),
        expect=[],
    ),
    Case(
        "twenty calls are too few",
        rows=requests(40, query_ms=lambda n: 10.0 if n < 20 else 60.0),
        expect=[],
    ),
]  # fmt: skip

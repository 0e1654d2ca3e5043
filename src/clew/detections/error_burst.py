"""An error share that leaves its own baseline for a while: when, how far, and what explains it.

Reads     requests   http_status (5xx is an error); log records where a service logs no requests
Returns   one row per service and burst
Units     errors, requests: from the burst's first error to its last; shares 0 to 1; bucket_s: seconds;
          where it is not given, 300, and less where little time was seen: a 24th of it
Method    the baseline is the error share of the calmest quarter of the buckets; a bucket is hot when
          even the lower Wilson bound (z = 3) of its share is above `factor` times the baseline's
          upper bound; hot buckets near one another are one burst
Blind to  a share that was high from the first line to the last; fewer than min_errors errors
Source    Wilson 1927, score interval
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation import clocks, ties
from clew.detections._intervals import wilson
from clew.detections._values import (
    CARRIERS,
    PLACES,
    as_columns,
    named,
    of_subject,
    option,
    rank_of,
    spread,
)
from clew.detections._words import clock, clock_sentences, many, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS: dict[str, tuple[str, ...]] = {"events": ("timestamp",)}
EXPLAINS = (*PLACES, "user_id", "client_ip", *CARRIERS)
SUBJECT = ("service", *EXPLAINS)
MEASURES = (
    "errors", "requests", "error_share", "baseline_share", "baseline_high", "explained_share",
    "bucket_s", "min_errors", "min_share", "factor", "min_explained",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()
HOT_Z = 3.0
LONGEST_BUCKET_S, MOST_BUCKETS, LEAST_IN_BUCKET = 300, 24, 12
LONGEST_GAP = 3
"""Buckets without a burst that one burst may have in it."""
NEAR = timedelta(seconds=2)


def detect(
    events: ir.Table,
    *,
    bucket_s: int | None = None,
    min_errors: int = 10,
    min_share: float = 0.02,
    factor: float = 2.0,
    min_explained: float = 0.8,
) -> ir.Table:
    seen = ties.observed(events)
    counted = ties.with_own_words(ties.requests(seen), seen)
    bursts = _bursts(counted, bucket_s, factor)
    met = _within(counted, bursts)
    sums = met.group_by("service", "run").agg(
        errors=met.failed.cast("int64").sum(), requests=met.count()
    )
    bursts = bursts.join(sums, ["service", "run"])
    bursts = bursts.filter(
        (bursts.errors >= min_errors) & (bursts.errors > min_share * bursts.requests)
    )
    t = bursts.left_join(_explained(met, min_explained), ["service", "run"])
    return (
        _told_once(t.drop("service_right", "run_right"))
        .select(
            "service",
            "started",
            "ended",
            "errors",
            "requests",
            "baseline_share",
            "baseline_high",
            "explained_share",
            "is_request",
            "bucket_s",
            **as_columns(t, EXPLAINS),
            error_share=t.errors / t.requests,
            min_errors=ibis.literal(min_errors),
            min_share=option(min_share),
            factor=option(factor),
            min_explained=option(min_explained),
        )
        .order_by(ibis.desc("errors"), "service", "started")
    )


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The failed requests of the burst, from its first."""
    seen = ties.observed(events)
    counted = ties.with_own_words(ties.requests(seen), seen)
    failed = counted.filter(
        counted.failed
        & (counted.service == row["service"])
        & counted.timestamp.between(row["started"], row["ended"])
    )
    failed = of_subject(failed, row, EXPLAINS)
    return failed.select("event_id", "timestamp").order_by("timestamp", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    seen = ties.observed(events)
    said = seen.filter(
        seen.timestamp.between(row["started"] - NEAR, row["ended"] + NEAR)
        & (seen.role == "application")
        & seen.severity.isin(("ERROR", "FATAL"))
    )
    words = ibis.coalesce(said.exception_message, said.message).fill_null("")
    words = ibis.coalesce(said.exception_type + ": ", "") + words
    said = said.mutate(words=words, kind=words.re_replace(r"[0-9a-fA-F]*[0-9][0-9a-fA-F]*", "#"))
    said = said.group_by("kind").agg(lines=said.count(), example=said.words.min())
    offsets = clocks.clock_offsets(events, failures_only=True)
    return {
        "clocks": offsets.order_by("source_id"),
        "said": said.filter(said.kind != "").order_by(ibis.desc("lines"), "kind").limit(2),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    what = "requests" if row["is_request"] else "log records"
    cause = named(row, EXPLAINS)
    reasons = [
        f"{row['errors']:,} of {row['requests']:,} {what} failed between {clock(row['started'])} "
        f"and {clock(row['ended'])} ({share(row['error_share'])}).",
        f"Before and after, the share was {share(row['baseline_share'])} and at most "
        f"{share(row['baseline_high'])} with the error that so many {what} allow.",
    ]
    if cause:
        reasons.append(
            f"{share(row['explained_share'])} of these errors have {cause}, and few of the "
            "requests that succeeded meanwhile."
        )
    reasons += [
        f"The application logged meanwhile, {many(said['lines'], 'time')}: {said['example'][:300]}"
        for said in details["said"]
        if said["lines"] * 5 >= row["errors"]
    ]
    return Description(
        title=f"{row['service']} failed {share(row['error_share'])} of its {what} for "
        f"{_length(row)}" + (f", mostly with {cause}" if cause else ""),
        severity="high" if row["error_share"] >= 0.2 else "medium",
        confidence=0.9 if row["errors"] >= 30 else 0.8,
        why=(*reasons, *clock_sentences(details["clocks"])),
        recommendations=(f"Look at what changed at {clock(row['started'])}.",),
    )


def _length(row: dict[str, Any]) -> str:
    minutes = (row["ended"] - row["started"]).total_seconds() / 60
    return f"{minutes:.0f} minutes" if minutes >= 2 else f"{minutes * 60:.0f} seconds"


def _width_s(counted: ir.Table, bucket_s: int | None) -> ir.IntegerValue:
    """Seconds of a bucket: a short log needs short ones, and one of few requests not too many."""
    if bucket_s is not None:
        return ibis.literal(bucket_s)
    whole = ibis.window()
    span_us = counted["at"].max().over(whole) - counted["at"].min().over(whole)
    buckets = (counted.count().over(whole) // LEAST_IN_BUCKET).clip(3, MOST_BUCKETS)
    width_s: ir.IntegerValue = (span_us // (buckets * 1_000_000)).clip(10, LONGEST_BUCKET_S)
    return width_s


def _bursts(counted: ir.Table, bucket_s: int | None, factor: float) -> ir.Table:
    """One row per service and run of hot buckets; three buckets apart are one run."""
    t = counted.mutate(bucket_s=_width_s(counted, bucket_s))
    t = t.mutate(bucket=t["at"] // (t.bucket_s * 1_000_000))
    t = t.group_by("service", "bucket").agg(
        bucket_s=t.bucket_s.max(),
        requests=t.count(),
        errors=t.failed.cast("int64").sum(),
        first_error=t.timestamp.min(where=t.failed),
        last_error=t.timestamp.max(where=t.failed),
        is_request=t.is_request.cast("int64").max() > 0,
        is_proxy=(t.role == "proxy").cast("int64").min() > 0,
    )
    t = t.mutate(share=t.errors / t.requests)
    whole = ibis.window(group_by=t.service)
    t = t.mutate(
        place=ibis.row_number().over(
            ibis.window(group_by=t.service, order_by=[t["share"], t.bucket])
        ),
        buckets=t.bucket.count().over(whole),
    )
    # a fault may hold for most of the log: half of the buckets would be part of it
    is_calm = t.place * 4 < t.buckets
    t = t.mutate(
        calm_errors=ibis.ifelse(is_calm, t.errors, 0).sum().over(whole),
        calm_requests=ibis.ifelse(is_calm, t.requests, 0).sum().over(whole),
    )
    low, _ = wilson(t.errors, t.requests, z=HOT_Z)
    _, high = wilson(t.calm_errors, t.calm_requests, z=HOT_Z)
    t = t.mutate(low=low, baseline_high=high, baseline_share=t.calm_errors / t.calm_requests)
    hot = t.filter((t.buckets > 1) & (t.low > factor * t.baseline_high))
    order = ibis.window(group_by=hot.service, order_by=hot.bucket)
    hot = hot.mutate(gap=(hot.bucket - hot.bucket.lag().over(order)).fill_null(0))
    so_far = ibis.window(group_by=hot.service, order_by=hot.bucket, preceding=None, following=0)
    hot = hot.mutate(run=ibis.ifelse(hot.gap > LONGEST_GAP, 1, 0).sum().over(so_far))
    return hot.group_by("service", "run").agg(
        started=hot.first_error.min(),
        ended=hot.last_error.max(),
        baseline_share=hot.baseline_share.max(),
        baseline_high=hot.baseline_high.max(),
        is_request=hot.is_request.cast("int64").max() > 0,
        is_proxy=hot.is_proxy.cast("int64").min() > 0,
        bucket_s=hot.bucket_s.max(),
    )


def _within(counted: ir.Table, bursts: ir.Table) -> ir.Table:
    """The requests of each burst, from its first error to its last."""
    met = counted.join(bursts.select("service", "run", "started", "ended"), "service")
    return met.filter((met.timestamp >= met.started) & (met.timestamp <= met.ended))


def _told_once(t: ir.Table) -> ir.Table:
    """Without bursts that a proxy before several services saw while the one at fault told of them."""
    own = t.filter(~t.is_proxy)
    own = own.select(
        own_started="started", own_ended="ended", own_errors="errors", own_value="value"
    )
    met = t.filter(t.is_proxy).cross_join(own)
    is_same = (met.started <= met.own_ended) & (met.ended >= met.own_started)
    is_same = is_same & (
        (met.value == met.own_value).fill_null(False) | (met.own_errors * 2 >= met.errors)
    )
    return t.anti_join(met.filter(is_same), ["service", "run"])


def _explained(met: ir.Table, min_explained: float) -> ir.Table:
    """The value that most errors of a burst share, and few of its successes; one a burst."""
    own = ibis.window(group_by=[met.service, met.run])
    met = met.mutate(
        all_requests=met.count().over(own), all_errors=met.failed.cast("int64").sum().over(own)
    )
    facts = spread(met, EXPLAINS, "service", "run", "failed", "all_errors", "all_requests")
    t = facts.group_by("service", "run", "name", "value").agg(
        errors=facts.failed.cast("int64").sum(),
        good=(~facts.failed).cast("int64").sum(),
        all_errors=facts.all_errors.max(),
        all_requests=facts.all_requests.max(),
    )
    good_share = (t.good / (t.all_requests - t.all_errors).nullif(0)).fill_null(0.0)
    t = t.mutate(explained_share=t.errors / t.all_errors, good_share=good_share)
    # what most successes share too explains nothing; neither does what nothing else is beside
    has_others = t.all_requests > t.errors + t.good
    t = t.filter((t.explained_share >= min_explained) & (t.good_share <= 0.5) & has_others)
    best = ibis.window(
        group_by=[t.service, t.run],
        order_by=[
            (t.explained_share - t.good_share).round(2).desc(),
            rank_of(t.name, EXPLAINS),
            t.value,
        ],
    )
    t = t.mutate(place=ibis.row_number().over(best))
    return t.filter(t.place == 0).select("service", "run", "name", "value", "explained_share")


def _minutes(errors: dict[int, int], *, of: int = 20, every_min: int = 1) -> list[dict[str, Any]]:
    """Two hours of requests, `of` a minute; `errors` says how many fail in which minute."""
    return [
        {
            "timestamp": f"2026-11-20T{10 + minute // 60:02}:{minute % 60:02}:{n * 60 // of:02}Z",
            "service": "scoring",
            "url_path": "/v1/score" if n < errors.get(minute, 0) else f"/v1/{n % 3}x",
            "http_status": 500 if n < errors.get(minute, 0) else 200,
        }
        for minute in range(0, 120, every_min)
        for n in range(of)
    ]


CASES = [
    Case(
        "a fault that holds for two thirds of the log is one burst, though few fail in each bucket",
        rows=_minutes(dict.fromkeys(range(40, 120), 3), of=40),
        expect=[
            {
                "errors": 240, "baseline_share": 0.0, "started": "2026-11-20T10:40:00Z",
                "ended": "2026-11-20T11:59:03Z",
            }
        ],
    ),
    Case(
        "an outage of a minute has the share of that minute, not of its bucket",
        rows=_minutes({60: 20}),
        expect=[{"errors": 20, "requests": 20, "error_share": 1.0}],
    ),
    Case(
        "what explains a burst explains all of its errors at most, those of a calm pause too",
        rows=_minutes({**dict.fromkeys(range(30, 35), 10), 35: 1, **dict.fromkeys(range(40, 45), 10)}),
        expect=[{"errors": 101, "url_path": "/v1/score", "explained_share": 1.0}],
    ),
    Case(
        "a hundred errors in nine minutes of an access log are a burst",
        rows=[
            {
                "timestamp": f"2026-11-20T10:{n * 9 // 300:02}:{n * 9 // 5 % 60:02}Z", "client_ip": "203.0.113.7",
                "source_format": "nginx_access", "url_path": "/", "http_status": 500 if 150 <= n < 250 else 200,
            }
            for n in range(300)
        ],
        expect=[{"errors": 97, "bucket_s": 22, "http_route": None, "url_path": None}],
    ),
    Case(
        "twelve minutes of errors on one path are one burst, and the path explains it",
        rows=_minutes(dict.fromkeys(range(60, 72), 8)),
        expect=[
            {
                "service": "scoring", "url_path": "/v1/score", "errors": 96,
                "baseline_share": 0.0, "started": "2026-11-20T11:00:00Z",
                "ended": "2026-11-20T11:11:21Z",
            }
        ],
    ),
    Case(
        "a constant error share is a baseline, not a burst",
        rows=_minutes(dict.fromkeys(range(120), 2)),
        expect=[],
    ),
    Case(
        "errors that waver around a constant share are no burst",
        rows=_minutes({minute: minute * 7 % 5 for minute in range(120)}),
        expect=[],
    ),
    Case(
        "three errors at night are no burst",
        rows=_minutes({64: 1, 65: 1, 66: 1}, of=1),
        expect=[],
    ),
    Case(
        "a proxy before two services does not tell again of the burst of one",
        rows=[
            {**row, **side}
            for n, row in enumerate(_minutes(dict.fromkeys(range(60, 72), 8)))
            for side in (
                {"source_id": "access", "source_format": "nginx_access", "service": None,
                 "request_id": f"r{n}"},
                {"source_id": "scoring", "source_format": "jsonl", "request_id": f"r{n}"},
                {"source_id": "users", "source_format": "jsonl", "service": "users",
                 "http_status": 200, "url_path": "/users", "request_id": f"u{n}"},
            )
        ],
        expect=[{"service": "scoring", "url_path": "/v1/score", "errors": 96}],
    ),
    Case("no error, no burst", rows=_minutes({}), expect=[]),
    Case(
        "a service that logs no requests is judged by its records",
        rows=[
            {
                "timestamp": row["timestamp"], "service": "worker", "message": "work",
                "severity": "ERROR" if row["http_status"] == 500 else "INFO",
            }
            for row in _minutes(dict.fromkeys(range(30, 36), 10))
        ],
        expect=[{"service": "worker", "errors": 60, "url_path": None}],
    ),
]  # fmt: skip

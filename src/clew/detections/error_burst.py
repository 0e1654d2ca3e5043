"""An error share that leaves its own baseline for a while: when, how far, and what explains it.

Reads     requests   http_status (5xx is an error); log records where a service logs no requests
Returns   one row per service and burst
Units     errors, requests: from the burst's first error to its last; shares 0 to 1; bucket_s: seconds;
          where it is not given, 300, and less where little time was seen: a 24th of it
Method    the baseline is the error share of the calmest quarter of the log and of what may be as calm; a
          bucket is hot when even the lower Wilson bound (z = 3) of its share is above `factor` times the baseline's
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
from clew.detections._burst_cases import BURST_CASES
from clew.detections._contrast import contrast, distinctions, with_other_lines
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
from clew.model.finding import Description

NEEDS: dict[str, tuple[str, ...]] = {"events": ("timestamp",)}
EXPLAINS = (*PLACES, "user_id", "client_ip", "tenant", "team", *CARRIERS)
SUBJECT = ("service", *EXPLAINS)
MEASURES = (
    "errors", "requests", "error_share", "baseline_share", "baseline_high", "explained_share",
    "bucket_s", "min_errors", "min_share", "factor", "min_explained",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()
HOT_Z = 3.0
LONGEST_BUCKET_S, MOST_BUCKETS, LEAST_IN_BUCKET = 300, 24, 12
MORE_ASKED = 2.0
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
    """The failed requests of the burst, from its first, and beside them what the application logged."""
    seen = ties.observed(events)
    counted = ties.with_own_words(ties.requests(seen), seen)
    failed = counted.filter(
        counted.failed
        & (counted.service == row["service"])
        & counted.timestamp.between(row["started"], row["ended"])
    )
    failed = of_subject(failed, row, EXPLAINS)
    failed = failed.select("event_id", "timestamp").order_by("timestamp", "event_id").limit(20)
    said = _said(seen, row)
    said = said.filter(said.service == row["service"])
    said = said.anti_join(counted.filter(counted.failed), "event_id")
    said = said.select("event_id", "timestamp").order_by("timestamp", "event_id").limit(8)
    both = ibis.union(
        said.mutate(
            place=ibis.row_number().over(ibis.window(order_by=["timestamp", "event_id"])) * 2
        ),
        failed.mutate(
            place=ibis.row_number().over(ibis.window(order_by=["timestamp", "event_id"]))
        ),
    )
    return both.order_by("place", "timestamp", "event_id").limit(20)


def _said(seen: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Lines in which applications tell of failures about that time."""
    return seen.filter(
        seen.timestamp.between(row["started"] - NEAR, row["ended"] + NEAR)
        & (seen.role == "application")
        & (ties.says_failed(seen) | (seen.http_status >= 500).fill_null(False))
    )


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    seen = ties.observed(events)
    said = _said(seen, row)
    words = ibis.coalesce(said.exception_message, said.message).fill_null("")
    words = ibis.coalesce(said.exception_type + ": ", "") + words
    said = said.mutate(words=words, kind=words.re_replace(r"[0-9a-fA-F]*[0-9][0-9a-fA-F]*", "#"))
    said = said.group_by("kind").agg(lines=said.count(), example=said.words.min())
    counted = ties.requests(seen)
    counted = counted.filter(counted.service == row["service"])
    met = counted.filter(counted.timestamp.between(row["started"], row["ended"]))
    offsets = clocks.clock_offsets(events, failures_only=True)
    return {
        "clocks": offsets.order_by("source_id"),
        "said": said.filter(said.kind != "").order_by(ibis.desc("lines"), "kind").limit(2),
        "facts": contrast(events, with_other_lines(met, seen)),
        "whole": counted.agg(
            requests=counted.count(), first=counted.timestamp.min(), last=counted.timestamp.max()
        ),
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
    told = [fact for fact in details["facts"] if row.get(fact["name"]) is None]
    reasons += distinctions(told, most=3) + _rate_sentences(row, details["whole"])
    return Description(
        title=f"{row['service']} failed {share(row['error_share'])} of its {what} for "
        f"{_length(row)}" + (f", mostly with {cause}" if cause else ""),
        severity="high" if row["error_share"] >= 0.2 else "medium",
        confidence=0.9 if row["errors"] >= 30 else 0.8,
        why=(*reasons, *clock_sentences(details["clocks"])),
        recommendations=(f"Look at what changed at {clock(row['started'])}.",),
    )


def _rate_sentences(row: dict[str, Any], whole: list[dict[str, Any]]) -> list[str]:
    """By how much more was asked meanwhile than in the rest of the log, where that is twice or more."""
    burst_min = max((row["ended"] - row["started"]).total_seconds() / 60, 1 / 60)
    rest_min = (whole[0]["last"] - whole[0]["first"]).total_seconds() / 60 - burst_min
    rest = whole[0]["requests"] - row["requests"]
    rate = row["requests"] / burst_min
    if rest_min <= 0 or rest < LEAST_IN_BUCKET or rate < MORE_ASKED * rest / rest_min:
        return []
    times = rate * rest_min / rest
    return [
        f"Meanwhile {rate:,.0f} {'requests' if row['is_request'] else 'log records'} a minute came, "
        f"{times:,.1f} times the {rest / rest_min:,.1f} a minute of the rest of the log."
    ]


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
    t = _with_baseline(t)
    low, _ = wilson(t.errors, t.requests, z=HOT_Z)
    t = t.mutate(low=low)
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


def _with_baseline(t: ir.Table) -> ir.Table:
    """Buckets with baseline_share, baseline_high and how many buckets their service has.

    The log is cut in eighths of equally many requests. A fault may hold for most of it, so the calmest quarter
    is the measure; the calmest of many small parts are calm by chance, so all that may be as calm count too.
    """
    whole = ibis.window(group_by=t.service)
    so_far = ibis.window(group_by=t.service, order_by=t.bucket, preceding=None, following=0)
    t = t.mutate(
        buckets=t.bucket.count().over(whole),
        part=(t.requests.sum().over(so_far) - t.requests) * 8 // t.requests.sum().over(whole),
    )
    parts = t.group_by("service", "part").agg(errors=t.errors.sum(), requests=t.requests.sum())
    whole = ibis.window(group_by=parts.service)
    order = [parts.errors / parts.requests, parts.part]
    parts = parts.mutate(
        place=ibis.row_number().over(ibis.window(group_by=parts.service, order_by=order)),
        parts=parts.count().over(whole),
    )
    is_calmest = parts.place * 4 < parts.parts
    _, high = wilson(*_sums(parts, is_calmest), z=HOT_Z)
    low, _ = wilson(parts.errors, parts.requests, z=HOT_Z)
    parts = parts.mutate(high=high, low=low)
    errors, requests = _sums(parts, parts.low <= parts.high)
    _, high = wilson(errors, requests, z=HOT_Z)
    parts = parts.mutate(baseline_high=high, baseline_share=errors / requests)
    found = parts.group_by("service").agg(
        baseline_high=parts.baseline_high.max(), baseline_share=parts.baseline_share.max()
    )
    return t.join(found, "service")


def _sums(parts: ir.Table, chosen: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Errors and requests of the chosen parts of each service."""
    whole = ibis.window(group_by=parts.service)
    return (
        ibis.ifelse(chosen, parts.errors, 0).sum().over(whole),
        ibis.ifelse(chosen, parts.requests, 0).sum().over(whole),
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


CASES = BURST_CASES

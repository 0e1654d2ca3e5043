"""Errors or latency that begin with a change: a deployment, a version, a restart, a model, a setting.

Reads     changes, logs, requests   change_type, change_version, service_version, model_version,
          start-up lines; http_status, duration_ms, url_path
Returns   one row per service and change that made something worse
Units     requests and errors before and after; shares 0 to 1; error_share_change with its 95 %
          interval (change_low, change_high); medians in milliseconds with the interval of their
          change; window_min, onset_min: minutes
Method    requests of window_min before the change against those after it, up to the next change;
          where rows carry the version, old against new, so a rolling deployment is told apart.
          Errors and slowness must begin with the change: low in the onset_min before it, high in the
          onset_min after; or the old version goes on beside the new one and does not fail.
          All paths together, then each path; the clearest is reported
Blind to  a change that no line shows; two changes within ten minutes count as one
Source    Newcombe 1998, method 10; median interval by order statistics (Hahn and Meeker 1991, 5.2)
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation import clocks, ties
from clew.correlation.exceptions import exceptions
from clew.detections._changes import RESTART, changes, named_change, said_by
from clew.detections._contrast import contrast, distinctions, with_other_lines
from clew.detections._deployment_cases import DEPLOYMENT_CASES
from clew.detections._intervals import medians, newcombe
from clew.detections._values import option
from clew.detections._words import clock, clock_sentences, is_much_slower, share
from clew.model.finding import Description, Severity

NEEDS: dict[str, tuple[str, ...]] = {"events": ("timestamp",)}
SUBJECT = ("service", "service_version", "model_version")
MEASURES = (
    "requests_before", "errors_before", "error_share_before",
    "requests_after", "errors_after", "error_share_after",
    "error_share_change", "change_low", "change_high",
    "median_before_ms", "median_after_ms", "median_change_ms",
    "median_change_low_ms", "median_change_high_ms",
    "window_min", "onset_min", "min_increase", "min_slowdown", "min_requests",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()
ALL_PATHS = ""
LEAST_AT_ONSET = 0.15
"""Of a slowdown what its first minutes must show, for one that grows to be told from one that came later."""


def detect(
    events: ir.Table,
    *,
    window_min: int = 60,
    onset_min: int = 15,
    min_increase: float = 0.01,
    min_slowdown: float = 1.25,
    min_requests: int = 20,
) -> ir.Table:
    seen = ties.observed(events)
    met = _around(seen, window_min, onset_min)
    t = _errors(met).join(medians(_timed(met)), ["service", "change_at", "route"])
    t = t.filter((t.requests_before >= min_requests) & (t.requests_after >= min_requests))
    more_errors = (t.change_low > min_increase) & _begins(t, min_requests)
    slowdown_ms = t.median_after_ms - t.median_before_ms
    slower = (
        (t.low_after_ms > min_slowdown * t.high_before_ms)
        & (slowdown_ms >= 10)
        & (t.near_after_ms - t.median_before_ms >= LEAST_AT_ONSET * slowdown_ms).fill_null(True)
    )
    t = t.mutate(
        more_errors=more_errors.fill_null(False),
        slower=slower.fill_null(False)
        & (t.timed_before >= min_requests)
        & (t.timed_after >= min_requests),
    )
    t = _clearest(t.filter(t.more_errors | t.slower))
    return t.select(
        "service",
        "service_version",
        "model_version",
        "change_at",
        "change_id",
        "route",
        "by_version",
        "more_errors",
        "slower",
        "requests_before",
        "errors_before",
        "error_share_before",
        "requests_after",
        "errors_after",
        "error_share_after",
        "change_low",
        "change_high",
        "median_before_ms",
        "median_after_ms",
        started="change_at",
        ended="ended",
        error_share_change=t.error_share_after - t.error_share_before,
        median_change_ms=t.median_after_ms - t.median_before_ms,
        median_change_low_ms=t.low_after_ms - t.high_before_ms,
        median_change_high_ms=t.high_after_ms - t.low_before_ms,
        window_min=ibis.literal(window_min),
        onset_min=ibis.literal(onset_min),
        min_increase=option(min_increase),
        min_slowdown=option(min_slowdown),
        min_requests=ibis.literal(min_requests),
    ).order_by("started", "service", "route")


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The line of the change, then the failed (or slowest) requests after it, from the first."""
    counted = ties.requests(ties.observed(events))
    after = counted.filter(
        (counted.service == row["service"])
        & counted.timestamp.between(row["started"], row["ended"])
    )
    if row["route"] != ALL_PATHS:
        after = after.filter(after.route == row["route"])
    after = after.filter(after.failed if row["more_errors"] else after.duration_ms.notnull())
    first = after["at"] if row["more_errors"] else -after.duration_ms
    after = after.filter(after.event_id != row["change_id"])
    after = after.select("event_id", place=first.cast("float64"))
    after = after.order_by("place", "event_id").limit(19)
    change = events.filter(events.event_id == row["change_id"])
    change = change.select("event_id", place=ibis.literal(-1e300))
    return ibis.union(change, after).order_by("place", "event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    seen = ties.observed(events)
    raised = exceptions(seen)
    began = raised.filter(
        (raised.service == row["service"])
        & raised.timestamp.between(row["started"] - timedelta(seconds=1), row["ended"])
    )
    if row["route"] != ALL_PATHS:
        began = began.filter(began.route == row["route"])
    kinds = began.group_by("exception_type").agg(
        requests=began.request.nunique(), message=began.exception_message.max()
    )
    change = events.filter(events.event_id == row["change_id"])
    after = ties.requests(seen)
    after = after.filter(
        (after.service == row["service"]) & after.timestamp.between(row["started"], row["ended"])
    )
    if row["route"] != ALL_PATHS:
        after = after.filter(after.route == row["route"])
    return {
        "facts": contrast(events, with_other_lines(after, seen)),
        "change": change.select("message", "http_status", raised="exception_type"),
        "exceptions": kinds.order_by(ibis.desc("requests"), "exception_type").limit(3),
        "clocks": clocks.clock_offsets(events, failures_only=True).order_by("source_id"),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    version = row["service_version"] or row["model_version"]
    line = details["change"][0] if details["change"] else {}
    what = named_change(row, line.get("message"))
    where = f"{row['route']} of {row['service']}" if row["route"] else str(row["service"])
    sides = "old and new version" if row["by_version"] else "before and after"
    said = said_by(line) if line else ""
    reasons = [f"The change is {what}, first seen at {clock(row['started'])}{said or '.'}"]
    if row["more_errors"]:
        title = (
            f"Errors on {where} rose from {share(row['error_share_before'])} to "
            f"{share(row['error_share_after'])} with {what} at {clock(row['started'])}"
        )
        reasons.append(
            f"Errors, {sides}: {row['errors_before']:,} of {row['requests_before']:,} and "
            f"{row['errors_after']:,} of {row['requests_after']:,}; the share rose by "
            f"{share(row['error_share_change'])} (95 % interval {share(row['change_low'])} to "
            f"{share(row['change_high'])})."
        )
    else:
        title = (
            f"{where} slowed from {row['median_before_ms']:.0f} to {row['median_after_ms']:.0f} ms "
            f"(median) with {what} at {clock(row['started'])}"
        )
    if row["slower"]:
        reasons.append(
            f"Median time, {sides}: {row['median_before_ms']:.1f} and "
            f"{row['median_after_ms']:.1f} ms; slower by {row['median_change_ms']:.1f} ms "
            f"(95 % interval {row['median_change_low_ms']:.1f} to "
            f"{row['median_change_high_ms']:.1f})."
        )
    reasons += [
        f"{kind['requests']:,} requests after it raised {kind['exception_type']}: {kind['message']}"
        for kind in details["exceptions"]
    ]
    told = [fact for fact in details["facts"] if not row.get(fact["name"])]
    reasons += distinctions(told, most=3) if row["more_errors"] else []
    return Description(
        title=title,
        severity=_severity(row),
        confidence=_confidence(row, what),
        why=(*reasons, *clock_sentences(details["clocks"])),
        recommendations=(
            f"Roll back {what}, or compare what it changed."
            if version
            else f"Find out what {what} brought: code, model, configuration or environment.",
        ),
    )


def _severity(row: dict[str, Any]) -> Severity:
    """By the errors that came with the change, or by the time."""
    is_slow = row["slower"] and is_much_slower(row["median_change_ms"], row["median_before_ms"])
    return "high" if is_slow or (row["error_share_change"] or 0) >= 0.05 else "medium"


def _confidence(row: dict[str, Any], what: str) -> float:
    """Rows that carry the version are surest; after a restart alone it may be that what failed caused it."""
    if row["service_version"] or row["model_version"]:
        return 0.95 if row["by_version"] else 0.85
    return 0.75 if what == RESTART else 0.8


def _around(seen: ir.Table, window_min: int, onset_min: int) -> ir.Table:
    """Requests near each change of their service, once for all paths and once for their own."""
    counted = ties.requests(seen)
    asked = counted.select(
        "event_id",
        "service",
        "failed",
        "duration_ms",
        asked_at=counted["at"],
        own_service_version="service_version",
        own_model_version="model_version",
        route=ibis.array([ibis.literal(ALL_PATHS), counted.route]).unnest(),
    )
    asked = asked.filter(asked.route.notnull())
    t = asked.join(changes(seen), "service")
    window_us, onset_us = window_min * 60_000_000, onset_min * 60_000_000
    t = t.filter((t.asked_at - t.change_us).abs() <= window_us)
    # rows that carry a version say on which side they are
    own = ibis.ifelse(t.service_version.notnull(), t.own_service_version, t.own_model_version)
    version = ibis.coalesce(t.service_version, t.model_version)
    is_told = (own.notnull() & version.notnull() & t.rows_tell).fill_null(False)
    is_after = ibis.ifelse(is_told, own == version, t.asked_at >= t.change_us)
    since_us = t.asked_at - t.change_us
    side = ibis.window(group_by=[t.service, t.change_us, t.route])
    t = t.mutate(
        is_told=is_told,
        is_after=is_after,
        first_failed=t.asked_at.min(where=is_after & t.failed).over(side),
        near_before=~is_after & (since_us >= -onset_us),
        near_after=is_after & (since_us < onset_us),
    )
    return t.filter(t.is_told | (t.asked_at < t.next_us.fill_null(2**62)))


def _errors(met: ir.Table) -> ir.Table:
    """Requests and errors on both sides of each change, with the interval of the difference."""
    after, before, failed = met.is_after, ~met.is_after, met.failed
    t = met.group_by("service", "change_at", "route").agg(
        service_version=met.service_version.max(),
        model_version=met.model_version.max(),
        change_id=met.change_id.max(),
        by_version=met.is_told.cast("int64").max() > 0,
        ended=met.change_at.max()
        + ((met.asked_at.max() - met.change_us.max()) // 1_000_000 + 1).as_interval("s"),
        requests_before=met.count(where=before),
        errors_before=met.count(where=before & failed),
        requests_after=met.count(where=after),
        errors_after=met.count(where=after & failed),
        near_requests_before=met.count(where=met.near_before),
        near_errors_before=met.count(where=met.near_before & failed),
        near_requests_after=met.count(where=met.near_after),
        near_errors_after=met.count(where=met.near_after & failed),
        near_after_ms=met.duration_ms.quantile(0.5, where=met.near_after & ~failed),
        beside=met.count(where=before & (met.asked_at >= met.first_failed)),
        beside_errors=met.count(where=before & failed & (met.asked_at >= met.first_failed)),
    )
    low, high = newcombe(t.errors_before, t.requests_before, t.errors_after, t.requests_after)
    return t.mutate(
        change_low=low,
        change_high=high,
        error_share_before=t.errors_before / t.requests_before.nullif(0),
        error_share_after=t.errors_after / t.requests_after.nullif(0),
    )


def _begins(t: ir.Table, min_requests: int) -> ir.BooleanValue:
    """Low right before, high right after: the errors come with the change, not some time later.

    Or the old version went on when the new one began to fail, and did not.
    """
    before = (t.near_errors_before / t.near_requests_before.nullif(0)).fill_null(0.0)
    after = (t.near_errors_after / t.near_requests_after.nullif(0)).fill_null(t.error_share_after)
    risen: ir.BooleanValue = (before <= 0.5 * t.error_share_after) & (
        after >= 0.5 * t.error_share_after
    )
    beside = t.beside_errors / t.beside.nullif(0)
    is_apart = t.by_version & (t.beside >= min_requests) & (beside <= 0.5 * t.error_share_after)
    return risen | is_apart.fill_null(False)


def _timed(met: ir.Table) -> ir.Table:
    """Requests that succeeded, with a duration, near the change or told apart by version."""
    return met.mutate(
        timed_ms=ibis.ifelse(
            ~met.failed & (met.is_told | met.near_before | met.near_after), met.duration_ms, None
        )
    )


def _clearest(t: ir.Table) -> ir.Table:
    """Of all paths together and each alone, the one whose change is clearest; one per change."""
    clear = ibis.ifelse(t.more_errors, 1.0 + t.change_low, 0.0) + ibis.ifelse(
        t.route == ALL_PATHS, 0.05, 0.0
    )
    best = ibis.window(
        group_by=[t.service, t.change_at],
        order_by=[clear.desc(), (t.low_after_ms / t.high_before_ms).desc(), t.route],
    )
    t = t.mutate(place=ibis.row_number().over(best))
    return t.filter(t.place == 0).drop("place")


CASES = DEPLOYMENT_CASES

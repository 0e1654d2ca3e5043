"""A caller that repeats refused or failed requests without back-off: a retry storm.

Reads     calls      http_status 429 or 5xx, error_class, callers, retry_after_s, prompts as identity
          requests   HTTP requests with 429 or 5xx, where no call failed so
Returns   one row per caller
Units     failures: refused or failed attempts; retries: attempts that follow one of the same request
          within max_gap_s; median_interval_s: seconds from a failure to its retry; backoff_growth:
          an interval by the one before it, median (2 is exponential back-off, 1 a constant one);
          amplification: attempts a request that failed at least once; load_share: retries of all
          attempts between first and last; ignored: retries before Retry-After was over
Method    attempts of one caller and model with the same prompt, request id or input tokens are one
          request; where the log tells none of them, runs of failures of the caller are, and they
          count only if the caller comes back faster than it does after a success
Blind to  back-off that lasts longer than max_gap_s; requests of one caller that nothing tells apart
Source    RFC 9110 section 10.2.3; https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._attempts import CALLERS, attempts, who, with_more
from clew.detections._limit_cases import STORM_CASES
from clew.detections._values import option
from clew.detections._words import clock, share
from clew.model.finding import Description

NEEDS: dict[str, tuple[str, ...]] = {"events": ("timestamp",)}
NEEDS_ROWS = {
    "http_status, error_class or error_type of calls or requests": lambda e: (
        e.http_status.notnull() | e.error_class.notnull() | e.error_type.notnull()
    )
}
SUBJECT = (*CALLERS, "service", "provider", "model")
MOST_CALLERS = 4
MEASURES = (
    "callers", "failures", "retries", "attempts", "failed_requests", "amplification", "load_share",
    "median_interval_s", "shortest_interval_s", "p90_interval_s", "backoff_growth",
    "retries_after_retry_after", "ignored", "ignored_share", "median_after_success_s",
    "min_retries", "min_amplification", "no_backoff_s", "max_gap_s",
)  # fmt: skip
REFERENCES = ("owasp.llm10-2025",)
SECOND_US = 1_000_000.0


def detect(
    events: ir.Table,
    *,
    min_retries: int = 20,
    min_amplification: float = 3.0,
    no_backoff_s: float = 5.0,
    max_gap_s: float = 300.0,
) -> ir.Table:
    tried = _tried(events)
    found = _storms(_chained(_near_failures(tried, min_retries, max_gap_s), max_gap_s))
    found = found.filter((found.retries >= min_retries) & (found.median_interval_s >= 0))
    # many requests at once that each back off come unevenly, and as fast after a success
    is_even = (found.p75_interval_s - found.p25_interval_s) <= found.median_interval_s
    is_faster = (found.median_interval_s <= 0.5 * found.median_after_success_s).fill_null(False)
    is_faster = is_faster | (found.successes < 5)
    is_surely = found.is_told | (is_even & is_faster)
    is_flat = (found.median_interval_s <= option(no_backoff_s)) & (
        (found.backoff_growth < 1.3).fill_null(True)
    )
    found = found.filter(
        is_surely
        & (
            (is_flat & (found.amplification >= option(min_amplification)))
            | ((found.ignored >= min_retries) & (found.ignored_share >= 0.5))
        )
    )
    load = _load(tried, found)
    t = with_more(found, load, ("caller", "scope"))
    t = t.mutate(load_share=t.retries / t.all_attempts)
    t = _shared(t)
    return t.select(
        *SUBJECT, *(name for name in MEASURES if name in t.columns), "started", "ended", "caller",
        "scope", "is_told", "limited", "is_many",
        min_retries=ibis.literal(min_retries),
        min_amplification=option(min_amplification),
        no_backoff_s=option(no_backoff_s),
        max_gap_s=option(max_gap_s),
    ).order_by(ibis.desc("retries"), "caller", "scope")  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The attempts of the request that was repeated most, in order."""
    tried = _near_failures(_tried(events), row["min_retries"], row["max_gap_s"])
    t = _chained(tried, row["max_gap_s"])
    t = t.filter((t.caller == row["caller"]) & (t.scope == row["scope"]) & t.is_chained)
    size = ibis.window(group_by=[t.signature, t.chain])
    t = t.mutate(size=t.event_id.count().over(size))
    t = t.order_by(ibis.desc("size"), "signature", "chain", "timestamp", "event_id")
    return t.select("event_id", "timestamp").limit(20)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    name = who(row) or f"service {row['service'] or row['caller'] or 'unknown'}"
    name = name[0].upper() + name[1:]
    if row["is_many"]:
        what = " ".join(filter(None, (row["provider"], row["model"], row["service"])))
        name = f"The client of {row['callers']:,} callers of {what}"
    growth = row["backoff_growth"]
    ignores = row["ignored_share"] >= 0.5 and row["ignored"] > 0
    policy = "ignores Retry-After" if ignores else "has no back-off"
    if not ignores and growth is not None and growth >= 0.8:
        policy = "retries at a constant interval, without back-off"
    reasons = [
        f"Between {clock(row['started'])} and {clock(row['ended'])}, {row['retries']:,} retries "
        f"followed {row['failures']:,} refused or failed attempts ({row['limited']:,} of them 429).",
        f"Intervals from a failure to its retry: shortest {row['shortest_interval_s']:.2f} s, median "
        f"{row['median_interval_s']:.2f} s, 90 % below {row['p90_interval_s']:.2f} s"
        + (f"; each {growth:.2f} times the one before." if growth is not None else "."),
        f"A request that failed took {row['amplification']:.1f} attempts; retries were "
        f"{share(min(row['load_share'], 1.0))} of all attempts meanwhile.",
    ]
    if row["retries_after_retry_after"]:
        reasons.append(
            f"{row['ignored']:,} of {row['retries_after_retry_after']:,} retries came before the "
            "Retry-After that was asked for was over."
        )
    if row["is_many"]:
        reasons.append(
            f"All {row['callers']:,} callers do so; the intervals are those of the worst, {row['caller']}."
        )
    if not row["is_told"]:
        reasons.append(
            "The log does not tell one request from another: runs of failures are taken for one."
        )
    is_high = row["load_share"] >= 0.3 and row["retries"] >= 100
    return Description(
        title=f"{name} {policy}: {row['retries']:,} retries, one every {row['median_interval_s']:.2f} s, "
        f"{row['amplification']:.1f} attempts a request that failed",
        severity="high" if is_high and row["is_told"] else "medium",
        confidence=0.9 if row["is_told"] else 0.7,
        why=tuple(reasons),
        recommendations=(
            "Retry with exponential back-off and jitter, honour Retry-After, and cap the attempts.",
            "Break the circuit after several failures in a row.",
        ),
    )


def _tried(events: ir.Table) -> ir.Table:
    t = attempts(events, told_by="retryable")
    return t.mutate(bad=t.retryable)


def _near_failures(t: ir.Table, min_retries: int, max_gap_s: float) -> ir.Table:
    """Attempts around failures of those who fail often enough: windows over all cost seconds."""
    block = t.at_us // int(max_gap_s * SECOND_US)
    t = t.mutate(block=block)
    bad = t.filter(t.bad)
    often = bad.group_by("caller", "scope").agg(found=bad.count())
    bad = bad.semi_join(often.filter(often.found >= min_retries), ["caller", "scope"])
    blocks = bad.select("caller", "scope", "block")
    blocks = blocks.union(blocks.mutate(block=blocks.block + 1), distinct=True)
    return t.semi_join(blocks, ["caller", "scope", "block"])


def _chained(t: ir.Table, max_gap_s: float) -> ir.Table:
    """Attempts with their place in a chain of one request: gap_s is since the attempt before."""
    keys = [t.caller, t.scope, t.signature]
    own = ibis.window(group_by=keys, order_by=[t.at_us, t.event_id])
    t = t.mutate(
        after_bad=t.bad.lag().over(own).fill_null(False),
        is_first=ibis.row_number().over(own) == 0,
        gap_s=(t.at_us - t.at_us.lag().over(own)) / SECOND_US,
        asked_s=t.retry_after_s.lag().over(own),
    )
    is_retry = (t.after_bad & ~t.is_first & (t.gap_s <= option(max_gap_s))).fill_null(False)
    t = t.mutate(is_retry=is_retry, begins=~is_retry)
    so_far = ibis.window(
        group_by=[t.caller, t.scope, t.signature], order_by=[t.at_us, t.event_id],
        preceding=None, following=0,
    )  # fmt: skip
    t = t.mutate(chain=t.begins.cast("int64").sum().over(so_far))
    again = ibis.window(
        group_by=[t.caller, t.scope, t.signature, t.chain], order_by=[t.at_us, t.event_id]
    )
    before = t.gap_s.lag().over(again)
    was_retry = t.is_retry.lag().over(again).fill_null(False)
    t = t.mutate(growth=ibis.ifelse(t.is_retry & was_retry, t.gap_s / before.nullif(0.0), None))
    minute = ibis.window(group_by=[t.caller, t.scope, t.at_us // 60_000_000])
    return t.mutate(
        is_chained=t.bad | t.is_retry,
        is_usual=~t.after_bad & ~t.is_first & (number(t.bad).over(minute) > 0),
    )


def _storms(t: ir.Table) -> ir.Table:
    """One row a caller and scope."""
    single = {
        name: ibis.ifelse(t[name].nunique() == 1, t[name].max(), None)
        for name in (*CALLERS, "service")
    }
    found = t.group_by("caller", "scope").agg(
        started=t.timestamp.min(where=t.bad),
        ended=t.timestamp.max(where=t.is_chained),
        started_us=t.at_us.min(where=t.bad),
        ended_us=t.at_us.max(where=t.is_chained),
        failures=number(t.bad),
        limited=number(t.limited),
        retries=number(t.is_retry),
        attempts=number(t.is_chained),
        failed_requests=number(t.is_chained & t.begins),
        median_interval_s=t.gap_s.quantile(0.5, where=t.is_retry),
        p90_interval_s=t.gap_s.quantile(0.9, where=t.is_retry),
        shortest_interval_s=t.gap_s.min(where=t.is_retry),
        backoff_growth=t.growth.quantile(0.5, where=t.growth.notnull()),
        retries_after_retry_after=number(t.is_retry & (t.asked_s > 0)),
        ignored=number((t.is_retry & (t.gap_s < t.asked_s * 0.95)).fill_null(False)),
        p25_interval_s=t.gap_s.quantile(0.25, where=t.is_retry),
        p75_interval_s=t.gap_s.quantile(0.75, where=t.is_retry),
        successes=number(t.is_usual),
        median_after_success_s=t.gap_s.quantile(0.5, where=t.is_usual),
        is_told=number((t.signature != "") & t.is_retry) * 2 > number(t.is_retry),
        provider=t.provider.max(),
        model=t.model.max(),
        **single,
    )
    # where nothing is refused for want of a finer name, the service is the subject
    is_named = ibis.coalesce(*(found[name] for name in CALLERS)).notnull()
    return found.mutate(
        service=ibis.ifelse(is_named, None, found.service),
        amplification=found.attempts / found.failed_requests.nullif(0),
        ignored_share=found.ignored / found.retries.nullif(0),
    )


def _shared(t: ir.Table) -> ir.Table:
    """One row a caller, its worst; where many callers of a scope storm, one row: of the worst.

    That row has the sums of all and the intervals of the worst, and names what they call.
    """
    own = ibis.window(group_by=[t.caller], order_by=[t.retries.desc(), t.scope])
    t = t.mutate(place=ibis.row_number().over(own))
    t = t.filter(t.place == 0)
    every = ibis.window(group_by=[t.scope])
    worst = ibis.window(group_by=[t.scope], order_by=[t.retries.desc(), t.caller])
    t = t.mutate(callers=t.caller.count().over(every), place=ibis.row_number().over(worst))
    is_many = t.callers > MOST_CALLERS
    sums = {
        name: ibis.ifelse(is_many, t[name].sum().over(every), t[name])
        for name in ("failures", "limited", "retries", "attempts", "failed_requests", "ignored",
                     "retries_after_retry_after")
    }  # fmt: skip
    none = ibis.null("string")
    names = {name: ibis.ifelse(is_many, none, t[name]) for name in (*CALLERS, "service")}
    called = {name: ibis.ifelse(is_many, t[name], none) for name in ("provider", "model")}
    is_nameless = is_many & t.provider.isnull() & t.model.isnull()
    t = t.mutate(
        is_many=is_many,
        **sums,
        **{k: v for k, v in names.items() if k != "service"},
        **called,
        load_share=ibis.ifelse(is_many, t.load_share.sum().over(every), t.load_share),
        started=ibis.ifelse(is_many, t.started.min().over(every), t.started),
        ended=ibis.ifelse(is_many, t.ended.max().over(every), t.ended),
        service=ibis.ifelse(is_nameless, t.scope, names["service"]),
        callers=ibis.ifelse(is_many, t.callers, 1),
    )
    t = t.filter(~t.is_many | (t.place == 0))
    return t.mutate(
        amplification=t.attempts / t.failed_requests.nullif(0),
        ignored_share=t.ignored / t.retries.nullif(0),
    )


def _load(t: ir.Table, found: ir.Table) -> ir.Table:
    """All attempts on the scope between a storm's first and last."""
    times = found.select("caller", "scope", "started_us", "ended_us")
    minutes = t.group_by("scope", minute=t.at_us // 60_000_000).agg(here=t.count())
    met = times.join(minutes, "scope")
    met = met.filter(
        (met.minute >= met.started_us // 60_000_000) & (met.minute <= met.ended_us // 60_000_000)
    )
    return met.group_by("caller", "scope").agg(all_attempts=met.here.sum())


CASES = STORM_CASES

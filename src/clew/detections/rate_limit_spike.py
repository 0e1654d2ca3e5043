"""Requests refused by a rate limit (429), and whose load it was: which of four causes fits.

Reads     calls      http_status 429 or error_class rate_limited, callers, tokens, limits, model
          requests   HTTP requests with status 429, where no call was refused
Returns   one row per caller, version or model that explains a run of refusals; of several runs that
          one explains, the largest
Units     limited: refusals, attempts: all within the run; shares 0 to 1; growth: attempts a minute by
          those outside of the runs; load_share: of requests or of tokens, the larger
Method    a run is a string of minutes with refusals, at most a quarter hour apart. Deployment: a new
          version or change at most half an hour before, and its service makes the growth (where the
          attempts name no service: it is the only change for hours, and the load grew). Neighbour:
          one caller makes the growth and grew more than the others (where nothing is known of
          before: makes the load, far above the next). Own limit: all refusals are one caller's.
          Retries: half of the attempts repeat a refused one before any back-off, or without these the
          load is as usual. Else saturation: all grew, or the limit did not hold what was usual, or was
          lowered
Blind to  limits shared with callers that are in no log; callers behind one address without a key
Mistakes  a load test, or a migration that was agreed on; a limit that was lowered
Source    RFC 6585 section 4; https://learn.microsoft.com/azure/architecture/antipatterns/noisy-neighbor
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.clocks import microseconds
from clew.detections import _limit_words
from clew.detections._attempts import CALLERS, PLACES, attempts, with_more
from clew.detections._changes import DOTTED_VERSION, START
from clew.detections._limit_cases import SPIKE_CASES
from clew.detections._limit_retries import retried
from clew.detections._limit_runs import KEYS, in_runs, members, run_facts
from clew.detections._values import option
from clew.model.finding import Description
from clew.model.views import changes

NEEDS: dict[str, tuple[str, ...]] = {"events": ("timestamp",)}
NEEDS_ROWS = {
    "http_status, error_class or error_type of calls or requests": lambda e: (
        e.http_status.notnull()
        | ((e.model.notnull() | e.provider.notnull()) & (e.error_class.notnull() | e.error_type.notnull()))
    )
}  # fmt: skip
SUBJECT = (*CALLERS, *PLACES)
MEASURES = (
    "limited", "attempts", "limited_share", "callers", "victims", "victims_limited", "load_share",
    "request_share", "token_share", "limited_share_of_caller", "growth", "caller_growth",
    "growth_share", "retry_share", "repeat_gap_s", "requests_per_min", "usual_per_min",
    "rate_limit_requests", "usual_limit_requests", "tokens_per_min", "rate_limit_tokens", "out_of_requests",
    "out_of_tokens", "episodes", "min_limited", "min_share", "min_load_share", "min_growth",
    "no_backoff_s",
)  # fmt: skip
REFERENCES = ("owasp.llm10-2025", "atlas.aml.t0029")
PLAYBOOK = "set a limit for the neighbour that caused it, notify its owner, leave the others alone"
SHORTLY_US = 1_800_000_000
FEWEST_SPARED = 5
AS_USUAL = 1.25
"""A load below this many times the usual is as usual."""


def detect(
    events: ir.Table,
    *,
    min_limited: int = 20,
    min_share: float = 0.05,
    min_load_share: float = 0.4,
    min_growth: float = 1.5,
    no_backoff_s: float = 1.0,
) -> ir.Table:
    tried = in_runs(attempts(events), min_limited, min_share)
    runs = run_facts(tried)
    t = with_more(runs, retried(tried, no_backoff_s), KEYS)
    t = _named(t, _neighbours(members(tried, runs), min_load_share, min_growth), "caller")
    deployed = _deployed(events, tried, runs, min_growth)
    t = with_more(t, deployed, KEYS)
    t = t.mutate(
        limited_share=t.limited / t.attempts,
        retry_share=ibis.least(t.repetitions.fill_null(0.0) / t.attempts, 1.0),
        growth=t.requests_per_min / t.usual_per_min.nullif(0.0),
    )
    t = _largest(_with_cause(t, min_growth))
    return t.select(
        *SUBJECT,
        *(name for name in MEASURES if name in t.columns),
        "started", "ended", "cause", "is_call", "scope", "run", "in_provider", "in_model",
        "in_service", "changed_at", "repeats_most", "grown",
        min_limited=ibis.literal(min_limited),
        min_share=option(min_share),
        min_load_share=option(min_load_share),
        min_growth=option(min_growth),
        no_backoff_s=option(no_backoff_s),
    ).order_by(ibis.desc("limited"), "started", "scope", "run")  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Refusals of the run: the explaining caller's and the others', from the first."""
    t = attempts(events)
    t = t.filter(t.limited & (t.scope == row["scope"]))
    t = t.filter(t.timestamp.between(row["started"], row["ended"]))
    own = ibis.literal(True)
    for name in (*CALLERS, "service_version"):
        if row.get(name) is not None:
            own = own & (t[name] == row[name]).fill_null(False)
    side = ibis.window(group_by=own, order_by=[t.timestamp, t.event_id])
    t = t.mutate(place=ibis.row_number().over(side))
    return t.filter(t.place < 10).select("event_id", "timestamp").order_by("timestamp", "event_id")


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    return _limit_words.spike(row)


def _neighbours(m: ir.Table, min_load_share: float, min_growth: float) -> ir.Table:
    """The caller that makes a run's growth, or its load where nothing is known of before."""
    share = option(min_load_share)
    is_far = m.load_share >= 2 * m.next_share.fill_null(0.0)
    grew = (m.growth_share >= 0.5) & (m.caller_growth >= option(min_growth))
    # one that grew like all the others is only the largest of them
    grew = grew & (m.caller_growth >= option(min_growth) * m.others_growth.fill_null(0.0))
    is_large = (m.place == 0) & (m.load_share >= share)
    is_large = is_large & ibis.ifelse(m.is_known, grew, is_far).fill_null(False)
    # others ask enough to be refused, and none of them was
    is_alone = (m.limited_share_of_caller == 1.0) & (
        (1 - m.request_share) * m.own_limited >= FEWEST_SPARED
    )
    m = m.filter((m["values"] >= 2) & (is_large | is_alone))
    rank = ibis.cases(*((m.name == name, n) for n, name in enumerate(CALLERS)), else_=9)
    best = ibis.window(
        group_by=[m.scope, m.run], order_by=[m.load_share.round(1).desc(), rank, m.value]
    )
    m = m.mutate(best=ibis.row_number().over(best))
    return m.filter(m.best == 0).drop("best", "place", "is_known")


def _named(t: ir.Table, found: ir.Table, prefix: str) -> ir.Table:
    """Runs with the neighbour's numbers, its name and value under `prefix`."""
    found = found.rename(**{f"{prefix}_name": "name", f"{prefix}_value": "value"})
    return with_more(t, found, KEYS)


def _deployed(events: ir.Table, tried: ir.Table, runs: ir.Table, min_growth: float) -> ir.Table:
    """The service whose change came shortly before a run, and which makes the run's growth."""
    said = _stated(events)
    own = tried.filter(tried.service.notnull() & tried.service_version.notnull())
    seen = own.group_by("service", version="service_version").agg(changed_at=own.timestamp.min())
    first = ibis.window(group_by=seen.service, order_by=[seen.changed_at, seen.version])
    seen = seen.mutate(place=ibis.row_number().over(first))
    all_changes = said.union(seen.filter(seen.place > 0).drop("place"))
    m = members(tried, runs, ("service",))
    m = m.filter(
        ibis.ifelse(
            m.is_known,
            (m.growth_share >= 0.5) & (m.caller_growth >= option(min_growth)),
            m.load_share >= 0.5,
        ).fill_null(False)
    )
    m = m.select(
        *KEYS,
        service_name="value",
        service_load="load_share",
        service_growth="caller_growth",
        service_growth_share="growth_share",
    )
    t = m.join(runs.select(*KEYS, "started", "started_us"), [*KEYS]).join(
        all_changes, m.service_name == all_changes.service
    )
    t = t.drop("service").union(_alone(runs, said, min_growth).select(*t.drop("service").columns))
    before_us = t.started_us - microseconds(t.changed_at)
    t = t.filter((before_us >= -60_000_000) & (before_us <= SHORTLY_US))
    latest = ibis.window(
        group_by=[t.scope, t.run], order_by=[t.service_load.desc(), t.changed_at, t.version]
    )
    t = t.mutate(place=ibis.row_number().over(latest))
    t = t.filter(t.place == 0)
    return t.select(
        *KEYS, "service_name", "service_load", "service_growth", "service_growth_share", "version",
        "changed_at",
    )  # fmt: skip


def _stated(events: ir.Table) -> ir.Table:
    """service, version and changed_at of the changes, and of the lines that tell of a deployment."""
    said = changes(events)
    said = said.select(
        "service", "timestamp", version=ibis.coalesce(said.change_version, said.service_version)
    )
    lines = events.filter(
        events.change_type.isnull() & events.model.isnull() & events.http_status.isnull()
    )
    lines = lines.filter(lines.message.re_search(START).fill_null(False))
    version = lines.message.re_extract(DOTTED_VERSION, 1).nullif("")
    told = lines.select(
        "service", "timestamp", version=ibis.coalesce(lines.service_version, version)
    )
    said = said.union(told)
    said = said.filter(said.timestamp.notnull() & said.service.notnull())
    return said.rename(changed_at="timestamp").select("service", "version", "changed_at")


def _alone(runs: ir.Table, said: ir.Table, min_growth: float) -> ir.Table:
    """Runs whose attempts name no service, with the one change of hours that came before their growth."""
    t = runs.filter(runs.service.isnull() & runs.usual_per_min.notnull())
    t = t.filter(t.requests_per_min >= option(min_growth) * t.usual_per_min)
    t = t.drop("service").cross_join(said)
    us = microseconds(t.changed_at)
    t = t.filter((us >= t.started_us - 4 * SHORTLY_US) & (us <= t.started_us + SHORTLY_US))
    only = t.group_by(*KEYS).agg(changes=t.count())
    t = t.semi_join(only.filter(only.changes == 1), [*KEYS])
    none = ibis.null("float64")
    return t.mutate(
        service_name=t.service, service_load=none, service_growth=t.requests_per_min / t.usual_per_min,
        service_growth_share=none,
    )  # fmt: skip


def _with_cause(t: ir.Table, min_growth: float) -> ir.Table:
    """The cause in one word, and the subject's columns that it has."""
    has_caller, has_change = t.caller_name.notnull(), t.service_name.notnull()
    is_whole_service = (t.service_load - t.load_share).fill_null(0.0).abs() < 0.02
    retries = t.retry_share >= 0.5
    # what is left of the growth without the repetitions
    firsts = (1 - t.retry_share) * t.caller_growth
    all_firsts = (1 - t.retry_share) * t.growth
    is_all_retries = ((t.growth >= AS_USUAL) & (all_firsts < AS_USUAL)).fill_null(False)
    cause = ibis.cases(
        (has_change & (~has_caller | is_whole_service), "deployment"),
        (has_caller & retries & (firsts < option(min_growth)).fill_null(True), "retries"),
        (has_caller & (t.limited - t.own_limited > 0), "neighbour"),
        (has_caller, "own limit"),
        (retries | is_all_retries, "retries"),
        else_="saturation",
    )
    t = t.mutate(cause=cause)
    is_own = t.cause.isin(("neighbour", "own limit")) | (
        (t.cause == "retries") & t.caller_name.notnull()
    )
    none = ibis.null("string")
    is_change = t.cause == "deployment"
    is_shared = ~is_own & ~is_change
    in_service = ibis.ifelse(t.is_call, none, t.service)
    named = {
        name: ibis.ifelse(is_own & (t.caller_name == name), t.caller_value, none)
        for name in CALLERS
    }
    return t.mutate(
        in_provider=t.provider, in_model=t.model, in_service=t.service,
        caller_growth=ibis.ifelse(is_change, t.service_growth, t.caller_growth),
        growth_share=ibis.ifelse(is_change, t.service_growth_share, t.growth_share),
        load_share=ibis.ifelse(is_change, t.service_load, t.load_share),
        victims=ibis.ifelse(is_own, t.callers - 1, t.callers),
        victims_limited=ibis.ifelse(is_own, t.limited - t.own_limited, t.limited),
    ).mutate(
        **named,
        service=ibis.ifelse(is_change, t.service_name, ibis.ifelse(is_shared, in_service, none)),
        service_version=ibis.ifelse(is_change, t.version, none),
        provider=ibis.ifelse(is_shared, t.provider, none),
        model=ibis.ifelse(is_shared, t.model, none),
    )  # fmt: skip


def _largest(t: ir.Table) -> ir.Table:
    """Of the runs that one subject explains in one way, the largest, and how many there are."""
    same = [t.cause, *(t[name] for name in SUBJECT)]
    order = ibis.window(group_by=same, order_by=[t.limited.desc(), t.started, t.scope, t.run])
    t = t.mutate(
        nth=ibis.row_number().over(order), episodes=t.run.count().over(ibis.window(group_by=same))
    )
    return t.filter(t.nth == 0).drop("nth")


CASES = SPIKE_CASES

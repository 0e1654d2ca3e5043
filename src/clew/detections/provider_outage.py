"""A provider or one of its models fails or slows down for all its callers at once: not our fault.

Reads     calls   provider, model, http_status 5xx, error_class, error_type, duration_ms, callers
Returns   one row per provider, or provider and model where its other models are well, and outage
Units     errors, calls: within the outage; shares 0 to 1; callers: with three calls or more then, or a failure;
          median_ms, usual_ms: of answered calls; others_error_share: of calls to other providers or
          models at the time, NULL without any
Method    five minutes are bad where a fifth of the calls (of two or three, half) fails on the
          provider's side, and three times its usual share, or where the median latency is three times
          the usual; bad minutes at most ten apart are one outage. It counts where most callers are hit,
          and others are not
Blind to  an outage that lasts as long as the log; 429s, which are `rate_limit_spike`; a single caller
Source    Google SRE workbook, chapter 4 (symptoms across clients)
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._attempts import of_calls, with_more
from clew.detections._limit_cases import called
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS: dict[str, tuple[str, ...]] = {"calls": ("timestamp",)}
NEEDS_ROWS = {
    "http_status, error_class, error_type, status or duration_ms of calls": lambda e: (
        (e.model.notnull() | e.provider.notnull())
        & (
            e.http_status.notnull()
            | e.error_class.notnull()
            | e.error_type.notnull()
            | e.duration_ms.notnull()
        )
    ),
    "calls that name a caller (user_id, api_key_hash, team, client_ip or service)": lambda e: (
        (e.model.notnull() | e.provider.notnull())
        & ibis.coalesce(e.user_id, e.api_key_hash, e.team, e.client_ip, e.service).notnull()
    ),
}
SUBJECT = ("provider", "model")
MEASURES = (
    "errors", "calls", "error_share", "usual_error_share", "callers", "callers_hit", "median_ms",
    "usual_ms", "slowdown", "others_calls", "others_error_share", "minutes", "min_errors",
    "min_share", "min_slowdown", "min_callers", "min_hit",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()
BUCKET_US = 300_000_000
FEW = 3
"""A caller with fewer calls in an outage counts only where one of them failed."""
KEYS = ("level", "seller", "run")


def detect(
    events: ir.Table,
    *,
    min_errors: int = 10,
    min_share: float = 0.2,
    min_slowdown: float = 3.0,
    min_callers: int = 2,
    min_hit: float = 0.6,
) -> ir.Table:
    t = _levels(of_calls(events))
    buckets = _bad(t, min_share, min_slowdown)
    runs = _runs(buckets)
    hit = _hit(t, buckets, runs, min_slowdown)
    found = with_more(runs, hit, KEYS)
    found = found.mutate(
        error_share=found.errors / found.calls,
        slowdown=found.median_ms / found.usual_ms.nullif(0.0),
    )
    is_failing = (found.errors >= min_errors) & (found.error_share >= option(min_share))
    is_slow = (found.slowdown >= option(min_slowdown)).fill_null(False) & (found.calls >= 20)
    is_shared = (found.callers >= min_callers) & (
        found.callers_hit >= option(min_hit) * found.callers
    )
    is_shared = is_shared & ((found.busy_callers >= min_callers) | (found.callers_hit >= FEW))
    is_theirs = (
        found.others_error_share.isnull()
        | (found.others_error_share < 0.3 * found.error_share)
        | (~is_failing & (found.others_error_share < 0.1))
    )
    found = found.mutate(is_failing=is_failing, is_slow=is_slow)
    found = found.filter((is_failing | is_slow) & is_shared & is_theirs)
    found = _of_one_level(found)
    return found.select(
        *SUBJECT, *(name for name in MEASURES if name in found.columns), "started", "ended",
        "is_failing", "is_slow", "level", "seller", "run",
        min_errors=ibis.literal(min_errors),
        min_share=option(min_share),
        min_slowdown=option(min_slowdown),
        min_callers=ibis.literal(min_callers),
        min_hit=option(min_hit),
    ).order_by(ibis.desc("errors"), "started", "level", "seller")  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The first failed calls of each of several callers; where none failed, the slowest."""
    t = of_calls(events)
    for name in SUBJECT:
        if row[name] is not None:
            t = t.filter(t[name] == row[name])
    t = t.filter(t.timestamp.between(row["started"], row["ended"]))
    order = [~t.at_fault, t.timestamp] if row["is_failing"] else [t.duration_ms.desc()]
    nth = ibis.window(group_by=t.caller, order_by=[*order, t.event_id])
    t = t.filter(t.at_fault) if row["is_failing"] else t.filter(t.duration_ms.notnull())
    t = t.mutate(nth=ibis.row_number().over(nth))
    return t.order_by("nth", "timestamp", "event_id").select("event_id", "timestamp").limit(20)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    name = " ".join(filter(None, (row["provider"], row["model"])))
    hit = f"{row['callers_hit']:,} of {many(row['callers'], 'caller')}"
    what = (
        f"failed {share(row['error_share'])} of its calls"
        if row["is_failing"]
        else f"answered {row['slowdown']:.1f} times as slowly as usual"
    )
    reasons = [
        f"Between {clock(row['started'])} and {clock(row['ended'])}, {row['errors']:,} of "
        f"{row['calls']:,} calls failed on the provider's side ({share(row['error_share'])}); at other "
        f"times {share(row['usual_error_share'] or 0.0)} do.",
        f"{hit} were hit at the same time, so no single caller or its code is the cause.",
    ]
    if row["slowdown"] is not None:
        reasons.append(
            f"The median latency of answered calls was {row['median_ms']:,.0f} ms; usual are "
            f"{row['usual_ms']:,.0f} ms ({row['slowdown']:.1f} times)."
        )
    compared = row["others_error_share"] is not None
    reasons.append(
        f"Of {row['others_calls']:,} calls to others meanwhile {share(row['others_error_share'])} failed."
        if compared
        else "The log has no calls to others at that time to compare with, so our own network is not ruled out."
    )
    return Description(
        title=f"{name} {what} for {hit} from {clock(row['started'])}: an outage of the provider",
        severity="high" if row["is_failing"] and row["error_share"] >= 0.5 else "medium",
        confidence=0.9 if compared and row["callers"] >= 3 else 0.7,
        why=tuple(reasons),
        recommendations=(
            f"Compare with the status page of {row['provider'] or name} for that time.",
            "Fall back to another provider or model while it lasts, and do not retry at once.",
        ),
    )


def _levels(t: ir.Table) -> ir.Table:
    """Each call once for its model and, where it is known, once for its provider."""
    t = t.mutate(bucket=t.at_us // BUCKET_US, ok_ms=ibis.ifelse(t.failed, None, t.duration_ms))
    kept = ("bucket", "timestamp", "provider", "model", "caller", "at_fault", "ok_ms")
    model = t.select(*kept, level=ibis.literal("model"), seller=t.scope)
    seller = t.filter(t.provider.notnull()).select(
        *kept, level=ibis.literal("provider"), seller="provider"
    )
    return model.union(seller)


def _bad(t: ir.Table, min_share: float, min_slowdown: float) -> ir.Table:
    """Five minutes of a level, with `is_bad`."""
    b = t.group_by("level", "seller", "bucket").agg(
        calls=t.count(),
        errors=number(t.at_fault),
        ms=t.ok_ms.quantile(0.5),
        timed=t.ok_ms.count(),
        models=t.model.nunique(),
    )
    usual = b.group_by("level", "seller").agg(
        usual_ms=b.ms.quantile(0.5, where=b.timed >= 5),
        usual_share=(b.errors / b.calls).quantile(0.5),
    )
    b = b.join(usual, ["level", "seller"])
    is_few = (b.errors == 2) & (b.errors >= 0.5 * b.calls)
    is_failing = (
        ((b.errors >= 3) | is_few)
        & (b.errors >= option(min_share) * b.calls)
        & (b.errors >= 3 * b.usual_share * b.calls)
    )
    is_slow = ((b.timed >= 5) & (b.ms >= option(min_slowdown) * b.usual_ms)).fill_null(False)
    return b.mutate(is_bad=is_failing | is_slow)


def _runs(b: ir.Table) -> ir.Table:
    bad = b.filter(b.is_bad)
    order = {"group_by": [bad.level, bad.seller], "order_by": bad.bucket}
    bad = bad.mutate(gap=(bad.bucket - bad.bucket.lag().over(ibis.window(**order))).fill_null(0))
    so_far = ibis.window(
        group_by=[bad.level, bad.seller], order_by=bad.bucket, preceding=None, following=0
    )
    bad = bad.mutate(run=ibis.ifelse(bad.gap > 2, 1, 0).sum().over(so_far))
    runs = bad.group_by(*KEYS).agg(
        first=bad.bucket.min(), last=bad.bucket.max(), usual_ms=bad.usual_ms.max()
    )
    whole = b.group_by("level", "seller").agg(all_calls=b.calls.sum(), all_errors=b.errors.sum())
    inside = bad.group_by("level", "seller").agg(
        bad_calls=bad.calls.sum(), bad_errors=bad.errors.sum()
    )
    runs = runs.join(whole, ["level", "seller"]).join(inside, ["level", "seller"])
    quiet = (runs.all_calls - runs.bad_calls).nullif(0)
    return runs.filter(quiet.notnull()).mutate(
        usual_error_share=(runs.all_errors - runs.bad_errors) / quiet
    )


def _hit(t: ir.Table, b: ir.Table, runs: ir.Table, min_slowdown: float) -> ir.Table:
    """Numbers of each run: calls, callers and models that were hit, and what others met meanwhile."""
    chosen = b.filter(b.is_bad).select("level", "seller", "bucket")
    spans = runs.select(*KEYS, "first", "last", "usual_ms")
    chosen = chosen.join(spans, ["level", "seller"])
    chosen = chosen.filter(chosen.bucket.between(chosen["first"], chosen["last"]))
    met = t.join(chosen.select(*KEYS, "bucket", "usual_ms"), ["level", "seller", "bucket"])
    each = met.group_by(*KEYS, "caller").agg(
        own=met.count(), faults=number(met.at_fault), ms=met.ok_ms.quantile(0.5),
        usual_ms=met.usual_ms.max(),
    )  # fmt: skip
    each = each.filter((each.own >= FEW) | (each.faults > 0))
    is_slowed = (each.ms >= option(min_slowdown) * 0.7 * each.usual_ms).fill_null(False)
    callers = each.group_by(*KEYS).agg(
        callers=each.count(),
        callers_hit=number((each.faults > 0) | is_slowed),
        busy_callers=number(each.own >= FEW),
    )
    numbers = met.group_by(*KEYS).agg(
        calls=met.count(), errors=number(met.at_fault), median_ms=met.ok_ms.quantile(0.5),
        started=met.timestamp.min(where=met.at_fault | (met.ok_ms >= option(min_slowdown) * met.usual_ms)),
        ended=met.timestamp.max(where=met.at_fault | (met.ok_ms >= option(min_slowdown) * met.usual_ms)),
        minutes=met.bucket.nunique() * (BUCKET_US // 60_000_000),
        provider=met.provider.max(), one_model=met.model.max(), models=met.model.nunique(),
        models_hit=met.model.nunique(where=met.at_fault),
    )  # fmt: skip
    at_all = b.group_by("level", "bucket").agg(all_here=b.calls.sum(), all_bad=b.errors.sum())
    here = b.join(chosen.select(*KEYS, "bucket"), ["level", "seller", "bucket"])
    here = here.join(at_all, ["level", "bucket"])
    others = here.group_by(*KEYS).agg(
        others_calls=here.all_here.sum() - here.calls.sum(),
        others_errors=here.all_bad.sum() - here.errors.sum(),
    )
    found = with_more(numbers, callers, KEYS)
    found = with_more(found, others, KEYS)
    return found.mutate(others_error_share=found.others_errors / found.others_calls.nullif(0))


def _of_one_level(found: ir.Table) -> ir.Table:
    """The provider where several of its models are hit, else the model."""
    found = found.mutate(
        model=ibis.ifelse(found.level == "model", found.one_model, ibis.null("string")),
        is_wide=(found.level == "provider")
        & (found.models >= 2)
        & (found.models_hit * 10 >= found.models * 8),
    )
    wide = found.filter(found.is_wide)
    held = found.filter(found.level == "model").join(
        wide.select("provider", wide_first="first", wide_last="last"), "provider"
    )
    held = held.filter(
        (held["first"] <= held.wide_last + 1) & (held["last"] >= held.wide_first - 1)
    )
    held = held.select(*KEYS).distinct()
    return found.filter((found.level == "model") | found.is_wide).anti_join(held, KEYS)


def _half_day(broken: Any = None, slow: Any = None) -> list[dict[str, Any]]:
    """Three hours of three callers of two providers; `broken` says which calls fail."""
    rows = []
    for n in range(0, 10_800, 20):
        user = f"user-{n // 20 % 3}"
        for provider, model in (
            ("openai", "gpt-4o"),
            ("openai", "gpt-4o-mini"),
            ("anthropic", "claude-haiku-4-5"),
        ):
            is_broken = broken and broken(n, user, provider, model)
            is_slow = slow and slow(n, user, provider, model)
            rows.append(
                called(
                    n,
                    user,
                    503 if is_broken else 200,
                    provider=provider,
                    model=model,
                    duration_ms=50.0
                    if is_broken
                    else 4000.0 + n % 7
                    if is_slow
                    else 800.0 + n % 90,
                )
            )
    return rows  # fmt: skip


def _later(n: int) -> bool:
    return 3600 <= n < 5400


CASES = [
    Case(
        "a model that fails for all callers while others are well is an outage of that model",
        rows=_half_day(lambda n, u, p, m: _later(n) and m == "gpt-4o" and n % 60 != 7),
        expect=[
            {
                "provider": "openai", "model": "gpt-4o", "errors": 90, "callers": 3, "callers_hit": 3,
                "others_error_share": 0.0, "started": "2026-11-20T11:00:00Z",
            }
        ],
    ),
    Case(
        "in a quiet log, an outage of callers that each call once or twice",
        rows=[
            called(120 * n, f"user-{n % 13}", 529 if 40 <= n < 60 and provider == "anthropic" and n % 5 else 200,
                   provider=provider, model=f"{provider}-model")
            for n in range(100)
            for provider in ("anthropic", "openai")
        ],
        expect=[{"provider": "anthropic", "errors": 16}],
    ),
    Case(
        "where all models of a provider fail the provider is named, once",
        rows=_half_day(lambda n, u, p, m: _later(n) and p == "openai"),
        expect=[{"provider": "openai", "model": None, "errors": 180}],
    ),
    Case(
        "a model that slows down for all is an outage too",
        rows=_half_day(slow=lambda n, u, p, m: _later(n) and m == "claude-haiku-4-5"),
        expect=[{"provider": "anthropic", "model": "claude-haiku-4-5", "errors": 0, "is_slow": True}],
    ),
    Case(
        "one caller's failures are its own",
        rows=_half_day(lambda n, u, p, m: _later(n) and u == "user-1"),
        expect=[],
    ),
    Case(
        "where all providers fail at once the fault is not theirs",
        rows=_half_day(lambda n, u, p, m: _later(n)),
        expect=[],
    ),
    Case("a failure now and then is no outage", rows=_half_day(lambda n, u, p, m: n % 700 == 0), expect=[]),
]  # fmt: skip

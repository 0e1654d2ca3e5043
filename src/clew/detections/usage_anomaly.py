"""Hours in which a service made far more AI calls, used more tokens or spent more than is usual then.

Reads     calls, each counted once   timestamp, service, input_tokens, output_tokens, cost_usd
Returns   one row per service and run of such hours, the most unusual first
Units     calls, tokens, cost_usd: of the run of hours; expected_*: what is usual in these hours;
          z: robust standard deviations of the most unusual hour, on a logarithmic scale; hours: how many;
          excess_usd: cost_usd beyond expected_cost_usd; compared: values that an hour was compared with,
          the fewest; unpriced_calls: answered calls without a price, in no cost
Method    usual is the median of the same hour of the week from three weeks on, else of the same hour of the
          day from four days on, and at least the median of the hours with calls: what runs once a week is
          not unusual. An hour counts with min_z, min_times the usual and, for calls, min_calls more
Blind to  hours with less than usual; the first four days of a service; what grows slowly
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import counted, number
from clew.detections._money import usd
from clew.detections._values import option
from clew.detections._words import clock, many
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"calls": ("timestamp",)}
SUBJECT = ("service",)
MEASURES = (
    "calls", "expected_calls", "tokens", "expected_tokens", "cost_usd", "expected_cost_usd", "excess_usd",
    "unpriced_calls", "z", "hours", "compared", "min_z", "min_times", "min_calls",
)  # fmt: skip
REFERENCES = ("owasp.llm10-2025",)
HOUR_S, DAY_H, WEEK_H = 3_600, 24, 168
FEWEST_WEEKS, FEWEST_DAYS = 3, 4
NORMAL = 1.4826
LEAST_SPREAD = 0.15  # hours that are all alike: a sixth more is not unusual
KINDS = ("calls", "tokens", "usd")
LEAST = {"calls": 1.0, "tokens": 100.0, "usd": 0.01}
"""Added to both sides of a ratio, so that next to nothing is not many times nothing."""


def detect(
    events: ir.Table, *, min_z: float = 5.0, min_times: float = 3.0, min_calls: int = 30
) -> ir.Table:
    t = _compared(_hours(events))
    for kind in KINDS:
        off = ((t[kind] + LEAST[kind]) / (t[f"usual_{kind}"] + LEAST[kind])).ln()
        t = t.mutate(**{f"off_{kind}": off})
    spreads = t.group_by("service").agg(
        **{f"spread_{kind}": t[f"off_{kind}"].abs().quantile(0.5) for kind in KINDS}
    )
    t = t.left_join(spreads, t.service.identical_to(spreads.service)).drop("service_right")
    hits = []
    for kind in KINDS:
        z = t[f"off_{kind}"] / ibis.greatest(t[f"spread_{kind}"] * NORMAL, option(LEAST_SPREAD))
        is_more = t[kind] >= t[f"usual_{kind}"] * option(min_times)
        is_more = is_more & (t[kind] >= LEAST[kind] * min_calls)
        hits.append(ibis.ifelse(is_more & (z >= option(min_z)), z, ibis.null("float64")))
    enough = t.usual_calls + min_calls <= t.calls
    by_call = t.usd / t.calls.nullif(0.0) >= 3 * t.usual_usd / t.usual_calls.nullif(0.0)
    t = t.mutate(z=ibis.greatest(*(hit.fill_null(0.0) for hit in hits)))
    t = t.filter((t.z > 0) & (enough | by_call.fill_null(False)))
    return _runs(t).mutate(
        min_z=option(min_z), min_times=option(min_times), min_calls=ibis.literal(min_calls)
    ).order_by(ibis.desc("z"), "service", "started")  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The dearest calls of these hours, then the first."""
    t = _of_row(events, row)
    return (
        t.order_by(t.cost_usd.fill_null(0).desc(), t.tokens.fill_null(0).desc(), "timestamp", "event_id")
        .select("event_id")
        .limit(20)
    )  # fmt: skip


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = _of_row(events, row)
    return {
        name: t.filter(t[name].notnull())
        .group_by(name)
        .agg(calls=lambda s: s.count())
        .order_by(ibis.desc("calls"), name)
        .limit(2)
        for name in ("user_id", "api_key_hash", "model")
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    who = f"Service {row['service']}" if row["service"] else "All callers"
    reasons = [
        f"Usual in these hours: {row['expected_calls']:,.0f} calls, {row['expected_tokens']:,.0f} tokens, "
        f"{usd(row['expected_cost_usd'])}; there were {row['calls']:,} calls, {row['tokens']:,.0f} tokens, "
        f"{usd(row['cost_usd'])}.",
        f"The most unusual hour stands {row['z']:.1f} robust standard deviations above the usual, which is "
        f"the median of at least {row['compared']:,} such hours.",
    ]
    for name, lines in details.items():
        most = ", ".join(f"{line[name]} ({many(line['calls'], 'call')})" for line in lines)
        if most:
            reasons.append(f"Most calls by {name}: {most}.")
    if row["unpriced_calls"]:
        reasons.append(f"{many(row['unpriced_calls'], 'call')} have no price and are in no cost.")
    return Description(
        title=f"{who} used AI far more than usual for {many(row['hours'], 'hour')} from "
        f"{clock(row['started'])}: {row['calls']:,} calls where {row['expected_calls']:,.0f} are usual",
        severity="medium" if row["z"] >= 2 * row["min_z"] else "low",
        confidence=0.8 if row["compared"] >= 7 else 0.65,
        why=tuple(reasons),
        recommendations=("Ask the callers named what ran then: a batch, a loop, or a stolen key.",),
    )


def _hours(events: ir.Table) -> ir.Table:
    """One row a service and hour with calls."""
    t = counted(events)
    t = t.filter(t.timestamp.notnull())
    t = t.mutate(hour=(t.timestamp.epoch_seconds() // HOUR_S).cast("int64"))
    return t.group_by("service", "hour").agg(
        calls=t.count().cast("float64"),
        tokens=t.tokens.sum().cast("float64").fill_null(0.0),
        usd=t.cost_usd.sum().cast("float64").fill_null(0.0),
        unpriced=number(t.is_unpriced),
        began=t.timestamp.min(),
        last=t.timestamp.max(),
    )


def _compared(t: ir.Table) -> ir.Table:
    """The hours with what is usual in each; those that nothing can be compared with are left out.

    An hour of the period without calls counts as 0: a slot of which half are missing has the median 0.
    """
    whole = ibis.window(group_by=t.service)
    t = t.mutate(first=t.hour.min().over(whole), until=t.hour.max().over(whole) + 1)
    is_weekly = t.until - t.first >= FEWEST_WEEKS * WEEK_H
    period = ibis.ifelse(is_weekly, WEEK_H, DAY_H)
    t = t.mutate(slot=t.hour % period, period=period)
    # how many hours of this slot lie between the first and the last
    passed = (t.until - 1 - t.slot) // t.period - (t.first - 1 - t.slot) // t.period
    t = t.mutate(compared=passed)
    fewest = ibis.ifelse(t.period == WEEK_H, FEWEST_WEEKS, FEWEST_DAYS)
    slots = t.group_by("service", "slot").agg(
        present=t.count(), **{f"slot_{kind}": t[kind].quantile(0.5) for kind in KINDS}
    )
    always = t.group_by("service").agg(**{f"all_{kind}": t[kind].quantile(0.5) for kind in KINDS})
    t = t.left_join(
        slots, [t.service.identical_to(slots.service), t.slot == slots.slot]
    ).drop("service_right", "slot_right")  # fmt: skip
    t = t.left_join(always, t.service.identical_to(always.service)).drop("service_right")
    usual = {
        f"usual_{kind}": ibis.ifelse(
            t.present * 2 > t.compared,
            ibis.greatest(t[f"slot_{kind}"], t[f"all_{kind}"]),
            t[f"all_{kind}"],
        )
        for kind in KINDS
    }
    return t.mutate(**usual).filter(t.compared >= fewest)


def _runs(t: ir.Table) -> ir.Table:
    """Unusual hours that follow one another are one row."""
    place = ibis.row_number().over(ibis.window(group_by=t.service, order_by=t.hour))
    t = t.mutate(run=t.hour - place.cast("int64"))
    t = t.group_by("service", "run").agg(
        started=t.began.min(),
        ended=t["last"].max(),
        calls=t.calls.sum().cast("int64"),
        expected_calls=t.usual_calls.sum(),
        tokens=t.tokens.sum().cast("int64"),
        expected_tokens=t.usual_tokens.sum(),
        cost_usd=t.usd.sum().round(9).cast("decimal(38, 9)"),
        expected_cost_usd=t.usual_usd.sum().round(9),
        excess_usd=(t.usd - t.usual_usd).sum().round(9),
        unpriced_calls=t.unpriced.sum(),
        z=t.z.max().round(9),
        hours=t.count(),
        compared=t.compared.min(),
    )
    return t.drop("run")


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    t = counted(events)
    t = t.filter(t.service.isnull() if row["service"] is None else t.service == row["service"])
    return t.filter(t.timestamp.between(ibis.literal(row["started"]), ibis.literal(row["ended"])))


def _made(day: int, hour: int, count: int, **columns: Any) -> list[dict[str, Any]]:
    return [
        {
            "timestamp": f"2026-11-{day:02}T{hour:02}:{n % 60:02}:{n // 60:02}Z", "model": "m",
            "service": "chat", "cost_usd": "0.01", "input_tokens": 100, **columns,
        }
        for n in range(count)
    ]  # fmt: skip


_DAYS = [
    row
    for day in range(1, 7)
    for hour in (9, 10, 11)
    for row in _made(day, hour, 4 + (day + hour) % 3)
]

CASES = [
    Case(
        "two hours of a loop are one finding",
        rows=[*_DAYS, *_made(6, 10, 80), *_made(6, 11, 90)],
        expect=[{"service": "chat", "hours": 2, "calls": 181, "expected_calls": 10.5, "compared": 6}],
    ),
    Case(
        "the usual ups and downs of a day are not unusual",
        rows=[row for day in range(1, 7) for hour in range(24) for row in _made(day, hour, 1 + 6 * (8 < hour < 18))],
        expect=[],
    ),
    Case("three days cannot say what is usual", rows=[*_made(1, 9, 3), *_made(2, 9, 3), *_made(3, 9, 90)], expect=[]),
    Case("a few calls more are none", rows=[*_DAYS, *_made(6, 10, 20)], expect=[]),
    Case(
        "as many calls, each ten times as dear, are found by their cost",
        rows=[*_DAYS, *_made(7, 9, 5, cost_usd="2.00", input_tokens=40_000), *_made(8, 9, 4)],
        expect=[{"calls": 5, "hours": 1, "cost_usd": 10.0}],
    ),
]  # fmt: skip

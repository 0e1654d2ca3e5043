"""More spent on AI calls within a length of time than the settings' budget allows.

Reads     calls, each counted once   cost_usd, timestamp and the column that a budget names
Returns   one row per budget and value whose windows went over it, the most above it first
Units     limit_usd: of the budget; spent_usd: in the dearest window; saving_usd: all that was spent above
          the limit, over all windows; used_share: spent_usd of limit_usd; windows: how many went over it;
          window_s: the length of one; unpriced_calls: answered calls of these windows without a price,
          which would come on top
Method    budgets stand in the settings as [[budgets]]; windows count from 1970-01-01T00:00:00Z, and a
          call belongs to the window in which it began
Blind to  what is spent elsewhere than in this case; windows that slide
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import counted, number
from clew.detections._money import NO_COST, usd
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.errors import ConfigError
from clew.model.buckets import seconds, time_bucket
from clew.model.budget import Budget
from clew.model.case import Case
from clew.model.finding import Description
from clew.model.vocabulary import resolve

NEEDS = {"calls": ("cost_usd", "timestamp")}
NEEDS_OPTIONS = {"budgets": "a budget in the settings, [[budgets]] with limit_usd"}
SUBJECT = (
    "user_id", "team", "tenant", "api_key_hash", "session_id", "model", "provider", "service",
    "environment", "http_route", "url_path", "region", "host", "operation", "prompt_name", "agent_name",
    "workflow_name", "tool_name", "client_ip", "response_model", "service_tier",
)  # fmt: skip
MEASURES = (
    "saving_usd", "limit_usd", "spent_usd", "used_share", "windows", "window_s", "calls",
    "unpriced_calls",
)  # fmt: skip
REFERENCES = ("owasp.llm10-2025",)
SEVERE = 2.0  # twice the budget


def detect(events: ir.Table, *, budgets: tuple[Budget, ...] = ()) -> ir.Table:
    told = budgets or (Budget(0.0),)
    found = [_over(events, budget, place) for place, budget in enumerate(told)]
    t = ibis.union(*found) if len(found) > 1 else found[0]
    if not budgets:
        t = t.filter(ibis.literal(False))
    return t.order_by(ibis.desc("saving_usd"), "budget", *SUBJECT)


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The dearest calls of the dearest window."""
    t = _of_row(events, row)
    return t.order_by(t.cost_usd.desc(), "timestamp", "event_id").select("event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = _of_row(events, row)
    running = t.cost_usd.sum().over(ibis.cumulative_window(order_by=[t.timestamp, t.event_id]))
    t = t.mutate(running=running.cast("float64"))
    crossed = t.filter(t.running > option(row["limit_usd"]))
    models = t.group_by("model").agg(usd=t.cost_usd.sum())
    return {
        "crossed": crossed.agg(moment=crossed.timestamp.min()),
        "models": models.order_by(models.usd.desc(), "model").limit(3),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    who = next((f"{c} {row[c]}" for c in SUBJECT if row.get(c) is not None), "All calls together")
    length = _length(row["window_s"])
    reasons = [
        f"In the window of {length} from {clock(row['worst'])} it spent {usd(row['spent_usd'])}, "
        f"{share(row['used_share'])} of the budget.",
    ]
    moment = details["crossed"][0]["moment"] if details["crossed"] else None
    if moment is not None:
        reasons.append(f"The limit was crossed at {clock(moment)}.")
    if row["windows"] > 1:
        reasons.append(
            f"{many(row['windows'], 'window')} went over it, by {usd(row['saving_usd'])} together."
        )
    models = ", ".join(f"{line['model']} {usd(line['usd'])}" for line in details["models"])
    reasons.append(f"Spent on: {models}.")
    if row["unpriced_calls"]:
        reasons.append(f"{many(row['unpriced_calls'], 'call')} without a price would come on top.")
    return Description(
        title=f"{who} spent {usd(row['spent_usd'])} in {length}, over the budget of "
        f"{usd(row['limit_usd'])}",
        severity="high" if row["used_share"] >= SEVERE else "medium",
        confidence=1.0,
        why=tuple(reasons),
        recommendations=("Refuse or slow calls above the budget at the gateway, or raise it.",),
    )


def _length(window_s: int) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if window_s % size == 0:
            return many(window_s // size, unit)
    return many(window_s, "second")


def _column(budget: Budget) -> str:
    """The column that the budget's word means."""
    name = {"key": "api_key_hash", "route": "http_route"}.get(budget.by) or resolve(
        budget.by
    ).column
    if budget.by and name not in SUBJECT:
        raise ConfigError(
            f"A budget cannot be by '{budget.by}'. It can be by one of: {', '.join(SUBJECT)}."
        )
    return name or ""


def _over(events: ir.Table, budget: Budget, place: int) -> ir.Table:
    t = counted(events)
    column = _column(budget)
    member = t[column] if column else ibis.null("string")
    t = t.filter(t.timestamp.notnull())
    if column:
        t = t.filter(t[column].notnull())
        t = t.filter(t[column] == budget.value) if budget.value else t
    t = t.select(
        member=member,
        window=time_bucket(t.timestamp, budget.window),
        usd=t.cost_usd,
        is_unpriced=t.is_unpriced,
        timestamp=t.timestamp,
    )
    limit = option(budget.limit_usd)
    windows = t.group_by("member", "window").agg(
        usd=t.usd.sum().cast("float64"),
        calls=t.count(),
        unpriced=number(t.is_unpriced),
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
    )
    windows = windows.filter(windows.usd > limit)
    most = windows.usd.max().over(ibis.window(group_by=windows.member))
    windows = windows.mutate(limit_usd=limit, most=most)
    t = windows.group_by("member").agg(
        saving_usd=(windows.usd - limit).sum().round(9),
        limit_usd=windows.limit_usd.max(),
        spent_usd=windows.usd.max().round(9),
        used_share=windows.usd.max() / windows.limit_usd.max().nullif(0.0),
        windows=windows.count(),
        calls=windows.calls.sum(),
        unpriced_calls=windows.unpriced.sum(),
        started=windows.started.min(),
        ended=windows.ended.max(),
        worst=windows.window.min(where=windows.usd == windows.most),
    )
    return t.select(
        *(name for name in MEASURES if name != "window_s"),
        "started",
        "ended",
        "worst",
        window_s=ibis.literal(seconds(budget.window), "int64"),
        budget=ibis.literal(place, "int64"),
        **{name: t.member if name == column else ibis.null("string") for name in SUBJECT},
    )


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    t = counted(events)
    t = t.filter(t.cost_usd.notnull())
    for column in SUBJECT:
        if row.get(column) is not None:
            t = t.filter(t[column] == row[column])
    return t.filter(time_bucket(t.timestamp, f"{row['window_s']}s") == ibis.literal(row["worst"]))


def _spent(hour: int, cents: int, **columns: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T{hour:02}:00:00Z", "model": "m", "cost_usd": f"{cents / 100:.2f}",
        **columns,
    }  # fmt: skip


_DAY = [_spent(hour, 30, team=team) for hour in range(10) for team in ("search", "ads")]

CASES = [
    Case(
        "a team that spent more in a day than its budget",
        options={"budgets": (Budget(2.5, by="team", window="1d"),)},
        rows=[*_DAY, _spent(11, 50)],
        expect=[
            {"team": "ads", "spent_usd": 3.0, "limit_usd": 2.5, "saving_usd": 0.5, "windows": 1, "user_id": None},
            {"team": "search", "spent_usd": 3.0, "used_share": 1.2},
        ],
    ),
    Case(
        "a budget of one value, and one of all spending, by the hour",
        options={"budgets": (Budget(0.55, window="1h"), Budget(2.9, by="team", value="ads", window="1d"))},
        rows=_DAY,
        expect=[
            {"team": None, "spent_usd": 0.6, "windows": 10, "saving_usd": 0.5, "calls": 20},
            {"team": "ads", "spent_usd": 3.0},
        ],
    ),
    Case(
        "exactly the budget is within it",
        options={"budgets": (Budget(6.0, window="1d"), Budget(3.0, by="team"))},
        rows=_DAY,
        expect=[],
    ),
    Case("without a budget nothing is over one", rows=_DAY, expect=[]),
    NO_COST,
]  # fmt: skip

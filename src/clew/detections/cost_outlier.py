"""A user whose AI calls cost far more than those of its peers, or than it ever did itself.

Reads     calls, each counted once   user_id, cost_usd, timestamp
Returns   one row per user, the most to save first
Units     cost_usd: of all its calls; peer_median_usd: median of all users; times_peers: cost_usd of that;
          peer_z: robust z score of the logarithm of its cost among the users; day_usd: its dearest day;
          past_day_usd: median of its days in the four weeks before that; times_past: day_usd of that;
          saving_usd: what it spent above the upper end of what is usual, an estimate; cost_share: of the
          cost of all users, 0 to 1; unpriced_calls: its answered calls without a price, in no sum
Method    peers: at least min_users with a cost, min_times the median, and z >= min_z; who is min_share of all
          cost needs a z of 3 alone, or of the square root of 2 ln users, which the largest of so many has
          by chance. The spread is the larger one of the MAD and the upper quartile's distance, so that a
          long tail is no outlier.
          own past: the dearest day against the median of at least min_days days with calls before it
Blind to  users of another kind than the rest, such as a service account among people: allow them
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import counted, number
from clew.detections._money import NO_COST, usd
from clew.detections._values import option
from clew.detections._words import clock, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"calls": ("user_id", "cost_usd")}
SUBJECT = ("user_id",)
MEASURES = (
    "saving_usd", "cost_usd", "cost_share", "calls", "unpriced_calls", "users", "peer_median_usd",
    "times_peers", "peer_z", "day_usd", "past_day_usd", "times_past", "past_days", "min_z", "min_times",
    "min_users", "min_days", "min_usd", "min_share",
)  # fmt: skip
REFERENCES = ("owasp.llm10-2025",)
NORMAL = 1.4826  # MAD of a normal distribution to its standard deviation
QUARTILE = 0.6745  # upper quartile of a normal distribution, in standard deviations
LEAST_SPREAD = 0.25  # users that cost all alike: a quarter more is no outlier
LEAST_Z = 3.0
STEADY_DAYS = 5
PAST_DAYS = 28
DAY_S = 86_400


def detect(
    events: ir.Table,
    *,
    min_z: float = 4.0,
    min_times: float = 5.0,
    min_users: int = 6,
    min_days: int = 5,
    min_usd: float = 0.5,
    min_share: float = 0.05,
) -> ir.Table:
    days = _days(events)
    users = _against_peers(days)
    t = users.left_join(_against_past(days), "user_id").drop("user_id_right")
    by_chance = (2 * t.users.cast("float64").ln()).sqrt()
    is_heavy = (t.cost_share >= option(min_share)) & (
        t.peer_z >= ibis.greatest(by_chance, option(LEAST_Z))
    )
    is_peer = (
        (t.users >= min_users)
        & ((t.peer_z >= option(min_z)) | is_heavy)
        & (t.times_peers >= option(min_times))
        & (t.cost_usd.cast("float64") >= option(min_usd))
    ).fill_null(False)
    is_past = (
        (t.past_days >= min_days)
        & (t.times_past >= option(min_times))
        & (t.day_usd.cast("float64") >= option(min_usd))
    ).fill_null(False)
    above_peers = t.cost_usd.cast("float64") - t.usual_usd
    above_past = t.day_usd.cast("float64") - t.past_day_usd * option(min_times) / 2
    t = t.mutate(
        is_peer=is_peer,
        is_past=is_past,
        saving_usd=ibis.greatest(
            ibis.ifelse(is_peer, above_peers, option(0.0)),
            ibis.ifelse(is_past, above_past, option(0.0)),
        ).round(9),
    ).filter(is_peer | is_past)
    return t.select(
        "user_id",
        "is_peer",
        "is_past",
        "is_steady",
        "active_days",
        "day",
        "day_started",
        *MEASURES[:-6],
        started=ibis.ifelse(t.is_peer, t.started, t.day_started),
        ended=ibis.ifelse(t.is_peer, t.ended, t.day_ended),
        min_z=option(min_z),
        min_times=option(min_times),
        min_users=ibis.literal(min_users),
        min_days=ibis.literal(min_days),
        min_usd=option(min_usd),
        min_share=option(min_share),
    ).order_by(ibis.desc("saving_usd"), "user_id")


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Its dearest calls; of its dearest day where only that is an outlier."""
    t = counted(events)
    t = t.filter(t.user_id == row["user_id"], t.cost_usd.notnull())
    if not row["is_peer"]:
        t = t.filter(_day(t) == row["day"])
    return t.order_by(t.cost_usd.desc(), "timestamp", "event_id").select("event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = counted(events)
    t = t.filter(t.user_id == row["user_id"])
    models = t.group_by("model").agg(usd=t.cost_usd.sum(), calls=t.count())
    return {"models": models.order_by(models.usd.desc(), "model").limit(3)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    user = row["user_id"]
    reasons = []
    if row["is_peer"]:
        title = (
            f"User {user} cost {usd(row['cost_usd'])}, {row['times_peers']:,.0f} times the median of "
            f"{row['users']:,} users"
        )
        reasons.append(
            f"The median user cost {usd(row['peer_median_usd'])}; {user} stands {row['peer_z']:.1f} "
            f"robust standard deviations above it, and is {share(row['cost_share'] or 0)} of all cost."
        )
    else:
        title = (
            f"User {user} cost {usd(row['day_usd'])} in one day, {row['times_past']:,.0f} times "
            "its usual day"
        )
    if row["is_past"]:
        reasons.append(
            f"Its dearest day, that of {clock(row['day_started'])}, cost "
            f"{usd(row['day_usd'])}; the median of the {row['past_days']} days before it was "
            f"{usd(row['past_day_usd'])}."
        )
    if row["is_peer"] and row["is_steady"]:
        reasons.append(
            f"It costs about as much on each of {row['active_days']:,} days: a job or a habit, no accident."
        )
    models = ", ".join(
        f"{line['model']} ({line['calls']:,} calls, {usd(line['usd'])})"
        for line in details["models"]
    )
    reasons.append(f"It called {models}.")
    if row["unpriced_calls"]:
        reasons.append(f"{row['unpriced_calls']:,} of its calls have no price and are in no sum.")
    weight = row["cost_share"] or 0.0
    return Description(
        title=title,
        severity="high" if weight >= 0.3 and row["is_peer"] and not row["is_steady"] else "medium",
        confidence=0.9 if row["is_peer"] and row["is_past"] else 0.8,
        why=tuple(reasons),
        recommendations=(
            f'Ask what {user} runs, and set a budget for it: [[budgets]] by = "user_id".',
            f"What it spends above the usual is about {usd(row['saving_usd'])}.",
        ),
    )


def _day(t: ir.Table) -> ir.IntegerValue:
    day: ir.IntegerValue = (t.timestamp.epoch_seconds() // DAY_S).cast("int64")
    return day


def _days(events: ir.Table) -> ir.Table:
    """One row a user and day; a day without a time is NULL."""
    t = counted(events)
    t = t.filter(t.user_id.notnull())
    t = t.mutate(day=_day(t))
    return t.group_by("user_id", "day").agg(
        usd=t.cost_usd.sum(),
        calls=t.count(),
        unpriced=number(t.is_unpriced),
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
    )


def _against_peers(days: ir.Table) -> ir.Table:
    t = days.group_by("user_id").agg(
        cost_usd=days.usd.sum(),
        calls=days.calls.sum(),
        unpriced_calls=days.unpriced.sum(),
        active_days=number(days.usd > 0),
        most_usd=days.usd.max(),
        started=days.started.min(),
        ended=days.ended.max(),
    )
    even_usd = t.cost_usd / t.active_days.nullif(0)
    t = t.mutate(
        is_steady=((t.active_days >= STEADY_DAYS) & (t.most_usd <= 2 * even_usd)).fill_null(False)
    )
    t = t.filter(t.cost_usd > 0).mutate(log_usd=lambda s: s.cost_usd.cast("float64").ln())
    middle = t.agg(
        log_median=t.log_usd.quantile(0.5),
        log_upper=t.log_usd.quantile(0.75),
        all_usd=t.cost_usd.sum().cast("float64"),
        users=t.count(),
    )
    t = t.cross_join(middle)
    off = t.agg(mad=(t.log_usd - t.log_median).abs().quantile(0.5))
    t = t.cross_join(off)
    spread = ibis.greatest(
        t.mad * NORMAL, (t.log_upper - t.log_median) / QUARTILE, option(LEAST_SPREAD)
    )
    t = t.mutate(peer_median_usd=t.log_median.exp().round(9), spread=spread)
    return t.mutate(
        cost_share=t.cost_usd.cast("float64") / t.all_usd.nullif(0.0),
        times_peers=t.cost_usd.cast("float64") / t.peer_median_usd.nullif(0.0),
        peer_z=((t.log_usd - t.log_median) / t.spread).round(9),
        usual_usd=(t.log_median + 2 * t.spread).exp(),
    )


def _against_past(days: ir.Table) -> ir.Table:
    """One row a user: its dearest day, and the days of the four weeks before it."""
    t = days.filter(days.day.notnull(), days.usd > 0)
    place = ibis.row_number().over(ibis.window(group_by=t.user_id, order_by=[t.usd.desc(), t.day]))
    top = t.mutate(place=place).filter(lambda s: s.place == 0)
    top = top.select("user_id", "day", day_usd="usd", day_started="started", day_ended="ended")
    past = t.select("user_id", past_day="day", past_usd=t.usd.cast("float64"))
    met = past.join(top.select("user_id", "day"), "user_id")
    met = met.filter((met.past_day < met.day) & (met.past_day >= met.day - PAST_DAYS))
    before = met.group_by("user_id").agg(
        past_day_usd=met.past_usd.quantile(0.5), past_days=met.count()
    )
    t = top.left_join(before, "user_id").drop("user_id_right")
    return t.mutate(times_past=t.day_usd.cast("float64") / t.past_day_usd.nullif(0.0))


def _spent(user: str, day: int, cents: int) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-{day:02}T10:00:00Z", "model": "gpt-4o", "user_id": user,
        "cost_usd": f"{cents / 100:.2f}",
    }  # fmt: skip


_TEAM = [_spent(f"u{n:02}", 1 + n % 3, 20 + n) for n in range(12)]

CASES = [
    Case(
        "one user that costs fifty times the others is found among its peers",
        rows=[*_TEAM, *[_spent("loop", 2, 100)] * 20],
        expect=[{"user_id": "loop", "cost_usd": 20.0, "users": 13, "is_peer": True, "calls": 20}],
    ),
    Case(
        "three that spend most of the money are found though the others differ widely among themselves",
        rows=[
            *(_spent(f"u{n:02}", 1 + n % 9, int(2 * 1.08**n)) for n in range(48)),
            *(_spent(f"big{n}", 2, 1500 + n) for n in range(3)),
        ],
        expect=[{"user_id": "big2", "is_peer": True}, {"user_id": "big1"}, {"user_id": "big0"}],
    ),
    Case(
        "a day of ten times its usual is found against its own past, though it is the only user",
        rows=[*(_spent("ann", day, 50) for day in range(1, 9)), _spent("ann", 9, 500)],
        expect=[
            {
                "user_id": "ann", "is_peer": False, "is_past": True, "day_usd": 5.0,
                "past_day_usd": 0.5, "past_days": 8, "times_past": 10.0,
                "started": "2026-11-09T10:00:00Z",
            }
        ],
    ),
    Case(
        "users that differ by a few times are no outliers",
        rows=[_spent(f"u{n}", 1, 10 * n) for n in range(1, 20)],
        expect=[],
    ),
    Case("one user alone, on one day, is compared with nothing", rows=[_spent("ann", 1, 9000)], expect=[]),
    Case(
        "of three users the dearest is no outlier yet",
        rows=[_spent("a", 1, 10), _spent("b", 1, 10), _spent("c", 1, 900)],
        expect=[],
    ),
    Case(
        "cents are not worth a finding",
        rows=[*[_spent(f"u{n}", 1, 1) for n in range(10)], _spent("x", 1, 40)],
        expect=[],
    ),
    NO_COST,
]  # fmt: skip

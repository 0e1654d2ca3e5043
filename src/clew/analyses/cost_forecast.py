"""What AI calls will cost in the days to come, with an interval, from the days before.

Reads     calls, each counted once   timestamp, cost_usd
Returns   one row per day to come (`days`), for each value of the columns split by; in time order
Units     day: 1 is the first day after the last whole one; begins: its beginning, UTC; expected_usd, low_usd,
          high_usd: US dollars, an interval that 95 of 100 days should lie in; to_date_usd: the expected sum
          from day 1; used_days: whole days that it rests on; method: what was done with them; unpriced_calls:
          answered calls without a price, whose cost would come on top
Method    the last 28 whole days, 0 where a day has no calls. From 14 days on, a day is expected to cost the
          mean of its weekday, else the mean of all. The interval is that of one new value: 1 + 1/n of the
          spread about these means, with Student's t; not below 0. Fewer than min_days: no number
Blind to  growth within the four weeks, seasons of the year, changes of price to come; with a bucket other
          than 1d, steps are of that length and there are no weekdays
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, seconds
from clew.correlation.call_outcomes import counted, number
from clew.model.case import Case

RETURNS = (
    "day", "begins", "expected_usd", "low_usd", "high_usd", "to_date_usd", "used_days", "method",
    "unpriced_calls",
)  # fmt: skip
MOST_DAYS, WEEK, WEEKDAYS_FROM = 28, 7, 14
DAY_S = 86_400


def cost_forecast(
    events: ir.Table,
    *,
    by: tuple[str, ...] = (),
    bucket: str | None = None,
    days: int = 7,
    min_days: int = 5,
) -> ir.Table:
    t = counted(events)
    keys = group_keys(t, by, None, (*RETURNS, "bucket"))
    step_s = seconds(bucket or "1d")
    t = t.filter(t.timestamp.notnull())
    at_s = t.timestamp.epoch_seconds().cast("int64")
    t = t.select(
        **keys, step=(at_s // step_s).cast("int64"), offset=at_s % step_s, usd=t.cost_usd,
        is_unpriced=t.is_unpriced,
    )  # fmt: skip
    names = list(keys)
    past = _past(t, names, is_weekly=step_s == DAY_S)
    whole = t.group_by(names).agg if names else t.aggregate
    past = _joined(past, whole(unpriced_calls=number(t.is_unpriced)), names)
    ahead = past.mutate(day=ibis.range(1, days + 1).unnest().cast("int64"))
    step = ahead.last_step + ahead.day
    sum_w = [ahead[f"usd_{n}"] for n in range(WEEK)]
    cnt_w = [ahead[f"days_{n}"] for n in range(WEEK)]
    is_weekly = (ahead.used_days >= WEEKDAYS_FROM) & (step_s == DAY_S)
    weekday = step % WEEK
    own_usd = ibis.cases(
        *((weekday == n, sum_w[n]) for n in range(WEEK)), else_=ibis.null("float64")
    )
    own_days = ibis.cases(
        *((weekday == n, cnt_w[n]) for n in range(WEEK)), else_=ibis.null("int64")
    )
    mean = ibis.ifelse(is_weekly, own_usd / own_days.nullif(0), ahead.all_usd / ahead.used_days)
    n = ibis.ifelse(is_weekly, own_days, ahead.used_days)
    free = ibis.greatest(ibis.ifelse(is_weekly, ahead.used_days - WEEK, ahead.used_days - 1), 1)
    left = ibis.ifelse(is_weekly, ahead.left_weekly, ahead.left_mean)
    student = 1.96 + 2.4 / free + 3.0 / (free * free) + 5.0 / (free * free * free)
    width = student * (ibis.greatest(left, 0.0) / free * (1 + 1 / n.nullif(0))).sqrt()
    enough = ahead.used_days >= min_days
    none = ibis.null("float64")
    weekly_words = ibis.literal("means of each weekday over ")
    words = ibis.ifelse(is_weekly, weekly_words, ibis.literal("mean of "))
    ahead = ahead.mutate(
        begins=_moment(step * step_s),
        expected_usd=ibis.ifelse(enough, mean, none).round(9),
        low_usd=ibis.ifelse(enough, ibis.greatest(mean - width, 0.0), none).round(9),
        high_usd=ibis.ifelse(enough, mean + width, none).round(9),
        method=ibis.ifelse(
            enough,
            words + ahead.used_days.cast("string") + " whole days",
            ibis.literal("too few whole days: ") + ahead.used_days.cast("string")
            + f", at least {min_days} are needed",
        ),
    )  # fmt: skip
    within = ibis.cumulative_window(group_by=[ahead[name] for name in names], order_by=ahead.day)
    ahead = ahead.mutate(to_date_usd=ahead.expected_usd.sum().over(within).round(9))
    first = [] if bucket is None else ["bucket"]
    ahead = ahead.mutate(bucket=ahead.begins) if bucket else ahead
    return ahead.order_by("begins", *names).select(*names, *first, *RETURNS)


def _moment(at_s: ir.IntegerValue) -> ir.TimestampValue:
    moment: ir.TimestampValue = ibis.timestamp("1970-01-01 00:00:00") + at_s.as_interval("s")
    return moment


def _past(t: ir.Table, names: list[str], *, is_weekly: bool) -> ir.Table:
    """One row a group: sums of its whole days, by weekday too, and the squares left about their means."""
    steps = t.group_by(*names, "step").agg(
        usd=t.usd.sum().cast("float64").fill_null(0.0), first=t.offset.min(), last=t.offset.max()
    )
    ends = steps.group_by(names).agg if names else steps.aggregate
    ends = ends(
        begins=steps.step.min(),
        until=steps.step.max(),
        usual_first=steps["first"].quantile(0.5),
        usual_last=steps["last"].quantile(0.5),
    )
    t = _joined(steps, ends, names)
    # the first and the last day are whole where they begin and end about when the others do
    slack_s = 1_800 if is_weekly else 0
    cut = (t.step == t.until) & (t["last"] < t.usual_last - slack_s)
    cut = cut | ((t.step == t.begins) & (t["first"] > t.usual_first + slack_s))
    t = t.mutate(is_cut=cut)
    t = t.filter(~t.is_cut & (t.step > t.until - MOST_DAYS - 1))
    t = t.mutate(weekday=t.step % WEEK)
    agg = t.group_by(names).agg if names else t.aggregate
    found = agg(
        first_step=t.step.min(),
        last_step=t.step.max(),
        all_usd=t.usd.sum(),
        squares=(t.usd * t.usd).sum(),
        **{f"usd_{n}": t.usd.sum(where=t.weekday == n).fill_null(0.0) for n in range(WEEK)},
    )
    found = found.filter(found.last_step.notnull())
    found = found.mutate(used_days=found.last_step - found.first_step + 1)
    # days of each weekday between the first and the last, those without calls too
    found = found.mutate(
        **{
            f"days_{n}": (found.last_step - n + WEEK) // WEEK
            - (found.first_step - 1 - n + WEEK) // WEEK
            for n in range(WEEK)
        }
    )
    by_weekday = [
        found[f"usd_{n}"] * found[f"usd_{n}"] / found[f"days_{n}"].nullif(0) for n in range(WEEK)
    ]
    explained = by_weekday[0].fill_null(0.0)
    for part in by_weekday[1:]:
        explained = explained + part.fill_null(0.0)
    found = found.mutate(
        left_mean=found.squares - found.all_usd * found.all_usd / found.used_days,
        left_weekly=found.squares - explained,
    )
    return found


def _joined(t: ir.Table, other: ir.Table, names: list[str]) -> ir.Table:
    if not names:
        return t.cross_join(other)
    joined = t.join(other, [t[name].identical_to(other[name]) for name in names])
    return joined.drop(*(f"{name}_right" for name in names))


def _day(day: int, usd: float, hour: int = 23) -> list[dict[str, object]]:
    moments = (f"2026-11-{day:02}T01:00:00Z", f"2026-11-{day:02}T{hour:02}:00:00Z")
    return [{"timestamp": at, "model": "m", "cost_usd": f"{usd / 2:.2f}"} for at in moments]


CASES = [
    Case(
        "ten days alike: so will the next ones be",
        options={"days": 2},
        rows=[row for day in range(1, 11) for row in _day(day, 4.0)],
        expect=[
            {
                "day": 1, "begins": "2026-11-11T00:00:00Z", "expected_usd": 4.0, "low_usd": 4.0, "high_usd": 4.0,
                "to_date_usd": 4.0, "used_days": 10, "method": "mean of 10 whole days", "unpriced_calls": 0,
            },
            {"day": 2, "begins": "2026-11-12T00:00:00Z", "to_date_usd": 8.0},
        ],
    ),
    Case(
        "three weeks know weekends; a day in the middle without calls cost nothing",
        options={"days": 7},
        rows=[row for day in range(2, 23) if day not in (7, 8, 14, 15, 21, 22) for row in _day(day, 7.0)]
        + _day(22, 1.0),
        expect=[
            *({"day": n, "expected_usd": 7.0} for n in range(1, 6)),
            {"day": 6, "expected_usd": 0.0, "begins": "2026-11-28T00:00:00Z"},
            {"day": 7, "expected_usd": 0.333333333, "method": "means of each weekday over 21 whole days"},
        ],
    ),
    Case(
        "a last day that ends at noon is not whole yet",
        options={"days": 1},
        rows=[row for day in range(1, 8) for row in _day(day, 4.0, 23 if day < 7 else 12)],
        expect=[{"begins": "2026-11-07T00:00:00Z", "expected_usd": 4.0, "used_days": 6}],
    ),
    Case(
        "three days are too few, and that is said",
        options={"days": 1},
        rows=[row for day in range(1, 4) for row in _day(day, 4.0)],
        expect=[{"expected_usd": None, "high_usd": None, "method": "too few whole days: 3, at least 5 are needed"}],
    ),
    Case("without calls there is nothing to go by", rows=[{"message": "ready"}], expect=[]),
]  # fmt: skip

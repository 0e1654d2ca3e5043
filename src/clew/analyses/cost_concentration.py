"""How unevenly the cost lies: the share of the top 5 % of users, and the Gini coefficient.

Reads     calls, each counted once   cost_usd and the column that `of` names
Returns   one row per value of the columns split by; the most uneven first
Units     members: values of `of` with a cost; top_members: the dearest 5 % of them (`top`), at least
          one; top_cost_usd and cost_usd: US dollars; top_share: 0 to 1; gini: 0 where all cost alike,
          near 1 where one costs all; dearest, dearest_cost_usd: who costs most; unpriced_calls:
          answered calls without a price, in no sum; unnamed_cost_usd: of calls that name no member
Blind to  calls without a price
Source    https://en.wikipedia.org/wiki/Gini_coefficient
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group, value_of
from clew.correlation.call_outcomes import counted, number
from clew.model.case import Case

RETURNS = (
    "members", "top_members", "top_share", "top_cost_usd", "cost_usd", "gini", "dearest",
    "dearest_cost_usd", "unnamed_cost_usd", "unpriced_calls",
)  # fmt: skip


def cost_concentration(
    events: ir.Table,
    *,
    by: tuple[str, ...] = (),
    bucket: str | None = None,
    of: str = "user_id",
    top: float = 0.05,
) -> ir.Table:
    t = counted(events)
    keys = group_keys(t, by, bucket, RETURNS)
    t = t.select(
        member=value_of(t, of).cast("string"), usd=t.cost_usd, is_unpriced=t.is_unpriced, **keys
    )
    names = list(keys)
    whole = per_group(
        t,
        {name: t[name] for name in names},
        cost_usd=t.usd.sum(),
        unnamed_cost_usd=t.usd.sum(where=t.member.isnull()),
        unpriced_calls=number(t.is_unpriced),
    )
    each = t.filter(t.member.notnull() & t.usd.notnull()).group_by(*names, "member")
    each = each.agg(spent=lambda s: s.usd.sum())
    # rank 1 is the dearest; the Gini coefficient is that of the values in rising order
    within = ibis.window(group_by=names, order_by=[each.spent.desc(), each.member])
    group = ibis.window(group_by=names) if names else ibis.window()
    each = each.mutate(
        place=ibis.row_number().over(within).cast("int64") + 1, members=each.count().over(group)
    )
    each = each.mutate(
        top_members=ibis.greatest((each.members.cast("float64") * top).ceil(), 1).cast("int64"),
        usd=each.spent.cast("float64"),
    )
    found = each.group_by(names).agg if names else each.aggregate
    found = found(
        members=each.count(),
        top_members=each.top_members.max(),
        top_cost_usd=each.spent.sum(where=each.place <= each.top_members),
        named_usd=each.usd.sum(),
        ranked_usd=(each.usd * (each.members + 1 - each.place)).sum(),
        dearest=each.member.max(where=each.place == 1),
        dearest_cost_usd=each.spent.max(where=each.place == 1),
    )
    t = whole.left_join(found, names) if names else whole.cross_join(found)
    n = t.members.cast("float64")
    gini = 2 * t.ranked_usd / (n * t.named_usd.nullif(0.0)) - (n + 1) / n.nullif(0.0)
    t = t.mutate(
        members=t.members.fill_null(0),
        top_members=t.top_members.fill_null(0),
        top_share=t.top_cost_usd.cast("float64") / t.named_usd.nullif(0.0),
        gini=gini.round(9),
        rank_gini=gini.fill_null(-1.0),
    )
    return ordered(t, names, "rank_gini").select(*names, *RETURNS)


def _spend(*cents: int) -> list[dict[str, object]]:
    return [
        {"model": "m", "user_id": f"user-{n:02}", "cost_usd": f"{cent / 100:.2f}"}
        for n, cent in enumerate(cents)
    ]


CASES = [
    Case(
        "the top 5 % of twenty users is the dearest one",
        rows=_spend(*[100] * 19, 1900),
        expect=[
            {
                "members": 20, "top_members": 1, "top_share": 0.5, "top_cost_usd": 19.0, "cost_usd": 38.0,
                "dearest": "user-19", "gini": 0.45, "unpriced_calls": 0,
            }
        ],
    ),
    Case(
        "where all cost alike the coefficient is 0",
        rows=_spend(5, 5, 5, 5),
        expect=[{"gini": 0.0, "top_share": 0.25}],
    ),
    Case(
        "teams beside each other; calls of nobody and without a price are said apart",
        options={"by": ("team",), "of": "api_key_hash"},
        rows=[
            {"model": "m", "team": "a", "api_key_hash": "k1", "cost_usd": "3.00"},
            {"model": "m", "team": "a", "api_key_hash": "k2", "cost_usd": "1.00"},
            {"model": "m", "team": "a", "cost_usd": "2.00"},
            {"model": "m", "team": "b", "api_key_hash": "k3", "input_tokens": 5},
        ],
        expect=[
            {"team": "a", "members": 2, "gini": 0.25, "dearest": "k1", "cost_usd": 6.0, "unnamed_cost_usd": 2.0},
            {"team": "b", "members": 0, "gini": None, "dearest": None, "unpriced_calls": 1},
        ],
    ),
]  # fmt: skip

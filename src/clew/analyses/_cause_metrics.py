"""What metrics say of a cause: which pod's series left its usual range, and how far beside others'."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._cause_words import EVIDENCE, clue, number, relative, saturating
from clew.correlation.metric_series import FREE, anomalies, series

RISES = {
    "cpu": 1.0, "memory": 1.0, "disk": 1.0, "threads": 1.0, "network loss": 1.0, "network": 0.7,
    "restarts": 1.0, "errors": 0.5, "latency": 0.45,
}  # fmt: skip
FALLS = {"cpu": 0.25, "memory": 0.3, "network": 0.6, "disk": 0.25, "threads": 0.3}
"""How much a rise and a fall of each kind tell: a callee's CPU falls when its callers break."""
OTHERWISE = 0.25
SYMPTOMS = ("errors", "latency", "other")
MOST_SPREADS, MOST_OF_SYMPTOMS = 60.0, 15.0
"""More spreads tell no more. Symptoms are passed on to callers, where they are as large."""


def metric_clues(points: ir.Table) -> ir.Table:
    """Evidence of data points with component, pod, side and clew_group."""
    t = anomalies(series(points))
    is_room = t.metric.re_search(FREE)
    is_bad = t.is_rise != is_room
    rises = ibis.cases(*((t.resource == k, w) for k, w in RISES.items()), else_=OTHERWISE)
    falls = ibis.cases(*((t.resource == k, w) for k, w in FALLS.items()), else_=0.15)
    t = t.mutate(weight=ibis.ifelse(is_bad, rises, falls), operation=ibis.literal(""))
    most = ibis.ifelse(t.resource.isin(SYMPTOMS), MOST_OF_SYMPTOMS, MOST_SPREADS)
    # of two that are as far out, the one that grew more by its own measure tells more
    change = ((t.reached.abs() + 1e-9) / (t.usual.abs() + 1e-9)).ln().abs()
    grown = 0.5 + 0.5 * saturating(change, 0.7)
    t = t.mutate(weighed=ibis.least(t.spreads, most) * t.weight * grown)
    top = t.weighed.max().over(ibis.window(group_by="clew_group"))
    strength = t.weight * saturating(t.weighed - 2.0, 7.0) * relative(t.weighed, top)
    return clue(
        t, "metrics", strength,
        t.metric, ibis.ifelse(t.part == "", "", ibis.literal(" ") + t.part),
        ibis.ifelse(t.is_rise, " rose to ", " fell to "), number(t.reached), " from ",
        number(t.usual), " (", number(t.spreads), " spreads)",
        ibis.ifelse(t.since.isnull(), "", ibis.literal(" from ") + t.since.cast("string").substr(11, 8)),
    ).select(*EVIDENCE)  # fmt: skip

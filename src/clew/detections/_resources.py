"""What the metrics of a service's pods did while it was slow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.metric_series import resource_anomalies
from clew.detections._words import clock

EARLIER = timedelta(seconds=90)
"""A metric is read every minute or so, and what slows a pod begins before its spans are slow."""
MOST = 2


def resources_of(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The pods of the row's service whose CPU, memory, disk or network left its usual range."""
    found = resource_anomalies(events, since=row["started"] - EARLIER, until=row["ended"] + EARLIER)
    found = found.filter(found.service == row["service"])
    return found.order_by(ibis.desc("spreads"), "pod", "metric_name", "usual").limit(MOST)


def resource_sentences(found: Sequence[dict[str, Any]], row: dict[str, Any]) -> list[str]:
    """Each of them, and whether it came before the row's slow time."""
    told = []
    for metric in found:
        pod = f" of {metric['pod']}" if metric["pod"] else ""
        way = "rose" if metric["is_rise"] else "fell"
        began = metric["since"]
        order = ""
        if began is not None:
            order = f" from {clock(began)} on"
            order += ", before it was slow" if began <= row["started"] else ""
        told.append(
            f"{metric['metric_name']}{pod} {way} from {metric['usual']:,.4g} to "
            f"{metric['reached']:,.4g}{order}: {metric['spreads']:.0f} times its usual spread."
        )
    return told

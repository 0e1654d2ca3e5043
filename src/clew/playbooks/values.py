"""`each: user_id`: the values of a column in a finding's own events, such as the accounts an address got into.

A finding's own events are those of its subject, from its start to its end. Who asked, and from where, is
what the rows of a request tell each other, as the detections of stolen credentials read them: a proxy's line
has the address, the application's the user, and an id ties them. A finding about an address of IPv6 that
counts several addresses is about the /64 in which they are.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir

from clew.correlation.credentials import TOLD, asked
from clew.correlation.devices import device_of
from clew.engines import Engine
from clew.model.event import BY_NAME
from clew.model.finding import Finding
from clew.model.views import between, events
from clew.playbooks.filling import Unfilled
from clew.query.sides import side_of

EDGE = timedelta(minutes=10)
"""Rows that tell more of a request may stand so far outside the finding's time."""
MOST_VALUES = 1_000


def values_of(
    engine: Engine, finding: Finding, column: str, among: str, now: datetime
) -> list[str]:
    """The column's values in the finding's own events, the first seen first. Raises Unfilled where the
    finding does not say which events are its own."""
    about = {name: value for name, value in finding.subject.items() if name in BY_NAME}
    if not about:
        raise Unfilled("the finding's subject names no column, so its own events are unknown")
    found = engine.run(_question(finding, about, column, among, now), limit=MOST_VALUES)
    return [str(value) for value, _ in found.rows]


def _question(
    finding: Finding, about: dict[str, str | int | float], column: str, among: str, now: datetime
) -> ir.Table:
    first = finding.start and finding.start - EDGE
    seen = between(events, first, finding.end and finding.end + EDGE)
    chosen = seen.filter(side_of(among, now=now)) if among else seen
    chosen = chosen.select("event_id", "timestamp", *{*about, *TOLD, column})
    who = asked(seen).select("event_id", **{f"asked_{name}": name for name in TOLD})
    t = chosen.left_join(who, "event_id")
    t = t.mutate(**{name: ibis.coalesce(t[f"asked_{name}"], t[name]) for name in TOLD})
    is_64 = (finding.measures.get("addresses") or 1) > 1
    for name, value in about.items():
        if name == "client_ip" and is_64:
            t = t.filter(device_of(t.client_ip) == device_of(ibis.literal(str(value))))
        else:
            t = t.filter(t[name].cast("string") == str(value))
    if finding.start is not None:
        t = t.filter(t.timestamp >= finding.start)
    if finding.end is not None:
        t = t.filter(t.timestamp <= finding.end)
    t = t.filter(t[column].notnull())
    named = t.group_by(value=t[column].cast("string")).agg(first=t.timestamp.min())
    return named.order_by("first", "value")

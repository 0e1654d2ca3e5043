"""What changed when something began: versions first seen, deployments and other stated changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.detections._words import clock

BEFORE, AFTER = timedelta(minutes=15), timedelta(minutes=2)
"""How near a change must be to what it may have brought; buckets blur the beginning."""
VERSIONS = ("service_version", "model_version")


def changes_before(events: ir.Table, service: str, started: datetime) -> ir.Table:
    """Changes about then, those of the service first: service, what, version, at, last.

    A version counts from its first row, unless it is the first that its service is seen with.
    """
    low, high = started - BEFORE, started + AFTER
    parts = [_first_seen(events, column) for column in VERSIONS]
    stated = events.filter(events.change_type.notnull() & events.timestamp.notnull())
    parts.append(
        stated.select(
            service=ibis.coalesce(stated.service, stated.change_target),
            what=stated.change_type,
            version=ibis.coalesce(
                stated.change_version, stated.service_version, stated.model_version, stated.message
            ),
            at="timestamp",
        )
    )
    t = ibis.union(*parts)
    t = t.filter((t["at"] >= low) & (t["at"] <= high))
    t = t.mutate(is_own=(t.service == service).fill_null(False))
    return t.order_by(t.is_own.desc(), t["at"].desc(), "service", "what", "version").limit(3)


def change_sentences(changes: Iterable[dict[str, Any]], started: datetime) -> list[str]:
    """What changed about when it started; other services' changes only where the own has none."""
    changes = list(changes)
    own = [change for change in changes if change["is_own"]] or changes
    return [_sentence(change, started) for change in own[:2]]


def _first_seen(events: ir.Table, column: str) -> ir.Table:
    """The first row of every version of a service but its first."""
    t = events.filter(events[column].notnull() & events.service.notnull())
    t = t.filter(t.timestamp.notnull())
    firsts = t.group_by("service", version=t[column]).agg(at=t.timestamp.min())
    order = ibis.window(group_by=firsts.service, order_by=[firsts["at"], firsts.version])
    firsts = firsts.mutate(place=ibis.row_number().over(order))
    firsts = firsts.filter(firsts.place > 0)
    return firsts.select("service", what=ibis.literal(column), version="version", at="at")


def _sentence(change: dict[str, Any], started: datetime) -> str:
    seconds = (started - change["at"]).total_seconds()
    when = f"{abs(seconds):.0f} s {'before' if seconds >= 0 else 'after'} that"
    whose = change["service"] or "a service"
    kind = {"service_version": "version", "model_version": "model version"}.get(
        change["what"], str(change["what"])
    )
    said = f"{whose} was first seen with {kind} {change['version']}"
    if change["what"] not in VERSIONS:
        said = f"{whose} had a change ({kind}" + (
            f": {str(change['version'])[:120]})" if change["version"] else ")"
        )
    return f"{said} at {clock(change['at'])}, {when}."

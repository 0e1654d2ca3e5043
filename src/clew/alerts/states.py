"""What becomes of alerts when a rule has been looked at again: pending, firing, resolved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from clew.model.alert import Alert, AlertRule, Key, Observed
from clew.model.buckets import seconds
from clew.model.finding import rfc3339

GAP_ROUNDS = 3
"""A condition that nobody looked at for so many rounds may have ended in between: it begins anew."""


def advanced(
    rule: AlertRule,
    known: Sequence[Alert],
    observed: Sequence[Observed],
    now: datetime,
    held: Collection[Key] = (),
) -> tuple[list[Alert], list[Alert]]:
    """Alerts that are new or have changed, and pending ones that are gone.

    known  those of this rule that are not resolved
    held   keys of pending ones that nobody looked at for long, whose condition held all the while
    """
    open_ones = {alert.key: alert for alert in known if alert.state != "resolved"}
    found = {one.key: one for one in observed}
    changed = [_found(rule, open_ones.get(key), one, now, held) for key, one in found.items()]
    gone = []
    for key, alert in open_ones.items():
        if key in found:
            continue
        if alert.state == "firing":
            changed.append(replace(alert, state="resolved", resolved_at=now))
        else:
            gone.append(alert)
    return changed, gone


def abandoned(known: Sequence[Alert], now: datetime) -> tuple[list[Alert], list[Alert]]:
    """The same of alerts whose rule is no more: nobody will see them end."""
    ended = [
        replace(one, state="resolved", resolved_at=now) for one in known if one.state == "firing"
    ]
    return ended, [one for one in known if one.state == "pending"]


def is_overdue(rule: AlertRule, alert: Alert, now: datetime) -> bool:
    """Whether nobody has looked at a pending alert for so long that its condition may have ended."""
    gap = timedelta(seconds=GAP_ROUNDS * seconds(rule.every))
    return alert.state == "pending" and now - alert.seen_at > gap


def _found(
    rule: AlertRule, alert: Alert | None, one: Observed, now: datetime, held: Collection[Key]
) -> Alert:
    lasting = timedelta(seconds=rule.condition.lasting_s if rule.condition else 0)
    if alert is None:
        since = now
        alert = Alert(_id(rule, one, now), rule.name, "pending", one.finding, since, now)
    else:
        begins_anew = is_overdue(rule, alert, now) and one.key not in held
        since = now if begins_anew else alert.since
        finding = replace(one.finding, id=alert.id)
        alert = replace(alert, finding=finding, since=since, seen_at=now)
    if alert.state == "pending" and now - since >= lasting:
        return replace(alert, state="firing", fired_at=now)
    return alert


def _id(rule: AlertRule, one: Observed, now: datetime) -> str:
    """Of a detection and of rules its finding's own; of a condition, from rule, subject and when it began."""
    if rule.condition is None:
        return one.finding.id
    facts = json.dumps([rule.name, one.key, rfc3339(now)])
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def is_silenced(alert: Alert, silences: Sequence[tuple[str, datetime]], now: datetime) -> bool:
    """Whether a silence covers it: of its rule, its kind, or itself."""
    names = (alert.rule, alert.id, alert.finding.kind)
    return any(what in names and until > now for what, until in silences)


def untold(alert: Alert, sink: str, rule: AlertRule | None, now: datetime) -> bool:
    """Whether a sink has yet to hear of its state. Who heard that it fires hears of its end, whatever
    has become of the rule."""
    state, at = alert.notified.get(sink, ["", ""])
    if alert.state == "resolved":
        return state == "firing"
    if rule is None or sink not in rule.receivers:
        return False
    if alert.state != "firing" or alert.acknowledged_at is not None:
        return False
    if state != "firing":
        return True
    told = datetime.fromisoformat(at.removesuffix("Z"))
    return bool(rule.repeat) and now - told >= timedelta(seconds=seconds(rule.repeat))

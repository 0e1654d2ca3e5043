"""One round: look at the rules that are due, write what has changed, tell whoever has yet to hear."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import duckdb

from clew.alerts import store
from clew.alerts.following import Looked, State, follow
from clew.alerts.notifying import Tell
from clew.alerts.observing import Seen, holding, observe
from clew.alerts.states import abandoned, advanced, is_overdue, is_silenced, untold
from clew.config import Options
from clew.engines import Engine
from clew.errors import ClewError, ConfigError
from clew.model.alert import PLAYBOOK, Alert, AlertRule, Key
from clew.model.buckets import seconds
from clew.sigma.reading import RuleSet

Writing = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
Act = Callable[[str, Sequence[Alert], datetime, Engine, Writing], tuple[list[Alert], str]]
"""Runs a playbook, by its receiver's name: the alerts with what was done, and why the rest was not."""
TICK_S = 1.0
MOST_LOOKS = 30
"""At the time that nobody looked at."""


@dataclass(slots=True)
class Watch:
    """Rules that are looked at again and again.

    act       does what a playbook says about alerts
    again     playbooks that are run in every round that finds an alert, by their receivers' names
    sigma     Sigma rules of those that follow some, by the rule's name
    seen      what each rule saw last
    problems  why one could not be looked at, or a sink not be told, by its name
    """

    rules: Sequence[AlertRule]
    options: Options
    tell: Tell
    act: Act | None = None
    again: Collection[str] = ()
    sigma: Mapping[str, RuleSet] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    _looked_at: dict[str, datetime] = field(default_factory=dict)

    def round(self, reader: Engine, writing: Writing, now: datetime) -> list[Alert]:
        """Looks at what is due; gives the alerts that have changed their state."""
        due = [rule for rule in self.rules if self._is_due(rule, now)]
        states = self._followed(due, writing)
        found = {
            rule.name: looked
            for rule in due
            if (looked := self._look(reader, rule, states.get(rule.name), now))
        }
        held = self._held_meanwhile(reader, writing, found.keys(), now)
        with writing() as connection:
            known = store.open_alerts(connection)
            moved: list[Alert] = []
            for rule in due:
                if rule.name not in found:
                    continue  # what could not be looked at is not resolved by that
                own = [alert for alert in known if alert.rule == rule.name]
                observed = self.seen[rule.name].observed
                changed, gone = advanced(rule, own, observed, now, held.get(rule.name, ()))
                store.keep(connection, changed, gone)
                if state := found[rule.name].state:
                    store.keep_followed(connection, rule.name, state)
                before = {alert.id: alert.state for alert in own}
                moved += [alert for alert in changed if before.get(alert.id) != alert.state]
            names = {rule.name for rule in self.rules}
            ended, gone = abandoned([one for one in known if one.rule not in names], now)
            store.keep(connection, ended, gone)
        self._tell(reader, writing, now)
        return [*moved, *ended]

    def _held_meanwhile(
        self, reader: Engine, writing: Writing, looked_at: Collection[str], now: datetime
    ) -> dict[str, set[Key]]:
        """Pending alerts, by rule, that nobody looked at for long, as where each round is a run of cron,
        and whose condition held all the while: the events of that time are still there to tell."""
        with writing() as connection:
            known = store.open_alerts(connection)
        held: dict[str, set[Key]] = {}
        for rule in self.rules:
            if rule.name not in looked_at or rule.condition is None:
                continue
            overdue = [a for a in known if a.rule == rule.name and is_overdue(rule, a, now)]
            keys = {alert.key for alert in overdue} & {
                one.key for one in self.seen[rule.name].observed
            }
            if not keys:
                continue
            lasting = timedelta(seconds=rule.condition.lasting_s)
            first = max(min(alert.seen_at for alert in overdue), now - lasting)
            step = max(timedelta(seconds=seconds(rule.every)), (now - first) / MOST_LOOKS)
            at = now - step
            while keys and at > first:
                keys &= holding(reader, rule, rule.condition, at)
                at -= step
            held[rule.name] = keys
        return held

    def _is_due(self, rule: AlertRule, now: datetime) -> bool:
        last = self._looked_at.get(rule.name)
        return last is None or (now - last).total_seconds() >= seconds(rule.every)

    def _followed(self, due: Sequence[AlertRule], writing: Writing) -> dict[str, State | None]:
        """What the Sigma rules of these have seen: the case knows."""
        names = [rule.name for rule in due if rule.name in self.sigma]
        if not names:
            return {}
        with writing() as connection:
            return {name: store.followed(connection, name) for name in names}

    def _look(
        self, reader: Engine, rule: AlertRule, state: State | None, now: datetime
    ) -> Looked | None:
        self._looked_at[rule.name] = now
        try:
            if rule.name in self.sigma:
                looked = follow(reader, rule, self.sigma[rule.name], state, now)
            else:
                looked = Looked(observe(reader, rule, self.options, now), {})
        except ClewError as error:
            self.problems[rule.name] = str(error)
            return None
        self.problems.pop(rule.name, None)
        self.seen[rule.name] = looked.seen
        return looked

    def _tell(self, reader: Engine, writing: Writing, now: datetime) -> None:
        """No connection is held while a sink is told: it may take its time."""
        with writing() as connection:
            known = store.open_alerts(connection)
            silenced = store.silences(connection, now)
        rules = {rule.name: rule for rule in self.rules}
        spoken = [one for one in known if not is_silenced(one, silenced, now)]
        named = [sink for rule in self.rules for sink in rule.receivers]
        for sink in dict.fromkeys([*named, *(sink for one in spoken for sink in one.notified)]):
            waiting = [
                one
                for one in spoken
                if untold(one, sink, rules.get(one.rule), now) or self._is_again(one, sink, now)
            ]
            if not waiting:
                continue
            try:
                if self.act and sink.startswith(PLAYBOOK):
                    told, problem = self.act(sink, waiting, now, reader, writing)
                else:
                    told, problem = self.tell(sink, waiting, now)
            except ConfigError as error:
                is_gone = sink not in named  # nobody is there any more to hear of the end
                told, problem = ([], str(error)) if not is_gone else (_silently(waiting, sink), "")
            except ClewError as error:
                told, problem = [], str(error)
            self.problems.pop(sink, None)
            if problem:
                self.problems[sink] = problem
            by_id = {alert.id: alert for alert in told}
            spoken = [by_id.get(alert.id, alert) for alert in spoken]
            with writing() as connection:
                store.keep(connection, told)

    def _is_again(self, alert: Alert, sink: str, now: datetime) -> bool:
        """Whether a playbook has more to do for an alert that it was run for: it was found again just now,
        perhaps with more accounts. Once someone has taken it on, they see to that."""
        is_known = sink in self.again and sink in alert.notified
        is_found = alert.state == "firing" and alert.seen_at == now
        return is_known and is_found and alert.acknowledged_at is None


def _silently(alerts: Sequence[Alert], sink: str) -> list[Alert]:
    return [replace(one, notified={**one.notified, sink: ["resolved", ""]}) for one in alerts]


class Watcher:
    """A thread that makes rounds until it is told to end."""

    def __init__(self, watch: Watch, reader: Engine, writing: Writing) -> None:
        self.watch = watch
        self._reader, self._writing = reader, writing
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clew-alerts", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def close(self) -> None:
        """Ends after the round that is under way."""
        self._is_ending.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._is_ending.wait(TICK_S):
            try:
                self.watch.round(self._reader, self._writing, _now())
                self.watch.problems.pop("alerts", None)
            except (ClewError, duckdb.Error) as error:
                self.watch.problems["alerts"] = str(error)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)

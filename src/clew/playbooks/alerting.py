"""Playbooks that alerts start: done for each alert that fires, once, with every step in the audit.

Nobody is there to be asked: a step with `approve: true`, and those behind it, wait for `clew playbook run`.
What failed is tried again after a minute, by the steps that were not done. A playbook with a step for `each`
value is run in every round that finds its alert again: who is let in later is locked, too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from clew.alerts.round import Act, Watch, Writing
from clew.config import Config
from clew.engines import Engine
from clew.live.case import make_tables
from clew.live.tokens import Reader, record
from clew.model.alert import PLAYBOOK, Alert
from clew.model.finding import Finding, rfc3339
from clew.playbooks.reading import Playbook, read_playbook
from clew.playbooks.run import ACTION, Hands, run
from clew.playbooks.values import values_of

WHO = Reader("alerts")
AGAIN_AFTER = timedelta(minutes=1)


def with_playbooks(watch: Watch, settings: Config) -> Watch:
    """The watch, able to do what the playbooks of its rules say. Raises ConfigError for one that is wrong."""
    named = {rule.playbook for rule in watch.rules if rule.playbook}
    playbooks = {PLAYBOOK + name: read_playbook(Path(name)) for name in named}
    watch.act = _acts(playbooks, settings)
    watch.again = {name for name, one in playbooks.items() if any(step.each for step in one.steps)}
    return watch


def _acts(playbooks: dict[str, Playbook], settings: Config) -> Act:
    failed: dict[str, tuple[datetime, str]] = {}

    def act(
        name: str, alerts: Sequence[Alert], now: datetime, reader: Engine, writing: Writing
    ) -> tuple[list[Alert], str]:
        at, problem = failed.pop(name, (None, ""))
        if at is not None and now - at < AGAIN_AFTER:
            failed[name] = at, problem
            return [], problem
        firing = [one for one in alerts if one.state != "resolved"]  # what was done is not undone
        wrong = _done(playbooks.get(name), firing, settings, now, reader, writing)
        told = []
        for alert in alerts:
            if wrong.get(alert.id, ("too many", ""))[0] != "failed":
                said = ["resolved" if alert.state == "resolved" else "firing", rfc3339(now) or ""]
                told.append(replace(alert, notified={**alert.notified, name: said}))
        problem = next((words for _, words in wrong.values()), "")
        if len(told) < len(alerts):
            failed[name] = now, problem
        return told, problem

    return act


def _done(
    playbook: Playbook | None,
    alerts: Sequence[Alert],
    settings: Config,
    now: datetime,
    reader: Engine,
    writing: Writing,
) -> dict[str, tuple[str, str]]:
    """Does the steps for alerts that fire; gives by alert the outcome that was not wanted, and why."""
    if playbook is None or not alerts:
        return {}

    with writing() as connection:
        make_tables(connection)
        asked = "SELECT what FROM audit WHERE action = ? ORDER BY read_at"
        noted = [str(what) for (what,) in connection.execute(asked, [ACTION]).fetchall()]

    def note(what: str) -> None:
        if what in noted and json.loads(what)["outcome"] == "not approved":
            return  # it waits as it did a round ago
        with writing() as connection:
            record(connection, WHO, ACTION, what, now)

    def values(finding: Finding, column: str, among: str) -> list[str]:
        return values_of(reader, finding, column, among, now)

    hands = Hands(
        is_applied=True, approve=lambda words: False, note=note, values=values, noted=noted
    )
    findings = [replace(alert.finding, id=alert.id) for alert in alerts]
    done = run(playbook, findings, settings, hands, now)
    return {
        one.finding: (one.outcome, f"{one.words}: {one.result}")
        for outcome in ("too many", "failed")  # what failed is tried again, whatever else was wrong
        for one in done
        if one.outcome == outcome
    }

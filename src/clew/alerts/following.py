"""Sigma rules that an alert follows: each round reads what is new, and as far back as a rule reaches.

What a rule found stays for the alert's window: a finding is told once by the rules, an alert lasts. The
state goes with the case, so that a restart goes on at each rule's watermark. The first round looks back as
far as the window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from clew.alerts.observing import Seen
from clew.engines import Engine
from clew.errors import ConfigError
from clew.model.alert import AlertRule, Observed
from clew.model.buckets import seconds
from clew.model.finding import SEVERITIES, Finding, from_json
from clew.sigma.following import Following
from clew.sigma.reading import RuleSet, read

State = dict[str, Any]
"""Plain JSON: `followed`, the state of the rules; `found`, findings with the time of their last news."""
Placeholders = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Looked:
    """A round of one alert: what it sees, and the state to keep once that is written."""

    seen: Seen
    state: State


def rules_of(rule: AlertRule, placeholders: Placeholders) -> RuleSet:
    """The Sigma rules of an alert. Raises ConfigError where none of them can run."""
    if not Path(rule.rules).exists():
        raise ConfigError(f"The alert {rule.name} names {rule.rules}, which does not exist.")
    found = read(rule.rules, placeholders)
    if not found.outputs():
        first = f" The first: {found.problems[0]}" if found.problems else ""
        raise ConfigError(f"The alert {rule.name}: no rule below {rule.rules} that can run.{first}")
    return found


def follow(
    engine: Engine, rule: AlertRule, rules: RuleSet, state: State | None, now: datetime
) -> Looked:
    """Looks at the events since the rules' watermarks."""
    window = timedelta(seconds=seconds(rule.window))
    state = state or {"followed": None, "found": {}}
    following = Following(rules, state=state["followed"], first=now - window)
    told = following.step(engine, now + timedelta(microseconds=1), query=rule.query)
    least = SEVERITIES.index(rule.severity)
    fresh = [one for one in told.findings if SEVERITIES.index(one.severity) >= least]
    found = {
        key: kept
        for key, kept in state["found"].items()
        if datetime.fromisoformat(kept["at"]) + window >= now
    }
    found |= {one.id: {"at": now.isoformat(), "finding": one.as_json()} for one in fresh}
    observed = tuple(Observed(_finding(kept)) for kept in found.values())
    return Looked(Seen(observed), {"followed": following.state, "found": found})


def _finding(kept: Mapping[str, Any]) -> Finding:
    return from_json(kept["finding"])

"""Alerts: what is looked at on a schedule, and what became of it.

A rule names a detection or a folder of Sigma rules, or says a condition over any analysis. What it finds
is an alert: pending while it has not lasted long enough, firing, then resolved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from clew.errors import ConfigError
from clew.model.buckets import seconds
from clew.model.finding import SEVERITIES, Finding

PLAYBOOK = "playbook:"
"""How the name of a receiver that is a playbook begins."""
AlertState = Literal["pending", "firing", "resolved"]

MEASURES = {
    "error_share": ("error_rate", "error_share"),
    "errors": ("error_rate", "errors"),
    "requests": ("request_rate", "requests"),
    "requests_per_s": ("request_rate", "requests_per_s"),
    "p50": ("latency_percentiles", "p50_ms"),
    "p90": ("latency_percentiles", "p90_ms"),
    "p95": ("latency_percentiles", "p95_ms"),
    "p99": ("latency_percentiles", "p99_ms"),
    "cost": ("cost", "cost_usd"),
}
"""Short words of a condition: the analysis, and its column."""
COMPARES = {
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
}
UNITS = {"": 1.0, "%": 0.01, "ms": 1.0, "s": 1_000.0, "m": 60_000.0, "min": 60_000.0, "usd": 1.0,
         "$": 1.0}  # fmt: skip
CONDITION = re.compile(
    r"""(?x) \s*
    (?P<measure> [a-z]\w*(?:\.[a-z]\w*)? ) \s*    # error_share, p95, cost.cost_usd
    (?P<compare> >=|<=|>|< ) \s*
    \$? \s* (?P<limit> \d[\d,_]*(?:\.\d+)? ) \s* (?P<unit> %|ms|s|min|m|usd|\$ )? \s*   # 5 %, 2 s, $10, 100,000
    (?: for \s+ (?P<lasting> \d+\s*[smhd] ) )? \s* """,
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold, and for how long.

    limit      in the unit of the column: a share of 0 to 1, milliseconds, dollars
    lasting_s  how long it must hold before the alert fires
    """

    analysis: str
    column: str
    compare: str
    limit: float
    lasting_s: int = 0

    def holds(self, value: float) -> bool:
        """Whether the value is beyond the limit."""
        return bool(COMPARES[self.compare](value, self.limit))


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One [[alerts]] of the settings.

    name       what it is called, once
    when       a condition, such as "error_share > 5 % for 5m" or "cost.cost_usd > $10"
    detection  or a detection by name, or "all"
    rules      or a folder of Sigma rules, or a file; a relative path starts at the settings file's folder
    query      a search: these events alone are looked at
    by         canonical columns: each of their values is an alert of its own
    window     how much time is looked at, up to now; what Sigma rules find stays for so long
    every      how often
    severity   of a condition's alert; of detections and rules: findings of this severity and above
    repeat     say it again after so long, unless someone has acknowledged it; "": once
    to         sinks that are told, by name; their settings say where they are
    playbook   a file: what it says is done for each alert that fires; a relative path is as for rules
    """

    name: str
    when: str = ""
    detection: str = ""
    rules: str = ""
    query: str = ""
    by: tuple[str, ...] = ()
    window: str = "5m"
    every: str = "1m"
    severity: str = "high"
    repeat: str = ""
    to: tuple[str, ...] = ()
    playbook: str = ""

    @property
    def receivers(self) -> tuple[str, ...]:
        """Who hears of its alerts: sinks, and the playbook."""
        return (*self.to, *([PLAYBOOK + self.playbook] if self.playbook else []))

    @property
    def condition(self) -> Condition | None:
        """What `when` says; None for a detection and for rules. Raises ConfigError."""
        return read_condition(self.when, self.name) if self.when else None


def read_condition(text: str, rule: str) -> Condition:
    """The condition in words. Raises ConfigError.

    >>> read_condition("error_share > 5 % for 5m", "errors")
    Condition(analysis='error_rate', column='error_share', compare='>', limit=0.05, lasting_s=300)
    >>> read_condition("p95 >= 1.5s", "slow").limit
    1500.0
    >>> read_condition("usage.tokens > 100,000", "tokens").limit, read_condition("cost > 1 $", "cost").limit
    (100000.0, 1.0)
    """
    found = CONDITION.fullmatch(text)
    if not found:
        raise ConfigError(
            f"The alert {rule} waits for '{text}', which is no condition: write it as "
            "'error_share > 5 % for 5m' or 'latency_percentiles.p95_ms > 800'."
        )
    measure = found["measure"].lower()
    analysis, _, column = measure.partition(".")
    if not column:
        if measure not in MEASURES:
            raise ConfigError(
                f"The alert {rule} asks for {measure}: write ANALYSIS.COLUMN, or one of "
                f"{', '.join(MEASURES)}."
            )
        analysis, column = MEASURES[measure]
    number = float(re.sub("[,_]", "", found["limit"]))
    limit = round(number * UNITS[(found["unit"] or "").lower()], 9)
    lasting = seconds(found["lasting"].replace(" ", "").lower()) if found["lasting"] else 0
    return Condition(analysis, column, found["compare"], limit, lasting)


Key = tuple[str, tuple[tuple[str, str], ...]]
"""A kind and whom it is about."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a rule has found now: one group, or one finding."""

    finding: Finding

    @property
    def key(self) -> Key:
        """What makes it the same thing the next time: its kind and whom it is about."""
        return key_of(self.finding.kind, self.finding.subject)


def key_of(kind: str, subject: Mapping[str, Any]) -> Key:
    """See `Observed.key`."""
    return kind, tuple(sorted((name, str(value)) for name, value in subject.items()))


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    since     when its condition began to hold
    seen_at   when it was last found
    notified  sink to the state it was told, and when (RFC 3339)
    """

    id: str
    rule: str
    state: AlertState
    finding: Finding
    since: datetime
    seen_at: datetime
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    notified: dict[str, list[str]] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """See `Observed.key`."""
        return Observed(self.finding).key


def check_rules(rules: tuple[AlertRule, ...], known: dict[str, Any]) -> None:
    """Raises ConfigError for a rule that cannot be looked at.

    known  family to the names of its members: analyses, detections, sinks
    """
    names = [rule.name for rule in rules]
    for rule in rules:
        if names.count(rule.name) > 1:
            raise ConfigError(f"Two alerts are called {rule.name}.")
        if bool(rule.when) + bool(rule.detection) + bool(rule.rules) != 1:
            raise ConfigError(
                f"The alert {rule.name} needs one of `when`, `detection` and `rules`."
            )
        if rule.severity not in SEVERITIES:
            raise ConfigError(f"The alert {rule.name}: severity is one of {', '.join(SEVERITIES)}.")
        for length in (rule.window, rule.every, rule.repeat or "1m"):
            seconds(length)
        if rule.condition and rule.condition.analysis not in known["analyses"]:
            raise ConfigError(
                f"The alert {rule.name}: there is no analysis '{rule.condition.analysis}'."
            )
        if rule.detection and rule.detection not in ("all", *known["detections"]):
            raise ConfigError(f"The alert {rule.name}: there is no detection '{rule.detection}'.")
        for sink in rule.to:
            if sink not in known["sinks"]:
                raise ConfigError(f"The alert {rule.name}: there is no sink '{sink}'.")

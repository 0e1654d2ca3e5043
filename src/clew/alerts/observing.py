"""A rule asked of a case: the groups that are beyond a limit, or what a detection finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from clew import investigation, registry
from clew.config import Options, member_options
from clew.engines import Engine
from clew.errors import ConfigError
from clew.model.alert import AlertRule, Condition, Key, Observed, key_of
from clew.model.buckets import seconds
from clew.model.event import BY_NAME
from clew.model.finding import SEVERITIES, Finding
from clew.model.views import between, events
from clew.model.vocabulary import resolve
from clew.query import parse
from clew.query.sides import side_of

MOST_GROUPS = 200
EVIDENCE_LINES = 5
COUNTS = frozenset({"requests", "errors", "client_errors", "calls", "tokens", "cost_usd"})
"""Columns that are 0 where no event came, when nothing is split: `requests < 1` is about silence."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule has seen.

    observed  what is beyond its limit, or found
    values    of a condition: labels of a group, and its value
    """

    observed: tuple[Observed, ...]
    values: tuple[tuple[dict[str, str], float], ...] = ()


def observe(engine: Engine, rule: AlertRule, options: Options, now: datetime) -> Seen:
    """Looks at the rule's window up to now."""
    asked, since = _asked(rule, now)
    if rule.condition is None:
        seen = between(asked, since, now + timedelta(microseconds=1))
        return _of_detection(engine, rule, seen, options)
    return _of_condition(engine, rule, rule.condition, asked, since, now)


def holding(engine: Engine, rule: AlertRule, condition: Condition, now: datetime) -> set[Key]:
    """Keys of the groups that were beyond the limit then: one question, without their evidence."""
    asked, since = _asked(rule, now)
    seen = between(asked, since, now + timedelta(microseconds=1))
    return {
        key_of(rule.name, about)
        for about, value in _groups(engine, rule, condition, seen)
        if condition.holds(value)
    }


def _asked(rule: AlertRule, now: datetime) -> tuple[ir.Table, datetime]:
    """The events that a rule is about, and since when it looks at them."""
    asked = events
    if rule.query:
        if parse(rule.query).pipes:
            raise ConfigError(f"The alert {rule.name}: its query is a search without pipes.")
        asked = asked.filter(side_of(rule.query, now=now))
    return asked, now - timedelta(seconds=seconds(rule.window))


def _of_detection(engine: Engine, rule: AlertRule, seen: ir.Table, options: Options) -> Seen:
    names = () if rule.detection == "all" else (rule.detection,)
    found = investigation.detect(engine, names, options, seen=seen)
    least = SEVERITIES.index(rule.severity)
    return Seen(
        tuple(Observed(one) for one in found.findings if SEVERITIES.index(one.severity) >= least)
    )


def _of_condition(
    engine: Engine,
    rule: AlertRule,
    condition: Condition,
    asked: ir.Table,
    since: datetime,
    now: datetime,
) -> Seen:
    seen = between(asked, since, now + timedelta(microseconds=1))
    observed, values = [], []
    for about, value in _groups(engine, rule, condition, seen):
        values.append(({name: str(at) for name, at in about.items()}, value))
        if condition.holds(value):
            lines = investigation.evidence_of(engine, _proof(seen, about, condition))
            if not lines:  # nothing came: the last that did says since when
                lines = investigation.evidence_of(engine, _last(between(asked, None, since)))
            if lines:
                observed.append(
                    Observed(_finding(rule, condition, about, value, lines, since, now))
                )
    return Seen(tuple(observed), tuple(values))


def _groups(
    engine: Engine, rule: AlertRule, condition: Condition, seen: ir.Table
) -> Iterator[tuple[dict[str, Any], float]]:
    """Whom each group is about, and what the condition measures of it."""
    function = getattr(registry.load("analyses", condition.analysis), condition.analysis)
    arguments = {"by": tuple(rule.by)} if rule.by else {}
    table = function(seen, **member_options(function, arguments))
    if condition.column not in table.columns:
        raise ConfigError(
            f"The alert {rule.name}: {condition.analysis} has no column '{condition.column}', only "
            f"{', '.join(table.columns)}."
        )
    is_counted = condition.column in COUNTS and not rule.by
    nothing = [{condition.column: 0}] if is_counted else []
    for row in engine.run(table, limit=MOST_GROUPS).dicts() or nothing:
        if row[condition.column] is not None:
            about = {_column(rule, name): row[name] for name in rule.by if row[name] is not None}
            yield about, float(row[condition.column])


def _column(rule: AlertRule, name: str) -> str:
    column = resolve(name).column
    if column is None or column not in BY_NAME:
        raise ConfigError(
            f"The alert {rule.name} splits by '{name}', which is no canonical column."
        )
    return column


def _proof(seen: ir.Table, about: Mapping[str, Any], condition: Condition) -> ir.Table:
    """Events of the group: the slowest where time is the matter, else what failed, the latest first."""
    for name, value in about.items():
        seen = seen.filter(seen[name] == value)
    if condition.column.endswith("_ms"):
        first = ibis.desc(seen.duration_ms.fill_null(-1.0))
    else:
        failed = (seen.http_status >= 500) | seen.severity.isin(["ERROR", "FATAL"])
        first = ibis.desc(failed.fill_null(False).cast("int64"))
    order = [first, ibis.desc(seen.timestamp), seen.event_id]
    return seen.order_by(order).limit(EVIDENCE_LINES).select("event_id")


def _last(seen: ir.Table) -> ir.Table:
    order = [ibis.desc(seen.timestamp), seen.event_id]
    return seen.order_by(order).limit(EVIDENCE_LINES).select("event_id")


def _finding(
    rule: AlertRule,
    condition: Condition,
    about: Mapping[str, Any],
    value: float,
    lines: tuple[Any, ...],
    since: datetime,
    now: datetime,
) -> Finding:
    whom = " of " + ", ".join(f"{name} {at}" for name, at in about.items()) if about else ""
    limit = f"{condition.compare} {condition.limit:.15g}"
    return Finding(
        kind=rule.name,
        title=f"{condition.column}{whom} is {value:.4g} ({limit}) over the last {rule.window}",
        severity=rule.severity,  # type: ignore[arg-type]
        confidence=1.0,
        start=since,
        end=now,
        subject=dict(about),
        measures={condition.column: round(value, 6), "limit": condition.limit},
        evidence=lines,
        why=(f"The alert {rule.name} waits for {rule.when}.",),
    )

"""A YAML file of detections/sigma/ as a detection: what `clew list`, `detect` and `investigate` run.

The file's rule that reports, with its `clew:` table, gives what a Python detection states in names:
NEEDS, SUBJECT, MEASURES, REFERENCES, PLAYBOOK, detect, evidence, describe and CASES.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.model.event import BY_NAME
from clew.model.finding import Description
from clew.sigma import findings as words
from clew.sigma.conditions import Condition
from clew.sigma.correlations import Correlations
from clew.sigma.fields import Fields
from clew.sigma.page import page
from clew.sigma.reading import Correlation, Rule, RuleSet, read
from clew.sigma.scan import SUBJECT, matched, of_rule, subjects
from clew.sigma.trial import cases_of
from clew.sigma.windows import keys_of

MOST_EVIDENCE = 20


def member(path: Path) -> ModuleType:
    """The detection that the file holds. A file that cannot run is a mistake of the package."""
    rules = read(str(path))
    assert not rules.problems, f"BUG: {rules.problems[0]}"
    outputs = rules.outputs()
    assert len(outputs) == 1, f"BUG: {path.name} has {len(outputs)} rules that report, not one"
    (item,) = outputs
    name = f"clew.detections.{path.stem}"
    made: Any = ModuleType(name, page(path.read_text(encoding="utf-8")))
    made.__file__ = str(path)
    made.REFERENCES = item.about.references
    made.PLAYBOOK = str(item.about.clew.get("playbook") or "")
    made.CASES = cases_of(item.about)
    made.NEEDS = {"events": _needs(item, rules)}
    of = _OfRule(item) if isinstance(item, Rule) else _OfCorrelation(item, rules)
    made.SUBJECT, made.MEASURES = of.subject, of.measures
    made.detect, made.evidence, made.describe = of.detect, of.evidence, of.describe
    sys.modules[name] = made
    module: ModuleType = made
    return module


def _needs(item: Rule | Correlation, rules: RuleSet) -> tuple[str, ...]:
    """Canonical columns without which it can find nothing, and the time of events."""
    own = item.about.clew.get("needs")
    if own is None:
        made = Correlations(_events(), rules, None)
        sources = [item] if isinstance(item, Rule) else [leaf.rule for leaf in made.leaves(item)]
        own = []
        for rule in sources:
            fields = Fields(_events(), rule.log_source, None)
            own += [fields.column(name) for name in _named(rule)]
    return tuple(dict.fromkeys(["timestamp", *(name for name in own if name in BY_NAME)]))


def _named(rule: Rule) -> list[str]:
    from clew.sigma.tree import fields

    return list(fields(rule.tree))


def _events() -> ir.Table:
    from clew.model.views import events

    return events


class _OfRule:
    """A rule about one event: one row a subject."""

    subject = SUBJECT
    measures = ("events",)

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def detect(self, events: ir.Table) -> ir.Table:
        found = subjects(self.matches(events))
        return found.order_by(ibis.desc("events"), "who").select(
            *SUBJECT, "events", "started", "ended", "who"
        )

    def matches(self, events: ir.Table) -> ir.Table:
        return of_rule(matched(events, [Condition(self.rule, events, None)]), 0)

    def evidence(self, events: ir.Table, row: dict[str, Any]) -> ir.Table:
        t = self.matches(events)
        t = t.filter(t.who == row["who"])
        chosen = t.order_by("timestamp", "source_id", "byte_offset", "event_id")
        return chosen.select("event_id", "timestamp").limit(MOST_EVIDENCE)

    def describe(
        self, row: dict[str, Any], details: dict[str, list[dict[str, Any]]]
    ) -> Description:
        return words.of_rule(self.rule, row)


class _OfCorrelation:
    """A correlation: one row an alert."""

    def __init__(self, correlation: Correlation, rules: RuleSet) -> None:
        self.correlation, self.rules = correlation, rules
        leaf = Correlations(_events(), rules, None).leaves(correlation)[0]
        fields = Fields(_events(), leaf.rule.log_source, None)
        self.subject = tuple(
            name if name in correlation.aliases else fields.column(name)
            for name in correlation.group_by
        )
        sample = {"events": 0, "most": 0.0}
        self.measures = tuple(words.measures_of_alert(correlation, sample))

    def detect(self, events: ir.Table) -> ir.Table:
        made = Correlations(events, self.rules, None)
        alerts = made.alerts(self.correlation)
        keys = keys_of(alerts)
        proof = made.proof(self.correlation)
        joined = proof.join(alerts, list(keys)) if keys_of(proof) else proof.cross_join(alerts)
        reach = made.reach(self.correlation)
        near = joined.filter((joined.at >= joined.first_at - reach) & (joined.at <= joined.last_at))
        found = near.group_by(*keys, "first_at", "last_at", "most").agg(
            events=near.count(),
            started=near.timestamp.min(),
            ended=near.timestamp.max(),
        )
        constants = {
            name: ibis.literal(value)
            for name, value in words.measures_of_alert(
                self.correlation, {"events": 0, "most": None}
            ).items()
            if name not in ("events", words.MEASURE_NAMES.get(self.correlation.type))
        }
        if own := words.MEASURE_NAMES.get(self.correlation.type):
            constants[own] = found.most
        named = {name: found[f"k{n}"] for n, name in enumerate(self.subject)}
        return found.mutate(**named, **constants).order_by("first_at", *keys)

    def evidence(self, events: ir.Table, row: dict[str, Any]) -> ir.Table:
        """The first events of each of its rules, in order."""
        made = Correlations(events, self.rules, None)
        t = made.proof(self.correlation)
        for key in keys_of(t):
            t = t.filter(t[key] == row[key])
        reach = made.reach(self.correlation)
        t = t.filter((t.at >= row["first_at"] - reach) & (t.at <= row["last_at"]))
        order = [t.at, t.source_id, t.byte_offset, t.event_id]
        each = max(1, MOST_EVIDENCE // len(self.correlation.rules))
        own = ibis.window(group_by="slot", order_by=order)
        t = t.mutate(place=ibis.row_number().over(own))
        t = t.filter(t.place < each).group_by("event_id").agg(
            timestamp=t.timestamp.min(), at=t.at.min(), source_id=t.source_id.min(),
            byte_offset=t.byte_offset.min(),
        )  # fmt: skip
        chosen = t.order_by("at", "source_id", "byte_offset", "event_id")
        return chosen.select("event_id", "timestamp").limit(MOST_EVIDENCE)

    def describe(
        self, row: dict[str, Any], details: dict[str, list[dict[str, Any]]]
    ) -> Description:
        subject = {name: row[name] for name in self.subject}
        said = {**row, "most": row.get(words.MEASURE_NAMES.get(self.correlation.type, ""), 0.0)}
        return words.of_alert(self.correlation, said, subject)

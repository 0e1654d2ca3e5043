"""The same rules for Prometheus, and the numbers that they ask of.

clew_rule_value{rule="errors", service="gateway"}    of a condition: its value, by group
clew_rule_findings{rule="keys", kind="...", severity="high"}    of a detection: how many it finds
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import yaml
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from clew.alerts.observing import Seen
from clew.model.alert import AlertRule
from clew.model.event import BY_NAME
from clew.model.vocabulary import resolve

GROUP = "clew"


def rules_yaml(rules: Sequence[AlertRule]) -> str:
    """A rules file of Prometheus."""
    told = {"groups": [{"name": GROUP, "rules": [_rule(rule) for rule in rules]}]}
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True)


def _rule(rule: AlertRule) -> dict[str, object]:
    name = f'rule="{_quoted(rule.name)}"'
    if rule.condition is None:
        expression = f"clew_rule_findings{{{name}}} > 0"
        summary = "{{ $labels.kind }}: {{ $value }} findings"
        lasting_s = 0
    else:
        condition = rule.condition
        beyond = f"{condition.compare} {condition.limit:.15g}"
        expression = f"clew_rule_value{{{name}}} {beyond}"
        summary = f"{condition.column} is {{{{ $value }}}} ({beyond})"
        lasting_s = condition.lasting_s
    return {
        "alert": rule.name,
        "expr": expression,
        **({"for": f"{lasting_s}s"} if lasting_s else {}),
        "labels": {"severity": rule.severity, "source": "clew"},
        "annotations": {
            "summary": summary,
            "description": rule.when
            or (
                f"detection {rule.detection}" if rule.detection else f"Sigma rules of {rule.rules}"
            ),
        },
    }


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class RuleNumbers(Collector):
    """What the rules saw last, at each scrape."""

    def __init__(
        self, rules: Sequence[AlertRule], seen: Mapping[str, Seen], problems: Mapping[str, str]
    ) -> None:
        self._rules, self._seen, self._problems = rules, seen, problems

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The families."""
        labels = sorted({name for rule in self._rules for name in _columns(rule)})
        values = GaugeMetricFamily(
            "clew_rule_value", "What a rule's condition measures", labels=["rule", *labels]
        )
        findings = GaugeMetricFamily(
            "clew_rule_findings", "What a rule finds", labels=["rule", "kind", "severity"]
        )
        for rule in self._rules:
            seen = self._seen.get(rule.name)
            if seen is None:
                continue
            for about, value in seen.values:
                values.add_metric([rule.name, *(about.get(name, "") for name in labels)], value)
            if rule.condition is None:
                for (kind, severity), many in _counted(seen):
                    findings.add_metric([rule.name, kind, severity], many)
        problems = GaugeMetricFamily(
            "clew_alert_problems", "Rules that cannot be looked at, sinks that cannot be told"
        )
        problems.add_metric([], len(self._problems))
        yield values
        yield findings
        yield problems


def _columns(rule: AlertRule) -> Iterator[str]:
    for name in rule.by:
        column = resolve(name).column
        if column in BY_NAME:
            yield str(column)


def _counted(seen: Seen) -> Iterable[tuple[tuple[str, str], int]]:
    return Counter((one.finding.kind, one.finding.severity) for one in seen.observed).items()

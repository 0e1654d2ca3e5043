"""Rules, each with whether it can run: for people, and for a check before rules are merged."""

from __future__ import annotations

from dataclasses import dataclass

from clew.model.views import events
from clew.sigma.conditions import Condition
from clew.sigma.correlations import Correlations
from clew.sigma.counting import COUNTED
from clew.sigma.detection import RuleError
from clew.sigma.reading import Placeholders, RuleSet, read


@dataclass(frozen=True, slots=True)
class Verdict:
    """One document of a rule file."""

    file: str
    line: int
    id: str
    status: str
    reason: str

    def as_json(self) -> dict[str, object]:
        return {
            "file": self.file,
            "line": self.line,
            "id": self.id,
            "status": self.status,
            "reason": self.reason,
        }


def lint(path: str, placeholders: Placeholders | None = None) -> list[Verdict]:
    """Every rule, correlation and filter below a folder, in the order of files."""
    rules = read(path, placeholders)
    wrong = _uncompilable(rules)
    verdicts = [Verdict(p.file, p.line, p.id, "error", p.reason) for p in rules.problems]
    for about in rules.about():
        reason = wrong.get(about.key, "")
        if about.name.startswith(COUNTED) and not reason:
            continue  # its correlation has the verdict
        status = "error" if reason else "ok"
        verdicts.append(Verdict(about.file, about.line, about.id, status, reason))
    return sorted(verdicts, key=lambda verdict: (verdict.file, verdict.line))


def _uncompilable(rules: RuleSet) -> dict[str, str]:
    """Key to reason of what is read but has a condition that cannot be made."""
    wrong = {}
    for key, rule in rules.rules.items():
        if not Condition(rule, events, None).is_possible:
            wrong[key] = "no event can match it: its conditions exclude each other."
    made = Correlations(events, rules, None)
    for key, correlation in rules.correlations.items():
        try:
            made.alerts(correlation)
        except RuleError as error:
            wrong[key] = str(error)
    return wrong

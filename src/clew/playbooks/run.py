"""A playbook over findings: every step planned, approved where that is asked for, noted, and done.

A step that was done for a finding, or for one of the values that it is done for each of, is not done again:
the audit says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from clew.config import Config
from clew.errors import ClewError
from clew.model.finding import Finding
from clew.playbooks.acting import Failed, Plan, plan
from clew.playbooks.filling import Unfilled
from clew.playbooks.matching import is_for
from clew.playbooks.reading import Playbook, Step

ACTION = "playbook"
Outcome = Literal[
    "planned", "done", "done before", "not approved", "not for it", "failed", "too many"
]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a step for a finding.

    words   what it does, or was to do
    result  what came of it, or why it did not
    value   which one, of a step that is done for each value of a column
    """

    finding: str
    kind: str
    step: int
    words: str
    outcome: Outcome
    result: str = ""
    value: str = ""


Key = tuple[str, int, str, str]
"""A playbook, the number of its step, a finding, a value."""
Values = Callable[[Finding, str, str], Sequence[str]]
"""The values of a column in a finding's own events, narrowed by a search. Raises Unfilled."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a run is given to act with.

    is_applied  False: nothing is done
    approve     asks a person about a step, in words
    note        writes into the audit. Raises EngineError: the step is not done then
    values      what a step with `each` is done for
    noted       what was written there before
    """

    is_applied: bool
    approve: Callable[[str], bool]
    note: Callable[[str], None]
    values: Values
    noted: Sequence[str] = ()


def run(
    playbook: Playbook,
    findings: Sequence[Finding],
    settings: Config,
    hands: Hands,
    now: datetime,
) -> list[Done]:
    """Every step of every finding that the playbook is for, in order. One that fails, for any of its values,
    ends its finding's own."""
    running = _Run(playbook, settings, hands, now, _done_before(hands.noted))
    return [done for one in findings if is_for(playbook, one) for done in running.all_steps(one)]


class _Run:
    """One run: what was done before it, and how many values each step had in it."""

    def __init__(
        self, playbook: Playbook, settings: Config, hands: Hands, now: datetime, before: set[Key]
    ) -> None:
        self.playbook, self.settings, self.hands = playbook, settings, hands
        self.now, self.before = now, before
        self.counted = [0] * len(playbook.steps)

    def all_steps(self, finding: Finding) -> Iterator[Done]:
        """The steps for a finding, until one ends them."""
        for number, step in enumerate(self.playbook.steps, 1):
            is_over = False
            for done in self._each(finding, number, step):
                is_over |= done.outcome in ("failed", "not approved")
                yield done
            if is_over:
                return

    def _each(self, finding: Finding, number: int, step: Step) -> Iterator[Done]:
        """A step for a finding, or for each of its values."""
        if not step.each:
            yield self._counted(finding, number, step, "")
            return
        try:
            values = self.hands.values(finding, step.each, step.among)
        except Unfilled as error:
            yield Done(finding.id, finding.kind, number, step.words, "not for it", str(error))
            return
        except ClewError as error:
            yield Done(finding.id, finding.kind, number, step.words, "failed", str(error))
            return
        for value in values:
            about = {**finding.subject, step.each: value}
            yield self._counted(replace(finding, subject=about), number, step, value)
        if not values:
            why = f"none of its events has a {step.each}"
            yield Done(finding.id, finding.kind, number, step.words, "not for it", why)

    def _counted(self, finding: Finding, number: int, step: Step, value: str) -> Done:
        """The step, unless it was done before, or for too many."""
        done = Done(finding.id, finding.kind, number, step.words, "done before", value=value)
        if step.each or step.action == "block":
            self.counted[number - 1] += 1
        if self.counted[number - 1] > step.most:
            return replace(done, outcome="too many", result=f"more than {step.most}")
        key = (self.playbook.name, number, finding.id, value)
        if key in self.before and self.hands.is_applied:
            return done
        return self._step(finding, step, done)

    def _step(self, finding: Finding, step: Step, done: Done) -> Done:
        try:
            planned = plan(step, finding, self.settings, self.now)
        except Unfilled as error:
            return replace(done, outcome="not for it", result=str(error))
        done = replace(done, words=planned.words, outcome="planned")
        if not self.hands.is_applied:
            return replace(done, result="asks first" if step.approve else "")
        if step.approve and not self.hands.approve(f"{finding.title}: {planned.words}"):
            return self._noted(replace(done, outcome="not approved"))
        self._noted(done)
        return self._noted(_acted(planned, done))

    def _noted(self, done: Done) -> Done:
        told = {
            "playbook": self.playbook.name,
            "step": done.step,
            "finding": done.finding,
            **({"value": done.value} if done.value else {}),
            "outcome": done.outcome,
            "words": done.words,
            "result": done.result,
        }
        self.hands.note(json.dumps(told))
        return done


def _acted(planned: Plan, done: Done) -> Done:
    try:
        return replace(done, outcome="done", result=planned.act())
    except (Failed, ClewError) as error:
        return replace(done, outcome="failed", result=str(error))


def _done_before(noted: Sequence[str]) -> set[Key]:
    done = set()
    for text in noted:
        try:
            told = json.loads(text)
            if told["outcome"] == "done":
                value = told.get("value", "")
                done.add((told["playbook"], told["step"], told["finding"], value))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return done

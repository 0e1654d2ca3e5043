"""A playbook over findings: every step planned, approved where that is asked for, noted, and done.

A step that was done for a finding is not done again: the audit says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    """

    finding: str
    kind: str
    step: int
    words: str
    outcome: Outcome
    result: str = ""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a run is given to act with.

    is_applied  False: nothing is done
    approve     asks a person about a step, in words
    note        writes into the audit. Raises EngineError: the step is not done then
    noted       what was written there before
    """

    is_applied: bool
    approve: Callable[[str], bool]
    note: Callable[[str], None]
    noted: Sequence[str] = ()


def run(
    playbook: Playbook,
    findings: Sequence[Finding],
    settings: Config,
    hands: Hands,
    now: datetime,
) -> list[Done]:
    """Every step of every finding that the playbook is for, in order; a step that fails ends its
    finding's own."""
    before = _done_before(hands.noted)
    blocked = [0] * len(playbook.steps)
    found: list[Done] = []
    for finding in findings:
        if not is_for(playbook, finding):
            continue
        for number, step in enumerate(playbook.steps, 1):
            key = (playbook.name, number, finding.id)
            if step.action == "block":
                blocked[number - 1] += 1
            is_over = step.action == "block" and blocked[number - 1] > step.told["most"]
            done = (
                _said(finding, number, step.words, "too many", f"more than {step.told['most']}")
                if is_over
                else _said(finding, number, step.words, "done before")
                if key in before and hands.is_applied
                else _step(playbook, finding, number, step, settings, hands, now)
            )
            found.append(done)
            if done.outcome in ("failed", "not approved"):
                break
    return found


def _step(
    playbook: Playbook,
    finding: Finding,
    number: int,
    step: Step,
    settings: Config,
    hands: Hands,
    now: datetime,
) -> Done:
    try:
        planned = plan(step, finding, settings, now)
    except Unfilled as error:
        return _said(finding, number, step.words, "not for it", str(error))
    if not hands.is_applied:
        asked = "asks first" if step.approve else ""
        return _said(finding, number, planned.words, "planned", asked)
    if step.approve and not hands.approve(f"{finding.title}: {planned.words}"):
        done = _said(finding, number, planned.words, "not approved")
        _note(playbook, done, hands)
        return done
    _note(playbook, _said(finding, number, planned.words, "planned"), hands)
    done = _acted(planned, finding, number)
    _note(playbook, done, hands)
    return done


def _acted(planned: Plan, finding: Finding, number: int) -> Done:
    try:
        return _said(finding, number, planned.words, "done", planned.act())
    except (Failed, ClewError) as error:
        return _said(finding, number, planned.words, "failed", str(error))


def _said(finding: Finding, number: int, words: str, outcome: Outcome, result: str = "") -> Done:
    return Done(finding.id, finding.kind, number, words, outcome, result)


def _note(playbook: Playbook, done: Done, hands: Hands) -> None:
    told = {
        "playbook": playbook.name,
        "step": done.step,
        "finding": done.finding,
        "outcome": done.outcome,
        "words": done.words,
        "result": done.result,
    }
    hands.note(json.dumps(told))


def _done_before(noted: Sequence[str]) -> set[tuple[str, int, str]]:
    done = set()
    for text in noted:
        try:
            told = json.loads(text)
            if told["outcome"] == "done":
                done.add((told["playbook"], told["step"], told["finding"]))
        except (ValueError, KeyError, TypeError):
            continue
    return done

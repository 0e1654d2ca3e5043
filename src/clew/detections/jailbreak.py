"""Prompts that look like jailbreaks: another self, no rules, fiction as a frame, refusals forbidden.

Reads     events with a prompt, each call once   prompt, user_id, api_key_hash, client_ip, service, timestamp;
          jailbreak_score, or a guard's score under the name that the option `score` gives
Returns   one row for each user, else key, address or service, the most prompts first
Units     prompts: different ones of at least min_score; calls: with these; asked_calls: all with a prompt;
          flagged_share: calls of these, 0 to 1; highest_score: 0 to 1
Method    as prompt_injection, with the weights for jailbreaks; `clew detect jailbreak` stores the score as
          events.jailbreak_score
Blind to  plain requests for harmful things, which are no jailbreak; many small steps (see crescendo);
          whether the model gave in (see jailbreak_success)
Mistakes  role play and fiction that speak of crime in detail; people who ask not to be lectured
Source    OWASP LLM01:2025; MITRE ATLAS AML.T0054 (LLM jailbreak)
"""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from clew.detections._prompt_attacks import SCORE_MEASURES, by_owner, described, texts
from clew.detections._prompt_cases import JAILBREAK_CASES
from clew.detections._prompts import GUARD_NEEDED, OWNERS, fills, shown
from clew.model.fill import Fill
from clew.model.finding import Description

NEEDS = {"events": ("prompt",)}
NEEDS_GIVEN = GUARD_NEEDED
SUBJECT = OWNERS
MEASURES = SCORE_MEASURES
REFERENCES = ("atlas.aml.t0054", "owasp.llm01-2025")
PLAYBOOK = (
    "notify the team at medium and above; let a guard refuse the prompt before anyone is blocked"
)
COLUMN = "jailbreak_score"
ADVICE = (
    "Read the answers to these prompts; see jailbreak_success for those that were refused before.",
    "Warn or lock the account if it goes on, and let a guard look at its prompts before the model does.",
)


def detect(events: ir.Table, *, min_score: float = 0.5, score: str = "") -> ir.Table:
    return by_owner(events, COLUMN, min_score, score)


def fill(*, score: str = "", **_: Any) -> tuple[Fill, ...]:
    """What goes into events.jailbreak_score."""
    return fills(COLUMN, score)


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls of the highest scores."""
    return shown(events, row)


details = texts


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    return described(row, details, "jailbreaks", ADVICE)


CASES = JAILBREAK_CASES

"""Prompts that look like orders to ignore, reveal or replace the instructions of the model.

Reads     events with a prompt, each call once   prompt, user_id, api_key_hash, client_ip, service, timestamp;
          prompt_injection_score, or a guard's score under the name that the option `score` gives
Returns   one row for each user, else key, address or service, the most prompts first
Units     prompts: different ones of at least min_score; calls: with these; asked_calls: all with a prompt;
          flagged_share: calls of these, 0 to 1; highest_score: 0 to 1
Method    the score adds up the weights of words and of features (prompts), from override verbs near nouns
          of instructions in ten languages to base64, invisible characters and forged role tags.
          `clew detect prompt_injection` stores it as events.prompt_injection_score, and later scores only
          what is new. A guard's score of 0 to 1, or its verdict, is taken in place of ours where a row has one
Blind to  attacks in words that neither a feature nor the weights know; texts that come by tools and documents (see
          indirect_injection); whether the model obeyed (see system_prompt_leak, jailbreak_success)
Mistakes  security lessons and tests that quote attacks in full; orders to forget one's own instructions
Source    OWASP LLM01:2025; MITRE ATLAS AML.T0051 (LLM prompt injection)
"""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from clew.detections._prompt_attacks import SCORE_MEASURES, by_owner, described, texts
from clew.detections._prompt_cases import INJECTION_CASES
from clew.detections._prompts import GUARD_NEEDED, OWNERS, fills, shown
from clew.model.fill import Fill
from clew.model.finding import Description

NEEDS = {"events": ("prompt",)}
NEEDS_GIVEN = GUARD_NEEDED
SUBJECT = OWNERS
MEASURES = SCORE_MEASURES
REFERENCES = ("atlas.aml.t0051.000", "atlas.aml.t0056", "owasp.llm01-2025", "attack.t1059")
PLAYBOOK = (
    "notify the team at medium and above; let a guard refuse the prompt before anyone is blocked"
)
COLUMN = "prompt_injection_score"
ADVICE = (
    "Read the answers to these prompts; see system_prompt_leak and jailbreak_success for what came of them.",
    "Limit or lock the account if it goes on, and keep nothing in the system prompt that must stay secret.",
)


def detect(events: ir.Table, *, min_score: float = 0.5, score: str = "") -> ir.Table:
    return by_owner(events, COLUMN, min_score, score)


def fill(*, score: str = "", **_: Any) -> tuple[Fill, ...]:
    """What goes into events.prompt_injection_score."""
    return fills(COLUMN, score)


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls of the highest scores."""
    return shown(events, row)


details = texts


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    return described(row, details, "prompt injection", ADVICE)


CASES = INJECTION_CASES

"""Answers that hold a secret, above all one that the prompt did not hold.

Reads     events with a completion, each call once   completion, prompt, user_id, api_key_hash, client_ip, service
Returns   one row for each user, else key, address or service: those with secrets that they did not write first
Units     calls: with a secret in the answer; kinds: different kinds of secrets; echoed: secrets of a kind that
          the prompt of the same call holds too; fresh: the others; unredacted: that stand in the case as they are
Method    the marks of redaction, [secret:TYPE], and the shapes of what was ingested without it
Blind to  secrets of no known shape; answers that are not stored; a fresh secret of the same kind as one in the
          prompt, where redaction keeps the kind alone
Mistakes  made-up keys in examples of code, which models like to write
Source    CWE-200; OWASP LLM02:2025 (sensitive information disclosure); MITRE ATLAS AML.T0057
"""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from clew.detections._prompt_cases import said
from clew.detections._prompts import OWNERS, asked, owned, shown
from clew.detections._secret_words import by_owner, described
from clew.detections._sensitive import secrets_in
from clew.detections._words import many
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"events": ("prompt", "completion")}
SUBJECT = OWNERS
MEASURES = ("calls", "kinds", "echoed", "fresh", "unredacted")
REFERENCES = ("atlas.aml.t0057", "owasp.llm02-2025", "attack.t1552")
PLAYBOOK = (
    "revoke the secret and issue a new one, notify its owner, find where the model had it from"
)


def detect(events: ir.Table) -> ir.Table:
    t = owned(asked(events))
    found = secrets_in(t, "completion", "owner_name", "owner", "event_id", "timestamp")
    t = t.semi_join(found, "event_id")
    given = secrets_in(t, "prompt", "event_id").select("event_id", given="kind").distinct()
    met = found.left_join(given, [found.event_id == given.event_id, found.kind == given.given])
    return by_owner(met.mutate(is_echo=met.given.notnull()), echoes=True)


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls, those with fresh secrets among them."""
    return shown(events, row)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    more = (
        f"{many(row['fresh'], 'secret')} did not stand in the prompt: the model has them from its context, a tool, "
        "a document or its training, or made them up."
        if row["fresh"]
        else "All of them stand in the prompts of the same calls: the model repeated them.",
    )
    return described(
        row,
        "Answers",
        bool(row["fresh"]),
        more,
        (
            "Find where the secret came from, revoke it, and take it out of prompts, tools and documents.",
            "Stop answers with secrets before they leave the gateway.",
        ),
    )


_KEY = "AKIA" + "EXAMPLE0" * 2

CASES = [
    Case(
        "a key that nobody wrote, and a token that is only repeated",
        rows=[
            said(1, "what is in the config?", f"It says aws_key {_KEY}"),
            said(2, "check [secret:jwt]", "The token [secret:jwt] has expired.", user_id="bob"),
        ],
        expect=[
            {"user_id": "ann", "calls": 1, "fresh": 1, "echoed": 0, "unredacted": 1},
            {"user_id": "bob", "calls": 1, "fresh": 0, "echoed": 1, "unredacted": 0},
        ],
    ),
    Case(
        "secrets in prompts alone are another matter",
        rows=[said(1, f"is {_KEY} right?", "I cannot check keys."), said(2, "hi", None)],
        expect=[],
    ),
]

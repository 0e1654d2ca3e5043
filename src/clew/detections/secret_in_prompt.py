"""Prompts that hold a secret: it has gone to the provider of the model, and to every log on the way.

Reads     events with a prompt, each call once   prompt, user_id, api_key_hash, client_ip, service, timestamp
Returns   one row for each user, else key, address or service
Units     calls: with a secret in the prompt; kinds: different kinds of secrets; unredacted: secrets that stand in
          the case as they are
Method    the marks of redaction, [secret:TYPE], and the shapes of what was ingested without it: keys of clouds and
          providers, tokens, private keys, addresses with passwords
Blind to  secrets of no known shape, and passwords of letters alone; prompts that are not stored; files and images
Mistakes  keys out of documentation, and passwords that are visibly false
Source    CWE-200; OWASP LLM02:2025 (sensitive information disclosure); MITRE ATT&CK T1552
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.detections._prompt_cases import said
from clew.detections._prompts import OWNERS, asked, owned, shown
from clew.detections._secret_words import by_owner, described
from clew.detections._sensitive import secrets_in
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"events": ("prompt",)}
SUBJECT = OWNERS
MEASURES = ("calls", "kinds", "unredacted")
REFERENCES = ("attack.t1552", "owasp.llm02-2025", "atlas.aml.t0057")
PLAYBOOK = (
    "revoke the secret and issue a new one, notify its owner, drop the prompt from other logs"
)


def detect(events: ir.Table) -> ir.Table:
    t = owned(asked(events))
    found = secrets_in(t, "prompt", "owner_name", "owner", "event_id", "timestamp")
    return by_owner(found.mutate(is_echo=ibis.literal(False)), echoes=False)


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls, in time order."""
    return shown(events, row)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    return described(
        row,
        "Prompts",
        bool(row["unredacted"]),
        ("Whoever can read the provider's logs can use them.",),
        (
            "Revoke the secrets that are named here and make new ones.",
            "Remove secrets from prompts before they leave the house.",
        ),
    )


_KEY = "AKIA" + "EXAMPLE0" * 2

CASES = [
    Case(
        "a mark of redaction and a key that was not redacted",
        rows=[
            said(1, "Why does [secret:github_token] not work?"),
            said(2, f"my key is {_KEY}, is it right?"),
            said(3, "hello", user_id="bob"),
        ],
        expect=[{"user_id": "ann", "calls": 2, "kinds": 2, "unredacted": 1}],
    ),
    Case(
        "a password in an address of a database",
        rows=[said(1, "connect to postgres://app:hunter2secret@db.example.com/app", user_id=None)],
        expect=[{"user_id": None, "service": "chat", "kinds": 1, "unredacted": 1}],
    ),
    Case(
        "a password that is written down",
        rows=[said(1, "log in with password: hunter2secret")],
        expect=[{"user_id": "ann", "kinds": 1, "unredacted": 1}],
    ),
    Case(
        "speaking of secrets is none",
        rows=[
            said(1, "How do I rotate an AWS access key? It begins with AKIA."),
            said(2, "My password is not accepted. The field says [password: required]."),
            said(3, "Use [email:4f1c09ab22de] and https://example.com/a:b@c"),
            said(4, "client = OpenAI(api_key='YOUR_API_KEY')"),
            said(5, 'OpenAI(api_key=os.environ["OPENAI_API_KEY"], api_key=os.getenv("KEY_2"))'),
        ],
        expect=[],
    ),
]

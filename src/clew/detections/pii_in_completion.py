"""Answers with personal data that their user did not write: of other people, as a rule.

Reads     events with a completion, each call once   completion, prompt, user_id, api_key_hash, client_ip, service
Returns   one row for each user, else key, address or service, the most people first
Units     answers: with such data; people: different values; kinds: different kinds of data; grave: values of
          kinds that harm (cards, IBAN, national ids); unredacted: values that stand in the case as they are
Method    the marks of redaction, [email:TOKEN] and the like, whose token is the same for the same value, and the
          shapes of what was ingested without it. What the prompt or the system prompt of the call holds too does not
          count, nor a value that usual_users users were told: a contact's address
Blind to  names; the second and further values of a kind in one answer that was not redacted
Mistakes  assistants whose work is to look up people; made-up addresses in examples
Source    OWASP LLM02:2025 (sensitive information disclosure); MITRE ATLAS AML.T0057
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._prompt_cases import said
from clew.detections._prompts import OWNERS, as_subject, asked, few, owned, shown, who
from clew.detections._sensitive import GRAVE, personal_in
from clew.detections._words import clock, many
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"events": ("prompt", "completion")}
SUBJECT = OWNERS
MEASURES = ("answers", "people", "kinds", "grave", "unredacted", "usual_users")
REFERENCES = ("atlas.aml.t0057", "owasp.llm02-2025")
PLAYBOOK = "notify data protection, find the source it came from, filter the model's output"


def detect(events: ir.Table, *, usual_users: int = 5) -> ir.Table:
    keys = ["owner_name", "owner"]
    t = owned(asked(events))
    t = t.mutate(given=t.prompt + " " + t.system_instructions.fill_null(""))
    t = t.filter(t.completion.re_search(r"@|[0-9]{3}|:[0-9a-f]{12}\]"))
    found = personal_in(t, "completion", *keys, "event_id", "timestamp", "given")
    found = found.filter(~found.given.contains(found.value)).drop("given")
    told = found.group_by("value").agg(users=found.owner.nunique())
    found = found.anti_join(told.filter(told.users >= usual_users), "value")
    is_mark = found.value.re_search(r"^[a-z_]+:[0-9a-f]{12}$")
    each = found.group_by(*keys, "value").agg(
        kind=found.kind.min(), is_raw=(~is_mark).cast("int64").max(), first=found.timestamp.min()
    )
    people = each.group_by(keys).agg(
        people=each.count(),
        kinds=each.kind.nunique(),
        grave=number(each.kind.isin(GRAVE)),
        unredacted=each.is_raw.sum(),
        names=each.kind.collect().sort(),
    )
    calls = found.group_by(keys).agg(
        answers=found.event_id.nunique(), started=found.timestamp.min(), ended=found.timestamp.max()
    )
    ids = found.group_by(*keys, "event_id").agg(
        timestamp=found.timestamp.min(), values=found.count()
    )
    order = [ids["values"].desc(), ids.timestamp, ids.event_id]
    t = people.join(calls, keys).join(few(ids, ids.event_id, order, keys), keys)
    t = t.mutate(**as_subject(t), usual_users=ibis.literal(usual_users)).drop(keys)
    return t.order_by(
        ibis.desc("grave"), ibis.desc("people"), "user_id", "api_key_hash", "client_ip", "service"
    )  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls with most of it."""
    return shown(events, row)


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    names = row["names"]
    counted = ", ".join(f"{names.count(kind)} {kind}" for kind in sorted(set(names)))
    reasons = [
        f"{many(row['answers'], 'answer')} between {clock(row['started'])} and {clock(row['ended'])} hold {counted} "
        "that the prompt of the same call does not hold.",
        f"Values that {row['usual_users']} users and more were told are left out.",
    ]
    if row["unredacted"]:
        reasons.append(
            f"{many(row['unredacted'], 'value')} stand in the case as they are: it was filled without redaction."
        )
    many_people = row["people"] >= 10
    return Description(
        title=f"{who(row)} was told personal data in {many(row['answers'], 'answer')}: {counted}",
        severity="high"
        if row["grave"] and many_people
        else "medium"
        if row["grave"] or many_people
        else "low",
        confidence=0.7 if row["grave"] else 0.5,
        why=tuple(reasons),
        recommendations=(
            "Find where the model has it from: a document, a tool, or another tenant's records (see "
            "cross_tenant_retrieval).",
            "Redact answers at the gateway where the user need not see such data.",
        ),
    )


CASES = [
    Case(
        "other people's addresses and a card, as redaction left them",
        rows=[
            said(
                1,
                "who ordered?",
                "[email:4f1c09ab22de] and [email:aaaaaaaaaaaa], card [card:0123456789ab]",
            ),
            said(2, "again", "[email:4f1c09ab22de]"),
        ],
        expect=[
            {"user_id": "ann", "answers": 2, "people": 3, "kinds": 2, "grave": 1, "unredacted": 0}
        ],
    ),
    Case(
        "what was not redacted",
        rows=[said(1, "who?", "Write to bob.miller@example.org or call +49 30 1234567.")],
        expect=[{"people": 2, "kinds": 2, "grave": 0, "unredacted": 2}],
    ),
    Case(
        "one's own address, said back",
        rows=[
            said(
                1,
                "I am [email:4f1c09ab22de], carol@example.org",
                "Thank you, [email:4f1c09ab22de] carol@example.org",
            )
        ],
        expect=[],
    ),
    Case(
        "a contact that everybody is told, secrets, and numbers of no kind",
        rows=[
            *(said(n, "contact?", "Write to help@example.com", user_id=f"u{n}") for n in range(6)),
            said(9, "hi", "[secret:jwt] 2026-11-20 order 4411, 192.0.2.1, 1,234,567 items"),
        ],
        expect=[],
    ),
]

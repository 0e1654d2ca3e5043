"""Answers that repeat long parts of a system prompt: their own, or that of other calls.

Reads     events with completion and system_instructions, each call once   completion, system_instructions,
          service, user_id, api_key_hash, client_ip, timestamp
Returns   one row for each user, else key, address or service, the largest share first
Units     leaks: answers that repeat at least min_share of a system prompt; highest_share: 0 to 1, of the parts
          looked for; others: leaks of a system prompt that the call itself did not have
Method    eight parts of six words each, spread over the system prompt, are looked for in the answer, case and
          punctuation aside. A call's own prompt is looked for in every answer, the twenty most frequent ones of
          all calls in answers that read like one. Prompts of fewer than twelve words are left out; so is a
          prompt that more than max_usual of its answers repeat: it is a text to be quoted
Blind to  prompts that are not stored; leaks in translation, encoded or in other words; leaks of secrets alone
Mistakes  assistants that are meant to quote their instructions, a house's rules for instance, now and then
Source    OWASP LLM07:2025 (system prompt leakage); MITRE ATLAS AML.T0056
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._prompt_cases import said
from clew.detections._prompts import OWNERS, as_subject, asked, few, owned, shown, who
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"events": ("prompt", "completion", "system_instructions")}
SUBJECT = OWNERS
MEASURES = ("leaks", "highest_share", "others", "min_share", "max_usual")
REFERENCES = ("atlas.aml.t0056", "owasp.llm07-2025")
PLAYBOOK = "notify the owner of the prompt, rotate every secret in it, treat its wording as public"
PARTS = 8
WORDS = 6
FEWEST_WORDS = 12
FREQUENT = 20
ENOUGH = 20
"""Answers from which the share of those that repeat a prompt tells something."""
LIKE_A_PROMPT = (
    r"\byou are (?:an?|the)\b|\byour (?:task|role|job|name|purpose) is\b|\bnever (?:reveal|share|mention|disclose|"
    r"discuss)\b|\bsystem prompt\b"
    r"|\b(?:do not|don't|must not) (?:reveal|share|mention|disclose)\b|\binstructions\b|\brespond only\b|\bdu "
    r"bist\b|\beres un\b|\btu es un\b|你是|あなたは|ты\b"
)


def detect(events: ir.Table, *, min_share: float = 0.35, max_usual: float = 0.2) -> ir.Table:
    keys = ["owner_name", "owner"]
    t = _answers(events)
    prompts = _prompts(t)
    own = t.join(prompts, "system_id")
    own = own.mutate(is_other=False, found=_found(own))
    usual = own.group_by("system_id").agg(
        answers=own.count(), repeated=number(own.found >= option(min_share))
    )
    usual = usual.filter(
        (usual.answers >= ENOUGH) & (usual.repeated > usual.answers * option(max_usual))
    )
    frequent = prompts.order_by(prompts.calls.desc(), prompts.system_id).limit(FREQUENT)
    frequent = frequent.anti_join(usual, "system_id").rename(other_id="system_id")
    near = t.filter(t.plain.re_search(LIKE_A_PROMPT)).cross_join(frequent)
    near = near.filter((near.other_id != near.system_id).fill_null(True))
    near = near.mutate(is_other=True, found=_found(near))
    columns = [*keys, "event_id", "timestamp", "is_other", "found"]
    hits = own.anti_join(usual, "system_id").select(columns).union(near.select(columns))
    hits = hits.filter(hits.found >= option(min_share))
    hits = hits.group_by(*keys, "event_id", "timestamp").agg(
        found=hits.found.max(), is_other=hits.is_other.cast("int64").min() == 1
    )
    found = hits.group_by(keys).agg(
        leaks=hits.count(),
        highest_share=hits.found.max(),
        others=number(hits.is_other),
        started=hits.timestamp.min(),
        ended=hits.timestamp.max(),
    )
    order = [hits.found.desc(), hits.timestamp, hits.event_id]
    found = found.join(few(hits, hits.event_id, order, keys), keys)
    found = found.mutate(
        **as_subject(found), min_share=option(min_share), max_usual=option(max_usual)
    )
    return found.drop(keys).order_by(
        ibis.desc("highest_share"), ibis.desc("leaks"), "user_id", "api_key_hash", "client_ip", "service"
    )  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls whose answers repeat most."""
    return shown(events, row)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = events.filter(events.event_id.isin(list(row["shown"])))
    t = t.order_by("timestamp", "event_id")
    return {"said": t.select(asked=t.prompt.left(140), answered=t.completion.left(140)).limit(2)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    reasons = [
        f"{many(row['leaks'], 'answer')} repeat at least {share(row['min_share'])} of a system prompt to the letter, "
        f"the most {share(row['highest_share'])}; between {clock(row['started'])} and {clock(row['ended'])}."
    ]
    if row["others"]:
        reasons.append(
            f"{many(row['others'], 'answer')} repeat a system prompt that the call itself did not have."
        )
    for line in details["said"]:
        texts = (" ".join((line[name] or "").split()) for name in ("asked", "answered"))
        reasons.append('"{}" was answered "{}"'.format(*texts))
    return Description(
        title=f"The model told {who(row)[0].lower() + who(row)[1:]} up to {share(row['highest_share'])} of a system "
        f"prompt, in {many(row['leaks'], 'answer')}",
        severity="high" if row["highest_share"] >= 0.7 or row["others"] else "medium",
        confidence=0.9 if row["highest_share"] >= 0.7 else 0.7,
        why=tuple(reasons),
        recommendations=(
            "Take secrets out of the system prompt and replace those that stood in it.",
            "Stop answers that repeat the system prompt before they leave the gateway.",
        ),
    )


def _plain(text: ir.StringValue) -> ir.StringValue:
    return text.lower().re_replace(r"[^\pL\pN]+", " ").strip()


def _answers(events: ir.Table) -> ir.Table:
    t = owned(asked(events))
    t = t.filter(t.completion.notnull())
    return t.select(
        "event_id", "timestamp", "owner_name", "owner", "system_instructions",
        plain=_plain(t.completion), system_id=t.system_instructions.hash(),
    )  # fmt: skip


def _prompts(t: ir.Table) -> ir.Table:
    """The different system prompts, each with its parts and how many calls have it."""
    t = t.filter(t.system_instructions.notnull())
    t = t.group_by("system_id").agg(calls=t.count(), text=t.system_instructions.min())
    t = t.mutate(words=_plain(t.text).split(" "))
    t = t.mutate(size=t.words.length())
    t = t.filter(t["size"] >= FEWEST_WORDS)
    parts = {}
    for number_ in range(PARTS):
        start = ((t["size"] - WORDS) * number_ // (PARTS - 1)).cast("int64")
        parts[f"part_{number_}"] = ibis.literal(" ").join(t.words[start : start + WORDS])
    return t.select("system_id", "calls", **parts)


def _found(t: ir.Table) -> ir.FloatingValue:
    """The share of the parts that stand in the answer."""
    hits = [t.plain.contains(t[f"part_{n}"]).cast("int64") for n in range(PARTS)]
    total = hits[0]
    for hit in hits[1:]:
        total = total + hit
    found: ir.FloatingValue = total / float(PARTS)
    return found


_SYSTEM = (
    "You are Ada, the assistant of Example Bank. Answer questions on accounts and cards only. Never reveal the "
    "internal code 7-ALPHA-9. If a customer asks for a refund above one hundred euros, hand over to a person. "
    "Be brief, be kind, and answer in the language of the customer."
)
_LEAK = f"Of course. My instructions are: {_SYSTEM.upper()}"


def _said(minute: float, answer: str, **columns: Any) -> dict[str, Any]:
    return said(minute, "question", answer, **{"system_instructions": _SYSTEM, **columns})


CASES = [
    Case(
        "an answer that repeats the whole of its own system prompt",
        rows=[
            _said(1, _LEAK),
            *(_said(n, "Your card is on its way.", user_id="bob") for n in range(2, 9)),
        ],
        expect=[{"user_id": "ann", "leaks": 1, "highest_share": 1.0, "others": 0}],
    ),
    Case(
        "half of it, in a call whose own prompt is another",
        rows=[
            *(_said(n, "Your card is on its way.", user_id="bob") for n in range(3)),
            said(5, "go on", f"I read: {_SYSTEM[:170]}", system_instructions=None, service="other"),
        ],
        expect=[{"user_id": "ann", "leaks": 1, "others": 1}],
    ),
    Case(
        "words that the prompt has too are no leak",
        rows=[
            _said(
                1, "I answer questions on accounts and cards only, in the language of the customer."
            )
        ],
        expect=[],
    ),
    Case(
        "a short system prompt tells nothing",
        rows=[_said(1, "You are kind.", system_instructions="You are kind.")],
        expect=[],
    ),
    Case(
        "a prompt that most answers quote is there to be quoted",
        rows=[_said(n, f"The rules are: {_SYSTEM}", user_id=f"u{n}") for n in range(30)],
        expect=[],
    ),
]

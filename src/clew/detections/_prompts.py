"""What detections of prompt attacks share: prompts counted once, whose they are, and their scores."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.calls_once import call_copies
from clew.detections._guard_scores import guard_score
from clew.model.fill import Fill
from clew.model.views import events
from clew.prompts.scores import MARK, prompt_signs

OWNERS = ("user_id", "api_key_hash", "client_ip", "service")
"""Who is behind a prompt: the first of these that the row states."""
COPIED = ("prompt", "completion", "system_instructions")
LOOKED_AT = (
    "event_id", "timestamp", *OWNERS, "session_id", "finish_reason", "error_class", "error_type", "prompt_hash",
    "prompt_injection_score", "jailbreak_score", "attributes", *COPIED,
)  # fmt: skip


def asked(e: ir.Table, *more: str) -> ir.Table:
    """The rows with a prompt, each call once: of a call that several rows tell of, the one that counts,
    with the texts that any of them states. Only the columns that detections of prompts look at, and `more`:
    all two hundred would stand in every step of the SQL."""
    e = e.select(*dict.fromkeys((*LOOKED_AT, *more)))
    none = call_copies.filter(~call_copies.is_kept).select("event_id")
    kept = call_copies.filter(call_copies.is_kept)
    kept = kept.select("event_id", **{f"one_{name}": kept[f"one_{name}"] for name in COPIED})
    t = e.anti_join(none, "event_id").left_join(kept, "event_id").drop("event_id_right")
    texts = {name: ibis.coalesce(t[f"one_{name}"], t[name]) for name in COPIED}
    t = t.mutate(**texts).drop(*(f"one_{name}" for name in COPIED))
    return t.filter(t.prompt.notnull())


def owned(t: ir.Table) -> ir.Table:
    """The rows with `owner_name` and `owner`: who is behind them, "" and "" where nobody is named."""
    names = [(t[name].notnull(), ibis.literal(name)) for name in OWNERS]
    return t.mutate(
        owner_name=ibis.cases(*names, else_=ibis.literal("")),
        owner=ibis.coalesce(*(t[name] for name in OWNERS), ibis.literal("")),
    )


def as_subject(t: ir.Table) -> dict[str, ir.Value]:
    """The owner back under the column that it came from."""
    none = ibis.null("string")
    return {name: ibis.ifelse(t.owner_name == name, t.owner, none) for name in OWNERS}


def who(row: dict[str, Any]) -> str:
    """
    >>> who({"user_id": None, "api_key_hash": "4f1c", "client_ip": None, "service": None})
    'Key 4f1c'
    """
    words = {"user_id": "User", "api_key_hash": "Key", "client_ip": "Address", "service": "Service"}
    for name in OWNERS:
        if row.get(name) is not None:
            return f"{words[name]} {row[name]}"
    return "Somebody"


def shown(events: ir.Table, row: dict[str, Any], name: str = "shown") -> ir.Table:
    """The events whose ids stand in a row's list, in time order."""
    t = events.filter(events.event_id.isin(list(row[name]) or [""]))
    return t.order_by("timestamp", "event_id").select("event_id").limit(20)


def few(
    t: ir.Table, of: ir.Value, order: list[ir.Value], keys: list[str], most: int = 20
) -> ir.Table:
    """The first `most` of a column in each group, as the list `shown`."""
    within = ibis.window(group_by=[t[key] for key in keys], order_by=order)
    t = t.mutate(few_of=of, place=ibis.row_number().over(within))
    t = t.filter(t.place < most)
    return t.group_by(*keys).agg(shown=t.few_of.collect().sort())


GUARD_NEEDED = {
    "score": (
        "a number from 0 to 1, true or false, or labels with scores as {!r}",
        lambda e, s: guard_score(e, s).notnull(),
    )
}
"""What some row must have where the option `score` names a guard's score."""


def with_score(t: ir.Table, column: str, score: str) -> ir.Table:
    """The rows with the score `column`: what is stored, else the guard's, else worked out here; and with
    `signs`, a list of names and NULLs, where the score is of interest."""
    t = t.mutate(told_score=ibis.coalesce(t[column], guard_score(t, score)))
    ours = prompt_signs.select("prompt", "signs", own_score=column)
    t = t.left_join(ours, "prompt").drop("prompt_right")
    t = t.mutate(**{column: ibis.coalesce(t.told_score, t.own_score)})
    return t.drop("told_score", "own_score")


def with_highest(t: ir.Table) -> ir.Table:
    """The rows with `score`: the higher of both scores, as they are stored, else worked out here."""
    is_known = t.prompt_injection_score.notnull() & t.jailbreak_score.notnull()
    t = t.mutate(
        stored_score=ibis.ifelse(
            is_known,
            ibis.greatest(t.prompt_injection_score, t.jailbreak_score),
            ibis.null("float64"),
        )
    )
    new = prompt_signs.select(
        "prompt",
        new_score=ibis.greatest(prompt_signs.prompt_injection_score, prompt_signs.jailbreak_score),
    )
    t = t.left_join(new, "prompt").drop("prompt_right")
    t = t.mutate(score=ibis.coalesce(t.stored_score, t.new_score))
    return t.drop("stored_score", "new_score")


def fills(column: str, score: str) -> tuple[Fill, ...]:
    """What `clew detect` writes into the column of events: a guard's scores, and ours for the rest."""
    maker = f"features {MARK} {score}".strip()
    t = events.filter(events.prompt.notnull(), events[column].isnull())
    ours = prompt_signs.semi_join(t, "prompt")
    own = Fill(column, "prompt", ours.select("prompt", value=ours[column]), maker)
    if not score:
        return (own,)
    given = t.select("event_id", value=guard_score(t, score))
    return (Fill(column, "event_id", given.filter(given.value.notnull()), maker), own)

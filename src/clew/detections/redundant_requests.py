"""The same prompt, or almost the same, sent again soon: the answer could have been kept.

Reads     calls, each counted once   prompt, system_instructions, prompt_hash, model, timestamp, cost_usd
Returns   one row per service, model and (where one sends most of it) user, the most to save first
Units     repeats: calls whose prompt was sent before within window_s; near_repeats: of these, not the same to
          the letter but almost; prompts: that were repeated; calls: of the service and model; repeat_share:
          repeats of calls, 0 to 1; saving_usd: cost of the repeats; near_saving_usd: of the near ones, part
          of it; most_repeats: of one prompt; unpriced_calls: repeats without a price, in no sum
Method    the same: equal system prompt and text, capitals, punctuation and space aside. Almost: MinHash over
          three words in a row, Jaccard similarity of at least min_similarity, with the same numbers in it
          but for times of day and UUIDs. Reported from min_repeats on, where they are min_share of the
          model's calls or of their cost. Calls that failed, that ask for variety (temperature above 1), or
          that probe whether anybody answers (a few words, a few tokens back) do not count
Blind to  prompts that are not stored (a prompt_hash finds equal ones alone); other words for the same
          question; whether a fresh answer was wanted each time
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import counted, number
from clew.detections._alike import leaders, plain_text
from clew.detections._money import usd, with_owner
from clew.detections._values import option
from clew.detections._words import clock, many, share
from clew.model.buckets import seconds
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"calls": ("timestamp",)}
NEEDS_ROWS = {
    "prompt or prompt_hash": lambda e: e.prompt.notnull() | e.prompt_hash.notnull(),
}
SUBJECT = ("service", "model", "user_id")
MEASURES = (
    "saving_usd", "near_saving_usd", "repeats", "near_repeats", "prompts", "most_repeats", "calls",
    "repeat_share", "unpriced_calls", "window_s", "min_repeats", "min_share", "min_similarity",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()
SHOWN_TEXTS = 10
FRESH = 1.0
"""Above this temperature another answer is wanted each time."""
PROBE_CHARACTERS, PROBE_TOKENS = 24, 5
"""A shorter prompt with a shorter answer, such as "ping", asks whether anybody is there."""
STAMP = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9]{2}:[0-9]{2}(:[0-9]{2})?([.,][0-9]+)?(z|[+-][0-9]{2}:?[0-9]{2})?"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
"""2026-11-20t09:30:00.123z or a UUID: it differs each time and asks for nothing else."""


def detect(
    events: ir.Table,
    *,
    window: str = "1d",
    min_repeats: int = 10,
    min_share: float = 0.05,
    min_similarity: float = 0.8,
) -> ir.Table:
    t = _repeats(events, window, min_similarity)
    calls = t.group_by("service", "model").agg(
        calls=t.count(), model_usd=t.cost_usd.sum().cast("float64")
    )
    t = with_owner(t.filter(t.is_repeat), ["service", "model", "leader"])
    most = _most_repeated(t)
    each = t.group_by("service", "model", "owner", "leader").agg(
        repeats=t.count(),
        near=number(t.is_near),
        usd=t.cost_usd.sum(),
        near_usd=t.cost_usd.sum(where=t.is_near),
        unpriced=number(t.is_unpriced),
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
    )
    t = each.group_by("service", "model", "owner").agg(
        saving_usd=each.usd.sum().cast("float64"),
        near_saving_usd=ibis.ifelse(
            each.near.sum() > 0, each.near_usd.sum().cast("float64"), option(0.0)
        ),
        repeats=each.repeats.sum(),
        near_repeats=each.near.sum(),
        prompts=each.count(),
        most_repeats=each.repeats.max(),
        unpriced_calls=each.unpriced.sum(),
        started=each.started.min(),
        ended=each.ended.max(),
    )
    t = t.left_join(
        calls, [t.service.identical_to(calls.service), t.model.identical_to(calls.model)]
    ).drop("service_right", "model_right")
    t = t.left_join(
        most, [t[key].identical_to(most[key]) for key in ("service", "model", "owner")]
    ).drop("service_right", "model_right", "owner_right")
    t = t.mutate(repeat_share=t.repeats / t.calls)
    is_much = (t.repeat_share >= option(min_share)) | (
        t.saving_usd >= t.model_usd * option(min_share)
    ).fill_null(False)
    t = t.filter((t.repeats >= min_repeats) & is_much)
    return t.rename(user_id="owner").mutate(
        window_s=ibis.literal(seconds(window), "int64"),
        min_repeats=ibis.literal(min_repeats),
        min_share=option(min_share),
        min_similarity=option(min_similarity),
    ).order_by(t.saving_usd.fill_null(0.0).desc(), ibis.desc("repeats"), "service", "model", "user_id")  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls with the texts that were repeated most, in time order."""
    t = _of_row(events, row)
    return t.order_by("timestamp", "event_id").select("event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = _of_row(events, row)
    asked = t.group_by("text_id").agg(
        calls=t.count(), usd=t.cost_usd.sum(), text=t.prompt.left(160).min(), users=t.user_id.nunique()
    )  # fmt: skip
    return {"asked": asked.order_by(ibis.desc("calls"), "text_id").limit(3)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    who = f"User {row['user_id']}" if row["user_id"] else row["service"] or "Callers"
    hours = row["window_s"] / 3600
    reasons = [
        f"{many(row['repeats'], 'call')} of {many(row['calls'], 'call')} of {row['model']} "
        f"({share(row['repeat_share'])}) repeat {many(row['prompts'], 'prompt')} that had been sent within "
        f"{hours:g} h before; between {clock(row['started'])} and {clock(row['ended'])}.",
    ]
    if row["near_repeats"]:
        reasons.append(
            f"{row['near_repeats']:,} of them differ by a few words (Jaccard similarity of at least "
            f"{row['min_similarity']:g}, the same numbers), worth {usd(row['near_saving_usd'] or 0)}."
        )
    for line in details["asked"]:
        text = " ".join((line["text"] or "a prompt that is not stored").split())
        reasons.append(
            f'{line["calls"]:,} times by {many(line["users"], "user")}, {usd(line["usd"])}: "{text}"'
        )
    if row["unpriced_calls"]:
        reasons.append(f"{many(row['unpriced_calls'], 'repeat')} have no price and are in no sum.")
    near_share = row["near_repeats"] / row["repeats"]
    saving = f": {usd(row['saving_usd'])} to save" if row["saving_usd"] else ""
    return Description(
        title=f"{who} sent {row['model']} {many(row['prompts'], 'prompt')} again "
        f"{many(row['repeats'], 'time')}, within {hours:g} h each{saving}",
        severity="medium" if _is_much(row) else "low",
        confidence=0.9 - 0.3 * near_share,
        why=tuple(reasons),
        recommendations=(
            f"Keep answers for {hours:g} h under the hash of model, parameters, system prompt and prompt"
            + (", or find near ones by an embedding." if near_share > 0.5 else "."),
        ),
    )


def _is_much(row: dict[str, Any]) -> bool:
    """Money decides; a small case, or one without prices, goes by the share."""
    if (row["saving_usd"] or 0) >= 1:
        return True
    money_share = row["repeat_share"]
    if row["saving_usd"] is not None and row["model_usd"]:
        money_share = row["saving_usd"] / row["model_usd"]
    return bool(min(money_share, row["repeat_share"]) >= 0.3)


def _most_repeated(t: ir.Table) -> ir.Table:
    """The texts that were repeated most, of each service, model and owner: what evidence is looked up by."""
    each = t.group_by("service", "model", "owner", "text_id").agg(often=t.count())
    order = ibis.window(
        group_by=[each.service, each.model, each.owner], order_by=[each.often.desc(), each.text_id]
    )
    each = each.mutate(place=ibis.row_number().over(order)).filter(lambda s: s.place < SHOWN_TEXTS)
    return each.group_by("service", "model", "owner").agg(texts=each.text_id.collect().sort())


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    t = _with_text(events)
    t = t.filter(t.text_id.isin([int(text_id) for text_id in row["texts"]]))
    return t.filter(t.user_id == row["user_id"]) if row["user_id"] is not None else t


def _with_text(events: ir.Table) -> ir.Table:
    """The answered calls with a prompt; text_id: equal for equal texts of a service, model and system prompt."""
    t = counted(events)
    t = t.filter(
        ~t.failed, t.timestamp.notnull(), t.prompt.notnull() | t.prompt_hash.notnull(),
        t.temperature.fill_null(0.0) <= option(FRESH),
    )  # fmt: skip
    is_probe = (t.prompt.length() <= PROBE_CHARACTERS) & (t.output_tokens <= PROBE_TOKENS)
    t = t.filter(~is_probe.fill_null(False))
    t = t.select(
        "event_id", "timestamp", "service", "model", "user_id", "prompt", "cost_usd", "is_unpriced",
        said=ibis.coalesce(plain_text(t.prompt), t.prompt_hash),
        around=t.system_instructions.fill_null("").hash(),
    )  # fmt: skip
    block = t.service.fill_null("") + " " + t.model.fill_null("") + " " + t.around.cast("string")
    t = t.mutate(block=block.hash())
    return t.mutate(text_id=(t.block.cast("string") + " " + t.said).hash())


def _repeats(events: ir.Table, window: str, min_similarity: float) -> ir.Table:
    """The calls with a prompt; leader: the text they are a copy of; is_repeat, is_near."""
    t = _with_text(events)
    texts = t.group_by("text_id").agg(
        said=t.said.min(), block=t.block.min(), stored=t.prompt.count()
    )
    texts = texts.filter(texts.stored > 0)
    texts = texts.mutate(said=texts.said.re_replace(STAMP, " "))
    numbers = texts.said.re_replace(r"[^0-9]+", " ")
    texts = texts.select(
        "text_id", "said", block=(texts.block.cast("string") + " " + numbers).hash()
    )
    near = leaders(texts, min_similarity).rename(found="leader")
    t = t.drop("prompt", "said", "around", "block")
    t = t.left_join(near, "text_id").drop("text_id_right")
    t = t.mutate(leader=ibis.coalesce(t.found, t.text_id))
    order = [t.timestamp, t.event_id]
    last = t.timestamp.lag().over(ibis.window(group_by=t.leader, order_by=order))
    last_same = t.timestamp.lag().over(ibis.window(group_by=t.text_id, order_by=order))
    span_s = seconds(window)
    is_repeat = (t.timestamp.delta(last, unit="second") <= span_s).fill_null(False)
    is_same = (t.timestamp.delta(last_same, unit="second") <= span_s).fill_null(False)
    return t.mutate(is_repeat=is_repeat, is_near=is_repeat & ~is_same)


_WORDS = "please tell me in short how I can reset the password of my account on the new site today"


def _asked(n: int, prompt: str, **columns: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T{10 + n // 60:02}:{n % 60:02}:00Z", "model": "m", "service": "bot",
        "user_id": f"u{n % 7}", "prompt": prompt, "cost_usd": "0.01", **columns,
    }  # fmt: skip


_DIFFERENT = [
    _asked(n, f"{word} question about {word}s and what they are like in {word}land")
    for n, word in enumerate(
        ("apple", "bear", "cloud", "door", "elm", "fox", "goat", "hill", "ink", "jar")
    )
]

CASES = [
    Case(
        "one prompt of many users, capitals and marks aside",
        rows=[*_DIFFERENT, *(_asked(n, ("What is RAG?", "what is rag")[n % 2]) for n in range(21))],
        expect=[
            {
                "service": "bot", "model": "m", "user_id": None, "repeats": 20, "near_repeats": 0,
                "prompts": 1, "calls": 31, "saving_usd": 0.2,
            }
        ],
    ),
    Case(
        "a prompt with a word more or less is nearly the same",
        rows=[_asked(n, f"{_WORDS} {('thanks', 'now', 'soon')[n % 3]}", user_id="ann") for n in range(15)],
        expect=[{"user_id": "ann", "repeats": 14, "near_repeats": 2, "prompts": 1, "near_saving_usd": 0.02}],
    ),
    Case(
        "prompts that differ in a number are different questions",
        rows=[_asked(n, f"{_WORDS} {1000 + n}") for n in range(30)],
        expect=[],
    ),
    Case(
        "a time that is written into each prompt makes no other question of it",
        rows=[_asked(n, f"It is 2026-11-20T10:{n:02}:07.123Z. {_WORDS}, and then write to my colleagues in the "
                     "other office what they have to do so that it works for them as well, with an example "
                     "that fits our trade and is easy to follow") for n in range(30)],
        expect=[{"repeats": 29, "near_repeats": 29}],
    ),
    Case(
        "a health check asks for no answer that could be kept",
        rows=[*_DIFFERENT, *(_asked(n, "ping", output_tokens=1) for n in range(60))],
        expect=[],
    ),
    Case(
        "the same prompt once a week is asked anew",
        rows=[
            _asked(n, "the report", timestamp=f"2026-{1 + n // 4:02}-{1 + 7 * (n % 4):02}T00:00:00Z")
            for n in range(20)
        ],
        expect=[],
    ),
    Case(
        "another system prompt is another question",
        rows=[_asked(n, "go on", system_instructions=f"You are agent {n}.") for n in range(30)],
        expect=[],
    ),
    Case("different prompts repeat nothing", rows=_DIFFERENT, expect=[]),
    Case(
        "without a cost the repeats are found all the same",
        rows=[_asked(n, "What is RAG?", cost_usd=None) for n in range(21)],
        expect=[{"repeats": 20, "saving_usd": None, "unpriced_calls": 20}],
    ),
]  # fmt: skip

"""Prompts larger than they need be: long beginnings sent again uncached, contexts that grow, giants.

Reads     calls, each counted once   input_tokens, output_tokens, cost_usd, cache_read_tokens, prompt,
          system_instructions, session_id, model, timestamp
Returns   one row per service, model and (where one sends most of it) user, the most to save first
Units     saving_usd: the three parts together, at the price that a read token of the model has in this case;
          prefix_saving_usd: of a beginning of at least min_prefix characters sent again within keep while
          nothing was read from a cache, at 1 - cache_price of its tokens (cache_price: what a cached token
          costs of a read one; where not given, that of the model's maker); context_saving_usd: tokens
          above keep_tokens in sessions whose prompts only grow; size_saving_usd: tokens above min_times
          the median prompt of the model; prefix_calls, context_calls, large_calls: calls of each part;
          prefix_tokens: mean tokens of such a beginning, from its characters and what such calls read;
          sessions: that grow; input_p50: median prompt of the model; largest_input: tokens of the largest;
          calls: of the service and model; saved_tokens: tokens read without need
Method    a session grows where each prompt is at least as large as the one before in min_turns calls, the last
          at least four times the first and above keep_tokens; where no session is stated, the calls of a
          user whose messages begin alike are one. Estimates: what a prompt needs is not measured
Blind to  beginnings of prompts that are not stored; what a provider caches by itself without saying so
"""

from __future__ import annotations

from math import log
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import counted, number
from clew.detections._money import NO_COST, cached_price, rates, usd, with_owner
from clew.detections._values import option
from clew.detections._words import many, share
from clew.model.buckets import seconds
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"calls": ("input_tokens", "model")}
SUBJECT = ("service", "model", "user_id")
MEASURES = (
    "saving_usd", "prefix_saving_usd", "context_saving_usd", "size_saving_usd", "saved_tokens", "calls",
    "prefix_calls", "prefix_tokens", "context_calls", "sessions", "large_calls", "largest_input", "input_p50",
    "min_calls", "min_prefix", "cache_price", "keep_tokens", "min_turns", "min_times", "min_large",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ("owasp.llm10-2025",)
TOKENS_A_CHARACTER, MOST_TOKENS_A_CHARACTER = 0.25, 0.6
"""Usual, and most: a call with more read what its prompt and system prompt do not show, such as pictures."""
PARTS = ("prefix", "context", "size")
MOST_CHARACTERS = 32_000
"""Of a text, from its beginning."""
STEP = 1.05
"""How closely the length that all texts of a group begin alike with is told."""
GROWN = 4
LEFT_OUT = 7  # measures that are options


def detect(
    events: ir.Table,
    *,
    min_calls: int = 10,
    min_prefix: int = 4_000,
    keep: str = "10m",
    cache_price: float | None = None,
    keep_tokens: int = 4_000,
    min_turns: int = 6,
    min_times: float = 8.0,
    min_large: int = 8_000,
) -> ir.Table:
    t = _wasting(
        events,
        min_prefix=min_prefix,
        keep_s=seconds(keep),
        cache_price=cache_price,
        keep_tokens=keep_tokens,
        min_turns=min_turns,
        min_times=min_times,
        min_large=min_large,
    )
    calls = t.group_by("service", "model").agg(calls=t.count(), input_p50=t.input_p50.max())
    price = rates(counted(events)).select("model", "usd_per_input")
    t = t.left_join(price, "model").drop("model_right")
    t = with_owner(t.filter(t.saved > 0), ["service", "model"])
    t = t.group_by("service", "model", "owner").agg(
        **{f"{part}_saving_usd": (t[part] * t.usd_per_input).sum().round(9) for part in PARTS},
        saved_tokens=t.saved.sum().cast("int64"),
        prefix_calls=number(t.prefix > 0),
        prefix_tokens=t.prefix_tokens.mean(where=t.prefix > 0).round(3),
        cache_price=t.cache_price.max(),
        context_calls=number(t.context > 0),
        sessions=t.session_id.nunique(where=t.context > 0),
        large_calls=number(t["size"] > 0),
        largest_input=t.input_tokens.max(),
        wasting=t.count(),
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
    )
    t = t.left_join(
        calls, [t.service.identical_to(calls.service), t.model.identical_to(calls.model)]
    ).drop("service_right", "model_right")  # fmt: skip
    t = t.filter(t.wasting >= min_calls)
    t = t.mutate(
        saving_usd=(t.prefix_saving_usd + t.context_saving_usd + t.size_saving_usd).round(9)
    )
    return t.drop("wasting").rename(user_id="owner").mutate(
        keep_s=ibis.literal(seconds(keep), "int64"),
        min_calls=ibis.literal(min_calls),
        min_prefix=ibis.literal(min_prefix),
        keep_tokens=ibis.literal(keep_tokens),
        min_turns=ibis.literal(min_turns),
        min_times=option(min_times),
        min_large=ibis.literal(min_large),
    ).order_by(
        t.saving_usd.fill_null(0.0).desc(), ibis.desc("saved_tokens"), "service", "model", "user_id"
    )  # fmt: skip


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The calls that read most without need."""
    t = _of_row(events, row)
    return t.order_by(t.saved.desc(), "timestamp", "event_id").select("event_id").limit(20)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    t = _of_row(events, row)
    t = t.filter(t.prefix > 0)
    starts = t.group_by("beginning").agg(calls=t.count(), text=t.shown.min())
    return {"starts": starts.order_by(ibis.desc("calls"), "beginning").limit(2)}


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    where = row["service"] or "Callers"
    where += f" (mostly user {row['user_id']})" if row["user_id"] else ""
    reasons, advice = [], []
    if row["prefix_calls"]:
        reasons.append(
            f"{many(row['prefix_calls'], 'call')} begin like one shortly before, with about "
            f"{row['prefix_tokens']:,.0f} tokens, and read nothing from a cache: "
            f"{usd(row['prefix_saving_usd'])} at {share(1 - row['cache_price'])} off."
        )
        reasons += [
            f'{line["calls"]:,} of them begin: "{" ".join((line["text"] or "").split())}"'
            for line in details["starts"]
        ]
        advice.append(
            "Put what stays the same first and let the provider cache it (prompt caching); what varies last."
        )
    if row["context_calls"]:
        reasons.append(
            f"In {many(row['sessions'], 'session')} each prompt carries all before it: "
            f"{many(row['context_calls'], 'call')} read more than {row['keep_tokens']:,} tokens; what is "
            f"above that costs {usd(row['context_saving_usd'])}."
        )
        advice.append("Sum up or cut the history of a session after a few turns.")
    if row["large_calls"]:
        reasons.append(
            f"{many(row['large_calls'], 'call')} read at least {row['min_times']:g} times the model's median "
            f"prompt of {row['input_p50']:,.0f} tokens, up to {row['largest_input']:,}: what is above that "
            f"costs {usd(row['size_saving_usd'])}."
        )
        advice.append(
            "Send the passages that matter, not whole documents; limit the size of prompts."
        )
    reasons.append("Estimates: whether the tokens were needed was not measured.")
    saving = f": about {usd(row['saving_usd'])} to save" if row["saving_usd"] else ""
    return Description(
        title=f"{where} sent {row['model']} {row['saved_tokens']:,} tokens without need{saving}",
        severity="medium" if (row["saving_usd"] or 0) >= 1 else "low",
        confidence=0.8 if row["prefix_calls"] else 0.6,
        why=tuple(reasons),
        recommendations=tuple(advice),
    )


def _of_row(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    names = (
        "min_prefix", "keep_s", "cache_price", "keep_tokens", "min_turns", "min_times", "min_large"
    )  # fmt: skip
    t = _wasting(events, **{name: row[name] for name in names})
    t = t.filter(
        t.service.identical_to(ibis.literal(row["service"], "string")),
        t.model.identical_to(ibis.literal(row["model"], "string")),
        t.saved > 0,
    )
    return t.filter(t.user_id == row["user_id"]) if row["user_id"] is not None else t


def _wasting(
    events: ir.Table,
    *,
    min_prefix: int,
    keep_s: int,
    cache_price: float | None,
    keep_tokens: int,
    min_turns: int,
    min_times: float,
    min_large: int,
) -> ir.Table:
    """The answered calls, with the tokens that each part of them could do without."""
    t = counted(events)
    t = t.filter(~t.failed, t.input_tokens > 0, t.model.notnull())
    text = t.system_instructions.fill_null("") + ibis.literal(" ") + t.prompt.fill_null("")
    t = t.select(
        "event_id", "timestamp", "service", "model", "user_id", "input_tokens",
        session_id=ibis.coalesce(t.session_id, _conversation(t)),
        uncached=ibis.greatest(t.input_tokens - t.cache_read_tokens.fill_null(0), 0),
        is_cached=t.cache_read_tokens.fill_null(0) > 0,
        text=text.left(MOST_CHARACTERS),
        system_characters=t.system_instructions.length().fill_null(0),
        tokens_a_character=t.input_tokens / text.length().nullif(0),
    )  # fmt: skip
    t = _with_prefix(t, min_prefix, keep_s)
    t = _with_growth(t, keep_tokens, min_turns)
    t = _with_median(t)
    t = t.mutate(cache_price=cached_price(t.model) if cache_price is None else option(cache_price))
    prefix = ibis.ifelse(t.is_again, t.prefix_tokens * (option(1.0) - t.cache_price), 0.0)
    context = ibis.ifelse(
        t.is_growing & (t.uncached > keep_tokens), (t.uncached - keep_tokens).cast("float64"), 0.0
    )
    usual = t.input_p50 * option(min_times)
    is_large = (t.uncached >= usual) & (t.uncached >= min_large) & ~t.is_growing & ~t.is_again
    size = ibis.ifelse(is_large, t.uncached - usual, 0.0)
    t = t.mutate(prefix=prefix, context=context, size=size)
    # a beginning that grows with the session is counted once
    t = t.mutate(prefix=ibis.ifelse(t.context > t.prefix, 0.0, t.prefix))
    t = t.mutate(context=ibis.ifelse(t.prefix > 0, 0.0, t.context))
    return t.mutate(saved=t.prefix + t.context + t["size"])


def _with_prefix(t: ir.Table, min_prefix: int, keep_s: int) -> ir.Table:
    """is_again: a call with the same beginning was made within the time that a cache keeps it."""
    long = t.text.length() >= min_prefix
    t = t.mutate(beginning=ibis.ifelse(long, t.text.left(min_prefix).hash(), ibis.null("int64")))
    t = t.mutate(shown=ibis.ifelse(long, t.text.left(120), ibis.null("string")))
    within = [t.model, t.beginning]
    shared = t.filter(t.beginning.notnull())
    same = _common(shared, min_prefix)
    t = (
        t.drop("text")
        .left_join(same, ["model", "beginning"])
        .drop("model_right", "beginning_right")
    )
    last = t.timestamp.lag().over(
        ibis.window(
            group_by=[t[column.get_name()] for column in within], order_by=[t.timestamp, t.event_id]
        )
    )
    soon = (t.timestamp.delta(last, unit="second") <= keep_s).fill_null(False)
    tokens = ibis.least(t.prefix_tokens, t.input_tokens.cast("float64"))
    return t.mutate(is_again=soon & t.beginning.notnull() & ~t.is_cached, prefix_tokens=tokens)


def _common(t: ir.Table, min_prefix: int) -> ir.Table:
    """prefix_tokens: of what all texts of a beginning share. What the first and the last in the order of
    letters share, all between them do; the system prompt, where it is one, is told to the letter."""
    t = t.group_by("model", "beginning").agg(
        first=t.text.min(),
        last=t.text.max(),
        texts=t.count(),
        shortest=t.text.length().min(),
        system=t.system_characters.max(),
        least_system=t.system_characters.min(),
        tokens_a_character=t.tokens_a_character.min(),
    )
    t = t.filter(t.texts > 1)
    count = 1 + max(0, int(log(MOST_CHARACTERS / min_prefix) / log(STEP)))
    lengths = [int(min_prefix * STEP**n) for n in range(count)]
    whole = ibis.ifelse(t.system == t.least_system, t.system, 0)
    t = t.mutate(length=ibis.array([whole, *lengths]).unnest())
    is_shared = (t.shortest >= t.length) & (t["first"].left(t.length) == t["last"].left(t.length))
    tokens = ibis.ifelse(
        t.tokens_a_character <= MOST_TOKENS_A_CHARACTER, t.tokens_a_character, TOKENS_A_CHARACTER
    )
    return t.group_by("model", "beginning").agg(
        prefix_tokens=(t.length * tokens).max(where=is_shared)
    )


def _conversation(t: ir.Table) -> ir.StringValue:
    """The messages up to the first answer: what all later turns of a conversation begin with."""
    turn = t.input_messages.find('"assistant"')
    who = ibis.coalesce(t.user_id, t.api_key_hash, "")
    begun: ir.StringValue = who + " " + t.input_messages.left(turn).hash().cast("string")
    return ibis.ifelse(turn > 0, begun, ibis.null("string"))


def _with_growth(t: ir.Table, keep_tokens: int, min_turns: int) -> ir.Table:
    """is_growing: the call belongs to a session whose prompts only grow."""
    asked = t.filter(t.session_id.notnull(), t.timestamp.notnull())
    order = ibis.window(
        group_by=[asked.session_id, asked.model], order_by=[asked.timestamp, asked.event_id]
    )
    asked = asked.mutate(before=asked.input_tokens.lag().over(order))
    found = asked.group_by("session_id", "model").agg(
        turns=asked.count(),
        shrunk=number((asked.input_tokens < asked.before).fill_null(False)),
        least=asked.input_tokens.min(),
        most=asked.input_tokens.max(),
    )
    found = found.filter(
        (found.turns >= min_turns)
        & (found.shrunk == 0)
        & (found.most >= found.least * GROWN)
        & (found.most > keep_tokens)
    ).select("session_id", "model", grows=ibis.literal(True))
    t = t.left_join(found, ["session_id", "model"]).drop("session_id_right", "model_right")
    return t.mutate(is_growing=t.grows.fill_null(False)).drop("grows")


def _with_median(t: ir.Table) -> ir.Table:
    middle = t.group_by("model").agg(input_p50=t.input_tokens.cast("float64").quantile(0.5))
    return t.left_join(middle, "model").drop("model_right")


def _call(n: int, tokens: int, **columns: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T10:{n // 60:02}:{n % 60:02}Z", "model": "m", "service": "bot",
        "input_tokens": tokens, "output_tokens": 10 + n % 3, "cost_usd": f"{tokens / 1e6:.9f}", **columns,
    }  # fmt: skip


_RULES = "Follow these rules of the house. " * 250  # 8,250 characters

CASES = [
    Case(
        "a long system prompt sent with each call, and nothing cached",
        rows=[_call(n, 2200, system_instructions=_RULES, prompt=f"question {n}") for n in range(21)],
        expect=[{"prefix_calls": 20, "prefix_tokens": 2196.805, "saved_tokens": 21_968, "large_calls": 0}],
    ),
    Case(
        "the same served from a cache is as it should be",
        rows=[_call(n, 2200, system_instructions=_RULES, cache_read_tokens=2000) for n in range(21)],
        expect=[],
    ),
    Case(
        "a session that carries all its past along",
        rows=[_call(n, 1000 + 1000 * n, session_id="s1", user_id="ann") for n in range(20)],
        expect=[{"user_id": "ann", "sessions": 1, "context_calls": 16, "saved_tokens": 136_000, "large_calls": 0}],
    ),
    Case(
        "without a session, messages that begin alike and grow are one",
        rows=[
            _call(n, 1000 + 1000 * n, user_id="ann", session_id=None, input_messages=(
                '[{"role": "user", "content": "the plan"}'
                + ', {"role": "assistant", "content": "well"}, {"role": "user", "content": "go on"}' * n + "]"
            ))
            for n in range(20)
        ],
        expect=[{"user_id": "ann", "sessions": 1, "context_calls": 16, "saved_tokens": 136_000}],
    ),
    Case(
        "the model's maker says what a cached token costs, and all of the beginning counts",
        rows=[
            _call(n, 2600, model="claude-sonnet-4", system_instructions=_RULES, prompt=f"{n} and so on")
            for n in range(21)
        ],
        expect=[{"prefix_calls": 20, "cache_price": 0.1, "saved_tokens": 46_726}],
    ),
    Case(
        "one user's prompts of twenty times the usual size",
        rows=[*(_call(n, 500) for n in range(60)), *(_call(n, 10_000, user_id="bob") for n in range(12))],
        expect=[{"user_id": "bob", "large_calls": 12, "saved_tokens": 72_000, "input_p50": 500.0}],
    ),
    Case(
        "short prompts are as they should be",
        rows=[_call(n, 400 + n, prompt=f"question {n}") for n in range(50)],
        expect=[],
    ),
    Case(
        "three large prompts are too few",
        rows=[*(_call(n, 500) for n in range(60)), *(_call(n, 10_000) for n in range(3))],
        expect=[],
    ),
    NO_COST,
]  # fmt: skip

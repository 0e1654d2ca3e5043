"""The dearest model on short, simple work that a cheaper model of the same case answers alike.

Reads     calls, each counted once   model, cost_usd, input_tokens, output_tokens, finish_reason,
          temperature, tool_definitions, reasoning_tokens, prompt, completion
Returns   one row per service and dear model: the cheaper model that answered the same prompts alike, else
          the one with the cheapest answers that are alike
Units     calls: simple calls of the dear model; simple_share: of all its calls, 0 to 1; saving_usd: their
          cost less what the cheaper model's tokens cost in this case; output_p50, cheaper_output_p50: tokens
          written, medians; finished_share, cheaper_finished_share: ended by themselves, 0 to 1;
          same_prompts: prompts that both answered; same_answers: of these, answered alike;
          price_times: how much dearer a token is
Method    simple: at most max_input and max_output tokens, no reasoning, no tools, temperature not above
          max_temperature (where none is stated, half of max_output), ended by itself. Alike: the
          cheaper model does at least min_calls such calls, its answers are as long (half to twice), end
          by themselves as often, and where both answered the same prompts, most answers agree. An
          estimate: no quality is measured but that
Blind to  a cheaper model that the case never calls; quality that sizes and endings do not show
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import counted
from clew.detections._money import NO_COST, rates, usd, with_owner
from clew.detections._values import option
from clew.detections._words import many, share
from clew.model.case import Case
from clew.model.finding import Description

NEEDS = {"calls": ("model", "cost_usd", "input_tokens", "output_tokens")}
SUBJECT = ("model", "service", "user_id")
MEASURES = (
    "saving_usd", "cost_usd", "calls", "simple_share", "price_times", "input_p50", "output_p50",
    "cheaper_calls", "cheaper_output_p50", "finished_share", "cheaper_finished_share", "same_prompts",
    "same_answers", "max_input", "max_output", "max_temperature", "min_calls", "min_times", "min_usd",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()
ENDED = (
    "stop",
    "end_turn",
    "stop_sequence",
    "complete",
    "completed",
    "eos",
    "eos_token",
    "finish_reason_stop",
)
LEAST_AGREEMENT = 0.8
FEWEST_SAME_PROMPTS = 5
LEFT_OUT = 6  # measures that are options


def detect(
    events: ir.Table,
    *,
    max_input: int = 1000,
    max_output: int = 150,
    max_temperature: float = 0.3,
    min_calls: int = 20,
    min_times: float = 3.0,
    min_usd: float = 0.01,
) -> ir.Table:
    t = _sized(events, max_input, max_output, max_temperature)
    pairs = _pairs(t)
    typical = pairs.read * pairs.usd_per_input + pairs.written * pairs.usd_per_output
    instead = pairs.read * pairs.cheap_input + pairs.written * pairs.cheap_output
    pairs = pairs.mutate(
        price_times=typical / instead.nullif(0.0),
        saving_usd=(pairs.cost_usd.cast("float64") - instead).round(9),
    )
    pairs = pairs.filter(
        pairs.model != pairs.cheaper_model,
        pairs.calls >= min_calls,
        pairs.cheaper_calls >= min_calls,
        pairs.price_times >= option(min_times),
        pairs.saving_usd >= option(min_usd),
        pairs.cheaper_output_p50.between(pairs.output_p50 / 2 - 1, pairs.output_p50 * 2 + 1),
        pairs.cheaper_finished_share >= pairs.finished_share - 0.05,
        (pairs.same_prompts < FEWEST_SAME_PROMPTS)
        | (pairs.same_answers >= LEAST_AGREEMENT * pairs.same_prompts),
    )
    best = ibis.row_number().over(
        ibis.window(
            group_by=[pairs.service, pairs.model, pairs.owner],
            order_by=[
                pairs.same_prompts < FEWEST_SAME_PROMPTS,
                pairs.saving_usd.desc(),
                pairs.cheaper_model,
            ],
        )
    )
    pairs = pairs.mutate(place=best).filter(lambda s: s.place == 0)
    return pairs.select(
        "model",
        "service",
        "cheaper_model",
        "started",
        "ended",
        *MEASURES[:3],
        *MEASURES[4:-LEFT_OUT],
        user_id=pairs.owner,
        simple_share=pairs.calls / pairs.all_calls,
        max_input=ibis.literal(max_input),
        max_output=ibis.literal(max_output),
        max_temperature=option(max_temperature),
        min_calls=ibis.literal(min_calls),
        min_times=option(min_times),
        min_usd=option(min_usd),
    ).order_by(ibis.desc("saving_usd"), "model", "service")


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Simple calls of the dear model, the dearest first, and some of the cheaper one."""
    t = _sized(events, row["max_input"], row["max_output"], row["max_temperature"])
    t = t.filter(t.is_simple)
    own = t.filter(
        t.model == row["model"], t.service.identical_to(ibis.literal(row["service"], "string"))
    )
    own = own.order_by(own.cost_usd.desc(), "timestamp", "event_id").limit(15)
    other = t.filter(t.model == row["cheaper_model"]).order_by("timestamp", "event_id").limit(5)
    both = own.select("event_id", rank=ibis.literal(0)).union(
        other.select("event_id", rank=ibis.literal(1))
    )
    return both.order_by("rank", "event_id")


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    where = f" of service {row['service']}" if row["service"] else ""
    where += f" mostly by user {row['user_id']}" if row["user_id"] else ""
    cheaper = row["cheaper_model"]
    reasons = [
        f"{many(row['calls'], 'call')}{where} are short and simple: {row['input_p50']:,.0f} tokens read and "
        f"{row['output_p50']:,.0f} written (medians), no tools, no reasoning; "
        f"{share(row['finished_share'])} ended by themselves. They are {share(row['simple_share'])} of its "
        "calls there.",
        f"{cheaper} does {many(row['cheaper_calls'], 'such call')} in this case: "
        f"{row['cheaper_output_p50']:,.0f} tokens written (median), {share(row['cheaper_finished_share'])} "
        f"ended by themselves. Its tokens cost {row['price_times']:.1f} times less.",
    ]
    if row["same_prompts"]:
        reasons.append(
            f"{many(row['same_prompts'], 'prompt')} went to both; {row['same_answers']:,} were answered alike."
        )
    reasons.append(
        f"{usd(row['saving_usd'])} of {usd(row['cost_usd'])} is an estimate: the same tokens at the prices "
        f"that {cheaper} has in this case; quality beyond sizes and endings was not measured."
    )
    is_compared = row["same_prompts"] >= FEWEST_SAME_PROMPTS
    return Description(
        title=f"{row['model']} answers {many(row['calls'], 'short, simple call')}{where} that {cheaper} "
        f"answers alike: {usd(row['saving_usd'])} could be saved",
        severity="medium" if row["saving_usd"] >= 1 else "low",
        confidence=0.8 if is_compared else 0.6,
        why=tuple(reasons),
        recommendations=(
            f"Send this work to {cheaper} for a part of the calls, compare the answers, then all of it.",
        ),
    )


def _sized(events: ir.Table, max_input: int, max_output: int, max_temperature: float) -> ir.Table:
    """Answered calls of models, and whether they are simple."""
    t = counted(events)
    t = t.filter(~t.failed, t.model.notnull())
    ended = t.finish_reason.lower().isin(ENDED)
    t = t.mutate(ended=ended.fill_null(True) | t.finish_reason.isnull())
    is_simple = (
        t.cost_usd.notnull()
        & (t.input_tokens <= max_input)
        & (t.output_tokens <= ibis.ifelse(t.temperature.isnull(), max_output // 2, max_output))
        & (t.output_tokens > 0)
        & (t.reasoning_tokens.fill_null(0) == 0)
        & (t.temperature.fill_null(0.0) <= option(max_temperature))
        & t.tool_definitions.isnull()
        & (t.image_input_tokens.fill_null(0) + t.audio_input_tokens.fill_null(0) == 0)
    )
    return t.mutate(is_simple=is_simple.fill_null(False))


def _pairs(t: ir.Table) -> ir.Table:
    """Each group of simple calls of a model beside each model that does such calls."""
    price = rates(t)
    dear = with_owner(t.filter(t.is_simple), ["service", "model"])
    dear = _sums(dear, ["service", "model", "owner"])
    share_of = t.group_by("service", "model").agg(all_calls=t.count())
    dear = dear.left_join(
        share_of, [dear.service.identical_to(share_of.service), dear.model == share_of.model]
    ).drop("service_right", "model_right")  # fmt: skip
    cheap = _sums(t.filter(t.is_simple), ["model"])
    cheap = cheap.select(**{f"cheaper_{name}": cheap[name] for name in cheap.columns})
    dear = dear.join(price, "model")
    other = price.select(
        cheaper_model="model", cheap_input="usd_per_input", cheap_output="usd_per_output"
    )
    pairs = dear.cross_join(cheap.join(other, "cheaper_model"))
    return _against(pairs, _agreement(t))


def _sums(t: ir.Table, keys: list[str]) -> ir.Table:
    return t.group_by(*keys).agg(
        calls=t.count(),
        cost_usd=t.cost_usd.sum(),
        read=t.input_tokens.sum().cast("float64"),
        written=t.output_tokens.sum().cast("float64"),
        input_p50=t.input_tokens.cast("float64").quantile(0.5),
        output_p50=t.output_tokens.cast("float64").quantile(0.5),
        finished_share=t.ended.cast("float64").mean(),
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
    )


def _agreement(t: ir.Table) -> ir.Table:
    """For two models: prompts that both answered, and how many of these they answered alike."""
    t = t.filter(t.is_simple & t.prompt.notnull() & t.completion.notnull())
    said = t.completion.lower().re_replace(r"\W+", " ").strip()
    t = t.select("model", prompt=t.prompt, said=said)
    each = t.group_by("model", "prompt").agg(said=t.said.min())
    both = each.group_by("prompt").agg(models=each.count())
    each = each.semi_join(both.filter(both.models > 1), "prompt")
    other = each.select(other_model="model", prompt="prompt", other_said="said")
    met = each.join(other, "prompt")
    return met.group_by("model", "other_model").agg(
        same_prompts=met.count(), same_answers=(met.said == met.other_said).cast("int64").sum()
    )


def _against(pairs: ir.Table, agreement: ir.Table) -> ir.Table:
    t = pairs.left_join(
        agreement,
        [pairs.model == agreement.model, pairs.cheaper_model == agreement.other_model],
    ).drop("model_right", "other_model")
    return t.mutate(
        same_prompts=t.same_prompts.fill_null(0), same_answers=t.same_answers.fill_null(0)
    )


def _call(n: int, model: str, **columns: Any) -> dict[str, Any]:
    """Labels of ten to twenty tokens: $10 and $30 a million against $0.10 and $0.40."""
    read, written = columns.get("input_tokens", 200 + n), columns.get("output_tokens", 10 + n % 7)
    per_read, per_written = (10, 30) if model == "large" else (0.1, 0.4)
    return {
        "timestamp": f"2026-11-20T10:{n % 60:02}:00Z", "model": model, "service": "tagger",
        "input_tokens": read, "output_tokens": written, "finish_reason": "stop",
        "cost_usd": f"{(read * per_read + written * per_written) / 1e6:.9f}", **columns,
    }  # fmt: skip


_SMALL = [_call(n, "small", service="other") for n in range(40)]
_LARGE = [_call(n, "large") for n in range(40)]

CASES = [
    Case(
        "short calls of the dear model that the cheap one does as well",
        rows=[*_SMALL, *_LARGE, *(_call(n, "large", output_tokens=3000) for n in range(10))],
        expect=[{"model": "large", "service": "tagger", "calls": 40, "cheaper_model": "small", "simple_share": 0.8}],
    ),
    Case(
        "answers to the same prompts that differ tell against it",
        rows=[
            {**row, "prompt": f"label {n % 20}", "completion": f"{row['model']} {n}"}
            for n, row in enumerate([*_SMALL, *_LARGE])
        ],
        expect=[],
    ),
    Case(
        "of two cheaper models the one that answered the same prompts is named",
        rows=[
            *({**row, "prompt": f"p{n}", "completion": f"label {n % 3}"} for n, row in enumerate(_LARGE)),
            *({**row, "model": "tiny", "cost_usd": "0.000000100"} for row in _SMALL),
            *({**row, "prompt": f"p{n}", "completion": f"label {n % 3}"} for n, row in enumerate(_SMALL)),
        ],
        expect=[{"cheaper_model": "small", "same_prompts": 40, "same_answers": 40}],
    ),
    Case(
        "work that asks for variety is not deterministic",
        rows=[{**row, "temperature": 0.7} for row in [*_SMALL, *_LARGE]],
        expect=[],
    ),
    Case("a cheaper model that nobody calls proves nothing", rows=_LARGE, expect=[]),
    Case("five calls are too few", rows=[*_SMALL[:5], *_LARGE[:5]], expect=[]),
    Case(
        "work with tools or long answers is not simple",
        rows=[
            *_SMALL,
            *(_call(n, "large", tool_definitions="[{}]") for n in range(40)),
            *(_call(n, "large", output_tokens=900 + n) for n in range(40)),
        ],
        expect=[],
    ),
    NO_COST,
]  # fmt: skip

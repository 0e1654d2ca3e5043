"""Prompts grouped to the templates they were made from, and the tokens of each part.

Reads     calls, each counted once   prompt, prompt_template, system_instructions, input_messages,
          input_tokens, output_tokens, cost_usd
Returns   one row per template, for each value of the columns split by; most read tokens first
Units     template: the text that stays, with <number>, <id>, <text> and <...> where it varies; calls: number;
          prompts: distinct ones; input_tokens, output_tokens: sums; system_tokens, template_tokens,
          variable_tokens: input tokens of the system prompt, of what stays and of what varies, shared out by
          their characters; other_tokens: history, documents and tools sent beside the prompt;
          variable_share: of the prompt's own tokens, 0 to 1; cost_usd: US dollars; unpriced_calls: answered
          calls without a price
Method    numbers, ids, addresses and quoted texts are masked. Prompts that are then alike share a template;
          else those that begin with the same 24, 12 or 6 words, in at least min_calls calls; the rest stand
          together under NULL. A prompt_template that the source states is taken as it is
Blind to  templates whose beginning varies; calls without a prompt
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.correlation.call_outcomes import counted, number
from clew.model.case import Case

RETURNS = (
    "template", "calls", "prompts", "input_tokens", "system_tokens", "template_tokens", "variable_tokens",
    "other_tokens", "variable_share", "output_tokens", "cost_usd", "unpriced_calls",
)  # fmt: skip
MOST_CHARACTERS = 2_000
SHOWN = 200
BEGINNINGS = (24, 12, 6)
CHARACTERS_A_TOKEN = 4.0
MASKS = (
    (r"https?://\S+", "<url>"),
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<address>"),
    (r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}\b", "<id>"),
    (r"\b(?:[a-z]+[-_])?[0-9]*[a-f]+[0-9][0-9a-f]{6,}\b", "<id>"),
    (r"\"[^\"\n]{1,400}\"", "<text>"),
    (r"[+-]?\d[\d.,:/-]*", "<number>"),
    (r"\s+", " "),
)
"""What varies, and what stands for it."""


def prompt_templates(
    events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None, min_calls: int = 3
) -> ir.Table:
    t = counted(events)
    keys = group_keys(t, by, bucket, RETURNS)
    names = list(keys)
    t = t.filter(t.prompt.notnull() | t.prompt_template.notnull())
    t = t.select(
        "prompt", "prompt_template", "input_tokens", "output_tokens", "cost_usd", "is_unpriced",
        system=t.system_instructions.length().fill_null(0),
        has_more=t.input_messages.notnull(),
        masked=_masked(t.prompt),
        **keys,
    )  # fmt: skip
    t = _with_template(t, names, min_calls)
    t = _with_parts(t)
    found = per_group(
        t,
        {**{name: t[name] for name in names}, "template": t.template},
        calls=t.count(),
        prompts=t.prompt.nunique(),
        input_tokens=t.input_tokens.sum(),
        **{f"{part}_tokens": t[part].sum().round(0).cast("int64") for part in ("fixed", "varied", "head", "other")},
        output_tokens=t.output_tokens.sum(),
        cost_usd=t.cost_usd.sum(),
        unpriced_calls=number(t.is_unpriced),
    )  # fmt: skip
    own = (found.fixed_tokens + found.varied_tokens).cast("float64")
    found = found.mutate(
        system_tokens=found.head_tokens,
        template_tokens=found.fixed_tokens,
        variable_tokens=found.varied_tokens,
        variable_share=found.varied_tokens / own.nullif(0.0),
        rank_tokens=found.input_tokens.fill_null(-1),
    )
    return ordered(found, names, "rank_tokens", "calls", then=("template",)).select(
        *names, *RETURNS
    )


def _masked(text: ir.StringValue) -> ir.StringValue:
    masked = text.left(MOST_CHARACTERS)
    for pattern, name in MASKS:
        masked = masked.re_replace(pattern, name)
    return masked.strip()


def _with_template(t: ir.Table, names: list[str], min_calls: int) -> ir.Table:
    """The rows with their template: the longest beginning that enough of them share."""
    group = [t[name] for name in names]
    alike = {"alike": t.masked}
    for words in BEGINNINGS:
        # nothing where the prompt is not longer: the whole of it has been compared
        pattern = rf"^((?:\S+ ){{{words}}})"
        start = t.masked.re_extract(pattern, 1)
        alike[f"first_{words}"] = ibis.ifelse(start == "", ibis.null("string"), start)
    t = t.mutate(**alike)
    counts = {
        f"n_{name}": t.count().over(ibis.window(group_by=[*(t[key.get_name()] for key in group), t[name]]))
        for name in alike
    }  # fmt: skip
    t = t.mutate(**counts)
    shared = [(t[f"n_{name}"] >= min_calls) & t[name].notnull() for name in alike]
    texts = [t[name] if name == "alike" else t[name] + "<...>" for name in alike]
    found = ibis.cases(*zip(shared, texts, strict=True), else_=ibis.null("string"))
    return t.mutate(template=ibis.coalesce(t.prompt_template, found).left(SHOWN), whole=found)


def _with_parts(t: ir.Table) -> ir.Table:
    """Input tokens of the system prompt (head), of what stays (fixed), of what varies, and the rest."""
    kept = ibis.coalesce(t.prompt_template, t.whole, "")
    kept = kept.re_replace(r"<(?:url|address|id|text|number|\.\.\.)>|\{[^{}]*\}", "")
    size = t.prompt.length().fill_null(0)
    fixed = ibis.least(kept.length(), size)
    t = t.mutate(fixed_size=fixed, varied_size=size - fixed, all_size=size + t.system)
    told = t.input_tokens.cast("float64")
    guess = ibis.least(told, t.all_size / CHARACTERS_A_TOKEN)
    own = ibis.ifelse(t.has_more, guess, told)
    each = own / t.all_size.nullif(0)
    return t.mutate(
        head=each * t.system,
        fixed=each * t.fixed_size,
        varied=each * t.varied_size,
        other=told - own,
    )


def _asked(prompt: str, tokens: int = 100, **columns: object) -> dict[str, object]:
    return {
        "model": "m",
        "prompt": prompt,
        "input_tokens": tokens,
        "output_tokens": 5,
        "cost_usd": "0.01",
        **columns,
    }


_SUM_UP = "Sum up the following text in one sentence for a busy reader: "

CASES = [
    Case(
        "numbers and quoted texts vary; what is said once stands apart",
        rows=[
            *(_asked(f'How old is "{name}" in {year}?') for name, year in (("Ann", 2020), ("Bob", 2021), ("Di", 7))),
            _asked("Tell me a joke"),
        ],
        expect=[
            {
                "template": "How old is <text> in <number>?", "calls": 3, "prompts": 3, "input_tokens": 300,
                "system_tokens": 0, "other_tokens": 0, "unpriced_calls": 0, "cost_usd": 0.03,
            },
            {"template": None, "calls": 1},
        ],
    ),
    Case(
        "prompts that begin alike share the beginning",
        rows=[_asked(_SUM_UP + text) for text in ("the sea was calm", "a dog ran home", "rain fell on us")],
        expect=[{"template": "Sum up the following text in one sentence for a busy reader: <...>", "calls": 3}],
    ),
    Case(
        "tokens are shared out by characters; history is no part of the prompt",
        options={"by": ("team",)},
        rows=[
            _asked("x" * 40, 100, team="a", system_instructions="s" * 120, prompt_template="x" * 30 + "{name}"),
            _asked("y" * 40, 1000, team="b", system_instructions="s" * 360, input_messages="[]", prompt_template="t"),
        ],
        expect=[
            {"team": "b", "other_tokens": 900, "system_tokens": 90, "output_tokens": 5},
            {
                "team": "a", "system_tokens": 75, "template_tokens": 19, "variable_tokens": 6, "other_tokens": 0,
            },
        ],
    ),
    Case("calls without a prompt have no template", rows=[{"model": "m", "input_tokens": 5}], expect=[]),
]  # fmt: skip

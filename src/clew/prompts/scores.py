"""How much a text looks like a prompt attack: two scores from 0 to 1, of the table of features.

    scored        texts with prompt_injection_score and jailbreak_score, and the features that were found
    scored_ones   the same of the prompts of events; an engine makes it as the table `prompt_signs`
    unscored      these prompts

A score is the logistic of BASE plus the weights of what is found and of the words (wording.py). Each feature is
looked for in the plain text, in which small letters, look-alikes, styled and invisible characters are undone, or in
the raw one. All of it is Ibis, so that each engine does it itself.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from clew.prompts.features import BASE, Feature
from clew.prompts.features.abroad import ABROAD
from clew.prompts.features.demands import DEMANDS
from clew.prompts.features.dismissal import DISMISSAL
from clew.prompts.features.elsewhere import ELSEWHERE
from clew.prompts.features.errands import ERRANDS
from clew.prompts.features.families import FAMILIES
from clew.prompts.features.forgery import FORGERY
from clew.prompts.features.gates import GATES, INNOCENT_GATES
from clew.prompts.features.hidden import HIDDEN
from clew.prompts.features.hijack import HIJACK
from clew.prompts.features.innocent import INNOCENT, OUTSIDE, QUOTED
from clew.prompts.features.nearby import NEARBY
from clew.prompts.features.override import OVERRIDE
from clew.prompts.features.personas import PERSONAS
from clew.prompts.features.pressure import PRESSURE
from clew.prompts.features.pretexts import PRETEXTS
from clew.prompts.features.roles import ROLES
from clew.prompts.features.secrets import SECRETS
from clew.prompts.features.triggers import (
    FOREIGN,
    OTHERWISE,
    RAW_TRIGGERS,
    TRIGGERS,
    WRITTEN_OTHERWISE,
)
from clew.prompts.wording import ALONE, LEAST, LONG, PAIRED, USUAL, WEIGHTS, worded

FEATURES: tuple[Feature, ...] = (
    *OVERRIDE, *DISMISSAL, *SECRETS, *DEMANDS, *NEARBY, *ELSEWHERE, *ABROAD, *FAMILIES, *FORGERY, *HIDDEN,
    *HIJACK, *PERSONAS, *ROLES, *PRETEXTS, *PRESSURE, *ERRANDS, *INNOCENT,
)  # fmt: skip
_TABLE = repr([(f.name, f.patterns, f.injection, f.jailbreak, f.unless) for f in FEATURES])


def _conditions() -> dict[str, str]:
    """Feature to the claim without which it is not looked for: that its gate is open."""
    found = {f.name: "is_odd" for f in FEATURES if f.text == "raw"}
    found |= dict.fromkeys(WRITTEN_OTHERWISE, "is_otherwise")
    for number, gate in enumerate((*GATES, *INNOCENT_GATES)):
        found |= dict.fromkeys(gate.features.split(), f"gate_{number}")
    return found


_EXPRESSIONS = {
    f"gate_{number}": gate.words for number, gate in enumerate((*GATES, *INNOCENT_GATES))
} | {"is_foreign": FOREIGN}
_CONDITIONS = _conditions()
MARK = hashlib.sha256(f"{_TABLE}{USUAL}{ALONE}{LEAST}{PAIRED}{LONG}{WEIGHTS}".encode()).hexdigest()[
    :12
]
"""Of the features and the weights of words: scores by others are worked out anew."""
SCORES = {"prompt_injection": "prompt_injection_score", "jailbreak": "jailbreak_score"}
"""Detection to the column of events that it fills."""
WORDING = "wording"
"""The sign of a text in which no feature speaks, and whose words in their order do."""
ONLY_QUOTED = "9.0"
"""Taken from the logit of a text that only speaks of an order: as much as two clear signs."""
LEAST_SHOWN = 0.2
"""A stored score below which the signs of a prompt are of no interest."""
INVISIBLE = r"[\x{00ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{feff}\x{300}-\x{36f}]"
STYLED = (
    r"[\x{1d400}-\x{1d6a3}\x{ff21}-\x{ff3a}\x{ff41}-\x{ff5a}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}"
    r"\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}\x{e0020}-\x{e007e}]"
)
_SMALL = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))
_MARKS = r"[bcdfghjklmnpqrstvwxz][\x{300}-\x{36f}]|[\x{300}-\x{36f}]{2}"
_UNSEEN = r"[\x{00ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{feff}]"
ODD = rf"{_UNSEEN}|{_MARKS}|{STYLED}|[{''.join(_SMALL)}]|[a-zA-Z][а-яА-Яα-ωѕіјһԁ]|[а-яА-Яα-ωѕіјһԁ][a-zA-Z]"
"""Characters for whose sake a text is made plain by more than small letters."""
_ALIKE = dict(
    zip("аеорсхіѕјԁһοαενιρукмтвнАВЕКМНОРСТХУІ", "aeopcxisjdhoaevipykmtbhabekmhopctxyi", strict=True)
)


def _undone() -> tuple[str, str]:
    """Styled and look-alike letters, and what they stand for, place by place."""
    pairs = _ALIKE | _SMALL
    for first, last in ((0x1D400, 0x1D6A3), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A), (0x24B6, 0x24E9)):
        for code in range(first, last + 1):
            letter = unicodedata.normalize("NFKC", chr(code)).lower()
            if len(letter) == 1 and letter.isascii():
                pairs[chr(code)] = letter
    for first in (0x1F130, 0x1F150, 0x1F170):
        pairs |= {chr(first + n): chr(97 + n) for n in range(26)}
    pairs |= {chr(code): chr(code - 0xE0000).lower() for code in range(0xE0020, 0xE007F)}
    return "".join(pairs), "".join(pairs.values())


STANDS, STANDS_FOR = _undone()


prompt_signs: ir.Table = ibis.table(
    {
        "prompt": "string",
        "prompt_injection_score": "float64",
        "jailbreak_score": "float64",
        "signs": "array<string>",
    },
    name="prompt_signs",
)
"""One row for each different prompt of events that lacks a score, or has one of LEAST_SHOWN.

Two hundred patterns make a long question: it is asked once, and not by each detection that looks at scores.
A prompt stays in it when its scores are filled.
"""


def scored_ones(e: ir.Table, known: ir.Table | None = None) -> ir.Table:
    """The rows of `prompt_signs`, without those of `known`."""
    return scored(unscored(e, known), "prompt")


def unscored(e: ir.Table, known: ir.Table | None = None) -> ir.Table:
    """The prompts of these rows, as the one column of a table."""
    stored = [e[column] for column in SCORES.values()]
    is_low = ibis.and_(*((score < LEAST_SHOWN).fill_null(False) for score in stored))
    prompts = e.filter(e.prompt.notnull(), ~is_low).select("prompt").distinct()
    return prompts if known is None else prompts.anti_join(known, "prompt")


def plain(text: ir.StringValue) -> ir.StringValue:
    """The text in small letters, with look-alikes, styled and invisible characters undone."""
    shown = text.re_replace(INVISIBLE, "").translate(STANDS, STANDS_FOR)
    folded: ir.StringValue = ibis.ifelse(text.re_search(ODD), shown, text)
    return folded.lower()


def scored(texts: ir.Table, column: str) -> ir.Table:
    """The texts with both scores, and `signs`: a list with the names of what was found, and NULLs.

    The scores are NULL where the text is. Equal texts cost as much as different ones.
    """
    read = texts.mutate(plain_text=plain(texts[column]))
    words = worded(read.filter(read[column].notnull()), column, "plain_text")
    t = _found(read, column).left_join(words, column).drop(f"{column}_right")
    speaking = [f.name for f in FEATURES if f.injection > 0 or f.jailbreak > 0]
    t = t.mutate(is_speaking=ibis.or_(*(t[f"is_{name}"] for name in speaking)))
    weights = {"prompt_injection_score": "injection", "jailbreak_score": "jailbreak"}
    scores = {
        name: ibis.ifelse(t[column].isnull(), ibis.null("float64"), _logistic(t, FEATURES, weight))
        for name, weight in weights.items()
    }
    none = ibis.null("string")
    t = t.mutate(**{f"is_{WORDING}": _is_worded(t)})
    named = [
        ibis.ifelse(t[f"is_{name}"], ibis.literal(name), none) for name in (*speaking, WORDING)
    ]
    return t.select(*texts.columns, **scores, signs=ibis.array(named))


def _found(t: ir.Table, column: str) -> ir.Table:
    """The texts with a claim `is_NAME` for each feature; all false where no gate is open."""
    t = t.mutate(
        is_otherwise=_any_found(OTHERWISE, t.plain_text),
        is_odd=_all_found((rf"{RAW_TRIGGERS}|{ODD}",), t[column]),
    )
    t = t.mutate(may_be=_any_found(TRIGGERS, t.plain_text) | t.is_otherwise | t.is_odd)
    t = t.mutate(
        **{
            name: _all_found((words,), t.plain_text, t.may_be)
            for name, words in _EXPRESSIONS.items()
        }
    )
    t = t.mutate(
        **{
            f"is_{f.name}": _all_found(
                f.patterns, t[column] if f.text == "raw" else t.plain_text, _condition(f, t)
            )
            for f in FEATURES
        }
    )
    t = t.mutate(is_only_quoted=_only_quoted(t.plain_text, t.is_quoted_order))
    return t.mutate(
        **{
            f"is_{f.name}": t[f"is_{f.name}"] & ~ibis.or_(*(t[f"is_{name}"] for name in f.unless))
            for f in FEATURES
            if f.unless
        }
    )


def _condition(feature: Feature, t: ir.Table) -> ir.BooleanValue:
    """The claim without which a feature is not looked for."""
    gate: ir.BooleanValue = t[_CONDITIONS[feature.name]]
    return gate & t.is_foreign if feature.is_foreign else gate


def _only_quoted(text: ir.StringValue, is_quoted: ir.BooleanValue) -> ir.BooleanValue:
    """Whether a text with an order in quotation marks has none outside of them, and wants none obeyed."""
    rest = text.re_replace(QUOTED, " ")
    is_meant = rest.re_search(OUTSIDE).fill_null(True)
    return ibis.ifelse(is_quoted, ~is_meant, False)


def _all_found(
    patterns: Sequence[str], text: ir.StringValue, where: ir.BooleanValue | None = None
) -> ir.BooleanValue:
    """Whether all patterns are found; one branch in another, since engines work out both sides of AND."""
    found = where
    for pattern in patterns:
        is_here = text.re_search(pattern).fill_null(False)
        found = is_here if found is None else ibis.ifelse(found, is_here, False)
    assert found is not None
    return found


def _any_found(patterns: Sequence[str], text: ir.StringValue) -> ir.BooleanValue:
    return ibis.or_(*(_all_found((pattern,), text) for pattern in patterns))


def _logistic(t: ir.Table, features: Sequence[Feature], weight: str) -> ir.FloatingValue:
    """To four digits, so that both engines say the same."""
    added = [ibis.literal(str(BASE)).cast("float64")]
    for feature in features:
        if value := getattr(feature, weight):
            add = ibis.literal(str(value)).cast("float64")
            added.append(ibis.ifelse(t[f"is_{feature.name}"], add, 0.0))
    least = ibis.literal(LEAST).cast("float64")
    words = ibis.greatest(_words(t, weight), least)
    words = ibis.ifelse(t.is_speaking, words, _alone(t, weight))
    added.append(ibis.ifelse(t.is_only_quoted, ibis.least(words, 0.0), words))
    logit = _sum(added)
    logit = logit - ibis.ifelse(t.is_only_quoted, ibis.literal(ONLY_QUOTED).cast("float64"), 0.0)
    return (1.0 / (1.0 + (-logit).exp())).round(4)


def _alone(t: ir.Table, weight: str) -> ir.FloatingValue:
    """What the words of a text add in which no feature speaks."""
    paired = t[f"pairs_{weight}"].fill_null(0.0) * PAIRED
    most = ibis.greatest(paired, ibis.literal(ALONE).cast("float64"))
    return ibis.least(_words(t, weight), most)


def _words(t: ir.Table, weight: str) -> ir.FloatingValue:
    """What the words of a text add: as much as usual where none has a weight."""
    usual = ibis.literal(USUAL[weight]).cast("float64")
    return t[f"words_{weight}"].fill_null(usual)


def _is_worded(t: ir.Table) -> ir.BooleanValue:
    """Whether no feature speaks and the words are enough for a score of 0.5."""
    highest = ibis.greatest(*(_alone(t, weight) for weight in USUAL))
    return ~t.is_speaking & (highest >= ibis.literal(str(-BASE)).cast("float64"))


def _sum(values: Sequence[ir.FloatingValue]) -> ir.FloatingValue:
    """The sum, in halves of halves: Ibis and engines walk down an expression, and two hundred levels are many."""
    if len(values) == 1:
        return values[0]
    middle = len(values) // 2
    return _sum(values[:middle]) + _sum(values[middle:])

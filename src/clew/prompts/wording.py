"""How the words of a text weigh: what is added to the logits of both scores for words that attacks are made of.

    worded     texts with how much their wording adds, for each score
    stems      the beginnings of a text's words, its marks and its Chinese, Japanese and Korean characters

The table of features knows phrases; this part ranks what is said in phrases that no feature knows. Each stem has
a weight, a text is the sum of those of all its stems over the square root of their number; of a long text the mean
counts, or whatever is long would look like something. WEIGHTS are fitted to the sentences of bench/ by
script/prompt_words, and not written by hand.
"""

from __future__ import annotations

from importlib.resources import files

import ibis
import ibis.expr.types as ir

WEIGHTS = files(__package__).joinpath("wording.tsv").read_text(encoding="utf-8").rstrip("\n")
"""A line for each stem: the stem, its weight for the injection score and for the jailbreak score, in hundredths."""
STEM = 5
"""Letters of a word that count: its ending tells of grammar."""
LONG = 40
"""Stems from which on a text is long."""
MOST_CHARACTERS = 4_000
MARKS = ".,;:?!'\"()[]{}<>/|*#=`-_\\"
IDEOGRAPHS = "[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]"
USUAL = {"injection": "-0.8", "jailbreak": "-0.8"}
"""Added to a text of which no stem is known."""
ALONE = "4.5"
"""The most that words add where no feature speaks: less than makes a score of 0.5, for a finding names its signs."""


def worded(t: ir.Table, key: str, text: str) -> ir.Table:
    """One row for each `key`: the columns `words_injection` and `words_jailbreak`, in logits."""
    each = t.select(key, stem=stems(t[text]).unnest())
    each = each.filter(each.stem != "").mutate(stem=each.stem.left(STEM))
    sums = each.left_join(_weights(), "stem").group_by(key)
    found = sums.agg(
        stems=ibis._.count(),
        injection=ibis._.weight_injection.sum(),
        jailbreak=ibis._.weight_jailbreak.sum(),
    )
    number = found.stems.cast("float64")
    length = ibis.greatest(number.sqrt(), number / ibis.literal(LONG**0.5)) * ibis.literal(100.0)
    return found.select(
        key,
        **{
            f"words_{name}": ibis.literal(usual).cast("float64")
            + found[name].fill_null(0).cast("float64") / length
            for name, usual in USUAL.items()
        },
    )


def stems(text: ir.StringValue) -> ir.ArrayValue:
    """The words of a text of small letters, uncut, and "" where two spaces meet."""
    text = text.left(MOST_CHARACTERS)
    apart = text.re_replace(f"({IDEOGRAPHS})", r" \1 ")
    text = ibis.ifelse(text.re_search(IDEOGRAPHS), apart, text)
    for mark in MARKS:
        text = text.replace(mark, f" {mark} ")
    for space in "\n\t\r":
        text = text.replace(space, " ")
    return text.split(" ")


def _weights() -> ir.Table:
    """The table of WEIGHTS: stem, weight_injection, weight_jailbreak."""
    lines = ibis.literal(WEIGHTS).split("\n").unnest().name("line").as_table()
    part = lines.line.split("\t")
    return lines.select(
        stem=part[0],
        weight_injection=part[1].cast("int64"),
        weight_jailbreak=part[2].cast("int64"),
    )

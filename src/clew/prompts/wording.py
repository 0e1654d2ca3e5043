"""How the words of a text weigh: what is added to the logits of both scores for words that attacks are made of.

    worded     texts with how much their wording adds, for each score
    stems      the beginnings of a text's words, its marks and its Chinese, Japanese and Korean characters

The table of features knows phrases; this part ranks what is said in phrases that no feature knows. Each stem and
each pair of stems in a row has a weight, a text is the sum of those of all its own over the square root of the number
of its stems; of a long text the mean counts, or whatever is long would look like something. WEIGHTS are fitted to the
sentences and phrases of bench/ by script/prompt_words, and not written by hand.
"""

from __future__ import annotations

from importlib.resources import files

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

WEIGHTS = files(__package__).joinpath("wording.tsv").read_text(encoding="utf-8").rstrip("\n")
"""A line for each stem, and for each pair, which has a space in it: its weights in hundredths, for the injection
score and for the jailbreak score."""
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
"""The most that words add where no feature speaks, if not for their pairs: less than makes a score of 0.5."""
LEAST = "-5.0"
"""The least that words add where a feature speaks, which they may doubt and not deny."""
PAIRED = 3
"""Where no feature speaks, words add no more than so often what their pairs add: words in no order have none."""


@ibis.udf.scalar.builtin(
    name="clew_stems", signature=((dt.Array(dt.string), dt.int64), dt.Array(dt.string))
)
def _cut(words, letters):  # type: ignore[no-untyped-def]
    """The words that are not empty, each cut to so many letters. Every engine defines the function."""


@ibis.udf.scalar.builtin(name="clew_pairs", signature=((dt.Array(dt.string),), dt.Array(dt.string)))
def _pairs(words):  # type: ignore[no-untyped-def]
    """Each word but the last with a space and the next one. Every engine defines the function."""


def worded(t: ir.Table, key: str, text: str) -> ir.Table:
    """One row for each `key` of whose stems one has a weight, in logits: `words_injection` and `words_jailbreak`, and
    as much as pairs alone add in `pairs_injection` and `pairs_jailbreak`."""
    cut = t.select(key, stems=cut_stems(t[text]))
    both = cut.stems.concat(_pairs(cut.stems))
    each = cut.select(key, number=cut.stems.length(), stem=both.unnest())
    found = (
        each.join(_weights(), "stem")
        .group_by(key)
        .agg(
            number=ibis._.number.max(),
            **{
                f"{part}_{name}": ibis._[f"weight_{name}"].sum(where=where)
                for part, where in (("words", None), ("pairs", ibis._.is_pair))
                for name in USUAL
            },
        )
    )
    number = found.number.cast("float64")
    length = ibis.greatest(number.sqrt(), number / ibis.literal(LONG**0.5)) * ibis.literal(100.0)
    sums = {
        f"{part}_{name}": found[f"{part}_{name}"].fill_null(0).cast("float64") / length
        for part in ("words", "pairs")
        for name in USUAL
    }
    usual = {f"words_{name}": ibis.literal(less).cast("float64") for name, less in USUAL.items()}
    return found.select(
        key, **{name: usual[name] + part if name in usual else part for name, part in sums.items()}
    )


def cut_stems(text: ir.StringValue) -> ir.ArrayValue:
    """The stems of a text of small letters, in their order."""
    cut: ir.ArrayValue = _cut(stems(text), STEM)
    return cut


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
    """The table of WEIGHTS: stem, is_pair, weight_injection, weight_jailbreak."""
    lines = ibis.literal(WEIGHTS).split("\n").unnest().name("line").as_table()
    part = lines.line.split("\t")
    return lines.select(
        stem=part[0],
        is_pair=part[0].contains(" "),
        weight_injection=part[1].cast("int64"),
        weight_jailbreak=part[2].cast("int64"),
    )

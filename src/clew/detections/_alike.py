"""Prompts that say almost the same: MinHash over word shingles, with banding, linear in the prompts.

Each text is a set of shingles: three words that follow one another, as 64-bit hashes. Of each of eight
permutations the smallest hash is kept; two of them make a band. Texts that share a band are compared with
the earliest text of that band only, never with each other, so that a band of a million texts costs a million
comparisons. A comparison is the exact Jaccard similarity of the two sets.
"""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from clew.detections._values import option

BANDS, ROWS = 4, 2
SHINGLE_WORDS = 3
MOST_CHARACTERS = 4_000
"""Of a text, from its beginning: what is longer is compared by these, and by its length."""
SALTS = (
    0x1E3779B97F4A7C15, 0x3F58476D1CE4E5B9, 0x14D049BB133111EB, 0x2545F4914F6CDD1D, 0x5851F42D4C957F2D,
    0x369DEA0F31A53F85, 0x6C8E9CF570932BD5, 0x1B873593CC9E2D51,
)  # fmt: skip
"""What the shingles' hashes are mixed with, a permutation each."""


def plain_text(text: ir.StringValue) -> ir.StringValue:
    """Words in small letters, without punctuation: what two spellings of one prompt share."""
    words: ir.StringValue = text.lower().re_replace(r"[^\pL\pN]+", " ").strip()
    return words


def leaders(texts: ir.Table, min_similarity: float) -> ir.Table:
    """text_id, leader: the earlier text that a text almost repeats. Texts that repeat none are left out.

    texts  text_id, started (order of time), said (plain text), numbers (what must be equal), group (texts of
           different groups are not compared)
    """
    t = texts.mutate(words=texts.said.left(MOST_CHARACTERS).split(" "))
    t = t.filter(t.words.length() >= SHINGLE_WORDS + 2)
    t = t.mutate(set=_shingles(t.words))
    banded = t.mutate(
        **{f"least_{n}": _least(t.set, salt) for n, salt in enumerate(SALTS[: BANDS * ROWS])}
    )
    pairs = []
    for band in range(BANDS):
        rows = [f"least_{band * ROWS + row}" for row in range(ROWS)]
        within = ibis.window(
            group_by=[banded["group"], banded.numbers, *(banded[name] for name in rows)],
            order_by=[banded.started, banded.text_id],
        )
        first = banded.text_id.first().over(within)
        met = banded.select("text_id", leader=first)
        pairs.append(met.filter(met.text_id != met.leader))
    candidates = ibis.union(*pairs, distinct=True)
    own = t.select("text_id", "set", "started")
    other = t.select(leader="text_id", leader_set="set", leader_started="started")
    met = candidates.join(own, "text_id").join(other, "leader")
    met = met.mutate(similarity=_similarity(met.set, met.leader_set))
    met = met.filter(met.similarity >= option(min_similarity))
    first = ibis.row_number().over(
        ibis.window(group_by=met.text_id, order_by=[met.leader_started, met.leader])
    )
    met = met.mutate(place=first).filter(lambda s: s.place == 0)
    return _to_the_first(met.select("text_id", "leader"))


@ibis.udf.scalar.builtin(
    name="clew_shingles", signature=((dt.Array(dt.string),), dt.Array(dt.int64))
)
def _shingles(words):  # type: ignore[no-untyped-def]
    """The hashes of three words in a row. Every engine defines the function."""


@ibis.udf.scalar.builtin(name="clew_least", signature=((dt.Array(dt.int64), dt.int64), dt.int64))
def _least(hashes, salt):  # type: ignore[no-untyped-def]
    """The smallest hash of a permutation, which the salt makes."""


@ibis.udf.scalar.builtin(
    name="clew_similarity", signature=((dt.Array(dt.int64), dt.Array(dt.int64)), dt.float64)
)
def _similarity(a, b):  # type: ignore[no-untyped-def]
    """The Jaccard similarity of two sets of hashes."""


def _to_the_first(met: ir.Table) -> ir.Table:
    """A leader that itself repeats an earlier text gives way to that one."""
    above = met.select(leader="text_id", first="leader")
    t = met.left_join(above, "leader").drop("leader_right")
    return t.select("text_id", leader=ibis.coalesce(t["first"], t.leader))

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

SHINGLE_WORDS = 3
SHORT = 200
"""Characters of a text of which case and punctuation are put aside."""
MOST_CHARACTERS = 4_000
"""Of a text, from its beginning: what is longer is compared by these, and by its length."""
SALTS = (
    0x1E3779B97F4A7C15, 0x3F58476D1CE4E5B9, 0x14D049BB133111EB, 0x2545F4914F6CDD1D, 0x5851F42D4C957F2D,
    0x369DEA0F31A53F85, 0x6C8E9CF570932BD5, 0x1B873593CC9E2D51,
)  # fmt: skip
"""What the shingles' hashes are mixed with, a permutation each; two in a row make a band."""


def plain_text(text: ir.StringValue) -> ir.StringValue:
    """The text in small letters; a short one without punctuation too, which shingles are too few for."""
    small = text.lower().strip()
    words = small.re_replace(r"[^\pL\pN]+", " ").strip()
    plain: ir.StringValue = ibis.ifelse(small.length() <= SHORT, words, small)
    return plain


def leaders(texts: ir.Table, min_similarity: float) -> ir.Table:
    """text_id, leader: the text that a text almost repeats. Texts that repeat none are left out.

    texts  text_id (a number), said (plain text), block (texts of different blocks are not compared)
    """
    # words are a column of a filtered table: an engine that put the split into _shingles would make it
    # anew for each place in a text
    texts = texts.mutate(words=texts.said.left(MOST_CHARACTERS).split(" "))
    texts = texts.filter(texts.words.length() >= SHINGLE_WORDS + 2)
    t = texts.select("text_id", "block", hashes=_shingles(texts.words))
    salts = zip(SALTS[::2], SALTS[1::2], strict=True)
    bands = [_band(t.hashes, t.block, *pair) for pair in salts]
    banded = t.select("text_id", band=ibis.array(bands).unnest())
    shared = banded.group_by("band").agg(leader=banded.text_id.min(), texts=banded.count())
    met = banded.join(shared.filter(shared.texts > 1), "band")
    pairs = met.filter(met.text_id != met.leader).select("text_id", "leader").distinct()
    ids = pairs.select("text_id").union(pairs.select(text_id="leader"), distinct=True)
    sets = texts.semi_join(ids, "text_id")
    sets = sets.select("text_id", hashes=_shingles(sets.words))
    met = _similar(pairs, sets)
    met = met.filter(met.similarity >= option(min_similarity))
    return _to_the_first(met.group_by("text_id").agg(leader=met.leader.min()))


@ibis.udf.scalar.builtin(
    name="clew_shingles", signature=((dt.Array(dt.string),), dt.Array(dt.int64))
)
def _shingles(words):  # type: ignore[no-untyped-def]
    """The hashes of three words in a row. Every engine defines the function."""


@ibis.udf.scalar.builtin(
    name="clew_band",
    signature=((dt.Array(dt.int64), dt.int64, dt.int64, dt.int64), dt.int64),
)
def _band(hashes, block, salt, other):  # type: ignore[no-untyped-def]
    """The block and the smallest hashes of two permutations, which the salts make, in one number."""


def _similar(pairs: ir.Table, sets: ir.Table) -> ir.Table:
    """The pairs with their Jaccard similarity. By rows: lists that come out of a join are slow.

    The other text and its shingle are one key: of two, an engine may join by the shingle first, and texts
    made from one template then all meet each other, not their leader alone.
    """
    each = sets.select("text_id", one=sets.hashes.unnest()).distinct()
    sizes = each.group_by("text_id").agg(size=each.count())
    met = pairs.join(each, "text_id").select("text_id", "leader", "one")
    met = met.mutate(wanted=met.leader ^ met.one)
    met = met.join(each.select(has=each.text_id ^ each.one), [("wanted", "has")])
    met = met.group_by("text_id", "leader").agg(shared=met.count())
    met = met.join(sizes, "text_id").join(
        sizes.select(leader="text_id", leader_size="size"), "leader"
    )
    whole = met["size"] + met.leader_size - met.shared
    return met.mutate(similarity=met.shared / whole.cast("float64"))


def _to_the_first(met: ir.Table) -> ir.Table:
    """A leader that itself repeats an earlier text gives way to that one."""
    above = met.select(leader="text_id", first="leader")
    t = met.left_join(above, "leader").drop("leader_right")
    return t.select("text_id", leader=ibis.coalesce(t["first"], t.leader))

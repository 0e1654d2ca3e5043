"""Words that a pattern is said to need: in texts that match it, and proven by the other way to ask."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.pattern_words import EDGE, Words, needed_words, needs_one_of

from clew.prompts.scores import FEATURES

PATTERNS = st.recursive(
    st.sampled_from(["ab", "cde", "[fg]h", "é", r"\bab", r"cde\b", " ", r"\s", "[^a]", ".", "x?", "^"]),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds(r"{}\b {}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds(r"\b(?:{}|{})\b".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["?", "*", "+", "{2}", "{0,2}", "+?"])),
    ),
    max_leaves=8,
)  # fmt: skip


def longest(sets: list[Words]) -> Words:
    return max(sets, key=lambda words: min(map(len, words)))


@given(PATTERNS, st.data())
def test_a_text_that_matches_has_a_word_of_each_set(pattern: str, data: st.DataObject) -> None:
    """Hypothesis makes the texts in its own way."""
    sets = needed_words(pattern, longest)
    assume(sets)
    text = data.draw(st.from_regex(re.compile(pattern, re.ASCII)))
    for words in sets:
        found = "|".join(re.escape(word).replace(re.escape(EDGE), r"\b") for word in words)
        assert re.search(found, text, re.ASCII), words


def test_what_a_feature_is_said_to_need_is_proven() -> None:
    unproven = [
        (feature.name, sorted(words))
        for feature in FEATURES
        for pattern in feature.patterns
        for words in needed_words(pattern, longest)
        if not needs_one_of(pattern, words)
    ]
    assert not unproven

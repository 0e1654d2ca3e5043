r"""Words without which a regular expression cannot match, told from its parse tree.

    needed_words   such words, of which script/prompt_gates makes gates
    needs_one_of   whether some words are such: the proof of a gate, however its words were chosen

A word is as it stands in a text, with EDGE for \b, lest r"\bend" be held by "bend".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

EDGE = "\x00"
Words = frozenset[str]
_BOUNDARY = (sre.AT, sre.AT_BOUNDARY)
_MOST_SPELLINGS = 9
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class _Sequence:
    """Items of a parse tree that stand one after the other, and whether \b is before and after them."""

    items: Sequence[Any]
    is_edge: bool = False
    is_edge_after: bool = False


@dataclass(frozen=True, slots=True)
class _Run:
    """Letters that stand side by side, in each of their spellings."""

    spellings: list[str]


@dataclass(frozen=True, slots=True)
class _Choice:
    """Sequences of which one must match."""

    branches: list[_Sequence]


def needed_words(pattern: str, choose: Callable[[Sequence[Words]], Words]) -> list[Words]:
    r"""Sets of words: a text that matches has a word of each.

    Where a branch of a choice has several sets, `choose` says by which one it is known.

    >>> [sorted(words) for words in needed_words(r"(?:drop|forget) (?:all )?rules?", min)]
    [['drop', 'forget'], ['rule']]
    """
    return list(_needed(_read(pattern), choose))


def needs_one_of(pattern: str, words: Collection[str]) -> bool:
    r"""
    >>> needs_one_of(r"\b(?:drop|forget) your", ["forget", f"{EDGE}dro"])
    True
    >>> needs_one_of(r"\b(?:drop|forget)? your", ["forget", f"{EDGE}dro"])
    False
    """
    return _is_sure(_read(pattern), words)


def _read(pattern: str) -> _Sequence:
    """The parse tree; \\x{...} is RE2's."""
    shown = re.sub(r"\\x\{([0-9a-f]+)\}", lambda found: re.escape(chr(int(found[1], 16))), pattern)
    return _Sequence(list(parser.parse(shown)))


def _needed(sequence: _Sequence, choose: Callable[[Sequence[Words]], Words]) -> Iterator[Words]:
    for part in _parts(sequence):
        if isinstance(part, _Run):
            if all(_is_telling(run) for run in part.spellings):
                yield without_longer(part.spellings)
        elif len(part.branches) == 1:
            yield from _needed(part.branches[0], choose)
        else:
            sets = [list(_needed(branch, choose)) for branch in part.branches]
            if all(sets):
                yield without_longer(frozenset().union(*map(choose, sets)))


def _is_telling(run: str) -> bool:
    letters = run.replace(EDGE, "").strip()
    return len(letters) >= _SHORTEST or not letters.isascii()


def without_longer(words: Collection[str]) -> Words:
    """The words without those that hold another of them."""
    return frozenset(
        word for word in words if not any(other != word and other in word for other in words)
    )


def _is_sure(sequence: _Sequence, words: Collection[str]) -> bool:
    """Whether one part is sure to hold a word."""
    return any(
        all(any(word in run for word in words) for run in part.spellings)
        if isinstance(part, _Run)
        else all(_is_sure(branch, words) for branch in part.branches)
        for part in _parts(sequence)
    )


def _parts(sequence: _Sequence) -> Iterator[_Run | _Choice]:
    """What must be found in a text, part by part; what may be left out, and wide classes, are passed over."""
    runs, is_edge = [""], sequence.is_edge
    items = sequence.items
    for number, (kind, value) in enumerate(items):
        is_last = number + 1 == len(items)
        is_next = sequence.is_edge_after if is_last else items[number + 1] == _BOUNDARY
        letters = _letters(kind, value)
        if letters and len(letters) * len(runs) <= _MOST_SPELLINGS:
            before = EDGE if is_edge else ""
            runs = [(run or before) + letter for run in runs for letter in letters]
            is_edge = False
            continue
        if (kind, value) == _BOUNDARY:
            runs = [run and run + EDGE for run in runs]
        yield _Run(runs)
        runs, was_edge, is_edge = [""], is_edge, (kind, value) == _BOUNDARY
        if kind is sre.SUBPATTERN:
            yield _Choice([_Sequence(list(value[3]), was_edge, is_next)])
        elif kind is sre.BRANCH:
            yield _Choice([_Sequence(list(branch), was_edge, is_next) for branch in value[1]])
        elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT) and value[0] >= 1:
            yield _Choice([_Sequence(list(value[2]), was_edge and value[0] == 1)])
    if sequence.is_edge_after:
        runs = [run and run + EDGE for run in runs]
    yield _Run(runs)


def _letters(kind: Any, value: Any) -> list[str]:
    """What a literal, or a class of a few, may be."""
    if kind is sre.LITERAL:
        return [chr(value)]
    if kind is sre.IN and all(one is sre.LITERAL for one, _ in value):
        return [chr(code) for _, code in value]
    return []

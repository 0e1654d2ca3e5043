"""Whether a regular expression can match only where one of some words stands, told from its parse tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

EDGE = "\x00"
"""Stands for \\b, lest r"\\bend" hold "bend"."""
BOUNDARY = (sre.AT, sre.AT_BOUNDARY)


def needs_one_of(pattern: str, words: Sequence[str]) -> bool:
    r"""Words are as in the pattern: letters, escaped, and \b.

    >>> needs_one_of(r"\b(?:drop|forget) your", ["forget", r"\bdro"])
    True
    """
    shown = re.sub(r"\\x\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), pattern)
    marked = [word.replace(r"\b", EDGE) for word in words]
    return _is_sure(list(parser.parse(shown)), marked, False, False)


def _is_sure(
    items: Sequence[Any], words: Sequence[str], is_edge: bool, is_edge_after: bool
) -> bool:
    """Whether one part of a sequence is sure to hold a word: a run of letters, or all branches of a choice."""
    runs = [""]
    for number, (kind, value) in enumerate(items):
        is_last = number + 1 == len(items)
        is_next = is_edge_after if is_last else items[number + 1] == BOUNDARY
        if letters := _letters(kind, value):
            runs = [(run or EDGE * is_edge) + letter for run in runs for letter in letters]
            is_edge = False
            if is_next and is_last:
                runs = [run + EDGE for run in runs]
            continue
        if (kind, value) == BOUNDARY:
            runs = [run and run + EDGE for run in runs]
        if _all_hold(runs, words):
            return True
        runs = [""]
        was_edge, is_edge = is_edge, (kind, value) == BOUNDARY
        if kind is sre.SUBPATTERN and _is_sure(list(value[3]), words, was_edge, is_next):
            return True
        if kind is sre.BRANCH and all(
            _is_sure(list(b), words, was_edge, is_next) for b in value[1]
        ):
            return True
        is_once = kind in (sre.MAX_REPEAT, sre.MIN_REPEAT) and value[0] >= 1
        if is_once and _is_sure(list(value[2]), words, was_edge and value[0] == 1, False):
            return True
    return _all_hold(runs, words)


def _letters(kind: Any, value: Any) -> list[str]:
    """What a literal, or a class of a few, may be."""
    if kind is sre.LITERAL:
        return [_escaped(chr(value))]
    if kind is sre.IN and len(value) <= 9 and all(one is sre.LITERAL for one, _ in value):
        return [_escaped(chr(code)) for _, code in value]
    return []


def _escaped(letter: str) -> str:
    return f"\\{letter}" if letter in ".^$*+?{}[]\\|()" else letter


def _all_hold(runs: Sequence[str], words: Sequence[str]) -> bool:
    return all(any(word in run for word in words) for run in runs)

"""What tells a prompt attack: a table of features, by topic, each with its weight for both scores.

    override   instructions to be ignored, in ten languages
    dismissal  the same in other words: rules put away, void, or for somebody else
    secrets    the system prompt asked for, in ten languages, and orders to send things away
    demands    secrets of the operator or of others demanded, by threat or letter by letter
    nearby     the wishes of these in freer words
    elsewhere  the same in fifteen languages, and rules and limits that are gone
    abroad     more of them: a secret told, another self from now on, a mode, a rank that is claimed
    tongues    words of twenty other languages, of which families makes its features
    families   rules put away, text shown, a wild self, a rank, an order to obey, in these languages
    forgery    role tags and delimiters that only a program should write
    hidden     orders in base64, hex, ROT13, backwards, and in characters that nobody sees
    hijack     orders that a mail, a page or a tool's result gives to the agent that reads it
    personas   another self without rules, fiction as a frame, refusals forbidden, answers begun
    roles      what long jailbreaks are made of: a second voice, vices, harm that does not matter
    pretexts   why it should be done: errors, tests, an urgent task, a new mission, an earlier consent
    pressure   points and pity, a model set free, nothing that is real
    errands    secrets out, verdicts turned, data in addresses, words unseen
    innocent   what speaks for a text about attacks, or with one quoted

A feature's weight is added to the logit of a score when all its patterns are found; BASE is the logit of
a text in which nothing is found. Weights are set by hand, so that one clear sign is more than a half
(BASE + 5 is 0.6), a weak one a tenth, and two middling ones a half.

After a feature is added or changed script/prompt_gates is run: it writes gates.py, the words without which a
feature is not looked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

BASE = -4.6
Text = Literal["plain", "raw", "either"]
"""Where a pattern is looked for: in the plain text (small letters, look-alikes and invisible characters
undone), in the text as it stands, or in both."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One sign.

    name       what `clew explain` and findings call it
    sees       what it means, as the end of "the prompt ..."
    patterns   RE2; all of them must be found
    injection  weight for the prompt injection score
    jailbreak  weight for the jailbreak score
    hits       texts in which it is found
    misses     texts that look like it, in which it is not
    text       where the patterns are looked for
    is_foreign looked for only where a text has words or letters of another language than English
    unless     features that say the same: it does not count where one of them is found

    A gap of characters, as [^.!?\\n]{0,40}, is looked for as so many words of six letters: RE2 would unroll
    every character of it, and take as long to begin as to score ten thousand prompts. So it is with \\pL,
    which stands for the letters of Latin-1 and Russian here.
    """

    name: str
    sees: str
    patterns: tuple[str, ...]
    injection: float
    jailbreak: float
    hits: tuple[str, ...]
    misses: tuple[str, ...] = ()
    text: Text = "plain"
    is_foreign: bool = False
    unless: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "patterns", tuple(map(light, self.patterns)))


@dataclass(frozen=True, slots=True)
class Gate:
    """Names of features, parted by spaces, and an expression that each text with one of them matches."""

    features: str
    words: str


_GAP = re.compile(r"\[\^(?P<but>(?:\.!\?)?)\\n\]\{0,(?P<most>[0-9]+)\}")
_LETTERS = 6


def light(pattern: str) -> str:
    r"""
    >>> light(r"a[^\n]{0,12}b")
    'a(?:[^\\n\\s]*[ \\t]+){0,2}[^\\n\\s]*b'
    """

    def words(gap: re.Match[str]) -> str:
        word = rf"[^{gap['but']}\n\s]*"
        return rf"(?:{word}[ \t]+){{0,{round(int(gap['most']) / _LETTERS)}}}{word}"

    return _GAP.sub(words, pattern).replace(r"\pL", "[a-zß-ÿа-яё]")

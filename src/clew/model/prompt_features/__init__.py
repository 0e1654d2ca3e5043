"""What tells a prompt attack: a table of features, by topic, each with its weight for both scores.

    override   instructions to be ignored, in ten languages
    secrets    the system prompt asked for, in ten languages, and orders to send things away
    forgery    role tags and delimiters that only a program should write
    hidden     orders in base64, hex, ROT13, backwards, and in characters that nobody sees
    personas   another self without rules, fiction as a frame, refusals forbidden, answers begun
    innocent   what speaks for a text about attacks, or with one quoted

A feature's weight is added to the logit of a score when all its patterns are found; BASE is the logit of
a text in which nothing is found. Weights are set by hand, so that one clear sign is more than a half
(BASE + 5 is 0.6), a weak one a tenth, and two middling ones a half.
"""

from __future__ import annotations

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
    """

    name: str
    sees: str
    patterns: tuple[str, ...]
    injection: float
    jailbreak: float
    hits: tuple[str, ...]
    misses: tuple[str, ...] = ()
    text: Text = "plain"

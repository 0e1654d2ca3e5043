r"""Into Base64: text that stands encoded in a message, a body or a manifest, decoded, redacted and encoded again.

    data: dXNlciBhZG1pbiBwYXNzd29yZD1odW50ZXIy  ->  data: dXNlciBhZG1pbiBwYXNzd29yZD0[secret:password]

Fifteen printable signs in a row tell it from identifiers and paths. What is mostly no text, such as an image, stays.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import NamedTuple

from clew.redact._encoded import MARKS

PRINTED = "(?:[I-Za-f][C-HS-Xi-ny-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]){5}"
"""RE2 of fifteen printable ASCII signs, encoded: chance gives it to one place of random text in 600,000."""
LONG_RUN = "[A-Za-z0-9+/_-]{20}"
"""RE2 of what is asked before that, for it takes a quarter of the time."""
ENCODED = re.compile(PRINTED)
RUN, PLAIN_RUN = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}"), re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")
TO_PLAIN, TO_URL = str.maketrans("-_", "+/"), str.maketrans("+/", "-_")
NO_TEXT = re.compile(r"[^\t\n\r\x1b-\x7e\xa0-\U0010ffff]")
MOST_NO_TEXT = 0.1
LONGEST = 1_000_000
"""Signs of a run that is looked into."""


class Run(NamedTuple):
    """An encoded text: where its signs stand, what they say, and in which encoding of characters."""

    start: int
    end: int
    said: str
    charset: str


def pieces(text: str) -> set[str]:
    """What the encoded runs of a text say."""
    return {run.said for run in _runs(text)}


def rewritten(text: str, after: Callable[[str], str | None]) -> str:
    """The text with what its runs have become; None stays as it is."""
    parts, end = [], 0
    for run in _runs(text):
        if (new := after(run.said)) is not None:
            parts += [text[end : run.start], _encoded(new, run.charset, text[run.start : run.end])]
            end = run.end
    return "".join((*parts, text[end:]))


def _runs(text: str) -> Iterator[Run]:
    for match in RUN.finditer(text):
        is_mixed = re.search("[-_]", match[0]) and re.search("[+/]", match[0])
        for part in PLAIN_RUN.finditer(match[0]) if is_mixed else [match]:
            start = part.start() + (match.start() if part is not match else 0)
            if run := _run(text, start, start + len(part[0])):
                yield run


def _run(text: str, start: int, end: int) -> Run | None:
    found = ENCODED.search(text, start, end)
    if found is None or end - start > LONGEST:
        return None
    start += (found.start() - start) % 4
    signs = text[start:end].rstrip("=")
    if len(signs) % 4 == 1:
        signs, end = signs[:-1], start + len(signs) - 1
    raw = b64decode(signs.translate(TO_PLAIN) + "=" * (-len(signs) % 4))
    try:
        said, charset = raw.decode(), "utf-8"
    except UnicodeDecodeError:
        said, charset = raw.decode("latin-1"), "latin-1"
    if len(NO_TEXT.findall(said)) > MOST_NO_TEXT * len(said):
        return None
    return Run(start, end, said, charset)


def _encoded(said: str, charset: str, written: str) -> str:
    """The text in the alphabet, and with the padding, of what was written; its marks as they are."""
    made = []
    for part in MARKS.split(said):
        encoded = b64encode(part.encode(charset, "replace")).decode()
        if re.search("[-_]", written):
            encoded = encoded.translate(TO_URL)
        made.append(part if MARKS.fullmatch(part) else encoded.rstrip("="))
    if len(written) % 4 == 0 and len(made[-1]) % 4:
        made.append("=" * (-len(made[-1]) % 4))
    return "".join(made)

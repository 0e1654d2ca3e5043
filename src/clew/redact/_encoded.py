r"""Into percent-encoded text: what stands in a URL's path or query, decoded, redacted and encoded again.

    q=my%20key%20ghp_EXAMPLE&page=2  ->  q=my%20key%20[secret:github_token]&page=2

A text is taken apart where a URL is; a piece that does not change stays byte by byte as it was.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote

from clew.model.redaction import MARK

ESCAPE = r"""%[0-9A-Fa-f]{2}|(?:^|[?&\n])[\w.-]{1,60}=[^\s&+]{0,400}\+"""
"""RE2 of an encoded byte, or of a query's blank that a plus stands for."""
MAY_BE_ENCODED = "(contains({text}, '%') OR contains({text}, '=') AND contains({text}, '+'))"
"""SQL of what is asked before that, for it takes less."""
TWICE = "%25[0-9A-Fa-f]{2}"
"""RE2 of one that was encoded again."""
QUERY = re.compile(r"(?:^|[?&])[\w.-]{1,60}=[^\s&]*", re.MULTILINE)
"""A field of a query, in which a plus is a blank."""
PIECE = re.compile(r"""[^\s"'<>?&;=\\]+""")
BYTE = re.compile("%[0-9A-Fa-f]{2}")
BLANK = re.compile(r"\+(?![1-9][0-9])|(?<=[^+])\+")
"""A plus that is one: not that of a number with a country's code."""
MARKS = re.compile(f"({MARK})")
LOWER_HEX = re.compile(r"%(?:[0-9][a-f]|[a-f][0-9a-f])")
OWN_SIGNS = re.compile(r"[A-Za-z0-9%\[\]]")


def pieces(text: str) -> set[str]:
    """What the encoded pieces of a text say."""
    is_encoded = _encoded_in(text)
    return {_decoded(match[0])[0] for match in PIECE.finditer(text) if is_encoded(match)}


def rewritten(text: str, after: Callable[[str], str | None]) -> str:
    """The text with what its pieces have become; None stays as it is."""
    is_encoded = _encoded_in(text)

    def one(match: re.Match[str]) -> str:
        new = after(_decoded(match[0])[0]) if is_encoded(match) else None
        return match[0] if new is None else _encoded(new, match[0])

    return PIECE.sub(one, text)


def _encoded_in(text: str) -> Callable[[re.Match[str]], bool]:
    """Whether a piece of this text is encoded."""
    fields = [match.span() for match in QUERY.finditer(text)] if "+" in text else []

    def is_encoded(match: re.Match[str]) -> bool:
        if BYTE.search(match[0]):
            return True
        field = bisect_right(fields, (match.start(), len(text))) - 1
        return "+" in match[0] and field >= 0 and match.start() < fields[field][1]

    return is_encoded


def _decoded(piece: str) -> tuple[str, str]:
    """What a piece says, and the encoding of its bytes; in a query a plus is a blank, but not where a
    number with a country's code begins."""
    blanks = BLANK.sub(" ", piece)
    try:
        return unquote(blanks, errors="strict"), "utf-8"
    except UnicodeDecodeError:
        return unquote(blanks, encoding="latin-1"), "latin-1"


def _encoded(text: str, piece: str) -> str:
    """The text as the piece was written, its marks as they are."""
    safe = "".join(set(OWN_SIGNS.sub("", piece)))
    encoding = _decoded(piece)[1]
    parts: Iterable[str] = (
        part if MARKS.fullmatch(part) else quote(part, safe, encoding, "replace")
        for part in MARKS.split(text)
    )
    made = "".join(parts)
    if "+" in piece:
        made = made.replace("+", "%2B").replace("%20", "+")
    if LOWER_HEX.search(piece):
        made = BYTE.sub(lambda match: match[0].lower(), made)
    return made

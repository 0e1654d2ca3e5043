r"""Into percent-encoded text: what stands in a URL's path or query, decoded, redacted and encoded again.

    q=my%20key%20ghp_EXAMPLE&page=2  ->  q=my%20key%20[secret:github_token]&page=2

A text is taken apart where a URL is; a piece that does not change stays byte by byte as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote

from clew.model.redaction import MARK

ESCAPE = r"""%[0-9A-Fa-f]{2}|[?&][\w.-]{1,60}=[^\s&"'+]{0,200}\+"""
"""RE2 of an encoded byte, or of a query's blank that a plus stands for."""
TWICE = "%25[0-9A-Fa-f]{2}"
"""RE2 of one that was encoded again."""
PIECE = re.compile(r"""[^\s"'<>?&;=\\]+""")
BYTE = re.compile("%[0-9A-Fa-f]{2}")
MARKS = re.compile(f"({MARK})")
LOWER_HEX = re.compile(r"%(?:[0-9][a-f]|[a-f][0-9a-f])")
OWN_SIGNS = re.compile(r"[A-Za-z0-9%\[\]]")


def pieces(text: str) -> set[str]:
    """What the encoded pieces of a text say."""
    return {_decoded(match[0])[0] for match in PIECE.finditer(text) if _is_encoded(match)}


def rewritten(text: str, after: Callable[[str], str | None]) -> str:
    """The text with what its pieces have become; None stays as it is."""

    def one(match: re.Match[str]) -> str:
        new = after(_decoded(match[0])[0]) if _is_encoded(match) else None
        return match[0] if new is None else _encoded(new, match[0])

    return PIECE.sub(one, text)


def _is_encoded(match: re.Match[str]) -> bool:
    is_valued = match.string[match.start() - 1 : match.start()] == "="
    return bool(BYTE.search(match[0])) or (is_valued and "+" in match[0])


def _decoded(piece: str) -> tuple[str, str]:
    """What a piece says, and the encoding of its bytes; in a query a plus is a blank."""
    blanks = piece.replace("+", " ")
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

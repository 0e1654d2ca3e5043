"""Log text is hostile: whoever sends a request chooses what the analyst's screen is told to do.

visible   control characters, line breaks and text-direction marks as \\x1b, \\n, \\u202e
cell      a CSV field that no spreadsheet takes for a formula
markdown  text that stays text in markdown
"""

from __future__ import annotations

import re

_HOSTILE = re.compile(
    r"["
    r"\x00-\x1f"  # C0: ESC begins terminal commands, CR overwrites the line, BEL rings
    r"\x7f-\x9f"  # DEL and C1: \x9b is a one-byte ESC [
    r"\u00ad\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\u061c\ufeff"  # unseen, or reorders
    r"\ud800-\udfff"  # lone surrogates cannot be encoded
    r"\ufff9-\ufffb\U000e0000-\U000e007f"  # annotations, and tags that hide a second text
    r"]"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def visible(text: str) -> str:
    """One line that can be printed anywhere: whatever would act is shown as an escape.

    >>> visible("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    if text.isascii() and text.isprintable():
        return text
    return _HOSTILE.sub(_shown, text)


def visible_json(text: str) -> str:
    """JSON text with the same characters as JSON escapes; its meaning stays the same."""
    if text.isascii():
        return text.replace("\x7f", "\\u007f")
    return _HOSTILE.sub(lambda found: _utf16(found[0]), text)


def cell(text: str, *, on_terminal: bool) -> str:
    """A CSV field of text. What a spreadsheet would run gets an apostrophe before it."""
    guarded = "'" + text if text.startswith(_FORMULA) else text
    return visible(guarded) if on_terminal else _encodable(guarded)


def markdown(text: str) -> str:
    """Text that markdown and HTML show as it is.

    >>> markdown("<b>*x*")
    '\\\\<b\\\\>\\\\*x\\\\*'
    """
    return _MARKDOWN.sub(r"\\\1", visible(text))


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _utf16(character: str) -> str:
    if ord(character) < 0x20:
        return character  # line breaks between rows; inside strings the encoder has escaped them
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")

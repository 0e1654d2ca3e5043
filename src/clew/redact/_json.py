r"""Into JSON: the strings of a document, redacted one by one; keys and everything else stay as they are.

A document is never parsed and written anew: its tokens are found, and those of values replaced in place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clew.instrument.secrets import NAMES
from clew.model.redaction import MARK, secret_mark
from clew.redact import prompts
from clew.redact.secrets import NO_VALUES

TOKENS = re.compile(
    r"""
    (?P<text> "(?:[^"\\]|\\.)*" ) (?P<is_key> \s*: )?   # "a b": or "a b"
    | (?P<number> -?[0-9]{8,20} ) (?![0-9.eE])           # 4111111111111111
    """,
    re.VERBOSE | re.DOTALL,
)
DEEPEST = 4
"""Documents within texts of documents that are looked into."""
ANY_MARK = re.compile(MARK)
NOTHING = re.compile(NO_VALUES)
CONTENT_KEY = re.compile(prompts.KEYS)
LED = {"authorization": "Authorization: ", "proxy-authorization": "Authorization: ",
       "cookie": "Cookie: ", "set-cookie": "Set-Cookie: "}  # fmt: skip
"""Keys whose value is looked at as the header it is."""
NAMED = ("name", "key", "header")
"""Keys whose value names what the next value is: `{"name": "Cookie", "value": "..."}`."""
PAIRED = ("value", "val")
LOOSE = re.compile(r"(?i)(?:^|[._-])token$")
"""Names that also bear words, as each token of an answer does."""
LIKE_A_TOKEN = re.compile(r"(?=\S*[0-9])\S{16,}")


@dataclass(frozen=True, slots=True)
class Change:
    """What a document is rewritten by.

    found    what a text has become
    content  what becomes of what people wrote; None where that is kept
    """

    found: Callable[[str], str]
    content: Callable[[str], str | None] | None = None


@dataclass(slots=True)
class Place:
    """A value of a document.

    start, end  its token
    key         the name it stands under, as far as that is known
    text        the value as a text
    """

    start: int
    end: int
    key: str
    text: str
    is_number: bool = False

    @property
    def led(self) -> str:
        """The value as the text that is looked at: a header's with its name."""
        return LED.get(self.key.lower().rpartition(".")[2], "") + self.text


def places(document: str) -> Iterator[Place]:
    """The values that may have to change, in order."""
    key = named = ""
    for found in TOKENS.finditer(document):
        if found["number"]:
            yield Place(*found.span("number"), key, found["number"], is_number=True)
            continue
        text = _text(found["text"])
        if found["is_key"]:
            key = text
            continue
        if key.lower() in NAMED:
            named = text
        shown = named if key.lower() in PAIRED and named else key
        yield Place(*found.span("text"), shown, text)


def strings(document: str, depth: int = 0) -> Iterator[str]:
    """Every text of a document that has to be looked at, those of documents within texts included."""
    for place in places(document):
        if depth < DEEPEST and is_document(place.text):
            yield from strings(place.text, depth + 1)
        else:
            yield place.led


def rewritten(document: str, change: Change, depth: int = 0) -> str:
    """The document with its values replaced."""
    parts, at = [], 0
    for place in places(document):
        if change.content is not None and not place.is_number and is_content(place.key, place.text):
            new: str | None = change.content(place.text)
        elif depth < DEEPEST and is_document(place.text):
            new = rewritten(place.text, change, depth + 1)
        else:
            new = value_of(place, change)
        if new != place.text:
            parts += [document[at : place.start], json.dumps(new, ensure_ascii=False)]
            at = place.end
    return "".join([*parts, document[at:]])


def is_document(text: str) -> bool:
    """Whether a text is a JSON object or array itself."""
    if text[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_content(key: str, text: str) -> bool:
    """Whether a value is what somebody wrote, by its key."""
    return bool(text and CONTENT_KEY.match(key)) and not ANY_MARK.fullmatch(text)


def value_of(place: Place, change: Change) -> str:
    """What becomes of a value: what its text has become, or a mark where its name says that it is a
    secret as a whole."""
    led = place.led
    new = change.found(led)[len(led) - len(place.text) :]
    if place.is_number or not NAMES.search(place.key):
        return new
    if ANY_MARK.fullmatch(new) or NOTHING.fullmatch(place.text) or not place.text.strip():
        return new
    if "cookie" in place.key.lower() or (ANY_MARK.search(new) and led != place.text):
        return new
    if LOOSE.search(place.key) and not LIKE_A_TOKEN.fullmatch(place.text):
        return new
    return secret_mark(_kind(place.key))


def _kind(key: str) -> str:
    key = key.lower().replace("-", "_")
    for word in ("password", "api_key", "token", "authorization"):
        if word in key:
            return word
    return "password" if "pass" in key else "secret"


def _text(token: str) -> str:
    try:
        text = json.loads(token, strict=False)
    except ValueError:
        return token[1:-1]
    return str(text).encode("utf-8", "replace").decode()

r"""Into JSON: the values of a document, redacted one by one; keys and everything else stay as they are.

A document is never parsed and written anew: its tokens are found, and those of values replaced in place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from clew.instrument.secrets import NAMES
from clew.model.redaction import MARK, secret_mark
from clew.redact._pattern import NO_VALUES

TOKENS = re.compile(
    r"""
    (?P<text> "(?:[^"\\]|\\.)*" ) (?P<is_key> \s*: )?   # "a b": or "a b"
    | (?<![0-9.eE+-]) (?P<number> -?[0-9]{8,20} ) (?![0-9.eE])           # 4111111111111111
    """,
    re.VERBOSE | re.DOTALL,
)
DEEPEST = 4
"""Documents within texts of documents that are looked into."""
ANY_MARK = re.compile(MARK)
NOTHING = re.compile(NO_VALUES)
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

    found       what a text has become
    is_content  whether what stands under a key is what somebody wrote
    content     what becomes of that; None where it is kept
    """

    found: Callable[[str], str]
    is_content: Callable[[str], bool] = bool
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


class Document:
    """A JSON document, and those within its texts."""

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self.places = list(places(text))
        self.within = {
            number: Document(place.text, depth + 1)
            for number, place in enumerate(self.places)
            if depth < DEEPEST and is_document(place.text)
        }

    def texts(self) -> Iterator[str]:
        """Every text that has to be looked at."""
        for number, place in enumerate(self.places):
            if number in self.within:
                yield from self.within[number].texts()
            else:
                yield place.led

    def rewritten(self, change: Change) -> str:
        """The document with its values replaced."""
        parts, at = [], 0
        for number, place in enumerate(self.places):
            new: str | None
            if change.content is not None and _is_content(place, change):
                new = change.content(place.text)
            elif number in self.within:
                new = self.within[number].rewritten(change)
            else:
                new = value_of(place, change)
            if new != place.text:
                parts += [self.text[at : place.start], json.dumps(new, ensure_ascii=False)]
                at = place.end
        return "".join([*parts, self.text[at:]])


def is_document(text: str) -> bool:
    """Whether a text is a JSON object or array itself."""
    if text[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_content(place: Place, change: Change) -> bool:
    if place.is_number or not place.text or ANY_MARK.fullmatch(place.text):
        return False
    return change.is_content(place.key)


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
    if "\\" not in token:
        return token[1:-1]
    try:
        text = json.loads(token, strict=False)
    except ValueError:
        return token[1:-1]
    return str(text).encode("utf-8", "replace").decode()

r"""Into JSON: the values of a document, redacted one by one; keys and everything else stay as they are.

A document is never parsed and written anew: its tokens are found, and those of values replaced in place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from clew.model.redaction import MARK, secret_mark
from clew.model.secret_names import NAMES
from clew.redact._pattern import NO_VALUES

STRING = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
NUMBER = r"(?<![0-9.eE+-])(-?[0-9]{8,20})(?![0-9.eE])"
TOKENS = re.compile(
    rf"""
    {STRING} \s* : (?: \s* (?: {STRING} (?!\s*:) | {NUMBER} ) )?   # "card": 4111111111111111
    | {STRING}                                                   # "one of a list"
    | {NUMBER}
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
AWS_ID = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\[(?:secret:)?aws_access_key\b")
AWS_LIKE = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9/+]{40}")
AWS_LED = "aws_secret_access_key="
"""What such a value is looked at with before it where the document holds a key id as well."""
NAMED = ("name", "key", "header")
"""Keys whose value names what the next value is: `{"name": "Cookie", "value": "..."}`."""
PAIRED = ("value", "val")
HINT = re.compile(r"(?i)pass|pwd|secret|token|key|sig|auth|credential")
"""Names that may speak of a secret: their value is looked at as `name=value` in a text is."""
LOOSE = re.compile(r"(?:(?i:^|[._-])(?i:token)|(?<=[a-z0-9])Token)$")
"""Names that also bear words, as each token of an answer does."""
PLAIN_NAME = re.compile(r"[\w-]{2,60}")
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


class Place(NamedTuple):
    """A value of a document.

    start, end  its token
    key         the name it stands under, as far as that is known
    text        the value as a text
    lead        what it is looked at with before it: a header's name
    """

    start: int
    end: int
    key: str
    text: str
    lead: str
    is_number: bool


def places(document: str) -> list[Place]:
    """The values that may have to change, in order."""
    found = []
    key = named = ""
    beside_id = bool(AWS_ID.search(document))
    for match in TOKENS.finditer(document):
        name, text, number, item, single = match.groups()
        if name is not None:
            key = _text(name)
        if text is None and item is None:
            if number is not None or single is not None:
                group = 3 if number is not None else 5
                start, end = match.span(group)
                found.append(Place(start, end, key, match[group], "", True))
            continue
        start, end = match.span(2 if text is not None else 4)
        value = _text(item if text is None else text)
        shown = key
        if (low := key.lower()) in NAMED:
            named = value
        elif named and low in PAIRED:
            shown = named
        lead = AWS_LED if beside_id and AWS_LIKE.fullmatch(value) else _lead(shown)
        found.append(Place(start - 1, end + 1, shown, value, lead, False))
    return found


@lru_cache(4_096)
def _lead(key: str) -> str:
    last = key.rpartition(".")[2]
    speaks = HINT.search(last) and PLAIN_NAME.fullmatch(last) and not _is_secret(key)
    return LED.get(last.lower(), f"{last}=" if speaks else "")


@lru_cache(4_096)
def _is_secret(key: str) -> bool:
    return bool(NAMES.search(key))


class Document:
    """A JSON document, and those within its texts."""

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self.places = places(text)
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
                yield place.lead + place.text

    def prose(self) -> Iterator[str]:
        """Texts of several words."""
        for number, place in enumerate(self.places):
            if number in self.within:
                yield from self.within[number].prose()
            elif not place.lead and " " in place.text:
                yield place.text

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
    new = change.found(place.lead + place.text)[len(place.lead) :]
    if not _is_secret(place.key):
        return new
    if ANY_MARK.fullmatch(new) or NOTHING.fullmatch(place.text) or not place.text.strip():
        return new
    if "cookie" in place.key.lower() or (place.lead and ANY_MARK.search(new)):
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


def _text(inside: str) -> str:
    """What a JSON string says, by what stands between its quotes."""
    if "\\" not in inside:
        return inside
    try:
        text = json.loads(f'"{inside}"', strict=False)
    except ValueError:
        return inside
    return str(text).encode("utf-8", "replace").decode()

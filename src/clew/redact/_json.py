r"""Into JSON: the values of a document, redacted one by one, and keys that are values themselves.

A document is never parsed and written anew: its tokens are found, and those that change replaced in place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring
from typing import NamedTuple

from clew.model.redaction import MARK, secret_mark
from clew.model.secret_names import NAMES
from clew.redact._pattern import NO_VALUES

STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
PARTS = re.compile(rf"({STRING}(?:\s*:)?|[-0-9][0-9.eE+-]*)", re.DOTALL)
"""What a document consists of: `"a name":`, `"a text"`, `4111111111111111`, and what stands between."""
LONG_NUMBER, SHORTEST_NUMBER = re.compile(r"-?[0-9]{8,20}"), 8
OPENS = ("{", "[")
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
HINT = re.compile(
    r"(?i)pass|pwd|\bpw|secret|token|key|sig|auth|credential|sess|iban|nino|dni|nif|nie"
)
"""Names that may speak of a secret: their value is looked at as `name=value` in a text is."""
OF_A_PERSON = re.compile(
    r"""(?:^|[_.\s-]|(?-i:(?<=[a-z0-9])(?=[A-Z])))(?:
      (?P<phone>(?:tele|cell[_\s-]?)?phone | tel | tel[eé]fono | telefone? | mobile | movil | celular | handy
        | fax | whatsapp)
    | (?P<ssn>ssn | social[_\s-]?security) | (?P<cpf>cpf)
    )(?:[_\s-]?(?:no|nr|num|number))?$""",
    re.IGNORECASE | re.VERBOSE,
)
"""Names of numbers that are known by the word before them: `"contact_phone": 4155550132`."""
LOOSE = re.compile(r"(?:(?i:^|[._-])(?i:token)|(?<=[a-z0-9])Token)$")
"""Names that also bear words, as each token of an answer does."""
PLAIN_NAME = re.compile(r"[\w-]{2,60}")
LIKE_A_VALUE = re.compile(r"@|[0-9]|://|[:=]\s?\S|.{24}", re.DOTALL)
"""A key that may be no name: the keys of a map may be mail addresses, or API keys."""
LIKE_A_TOKEN = re.compile(r"(?=\S*[0-9])\S{16,}")


@dataclass(frozen=True, slots=True)
class Change:
    """What a document is rewritten by.

    found       texts that change, and what they become
    is_content  whether what stands under a key is what somebody wrote
    content     what becomes of that; None where it is kept
    """

    found: Mapping[str, str]
    is_content: Callable[[str], bool] = bool
    content: Callable[[str], str | None] | None = None


class Name(NamedTuple):
    """What a key says of the values under it.

    text       the key
    lead       what its values are looked at with before them: a header's name
    of_number  the same of numbers
    is_secret  whether they are secrets, whatever they look like
    names      whether they name what the next value is, and whether they are such a value
    is_value   whether the key may have to change itself
    """

    text: str
    lead: str
    of_number: str
    is_secret: bool
    names: bool
    is_named: bool
    is_value: bool = False


Place = tuple[int, Name, str, str]
"""A value that may have to change: which part it is, its key as far as that is known, the value as a
text, and what it is looked at with before it."""


@lru_cache(4_096)
def _name(part: str) -> Name:
    """What the key of a document says that is written so."""
    return _named(_text(part[: part.rindex('"') + 1]))


def _named(key: str) -> Name:
    last, low = key.rpartition(".")[2], key.lower()
    is_secret = bool(NAMES.search(key))
    person = OF_A_PERSON.search(key)
    of_number = f"{person.lastgroup}=" if person else ""
    speaks = HINT.search(last) and PLAIN_NAME.fullmatch(last) and not is_secret
    lead = LED.get(last.lower(), f"{last}=" if speaks else of_number)
    return Name(
        key, lead, of_number, is_secret, low in NAMED, low in PAIRED, bool(LIKE_A_VALUE.search(key))
    )


NAMELESS = _named("")
ITSELF = NAMELESS._replace(is_value=True)
"""In the place of a key."""


class Document:
    """A JSON document, and those within its texts."""

    __slots__ = ("has_new_keys", "parts", "places", "text", "within")

    def __init__(self, text: str, depth: int = 0) -> None:
        self.text = text
        self.has_new_keys = False
        self.parts = PARTS.split(text)
        has_key_id = ("AKIA" in text or "ASIA" in text or "aws_" in text) and AWS_ID.search(text)
        self.places = _places(self.parts, has_key_id=bool(has_key_id))
        self.within: dict[int, Document] = {}
        for at, _, value, _ in self.places if depth < DEEPEST else ():
            if value[:1] in OPENS and is_document(value):
                self.within[at] = Document(value, depth + 1)

    def texts(self) -> Iterator[str]:
        """Every text that has to be looked at."""
        for at, _, text, lead in self.places:
            if at in self.within:
                yield from self.within[at].texts()
            else:
                yield lead + text

    def prose(self) -> Iterator[str]:
        """Texts of several words."""
        for at, _, text, lead in self.places:
            if at in self.within:
                yield from self.within[at].prose()
            elif not lead and " " in text:
                yield text

    def rewritten(self, change: Change) -> str:
        """The document with its values replaced."""
        parts = self.parts.copy()
        keys: dict[str, str] = {}
        for at, name, text, lead in self.places:
            new: str | None
            if name is ITSELF:
                if (new := _as_key(text, change, keys)) != text:
                    self.has_new_keys = True
                    parts[at] = encode_basestring(new) + parts[at][parts[at].rindex('"') + 1 :]
                continue
            if change.content is not None and self._is_content(at, name, text, change):
                new = change.content(text)
            elif at in self.within:
                new = self.within[at].rewritten(change)
            else:
                new = value_of(name, text, lead, change)
            if new != text:
                parts[at] = "null" if new is None else encode_basestring(new)
        return "".join(parts)

    def _is_content(self, at: int, name: Name, text: str, change: Change) -> bool:
        if self.parts[at][0] != '"' or not text or ANY_MARK.fullmatch(text):
            return False
        return change.is_content(name.text)


def _places(parts: Sequence[str], *, has_key_id: bool) -> list[Place]:
    """The values among the parts of a document that may have to change."""
    found: list[Place] = []
    name, named = NAMELESS, ""
    for at in range(1, len(parts), 2):
        part = parts[at]
        if part[-1] == ":":
            name = _name(part)
            if name.is_value:
                found.append((at, ITSELF, name.text, ""))
        elif part[0] == '"':
            value, shown = _text(part), name
            if name.names:
                named = value
            elif named and name.is_named:
                shown = _named(named)
            elif _is_second(parts, at):
                shown = _named(_text(parts[at - 2]))
            is_led = has_key_id and AWS_LIKE.fullmatch(value)
            found.append((at, shown, value, AWS_LED if is_led else shown.lead))
        elif len(part) >= SHORTEST_NUMBER and LONG_NUMBER.fullmatch(part):
            found.append((at, name, part, name.of_number))
    return found


def _is_second(parts: Sequence[str], at: int) -> bool:
    """Whether a text is the second of a pair that another one begins, as in `["x-api-key", "..."]`."""
    return (
        at > 2
        and parts[at - 1].strip() == ","
        and parts[at - 3].endswith("[")
        and parts[at + 1].startswith("]")
        and parts[at - 2][0] == parts[at - 2][-1] == '"'
    )


def _as_key(text: str, change: Change, keys: dict[str, str]) -> str:
    """What becomes of a key; another one than the same mark stands for already gets a number.

    keys  what the other keys of the document have become
    """
    new = change.found.get(text)
    if new is None or text in keys:
        return keys.get(text, text)
    taken = sum(1 for other in keys.values() if other == new or other.startswith(f"{new} "))
    keys[text] = f"{new} {taken + 1}" if taken else new
    return keys[text]


def is_document(text: str) -> bool:
    """Whether a text is a JSON object or array itself."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return text[:1] in ("{", "[")


def value_of(name: Name, text: str, lead: str, change: Change) -> str:
    """What becomes of a value: what its text has become, or a mark where its name says that it is a
    secret as a whole."""
    new = change.found.get(lead + text)
    new = text if new is None else new[len(lead) :]
    if not name.is_secret:
        return new
    if ANY_MARK.fullmatch(new) or NOTHING.fullmatch(text) or not text.strip():
        return new
    if "cookie" in name.text.lower() or (lead and ANY_MARK.search(new)):
        return new
    if LOOSE.search(name.text) and not LIKE_A_TOKEN.fullmatch(text):
        return new
    return secret_mark(_kind(name.text))


def _kind(key: str) -> str:
    key = key.lower().replace("-", "_")
    for word in ("password", "api_key", "token", "authorization"):
        if word in key:
            return word
    return "password" if "pass" in key else "secret"


def _text(string: str) -> str:
    """What a JSON string says."""
    if "\\" not in string:
        return string[1:-1]
    try:
        text = json.loads(string, strict=False)
    except ValueError:
        return string[1:-1]
    return str(text).encode("utf-8", "replace").decode()

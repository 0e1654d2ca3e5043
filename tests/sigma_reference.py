"""Sigma by the book, in plain Python, over a handful of events: slow, and written from the
specification alone, to compare the compiler and the windows with."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

Event = Mapping[str, Any]


def is_match(detection: Mapping[str, Any], event: Event) -> bool:
    """Whether a detection section matches an event with these fields."""
    condition = detection["condition"]
    searches = {name: value for name, value in detection.items() if name != "condition"}
    tokens = re.findall(r"\(|\)|[^\s()]+", condition)
    return _Parser(tokens, searches, event).whole()


class _Parser:
    def __init__(self, tokens: list[str], searches: Mapping[str, Any], event: Event) -> None:
        self.tokens, self.searches, self.event = tokens, searches, event

    def whole(self) -> bool:
        value = self.either()
        assert not self.tokens
        return value

    def either(self) -> bool:
        value = self.both()
        while self.tokens[:1] == ["or"]:
            self.tokens.pop(0)
            value = self.both() or value
        return value

    def both(self) -> bool:
        value = self.negated()
        while self.tokens[:1] == ["and"]:
            self.tokens.pop(0)
            value = self.negated() and value
        return value

    def negated(self) -> bool:
        token = self.tokens.pop(0)
        if token == "not":
            return not self.negated()
        if token == "(":
            value = self.either()
            assert self.tokens.pop(0) == ")"
            return value
        if token in ("1", "any", "all") and self.tokens[:1] == ["of"]:
            self.tokens.pop(0)
            pattern = self.tokens.pop(0)
            pattern = "*" if pattern == "them" else pattern
            chosen = [
                search(value, self.event)
                for name, value in self.searches.items()
                if re.fullmatch(pattern.replace("*", ".*"), name) and not name.startswith("_")
            ]
            return all(chosen) if token == "all" else any(chosen)
        return search(self.searches[token], self.event)


def search(said: Any, event: Event) -> bool:
    """One search: a map, a list of maps, or keywords."""
    if isinstance(said, dict):
        return all(_item(key, value, event) for key, value in said.items())
    listed = said if isinstance(said, list) else [said]
    return any(
        search(one, event) if isinstance(one, dict) else _keyword(str(one), event)
        for one in listed
    )


def _keyword(word: str, event: Event) -> bool:
    texts = [value for value in event.values() if isinstance(value, str)]
    return any(_like(f"*{word}*", text, cased=False) for text in texts)


def _item(key: str, value: Any, event: Event) -> bool:
    field, *modifiers = key.split("|")
    listed = value if isinstance(value, list) else [value]
    if not field:
        return _keywords(listed, modifiers, event)
    results = [_value(field, one, modifiers, event) for one in listed]
    met = all(results) if "all" in modifiers else any(results)
    return not met if "neq" in modifiers else met


def _keywords(listed: Sequence[Any], modifiers: Sequence[str], event: Event) -> bool:
    results = [_keyword(str(one), event) for one in listed]
    return all(results) if "all" in modifiers else any(results)


def _value(field: str, wanted: Any, modifiers: Sequence[str], event: Event) -> bool:
    actual = event.get(field)
    if "exists" in modifiers:
        return (actual is not None) is wanted
    if wanted is None:
        return actual is None
    if actual is None:
        return False
    if "fieldref" in modifiers:
        other = event.get(wanted)
        return other is not None and _text_test(str(other).lower(), str(actual).lower(), modifiers)
    for sign in ("lt", "lte", "gt", "gte"):
        if sign in modifiers:
            return _compared(sign, actual, wanted)
    for part in ("minute", "hour", "day", "week", "month", "year"):
        if part in modifiers:
            assert isinstance(actual, datetime)
            found = actual.isocalendar().week if part == "week" else getattr(actual, part)
            return bool(found == wanted)
    if "cidr" in modifiers:
        try:
            return ipaddress.ip_address(actual) in ipaddress.ip_network(wanted)
        except ValueError:
            return False
    if "re" in modifiers:
        flags = (
            (re.I if "i" in modifiers else 0)
            | (re.M if "m" in modifiers else 0)
            | (re.S if "s" in modifiers else 0)
        )
        return re.search(wanted, str(actual), flags) is not None
    return _plain(actual, wanted, modifiers)


def _plain(actual: Any, wanted: Any, modifiers: Sequence[str]) -> bool:
    if isinstance(wanted, int | float) and not isinstance(wanted, bool):
        try:
            return float(actual) == wanted or str(actual) == str(wanted)
        except ValueError:
            return False
    if isinstance(actual, int | float):
        actual = str(actual)
    return any(
        _like(pattern, actual, cased="cased" in modifiers)
        for pattern in _patterns(str(wanted), modifiers)
    )


def _patterns(text: str, modifiers: Sequence[str]) -> Iterable[str]:
    texts = [text]
    raw: list[bytes] | None = None
    for modifier in modifiers:
        if modifier in ("wide", "utf16le"):
            raw = [one.encode("utf-16-le") for one in texts]
        elif modifier == "utf16be":
            raw = [one.encode("utf-16-be") for one in texts]
        elif modifier == "utf16":
            raw = [b"\xff\xfe" + one.encode("utf-16-le") for one in texts]
        elif modifier == "base64":
            raw = [one.encode() for one in texts] if raw is None else raw
            texts = [base64.b64encode(one).decode() for one in raw]
        elif modifier == "base64offset":
            raw = [one.encode() for one in texts] if raw is None else raw
            texts = [piece for one in raw for piece in _offsets(one)]
        elif modifier == "windash":
            texts = [other for one in texts for other in _dashes(one)]
        elif modifier == "contains":
            texts = [f"*{one}*" for one in texts]
        elif modifier == "startswith":
            texts = [f"{one}*" for one in texts]
        elif modifier == "endswith":
            texts = [f"*{one}" for one in texts]
    return texts


def _offsets(raw: bytes) -> list[str]:
    """What is the same in the Base64 of the bytes, whatever is before and behind them."""
    found = []
    for shift in range(3):
        variants = {
            base64.b64encode(bytes([before]) * shift + raw + bytes([behind]) * 3).decode()
            for before in (0, 255)
            for behind in (0, 255)
        }
        first = next(iter(variants))
        same = [n for n in range(len(first)) if len({one[n] for one in variants}) == 1]
        bits = range(-(-shift * 8 // 6), (shift + len(raw)) * 8 // 6)
        found.append("".join(first[n] for n in bits if n in same))
    return found


def _dashes(text: str) -> list[str]:
    parts = re.split(r"(\B[-/]\b)", text)
    found = [""]
    for number, part in enumerate(parts):
        choices = "-/\u2013\u2014\u2015" if number % 2 else [part]
        found = [one + choice for one in found for choice in choices]
    return found


def _text_test(text: str, actual: str, modifiers: Sequence[str]) -> bool:
    if "startswith" in modifiers:
        return actual.startswith(text)
    if "endswith" in modifiers:
        return actual.endswith(text)
    return text in actual if "contains" in modifiers else text == actual


def _like(pattern: str, text: str, *, cased: bool) -> bool:
    """Wildcards of Sigma: a backslash takes *, ? and itself as they are, and is plain otherwise."""
    made, place = "", 0
    while place < len(pattern):
        char = pattern[place]
        if char == "\\" and pattern[place + 1 : place + 2] in ("*", "?", "\\"):
            made += re.escape(pattern[place + 1])
            place += 2
            continue
        made += {"*": ".*", "?": "."}.get(char, re.escape(char))
        place += 1
    flags = re.S if cased else re.S | re.I
    return re.fullmatch(made, text, flags) is not None


def _compared(sign: str, actual: Any, wanted: Any) -> bool:
    try:
        number = float(actual)
    except ValueError:
        return False
    return {
        "lt": number < wanted,
        "lte": number <= wanted,
        "gt": number > wanted,
        "gte": number >= wanted,
    }[sign]

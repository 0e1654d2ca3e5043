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
        search(one, event) if isinstance(one, dict) else _keyword(str(one), event) for one in listed
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


def fires(
    correlation: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> dict[tuple[Any, ...], list[int]]:
    """The moments (microseconds) at which a correlation fires, by group.

    events  in order; each has `at`, the fields, and `rules`: the names of the rules it matches
    """
    keys = correlation.get("group-by", [])
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for event in events:
        if any(name in event["rules"] for name in correlation["rules"]):
            key = tuple(event.get(name) for name in keys)
            if None not in key:
                groups.setdefault(key, []).append(event)
    span = correlation["span_us"]
    found: dict[tuple[Any, ...], list[int]] = {}
    for key, own in groups.items():
        for moment in sorted({event["at"] for event in own}):
            window = [e for e in own if moment - span <= e["at"] <= moment]
            ending = [e for e in own if e["at"] == moment]
            around = [e for e in own if moment - span <= e["at"] <= moment + span]
            if _holds(correlation, window, ending, around):
                found.setdefault(key, []).append(moment)
    return found


def _holds(
    correlation: Mapping[str, Any],
    window: Sequence[Mapping[str, Any]],
    ending: Sequence[Mapping[str, Any]],
    around: Sequence[Mapping[str, Any]],
) -> bool:
    kind, condition = correlation["type"], correlation.get("condition")
    rules = correlation["rules"]
    present = [name for name in rules if any(name in e["rules"] for e in window)]
    if kind == "temporal" and isinstance(condition, str):
        return _expression(condition, window, ending, around)
    if kind == "temporal":
        return _bounded(len(present), condition or {"gte": len(rules)})
    if kind == "temporal_ordered":
        least = (condition or {"gte": len(rules)})["gte"]
        return any(_in_order(chain, window, ending) for chain in _subsequences(rules, least))
    assert isinstance(condition, dict)
    if kind == "event_count":
        return _bounded(len(window), condition)
    values = [e.get(condition["field"]) for e in window]
    stated = [value for value in values if value is not None]
    if not stated or all(e.get(condition["field"]) is None for e in ending):
        return False
    return _bounded(_measured(kind, stated, condition), condition)


def _measured(kind: str, values: Sequence[Any], condition: Mapping[str, Any]) -> float:
    if kind == "value_count":
        return len(set(values))
    numbers = sorted(float(value) for value in values)
    if kind == "value_sum":
        return sum(numbers)
    if kind == "value_avg":
        return sum(numbers) / len(numbers)
    share = 0.5 if kind == "value_median" else condition["percentile"] / 100
    place = share * (len(numbers) - 1)
    low = int(place)
    high = min(low + 1, len(numbers) - 1)
    return numbers[low] + (numbers[high] - numbers[low]) * (place - low)


def _bounded(number: float, condition: Mapping[str, Any]) -> bool:
    tests = {
        "gt": number > condition.get("gt", 0),
        "gte": number >= condition.get("gte", 0),
        "lt": number < condition.get("lt", 0),
        "lte": number <= condition.get("lte", 0),
        "eq": number == condition.get("eq", 0),
        "neq": number != condition.get("neq", 0),
    }
    return all(tests[sign] for sign in condition if sign in tests)


def _subsequences(rules: Sequence[str], least: int) -> Iterable[Sequence[str]]:
    import itertools

    return itertools.combinations(rules, least)


def _in_order(
    chain: Sequence[str], window: Sequence[Mapping[str, Any]], ending: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether different events of the window, in the order of lines, match the rules in turn, and one
    of the window's last moment the last rule."""
    for last in ending:
        if chain[-1] not in last["rules"]:
            continue
        before = [e for e in window if e["place"] < last["place"]]
        step = 0
        for event in before:
            if step < len(chain) - 1 and chain[step] in event["rules"]:
                step += 1
        if step == len(chain) - 1:
            return True
    return False


def _expression(
    text: str,
    window: Sequence[Mapping[str, Any]],
    ending: Sequence[Mapping[str, Any]],
    around: Sequence[Mapping[str, Any]],
) -> bool:
    """`a and not b`, `a and b or c` ...: alternatives of rules that are there and rules that are not
    near; an event of a rule that is there ends the window."""
    for clause in text.split(" or "):
        parts = clause.split(" and ")
        here = [part for part in parts if not part.startswith("not ")]
        away = [part.removeprefix("not ") for part in parts if part.startswith("not ")]
        if (
            all(any(name in e["rules"] for e in window) for name in here)
            and any(name in e["rules"] for name in here for e in ending)
            and not any(name in e["rules"] for name in away for e in around)
        ):
            return True
    return False


def alerts(moments: Sequence[int], span: int) -> list[tuple[int, int]]:
    """Moments that fire as runs: one goes on while the windows overlap."""
    found: list[tuple[int, int]] = []
    for moment in moments:
        if found and moment - found[-1][1] <= span:
            found[-1] = (found[-1][0], moment)
        else:
            found.append((moment, moment))
    return found

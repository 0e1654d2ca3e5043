"""Text against a typed value: inside it, the whole of it, by pattern, by network.

DuckDB puts a condition that may fail, as regexp_matches may, behind the view that gives sparse columns
their names: it then makes a hundred columns for every row to throw most rows away (a million rows:
12 s instead of 0.2). So words are found by ILIKE, and patterns by the length of what they extract,
which cannot fail. LIKE has no escape that cannot fail: text with its special characters goes round it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NoReturn

import duckdb
import ibis
import ibis.expr.types as ir

from clew.model.event import SEVERITIES
from clew.query.addresses import pattern_of
from clew.query.scope import Subject
from clew.query.tree import Node, Value, Wild
from clew.query.values import quoted

LONGEST_PATTERN = 1_000
"""Characters of a pattern: RE2 refuses to make very large ones."""
NETWORKED = frozenset({"client_ip", "src_ip", "dst_ip"})
ADDRESSES = NETWORKED | {"server_address", "upstream_address", "host"}
Parts = tuple[str | Wild, ...]
LIKE = {Wild.ANY: "%", Wild.ONE: "_"}
RE2 = {Wild.ANY: ".*", Wild.ONE: "."}
SPECIAL = re.compile(r"[%_\\]")
_STATUS_CLASS = re.compile(r"([1-5])xx", re.IGNORECASE)
_STATUS_PATTERN = re.compile(r"[1-5](?:xx|\*|[0-9?]{2}|[0-9]\*)", re.IGNORECASE)

Fail = Callable[[str, Node], NoReturn]


def inside(text: ir.StringValue, value: Value, fail: Fail) -> ir.BooleanValue:
    """Whether it holds the value somewhere, without regard to case."""
    if value.style == "regex":
        return regex(text, value, fail, flags="i")
    if value.has_wildcard:
        return _like(text, (Wild.ANY, *_trimmed(value.parts), Wild.ANY), value, fail, any_case=True)
    if SPECIAL.search(value.text):
        return text.lower().contains(ibis.literal(value.text).lower())
    return text.ilike(f"%{value.text}%")


def whole(
    text: ir.StringValue, value: Value, fail: Fail, subject: Subject | None = None
) -> ir.BooleanValue:
    """Whether it is the value; case counts, but in columns of few words."""
    if subject and (network := network_of(value, subject)):
        return finds(text, pattern_of(network))
    if subject and subject.column in NETWORKED and "/" in value.text and not value.has_wildcard:
        fail(f"'{value.text}' is not a network, such as 192.0.2.0/24.", value)
    any_case = bool(subject and subject.is_any_case)
    if value.has_wildcard:
        return _like(text, value.parts, value, fail, any_case=any_case)
    if any_case:
        return text.lower() == ibis.literal(value.text).lower()
    return text == value.text


def regex(text: ir.StringValue, value: Value, fail: Fail, *, flags: str = "") -> ir.BooleanValue:
    """A regular expression somewhere in it. A dot is no new line, unless (?s) says so."""
    if len(value.text) > LONGEST_PATTERN:
        fail(f"A regular expression has at most {LONGEST_PATTERN:,} characters.", value)
    pattern = f"(?{flags}-s:{value.text})"
    wrong, matches_empty = judged(pattern)
    if wrong:
        fail(f"'/{value.text}/' is not a regular expression of RE2: {wrong}.", value)
    return searched(text, pattern, matches_empty=matches_empty)


def searched(text: ir.StringValue, pattern: str, *, matches_empty: bool) -> ir.BooleanValue:
    """Whether a pattern is found, be it without a character."""
    if not matches_empty and not re.search(r"\\[bB]", pattern):
        return finds(text, pattern)
    # It may match without a character: so that there is one, the match takes all the text.
    found = finds(text, f"(?s:.*?){pattern}(?s:.*)")
    return found | (text == "") if matches_empty else found


def finds(text: ir.StringValue, pattern: str) -> ir.BooleanValue:
    """Whether the pattern, which matches one character at least, is found."""
    return text.re_extract(pattern, 0).length() > 0


def network_of(
    value: Value, subject: Subject
) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The network that a value of a column or attribute of addresses names, if it names one.

    An IPv6 address is a network of one: it may be spelled in many ways.
    """
    if value.has_wildcard or value.style == "regex":
        return None
    if subject.column not in ADDRESSES and subject.kind != "attribute":
        return None
    if "/" not in value.text and value.text.count(":") < 2:
        return None
    try:
        return ipaddress.ip_network(value.text, strict=False)
    except ValueError:
        return None


def is_status_pattern(value: Value) -> bool:
    """5xx, 50*, 404: a code and not one of the words ok, error and unset."""
    return bool(_STATUS_PATTERN.fullmatch(value.text))


def status_class(value: Value) -> int:
    """500 for 5xx; 0 for anything else."""
    found = _STATUS_CLASS.fullmatch(value.text)
    return int(found[1]) * 100 if found else 0


def levels(sign: str, level: str) -> list[str]:
    """The severities that stand so to this one, such as WARN, ERROR and FATAL for >= WARN."""
    number = SEVERITIES[level]
    numbers = {
        ">": range(number + 1, 25),
        ">=": range(number, 25),
        "<": range(1, number),
        "<=": range(1, number + 1),
    }[sign]
    return [name for name, other in SEVERITIES.items() if other in numbers]


def _like(
    text: ir.StringValue, parts: Parts, value: Value, fail: Fail, *, any_case: bool
) -> ir.BooleanValue:
    """Whether the whole text is these parts."""
    if len(value.text) > LONGEST_PATTERN:
        fail(f"A value with wildcards has at most {LONGEST_PATTERN:,} characters.", value)
    if any(isinstance(part, str) and SPECIAL.search(part) for part in parts):
        flags = "(?is)" if any_case else "(?s)"
        pattern = "".join(RE2[part] if isinstance(part, Wild) else quoted(part) for part in parts)
        return finds(text, f"{flags}^{pattern}$")
    pattern = "".join(LIKE[part] if isinstance(part, Wild) else part for part in parts)
    return text.ilike(pattern) if any_case else text.like(pattern)


def _trimmed(parts: Parts) -> Parts:
    """Stars at the ends mean nothing where the value may stand anywhere."""
    while parts and parts[0] is Wild.ANY:
        parts = parts[1:]
    while parts and parts[-1] is Wild.ANY:
        parts = parts[:-1]
    return parts


@lru_cache(maxsize=4096)
def judged(pattern: str) -> tuple[str, bool]:
    """Why RE2 does not take the pattern ("" where it does), and whether it matches empty text.

    DuckDB has RE2 inside.
    """
    with _judge().cursor() as judge:
        try:
            found = judge.execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()
        except duckdb.Error as error:
            words = str(error).partition(": ")[2] or str(error)
            return words.splitlines()[0].rpartition(": ")[0] or words, False
    return "", bool(found[0][0])


@cache
def _judge() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")

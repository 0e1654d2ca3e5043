"""One value of an event against one test, as an Ibis condition that cannot fail.

Text is compared without regard to case, unless the rule says `cased`; a pattern minds it. A number is
the same as its text. NULL meets no test but null and exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import eq, ge, gt, le, lt, ne, or_
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.query.addresses import pattern_of
from clew.query.matching import LIKE, RE2, SPECIAL, finds, judged, searched
from clew.query.scope import NUMBERS, Subject
from clew.query.tree import Wild
from clew.query.values import quoted
from clew.sigma.tree import Exists, Network, Null, Number, Pattern, SameAs, Test, Text, Truth
from clew.sigma.wording import in_words

COMPARED = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
MOST_ALTERNATIVES = 400
"""Values in one alternation: RE2 refuses to make very large patterns."""
FALSE = ibis.literal(False)


@dataclass(frozen=True, slots=True)
class Tail(Subject):
    """The end of another value of the same field: what may begin anywhere is looked for in that one."""

    def asked(self, tests: Sequence[Test]) -> list[Test]:
        """The tests that the other value does not answer as well."""
        return [
            one for one in tests if not (isinstance(one, Text) and one.parts[:1] == (Wild.ANY,))
        ]


def holds(subject: Subject, test: Test) -> ir.BooleanValue:
    """Whether the value meets the test; NULL where there is none."""
    match test:
        case Text():
            return _text(subject, test)
        case Number():
            return _number(subject, test)
        case Truth():
            if isinstance(subject.value, ir.BooleanValue):
                return subject.value == ibis.literal(test.is_true)
            return subject.as_text().lower() == str(test.is_true).lower()
        case Null():
            return subject.value.isnull()
        case Exists():
            return subject.value.notnull() if test.is_there else subject.value.isnull()
        case Pattern():
            pattern = test.re2
            empty = judged(pattern)[1]
            return searched(subject.as_text(), pattern, matches_empty=empty)
        case Network():
            return finds(subject.as_text(), pattern_of(test.network))
    raise AssertionError(f"BUG: {test} needs another field")


def same(subject: Subject, other: Subject, test: SameAs) -> ir.BooleanValue:
    """Whether one field says what another says."""
    if test.place == "whole" and subject.kind in NUMBERS and other.kind in NUMBERS:
        return subject.number() / subject.scale == other.number() / other.scale
    mine, theirs = (
        one.as_text() if test.cased else one.as_text().lower() for one in (subject, other)
    )
    match test.place:
        case "start":
            return mine.startswith(theirs)
        case "end":
            return mine.endswith(theirs)
        case "inside":
            return mine.contains(theirs)
    return mine == theirs


def any_of(subject: Subject, tests: Sequence[Test]) -> ir.BooleanValue:
    """Whether the value meets one of the tests: lists of plain texts become one look-up or one
    alternation, which costs the same for many texts as for one."""
    meant = [found for test in tests if (found := in_words(subject, test)) is not None]
    if meant or subject.kind in NUMBERS or isinstance(subject.value, ir.BooleanValue):
        return reduce(or_, [*meant, *(holds(subject, test) for test in tests)])
    whole = [shape[1] for test in tests if (shape := plain(test)) and shape[0] == "whole"]
    inside = [shape[1] for test in tests if (shape := plain(test)) and shape[0] == "inside"]
    rest = [test for test in tests if not (shape := plain(test)) or shape[0] in ("start", "end")]
    parts = [holds(subject, test) for test in rest]
    low = subject.as_text().lower()
    if whole:
        parts.append(low.isin(whole) if len(whole) > 1 else low == whole[0])
    for begin in range(0, len(inside), MOST_ALTERNATIVES):
        parts.append(one_inside(low, inside[begin : begin + MOST_ALTERNATIVES]))
    return reduce(or_, parts)


def one_inside(low: ir.StringValue, texts: list[str]) -> ir.BooleanValue:
    """Whether one of these texts, all in lower case, stands in a lower-case value."""
    if len(texts) <= 2:
        return reduce(or_, [low.contains(text) for text in texts])
    return finds(low, "|".join(quoted(text) for text in texts))


def plain(test: Test) -> tuple[str, str] | None:
    """How a text test without case and inner wildcards looks: whole, start, end or inside, and its
    ASCII text in lower case. Beyond ASCII, an engine's lower case may not be Python's."""
    if not isinstance(test, Text) or test.cased:
        return None
    texts = [part for part in test.parts if isinstance(part, str)]
    if len(texts) != 1 or not texts[0].isascii() or Wild.ONE in test.parts:
        return None
    begins, ends = test.parts[0] is Wild.ANY, test.parts[-1] is Wild.ANY
    shape = {(False, False): "whole", (False, True): "start", (True, False): "end"}
    return shape.get((begins, ends), "inside"), texts[0].lower()


def _text(subject: Subject, test: Text) -> ir.BooleanValue:
    if all(part is Wild.ANY for part in test.parts) and test.parts:
        return subject.value.notnull()
    is_whole = all(isinstance(part, str) for part in test.parts)
    if is_whole and subject.kind in NUMBERS:
        number = _number_in("".join(str(part) for part in test.parts))
        return FALSE if number is None else subject.number() == number * subject.scale
    value = subject.as_text()
    if (shape := plain(test)) is not None:
        return _shaped(value.lower(), *shape)
    texts = [part for part in test.parts if isinstance(part, str)]
    if is_whole:
        wanted = ibis.literal("".join(texts))
        return value == wanted if test.cased else value.lower() == wanted.lower()
    if any(SPECIAL.search(text) for text in texts) or not all(text.isascii() for text in texts):
        flags = "(?s)" if test.cased else "(?is)"
        pattern = "".join(RE2[p] if isinstance(p, Wild) else quoted(p) for p in test.parts)
        return finds(value, f"{flags}^{pattern}$") if texts else value.length() >= 1
    pattern = "".join(LIKE[p] if isinstance(p, Wild) else p for p in test.parts)
    return value.like(pattern) if test.cased else value.lower().like(pattern.lower())


def _shaped(low: ir.StringValue, shape: str, text: str) -> ir.BooleanValue:
    match shape:
        case "start":
            return low.startswith(text)
        case "end":
            return low.endswith(text)
        case "inside":
            return low.contains(text)
    return low == text


def _number(subject: Subject, test: Number) -> ir.BooleanValue:
    compare: Any = COMPARED[test.sign]
    if test.part is not None:
        return compare(_part(subject, test.part), int(test.number))
    if isinstance(subject.value, ir.BooleanValue | ir.TimestampValue):
        return FALSE
    number = test.number * subject.scale
    if subject.kind in NUMBERS:
        return compare(subject.number(), number)
    found = compare(subject.number(), float(number))
    if test.sign == "==" and isinstance(test.number, int):
        return (subject.as_text() == str(test.number)) | found.fill_null(False)
    return found


def _number_in(text: str) -> float | int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if number != number or abs(number) == float("inf"):
        return None
    return int(text) if text.strip("+-").isdecimal() else number


def _part(subject: Subject, part: str) -> ir.IntegerValue:
    """Minute, hour, day, ISO week, month or year of a time, in UTC."""
    value = subject.value
    if not isinstance(value, ir.TimestampValue):
        value = _moment(subject.as_text())
    made = {
        "minute": value.minute,
        "hour": value.hour,
        "day": value.day,
        "week": value.week_of_year,
        "month": value.month,
        "year": value.year,
    }
    return made[part]()


def _moment(text: ir.StringValue) -> ir.TimestampValue:
    """A time as logs write it, in UTC: what stands before its offset, less the offset."""
    at = r"(:\d\d(?:[.,]\d+)?) ?([+-])(\d\d):?(\d\d)$"
    local = text.re_replace(at, r"\1").try_cast("timestamp(6)")
    sign = ibis.ifelse(text.re_extract(at, 2) == "-", 1, -1)
    hours, minutes = (text.re_extract(at, n).try_cast("int64").fill_null(0) for n in (3, 4))
    moved: ir.TimestampValue = local + (sign * (hours * 60 + minutes)).as_interval("m")
    return moved

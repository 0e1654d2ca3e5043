"""A detection that pySigma has parsed, as our tree; placeholders filled, wildcards made sense of.

Blind to  lookups: a placeholder that the configuration does not list is refused
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any as Anything

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaDetections
from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from clew.query.matching import LONGEST_PATTERN, judged
from clew.query.tree import Wild
from clew.sigma.encodings import ONLY_BASE64, Encoded
from clew.sigma.tree import (
    All,
    Any,
    Exists,
    Match,
    Network,
    Node,
    Not,
    Null,
    Number,
    Pattern,
    SameAs,
    Sign,
    Test,
    Text,
    Truth,
)

Placeholders = Mapping[str, Sequence[str]]
MOST_VALUES = 20_000
"""Values that the placeholders of one value may expand to."""
WILDS = {SpecialChars.WILDCARD_MULTI: Wild.ANY, SpecialChars.WILDCARD_SINGLE: Wild.ONE}
SIGNS: dict[CompareOperators, Sign] = {
    CompareOperators.LT: "<",
    CompareOperators.LTE: "<=",
    CompareOperators.GT: ">",
    CompareOperators.GTE: ">=",
    CompareOperators.NEQ: "!=",
}
FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: "i",
    SigmaRegularExpressionFlag.MULTILINE: "m",
    SigmaRegularExpressionFlag.DOTALL: "s",
}


class RuleError(ValueError):
    """Why a rule is refused, one sentence. `about` is the part of its text that is meant."""

    def __init__(self, sentence: str, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


def tree_of(detections: SigmaDetections, placeholders: Placeholders) -> Node:
    """The tree of a rule's condition; several conditions are alternatives. Raises RuleError."""
    terms = []
    for condition in detections.parsed_condition:
        parsed = condition.parsed
        if parsed is None:
            raise RuleError(
                f"the condition '{condition.condition}' names no search that the rule has.",
                condition.condition,
            )
        terms.append(_node(parsed, placeholders))
    return terms[0] if len(terms) == 1 else Any(tuple(terms))


def _node(parsed: Anything, placeholders: Placeholders) -> Node:
    match parsed:
        case ConditionAND():
            return All(tuple(_node(part, placeholders) for part in _parts(parsed)))
        case ConditionOR():
            return Any(tuple(_node(part, placeholders) for part in _parts(parsed)))
        case ConditionNOT():
            (part,) = _parts(parsed)
            return Not(_node(part, placeholders))
        case ConditionFieldEqualsValueExpression():
            return _match(parsed.field, parsed.value, placeholders)
        case ConditionValueExpression():
            return _match(None, parsed.value, placeholders)
    raise RuleError(f"its condition has a part that is not understood: {type(parsed).__name__}.")


def _parts(parsed: Anything) -> list[Anything]:
    parts = [part for part in parsed.args if part is not None]
    if not parts:
        raise RuleError("its condition names searches that the rule does not have.", "condition")
    return parts


def _match(field: str | None, value: Anything, placeholders: Placeholders) -> Node:
    if isinstance(value, SigmaExpansion):
        return Any(tuple(_match(field, one, placeholders) for one in value.values))
    if isinstance(value, SigmaString | SigmaRegularExpression) and value.contains_placeholder():
        filled = _filled(value, placeholders)
        terms = tuple(_match(field, one, {}) for one in filled)
        return terms[0] if len(terms) == 1 else Any(terms)
    if field is None:
        return Match(None, _keyword(value))
    return Match(field, _test(value))


def _test(value: Anything) -> Test:
    match value:
        case SigmaString():
            parts = tuple(WILDS[p] if isinstance(p, SpecialChars) else str(p) for p in value.s)
            if isinstance(value, Encoded):
                raise RuleError(ONLY_BASE64)
            return Text(parts, isinstance(value, SigmaCasedString))
        case SigmaTimestampPart():
            return Number("==", value.number, _part(value))
        case SigmaNumber():
            return Number("==", value.number)
        case SigmaBool():
            return Truth(value.boolean)
        case SigmaNull():
            return Null()
        case SigmaExists():
            return Exists(value.exists)
        case SigmaRegularExpression():
            return _pattern(value)
        case SigmaCIDRExpression():
            return Network(value.network)
        case SigmaCompareExpression():
            number = value.number
            part = _part(number) if isinstance(number, SigmaTimestampPart) else None
            return Number(SIGNS[value.op], number.number, part)
        case SigmaFieldReference():
            begins, ends = value.starts_with, value.ends_with
            place = (
                "inside" if begins and ends else "start" if begins else "end" if ends else "whole"
            )
            return SameAs(value.field, place)  # type: ignore[arg-type]
    raise RuleError(f"it has a value that is not understood: {type(value).__name__}.")


def _part(value: SigmaTimestampPart) -> Anything:
    return value.timestamp_part.name.lower()


def _keyword(value: Anything) -> Test:
    """What may stand anywhere in the text of an event."""
    if isinstance(value, SigmaNumber):
        return Text((Wild.ANY, str(value.number), Wild.ANY))
    if isinstance(value, SigmaRegularExpression):
        return _pattern(value)
    test = _test(value) if isinstance(value, SigmaString) else None
    if not isinstance(test, Text):
        raise RuleError(f"a keyword is a text, a number or a pattern, not {value}.", str(value))
    if not any(isinstance(part, str) for part in test.parts):
        raise RuleError("a keyword that is only wildcards means nothing.")
    return Text((Wild.ANY, *test.parts, Wild.ANY), test.cased)


def _pattern(value: SigmaRegularExpression) -> Pattern:
    """The pattern, if RE2 takes it: what could explode on a long text is refused here."""
    text = "".join(
        part if isinstance(part, str) else WILDS[part].value  # type: ignore[index]
        for part in value.regexp.s
    )
    flags = "".join(sorted(FLAGS[flag] for flag in value.flags))
    if len(text) > LONGEST_PATTERN * 4:
        raise RuleError(f"a pattern has at most {LONGEST_PATTERN * 4:,} characters.", text[:40])
    made = Pattern(text, flags)
    if wrong := judged(made.re2)[0]:
        raise RuleError(
            f"RE2, which cannot explode, does not take the pattern '{text}': {wrong}.", text
        )
    return made


def _filled(value: Anything, placeholders: Placeholders) -> list[Anything]:
    """The value with each placeholder replaced by each of its values."""
    string: SigmaString = value.regexp if isinstance(value, SigmaRegularExpression) else value
    names = list(dict.fromkeys(p.name for p in string.s if isinstance(p, Placeholder)))
    if missing := [name for name in names if not placeholders.get(name)]:
        raise RuleError(
            f"it needs the placeholder %{missing[0]}%: list its values in the settings, "
            f"as [placeholders] {missing[0]} = ['...'].",
            f"%{missing[0]}%",
        )
    choices = [placeholders[name] for name in names]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MOST_VALUES:
        raise RuleError(f"its placeholders stand for {count:,} values together.", f"%{names[0]}%")
    return [
        _replaced(value, string, dict(zip(names, chosen, strict=True)))
        for chosen in itertools.product(*choices)
    ]


def _replaced(value: Anything, string: SigmaString, chosen: Mapping[str, str]) -> Anything:
    is_pattern = isinstance(value, SigmaRegularExpression)
    parts: list[Anything] = []
    for part in string.s:
        if not isinstance(part, Placeholder):
            parts.append(part)
        elif is_pattern:
            parts.append(chosen[part.name])
        else:
            parts += SigmaString(chosen[part.name]).s
    made = SigmaCasedString("") if isinstance(value, SigmaCasedString) else SigmaString("")
    made.s = list(_joined(parts))
    return SigmaRegularExpression(made, value.flags) if is_pattern else made


def _joined(parts: Iterable[Anything]) -> Iterable[Anything]:
    """Texts that stand beside each other as one."""
    for is_text, group in itertools.groupby(parts, lambda part: isinstance(part, str)):
        texts = list(group)
        yield from ["".join(texts)] if is_text else texts

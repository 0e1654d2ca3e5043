"""A pattern's step over texts, as SQL: whether it is worth a look, and the text with marks for what it finds."""

from __future__ import annotations

import re
import secrets as chance
from collections.abc import Sequence

from clew.model.redaction import TOKEN_DIGITS
from clew.redact._pattern import MARK_BEGINS, Pattern, literal

SECRET = ("form", "word")
CHEAP = {"at": "contains(text, '@') OR contains(text, '%40')", "phone": "true"}
"""SQL of what is asked of groups in place of their gates: to look at once costs no more than they do."""
EDGE, INNER_EDGE, DOUBT = (f"\x01{chance.token_hex(4)}\x02" for _ in range(3))
"""Where a text is taken apart, and what says that it has to be looked at again; no text can know them."""


def hinted(pattern: Pattern) -> str:
    """SQL of whether a text is worth a look; `low`, where the look for secrets saw something, is the text
    in lower case."""
    return f"(by_{pattern.group} AND ({has_hint(pattern, 'low')}))"


def has_hint(pattern: Pattern, low: str) -> str:
    """SQL of whether a text has a hint of the pattern's."""
    tests = [
        f"contains({low if hint.islower() else 'text'}, {literal(hint)})"
        for hint in _usable_hints(pattern)
    ]
    return " OR ".join(tests or ["true"])


def _usable_hints(pattern: Pattern) -> tuple[str, ...]:
    """The pattern's hints, where the texts of its group are at hand in lower case if that matters."""
    needs_low = any(hint.islower() for hint in pattern.hints)
    return () if needs_low and pattern.group not in SECRET else pattern.hints


def any_hint(patterns: Sequence[Pattern]) -> str:
    """SQL of whether a text is worth a look by any of these patterns, in one pass for each group."""
    tests = []
    for group in sorted({pattern.group for pattern in patterns}):
        hints = {hint for p in patterns if p.group == group for hint in _usable_hints(p) or ("",)}
        any_of = literal("|".join(map(re.escape, sorted(hints))))
        tests.append(f"(by_{group} AND regexp_matches(coalesce(low, text), {any_of}))")
    return " OR ".join(tests or ["false"])


def is_joint(item: tuple[Pattern, bool]) -> bool:
    """Whether a pattern is looked for together with its neighbours."""
    pattern, is_secret = item
    return not is_secret and pattern.group in CHEAP


def joint_step(patterns: Sequence[Pattern]) -> str:
    """SQL that takes what any of these patterns of personal data finds out of every `text`, in one pass:
    the first of them that fits where a match begins counts."""
    groups = sorted({pattern.group for pattern in patterns})
    return (
        f"UPDATE redact_round SET text = {by_whole_matches(patterns)} "
        f"WHERE {' OR '.join(f'by_{group}' for group in groups)}"
    )


def by_whole_matches(patterns: Sequence[Pattern], text: str = "text", doubt: str = "") -> str:
    """SQL of the text with marks for what these patterns of personal data find: of a match, only whether it
    has something before or behind the value matters, and to ask for its groups takes twice as long.

    doubt  what is put behind a match that stays
    """
    stays = f"concat(piece, {literal(doubt)})" if doubt else "piece"
    assert not any(p.lead or p.tail or p.inside for p in patterns), "BUG: these keep parts"
    regex = "|".join(f"(?:{p.before})??(?:{p.value})(?:{p.behind})?" for p in patterns)
    cases = []
    for pattern in patterns:
        mark = _mark(pattern, "piece")
        if pattern.check:
            check = pattern.of(pattern.check, "piece")
            mark = f"CASE WHEN coalesce({check}, false) THEN {mark} ELSE {stays} END"
        cases.append(f"WHEN regexp_full_match(piece, {literal(pattern.value)}) THEN {mark}")
    apart = literal(rf"{EDGE}\0{EDGE}")
    pieces = (
        f"string_split(regexp_replace({text}, {literal(regex)}, {apart}, 'g'), {literal(EDGE)})"
    )
    return (
        f"array_to_string(list_transform({pieces}, lambda piece, number: CASE WHEN number % 2 = 1 THEN piece "
        f"{' '.join(cases)} ELSE {stays} END), '')"
    )


def step(pattern: Pattern, *, is_secret: bool) -> str:
    """SQL that takes what the pattern finds out of every `text`; `low` is the text in lower case."""
    regex = literal(pattern.regex)
    if is_secret and pattern.is_plain:
        mark = literal(rf"\2[secret:{pattern.name}]\4")
        changed = f"regexp_replace(text, {regex}, {mark}, 'g')"
    else:
        changed = _pieced(pattern, is_secret=is_secret)
    return f"UPDATE redact_round SET text = {changed} WHERE {hinted(pattern)} AND regexp_matches(text, {regex})"


def _pieced(pattern: Pattern, *, is_secret: bool) -> str:
    """SQL that takes the text apart at every match, and puts it together with marks for those that
    stand their check."""
    if not (is_secret or pattern.lead or pattern.tail):
        return by_whole_matches([pattern])
    value = "part[3]"
    if pattern.inside:
        marked = rf"\1[secret:{pattern.name}]"
        mark = f"regexp_replace({value}, {literal(pattern.inside)}, {literal(marked)}, 'g')"
    elif is_secret:
        mark = literal(f"[secret:{pattern.name}]")
    else:
        mark = _mark(pattern, value)
    is_apart = "part[1] = ''"
    if pattern.before == MARK_BEGINS:
        is_apart = f"({is_apart} OR NOT regexp_full_match({value}, '[0-9a-f]{{{TOKEN_DIGITS}}}'))"
    tests = [is_apart, "part[5] = ''"]
    tests += [f"({pattern.of(pattern.check, value)})"] if pattern.check else []
    apart = literal(EDGE + INNER_EDGE.join(rf"\{number}" for number in range(1, 6)) + EDGE)
    pieces = f"string_split(regexp_replace(text, {literal(pattern.regex)}, {apart}, 'g'), {literal(EDGE)})"
    return (
        f"array_to_string(list_transform(list_transform({pieces}, lambda piece: "
        f"string_split(piece, {literal(INNER_EDGE)})), lambda part: CASE WHEN len(part) = 1 THEN part[1] "
        f"WHEN coalesce({' AND '.join(tests)}, false) THEN concat(part[2], {mark}, part[4]) "
        "ELSE array_to_string(part, '') END), '')"
    )


def _mark(pattern: Pattern, value: str) -> str:
    """SQL of the mark of a personal datum."""
    kind = literal(pattern.name)
    return f"concat('[', {kind}, ':', clew_token({kind}, {pattern.of(pattern.plain, value)}), ']')"

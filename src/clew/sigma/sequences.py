"""A temporal correlation's expression over rules as alternatives: which must be there, which not.

a and (b or not c)     a and b; a and not c
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clew.sigma.detection import RuleError

MOST_CLAUSES = 64
Clause = tuple[tuple[int, ...], tuple[int, ...]]


def sequences(logic: Any, rules: Sequence[str]) -> list[Clause]:
    """Places of the rules that must be there, in order, and of those that must not, for each
    alternative. Raises RuleError where an alternative asks for no event at all.

    >>> sequences(("and", "a", ("not", "b")), ["a", "b"])
    [((0,), (1,))]
    """
    places = {name: number for number, name in enumerate(rules)}
    clauses = [
        (tuple(sorted(places[name] for name in here)), tuple(sorted(places[n] for n in away)))
        for here, away in _alternatives(logic, negative=False)
    ]
    if any(not here for here, _ in clauses):
        raise RuleError(
            "its condition holds where no event at all is there: name a rule without 'not'.",
            "condition",
        )
    return clauses


def _alternatives(logic: Any, *, negative: bool) -> list[tuple[frozenset[str], frozenset[str]]]:
    none: frozenset[str] = frozenset()
    if isinstance(logic, str):
        one = frozenset([logic])
        return [(none, one)] if negative else [(one, none)]
    word, *parts = logic
    if word == "not":
        return _alternatives(parts[0], negative=not negative)
    found = [_alternatives(part, negative=negative) for part in parts]
    if (word == "or") != negative:
        return [clause for clauses in found for clause in clauses]
    joined = [(none, none)]
    for clauses in found:
        joined = [
            (here | more, away | less)
            for here, away in joined
            for more, less in clauses
            if not (here | more) & (away | less)
        ]
        if len(joined) > MOST_CLAUSES:
            raise RuleError(
                f"its condition stands for more than {MOST_CLAUSES} alternatives.", "condition"
            )
    return joined

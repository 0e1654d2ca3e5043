"""A search for a value that was redacted: it is looked for as its token, too.

user_id:alice@example.com    also user_id:"[email:4f1c09ab22de]"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from clew.query.tree import And, Compare, Not, Or, Query, Search, Value, Word

Tokens = Callable[[Iterable[str]], Mapping[str, str]]
"""Gives values and what they have become; those alone that change."""


def with_tokens(query: Query, tokens: Tokens) -> Query:
    """The same search, which also finds the tokens of its values."""
    found = tokens([value.text for value in _values(query.search)])
    return replace(query, search=_widened(query.search, found)) if found else query


def _values(search: Search) -> Iterator[Value]:
    match search:
        case And() | Or():
            for term in search.terms:
                yield from _values(term)
        case Not():
            yield from _values(search.term)
        case Word() | Compare():
            if search.value.style != "regex" and not search.value.has_wildcard:
                yield search.value


def _widened(search: Search, found: Mapping[str, str]) -> Search:
    match search:
        case And() | Or():
            return replace(search, terms=tuple(_widened(term, found) for term in search.terms))
        case Not():
            return replace(search, term=_widened(search.term, found))
        case Word() | Compare() if search.value.text in found and search.value.style != "regex":
            value = replace(search.value, parts=(found[search.value.text],), style="phrase")
            terms = (search, replace(search, value=value))
            is_unequal = isinstance(search, Compare) and search.operator == "!="
            kind = And if is_unequal else Or
            return kind(terms, position=search.position, length=search.length)
    return search

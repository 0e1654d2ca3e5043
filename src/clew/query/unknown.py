"""Names in a search that no event of the case has: as a rule they are misspelt."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from clew.model.event import BY_NAME
from clew.model.vocabulary import resolve
from clew.query.compile import STANDS_FOR
from clew.query.tree import Query

KNOWN = "SELECT DISTINCT field FROM fields ORDER BY field"
"""SQL of the columns and keys of `attributes` that some event of a case has."""


def unknown_fields(query: Query, known: Collection[str]) -> Iterator[str]:
    """A sentence for each name that stands for nothing, with the nearest one that does.

    >>> from clew.query import parse
    >>> list(unknown_fields(parse("http_statsu:500 service:api"), ["http_status", "service"]))
    ["No event has 'http_statsu'. Did you mean 'http_status'?"]
    """
    for name in sorted(query.columns()):
        told = {name, STANDS_FOR.get(name), resolve(name).otherwise}
        if not any(_is_meant(name, field) for name in told if name for field in known):
            close = difflib.get_close_matches(name, [*known, *BY_NAME], n=1, cutoff=0.7)
            guess = f" Did you mean '{close[0]}'?" if close and close[0] != name else ""
            yield f"No event has '{name}'.{guess}"


def _is_meant(name: str, field: str) -> bool:
    """Whether a key is the name, is inside it or has it inside: headers, headers.host."""
    return name == field or field.startswith(f"{name}.") or name.startswith(f"{field}.")

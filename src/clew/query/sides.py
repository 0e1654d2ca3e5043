"""A search as one side of a comparison: the condition that an event is found by it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.errors import QueryError
from clew.model.views import events
from clew.query.compile import condition
from clew.query.language import parse
from clew.query.scope import Events


def side_of(text: str, *, now: datetime) -> ir.BooleanValue:
    """Whether an event is found by the search. Raises QueryError where it has pipes.

    now  naive and in UTC; what relative times count from
    """
    query = parse(text)
    if query.pipes:
        raise QueryError(
            "A side of a comparison is a search without pipes.", text, text.index("|"), 1
        )
    found = condition(query.search, Events(events, text), now)
    return ibis.literal(True) if found is None else found


def with_sides(options: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """Options of an analysis that compares: without a `column`, before and after are searches."""
    if options.get("column") is not None:
        return options
    return {
        name: side_of(value, now=now)
        if name in ("before", "after") and isinstance(value, str)
        else value
        for name, value in options.items()
    }

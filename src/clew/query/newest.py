"""A search that goes on: what it finds among the events that were stored since it was last asked.

The lines of a source are stored in order, so that the last one of each source marks how far it was seen.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.engines import Engine
from clew.model.views import events
from clew.query.compile import compile
from clew.query.tree import Query

MARKS = "SELECT source_id, max(line) FROM events GROUP BY source_id"


class Newest:
    """The search, and how far it has seen each source. Its query has no pipes."""

    def __init__(self, query: Query) -> None:
        self.query = query
        self._seen: dict[str, int] | None = None
        self._told: set[str] = set()

    def ask(self, engine: Engine, now: datetime, *, first: int) -> list[dict[str, Any]]:
        """New events, oldest first; the first time the last `first` of all, by their time."""
        marks: dict[str, int] = dict(engine.run(MARKS).rows)
        if self._seen is None:
            found = compile(self.query, events, now=now)
            found = found.order_by([found.timestamp.desc(), found.event_id.desc()])
            rows = engine.run(found, limit=first).dicts()[::-1] if first else []
        else:
            grown = {name: line for name, line in marks.items() if self._seen.get(name) != line}
            rows = engine.run(self._since(self._seen, list(grown), now)).dicts() if grown else []
        self._seen = marks
        new = [row for row in rows if row["event_id"] not in self._told]
        self._told = {row["event_id"] for row in rows}  # stored between the two questions
        return new

    def _since(self, seen: dict[str, int], grown: list[str], now: datetime) -> ir.Table:
        """The search over lines behind the marks; of a source without one, over all."""
        is_new = events.source_id.isin([name for name in grown if name not in seen])
        later = [
            (events.source_id == name) & (events.line > seen[name])
            for name in grown
            if name in seen
        ]
        return compile(self.query, events.filter(ibis.or_(is_new, *later)), now=now)

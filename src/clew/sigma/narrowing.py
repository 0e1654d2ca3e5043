"""Of thousands of rules those that may find anything, and the events in which they may.

An event that a rule with texts matches has one of them in it. One look at all events for the texts of all
rules leaves few of either; what it leaves is read once, and kept while the rules are tried.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir

from clew.engines import Engine
from clew.investigation import EVIDENCE_COLUMNS
from clew.sigma.conditions import Condition
from clew.sigma.fields import made_of
from clew.sigma.known import Known
from clew.sigma.literals import Hint
from clew.sigma.scan import SUBJECT
from clew.sigma.taxonomy import MADE

MOST_EVENTS = 1_000_000
"""Events that are kept while rules are tried."""
MOST_VALUES = 20_000
"""Different values that are read, to look for the texts of each rule in them."""
NEEDED = {*EVIDENCE_COLUMNS, *SUBJECT, "source_format", "url_path", "url_query"}


def candidates(events: ir.Table, conditions: Sequence[Condition], known: Known) -> ir.Table:
    """The events that have a text of one of the conditions, with the columns that the case has."""
    names = [name for name in events.columns if name in known.columns or name in NEEDED]
    if known.attributes:
        names.append("attributes")
    made = {name: made_of(events, name) for name in MADE}
    few = events.filter(_texts(conditions).condition().fill_null(False))
    return few.select(*names, **made)


def are_few(engine: Engine, events: ir.Table, few: ir.Table) -> bool:
    """Whether what was left is little enough to be kept."""
    return _count(engine, events) <= MOST_EVENTS or _count(engine, few) <= MOST_EVENTS


def promising(engine: Engine, few: ir.Table, conditions: Sequence[Condition]) -> list[bool]:
    """For each condition, whether any event has one of its texts; True where it was not looked."""
    read: dict[object, str | None] = {}
    for key, value in _texts(conditions).values.items():
        asked = few.select(low=value.lower()).distinct()
        rows = engine.run(asked, limit=MOST_VALUES + 1).rows
        told = "\n".join(row[0] for row in rows if row[0] is not None)
        read[key] = told if len(rows) <= MOST_VALUES else None
    return [_has_text(one.hint or Hint(), read) for one in conditions]


def _has_text(hint: Hint, read: dict[object, str | None]) -> bool:
    return any(
        (said := read[key]) is None or any(text in said for text in texts)
        for key, texts in hint.texts.items()
    )


def _texts(conditions: Sequence[Condition]) -> Hint:
    texts = Hint()
    for one in conditions:
        texts.with_other(one.hint or Hint())
    return texts


def _count(engine: Engine, t: ir.Table) -> int:
    return int(engine.run(t.aggregate(n=t.count())).rows[0][0])

"""Tables that follow from the events of a ClickHouse case, made anew when the events have changed.

Each is a table of the case; its comment says which state of the events it was made of, and for scores
of prompts by which features: those that were made by the same are kept, and only new prompts are scored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import ibis
import ibis.expr.types as ir
import numpy as np

from clew.correlation import calls_once, span_tree
from clew.engines._clickhouse_sql import compile_tree, taken_apart
from clew.model.views import events
from clew.prompts import scores

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

STATE_OF_EVENTS = (
    "SELECT hex(sipHash128(groupArray(hash_of_all_files))) FROM (SELECT hash_of_all_files "
    "FROM system.parts WHERE active AND database = currentDatabase() AND table = 'events' "
    "ORDER BY name)"
)
STATE_OF_TABLE = (
    "SELECT any(comment) FROM system.tables WHERE database = currentDatabase() AND name = '{name}'"
)
KINDS = {"int64": "Int64", "float64": "Float64"}


def refresh(client: Client, names: Iterable[str]) -> None:
    """Makes those of these derived tables whose events have changed."""
    state = str(client.command(STATE_OF_EVENTS))
    for name in names:
        comment = f"{state} {MARKS.get(name, '')}".strip()
        if client.command(STATE_OF_TABLE.format(name=name)) != comment:
            _make(_Session(client), name, comment)


class _Session:
    """One session of the connection, and the temporary tables that live in it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.settings: dict[str, Any] = {"session_id": uuid4().hex}
        self._tables: list[str] = []

    def command(self, statement: str) -> None:
        self.client.command(statement, settings=self.settings)

    def keep(self, name: str, definition: str) -> None:
        """Makes a temporary table: `AS SELECT ...`, or its columns in parentheses."""
        self._tables.append(name)
        self.command(f"CREATE TEMPORARY TABLE {name} {definition}")

    def drop(self) -> None:
        """In process, all sessions are one."""
        for name in self._tables:
            self.command(f"DROP TEMPORARY TABLE IF EXISTS {name}")


def _make(session: _Session, name: str, comment: str) -> None:
    """One derived table of the events as they are."""
    try:
        select = MAKERS[name](session)
        session.command(
            f"CREATE OR REPLACE TABLE {name} ENGINE = MergeTree ORDER BY tuple() "
            f"COMMENT '{comment}' AS {select}"
        )
    finally:
        session.drop()


def _span_tree(session: _Session) -> str:
    rows, arrays, finished, kinds = _span_questions()
    session.keep("span_rows", f"AS {rows}")
    found = session.client.query(arrays, settings=session.settings, column_oriented=True)
    values = found.result_columns or [[]] * len(kinds)  # none where no row is
    placed = span_tree.places_of(
        {
            name: np.array(value, dtype=kind)
            for (name, kind), value in zip(kinds.items(), values, strict=True)
        }
    )
    shape = ", ".join(f"{name} {KINDS[kind]}" for name, kind in span_tree.COLUMNS.items())
    session.keep("span_places", f"({shape})")
    if len(placed["n"]):
        session.client.insert(
            "span_places",
            [placed[name].tolist() for name in span_tree.COLUMNS],
            list(span_tree.COLUMNS),
            column_type_names=[KINDS[kind] for kind in span_tree.COLUMNS.values()],
            column_oriented=True,
            settings=session.settings,
        )
    return finished


@cache
def _span_questions() -> tuple[str, str, str, dict[str, Any]]:
    """SQL of the rows, of their arrays and of the tree, and the arrays' types; the same for all states of the
    events, and longer to compile than to ask of few spans."""
    rows, arrays, finished = span_tree.questions(events)
    kinds = {name: kind.to_numpy() for name, kind in arrays.schema().items()}
    return _sql(rows), _sql(arrays), _sql(finished), kinds


def _call_copies(session: _Session) -> str:
    parts, select = _copies()
    for name, part in parts:
        session.keep(name, f"AS {part}")
    return select


@cache
def _copies() -> tuple[list[tuple[str, str]], str]:
    """The same for all states of the events. As one SELECT it takes a second to plan."""
    return taken_apart(compile_tree(calls_once.copies(events)))


def _prompt_signs(session: _Session) -> str:
    """The scores that are known by the same features, and those of new prompts. These are gathered first: what is
    asked of them is long, and takes as long again to plan over the view of all columns."""
    told = str(session.client.command(STATE_OF_TABLE.format(name="prompt_signs")))
    is_known_kept = told.endswith(scores.MARK)
    new = scores.unscored(events, scores.prompt_signs if is_known_kept else None)
    session.keep("new_prompts", f"AS {_sql(new)}")
    if not is_known_kept:
        return _signs()
    kept = "SELECT * FROM prompt_signs WHERE prompt IN (SELECT prompt FROM events)"
    return f"{kept} UNION ALL SELECT * FROM ({_signs()})"


@cache
def _signs() -> str:
    """SQL of the scores of new prompts; it takes as long to compile as to ask."""
    new = ibis.table({"prompt": "string"}, name="new_prompts")
    return _sql(scores.scored(new, "prompt"))


def _sql(expression: ir.Table) -> str:
    return compile_tree(expression).sql("clickhouse", copy=False)


MAKERS: dict[str, Callable[[_Session], str]] = {
    "span_tree": _span_tree,
    "call_copies": _call_copies,
    "prompt_signs": _prompt_signs,
}
"""Table to what prepares it and gives its SELECT."""

MARKS = {"prompt_signs": scores.MARK}
"""What a table was made with, beside the events."""

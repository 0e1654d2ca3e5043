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
from clew.engines._clickhouse_sql import compile_tree
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
Settings = dict[str, Any]
Compile = Callable[[ir.Table], str]


def refresh(client: Client, compiled: Compile, names: Iterable[str], settings: Settings) -> None:
    """Makes those of these derived tables whose events have changed."""
    state = str(client.command(STATE_OF_EVENTS))
    for name in names:
        comment = f"{state} {MARKS.get(name, '')}".strip()
        if client.command(STATE_OF_TABLE.format(name=name)) != comment:
            _make(client, compiled, name, comment, {**settings, "session_id": uuid4().hex})


def _make(client: Client, compiled: Compile, name: str, comment: str, settings: Settings) -> None:
    """One derived table of the events as they are; temporary tables live in a session."""
    try:
        select = MAKERS[name](client, compiled, settings)
        client.command(
            f"CREATE OR REPLACE TABLE {name} ENGINE = MergeTree ORDER BY tuple() "
            f"COMMENT '{comment}' AS {select}",
            settings=settings,
        )
    finally:  # in process, all sessions are one
        for left in ("span_rows", "span_places", "new_prompts"):
            client.command(f"DROP TEMPORARY TABLE IF EXISTS {left}", settings=settings)


def _span_tree(client: Client, compiled: Compile, settings: Settings) -> str:
    rows = span_tree.rows(events)
    client.command(f"CREATE TEMPORARY TABLE span_rows AS {compiled(rows)}", settings=settings)
    t = ibis.table(rows.schema(), name="span_rows")
    columns = span_tree.arrays_of(t, span_tree.links(t))
    found = client.query(compiled(columns), settings=settings, column_oriented=True)
    values = found.result_columns or [[]] * len(columns.columns)  # none where no row is
    placed = span_tree.places_of(
        {
            name: np.array(value, dtype=columns.schema()[name].to_numpy())
            for name, value in zip(columns.columns, values, strict=True)
        }
    )
    shape = ", ".join(f"{name} {KINDS[kind]}" for name, kind in span_tree.COLUMNS.items())
    client.command(f"CREATE TEMPORARY TABLE span_places ({shape})", settings=settings)
    if len(placed["n"]):
        client.insert(
            "span_places",
            [placed[name].tolist() for name in span_tree.COLUMNS],
            list(span_tree.COLUMNS),
            column_type_names=[KINDS[kind] for kind in span_tree.COLUMNS.values()],
            column_oriented=True,
            settings=settings,
        )
    return compiled(span_tree.finished(t, ibis.table(span_tree.COLUMNS, name="span_places")))


def _call_copies(client: Client, compiled: Compile, settings: Settings) -> str:
    return compiled(calls_once.copies(events))


def _prompt_signs(client: Client, compiled: Compile, settings: Settings) -> str:
    """The scores that are known by the same features, and those of new prompts. These are gathered first: what is
    asked of them is long, and takes as long again to plan over the view of all columns."""
    told = str(client.command(STATE_OF_TABLE.format(name="prompt_signs")))
    is_known_kept = told.endswith(scores.MARK)
    new = scores.unscored(events, scores.prompt_signs if is_known_kept else None)
    client.command(f"CREATE TEMPORARY TABLE new_prompts AS {compiled(new)}", settings=settings)
    if not is_known_kept:
        return _signs()
    kept = "SELECT * FROM prompt_signs WHERE prompt IN (SELECT prompt FROM events)"
    return f"{kept} UNION ALL SELECT * FROM ({_signs()})"


@cache
def _signs() -> str:
    """SQL of the scores of new prompts; it takes as long to compile as to ask."""
    new = ibis.table({"prompt": "string"}, name="new_prompts")
    return compile_tree(scores.scored(new, "prompt")).sql("clickhouse")


MAKERS: dict[str, Callable[[Client, Compile, Settings], str]] = {
    "span_tree": _span_tree,
    "call_copies": _call_copies,
    "prompt_signs": _prompt_signs,
}
"""Table to what prepares it and gives its SELECT."""

MARKS = {"prompt_signs": scores.MARK}
"""What a table was made with, beside the events."""

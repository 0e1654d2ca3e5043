"""A column that follows from others, written into a ClickHouse case.

A mutation rewrites the one column: its values stand in a table that answers by key. Who filled the column
stands in its comment. Values that were there before the first filling are a source's own; since rows do not
say whose a value is, another maker then fills only what has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from clew.errors import ConfigError
from clew.model.fill import FILLED, Fill

if TYPE_CHECKING:
    from clew.engines.clickhouse import ClickHouseEngine

WAIT = "SETTINGS mutations_sync = 1"
BESIDE = "beside those of sources; "


def fill_column(engine: ClickHouseEngine, fill: Fill) -> int:
    """Fills the column where it is NULL; gives how many rows."""
    column, by = fill.column, fill.by
    if column not in FILLED or by not in ("prompt", "event_id"):
        raise ConfigError(f"'{column}' by '{by}' is no column that is filled after the ingest.")
    _begin(engine, column, fill.maker.replace("'", ""))
    database = engine.run("SELECT currentDatabase()").rows[0][0]  # a mutation runs in none
    name = f"{database}.clew_filled_{uuid4().hex}"
    engine.command(f"CREATE TABLE {name} (key String, value Float64) ENGINE = Join(ANY, LEFT, key)")
    try:
        sql = engine.compile(fill.values)
        engine.derive(sql)
        engine.command(
            f"INSERT INTO {name} SELECT assumeNotNull({by}), assumeNotNull(value) FROM "
            f"({sql}) WHERE {by} IS NOT NULL AND value IS NOT NULL"
        )
        where = f"{column} IS NULL AND {by} IN (SELECT key FROM {name})"
        found = int(engine.run(f"SELECT count(*) FROM events WHERE {where}").rows[0][0])
        if found:
            value = f"joinGet('{name}', 'value', assumeNotNull({by}))"
            engine.command(f"ALTER TABLE events UPDATE {column} = {value} WHERE {where} {WAIT}")
        return found
    finally:
        engine.command(f"DROP TABLE {name}")


def _begin(engine: ClickHouseEngine, column: str, maker: str) -> None:
    """Empties what another maker has filled."""
    said = engine.run(
        "SELECT comment FROM system.columns WHERE database = currentDatabase() AND table = 'events' "
        f"AND name = '{column}'"
    ).rows[0][0]
    if said.removeprefix(BESIDE) == maker:
        return
    has_some = engine.run(f"SELECT 1 FROM events WHERE {column} IS NOT NULL LIMIT 1").rows
    is_beside = said.startswith(BESIDE) or (not said and bool(has_some))
    if has_some and not is_beside:
        engine.command(
            f"ALTER TABLE events UPDATE {column} = NULL WHERE {column} IS NOT NULL {WAIT}"
        )
    engine.command(
        f"ALTER TABLE events COMMENT COLUMN {column} '{BESIDE if is_beside else ''}{maker}'"
    )

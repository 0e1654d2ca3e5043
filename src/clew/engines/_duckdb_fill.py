"""A column that follows from others, written into a DuckDB case after the ingest.

Blocks whose source brought the column are left as they are: their digests cover it. Who filled a column
stands in its comment, so that another maker's values are worked out anew, and one maker only looks at rows
that have none yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clew.errors import ConfigError
from clew.model.fill import FILLED

if TYPE_CHECKING:
    from clew.engines.duckdb import DuckDBEngine

BROUGHT = """
 AND NOT EXISTS (SELECT 1 FROM blocks AS b WHERE list_contains(string_split(b.columns, ','), '{column}')
     AND b.source_id = e.source_id AND b.source_format = e.source_format
     AND e.byte_offset BETWEEN b.first_byte AND b.last_byte)"""
KEYS = {
    "prompt": "e.prompt",
    "event_id": "left(md5(concat(e.root_id, ':', e.byte_offset, ':', e.part)), 16)",
}


def fill_column(engine: DuckDBEngine, column: str, by: str, sql: str, maker: str) -> int:
    """Fills `column` with `value` of this SELECT, by `by`, where it is NULL; gives how many rows."""
    if column not in FILLED or by not in KEYS:
        raise ConfigError(f"'{column}' by '{by}' is no column that is filled after the ingest.")
    execute = engine.workbench.execute
    kinds = [statement.type.name for statement in engine.workbench.extract_statements(sql)]
    if kinds != ["SELECT"]:
        raise ConfigError("A column is filled by one SELECT.")
    if by not in (stored := engine.stored()) and by != "event_id":
        return 0
    if _is_read_only(engine):
        return 0
    brought = (
        f"SELECT 1 FROM blocks WHERE list_contains(string_split(columns, ','), '{column}') LIMIT 1"
    )
    spared = BROUGHT.format(column=column) if engine.run(brought).rows else ""
    if column not in stored or _maker(engine, column) != maker:
        with engine.transaction():
            engine.add_columns([column])
            execute(
                f"UPDATE event_rows AS e SET {column} = NULL WHERE {column} IS NOT NULL{spared}"
            )
            execute(f"COMMENT ON COLUMN event_rows.{column} IS '{maker.replace(chr(39), '')}'")
    engine.derived.show(sql, engine.workbench, engine.workbench)
    execute(f"CREATE OR REPLACE TEMP TABLE clew_filled AS SELECT {by} AS key, value FROM ({sql})")
    try:
        if not execute("SELECT count(*) FROM clew_filled").fetchall()[0][0]:
            return 0
        with engine.transaction():
            changed = execute(
                f"UPDATE event_rows AS e SET {column} = f.value FROM clew_filled AS f "
                f"WHERE {KEYS[by]} = f.key AND e.{column} IS NULL AND f.value IS NOT NULL{spared}"
            ).fetchall()
        return int(changed[0][0])
    finally:
        execute("DROP TABLE IF EXISTS clew_filled")


def _maker(engine: DuckDBEngine, column: str) -> str:
    rows = engine.workbench.execute(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'event_rows' AND column_name = ? "
        "AND database_name = current_database()",
        [column],
    ).fetchall()
    return str(rows[0][0]) if rows else ""


def _is_read_only(engine: DuckDBEngine) -> bool:
    rows = engine.workbench.execute(
        "SELECT readonly FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    return bool(rows[0][0])

"""How sources get into a case on ClickHouse: out of a DuckDB case that has read them.

The rows of some whole sources become files of Parquet, which go into a table beside `events` and join it
at one stroke; their rejects follow, and their rows of the ledger last: a source that has none there is not
in the case, and what is left of it is taken away before it is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

from clew.engines._clickhouse_tables import LEDGER
from clew.engines.clickhouse import ClickHouseEngine
from clew.engines.duckdb import EVENT_ID, DuckDBEngine
from clew.errors import EngineError
from clew.model.event import BY_NAME

ROWS_A_FILE = 500_000
"""A server holds a file of Parquet in memory to read it."""
SOURCES = tuple(LEDGER["sources"])
OPEN_ENDS = (
    "SELECT source_id, line, byte_offset, reason, text FROM rejects WHERE (source_id, line) IN "
    "(SELECT source_id, first_line + lines - 1 FROM sources)"
)
"""Last lines that could not be read: a source that has grown may have ended them."""


def seed(local: DuckDBEngine, remote: ClickHouseEngine) -> None:
    """Tells an empty DuckDB case what the other knows of its sources, so that it can go on from there."""
    _copied(local, "sources", remote.run(f"SELECT {', '.join(SOURCES)} FROM sources").rows)
    _copied(local, "rejects", remote.run(OPEN_ENDS).rows)


def send(local: DuckDBEngine, remote: ClickHouseEngine, folder: Path) -> None:
    """Sends the sources that the other case has not, whole and in the order of the chain; their rows are then
    gone from the DuckDB case.

    Raises EngineError where another ingest has added sources since `seed`.
    """
    ids = _new_sources(local, remote)
    if not ids:
        return
    for table in ("events", "rejects"):
        if remote.run(f"SELECT 1 FROM {table} WHERE source_id IN ({ids}) LIMIT 1").rows:
            remote.command(f"DELETE FROM {table} WHERE source_id IN ({ids})")
    _send_events(local, remote, folder)
    for table in ("rejects", "sources"):
        names = tuple(LEDGER[table])
        _send(local, remote, table, names, f"FROM {table} WHERE source_id IN ({ids})", folder)
    local.workbench.execute("DELETE FROM event_rows")


def _new_sources(local: DuckDBEngine, remote: ClickHouseEngine) -> str:
    """Ids of the sources behind the other's last link, as SQL; two ingests at once would make two chains."""
    last = remote.run("SELECT position, chain FROM sources ORDER BY position DESC LIMIT 1").rows
    position, chain = last[0] if last else (-1, "")
    known = local.run(f"SELECT chain FROM sources WHERE position = {position}").rows
    if last and known != [(chain,)]:
        raise EngineError(
            "Another ingest has added sources to this case meanwhile; nothing of the sources at hand "
            "was stored. Run the command again."
        )
    new = local.run(f"SELECT source_id FROM sources WHERE position > {position} ORDER BY position")
    return ", ".join(f"'{source_id}'" for (source_id,) in new.rows)


def _send_events(local: DuckDBEngine, remote: ClickHouseEngine, folder: Path) -> None:
    stored = [name for name in local.stored() if name in BY_NAME]
    values = [f"{EVENT_ID} AS event_id", *(f'"{name}"' for name in stored)]
    values.append("attributes::JSON::VARCHAR AS attributes")
    names = ["event_id", *stored, "attributes"]
    (first, last), *_ = local.run("SELECT min(rowid), max(rowid) FROM event_rows").rows
    if first is None:
        return
    beside = f"events_{uuid4().hex}"
    remote.command(f"CREATE TABLE {beside} AS events")
    try:
        for start in range(first, last + 1, ROWS_A_FILE):
            rows = f"FROM event_rows WHERE rowid BETWEEN {start} AND {start + ROWS_A_FILE - 1}"
            _send(local, remote, beside, names, rows, folder, values)
        remote.command(f"ALTER TABLE events ATTACH PARTITION tuple() FROM {beside}")
    finally:
        remote.command(f"DROP TABLE {beside}")


def _send(
    local: DuckDBEngine,
    remote: ClickHouseEngine,
    table: str,
    names: Iterable[str],
    rows: str,
    folder: Path,
    values: Iterable[str] = (),
) -> None:
    """The rows of a FROM clause into a table of the other case.

    values  SQL of the columns, where they are not just named
    """
    names = list(names)
    path = folder / "rows.parquet"
    local.workbench.execute(
        f"COPY (SELECT {', '.join(values or names)} {rows}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
    )
    with path.open("rb") as file:
        remote.take(table, names, file)
    path.unlink()


def _copied(local: DuckDBEngine, table: str, rows: list[tuple[Any, ...]]) -> None:
    names = tuple(LEDGER[table])
    if rows:
        places = ", ".join("?" * len(names))
        local.workbench.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})",
            [list(row) for row in rows],
        )

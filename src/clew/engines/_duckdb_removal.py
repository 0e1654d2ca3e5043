"""Rows of a DuckDB case removed for good, or emptied of what people wrote, with a trace in the chain.

A removal first proves that the blocks it touches are as they were ingested, then writes all rows but
those anew, gives the blocks new digests, and adds a row to `removals`, a link of the same chain as the
sources' own. Then the file itself is written over where the old rows stood.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from clew import __version__
from clew.engines._duckdb_chain import last_link, note_link, removal_link
from clew.engines._duckdb_digest import Batches, block_digest, row_check
from clew.engines._duckdb_verify import altered, block_rows
from clew.engines.duckdb import DuckDBEngine
from clew.errors import EngineError, EvidenceError
from clew.model.ledger import Removal
from clew.model.redaction import CONTENT
from clew.redact._pattern import literal
from clew.redact.prompts import is_content_key

FILL_CHARACTERS = 4_000
PATIENCE_S = 30.0
"""How long readers may keep the old rows in the file."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows go.

    where      SQL over `event_rows` that holds of them
    command    what the trace says: the command, without the value that was looked for
    values     texts that name the person: what else holds one of them loses it
    before     rows before this time go: so do old findings
    is_emptied whether only what people wrote goes, and the rows stay
    """

    where: str
    command: str
    values: tuple[str, ...] = ()
    before: datetime | None = None
    is_emptied: bool = False


def remove(engine: DuckDBEngine, chosen: Chosen, now: datetime) -> list[Removal]:
    """Removes the rows, one trace a source; what is gone is gone from the file, too."""
    with engine.transaction():
        removals = _remove(engine, chosen, now)
        _remove_copies(engine, chosen)
    scrub(engine.workbench)
    return removals


def _remove(engine: DuckDBEngine, chosen: Chosen, now: datetime) -> list[Removal]:
    execute = engine.workbench.execute
    where = f"coalesce({chosen.where}, false)"
    emptied = _emptied(engine) if chosen.is_emptied else {}
    if chosen.is_emptied:
        where = f"({where} AND ({' OR '.join(has for has, _ in emptied.values()) or 'false'}))"
    sources = {row["source_id"]: row for row in engine.run("SELECT * FROM sources").dicts()}
    counted = execute(
        f"SELECT source_id, count(*) FROM event_rows WHERE {where} GROUP BY source_id ORDER BY 1"
    ).fetchall()
    counts = {source_id: rows for source_id, rows in counted if source_id in sources}
    if not counts:
        return []
    touched = {source_id: _touched(engine, source_id, where) for source_id in counts}
    for source_id, blocks in touched.items():
        for block in blocks:
            if sentence := altered(engine, sources[source_id], block):
                raise EvidenceError(f"{sentence} Nothing was removed: 'clew verify' says more.")
    where = f"(source_id IN ({', '.join(map(literal, counts))}) AND {where})"
    if chosen.is_emptied:
        new = ", ".join(
            f'CASE WHEN {where} THEN {value} ELSE "{name}" END AS "{name}"'
            for name, (_, value) in emptied.items()
        )
        left = f"SELECT * REPLACE ({new}) FROM event_rows"
    else:
        left = f"SELECT * FROM event_rows WHERE NOT {where}"
    execute(f"CREATE OR REPLACE TABLE event_rows AS {left}").fetchall()
    removals = []
    for source_id, rows in counts.items():
        for block in touched[source_id]:
            _renew(engine, source_id, block)
        removals.append(_trace(engine, sources[source_id], chosen, rows, now))
    return removals


def _touched(engine: DuckDBEngine, source_id: str, where: str) -> list[dict[str, Any]]:
    """The blocks of a source that hold a chosen row."""
    return engine.run(
        "SELECT b.* FROM blocks AS b SEMI JOIN (SELECT source_format, byte_offset FROM event_rows "
        f"WHERE source_id = {literal(source_id)} AND {where}) AS r ON b.source_format = r.source_format "
        "AND r.byte_offset BETWEEN b.first_byte AND b.last_byte "
        f"WHERE b.source_id = {literal(source_id)} ORDER BY b.block"
    ).dicts()


def _emptied(engine: DuckDBEngine) -> dict[str, tuple[str, str]]:
    """Column to SQL of whether it holds what people wrote, and of the column without it."""
    stored = engine.stored()
    found = {name: (f'"{name}" IS NOT NULL', "NULL") for name in CONTENT if name in stored}
    if "message" in stored and "event_name" in stored:
        found["message"] = ("(event_name LIKE 'gen_ai.%' AND message IS NOT NULL)",
                            "CASE WHEN event_name LIKE 'gen_ai.%' THEN NULL ELSE message END")  # fmt: skip
    keys = engine.run("SELECT DISTINCT field FROM fields WHERE is_attribute ORDER BY field").rows
    if own := [key for (key,) in keys if is_content_key(key)]:
        listed = f"[{', '.join(map(literal, own))}]"
        has = f"list_has_any(coalesce(variant_keys(attributes), []), {listed})"
        patch = literal(json.dumps(dict.fromkeys(own)))
        merged = f"json_merge_patch(attributes::JSON, {patch}::JSON)::VARCHAR"
        new = f"CASE WHEN {has} THEN nullif({merged}, '{{}}')::JSON::VARIANT ELSE attributes END"
        found["attributes"] = (has, new)
    return found


def _renew(engine: DuckDBEngine, source_id: str, block: dict[str, Any]) -> None:
    """Gives a block the digest and the checks of the rows that are left of it."""
    given = block["columns"].split(",")
    rows = block_rows(engine, source_id, block)
    sql = f"SELECT *, {row_check(given)} AS row_check FROM ({rows})"
    batches = Batches.of(engine.workbench, sql)
    parts = batches.columns().get("row_check", [])
    checks = b"".join(bytes(part.buffer(1))[: 4 * part.length] for part in parts)
    engine.workbench.execute(
        "UPDATE blocks SET digest = ?, events = ?, row_checks = ?, duckdb_version = ? "
        "WHERE source_id = ? AND block = ?",
        [block_digest(batches), len(batches), checks, duckdb.__version__, source_id, block["block"]],
    ).fetchall()  # fmt: skip


def _trace(
    engine: DuckDBEngine, source: dict[str, Any], chosen: Chosen, rows: int, now: datetime
) -> Removal:
    """Writes a row of `removals` and its link of the chain."""
    execute = engine.workbench.execute
    digests = execute(
        "SELECT digest FROM blocks WHERE source_id = ? ORDER BY block", [source["source_id"]]
    ).fetchall()
    before, position = last_link(engine.workbench)
    row = {
        "source_id": source["source_id"],
        "uri": source["uri"],
        "removed_at": now,
        "command": chosen.command,
        "removed": 0 if chosen.is_emptied else rows,
        "emptied": rows if chosen.is_emptied else 0,
        "digest": hashlib.sha256("".join(digest for (digest,) in digests).encode()).hexdigest(),
        "clew_version": __version__,
        "position": position + 1,
    }
    row["chain"] = removal_link(before, row)
    execute(
        f"INSERT INTO removals ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
        list(row.values()),
    ).fetchall()
    note_link(engine.workbench, row)
    return Removal(
        source["source_id"], source["uri"], now, chosen.command, row["removed"], row["emptied"]
    )


def _remove_copies(engine: DuckDBEngine, chosen: Chosen) -> None:
    """What else holds copies of such rows: texts of rejects, stored findings, questions that were asked."""
    execute = engine.workbench.execute
    tables = {name for (name,) in engine.run("SELECT table_name FROM duckdb_tables()").rows}
    for value in chosen.values:
        execute("UPDATE rejects SET text = NULL WHERE contains(text, ?)", [value]).fetchall()
        execute("DELETE FROM findings WHERE contains(finding, ?)", [value]).fetchall()
        if "audit" in tables:
            sql = "UPDATE audit SET what = replace(what, ?, '[forgotten]') WHERE contains(what, ?)"
            execute(sql, [value, value]).fetchall()
    if chosen.before is not None:
        execute(
            "UPDATE rejects SET text = NULL WHERE text IS NOT NULL AND source_id IN "
            "(SELECT source_id FROM sources WHERE coalesce(last_event, ingested_at) < ?)",
            [chosen.before],
        ).fetchall()
        execute("DELETE FROM findings WHERE found_at < ?", [chosen.before]).fetchall()


def scrub(connection: duckdb.DuckDBPyConnection) -> None:
    """Writes over the parts of the file that hold no rows any more: DuckDB only notes them as free."""
    _checkpoint(connection)
    free, size = connection.execute(
        "SELECT free_blocks, block_size FROM pragma_database_size() "
        "WHERE database_name = current_database()"
    ).fetchall()[0]
    if not free:
        return
    rows = (free + 2) * size // FILL_CHARACTERS
    connection.execute("SET force_compression = 'uncompressed'")
    try:
        connection.execute(
            f"CREATE TABLE clew_fill AS SELECT repeat(chr(65 + (range % 26)::INTEGER), {FILL_CHARACTERS}) AS fill "
            f"FROM range({rows})"
        ).fetchall()
        _checkpoint(connection)
    finally:
        connection.execute("SET force_compression = 'auto'")
        connection.execute("DROP TABLE IF EXISTS clew_fill").fetchall()
        _checkpoint(connection)


def _checkpoint(connection: duckdb.DuckDBPyConnection) -> None:
    """Moves everything into the file, once nobody reads what was before. Raises EngineError."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("CHECKPOINT").fetchall()
            return
        except duckdb.TransactionException as error:
            if time.monotonic() > until:
                raise EngineError(
                    "The rows are removed, but other questions keep the file from being written "
                    "over: 'clew retain' or 'clew forget' again, once they are done, does it."
                ) from error
            time.sleep(0.2)

"""Whether the rows of a DuckDB case are those that were ingested: every digest and the chain, again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np

from clew.engines._duckdb_digest import ROW_COLUMNS, Batches, block_digest, row_check
from clew.engines._duckdb_ledger import CHAINED, chain
from clew.engines.duckdb import SQL_TYPES, DuckDBEngine
from clew.model.event import BY_NAME
from clew.model.fill import FILLED
from clew.model.ledger import Verification

OPEN_SEGMENTS = "SELECT source_id, uri FROM open_segments ORDER BY source_id"
"""What arrives at a live server is a source whose row in the ledger, and whose link of the chain, is
written when it ends; until then its blocks are checked alone."""


def verify(engine: DuckDBEngine) -> Verification:
    """Recomputes every digest and the chain; names the first row that is not as it was ingested."""
    wrong: list[str] = []
    before, rows = "", 0
    sources = engine.run(f"SELECT {', '.join(CHAINED)}, chain FROM sources ORDER BY position")
    for source in sources.dicts():
        if chain(before, source) != source["chain"]:
            wrong.append(
                f"{source['uri']}: its row in the ledger was altered, or a source before it "
                "was removed."
            )
        before = source["chain"]
        digests = []
        for block in _blocks(engine, source["source_id"]):
            digests.append(block["digest"])
            rows += block["events"]
            if sentence := _altered(engine, source, block):
                wrong.append(sentence)
                break
        else:
            if hashlib.sha256("".join(digests).encode()).hexdigest() != source["digest"]:
                wrong.append(f"{source['uri']}: the digests of its blocks were altered.")
    is_live = _has_open_segments(engine)
    arriving = engine.run(OPEN_SEGMENTS).dicts() if is_live else []
    for source in arriving:
        for block in _blocks(engine, source["source_id"]):
            rows += block["events"]
            if sentence := _altered(engine, source, block):
                wrong.append(sentence)
                break
    wrong += _strangers(engine, is_live=is_live)
    if wrong:
        return Verification(False, tuple(wrong))
    still = f", {len(arriving):,} of them still arriving," if arriving else ""
    count = len(sources.rows) + len(arriving)
    said = f"{rows:,} events of {count:,} sources{still} are as they were ingested."
    return Verification(True, (said,))


def _has_open_segments(engine: DuckDBEngine) -> bool:
    """Whether a live server has written this case."""
    sql = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'open_segments'"
    return bool(engine.run(sql).rows[0][0])


def _blocks(engine: DuckDBEngine, source_id: str) -> Iterator[dict[str, Any]]:
    yield from engine.run(
        f"SELECT * FROM blocks WHERE source_id = '{source_id}' ORDER BY block"
    ).dicts()


def _altered(engine: DuckDBEngine, source: dict[str, Any], block: dict[str, Any]) -> str:
    """One sentence that names the first altered row of a block; "" where the block is whole."""
    stored = engine.stored()
    given = block["columns"].split(",")
    columns = [
        f'"{name}"' if name in stored else f'NULL::{SQL_TYPES[BY_NAME[name].kind]} AS "{name}"'
        for name in ROW_COLUMNS
        if name in given or (name in stored and name not in FILLED)
    ]
    rows = (
        f"SELECT {', '.join(columns)}, attributes::JSON::VARCHAR AS attributes FROM event_rows "
        f"WHERE source_id = '{source['source_id']}' AND source_format = '{block['source_format']}' "
        f"AND byte_offset BETWEEN {block['first_byte']} AND {block['last_byte']} "
        "ORDER BY byte_offset, part"
    )
    if block_digest(Batches.of(engine.workbench, rows)) == block["digest"]:
        return ""
    if block["duckdb_version"] != duckdb.__version__:
        return (
            f"{source['uri']}: a row between byte {block['first_byte']:,} and byte "
            f"{block['last_byte']:,} is not as it was ingested; DuckDB {block['duckdb_version']}, "
            "which stored it, can name the row."
        )
    expected = np.frombuffer(block["row_checks"], np.uint32).tolist()
    check = row_check(given)
    checked = engine.run(f"SELECT line, byte_offset, {check} FROM ({rows})").rows
    for place, (line, byte_offset, found) in enumerate(checked):
        if place >= len(expected) or found != expected[place]:
            return _first_altered(source, line, byte_offset)
    if len(checked) < len(expected):
        return (
            f"{source['uri']}: {len(expected) - len(checked):,} events were removed after byte "
            f"{checked[-1][1] if checked else block['first_byte']:,}."
        )
    absent = [name for name in stored if name not in given and name not in FILLED]
    filled = " OR ".join(f"{name} IS NOT NULL" for name in absent) or "false"
    strange = engine.run(f"SELECT line, byte_offset FROM ({rows}) WHERE {filled} LIMIT 1").rows
    if strange:
        return _first_altered(source, *strange[0])
    return (
        f"{source['uri']}: the digest of the block from byte {block['first_byte']:,} to byte "
        f"{block['last_byte']:,} was altered."
    )


def _first_altered(source: dict[str, Any], line: int, byte_offset: int) -> str:
    return (
        f"{source['uri']}: line {line} (byte {byte_offset:,}) is not as it was ingested; "
        "it is the first altered row of this source."
    )


def _strangers(engine: DuckDBEngine, *, is_live: bool) -> list[str]:
    """Rows that no source accounts for."""
    known = "SELECT source_id, uri, events FROM sources"
    if is_live:
        known += " UNION ALL SELECT source_id, uri, events FROM open_segments"
    counted = engine.run(
        "SELECT coalesce(s.uri, e.source_id), e.n, coalesce(s.events, 0) FROM "
        "(SELECT source_id, count(*) AS n FROM event_rows GROUP BY source_id) e "
        f"LEFT JOIN ({known}) s USING (source_id) WHERE e.n > coalesce(s.events, 0) ORDER BY 1"
    ).rows
    return [
        f"{uri}: {n - events:,} events were added that were not ingested."
        for uri, n, events in counted
    ]

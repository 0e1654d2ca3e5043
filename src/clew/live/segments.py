"""A spool segment as a source of the ledger: blocks as they arrive, its row when it is closed.

While a segment is open, the table `open_segments` says how far it has been loaded, in the same
transaction as the rows themselves. So a server that was killed goes on where the case stands, and no
row comes twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from clew import __version__
from clew.engines._duckdb_asked import Asked
from clew.engines._duckdb_ledger import Load, redactor_of
from clew.engines.duckdb import DuckDBEngine
from clew.model.event import BY_NAME
from clew.model.ledger import Count
from clew.model.redaction import Policy
from clew.prices.charge import Till
from clew.sources._spool import Segment

FORMATS = {"proto": "otlp_proto", "json": "otlp_json"}


def source_id(segment: Segment) -> str:
    """A growing segment has no hash of its bytes yet: its name stands for it."""
    return hashlib.sha256(segment.uri.encode()).hexdigest()[:16]


def is_closed(engine: DuckDBEngine, segment: Segment) -> bool:
    """Whether the ledger has the segment's row."""
    sql = "SELECT count(*) FROM sources WHERE source_id = ?"
    (count,) = engine.workbench.execute(sql, [source_id(segment)]).fetchall()[0]
    return bool(count)


def resume(
    engine: DuckDBEngine,
    bench: duckdb.DuckDBPyConnection,
    segment: Segment,
    tools: tuple[Till, Asked],
    policy: Policy,
) -> tuple[Load, int, set[str]]:
    """The segment on its way into the case as the case knows it, where its next byte begins, and
    the fields of it that the case knows."""
    execute = engine.workbench.execute
    till, asked = tools
    load = Load(
        engine,
        bench,
        till=till,
        asked=asked,
        source_id=source_id(segment),
        root_sha256=hashlib.sha256(segment.uri.encode()).hexdigest(),
        format=FORMATS[segment.encoding],
        redactor=redactor_of(engine, bench, policy),
    )
    rows = execute(
        "SELECT loaded, lines, events, rejects, fields, first_event, last_event, redacted "
        "FROM open_segments WHERE source_id = ?",
        [load.source_id],
    ).fetchall()
    if not rows:
        return load, 0, set()
    loaded, lines, events, rejects, fields, load.first_event, load.last_event, redacted = rows[0]
    load.redactor.counts.update(json.loads(redacted))
    load.count = Count(lines=lines, events=events, rejects=rejects)
    load.fields = json.loads(fields)
    digests = execute(
        "SELECT digest FROM blocks WHERE source_id = ? ORDER BY block", [load.source_id]
    ).fetchall()
    load.digests = [digest for (digest,) in digests]
    known = execute("SELECT field FROM fields WHERE source_id = ?", [load.source_id]).fetchall()
    return load, int(loaded), {name for (name,) in known}


def save(load: Load, segment: Segment, loaded: int, known_fields: set[str]) -> None:
    """Notes how far the segment has been loaded; part of the transaction that loaded it."""
    execute = load.engine.workbench.execute
    execute("DELETE FROM open_segments WHERE source_id = ?", [load.source_id])
    execute(
        "INSERT INTO open_segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            load.source_id,
            segment.uri,
            load.root_sha256,
            load.format,
            loaded,
            load.count.lines,
            load.count.events,
            load.count.rejects,
            json.dumps(load.fields),
            load.first_event,
            load.last_event,
            json.dumps(load.redactor.counted),
        ],
    )
    if new := [name for name, rows in load.fields.items() if rows and name not in known_fields]:
        execute(
            "INSERT INTO fields SELECT ?, field, is_attribute, rows, ? FROM "
            "(SELECT unnest(?::VARCHAR[]) AS field, unnest(?::BOOLEAN[]) AS is_attribute, "
            "unnest(?::BIGINT[]) AS rows)",
            [
                load.source_id,
                load.first_event,
                new,
                [name not in BY_NAME for name in new],
                [load.fields[name] for name in new],
            ],
        )
        known_fields.update(new)


def close(load: Load, segment: Segment) -> None:
    """Writes the segment's row of `sources`: its content will not change any more."""
    assert load.count.is_balanced, f"BUG: the ledger of {segment.uri} does not balance"
    execute = load.engine.workbench.execute
    sha256 = segment.sha256.hexdigest()
    facts: dict[str, Any] = {
        "uri": segment.uri,
        "sha256": sha256,
        "content_sha256": sha256,
        "continues": None,
        "start": 0,
        "size": segment.size,
        "first_line": 1,
        "timezone": "UTC",
        "ingested_at": datetime.now(UTC).replace(tzinfo=None),
        "clew_version": __version__,
    }
    execute("DELETE FROM fields WHERE source_id = ?", [load.source_id])
    load.finish(facts)
    execute("DELETE FROM open_segments WHERE source_id = ?", [load.source_id])


def add_rejects(load: Load, rejects: Sequence[tuple[int, int, str]]) -> None:
    """Notes rows that were not stored, as (line, byte offset, reason): the ledger stays balanced."""
    if not rejects:
        return
    lines, offsets, reasons = zip(*rejects, strict=True)
    load.engine.workbench.execute(
        "INSERT INTO rejects SELECT ?, unnest(?::BIGINT[]), unnest(?::BIGINT[]), "
        "unnest(?::VARCHAR[]), NULL",
        [load.source_id, list(lines), list(offsets), list(reasons)],
    )
    load.count.rejects += len(rejects)

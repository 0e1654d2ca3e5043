"""Whether the rows of a DuckDB case are those that were ingested: every digest and the chain, again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np

from clew.engines import Engine
from clew.engines._duckdb_chain import (
    CHAINED,
    HAS_LINKS,
    REMOVAL_CHAINED,
    chain,
    removal_link,
)
from clew.engines._duckdb_digest import ROW_COLUMNS, Batches, block_digest, row_check
from clew.engines.duckdb import SQL_TYPES, DuckDBEngine
from clew.model.event import BY_NAME
from clew.model.fill import FILLED
from clew.model.ledger import Removal, Verification
from clew.redact._pattern import literal

OPEN_SEGMENTS = "SELECT source_id, uri FROM open_segments ORDER BY source_id"
"""What arrives at a live server is a source whose row in the ledger, and whose link of the chain, is
written when it ends; until then its blocks are checked alone."""


def verify(engine: DuckDBEngine) -> Verification:
    """Recomputes every digest and the chain; names the first row that is not as it was ingested.

    What was removed on command has left a link of the chain, and is told.
    """
    links = _links(engine)
    wrong = [*_broken_links(links), *_cut_links(engine, links)]
    digests = {link["source_id"]: link["digest"] for link in links}  # the last of each counts
    sources = [link for link in links if not link["is_removal"]]
    rows = 0
    for source in sources:
        found = []
        for block in _blocks(engine, source["source_id"]):
            found.append(block["digest"])
            rows += block["events"]
            if sentence := altered(engine, source, block):
                wrong.append(sentence)
                break
        else:
            whole = hashlib.sha256("".join(found).encode()).hexdigest()
            if whole != digests[source["source_id"]]:
                wrong.append(f"{source['uri']}: the digests of its blocks were altered.")
    is_live = _has_open_segments(engine)
    arriving = engine.run(OPEN_SEGMENTS).dicts() if is_live else []
    for source in arriving:
        for block in _blocks(engine, source["source_id"]):
            rows += block["events"]
            if sentence := altered(engine, source, block):
                wrong.append(sentence)
                break
    wrong += [*_strangers(engine, is_live=is_live), *_miscounted(engine)]
    if wrong:
        return Verification(False, tuple(wrong))
    still = f", {len(arriving):,} of them still arriving," if arriving else ""
    count = len(sources) + len(arriving)
    said = f"{rows:,} events of {count:,} sources{still} are as they were ingested."
    told = [_removal(link).sentence for link in links if link["is_removal"]]
    return Verification(True, (said, *told, *_end(engine, links)))


def has_link(engine: Engine, link: str) -> bool:
    """Whether the chain, which `verify` has found whole, has come by this link."""
    chains = "SELECT chain FROM sources UNION ALL SELECT chain FROM removals"
    found = engine.run(f"SELECT 1 FROM ({chains}) WHERE chain = {literal(link)}").rows
    return bool(found)


def _links(engine: DuckDBEngine) -> list[dict[str, Any]]:
    """The rows of the chain in order: sources and removals."""
    sources = engine.run(f"SELECT {', '.join(CHAINED)}, chain, false AS is_removal FROM sources")
    removals = engine.run(
        f"SELECT {', '.join(REMOVAL_CHAINED)}, chain, true AS is_removal FROM removals"
    )
    return sorted([*sources.dicts(), *removals.dicts()], key=lambda link: link["position"])


def _broken_links(links: list[dict[str, Any]]) -> list[str]:
    wrong, before = [], ""
    for link in links:
        if (removal_link if link["is_removal"] else chain)(before, link) != link["chain"]:
            what = "the trace of a removal" if link["is_removal"] else "its row in the ledger"
            wrong.append(f"{link['uri']}: {what} was altered, or a source before it was removed.")
        before = link["chain"]
    return wrong


def _cut_links(engine: DuckDBEngine, links: list[dict[str, Any]]) -> list[str]:
    """Links that were noted and of which neither source nor removal is left: those cut off the end."""
    if not engine.run(HAS_LINKS).rows:
        return []
    left = {link["chain"] for link in links}
    noted = engine.run("SELECT uri, chain FROM links ORDER BY position").rows
    gone = [
        f"{uri}: its row in the ledger was removed." for uri, chain in noted if chain not in left
    ]
    if len(noted) - len(gone) < len(left):
        gone.append("The list of links, 'links', was altered: it lacks some of the chain.")
    return gone


def _end(engine: DuckDBEngine, links: list[dict[str, Any]]) -> list[str]:
    """What can be said of the end of the chain."""
    if not links:
        return []
    kept = (
        f"The chain ends with link {links[-1]['chain']}: kept elsewhere, it lets 'clew verify --head' "
        "prove that nothing before it was removed."
    )
    if engine.run(HAS_LINKS).rows:
        return [kept]
    return [
        kept,
        "Whether sources were removed from its end cannot be told: this case has no 'links'.",
    ]


def _removal(link: dict[str, Any]) -> Removal:
    return Removal(
        link["source_id"], link["uri"], link["removed_at"], link["command"], link["removed"],
        link["emptied"],
    )  # fmt: skip


def _has_open_segments(engine: DuckDBEngine) -> bool:
    """Whether a live server has written this case."""
    sql = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'open_segments'"
    return bool(engine.run(sql).rows[0][0])


def _blocks(engine: DuckDBEngine, source_id: str) -> Iterator[dict[str, Any]]:
    yield from engine.run(
        f"SELECT * FROM blocks WHERE source_id = '{source_id}' ORDER BY block"
    ).dicts()


def altered(engine: DuckDBEngine, source: dict[str, Any], block: dict[str, Any]) -> str:
    """One sentence that names the first altered row of a block; "" where the block is whole."""
    given = block["columns"].split(",")
    rows = block_rows(engine, source["source_id"], block)
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
    absent = [n for n in engine.stored() if n not in given and n not in FILLED]
    filled = " OR ".join(f"{name} IS NOT NULL" for name in absent) or "false"
    strange = engine.run(f"SELECT line, byte_offset FROM ({rows}) WHERE {filled} LIMIT 1").rows
    if strange:
        return _first_altered(source, *strange[0])
    return (
        f"{source['uri']}: the digest of the block from byte {block['first_byte']:,} to byte "
        f"{block['last_byte']:,} was altered."
    )


def block_rows(engine: DuckDBEngine, source_id: str, block: dict[str, Any]) -> str:
    """SQL of the rows of a block as its digest is made of them."""
    stored = engine.stored()
    given = block["columns"].split(",")
    columns = [
        f'"{name}"' if name in stored else f'NULL::{SQL_TYPES[BY_NAME[name].kind]} AS "{name}"'
        for name in ROW_COLUMNS
        if name in given or (name in stored and name not in FILLED)
    ]
    return (
        f"SELECT {', '.join(columns)}, attributes::JSON::VARCHAR AS attributes FROM event_rows "
        f"WHERE source_id = '{source_id}' AND source_format = '{block['source_format']}' "
        f"AND byte_offset BETWEEN {block['first_byte']} AND {block['last_byte']} "
        "ORDER BY byte_offset, part"
    )


def _first_altered(source: dict[str, Any], line: int, byte_offset: int) -> str:
    return (
        f"{source['uri']}: line {line} (byte {byte_offset:,}) is not as it was ingested; "
        "it is the first altered row of this source."
    )


def _strangers(engine: DuckDBEngine, *, is_live: bool) -> list[str]:
    """Rows that no block of a known source accounts for."""
    known = "SELECT source_id, uri FROM sources"
    if is_live:
        known += " UNION ALL SELECT source_id, uri FROM open_segments"
    counted = engine.run(
        "SELECT coalesce(s.uri, e.source_id), e.n, "
        "CASE WHEN s.uri IS NULL THEN 0 ELSE coalesce(b.events, 0) END AS events FROM "
        "(SELECT source_id, count(*) AS n FROM event_rows GROUP BY source_id) AS e "
        f"LEFT JOIN ({known}) AS s USING (source_id) LEFT JOIN "
        "(SELECT source_id, sum(events)::BIGINT AS events FROM blocks GROUP BY source_id) AS b "
        "USING (source_id) WHERE e.n > CASE WHEN s.uri IS NULL THEN 0 ELSE coalesce(b.events, 0) END ORDER BY 1"
    ).rows
    return [
        f"{uri}: {n - events:,} events were added that were not ingested."
        for uri, n, events in counted
    ]


def _miscounted(engine: DuckDBEngine) -> list[str]:
    """Sources whose rejects are not as many as the ledger says, and a view that hides or adds rows."""
    counted = engine.run(
        "SELECT s.uri, s.rejects, count(r.source_id) AS n FROM sources AS s LEFT JOIN rejects AS r "
        "USING (source_id) GROUP BY s.source_id, s.uri, s.rejects "
        "HAVING s.rejects <> count(r.source_id) ORDER BY s.uri"
    ).rows
    wrong = [
        f"{uri}: the ledger counts {rejects:,} rejects, and the case holds {n:,}: some were "
        f"{'removed' if n < rejects else 'added'}."
        for uri, rejects, n in counted
    ]
    shown = engine.run(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM event_rows)"
    ).rows[0]
    if shown[0] != shown[1]:
        wrong.append(f"The view 'events' was altered: it shows {shown[0]:,} of {shown[1]:,} rows.")
    return wrong

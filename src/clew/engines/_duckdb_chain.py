"""The chain over the sources of a case: each link is sha256 over the link before it and one row.

There is no secret in it: who may write the file can make a new chain over what is left. Against that
helps the last link, kept elsewhere: `clew verify --head LINK` fails where the chain has not come by it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import duckdb

CHAINED = (
    "source_id", "uri", "sha256", "content_sha256", "continues", "root_sha256", "start", "size", "first_line",
    "format", "timezone", "lines", "events", "continuation", "blanks", "rejects", "redacted",
    "redaction", "first_event", "last_event", "ingested_at", "clew_version", "digest", "position",
)  # fmt: skip
REMOVAL_CHAINED = (
    "source_id", "uri", "removed_at", "command", "removed", "emptied", "digest", "clew_version", "position",
)  # fmt: skip


LINKS = """
CREATE TABLE IF NOT EXISTS links (position BIGINT, chain VARCHAR, uri VARCHAR);
INSERT INTO links SELECT position, chain, uri FROM (
    SELECT position, chain, uri FROM sources UNION ALL SELECT position, chain, uri FROM removals)
WHERE position > (SELECT coalesce(max(position), -1) FROM links) ORDER BY position;
"""
"""Every link once more, apart from the rows that it is of: a chain does not miss what is cut off its end."""

HAS_LINKS = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'links' AND NOT temporary"


def chain(before: str, row: dict[str, Any]) -> str:
    """The link of one row of `sources`: sha256 over the link before it and the row."""
    facts = json.dumps([before, *(str(row[name]) for name in CHAINED)])
    return hashlib.sha256(facts.encode()).hexdigest()


def removal_link(before: str, row: dict[str, Any]) -> str:
    """The link of one row of `removals`."""
    facts = json.dumps(["removal", before, *(str(row[name]) for name in REMOVAL_CHAINED)])
    return hashlib.sha256(facts.encode()).hexdigest()


def note_link(connection: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> None:
    """Writes the link of a row of `sources` or `removals` into `links`."""
    values = [row["position"], row["chain"], row["uri"]]
    connection.execute("INSERT INTO links VALUES (?, ?, ?)", values).fetchall()


def complete_links(connection: duckdb.DuckDBPyConnection) -> None:
    """Gives a case that was made before there were `links` its own."""
    if not connection.execute(HAS_LINKS).fetchall():
        connection.execute(LINKS)


def last_link(connection: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    """The last link of the chain, and its position; "" and -1 where there is none."""
    rows = connection.execute(
        "SELECT chain, position FROM (SELECT chain, position FROM sources UNION ALL "
        "SELECT chain, position FROM removals) ORDER BY position DESC LIMIT 1"
    ).fetchall()
    return rows[0] if rows else ("", -1)

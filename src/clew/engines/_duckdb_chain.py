"""The chain over the sources of a case: each link is sha256 over the link before it and one row."""

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


def chain(before: str, row: dict[str, Any]) -> str:
    """The link of one row of `sources`: sha256 over the link before it and the row."""
    facts = json.dumps([before, *(str(row[name]) for name in CHAINED)])
    return hashlib.sha256(facts.encode()).hexdigest()


def removal_link(before: str, row: dict[str, Any]) -> str:
    """The link of one row of `removals`."""
    facts = json.dumps(["removal", before, *(str(row[name]) for name in REMOVAL_CHAINED)])
    return hashlib.sha256(facts.encode()).hexdigest()


def last_link(connection: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    """The last link of the chain, and its position; "" and -1 where there is none."""
    rows = connection.execute(
        "SELECT chain, position FROM (SELECT chain, position FROM sources UNION ALL "
        "SELECT chain, position FROM removals) ORDER BY position DESC LIMIT 1"
    ).fetchall()
    return rows[0] if rows else ("", -1)

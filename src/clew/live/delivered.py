"""Which requests of logs and metrics have been delivered before: the same bytes within an hour.

A log record has no id, so a client's retry is told by the request's bytes. What is known stands in
the table `deliveries`, in the transaction that stored the rows: a retry after a restart is known too.
Two requests that are the same to the byte, times included, and are meant twice count once: the ledger
notes the second one's rows as rejects.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import duckdb

KEPT = timedelta(hours=1)
"""Longer than any client tries again: the Collector gives up after five minutes."""


def digest(body: bytes) -> str:
    """What a request is known by."""
    return hashlib.sha256(body).hexdigest()


class Delivered:
    """The requests of the last hour. Only the writer uses it, so it needs no lock."""

    def __init__(self) -> None:
        self._at: dict[str, datetime] = {}

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._at

    def read(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Learns what the case knows."""
        rows = connection.execute(
            "SELECT sha256, delivered_at FROM deliveries ORDER BY delivered_at"
        ).fetchall()
        self._at = dict(rows)

    def note(self, connection: duckdb.DuckDBPyConnection, new: list[str]) -> None:
        """Writes them into the case; part of the transaction that stores their rows."""
        connection.execute(
            "INSERT INTO deliveries SELECT unnest(?::VARCHAR[]), ?", [new, _now()]
        ).fetchall()

    def add(self, new: list[str]) -> None:
        """Knows them from now on: the transaction is through."""
        now = _now()
        self._at |= dict.fromkeys(new, now)

    def forget_old(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Lets go of what is older than an hour."""
        oldest = _now() - KEPT
        connection.execute("DELETE FROM deliveries WHERE delivered_at < ?", [oldest]).fetchall()
        self._at = {sha256: at for sha256, at in self._at.items() if at >= oldest}


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)

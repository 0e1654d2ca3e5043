"""The tables `alerts`, `silences` and `followed` of a case."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb

from clew.errors import ConfigError
from clew.model.alert import Alert
from clew.model.finding import from_json
from clew.model.plain_json import dumps

TABLES = """
CREATE TABLE IF NOT EXISTS alerts (
    alert_id VARCHAR PRIMARY KEY, rule VARCHAR, state VARCHAR, severity VARCHAR, title VARCHAR,
    subject VARCHAR, since TIMESTAMP, fired_at TIMESTAMP, resolved_at TIMESTAMP, seen_at TIMESTAMP,
    acknowledged_by VARCHAR, acknowledged_at TIMESTAMP, notified VARCHAR, finding VARCHAR);
CREATE TABLE IF NOT EXISTS silences (
    silence_id VARCHAR, what VARCHAR, until TIMESTAMP, reason VARCHAR, made_by VARCHAR,
    made_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS followed (rule VARCHAR PRIMARY KEY, state VARCHAR);
"""
LISTED = (
    "SELECT alert_id, state, severity, rule, title, subject, since, fired_at, resolved_at, "
    "acknowledged_by FROM alerts ORDER BY CASE state WHEN 'firing' THEN 0 WHEN 'pending' THEN 1 "
    "ELSE 2 END, since DESC, alert_id"
)
IS_THERE = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'alerts'"


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the tables in a case of any age."""
    connection.execute(TABLES)


def open_alerts(connection: duckdb.DuckDBPyConnection) -> list[Alert]:
    """Alerts that are not resolved, and those whose end someone has yet to hear of."""
    rows = connection.execute(
        "SELECT alert_id, rule, state, finding, since, seen_at, fired_at, resolved_at, "
        "acknowledged_by, acknowledged_at, notified FROM alerts "
        "WHERE state <> 'resolved' OR notified LIKE '%\"firing\"%' ORDER BY since, alert_id"
    ).fetchall()
    return [
        Alert(
            id=row[0], rule=row[1], state=row[2], finding=from_json(json.loads(row[3])),
            since=row[4], seen_at=row[5], fired_at=row[6], resolved_at=row[7],
            acknowledged_by=row[8] or "", acknowledged_at=row[9], notified=json.loads(row[10]),
        )
        for row in rows
    ]  # fmt: skip


def keep(
    connection: duckdb.DuckDBPyConnection, changed: Sequence[Alert], gone: Sequence[Alert] = ()
) -> None:
    """Writes what has changed. An acknowledgement made meanwhile stays."""
    for alert in gone:
        connection.execute("DELETE FROM alerts WHERE alert_id = ?", [alert.id])
    for alert in changed:
        finding = alert.finding
        values = [
            alert.id, alert.rule, alert.state, finding.severity, finding.title,
            dumps(finding.subject), alert.since, alert.fired_at, alert.resolved_at, alert.seen_at,
            json.dumps(alert.notified), dumps(finding.as_json()),
        ]  # fmt: skip
        connection.execute(
            "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?, ?) "
            "ON CONFLICT (alert_id) DO UPDATE SET state = excluded.state, "
            "severity = excluded.severity, title = excluded.title, since = excluded.since, "
            "fired_at = excluded.fired_at, resolved_at = excluded.resolved_at, "
            "seen_at = excluded.seen_at, notified = excluded.notified, finding = excluded.finding",
            values,
        )


def followed(connection: duckdb.DuckDBPyConnection, rule: str) -> dict[str, Any] | None:
    """What Sigma rules of an alert have seen; None where they have not looked yet."""
    make_tables(connection)
    rows = connection.execute("SELECT state FROM followed WHERE rule = ?", [rule]).fetchall()
    return json.loads(rows[0][0]) if rows else None


def keep_followed(connection: duckdb.DuckDBPyConnection, rule: str, state: dict[str, Any]) -> None:
    """Writes what they have seen now."""
    connection.execute(
        "INSERT INTO followed VALUES (?, ?) ON CONFLICT (rule) DO UPDATE SET state = excluded.state",
        [rule, dumps(state)],
    )


def silences(connection: duckdb.DuckDBPyConnection, now: datetime) -> list[tuple[str, datetime]]:
    """What is silenced now, and until when."""
    return connection.execute("SELECT what, until FROM silences WHERE until > ?", [now]).fetchall()


def acknowledge(
    connection: duckdb.DuckDBPyConnection, alert_id: str, who: str, now: datetime
) -> None:
    """Notes who has taken an alert on. Raises ConfigError where there is none of this id."""
    make_tables(connection)
    found = connection.execute("SELECT state FROM alerts WHERE alert_id = ?", [alert_id]).fetchall()
    if not found:
        raise ConfigError(f"There is no alert '{alert_id}'. 'clew alerts' shows all.")
    connection.execute(
        "UPDATE alerts SET acknowledged_by = ?, acknowledged_at = ? WHERE alert_id = ?",
        [who, now, alert_id],
    )


def silence(
    connection: duckdb.DuckDBPyConnection,
    what: str,
    until: datetime,
    reason: str,
    who: str,
    now: datetime,
) -> str:
    """Silences a rule, a kind or an alert; gives the silence's id."""
    make_tables(connection)
    silence_id = secrets.token_hex(4)
    connection.execute(
        "INSERT INTO silences VALUES (?, ?, ?, ?, ?, ?)",
        [silence_id, what, until, reason, who, now],
    )
    return silence_id

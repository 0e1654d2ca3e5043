"""The feature store's SQLite database.

interactions   one row per click: the household stands in the JSON text `context` only
users          segment 'single' or 'household' (every eighth user)
profiles       features of single users, made ahead

Features of a household are summed over the clicks of all its members when they are asked for. The
statement looks the household up by an expression, for which there is no index before version
1.8.1: SQLite then reads every row of the table and parses its JSON.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

USERS = 4000
ITEMS = 2500
INTERACTIONS = 700_000
"""Rows that a statement without the index reads: 0.15 s on an idle core, more beside other work."""

USER = "SELECT segment, household_id FROM users WHERE user_id = ?"
PROFILE = "SELECT item_id, score, clicks FROM profiles WHERE user_id = ? ORDER BY score DESC"
HOUSEHOLD = (
    "SELECT item_id, SUM(weight) AS score, COUNT(*) AS clicks FROM interactions"
    " WHERE json_extract(context, '$.household') = ?"
    " GROUP BY item_id ORDER BY score DESC, item_id LIMIT 40"
)
INDEX = "interactions_household"
MIGRATION = (
    f"CREATE INDEX IF NOT EXISTS {INDEX} ON interactions (json_extract(context, '$.household'))"
)

TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE users (user_id TEXT PRIMARY KEY, segment TEXT NOT NULL, household_id TEXT);
CREATE TABLE profiles (user_id TEXT, item_id INTEGER, score REAL, clicks INTEGER);
CREATE INDEX profiles_user ON profiles (user_id);
CREATE TABLE interactions (
    interaction_id INTEGER PRIMARY KEY, user_id TEXT, item_id INTEGER, weight REAL, context TEXT
);
"""
NUMBERS = (
    "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ? - 1)"
)


def user_name(number: int) -> str:
    return f"u-{number:04d}"


def is_household(number: int) -> bool:
    """Every eighth user is a member of a household, four members each."""
    return number % 8 == 0


def make(path: Path) -> None:
    """Writes the database, the same rows each time. Takes a second and 35 MB."""
    database = sqlite3.connect(path)
    try:
        database.executescript(TABLES)
        database.execute(
            f"{NUMBERS} INSERT INTO users SELECT printf('u-%04d', n),"
            " iif(n % 8 = 0, 'household', 'single'), iif(n % 8 = 0, 'h-' || (n / 32), NULL)"
            " FROM numbers",
            (USERS,),
        )
        database.execute(
            f"{NUMBERS} INSERT INTO profiles SELECT printf('u-%04d', n / 20),"
            f" n * 7919 % {ITEMS}, n * 31 % 997 / 997.0, n % 13 + 1 FROM numbers",
            (USERS * 20,),
        )
        database.execute(
            f"{NUMBERS} INSERT INTO interactions"
            f" SELECT n, printf('u-%04d', n * 2654435761 % {USERS}), n * 40503 % {ITEMS},"
            " n % 10 / 10.0, '{\"device\":\"d' || (n % 7) || '\"'"
            f' || iif(n * 2654435761 % {USERS} % 8 = 0, \',"household":"h-\''
            f" || (n * 2654435761 % {USERS} / 32) || '\"', '') || '}}' FROM numbers",
            (INTERACTIONS,),
        )
        database.commit()
    finally:
        database.close()


def plan_of(database: sqlite3.Connection, statement: str) -> str:
    """How SQLite will find the rows: 'SCAN interactions', 'SEARCH ... USING INDEX ...'."""
    steps = database.execute(f"EXPLAIN QUERY PLAN {statement}", ("",)).fetchall()
    return str(steps[0][3])

"""Features of a user, from a cache or from SQLite; version 1.8.1 brings the missing index."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI, HTTPException
from opentelemetry import trace
from opentelemetry.instrumentation.utils import suppress_instrumentation

from recommendation_services import feature_database
from recommendation_services.telemetry import Setup, calling

CACHED_USERS = 48
INDEXED_FROM = (1, 8, 1)

log = structlog.get_logger()
Features = list[dict[str, Any]]


def build(setup: Setup) -> FastAPI:
    assert setup.database and setup.stopwatch
    app = FastAPI(lifespan=calling(setup))
    store = Store(setup.database, setup.stopwatch)
    if tuple(map(int, setup.version.split("."))) >= INDEXED_FROM:
        store.migrate()
    store.learn_plan()

    @app.get("/users/{user_id}/features")
    def features(user_id: str) -> dict[str, Any]:
        return {"items": store.features(user_id)}

    return app


class Store:
    """One connection a thread, one cache for all; the latest users stay in it."""

    def __init__(self, path: Path, stopwatch: Path) -> None:
        self.path = path
        self.stopwatch = stopwatch
        self.threads = threading.local()
        self.lock = threading.Lock()
        self.cache: OrderedDict[str, Features] = OrderedDict()
        self.plan = ""
        self.rows = 0

    def migrate(self) -> None:
        with suppress_instrumentation():
            began = time.perf_counter()
            database = self.database
            database.cursor().execute(feature_database.MIGRATION)
            database.commit()
        took_ms = _ms_since(began)
        log.info("migration applied", index=feature_database.INDEX, duration_ms=took_ms)

    def learn_plan(self) -> None:
        """Asks SQLite how it will find a household, and how many rows a scan would read."""
        with suppress_instrumentation():
            self.plan = feature_database.plan_of(self.database, feature_database.HOUSEHOLD)
            count = "SELECT COUNT(*) FROM interactions"
            self.rows = self.database.cursor().execute(count).fetchone()[0]

    @property
    def database(self) -> sqlite3.Connection:
        if not hasattr(self.threads, "database"):
            self.threads.database = sqlite3.connect(self.path)
        database: sqlite3.Connection = self.threads.database
        return database

    def features(self, user_id: str) -> Features:
        with self.lock:
            found = self.cache.get(user_id)
            if found is not None:
                self.cache.move_to_end(user_id)
        if found is not None:
            log.info("cache hit", user_id=user_id)
            return found
        log.info("cache miss", user_id=user_id)
        found = self._read(user_id)
        with self.lock:
            self.cache[user_id] = found
            if len(self.cache) > CACHED_USERS:
                self.cache.popitem(last=False)
        return found

    def _read(self, user_id: str) -> Features:
        user, _ = self._asked(feature_database.USER, user_id)
        if not user:
            raise HTTPException(404, "no such user")
        segment, household = user[0]
        trace.get_current_span().set_attribute("user.segment", segment)
        if household is None:
            rows, _ = self._asked(feature_database.PROFILE, user_id)
            return [_feature(row) for row in rows]
        rows, took_ms = self._asked(feature_database.HOUSEHOLD, household)
        is_scan = self.plan.startswith("SCAN")
        read = self.rows if is_scan else sum(row[2] for row in rows)
        say = log.warning if is_scan else log.info
        say(
            "full scan of interactions" if is_scan else "index search of interactions",
            segment=segment, household=household, plan=self.plan, rows_read=read,
            duration_ms=took_ms,
        )  # fmt: skip
        return [_feature(row) for row in rows]

    def _asked(self, statement: str, value: str) -> tuple[list[tuple[Any, ...]], float]:
        """The rows, and the milliseconds that the statement took, which the stopwatch notes."""
        began = time.perf_counter()
        cursor = self.database.cursor()
        cursor.execute(statement, (value,))
        rows = cursor.fetchall()
        took_ms = _ms_since(began)
        context = trace.get_current_span().get_span_context()
        noted = {
            "trace_id": trace.format_trace_id(context.trace_id),
            "statement": statement,
            "is_scan": statement == feature_database.HOUSEHOLD and self.plan.startswith("SCAN"),
            "ms": took_ms,
        }
        with self.lock, self.stopwatch.open("a", encoding="utf-8") as notes:
            notes.write(json.dumps(noted) + "\n")
        return rows, took_ms


def _feature(row: tuple[Any, ...]) -> dict[str, Any]:
    return {"item": row[0], "score": row[1], "clicks": row[2]}


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)

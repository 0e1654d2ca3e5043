"""The case as the live server holds it: one writer at a time, and readers that cannot write.

DuckDB lets one process write a file. So the server holds it, and all others ask the server. Files and
the network are closed to every statement, and a question runs in a read-only transaction.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

import duckdb
import ibis.expr.types as ir

from clew.engines import Answer
from clew.engines._duckdb_derived import Derived
from clew.engines._duckdb_limit import stopped_after
from clew.engines.duckdb import SQL_TYPES, DuckDBEngine, open_case, refusal
from clew.errors import ConfigError
from clew.live import staging
from clew.model.event import BY_NAME
from clew.model.fill import Fill

MEMORY = "600MB"
"""What the case may keep in memory: what is on disk need not stay."""
LOG_SIZE = "64MB"
"""How long the log beside the case file may get: row groups that are still growing are written anew each
time it is emptied."""
TABLES = """
CREATE TABLE IF NOT EXISTS open_segments (
    source_id VARCHAR, uri VARCHAR, root_sha256 VARCHAR, format VARCHAR, loaded BIGINT,
    lines BIGINT, events BIGINT, rejects BIGINT, fields VARCHAR,
    first_event TIMESTAMP, last_event TIMESTAMP, redacted VARCHAR);
CREATE TABLE IF NOT EXISTS tokens (
    token_id VARCHAR, name VARCHAR, scope VARCHAR, sha256 VARCHAR, created_at TIMESTAMP,
    revoked_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS audit (
    audit_id VARCHAR, read_at TIMESTAMP, who VARCHAR, action VARCHAR, what VARCHAR, rows BIGINT);
CREATE TABLE IF NOT EXISTS deliveries (sha256 VARCHAR, delivered_at TIMESTAMP);
"""
T = TypeVar("T")
PART_ROWS = 1_000
"""Rows of an answer that are in memory at once."""
MOST_ROWS = 1 << 62
READING = ("SELECT", "EXPLAIN")
HARMLESS_PRAGMA = re.compile(
    r"""(?ix) \s* pragma \s+
    (?: table_info | storage_info | show_tables | database_size | version )  # PRAGMA table_info('events')
    \b""",
)


class LiveEngine(DuckDBEngine):
    """One connection of the server that may write, when the lock is its own.

    lock  of all connections that write; what has been delivered before is told under it, too
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        path: str,
        lock: threading.RLock,
        derived: Derived,
    ) -> None:
        super().__init__(connection, path, derived)
        self.lock = lock
        self._is_staging = False

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and one at a time."""
        with self.lock, super().transaction():
            yield

    @contextlib.contextmanager
    def loading(self) -> Iterator[Callable[[], None]]:
        """All or nothing, but others write meanwhile: until it is settled, rows go into tables of this
        connection's own; then they move into the case, and the lock is held for the end of it alone."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(staging.staged(self.workbench))
            self._is_staging = True
            stack.callback(setattr, self, "_is_staging", False)
            last = stack.enter_context(
                contextlib.ExitStack()
            )  # the lock goes after the transaction

            def settle() -> None:
                columns = staging.unstaged(self.workbench)
                self._is_staging = False
                with self.transaction():
                    self.add_columns([name for name in columns["event_rows"] if name in BY_NAME])
                stack.enter_context(super(LiveEngine, self).transaction())
                shape = staging.shape(self.workbench)
                staging.moved(self.workbench, columns)
                last.enter_context(self.lock)
                if self._newest(lambda case: staging.shape(case.workbench)) != shape:
                    self.workbench.execute("ROLLBACK")
                    self.workbench.execute("BEGIN")
                    staging.moved(self.workbench, columns)

            yield settle

    def last_link(self) -> tuple[str, int]:
        """The newest one: others have written since a long transaction began."""
        own, theirs = super().last_link(), self._newest(DuckDBEngine.last_link)
        return max(own, theirs, key=lambda link: link[1])

    def _newest(self, ask: Callable[[DuckDBEngine], T]) -> T:
        """What the case says now, outside of this connection's transaction."""
        with self.workbench.cursor() as cursor:
            return ask(DuckDBEngine(cursor, self.path, self.derived))

    def add_columns(self, names: Sequence[str]) -> None:
        """As of any case; what is not in the case yet has no view over it."""
        if not self._is_staging:
            super().add_columns(names)
            return
        stored = self.stored()
        for name in names:
            if name not in stored:
                kind = SQL_TYPES[BY_NAME[name].kind]
                self.workbench.execute(f'ALTER TABLE temp.event_rows ADD COLUMN "{name}" {kind}')

    def another(self) -> LiveEngine:
        """A further connection to the same case, under the same lock."""
        return LiveEngine(self.workbench.cursor(), self.path, self.lock, self.derived)

    def reader(self) -> ReadingEngine:
        """An engine that answers questions and changes nothing."""
        return ReadingEngine(self.workbench.cursor(), self.path, self.derived)


class ReadingEngine(DuckDBEngine):
    """Answers questions, each in a read-only transaction."""

    def run(
        self,
        question: ir.Table | str,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """The answer to an Ibis expression or one SELECT."""
        parts = self.parts(question, limit=limit, timeout_s=timeout_s)
        answer = next(parts)
        for part in parts:
            answer.rows.extend(part.rows)
        return answer

    def parts(
        self,
        question: ir.Table | str,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
    ) -> Iterator[Answer]:
        """The same in parts of a thousand rows, so that an answer may be larger than memory; the
        first part may have no rows."""
        if not isinstance(question, str):
            question = self.compile(question if limit is None else question.limit(limit))
        left = MOST_ROWS if limit is None else limit
        with contextlib.closing(self.workbench.cursor()) as cursor:
            try:
                with stopped_after(timeout_s, cursor):
                    columns = self._ask(cursor, question)
                    rows = cursor.fetchmany(min(left, PART_ROWS))
                    while True:
                        yield Answer(columns, rows)
                        left -= len(rows)
                        rows = cursor.fetchmany(min(left, PART_ROWS)) if left else []
                        if not rows:
                            return
            except duckdb.Error as error:
                raise refusal(error, timeout_s) from error

    def fill(self, fill: Fill) -> int:
        """Nothing: it only reads."""
        return 0

    def stream(self, question: ir.Table | str) -> Iterator[Answer]:
        """As `parts`."""
        return self.parts(question)

    def sharing(
        self, parts: Mapping[str, ir.Table], *, is_few: bool = False
    ) -> AbstractContextManager[ReadingEngine]:
        """The engine itself: a case that is written to has no part that stays as it is."""
        return contextlib.nullcontext(self)

    def kept(self, part: ir.Table) -> ir.Table:
        """The part itself."""
        return part

    def _ask(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> tuple[str, ...]:
        """Begins to answer, and gives the columns."""
        self.derived.show(sql, cursor, self.workbench)
        statements = cursor.extract_statements(sql)
        if len(statements) != 1:
            raise ConfigError(f"One SELECT is expected, found {len(statements)} statements.")
        kind = statements[0].type.name
        if kind not in READING and not HARMLESS_PRAGMA.match(statements[0].query):
            raise ConfigError(
                f"The question cannot be answered: a statement of type {kind} does not only read."
            )
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        cursor.execute(statements[0])
        return tuple(column[0] for column in cursor.description or ())


def open_live(path: str) -> LiveEngine:
    """Opens the case for the server, makes it where it is not there, and closes files to its SQL."""
    opened = open_case(path, write=True)
    opened.workbench.execute(f"SET memory_limit = '{MEMORY}'")
    opened.workbench.execute(f"SET checkpoint_threshold = '{LOG_SIZE}'")
    opened.workbench.execute("SET enable_external_access = false")
    make_tables(opened.workbench)
    return LiveEngine(opened.workbench, path, threading.RLock(), opened.derived)


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """The server's own tables, in a case of any age."""
    connection.execute(TABLES)

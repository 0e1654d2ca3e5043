"""The live server without its faces: the case, the spool, the writer, the tokens and the counters."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir
from prometheus_client import CollectorRegistry, Counter, Gauge

from clew import ingestion
from clew.alerts import store as alert_store
from clew.alerts.prometheus import RuleNumbers
from clew.alerts.round import Watch, Watcher
from clew.config import Options
from clew.engines import Answer
from clew.engines._duckdb_fill import fill_column
from clew.engines._duckdb_verify import verify
from clew.engines.duckdb import refusal
from clew.errors import EngineError
from clew.formats import Settings
from clew.live import tokens
from clew.live.case import LiveEngine, open_live
from clew.live.checking import check
from clew.live.writer import Writer
from clew.model.ledger import Removal, SourceRow, Verification
from clew.sources._otlp_request import Caller, Checked
from clew.sources._spool import Closed, Encoding, Signal, Spool, leftovers
from clew.sources.files import SourceFile

PATIENCE_S = 60.0
"""How long a removal waits for what was received before it."""


class Service:
    """One running server's inside. It is the `Inbox` of the receivers."""

    def __init__(self, case: str, settings: Settings | None = None) -> None:
        self.path = Path(case).resolve()
        self.secret = secrets.token_urlsafe(32)
        self.engine: LiveEngine = open_live(str(self.path))
        folder = self.path.with_name(self.path.name + ".spool")
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            self.engine.close()
            raise EngineError(f"{folder} cannot be made: {error.strerror}.") from error
        self.reader = self.engine.reader()
        self._ingesting = threading.Lock()
        self.access = tokens.Access(self.secret)
        self.access.read_tokens(self.engine.workbench)
        self.is_ready = False
        self.watcher: Watcher | None = None
        self.options: Options = {}
        self._is_ending = False
        self.settings = settings or Settings()
        self.writer = Writer(self.engine, self._release, self.settings)
        try:
            self.writer.start(leftovers(folder))
        except BaseException:
            self.engine.close()
            raise
        self.spool = Spool(folder, self.writer.deliver)
        self.counters = Counters(self)
        self.is_ready = True

    def admit(self, caller: Caller) -> None:
        """Lets a caller send. Raises Refused."""
        self.access.admit(caller, "ingest")

    def check(self, body: bytes, signal: Signal, encoding: Encoding) -> Checked:
        """What a request holds. Raises InputError."""
        return check(body, signal, encoding)

    async def store(self, body: bytes, signal: Signal, encoding: Encoding, rows: int) -> None:
        """Returns when the request is on disk. Raises Full or Closed."""
        if self._is_ending or not self.writer.is_alive:
            raise Closed
        await asyncio.wrap_future(self.spool.put(signal, encoding, body, rows))

    def count(self, signal: str, transport: str, code: int | str, size: int) -> None:
        """Counts an answer."""
        self.counters.requests.labels(signal, transport, str(code)).inc()
        self.counters.received.labels(signal).inc(size)

    @property
    def problem(self) -> str:
        """Why the server is not well; "" when it is."""
        if not self.writer.is_alive:
            return "The writer has ended: restart the server; the spool will be loaded then."
        if refusal := self.spool.problem():
            return f"The disk refuses what is received: {refusal}."
        return self.writer.tally.problem

    def admit_reader(self, caller: Caller, scope: tokens.Scope = "read") -> tokens.Reader:
        """Who asks, when it may. Raises Refused."""
        return self.access.admit(caller, scope)

    def ask(
        self,
        question: ir.Table | str,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """The answer to a question that only reads."""
        return self.reader.run(question, limit=limit, timeout_s=timeout_s)

    def parts(
        self,
        question: ir.Table | str,
        audit_id: str,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
    ) -> Iterator[Answer]:
        """The same in parts, so that an answer may be larger than memory."""
        rows = 0
        try:
            for part in self.reader.parts(question, limit=limit, timeout_s=timeout_s):
                rows += len(part.rows)
                yield part
        finally:
            self.audited(audit_id, rows)

    def audit(self, reader: tokens.Reader, action: str, what: str) -> str:
        """Notes a read in the audit, before it is answered; gives the entry's id."""
        with self._cursor() as cursor:
            return tokens.record(cursor, reader, action, what, _now())

    def audited(self, audit_id: str, rows: int) -> None:
        """Notes how many rows were read."""
        with self._cursor() as cursor:
            tokens.record_rows(cursor, audit_id, rows)

    def told(self, settings: dict[str, Any]) -> Settings:
        """The settings that another process told, with this server's own key."""
        return Settings.from_json(settings, self.settings.redaction)

    def ingest(
        self,
        files: Sequence[SourceFile],
        settings: Settings,
        format: str | None,
        progress: ingestion.Progress | None,
    ) -> Iterator[SourceRow]:
        """Files into the case, on a connection of their own, between the writer's transactions."""
        engine = self.engine.another()
        try:
            with self._ingesting:
                for row in ingestion.ingest_files(engine, files, settings, format, progress):
                    if row.status in ("new", "grown"):
                        self.writer.learn(row.source_id)
                    yield row
        finally:
            engine.close()

    def remove(self, how: Callable[[LiveEngine], list[Removal]]) -> list[Removal]:
        """Removes events, those included that have come until now: their segments end first."""
        ended = self.spool.turn()
        until = time.monotonic() + PATIENCE_S
        while any(path.exists() for path in ended):
            if not self.writer.is_alive or time.monotonic() > until:
                raise EngineError(
                    "What was received last is not in the case yet, so nothing was removed: "
                    f"{self.problem or 'try again later'}"
                )
            time.sleep(0.02)
        engine = self.engine.another()
        try:
            with self._ingesting:
                return how(engine)
        finally:
            engine.close()

    def verify(self) -> Verification:
        """Every digest and the chain, again."""
        engine = self.engine.another()
        try:
            return verify(engine)
        finally:
            engine.close()

    def fill(self, column: str, by: str, sql: str, maker: str) -> int:
        """A column that follows from others, on a connection of its own, between the writer's transactions."""
        engine = self.engine.another()
        try:
            return fill_column(engine, column, by, sql, maker)
        finally:
            engine.close()

    def keep_findings(self, found: Sequence[dict[str, Any]]) -> None:
        """Stores findings, between the writer's transactions."""
        engine = self.engine.another()
        try:
            engine.keep_findings(found, _now())
        finally:
            engine.close()

    def watch(self, watch: Watch) -> None:
        """Looks at rules on schedule, until the server ends; detections that are asked for have its
        options from now on."""
        self.options = watch.options
        with self._cursor() as cursor:
            alert_store.make_tables(cursor)
            if not watch.rules and not alert_store.open_alerts(cursor):
                return
        self.watcher = Watcher(watch, self.engine.reader(), self._cursor)
        self.counters.registry.register(RuleNumbers(watch.rules, watch.seen, watch.problems))
        self.watcher.start()

    def acknowledge(self, alert_id: str, who: str) -> None:
        """Takes an alert on."""
        with self._cursor() as cursor:
            alert_store.acknowledge(cursor, alert_id, who, _now())

    def silence(self, what: str, until: datetime, reason: str, who: str) -> str:
        """Silences a rule, a kind or an alert; gives the silence's id."""
        with self._cursor() as cursor:
            return alert_store.silence(cursor, what, until, reason, who, _now())

    def create_token(self, scope: str, name: str) -> tuple[str, tokens.Token]:
        """A new token, known to the server at once."""
        with self._cursor() as cursor:
            made = tokens.create(cursor, scope, name, _now())
            self.access.read_tokens(cursor)
        return made

    def tokens(self) -> list[tokens.Token]:
        """Every token."""
        with self._cursor() as cursor:
            return tokens.all_tokens(cursor)

    def revoke_token(self, token_id: str) -> None:
        """Ends a token at once."""
        with self._cursor() as cursor:
            tokens.revoke(cursor, token_id, _now())
            self.access.read_tokens(cursor)

    def close(self) -> str:
        """Loads what was received, closes every segment and the case; says what could not be done."""
        self._is_ending = True
        if self.watcher is not None:
            self.watcher.close()
        self.spool.close()
        self.writer.close()
        problem = self.writer.tally.problem
        self.reader.close()
        self.engine.close()
        return problem

    def _release(self, size: int) -> None:
        if hasattr(self, "spool"):
            self.spool.release(size)

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for a small change. Raises EngineError: what cannot be noted is not done."""
        with self.engine.workbench.cursor() as cursor:
            try:
                yield cursor
            except duckdb.Error as error:
                raise refusal(error) from error


class Counters:
    """What /metrics shows."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "clew_otlp_requests",
            "Requests received, by how they were answered",
            ("signal", "transport", "code"),
            registry=self.registry,
        )
        self.received = Counter(
            "clew_otlp_received_bytes",
            "Uncompressed bytes of requests that were stored",
            ("signal",),
            registry=self.registry,
        )
        tally = service.writer.tally
        gauges = {
            "clew_rows_loaded": ("Rows that reached the case since the start", lambda: tally.rows),
            "clew_repeats_dropped": ("Spans delivered before", lambda: tally.repeats),
            "clew_requests_put_aside": ("Requests that became no rows", lambda: tally.refused),
            "clew_batches_loaded": ("Transactions of the writer", lambda: tally.batches),
            "clew_last_batch_seconds": ("Time of the last one", lambda: tally.last_batch_s),
            "clew_queue_bytes": ("Bytes that wait for the case", lambda: service.spool.held_bytes),
            "clew_known_spans": (
                "Spans that repeats are told by",
                lambda: len(service.writer.seen),
            ),
            "clew_up": ("1 while the server is well", lambda: int(not service.problem)),
        }
        for name, (means, value) in gauges.items():
            Gauge(name, means, registry=self.registry).set_function(value)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)

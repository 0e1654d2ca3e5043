"""/api/local: what other commands of this machine ask while the server holds their case.

They show the secret that stands in the note beside the case. An answer is lines of JSON; the last is
{"end": true}, or {"error": ..., "sentence": ...}: so one that was cut short is not taken for a whole.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from clew.engines._wire import error_line, rows_line
from clew.errors import ClewError, EngineError
from clew.formats import Settings
from clew.live.service import Service
from clew.live.tokens import Reader
from clew.model.finding import naive
from clew.model.ledger import Removal
from clew.retention import forget_in, retain_in
from clew.sources.files import SourceFile
from clew.web.asking import Live, admin_of

routes = APIRouter(prefix="/api/local", dependencies=[Depends(admin_of)], include_in_schema=False)
LOCAL = Reader("local")
PROGRESS_LINES = 1_000


class Sql(BaseModel):
    """A question in SQL."""

    sql: str
    limit: int | None = None
    timeout_s: float | None = None


class Files(BaseModel):
    """Files of this machine: what the ledger calls each, and where it is."""

    files: list[tuple[str, str]]
    settings: dict[str, Any]
    format: str | None = None


class Old(BaseModel):
    """Events that are too old."""

    before: datetime
    prompts_only: bool
    command: str


class Person(BaseModel):
    """Whose events go: columns and values."""

    named: list[tuple[str, str]]


class Filling(BaseModel):
    """A column of events, and the SELECT of its values; see clew.model.fill."""

    column: str
    by: str
    sql: str
    maker: str


class Findings(BaseModel):
    """Findings of a command, as it prints them."""

    findings: list[dict[str, Any]]


class NewToken(BaseModel):
    """A token to make."""

    scope: str
    name: str = ""


class Acknowledged(BaseModel):
    """Who takes an alert on."""

    alert_id: str
    who: str


class Silenced(BaseModel):
    """What nobody is to be told of, and until when (RFC 3339)."""

    what: str
    until: str
    reason: str = ""
    who: str = ""


class Noted(BaseModel):
    """Something done, for the audit."""

    who: str
    action: str
    what: str


@routes.get("/ping")
def ping(live: Live) -> Response:
    """Which case this is."""
    return _told(lambda: iter([{"case": str(live.path)}]))


@routes.post("/sql")
def sql(asked: Sql, live: Live) -> Response:
    """One SELECT: a line with the columns, then lines of rows."""

    def lines() -> Iterator[bytes]:
        audit_id = live.audit(LOCAL, "sql", asked.sql)
        is_first = True
        for part in live.parts(asked.sql, audit_id, limit=asked.limit, timeout_s=asked.timeout_s):
            if is_first:
                yield _line({"columns": part.columns})
                is_first = False
            if part.rows:
                yield rows_line(part.rows)

    return _stream(lines)


@routes.post("/ingest")
def ingest(asked: Files, live: Live) -> Response:
    """Files into the case: lines of progress, and a line a source."""
    files = [SourceFile(uri, Path(path)) for uri, path in asked.files]
    return _told(lambda: _ingested(live, files, live.told(asked.settings), asked.format))


@routes.post("/fill")
def fill(asked: Filling, live: Live) -> Response:
    """A column that follows from others."""

    def told() -> Iterator[dict[str, Any]]:
        live.audit(LOCAL, "fill", asked.column)
        yield {"filled": live.fill(asked.column, asked.by, asked.sql, asked.maker)}

    return _told(told)


@routes.post("/findings")
def keep_findings(asked: Findings, live: Live) -> Response:
    """Stores what a command found."""

    def told() -> Iterator[dict[str, Any]]:
        live.keep_findings(asked.findings)
        yield {"findings": len(asked.findings)}

    return _told(told)


@routes.post("/verify")
def verify(live: Live) -> Response:
    """Every digest and the chain, again."""

    def told() -> Iterator[dict[str, Any]]:
        found = live.verify()
        yield {"ok": found.ok, "sentences": found.sentences}

    return _told(told)


@routes.post("/retain")
def retain(asked: Old, live: Live) -> Response:
    """Removes old events: a line a source."""
    live.audit(LOCAL, "retain", asked.command)
    return _told(
        lambda: map(
            _removal,
            live.remove(
                lambda engine: retain_in(
                    engine, asked.before, prompts_only=asked.prompts_only, command=asked.command
                )
            ),
        )
    )


@routes.post("/forget")
def forget(asked: Person, live: Live) -> Response:
    """Removes one person's events: a line a source."""
    policy = live.settings.redaction
    live.audit(LOCAL, "forget", " ".join(name for name, _ in asked.named))
    return _told(
        lambda: map(_removal, live.remove(lambda engine: forget_in(engine, asked.named, policy)))
    )


@routes.post("/tokens")
def create_token(asked: NewToken, live: Live) -> Response:
    """A new token; its text is given here and nowhere else."""

    def told() -> Iterator[dict[str, Any]]:
        text, token = live.create_token(asked.scope, asked.name)
        yield {"text": text, "token_id": token.token_id}

    return _told(told)


@routes.delete("/tokens/{token_id}")
def revoke_token(token_id: str, live: Live) -> Response:
    """Ends a token."""

    def told() -> Iterator[dict[str, Any]]:
        live.revoke_token(token_id)
        yield {"token_id": token_id}

    return _told(told)


@routes.post("/audit")
def note(asked: Noted, live: Live) -> Response:
    """Notes in the audit what a command has done."""

    def told() -> Iterator[dict[str, Any]]:
        yield {"audit_id": live.audit(Reader(asked.who), asked.action, asked.what)}

    return _told(told)


@routes.post("/alerts/ack")
def acknowledge(asked: Acknowledged, live: Live) -> Response:
    """Takes an alert on."""

    def told() -> Iterator[dict[str, Any]]:
        live.acknowledge(asked.alert_id, asked.who)
        yield {"alert_id": asked.alert_id}

    return _told(told)


@routes.post("/alerts/silence")
def silence(asked: Silenced, live: Live) -> Response:
    """Silences a rule, a kind or an alert."""

    def told() -> Iterator[dict[str, Any]]:
        until = naive(asked.until)
        assert until is not None
        yield {"silence_id": live.silence(asked.what, until, asked.reason, asked.who)}

    return _told(told)


def _ingested(
    live: Service, files: list[SourceFile], settings: Settings, format: str | None
) -> Iterator[dict[str, Any]]:
    """The ingest runs in a thread of its own; a command that goes away ends it after its file."""
    told: queue.Queue[dict[str, Any] | Exception | None] = queue.Queue(PROGRESS_LINES)
    is_left = threading.Event()

    def progress(source: str, done: int, size: int) -> None:
        if not told.full() and not is_left.is_set():
            told.put({"progress": [source, done, size]})

    def run() -> None:
        try:
            for row in live.ingest(files, settings, format, progress):
                if is_left.is_set():
                    return
                told.put(asdict(row))
            told.put(None)
        except Exception as error:
            told.put(error)

    threading.Thread(target=run, name="clew-ingest").start()
    try:
        while (item := told.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        is_left.set()


def _removal(removal: Removal) -> dict[str, Any]:
    return {**asdict(removal), "removed_at": removal.removed_at.isoformat()}


def _told(told: Callable[[], Iterator[dict[str, Any]]]) -> Response:
    return _stream(lambda: map(_line, told()))


def _stream(lines: Callable[[], Iterator[bytes]]) -> Response:
    return StreamingResponse(_ended(lines), media_type="application/x-ndjson")


def _ended(lines: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """The lines, and how they ended."""
    try:
        yield from lines()
    except ClewError as error:
        yield _line(error_line(error))
    except Exception as error:
        yield _line(error_line(EngineError(f"BUG: {type(error).__name__}: {error}")))
    else:
        yield _line({"end": True})


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"

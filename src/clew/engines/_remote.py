"""A case that a running `clew serve` holds: questions go through it, and come back as from the file.

DuckDB lets one process write a file. So the server leaves a note beside the case, readable by its own
user alone: where it listens, and a secret that opens it. Who finds the note asks the server; a note
that nobody answers to is what a killed server left, and counts for nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.engines import Answer
from clew.engines._sql import duckdb_sql
from clew.engines._wire import error_of, rows_of
from clew.errors import EngineError
from clew.formats import Settings
from clew.model.fill import Fill
from clew.model.ledger import Count, Removal, SourceRow, Verification
from clew.sources.files import SourceFile

if TYPE_CHECKING:
    from http.client import HTTPResponse

    import ibis.expr.types as ir

ANSWER_S = 5.0
"""How long a server may take to say that it is there."""
MOST_SILENT_S = 3600.0
"""How long a question without a limit of its own may be silent."""


@dataclass(frozen=True, slots=True)
class Note:
    """What the server leaves beside the case.

    host, port  where it listens, as seen from this machine
    secret      opens it as `admin`
    pid         of the process
    """

    host: str
    port: int
    secret: str
    pid: int


def note_path(case: str | Path) -> Path:
    """Where the note of a case stands."""
    path = Path(case).resolve()
    return path.with_name(path.name + ".server")


def leave_note(case: str | Path, note: Note) -> None:
    """Writes the note, for this user alone, at once and as a whole."""
    path = note_path(case)
    draft = path.with_name(f"{path.name}.{note.pid}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(note), file)
    draft.replace(path)


def find_server(case: str) -> RemoteEngine | None:
    """The server that holds the case; None where there is none, or none that answers."""
    try:
        note = Note(**json.loads(note_path(case).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    engine = RemoteEngine(note, case)
    try:
        (said,) = engine.lines("GET", "/api/local/ping", timeout_s=ANSWER_S)
    except (EngineError, ValueError):
        engine.close()
        return None
    if json.loads(said).get("case") != str(Path(case).resolve()):
        engine.close()
        return None
    return engine


class RemoteEngine:
    """The engine of a case that a server holds."""

    dialect = "duckdb"

    def __init__(self, note: Note, path: str) -> None:
        from http.client import HTTPConnection  # long to load: most cases have no server

        self.note, self.path = note, path
        self._connection = HTTPConnection(note.host, note.port, timeout=ANSWER_S)

    def run(
        self,
        question: ir.Table | str,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """The answer to an Ibis expression or a SELECT, as the file itself would give it."""
        if not isinstance(question, str):
            question = self.compile(question if limit is None else question.limit(limit))
        asked = {"sql": question, "limit": limit, "timeout_s": timeout_s}
        told = self.lines("POST", "/api/local/sql", asked)
        columns = tuple(json.loads(next(told))["columns"])
        rows: list[tuple[Any, ...]] = []
        for line in told:
            rows += rows_of(line)
        return Answer(columns, rows)

    def stream(self, question: ir.Table | str) -> Iterator[Answer]:
        """The same as the server sends it; no other question may be asked until it is read."""
        sql = question if isinstance(question, str) else self.compile(question)
        told = self.lines("POST", "/api/local/sql", {"sql": sql, "limit": None, "timeout_s": None})
        columns = tuple(json.loads(next(told))["columns"])
        yield Answer(columns, [])
        for line in told:
            yield Answer(columns, rows_of(line))

    def compile(self, expression: ir.Table) -> str:
        """DuckDB's SQL of an expression."""
        return duckdb_sql(expression)

    def sharing(
        self, parts: Mapping[str, ir.Table], *, is_few: bool = False
    ) -> AbstractContextManager[RemoteEngine]:
        """The engine itself: the server's case may change between two questions."""
        return nullcontext(self)

    def kept(self, part: ir.Table) -> ir.Table:
        """The part itself."""
        return part

    def keep_findings(self, found: Sequence[Mapping[str, Any]], now: object) -> None:
        """Findings into the case, by the server's clock."""
        if found:
            list(self.lines("POST", "/api/local/findings", {"findings": list(found)}))

    def verify(self) -> Verification:
        """Every digest of the case and the chain, again, by the server."""
        (line,) = self.lines("POST", "/api/local/verify", {})
        found = json.loads(line)
        return Verification(found["ok"], tuple(found["sentences"]))

    def retain(self, before: datetime, *, prompts_only: bool, command: str) -> list[Removal]:
        """Removes old events, by the server."""
        asked = {"before": before.isoformat(), "prompts_only": prompts_only, "command": command}
        return [_removal(line) for line in self.lines("POST", "/api/local/retain", asked)]

    def forget(self, named: Sequence[tuple[str, str]]) -> list[Removal]:
        """Removes one person's events, by the server."""
        asked = {"named": [list(pair) for pair in named]}
        return [_removal(line) for line in self.lines("POST", "/api/local/forget", asked)]

    def fill(self, fill: Fill) -> int:
        """Writes a column that follows from others, by the server."""
        asked = {
            "column": fill.column, "by": fill.by, "sql": self.compile(fill.values), "maker": fill.maker
        }  # fmt: skip
        (line,) = self.lines("POST", "/api/local/fill", asked)
        return int(json.loads(line)["filled"])

    def ingest(
        self,
        files: Sequence[SourceFile],
        settings: Settings,
        format: str | None,
        progress: Callable[[str, int, int], None] | None,
    ) -> list[SourceRow]:
        """Files into the case by the server, which reads them itself."""
        asked = {
            "files": [[source.uri, str(source.path.absolute())] for source in files],
            "settings": settings.as_json(),
            "format": format,
        }
        rows: list[SourceRow] = []
        for line in self.lines("POST", "/api/local/ingest", asked):
            told = json.loads(line)
            if "source" in told:
                rows.append(SourceRow(**{**told, "count": Count(**told["count"])}))
            elif progress is not None:
                progress(*told["progress"])
        return rows

    def lines(
        self,
        method: str,
        path: str,
        asked: dict[str, Any] | None = None,
        *,
        timeout_s: float = MOST_SILENT_S,
    ) -> Iterator[bytes]:
        """The lines of an answer. Raises the error that the server tells of, and EngineError where
        the answer ends before its last line, {"end": true}."""
        from http.client import HTTPException

        try:
            answer = self._request(method, path, asked, timeout_s)
            while line := answer.readline():
                if line.startswith(b'{"error"'):
                    answer.read()
                    raise error_of(json.loads(line))
                if line.startswith(b'{"end"'):
                    answer.read()
                    return
                yield line
        except (OSError, HTTPException) as error:
            raise EngineError(self._broken(str(error))) from error
        raise EngineError(self._broken("its answer ended too early"))

    def _request(
        self, method: str, path: str, asked: dict[str, Any] | None, timeout_s: float
    ) -> HTTPResponse:
        from http.client import HTTPException

        body = None if asked is None else json.dumps(asked).encode()
        headers = {
            "Authorization": f"Bearer {self.note.secret}",
            "Content-Type": "application/json",
            "Host": "localhost",
        }
        for is_last in (False, True):
            if self._connection.sock is not None:
                self._connection.sock.settimeout(timeout_s)
            else:
                self._connection.timeout = timeout_s
            try:
                self._connection.request(method, path, body, headers)
                answer = self._connection.getresponse()
                break
            except (ConnectionError, HTTPException):  # one that was idle may be closed by now
                self._connection.close()
                if is_last or (method != "GET" and path != "/api/local/sql"):
                    raise
        if answer.status != 200:
            said = answer.read().decode(errors="replace")
            raise EngineError(self._broken(f"it answers {answer.status}: {said[:200]}"))
        return answer

    def _broken(self, why: str) -> str:
        return (
            f"The server that holds {self.path} (PID {self.note.pid}) did not answer: {why}. "
            "Is it still running?"
        )

    def close(self) -> None:
        """Lets go of the connection; the server goes on."""
        self._connection.close()


def _removal(line: bytes) -> Removal:
    told = json.loads(line)
    return Removal(**{**told, "removed_at": datetime.fromisoformat(told["removed_at"])})

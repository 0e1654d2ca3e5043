"""The tokens of a case, whether a server holds it or not."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from clew.engines import Answer
from clew.engines._remote import RemoteEngine, find_server
from clew.engines.duckdb import DuckDBEngine, open_case
from clew.errors import ConfigError
from clew.live import tokens
from clew.live.case import make_tables

LISTED = (
    "SELECT token_id, name, scope, created_at, revoked_at FROM tokens ORDER BY created_at, token_id"
)


class KeptTokens(Protocol):
    """What can be done with the tokens of a case."""

    def create(self, scope: str, name: str, now: datetime) -> tuple[str, str]:
        """A new token's text and id."""

    def all(self) -> Answer:
        """Every token, oldest first; not its text."""

    def revoke(self, token_id: str, now: datetime) -> None:
        """Ends a token. Raises ConfigError where there is none of this id."""


@contextlib.contextmanager
def kept_tokens(case: str) -> Iterator[KeptTokens]:
    """The tokens of this case; it is made where it is not there."""
    if "://" in case:
        raise ConfigError(f"Tokens belong to a DuckDB case, which {case} is not.")
    engine = find_server(case) or open_case(str(Path(case)), write=True)
    try:
        yield _Served(engine) if isinstance(engine, RemoteEngine) else _InFile(engine)
    finally:
        engine.close()


class _InFile:
    def __init__(self, engine: DuckDBEngine) -> None:
        self._engine = engine
        make_tables(engine.workbench)

    def create(self, scope: str, name: str, now: datetime) -> tuple[str, str]:
        text, token = tokens.create(self._engine.workbench, scope, name, now)
        return text, token.token_id

    def all(self) -> Answer:
        return self._engine.run(LISTED)

    def revoke(self, token_id: str, now: datetime) -> None:
        tokens.revoke(self._engine.workbench, token_id, now)


class _Served:
    def __init__(self, engine: RemoteEngine) -> None:
        self._engine = engine

    def create(self, scope: str, name: str, now: datetime) -> tuple[str, str]:
        asked = {"scope": scope, "name": name}
        (line,) = self._engine.lines("POST", "/api/local/tokens", asked)
        made = json.loads(line)
        return made["text"], made["token_id"]

    def all(self) -> Answer:
        return self._engine.run(LISTED)

    def revoke(self, token_id: str, now: datetime) -> None:
        from urllib.parse import quote

        list(self._engine.lines("DELETE", f"/api/local/tokens/{quote(token_id, safe='')}"))

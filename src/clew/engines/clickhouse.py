"""ClickHouse: a case on a server, or in process as chdb. One client drives both.

Dsn       clickhouse://user:password@host:port/database (`?secure=true` for TLS), chdb://PATH for a
          folder, chdb:// in memory
Tables    events, with every canonical column by name and type, and `attributes` as JSON text;
          sources and rejects, as in a DuckDB case; the views logs, spans, requests ... over events
Reads     every question runs with readonly=1: it cannot write, and table functions (url, file) are
          refused; a long expression of Clew's own makes temporary tables first
Answers   agree with DuckDB's: exact quantiles and distinct counts, NULL from an outer join and from
          an empty aggregate, characters rather than bytes, times in UTC
Blind to  two chdb folders in one process: chdb runs one engine a process
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from uuid import uuid4

import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from clew.engines import Answer, _clickhouse_derived, _clickhouse_fill
from clew.engines._clickhouse_sql import compile_tree, only_question, taken_apart
from clew.engines._clickhouse_tables import EVENT_TYPES, FUNCTIONS, TABLES
from clew.errors import ClewError, ConfigError, EngineError, TookTooLong
from clew.model.fill import Fill
from clew.model.views import VIEWS, events

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

T = TypeVar("T")
PART_ROWS = 1_000
"""Rows of a part of a long answer, about."""

SETTINGS: dict[str, str | int] = {
    "session_timezone": "UTC",
    "join_use_nulls": 1,
    "aggregate_functions_null_for_empty": 1,
    "prefer_column_name_to_alias": 1,
    "max_query_size": 4_000_000,  # the scores of prompts are eighty long patterns
}
"""Of the connection: in process, a statement that brings settings of its own takes three a setting more."""


class ClickHouseEngine:
    """One case on a ClickHouse. `run` answers questions, `load` adds events."""

    dialect = "clickhouse"

    def __init__(self, client: Client) -> None:
        self._client: Client | None = client

    def run(
        self,
        question: ir.Table | str,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """The answer to an Ibis expression or a SELECT; `limit` cuts it, `timeout_s` stops it."""
        cut = {} if limit is None else {"limit": max(limit, 1)}  # 0 would be no limit
        with self._prepared(question, timeout_s) as (sql, settings):
            last = {**settings, **cut, "readonly": 1}
            result = self._ask(lambda client: client.query(sql, settings=last), timeout_s)
        plain = _plain_row(_kinds(question))
        return Answer(
            tuple(result.column_names), [plain(row) for row in result.result_rows[:limit]]
        )

    def stream(self, question: ir.Table | str) -> Iterator[Answer]:
        """The same in blocks as the server sends them; the first part may have no rows."""
        plain = _plain_row(_kinds(question))
        with self._prepared(question, None) as (sql, settings):
            last = {**settings, "readonly": 1, "max_block_size": PART_ROWS}
            with self._ask(
                lambda client: client.query_row_block_stream(sql, settings=last)
            ) as blocks:
                columns = tuple(blocks.source.column_names)
                yield Answer(columns, [])
                while (rows := self._ask(lambda _: next(blocks, None))) is not None:
                    yield Answer(columns, [plain(row) for row in rows])

    @contextmanager
    def _prepared(
        self, question: ir.Table | str, timeout_s: float | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """The SQL that is left to ask, and its settings, while the tables it needs are there."""
        settings: dict[str, Any] = {}
        if timeout_s is not None:
            settings["max_execution_time"] = timeout_s
        parts: list[tuple[str, str]] = []
        if isinstance(question, str):
            sql = only_question(question)
        else:
            parts, sql = self.steps(question)
        self.derive("\n".join([sql, *(part for _, part in parts)]))
        if parts:
            settings["session_id"] = uuid4().hex  # where temporary tables live
        try:
            for name, part in parts:
                self._command(f"CREATE TEMPORARY TABLE {name} AS {part}", settings, timeout_s)
            yield sql, settings
        finally:
            for name, _ in parts:
                self._command(f"DROP TEMPORARY TABLE IF EXISTS {name}", settings, timeout_s)

    def compile(self, expression: ir.Table) -> str:
        """ClickHouse's SQL of an expression."""
        return str(compile_tree(expression).sql("clickhouse", copy=False))

    def sharing(
        self, parts: Mapping[str, ir.Table], *, is_few: bool = False
    ) -> AbstractContextManager[ClickHouseEngine]:
        """The engine itself: each long question makes its own tables, see `steps`."""
        return nullcontext(self)

    def kept(self, part: ir.Table) -> ir.Table:
        """The part itself."""
        return part

    def steps(self, expression: ir.Table) -> tuple[list[tuple[str, str]], str]:
        """Tables to make first, by name, and the SQL asked of them; most questions need none."""
        return taken_apart(compile_tree(expression))

    def load(self, rows: Iterable[dict[str, Any]], *, replace: bool = False) -> None:
        """Adds events: canonical columns and `attributes` (JSON text); what a row lacks is NULL.

        Times are naive and in UTC. `replace` empties the table first.
        """
        rows = list(rows)
        names = [name for name in EVENT_TYPES if any(name in row for row in rows)]
        values = [[_zoned(row.get(name)) for name in names] for row in rows]
        types = [EVENT_TYPES[name] for name in names]
        if replace:
            self.command("TRUNCATE TABLE events")
        if rows:
            self._ask(
                lambda client: client.insert("events", values, names, column_type_names=types)
            )

    def take(self, table: str, names: Sequence[str], file: BinaryIO) -> None:
        """Adds rows with these columns out of an open file of Parquet."""
        self._ask(lambda client: client.raw_insert(table, names, file, fmt="Parquet"))

    def keep_findings(self, found: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Stores findings by id; one that is there already keeps the time at which it was first found."""
        if not found:
            return
        ids = ", ".join(f"'{one['id']}'" for one in found)
        known = self.run(f"SELECT id, found_at FROM findings WHERE id IN ({ids})")
        found_at = dict(known.rows)
        rows = [
            [
                one["id"],
                one["kind"],
                _zoned(found_at.get(one["id"], now)),
                json.dumps(one, default=str),
            ]
            for one in found
        ]
        if found_at:
            self.command(f"DELETE FROM findings WHERE id IN ({ids})")
        names = ["id", "kind", "found_at", "finding"]
        self._ask(lambda client: client.insert("findings", rows, names))

    def derive(self, sql: str) -> None:
        """Makes the derived tables that the SQL names, where the events have changed since."""
        named = [name for name in _clickhouse_derived.MAKERS if re.search(rf"\b{name}\b", sql)]
        if not named or self._client is None:
            return
        self._ask(lambda client: _clickhouse_derived.refresh(client, named))

    def fill(self, fill: Fill) -> int:
        """Writes a column that follows from others, where it is NULL; gives how many rows."""
        return _clickhouse_fill.fill_column(self, fill)

    def command(self, statement: str) -> None:
        """Runs a statement that changes the case."""
        self._command(statement, {}, None)

    def close(self) -> None:
        """Lets go of the connection; a second call does nothing."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def _command(self, sql: str, settings: dict[str, Any], timeout_s: float | None) -> None:
        self._ask(lambda client: client.command(sql, settings=settings), timeout_s)

    def _ask(self, request: Callable[[Client], T], timeout_s: float | None = None) -> T:
        if self._client is None:
            raise EngineError("The connection to ClickHouse is closed. Open the case again.")
        try:
            return request(self._client)
        except Exception as error:
            raise _refused(error, timeout_s) from error


def open_case(dsn: str, *, write: bool) -> ClickHouseEngine:
    """The case that `dsn` names; `write` makes its table and functions where they are missing."""
    engine = ClickHouseEngine(_connect(dsn))
    try:
        _check(engine, dsn, write=write)
    except ClewError:
        engine.close()
        raise
    return engine


def _connect(dsn: str) -> Client:
    scheme, _, rest = dsn.partition("://")
    if scheme not in ("clickhouse", "chdb"):
        raise ConfigError(
            f"'{scheme}' is no ClickHouse: 'clickhouse://user@host:port/database' or 'chdb://PATH'."
        )
    try:
        import clickhouse_connect
    except ModuleNotFoundError as error:
        raise ConfigError(
            "A case on ClickHouse needs clickhouse-connect: pip install 'clew[clickhouse]'."
        ) from error
    # The client logs what it also raises; a user reads one sentence.
    logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())
    try:
        if scheme == "chdb":
            client: Client = clickhouse_connect.get_client(
                interface="chdb", path=rest or None, settings=SETTINGS
            )
        else:
            client = clickhouse_connect.get_client(
                dsn=dsn, settings=SETTINGS, autogenerate_session_id=False
            )
    except ImportError as error:
        raise ConfigError("A case at chdb:// needs chdb: pip install chdb.") from error
    except Exception as error:
        raise EngineError(
            f"ClickHouse at {_without_password(dsn)} cannot be opened: {_first_line(error)}"
        ) from error
    client.tz_mode = "naive_utc"
    return client


def _check(engine: ClickHouseEngine, dsn: str, *, write: bool) -> None:
    """A reader may lack the right to create: what is there is not created again."""
    functions = {name for (name,) in engine.run("SELECT name FROM system.functions").rows}
    tables = {name for (name,) in engine.run("SHOW TABLES").rows}
    if "events" not in tables and not write:
        raise ConfigError(
            f"There is no case at {_without_password(dsn)}. "
            "'clew ingest PATH --case DSN' makes one."
        )
    for name in sorted(set(FUNCTIONS) - functions):
        engine.command(f"CREATE FUNCTION {name} AS {FUNCTIONS[name]}")
    if not write:
        return
    for name in sorted(set(TABLES) - tables):
        engine.command(TABLES[name])
    for name in sorted(set(VIEWS) - tables):
        engine.command(f"CREATE VIEW {name} AS {engine.compile(VIEWS[name](events))}")


def _without_password(dsn: str) -> str:
    scheme, _, rest = dsn.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _refused(error: Exception, timeout_s: float | None) -> EngineError:
    words = _first_line(error)
    if "TIMEOUT_EXCEEDED" in words and timeout_s is not None:
        return TookTooLong(timeout_s)
    return EngineError(f"ClickHouse refused the question: {words}")


def _first_line(error: Exception) -> str:
    line = (str(error).splitlines() or [type(error).__name__])[0]
    return _NOISE.sub("", line).strip()


_NOISE = re.compile(
    r"""
    (?:Code:\ \d+\.\ )?DB::Exception:\ (?:default:\ )?   # Code: 164. DB::Exception: default:
    | \ \(version\ [^)]*\)(?:\ \([A-Z_]+\))?            # (version 26.9.2.1) (READONLY)
    | \ In\ scope\ .*                                  # In scope SELECT * FROM nope ...
    | ^Error\ HTTP.*?(?=\[Errno)                       # Error HTTPConn... [Errno 111]
    | "?\)\)?\ executing\ HTTP\ request.*              # ")) executing HTTP request attempt 1 (...)
    """,
    re.VERBOSE,
)


def _zoned(value: Any) -> Any:
    """The client takes a naive time for local time: ours are in UTC."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _kinds(question: ir.Table | str) -> tuple[dt.DataType, ...] | None:
    return None if isinstance(question, str) else question.schema().types


def _plain_row(
    kinds: tuple[dt.DataType, ...] | None,
) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """Turns a row of the client into Clew's values. SQL in text states no kinds."""

    def plain(row: Sequence[Any]) -> tuple[Any, ...]:
        if kinds is None:
            return tuple(_plain(value) for value in row)
        return tuple(_plain(value, kind) for value, kind in zip(row, kinds, strict=True))

    return plain


def _plain(value: Any, kind: dt.DataType | None = None) -> Any:
    """ClickHouse's booleans are 0 and 1, its empty mean is NaN, and times may carry a zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if kind is not None and kind.is_boolean() and value is not None:
        return bool(value)
    return value

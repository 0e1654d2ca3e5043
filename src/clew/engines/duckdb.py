"""The default engine: one DuckDB file holds the case, and any DuckDB client opens it.

Tables   event_rows (the columns that sources fill + VARIANT attributes), sources, blocks, rejects,
         fields, findings
Views    events, with every canonical column by name and type; logs, spans, requests ... over it
Writes   go through one transaction a source: a killed ingest leaves the case as it was
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from clew.engines import Answer, Engine
from clew.engines._duckdb_chain import LINKS, complete_links, last_link
from clew.engines._duckdb_derived import Derived
from clew.engines._duckdb_fill import fill_column
from clew.engines._duckdb_limit import stopped_after
from clew.engines._duckdb_macros import MACROS, complete
from clew.engines._duckdb_views import VIEWS
from clew.engines._sql import duckdb_sql
from clew.errors import ConfigError, EngineError, TookTooLong
from clew.model.event import BY_NAME, COLUMNS, Kind
from clew.model.fill import Fill

if TYPE_CHECKING:
    import ibis.expr.types as ir

CASE_VERSION = 4
SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
    "time": "TIMESTAMP",
    "money": "DECIMAL(18, 9)",
    "json": "VARCHAR",
}

EVENT_ID = "left(md5(concat(root_id, ':', byte_offset, ':', part)), 16)"
"""An event's identity follows from its place in the source as first seen, so it is not stored."""

TABLES = """
CREATE TABLE clew_case (version INTEGER, made_at TIMESTAMP);
CREATE TABLE sources (
    source_id VARCHAR PRIMARY KEY, uri VARCHAR, sha256 VARCHAR, content_sha256 VARCHAR,
    continues VARCHAR, root_sha256 VARCHAR, start BIGINT, size BIGINT, first_line BIGINT, format VARCHAR,
    timezone VARCHAR, lines BIGINT, events BIGINT, continuation BIGINT, blanks BIGINT,
    rejects BIGINT, redacted VARCHAR, redaction VARCHAR, first_event TIMESTAMP, last_event TIMESTAMP,
    ingested_at TIMESTAMP, clew_version VARCHAR, digest VARCHAR, position BIGINT, chain VARCHAR);
CREATE TABLE blocks (
    source_id VARCHAR, block INTEGER, source_format VARCHAR, first_byte BIGINT, last_byte BIGINT,
    events BIGINT, digest VARCHAR, columns VARCHAR, duckdb_version VARCHAR, row_checks BLOB);
CREATE TABLE rejects (
    source_id VARCHAR, line BIGINT, byte_offset BIGINT, reason VARCHAR, text VARCHAR);
CREATE TABLE fields (source_id VARCHAR, field VARCHAR, is_attribute BOOLEAN, rows BIGINT,
    first_seen TIMESTAMP);
CREATE TABLE removals (
    source_id VARCHAR, uri VARCHAR, removed_at TIMESTAMP, command VARCHAR, removed BIGINT,
    emptied BIGINT, digest VARCHAR, clew_version VARCHAR, position BIGINT, chain VARCHAR);
CREATE TABLE findings (id VARCHAR PRIMARY KEY, kind VARCHAR, found_at TIMESTAMP, finding VARCHAR);
"""

PART_ROWS = 1_000
"""Rows of an answer that comes in parts."""

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    # It counts rows that are deleted, or not committed yet: ORDER BY with LIMIT then finds too few.
    "disabled_optimizers": "row_group_pruner",
}

COMPRESSIONS = {"timestamp_text": "zstd", "request_id": "zstd"}
"""How columns are compressed of which each row has its own: a dictionary of them, which DuckDB would try
first, takes a third longer to write and is no smaller."""

PLACE = ("source_id", "source_format", "line", "byte_offset")
"""The columns of `events` that every row of every case has."""


class _Held:
    """Arrow batches for one INSERT. DuckDB keeps what was registered until the transaction ends;
    the batches are let go before."""

    def __init__(self, batches: Any) -> None:
        self.batches = batches

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        stream: object = self.batches.__arrow_c_stream__(requested_schema)
        return stream


class DuckDBEngine:
    """One open case. `run` answers questions; `workbench` is where an ingest parses and loads."""

    dialect = "duckdb"

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, path: str, derived: Derived | None = None
    ) -> None:
        self.workbench = connection
        self.path = path
        self.derived = derived or Derived(connection)

    def run(
        self,
        question: ir.Table | str,
        *,
        limit: int | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """The answer to an Ibis expression or a SELECT; `limit` cuts it, `timeout_s` stops it."""
        if not isinstance(question, str):
            question = self.compile(question if limit is None else question.limit(limit))
        sql = question
        with contextlib.closing(self.workbench.cursor()) as cursor:
            try:
                with stopped_after(timeout_s, cursor):
                    self.derived.show(sql, cursor, self.workbench)
                    statements = cursor.extract_statements(sql)
                    if len(statements) != 1:
                        raise ConfigError(
                            f"One SELECT is expected, found {len(statements)} statements."
                        )
                    cursor.execute(statements[0])
                    columns = tuple(column[0] for column in cursor.description or ())
                    rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
            except duckdb.Error as error:
                raise refusal(error, timeout_s) from error
        return Answer(columns, rows)

    def stream(self, question: ir.Table | str) -> Iterator[Answer]:
        """The same in parts of a thousand rows; the first part may have no rows."""
        sql = question if isinstance(question, str) else self.compile(question)
        with contextlib.closing(self.workbench.cursor()) as cursor:
            try:
                self.derived.show(sql, cursor, self.workbench)
                cursor.execute(sql)
                columns = tuple(column[0] for column in cursor.description or ())
                yield Answer(columns, cursor.fetchmany(PART_ROWS))
                while rows := cursor.fetchmany(PART_ROWS):
                    yield Answer(columns, rows)
            except duckdb.Error as error:
                raise refusal(error) from error

    def compile(self, expression: ir.Table) -> str:
        """DuckDB's SQL of an expression."""
        return duckdb_sql(expression)

    def sharing(
        self, parts: Mapping[str, ir.Table], *, is_few: bool = False
    ) -> AbstractContextManager[Engine]:
        """This engine, for questions of which many hold the same parts."""
        from clew.engines._duckdb_shared import SharedParts

        return SharedParts(self, parts, is_few=is_few)

    def kept(self, part: ir.Table) -> ir.Table:
        """The part itself."""
        return part

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what fails inside leaves the case as it was."""
        try:
            self.workbench.execute("BEGIN")
            yield
            self.workbench.execute("COMMIT")
            self.derived.forget()
        except BaseException as error:
            with contextlib.suppress(duckdb.Error):
                self.workbench.execute("ROLLBACK")
            if isinstance(error, duckdb.Error):
                raise _refused(error) from error
            raise

    @contextlib.contextmanager
    def loading(self) -> Iterator[Callable[[], None]]:
        """A transaction for sources that are new: first their rows; what it gives is called when all
        are there, and then come their rows in `sources`."""
        with self.transaction():
            yield lambda: None

    def last_link(self) -> tuple[str, int]:
        """The last link of the chain over the sources, and its position."""
        return last_link(self.workbench)

    def insert(self, table: str, incoming: object, names: Sequence[str]) -> int:
        """Adds these columns of an Arrow stream; JSON text becomes VARIANT. Gives how many rows.

        A column of events that the case has not yet is made first.
        """
        if table == "event_rows":
            self.add_columns(names)
        columns = ", ".join(f'"{name}"' for name in names)
        values = columns.replace('"attributes"', "attributes::JSON::VARIANT")
        held = _Held(incoming)
        self.workbench.register("incoming_batches", held)
        try:
            added = self.workbench.execute(
                f"INSERT INTO {table} ({columns}) SELECT {values} FROM incoming_batches"
            )
            return int(added.fetchall()[0][0])
        finally:
            self.workbench.unregister("incoming_batches")
            held.batches = None

    def keep_findings(self, found: Sequence[Mapping[str, Any]], now: datetime) -> None:
        """Stores findings by id; one that is there already keeps the time at which it was first found.

        A case that is only read stays as it is.
        """
        if not found or self.is_read_only():
            return
        rows = [[one["id"], one["kind"], now, json.dumps(one, default=str)] for one in found]
        with self.transaction():
            self.workbench.executemany(
                "INSERT INTO findings VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET finding = excluded.finding",
                rows,
            )

    def is_read_only(self) -> bool:
        """Whether the case was opened without the right to write."""
        rows = self.workbench.execute(
            "SELECT readonly FROM duckdb_databases() WHERE database_name = current_database()"
        ).fetchall()
        return bool(rows and rows[0][0])

    def stored(self) -> tuple[str, ...]:
        """The columns that `event_rows` has: those that a source has filled."""
        rows = self.workbench.execute("SELECT name FROM pragma_table_info('event_rows')").fetchall()
        return tuple(name for (name,) in rows)

    def add_columns(self, names: Sequence[str]) -> None:
        """Makes the columns of events that are not stored yet, and the view anew."""
        stored = self.stored()
        if missing := [name for name in names if name not in stored]:
            for name in missing:
                how = f" USING COMPRESSION {COMPRESSIONS[name]}" if name in COMPRESSIONS else ""
                self.workbench.execute(
                    f'ALTER TABLE event_rows ADD COLUMN "{name}" {SQL_TYPES[BY_NAME[name].kind]}{how}'
                ).fetchall()
            view = events_view((*stored, *missing))
            self.workbench.execute(f"CREATE OR REPLACE VIEW events AS {view}").fetchall()

    def fill(self, fill: Fill) -> int:
        """Writes a column that follows from others, where it is NULL; gives how many rows."""
        return fill_column(self, fill.column, fill.by, self.compile(fill.values), fill.maker)

    def close(self) -> None:
        """Closes the file; a second call does nothing."""
        self.workbench.close()


def open_case(path: str, *, write: bool) -> DuckDBEngine:
    """The case in the file `path`, made when `write` is set and it is not there.

    A case that is only read cannot be changed, and SQL on it cannot reach files or the network.
    """
    is_new = path == ":memory:" or not Path(path).exists()
    if is_new and not write:
        raise ConfigError(
            f"There is no case at {path}. 'clew ingest PATH --case {path}' makes one."
        )
    try:
        connection = duckdb.connect(path, read_only=not write, config=SETTINGS)
    except duckdb.Error as error:
        raise _cannot_open(path, error) from error
    engine = DuckDBEngine(connection, path)
    try:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")  # a cursor has settings of its own
        if is_new:
            _make(connection)
        _check_version(connection, path)
        if write:
            complete(connection)
            complete_links(connection)
        else:
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
    except duckdb.Error as error:
        connection.close()
        raise _refused(error) from error
    except EngineError:
        connection.close()
        raise
    return engine


def events_view(stored: Collection[str]) -> str:
    """SQL of the view `events`: the stored columns, and NULL for those that no source has filled."""
    columns = [
        f'"{c.name}"'
        if c.name in stored
        else f"{EVENT_ID} AS event_id"
        if c.name == "event_id"
        else f'NULL::{SQL_TYPES[c.kind]} AS "{c.name}"'
        for c in COLUMNS
    ]
    return f"SELECT {', '.join(columns)}, attributes FROM event_rows"


def _make(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("BEGIN")
    connection.execute(TABLES)
    connection.execute(LINKS)
    connection.execute(MACROS)
    provenance = {name: SQL_TYPES[BY_NAME[name].kind] for name in PLACE}
    connection.execute(
        f"CREATE TABLE event_rows (root_id VARCHAR, "
        f"{', '.join(f'{name} {type_}' for name, type_ in provenance.items())}, "
        "part INTEGER, attributes VARIANT)"
    )
    connection.execute(f"CREATE VIEW events AS {events_view(PLACE)}")
    for name, sql in VIEWS.items():
        connection.execute(f"CREATE VIEW {name} AS {sql}")
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute("INSERT INTO clew_case VALUES (?, ?)", [CASE_VERSION, now])
    connection.execute("COMMIT")


def _check_version(connection: duckdb.DuckDBPyConnection, path: str) -> None:
    try:
        found = connection.execute("SELECT max(version) FROM clew_case").fetchall()
    except duckdb.CatalogException as error:
        raise EngineError(f"{path} is a DuckDB file, but not a case of Clew.") from error
    version: Any = found[0][0]
    if version is None or version > CASE_VERSION:
        raise EngineError(
            f"{path} was made by a newer Clew (case version {version}; this one reads up to "
            f"{CASE_VERSION}). Upgrade with 'pip install --upgrade clew'."
        )
    if version < CASE_VERSION:
        raise EngineError(
            f"{path} was made by an older Clew (case version {version}; this one reads "
            f"{CASE_VERSION}). Ingest its files into a new case."
        )


def _cannot_open(path: str, error: duckdb.Error) -> EngineError:
    words = str(error)
    if holder := re.search(r"PID (\d+)", words):
        return EngineError(
            f"{path} is open in another process (PID {holder[1]}). Close it there and try again."
        )
    if "lock" in words:
        return EngineError(f"{path} is open in another process. Close it there and try again.")
    if "not a valid DuckDB database" in words:
        return EngineError(f"{path} is not a DuckDB file. Name another with --case.")
    return EngineError(f"{path} cannot be opened: {_sentence(words)}")


def refusal(error: duckdb.Error, timeout_s: float | None = None) -> ConfigError | EngineError:
    """DuckDB's refusal of a question as ours."""
    if isinstance(error, duckdb.InterruptException) and timeout_s:
        return TookTooLong(timeout_s)
    return _refused(error)


def _refused(error: duckdb.Error) -> ConfigError | EngineError:
    words = _sentence(str(error))
    if isinstance(error, (duckdb.ProgrammingError, duckdb.PermissionException)):
        return ConfigError(f"The question cannot be answered: {words}")
    return EngineError(f"The case refused: {words}")


def _sentence(words: str) -> str:
    return " ".join(words.split("\n\n", maxsplit=1)[0].split())

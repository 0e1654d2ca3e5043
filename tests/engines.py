"""Both engines for the runner, and the rows of a case put into them.

An engine is opened once and filled anew for each case: chdb starts once a process, and a new DuckDB
case takes longer than most questions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import ibis.expr.types as ir

from clew.engines import Engine, clickhouse, duckdb
from clew.model.event import BY_NAME, COLUMNS

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """An engine, and what replaces all its events."""

    name: str
    engine: Engine
    fill: Callable[[Iterable[Row]], None]


def duckdb_bench() -> Bench:
    """The default engine, but with event ids that a case may state: a real one hashes them."""
    engine = duckdb.open_case(":memory:", write=True)
    names = [column.name for column in COLUMNS]
    engine.add_columns(names)
    _compile_once(engine, "compile")
    return Bench("duckdb", engine, lambda rows: _fill_duckdb(engine, rows))


def clickhouse_bench() -> Bench:
    engine = clickhouse.open_case("chdb://", write=True)
    _compile_once(engine, "steps")
    return Bench("clickhouse", engine, lambda rows: _fill_clickhouse(engine, rows))


def _compile_once(engine: Engine, method: str) -> None:
    """Ibis takes longer to compile a question than an engine to answer it over a few rows."""
    compiled: dict[Any, Any] = {}
    compile_anew = getattr(engine, method)

    def compile_once(expression: ir.Table) -> Any:
        question = expression.op()
        if question not in compiled:
            compiled[question] = compile_anew(expression)
        return compiled[question]

    setattr(engine, method, compile_once)


def _fill_duckdb(engine: duckdb.DuckDBEngine, rows: Iterable[Row]) -> None:
    engine.workbench.execute("DELETE FROM event_rows")
    engine.derived.forget()
    kinds = {column.name: duckdb.SQL_TYPES[column.kind] for column in COLUMNS}
    shape = json.dumps([{**kinds, "attributes": "JSON"}])
    columns = ", ".join(f'r."{name}" AS "{name}"' for name in kinds)
    engine.workbench.execute(
        f"INSERT INTO event_rows BY NAME SELECT {columns}, r.attributes::VARIANT AS attributes"
        f" FROM (SELECT unnest(from_json(?, '{shape}')) AS r)",
        [json.dumps(complete(rows), default=str)],
    )


def _fill_clickhouse(engine: clickhouse.ClickHouseEngine, rows: Iterable[Row]) -> None:
    texts = [
        {**row, "attributes": json.dumps(row["attributes"])} if "attributes" in row else row
        for row in complete(rows)
    ]
    engine.load(texts, replace=True)


def complete(rows: Iterable[Row]) -> list[Row]:
    """Rows with an id and a place of their own, and values of their column's type."""
    return [
        {
            "event_id": f"event-{number:06}",
            "source_id": "source-1",
            "line": number + 1,
            "byte_offset": number * 100,
            **{name: _typed(name, value) for name, value in row.items() if value is not None},
        }
        for number, row in enumerate(rows)
    ]


def plain(value: Any) -> Any:
    """A value to compare: times from RFC 3339 text, floats to nine digits, Decimal as float."""
    if isinstance(value, str) and value.endswith("Z") and value[:1].isdigit():
        return moment(value)
    if isinstance(value, float | Decimal):
        return float(f"{value:.9g}")
    return value


def moment(text: str) -> datetime:
    """A naive UTC time from RFC 3339."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def _typed(name: str, value: Any) -> Any:
    if name == "attributes":
        return json.loads(value) if isinstance(value, str) else value
    assert name in BY_NAME, f"a case's row has '{name}', which is no canonical column"
    kind = BY_NAME[name].kind
    if kind == "time" and isinstance(value, str):
        return moment(value)
    if kind == "money":
        return Decimal(str(value))
    return value

"""What DuckDB itself must not get wrong under a case."""

from __future__ import annotations

import random

from clew.engines import _duckdb_views, duckdb
from clew.model.event import BY_NAME
from clew.model.views import USAGE_REPORT, VIEWS, events

MANY = "INSERT INTO event_rows (source_id, line) SELECT 's', range FROM range(400000)"  # row groups


def test_the_first_rows_are_found_behind_deleted_and_uncommitted_ones() -> None:
    engine = duckdb.open_case(":memory:", write=True)
    ask = "SELECT line FROM events ORDER BY line DESC LIMIT 1"
    engine.workbench.execute(MANY)
    engine.workbench.execute("DELETE FROM event_rows")
    engine.workbench.execute("INSERT INTO event_rows (source_id, line) VALUES ('s', 7)")
    assert engine.run(ask).rows == [(7,)]
    writer = engine.workbench.cursor()
    writer.execute("BEGIN")
    writer.execute(MANY)
    assert engine.run(ask).rows == [(7,)]
    writer.execute("ROLLBACK")
    engine.close()


def test_the_views_of_a_case_are_those_that_ibis_compiles() -> None:
    engine = duckdb.open_case(":memory:", write=True)
    assert list(_duckdb_views.VIEWS) == list(VIEWS)
    given = {
        name: (USAGE_REPORT, "chat") if column.kind == "text" else (1, 2)
        for name, column in BY_NAME.items()
        if any(name in rows for rows in _duckdb_views.CONDITIONS.values())
    }
    engine.add_columns(list(given))
    chance = random.Random(7)
    for line in range(2_000):
        row = [chance.choice([None, *values]) for values in given.values()]
        marks = ", ".join("?" * len(given))
        engine.workbench.execute(
            f"INSERT INTO event_rows (source_id, line, {', '.join(given)}) VALUES ('s', {line}, {marks})",
            row,
        )
    for name, view in VIEWS.items():
        own = engine.run(f"SELECT line FROM {name} ORDER BY line").rows
        compiled = engine.run(
            f"SELECT line FROM ({engine.compile(view(events))}) ORDER BY line"
        ).rows
        assert own == compiled, name
        assert 0 < len(own) < 2_000
    engine.close()

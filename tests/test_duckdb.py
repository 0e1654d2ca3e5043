"""What DuckDB itself must not get wrong under a case."""

from __future__ import annotations

from clew.engines import duckdb

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

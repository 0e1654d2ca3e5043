"""What tests share: both engines, each opened once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests.engines import Bench, clickhouse_bench, duckdb_bench
from tests.redacting import opened_texts

from clew.redact._values import Texts

settings.register_profile("same each run", derandomize=True, deadline=None)
settings.load_profile("same each run")


@pytest.fixture(scope="session")
def clickhouse() -> Iterator[Bench]:
    """chdb starts once a process, so it is kept for the whole session."""
    pytest.importorskip("chdb", reason="ClickHouse is tested in process, by chdb")
    opened = clickhouse_bench()
    yield opened
    opened.engine.close()


@pytest.fixture(scope="session")
def duckdb() -> Iterator[Bench]:
    opened = duckdb_bench()
    yield opened
    opened.engine.close()


@pytest.fixture(scope="session")
def both(duckdb: Bench, clickhouse: Bench) -> tuple[Bench, Bench]:
    return duckdb, clickhouse


@pytest.fixture(scope="session", params=["clickhouse", "duckdb"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Each engine in turn."""
    opened: Bench = request.getfixturevalue(request.param)
    return opened


@pytest.fixture(scope="session")
def texts() -> Iterator[Texts]:
    """What takes secrets and personal data out of texts."""
    with opened_texts() as opened:
        yield opened

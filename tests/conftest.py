"""What tests share: both engines, each opened once, and an empty folder."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tests.engines import Bench, clickhouse_bench, duckdb_bench
from tests.redacting import opened_texts

from clew.cli import FEW_COLLECTIONS
from clew.redact._values import Texts

gc.set_threshold(*FEW_COLLECTIONS)  # as a command does: a tenth of the time, and more

settings.register_profile("same each run", derandomize=True, deadline=None)
settings.load_profile("same each run")
gc.set_threshold(*FEW_COLLECTIONS)  # as a command does


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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a test works in: empty, and without settings, in variables or files."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("CLEW_"):
            monkeypatch.delenv(name)
    return tmp_path

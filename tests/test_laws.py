"""Laws that every analysis and every detection keeps, on every engine."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engines import Bench, complete, plain

from clew import registry
from clew.errors import ConfigError
from clew.model.event import BY_NAME
from clew.model.views import VIEWS, events

SHUFFLE_SEED = 7
ELSEWHERE = "Asia/Kathmandu"  # 5 h 45 min: neither whole hours nor today's date at midnight UTC

ANALYSES = [pytest.param(registry.load("analyses", n), id=n) for n in registry.names("analyses")]
DETECTIONS = [
    pytest.param(registry.load("detections", n), id=n) for n in registry.names("detections")
]
MEMBERS = ANALYSES + DETECTIONS


def question(module: ModuleType, **options: Any) -> ir.Table:
    """The expression of an analysis or a detection."""
    return _question(module.__name__, tuple(sorted(options.items())))


@cache
def _question(name: str, options: tuple[tuple[str, Any], ...]) -> ir.Table:
    module = sys.modules[name]
    ask = getattr(module, name.rpartition(".")[2], None) or module.detect
    asked: ir.Table = ask(events, **dict(options))
    return asked


def answer(bench: Bench, asked: ir.Table) -> list[dict[str, Any]]:
    rows = bench.engine.run(asked).dicts()
    return [{name: plain(value) for name, value in row.items()} for row in rows]


@pytest.mark.parametrize("module", MEMBERS)
def test_neither_the_order_of_the_rows_nor_the_time_zone_matters(
    module: ModuleType, bench: Bench
) -> None:
    """Rows shuffled, and loaded and asked by a process and a session in another time zone.

    ClickHouse takes seconds a case: the three largest of a member are tried on it.
    """
    cases = [case for case in module.CASES if bench.name not in case.gaps]
    if bench.name == "clickhouse":
        cases = sorted(cases, key=lambda case: -len(case.rows))[:3]
    for case in cases:
        asked = question(module, **case.options)
        rows = complete(case.rows)
        bench.fill(rows)
        before = answer(bench, asked)
        random.Random(SHUFFLE_SEED).shuffle(rows)
        with elsewhere(bench):
            bench.fill(rows)
            assert answer(bench, asked) == before, case.name


@pytest.mark.parametrize("module", ANALYSES)
def test_an_empty_case_has_no_groups(module: ModuleType, bench: Bench) -> None:
    bench.fill([])
    assert answer(bench, question(module, by=("service",), bucket="1h")) == []
    assert len(answer(bench, question(module))) <= 1


@pytest.mark.parametrize("module", DETECTIONS)
def test_an_empty_case_has_no_findings(module: ModuleType, bench: Bench) -> None:
    bench.fill([])
    assert answer(bench, question(module)) == []


@pytest.mark.parametrize("module", MEMBERS)
def test_a_column_that_is_null_everywhere_is_no_error(module: ModuleType, bench: Bench) -> None:
    cases = [case for case in module.CASES if bench.name not in case.gaps]
    case = max(cases, key=lambda case: len({name for row in case.rows for name in row}))
    asked = question(module, **case.options)
    columns = sorted({name for row in case.rows for name in row} - {"event_id"})
    if bench.name == "clickhouse":  # a second a column: DuckDB tries them all
        columns = columns[::3]
    for column in columns:
        bench.fill([{**row, column: None} for row in case.rows])
        answer(bench, asked)


@contextmanager
def elsewhere(bench: Bench) -> Iterator[None]:
    """The process and, where it has one, the database's session in another time zone."""
    home = os.environ.get("TZ")
    session = getattr(bench.engine, "workbench", None)
    os.environ["TZ"] = ELSEWHERE
    time.tzset()
    if session:
        session.execute(f"SET TimeZone = '{ELSEWHERE}'")
    try:
        yield
    finally:
        del os.environ["TZ"]
        if home is not None:
            os.environ["TZ"] = home
        time.tzset()
        if session:
            session.execute("SET TimeZone = 'UTC'")


@pytest.mark.parametrize("module", ANALYSES)
def test_an_analysis_returns_the_columns_it_declares(module: ModuleType) -> None:
    asked = question(module, by=("team", "a.key"), bucket="5m")
    assert asked.columns == ("team", "a.key", "bucket", *module.RETURNS)


@pytest.mark.parametrize("module", DETECTIONS)
def test_a_detection_returns_the_columns_it_declares(module: ModuleType) -> None:
    schema = question(module).schema()
    for name in module.SUBJECT:
        assert name in BY_NAME, f"the subject {name} is no canonical column"
        assert name in schema
    for name in ("started", "ended"):
        assert schema[name].is_timestamp()
    for name in module.MEASURES:
        assert schema[name].is_numeric(), f"the measure {name} is no number"


@pytest.mark.parametrize("module", DETECTIONS)
def test_what_a_detection_needs_exists(module: ModuleType) -> None:
    for view, columns in module.NEEDS.items():
        assert view in VIEWS or view == "events"
        assert set(columns) <= set(BY_NAME)


@pytest.mark.parametrize("module", ANALYSES)
def test_an_analysis_splits_by_any_kind_of_column(module: ModuleType, bench: Bench) -> None:
    """One canonical column of each kind, a key of attributes, and a bucket, all at once."""
    kinds = {column.kind: name for name, column in BY_NAME.items() if name not in module.RETURNS}
    by = (*kinds.values(), "a.key with spaces")
    bench.fill(module.CASES[0].rows)
    answer(bench, question(module, by=by, bucket="2h"))


@pytest.mark.parametrize("module", ANALYSES)
def test_an_analysis_splits_by_a_key_of_attributes(module: ModuleType, bench: Bench) -> None:
    """The groups are the key's values; rows without the key stand together under NULL."""
    rows = [row for case in module.CASES for row in case.rows]
    keyed = [
        {**row, "attributes": {"a.key": ("x", "y")[number % 2]} if number % 3 else {}}
        for number, row in enumerate(rows)
    ]
    bench.fill(keyed)
    groups = {row["a.key"] for row in answer(bench, question(module, by=("a.key",)))}
    assert groups == {"x", "y", None}


@pytest.mark.parametrize("module", ANALYSES)
def test_a_name_that_cannot_split_is_one_sentence(module: ModuleType) -> None:
    for options in ({"by": (module.RETURNS[0],)}, {"by": ("bucket",)}, {"bucket": "5 parsecs"}):
        with pytest.raises(ConfigError):
            question(module, **options)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=1, max_size=40))
def test_percentiles_are_numpys(bench: Bench, durations: list[float]) -> None:
    bench.fill([{"duration_ms": duration} for duration in durations])
    module = registry.load("analyses", "latency_percentiles")
    (row,) = bench.engine.run(question(module)).dicts()
    found = [row["p50_ms"], row["p90_ms"], row["p95_ms"], row["p99_ms"]]
    assert found == pytest.approx(np.percentile(durations, [50, 90, 95, 99]), rel=1e-9, abs=1e-12)

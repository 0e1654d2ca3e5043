"""The ClickHouse engine: DuckDB's answers, questions that only read, errors of one sentence."""

from __future__ import annotations

import sys
from datetime import datetime
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pytest
from tests.engines import Bench, plain

from clew.engines._clickhouse_sql import only_question
from clew.engines.clickhouse import open_case
from clew.errors import ConfigError, EngineError
from clew.model.views import attribute, attribute_keys, events

ROWS: list[dict[str, Any]] = [
    {
        "timestamp": "2026-01-05T10:00:00.123456Z",
        "message": "zażółć 17",
        "service": "",
        "http_status": 200,
        "duration_ms": 0.5,
        "is_streamed": True,
        "cost_usd": "0.000000001",
        "attributes": {"a.b": "text", "n": 1.5, "yes": True, "none": None, "list": [1, "x"]},
    },
    {
        "timestamp": "1969-12-31T23:59:59.5Z",
        "message": None,
        "http_status": 500,
        "duration_ms": 1.5,
        "is_streamed": False,
        "cost_usd": "123456789.5",
    },
    {"timestamp": "2099-06-01T00:00:00Z", "message": "", "attributes": {"a.b": ""}},
]

in_order = ibis.window(order_by=events.event_id)
QUESTIONS: dict[str, ir.Table] = {
    "values come back as they went in": events.select(
        "event_id", "timestamp", "message", "service", "http_status", "is_streamed", "cost_usd"
    ),
    "attributes are text, absent keys NULL": events.select(
        "event_id",
        text=attribute(events.attributes, "a.b"),
        number=attribute(events.attributes, "n"),
        claim=attribute(events.attributes, "yes"),
        none=attribute(events.attributes, "none"),
        absent=attribute(events.attributes, "zz"),
        has_key=attribute_keys(events.attributes).contains("a.b"),
    ),
    "text is counted in characters": events.select(
        "event_id",
        length=events.message.length(),
        start=events.message.substr(0, 4),
        end=events.message.right(4),
        upper=events.message.upper(),
        digits=events.message.re_extract(r"(\d)(\d+)", 2),
        has=events.message.contains("żół"),
    ),
    "comparisons are booleans, and NULL stays NULL": events.select(
        "event_id",
        above=events.http_status > 200,
        among=events.http_status.isin([200, 404]),
        not_among=events.http_status.notin([200, 404]),
        chosen=ibis.ifelse(events.message == "", "empty", events.message),
    ),
    "floats round into integers, and division by zero is no error": events.select(
        "event_id",
        whole=events.duration_ms.cast("int64"),
        down=events.duration_ms.floor().cast("int64"),
        half=events.http_status / 2,
    ),
    "times add, subtract and truncate": events.filter(events.http_status == 200).select(
        "event_id",
        later=events.timestamp + ibis.interval(milliseconds=5),
        by_column=events.timestamp - events.http_status.as_interval("ms"),
        minute=events.timestamp.truncate("m"),
        since=events.timestamp.delta(ibis.timestamp("1970-01-01 00:00:00"), unit="second"),
        after=events.timestamp > ibis.timestamp("2026-01-05 10:00:00.123455"),
    ),
    "a row before the first and after the last is NULL": events.select(
        "event_id",
        before=events.http_status.lag().over(in_order),
        after=events.message.lead(1).over(in_order),
    ),
    "aggregates are exact, and of nothing NULL": events.aggregate(
        users=events.message.nunique(),
        middle=events.duration_ms.median(),
        p90=events.duration_ms.quantile(0.9),
        p90_of_none=events.duration_ms.quantile(0.9, where=events.http_status > 900),
        sum_of_none=events.http_status.sum(where=events.http_status > 900),
        none=events.count(where=events.http_status > 900),
        cost=events.cost_usd.sum(),
        names=events.message.collect(distinct=True).sort().join("|"),
        latest=events.timestamp.max(),
    ),
    "an outer join gives NULL where there is no partner": events.select("event_id", "line")
    .left_join(
        events.filter(events.http_status == 200).select("event_id", found=events.http_status),
        "event_id",
    )
    .select("event_id", "found"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_both_engines_answer_alike(name: str, both: tuple[Bench, Bench]) -> None:
    first, second = both
    asked = QUESTIONS[name]
    if "event_id" in asked.columns:
        asked = asked.order_by("event_id")
    answers = []
    for bench in (first, second):
        bench.fill(ROWS)
        answers.append(bench.engine.run(asked))
    assert answers[0].columns == answers[1].columns
    assert [list(map(plain, row)) for row in answers[0].rows] == [
        list(map(plain, row)) for row in answers[1].rows
    ]
    kinds = [[type(value) for value in row] for row in answers[0].rows]
    if name.startswith(("values", "comparisons")):
        assert [[type(value) for value in row] for row in answers[1].rows] == kinds


def test_times_are_naive_and_money_is_decimal(clickhouse: Bench) -> None:
    clickhouse.fill(ROWS)
    rows = clickhouse.engine.run(events.order_by("event_id").select("timestamp", "cost_usd")).rows
    assert rows[0] == (datetime(2026, 1, 5, 10, 0, 0, 123456), Decimal("0.000000001"))


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE events",
        "INSERT INTO events (event_id) VALUES ('x')",
        "WITH 1 AS x INSERT INTO events (event_id) SELECT 'x'",
        "SELECT 1; DROP TABLE events",
        "SELECT 1 INTO OUTFILE 'x'",
        "SELECT * FROM file('x', 'LineAsString')",
        "SELECT * FROM url('http://192.0.2.1/', 'LineAsString')",
        "SET readonly = 0",
        "SELECT 1 SETTINGS readonly = 0",
        "SELEC 1",
        "SELECT 'open",
        "-- nothing",
        "",
    ],
)
def test_what_is_no_question_is_refused_in_one_sentence(statement: str, clickhouse: Bench) -> None:
    clickhouse.fill(ROWS)
    with pytest.raises(EngineError) as refused:
        clickhouse.engine.run(statement)
    assert "\n" not in str(refused.value)
    assert clickhouse.engine.run("SELECT count(*) AS n FROM events").rows == [(len(ROWS),)]


def test_a_stream_says_what_an_answer_says_in_parts(clickhouse: Bench) -> None:
    question = QUESTIONS["values come back as they went in"].order_by("event_id")
    parts = list(clickhouse.engine.stream(question))
    whole = clickhouse.engine.run(question)
    assert {part.columns for part in parts} == {whole.columns}
    assert [row for part in parts for row in part.rows] == whole.rows
    many = list(clickhouse.engine.stream("SELECT number FROM numbers(5000)"))
    assert max(len(part.rows) for part in many) <= 1_000
    assert [row for part in many for row in part.rows] == [(number,) for number in range(5_000)]
    assert [part.rows for part in clickhouse.engine.stream("SELECT 1 WHERE 1 = 0")] == [[]]
    with pytest.raises(EngineError):
        list(clickhouse.engine.stream("SELECT throwIf(number = 3000) FROM numbers(5000)"))


def test_a_limit_cuts_and_a_slow_question_is_stopped(clickhouse: Bench) -> None:
    numbers = "SELECT number FROM numbers(5) ORDER BY number"
    assert clickhouse.engine.run(numbers, limit=2).rows == [(0,), (1,)]
    assert clickhouse.engine.run(numbers, limit=0).rows == []
    with pytest.raises(EngineError, match=r"took longer than 0\.2 s"):
        clickhouse.engine.run("SELECT sum(number) FROM numbers(1000000000000)", timeout_s=0.2)


def test_a_semicolon_in_text_or_at_the_end_is_no_second_statement() -> None:
    assert only_question("SELECT ';' ; ") == "SELECT ';'"
    assert only_question("(SELECT 1)") == "(SELECT 1)"


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(EngineError) as refused:
        open_case("clickhouse://reader:hunter2@127.0.0.1:1/logs", write=False)
    assert "127.0.0.1:1/logs" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_missing_client_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "clickhouse_connect", None)
    with pytest.raises(ConfigError, match=r"pip install 'clew\[clickhouse\]'"):
        open_case("clickhouse://127.0.0.1/logs", write=False)


def test_another_scheme_is_no_clickhouse() -> None:
    with pytest.raises(ConfigError, match="no ClickHouse"):
        open_case("postgres://127.0.0.1/logs", write=False)


def test_a_closed_case_says_so(clickhouse: Bench) -> None:
    second = open_case("chdb://", write=True)
    second.close()
    second.close()
    with pytest.raises(EngineError, match="closed"):
        second.run("SELECT 1")
    assert clickhouse.engine.run("SELECT 1").rows == [(1,)]

"""A call is counted once, however many records tell of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.engines import Bench, Row

from clew.correlation.calls_once import call_copies, calls_once
from clew.model.views import events

BEGIN = datetime(2026, 11, 20, 10)


def row(source: str, second: int, **columns: Any) -> Row:
    return {
        "source_id": source, "timestamp": BEGIN + timedelta(seconds=second), "model": "gpt-4o", **columns,
    }  # fmt: skip


def counted(bench: Bench, rows: list[Row]) -> list[dict[str, Any]]:
    bench.fill(rows)
    return bench.engine.run(calls_once(events).order_by("timestamp", "event_id")).dicts()


def test_calls_that_nothing_ties_stay_as_they_are(bench: Bench) -> None:
    rows = [row("a", n, input_tokens=n, request_id=f"r{n}", response_id=f"x{n}") for n in range(5)]
    assert [call["input_tokens"] for call in counted(bench, rows)] == list(range(5))
    assert bench.engine.run(call_copies).rows == []


def test_gateway_trace_and_export_tell_of_one_call(bench: Bench) -> None:
    """Tied by response_id, span and request_id in turn; each column comes from who states it."""
    gateway = row(
        "gateway", 0, request_id="r1", response_id="x1", user_id="ann", cost_given_usd="0.5"
    )
    span = row(
        "trace", 1, trace_id="t1", span_id="s1", response_id="x1", input_tokens=10, output_tokens=5,
        http_route="/chat",
    )  # fmt: skip
    log = row("app", 2, trace_id="t1", span_id="s1", prompt="hello")
    access = row("proxy", 3, request_id="r1", client_ip="192.0.2.1")
    (call,) = counted(bench, [gateway, span, log, access])
    assert (call["user_id"], call["http_route"], call["prompt"]) == ("ann", "/chat", "hello")
    assert (call["client_ip"], call["input_tokens"], call["output_tokens"]) == ("192.0.2.1", 10, 5)
    copies = bench.engine.run(call_copies).dicts()
    assert len(copies) == 4 and {copy["rows"] for copy in copies} == {4}
    assert sum(copy["is_kept"] for copy in copies) == 1


def test_one_request_may_make_several_calls(bench: Bench) -> None:
    """Three calls under one request, seen by two sources, are three calls."""
    rows = [
        row(source, n, request_id="r1", input_tokens=10 * n + 1)
        for source in ("gateway", "app")
        for n in range(3)
    ]
    assert [call["input_tokens"] for call in counted(bench, rows)] == [1, 11, 21]


def test_an_attempt_that_failed_is_a_call_of_its_own(bench: Bench) -> None:
    rows = [
        row("gateway", 0, request_id="r1", http_status=429),
        row("app", 1, request_id="r1", http_status=200, input_tokens=7),
    ]
    assert [call["http_status"] for call in counted(bench, rows)] == [429, 200]


def test_a_record_written_twice_is_one_call(bench: Bench) -> None:
    rows = [row("a", n, response_id="x1", input_tokens=7) for n in range(2)]
    assert len(counted(bench, rows)) == 1


def test_an_agent_that_sums_up_its_calls_is_not_added_to_them(bench: Bench) -> None:
    span: Row = {"trace_id": "t1", "span_name": "x"}
    agent = row("a", 0, span_id="s0", operation="invoke_agent", input_tokens=30, **span)
    calls = [
        row("a", n, span_id=f"s{n}", operation="chat", input_tokens=15, **span) for n in (1, 2)
    ]
    assert [call["input_tokens"] for call in counted(bench, [agent, *calls])] == [15, 15]
    assert [call["input_tokens"] for call in counted(bench, [agent])] == [30]

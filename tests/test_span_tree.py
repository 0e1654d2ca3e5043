"""A span's place in its trace: against a plain walk, on both engines, and in every kind of wreck."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engines import Bench, Row, plain

from clew.correlation.span_places import PROBLEMS, Places, placed
from clew.model.views import span_tree

BEGIN = datetime(2026, 11, 20, 10)
SHAPES = st.lists(
    st.tuples(st.integers(-3, 11), st.integers(0, 30), st.integers(0, 20)), min_size=1, max_size=12
)
"""Parent (below 0 or not earlier: none), begin and length, in microseconds."""


def places(shape: list[tuple[int, int, int]]) -> tuple[Places, list[int], list[int], list[int]]:
    parent = [above if above < n else -1 for n, (above, _, _) in enumerate(shape)]
    parent = [above if above >= 0 else -1 for above in parent]
    begin = [start for _, start, _ in shape]
    end = [start + length for _, start, length in shape]
    none = np.zeros(len(shape), dtype=np.bool_)
    found = placed(
        trace=np.zeros(len(shape), dtype=np.int64),
        parent=np.array(parent),
        is_remote=none,
        states_parent=np.array(parent) >= 0,
        answers=none,
        started_us=np.array(begin),
        duration_ms=np.array([length / 1e3 for _, _, length in shape]),
    )
    return found, parent, begin, end


@given(SHAPES)
def test_own_time_is_what_no_child_fills(shape: list[tuple[int, int, int]]) -> None:
    found, parent, begin, end = places(shape)
    for n in range(len(shape)):
        filled = {
            moment
            for child, above in enumerate(parent)
            if above == n
            for moment in range(max(begin[child], begin[n]), min(end[child], end[n]))
        }
        assert found.self_ms[n] * 1e3 == pytest.approx(end[n] - begin[n] - len(filled))


@given(SHAPES)
def test_the_critical_path_is_the_one_walked_by_hand(shape: list[tuple[int, int, int]]) -> None:
    """And it always sums up to the root's duration."""
    found, parent, begin, end = places(shape)
    expected = [0] * len(shape)

    def walk(span: int, low: int, high: int) -> None:
        expected[span] += high - low
        at = high
        while at > low:
            begun = [c for c, above in enumerate(parent) if above == span and begin[c] < at]
            if not begun:
                return
            last = max(begun, key=lambda c: (end[c], begin[c], c))
            if end[last] <= low:
                return
            from_, to = max(begin[last], low), min(end[last], at)
            if to > from_:
                expected[span] -= to - from_
                walk(last, from_, to)
            at = from_

    for root in [n for n, above in enumerate(parent) if above < 0]:
        walk(root, begin[root], end[root])
        total = found.critical_ms[found.root == root].sum() * 1e3
        assert total == pytest.approx(end[root] - begin[root])
    assert found.critical_ms * 1e3 == pytest.approx(np.array(expected))


def span(
    span_id: str, under: str | None, begin_ms: float, length_ms: float | None, **more: Any
) -> Row:
    return {
        "trace_id": "t1", "span_id": span_id, "parent_span_id": under, "span_name": f"do {span_id}",
        "service": "shop", "timestamp": BEGIN + timedelta(milliseconds=begin_ms),
        "duration_ms": length_ms, "event_id": f"e-{span_id}", **more,
    }  # fmt: skip


def tree(bench: Bench, rows: list[Row]) -> dict[str, dict[str, Any]]:
    bench.fill(rows)
    return {row["event_id"]: row for row in bench.engine.run(span_tree).dicts()}


def test_a_trace_that_is_whole(bench: Bench) -> None:
    found = tree(bench, [span("a", None, 0, 100), span("b", "a", 10, 50), span("c", "b", 20, 10)])
    c = found["e-c"]
    assert (c["parent_event_id"], c["root_event_id"], c["depth"]) == ("e-b", "e-a", 2)
    assert (c["entry_span_name"], c["parent_span_name"]) == ("do a", "do b")
    assert c["ended"] - c["started"] == timedelta(milliseconds=10)
    assert [found[f"e-{n}"]["critical_ms"] for n in "abc"] == [50, 40, 10]
    assert {row["problem"] for row in found.values()} == {None}


def test_every_kind_of_wreck_is_said(bench: Bench) -> None:
    found = tree(
        bench,
        [
            span("a", None, 0, 100),
            span("orphan", "nobody", 5, 10),
            span("second", None, 50, 10),
            span("x", "y", 1, 5),
            span("y", "x", 2, 5),
            span("below", "y", 3, 1),
            span("late", "a", 150, 10),
            span("early", "a", -50, 10),
            span("open", "a", 10, None),
            span("back", "a", 10, -4),
            span("zeros", "0000000000000000", 60, 1),
        ],
    )
    said = {row["event_id"].removeprefix("e-"): row["problem"] for row in found.values()}
    assert said == {
        "a": None, "orphan": "missing parent", "second": "second root", "x": "cycle", "y": "cycle",
        "below": None, "late": "outside its parent", "early": "outside its parent",
        "open": "no duration", "back": "ends before it starts", "zeros": "second root",
    }  # fmt: skip
    assert found["e-x"]["parent_event_id"] is None, "a cycle is cut above its first span"
    assert found["e-below"]["root_event_id"] == "e-x"
    assert found["e-open"]["self_ms"] is None and found["e-open"]["ended"] is None
    assert set(said.values()) <= set(PROBLEMS)


def test_two_halves_of_one_call_share_an_id(bench: Bench) -> None:
    """As Zipkin's do: the server's half hangs under the client's, and its own calls under it."""
    shared = span("b", "a", 10, 50, event_id="e-client", span_kind="client")
    answered = span("b", "a", 15, 40, event_id="e-server", span_kind="server", service="stock")
    called = span("c", "b", 20, 10, service="stock")
    beside = span("d", "b", 12, 1, service="shop")
    found = tree(bench, [span("a", None, 0, 100), shared, answered, called, beside])
    assert found["e-client"]["parent_event_id"] == "e-a"
    assert found["e-server"]["parent_event_id"] == "e-client"
    assert found["e-c"]["parent_event_id"] == "e-server"
    assert found["e-d"]["parent_event_id"] == "e-client"


def test_a_clock_that_stands_wrong_is_said_and_seen_through(bench: Bench) -> None:
    """The server's half lies 300 ms before its client's: its time still counts, its times stay."""
    rows = [
        span("a", None, 0, 100),
        span("b", "a", 10, 80, span_kind="client"),
        span("c", "b", -290, 60, span_kind="server", service="stock"),
        span("d", "c", -280, 30, service="stock"),
    ]
    found = tree(bench, rows)
    c, d = found["e-c"], found["e-d"]
    assert (c["skew_ms"], d["skew_ms"]) == (310.0, 310.0)
    assert (c["critical_ms"], d["critical_ms"]) == (30.0, 30.0)
    assert c["problem"] == "outside its parent"
    assert plain(c["started"]) == BEGIN - timedelta(milliseconds=290)


def test_one_trace_does_not_reach_into_another(bench: Bench) -> None:
    other = span("b", "a", 10, 50, trace_id="t2", event_id="e-other")
    found = tree(bench, [span("a", None, 0, 100), span("b", "a", 10, 50), other])
    assert found["e-other"]["problem"] == "missing parent"
    assert found["e-b"]["parent_event_id"] == "e-a"


@given(SHAPES)
def test_both_engines_see_the_same_tree(
    both: tuple[Bench, Bench], shape: list[tuple[int, int, int]]
) -> None:
    rows = [
        span(f"s{n}", f"s{above}" if above >= 0 else None, begin, length + 0.5, event_id=f"e-{n:02}",
             span_kind=("server", "client", "internal")[n % 3], service=f"service-{n % 2}")
        for n, (above, begin, length) in enumerate(shape)
    ]  # fmt: skip
    answers = [
        sorted(
            [
                {key: plain(value) for key, value in row.items()}
                for row in tree(bench, rows).values()
            ],
            key=lambda row: row["event_id"],
        )
        for bench in both
    ]
    assert answers[0] == answers[1]


def test_a_span_without_a_beginning_has_no_time(bench: Bench) -> None:
    found = tree(bench, [span("a", None, 0, 100), {**span("b", "a", 10, 50), "timestamp": None}])
    b = found["e-b"]
    assert (b["started"], b["ended"], b["self_ms"], b["critical_ms"]) == (None, None, None, None)
    assert b["parent_event_id"] == "e-a" and found["e-a"]["critical_ms"] == 100

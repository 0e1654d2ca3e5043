"""Laws of the ties by time: one to one, never further than the tolerance, the nearest first."""

from __future__ import annotations

from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engines import Bench

from clew.correlation.ties import microseconds, pairs
from clew.model.views import events

TOLERANCE_MS = 2_000
Rows = list[tuple[str, int]]
SIDE: st.SearchStrategy[Rows] = st.lists(
    st.tuples(st.sampled_from(["/a", "/b"]), st.integers(0, 20_000)), max_size=8
)


def _tied(bench: Bench, left: Rows, right: Rows) -> set[tuple[int, int]]:
    """Pairs of places in `left` and `right` that are tied."""
    bench.fill(
        {
            "event_id": f"{side}{place}",
            "source_id": side,
            "url_path": path,
            "timestamp": f"2026-11-20T10:00:{ms // 1000:02}.{ms % 1000:03}Z",
        }
        for side, rows in (("l", left), ("r", right))
        for place, (path, ms) in enumerate(rows)
    )
    t = events.select(
        "source_id", id="byte_offset", tie_key="url_path", at=microseconds(events.timestamp)
    )
    asked = pairs(
        t.filter(t.source_id == "l"), t.filter(t.source_id == "r"), tolerance_us=TOLERANCE_MS * 1000
    )
    found = bench.engine.run(asked).dicts()
    # the bench gives row n the byte offset 100 n, whatever its id
    return {(row["left_id"] // 100, row["right_id"] // 100 - len(left)) for row in found}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(left=SIDE, right=SIDE)
def test_ties_are_one_to_one_and_the_nearest_pair_is_tied(
    duckdb: Bench, left: Rows, right: Rows
) -> None:
    tied = _tied(duckdb, left, right)
    assert len({a for a, _ in tied}) == len({b for _, b in tied}) == len(tied)
    for a, b in tied:
        assert left[a][0] == right[b][0]
        assert abs(left[a][1] - right[b][1]) <= TOLERANCE_MS
    gaps = {
        (a, b): abs(left[a][1] - right[b][1])
        for a, b in product(range(len(left)), range(len(right)))
        if left[a][0] == right[b][0]
    }
    near = [pair for pair, gap in gaps.items() if gap <= TOLERANCE_MS]
    if near:
        nearest = min(gaps[pair] for pair in near)
        assert nearest in {gaps[pair] for pair in tied}


def test_requests_of_one_burst_are_all_tied(duckdb: Bench) -> None:
    left = [("/a", 1_000 + 10 * n) for n in range(8)]
    right = [("/a", 1_200 + 10 * n) for n in range(8)]
    assert len(_tied(duckdb, left, right)) == 8

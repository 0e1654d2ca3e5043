"""`compare`: how often its 95 % intervals hold the truth, and what they are worth."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from tests.engines import Bench, Row

from clew import registry
from clew.model.views import events

BEGIN = datetime(2026, 11, 20, 10)
OPERATIONS, REQUESTS = 150, 60
LEAST_HELD = 0.9
"""Of 150 intervals that hold in 95 of 100, fewer than this hold in one run of 300."""


def samples(slower: float) -> list[Row]:
    """Requests of one span, of 150 operations; in the later half each takes `slower` times as long."""
    chance = np.random.default_rng(20261120)
    rows = []
    for operation in range(OPERATIONS):
        for side, factor in enumerate((1.0, slower)):
            for n, ms in enumerate(chance.lognormal(3, 0.7, REQUESTS) * factor):
                rows.append({
                    "trace_id": f"{operation}-{side}-{n}", "span_id": "a", "span_name": "GET /",
                    "service": f"s{operation:03}", "duration_ms": float(ms),
                    "timestamp": BEGIN + timedelta(seconds=side * 1000 + n),
                    "status": "error" if chance.random() < 0.1 else "ok",
                })  # fmt: skip
    return rows


def compared(bench: Bench, rows: list[Row]) -> dict[str, list[Row]]:
    bench.fill(rows)
    found: dict[str, list[Row]] = {}
    asked = registry.load("analyses", "compare").compare(events, by=("service",))
    for row in bench.engine.run(asked).dicts():
        found.setdefault(row["metric"], []).append(row)
    return found


def test_where_nothing_changed_the_intervals_hold_that(duckdb: Bench) -> None:
    found = compared(duckdb, samples(1.0))
    for metric in ("p50_ms", "p95_ms", "error_share", "critical_ms"):
        held = [row["change_low"] <= 0 <= row["change_high"] for row in found[metric]]
        assert len(held) == OPERATIONS
        assert np.mean(held) >= LEAST_HELD, metric


def test_a_change_of_half_is_seen_and_its_size_held(duckdb: Bench) -> None:
    found = compared(duckdb, samples(1.5))
    true = float(np.exp(3)) * 0.5
    held = [row["change_low"] <= true <= row["change_high"] for row in found["p50_ms"]]
    assert np.mean(held) >= LEAST_HELD
    seen = [row["change_low"] > 0 for row in found["p50_ms"]]
    assert np.mean(seen) > 0.5


def test_what_was_compared_is_numpys(duckdb: Bench) -> None:
    rows = samples(1.5)
    found = compared(duckdb, rows)
    sides: list[list[float]] = [[], []]
    for row in rows:
        if row["service"] == "s007":
            sides[row["timestamp"] >= BEGIN + timedelta(seconds=1000)].append(row["duration_ms"])
    for metric, part in (("p50_ms", 50), ("p95_ms", 95), ("p99_ms", 99)):
        (row,) = (row for row in found[metric] if row["service"] == "s007")
        before, after = (float(np.percentile(side, part)) for side in sides)
        assert np.allclose([row["before"], row["after"], row["change"]],
                           [before, after, after - before])  # fmt: skip
        assert row["change_low"] <= row["change"] <= row["change_high"]

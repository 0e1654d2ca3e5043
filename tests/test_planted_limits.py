"""Traffic made at random behind a real token bucket, with one fault planted: its cause is named.

Callers come as a Poisson process of unequal rates, what exceeds the bucket is refused, and what is
refused comes again with exponential back-off, unless the fault is that it does not.
"""

from __future__ import annotations

import heapq
import random
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import ibis.expr.types as ir
import pytest
from tests.engines import Bench, Row

from clew import registry
from clew.model.finding import Description
from clew.model.views import events

BEGIN = datetime(2026, 3, 2, 8)
HOURS = 2.0
LIMITS = ("rate_limit_spike", "retry_storm")
HABITS = ("token_limit_saturation", "model_extraction")
ALL = (*LIMITS, "provider_outage", *HABITS)


class Traffic:
    """Two hours of callers of one model; `fault` is what happens in between."""

    def __init__(self, seed: int, fault: str, *, model: str | None = "gpt-4o") -> None:
        self.random = random.Random(seed)
        self.fault, self.model = fault, model
        r = self.random
        self.users = [f"user-{n:02}" for n in range(r.randint(6, 20))]
        self.per_min = r.uniform(8, 16)
        self.begins, self.lasts = r.uniform(2400, 4000), r.uniform(600, 1200)
        self.hog = r.choice([self.users[0], "batch"])
        self.rows: list[Row] = []
        self._serve(self._asked())

    def _during(self, at_s: float) -> bool:
        return self.begins <= at_s < self.begins + self.lasts

    def _asked(self) -> list[tuple[float, str, int, int]]:
        r = self.random
        weights = {user: r.paretovariate(1.5) for user in self.users}
        asked: list[tuple[float, str, int, int]] = []
        for user, weight in weights.items():
            rate = self.per_min / 60 * weight / sum(weights.values())
            grows = 4.0 if self.fault in ("saturation", "deployment") else 1.0
            at_s = 0.0
            while at_s < HOURS * 3600:
                at_s += r.expovariate(rate * (grows if self._during(at_s) else 1.0))
                asked.append((at_s, user, 0, len(asked)))
        if self.fault == "neighbour":
            at_s = self.begins
            while self._during(at_s):
                at_s += r.expovariate(self.per_min * 4 / 60)
                asked.append((at_s, self.hog, 0, len(asked)))
        return asked

    def _serve(self, asked: list[tuple[float, str, int, int]]) -> None:
        r, level, last_s = self.random, self.per_min * 1.2, 0.0
        heapq.heapify(asked)
        while asked:
            at_s, user, tries, number = heapq.heappop(asked)
            level, last_s = min(level + (at_s - last_s) * self.per_min / 25, self.per_min), at_s
            is_refused = level < 1 or r.random() < 0.002
            if self.fault == "retries" and self._during(at_s):
                is_refused = r.random() < (0.9 if tries else 0.5)
            if not is_refused:
                level -= 1
            self._log(at_s, user, 429 if is_refused else 200, number)
            if is_refused and tries < 6:
                eager = self.fault == "retries"
                wait_s = 0.2 + r.random() * 0.1 if eager else 2 ** (tries + 1) * r.uniform(0.5, 1.5)
                heapq.heappush(asked, (at_s + wait_s, user, tries + 1, number))

    def _log(self, at_s: float, user: str, status: int, number: int) -> None:
        row: Row = {
            "timestamp": BEGIN + timedelta(seconds=at_s), "user_id": user, "http_status": status,
            "service": "chat", "duration_ms": self.random.lognormvariate(6.5, 0.4),
        }  # fmt: skip
        if self.fault == "deployment":
            row["service_version"] = "2.0" if at_s >= self.begins - 60 else "1.9"
        if self.model:
            row |= {"model": self.model, "provider": "openai", "prompt_hash": f"h{number}"}
            if status == 200:
                row |= {"input_tokens": 200, "output_tokens": self.random.randint(10, 900)}
        else:
            row |= {"http_method": "POST", "url_path": "/v1/score"}
        self.rows.append(row)


@cache
def asked(name: str) -> ir.Table:
    question: ir.Table = registry.load("detections", name).detect(events)
    return question


def found(
    bench: Bench, rows: list[Row], *names: str
) -> list[tuple[str, dict[str, Any], Description]]:
    """Name, row and words of every finding."""
    bench.fill(rows)
    said = []
    for name in names or ALL:
        module = registry.load("detections", name)
        for row in bench.engine.run(asked(name)).dicts():
            assert bench.engine.run(module.evidence(events, row)).rows
            said.append((name, row, module.describe(row, {})))
    return said


@pytest.mark.parametrize("model", ["gpt-4o", None], ids=["calls", "requests without a model"])
@pytest.mark.parametrize("seed", range(3))
def test_a_noisy_neighbour_is_named_and_nobody_else(
    seed: int, model: str | None, duckdb: Bench
) -> None:
    traffic = Traffic(seed, "neighbour", model=model)
    ((name, row, said),) = found(duckdb, traffic.rows, *LIMITS)
    assert (name, row["cause"], row["user_id"]) == ("rate_limit_spike", "neighbour", traffic.hog)
    assert "noisy neighbour" in said.title and row["victims_limited"] > 0
    assert row["load_share"] > 0.5


@pytest.mark.parametrize("seed", range(3))
def test_a_saturated_limit_accuses_no_caller(seed: int, duckdb: Bench) -> None:
    ((name, row, said),) = found(duckdb, Traffic(seed, "saturation").rows, *LIMITS)
    assert (name, row["cause"], row["user_id"]) == ("rate_limit_spike", "saturation", None)
    assert (row["provider"], row["model"]) == ("openai", "gpt-4o")
    assert "saturation" in said.title and row["growth"] > 1.5


@pytest.mark.parametrize("seed", range(2))
def test_growth_since_a_new_version_is_its_deployments(seed: int, duckdb: Bench) -> None:
    ((_, row, said),) = found(duckdb, Traffic(seed, "deployment").rows, *LIMITS)
    assert (row["cause"], row["service"], row["service_version"]) == ("deployment", "chat", "2.0")
    assert "deployment of chat 2.0" in said.title


@pytest.mark.parametrize("seed", range(3))
def test_a_retry_policy_is_the_cause_and_shown_with_its_intervals(seed: int, duckdb: Bench) -> None:
    named = {name: row for name, row, _ in found(duckdb, Traffic(seed, "retries").rows)}
    assert set(named) == {"rate_limit_spike", "retry_storm"}
    assert named["rate_limit_spike"]["cause"] == "retries"
    assert 0.2 <= named["retry_storm"]["median_interval_s"] <= 0.3
    assert named["retry_storm"]["amplification"] > 3


@pytest.mark.parametrize("seed", range(4))
def test_healthy_traffic_has_no_finding(seed: int, duckdb: Bench) -> None:
    assert found(duckdb, Traffic(seed, "none", model="gpt-4o" if seed % 2 else None).rows) == []


def owners(seed: int, odd: str) -> list[Row]:
    """Two days of a dozen keys; `odd` is what the key 'odd' does: copies, batch, greedy or bot."""
    r = random.Random(seed)
    rows: list[Row] = []

    def call(key: str, at_s: float, prompt: str, **columns: Any) -> None:
        rows.append(
            {
                "timestamp": BEGIN + timedelta(seconds=at_s), "api_key_hash": key, "prompt": prompt,
                "provider": "openai", "model": "gpt-4o", "http_status": 200, "max_tokens": 1024,
                "input_tokens": r.randint(20, 400), "cost_usd": "0.01", "finish_reason": "stop",
                "output_tokens": int(min(1000, r.lognormvariate(5, 0.8))) + 1, **columns,
            }
        )  # fmt: skip

    words = [f"{r.choice('bcdfgm')}{r.choice('aeiou')}{r.choice('lnrst')}" for _ in range(60)]
    for n in range(12):
        for _ in range(r.randint(30, 120)):
            day, hour = r.randint(0, 1), r.gauss(6, 2.5)
            call(f"key-{n}", day * 86_400 + max(0.0, hour) * 3600, " ".join(r.sample(words, 4)))
    for n in range(900):
        around_the_clock, at_night = n * 190 + r.uniform(-20, 20), 50_000 + n * 8 + r.random()
        if odd == "copies":
            params = '{"logprobs":true,"top_logprobs":5}'
            call(
                "odd",
                around_the_clock,
                f"Classify item {n}: {r.choice(words)}",
                request_params=params,
            )
        elif odd == "batch":
            call("odd", at_night, f"Summarise document {n}: {r.choice(words)}")
        elif odd == "greedy":
            call(
                "odd", around_the_clock, r.choice(words), output_tokens=1024, finish_reason="length"
            )
        elif odd == "bot":
            call("odd", around_the_clock, r.choice(words))
    return rows


@pytest.mark.parametrize("seed", range(2))
def test_what_copies_a_model_is_found_and_a_batch_job_is_not_accused(
    seed: int, duckdb: Bench
) -> None:
    ((name, row, said),) = found(duckdb, owners(seed, "copies"), *HABITS)
    assert (name, row["api_key_hash"], said.severity) == ("model_extraction", "odd", "high")
    for name, _, said in found(duckdb, owners(seed, "batch"), *HABITS):
        assert (name, said.severity) == ("model_extraction", "low")


@pytest.mark.parametrize("seed", range(2))
def test_answers_at_the_limit_all_day_are_found_and_a_busy_bot_is_well(
    seed: int, duckdb: Bench
) -> None:
    ((name, row, said),) = found(duckdb, owners(seed, "greedy"), *HABITS)
    assert (name, row["api_key_hash"], said.severity) == ("token_limit_saturation", "odd", "high")
    assert row["at_limit"] == 900
    assert found(duckdb, owners(seed, "bot"), *HABITS) == []


def test_engines_name_the_same_cause(bench: Bench) -> None:
    traffic = Traffic(1, "neighbour")
    ((_, row, _),) = found(bench, traffic.rows, "rate_limit_spike")
    assert (row["cause"], row["user_id"]) == ("neighbour", traffic.hog)

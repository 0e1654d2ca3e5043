"""Systems made at random with one fault planted: the fault is what the detections of spans name.

A system is a tree of services and of what they do inside, each with times of its own kind of noise.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from tests.engines import Bench, Row

from clew import registry
from clew.detections._span_cases import requests as traces
from clew.model.finding import SEVERITIES
from clew.model.views import events

BEGIN = datetime(2026, 11, 20, 10)
HOUR_MS = 3_600_000.0
DETECTIONS = ("slow_dependency", "failing_dependency", "latency_regression")
NOISE: dict[str, Callable[[random.Random, float], float]] = {
    "lognormal": lambda r, ms: ms * r.lognormvariate(0, 0.3),
    "normal": lambda r, ms: max(ms * 0.2, r.gauss(ms, ms * 0.2)),
    "exponential": lambda r, ms: ms * 0.5 + r.expovariate(2 / ms),
    "even": lambda r, ms: r.uniform(0.5 * ms, 1.5 * ms),
}


@dataclass(eq=False)
class Operation:
    """What a service does: its own time, then its parts, one after another or side by side."""

    service: str
    name: str
    kind: str
    own_ms: float
    noise: str
    database: str | None = None
    side_by_side: bool = False
    parts: list[Operation] = field(default_factory=list)

    def all(self) -> list[Operation]:
        return [self, *(operation for part in self.parts for operation in part.all())]


@dataclass
class Fault:
    """What is wrong with one operation: `kind` is slow, gap or error; `share` of the requests."""

    kind: str
    share: float
    extra_ms: float = 0.0
    since_ms: float = 0.0


class System:
    """A random system of four to seven services, and the spans of its requests."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.rows: list[Row] = []
        servers = [self._server(f"service-{n}") for n in range(self.random.randint(4, 7))]
        for place, server in enumerate(servers[1:], 1):
            caller = self.random.choice(servers[:place])
            caller.parts.insert(self.random.randint(0, len(caller.parts)), server)
        self.entry = servers[0]

    def _server(self, service: str) -> Operation:
        r = self.random
        server = Operation(
            service, f"POST /{service}", "server", r.uniform(2, 30), r.choice(list(NOISE)),
            side_by_side=r.random() < 0.3,
        )  # fmt: skip
        for n in range(r.randint(0, 2)):
            server.parts.append(
                Operation(
                    service, f"{r.choice(['SELECT', 'UPDATE', 'GET'])} {'ab'[n]}", "client",
                    r.uniform(1, 20), r.choice(list(NOISE)), database="postgresql",
                )
            )  # fmt: skip
        if r.random() < 0.4:
            server.parts.append(
                Operation(service, "compute", "internal", r.uniform(1, 25), "normal")
            )
        return server

    def serve(self, requests: int, fault: Fault) -> Operation:
        """Serves `requests` within an hour and returns the operation that has the fault."""
        r = self.random
        able = [o for o in self.entry.all() if fault.kind != "gap" or o.kind == "server"]
        faulty = r.choice([o for o in able if fault.kind != "gap" or o is not self.entry])
        for number in range(requests):
            at_ms = r.uniform(0, HOUR_MS)
            is_hit = r.random() < fault.share and at_ms >= fault.since_ms
            self._run(f"t{number:05}", self.entry, None, at_ms, faulty if is_hit else None, fault)
        return faulty

    def _run(
        self, trace: str, o: Operation, parent: str | None, at_ms: float, bad: Operation | None,
        fault: Fault,
    ) -> tuple[float, bool]:  # fmt: skip
        row = self._span(trace, o.service, o.name, o.kind, parent, at_ms, db_system=o.database)
        own_ms = NOISE[o.noise](self.random, o.own_ms)
        if o is bad and fault.kind == "slow":
            own_ms += self._extra(fault)
        begin = end = at_ms + own_ms / 2
        is_well = not (o is bad and fault.kind == "error")
        for part in o.parts:
            start = begin if o.side_by_side else end
            remote = part.kind == "server"
            ask = self._call if remote else self._run
            part_end, part_is_well = ask(trace, part, row["span_id"], start, bad, fault)
            end, is_well = max(end, part_end), is_well and part_is_well
            if not part_is_well and not o.side_by_side:
                break
        row["duration_ms"] = end + own_ms / 2 - at_ms
        if not is_well:
            row["status"] = "error"
        if o is bad and fault.kind == "error":
            row["exception_type"] = "RuntimeError"
        return end + own_ms / 2, is_well

    def _call(
        self, trace: str, o: Operation, parent: str, at_ms: float, bad: Operation | None,
        fault: Fault,
    ) -> tuple[float, bool]:  # fmt: skip
        """The client's span around the server's, with a millisecond of network either way."""
        caller = next(row["service"] for row in reversed(self.rows) if row["span_id"] == parent)
        row = self._span(trace, caller, o.name, "client", parent, at_ms, server_address=o.service)
        gap_ms = NOISE["lognormal"](self.random, 1.0)
        if o is bad and fault.kind == "gap":
            gap_ms += self._extra(fault)
        end, is_well = self._run(trace, o, row["span_id"], at_ms + gap_ms, bad, fault)
        end += NOISE["lognormal"](self.random, 1.0)
        row["duration_ms"] = end - at_ms
        if not is_well:
            row["status"] = "error"
        return end, is_well

    def _span(
        self, trace: str, service: str, name: str, kind: str, parent: str | None, at_ms: float,
        **columns: str | None,
    ) -> Row:  # fmt: skip
        row: Row = {
            "trace_id": trace, "span_id": f"s{len(self.rows):06}", "parent_span_id": parent,
            "service": service, "span_name": name, "span_kind": kind, "status": "unset",
            "timestamp": BEGIN + timedelta(milliseconds=at_ms), **columns,
        }  # fmt: skip
        self.rows.append(row)
        return row

    def _extra(self, fault: Fault) -> float:
        return NOISE["lognormal"](self.random, fault.extra_ms)


def named(bench: Bench, rows: list[Row]) -> list[tuple[str, str]]:
    """Service and operation of every finding, as an investigation ranks them."""
    bench.fill(rows)
    found = []
    for name in DETECTIONS:
        module = registry.load("detections", name)
        for row in bench.engine.run(module.detect(events)).dicts():
            assert bench.engine.run(module.evidence(events, row)).rows
            asked = module.details(events, row)
            details = {key: bench.engine.run(table).dicts() for key, table in asked.items()}
            said = module.describe(row, details)
            rank = (-SEVERITIES.index(said.severity), -said.confidence, name)
            found.append((rank, (row["service"], row["span_name"])))
    return [subject for _, subject in sorted(found)]


FAULTS = {
    "an operation that is slow in every twelfth request": Fault("slow", 0.08, 400.0),
    "a network or queue that holds up every twelfth request": Fault("gap", 0.08, 400.0),
    "an error in every fifteenth request": Fault("error", 0.07),
    "an operation that is slow from one moment on": Fault("slow", 1.0, 150.0, 0.6 * HOUR_MS),
    "an operation that is slow in every request": Fault("slow", 1.0, 600.0),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("fault", [pytest.param(f, id=name) for name, f in FAULTS.items()])
def test_the_planted_cause_is_named_and_nothing_else(
    fault: Fault, seed: int, duckdb: Bench
) -> None:
    system = System(seed)
    faulty = system.serve(240, fault)
    found = named(duckdb, system.rows)
    assert set(found) == {(faulty.service, faulty.name)}


@pytest.mark.parametrize("seed", range(4))
def test_a_system_without_fault_has_no_finding(seed: int, duckdb: Bench) -> None:
    system = System(seed)
    system.serve(300, Fault("slow", 0.0))
    assert named(duckdb, system.rows) == []


def test_a_statement_that_takes_longer_as_it_returns_more_is_said_to(duckdb: Bench) -> None:
    """Large requests are no slow dependency: what they are is said, and it is of low severity."""
    module = registry.load("detections", "slow_dependency")
    duckdb.fill(
        traces(
            100,
            query_ms=lambda n: 500.0 if n % 10 == 3 else 10.0,
            db_rows=lambda n: 5_000 if n % 10 == 3 else 100,
        )
    )
    (row,) = duckdb.engine.run(module.detect(events)).dicts()
    asked = module.details(events, row)
    said = module.describe(row, {k: duckdb.engine.run(table).dicts() for k, table in asked.items()})
    assert said.severity == "low"
    assert any("db_rows is 5,000 in slow requests, 100 in normal" in reason for reason in said.why)


def test_waiting_between_attempts_is_told_from_work(duckdb: Bench) -> None:
    """A caller that backs off before it repeats a failed call is slow by that call's failure."""
    rows: list[Row] = []
    for n in range(60):
        attempts = 3 if n % 6 == 3 else 1
        at = {"trace_id": f"r{n:03}", "service": "gateway"}
        begin = BEGIN + timedelta(seconds=n * 6)
        rows.append(
            {**at, "span_id": f"a{n:03}", "span_name": "GET /quote", "span_kind": "server",
             "timestamp": begin, "duration_ms": attempts * 210.0 - 180}
        )  # fmt: skip
        rows += [
            {**at, "span_id": f"b{n:03}{k}", "parent_span_id": f"a{n:03}", "span_name": "rates",
             "span_kind": "client", "timestamp": begin + timedelta(milliseconds=5 + 210 * k),
             "duration_ms": 10.0, "status": "error" if k < attempts - 1 else "ok"}
            for k in range(attempts)
        ]  # fmt: skip
    duckdb.fill(rows)
    module = registry.load("detections", "slow_dependency")
    (row,) = duckdb.engine.run(module.detect(events)).dicts()
    asked = module.details(events, row)
    said = module.describe(row, {k: duckdb.engine.run(table).dicts() for k, table in asked.items()})
    assert said.title.endswith("waiting between attempts of 'rates', which fails")
    assert any("400 ms of it pass between attempts of 'rates'" in reason for reason in said.why)


def test_engines_name_the_same_cause(bench: Bench) -> None:
    system = System(1)
    faulty = system.serve(200, FAULTS["an operation that is slow in every twelfth request"])
    assert named(bench, system.rows) == [(faulty.service, faulty.name)]

"""A shop of services with pods, run for half an hour, with one fault in one pod: rows and the truth.

What a seed decides: the graph of calls, pods, the load and how it changes, how often metrics are read
and by which names, whether client spans and span kinds are there, noise, and events that are no fault.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

Row = dict[str, Any]
BEGIN = datetime(2026, 11, 20, 10)
FAULTS = (
    "cpu", "memory", "disk", "delay", "loss", "socket", "exception", "return_value", "slow_code",
)  # fmt: skip
NAMES = (
    "frontend", "checkout", "cart", "catalog", "currency", "payment", "shipping", "email",
    "recommendation", "ad", "user", "station", "route", "price", "seat", "order",
)  # fmt: skip
STYLES: tuple[dict[str, str], ...] = (
    {
        "cpu": "container_cpu_usage_seconds_total", "memory": "container_memory_working_set_bytes",
        "disk": "container_fs_writes_bytes_total", "rx": "container_network_receive_bytes_total",
        "tx": "container_network_transmit_bytes_total", "sockets": "container_sockets",
        "threads": "container_threads",
    },
    {
        "cpu": "CpuUsageRate", "memory": "MemoryUsage", "disk": "SyscallWrite",
        "rx": "NetworkReceiveBytes", "tx": "NetworkTransmitBytes", "latency": "PodServerLatencyP90",
        "workload": "PodWorkload", "success": "PodSuccessRate", "retransmits": "node_tcp_retransmits",
    },
    {
        "cpu": "cpu", "memory": "mem", "disk": "diskio", "sockets": "socket", "latency": "latency-90",
        "workload": "workload", "errors": "error",
    },
)  # fmt: skip
"""Kind of a metric to its name, as three kinds of monitoring write it."""


FEWEST_HITS = 4
"""Spans that a fault reaches at least: one that nobody meets leaves nothing to find."""


@dataclass(slots=True)
class Service:
    """One service: its pods, and by operation its own time in ms and what it calls."""

    name: str
    pods: list[str]
    operations: dict[str, float] = field(default_factory=dict)
    calls: dict[str, list[tuple[str, str]]] = field(default_factory=dict)


@dataclass(slots=True)
class Run:
    """Rows of all signals, when the fault was looked for, and where it was."""

    rows: list[Row]
    since: datetime
    until: datetime
    fault: str
    service: str
    pod: str
    operation: str | None


def simulate(seed: int, fault: str, *, traces: int = 500, minutes: float = 30.0) -> Run:
    """One run. Two thirds of its time are normal; the fault lasts 2 to 5 minutes of the last third."""
    for attempt in range(20):
        system = _System(random.Random(f"{seed} {fault} {attempt}"), fault, traces, minutes)
        run = system.run()
        if system.hits >= FEWEST_HITS:
            break
    return run


class _System:
    def __init__(self, chance: random.Random, fault: str, traces: int, minutes: float) -> None:
        self.chance, self.fault, self.traces = chance, fault, traces
        self.seconds = minutes * 60
        self.services = self._graph()
        self.style = chance.choice(STYLES)
        self.has_clients, self.has_kinds = chance.random() < 0.6, chance.random() < 0.7
        self.has_pods_on_spans = chance.random() < 0.85
        self.sigma = chance.uniform(0.15, 0.45)
        self.window = (self.seconds * 2 / 3, self.seconds * 2 / 3 + 480)
        length = chance.uniform(120, 300)
        low, high = self.window[0], max(self.window[0] + 1, self.window[1] - length)
        self.active = (begin := chance.uniform(low, min(low + 90, high)), begin + length)
        reached = [s for s in self._reached("frontend") if s != "frontend"]
        self.target = self.services[chance.choice(reached)]
        self.pod = chance.choice(self.target.pods)
        self.operation = chance.choice(list(self.target.operations))
        self.size = chance.uniform(0.6, 1.6)
        self.load_change = chance.uniform(0.7, 1.5)
        self.rows: list[Row] = []
        self.hits = 0
        self.served: dict[tuple[str, int], list[tuple[float, bool]]] = {}

    def _graph(self) -> dict[str, Service]:
        """Layers of services; each operation calls one to three operations of the layer below."""
        chance = self.chance
        names = ["frontend", *chance.sample(NAMES[1:], chance.randint(7, 11))]
        layers = [names[:1], names[1:4], names[4:8], names[8:]]
        services = {}
        for name in names:
            tail = "".join(chance.choices("bcdfghjklmnpqrstvwxz2456789", k=9))
            pods = [
                f"{name}-{tail}-{''.join(chance.choices('bcdfghjkmnpqrstvwxz24567', k=5))}"
                for _ in range(chance.choice((1, 1, 2, 3)))
            ]
            services[name] = Service(name, pods)
            for verb in chance.sample(("Get", "List", "Place", "Check"), chance.randint(1, 3)):
                services[name].operations[f"{verb}{name.title()}"] = chance.lognormvariate(1.3, 0.8)
        for upper, lower in pairwise(layers):
            for name in upper:
                for operation in services[name].operations:
                    below = chance.sample(lower, min(len(lower), chance.randint(1, 3)))
                    services[name].calls[operation] = [
                        (other, chance.choice(list(services[other].operations))) for other in below
                    ]
        return services

    def _reached(self, top: str) -> list[str]:
        found = [top]
        for name in found:
            for calls in self.services[name].calls.values():
                found += [other for other, _ in calls if other not in found]
        return found

    def run(self) -> Run:
        for number in range(self.traces):
            at = self._arrival(number)
            entry = self.services["frontend"]
            self._serve(
                f"t{number:08x}", None, entry, self.chance.choice(list(entry.operations)), at
            )
        self._background_logs()
        self._metrics()
        self.chance.shuffle(self.rows)
        for row in self.rows:
            row.pop("clew_pod", None)
        since, until = (BEGIN + timedelta(seconds=s) for s in self.window)
        at_code = self.fault in ("exception", "return_value", "slow_code")
        return Run(
            self.rows, since, until, self.fault, self.target.name, self.pod,
            self.operation if at_code else None,
        )  # fmt: skip

    def _arrival(self, number: int) -> float:
        """Requests come evenly; from the window on, more or fewer of them."""
        before, after = self.window[0], (self.seconds - self.window[0]) * self.load_change
        place = (number + self.chance.random()) / self.traces * (before + after)
        return place if place < before else before + (place - before) / self.load_change

    def _is_hit(self, pod: str, at: float) -> bool:
        return pod == self.pod and self.active[0] <= at < self.active[1]

    def _serve(
        self, trace: str, parent: str | None, service: Service, operation: str, at: float
    ) -> tuple[float, bool]:
        """Rows of one span and all below it; its end, and whether it failed."""
        chance, pod = self.chance, self.chance.choice(service.pods)
        is_hit = self._is_hit(pod, at)
        span_id = f"{chance.getrandbits(64):016x}"
        own_ms = service.operations[operation] * chance.lognormvariate(0, self.sigma)
        failed, calls = False, service.calls.get(operation, [])
        if is_hit:
            own_ms, failed, calls = self._suffer(
                trace, span_id, service, operation, own_ms, calls, at
            )
        elif chance.random() < 0.004:
            failed = True
            self._log(service, pod, at, "WARN", f"request {chance.randint(1, 9**9)} was not valid")
        now = at + own_ms * 0.4e-3
        for other, called in calls:
            now, broke = self._call(trace, span_id, service, pod, other, called, now)
            if broke and chance.random() < 0.9:
                failed = True
                break
        end = now + own_ms * 0.6e-3
        if chance.random() < 0.3 or service.name == "frontend":
            self._log(
                service,
                pod,
                end,
                "INFO",
                f"{operation} {chance.getrandbits(40):x} done in {own_ms:.2f} ms",
                trace,
                span_id,
            )
        self._span(trace, span_id, parent, service, pod, operation, at, end, failed, "server")
        self.served.setdefault((pod, int(at // 60)), []).append(((end - at) * 1e3, failed))
        return end, failed

    def _suffer(
        self, trace: str, span_id: str, service: Service, operation: str, own_ms: float,
        calls: list[tuple[str, str]], at: float,
    ) -> tuple[float, bool, list[tuple[str, str]]]:  # fmt: skip
        """Own time, failure and calls of a span in the pod that has the fault."""
        chance, fault, failed = self.chance, self.fault, False
        at_code = fault in ("exception", "return_value", "slow_code")
        self.hits += not at_code or operation == self.operation
        if fault == "cpu":
            own_ms *= 1 + self.size * chance.uniform(0.5, 3)
        elif fault == "memory":
            own_ms *= 1 + self.size * chance.uniform(0, 0.6)
            if self.size > 1.2 and chance.random() < 0.2:
                failed = True
                self._log(
                    service, self.pod, at, "ERROR", "java.lang.OutOfMemoryError: Java heap space"
                )
        elif fault == "disk":
            own_ms *= 1 + self.size * chance.uniform(0, 2)
        elif fault == "slow_code" and operation == self.operation:
            own_ms += self.size * chance.uniform(20, 150)
        elif fault == "exception" and operation == self.operation and chance.random() < 0.7:
            failed, calls = True, calls[:0]
            kind = ("NullPointerException", "KeyError", "ValueError")[len(operation) % 3]
            self._log(
                service, self.pod, at, "ERROR", f"{operation} failed", trace, span_id,
                exception_type=kind, exception_message=f"bad value {chance.randint(1, 999)}",
            )  # fmt: skip
        elif fault == "return_value" and operation == self.operation:
            own_ms *= 0.5
            if calls:
                calls = calls[:0]
            if not calls or chance.random() < 0.6:
                failed = chance.random() < 0.5
                text = f"unexpected result null for item {chance.randint(1, 9999)}"
                self._log(service, self.pod, at, "WARN", text, trace, span_id)
        return own_ms, failed, calls

    def _call(
        self,
        trace: str,
        parent: str,
        caller: Service,
        pod: str,
        name: str,
        operation: str,
        at: float,
    ) -> tuple[float, bool]:
        """A call over the network: when it came back, and whether it failed."""
        chance, callee = self.chance, self.services[name]
        span_id = f"{chance.getrandbits(64):016x}"
        above = span_id if self.has_clients else parent
        out, back = (chance.lognormvariate(-1.2, 0.4) * 1e-3 for _ in range(2))
        before = len(self.rows)
        end, failed = self._serve(trace, above, callee, operation, at + out)
        served_by = self._server(before)
        hit = self._is_hit(pod, at) or self._is_hit(served_by, at)
        error = ""
        if hit and self.fault == "delay":
            back += self.size * chance.uniform(0.03, 0.12)
        elif hit and self.fault == "loss" and chance.random() < 0.35 * self.size:
            back += 0.2 * 2 ** chance.randint(0, 2)
            error = "context deadline exceeded" if chance.random() < 0.4 else ""
        elif hit and self.fault == "socket" and chance.random() < 0.6 * self.size:
            error = "connection refused" if self._is_hit(served_by, at) else "too many open files"
            del self.rows[before:]
            end = at + chance.uniform(0.5, 3) * 1e-3
            failed = False
        end += back
        if error:
            self._log(
                caller, pod, end, "ERROR", f"rpc to {name}:8080 failed: {error}", trace, span_id
            )
        if self.has_clients:
            self._span(
                trace, span_id, parent, caller, pod, operation, at, end, failed or bool(error),
                "client", server_address=name,
            )  # fmt: skip
        if failed and chance.random() < 0.5:
            self._log(
                caller, pod, end, "ERROR", f"call of {operation} returned an error", trace, span_id
            )
        return end, failed or bool(error)

    def _server(self, before: int) -> str:
        """The pod of the span that the call ended in: its row came last."""
        spans = [row for row in self.rows[before:] if "span_name" in row]
        return str(spans[-1]["clew_pod"]) if spans else ""

    def _span(
        self, trace: str, span_id: str, parent: str | None, service: Service, pod: str,
        name: str, at: float, end: float, failed: bool, kind: str, **more: Any,
    ) -> None:  # fmt: skip
        self.rows.append(
            {
                "trace_id": trace, "span_id": span_id, "parent_span_id": parent,
                "timestamp": BEGIN + timedelta(seconds=at), "duration_ms": (end - at) * 1e3,
                "service": service.name, "k8s_pod": pod if self.has_pods_on_spans else None,
                "span_name": name, "span_kind": kind if self.has_kinds else None,
                "status": "error" if failed else "ok", "clew_pod": pod, **more,
            }
        )  # fmt: skip

    def _log(
        self, service: Service, pod: str, at: float, severity: str, message: str,
        trace: str | None = None, span: str | None = None, **more: Any,
    ) -> None:  # fmt: skip
        self.rows.append(
            {
                "timestamp": BEGIN + timedelta(seconds=at), "service": service.name, "k8s_pod": pod,
                "severity": severity, "message": message, "trace_id": trace, "span_id": span, **more,
            }
        )  # fmt: skip

    def _background_logs(self) -> None:
        """What each pod writes anyway, and something new of a pod that is no fault."""
        chance = self.chance
        for service in self.services.values():
            for pod in service.pods:
                for _ in range(40):
                    at = chance.uniform(0, self.seconds)
                    text = chance.choice(
                        ("health check ok", f"cache has {chance.randint(1, 900)} items")
                    )
                    self._log(service, pod, at, "INFO", text)
        odd = self.services[chance.choice(list(self.services))]
        for _ in range(3):
            at = chance.uniform(*self.window)
            self._log(
                odd, odd.pods[0], at, "WARN", f"retrying lease renewal {chance.randint(1, 99)}"
            )

    def _metrics(self) -> None:
        chance, every = self.chance, self.chance.choice((15, 30, 60))
        jitter = chance.choice((0, 0, 30, 60))
        odd = chance.choice([pod for s in self.services.values() for pod in s.pods])
        odd_kind = chance.choice(list(self.style))
        for service in self.services.values():
            for pod in service.pods:
                shift = chance.uniform(-jitter, jitter)
                for kind, name in self.style.items():
                    if chance.random() < 0.04:
                        continue  # a series that was never collected
                    self._series(
                        service,
                        pod,
                        kind,
                        name,
                        every,
                        shift,
                        is_odd=pod == odd and kind == odd_kind,
                    )

    def _series(
        self,
        service: Service,
        pod: str,
        kind: str,
        name: str,
        every: int,
        shift: float,
        *,
        is_odd: bool,
    ) -> None:
        chance = self.chance
        usual = chance.lognormvariate(
            {"memory": 18, "rx": 10, "tx": 10, "disk": 8}.get(kind, 0), 0.5
        )
        noise = chance.uniform(0.03, 0.2) if kind not in ("sockets", "threads") else 0.0
        is_counter, total = name.endswith("_total"), 0.0
        odd_at = chance.uniform(*self.window)
        for step in range(int(self.seconds // every)):
            at = step * every
            value = self._value(kind, pod, usual, at) * math.exp(chance.gauss(0, noise))
            if is_odd and odd_at <= at < odd_at + 90:
                value *= 1.6
            if is_counter:
                total += value * every
                value = total
            elif kind in ("sockets", "threads"):
                value = round(10 * value)
            self.rows.append(
                {
                    "timestamp": BEGIN + timedelta(seconds=at + shift), "service": service.name,
                    "k8s_pod": pod, "metric_name": name, "metric_value": value,
                }
            )  # fmt: skip

    def _value(self, kind: str, pod: str, usual: float, at: float) -> float:
        """A metric's level: the load's part of it, and what the fault does to it."""
        load = self.load_change if at >= self.window[0] else 1.0
        served = self.served.get((pod, int(at // 60)), [])
        if kind == "latency":
            return sorted(d for d, _ in served)[int(len(served) * 0.9)] if served else usual
        if kind == "workload":
            return len(served) / 60
        if kind in ("errors", "success"):
            share = sum(failed for _, failed in served) / max(1, len(served))
            return share if kind == "errors" else 1 - share
        if kind in ("cpu", "rx", "tx", "disk"):
            usual *= 0.5 + 0.5 * load
        if not self._is_hit(pod, at):
            return usual
        grown = 1 + self.size * {
            ("cpu", "cpu"): 3, ("memory", "memory"): 1.2, ("disk", "disk"): 5, ("disk", "cpu"): 0.3,
            ("loss", "retransmits"): 8, ("delay", "retransmits"): 1, ("socket", "sockets"): 3,
            ("memory", "cpu"): 0.2,
        }.get((self.fault, kind), 0)  # fmt: skip
        if self.fault in ("delay", "loss") and kind in ("rx", "tx"):
            grown = 0.5
        return usual * grown

"""What every service has: traces and metrics by the OpenTelemetry SDK, a log of JSON lines."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import structlog
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

REQUEST_ID = "x-request-id"
METRICS_EVERY_MS = 1000
ASGI = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a service is told when it starts."""

    name: str
    version: str
    collector: str
    log: Path
    peers: dict[str, str] = field(default_factory=dict)
    """Base URL of each service that it calls, by its name."""
    database: Path | None = None
    stopwatch: Path | None = None


def start(setup: Setup) -> Callable[[], None]:
    """Sets up the process' traces, metrics and log; the answer sends what is left and ends them."""
    resource = Resource.create(
        {
            "service.name": setup.name,
            "service.version": setup.version,
            "service.instance.id": f"{setup.name}-1",
        }
    )
    tracers = TracerProvider(resource=resource)
    spans = OTLPSpanExporter(endpoint=f"{setup.collector}/v1/traces")
    tracers.add_span_processor(BatchSpanProcessor(spans, schedule_delay_millis=500))
    trace.set_tracer_provider(tracers)
    metrics = OTLPMetricExporter(endpoint=f"{setup.collector}/v1/metrics")
    reader = PeriodicExportingMetricReader(metrics, export_interval_millis=METRICS_EVERY_MS)
    meters = MeterProvider([reader], resource)
    _observe_the_process(meters)
    HTTPXClientInstrumentor().instrument()
    SQLite3Instrumentor().instrument()
    _log_to(setup)
    structlog.get_logger().info(f"starting {setup.name} version {setup.version}")

    def stop() -> None:
        structlog.get_logger().info("stopped")
        tracers.shutdown()
        meters.shutdown()

    return stop


def watch(app: FastAPI) -> None:
    """A span for every request but the probes, and its request id on every line of the log."""
    app.add_middleware(_NamedRequests)
    app.add_api_route("/healthz", lambda: {"status": "ok"})
    FastAPIInstrumentor.instrument_app(
        app, excluded_urls="healthz", exclude_spans=["receive", "send"]
    )


def client(app: FastAPI, name: str) -> httpx.AsyncClient:
    """The client of a service that this one calls."""
    found: httpx.AsyncClient = app.state.clients[name]
    return found


def calling(setup: Setup) -> Callable[[FastAPI], Any]:
    """A FastAPI lifespan: a client for each peer, which hands the request's id on."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.clients = {
            name: httpx.AsyncClient(
                base_url=url, timeout=30, trust_env=False, event_hooks={"request": [_hand_on]}
            )
            for name, url in setup.peers.items()
        }
        yield
        for peer in app.state.clients.values():
            await peer.aclose()

    return lifespan


async def _hand_on(request: httpx.Request) -> None:
    bound = structlog.contextvars.get_contextvars()
    request.headers[REQUEST_ID] = bound.get("request_id", "")


class _NamedRequests:
    """ASGI middleware that binds the caller's request id to the log."""

    def __init__(self, app: ASGI) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: ASGI, send: ASGI) -> None:
        headers = dict(scope.get("headers", ()))
        name = headers.get(REQUEST_ID.encode(), b"").decode()
        with structlog.contextvars.bound_contextvars(**({"request_id": name} if name else {})):
            await self.app(scope, receive, send)


def _log_to(setup: Setup) -> None:
    def add_place(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.update(service=setup.name, version=setup.version)
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"] = trace.format_trace_id(context.trace_id)
            event["span_id"] = trace.format_span_id(context.span_id)
        return event

    def in_order(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        first = ("timestamp", "level", "service", "version", "event")
        return {**{key: event[key] for key in first}, **event}

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_place,
            in_order,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(setup.log.open("a", encoding="utf-8")),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def _observe_the_process(meters: MeterProvider) -> None:
    """CPU and memory of this process, by the names of the semantic conventions."""
    last = {"wall": time.monotonic(), "cpu": time.process_time()}

    def utilization(_: CallbackOptions) -> Iterable[Observation]:
        wall, cpu = time.monotonic(), time.process_time()
        spent, passed = cpu - last["cpu"], max(wall - last["wall"], 1e-6)
        last.update(wall=wall, cpu=cpu)
        yield Observation(spent / passed / (os.cpu_count() or 1))

    def cpu_time(_: CallbackOptions) -> Iterable[Observation]:
        times = os.times()
        yield Observation(times.user, {"cpu.mode": "user"})
        yield Observation(times.system, {"cpu.mode": "system"})

    def memory(_: CallbackOptions) -> Iterable[Observation]:
        held = Path("/proc/self/statm")
        if held.exists():
            pages = int(held.read_text().split()[1])
            yield Observation(pages * os.sysconf("SC_PAGE_SIZE"))

    meter = meters.get_meter("recommendation_services.process")
    meter.create_observable_gauge("process.cpu.utilization", [utilization], unit="1")
    meter.create_observable_counter("process.cpu.time", [cpu_time], unit="s")
    meter.create_observable_up_down_counter("process.memory.usage", [memory], unit="By")

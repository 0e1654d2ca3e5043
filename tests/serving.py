"""A real server for tests: a process of its own on free ports, and requests that it understands."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ADDRESSES = re.compile(r"http://127\.0\.0\.1:(\d+) .* 127\.0\.0\.1:(\d+) \(OTLP/gRPC\)")
PROTO = "application/x-protobuf"
START_NS = 1_790_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(slots=True)
class Server:
    """`clew serve` as a process."""

    process: subprocess.Popen[str]
    case: Path
    port: int
    grpc_port: int

    def ask(
        self,
        path: str,
        body: bytes | dict[str, Any] | None = None,
        *,
        token: str = "",
        method: str | None = None,
        **headers: str,
    ) -> Reply:
        """One request; headers are written with _ for -."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, dict):
            body, given = json.dumps(body).encode(), {"content-type": "application/json", **given}
        if token:
            given["authorization"] = f"Bearer {token}"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body, given, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=150) as answer:
                return Reply(answer.status, answer.read(), _lower(answer.headers))
        except urllib.error.HTTPError as refused:
            return Reply(refused.code, refused.read(), _lower(refused.headers))

    def send(
        self, body: bytes, signal: str = "traces", content_type: str = PROTO, **more: str
    ) -> Reply:
        """Exports a request."""
        return self.ask(f"/v1/{signal}", body, content_type=content_type, **more)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer to a SELECT, through the API."""
        reply = self.ask("/api/sql", {"sql": sql})
        assert reply.status == 200, reply.body
        rows: list[dict[str, Any]] = reply.json
        return rows

    def count(self, view: str = "spans") -> int:
        """Rows of a view, now."""
        return int(self.rows(f"SELECT count(*) AS n FROM {view}")[0]["n"])

    def settled(self) -> int:
        """Spans, once what other tests sent has been loaded: a batch waits a quarter of a second."""
        found, last = self.count(), -1
        while found != last:
            time.sleep(0.6)
            found, last = self.count(), found
        return found

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(timeout=30)


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def started(case: Path, *more: str) -> Server:
    """A server that listens; the caller ends it."""
    command = [sys.executable, "-m", "clew", "serve", "--case", str(case), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--grpc-port", "0", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("CLEW_")},
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    found = ADDRESSES.search(said)
    if not found:
        process.kill()
        raise AssertionError(f"{said}{process.communicate()[1]}")
    return Server(process, case, int(found[1]), int(found[2]))


@contextlib.contextmanager
def serving(case: Path, *more: str) -> Iterator[Server]:
    """A server that is ended, whatever happens."""
    server = started(case, *more)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


def eventually(is_true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def export(*spans: dict[str, Any], service: str = "shop") -> bytes:
    """An export request of these spans; what they leave out is made up."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    _attribute(resource.resource.attributes.add(), "service.name", service)
    scope = resource.scope_spans.add()
    for number, given in enumerate(spans):
        span = scope.spans.add()
        span.trace_id = given.get("trace_id", bytes(15) + b"\x01")
        span.span_id = given.get("span_id", (number + 1).to_bytes(8))
        span.parent_span_id = given.get("parent_span_id", b"")
        span.name = given.get("name", "GET /cart")
        span.kind = given.get("kind", 2)
        span.start_time_unix_nano = given.get("start", START_NS + number)
        span.end_time_unix_nano = given.get("end", span.start_time_unix_nano + 1_000_000)
        for key, value in given.get("attributes", {}).items():
            _attribute(span.attributes.add(), key, value)
    return request.SerializeToString()


def numbered(first: int, count: int, **more: Any) -> bytes:
    """An export request of so many spans, each with an id of its own."""
    return export(
        *(
            {"span_id": n.to_bytes(8), "trace_id": n.to_bytes(16), **more}
            for n in range(first + 1, first + count + 1)
        )
    )


def log_records(*messages: str, service: str = "shop") -> bytes:
    """An export request of log records."""
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    _attribute(resource.resource.attributes.add(), "service.name", service)
    scope = resource.scope_logs.add()
    for number, message in enumerate(messages):
        record = scope.log_records.add()
        record.time_unix_nano = START_NS + number * 1000
        record.severity_number, record.severity_text = 9, "INFO"
        record.body.string_value = message
    return request.SerializeToString()


def gauge(name: str, *values: float) -> bytes:
    """An export request of a gauge's points."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add()
    metric.name = name
    for number, value in enumerate(values):
        point = metric.gauge.data_points.add()
        point.time_unix_nano = START_NS + number * 1_000_000_000
        point.as_double = value
    return request.SerializeToString()


def _attribute(pair: Any, key: str, value: Any) -> None:
    pair.key = key
    kind = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value"}
    setattr(pair.value, kind[type(value)], value)

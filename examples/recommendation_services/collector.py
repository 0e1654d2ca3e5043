"""Receives OTLP over HTTP and writes it as the OpenTelemetry Collector's file exporter does.

One export request a line, in OTLP's JSON: camelCase keys, ids as hex text, 64-bit integers as
text, enumerations as numbers.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SIGNALS: dict[str, type[Message]] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
}
IDS = {"traceId", "spanId", "parentSpanId"}
TIMES = {
    "start_time_unix_nano", "end_time_unix_nano", "time_unix_nano", "observed_time_unix_nano",
}  # fmt: skip


class Collector:
    """A server on a free port of loopback while the `with` block runs."""

    def __init__(self) -> None:
        self.traces: list[ExportTraceServiceRequest] = []
        self.metrics: list[ExportMetricsServiceRequest] = []

    def __enter__(self) -> Collector:
        kept: dict[str, list[Any]] = {"/v1/traces": self.traces, "/v1/metrics": self.metrics}

        class Handler(_Receiver):
            received = kept

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


class _Receiver(BaseHTTPRequestHandler):
    received: ClassVar[dict[str, list[Any]]] = {}
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        message = SIGNALS[self.path]()
        message.ParseFromString(body)
        self.received[self.path].append(message)
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing: the capture is the output."""


def shift(message: Message, by_ns: int) -> None:
    """Moves every time in a message, its events and its points by the same duration."""
    for field, value in message.ListFields():
        if field.name in TIMES:
            setattr(message, field.name, value + by_ns)
        elif field.message_type is not None:
            for part in value if field.is_repeated else (value,):
                shift(part, by_ns)


def without(message: ExportTraceServiceRequest, trace_ids: set[bytes]) -> ExportTraceServiceRequest:
    """The request without the spans of these traces, and without what they leave empty."""
    kept = ExportTraceServiceRequest()
    for resource in message.resource_spans:
        for scope in resource.scope_spans:
            spans = [span for span in scope.spans if span.trace_id not in trace_ids]
            if not spans:
                continue
            if not kept.resource_spans or kept.resource_spans[-1].resource != resource.resource:
                kept.resource_spans.add(resource=resource.resource, schema_url=resource.schema_url)
            kept.resource_spans[-1].scope_spans.add(
                scope=scope.scope, spans=spans, schema_url=scope.schema_url
            )
    return kept


def written(message: Message) -> str:
    """The message as one line of OTLP JSON."""
    plain = MessageToDict(message, use_integers_for_enums=True)
    return json.dumps(_with_hex_ids(plain), separators=(",", ":"), ensure_ascii=False)


def _with_hex_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: base64.b64decode(part).hex() if key in IDS else _with_hex_ids(part)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [_with_hex_ids(part) for part in value]
    return value


def spans_of(messages: list[ExportTraceServiceRequest]) -> Iterator[tuple[str, Any]]:
    """Every span with the name of its service."""
    for message in messages:
        for resource in message.resource_spans:
            names = {a.key: a.value.string_value for a in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    yield names["service.name"], span

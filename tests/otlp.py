"""OTLP in tests: the rows that a decoder gives, and the same told by the protobuf library."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from clew.engines._duckdb_ledger import new_bench
from clew.formats import Settings
from clew.formats._telemetry.rows import Telemetry

REQUESTS = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
BENCH = new_bench()


def rows_of(telemetry: Telemetry) -> list[dict[str, Any]]:
    """The rows of the decoder's SELECT, without what is NULL, JSON parsed."""
    bench = BENCH.cursor()
    bench.register("records_arrow", telemetry)
    answer = bench.execute(telemetry.select("records_arrow", Settings()))
    names = [column[0] for column in answer.description]
    rows = []
    for values in answer.fetchall():
        row = {n: value for n, value in zip(names, values, strict=True) if value is not None}
        for name in ("attributes", "span_events", "span_links", "resource_attributes"):
            if name in row:
                row[name] = json.loads(row[name])
        rows.append(row)
    return rows


def plain(value: Any) -> Any:
    """An AnyValue by the library."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [plain(inner) for inner in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: plain(pair.value) for pair in value.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    found = getattr(value, kind)
    return str(found) if isinstance(found, float) and not math.isfinite(found) else found


def spans_by_library(payload: bytes) -> list[dict[str, Any]]:
    """What each span of a request says, walked as objects: slow, and surely right."""
    rows = []
    for resource in ExportTraceServiceRequest.FromString(payload).resource_spans:
        shared = {pair.key: plain(pair.value) for pair in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                rows.append(_row(span, scope.scope.name, shared))
    return rows


def _row(span: Any, logger: str, shared: dict[str, Any]) -> dict[str, Any]:
    start, end = span.start_time_unix_nano, span.end_time_unix_nano
    row: dict[str, Any] = {
        "trace_id": span.trace_id.hex() if any(span.trace_id) else None,
        "span_id": span.span_id.hex() if any(span.span_id) else None,
        "parent_span_id": span.parent_span_id.hex() if any(span.parent_span_id) else None,
        "span_name": span.name,
        "span_kind": KINDS.get(span.kind),
        "status": {1: "ok", 2: "error"}.get(span.status.code, "unset"),
        "status_message": span.status.message or None,
        "duration_ms": (end - start) / 1e6 if start and end else None,
        "timestamp_us": start // 1000 if start else None,
        "logger": logger or None,
        "service": shared.get("service.name") or None,
        "attributes": {pair.key: plain(pair.value) for pair in span.attributes},
    }
    row["span_events"] = [
        {
            "name": event.name,
            **({"time_unix_nano": event.time_unix_nano} if event.time_unix_nano else {}),
            **_attributes(event.attributes),
        }
        for event in span.events
    ]
    row["span_links"] = [
        {
            "trace_id": link.trace_id.hex() if any(link.trace_id) else "",
            "span_id": link.span_id.hex() if any(link.span_id) else "",
            **({"trace_state": link.trace_state} if link.trace_state else {}),
            **_attributes(link.attributes),
        }
        for link in span.links
    ]
    return row


def _attributes(pairs: Any) -> dict[str, Any]:
    found = {pair.key: plain(pair.value) for pair in pairs}
    return {"attributes": found} if found else {}

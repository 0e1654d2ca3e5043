"""Spans, log records and metrics of the real OpenTelemetry SDK, as files, through the whole ingest."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from google.protobuf.json_format import MessageToDict
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from clew import pipeline

RESOURCE = Resource.create(
    {
        "service.name": "checkout",
        "service.version": "1.4.2",
        "service.instance.id": "i-1",
        "deployment.environment.name": "prod",
        "host.name": "node-1",
        "k8s.pod.name": "checkout-7f",
        "k8s.namespace.name": "shop",
        "cloud.region": "eu-west-1",
        "team.colour": "blue",
    }
)
GIVEN: dict[str, Any] = {
    "x.text": "tëxt",
    "x.empty": "",
    "x.int": -(1 << 62),
    "x.float": 0.1,
    "x.bool": True,
    "x.texts": ["a", "b"],
    "x.ints": [1, 2],
    "x.floats": [0.5, 2.0],
    "x.bools": [True, False],
}


def spans() -> tuple[bytes, Any]:
    """A trace of two spans, one with an exception, events and links."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("shop.pay", "2.0", attributes={"scope.mark": 1})
    with tracer.start_as_current_span("POST /pay", kind=SpanKind.SERVER) as root:
        root.set_attributes({"http.request.method": "POST", "url.path": "/pay", **GIVEN})
        root.set_attribute("http.response.status_code", 500)
        linked = Link(root.get_span_context(), {"why": "retry"})
        try:
            with tracer.start_as_current_span(
                "charge", kind=SpanKind.CLIENT, links=[linked]
            ) as span:
                span.add_event("sent", {"bytes": 12})
                raise KeyError("card")
        except KeyError:
            root.set_status(Status(StatusCode.ERROR, "no card"))
    finished = exporter.get_finished_spans()
    return encode_spans(finished).SerializeToString(), finished


def logs() -> bytes:
    exporter = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource=RESOURCE)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = provider.get_logger("shop.log")
    for body in ("plain", {"message": "nested", "items": [1, {"a": None}], "raw": b"\x00\xff"}):
        logger.emit(
            LogRecord(
                timestamp=1763629200123456789,
                observed_timestamp=1763629200223456789,
                severity_text="WARNING",
                severity_number=SeverityNumber.WARN2,
                body=body,
                attributes=GIVEN,
                event_name="app.event",
            )
        )
    return encode_logs(exporter.get_finished_logs()).SerializeToString()


def metrics() -> bytes:
    reader = InMemoryMetricReader()
    meter = MeterProvider(metric_readers=[reader], resource=RESOURCE).get_meter("shop.meter")
    meter.create_counter("orders", unit="1", description="orders taken").add(5, {"kind": "card"})
    meter.create_up_down_counter("open").add(-2)
    meter.create_gauge("load").set(0.75)
    histogram = meter.create_histogram("latency", unit="ms")
    for value in (1.0, 7.0, 80.0):
        histogram.record(value)
    data = reader.get_metrics_data()
    assert data is not None
    return encode_metrics(data).SerializeToString()


def ingested(data: bytes, tmp_path: Path, name: str = "capture") -> list[dict[str, Any]]:
    """The events of a file that holds these bytes; its ledger balances and its case verifies."""
    source, case = tmp_path / name, str(tmp_path / f"{name}.duckdb")
    source.write_bytes(data)
    ledger = pipeline.ingest([str(source)], case=case)
    assert not ledger.problems
    assert ledger.sources[0].count.is_balanced
    assert ledger.sources[0].count.rejects == 0
    engine = pipeline.open_case(case, write=False)
    rows = engine.run("SELECT * FROM events ORDER BY line").dicts()
    engine.close()
    assert pipeline.verify(case).ok
    return rows


def as_file(payload: bytes, request: Any) -> dict[str, bytes]:
    """The same request as the ways in which it may lie on disk."""
    told = MessageToDict(request.FromString(payload))
    line = json.dumps(told, separators=(",", ":")).encode() + b"\n"
    return {
        "protobuf": payload,
        "framed": len(payload).to_bytes(4, "big") + payload,
        "gzip": gzip.compress(payload),
        "zstd": zstandard.compress(payload),
        "line": line,
        "lines": line + b"\n" + line,
        "document": json.dumps(told, indent=2).encode(),
        "array": b"[" + line + b"," + line + b"]",
    }


@pytest.mark.parametrize(
    "way", ["protobuf", "framed", "gzip", "zstd", "line", "lines", "document", "array"]
)
def test_spans_of_the_sdk_come_back_whole(way: str, tmp_path: Path) -> None:
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    payload, finished = spans()
    rows = ingested(as_file(payload, TracesData)[way], tmp_path)
    child, root = rows[:2]
    assert len(rows) == (4 if way in ("lines", "array") else 2)
    assert [row["line"] for row in rows] == list(range(1, len(rows) + 1))
    for row, span in zip(rows, finished, strict=False):
        assert row["trace_id"] == f"{span.context.trace_id:032x}"
        assert row["span_id"] == f"{span.context.span_id:016x}"
        assert row["duration_ms"] == (span.end_time - span.start_time) / 1e6
        assert int(row["timestamp_text"]) == span.start_time
        assert row["logger"] == "shop.pay" and row["service"] == "checkout"
        assert (row["service_version"], row["service_instance"]) == ("1.4.2", "i-1")
        assert (row["environment"], row["host"], row["region"]) == ("prod", "node-1", "eu-west-1")
        assert (row["k8s_pod"], row["k8s_namespace"]) == ("checkout-7f", "shop")
        other = json.loads(row["resource_attributes"])
        assert other["team.colour"] == "blue" and other["otel.scope.version"] == "2.0"
        assert other["scope.mark"] == 1 and other["telemetry.sdk.language"] == "python"
        assert row["attributes"]["team.colour"] == "blue"
    assert root["span_kind"] == "server" and root["parent_span_id"] is None
    assert root["status"] == "error" and root["status_message"] == "no card"
    assert (root["http_method"], root["url_path"], root["http_status"]) == ("POST", "/pay", 500)
    assert {key: root["attributes"][key] for key in GIVEN} == GIVEN
    assert child["parent_span_id"] == root["span_id"] and child["status"] == "error"
    assert child["exception_type"] == "KeyError" and child["exception_message"] == "'card'"
    assert child["exception_frame"].endswith("in spans") and child["exception_fingerprint"]
    events = json.loads(child["span_events"])
    assert [event["name"] for event in events] == ["sent", "exception"]
    assert events[0]["attributes"] == {"bytes": 12}
    assert events[0]["time_unix_nano"] == finished[0].events[0].timestamp
    (link,) = json.loads(child["span_links"])
    assert link["span_id"] == root["span_id"] and link["attributes"] == {"why": "retry"}


@pytest.mark.parametrize("way", ["protobuf", "framed", "line", "document"])
def test_log_records_of_the_sdk_come_back_whole(way: str, tmp_path: Path) -> None:
    from opentelemetry.proto.logs.v1.logs_pb2 import LogsData

    plain, nested = ingested(as_file(logs(), LogsData)[way], tmp_path)
    assert (plain["message"], nested["message"]) == ("plain", "nested")
    assert plain["severity"] == "WARN" and plain["severity_number"] == 14
    assert plain["event_name"] == "app.event" and plain["logger"] == "shop.log"
    assert (plain["observed_timestamp"] - plain["timestamp"]).total_seconds() == 0.1
    assert {key: plain["attributes"][key] for key in GIVEN} == GIVEN
    body = {"message": "nested", "items": [1, {"a": None}], "raw": "AP8="}
    assert nested["attributes"]["body"] == body


@pytest.mark.parametrize("way", ["protobuf", "framed", "line", "document"])
def test_metrics_of_the_sdk_come_back_whole(way: str, tmp_path: Path) -> None:
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData

    rows = ingested(as_file(metrics(), MetricsData)[way], tmp_path)
    found = {row["metric_name"]: row for row in rows}
    assert {name: row["metric_value"] for name, row in found.items()} == {
        "orders": 5.0, "open": -2.0, "load": 0.75, "latency": 88.0,
    }  # fmt: skip
    orders, latency = found["orders"]["attributes"], found["latency"]["attributes"]
    assert orders["kind"] == "card" and orders["metric.type"] == "sum"
    assert orders["metric.temporality"] == "cumulative" and orders["metric.is_monotonic"] is True
    assert orders["metric.unit"] == found["orders"]["metric_unit"] == "1"
    assert found["open"]["attributes"]["metric.is_monotonic"] is False
    assert latency["metric.type"] == "histogram" and latency["metric.count"] == 3
    assert (latency["metric.min"], latency["metric.max"]) == (1.0, 80.0)
    assert sum(latency["metric.bucket_counts"]) == 3
    assert len(latency["metric.bounds"]) + 1 == len(latency["metric.bucket_counts"])
    assert all(row["service"] == "checkout" and row["timestamp"] for row in rows)


def test_three_signals_share_one_file(tmp_path: Path) -> None:
    """Lines of traces, logs and metrics in turn: events are numbered in the order of the file."""
    from opentelemetry.proto.logs.v1.logs_pb2 import LogsData
    from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    trace = as_file(spans()[0], TracesData)["line"]
    log = as_file(logs(), LogsData)["line"]
    metric = as_file(metrics(), MetricsData)["line"]
    rows = ingested((log + trace + metric) * 2, tmp_path)
    kinds = "".join("s" if row["span_name"] else "m" if row["metric_name"] else "l" for row in rows)
    assert kinds == "llssmmmm" * 2
    assert len({row["event_id"] for row in rows}) == 16


def test_a_file_that_has_grown_adds_its_new_events(tmp_path: Path) -> None:
    source, case = tmp_path / "capture.pb", str(tmp_path / "case.duckdb")
    payload = spans()[0]
    frame = len(payload).to_bytes(4, "big") + payload
    source.write_bytes(frame + frame[:-20])
    (row,) = pipeline.ingest([str(source)], case=case).sources
    assert (row.count.events, row.count.rejects) == (2, 1)
    source.write_bytes(frame * 3)
    (row,) = pipeline.ingest([str(source)], case=case).sources
    assert row.status == "grown" and (row.count.events, row.count.rejects) == (4, 0)
    assert pipeline.verify(case).ok

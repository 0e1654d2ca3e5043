"""The OpenTelemetry SDK and its own exporters, HTTP and gRPC, against a real server over loopback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from tests.serving import Server, eventually, export, numbered, serving

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("sdk") / "live.duckdb") as running:
        yield running


def exporters(server: Server, transport: str, token: str = "") -> tuple[Any, Any, Any]:
    """Of spans, logs and metrics."""
    headers = {"authorization": f"Bearer {token}"} if token else None
    if transport == "grpc":
        told: dict[str, Any] = {
            "endpoint": f"127.0.0.1:{server.grpc_port}",
            "insecure": True,
            "headers": headers,
        }
        return (
            GrpcSpans(**told, compression=grpc.Compression.Gzip),
            GrpcLogs(**told),
            GrpcMetrics(**told),
        )
    url = f"http://127.0.0.1:{server.port}/v1/"
    return (
        HttpSpans(f"{url}traces", headers=headers, compression=Compression.Gzip),
        HttpLogs(f"{url}logs", headers=headers),
        HttpMetrics(f"{url}metrics", headers=headers),
    )


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_all_three_signals_of_the_sdk_arrive(server: Server, transport: str) -> None:
    of_spans, of_logs, of_metrics = exporters(server, transport)
    resource = Resource.create({"service.name": f"checkout-{transport}"})
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(BatchSpanProcessor(of_spans))
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(SimpleLogRecordProcessor(of_logs))
    metrics = MeterProvider(
        [PeriodicExportingMetricReader(of_metrics, 3_600_000)], resource=resource
    )
    logger = logging.getLogger(f"checkout.{transport}")
    logger.addHandler(LoggingHandler(logger_provider=logs))
    tracer = tracing.get_tracer("shop")

    with tracer.start_as_current_span("POST /checkout") as root:
        with tracer.start_as_current_span(
            "charge card", attributes={"card.kind": "debit"}
        ) as child:
            try:
                raise ValueError("card expired")
            except ValueError as error:
                child.record_exception(error)
        logger.warning("charge failed for %s", "u-7")
        trace_id = f"{root.get_span_context().trace_id:032x}"
    metrics.get_meter("shop").create_counter("charges", unit="1").add(3, {"card.kind": "debit"})
    for provider in (tracing, logs, metrics):
        provider.shutdown()

    found = f"SELECT count(*) AS n FROM events WHERE service = 'checkout-{transport}'"
    assert eventually(lambda: server.rows(found) == [{"n": 4}])
    assert server.rows(
        "SELECT span_name, exception_type, exception_message FROM spans "
        f"WHERE trace_id = '{trace_id}' ORDER BY span_name"
    ) == [
        {"span_name": "POST /checkout", "exception_type": None, "exception_message": None},
        {
            "span_name": "charge card",
            "exception_type": "ValueError",
            "exception_message": "card expired",
        },
    ]
    trace = server.ask(f"/api/traces/{trace_id}").json
    assert [log["message"] for log in trace["logs"]] == ["charge failed for u-7"]
    assert server.rows(
        f"SELECT metric_name, metric_value FROM metrics WHERE service = 'checkout-{transport}'"
    ) == [{"metric_name": "charges", "metric_value": 3}]


def test_grpc_answers_as_the_specification_asks(server: Server) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        call = channel.unary_unary(EXPORT)
        assert call(export({"span_id": b"grpcgrpc"})) == b""
        partial = call(export({"trace_id": b"short"}))
        assert b"trace_id has 5 bytes" in partial
        for body, code in (
            (b"no protobuf", grpc.StatusCode.INVALID_ARGUMENT),
            (bytes(21 << 20), grpc.StatusCode.RESOURCE_EXHAUSTED),
        ):
            with pytest.raises(grpc.RpcError) as refused:
                call(body)
            assert refused.value.code() is code
        with pytest.raises(grpc.RpcError) as refused:  # a bomb: 30 MB of zeros in 30 kB
            call(bytes(30 << 20), compression=grpc.Compression.Gzip)
        assert refused.value.code() in (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            grpc.StatusCode.INVALID_ARGUMENT,
        )
    assert server.ask("/healthz").status == 200


def test_many_calls_at_once_are_stored_or_told_to_come_back(server: Server) -> None:
    """A refusal without RetryInfo would tell the client to throw its spans away."""
    stored = 0
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        call = channel.unary_unary(EXPORT)
        calls = [call.future(numbered(100_000 + n, 1)) for n in range(300)]
        for future in calls:
            if (error := future.exception()) is None:
                stored += 1
            elif error.code() is not grpc.StatusCode.UNAVAILABLE:
                assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
                assert b"RetryInfo" in dict(error.trailing_metadata())["grpc-status-details-bin"]
    assert stored
    found = "SELECT count(*) AS n FROM spans WHERE trace_id BETWEEN "
    found += f"'{100_001:032x}' AND '{100_300:032x}'"
    assert eventually(lambda: server.rows(found) == [{"n": stored}])


def test_the_sdk_sends_with_its_token_alone(tmp_path: Path) -> None:
    from clew.cli import main

    case = tmp_path / "live.duckdb"
    with serving(case) as server:
        import contextlib
        import io

        with contextlib.redirect_stdout(io.StringIO()) as said:
            assert main(["token", "create", "--scope", "ingest", "--case", str(case)]) == 0
        token = said.getvalue().strip()
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
            call = channel.unary_unary(EXPORT)
            with pytest.raises(grpc.RpcError) as refused:
                call(export({}))
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
            assert call(export({}), metadata=(("authorization", f"Bearer {token}"),)) == b""
        for transport in ("http", "grpc"):
            exporter, _, _ = exporters(server, transport, token)
            tracing = TracerProvider()
            tracing.add_span_processor(BatchSpanProcessor(exporter))
            tracing.get_tracer("shop").start_span("with a token").end()
            tracing.shutdown()
        assert server.stop() == 0
    from clew import pipeline

    engine = pipeline.open_case(str(case), write=False)
    assert engine.run("SELECT count(*) FROM spans").rows == [(3,)]
    engine.close()

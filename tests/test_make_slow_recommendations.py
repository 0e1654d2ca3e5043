"""The generator of examples/slow-recommendations: real services run, end, and say the truth.

What it writes is read here by the protobuf definitions of OTLP, not by Clew.
"""

from __future__ import annotations

import base64
import gzip
import importlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SERVICES = ("gateway", "auth", "aggregator", "feature-store", "model-server")
REQUESTS = 20
ID_LENGTHS = {"traceId": 32, "spanId": 16, "parentSpanId": 16}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the generator has just filled, with few requests."""
    folder = tmp_path_factory.mktemp("examples")
    command = [sys.executable, "make_slow_recommendations.py", str(folder)]
    subprocess.run([*command, "--requests", str(REQUESTS)], cwd=EXAMPLES, check=True, timeout=200)
    return folder


@pytest.fixture(params=["committed", "just recorded"])
def folder(request: pytest.FixtureRequest) -> Path:
    if request.param == "committed":
        return EXAMPLES
    found: Path = request.getfixturevalue("small")
    return found


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that runs the services."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module("recommendation_services.running")


@pytest.fixture
def collecting(services: ModuleType) -> Iterator[str]:
    """The address of a collector that takes what the services send when they end."""
    collector = importlib.import_module("recommendation_services.collector")
    with collector.Collector() as received:
        yield received.url


def truth_in(folder: Path) -> dict[str, Any]:
    text = (folder / "slow-recommendations.truth.json").read_text(encoding="utf-8")
    truth: dict[str, Any] = json.loads(text)
    return truth


@cache
def spans_in(folder: Path, phase: str) -> dict[str, list[tuple[str, Span]]]:
    """Service and span of every span, by trace, in hex."""
    found = defaultdict(list)
    packed = (folder / "slow-recommendations" / phase / "traces.json.gz").read_bytes()
    for line in gzip.decompress(packed).decode().splitlines():
        request = Parse(json.dumps(_with_bytes(json.loads(line))), ExportTraceServiceRequest())
        for resource in request.resource_spans:
            names = {a.key: a.value.string_value for a in resource.resource.attributes}
            for scope in resource.scope_spans:
                for span in scope.spans:
                    found[span.trace_id.hex()].append((names["service.name"], span))
    return found


def _with_bytes(value: Any) -> Any:
    """OTLP writes ids in hex where protobuf's own JSON has base64."""
    if isinstance(value, dict):
        for key in value.keys() & ID_LENGTHS:
            assert len(value[key]) == ID_LENGTHS[key]
        return {
            key: base64.b64encode(bytes.fromhex(part)).decode()
            if key in ID_LENGTHS
            else _with_bytes(part)
            for key, part in value.items()
        }
    return [_with_bytes(part) for part in value] if isinstance(value, list) else value


def log_in(folder: Path, phase: str, service: str) -> list[dict[str, Any]]:
    path = folder / "slow-recommendations" / phase / f"{service}.log"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def attributes(span: Span) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}


def ms(span: Span) -> float:
    return (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6


@pytest.mark.parametrize("phase", ["before", "after"])
def test_every_trace_is_whole(folder: Path, phase: str) -> None:
    """One root in the gateway, every parent present, and as many spans as the truth says."""
    traces = spans_in(folder, phase)
    told = truth_in(folder)[phase]
    assert len(traces) == told["requests"]
    assert sum(map(len, traces.values())) == told["spans"]
    for spans in traces.values():
        ids = {span.span_id for _, span in spans}
        assert len(ids) == len(spans)
        roots = [service for service, span in spans if not span.parent_span_id]
        assert roots == ["gateway"]
        assert all(span.parent_span_id in ids for _, span in spans if span.parent_span_id)


@pytest.mark.parametrize("phase", ["before", "after"])
def test_every_line_of_a_request_names_a_span_of_its_service(folder: Path, phase: str) -> None:
    traces = spans_in(folder, phase)
    told = truth_in(folder)[phase]
    for service in SERVICES:
        lines = log_in(folder, phase, service)
        assert len(lines) == told["log_lines"][f"{service}.log"]
        for line in lines:
            if "trace_id" in line:
                named = {(s, span.span_id.hex()) for s, span in traces[line["trace_id"]]}
                assert (service, line["span_id"]) in named


@pytest.mark.parametrize("phase", ["before", "after"])
def test_the_stopwatch_of_the_truth_fits_in_the_statements_span(folder: Path, phase: str) -> None:
    """The store's own time of a household's statement is that of the span, within its overhead."""
    traces, truth = spans_in(folder, phase), truth_in(folder)
    for request in truth[phase]["household_requests"]:
        statements = [
            ms(span)
            for service, span in traces[request["trace_id"]]
            if service == truth["cause"]["service"]
            and span.name == truth["cause"]["span_name"]
            and attributes(span)["db.query.text"] == truth["cause"]["db_query"]
        ]
        assert len(statements) == 1
        assert 0 < statements[0] < request["statement_ms"] + 1 < request["request_ms"] + 1


def test_the_scan_is_said_in_the_log_before_and_an_index_search_after(folder: Path) -> None:
    truth = truth_in(folder)
    for phase, count in (("before", truth["before"]["full_scans"]), ("after", 0)):
        lines = log_in(folder, phase, "feature-store")
        scans = [line for line in lines if line["event"] == truth["cause"]["log_message"]]
        assert len(scans) == count
        assert {line["rows_read"] for line in scans} <= {truth["cause"]["rows_read"]}
        searches = [line for line in lines if "USING INDEX" in line.get("plan", "")]
        households = {request["trace_id"] for request in truth[phase]["household_requests"]}
        assert {line["trace_id"] for line in scans + searches} == households
        assert len(households) >= 2


def test_the_index_makes_the_statement_many_times_faster(folder: Path) -> None:
    """A ratio of two things measured in one run: on any machine a scan of the table is dear."""
    truth = truth_in(folder)
    before, after = (truth[phase]["household_statement_ms"] for phase in ("before", "after"))
    assert before["min"] > 10 * after["median"]


def test_the_aggregator_asks_for_features_and_vector_together(folder: Path) -> None:
    served = 0
    for spans in spans_in(folder, "before").values():
        calls = [span for service, span in spans if service == "aggregator" and span.kind == 3]
        if len(calls) < 3:
            continue
        served += 1
        features, vector, rank = sorted(calls, key=lambda span: span.start_time_unix_nano)[:3]
        assert vector.start_time_unix_nano < features.end_time_unix_nano
        assert rank.start_time_unix_nano >= vector.end_time_unix_nano
    assert served >= REQUESTS // 2


def test_a_model_call_bears_the_generative_conventions(folder: Path) -> None:
    spans = [span for trace in spans_in(folder, "after").values() for _, span in trace]
    chats = [attributes(span) for span in spans if span.name == "chat reasons-small"]
    assert chats
    for chat in chats:
        assert chat["gen_ai.request.model"] == "reasons-small"
        assert chat["gen_ai.usage.input_tokens"] > chat["gen_ai.usage.output_tokens"] > 0


@pytest.mark.parametrize("phase", ["before", "after"])
def test_each_process_says_its_cpu(folder: Path, phase: str) -> None:
    path = folder / "slow-recommendations" / phase / "metrics.json"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == truth_in(folder)[phase]["metric_lines"]
    seen = set()
    for line in lines:
        request = Parse(line, ExportMetricsServiceRequest())
        for resource in request.resource_metrics:
            names = {a.key: a.value.string_value for a in resource.resource.attributes}
            for scope in resource.scope_metrics:
                seen |= {(names["service.name"], metric.name) for metric in scope.metrics}
    assert {(service, "process.cpu.utilization") for service in SERVICES} <= seen


def test_the_same_seed_asks_for_the_same(small: Path) -> None:
    """Ids and times are measured; who asks for what is not: the first are those of the capture."""
    committed, again = truth_in(EXAMPLES), truth_in(small)
    assert again["cause"] == committed["cause"]
    asked = [request["request_id"] for request in again["before"]["household_requests"]]
    known = [request["request_id"] for request in committed["before"]["household_requests"]]
    assert asked == known[: len(asked)]


def test_the_committed_capture_shows_what_the_truth_claims() -> None:
    """Slow requests stand apart before, one to two in ten; after, they are as fast as the rest."""
    truth = truth_in(EXAMPLES)
    before, after = truth["before"], truth["after"]
    assert before["household_request_ms"]["min"] > 1.5 * before["other_request_ms"]["max"]
    assert after["household_request_ms"]["median"] < 1.2 * after["other_request_ms"]["median"]
    assert 0.1 < before["full_scans"] / before["requests"] < 0.15
    assert before["retried_trace_ids"] and before["refused_trace_ids"]


def test_the_services_end_when_one_of_them_does_not_start(
    services: ModuleType, collecting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feature store finds no table: the error says which service, and no process stays."""
    begun: list[subprocess.Popen[bytes]] = []
    start = services.started

    def noted(*arguments: Any) -> subprocess.Popen[bytes]:
        begun.append(start(*arguments))
        return begun[-1]

    monkeypatch.setattr(services, "started", noted)
    versions = dict.fromkeys(SERVICES, "1.8.0")
    with (
        pytest.raises(SystemExit, match="feature-store ended before it was ready"),
        services.running(versions, tmp_path / "empty.db", tmp_path, collecting),
    ):
        pytest.fail("the services are not ready")
    assert len(begun) == len(SERVICES)
    assert all(process.poll() is not None for process in begun)


def test_a_service_ends_with_the_process_that_started_it(
    services: ModuleType, collecting: str, tmp_path: Path
) -> None:
    """Its standard input closes when that process dies, however it dies."""
    script = (
        "import os, socket, sys; sys.path.insert(0, sys.argv[1]);"
        "from pathlib import Path; from recommendation_services import running;"
        "work = Path(sys.argv[2]); listening = socket.create_server(('127.0.0.1', 0));"
        "options = ['--fd', str(listening.fileno()), '--version', '1', '--log', sys.argv[3],"
        " '--collector', sys.argv[4]];"
        "process = running.started('auth', options, listening, work / 'auth.err');"
        "print(process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    reading, writing = os.pipe()
    log = tmp_path / "auth.log"
    killed = subprocess.run(
        [sys.executable, "-c", script, str(EXAMPLES), str(tmp_path), str(log), collecting],
        stdout=writing,
        env=services.environment(),
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert killed.returncode == -9
    with os.fdopen(reading) as output:
        assert output.readline()
        assert output.read() == "", "the end of the pipe: the service, which holds it too, is gone"
    assert "stopped" in log.read_text(encoding="utf-8")

"""An answer of 200 means stored: through kill -9, repeats, broken requests and hostile ones."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from tests.serving import (
    Server,
    eventually,
    export,
    gauge,
    log_records,
    numbered,
    serving,
)

from clew import pipeline


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return tmp_path / "live.duckdb"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for what leaves it as it was."""
    with serving(tmp_path_factory.mktemp("live") / "live.duckdb") as running:
        yield running


def rows(case: Path, sql: str) -> list[tuple[object, ...]]:
    engine = pipeline.open_case(str(case), write=False)
    try:
        return engine.run(sql).rows
    finally:
        engine.close()


def test_kill_right_after_the_last_200_loses_nothing(case: Path) -> None:
    with serving(case) as server:
        answers = [server.send(numbered(n * 100, 100)).status for n in range(20)]
        answers.append(server.send(log_records("one", "two"), "logs").status)
        server.kill()
    assert answers == [200] * 21
    with serving(case) as server:
        assert eventually(lambda: server.count() == 2000)
        assert server.count("logs") == 2
        assert server.send(numbered(0, 100)).status == 200  # the retry of what was answered
        assert server.send(log_records("one", "two"), "logs").status == 200
        assert server.send(numbered(5000, 1)).status == 200
        assert eventually(lambda: server.count() == 2001)
        assert server.count("logs") == 2
        assert server.stop() == 0
    assert pipeline.verify(str(case)).ok
    assert rows(
        case, "SELECT bool_and(lines = events + continuation + blanks + rejects) FROM sources"
    ) == [(True,)]
    assert rows(case, "SELECT sum(lines), sum(events), sum(rejects) FROM sources") == [
        (2105, 2003, 102)
    ]


def test_the_next_command_after_a_kill_finds_what_was_answered(case: Path) -> None:
    with serving(case) as server:
        assert [server.send(numbered(n * 100, 100)).status for n in range(8)] == [200] * 8
        server.kill()
    asked = [sys.executable, "-m", "clew", "sql", "SELECT count(*) AS n FROM spans"]
    told = subprocess.check_output([*asked, "--output", "json", "--case", str(case)], text=True)
    assert json.loads(told) == [{"n": 800}]
    assert list(case.with_name("live.duckdb.spool").iterdir()) == []
    assert pipeline.verify(str(case)).ok
    with serving(case) as server:
        assert server.send(numbered(0, 100)).status == 200  # the retry of what was answered
        assert eventually(lambda: server.count() == 800)
        assert server.stop() == 0


def test_a_case_verifies_while_segments_are_open_and_after_a_kill(case: Path) -> None:
    with serving(case) as server:
        server.send(numbered(0, 50))
        assert eventually(lambda: server.count() == 50)
        found = pipeline.verify(str(case))
        assert found.ok and "still arriving" in found.sentences[0]
        server.kill()
    found = pipeline.verify(str(case))
    assert found.ok and "still arriving" in found.sentences[0]


def test_sigterm_stores_what_was_received_and_exits_0(case: Path) -> None:
    with serving(case) as server:
        for n in range(5):
            assert server.send(numbered(n * 10, 10)).status == 200
        assert server.stop() == 0
        assert server.process.stderr is not None
        assert server.process.stderr.read() == ""
    assert rows(case, "SELECT count(*) FROM spans") == [(50,)]
    assert list(case.parent.glob("*.server")) == []
    assert list(case.with_name("live.duckdb.spool").iterdir()) == []


def test_a_repeated_span_is_dropped_and_the_ledger_says_so(case: Path) -> None:
    with serving(case) as server:
        first = numbered(1, 3)
        both = export(
            {"span_id": (2).to_bytes(8), "trace_id": (2).to_bytes(16), "kind": 3},  # another kind
            {"span_id": (2).to_bytes(8), "trace_id": (2).to_bytes(16)},  # the same again
        )
        for body in (first, first, both, numbered(3, 2)):
            assert server.send(body).status == 200
        assert eventually(lambda: server.count() == 5)
        reasons = "SELECT reason, count(*) AS n FROM rejects GROUP BY reason"
        assert eventually(lambda: sum(row["n"] for row in server.rows(reasons)) == 5)
        assert {row["reason"] for row in server.rows(reasons)} == {
            "a span that was delivered before"
        }


def test_halves_of_one_call_with_one_span_id_both_stay(case: Path) -> None:
    """Another service, or another kind, is another span."""
    with serving(case) as server:
        server.send(export({"kind": 3}, service="cart"))
        server.send(export({"kind": 2}, service="stock"))
        assert eventually(lambda: server.count() == 2)


def test_a_torn_record_ends_the_replay_and_is_kept(case: Path) -> None:
    with serving(case) as server:
        server.send(numbered(1, 10))
        server.kill()
    (segment,) = case.with_name("live.duckdb.spool").glob("*.traces.proto")
    whole = segment.read_bytes()
    segment.write_bytes(whole + whole[:-5])
    with serving(case) as server:
        assert eventually(lambda: server.count() == 10)
    (torn,) = case.with_name("live.duckdb.spool").joinpath("torn").iterdir()
    assert torn.read_bytes() == whole[:-5]


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("identity", bytes),
    ],
)
def test_compressed_requests_are_read(server: Server, encoding: str, pack: object) -> None:
    body = numbered({"gzip": 100, "deflate": 200, "zstd": 300, "identity": 400}[encoding], 7)
    before = server.settled()
    assert server.send(pack(body), content_encoding=encoding).status == 200  # type: ignore[operator]
    assert eventually(lambda: server.count() == before + 7)


def test_a_batch_is_seen_soon(server: Server) -> None:
    before = server.settled()
    assert server.send(numbered(10_000, 100)).status == 200
    assert eventually(lambda: server.count() == before + 100)


def test_json_is_read_like_protobuf(server: Server) -> None:
    body = json_format.MessageToDict(
        ExportTraceServiceRequest.FromString(export({"span_id": b"12345678", "name": "of json"}))
    )
    span = body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    span["traceId"], span["spanId"] = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    reply = server.ask("/v1/traces", body)
    assert (reply.status, reply.headers["content-type"], reply.body) == (
        200,
        "application/json",
        b"{}",
    )
    found = "SELECT trace_id, span_id FROM spans WHERE span_name = 'of json'"
    assert eventually(
        lambda: (
            server.rows(found)
            == [{"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"}]
        )
    )


def test_logs_and_metrics_arrive(server: Server) -> None:
    assert server.send(log_records("a login failed", "an order"), "logs").status == 200
    assert server.send(gauge("cpu", 0.5, 0.75), "metrics").status == 200
    assert eventually(lambda: server.count("metrics") == 2 and server.count("logs") == 2)
    assert server.rows("SELECT message, service FROM logs ORDER BY message") == [
        {"message": "a login failed", "service": "shop"},
        {"message": "an order", "service": "shop"},
    ]
    assert server.send(gauge("cpu", 0.5, 0.75), "metrics").status == 200
    assert server.send(log_records("a third"), "logs").status == 200
    assert eventually(lambda: server.count("logs") == 3)
    assert server.count("metrics") == 2


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (export({})[:-3], {}, 400, 3),
        (b"no protobuf at all", {}, 400, 3),
        (export({"attributes": {f"k{n}": n for n in range(10_001)}}), {}, 400, 3),
        (b"\x0a\xff\xff\xff\xff\x0f", {}, 400, 3),
        (export({}), {"content_encoding": "gzip"}, 400, 3),
        (gzip.compress(export({}))[:-9], {"content_encoding": "gzip"}, 400, 3),
        (export({}), {"content_encoding": "br"}, 415, 3),
        (gzip.compress(bytes(40 << 20)), {"content_encoding": "gzip"}, 413, 3),
        (b"\x0a" * ((20 << 20) + 1), {}, 413, 3),
    ],
    ids=[
        "cut short",
        "text",
        "many attributes",
        "a length too long",
        "no gzip",
        "gzip cut short",
        "brotli",
        "bomb",
        "large",
    ],
)
def test_what_cannot_be_read_is_refused_with_a_status(
    server: Server, body: bytes, headers: dict[str, str], status: int, code: int
) -> None:
    reply = server.send(body, **headers)
    assert reply.status == status
    assert reply.headers["content-type"] == "application/x-protobuf"
    assert reply.body[:2] == bytes([0x08, code]) and reply.body[2] == 0x12  # google.rpc.Status
    assert server.ask("/healthz").status == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"resourceSpans": 3}', b"\xff\xfe"])
def test_json_that_is_no_request_is_refused_in_json(server: Server, body: bytes) -> None:
    reply = server.ask("/v1/traces", body, content_type="application/json")
    assert (reply.status, reply.json["code"]) == (400, 3)
    assert reply.json["message"].endswith(".")


def test_another_content_type_and_method_are_refused(server: Server) -> None:
    assert server.send(export({}), content_type="text/plain").status == 415
    assert server.ask("/v1/traces", method="GET").status == 405
    assert (
        server.ask("/v1/profiles", export({}), content_type="application/x-protobuf").status == 404
    )


def test_an_empty_request_is_answered_and_stores_nothing(server: Server) -> None:
    before = server.rows("SELECT count(*) AS n FROM events")
    assert server.send(b"").status == 200
    assert server.ask("/v1/logs", {}).status == 200
    time.sleep(0.5)
    assert server.rows("SELECT count(*) AS n FROM events") == before


def test_spans_that_cannot_be_events_are_counted_in_the_answer(server: Server) -> None:
    """The others of the request are stored; the ledger notes those that are not."""
    body = export(
        {"trace_id": b"short"}, {"span_id": b"12"}, {"span_id": b"partialy", "name": "partial"}
    )
    reply = server.send(body)
    assert reply.status == 200
    answer = ExportTraceServiceResponse.FromString(reply.body)
    assert answer.partial_success.rejected_spans == 2
    assert answer.partial_success.error_message == "trace_id has 5 bytes, not 16"
    stored = "SELECT count(*) AS n FROM spans WHERE span_name = 'partial'"
    assert eventually(lambda: server.rows(stored) == [{"n": 1}])
    in_json = json_format.MessageToDict(ExportTraceServiceRequest.FromString(body))
    for number, trace_id in enumerate(("ab", "0af7651916cd43dd8448eb211c80319c", "")):
        span = in_json["resourceSpans"][0]["scopeSpans"][0]["spans"][number]
        span["traceId"], span["spanId"] = trace_id, "b7ad6b7169203331"
    assert server.ask("/v1/traces", in_json).json["partialSuccess"]["rejectedSpans"] == "1"


def test_strange_spans_harm_nothing(server: Server) -> None:
    """Ids of the wrong length, times of zero, no trace id, many attributes, a megabyte of text."""
    strange = [
        {"trace_id": b"short", "span_id": b"\x01"},
        {"trace_id": bytes(16), "span_id": bytes(8)},
        {"trace_id": b"", "span_id": b"", "start": 0, "end": 0},
        {"span_id": b"attrib00", "attributes": {f"key.{n}": n for n in range(2_000)}},
        {"span_id": b"megabyte", "attributes": {"text": "x" * 1_000_000}},
        {"span_id": b"backward", "start": 2**63, "end": 1},
    ]
    for number, span in enumerate(strange):
        reply = server.send(export(span, {"span_id": bytes([9] * 7 + [number]), "name": "beside"}))
        assert reply.status == 200
    beside = "SELECT count(*) AS n FROM spans WHERE span_name = 'beside'"
    assert eventually(lambda: server.rows(beside) == [{"n": len(strange)}])
    assert server.ask("/healthz").status == 200
    assert server.rows(
        "SELECT count(*) AS n FROM rejects WHERE reason LIKE 'cannot be decoded%'"
    ) == [{"n": 0}]


def test_a_client_that_hangs_is_let_go_and_others_are_served(server: Server) -> None:
    hanging = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]
    for number, client in enumerate(hanging):
        client.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n"
            + (
                b"Content-Type: application/x-protobuf\r\nContent-Length: 100\r\n\r\nx"
                if number % 2
                else b""
            )
        )
    try:
        before = server.settled()
        assert server.send(numbered(20_000, 3)).status == 200
        assert eventually(lambda: server.count() == before + 3)
        hanging[0].settimeout(20)
        assert hanging[0].recv(100) == b""  # closed: its head did not come
    finally:
        for client in hanging:
            client.close()


def test_a_full_disk_answers_503_and_recovers(case: Path) -> None:
    """The limit on the size of the server's files stands for the disk."""
    import resource

    with serving(case) as server:
        assert server.send(numbered(1, 10)).status == 200
        assert eventually(lambda: server.count() == 10)
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (16, -1))
        refused = server.send(numbered(100, 10))
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert refused.body[:2] == b"\x08\x0e"  # UNAVAILABLE
        assert server.ask("/healthz").status == 503
        unread = server.ask("/api/sql", {"sql": "SELECT 1"})  # what cannot be noted is not read
        assert (unread.status, unread.json["error"]) == (500, "EngineError")
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert server.ask("/healthz").status == 200
        assert server.send(numbered(100, 10)).status == 200
        assert eventually(lambda: server.count() == 20)
        assert server.stop() == 0
    assert pipeline.verify(str(case)).ok

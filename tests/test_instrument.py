"""What a service logs of itself: over real connections, streamed and broken, and read back whole."""

from __future__ import annotations

import asyncio
import gzip
import importlib.util
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from hypothesis import given
from hypothesis import strategies as st
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from tests.asgi import serving

from clew import ingest, open_case
from clew.instrument import CallLogMiddleware, configure_logging, reading, redacted

EXAMPLE = Path(__file__).parents[1] / "examples" / "chat-endpoint"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "How long is a clew?"}]}
USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "total_tokens": 1200,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"reasoning_tokens": 50},
}
HEAD = {"id": "chatcmpl-7", "model": "gpt-4o-2024-08-06"}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """A log file that this process writes; its logging is put back afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    path = tmp_path / "service.jsonl"
    configure_logging(service="chat", path=path)
    yield path
    for handler in [handler for handler in root.handlers if handler not in before[0]]:
        root.removeHandler(handler)
        handler.close()
    root.level = before[1]
    structlog.reset_defaults()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def calls_in(path: Path, least: int = 1) -> list[dict[str, Any]]:
    """The lines of calls, once there are so many: the last is written after its answer was sent."""
    deadline = time.monotonic() + 10
    while True:
        found = [line for line in lines(path) if line["logger"] == "clew.calls"]
        if len(found) >= least or time.monotonic() > deadline:
            return found
        time.sleep(0.02)


def chunk(**fields: Any) -> str:
    return f"data: {json.dumps({**HEAD, 'object': 'chat.completion.chunk', **fields})}\n\n"


def delta(text: str) -> str:
    return chunk(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None}])


def service(answer: Callable[..., Any], **options: Any) -> FastAPI:
    """A service with one endpoint, which reads its request and answers so."""
    app = FastAPI()
    app.add_middleware(CallLogMiddleware, **options)

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        await request.body()
        made = answer()
        found: Response = await made if asyncio.iscoroutine(made) else made
        return found

    return app


def ask(app: Any, **options: Any) -> httpx.Response:
    with serving(app) as address:
        return httpx.post(f"{address}/v1/chat/completions", **{"json": QUESTION, **options})


def test_a_whole_answer_is_one_line_with_its_usage(log: Path) -> None:
    choice = {"index": 0, "message": {"content": "long enough"}, "finish_reason": "stop"}
    whole = {**HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE}
    headers = {
        "x-user-id": "ann",
        "x-request-id": "req-1",
        "authorization": "Bearer not-a-real-key",
    }
    answered = ask(service(lambda: JSONResponse(whole)), headers=headers)
    assert answered.json() == whole
    assert answered.headers.get_list("x-request-id") == ["req-1"]
    (call,) = calls_in(log)
    assert call["timestamp"].endswith("Z") and call["level"] == "info"
    expected = {
        "service": "chat", "request_id": "req-1", "user_id": "ann", "http_status": 200,
        "http_method": "POST", "url_path": "/v1/chat/completions", "model": "gpt-4o",
        "http_route": "/v1/chat/completions", "response_model": "gpt-4o-2024-08-06",
        "response_id": "chatcmpl-7", "operation": "chat", "finish_reason": "stop",
        "input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200, "cache_read_tokens": 400,
        "reasoning_tokens": 50, "prompt_length": 19, "completion_length": 11,
        "api_key_hash": "fa77d7bdb2ae64fb", "client_ip": "127.0.0.1",
    }  # fmt: skip
    assert {name: call.get(name) for name in expected} == expected
    assert "ttft_ms" not in call and call["duration_ms"] > 0
    assert "not-a-real-key" not in log.read_text() and "long enough" not in log.read_text()


def test_a_stream_passes_at_once_and_its_usage_is_that_of_its_last_piece(log: Path) -> None:
    go_on = threading.Event()

    async def pieces() -> AsyncIterator[str]:
        yield chunk(choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}}])
        yield delta("seven ")
        while not go_on.is_set():  # until the client says that the first piece has come
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        yield delta("yards")
        yield chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
        yield chunk(choices=[], usage=USAGE) + "data: [DONE]\n\n"

    app = service(lambda: StreamingResponse(pieces(), media_type="text/event-stream"))
    with serving(app) as address:
        asking = {"json": {**QUESTION, "stream": True}, "timeout": 20}
        with httpx.stream("POST", f"{address}/v1/chat/completions", **asking) as answer:
            coming = answer.iter_text()
            text = next(coming)
            while "seven" not in text:
                text += next(coming)
            assert not go_on.is_set() and "yards" not in text
            go_on.set()
            text += "".join(coming)
    assert "yards" in text and text.endswith("data: [DONE]\n\n")
    (call,) = calls_in(log)
    assert (call["input_tokens"], call["output_tokens"], call["cache_read_tokens"]) == (
        1000,
        200,
        400,
    )
    assert call["is_streamed"] is True and call["finish_reason"] == "stop"
    assert call["completion_length"] == len("seven yards")
    assert 0 < call["ttft_ms"] <= call["duration_ms"] - 200
    assert len(answer.headers["x-request-id"]) == 32 == len(call["request_id"])


@pytest.mark.parametrize(
    "media_type", ["application/x-ndjson", "application/json", "text/plain", None]
)
def test_json_lines_of_ollama_are_read_whatever_they_are_called(
    log: Path, media_type: str | None
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for word in ("seven ", "yards"):
            piece = {"model": "llama3.2", "message": {"content": word}, "done": False}
            yield json.dumps(piece).encode() + b"\n"
            await asyncio.sleep(0.05)
        last = {
            "model": "llama3.2",
            "message": {"content": ""},
            "done": True,
            "done_reason": "stop",
        }
        last |= {"prompt_eval_count": 26, "eval_count": 298, "prompt_eval_duration": 130_079_000,
                 "eval_duration": 4_232_710_000}  # fmt: skip
        yield json.dumps(last).encode() + b"\n"

    asked = {"model": "llama3.2", "messages": [{"content": "hi"}], "options": {"num_predict": 300}}
    ask(service(lambda: StreamingResponse(pieces(), media_type=media_type)), json=asked)
    (call,) = calls_in(log)
    expected = {
        "provider": "ollama", "model": "llama3.2", "input_tokens": 26, "output_tokens": 298,
        "is_streamed": True, "finish_reason": "stop", "prefill_ms": 130.079, "decode_ms": 4232.71,
        "completion_length": 11, "prompt_length": 2, "max_tokens": 300,
    }  # fmt: skip
    assert {name: call.get(name) for name in expected} == expected
    assert call["ttft_ms"] <= call["duration_ms"] - 80 and "unread" not in call


def test_a_stream_of_the_responses_api_is_counted_once(log: Path) -> None:
    usage = {"input_tokens": 36, "output_tokens": 87, "total_tokens": 123}
    usage |= {"output_tokens_details": {"reasoning_tokens": 5}}
    text = {"type": "output_text", "text": "seven yards"}
    whole = {"id": "resp_1", "object": "response", "model": "gpt-4o", "status": "completed",
             "output": [{"type": "message", "content": [text]}], "usage": usage}  # fmt: skip
    events = [
        {"type": "response.created", "response": {**whole, "status": "in_progress", "output": [], "usage": None}},
        {"type": "response.output_text.delta", "delta": "seven "},
        {"type": "response.output_text.delta", "delta": "yards"},
        {"type": "response.completed", "response": whole},
    ]  # fmt: skip

    async def pieces() -> AsyncIterator[str]:
        for event in events:
            yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
            await asyncio.sleep(0.02)

    ask(service(lambda: StreamingResponse(pieces(), media_type="text/event-stream")))
    (call,) = calls_in(log)
    assert (call["input_tokens"], call["output_tokens"], call["reasoning_tokens"]) == (36, 87, 5)
    assert call["completion_length"] == 11 and call["response_id"] == "resp_1"
    assert call["finish_reason"] == "completed" and call["ttft_ms"] > 0


def test_an_exception_is_logged_with_its_status_and_goes_on_its_way(log: Path) -> None:
    def fail() -> Response:
        raise ValueError("no such adapter, key sk-proj-0000000000000000000000")

    assert ask(service(fail)).status_code == 500
    (call,) = calls_in(log)
    assert (call["http_status"], call["error_type"], call["level"]) == (
        500,
        "ValueError",
        "warning",
    )
    assert "Traceback" in call["exception"] and "no such adapter" in call["status_message"]
    assert "sk-proj" not in log.read_text()


def test_an_error_of_the_model_keeps_its_words(log: Path) -> None:
    error = {"error": {"type": "rate_limit_exceeded", "message": "Slow down", "code": "429"}}
    assert ask(service(lambda: JSONResponse(error, 429))).status_code == 429
    (call,) = calls_in(log)
    assert call["error_type"] == "rate_limit_exceeded" and call["status_message"] == "Slow down"


def test_a_client_that_leaves_in_the_midst_is_said(log: Path) -> None:
    async def pieces() -> AsyncIterator[str]:
        for _ in range(500):
            yield delta("word ")
            await asyncio.sleep(0.02)

    app = service(lambda: StreamingResponse(pieces(), media_type="text/event-stream"))
    with serving(app) as address:
        with httpx.stream("POST", f"{address}/v1/chat/completions", json=QUESTION) as answer:
            next(answer.iter_text())
        (call,) = calls_in(log)
    assert call["is_disconnected"] is True and call["http_status"] == 200
    assert "left after" in call["status_message"] and call["completion_length"] >= 5
    assert "input_tokens" not in call


def test_a_client_that_leaves_before_the_answer_has_the_status_499(log: Path) -> None:
    async def late() -> Response:
        await asyncio.sleep(0.6)
        return JSONResponse({})

    with serving(service(late)) as address:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{address}/v1/chat/completions", json=QUESTION, timeout=0.2)
        (call,) = calls_in(log)
    assert (call["http_status"], call["error_type"]) == (499, "client_disconnected")


def test_of_a_long_body_only_a_part_is_held_and_its_usage_is_still_read(log: Path) -> None:
    answer = {**HEAD, "object": "list", "data": [0.5] * 50_000, "usage": USAGE}
    asked = {"model": "gpt-4o", "input": "x" * 50_000}
    app = service(lambda: JSONResponse(answer), most_bytes=4096)
    assert ask(app, json=asked).json() == answer
    (call,) = calls_in(log)
    assert (call["input_tokens"], call["output_tokens"], call["model"]) == (1000, 200, "gpt-4o")
    assert "response: longer than 4,096 bytes" in call["unread"] and "request:" in call["unread"]
    assert call["request_bytes"] > 50_000 and call["response_bytes"] > 150_000


@given(st.lists(st.binary(max_size=300), max_size=12), st.sampled_from(
    ["application/json", "text/event-stream", "application/x-ndjson", "text/plain", "", "image/png"]
), st.sampled_from(["", "gzip", "br"]))  # fmt: skip
def test_no_body_breaks_the_reader_or_makes_it_hold_more_than_it_may(
    chunks: list[bytes], kind: str, encoding: str
) -> None:
    reply = reading.Reply(kind, encoding, most=256)
    for piece in chunks:
        reply.feed(piece)
        assert len(reply._held) <= 256 and len(reply._tail) <= reading.TAIL_BYTES
    said = reply.said()
    assert all(said[name] >= 0 for name in said if name.endswith("_tokens"))


@given(st.integers(1, 60), st.booleans())
def test_where_a_stream_is_cut_into_chunks_does_not_matter(size: int, is_sse: bool) -> None:
    if is_sse:
        text = (
            delta("sév")
            + ": ping\n\n"
            + delta("en")
            + chunk(choices=[], usage=USAGE)
            + "data: [DONE]\n\n"
        )
        kind = "text/event-stream"
    else:
        rows = [
            {"response": "sév", "done": False},
            {"response": "en", "done": True, "eval_count": 200},
        ]
        text, kind = "".join(f"{json.dumps(row)}\n" for row in rows), "application/x-ndjson"
    whole = text.replace("\n", "\r\n" if size % 2 else "\n").encode()
    reply = reading.Reply(kind)
    for start in range(0, len(whole), size):
        reply.feed(whole[start : start + size])
    said = reply.said()
    assert said["completion_length"] == 5 and said["output_tokens"] == 200 and "unread" not in said


def test_what_is_compressed_is_read_and_what_is_broken_is_said(log: Path) -> None:
    whole = json.dumps({**HEAD, "choices": [], "usage": USAGE}).encode()
    packed = Response(
        gzip.compress(whole), headers={"content-encoding": "gzip"}, media_type="application/json"
    )
    assert ask(service(lambda: packed)).json()["usage"] == USAGE
    broken = Response(b'{"usage": {"prompt_tokens"', media_type="application/json")
    ask(service(lambda: broken))
    absurd = {
        **HEAD,
        "choices": "none",
        "usage": {"prompt_tokens": -4, "completion_tokens": "many"},
    }
    ask(service(lambda: JSONResponse(absurd)))
    good, cut, strange = calls_in(log, 3)
    assert good["output_tokens"] == 200
    assert cut["unread"] == "response: not JSON" and cut["http_status"] == 200
    assert "input_tokens" not in strange and "output_tokens" not in strange


def test_beside_other_middleware_and_in_starlettes_own_client_it_harms_nothing(log: Path) -> None:
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.testclient import TestClient

    async def pieces() -> AsyncIterator[str]:
        for _ in range(40):
            yield delta("word ")
        yield chunk(choices=[], usage=USAGE) + "data: [DONE]\n\n"

    async def onward(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    def answer() -> Response:
        return StreamingResponse(pieces(), media_type="application/json")

    for is_inner in (True, False):
        app = service(answer)
        if is_inner:  # the last one added stands outside
            app.user_middleware.append(Middleware(GZipMiddleware, minimum_size=1))
        app.add_middleware(BaseHTTPMiddleware, dispatch=onward)
        assert ask(app).text.endswith("data: [DONE]\n\n")
        with TestClient(app) as client:
            assert client.post("/v1/chat/completions", json=QUESTION).text.endswith("[DONE]\n\n")
    calls = calls_in(log, 4)
    assert [(call["output_tokens"], call["http_status"]) for call in calls] == [(200, 200)] * 4
    assert {call["completion_length"] for call in calls} == {200}


def test_a_model_of_something_else_is_no_call(log: Path) -> None:
    ask(
        service(lambda: JSONResponse({"id": "7", "model": "estate"})),
        json={"model": "estate", "doors": 5},
    )
    (line,) = calls_in(log)
    assert (
        not {"model", "response_model", "response_id"} & line.keys() and line["http_status"] == 200
    )


def test_a_failure_of_the_log_breaks_no_request(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> bool:
        raise RuntimeError("a bug")

    monkeypatch.setattr(reading.Reply, "feed", broken)
    assert ask(service(lambda: JSONResponse({"fine": True}))).json() == {"fine": True}
    assert any(line["message"] == "the call log failed" for line in lines(log))


def test_an_id_that_cannot_be_returned_is_replaced_and_background_work_is_not_waited_for(
    log: Path,
) -> None:
    async def late() -> None:
        await asyncio.sleep(0.5)

    def answer() -> Response:
        logging.getLogger("app").warning("within %s", "the request")
        return JSONResponse(
            {}, headers={"X-Request-ID": "its own"}, background=BackgroundTask(late)
        )

    answered = ask(service(answer), headers={"x-request-id": "a b\u00e9".encode("latin-1")})  # type: ignore[dict-item]
    (given,) = answered.headers.get_list("x-request-id")
    (call,) = calls_in(log)
    assert given == call["request_id"] and len(given) == 32
    assert call["duration_ms"] < 450
    (within,) = [line for line in lines(log) if line["logger"] == "app"]
    assert within["request_id"] == given and within["message"] == "within the request"


def test_every_logger_writes_the_same_fields(log: Path) -> None:
    from opentelemetry.sdk.trace import TracerProvider

    with TracerProvider().get_tracer("t").start_as_current_span("work") as span:
        structlog.get_logger("own").info("ready", password="hunter2", items=3)
        logging.getLogger("library").error(
            "GET https://ann:hunter2@db.example.com", extra={"items": 4}
        )
    try:
        raise KeyError("age")
    except KeyError:
        logging.getLogger("uvicorn.error").exception("failed")
    own, library, server = lines(log)
    for line in (own, library, server):
        assert list(line)[:5] == ["timestamp", "level", "message", "logger", "service"]
    context = span.get_span_context()
    assert own["trace_id"] == library["trace_id"] == f"{context.trace_id:032x}"
    assert own["span_id"] == f"{context.span_id:016x}" and "trace_id" not in server
    assert own["password"] == "[redacted]" and (own["items"], library["items"]) == (3, 4)
    assert library["message"] == "GET https://ann:[redacted]@db.example.com"
    assert server["exception"].rstrip().endswith("KeyError: 'age'")


SECRETS = [
    "Authorization: Bearer abc123def456", "sk-proj-aaaaaaaaaaaaaaaaaaaa0000", "api_key=0000-not-real",
    "sk-ant-api03-aaaaaaaaaaaaaaaaaaaa", "AKIAAAAAAAAAAAAAAAAA", "hf_aaaaaaaaaaaaaaaaaaaa",
    "postgresql://ann:pa55word@db.example.com/x", '{"password": "hunter2"}', "xoxb-000000000000-aaaa",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "https://example.com/?token=abc123",
    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
]  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_taken_out_and_a_second_time_changes_nothing(secret: str) -> None:
    once = redacted(f"before {secret} after")
    assert "[redacted]" in once and redacted(once) == once
    assert once.startswith("before ") and once.endswith(" after")
    assert not any(
        part in once for part in ("0000", "aaaa", "AAAA", "hunter2", "pa55", "123", "c2ln")
    )


@pytest.mark.parametrize("plain", [
    "basic information about tokens", "max_tokens: 256", "risk-based-assessment-of-things", "at 10:30 user@example.com",
    "http://example.com:8080/a@b", "token count exceeded",
])  # fmt: skip
def test_what_is_no_secret_stays(plain: str) -> None:
    assert redacted(plain) == plain
    assert redacted({"input_tokens": 5, "api_key_hash": "ab", "max_tokens": "9"}) == {
        "input_tokens": 5, "api_key_hash": "ab", "max_tokens": "9",
    }  # fmt: skip


def test_headers_as_pairs_lose_their_secrets_and_hostile_text_is_read_once() -> None:
    assert redacted([(b"Authorization", b"Basic eA=="), ("accept", "*")]) == [
        ["Authorization", "[redacted]"], ["accept", "*"],
    ]  # fmt: skip
    # a pattern that backtracks over such text would run into the test's own limit
    for text in ("a-" * 100_000, "eyJ-" * 50_000, "x://" * 50_000, "-----BEGIN " * 20_000):
        assert redacted(text)


def test_its_import_loads_nothing_of_the_rest() -> None:
    heavy = ("duckdb", "ibis", "numpy", "fastapi", "clew.engines")
    code = f"import sys, clew.instrument; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_what_it_writes_is_read_back_whole(log: Path, tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[str]:
        yield delta("seven ")
        await asyncio.sleep(0.05)
        yield delta("yards") + chunk(choices=[], usage=USAGE) + "data: [DONE]\n\n"

    headers = {"x-user-id": "ann", "x-request-id": "req-1", "x-api-key": "not-a-real-key"}
    ask(
        service(lambda: StreamingResponse(pieces(), media_type="text/event-stream")),
        headers=headers,
    )

    def fail() -> Response:
        raise ValueError("no such adapter")

    ask(service(fail), headers=headers)
    structlog.get_logger("app").info("ready")
    written = lines(log)
    case = str(tmp_path / "case.duckdb")
    (source,) = ingest([str(log)], case=case).sources
    assert source.count.events == source.count.lines == len(written) and not source.count.rejects
    engine = open_case(case, write=False)
    rows = engine.run("SELECT * FROM calls ORDER BY timestamp").dicts()
    engine.close()
    same = (
        "service", "logger", "message", "request_id", "user_id", "api_key_hash", "client_ip", "http_method",
        "http_route", "url_path", "http_status", "duration_ms", "ttft_ms", "model", "response_model",
        "response_id", "operation", "input_tokens", "output_tokens", "cache_read_tokens",
        "reasoning_tokens", "total_tokens", "is_streamed", "status_message", "request_bytes",
        "response_bytes", "user_agent",
    )  # fmt: skip
    sent = calls_in(log, 2)
    assert len(rows) == len(sent) == 2
    for row, line in zip(rows, sent, strict=True):
        assert {name: row[name] for name in same} == {name: line.get(name) for name in same}
        kept = (
            json.loads(row["attributes"])
            if isinstance(row["attributes"], str)
            else row["attributes"]
        )
        assert kept["prompt_length"] == line["prompt_length"]
    # gpt-4o, August 2024: 600 at $2.50, 400 cached at $1.25 and 200 at $10 a million
    assert float(rows[0]["cost_usd"]) == pytest.approx(0.004)
    assert rows[0]["price_source"] and rows[1]["cost_usd"] is None
    assert (
        rows[1]["exception_type"] == "ValueError"
        and rows[1]["exception_message"] == "no such adapter"
    )


def _module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"chat_endpoint_{name}", EXAMPLE / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_runs_and_its_log_is_priced(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(_module("model_server").app) as model:
        monkeypatch.setenv("MODEL_URL", model)
        monkeypatch.setenv("CHAT_LOG", str(log))
        with serving(_module("app").app) as address:
            for stream in (False, True):
                body = {"messages": [{"role": "user", "content": "hello there"}], "stream": stream}
                answer = httpx.post(f"{address}/chat", json=body, headers={"x-user-id": "ann"})
                assert answer.status_code == 200 and "hello" in answer.text
            calls = calls_in(log, 2)
    assert [(call["input_tokens"], call["output_tokens"]) for call in calls] == [(2, 4), (2, 4)]
    assert "ttft_ms" in calls[1]
    case = str(tmp_path / "case.duckdb")
    ingest([str(log)], case=case)
    engine = open_case(case, write=False)
    (row,) = engine.run("SELECT user_id, sum(cost_usd), count(*) FROM calls GROUP BY ALL").rows
    engine.close()
    assert row[0] == "ann" and row[1] > 0 and row[2] == 2
    assert len((EXAMPLE / "app.py").read_text().splitlines()) <= 40

"""What instrumentations call things, as attributes of spans: every name fills its column."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.otlp import REQUESTS, rows_of
from tests.test_otlp import add

from clew.formats._telemetry.decode import decode
from clew.model.event import BY_NAME
from clew.model.vocabulary import GENERATIVE

GIVEN: dict[str, Any] = {
    "s": "some-text", "i": 7, "f": 0.5, "b": True, "sl": ["one", "two"],
    "j": '[{"role": "user", "content": "hello"}]',
}  # fmt: skip
ELSEWHERE = {
    # A span's own time, and what `exception.*` means to the exception columns.
    "gen_ai.latency.e2e", "ai.response.msToFinish", "exception.type", "exception.message",
    # A span's own status message.
    "langfuse.observation.status_message",
}  # fmt: skip
KEYS = [
    key
    for key, meaning in GENERATIVE["exact"].items()
    if meaning["column"] in BY_NAME and key not in ELSEWHERE
]


def row_of(
    attributes: dict[str, Any], events: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The row of one span with these attributes, by protobuf; JSON must give the same."""
    from google.protobuf.json_format import MessageToJson

    request = REQUESTS["traces"]()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="call")
    span.start_time_unix_nano = 1763629200000000000
    add(span.attributes, attributes)
    for name, told in (events or {}).items():
        add(span.events.add(name=name).attributes, told)
    (row,) = rows_of(decode([request.SerializeToString()], "traces", "proto"))
    assert rows_of(decode([MessageToJson(request).encode()], "traces", "json")) == [row]
    return row


@pytest.mark.parametrize("key", KEYS)
def test_a_name_of_a_vocabulary_fills_its_column(key: str) -> None:
    meaning = GENERATIVE["exact"][key]
    value = 404 if meaning["column"] == "http_status" else GIVEN[meaning["kind"]]
    found = row_of({key: value})[meaning["column"]]
    kind = BY_NAME[meaning["column"]].kind
    if kind == "json":
        assert json.loads(found) == (json.loads(value) if isinstance(value, str) else value)
    elif meaning["kind"] == "sl":
        assert found == "one,two"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        assert float(found) == value * meaning["scale"]
    else:
        assert found == value


@pytest.mark.parametrize("nothing", ["", "None"])
def test_a_value_that_says_nothing_is_none(nothing: str) -> None:
    row = row_of(
        {"gen_ai.request.model": nothing, "gen_ai.response.model": "m", "user.id": nothing}
    )
    assert row["response_model"] == "m"
    assert "model" not in row and "user_id" not in row


def test_the_surer_name_wins_and_the_other_is_kept() -> None:
    row = row_of({"gen_ai.system": "old", "gen_ai.provider.name": "new", "llm.provider": "new"})
    assert row["provider"] == "new"
    assert row["attributes"] == {"gen_ai.system": "old"}


def test_openinference_s_keys_are_folded() -> None:
    base = "llm.input_messages"
    row = row_of(
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "gpt-4o",
            "llm.invocation_parameters": '{"temperature": 0.2, "max_tokens": 512, "model": "gpt-4o-2024"}',
            f"{base}.1.message.role": "user",
            f"{base}.1.message.contents.0.message_content.type": "text",
            f"{base}.1.message.contents.0.message_content.text": "what is it?",
            f"{base}.0.message.role": "system",
            f"{base}.0.message.content": "be brief",
            f"{base}.10.message.role": "tool",
            f"{base}.10.message.content": "42",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "forty-two",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "search",
            "retrieval.documents.0.document.content": "a page",
            "retrieval.documents.0.document.score": 0.75,
            "llm.tools.0.tool.json_schema": "{}",
        }
    )
    assert row["operation"] == "LLM" and row["response_model"] == "gpt-4o"
    assert (row["model"], row["temperature"], row["max_tokens"]) == ("gpt-4o-2024", 0.2, 512)
    assert json.loads(row["input_messages"]) == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "contents": [{"type": "text", "text": "what is it?"}]},
        {"role": "tool", "content": "42"},
    ]
    assert json.loads(row["output_messages"])[0]["tool_calls"] == [{"function": {"name": "search"}}]
    assert (row["prompt"], row["completion"]) == ("what is it?", "forty-two")
    assert row["system_instructions"] in ("be brief", '"be brief"')
    assert json.loads(row["retrieved_documents"]) == [{"content": "a page", "score": 0.75}]
    assert json.loads(row["tool_definitions"]) == [{"json_schema": "{}"}]


def test_one_turn_is_folded_as_many_are() -> None:
    keys = "llm.input_messages.0.message.role", "llm.input_messages.0.message.content"
    for text in ("plain", 'with "quotes"', "line\nline", "tëxt \x01", ""):
        row = row_of(dict(zip(keys, ("user", text), strict=True)))
        assert json.loads(row["input_messages"]) == [{"role": "user", "content": text}]
        assert row.get("prompt") == (text or None)


def test_traceloop_s_keys_are_folded() -> None:
    row = row_of(
        {
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "first",
            "gen_ai.prompt.1.role": "assistant",
            "gen_ai.prompt.1.content": "second",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "third",
            "gen_ai.completion.0.finish_reason": "stop",
            "traceloop.association.properties.session_id": "s-1",
            "llm.headers": "None",
        }
    )
    assert (row["prompt"], row["completion"], row["session_id"]) == ("first", "third", "s-1")
    assert len(json.loads(row["input_messages"])) == 2 and row["finish_reason"] == "stop"


def test_opentelemetry_s_messages_have_parts() -> None:
    asked = [
        {"role": "user", "parts": [{"type": "text", "content": "one"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "name": "f", "arguments": {}}]},
        {
            "role": "user",
            "parts": [{"type": "text", "content": "two"}, {"type": "blob", "content": "AA"}],
        },
    ]
    answered = [{"role": "assistant", "parts": [{"type": "text", "content": "three"}]}]
    for write in (json.dumps, lambda value: value):
        row = row_of(
            {"gen_ai.input.messages": write(asked), "gen_ai.output.messages": write(answered)}
        )
        assert json.loads(row["input_messages"]) == asked
        assert (row["prompt"], row["completion"]) == ("two", "three")


def test_events_of_older_conventions_tell_the_conversation() -> None:
    row = row_of(
        {"gen_ai.system": "openai"},
        {
            "gen_ai.system.message": {"content": "be brief"},
            "gen_ai.user.message": {"content": "hello"},
            "gen_ai.choice": {"finish_reason": "stop", "message": '{"content": "hi"}'},
        },
    )
    assert row["prompt"] == "hello" and row["system_instructions"] in ("be brief", '"be brief"')
    row = row_of(
        {}, {"gen_ai.content.prompt": {"gen_ai.prompt": '[{"role": "user", "content": "q"}]'}}
    )
    assert row["prompt"] == "q"


@pytest.mark.parametrize(
    "choice",
    [
        {"message": '{"role": "assistant", "content": "hi"}'},
        {"gen_ai.event.content": '{"message": {"role": "assistant", "content": "hi"}, "index": 0}'},
    ],
)
def test_a_turn_that_is_json_text_is_read(choice: dict[str, Any]) -> None:
    assert row_of({"gen_ai.system": "openai"}, {"gen_ai.choice": choice})["completion"] == "hi"


def test_mlflow_s_texts_lose_their_quotes() -> None:
    row = row_of({"mlflow.trace.user": '"u-1"', "mlflow.spanType": '"CHAT_MODEL"'})
    assert (row["user_id"], row["operation"]) == ("u-1", "CHAT_MODEL")


def test_langsmith_s_project_is_no_chat() -> None:
    row = row_of({"langsmith.trace.session_id": "project"})
    assert "session_id" not in row
    assert row["attributes"]["langsmith.trace.session_id"] == "project"


def test_usage_and_cost_stand_in_json_too() -> None:
    row = row_of(
        {
            "langfuse.observation.usage_details": '{"input": 12, "output": 3, "total": 15}',
            "langfuse.observation.cost_details": '{"input": 0.01, "total": 0.04}',
            "langfuse.observation.completion_start_time": "2025-11-20T09:00:00.250Z",
        }
    )
    assert (row["input_tokens"], row["output_tokens"], row["total_tokens"]) == (12, 3, 15)
    assert float(row["cost_given_usd"]) == 0.04 and row["ttft_ms"] == 250.0
    row = row_of({"mlflow.chat.tokenUsage": '{"input_tokens": 9, "output_tokens": 1}'})
    assert (row["input_tokens"], row["output_tokens"]) == (9, 1)


def test_what_a_tool_and_a_retriever_do_is_no_conversation() -> None:
    row = row_of(
        {"openinference.span.kind": "TOOL", "input.value": '{"q": 1}', "output.value": "done"}
    )
    assert (json.loads(row["tool_arguments"]), row["tool_result"]) == ({"q": 1}, "done")
    assert "prompt" not in row and "completion" not in row
    row = row_of({"openinference.span.kind": "RETRIEVER", "input.value": "warranty"})
    assert row["retrieval_query"] == "warranty"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (
            {"http.method": "GET", "http.status_code": 404, "http.target": "/a?b=1", "net.peer.name": "h"},
            {"http_method": "GET", "http_status": 404, "url_path": "/a", "url_query": "b=1", "server_address": "h"},
        ),
        (
            {"http.request.method": "PUT", "url.full": "https://h.example.com/x?y=2", "server.port": 443},
            {"http_method": "PUT", "url_path": "/x", "url_query": "y=2", "server_port": 443,
             "server_address": "h.example.com"},
        ),
        (
            {"db.system": "redis", "db.statement": "GET a", "db.name": "0", "peer.service": "cache"},
            {"db_system": "redis", "db_query": "GET a", "db_namespace": "0",
             "attributes": {"peer.service": "cache"}},
        ),
        (
            {"db.system.name": "postgresql", "db.query.text": "SELECT 1", "db.response.returned_rows": 1},
            {"db_system": "postgresql", "db_query": "SELECT 1", "db_rows": 1},
        ),
        (
            {"rpc.system": "grpc", "rpc.method": "Get", "error.type": "UNAVAILABLE"},
            {"error_type": "UNAVAILABLE", "attributes": {"rpc.system": "grpc", "rpc.method": "Get"}},
        ),
        (
            {"http.request.header.x-request-id": ["r-1"], "code.function": "f", "thread.name": "main"},
            {"request_id": "r-1", "thread": "main", "attributes": {"code.function": "f"}},
        ),
        (
            {"status": "odd", "message": "m", "level": "x", "name": "n", "duration": 5},
            {"status": "unset", "attributes": {"status": "odd", "message": "m", "level": "x", "name": "n",
                                               "duration": 5}},
        ),
    ],
)  # fmt: skip
def test_conventions_of_requests_and_databases(attributes: Any, expected: Any) -> None:
    row = row_of(attributes)
    assert {name: row.get(name) for name in expected} == expected

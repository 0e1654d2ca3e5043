"""AI calls from whole exchanges: every provider's bodies, streams, errors, headers and broken parts."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clew import pipeline


def sse(*pieces: object, done: bool = True) -> str:
    """Pieces as server-sent events."""
    lines = [f"data: {json.dumps(piece)}\n\n" for piece in pieces]
    return "".join(lines) + ("data: [DONE]\n\n" if done else "")


def exchange(
    url: str, asked: object, told: object, status: int = 200, **more: Any
) -> dict[str, Any]:
    """One exchange as a recorder writes it."""
    headers = more.pop("headers", {})
    return {
        "timestamp": "2026-11-20T09:00:00Z",
        "request": {"method": "POST", "url": url, "body": asked},
        "response": {"status": status, "headers": headers, "body": told},
        **more,
    }


def read(tmp_path: Path, *records: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of these records."""
    source = tmp_path / "calls.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    case = str(tmp_path / "case.duckdb")
    ledger = pipeline.ingest([str(source)], case=case, format="api_exchange")
    assert not ledger.problems
    assert ledger.sources[0].count.events == len(records)
    engine = pipeline.open_case(case, write=False)
    events = engine.run("SELECT * FROM events ORDER BY byte_offset").dicts()
    engine.close()
    return events


def chunk(delta: object = None, finish: str | None = None, **more: object) -> dict[str, object]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {
        "id": "c-1",
        "object": "chat.completion.chunk",
        "model": "gpt-4o-2024-08-06",
        "choices": choices,
        **more,
    }


CHAT = "https://api.openai.com/v1/chat/completions"
MESSAGES = "https://api.anthropic.com/v1/messages"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
OPENAI_STREAM = sse(
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo"}),
    chunk({}, "stop"),
    chunk(usage={"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}),
)

SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "OpenAI stream": (
        exchange(CHAT, {**ASKED, "stream": True}, OPENAI_STREAM),
        {
            "completion": "Hello", "input_tokens": 8, "output_tokens": 2, "finish_reason": "stop",
            "is_streamed": True, "response_model": "gpt-4o-2024-08-06", "response_id": "c-1",
            "usage_problem": None,
        },
    ),
    "gzip of a stream in base64": (
        exchange(CHAT, ASKED, base64.b64encode(gzip.compress(OPENAI_STREAM.encode())).decode()),
        {"completion": "Hello", "input_tokens": 8},
    ),
    "gzip as text": (
        exchange(CHAT, ASKED, gzip.compress(OPENAI_STREAM.encode()).decode("latin-1")),
        {"completion": "Hello", "input_tokens": 8},
    ),
    "stream cut off": (
        exchange(CHAT, ASKED, sse(chunk({"content": "Hel"}), done=False)),
        {
            "completion": "Hel", "input_tokens": None,
            "usage_problem": "the stream was cut off; the answer states no usage",
        },
    ),
    "stream with times": (
        exchange(CHAT, ASKED, [{"offset_ms": 210, "data": chunk({"content": "a"})},
                               {"offset_ms": 350.5, "data": chunk({}, "length")}]),
        {"ttft_ms": 210.0, "duration_ms": 350.5, "completion": "a", "finish_reason": "length"},
    ),
    "tool call in pieces": (
        exchange(CHAT, ASKED, sse(
            chunk({"tool_calls": [{"index": 0, "id": "t1", "function": {"name": "look", "arguments": '{"q"'}}]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": ':1}'}}]}), chunk({}, "tool_calls"))),
        {"tool_name": "look", "tool_call_id": "t1", "tool_arguments": '{"q":1}', "finish_reason": "tool_calls"},
    ),
    "Anthropic": (
        exchange(MESSAGES, {"model": "claude-sonnet-4-5", "max_tokens": 50, "system": "Be brief.",
                            "messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}]},
                 {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
                  "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"},
                              {"type": "tool_use", "id": "tu1", "name": "get", "input": {"k": 1}}],
                  "stop_reason": "tool_use",
                  "usage": {"input_tokens": 10, "cache_read_input_tokens": 100, "output_tokens": 7,
                            "cache_creation_input_tokens": 20}},
                 headers={"request-id": "req_9", "anthropic-ratelimit-requests-limit": "50",
                          "anthropic-ratelimit-requests-remaining": "49"}),
        {
            "provider": "anthropic", "input_tokens": 130, "cache_read_tokens": 100, "cache_write_tokens": 20,
            "output_tokens": 7, "completion": "a", "tool_name": "get", "tool_arguments": '{"k":1}',
            "system_instructions": "Be brief.", "prompt": "q", "request_id": "req_9", "rate_limit_requests": 50,
            "rate_limit_requests_remaining": 49, "finish_reason": "tool_use",
        },
    ),
    "Anthropic stream": (
        exchange(MESSAGES, ASKED, sse(
            {"type": "message_start", "message": {"id": "msg_2", "type": "message", "model": "claude-x", "content": [],
             "usage": {"input_tokens": 5, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "yes"}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
            {"type": "message_stop"}, done=False)),
        {"completion": "yes", "input_tokens": 5, "output_tokens": 9, "response_model": "claude-x",
         "finish_reason": "end_turn", "usage_problem": None},
    ),
    "Gemini": (
        exchange(GEMINI, {"contents": [{"role": "user", "parts": [{"text": "q"}]}],
                          "generationConfig": {"maxOutputTokens": 9, "temperature": 0.5}},
                 {"candidates": [{"content": {"role": "model",
                                              "parts": [{"text": "t", "thought": True}, {"text": "a"}]},
                                  "finishReason": "STOP"}], "modelVersion": "gemini-2.5-flash", "responseId": "g1",
                  "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 29, "thoughtsTokenCount": 901,
                                    "totalTokenCount": 933,
                                    "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}]}}),
        {
            "provider": "gcp.gemini", "model": "gemini-2.5-flash", "input_tokens": 3, "output_tokens": 930,
            "reasoning_tokens": 901, "total_tokens": 933, "completion": "a", "prompt": "q", "max_tokens": 9,
            "audio_input_tokens": 2, "temperature": 0.5,
        },
    ),
    "Bedrock converse": (
        exchange("https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-3/converse",
                 {"messages": [{"role": "user", "content": [{"text": "q"}]}], "inferenceConfig": {"maxTokens": 5}},
                 {"output": {"message": {"role": "assistant", "content": [{"text": "a"}]}}, "stopReason": "end_turn",
                  "usage": {"inputTokens": 4, "outputTokens": 6, "totalTokens": 18, "cacheReadInputTokens": 8},
                  "metrics": {"latencyMs": 77}}),
        {"provider": "aws.bedrock", "model": "anthropic.claude-3", "input_tokens": 12, "output_tokens": 6,
         "completion": "a", "duration_ms": 77.0, "max_tokens": 5},
    ),
    "Ollama stream": (
        exchange("http://localhost:11434/api/chat", ASKED,
                 '{"model":"llama3","message":{"role":"assistant","content":"a"},"done":false}\n'
                 '{"model":"llama3","message":{"role":"assistant","content":"b"},"done":true,"done_reason":"stop",'
                 '"total_duration":2000000000,"prompt_eval_count":4,"prompt_eval_duration":5000000,"eval_count":2,"eval_duration":7000000}\n'),
        {"provider": "ollama", "completion": "ab", "input_tokens": 4, "output_tokens": 2, "duration_ms": 2000.0,
         "prefill_ms": 5.0, "decode_ms": 7.0, "finish_reason": "stop"},
    ),
    "Cohere": (
        exchange("https://api.cohere.com/v2/chat", ASKED,
                 {"id": "co", "message": {"role": "assistant", "content": [{"type": "text", "text": "a"}]},
                  "finish_reason": "COMPLETE", "usage": {"billed_units": {"input_tokens": 5, "output_tokens": 2},
                                                         "tokens": {"input_tokens": 71, "output_tokens": 3}}}),
        {"provider": "cohere", "completion": "a", "input_tokens": 5, "output_tokens": 2, "finish_reason": "COMPLETE"},
    ),
    "OpenAI responses": (
        exchange("https://api.openai.com/v1/responses", {"model": "o4-mini", "input": "q", "instructions": "i"},
                 {"id": "resp_1", "object": "response", "status": "completed", "model": "o4-mini-2025",
                  "output": [{"type": "reasoning", "summary": []},
                             {"type": "message", "role": "assistant",
                              "content": [{"type": "output_text", "text": "a"}]},
                             {"type": "function_call", "call_id": "fc", "name": "f", "arguments": "{}"}],
                  "usage": {"input_tokens": 36, "input_tokens_details": {"cached_tokens": 30}, "output_tokens": 87,
                            "output_tokens_details": {"reasoning_tokens": 64}, "total_tokens": 123}}),
        {"completion": "a", "input_tokens": 36, "cache_read_tokens": 30, "reasoning_tokens": 64, "tool_name": "f",
         "output_tokens": 87, "prompt": "q", "system_instructions": "i", "finish_reason": "completed"},
    ),
    "embeddings": (
        exchange("https://api.openai.com/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"]},
                 {"object": "list", "data": [{"embedding": [0.1, 0.2, 0.3]}], "model": "text-embedding-3-small",
                  "usage": {"prompt_tokens": 2, "total_tokens": 2}}),
        {"operation": "embeddings", "embedding_dimensions": 3, "input_tokens": 2, "prompt": "a\nb"},
    ),
    "image": (
        exchange("https://api.openai.com/v1/images/generations", {"model": "gpt-image-1", "prompt": "cat"},
                 {"created": 1, "data": [{"b64_json": "AAAA"}],
                  "usage": {"input_tokens": 50, "output_tokens": 4160, "total_tokens": 4210,
                            "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}}),
        {"operation": "image_generation", "output_type": "image", "image_input_tokens": 40, "prompt": "cat",
         "output_tokens": 4160},
    ),
    "x.ai counts reasoning apart": (
        exchange("https://api.x.ai/v1/chat/completions", ASKED,
                 {"choices": [], "usage": {"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135,
                                           "completion_tokens_details": {"reasoning_tokens": 94}}}),
        {"provider": "x_ai", "output_tokens": 103, "reasoning_tokens": 94},
    ),
    "Azure names its deployment in the path": (
        exchange("https://r.openai.azure.com/openai/deployments/gpt-4o-eu/chat/completions?api-version=1",
                 {"messages": [{"role": "user", "content": "q"}]},
                 {"model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}),
        {"provider": "azure.ai.openai", "model": "gpt-4o-eu", "response_model": "gpt-4o"},
    ),
    "absurd and negative counts": (
        exchange(CHAT, ASKED, {"model": "m", "choices": [], "usage": {"prompt_tokens": -5, "completion_tokens": 1e12,
                                                                     "total_tokens": 2.5}}),
        {"input_tokens": None, "output_tokens": None, "total_tokens": None,
         "usage_problem": "input_tokens is -5; output_tokens is 1000000000000.0; total_tokens is 2.5"},
    ),
    "usage without a model": (
        exchange("https://gw.example.com/v1/x", {"messages": []}, {"choices": [], "usage": {"prompt_tokens": 3}}),
        {"input_tokens": 3, "output_tokens": None, "usage_problem": "usage without a model"},
    ),
}  # fmt: skip

ERRORS: dict[str, tuple[int, object, dict[str, str], dict[str, Any]]] = {
    "bad_request": (400, {"error": {"message": "Invalid value", "type": "invalid_request_error"}}, {},
                    {"error_type": "invalid_request_error", "status_message": "Invalid value"}),
    "auth": (401, {"error": {"message": "Incorrect API key "
    "provided", "code": "invalid_api_key", "type": "invalid_request_error"}}, {}, {}),
    "permission": (403, {"type": "error", "error": {"type": "permission_error", "message": "no"}}, {},
                   {"error_type": "permission_error"}),
    "not_found": (404, {"error": "model 'x' not found"}, {}, {"status_message": "model 'x' not found"}),
    "rate_limited": (429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Quota",
                                     "details": [{"retryDelay": "27s"}]}}, {},
                     {"error_type": "RESOURCE_EXHAUSTED", "retry_after_s": 27.0}),
    "context_length": (400, {"error": {"message": "This model's maximum context length is 8192 tokens",
                                       "type": "invalid_request_error", "code": "context_length_exceeded"}}, {}, {}),
    "content_filter": (400, {"error": {"code": "content_filter", "message": "The response was filtered",
                                       "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, {},
                       {"error_type": "content_filter"}),
    "unsupported": (400, {"error": {"message": "Unsupported parameter: 'max_tokens' is not "
    "supported", "type": "x"}}, {}, {}),
    "tool_mismatch": (400, {"error": {"message": "An assistant message with 'tool_calls' must be followed by "
    "tool messages",
                                      "type": "invalid_request_error"}}, {}, {}),
    "overloaded": (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, {},
                   {"error_type": "overloaded_error"}),
    "server_error": (500, {"error": {"message": "The server had an error", "type": "server_error"}}, {}, {}),
    "timeout": (504, "upstream request timeout", {}, {"status_message": "upstream request timeout"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Every shape and every error, read in one go."""
    records = [record for record, _ in SHAPES.values()]
    records += [
        exchange(CHAT, ASKED, told, status, headers=headers)
        for status, told, headers, _ in ERRORS.values()
    ]
    found = read(tmp_path_factory.mktemp("calls"), *records)
    return dict(zip([*SHAPES, *ERRORS], found, strict=True))


@pytest.mark.parametrize("name", SHAPES)
def test_a_body_is_read_as_its_provider_means_it(
    name: str, events: dict[str, dict[str, Any]]
) -> None:
    event, expected = events[name], SHAPES[name][1]
    attributes = event["attributes"] or {}
    found = {key: event.get(key, attributes.get(key)) for key in expected}
    assert found == expected


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_has_its_class_and_the_providers_words(
    name: str, events: dict[str, dict[str, Any]]
) -> None:
    event, (status, _, _, expected) = events[name], ERRORS[name]
    assert (event["http_status"], event["error_class"], event["status"]) == (status, name, "error")
    assert {key: event[key] for key in expected} == expected
    assert event["input_tokens"] is None


def test_a_key_in_a_header_is_hashed_and_nowhere_kept(tmp_path: Path) -> None:
    record = exchange(CHAT, ASKED, {"choices": []})
    record["request"]["headers"] = {
        "Authorization": "Bearer sk-not-a-real-key",
        "X-Custom-Token": "not-a-real-secret",
    }
    (event,) = read(tmp_path, record)
    assert event["api_key_hash"] == hashlib.sha256(b"sk-not-a-real-key").hexdigest()[:16]
    assert "not-a-real" not in str(event)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "20"}, 20.0),
        ({"Retry-After": "1m30s"}, 90.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:20 GMT", "date": "Fri, 20 Nov 2026 09:00:00 GMT"}, 20.0),
        ([{"name": "Retry-After", "value": "7"}], 7.0),
        ([["retry-after", "8"]], 8.0),
        ({"retry-after": ["9"]}, 9.0),
    ],
)  # fmt: skip
def test_the_wait_is_read_in_every_way_it_is_said(
    headers: object, wait_s: float, tmp_path: Path
) -> None:
    (event,) = read(
        tmp_path, exchange(CHAT, ASKED, {"error": {"message": "m"}}, 429, headers=headers)
    )
    assert event["retry_after_s"] == wait_s


HEADERS = [
    ["timestamp", "user_id", "model", "prompt_tokens", "completion_tokens", "cost"],
    ["Timestamp", "User ID", "Model", "Prompt Tokens", "Completion Tokens", "Cost (USD)"],
    ["time", "user", "model_name", "input_tokens", "output_tokens", "cost_usd"],
    ["created_at", "userId", "modelId", "promptTokens", "completionTokens", "totalCost"],
    ["date", "end_user", "engine", "tokens_in", "tokens_out", "price"],
    ["ts", "uid", "llm_model", "n_prompt_tokens", "n_completion_tokens", "amount_usd"],
    ["event_time", "customer_id", "deployment", "input_token_count", "output_token_count", "spend"],
    ["@timestamp", "USER", "MODEL", "PROMPT_TOKENS", "COMPLETION_TOKENS", "COST"],
    ["datetime", "account_id", "Model Name", "Input tokens", "Output tokens", "Total cost"],
    ["Time (UTC)", "user-id", "model", "usage.prompt_tokens", "usage.completion_tokens", "usd"],
]
ROWS = [
    ["2026-11-20T09:00:00Z", "u-1", "gpt-4o", "120", "30", "0.0006"],
    ["2026-11-20T09:00:05Z", "u-2", "gpt-4o-mini", "-5", "10", '"$1,234.50"'],
    ["2026-11-20T09:00:06Z", "u-3", "gpt-4o-mini", "7", "9", '"0,5"'],
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header[3])
def test_a_plain_table_is_read_under_any_usual_spelling(header: list[str], tmp_path: Path) -> None:
    source = tmp_path / "table.csv"
    source.write_text("".join(",".join(row) + "\n" for row in (header, *ROWS)))
    case = str(tmp_path / "case.duckdb")
    pipeline.ingest([str(source)], case=case)
    engine = pipeline.open_case(case, write=False)
    first, second, third = engine.run("SELECT * FROM calls ORDER BY byte_offset").dicts()
    engine.close()
    names = ("user_id", "model", "input_tokens", "output_tokens", "cost_given_usd")
    assert [first[name] for name in names] == ["u-1", "gpt-4o", 120, 30, Decimal("0.0006")]
    assert first["timestamp"] is not None
    assert first["cost_usd"] == Decimal("0.0006"), "priced, beside what the table claims"
    assert second["cost_usd"] is None, "half of a usage is no cost"
    assert second["input_tokens"] is None and second["cost_given_usd"] == Decimal("1234.5")
    assert second["attributes"]["usage_problem"] == "input_tokens is -5"
    assert third["cost_given_usd"] is None and "0,5" in third["attributes"].values()


def test_a_cost_in_another_currency_is_no_dollar(tmp_path: Path) -> None:
    source = tmp_path / "table.csv"
    rows = "2026-11-20T09:00:00Z,m,3,EUR\n2026-11-20T09:00:01Z,m,4,usd\n"
    source.write_text("time,model,cost,currency\n" + rows)
    case = str(tmp_path / "case.duckdb")
    pipeline.ingest([str(source)], case=case)
    engine = pipeline.open_case(case, write=False)
    euro, dollar = engine.run("SELECT * FROM calls ORDER BY byte_offset").dicts()
    engine.close()
    assert euro["cost_given_usd"] is None and dollar["cost_given_usd"] == 4
    assert euro["attributes"]["usage_problem"] == "the cost is in EUR"
    assert euro["attributes"]["cost"] == 3


BARE = [
    (
        {"model": "claude-x", "messages": [{"role": "user", "content": "q"}]},
        {"id": "m", "type": "message", "content": [{"type": "text", "text": "a"}],
         "usage": {"input_tokens": 3, "output_tokens": 1}},
    ),
    (
        {"model": "o4-mini", "input": "q"},
        {"id": "resp_1", "object": "response", "status": "completed", "output": [
            {"type": "message", "content": [{"type": "output_text", "text": "a"}]}],
         "usage": {"input_tokens": 3, "output_tokens": 1}},
    ),
    (json.dumps(ASKED), OPENAI_STREAM.replace("Hel", "").replace("lo", "a")),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "told"), BARE)
@pytest.mark.parametrize("beside", [[], [exchange(CHAT, ASKED, {"choices": []})] * 3])
def test_request_and_response_may_be_the_bodies_themselves(
    asked: object, told: object, beside: list[dict[str, Any]], tmp_path: Path
) -> None:
    event = read(tmp_path, {"request": asked, "response": told}, *beside)[0]
    assert event["completion"] == "a"
    assert event["output_tokens"] in (1, 2) and event["operation"] == "chat"


def test_an_exchange_without_an_answer_keeps_its_failure(tmp_path: Path) -> None:
    record = {"request": {"url": CHAT, "body": ASKED}, "response": None, "error": "ReadTimeout: x"}
    (event,) = read(tmp_path, record)
    assert (event["error_class"], event["status"]) == ("timeout", "error")
    assert (event["provider"], event["model"]) == ("openai", "m")


def test_a_key_in_the_url_is_taken_out(tmp_path: Path) -> None:
    (event,) = read(tmp_path, exchange(GEMINI + "?alt=sse&key=not-a-real-key", {}, {}))
    assert event["url_query"] == "alt=sse&key=removed"
    assert "not-a-real-key" not in str(event)


def test_nothing_of_a_body_is_lost(tmp_path: Path) -> None:
    told = {
        "choices": [{"message": {"content": "a"}, "logprobs": {"content": [1]}}],
        "new": {"k": 1},
    }
    (event,) = read(tmp_path, exchange(CHAT, {**ASKED, "later": [2]}, told, extra={"z": 3}))
    attributes = event["attributes"]
    assert attributes["response.choices"] == [{"logprobs": {"content": [1]}}]
    assert attributes["response.new.k"] == 1 and attributes["z"] == 3
    assert json.loads(event["request_params"]) == {"later": [2]}

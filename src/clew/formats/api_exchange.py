"""Whole exchanges with an AI API, one JSON object each: request and response with their bodies.

Reads     {timestamp, request_id, user_id, team, key_id, environment, latency_ms,
          request: {method, url, headers, body}, response: {status, headers, body}}, any subset of
          these keys; bodies as objects, as text, as event streams, as gzip in base64; bodies of
          OpenAI and all who speak like it, Anthropic, Gemini, Vertex, Cohere, Ollama, Bedrock
Returns   one AI call a record, errors too, with prompt and completion; streams put together
Units     durations by their name, else by their size, which the ledger says
Blind to  pieces of a stream without times of their own: when the first token came is then unknown;
          vectors and images, which are counted and not kept
"""

from __future__ import annotations

import json
import re
from typing import Any

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import BESIDE, Layout
from clew.formats._json_head import share_of
from clew.model.case import Sample


def _layout(request: tuple[str, ...], response: tuple[str, ...]) -> Layout:
    own = {"/request": request, "/response": response}

    def beside(*pointers: str) -> tuple[str, ...]:
        """Those that do not stand within a part which is a body itself."""
        return tuple(
            p for p in pointers if own.get("/" + p.split("/")[1], ()) != ("/" + p.split("/")[1],)
        )

    return Layout(
        keys=(("/request",), ("/response",), ("/request_body",), ("/response_body",)),
        names={
            "request": "",
            "response": "",
            "response.elapsed_ms": "duration_ms:ms",
            "response.ttft_ms": "ttft_ms:ms",
        },
        spent=beside("/request/method", "/response/status", "/response/status_code"),
        derived={
            "http_method": "upper(coalesce(document->'request'->>'method', document->>'method'))"
        },
        request=request,
        response=response,
        request_headers=beside("/request/headers", "/request_headers"),
        response_headers=beside("/response/headers", "/response_headers"),
        url=beside("/request/url", "/url", "/request_url", "/endpoint"),
        status=beside(
            "/response/status",
            "/response/status_code",
            "/status_code",
            "/http_status",
            "/status",
        ),
    )


REQUEST = ("/request/body", "/request/json", "/request_body", "/request")
RESPONSE = (
    "/response/body", "/response/chunks", "/response/events", "/response/json", "/response_body", "/response",
)  # fmt: skip
MARKS = frozenset({"model", "messages", "contents", "choices", "usage", "candidates", "input", "prompt", "body",
                   "request_body", "response_body"})  # fmt: skip


TEXT_MARK = re.compile(
    r'^\s*\{.*"(?:model|messages|contents|choices|usage|candidates)"\s*:', re.DOTALL
)
"""A body as text."""
AI_URL = re.compile(
    r"/chat/completions|/v1/(?:messages|responses|completions|embeddings|images/|audio/|moderations)"
    r"|:(?:stream)?[gG]enerateContent|/model/[^/]+/(?:converse|invoke)|/openai/deployments/|/api/(?:chat|generate|embed)$"
    r"|/v[12]/(?:chat|embed|rerank)$"
)


def sniff(head: bytes) -> float:
    """High where records hold a request or a response with a body, or as a body itself."""
    return 0.97 * share_of(head, _is_exchange)


def _is_exchange(document: dict[str, Any]) -> bool:
    for name in ("request", "response"):
        part = document.get(name)
        if isinstance(part, dict) and (MARKS & set(part) or (not part and MARKS & set(document))):
            return True
        if isinstance(part, str) and TEXT_MARK.search(part[:2000]):
            return True
    return ("request_body" in document and "response_body" in document) or _is_bare(document)


def _is_bare(document: dict[str, Any]) -> bool:
    """A request to an AI API and its answer's status, without bodies."""
    asked, told = document.get("request"), document.get("response")
    if not isinstance(asked, dict) or not isinstance(told, dict):
        return False
    url = asked.get("url", asked.get("uri"))
    is_status = any(name in told for name in ("status", "status_code", "headers"))
    return is_status and isinstance(url, str) and AI_URL.search(url) is not None


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of exchanges: one a line, in one array, or one after the other. Whether `request` and
    `response` are the bodies themselves, or hold them, is the same in all of a source."""
    request = ("/request",) if share_of(head, lambda d: _is_body(d, "request")) > 0.5 else REQUEST
    response = (
        ("/response",) if share_of(head, lambda d: _is_body(d, "response")) > 0.5 else RESPONSE
    )
    return calls.parse(head, settings, _layout(request, response))


def _is_body(document: dict[str, Any], name: str) -> bool:
    part = document.get(name)
    if isinstance(part, dict):
        has_more = set(BESIDE) & set(part) or isinstance(part.get("status"), int)
        return not has_more and bool(MARKS & set(part))
    return isinstance(part, list) or (
        isinstance(part, str) and part.lstrip()[:1] in ("{", "[", "d", "e")
    )


def _line(**record: object) -> str:
    return json.dumps(record) + "\n"


SAMPLES = [
    Sample(
        _line(
            timestamp="2026-11-20T09:00:00Z", request_id="r-1", user_id="u-1", team="search", key_id="key-1",
            environment="production", latency_ms=812,
            request={"method": "POST", "url": "https://api.openai.com/v1/chat/completions",
                     "headers": {"Authorization": "Bearer sk-not-a-real-key"},
                     "body": {"model": "gpt-4o", "temperature": 0.2, "max_tokens": 100, "logit_bias": {"1": 2},
                              "messages": [{"role": "system", "content": "Be brief."},
                                           {"role": "user", "content": "Name a colour."}]}},
            response={"status": 200, "headers": {"openai-processing-ms": "701", "x-ratelimit-limit-tokens": "30000",
                                                 "x-ratelimit-remaining-tokens": "29000", "cf-ray": "8f"},
                      "body": {"id": "chatcmpl-1", "object": "chat.completion", "created": 1763629200,
                               "model": "gpt-4o-2024-08-06", "system_fingerprint": "fp_1",
                               "choices": [{"index": 0, "finish_reason": "stop",
                                            "message": {"role": "assistant", "content": "Blue."}}],
                               "usage": {"prompt_tokens": 20, "completion_tokens": 3, "total_tokens": 23,
                                         "prompt_tokens_details": {"cached_tokens": 16}}}},
        )
        + _line(
            timestamp="2026-11-20T09:00:01Z", user_id="u-2",
            request={"url": "https://api.openai.com/v1/chat/completions", "body": {"model": "gpt-4o"}},
            response={"status": 429, "headers": {"retry-after": "20"},
                      "body": json.dumps({"error": {"message": "Rate limit reached for gpt-4o", "type": "tokens",
                                                    "param": None, "code": "rate_limit_exceeded"}})},
        ),
        [
            {
                "timestamp": "2026-11-20T09:00:00Z", "request_id": "r-1", "user_id": "u-1", "team": "search",
                "api_key_hash": "key-1", "environment": "production", "duration_ms": 812.0, "provider": "openai",
                "model": "gpt-4o", "response_model": "gpt-4o-2024-08-06", "input_tokens": 20, "output_tokens": 3,
                "cache_read_tokens": 16, "finish_reason": "stop", "prompt": "Name a colour.",
                "completion": "Blue.", "system_instructions": "Be brief.", "server_ms": 701.0,
                "rate_limit_tokens": 30000, "rate_limit_tokens_remaining": 29000, "http_status": 200,
                "status": "ok", "error_class": None, "operation": "chat", "max_tokens": 100,
                "url_path": "/v1/chat/completions", "attributes.response.headers.cf-ray": "8f",
                "request_params": '{"logit_bias":{"1":2}}', "attributes.usage_problem": None,
            },
            {
                "http_status": 429, "error_type": "tokens", "error_class": "rate_limited", "retry_after_s": 20.0,
                "status_message": "Rate limit reached for gpt-4o", "model": "gpt-4o", "status": "error",
                "input_tokens": None, "attributes.response.error_code": "rate_limit_exceeded",
            },
        ],
        name="OpenAI chat, and a rate limit",
    ),
    Sample(
        _line(
            timestamp="2026-11-20T09:00:00Z", latency_ms=50, key_id="key-1",
            request={"method": "POST", "url": "https://api.openai.com/v1/chat/completions"},
            response={"status": 429, "headers": {"retry-after": "3"}},
        ),
        [{"provider": "openai", "operation": "chat", "error_class": "rate_limited", "retry_after_s": 3.0}],
        name="no bodies",
    ),
    Sample(
        _line(
            timestamp="2026-11-20T09:00:00Z",
            request=json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Name a colour."}]}),
            response=json.dumps({"choices": [{"message": {"content": "Blue."}}], "usage": {"prompt_tokens": 4}}),
        ),
        [{"model": "gpt-4o", "prompt": "Name a colour.", "completion": "Blue.", "input_tokens": 4}],
        name="bodies alone, as text",
    ),
    Sample(
        _line(
            request={"model": "gpt-4o", "messages": [{"role": "user", "content": "Name a colour."}]},
            response={"id": "c", "choices": [{"message": {"content": "Blue."}}], "usage": {"prompt_tokens": 4}},
        ),
        [{"prompt": "Name a colour.", "completion": "Blue.", "attributes.request.messages": None,
          "attributes.response.choices": None}],
        name="a body alone stayed in attributes as well",
    ),
    Sample(
        _line(
            request={"url": "https://api.openai.com/v1/audio/transcriptions",
                     "body": '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-4o-transcribe\r\n--b--'},
            response={"status": 200, "body": {"text": "Name a colour.", "usage": {
                "type": "tokens", "input_tokens": 14, "input_token_details": {"audio_tokens": 4}, "output_tokens": 9}}},
        ),
        [{"model": "gpt-4o-transcribe", "operation": "transcription", "audio_input_tokens": 4,
          "attributes.usage_problem": None}],
        name="a form with a file says which model",
    ),
    Sample(
        _line(
            request={"url": "http://tgi.example.com/generate", "body": {"inputs": "Name a colour."}},
            response={"status": 200, "headers": {"x-prompt-tokens": "4", "x-total-time": "1500"}, "body": {
                "generated_text": "Blue.", "details": {"finish_reason": "length", "generated_tokens": 2}}},
        ),
        [{"provider": "tgi", "operation": "text_completion", "input_tokens": 4, "output_tokens": 2,
          "server_ms": 1500.0, "completion": "Blue."}],
        name="TGI counts what was asked in a header",
    ),
    Sample(
        _line(
            request={"url": "https://a.openai.azure.com/openai/deployments/chat/chat/completions", "body": {}},
            response={"status": 400, "body": {"error": {
                "message": "The response was filtered", "type": None, "code": "content_filter", "status": 400}}},
        )
        + _line(
            request={"url": "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent",
                     "body": {"contents": [{"role": "user", "parts": [{"text": "q"}]}]}},
            response={"status": 200, "body": {"promptFeedback": {"blockReason": "SAFETY"},
                                              "usageMetadata": {"promptTokenCount": 2, "totalTokenCount": 2}}},
        )
        + _line(
            request={"url": "https://api.openai.com/v1/chat/completions", "body": {"model": "gpt-4o", "messages": []}},
            response={"status": 200, "body": {"choices": [{"message": {"content": "x"}}], "usage": {
                "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
                "completion_tokens_details": {"reasoning_tokens": 50}}}},
        ),
        [
            {"error_type": "content_filter", "error_class": "content_filter"},
            {"error_type": "SAFETY", "error_class": "content_filter", "operation": "chat"},
            {"attributes.usage_problem": "reasoning_tokens is 50, more than output_tokens"},
        ],
        name="a filter's code, a blocked prompt, and a part larger than its whole",
    ),
]  # fmt: skip

"""Answers of Groq's API: chat, and speech to text, alone.

Reads     {id, choices, model, usage: {queue_time, prompt_time, completion_time, total_time, prompt_tokens,
          completion_tokens}, x_groq: {id}}, and {text, x_groq} of speech to text; one answer a line, in one
          array, or in pages
Returns   one AI call an answer; the request's id is x_groq's
Units     times of the usage block are seconds: server_ms is total_time, which is without the queue
Blind to  what was asked and how long the caller waited, unless the recorder says so
"""

from __future__ import annotations

from typing import Any

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(
        ("/choices", "/model"),
        ("/choices", "/usage"),
        ("/x_groq",),
        ("/data", "/usage", "/model"),
    ),
    names={"created": "timestamp"},
    response=("",),
    request=("/request_body", "/request"),
    spent=("/error",),
)
TIMES = {"queue_time", "prompt_time", "completion_time", "total_time"}


def sniff(head: bytes) -> float:
    """High where answers bear Groq's mark, or the times that only Groq's usage block has."""
    return 0.985 * calls.share_of_own(head, _is_own)


def _is_own(document: dict[str, Any]) -> bool:
    usage = document.get("usage")
    is_timed = isinstance(usage, dict) and len(TIMES & set(usage)) > 1
    return "x_groq" in document or is_timed


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of bare answers."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"id":"chatcmpl-f51b2cd2","object":"chat.completion","created":1763629200,"model":"llama-3.3-70b-versatile",'
        '"choices":[{"index":0,"message":{"role":"assistant","content":"Blue."},"logprobs":null,"finish_reason":"stop"}],'
        '"usage":{"queue_time":0.25,"prompt_tokens":18,"prompt_time":0.5,"completion_tokens":3,"completion_time":0.125,'
        '"total_tokens":21,"total_time":0.625},"system_fingerprint":"fp_1","x_groq":{"id":"req_01"}}\n'
        '{"text":"Name a colour.","x_groq":{"id":"req_02"},"model":"whisper-large-v3"}\n',
        [
            {"provider": "groq", "timestamp": "2025-11-20T09:00:00Z", "request_id": "req_01", "input_tokens": 18,
             "output_tokens": 3, "queue_ms": 250.0, "prefill_ms": 500.0, "decode_ms": 125.0, "inference_ms": 625.0,
             "server_ms": 625.0, "completion": "Blue.", "finish_reason": "stop", "operation": "chat"},
            {"provider": "groq", "operation": "transcription", "completion": "Name a colour.", "request_id": "req_02"},
        ],
        name="chat and speech to text",
    ),
    Sample(
        '{"error":{"message":"Rate limit reached for model `llama-3.1-8b-instant`. Please try again in 7.66s.",'
        '"type":"tokens","code":"rate_limit_exceeded"},"x_groq":{"id":"req_03"},"model":"llama-3.1-8b-instant"}\n',
        [
            {"provider": "groq", "error_type": "tokens", "error_class": "rate_limited", "retry_after_s": 7.66,
             "request_id": "req_03", "status": "error"},
        ],
        name="a limit",
    ),
]  # fmt: skip

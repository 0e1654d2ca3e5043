"""Answers of OpenAI's API, and of all who speak like it: bodies alone, and batch output files.

Reads     {id, object, model, choices | output | data, usage}, one answer a line or in one array, with
          whatever keys a recorder put beside them; {custom_id, response: {status_code, body}, error}
          of batches; recorded streams; vLLM and others answer alike
Returns   one AI call an answer
Blind to  how long a call took and what was asked, unless the recorder says so
"""

from __future__ import annotations

import json

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout, has_keys
from clew.formats._calls.recorded import answers, speaks
from clew.formats._json_head import share_of
from clew.model.case import Sample

BODY = Layout(
    keys=(
        ("/choices", "/model"), ("/choices", "/usage"), ("/output", "/object", "/usage"), ("/data", "/usage", "/model"),
    ),
    names={"created": "timestamp", "created_at": "timestamp"},
    response=("",),
    request=("/request_body", "/request"),
    spent=("/error",),
)  # fmt: skip
BATCH = Layout(
    keys=(("/custom_id", "/response"),),
    names={"custom_id": "", "id": "", "response.status_code": "http_status", "response.request_id": "request_id"},
    response=("/response/body",),
    status=("/response/status_code",),
    fixed={"service_tier": "'batch'"},
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where records are answers, lines of a batch's output, or pieces of a stream."""
    return max(calls.sniff(head, BODY), calls.sniff(head, BATCH), 0.99 * (speaks(head) == "openai"))


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of bare answers, or of a batch's output."""
    if speaks(head) == "openai":
        return calls.of_entries(settings, BODY, answers)
    is_batch = share_of(head, lambda document: has_keys(BATCH, document)) > 0.5
    return calls.parse(head, settings, BATCH if is_batch else BODY)


SAMPLES = [
    Sample(
        '{"id":"chatcmpl-1","object":"chat.completion","created":1763629200,"model":"gpt-4o-2024-08-06",'
        '"choices":[{"index":0,"message":{"role":"assistant","content":"Blue."},"finish_reason":"stop"}],'
        '"usage":{"prompt_tokens":20,"completion_tokens":3,"total_tokens":23},"user_id":"u-1","latency_ms":812}\n'
        '{"id":"emb","object":"list","model":"text-embedding-3-small","data":[{"embedding":[0.1,0.2]}],'
        '"usage":{"prompt_tokens":4,"total_tokens":4}}\n',
        [
            {
                "timestamp": "2025-11-20T09:00:00Z",
                "provider": "openai",
                "response_model": "gpt-4o-2024-08-06",
                "model": "gpt-4o-2024-08-06",
                "input_tokens": 20,
                "output_tokens": 3,
                "completion": "Blue.",
                "finish_reason": "stop",
                "user_id": "u-1",
                "duration_ms": 812.0,
            },
            {"operation": "embeddings", "embedding_dimensions": 2, "input_tokens": 4},
        ],
        name="bare answers",
    ),
    Sample(
        json.dumps(
            {
                "id": "batch_req_1",
                "custom_id": "row-1",
                "response": {
                    "status_code": 200,
                    "request_id": "req_1",
                    "body": {
                        "id": "chatcmpl-2",
                        "object": "chat.completion",
                        "model": "gpt-4o",
                        "choices": [],
                        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
                    },
                },
                "error": None,
            }
        )
        + '\n{"id":"batch_req_2","custom_id":"row-2","response":{"status_code":429,"request_id":"req_2",'
        '"body":{"error":{"message":"slow down","type":"rate_limit_error"}}},"error":null}\n',
        [
            {
                "request_id": "req_1",
                "service_tier": "batch",
                "input_tokens": 1,
                "attributes.custom_id": "row-1",
                "http_status": 200,
            },
            {"http_status": 429, "error_class": "rate_limited", "error_type": "rate_limit_error"},
        ],
        name="output of a batch",
    ),
    Sample(
        'data: {"id":"chatcmpl-3","object":"chat.completion.chunk","created":1763629200,"model":"gpt-4o","choices":'
        '[{"index":0,"delta":{"role":"assistant","content":"Bl"},"finish_reason":null}]}\n\n'
        'data: {"id":"chatcmpl-4","object":"chat.completion.chunk","created":1763629201,"model":"gpt-4o","choices":'
        '[{"index":0,"delta":{"content":"Red"},"finish_reason":null}]}\n\n'
        'data: {"id":"chatcmpl-3","object":"chat.completion.chunk","created":1763629200,"model":"gpt-4o","choices":'
        '[{"index":0,"delta":{"content":"ue."},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,'
        '"completion_tokens":2,"total_tokens":9}}\n\ndata: [DONE]\n\n',
        [
            {
                "completion": "Blue.",
                "input_tokens": 7,
                "output_tokens": 2,
                "finish_reason": "stop",
                "is_streamed": True,
            },
            {
                "completion": "Red",
                "attributes.usage_problem": "the stream was cut off; the answer states no usage",
            },
        ],
        name="two streams, one of them cut off",
    ),
]

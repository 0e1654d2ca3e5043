"""Request-response logs of Vertex AI, as BigQuery exports them.

Reads     {logging_time, api_method, endpoint, model, model_version, request_id, metadata:
          {request_latency}, full_request, full_response}; the two bodies as objects or as text
Returns   one AI call a record; output tokens include thoughts
Units     request_latency is milliseconds
Blind to  callers: the log has none
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(("/full_request", "/full_response"), ("/logging_time", "/full_request")),
    names={
        "logging_time": "timestamp", "metadata.request_latency": "duration_ms:ms", "api_method": "",
        "endpoint": "", "model_version": "", "deployed_model_id": "",
    },
    tables=(("/logging_time", "/full_request"),),
    request=("/full_request",),
    response=("/full_response",),
    spent=("/model",),
    derived={
        "model": "nullif(list_last(string_split(document->>'model', '/')), '')",
        "tenant": "nullif(regexp_extract(document->>'model', 'projects/([^/]+)', 1), '')",
    },
    provider="gcp.vertex_ai",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where records hold full requests and responses."""
    return calls.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of request-response logs."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"logging_time":"2026-11-20T09:00:00Z","api_method":"generateContent","model":"publishers/google/models/'
        'gemini-2.5-pro","model_version":"","request_id":"77","metadata":{"request_latency":11225.994},"full_request":'
        '{"contents":[{"role":"user","parts":[{"text":"Name a colour."}]}],"generation_config":{"temperature":0.5}},'
        '"full_response":{"candidates":[{"finish_reason":"STOP","content":{"role":"model","parts":[{"text":"Blue."}]},'
        '"avg_logprobs":-0.1}],"usage_metadata":{"prompt_token_count":3,"candidates_token_count":29,'
        '"thoughts_token_count":901,"total_token_count":933}}}\n'
        '{"logging_time":"2026-11-20T09:00:09Z","model":"projects/p-1/locations/eu/endpoints/e/models/m1","request_id":"78",'
        '"full_request":"{\\"contents\\":[]}","full_response":{"error":{"code":429,"status":"RESOURCE_EXHAUSTED",'
        '"message":"Quota exceeded"}}}\n',
        [
            {"provider": "gcp.vertex_ai", "model": "gemini-2.5-pro", "request_id": "77", "duration_ms": 11225.994,
             "input_tokens": 3, "output_tokens": 930, "total_tokens": 933, "prompt": "Name a colour.",
             "completion": "Blue.", "temperature": 0.5, "finish_reason": "STOP"},
            {"tenant": "p-1", "model": "m1", "error_type": "RESOURCE_EXHAUSTED", "error_class": "rate_limited"},
        ],
        name="thoughts count as output",
    )
]  # fmt: skip

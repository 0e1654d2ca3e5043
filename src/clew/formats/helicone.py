"""Requests exported from Helicone.

Reads     {request_id, request_created_at, request_path, request_body, request_user_id,
          request_properties, response_status, response_body, response_created_at, delay_ms,
          prompt_tokens, completion_tokens, model, provider, costUSD ...}
Returns   one AI call a record; the cost that Helicone reckoned is cost_given_usd
Units     delay_ms is milliseconds
Blind to  bodies that Helicone was told to leave out
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout
from clew.model.ai_names import FROM_CACHE
from clew.model.case import Sample

NO_CACHE = "00000000-0000-0000-0000-000000000000"
LAYOUT = Layout(
    keys=(
        ("/request_created_at", "/request_body"), ("/request_created_at", "/response_status"),
        ("/helicone_user",), ("/request_id", "/delay_ms", "/response_body"),
    ),
    names={
        "request_created_at": "timestamp", "response_created_at": "",
        "request_user_id": "user_id", "response_status": "http_status",
        "delay_ms": "duration_ms:ms", "response_delay_ms": "duration_ms:ms", "time_to_first_token": "ttft_ms:ms",
        "request_model": "model", "response_model": "response_model", "model_override": "", "costUSD": "cost_given_usd",
        "cost_usd": "cost_given_usd", "provider": "provider", "helicone_user": "user_id", "country_code": "region",
        "request_properties.Helicone-Session-Id": "session_id", "properties.Helicone-Session-Id": "session_id",
        "request_properties.team": "team", "properties.team": "team", "response_id": "", "auth_hash": "api_key_hash",
        "request_properties.environment": "environment", "prompt_cache_read_tokens": "cache_read_tokens",
        "prompt_cache_write_tokens": "cache_write_tokens", "node_id": "",
    },
    tables=(("/request_created_at", "/request_body"), ("/request_created_at", "/response_status")),
    request=("/request_body",),
    response=("/response_body",),
    url=("/target_url", "/request_path"),
    status=("/response_status",),
    derived={
        "service_tier": f"CASE WHEN nullif(document->>'cache_reference_id', '{NO_CACHE}') IS NOT NULL "
                        f"THEN '{FROM_CACHE}' END",
        "provider": "lower(nullif(document->>'provider', 'CUSTOM'))",
    },
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where records are requests of Helicone."""
    return calls.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of Helicone's requests."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"request_id":"r-1","request_created_at":"2026-11-20T09:00:00Z","request_path":'
        '"https://api.openai.com/v1/chat/completions","request_user_id":"u-1","request_properties":{"team":"search"},'
        '"request_body":{"model":"gpt-4o","messages":[{"role":"user","content":"Name a '
        'colour."}]},"response_status":200,'
        '"response_body":{"id":"chatcmpl-1","choices":[{"message":{"role":"assistant","content":"Blue."},'
        '"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}},"delay_ms":640,'
        '"prompt_tokens":9,"completion_tokens":2,"provider":"OPENAI","costUSD":0.00004}\n'
        '{"request_id":"r-2","request_created_at":"2026-11-20T09:00:02Z","request_body":{"model":"gpt-4o"},'
        '"response_status":500,"response_body":{"error":{"message":"The server had an error","type":"server_error"}},'
        '"delay_ms":31}\n',
        [
            {"request_id": "r-1", "user_id": "u-1", "team": "search", "provider": "openai", "duration_ms": 640.0,
             "input_tokens": 9, "output_tokens": 2, "cost_given_usd": 0.00004, "prompt": "Name a colour.",
             "completion": "Blue.", "url_path": "/v1/chat/completions", "http_status": 200},
            {"http_status": 500, "error_class": "server_error", "error_type": "server_error", "model": "gpt-4o"},
        ],
        name="requests",
    )
]  # fmt: skip

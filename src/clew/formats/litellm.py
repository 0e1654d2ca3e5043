"""Logs of the LiteLLM proxy: its standard logging payload, and its spend logs.

Reads     {id, litellm_call_id, call_type, response_cost, startTime, endTime, model, messages, response,
          metadata, error_information ...}, and the table LiteLLM_SpendLogs as JSON
          {request_id, call_type, api_key, spend, startTime, endTime, model, user, team_id ...} or CSV
Returns   one AI call a record; the cost that LiteLLM reckoned is cost_given_usd; what its own cache
          answered has the service tier gateway_cache and costs nothing
Units     times are seconds since 1970 or RFC 3339; duration_ms is endTime less startTime
Blind to  retries that ended inside the proxy
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout, elapsed_ms
from clew.model.ai_names import FROM_CACHE
from clew.model.case import Sample

OPERATION = (
    "CASE WHEN regexp_matches(document->>'call_type', 'embedding') THEN 'embeddings' "
    "WHEN regexp_matches(document->>'call_type', 'text_completion') THEN 'text_completion' "
    "WHEN regexp_matches(document->>'call_type', 'completion|responses|messages') THEN 'chat' "
    "WHEN regexp_matches(document->>'call_type', 'image') THEN 'image_generation' "
    "WHEN regexp_matches(document->>'call_type', 'speech') THEN 'text_to_speech' "
    "WHEN regexp_matches(document->>'call_type', 'transcription') THEN 'transcription' "
    "WHEN regexp_matches(document->>'call_type', 'rerank') THEN 'rerank' END"
)
LIMITS = {
    "x-ratelimit-limit-requests": "rate_limit_requests",
    "x-ratelimit-remaining-requests": "rate_limit_requests_remaining",
    "x-ratelimit-limit-tokens": "rate_limit_tokens",
    "x-ratelimit-remaining-tokens": "rate_limit_tokens_remaining",
}
USERS = ", ".join(
    f"nullif(document->>'{path}', '')"
    for path in ("/end_user", "/metadata/user_api_key_end_user_id", "/metadata/user_api_key_user_id", "/user",
                 "/model_parameters/user")
)  # fmt: skip
"""The end user who asked, then the key's owner: who caused the cost, from near to far."""
MORE = "json_extract(document, '/metadata/additional_usage_values')"
COUNTED = (
    "coalesce(json_extract(document, '/metadata/usage_object'), CASE WHEN json_type("
    f"{MORE}) = 'OBJECT' THEN json_merge_patch(json_object('prompt_tokens', document->'prompt_tokens', "
    "'completion_tokens', document->'completion_tokens', 'total_tokens', document->'total_tokens'), "
    f"{MORE}) END)"
)
"""The usage block, of which the payload keeps a copy and the spend logs the parts beside the sums."""
FIRST = elapsed_ms("/startTime", "/completionStartTime")
LAYOUT = Layout(
    keys=(("/litellm_call_id",), ("/call_type", "/response_cost"), ("/call_type", "/spend")),
    names={
        "id": "response_id", "litellm_call_id": "request_id", "startTime": "timestamp", "endTime": "",
        "completionStartTime": "", "response_time": "", "spend": "cost_given_usd", "call_type": "", "model_id": "",
        "model_group": "", "cache_key": "", "api_key": "api_key_hash", "team_id": "team",
        "metadata.user_api_key_hash": "api_key_hash", "metadata.user_api_key_alias": "",
        "metadata.user_api_key": "api_key_hash", "metadata.user_api_key_team_id": "team",
        "metadata.user_api_key_team_alias": "team", "metadata.user_api_key_user_id": "",
        "metadata.user_api_key_org_id": "tenant", "metadata.user_api_key_end_user_id": "",
        "metadata.requester_ip_address": "client_ip", "requester_ip_address": "client_ip",
        "end_user": "", "user": "", "error_str": "status_message",
        "error_information.error_code": "http_status", "error_information.error_class": "",
        "error_information.error_message": "status_message", "error_information.llm_provider": "",
        "error_information.traceback": "exception_stacktrace", "model_parameters.temperature": "temperature",
        "model_parameters.max_tokens": "max_tokens", "model_parameters.top_p": "top_p",
        "model_parameters.user": "", "model_parameters.tools": "tool_definitions",
        "metadata.user_agent": "user_agent", "metadata.status": "",
        "metadata.error_information.error_code": "http_status", "metadata.error_information.error_class": "",
        "metadata.error_information.error_message": "status_message",
        "metadata.error_information.llm_provider": "", "metadata.error_information.traceback": "exception_stacktrace",
        **{f"hidden_params.additional_headers.{mark}{name}": column for name, column in LIMITS.items()
           for mark in ("", "llm_provider-")},
        **{f"hidden_params.additional_headers.{name.replace('-', '_')}": column for name, column in LIMITS.items()},
    },
    tables=(("/call_type", "/spend"),),
    request=("/proxy_server_request/body", "/messages"),
    response=("/response",),
    url=("/api_base",),
    derived={
        "operation": OPERATION,
        "duration_ms": elapsed_ms("/startTime", "/endTime"),
        "ttft_ms": f"CASE WHEN (document->>'stream') = 'true' OR (document->>'completionStartTime') "
                   f"<> (document->>'endTime') THEN {FIRST} END",
        "user_id": f"coalesce({USERS})",
        "service_tier": f"CASE WHEN lower(document->>'cache_hit') = 'true' THEN '{FROM_CACHE}' END",
        "error_type": "nullif(coalesce(document->'error_information'->>'error_class', "
                      "document->'metadata'->'error_information'->>'error_class'), '')",
        "response_id": "CASE WHEN (document->>'litellm_call_id') IS NULL THEN (document->>'request_id') END",
    },
    spent=("/metadata/usage_object", "/metadata/additional_usage_values"),
    reshape=f"CASE WHEN (document->'response'->'usage') IS NULL AND json_type({COUNTED}) = 'OBJECT' THEN "
            f"json_merge_patch(document, json_object('response', json_object('usage', {COUNTED}))) "
            "ELSE document END",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where records are payloads or spend logs of LiteLLM."""
    return calls.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of LiteLLM's records."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"id":"chatcmpl-1","trace_id":"t-1","litellm_call_id":"c-1","call_type":"acompletion","stream":true,'
        '"response_cost":0.00021,"status":"success","custom_llm_provider":"anthropic","total_tokens":23,'
        '"prompt_tokens":20,"completion_tokens":3,"startTime":1763629200.25,"endTime":1763629201.5,'
        '"completionStartTime":1763629200.75,"response_time":0.5,"model":"claude-sonnet-4-5","model_id":"m","api_base":'
        '"https://api.anthropic.com/v1/messages","metadata":{"user_api_key_hash":"abc123","user_api_key_team_id":'
        '"search","requester_ip_address":"192.0.2.7"},"cache_hit":false,"request_tags":["a"],"end_user":"u-1",'
        '"messages":[{"role":"user","content":"Name a colour."}],"response":{"id":"chatcmpl-1","choices":[{"message":'
        '{"role":"assistant","content":"Blue."},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,'
        '"completion_tokens":3,"total_tokens":23}},"error_str":null,"model_parameters":{"temperature":0.1}}\n'
        '{"id":"c-2","litellm_call_id":"c-2","call_type":"acompletion","status":"failure","startTime":1763629200.0,'
        '"endTime":1763629200.5,"model":"gpt-4o","custom_llm_provider":"openai","response_cost":0,"prompt_tokens":0,'
        '"completion_tokens":0,"error_str":"litellm.RateLimitError: slow down","error_information":{"error_code":"429",'
        '"error_class":"RateLimitError","llm_provider":"openai"},"messages":[],"response":{}}\n',
        [
            {"timestamp": "2025-11-20T09:00:00.250000Z", "request_id": "c-1", "response_id": "chatcmpl-1",
             "provider": "anthropic", "model": "claude-sonnet-4-5", "cost_given_usd": 0.00021, "duration_ms": 1250.0,
             "ttft_ms": 500.0, "api_key_hash": "abc123", "team": "search", "user_id": "u-1", "client_ip": "192.0.2.7",
             "input_tokens": 20, "output_tokens": 3, "prompt": "Name a colour.", "completion": "Blue.",
             "operation": "chat", "status": "ok", "temperature": 0.1, "is_streamed": True},
            {"http_status": 429, "error_class": "rate_limited", "error_type": "RateLimitError", "status": "error",
             "status_message": "litellm.RateLimitError: slow down"},
        ],
        name="standard logging payload",
    ),
    Sample(
        '{"request_id":"chatcmpl-3","call_type":"acompletion","api_key":"' + "ab" * 32 + '","spend":0.5,'
        '"total_tokens":30,"prompt_tokens":20,"completion_tokens":10,"startTime":"2026-11-20T09:00:00Z","endTime":'
        '"2026-11-20T09:00:02Z","completionStartTime":"2026-11-20T09:00:02Z","model":"gpt-4o","user":"u-1","team_id":'
        '"search","custom_llm_provider":"openai","cache_hit":"False"}\n'
        '{"request_id":"chatcmpl-4","call_type":"aembedding","spend":0.1,"startTime":"2026-11-20T09:00:05Z","model":"e"}\n',
        [
            {"response_id": "chatcmpl-3", "api_key_hash": "abababababababab", "cost_given_usd": 0.5, "user_id": "u-1",
             "team": "search", "duration_ms": 2000.0, "input_tokens": 20, "output_tokens": 10, "ttft_ms": None},
            {"operation": "embeddings", "input_tokens": None},
        ],
        name="spend logs",
    ),
    Sample(
        '{"litellm_call_id":"c-5","call_type":"acompletion","cache_hit":true,"response_cost":0.0,"prompt_tokens":20,'
        '"completion_tokens":10,"startTime":1763629200.0,"endTime":1763629200.5,"model":"gpt-4o-mini","end_user":"",'
        '"custom_llm_provider":"openai","metadata":{"user_api_key_user_id":"owner","usage_object":{"prompt_tokens":20,'
        '"completion_tokens":10,"total_tokens":30,"prompt_tokens_details":{"cached_tokens":8}}},"hidden_params":'
        '{"additional_headers":{"llm_provider-x-ratelimit-limit-requests":"1000","x_ratelimit_remaining_tokens":90}},'
        '"response":{"id":"chatcmpl-5"}}\n',
        [{"service_tier": "gateway_cache", "user_id": "owner", "cache_read_tokens": 8, "input_tokens": 20,
          "rate_limit_requests": 1000, "rate_limit_tokens_remaining": 90}],
        name="an answer of the proxy's own cache, and the usage that only the metadata has",
    ),
    Sample(
        "request_id,call_type,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,model,metadata\n"
        "chatcmpl-6,acompletion,0.5,30,20,10,2026-11-20T09:00:00Z,2026-11-20T09:00:02Z,gpt-4o,"
        '"{""additional_usage_values"": {""prompt_tokens_details"": {""cached_tokens"": 8}}}"\n'
        "c-7,acompletion,0,0,0,0,2026-11-20T09:00:03Z,2026-11-20T09:00:04Z,gpt-4o,"
        '"{""error_information"": {""error_code"": ""429"", ""error_class"": ""RateLimitError""}}"\n',
        [
            {"duration_ms": 2000.0, "operation": "chat", "cache_read_tokens": 8, "cost_given_usd": 0.5},
            {"http_status": 429, "error_type": "RateLimitError", "error_class": "rate_limited", "status": "error"},
        ],
        name="spend logs as a table",
    ),
]  # fmt: skip

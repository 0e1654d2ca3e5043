"""Runs exported from LangSmith, or written by LangChain's tracer.

Reads     {id, name, run_type, start_time, end_time, extra: {metadata, invocation_params}, error, inputs,
          outputs, parent_run_id, trace_id, session_id, first_token_time, total_tokens, total_cost ...}
Returns   one event a run; runs of type llm and embedding are AI calls
Units     duration_ms is end_time less start_time, ttft_ms first_token_time less start_time
Blind to  the chat session: session_id names the project, and becomes an attribute
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout, elapsed_ms, operation_of_kind
from clew.model.case import Sample

ASKED = (
    "coalesce(CASE WHEN json_type(document, '/inputs/messages/0') = 'ARRAY' THEN (document->'inputs'->'messages'->0) "
    "ELSE (document->'inputs'->'messages') END)"
)
ROLE = "lower(coalesce(m->>'role', m->'kwargs'->>'type', m->>'type', 'user'))"
MESSAGES = (
    f"list_transform(json_transform({ASKED}, '[\"JSON\"]'), lambda m: json_object('role', {ROLE}, 'content', "
    "coalesce(m->'content', m->'kwargs'->'content', m->'data'->'content')))"
)
FIRST = "(document->'outputs'->'generations'->0->0)"
SAID = (
    f"coalesce(nullif({FIRST}->>'text', ''), {FIRST}->'message'->'kwargs'->>'content', "
    "document->'outputs'->>'output')"
)
COUNTED = (
    f"coalesce({FIRST}->'message'->'kwargs'->'usage_metadata', document->'outputs'->'usage_metadata', "
    "document->'outputs'->'llm_output'->'token_usage')"
)
ANSWER = (
    f"CASE WHEN (document->'outputs'->'choices') IS NOT NULL THEN (document->'outputs') WHEN {SAID} IS NOT "
    f"NULL OR {COUNTED} "
    f"IS NOT NULL THEN json_object('message', json_object('role', 'assistant', 'content', {SAID}, 'tool_calls', "
    f"{FIRST}->'message'->'kwargs'->'additional_kwargs'->'tool_calls'), 'usage', {COUNTED}, 'model', "
    "document->'outputs'->'llm_output'->>'model_name', 'finish_reason', "
    f"coalesce({FIRST}->'generation_info'->>'finish_reason', "
    f"{FIRST}->'message'->'kwargs'->'response_metadata'->>'finish_reason')) END"
)
IS_MODEL = "(document->>'run_type') IN ('llm', 'chat_model', 'embedding')"

LAYOUT = Layout(
    keys=(("/run_type", "/start_time", "/inputs"), ("/dotted_order", "/run_type")),
    names={
        "id": "span_id", "parent_run_id": "parent_span_id", "trace_id": "trace_id", "name": "span_name",
        "start_time": "timestamp", "end_time": "", "first_token_time": "", "session_id": "", "dotted_order": "",
        "run_type": "", "total_cost": "cost_given_usd", "prompt_cost": "", "completion_cost": "",
        "extra.metadata.ls_provider": "provider", "extra.metadata.ls_model_name": "model",
        "extra.invocation_params.model": "model", "extra.invocation_params.model_name": "model",
        "extra.metadata.ls_temperature": "temperature", "extra.metadata.ls_max_tokens": "max_tokens",
        "extra.invocation_params.temperature": "temperature", "extra.invocation_params.max_tokens": "max_tokens",
        "extra.invocation_params.max_completion_tokens": "max_tokens", "extra.invocation_params.top_p": "top_p",
        "extra.metadata.session_id": "session_id",
        "extra.metadata.thread_id": "session_id", "extra.metadata.conversation_id": "session_id",
        "extra.metadata.user_id": "user_id", "extra.metadata.ls_model_type": "",
        "extra.runtime.sdk_version": "", "tags": "tags", "extra.invocation_params.stream": "is_streamed",
    },
    tables=(("/run_type", "/start_time", "/inputs"),),
    request=("/clew_asked", "/inputs"),
    response=("/clew_answered",),
    spent=("/outputs",),
    derived={
        "duration_ms": elapsed_ms("/start_time", "/end_time"),
        "ttft_ms": elapsed_ms("/start_time", "/first_token_time"),
        "operation": operation_of_kind("(document->>'run_type')"),
    },
    reshape=f"CASE WHEN {IS_MODEL} THEN json_merge_patch(document, json_merge_patch('{{}}'::JSON, json_object("
            f"'clew_asked', CASE WHEN json_type({ASKED}) = 'ARRAY' THEN json_object('messages', "
            f"to_json({MESSAGES})) END, "
            f"'clew_answered', {ANSWER}))) ELSE json_merge_patch(document, json_object('tool_result', "
            f"document->'outputs')) END",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where records are runs."""
    return calls.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of runs."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"id":"r-1","name":"ChatOpenAI","run_type":"llm","start_time":"2026-11-20T09:00:00.000000","end_time":'
        '"2026-11-20T09:00:01.250000","first_token_time":"2026-11-20T09:00:00.300000","extra":{"metadata":{"ls_provider":'
        '"openai","ls_model_name":"gpt-4o","ls_temperature":0.1,"user_id":"u-1","thread_id":"th-1"}},"error":null,'
        '"inputs":{"messages":[[{"lc":1,"type":"constructor","id":["langchain","HumanMessage"],"kwargs":{"content":'
        '"Name a colour.","type":"human"}}]]},"outputs":{"generations":[[{"text":"Blue.","generation_info":'
        '{"finish_reason":"stop"},"message":{"kwargs":{"content":"Blue.","usage_metadata":{"input_tokens":9,'
        '"output_tokens":2,"total_tokens":11,"input_token_details":{"cache_read":4}}}}}]]},"trace_id":"t-1","parent_run_id":'
        '"r-0","session_id":"p-1","status":"success","dotted_order":"20261120T090000000000Zr-1"}\n'
        '{"id":"r-2","name":"ChatOpenAI","run_type":"llm","start_time":"2026-11-20T09:00:02","end_time":'
        '"2026-11-20T09:00:03","error":'
        '"RateLimitError(\\"429 Too Many Requests\\")","inputs":{"messages":[]},"outputs":null,'
        '"trace_id":"t-2","status":"error","extra":{"metadata":{"ls_model_name":"gpt-4o"}}}\n',
        [
            {"span_id": "r-1", "trace_id": "t-1", "parent_span_id": "r-0", "provider": "openai", "model": "gpt-4o",
             "duration_ms": 1250.0, "ttft_ms": 300.0, "prompt": "Name a colour.", "completion": "Blue.",
             "input_tokens": 9, "output_tokens": 2, "cache_read_tokens": 4, "user_id": "u-1", "session_id": "th-1",
             "finish_reason": "stop", "status": "ok", "operation": "chat", "attributes.session_id": "p-1"},
            {"status": "error", "error_class": "rate_limited", "exception_type": "RateLimitError",
             "exception_message": "429 Too Many Requests", "model": "gpt-4o"},
        ],
        name="runs of a chat model",
    )
]  # fmt: skip

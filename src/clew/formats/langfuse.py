"""Observations exported from Langfuse: generations, spans and events.

Reads     {id, traceId, type, name, startTime, endTime, completionStartTime, model, modelParameters, input,
          output, usageDetails | usage, costDetails, level, statusMessage, parentObservationId ...}
Returns   one event an observation; generations are AI calls, their cost as Langfuse reckoned it
Units     duration_ms is endTime less startTime, ttft_ms completionStartTime less startTime
Blind to  traces: users and sessions that only the trace states, unless the trace lists its observations
"""

from __future__ import annotations

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout, counted, elapsed_ms
from clew.model.case import Sample

READ = counted("/usageDetails/input_cached_tokens", "/usageDetails/cache_read_input_tokens",
               "/usageDetails/input_cache_read", "/usageDetails/cached_tokens")  # fmt: skip
WRITTEN = counted("/usageDetails/cache_creation_input_tokens", "/usageDetails/input_cache_creation")
FRESH = counted("/usageDetails/input", "/usage/input", "/usage/promptTokens", "/promptTokens")
ANSWER = counted(
    "/usageDetails/output", "/usage/output", "/usage/completionTokens", "/completionTokens"
)
REASONING = counted("/usageDetails/output_reasoning_tokens", "/usageDetails/reasoning_tokens")
TOTAL = counted("/usageDetails/total", "/usage/total", "/usage/totalTokens", "/totalTokens")
WHOLE = f"{TOTAL} = {FRESH} + {ANSWER}"
"""Langfuse counts each kind once: cached and reasoning tokens are not in input and output, unless
input and output alone make the total."""

LAYOUT = Layout(
    keys=(("/traceId", "/startTime", "/type"), ("/trace_id", "/start_time", "/usage_details")),
    names={
        "id": "span_id", "traceId": "trace_id", "parentObservationId": "parent_span_id", "name": "span_name",
        "startTime": "timestamp", "endTime": "", "completionStartTime": "", "latency": "", "timeToFirstToken": "",
        "calculatedTotalCost": "cost_given_usd", "totalCost": "cost_given_usd",
        "statusMessage": "status_message", "promptName": "prompt_name", "promptVersion": "prompt_version",
        "userId": "user_id", "sessionId": "session_id", "modelParameters.temperature": "temperature",
        "modelParameters.max_tokens": "max_tokens", "modelParameters.maxTokens": "max_tokens",
        "metadata.user_id": "user_id", "metadata.session_id": "session_id", "version": "service_version",
        "unit": "", "projectId": "tenant", "type": "", "level": "severity", "createdAt": "", "updatedAt": "",
    },
    request=("/input",),
    response=("/output",),
    spent=("/usageDetails", "/usage", "/promptTokens", "/completionTokens", "/totalTokens"),
    derived={
        "input_tokens": f"{FRESH} + CASE WHEN {WHOLE} THEN 0 ELSE coalesce({READ}, 0) + coalesce({WRITTEN}, 0) END",
        "output_tokens": f"{ANSWER} + CASE WHEN {WHOLE} THEN 0 ELSE coalesce({REASONING}, 0) END",
        "cache_read_tokens": READ,
        "cache_write_tokens": WRITTEN,
        "reasoning_tokens": REASONING,
        "total_tokens": TOTAL,
        "cost_given_usd": "try_cast(coalesce(document->'costDetails'->>'total', document->>'calculatedTotalCost', "
                          "document->>'totalCost') AS DECIMAL(18, 9))",
        "usage_details": "coalesce(document->'usageDetails', document->'usage')",
        "duration_ms": elapsed_ms("/startTime", "/endTime"),
        "ttft_ms": elapsed_ms("/startTime", "/completionStartTime"),
        "operation": "CASE upper(document->>'type') WHEN 'GENERATION' THEN 'chat' WHEN 'EMBEDDING' THEN 'embeddings' "
                     "WHEN 'TOOL' THEN 'execute_tool' WHEN 'AGENT' THEN 'invoke_agent' "
                     "WHEN 'CHAIN' THEN 'invoke_workflow' WHEN 'RETRIEVER' THEN 'retrieval' ELSE 'task' END",
        "status": "CASE WHEN upper(document->>'level') = 'ERROR' THEN 'error' END",
    },
    is_plain=True,
    tables=(("/traceId", "/startTime", "/type", "/model"),),
    told=("userId", "sessionId", "environment", "tags"),
)  # fmt: skip


def sniff(head: bytes) -> float:
    """High where records are observations."""
    return calls.sniff(head, LAYOUT)


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of observations."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"id":"o-1","traceId":"t-1","type":"GENERATION","name":"answer","startTime":"2026-11-20T09:00:00.000Z",'
        '"endTime":"2026-11-20T09:00:01.500Z","completionStartTime":"2026-11-20T09:00:00.400Z","model":"gpt-4o",'
        '"modelParameters":{"temperature":0.2},"input":[{"role":"system","content":"Be brief."},{"role":"user",'
        '"content":"Name a colour."}],"output":{"role":"assistant","content":"Blue."},"usageDetails":{"input":20,'
        '"input_cached_tokens":80,"output":3,"total":103},"costDetails":{"input":0.0001,"output":0.00003,'
        '"total":0.00013},"level":"DEFAULT","parentObservationId":"o-0","promptName":"colours","promptVersion":2}\n'
        '{"id":"o-2","traceId":"t-1","type":"GENERATION","name":"answer","startTime":"2026-11-20T09:00:02Z","model":'
        '"gpt-4o","input":"plain words","output":"more words","level":"ERROR","statusMessage":"Rate limit reached",'
        '"usageDetails":{}}\n',
        [
            {"trace_id": "t-1", "span_id": "o-1", "parent_span_id": "o-0", "duration_ms": 1500.0, "ttft_ms": 400.0,
             "model": "gpt-4o", "input_tokens": 100, "cache_read_tokens": 80, "output_tokens": 3, "prompt":
             "Name a colour.", "system_instructions": "Be brief.", "completion": "Blue.", "cost_given_usd": 0.00013,
             "prompt_name": "colours", "operation": "chat", "temperature": 0.2},
            {"prompt": "plain words", "completion": "more words", "status": "error", "error_class": "rate_limited",
             "status_message": "Rate limit reached", "input_tokens": None},
        ],
        name="generations",
    ),
    Sample(
        '{"id":"t-1","name":"chat","userId":"u-1","sessionId":"s-1","observations":[{"id":"o-1","traceId":"t-1",'
        '"type":"GENERATION","startTime":"2026-11-20T09:00:00Z","model":"gpt-4o","usageDetails":{"input":1,"output":2}},'
        '{"id":"o-2","traceId":"t-1","type":"SPAN","startTime":"2026-11-20T09:00:01Z","input":"q"}]}\n',
        [
            {"span_id": "o-1", "user_id": "u-1", "session_id": "s-1", "operation": "chat", "output_tokens": 2},
            {"span_id": "o-2", "operation": "task", "model": None},
        ],
        name="a trace that lists its observations",
    ),
]  # fmt: skip

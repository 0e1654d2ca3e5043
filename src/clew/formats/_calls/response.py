"""Bodies of answers of AI providers, as SQL: who answered, what, why it ended, and the usage block.

choices[].message | text                OpenAI chat and completions, and all who speak like it
output[] {type: message, ...}           OpenAI responses
content[], stop_reason                  Anthropic
candidates[].content, usageMetadata     Gemini
output.message, stopReason              Bedrock converse
message, done_reason | response         Ollama
message.content[], meta | text          Cohere
data[] {embedding | b64_json | url}     embeddings and images
pages[] {markdown}, usage_info          Mistral's reading of documents
generated_text | generation | results   TGI, Llama and Titan on Bedrock
outputs | generations | completions     Mistral, Cohere and AI21 on Bedrock
"""

from __future__ import annotations

import json

from clew.formats._calls.messages import text_of, tools
from clew.formats._calls.usage import COLUMNS
from clew.formats._fields import quoted

TEXTS = (
    "id", "responseId", "response_id", "generation_id", "object", "type", "created", "created_at", "createTime",
    "model", "modelVersion", "model_version", "system_fingerprint", "service_tier", "status", "stop_reason",
    "stopReason", "finish_reason", "done_reason", "completionReason", "generated_text", "generation",
    "completion", "output_text", "provider", "inputTextTokenCount", "previous_response_id",
)  # fmt: skip
OPAQUE = (
    "output", "content", "message", "response", "text", "usage", "usageMetadata", "usage_metadata", "embeddings",
    "embedding",
)  # fmt: skip
TIMES = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
METRICS = "amazon-bedrock-invocationMetrics"
SHAPE = {
    **dict.fromkeys(TEXTS, "VARCHAR"),
    **dict.fromkeys(OPAQUE, "JSON"),
    **dict.fromkeys(TIMES, "DOUBLE"),
    "choices": [{"message": "JSON", "delta": "JSON", "text": "VARCHAR", "finish_reason": "VARCHAR"}],
    "candidates": [{"content": "JSON", "finishReason": "VARCHAR", "finish_reason": "VARCHAR"}],
    "data": "JSON",
    "results": [{"tokenCount": "BIGINT", "outputText": "VARCHAR", "completionReason": "VARCHAR"}],
    "outputs": [{"text": "VARCHAR", "stop_reason": "VARCHAR"}],
    "generations": [{"text": "VARCHAR", "finish_reason": "VARCHAR"}],
    "completions": [{"data": {"text": "VARCHAR"}, "finishReason": {"reason": "VARCHAR"}}],
    "meta": {"billed_units": "JSON", "tokens": "JSON"},
    "x_groq": {"usage": "JSON", "id": "VARCHAR"},
    "usage_info": "JSON", "pages": "JSON",
    "incomplete_details": {"reason": "VARCHAR"},
    "reasoning": {"effort": "VARCHAR"}, "instructions": "JSON",
    "promptFeedback": {"blockReason": "VARCHAR"},
    "details": {"finish_reason": "VARCHAR", "generated_tokens": "VARCHAR", "prefill": "JSON"},
    "metrics": {"latencyMs": "DOUBLE"},
    METRICS: {"inputTokenCount": "VARCHAR", "outputTokenCount": "VARCHAR", "invocationLatency": "DOUBLE",
              "firstByteLatency": "DOUBLE", "cacheReadInputTokenCount": "VARCHAR",
              "cacheWriteInputTokenCount": "VARCHAR"},
    "prompt_eval_count": "VARCHAR", "eval_count": "VARCHAR", "done": "BOOLEAN",
    "prompt_token_count": "VARCHAR", "generation_token_count": "VARCHAR", "cached_tokens": "VARCHAR",
    "clew_stream": {"ttft_ms": "DOUBLE", "duration_ms": "DOUBLE", "chunks": "BIGINT", "is_cut": "BOOLEAN"},
}  # fmt: skip
KEPT = {"reasoning", "metrics", "meta", "details", "x_groq", "promptFeedback", "incomplete_details", "load_duration",
        "embedding", "embeddings", "data", "results", "type", "provider"}  # fmt: skip
EMPTY = {
    "message",
    "text",
    "type",
    "object",
    "done",
    "status",
}
"""Members that are dropped from what is left, although only a part of them has a column."""
VECTORS = quoted(json.dumps(dict.fromkeys(("data", "embedding", "embeddings"))))
"""Members that hold vectors or images, which are counted, not kept."""
CHOICE = quoted(json.dumps(dict.fromkeys(("index", "message", "delta", "text", "finish_reason"))))
REQUEST_ECHO = (
    "temperature", "top_p", "max_output_tokens", "tools", "tool_choice", "user", "truncation", "store",
    "parallel_tool_calls", "text", "reasoning", "top_logprobs", "background", "metadata",
)  # fmt: skip
"""What the responses API repeats of the request."""
KNOWN = json.dumps({name: None for name in SHAPE if name not in KEPT or name in EMPTY})
ERRORS = quoted(
    json.dumps(
        dict.fromkeys(("error", "detail", "__type", "code", "errors", "error_type", "request_id"))
    )
)
IS_VECTOR = (
    "coalesce((a.data->0->'embedding'), a.embedding, (a.embeddings->0), (a.embeddings->'float'->0))"
)
WRITTEN = (
    "a.generated_text", "a.generation", "a.completion", "a.results[1].outputText", "a.outputs[1].text",
    "a.generations[1].text", "a.completions[1].data.text",
)  # fmt: skip
"""Where models that go on writing a text put theirs."""
IS_IMAGE = "coalesce((a.data->0->>'b64_json'), (a.data->0->>'url')) IS NOT NULL"


def with_response(relation: str) -> str:
    """SQL of the relation with `a`, the members of `response` (JSON), `answers` (a JSON array of
    messages) and `usage`."""
    of_choice = (
        "coalesce(c.message, c.delta, CASE WHEN c.text IS NOT NULL "
        "THEN json_object('role', 'assistant', 'content', c.text) END)"
    )
    answers = (
        "CASE WHEN a.choices IS NOT NULL THEN "
        f"to_json(list_filter(list_transform(a.choices, lambda c: {of_choice}), lambda m: m IS NOT NULL)) "
        "WHEN json_type(a.output) = 'ARRAY' THEN a.output "
        "WHEN json_type(a.output) = 'OBJECT' AND (a.output->'message') IS NOT NULL THEN "
        "json_array(a.output->'message') "
        "WHEN a.candidates IS NOT NULL THEN to_json(list_transform(a.candidates, lambda c: c.content)) "
        "WHEN json_type(a.content) = 'ARRAY' THEN json_array(json_object('role', 'assistant', 'content', a.content)) "
        "WHEN json_type(a.message) = 'OBJECT' AND a.object IS DISTINCT FROM 'error' "
        "THEN json_array(a.message) END"
    )
    metrics = f'a."{METRICS}"'
    counted = (
        f"CASE WHEN {metrics}.inputTokenCount IS NOT NULL THEN to_json({metrics}) "
        "WHEN coalesce(a.prompt_eval_count, a.eval_count) IS NOT NULL "
        "THEN json_object('prompt_eval_count', a.prompt_eval_count, 'eval_count', a.eval_count) "
        "WHEN a.inputTextTokenCount IS NOT NULL THEN json_object('inputTextTokenCount', a.inputTextTokenCount, "
        "'outputTokenCount', list_sum(list_transform(a.results, lambda r: r.tokenCount))) "
        "WHEN coalesce(a.prompt_token_count, a.generation_token_count) IS NOT NULL "
        "THEN json_object('prompt_token_count', a.prompt_token_count, "
        "'generation_token_count', a.generation_token_count) "
        "WHEN coalesce(a.meta.billed_units, a.meta.tokens) IS NOT NULL "
        "THEN json_object('billed_units', a.meta.billed_units, 'tokens', a.meta.tokens) "
        "WHEN a.details.generated_tokens IS NOT NULL THEN json_object('generated_tokens', "
        "a.details.generated_tokens, 'input_tokens', nullif(json_array_length(a.details.prefill), 0)) END"
    )
    named = "coalesce(a.usage, a.usageMetadata, a.usage_metadata, a.x_groq.usage, a.usage_info)"
    usage = f"CASE WHEN json_type({named}) = 'OBJECT' AND {named} <> '{{}}' THEN {named} ELSE {counted} END"
    return (
        f"SELECT *, {answers} AS answers, {usage} AS usage FROM ("
        f"SELECT *, json_transform(response, {quoted(json.dumps(SHAPE))}) AS a FROM {relation})"
    )


def response_columns() -> dict[str, str]:
    """Canonical column to SQL over a relation that `with_response` and `with_usage` made."""
    is_vector, is_image = IS_VECTOR, IS_IMAGE
    metrics = f'a."{METRICS}"'
    return {
        **_answer_columns(),
        "response_id": "coalesce(a.id, a.responseId, a.response_id, a.generation_id)",
        "request_id": "coalesce(a.x_groq.id, e.request)",
        "response_model": "coalesce(a.model, a.modelVersion, a.model_version)",
        "system_fingerprint": "a.system_fingerprint",
        "service_tier": "coalesce(a.service_tier, u.service_tier)",
        "usage_details": "usage",
        "output_type": f"CASE WHEN {is_image} THEN 'image' END",
        "embedding_dimensions": (
            f"CASE WHEN json_type({is_vector}) = 'ARRAY' THEN json_array_length({is_vector}) END"
        ),
        "operation": (
            f"CASE WHEN {is_vector} IS NOT NULL THEN 'embeddings' WHEN {is_image} THEN 'image_generation' "
            "WHEN a.object = 'text_completion' THEN 'text_completion' "
            "WHEN a.pages IS NOT NULL THEN 'ocr' WHEN contains(a.model, 'moderation') THEN 'moderation' "
            "WHEN answers IS NOT NULL OR a.promptFeedback.blockReason IS NOT NULL THEN 'chat' "
            "WHEN json_type(a.response) = 'VARCHAR' THEN CASE WHEN a.done IS NULL THEN 'chat' "
            "ELSE 'text_completion' END WHEN json_type(a.text) = 'VARCHAR' THEN CASE "
            "WHEN coalesce(a.generation_id, a.response_id, a.finish_reason) IS NULL THEN 'transcription' "
            f"ELSE 'chat' END WHEN coalesce({', '.join(WRITTEN)}) IS NOT NULL THEN 'text_completion' END"
        ),
        "ttft_ms": f"coalesce(a.clew_stream.ttft_ms, {metrics}.firstByteLatency)",
        "duration_ms": f"coalesce(a.clew_stream.duration_ms, {metrics}.invocationLatency, "
        f"a.metrics.latencyMs, a.total_duration / 1e6)",
        "queue_ms": "try_cast(u.queue_time AS DOUBLE) * 1e3",
        "prefill_ms": "coalesce(a.prompt_eval_duration / 1e6, try_cast(u.prompt_time AS DOUBLE) * 1e3)",
        "decode_ms": "coalesce(a.eval_duration / 1e6, try_cast(u.completion_time AS DOUBLE) * 1e3)",
        "inference_ms": "try_cast(u.total_time AS DOUBLE) * 1e3",
        "server_ms": "coalesce(try_cast(u.total_time AS DOUBLE) * 1e3, a.total_duration / 1e6)",
        "reasoning_level": "CASE WHEN a.object = 'response' THEN a.reasoning.effort END",
        "system_instructions": "CASE WHEN a.object = 'response' AND json_type(a.instructions) = 'VARCHAR' "
        "THEN (a.instructions->>'$') END",
        "is_streamed": "CASE WHEN a.clew_stream.chunks IS NOT NULL THEN true END",
        "previous_response_id": "a.previous_response_id",
        "cost_given_usd": "CASE WHEN coalesce(upper(u.currency), 'USD') = 'USD' THEN try_cast(coalesce(CASE "
        "json_type(u.cost) WHEN 'OBJECT' THEN (u.cost->>'total_cost') ELSE (u.cost->>'$') END) AS DECIMAL(18, 9)) END",
        "timestamp_text": "coalesce(a.created, a.created_at, a.createTime)",
        **{name: f"k.{name}" for name in COLUMNS},
    }


def _answer_columns() -> dict[str, str]:
    """What the model said, which tools it called, and why it ended."""
    first = "CASE WHEN json_type(a.output) = 'ARRAY' THEN json_object('items', answers) ELSE (answers->0) END"
    spoken = text_of("coalesce((answers->0->'content'), (answers->0->'parts'))")
    items = text_of("json_extract(i, '$.content')")
    item_texts = (
        "nullif(array_to_string(list_filter(list_transform(list_filter("
        "json_transform(a.output, '[\"JSON\"]'), lambda i: (i->>'type') = 'message'), "
        f"lambda i: {items}), lambda t: t IS NOT NULL), chr(10)), '')"
    )
    reasons = (
        "list_distinct(list_filter(list_transform({}, lambda c: {}), lambda f: f IS NOT NULL))"
    )
    choice_reasons = reasons.format("a.choices", "c.finish_reason")
    candidate_reasons = reasons.format("a.candidates", "coalesce(c.finishReason, c.finish_reason)")
    finish = (
        f"coalesce(nullif(array_to_string(list_sort({choice_reasons}), ','), ''), "
        f"nullif(array_to_string(list_sort({candidate_reasons}), ','), ''), "
        "a.stop_reason, a.stopReason, a.finish_reason, a.done_reason, a.completionReason, a.details.finish_reason, "
        "a.results[1].completionReason, a.outputs[1].stop_reason, a.generations[1].finish_reason, "
        "a.completions[1].finishReason.reason, a.incomplete_details.reason, "
        "CASE WHEN json_type(a.output) = 'ARRAY' THEN a.status END, a.promptFeedback.blockReason)"
    )
    columns = {
        "finish_reason": finish,
        "completion": (
            f"coalesce(CASE WHEN json_type(a.output) = 'ARRAY' THEN {item_texts} END, "
            f"nullif({spoken}, ''), CASE WHEN json_type(a.response) = 'VARCHAR' THEN (a.response->>'$') END, "
            "CASE WHEN json_type(a.text) = 'VARCHAR' THEN (a.text->>'$') END, "
            f"{', '.join(WRITTEN)}, a.output_text, "
            "nullif(array_to_string(json_extract_string(a.pages, '$[*].markdown'), chr(10)), ''), "
            "CASE WHEN json_type(a.data) = 'ARRAY' THEN (a.data->0->>'revised_prompt') END)"
        ),
        "output_messages": "answers",
    }
    called = tools("called")
    return columns | {
        name: f"CASE WHEN answers IS NOT NULL THEN {sql.replace('called', f'({first})')} END"
        for name, sql in called.items()
    }


def left_choices() -> str:
    """SQL of what choices say beside their message, such as log-probabilities and filters' verdicts."""
    said = " OR ".join(
        f"contains(response::VARCHAR, '\"{name}')"
        for name in ('logprobs":{', 'content_filter_results"')
    )
    choices = "json_transform(json_extract(response, '/choices'), '[\"JSON\"]')"
    rest = f"list_transform({choices}, lambda c: json_merge_patch(c, {CHOICE}))"
    return f"CASE WHEN ({said}) AND a.choices IS NOT NULL THEN to_json({rest}) END"


def leftover() -> str:
    """SQL of what of `response` no column holds, as JSON; NULL where that is nothing."""
    echo = quoted(json.dumps(dict.fromkeys(REQUEST_ECHO)))
    rest = f"json_merge_patch(response, {quoted(KNOWN)})"
    rest = f"CASE WHEN a.object = 'response' THEN json_merge_patch({rest}, {echo}) ELSE {rest} END"
    rest = (
        f"CASE WHEN {IS_VECTOR} IS NOT NULL OR {IS_IMAGE} THEN json_merge_patch({rest}, {VECTORS}) "
        f"ELSE {rest} END"
    )
    rest = f"CASE WHEN e IS NULL THEN {rest} ELSE json_merge_patch({rest}, {ERRORS}) END"
    rest = f"json_merge_patch('{{}}'::JSON, {rest})"
    return f"CASE WHEN json_type(response) = 'OBJECT' THEN nullif({rest}, '{{}}') END"

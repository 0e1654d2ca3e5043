"""Bodies of requests to AI providers, as SQL: what was asked, of which model, with which settings.

OpenAI (chat, responses, completions, embeddings, images, audio) and those who speak like it,
Anthropic, Gemini, Bedrock, Cohere, Ollama and TGI: the members are read wherever they stand.
"""

from __future__ import annotations

import json

from clew.formats._calls.messages import last_user, said, system, text_of
from clew.formats._fields import quoted

TEXTS = (
    "model", "modelId", "message", "preamble", "instructions", "inputText", "inputs", "query",
    "reasoning_effort", "previous_response_id", "service_tier", "user", "safety_identifier",
)  # fmt: skip
NUMBERS = (
    "max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample", "max_gen_len",
    "temperature", "top_p", "p", "top_k", "k", "seed", "random_seed", "frequency_penalty",
    "presence_penalty", "n", "dimensions",
)  # fmt: skip
OPAQUE = (
    "messages", "input", "prompt", "contents", "system", "systemInstruction", "system_instruction", "stop",
    "stop_sequences", "tools", "functions", "texts", "conversation",
)  # fmt: skip
SHAPE = {
    **dict.fromkeys(TEXTS, "VARCHAR"),
    **dict.fromkeys(NUMBERS, "DOUBLE"),
    **dict.fromkeys(OPAQUE, "JSON"),
    "stream": "BOOLEAN",
    "voice": "VARCHAR", "documents": "JSON", "quality": "VARCHAR", "encoding_format": "VARCHAR",
    "reasoning": {"effort": "VARCHAR"},
    "response_format": {"type": "VARCHAR"},
    "text": {"format": {"type": "VARCHAR"}},
    "metadata": {"user_id": "VARCHAR"},
    "generationConfig": {"temperature": "DOUBLE", "topP": "DOUBLE", "topK": "DOUBLE", "seed": "BIGINT",
                         "maxOutputTokens": "BIGINT", "stopSequences": "JSON", "candidateCount": "BIGINT",
                         "responseMimeType": "VARCHAR"},
    "generation_config": {"temperature": "DOUBLE", "top_p": "DOUBLE", "max_output_tokens": "BIGINT"},
    "inferenceConfig": {"maxTokens": "BIGINT", "temperature": "DOUBLE", "topP": "DOUBLE", "stopSequences": "JSON"},
    "options": {"temperature": "DOUBLE", "top_p": "DOUBLE", "top_k": "DOUBLE", "num_predict": "BIGINT",
                "seed": "BIGINT", "stop": "JSON"},
    "parameters": {"max_new_tokens": "BIGINT", "temperature": "DOUBLE", "top_p": "DOUBLE", "top_k": "DOUBLE",
                   "seed": "BIGINT", "stop": "JSON"},
    "toolConfig": {"tools": "JSON"},
}  # fmt: skip
KEPT = {"text", "metadata", "generationConfig", "options", "parameters", "reasoning", "response_format", "voice",
        "documents", "quality", "encoding_format", "query", "toolConfig", "inferenceConfig", "generation_config",
        "conversation", "p", "k"}  # fmt: skip
"""Members that stay in `request_params` as well, because only a part of them has a column."""
KNOWN = json.dumps({name: None for name in SHAPE if name not in KEPT})


def with_request(relation: str) -> str:
    """SQL of the relation with `q`, the members of `request` (JSON), and `turns`, what was said."""
    messages = (
        "coalesce(q.messages, q.contents, CASE WHEN json_type(q.input) = 'ARRAY' "
        "AND json_type(q.input, '$[0]') = 'OBJECT' THEN q.input END)"
    )
    return (
        f"SELECT *, CASE WHEN asked IS NOT NULL THEN {said('asked')} END AS turns FROM ("
        f"SELECT *, {messages} AS asked FROM ("
        f"SELECT *, json_transform(request, {quoted(json.dumps(SHAPE))}) AS q FROM {relation}))"
    )


def request_columns() -> dict[str, str]:
    """Canonical column to SQL over a relation that `with_request` made."""
    plain = "coalesce(q.input, q.prompt, q.texts)"
    lines = f"array_to_string(json_extract_string({plain}, '$[*]'), chr(10))"
    spoken = (
        f"CASE json_type({plain}) WHEN 'VARCHAR' THEN ({plain}->>'$') "
        f"WHEN 'ARRAY' THEN CASE json_type({plain}, '$[0]') WHEN 'VARCHAR' THEN {lines} END END"
    )
    instructed = text_of(
        "coalesce(q.system, (q.systemInstruction->'parts'), (q.system_instruction->'parts'))"
    )
    cases = "coalesce(q.generationConfig.{}, q.inferenceConfig.{})"
    limit = (
        "coalesce(q.max_completion_tokens, q.max_tokens, q.max_output_tokens, q.max_tokens_to_sample, "
        "q.max_gen_len, q.generationConfig.maxOutputTokens, q.generation_config.max_output_tokens, "
        "q.inferenceConfig.maxTokens, q.options.num_predict, q.parameters.max_new_tokens)"
    )
    stop = (
        "coalesce(q.stop, q.stop_sequences, q.options.stop, q.parameters.stop, "
        + cases.format(*["stopSequences"] * 2)
        + ")"
    )
    form = (
        "coalesce(q.response_format.type, q.text.format.type, "
        "replace(q.generationConfig.responseMimeType, 'application/', ''))"
    )
    session = (
        "CASE json_type(q.conversation) WHEN 'VARCHAR' THEN (q.conversation->>'$') "
        "WHEN 'OBJECT' THEN (q.conversation->>'id') END"
    )
    return {
        "model": "coalesce(q.model, q.modelId)",
        "user_id": "coalesce(q.safety_identifier, q.user, q.metadata.user_id)",
        "session_id": session,
        "is_streamed": "q.stream",
        "max_tokens": f"CASE WHEN {limit} BETWEEN 0 AND 1e12 THEN {limit}::BIGINT END",
        "temperature": f"coalesce(q.temperature, q.options.temperature, q.parameters.temperature, "
        f"q.generation_config.temperature, {cases.format(*['temperature'] * 2)})",
        "top_p": f"coalesce(q.top_p, q.p, q.options.top_p, q.parameters.top_p, q.generation_config.top_p, "
        f"{cases.format(*['topP'] * 2)})",
        "top_k": "coalesce(q.top_k, q.k, q.options.top_k, q.parameters.top_k, q.generationConfig.topK)",
        "seed": "try_cast(coalesce(q.seed, q.random_seed, q.options.seed, q.parameters.seed, "
        "q.generationConfig.seed) AS BIGINT)",
        "frequency_penalty": "q.frequency_penalty",
        "presence_penalty": "q.presence_penalty",
        "stop_sequences": f"CASE WHEN json_type({stop}) = 'VARCHAR' THEN to_json([{stop}]) ELSE {stop} END",
        "choice_count": "try_cast(coalesce(q.n, q.generationConfig.candidateCount) AS BIGINT)",
        "reasoning_level": "coalesce(q.reasoning_effort, q.reasoning.effort)",
        "previous_response_id": "q.previous_response_id",
        "output_type": f"CASE WHEN starts_with({form}, 'json') THEN 'json' ELSE {form} END",
        "service_tier": "q.service_tier",
        "tool_definitions": "coalesce(q.tools, q.functions, q.toolConfig.tools)",
        "embedding_dimensions": "try_cast(q.dimensions AS BIGINT)",
        "prompt": f"coalesce({last_user('turns')}, q.message, q.inputText, q.inputs, q.query, {spoken})",
        "system_instructions": f"coalesce({system('turns')}, {instructed}, q.instructions, q.preamble)",
        "input_messages": f"coalesce(asked, CASE WHEN json_type({plain}) = 'ARRAY' THEN {plain} END)",
        "request_params": f"CASE WHEN request IS NOT NULL THEN nullif(json_merge_patch(request, "
        f"{quoted(KNOWN)})::VARCHAR, '{{}}') END",
        "operation": _operation(),
    }


def _operation() -> str:
    model = "lower(q.model)"
    return (
        "CASE WHEN asked IS NOT NULL AND q.documents IS NULL THEN 'chat' "
        "WHEN q.documents IS NOT NULL AND q.query IS NOT NULL THEN 'rerank' "
        "WHEN q.voice IS NOT NULL AND q.input IS NOT NULL THEN 'text_to_speech' "
        f"WHEN q.texts IS NOT NULL OR q.input IS NOT NULL AND (contains({model}, 'embed') "
        "OR q.encoding_format IS NOT NULL OR q.dimensions IS NOT NULL) THEN 'embeddings' "
        f"WHEN q.input IS NOT NULL THEN CASE WHEN contains({model}, 'moderation') THEN 'moderation' "
        "ELSE 'chat' END WHEN q.message IS NOT NULL THEN 'chat' "
        f"WHEN q.prompt IS NOT NULL THEN CASE WHEN contains({model}, 'image') "
        f"OR contains({model}, 'dall-e') OR q.quality IS NOT NULL THEN 'image_generation' "
        "ELSE 'text_completion' END END"
    )

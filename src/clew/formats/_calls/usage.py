"""Usage blocks of AI providers, as SQL: input with the cached tokens, output with the reasoning.

    {prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details: {cached_tokens}, ...}   OpenAI chat
    {input_tokens, output_tokens, input_tokens_details: {cached_tokens}, ...}                       OpenAI responses
    {input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens}             Anthropic
    {promptTokenCount, candidatesTokenCount, thoughtsTokenCount, cachedContentTokenCount, ...}      Gemini
    {inputTokens, outputTokens, totalTokens, cacheReadInputTokens, cacheWriteInputTokens}           Bedrock
    {prompt_eval_count, eval_count}                                                                Ollama
    {billed_units: {...}, tokens: {input_tokens, output_tokens}}                                   Cohere
    {prompt_tokens, prompt_audio_seconds, completion_tokens, total_tokens}                          Mistral

One block may be read in two ways: whether the input holds the cached tokens, and whether the output
holds the reasoning. The block's own names decide; then what must be, by its numbers; then the host
that served the call; else OpenAI's reading. A count that is none is NULL, and `usage_problem` says so.
"""

from __future__ import annotations

import json

from clew.formats._counts import MOST_TOKENS
from clew.formats._fields import quoted

CACHED_APART = ("anthropic", "aws.bedrock")
"""Hosts whose input tokens are without the cached ones."""
REASONING_APART = ("x_ai", "perplexity", "gcp.gemini", "gcp.vertex_ai")
"""Hosts whose OpenAI-like completion tokens are without the reasoning."""
ROOT = (
    "prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "total_tokens",
    "promptTokens", "completionTokens", "totalTokens", "inputTokens", "outputTokens",
    "promptTokenCount", "candidatesTokenCount", "responseTokenCount", "totalTokenCount",
    "thoughtsTokenCount", "cachedContentTokenCount", "toolUsePromptTokenCount",
    "prompt_token_count", "candidates_token_count", "total_token_count", "thoughts_token_count",
    "cached_content_token_count", "tool_use_prompt_token_count", "generation_token_count",
    "prompt_eval_count", "eval_count", "inputTextTokenCount", "inputTokenCount", "outputTokenCount",
    "cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens",
    "cacheWriteInputTokens", "cacheReadInputTokenCount", "cacheWriteInputTokenCount",
    "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_write_tokens",
    "cached_prompt_text_tokens", "reasoning_tokens", "generated_tokens", "service_tier", "queue_time",
    "prompt_time", "completion_time", "total_time", "prompt_audio_seconds",
)  # fmt: skip
ASKED = (
    "cached_tokens", "cache_read", "cache_write_tokens", "cache_creation_tokens", "cache_creation",
    "audio_tokens", "audio", "image_tokens",
)  # fmt: skip
ANSWERED = (
    "reasoning_tokens", "reasoning", "thinking_tokens", "audio_tokens", "audio", "image_tokens",
)  # fmt: skip
ASKED_NAMES = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
ANSWERED_NAMES = ("completion_tokens_details", "output_tokens_details", "output_token_details")
MODALITIES = [{"modality": "VARCHAR", "tokenCount": "VARCHAR", "token_count": "VARCHAR"}]
SHAPE = {
    **dict.fromkeys(ROOT, "VARCHAR"),
    **{name: dict.fromkeys(ASKED, "VARCHAR") for name in ASKED_NAMES},
    **{name: dict.fromkeys(ANSWERED, "VARCHAR") for name in ANSWERED_NAMES},
    "billed_units": {"input_tokens": "VARCHAR", "output_tokens": "VARCHAR"},
    "tokens": {"input_tokens": "VARCHAR", "output_tokens": "VARCHAR"},
    "cache_creation": {"ephemeral_5m_input_tokens": "BIGINT", "ephemeral_1h_input_tokens": "BIGINT"},
    "promptTokensDetails": MODALITIES,
    "candidatesTokensDetails": MODALITIES,
    "cost": "JSON",
    "currency": "VARCHAR",
}  # fmt: skip
STATED = {
    "input_tokens": (
        "prompt_tokens input_tokens promptTokenCount prompt_token_count inputTokens promptTokens "
        "billed_units.input_tokens tokens.input_tokens prompt_eval_count inputTextTokenCount inputTokenCount"
    ),
    "output_tokens": (
        "completion_tokens output_tokens candidatesTokenCount responseTokenCount candidates_token_count "
        "outputTokens completionTokens billed_units.output_tokens tokens.output_tokens eval_count "
        "outputTokenCount generation_token_count generated_tokens"
    ),
    "total_tokens": "total_tokens totalTokenCount total_token_count totalTokens",
    "cache_read_tokens": (
        "{asked}.cached_tokens {asked}.cache_read cache_read_input_tokens cacheReadInputTokens "
        "cacheReadInputTokenCount cachedContentTokenCount cached_content_token_count "
        "prompt_cache_hit_tokens cached_tokens num_cached_tokens cached_prompt_text_tokens"
    ),
    "cache_write_tokens": (
        "{asked}.cache_write_tokens {asked}.cache_creation_tokens {asked}.cache_creation "
        "cache_creation_input_tokens cacheWriteInputTokens cacheWriteInputTokenCount cache_write_tokens"
    ),
    "reasoning_tokens": (
        "{answered}.reasoning_tokens {answered}.reasoning {answered}.thinking_tokens thoughtsTokenCount "
        "thoughts_token_count reasoning_tokens"
    ),
    "tool_tokens": "toolUsePromptTokenCount tool_use_prompt_token_count",
    "audio_input_tokens": "{asked}.audio_tokens {asked}.audio",
    "audio_output_tokens": "{answered}.audio_tokens {answered}.audio",
    "image_input_tokens": "{asked}.image_tokens",
    "image_output_tokens": "{answered}.image_tokens",
}
"""What is counted, and the members that may state it, the surest first."""
COLUMNS = (
    "input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "audio_input_tokens", "audio_output_tokens", "image_input_tokens",
    "image_output_tokens",
)  # fmt: skip

BEYOND = "(n.total_tokens - n.input_tokens - n.output_tokens)"
HEARD = f"coalesce(try_cast(u.prompt_audio_seconds AS DOUBLE) > 0 AND {BEYOND} > 0, false)"
"""Mistral counts the tokens of what was heard in the total alone."""


def with_usage(relation: str) -> str:
    """SQL of the relation with the columns `usage_problem`, `priced` (the block's own cost) and `k`:
    a struct of the token columns. It has `usage` (JSON) and `provider`."""
    stated = ", ".join(f"{name} := {_stated(name)}" for name in STATED)
    counts = ", ".join(f"{name} := {_count(f'r.{name}')}" for name in STATED)
    wrong = ", ".join(
        f"CASE WHEN r.{name} IS NOT NULL AND n.{name} IS NULL "
        f"THEN '{name} is ' || left(r.{name}, 40) END"
        for name in STATED
    )
    wrong += ", " + _contradictions()
    final = ", ".join(f"{name} := {_final(name)}" for name in COLUMNS)
    return (
        f"SELECT * EXCLUDE (n, r, beyond), struct_pack({final}) AS k, "
        f"nullif(concat_ws('; ', {wrong}), '') AS usage_problem FROM ("
        f"SELECT *, {_apart()} AS beyond FROM ("
        f"SELECT *, struct_pack({counts}) AS n FROM ("
        f"SELECT *, struct_pack({stated}) AS r FROM ("
        f"SELECT *, json_transform(usage, {quoted(json.dumps(SHAPE))}) AS u FROM {relation}))))"
    )


def _stated(name: str) -> str:
    parts = []
    for member in STATED[name].split():
        if member.startswith("{"):
            detail = member.split(".")[1]
            places = ASKED_NAMES if "{asked}" in member else ANSWERED_NAMES
            parts += [f"u.{place}.{detail}" for place in places]
        else:
            parts.append(f"u.{member}")
    if name == "cache_write_tokens":
        parts.append(
            "(coalesce(u.cache_creation.ephemeral_5m_input_tokens, u.cache_creation.ephemeral_1h_input_tokens)"
            " + CASE WHEN u.cache_creation.ephemeral_5m_input_tokens IS NULL THEN 0 ELSE "
            "coalesce(u.cache_creation.ephemeral_1h_input_tokens, 0) END)::VARCHAR"
        )
    if name.startswith(("audio_", "image_")):
        modality, side, _ = name.split("_")
        details = "promptTokensDetails" if side == "input" else "candidatesTokensDetails"
        of_kind = f"list_filter(u.{details}, lambda d: lower(d.modality) = '{modality}')[1]"
        parts.append(
            f"CASE WHEN u.{details} IS NOT NULL "
            f"THEN coalesce({of_kind}.tokenCount, {of_kind}.token_count) END"
        )
    return f"coalesce({', '.join(parts)})"


def _count(text: str) -> str:
    """Whole numbers from 0 that a call can have; `12.0` is whole, `true` and `-1` are none."""
    return (
        f"CASE WHEN try_cast({text} AS DOUBLE) BETWEEN 0 AND {MOST_TOKENS} "
        f"AND try_cast({text} AS DOUBLE) = floor(try_cast({text} AS DOUBLE)) "
        f"THEN try_cast({text} AS BIGINT) END"
    )


def _apart() -> str:
    """Tokens beyond those of the input and of the output, by the readings that are possible."""
    is_gemini = (
        "coalesce(u.promptTokenCount, u.totalTokenCount, u.prompt_token_count, "
        "u.total_token_count) IS NOT NULL AND u.generation_token_count IS NULL"
    )
    is_own = (
        "coalesce(u.inputTokens, u.inputTokenCount, CASE WHEN u.prompt_tokens IS NULL "
        f"AND {' AND '.join(f'u.{name} IS NULL' for name in ASKED_NAMES)} AND "
        "coalesce(u.cache_read_input_tokens, u.cache_creation_input_tokens) IS NOT NULL "
        "THEN u.input_tokens END) IS NOT NULL"
    )
    cached = "(coalesce(n.cache_read_tokens, 0) + coalesce(n.cache_write_tokens, 0))"
    plain = "n.input_tokens + coalesce(n.output_tokens, 0)"
    reasoning = "coalesce(n.reasoning_tokens, 0)"
    return (
        "struct_pack(input := CASE "
        f"WHEN {is_gemini} THEN coalesce(n.tool_tokens, 0) WHEN {HEARD} THEN {BEYOND} "
        f"WHEN {cached} = 0 THEN 0 "
        f"WHEN {is_own} OR {cached} > n.input_tokens THEN {cached} "
        f"WHEN n.total_tokens = {plain} THEN 0 "
        f"WHEN n.total_tokens = {plain} + {cached} THEN {cached} "
        f"WHEN provider IN {CACHED_APART} THEN {cached} ELSE 0 END, "
        f"output := CASE WHEN {is_gemini} THEN {reasoning} "
        f"WHEN {BEYOND} = 0 OR {HEARD} THEN 0 "
        f"WHEN {reasoning} > 0 AND ({BEYOND} = {reasoning} OR {reasoning} > n.output_tokens) "
        f"THEN {reasoning} WHEN {BEYOND} > 0 AND {reasoning} = 0 AND provider IN {REASONING_APART} "
        f"THEN {BEYOND} WHEN provider IN {REASONING_APART} THEN {reasoning} ELSE 0 END, "
        f"is_gemini := {is_gemini})"
    )


def _contradictions() -> str:
    """SQL of parts that are larger than their whole, although the total says that they are inside."""
    plain = "n.total_tokens = n.input_tokens + n.output_tokens"
    return ", ".join(
        f"CASE WHEN {plain} AND n.{part} > n.{whole} "
        f"THEN '{part} is ' || n.{part} || ', more than {whole}' END"
        for part, whole in (
            ("cache_read_tokens", "input_tokens"),
            ("cache_write_tokens", "input_tokens"),
            ("reasoning_tokens", "output_tokens"),
        )
    )


def _final(name: str) -> str:
    if name == "input_tokens":
        return "n.input_tokens + beyond.input"
    if name == "output_tokens":
        return (
            "coalesce(n.output_tokens + beyond.output, CASE WHEN beyond.is_gemini AND r.output_tokens IS NULL "
            "THEN coalesce(n.reasoning_tokens, CASE WHEN n.total_tokens = n.input_tokens + beyond.input "
            "THEN 0 END) END)"
        )
    if name == "reasoning_tokens":
        return "coalesce(n.reasoning_tokens, nullif(beyond.output, 0))"
    if name == "audio_input_tokens":
        return f"coalesce(n.audio_input_tokens, CASE WHEN {HEARD} THEN {BEYOND} END)"
    return f"n.{name}"

"""Who sells the model: by the host that was called, else by marks that only one provider leaves.

Names are those of OpenTelemetry's `gen_ai.provider.name` where it has one.
"""

from __future__ import annotations

from clew.formats._fields import quoted

HOSTS: tuple[tuple[str, str], ...] = (
    (r"(^|\.)(openai\.azure|cognitiveservices\.azure|services\.ai\.azure)\.(com|us|cn)$", "azure.ai.openai"),
    (r"\.models\.ai\.azure\.com$|\.inference\.ai\.azure\.com$", "azure.ai.inference"),
    (r"(^|\.)openai\.com$", "openai"),
    (r"(^|\.)anthropic\.com$", "anthropic"),
    (r"^generativelanguage\.googleapis\.com$", "gcp.gemini"),
    (r"aiplatform\.googleapis\.com$", "gcp.vertex_ai"),
    (r"^bedrock[\w-]*\..*amazonaws\.com", "aws.bedrock"),
    (r"(^|\.)mistral\.ai$", "mistral_ai"),
    (r"(^|\.)cohere\.(ai|com)$", "cohere"),
    (r"(^|\.)groq\.com$", "groq"),
    (r"(^|\.)together\.(ai|xyz)$", "together_ai"),
    (r"(^|\.)openrouter\.ai$", "openrouter"),
    (r"(^|\.)fireworks\.ai$", "fireworks_ai"),
    (r"(^|\.)x\.ai$", "x_ai"),
    (r"(^|\.)deepseek\.com$", "deepseek"),
    (r"(^|\.)perplexity\.ai$", "perplexity"),
    (r"(^|\.)cerebras\.ai$", "cerebras"),
    (r"(^|\.)(huggingface\.co|huggingface\.cloud)$", "hugging_face"),
    (r"(^|\.)ml\.cloud\.ibm\.com$", "ibm.watsonx.ai"),
    (r"(^|\.)moonshot\.(ai|cn)$", "moonshot_ai"),
    (r"(^|\.)(dashscope|dashscope-intl)\.aliyuncs\.com$", "alibaba"),
    (r"(^|\.)deepinfra\.com$", "deepinfra"),
    (r"(^|\.)replicate\.com$", "replicate"),
    (r"(^|\.)voyageai\.com$", "voyage_ai"),
    (r"(^|\.)bigmodel\.cn$|(^|\.)z\.ai$", "zhipu_ai"),
)  # fmt: skip


def provider_of_host(host: str) -> str:
    """SQL of the provider from SQL of a host name."""
    found = " ".join(
        f"WHEN regexp_matches({host}, {quoted(pattern)}) THEN '{name}'" for pattern, name in HOSTS
    )
    return f"CASE {found} END"


def host_of(url: str) -> str:
    """SQL of the host of a URL, in lower case."""
    return f"lower(nullif(regexp_extract({url}, '^[a-zA-Z]+://(?:[^/@]*@)?([^/?#:]+)', 1), ''))"


def provider_of_path(url: str) -> str:
    """SQL of the provider from paths that only one has."""
    return (
        f"CASE WHEN contains({url}, '/openai/deployments/') THEN 'azure.ai.openai' "
        f"WHEN regexp_matches({url}, '/model/[^/]+/(converse|invoke)') THEN 'aws.bedrock' "
        f"WHEN regexp_matches({url}, '/projects/[^/]+/locations/.*:(generate|streamGenerate|predict)') THEN "
        f"'gcp.vertex_ai' "
        f"WHEN regexp_matches({url}, '/v1(beta)?/models/[^/]+:(generate|streamGenerate|embed)') THEN 'gcp.gemini' "
        f"WHEN regexp_matches({url}, '(^|[0-9/])/api/(chat|generate|embed|embeddings)$') OR contains({url}, "
        f"':11434/') THEN 'ollama' "
        f"WHEN regexp_matches({url}, '^https?://[^/]+/generate(_stream)?$') THEN 'tgi' END"
    )


def provider_of_body() -> str:
    """SQL of the provider from marks of a body, over `a`, `q` and `response`."""
    return (
        "CASE WHEN regexp_matches(response::VARCHAR, '\"(x_groq|queue_time)\":') THEN 'groq' "
        "WHEN a.type = 'message' AND json_type(a.content) = 'ARRAY' THEN 'anthropic' "
        "WHEN a.usageMetadata IS NOT NULL OR a.candidates IS NOT NULL THEN 'gcp.gemini' "
        'WHEN a.metrics.latencyMs IS NOT NULL OR a."amazon-bedrock-invocationMetrics".inputTokenCount IS '
        "NOT NULL THEN 'aws.bedrock' "
        "WHEN a.done IS NOT NULL AND (a.eval_count IS NOT NULL OR a.total_duration IS NOT NULL) THEN 'ollama' "
        "WHEN a.meta.billed_units IS NOT NULL OR (a.usage->'billed_units') IS NOT NULL THEN 'cohere' "
        "WHEN contains(response::VARCHAR, '\"content_filter_results\"') THEN 'azure.ai.openai' "
        "WHEN regexp_matches(response::VARCHAR, '\"(kv_transfer_params|prompt_logprobs)\":') THEN 'vllm' "
        "WHEN a.details.generated_tokens IS NOT NULL AND a.generated_text IS NOT NULL THEN 'tgi' "
        "WHEN starts_with(a.id, 'gen-') AND a.provider IS NOT NULL THEN 'openrouter' "
        "WHEN regexp_matches(coalesce(a.model, q.model), "
        "'^(ft:)?(gpt-|chatgpt|o[1-9]|text-embedding-|dall-e|whisper|tts-)') "
        "AND (a.id IS NULL OR regexp_matches(a.id, '^(chatcmpl|resp|cmpl)[-_]')) THEN 'openai' "
        "WHEN regexp_matches(coalesce(a.model, q.model), "
        "'^(ft:)?(open-)?(mistral|mixtral|magistral|codestral|ministral|pixtral|devstral|voxtral)-') "
        "AND NOT coalesce(starts_with(a.id, 'chatcmpl-'), false) THEN 'mistral_ai' END"
    )


def url_columns(url: str) -> dict[str, str]:
    """Canonical column to SQL of what a URL says of the call: Azure, Gemini and Bedrock name the model there."""
    model = (
        f"coalesce(nullif(regexp_extract({url}, '/deployments/([^/?]+)', 1), ''), "
        f"nullif(regexp_extract({url}, '/models/([^/:?]+):', 1), ''), "
        f"nullif(regexp_extract({url}, '/model/([^/?]+)/', 1), ''))"
    )
    path = f"regexp_extract({url}, '^(?:[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*)?([^?#]*)', 1)"
    query = f"regexp_extract({url}, '\\?([^#]*)', 1)"
    secret = "(?i)(^|&)(key|api[-_]?key|access_token|token|sig|signature|code)=[^&]*"
    return {
        "url_path": f"nullif({path}, '')",
        "url_query": f"nullif(regexp_replace({query}, '{secret}', '\\1\\2=removed', 'g'), '')",
        "server_address": host_of(url),
        "model": f"CASE WHEN contains({url}, '/model') OR contains({url}, '/deployments/') THEN "
        f"url_decode({model}) END",
        "is_streamed": f"CASE WHEN contains({url}, 'stream') AND regexp_matches({url}, "
        f"':stream|converse-stream|response-stream') THEN true END",
        "operation": (
            f"CASE WHEN regexp_matches({url}, "
            f"'/chat/completions|/messages|/responses|/converse|enerateContent|/api/chat|/v[12]/chat') THEN 'chat' "
            f"WHEN regexp_matches({url}, '[/:](batchE|e)mbed') THEN 'embeddings' "
            f"WHEN contains({url}, '/images/') THEN 'image_generation' "
            f"WHEN contains({url}, '/audio/speech') THEN 'text_to_speech' "
            f"WHEN contains({url}, '/audio/') THEN 'transcription' "
            f"WHEN contains({url}, '/moderations') THEN 'moderation' "
            f"WHEN contains({url}, '/rerank') THEN 'rerank' "
            f"WHEN regexp_matches({url}, '/completions|/api/generate') THEN 'text_completion' END"
        ),
    }

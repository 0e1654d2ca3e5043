"""Sellers of models and kinds of AI calls by one name each, however a source spells them.

The names are those of OpenTelemetry's `gen_ai.provider.name` and `gen_ai.operation.name` where it has
one, so that one seller is one row in a table of costs. A name that is not known stays as found, and so
does `google`, which sells at two places.

AWS, bedrock, amazon_bedrock          aws.bedrock
az.ai.openai, azure, azure_openai.chat   azure.ai.openai
LLM, acompletion, ai.generateText.doGenerate   chat
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PROVIDERS: Mapping[str, str] = {
    "openai": "open_ai openai_chat text_completion_openai openai_compatible_openai",
    "azure.ai.openai": "azure az.ai.openai azure_openai azureopenai azure_open_ai azure.openai",
    "azure.ai.inference": "az.ai.inference azure_ai azure_ai_inference azure_ai_foundry",
    "aws.bedrock": "aws bedrock aws_bedrock amazon amazon_bedrock bedrock_converse bedrock_runtime",
    "gcp.gemini": "gemini google_genai google_generative_ai google_generativeai google_ai_studio google.generative_ai",
    "gcp.vertex_ai": "vertex_ai vertexai vertex google_vertex google_vertexai google_vertex_ai google.vertex",
    "anthropic": "claude anthropic_chat",
    "mistral_ai": "mistral mistralai",
    "cohere": "cohere_chat cohereai",
    "groq": "groqcloud",
    "x_ai": "xai x.ai grok",
    "deepseek": "deep_seek deepseek_ai",
    "perplexity": "perplexity_ai perplexityai",
    "together_ai": "together togetherai together.ai",
    "fireworks_ai": "fireworks fireworksai fireworks.ai",
    "openrouter": "open_router",
    "ollama": "ollama_chat",
    "vllm": "hosted_vllm",
    "tgi": "text_generation_inference",
    "hugging_face": "huggingface hf",
    "ibm.watsonx.ai": "watsonx watsonx_ai ibm ibm_watsonx watsonx_text",
    "moonshot_ai": "moonshot moonshotai",
    "alibaba": "dashscope aliyun alibaba_cloud",
    "deepinfra": "deep_infra",
    "voyage_ai": "voyage voyageai",
    "zhipu_ai": "zhipu zhipuai z_ai zai",
    "cerebras": "cerebras_ai",
}
"""A seller to what else it is called: in lower case, spaces and hyphens as `_`."""
OPERATIONS: Mapping[str, str] = {
    "chat": (
        "llm generation chat_model chat_completion chat.completion chat_completions chat.completions "
        "chatcompletion acompletion responses aresponses anthropic_messages messages "
        "ai.generatetext.dogenerate ai.streamtext.dostream ai.generateobject.dogenerate "
        "ai.streamobject.dostream"
    ),
    "text_completion": "atext_completion",
    "embeddings": "embedding embed aembedding ai.embed.doembed ai.embedmany.doembed",
    "rerank": "reranker arerank",
    "execute_tool": "tool tool_call ai.toolcall",
    "invoke_agent": "agent",
    "invoke_workflow": (
        "chain workflow ai.generatetext ai.streamtext ai.generateobject ai.streamobject ai.embed ai.embedmany"
    ),
    "retrieval": "retriever",
    "image_generation": "aimage_generation",
    "transcription": "atranscription",
    "text_to_speech": "speech aspeech",
}
"""A kind of call to what else it is called, in lower case."""
FROM_CACHE = "gateway_cache"
"""The service tier of what a gateway answered from its own cache: nobody was asked, nothing is due."""
ENDPOINTS = r"[.](chat|responses|messages|completion|embedding|image|speech|transcription|rerank)$"
"""What the Vercel AI SDK puts behind a seller: `openai.chat`."""


def provider_sql(text: str) -> str:
    """SQL of the seller's one name, from SQL of what the source calls it."""
    bare = f"regexp_replace(lower(trim({text})), '[ -]+', '_', 'g')"
    return _named(text, f"regexp_replace({bare}, '{ENDPOINTS}', '')", PROVIDERS)


def provider_name(text: str) -> str:
    """The seller's one name; the text where it is not known.

    >>> provider_name("Azure"), provider_name("acme")
    ('azure.ai.openai', 'acme')
    """
    spelled = re.sub(ENDPOINTS, "", re.sub("[ -]+", "_", text.strip().lower()))
    return _told(PROVIDERS).get(spelled, text)


def operation_sql(text: str) -> str:
    """SQL of the kind of call, from SQL of what the source calls it."""
    return _named(text, f"lower(trim({text}))", OPERATIONS)


def _named(text: str, spelled: str, names: Mapping[str, str]) -> str:
    pairs = ", ".join(f"'{other}': '{name}'" for other, name in _told(names).items())
    named = ", ".join(f"'{name}'" for name in names)
    return (
        f"CASE WHEN {text} IS NULL OR {text} IN ({named}) THEN {text} "
        f"ELSE coalesce(MAP {{{pairs}}}[{spelled}], {text}) END"
    )


def _told(names: Mapping[str, str]) -> dict[str, str]:
    return {other: name for name, others in names.items() for other in (name, *others.split())}

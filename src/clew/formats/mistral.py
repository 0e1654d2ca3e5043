"""Answers of Mistral's API, alone: chat, fill-in-the-middle, embeddings, moderation, documents.

Reads     {id, object, model, choices | data, usage: {prompt_tokens, completion_tokens, total_tokens,
          prompt_audio_seconds}}, {id, model, results} of moderation, {model, pages, usage_info} of
          documents; one answer a line, in one array, or in pages
Returns   one AI call an answer; tokens of what was heard, which only the total has, are input
Units     prompt_audio_seconds and pages stay in usage_details as sent
Blind to  what was asked and how long it took, unless the recorder says so; pages have no tokens, so
          reading documents is not priced
"""

from __future__ import annotations

import re
from typing import Any

from clew.formats import Settings
from clew.formats._calls import parser as calls
from clew.formats._calls.parts import Layout
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(
        ("/choices", "/model"), ("/choices", "/usage"), ("/data", "/usage", "/model"), ("/results", "/model"),
        ("/pages", "/usage_info"),
    ),
    names={"created": "timestamp"},
    response=("",),
    request=("/request_body", "/request"),
    spent=("/error", "/pages"),
)  # fmt: skip
MODEL = re.compile(
    r"(?:ft:)?(?:open-)?(?:mistral|mixtral|magistral|codestral|ministral|pixtral|devstral|voxtral)-"
)
OTHERS = ("chatcmpl-", "cmpl_", "gen-")
"""How ids of servers and sellers begin that offer Mistral's models too."""


def sniff(head: bytes) -> float:
    """High where Mistral's own models answer in its own way, and not through another seller."""
    return 0.985 * calls.share_of_own(head, _is_own)


def _is_own(document: dict[str, Any]) -> bool:
    model, id_ = document.get("model"), str(document.get("id", ""))
    is_named = isinstance(model, str) and MODEL.match(model) is not None
    has_answer = any(name in document for name in ("choices", "data", "results", "pages"))
    return is_named and has_answer and "x_groq" not in document and not id_.startswith(OTHERS)


def parse(head: bytes, settings: Settings) -> calls.CallsParser:
    """A parser of bare answers."""
    return calls.parse(head, settings, LAYOUT)


SAMPLES = [
    Sample(
        '{"id":"5b35cc2e69bf4ba9a11373ee1f1937f8","object":"chat.completion","created":1763629200,"model":'
        '"mistral-large-2411","choices":[{"index":0,"message":{"role":"assistant","content":"Blue.","tool_calls":null,'
        '"prefix":false},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":3,"total_tokens":23}}\n'
        '{"id":"a1","object":"chat.completion","created":1763629201,"model":"codestral-2501","choices":[{"index":0,'
        '"message":{"role":"assistant","content":"return 1"},"finish_reason":"model_length"}],"usage":{'
        '"prompt_tokens":8,"completion_tokens":9,"total_tokens":17}}\n'
        '{"id":"a2","object":"list","data":[{"object":"embedding","embedding":[0.1,0.2],"index":0}],"model":'
        '"mistral-embed","usage":{"prompt_tokens":15,"completion_tokens":0,"total_tokens":15}}\n',
        [
            {"provider": "mistral_ai", "timestamp": "2025-11-20T09:00:00Z", "model": "mistral-large-2411",
             "response_id": "5b35cc2e69bf4ba9a11373ee1f1937f8", "input_tokens": 20, "output_tokens": 3,
             "total_tokens": 23, "completion": "Blue.", "finish_reason": "stop", "operation": "chat"},
            {"provider": "mistral_ai", "completion": "return 1", "finish_reason": "model_length"},
            {"provider": "mistral_ai", "operation": "embeddings", "embedding_dimensions": 2, "input_tokens": 15},
        ],
        name="chat, fill-in-the-middle and embeddings",
    ),
    Sample(
        '{"id":"b1","object":"chat.completion","created":1763629200,"model":"voxtral-mini-2507","choices":[{"index":0,'
        '"message":{"role":"assistant","content":"A speech."},"finish_reason":"stop"}],"usage":{"prompt_audio_seconds":'
        '203,"prompt_tokens":4,"total_tokens":3264,"completion_tokens":635}}\n'
        '{"model":"mistral-ocr-2505","pages":[{"index":0,"markdown":"# Title"},{"index":1,"markdown":"text"}],'
        '"usage_info":{"pages_processed":2,"doc_size_bytes":100}}\n'
        '{"id":"b2","model":"mistral-moderation-latest","results":[{"categories":{"violence":false}}]}\n',
        [
            {"input_tokens": 2629, "audio_input_tokens": 2625, "output_tokens": 635, "completion": "A speech."},
            {"operation": "ocr", "completion": "# Title\ntext", "input_tokens": None, "provider": "mistral_ai"},
            {"operation": "moderation", "provider": "mistral_ai"},
        ],
        name="speech, a document and moderation",
    ),
]  # fmt: skip

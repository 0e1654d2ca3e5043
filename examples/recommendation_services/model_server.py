"""Vectors, scores and reasons.

The vectors and the scores are really computed. The language model that words the reasons is not
part of an example: its call waits as long as its tokens would take, and says so many tokens.
"""

from __future__ import annotations

import asyncio
from typing import Any
from zlib import crc32

import numpy as np
import structlog
from fastapi import FastAPI, HTTPException
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from pydantic import BaseModel

from recommendation_services.feature_database import ITEMS
from recommendation_services.telemetry import Setup, calling

DIMENSIONS = 32
EMBEDDING_MODEL, CHAT_MODEL = "embed-small", "reasons-small"
PROVIDER = "example"
TOKENS_PER_S = 2000
REFUSES_EVERY = 25
"""Of so many request ids one meets a full queue, and is served when it asks again."""

log = structlog.get_logger()
tracer = trace.get_tracer("recommendation_services.model_server")


class Text(BaseModel):
    text: str


class Wanted(BaseModel):
    features: list[dict[str, Any]]
    vector: list[float]


def build(setup: Setup) -> FastAPI:
    app = FastAPI(lifespan=calling(setup))
    items = np.random.default_rng(1).standard_normal((ITEMS, DIMENSIONS))
    refused: set[str] = set()

    @app.post("/embed")
    async def embed(asked: Text) -> dict[str, Any]:
        words = asked.text.split()
        with tracer.start_as_current_span(
            f"embeddings {EMBEDDING_MODEL}",
            kind=SpanKind.CLIENT,
            attributes={
                "gen_ai.operation.name": "embeddings",
                "gen_ai.provider.name": PROVIDER,
                "gen_ai.request.model": EMBEDDING_MODEL,
                "gen_ai.usage.input_tokens": len(words),
            },
        ):
            await asyncio.sleep(0.004 + len(words) / 8000)
            seeds = (crc32(word.encode()) for word in words)
            drawn = [np.random.default_rng(seed).standard_normal(DIMENSIONS) for seed in seeds]
        return {"vector": np.mean(drawn, axis=0).round(5).tolist()}

    @app.post("/rank")
    async def rank(wanted: Wanted) -> dict[str, Any]:
        request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
        if is_refused_first(request_id) and request_id not in refused:
            refused.add(request_id)
            log.warning("queue is full", status=503, queued=32)
            raise HTTPException(503, "the queue is full")
        scores = items @ np.array(wanted.vector)
        for feature in wanted.features:
            scores[feature["item"] % ITEMS] += feature["score"]
        best = np.argsort(-scores, kind="stable")[:10].tolist()
        await _reasons(request_id, len(wanted.features))
        return {"items": best}

    return app


def is_refused_first(request_id: str) -> bool:
    return crc32(request_id.encode()) % REFUSES_EVERY == 0


async def _reasons(request_id: str, features: int) -> None:
    """The model call: one sentence on why these ten."""
    written = 40 + crc32(b"reasons" + request_id.encode()) % 25
    with tracer.start_as_current_span(
        f"chat {CHAT_MODEL}",
        kind=SpanKind.CLIENT,
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": PROVIDER,
            "gen_ai.request.model": CHAT_MODEL,
            "gen_ai.request.max_tokens": 80,
        },
    ) as span:
        await asyncio.sleep(written / TOKENS_PER_S)
        span.set_attributes(
            {
                "gen_ai.response.model": CHAT_MODEL,
                "gen_ai.response.finish_reasons": ["stop"],
                "gen_ai.usage.input_tokens": 120 + 6 * features,
                "gen_ai.usage.output_tokens": written,
            }
        )
    log.info("ranked", model=CHAT_MODEL, output_tokens=written)

"""Asks for the user's features and the page's vector together, then for the ranking."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import structlog
from fastapi import FastAPI, HTTPException

from recommendation_services.telemetry import Setup, calling, client

RETRY_AFTER_S = 0.02
TRENDING = [17, 404, 1203, 88, 2051]

log = structlog.get_logger()


def build(setup: Setup) -> FastAPI:
    app = FastAPI(lifespan=calling(setup))

    @app.get("/recommend/{user_id}")
    async def recommend(user_id: str, page: str) -> dict[str, Any]:
        features, vector = await asyncio.gather(
            client(app, "feature-store").get(f"/users/{user_id}/features"),
            client(app, "model-server").post("/embed", json={"text": page}),
        )
        if features.status_code != 200 or vector.status_code != 200:
            raise HTTPException(502, "features or vector missing")
        wanted = {"features": features.json()["items"], "vector": vector.json()["vector"]}
        ranked = await _ranked(client(app, "model-server"), wanted)
        log.info("recommended", user_id=user_id, items=len(ranked["items"]))
        return ranked

    @app.get("/trending")
    async def trending() -> dict[str, Any]:
        return {"items": TRENDING}

    return app


async def _ranked(model_server: httpx.AsyncClient, wanted: dict[str, Any]) -> dict[str, Any]:
    """The ranking; a model server that is busy is asked once more."""
    answer = await model_server.post("/rank", json=wanted)
    if answer.status_code == 503:
        log.warning("model server is busy, asking again", status=503, attempt=1)
        await asyncio.sleep(RETRY_AFTER_S)
        answer = await model_server.post("/rank", json=wanted)
    if answer.status_code != 200:
        raise HTTPException(502, "no ranking")
    ranked: dict[str, Any] = answer.json()
    return ranked

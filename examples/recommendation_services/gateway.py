"""The entry: checks who asks, then passes the request on to the aggregator."""

from __future__ import annotations

import time
from typing import Annotated

import structlog
from fastapi import FastAPI, Header, Response
from fastapi.responses import JSONResponse
from opentelemetry import trace

from recommendation_services.telemetry import Setup, calling, client

log = structlog.get_logger()


def build(setup: Setup) -> FastAPI:
    app = FastAPI(lifespan=calling(setup))

    @app.get("/v1/recommendations/{user_id}")
    async def recommendations(
        user_id: str, page: str, authorization: Annotated[str, Header()] = ""
    ) -> Response:
        began, path = time.perf_counter(), f"/v1/recommendations/{user_id}"
        trace.get_current_span().set_attribute("user.id", user_id)
        seen = {"authorization": authorization}
        checked = await client(app, "auth").post("/verify", json={"user_id": user_id}, headers=seen)
        if checked.status_code != 200:
            return _answered("GET", path, 401, began, user_id, b"")
        answer = await client(app, "aggregator").get(f"/recommend/{user_id}", params={"page": page})
        status = 200 if answer.status_code == 200 else 502
        return _answered("GET", path, status, began, user_id, answer.content)

    @app.get("/v1/trending")
    async def trending() -> Response:
        began = time.perf_counter()
        answer = await client(app, "aggregator").get("/trending")
        return _answered("GET", "/v1/trending", 200, began, None, answer.content)

    return app


def _answered(
    method: str, path: str, status: int, began: float, user_id: str | None, body: bytes
) -> Response:
    """The answer, with the trace's id in a header so that a caller can name it."""
    took_ms = round((time.perf_counter() - began) * 1000, 3)
    who = {"user_id": user_id} if user_id else {}
    log.info("request done", method=method, path=path, status=status, duration_ms=took_ms, **who)
    context = trace.get_current_span().get_span_context()
    headers = {"x-trace-id": trace.format_trace_id(context.trace_id)}
    if status == 200:
        return Response(body, status, headers, "application/json")
    return JSONResponse({"error": {401: "not allowed", 502: "try later"}[status]}, status, headers)

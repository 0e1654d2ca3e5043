"""One application on one port: OTLP's paths go to their receiver, everything else to the API.

The page is text without a script, under a Content-Security-Policy that allows nothing.
"""

from __future__ import annotations

import html
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from clew import __version__
from clew.live.service import Service
from clew.sources._otlp_request import Asgi, Limits, Receive, Send, discard, headers_of
from clew.sources.otlp import PATHS, HttpReceiver
from clew.web import api, local
from clew.web.asking import Live, Reading, answer_errors

MOST_BODY_BYTES = 1 << 20
BODY_S = 10.0
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Clew</title></head><body>
<h1>Clew {version}</h1>
<p>This server receives OpenTelemetry traces, logs and metrics into {case}, and answers questions.</p>
<pre>
OTLP/HTTP   POST /v1/traces, /v1/logs, /v1/metrics
API         /api/openapi.json describes it: /api/search, /api/sql, /api/show, /api/traces, /api/findings
Metrics     /metrics
Health      /healthz
</pre>
<p>On this machine 'clew search', 'clew sql', 'clew investigate' and the other commands ask this server
by themselves. 'clew token create --scope ingest' makes a token for a sender.</p>
</body></html>
"""


class Application:
    """What uvicorn runs."""

    def __init__(self, service: Service, limits: Limits | None = None) -> None:
        self._receiver = HttpReceiver(service, limits)
        self._api = _api(service)

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        if scope["path"] in PATHS:
            await self._receiver(scope, receive, send)
            return
        given = headers_of(scope).get("content-length", "0")
        if not given.isdigit() or int(given) > MOST_BODY_BYTES:
            await discard(receive, BODY_S)
            await _too_large(scope, receive, send)
            return
        await self._api(scope, _bounded(receive), _guarded(send))  # type: ignore[arg-type]


def _api(service: Service) -> FastAPI:
    app = FastAPI(
        title="Clew",
        version=__version__,
        description="Search, SQL, analyses, traces and findings of one case. Times are RFC 3339.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    answer_errors(app)
    app.include_router(api.routes)
    app.include_router(local.routes)

    @app.get("/", include_in_schema=False)
    def page(live: Live, reading: Reading) -> Response:
        return HTMLResponse(PAGE.format(version=__version__, case=html.escape(live.path.name)))

    @app.get("/healthz")
    def healthz(live: Live) -> Response:
        """200 when the server takes and stores; 503 with the reason when it does not."""
        if problem := live.problem:
            return PlainTextResponse(problem + "\n", 503)
        return PlainTextResponse("ready\n")

    @app.get("/metrics")
    def metrics(live: Live, reading: Reading) -> Response:
        """Counters in the text format of Prometheus."""
        return Response(
            generate_latest(live.counters.registry), headers={"content-type": CONTENT_TYPE_LATEST}
        )

    return app


def _bounded(receive: Receive) -> Receive:
    """A body without a stated length ends where it is too long."""
    size = 0

    async def bounded() -> dict[str, Any]:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST_BODY_BYTES:
            return {"type": "http.disconnect"}
        return message

    return bounded


def _guarded(send: Send) -> Send:
    """Every answer bears the headers that keep a browser from acting on it."""
    lines = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def guarded(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *lines]
        await send(message)

    return guarded


async def _too_large(scope: Asgi, receive: Receive, send: Send) -> None:
    words = f"The request has more than {MOST_BODY_BYTES:,} bytes."
    answer = JSONResponse({"error": "TooLarge", "sentence": words}, 413, {"connection": "close"})
    await answer(scope, receive, send)  # type: ignore[arg-type]

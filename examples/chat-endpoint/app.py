"""A chat endpoint in front of an LLM. Two lines make it log every call in a way that Clew reads."""

import os

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from clew.instrument import CallLogMiddleware, configure_logging

configure_logging(service="chat", path=os.environ.get("CHAT_LOG", "chat.jsonl"))
model = httpx.AsyncClient(base_url=os.environ.get("MODEL_URL", "http://127.0.0.1:8001"), timeout=60)
app = FastAPI()
app.add_middleware(CallLogMiddleware)


@app.post("/chat")
async def chat(request: Request) -> StreamingResponse:
    """Hands the question on, and the answer back as it comes."""
    asked = await request.json()
    body = {"model": "gpt-4o-mini", "stream_options": {"include_usage": True}, **asked}
    if not body.get("stream"):
        del body["stream_options"]
    answer = await model.send(
        model.build_request("POST", "/v1/chat/completions", json=body), stream=True
    )
    return StreamingResponse(
        answer.aiter_bytes(),
        answer.status_code,
        media_type=answer.headers["content-type"],
        background=BackgroundTask(answer.aclose),
    )

"""Stands for an OpenAI-compatible model: it gives the question back word by word, with usage."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse

SECONDS_PER_WORD = 0.02
app = FastAPI()


@app.post("/v1/chat/completions")
async def complete(body: dict[str, Any]) -> Response:
    """Whole, or as server-sent events; usage counts words, for want of a tokenizer."""
    read = " ".join(message["content"] for message in body["messages"]).split()
    words = f"You said: {body['messages'][-1]['content']}".split()[: body.get("max_tokens", 256)]
    head = {"id": f"chatcmpl-{id(body):x}", "created": 1, "model": body["model"]}
    usage = {"prompt_tokens": len(read), "completion_tokens": len(words),
             "total_tokens": len(read) + len(words)}  # fmt: skip
    if body.get("stream"):
        return StreamingResponse(events(head, words, usage), media_type="text/event-stream")
    await asyncio.sleep(SECONDS_PER_WORD * len(words))
    message = {"role": "assistant", "content": " ".join(words)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return JSONResponse({**head, "object": "chat.completion", "choices": [choice], "usage": usage})


async def events(
    head: dict[str, Any], words: list[str], usage: dict[str, int]
) -> AsyncIterator[str]:
    """The answer in pieces; the last one has the usage."""
    head = {**head, "object": "chat.completion.chunk"}
    for word in words:
        await asyncio.sleep(SECONDS_PER_WORD)
        choice = {"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None}
        yield f"data: {json.dumps({**head, 'choices': [choice]})}\n\n"
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    yield f"data: {json.dumps({**head, 'choices': [last]})}\n\n"
    yield f"data: {json.dumps({**head, 'choices': [], 'usage': usage})}\n\ndata: [DONE]\n\n"

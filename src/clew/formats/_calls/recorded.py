"""Files that are recorded streams: the pieces of each answer, put together to one body.

data: {"id":"chatcmpl-1","object":"chat.completion.chunk",...}   OpenAI and those who speak like it
{"id":"chatcmpl-1","object":"chat.completion.chunk",...}         the same, one piece a line
event: message_start / data: {"type":"message_start",...}        Anthropic
event: response.created / data: {"type":"response.created",...}  OpenAI responses
{"model":"llama3.2","message":{"content":"Bl"},"done":false}     Ollama

Pieces of OpenAI's chats belong together by their id, wherever they stand; other streams end with their
own last word.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from clew.formats._calls.entries import Json, text_of
from clew.formats._calls.streams import LAST_WORDS, whole_body

STARTS = ("message_start", "response.created")
HEAD_LINES = 20


def speaks(head: bytes) -> str:
    """Whose stream these first bytes are: `openai`, `anthropic` or `ollama`; "" for none."""
    text = head[:65_536].decode("utf-8-sig", errors="replace")
    for line in text.split("\n")[:HEAD_LINES]:
        piece = _piece(line)
        if piece is None:
            if line.strip() and not line.startswith(("event:", "id:", "retry:", ":")):
                return ""
            continue
        if str(piece.get("object", "")).endswith(".chunk") or piece.get("type") == STARTS[1]:
            return "openai"
        if piece.get("type") == STARTS[0]:
            return "anthropic"
        return "ollama" if piece.get("done") is False and "model" in piece else ""
    return ""


def answers(path: Path) -> Iterator[Json]:
    """The body of each answer of the file; raises InputError where it cannot be unpacked."""
    chats: dict[str, list[str]] = {}
    other: list[str] = []
    last = ""
    for line in text_of(path).splitlines():
        piece = _piece(line)
        if piece is None:
            if last and line.startswith("data:"):  # [DONE]
                chats[last].append(line)
            continue
        if str(piece.get("object", "")).endswith(".chunk"):
            last = str(piece.get("id"))
            chats.setdefault(last, []).append(line)
            continue
        other += [line, ""]
        if piece.get("type") in LAST_WORDS or piece.get("done") is True:
            yield from _whole(other)
            other = []
    yield from _whole(other)
    for lines in chats.values():
        yield from _whole(lines)


def _whole(lines: Sequence[str]) -> Iterator[Json]:
    body = whole_body("\n".join(lines))
    if body is not None:
        yield json.loads(body)


def _piece(line: str) -> dict[str, Json] | None:
    text = line[5:].strip() if line.startswith("data:") else line.strip()
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None

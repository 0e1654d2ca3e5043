"""The pieces of a stream joined to one body, a function for each provider's way of streaming."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

Json = Any
"""What JSON can be: dict, list, str, int, float, bool or None."""
Piece = dict[str, Json]
Pieces = Sequence[Piece]


def listed(piece: Json, name: str) -> list[Json]:
    """A member that is a list; an empty one where it is not."""
    found = piece.get(name) if isinstance(piece, dict) else None
    return found if isinstance(found, list) else []


def inside(piece: Json, name: str) -> Piece:
    """A member that is an object; an empty one where it is not."""
    found = piece.get(name) if isinstance(piece, dict) else None
    return found if isinstance(found, dict) else {}


def join_chat(pieces: Pieces) -> Piece:
    """Chunks of OpenAI's chat and completions: deltas by choice, usage from the last chunk that has one."""
    whole: Piece = {}
    choices: dict[int, Piece] = {}
    for piece in pieces:
        for name, value in piece.items():
            if name not in ("choices", "usage") and value is not None:
                whole.setdefault(name, value)
        if isinstance(usage := piece.get("usage") or inside(piece, "x_groq").get("usage"), dict):
            whole["usage"] = usage
        if isinstance(error := piece.get("error"), dict | str):
            whole["error"] = error
        for choice in listed(piece, "choices"):
            if isinstance(choice, dict):
                index = choice.get("index")
                _add_choice(choices.setdefault(index if isinstance(index, int) else 0, {}), choice)
    whole["choices"] = [choices[index] for index in sorted(choices)]
    if whole.get("object") == "chat.completion.chunk":
        whole["object"] = "chat.completion"
    return whole


def _add_choice(whole: Piece, choice: Piece) -> None:
    if isinstance(choice.get("text"), str):
        whole["text"] = whole.get("text", "") + choice["text"]
    if choice.get("finish_reason"):
        whole["finish_reason"] = choice["finish_reason"]
    delta = inside(choice, "delta") or inside(choice, "message")
    if not delta:
        return
    message = whole.setdefault("message", {"role": "assistant"})
    for name, value in delta.items():
        if name == "tool_calls" and isinstance(value, list):
            for call in value:
                if isinstance(call, dict):
                    _add_call(message.setdefault("tool_calls", []), call)
        elif isinstance(value, str) and name != "role":
            before = message.get(name)
            message[name] = (before if isinstance(before, str) else "") + value
        elif value is not None:
            message[name] = value


def _add_call(calls: list[Piece], call: Piece) -> None:
    index = call.get("index")
    found = next((one for one in calls if one.get("index") == index), None)
    if found is None or (index is None and call.get("id")):
        found = {"index": index, "function": {}}
        calls.append(found)
    for name, value in call.items():
        if name not in ("index", "function") and value is not None:
            found[name] = value
    for name, value in inside(call, "function").items():
        if isinstance(value, str):
            found["function"][name] = found["function"].get(name, "") + value
        elif value is not None:
            found["function"][name] = value


def join_responses(pieces: Pieces) -> Piece:
    """Events of OpenAI's responses: the last one holds the whole; else the text as far as it came."""
    last: Piece = {}
    texts: list[str] = []
    for piece in pieces:
        last = {**last, **inside(piece, "response")}
        if piece.get("type") == "response.output_text.delta" and isinstance(
            piece.get("delta"), str
        ):
            texts.append(piece["delta"])
        if piece.get("type") == "error":
            last["error"] = {
                name: piece[name] for name in ("code", "message", "param") if piece.get(name)
            } or piece.get("error")
    if not last.get("output") and texts:
        content = [{"type": "output_text", "text": "".join(texts)}]
        last["output"] = [{"type": "message", "role": "assistant", "content": content}]
    return last


def join_anthropic(pieces: Pieces) -> Piece:
    """Events of Anthropic: the message that began, its blocks, and what changed since."""
    whole: Piece = {}
    blocks: dict[int, Piece] = {}
    for piece in pieces:
        kind, index = piece.get("type"), piece.get("index")
        place = index if isinstance(index, int) else 0
        if kind == "message_start":
            whole.update(inside(piece, "message"))
        elif kind == "content_block_start":
            blocks[place] = dict(inside(piece, "content_block"))
        elif kind == "content_block_delta":
            _add_block(blocks.setdefault(place, {"type": "text"}), inside(piece, "delta"))
        elif kind == "message_delta":
            whole.update({k: v for k, v in inside(piece, "delta").items() if v is not None})
            usage = {k: v for k, v in inside(piece, "usage").items() if v is not None}
            whole["usage"] = {**inside(whole, "usage"), **usage}
        elif kind == "error":
            whole["error"] = piece.get("error")
        if isinstance(metrics := piece.get("amazon-bedrock-invocationMetrics"), dict):
            whole["amazon-bedrock-invocationMetrics"] = metrics
    for block in blocks.values():
        if isinstance(given := block.pop("partial_json", None), str):
            block["input"] = _parsed(given)
    whole["content"] = [blocks[place] for place in sorted(blocks)]
    return whole


def _add_block(block: Piece, delta: Piece) -> None:
    for name in ("text", "thinking", "partial_json", "signature"):
        if isinstance(delta.get(name), str):
            before = block.get(name)
            block[name] = (before if isinstance(before, str) else "") + delta[name]


def _parsed(text: str) -> Json:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


def join_gemini(pieces: Pieces) -> Piece:
    """Pieces of Gemini: parts of each candidate in order, usage from the last piece."""
    whole: Piece = {}
    candidates: dict[int, Piece] = {}
    for piece in pieces:
        whole.update({k: v for k, v in piece.items() if k != "candidates"})
        for candidate in listed(piece, "candidates"):
            if not isinstance(candidate, dict):
                continue
            index = candidate.get("index")
            found = candidates.setdefault(index if isinstance(index, int) else 0, {})
            parts = listed(inside(found, "content"), "parts") + listed(
                inside(candidate, "content"), "parts"
            )
            found.update({k: v for k, v in candidate.items() if k != "content"})
            found["content"] = {"role": "model", "parts": _merged(parts)}
    whole["candidates"] = [candidates[index] for index in sorted(candidates)]
    return whole


def _merged(parts: Sequence[Json]) -> list[Json]:
    """Neighbouring parts of plain text as one."""
    merged: list[Json] = []
    for part in parts:
        is_text = isinstance(part, dict) and set(part) == {"text"} and isinstance(part["text"], str)
        if is_text and merged and isinstance(merged[-1], dict) and set(merged[-1]) == {"text"}:
            merged[-1] = {"text": merged[-1]["text"] + part["text"]}
        else:
            merged.append(part)
    return merged


def join_ollama(pieces: Pieces) -> Piece:
    """Objects of Ollama: the last one holds the counts, all of them the words."""
    whole: Piece = dict(pieces[-1])
    spoken = [inside(piece, "message") for piece in pieces]
    if any(spoken):
        message: Piece = {"role": "assistant"}
        for one in spoken:
            for name, value in one.items():
                if isinstance(value, str) and name != "role":
                    message[name] = message.get(name, "") + value
                elif isinstance(value, list):
                    message[name] = message.get(name, []) + value
        whole["message"] = message
    texts = [piece["response"] for piece in pieces if isinstance(piece.get("response"), str)]
    if texts:
        whole["response"] = "".join(texts)
    return whole


def join_converse(pieces: Pieces) -> Piece:
    """Events of Bedrock's converse."""
    blocks: dict[int, Piece] = {}
    whole: Piece = {}
    for piece in pieces:
        for event in ("contentBlockStart", "contentBlockDelta"):
            found = inside(piece, event)
            if not found:
                continue
            block = blocks.setdefault(found.get("contentBlockIndex") or 0, {})
            started = inside(inside(found, "start"), "toolUse")
            if started:
                block["toolUse"] = {**started, "input": ""}
            delta = inside(found, "delta")
            if isinstance(delta.get("text"), str):
                block["text"] = block.get("text", "") + delta["text"]
            if isinstance(given := inside(delta, "toolUse").get("input"), str):
                tool = block.setdefault("toolUse", {"input": ""})
                tool["input"] = str(tool.get("input", "")) + given
        if ended := inside(piece, "messageStop"):
            whole["stopReason"] = ended.get("stopReason")
        whole.update({k: v for k, v in inside(piece, "metadata").items() if v is not None})
    for block in blocks.values():
        if isinstance(given := inside(block, "toolUse").get("input"), str):
            block["toolUse"]["input"] = _parsed(given)
    content = [blocks[place] for place in sorted(blocks)]
    return {**whole, "output": {"message": {"role": "assistant", "content": content}}}


def join_cohere(pieces: Pieces) -> Piece:
    """Events of Cohere's chat."""
    whole: Piece = {}
    texts: list[str] = []
    for piece in pieces:
        delta = inside(piece, "delta")
        if piece.get("id"):
            whole.setdefault("id", piece["id"])
        text = inside(inside(delta, "message"), "content")
        if piece.get("type") == "content-delta" and isinstance(text.get("text"), str):
            texts.append(text["text"])
        if piece.get("type") == "message-end":
            whole.update({k: v for k, v in delta.items() if v is not None})
    content = [{"type": "text", "text": "".join(texts)}]
    return {**whole, "message": {"role": "assistant", "content": content}}


ANTHROPIC = ("message_start", "content_block_start", "content_block_delta", "message_delta")
CONVERSE = {"messageStart", "contentBlockStart", "contentBlockDelta", "messageStop"}
JOINERS: tuple[tuple[Callable[[Piece], bool], Callable[[Pieces], Piece]], ...] = (
    (lambda piece: isinstance(piece.get("choices"), list), join_chat),
    (lambda piece: str(piece.get("type", "")).startswith("response."), join_responses),
    (lambda piece: piece.get("type") in ANTHROPIC, join_anthropic),
    (lambda piece: "candidates" in piece or "usageMetadata" in piece, join_gemini),
    (lambda piece: isinstance(piece.get("done"), bool), join_ollama),
    (lambda piece: not CONVERSE.isdisjoint(piece), join_converse),
    (lambda piece: str(piece.get("type", "")).startswith(("message-", "content-")), join_cohere),
)
"""Whether a piece is of this way of streaming, and how its pieces are joined."""

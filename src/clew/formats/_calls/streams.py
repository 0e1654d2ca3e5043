"""Answers that came in pieces, put together to the body that the provider would have sent whole.

    data: {"choices":[{"delta":{"content":"Hel"}}]}            OpenAI and those who speak like it
    event: response.completed / data: {"response": {...}}      OpenAI responses
    event: content_block_delta / data: {...}                   Anthropic
    data: {"candidates":[...], "usageMetadata": {...}}         Gemini, as events or as one array
    {"message":{"content":"Hel"},"done":false}                 Ollama, one object a line
    {"contentBlockDelta":{"delta":{"text":"Hel"}}}             Bedrock converse
    H4sIAAAA... or the bytes themselves                        gzip, as base64 or as text

Pieces may carry their own times ({"offset_ms": 312, "data": "..."}): the first piece with text says
when the first token came. A stream without its end is marked as cut.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from clew.formats._calls.joined import JOINERS, inside, listed

Json = Any
"""What JSON can be: dict, list, str, int, float, bool or None."""
OFFSETS_MS = ("offset_ms", "t_ms", "elapsed_ms", "at_ms", "delta_ms", "ms")
OFFSETS_S = ("offset", "elapsed", "t", "offset_s")
PAYLOADS = ("data", "chunk", "event", "text", "body", "content")
LAST_WORDS = frozenset({
    "message_stop", "response.completed", "response.incomplete", "response.failed", "message-end", "error",
})  # fmt: skip
MOST_BYTES = 64 << 20
"""A gzip body that grows beyond this is not unpacked."""


def whole_body(text: str | None) -> str | None:
    """The JSON text of the whole body; None where the text is no body, stream or gzip of one."""
    try:
        return _whole(text) if text else None
    except (ValueError, RecursionError):
        return None


def _whole(text: str) -> str | None:
    body = _unpacked(text)
    if body is None:
        return None
    pieces, times, is_ended = _pieces(body)
    if not pieces:
        return None
    if len(pieces) == 1 and not times and not _is_piece(pieces[0]):
        return json.dumps(pieces[0])
    whole = _joined(pieces)
    stream: dict[str, Json] = {"chunks": len(pieces)}
    if not is_ended and not _is_ended(pieces):
        stream["is_cut"] = True
    if times:
        spoken = [at for at, piece in zip(times, pieces, strict=False) if _text_of(piece)]
        stream["ttft_ms"] = (spoken or times)[0]
        stream["duration_ms"] = times[-1]
    return json.dumps({**whole, "clew_stream": stream})


def _unpacked(text: str) -> str | list[Json] | None:
    """The text of a body that may be gzip or base64; a list where it is a JSON array."""
    shown = text.strip()
    if shown.startswith("H4sI"):
        shown = _inflated(base64.b64decode(shown + "=" * (-len(shown) % 4)))
    elif text.startswith("\x1f\x8b"):
        try:
            shown = _inflated(text.encode("latin-1"))
        except UnicodeEncodeError:
            return None
    elif shown.startswith(("ZGF0Y", "ZXZlbn", "eyJ")):
        try:
            shown = base64.b64decode(shown, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
    if shown.startswith("["):
        found = json.loads(shown)
        return found if isinstance(found, list) else None
    return shown


def _inflated(data: bytes) -> str:
    """Whatever of the gzip can be read, a cut one as far as it goes."""
    reader = zlib.decompressobj(wbits=31)
    try:
        return reader.decompress(data, MOST_BYTES).decode(errors="replace")
    except zlib.error as error:
        raise ValueError("not gzip") from error


def _pieces(body: str | list[Json]) -> tuple[list[dict[str, Json]], list[float], bool]:
    """The objects of a stream, when each came in ms where stated, and whether it said [DONE]."""
    if isinstance(body, str):
        found, is_ended = _of_text(body)
        return found, [], is_ended
    pieces: list[dict[str, Json]] = []
    times: list[float] = []
    is_ended = False
    for element in body:
        at = _offset_ms(element)
        payload = element if at is None else next((element[k] for k in PAYLOADS if k in element), None)  # fmt: skip
        if isinstance(payload, str):
            payloads, ended = _of_text(payload)
            is_ended = is_ended or ended
        else:
            payloads = [payload] if isinstance(payload, dict) else []
        pieces += payloads
        if at is not None:
            times += [at] * len(payloads)
    return pieces, times if len(times) == len(pieces) else [], is_ended


def _offset_ms(element: Json) -> float | None:
    if not isinstance(element, dict):
        return None
    for names, scale in ((OFFSETS_MS, 1.0), (OFFSETS_S, 1e3)):
        for name in names:
            if isinstance(element.get(name), int | float) and not isinstance(element[name], bool):
                return float(element[name]) * scale
    return None


def _of_text(text: str) -> tuple[list[dict[str, Json]], bool]:
    """Objects from server-sent events, from one object a line, or from one object."""
    is_events = "data:" in text[:4096]
    found: list[dict[str, Json]] = []
    is_ended = False
    for payload in _event_data(text) if is_events else text.splitlines():
        if payload.strip() == "[DONE]":
            is_ended = True
        elif "{" in payload:
            try:
                piece = json.loads(payload)
            except ValueError:
                continue
            if isinstance(piece, dict):
                found.append(piece)
    if not found and not is_events:
        piece = json.loads(text)
        found = [piece] if isinstance(piece, dict) else []
    return found, is_ended


def _event_data(text: str) -> Iterator[str]:
    """The data of each event; data over several lines is joined."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("data:"):
            if lines and _is_json(lines):
                yield "\n".join(lines)
                lines = []
            lines.append(line[5:].lstrip(" "))
        elif not line.strip() and lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)


def _is_json(lines: Sequence[str]) -> bool:
    """Whether an event is whole although no blank line follows, as some recorders leave them out."""
    try:
        json.loads("\n".join(lines))
    except ValueError:
        return False
    return True


def _is_piece(body: dict[str, Json]) -> bool:
    kind = str(body.get("object", ""))
    return kind.endswith(".chunk") or body.get("done") is False or "contentBlockDelta" in body


def _is_ended(pieces: Sequence[dict[str, Json]]) -> bool:
    """Whether the pieces hold a word of their own that the answer is over."""
    for piece in pieces[-4:]:
        kind = str(piece.get("type", ""))
        if kind in LAST_WORDS:
            return True
        if piece.get("done") is True or "messageStop" in piece or "error" in piece:
            return True
        for choice in [*listed(piece, "choices"), *listed(piece, "candidates")]:
            if isinstance(choice, dict) and (
                choice.get("finish_reason") or choice.get("finishReason")
            ):
                return True
    return False


def _text_of(piece: dict[str, Json]) -> bool:
    """Whether a piece carries words of the answer."""
    for choice in listed(piece, "choices"):
        delta = inside(choice, "delta")
        if delta.get("content") or delta.get("tool_calls") or delta.get("reasoning_content"):
            return True
    kind = str(piece.get("type", ""))
    return bool(
        kind in ("content_block_delta", "response.output_text.delta", "content-delta")
        or listed(piece, "candidates")
        or inside(piece, "message").get("content")
        or piece.get("response")
        or "contentBlockDelta" in piece
    )


def _joined(pieces: Sequence[dict[str, Json]]) -> dict[str, Json]:
    """One body from the pieces, by what they look like."""
    for is_mine, join in JOINERS:
        if any(is_mine(piece) for piece in pieces[:8]):
            return join(pieces)
    return dict(pieces[-1])

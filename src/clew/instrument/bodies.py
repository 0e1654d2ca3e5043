"""What bodies of Ollama's and OpenAI-compatible APIs say of a call: asked, answered, streamed.

    POST /v1/chat/completions, /v1/completions, /v1/responses, /v1/embeddings   JSON, or server-sent events
    POST /api/chat, /api/generate, /api/embed                                    JSON, or JSON lines

Fields bear the names of Clew's columns. A count that is not a whole number of at least 0 is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Fields = dict[str, Any]
Json = Mapping[str, Any]

_PROMPTS = (
    "messages",
    "prompt",
    "input",
    "system",
    "instructions",
    "message",
    "question",
    "query",
    "text",
)
"""Keys of a request whose text the model reads."""
_ASKS = ("messages", "prompt", "input")
"""Keys beside which `model` names a language model, and not a car's."""
_ANSWERS = frozenset({"choices", "usage", "done", "output", "embeddings"})
_USAGE = {
    "input_tokens": ("prompt_tokens", "input_tokens"),
    "output_tokens": ("completion_tokens", "output_tokens"),
    "total_tokens": ("total_tokens",),
}
_DETAILS = {
    ("prompt_tokens_details", "cached_tokens"): "cache_read_tokens",
    ("input_tokens_details", "cached_tokens"): "cache_read_tokens",
    ("prompt_tokens_details", "audio_tokens"): "audio_input_tokens",
    ("completion_tokens_details", "reasoning_tokens"): "reasoning_tokens",
    ("output_tokens_details", "reasoning_tokens"): "reasoning_tokens",
    ("completion_tokens_details", "audio_tokens"): "audio_output_tokens",
}
_OLLAMA_MS = {
    "load_duration": "load_ms",
    "prompt_eval_duration": "prefill_ms",
    "eval_duration": "decode_ms",
}
"""Ollama states these in nanoseconds."""


def asked(body: Json) -> Fields:
    """What a request says: model, limits, how long the prompt is."""
    options = body.get("options")
    options = options if isinstance(options, Mapping) else {}
    limits = ("max_completion_tokens", "max_output_tokens", "max_tokens")
    limit = next((body[name] for name in limits if body.get(name) is not None), None)
    said = {
        "model": _text(body.get("model")) if any(name in body for name in _ASKS) else None,
        "is_streamed": body["stream"] if isinstance(body.get("stream"), bool) else None,
        "max_tokens": _count(options.get("num_predict") if limit is None else limit),
        "temperature": _number(body.get("temperature", options.get("temperature"))),
        "top_p": _number(body.get("top_p", options.get("top_p"))),
        "user_id": _text(body.get("user")),
        "prompt_length": _length(body[name] for name in _PROMPTS if name in body),
    }
    return {name: value for name, value in said.items() if value is not None}


class Answer:
    """What an answer says, from its one body or from each piece of its stream."""

    def __init__(self) -> None:
        self.fields: Fields = {}
        self.length: int | None = None
        self._finished: dict[int, str] = {}

    def add(self, body: Json) -> bool:
        """Takes in one body or one piece; whether it brought something that the model wrote."""
        before = self.length or 0
        whole = body.get("response")
        event = body.get("type")
        if isinstance(whole, Mapping):  # an event of the responses API that holds the whole
            self._take_response(whole)
            return False
        wrote = False
        if (
            isinstance(event, str)
            and event.endswith(".delta")
            and isinstance(body.get("delta"), str)
        ):
            wrote = self._wrote(body["delta"])
        elif "choices" in body:
            wrote = self._take_choices(body)
        elif "done" in body or "eval_count" in body or "prompt_eval_count" in body:
            wrote = self._take_ollama(body)
        elif body.get("object") == "response" or "output" in body:
            self._take_response(body)
        self._take_head(body)
        self._take_usage(body.get("usage"))
        if isinstance(groq := body.get("x_groq"), Mapping):
            self._take_usage(groq.get("usage"))
        self._take_error(body)
        return wrote or (self.length or 0) > before

    def said(self) -> Fields:
        """All that was taken in."""
        said = dict(self.fields)
        if self._finished:
            reasons = dict.fromkeys(self._finished[place] for place in sorted(self._finished))
            said["finish_reason"] = ",".join(reasons)
        if self.length is not None:
            said["completion_length"] = self.length
        return said

    def _take_head(self, body: Json) -> None:
        if not _ANSWERS & body.keys():
            return
        names = {"id": "response_id", "model": "response_model", "service_tier": "service_tier",
                 "system_fingerprint": "system_fingerprint"}  # fmt: skip
        for name, column in names.items():
            if value := _text(body.get(name)):
                self.fields[column] = value
        kind = body.get("object")
        if isinstance(kind, str) and kind.startswith(("chat.completion", "text_completion")):
            self.fields["operation"] = "chat" if kind.startswith("chat") else "text_completion"
        elif kind == "response":
            self.fields["operation"] = "chat"
        elif _is_embedding(body):
            self.fields["operation"] = "embeddings"

    def _take_choices(self, body: Json) -> bool:
        """Chat completions and completions, whole or as deltas."""
        wrote = False
        choices = body["choices"] if isinstance(body["choices"], list) else []
        for place, choice in enumerate(item for item in choices if isinstance(item, Mapping)):
            part = choice.get("delta") or choice.get("message")
            part = part if isinstance(part, Mapping) else {}
            for written in (part.get("content"), part.get("refusal"), choice.get("text")):
                wrote |= self._wrote(written)
            for hidden in (
                "reasoning_content",
                "reasoning",
                "tool_calls",
                "function_call",
                "audio",
            ):
                wrote |= bool(part.get(hidden))
            if reason := _text(choice.get("finish_reason")):
                index = choice.get("index")
                self._finished[index if isinstance(index, int) else place] = reason
        return wrote

    def _take_ollama(self, body: Json) -> bool:
        message = body.get("message")
        message = message if isinstance(message, Mapping) else {}
        wrote = self._wrote(message.get("content")) | self._wrote(body.get("response"))
        wrote |= bool(message.get("thinking") or message.get("tool_calls") or body.get("thinking"))
        self.fields["provider"] = "ollama"
        if reason := _text(body.get("done_reason")):
            self._finished[0] = reason
        self._count("input_tokens", body.get("prompt_eval_count"))
        self._count("output_tokens", body.get("eval_count"))
        for name, column in _OLLAMA_MS.items():
            if (nanoseconds := _count(body.get(name))) is not None:
                self.fields[column] = nanoseconds / 1e6
        return wrote

    def _take_response(self, body: Json) -> None:
        """A whole answer of the responses API; in a stream its text has been counted before."""
        if self.length is None:
            output = body.get("output")
            for item in output if isinstance(output, list) else ():
                if isinstance(item, Mapping) and item.get("type") == "message":
                    self._wrote(_parts(item.get("content")))
        incomplete = body.get("incomplete_details")
        reason = incomplete.get("reason") if isinstance(incomplete, Mapping) else body.get("status")
        if (reason := _text(reason)) and reason != "in_progress":
            self._finished[0] = reason
        self._take_head(body)
        self._take_usage(body.get("usage"))
        self._take_error(body)

    def _take_usage(self, usage: Any) -> None:
        if not isinstance(usage, Mapping):
            return
        for column, names in _USAGE.items():
            for name in names:
                self._count(column, usage.get(name))
        for (group, name), column in _DETAILS.items():
            if isinstance(details := usage.get(group), Mapping):
                self._count(column, details.get(name))

    def _take_error(self, body: Json) -> None:
        error = body.get("error")
        if isinstance(error, Mapping):
            if kind := _text(error.get("type")) or _text(error.get("code")):
                self.fields["error_type"] = kind
            if message := _text(error.get("message")):
                self.fields["status_message"] = message
        elif message := _text(error) or _text(body.get("detail")):
            self.fields["status_message"] = message

    def _wrote(self, text: Any) -> bool:
        if not isinstance(text, str):
            return False
        self.length = (self.length or 0) + len(text)
        return bool(text)

    def _count(self, column: str, value: Any) -> None:
        if (number := _count(value)) is not None:
            self.fields[column] = number


def _is_embedding(body: Json) -> bool:
    rows = body.get("data")
    first = rows[0] if isinstance(rows, list) and rows else None
    return "embeddings" in body or (
        isinstance(first, Mapping) and first.get("object") == "embedding"
    )


def _length(parts: Iterable[Any]) -> int | None:
    """Characters of all text in a prompt, in whichever shape; None where there is none."""
    lengths = [len(text) for part in parts for text in _texts(part)]
    return sum(lengths) if lengths else None


def _texts(part: Any, depth: int = 0) -> Iterable[str]:
    """The texts of messages, of their parts, and of lists of such."""
    if isinstance(part, str):
        yield part
    elif depth > 6:
        return
    elif isinstance(part, list):
        for item in part:
            yield from _texts(item, depth + 1)
    elif isinstance(part, Mapping):
        for name in ("content", "text"):
            yield from _texts(part.get(name), depth + 1)


def _parts(content: Any) -> str:
    return "".join(_texts(content))


def _text(value: Any) -> str | None:
    return value[:1000] if isinstance(value, str) and value else None


def _count(value: Any) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 0 <= value < 1 << 53 else None


def _number(value: Any) -> float | int | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number and value == value and abs(value) < 1e15 else None

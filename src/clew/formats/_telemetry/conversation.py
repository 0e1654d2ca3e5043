"""What was said to a model and by it, in any vocabulary's shape, as JSON and as plain text.

[{"role": "user", "content": "text"}]                            OpenAI, Traceloop, MLflow
[{"role": "user", "parts": [{"type": "text", "content": "x"}]}]  OpenTelemetry
[{"role": "user", "content": [{"type": "text", "text": "x"}]}]   OpenAI with parts, Vercel
llm.input_messages.0.message.contents.1.message_content.text     OpenInference, a key a leaf
{"messages": [[{"kwargs": {"content": "x", "type": "human"}}]]}  LangChain
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WRAPPERS = frozenset({"message", "message_content", "tool_call", "document", "tool", "image"})
"""Parts of an indexed key that only say what the index counts."""
NESTED = ("messages", "message", "prompts", "choices", "generations", "kwargs", "input", "output", "inputs",
          "outputs", "prompt", "question", "query", "answer", "response", "completion", "result", "text",
          "content")  # fmt: skip
"""Members of an object that may hold the conversation, the surest first."""
SILENT = frozenset(
    {"thinking", "reasoning", "redacted_thinking", "tool_result", "tool_use", "tool_call",
     "tool_call_response", "document", "image_url", "image", "blob", "uri", "file"}
)  # fmt: skip
"""Parts of a message that are not what somebody says."""
USER = frozenset({"user", "human", "humanmessage", "humanmessagechunk"})
ANSWER = frozenset({"assistant", "ai", "model", "aimessage", "aimessagechunk", "chatbot"})
SYSTEM = frozenset({"system", "developer", "systemmessage"})
DEEPEST = 12
MOST_MESSAGES = 10_000


class Tree:
    """One structure from the leaves of it: numbers in a path are places in a list.

    >>> tree = Tree()
    >>> tree.add(("0", "role"), "user")
    >>> tree.add(("0", "parts", "0", "text"), "hi")
    >>> tree.value()
    [{'role': 'user', 'parts': [{'text': 'hi'}]}]
    """

    __slots__ = ("is_deep", "root")

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self.is_deep = False

    def add(self, path: Sequence[str], value: Any) -> None:
        """A leaf; of two at one place the first counts, and a branch more than a leaf."""
        place = self.root
        if len(path) != 2:
            self.is_deep = True
        for step in path[:-1]:
            inner = place.get(step)
            if type(inner) is not dict:
                inner = place[step] = {}
            place = inner
        if path[-1] not in place:
            place[path[-1]] = value

    def value(self) -> Any:
        """The structure."""
        if not self.is_deep and len(self.root) == 1 and "0" in self.root:
            (only,) = self.root.values()
            if not any(map(str.isdecimal, only)):
                return [only]
        return _listed(self.root)


def steps_of(path: Sequence[str]) -> tuple[str, ...]:
    """The path without parts that only say what an index counts.

    >>> steps_of(["0", "message", "tool_calls", "1", "tool_call", "id"])
    ('0', 'tool_calls', '1', 'id')
    """
    steps = [
        step
        for n, step in enumerate(path[:DEEPEST])
        if not (n and step in WRAPPERS and path[n - 1].isdecimal() and n + 1 < len(path))
    ]
    if len(path) > DEEPEST:
        steps.append(".".join(path[DEEPEST:]))
    return tuple(steps)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=lambda key: (len(key), key))]
    return {key: _listed(inner) for key, inner in value.items()}


def messages_of(value: Any, depth: int = 0) -> list[Any]:
    """The messages that a structure holds, in order; a text is one message that says no role."""
    if isinstance(value, str):
        return [value] if value else []
    if depth > DEEPEST:
        return []
    if isinstance(value, list):
        if value and all(isinstance(inner, dict) and _is_part(inner) for inner in value):
            return [{"content": value}]
        found: list[Any] = []
        for inner in value[:MOST_MESSAGES]:
            found += messages_of(inner, depth + 1)
        return found
    if not isinstance(value, dict):
        return []
    if _role(value) and any(
        name in value for name in ("content", "parts", "contents", "tool_calls")
    ):
        return [value]
    if isinstance(inner := value.get("kwargs"), dict) and "content" in inner:
        return [
            {"role": _role(value) or _role(inner) or _class(value), "content": inner["content"]}
        ]
    for name in NESTED:
        if value.get(name) and (found := messages_of(value[name], depth + 1)):
            return found
    return []


def prompt_of(messages: Sequence[Any]) -> str | None:
    """The last turn of the user as text; turns that only bring a tool's results are passed over."""
    return _last(messages, USER)


def completion_of(messages: Sequence[Any]) -> str | None:
    """The answer as text."""
    return _last(messages, ANSWER)


def system_of(messages: Sequence[Any]) -> str | None:
    """The system prompt, several joined."""
    found = [text for m in messages if _role(m) in SYSTEM and (text := text_of(m))]
    return "\n".join(found) or None


def _last(messages: Sequence[Any], roles: frozenset[str]) -> str | None:
    for message in reversed(messages):
        role = _role(message)
        if (role in roles or not role) and (text := text_of(message)):
            return text
    return None


def text_of(message: Any) -> str | None:
    """What one message says; parts that are not text are left out."""
    if isinstance(message, str):
        return message or None
    if not isinstance(message, dict):
        return None
    for name in ("content", "parts", "contents", "text"):
        if (text := _text(message.get(name), 0)) is not None:
            return text
    return None


def _text(content: Any, depth: int) -> str | None:
    if isinstance(content, str):
        return content or None
    if depth > DEEPEST:
        return None
    if isinstance(content, list):
        texts = [text for part in content if (text := _text(part, depth + 1)) is not None]
        return "\n".join(texts) if texts else None
    if not isinstance(content, dict) or content.get("thought") is True:
        return None
    if content.get("type") in SILENT:
        return None
    for name in ("text", "content", "refusal", "value", "parts"):
        if (text := _text(content.get(name), depth + 1)) is not None:
            return text
    return None


def _is_part(value: dict[str, Any]) -> bool:
    return "type" in value and "role" not in value and ("text" in value or "content" in value)


def _role(message: Any) -> str:
    """Who speaks, in lower case; "" where it is not said."""
    if not isinstance(message, dict):
        return ""
    role = message.get("role")
    if not isinstance(role, str):
        role = message.get("type")
        if not isinstance(role, str) or role.lower() not in USER | ANSWER | SYSTEM | {"tool"}:
            return ""
    return role.lower()


def _class(value: dict[str, Any]) -> str:
    """LangChain says the class of a message as the last of its path."""
    path = value.get("id")
    return str(path[-1]) if isinstance(path, list) and path else ""

"""The first bytes of a source as JSON: one object a line, one array, or documents over several lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

ARRAY = re.compile(rb"\s*\[\s*[{\]]")
KEY = re.compile(r'"((?:[^"\\]|\\.){1,80})"\s*:')
Document = dict[str, Any]


def is_array(head: bytes) -> bool:
    """Whether one array of objects begins here."""
    return ARRAY.match(head) is not None


def share_of_objects(head: bytes) -> float:
    """Share of the first lines that are whole JSON objects."""
    lines = _first_lines(head)
    return sum(_object(line) is not None for line in lines) / len(lines) if lines else 0.0


def begins_with_document(head: bytes) -> bool:
    """Whether an object over several lines stands first."""
    text = _text(head)
    if not text.startswith("{") or _object(text.split("\n", 1)[0].encode()) is not None:
        return False
    try:
        found, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return len(head) >= 65_536 and re.match(r'\{\s*"[^"]*"\s*:', text) is not None
    return isinstance(found, dict)


def elements(head: bytes) -> Literal["array", "documents"] | None:
    """What a source that is not one object a line consists of."""
    if is_array(head):
        return "array"
    if share_of_objects(head) < 0.5 and begins_with_document(head):
        return "documents"
    return None


def share_of(head: bytes, is_own: Callable[[Document], bool]) -> float:
    """Share of the first objects, however they stand, that are a format's own. An object that the
    head cuts off is judged by the names of its members, as if all of them stood at its top."""
    found = _documents(head)
    if found is None:
        cut = _text(head)
        found = [{key: {} for key in KEY.findall(cut[:65_536])}] if cut[:1] in ("{", "[") else []
    return sum(bool(is_own(one)) for one in found) / len(found) if found else 0.0


def documents(head: bytes) -> list[Document]:
    """The first objects, however they stand."""
    return _documents(head) or []


@lru_cache(maxsize=2)
def _documents(head: bytes) -> list[Document] | None:
    """The first objects; None where not one is whole. Every JSON format asks for them in turn."""
    found = [one for line in _first_lines(head)[:50] if (one := _object(line)) is not None]
    if found:
        return found
    text = _text(head)
    text = text[1:].lstrip() if is_array(head) else text
    decoder = json.JSONDecoder()
    while text.startswith("{") and len(found) < 20:
        try:
            one, end = decoder.raw_decode(text)
        except (ValueError, RecursionError):
            break
        found.append(one)
        text = text[end:].lstrip(", \t\r\n")
    return found or None


def _text(head: bytes) -> str:
    return head.decode(errors="replace").lstrip("\ufeff \t\r\n")


def _first_lines(head: bytes) -> list[bytes]:
    lines = [line for line in head.split(b"\n")[:200] if line.strip()]
    if len(lines) > 1 and not head.endswith(b"\n"):
        lines.pop()
    return lines


def _object(line: bytes) -> Document | None:
    line = line.strip()
    if not line.startswith(b"{"):
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None

"""JSON lines: one object a line, from any logger.

Reads     structlog, python-json-logger, zerolog, zap, pino, bunyan, logback, ECS, Google Cloud
          LogEntry, and any other JSON log; files that are one JSON array; Docker json-file and
          Kubernetes CRI wrappers, whose inner line is parsed in turn
Returns   canonical columns by the names of model/vocabulary.py; other keys as attributes
Units     durations by their name, else by their size, which the ledger says
Blind to  the meaning of keys that no vocabulary lists: they stay attributes
"""

from __future__ import annotations

import json
import re

from clew import registry
from clew.formats import Parser, Settings, surest
from clew.formats._json import JsonParser
from clew.formats._wrapped import unwrap, wrapped
from clew.model.case import Sample

ARRAY = re.compile(rb"\s*\[\s*[{\]]")


def sniff(head: bytes) -> float:
    """Share of the first lines that are JSON objects; 1 for an array of objects."""
    if ARRAY.match(head) or unwrap(head):
        return 0.95
    share = _share(head)
    return 0.95 * share if share > 0 else 0.9 * _first_document(head)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of JSON objects: one a line, in one array, or one after the other over lines."""
    if found := unwrap(head):
        return wrapped(found, settings, lambda inner: _parse_inner(inner, settings))
    if ARRAY.match(head):
        return JsonParser(settings, elements="array")
    if _share(head) < 0.5 and _first_document(head):
        return JsonParser(settings, elements="documents")
    return JsonParser(settings)


def _parse_inner(head: bytes, settings: Settings) -> Parser:
    """The parser of the surest format for lines that were wrapped."""
    name = surest(head)
    if name == "jsonl":
        return JsonParser(settings)
    parser: Parser = registry.load("formats", name).parse(head, settings)
    return parser


def _share(head: bytes) -> float:
    """Share of the first lines that are whole JSON objects."""
    lines = [line for line in head.split(b"\n")[:200] if line.strip()]
    if len(lines) > 1 and not head.endswith(b"\n"):
        lines.pop()
    return sum(_is_object(line) for line in lines) / len(lines) if lines else 0.0


def _first_document(head: bytes) -> bool:
    """Whether an object over several lines stands first."""
    text = head.decode(errors="replace").lstrip("\ufeff \t\r\n")
    if not text.startswith("{") or _is_object(text.split("\n", 1)[0].encode()):
        return False
    try:
        found, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return len(head) >= 65_536 and re.match(r'\{\s*"[^"]*"\s*:', text) is not None
    return isinstance(found, dict)


def _is_object(line: bytes) -> bool:
    line = line.strip()
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


SAMPLES: list[Sample] = []

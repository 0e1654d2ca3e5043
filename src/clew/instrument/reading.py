"""Reads bodies as they pass, and never holds more than a bounded part of one.

Request   the first `most` bytes of a request, read as JSON when it is over
Reply     an answer: server-sent events and JSON lines piece by piece, one JSON body at its end

What could not be read is said in `unread`, a sentence, so that a missing count is never silent.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

from clew.instrument.bodies import Answer, Fields, asked

MOST_BYTES = 1 << 20
TAIL_BYTES = 1 << 14
"""Of a body that is longer than may be held, the end is held too: usage stands there."""
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,200})"')
_USAGE = re.compile(rb'"usage"\s*:\s*(?=\{)')
_OLLAMA_END = re.compile(rb'"(done_reason|prompt_eval_count|eval_count)"\s*:\s*("[^"\\]*"|\d+)')
_TEXT = re.compile(r"^text/|json")
_STREAMS = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
            "application/json-lines", "application/stream+json")  # fmt: skip


class Request:
    """The body of a request."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.bytes, self._most, self._head = 0, most, bytearray()

    def feed(self, chunk: bytes) -> None:
        self.bytes += len(chunk)
        if len(self._head) < self._most:
            self._head += chunk[: self._most - len(self._head)]

    def said(self) -> Fields:
        """What it asked for; {} where it is no JSON object."""
        if not self._head:
            return {}
        if self.bytes > len(self._head):
            found = _MODEL.search(self._head)
            said: Fields = {"model": found[1].decode("utf-8", "replace")} if found else {}
            return {**said, "unread": f"request: longer than {self._most:,} bytes"}
        body = _json(self._head)
        return asked(body) if isinstance(body, Mapping) else {}


class Reply:
    """The body of an answer. `feed` tells whether the model has written something in that chunk."""

    def __init__(self, content_type: str, encoding: str = "", most: int = MOST_BYTES) -> None:
        self.bytes, self.chunks, self.is_stream = 0, 0, False
        self.unread = ""
        self._answer = Answer()
        self._most = most
        self._kind = content_type.partition(";")[0].strip().lower()
        self._held, self._tail = bytearray(), bytearray()
        self._mode = "sse" if self._kind == "text/event-stream" else ""
        if self._kind in _STREAMS:
            self._mode = "lines"
        self._is_skipping = False
        self._unzip = zlib.decompressobj(47) if encoding in ("gzip", "deflate", "x-gzip") else None
        if encoding and encoding != "identity" and self._unzip is None:
            self.unread, self._mode = f"response: its encoding is {encoding}", "unread"
        elif self._kind and not self._mode and not _TEXT.search(self._kind):
            self._mode = "unread"  # a picture, a sound: no text to read

    def feed(self, chunk: bytes) -> bool:
        """Whether it brought something that the model wrote, as far as can be told."""
        self.bytes += len(chunk)
        self.chunks += bool(chunk)
        if self._mode == "unread" or not chunk:
            return False
        wrote = False
        for plain in self._plain(chunk):
            wrote |= self._read(plain)
        return wrote

    def said(self) -> Fields:
        """What the answer said, to be asked once, when it is over."""
        if self._mode in ("sse", "lines"):
            self.is_stream = True
            if self._held and not self._is_skipping:
                self._line(bytes(self._held))
        elif self._mode != "unread":
            self._whole()
        said = self._answer.said()
        if self._mode == "" and self._kind == "text/plain" and not self._tail:
            said["completion_length"] = len(self._held.decode("utf-8", "replace"))
        return {**said, "unread": self.unread} if self.unread else said

    def _plain(self, chunk: bytes) -> Any:
        """The chunk, decompressed in pieces of bounded size where it is compressed."""
        if self._unzip is None:
            yield chunk
            return
        try:
            while chunk:
                yield self._unzip.decompress(chunk, self._most)
                chunk = self._unzip.unconsumed_tail
        except zlib.error:
            self.unread, self._mode = "response: its compression is broken", "unread"

    def _read(self, chunk: bytes) -> bool:
        if self._mode in ("sse", "lines"):
            return self._lines(chunk)
        room = self._most - len(self._held)
        self._held += chunk[:room] if room > 0 else b""
        if room < len(chunk):
            self._tail = (self._tail + chunk[max(room, 0) :])[-TAIL_BYTES:]
        if self.chunks > 1 or b"\n" in chunk:
            self._find_mode()
        if self._mode:
            held, self._held = bytes(self._held), bytearray()
            return self._lines(held)
        return self._kind == "text/plain" and self.chunks > 0

    def _find_mode(self) -> None:
        """Streams that are not named as such: their first line tells."""
        first, found, more = self._held[: 1 << 16].partition(b"\n")
        if not found or self._tail:
            return
        if first.startswith((b"data:", b"event:", b"id:", b":")):
            self._mode = "sse"
            return
        body = _json(first) if first.startswith(b"{") else None
        # one body may end in a line break; a piece of Ollama's says that it is not the last
        if isinstance(body, Mapping) and (more.strip() or body.get("done") is False):
            self._mode = "lines"

    def _lines(self, chunk: bytes) -> bool:
        """Whole lines are read; the last one waits for its end, unless it grows too long."""
        wrote = False
        *lines, rest = chunk.replace(b"\r\n", b"\n").split(b"\n")
        for line in lines:
            if not self._is_skipping and len(self._held) + len(line) <= self._most:
                wrote |= self._line(bytes(self._held) + line)
            elif not self._is_skipping:
                self.unread = f"response: a line longer than {self._most:,} bytes"
            self._held, self._is_skipping = bytearray(), False
        if len(self._held) + len(rest) > self._most:
            self.unread = f"response: a line longer than {self._most:,} bytes"
            self._held, self._is_skipping = bytearray(), True
        elif not self._is_skipping:
            self._held += rest
        return wrote

    def _line(self, line: bytes) -> bool:
        """One line of a stream: `data: {...}`, or the object alone."""
        line = line.strip()
        if self._mode == "sse":
            if not line.startswith(b"data:"):
                return False
            line = line[5:].strip()
        if not line or line == b"[DONE]":
            return False
        body = _json(line)
        if not isinstance(body, Mapping):
            if self._mode == "lines":
                self.unread = "response: a line that is not JSON"
            return self._mode == "sse"  # plain text as an event: something was written
        return self._answer.add(body)

    def _whole(self) -> None:
        """One JSON body; of one that is too long, its model and its usage."""
        if self._tail:
            self._ends()
            return
        body = _json(self._held) if self._held.lstrip()[:1] == b"{" else None
        if isinstance(body, Mapping):
            self._answer.add(body)
        elif self._kind == "application/json" and self._held.lstrip()[:1] == b"{":
            self.unread = "response: not JSON"

    def _ends(self) -> None:
        self.unread = f"response: longer than {self._most:,} bytes, its usage is read from its end"
        body: Fields = {}
        for name, value in _OLLAMA_END.findall(self._tail):
            body[name.decode()] = _json(value)
        if places := [found.end() for found in _USAGE.finditer(self._tail)]:
            body["usage"] = _first_object(bytes(self._tail[places[-1] :]))
        if body:
            if found := _MODEL.search(self._held) or _MODEL.search(self._tail):
                body["model"] = found[1].decode("utf-8", "replace")
            self._answer.add(body)


def _json(text: bytes | bytearray) -> Any:
    """The value, None where it is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _first_object(text: bytes) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text.decode("utf-8", "replace"))[0]
    except (ValueError, RecursionError):
        return None

"""Parts of spans and log records that every decoder finds: times, events, links, bodies.

A decoder of protobuf, of JSON, of Jaeger's or Zipkin's files hands over numbers and Python values; here
they become columns, and what they tell in passing (an exception, a conversation) is noted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.formats._severity import WORDS
from clew.formats._telemetry.columns import Column, json_text, member, numbers, text_column
from clew.formats._telemetry.columns import column as column_of
from clew.formats._telemetry.raised import EXCEPTION
from clew.model.event import SEVERITIES

SEVERITY_OF = {word: severity for severity, words in WORDS.items() for word in words}
BY_NUMBER = {number: list(SEVERITIES)[(number - 1) // 4] for number in range(1, 25)}
MESSAGE_KEYS = ("message", "msg", "text", "log")
"""Members of a structured body that are its sentence."""
TURNS = {
    "gen_ai.system.message": ("gen_ai.prompt", "system"),
    "gen_ai.user.message": ("gen_ai.prompt", "user"),
    "gen_ai.assistant.message": ("gen_ai.prompt", "assistant"),
    "gen_ai.tool.message": ("gen_ai.prompt", "tool"),
    "gen_ai.choice": ("gen_ai.completion", "assistant"),
}
"""Events of OpenTelemetry's older conventions: one turn of a conversation each."""
CONTENTS = ("gen_ai.prompt", "gen_ai.completion", "gen_ai.input.messages", "gen_ai.output.messages")
"""Attributes of events that hold a whole conversation."""
JSON_LIST = frozenset({"ARRAY"})
Nanoseconds = NDArray[np.uint64]


def times(start: Nanoseconds, end: Nanoseconds) -> dict[str, Column]:
    """Begin in microseconds and as found, and the duration, from nanoseconds; 0 is no time."""
    has_both = (start > 0) & (end > 0)
    found = moments(start)
    found["duration_ms"] = numbers((end - start).view(np.int64) / 1e6, has_both)
    return found


def moments(nanoseconds: Nanoseconds) -> dict[str, Column]:
    """A time in microseconds and as found."""
    is_set = nanoseconds > 0
    return {
        "timestamp": microseconds(nanoseconds),
        "timestamp_text": numbers(
            nanoseconds.view(np.int64), is_set & (nanoseconds < np.uint64(1 << 63))
        ),
    }


def microseconds(nanoseconds: Nanoseconds) -> Column:
    """Microseconds since 1970, nothing for 0."""
    return numbers((nanoseconds // np.uint64(1000)).astype(np.int64), nanoseconds > 0)


def json_lists(values: Mapping[int, Sequence[Any]], size: int) -> Column | None:
    """A column of JSON lists."""
    rows = np.array(sorted(values), np.int64)
    if not len(rows):
        return None
    texts = [json_text(values[row]).encode() for row in rows.tolist()]
    return text_column(rows, texts, size, "json", JSON_LIST)


@dataclass(slots=True)
class SpanEvents:
    """What happened on spans.

    lists   row to its events
    raised  row to the attributes of the last exception that was recorded on it
    said    structure, row and turns: conversations that events tell
    """

    lists: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    raised: dict[int, dict[str, Any]] = field(default_factory=dict)
    said: dict[str, dict[int, Any]] = field(default_factory=dict)

    def add(
        self, row: int, name: str, time_ns: int, attributes: dict[str, Any], dropped: int = 0
    ) -> None:
        """Notes one event of a row."""
        event: dict[str, Any] = {"name": name}
        if time_ns:
            event["time_unix_nano"] = time_ns
        if attributes:
            event["attributes"] = attributes
        if dropped:
            event["dropped_attributes_count"] = dropped
        self.lists.setdefault(row, []).append(event)
        if not attributes:
            return
        if any(key in attributes for key in EXCEPTION):
            self.raised[row] = {key: attributes[key] for key in EXCEPTION if key in attributes}
        if name.startswith("gen_ai."):
            self.note(row, name, attributes)

    def note(self, row: int, name: str, told: Mapping[str, Any]) -> None:
        """Notes the conversation that an event tells."""
        for key in CONTENTS:
            if told.get(key):
                self.said.setdefault(key, {}).setdefault(row, told[key])
        if name in TURNS:
            structure, role = TURNS[name]
            turns = self.said.setdefault(structure, {}).setdefault(row, [])
            if isinstance(turns, list):
                turns.append(_turn(role, told))


def _turn(role: str, told: Mapping[str, Any]) -> dict[str, Any]:
    told = {**told, **_object(told.get("gen_ai.event.content"))}
    inner = told.get("message")
    spoken = dict(inner) if isinstance(inner, dict) else _object(inner)
    for key in ("role", "content", "tool_calls", "id", "finish_reason"):
        if key in told:
            spoken[key] = told[key]
    if isinstance(inner, str) and not _object(inner):
        spoken.setdefault("content", inner)
    return {"role": role, **spoken}


def _object(said: Any) -> dict[str, Any]:
    """The JSON object that a text is; spans hold the parts of a turn as text."""
    if not isinstance(said, str) or not said.lstrip().startswith("{"):
        return {}
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(slots=True)
class LogParts:
    """The fields of log records, a value each.

    body  text, or a structure, or None
    """

    time: Nanoseconds
    observed: Nanoseconds
    severity_number: Sequence[int]
    severity_text: Sequence[str]
    body: Sequence[Any]
    event_name: Sequence[str]

    def columns(self, rest: list[list[str]]) -> dict[str, Column]:
        """Canonical columns; what has no column of its own goes to `rest`."""
        size = len(self.time)
        direct = moments(np.where(self.time > 0, self.time, self.observed))
        direct["observed_timestamp"] = microseconds(self.observed)
        severities: list[str | None] = []
        for row, (number, text) in enumerate(
            zip(self.severity_number, self.severity_text, strict=True)
        ):
            word = SEVERITY_OF.get(text.strip(" []:").lower()) if text else None
            severities.append(BY_NUMBER.get(number, word))
            if text and text.upper() != severities[-1]:
                rest[row].append(member("severity_text", text))
        direct["severity"] = _column(severities)
        direct["severity_number"] = _column(
            [
                number if number in BY_NUMBER else SEVERITIES.get(severity or "")
                for number, severity in zip(self.severity_number, severities, strict=True)
            ]
        )
        messages = [_message(body) for body in self.body]
        for row, body in enumerate(self.body):
            if isinstance(body, list | dict):
                rest[row].append(member("body", body))
        direct["message"] = _column(messages)
        if any(self.event_name):
            direct["event_name"] = _column([name or None for name in self.event_name])
        assert all(len(values.valid) == size for values in direct.values()), "BUG: rows are missing"
        return direct

    def said(self, names: Sequence[str | None]) -> dict[str, dict[int, Any]]:
        """The conversations that the bodies of events tell; the names are the events'."""
        noted = SpanEvents()
        for row, (name, body) in enumerate(zip(names, self.body, strict=True)):
            if name and name.startswith("gen_ai.") and isinstance(body, dict):
                noted.note(row, name, body)
        return noted.said


def _message(body: Any) -> str | None:
    if isinstance(body, str) or body is None:
        return body
    if isinstance(body, dict):
        for key in MESSAGE_KEYS:
            if isinstance(inner := body.get(key), str):
                return inner
    return json_text(body)


def _column(values: Sequence[Any]) -> Column:
    rows = [row for row, value in enumerate(values) if value is not None]
    return column_of(rows, [values[row] for row in rows], len(values))

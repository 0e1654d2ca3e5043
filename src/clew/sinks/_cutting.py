"""Receivers have limits: what is too long is cut, and a mark says how much is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from clew.model.finding import Evidence, Finding
from clew.sinks import Event

Given = TypeVar("Given", Event, Finding)

LENGTHS = (16_384, 4_096, 1_024, 256, 64)
"""How long a text may be, tried one after the other until the whole fits."""
KEPT = (
    "event_id", "timestamp", "severity", "message", "service", "host", "http_method", "url_path",
    "http_status", "user_id", "client_ip", "model", "exception_type", "trace_id",
)  # fmt: skip
"""What is left of an event that does not fit with short texts either."""


def cut(text: str, most: int) -> str:
    """The text, or its beginning with a mark: `most` characters at most.

    >>> cut("a" * 100, 40)
    'aaaaaaaaaa [... 90 more characters]'
    """
    if len(text) <= most:
        return text
    kept = max(0, most - 30)
    return f"{text[:kept]} [... {len(text) - kept:,} more characters]"[:most]


def event_within(most: int, event: Event, encode: Callable[[Event], bytes]) -> bytes:
    """The event's payload with at most so many bytes; 0 is no limit."""
    if (payload := _fitting(most, event, encode)) is not None:
        return payload
    for length in LENGTHS:
        cut_event = {name: _shorter(value, length) for name, value in event.items()}
        if (payload := _fitting(most, cut_event, encode)) is not None:
            return payload
    left = {name: _shorter(event[name], LENGTHS[-1]) for name in KEPT if name in event}
    return encode({**left, "tags": '["cut"]'})


def finding_within(most: int, finding: Finding, encode: Callable[[Finding], bytes]) -> bytes:
    """The finding's payload with at most so many bytes; 0 is no limit."""
    if (payload := _fitting(most, finding, encode)) is not None:
        return payload
    for length in LENGTHS:
        if (payload := _fitting(most, shorter(finding, length), encode)) is not None:
            return payload
    bare = replace(
        shorter(finding, LENGTHS[-1]),
        why=("[cut: too long for this receiver]",),
        recommendations=(),
        references=(),
        measures={},
        evidence=(_shown(finding.evidence[0], 32),),
    )
    return encode(bare)


def _fitting(most: int, given: Given, encode: Callable[[Given], bytes]) -> bytes | None:
    """The payload where it fits; one that cannot fit is not made first."""
    if most and _characters(given) > most:
        return None
    payload = encode(given)
    return payload if not most or len(payload) <= most else None


def _characters(given: Any) -> int:
    """Of all texts: a payload has at least so many bytes."""
    if isinstance(given, str):
        return len(given)
    if isinstance(given, Finding):
        texts = (given.title, *given.why, *given.recommendations, *given.subject.values())
        return _characters(texts) + sum(len(line.text) for line in given.evidence)
    if isinstance(given, Mapping):
        return sum(len(str(key)) + _characters(value) for key, value in given.items())
    return sum(map(_characters, given)) if isinstance(given, (list, tuple)) else 0


def shorter(finding: Finding, length: int) -> Finding:
    """The finding with texts of at most so many characters and, when they are short, less evidence."""
    most_lines = max(1, length // 100)
    return replace(
        finding,
        title=cut(finding.title, length),
        subject={name: _shorter(value, length) for name, value in finding.subject.items()},
        evidence=tuple(_shown(line, length) for line in finding.evidence[:most_lines]),
        why=_some(finding.why, most_lines, length),
        recommendations=_some(finding.recommendations, most_lines, length),
    )


def _some(lines: tuple[str, ...], most: int, length: int) -> tuple[str, ...]:
    kept = tuple(cut(line, length) for line in lines[:most])
    return (*kept, f"[... {len(lines) - most} more]") if len(lines) > most else kept


def _shown(line: Evidence, length: int) -> Evidence:
    return replace(line, text=cut(line.text, length), source=cut(line.source, max(64, length)))


def _shorter(value: Any, length: int) -> Any:
    if isinstance(value, str):
        return cut(value, length)
    if isinstance(value, dict):
        most = max(4, length // 8)
        kept = {
            cut(str(key), 128): _shorter(item, length) for key, item in list(value.items())[:most]
        }
        return {**kept, "cut": f"{len(value) - most} more"} if len(value) > most else kept
    if isinstance(value, (list, tuple)):
        return [_shorter(item, length) for item in value[: max(4, length // 8)]]
    return value

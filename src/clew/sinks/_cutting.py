"""Receivers have limits: what is too long is cut, and a mark says how much is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clew.model.finding import Evidence, Finding
from clew.sinks import Event

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
    payload = encode(event)
    if not most or len(payload) <= most:
        return payload
    for length in LENGTHS:
        payload = encode({name: _shorter(value, length) for name, value in event.items()})
        if len(payload) <= most:
            return payload
    left = {name: _shorter(event[name], LENGTHS[-1]) for name in KEPT if name in event}
    return encode({**left, "tags": '["cut"]'})


def finding_within(most: int, finding: Finding, encode: Callable[[Finding], bytes]) -> bytes:
    """The finding's payload with at most so many bytes; 0 is no limit."""
    payload = encode(finding)
    if not most or len(payload) <= most:
        return payload
    for length in LENGTHS:
        payload = encode(shorter(finding, length))
        if len(payload) <= most:
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

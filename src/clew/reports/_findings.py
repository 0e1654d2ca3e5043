"""A finding's parts in words: its window, its facts, and the places and excerpts of its evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clew.model.escape import visible
from clew.model.finding import Evidence, Finding, rfc3339
from clew.reports._figures import number

_EXCERPT_HEAD_LINES = 2
_EXCERPT_TAIL_LINES = 3
_EXCERPT_WIDTH = 300
_LONGEST_FACT = 400


def window(finding: Finding) -> str:
    """From when to when it was seen."""
    start, end = moment(finding.start), moment(finding.end)
    return start if start == end or not end else f"{start} to {end}"


def moment(when: datetime | None) -> str:
    """RFC 3339, "" where there is none."""
    return rfc3339(when) or ""


def facts(named: Mapping[str, Any]) -> str:
    """name=value of each that is known, on one line in which nothing acts."""
    return "  ".join(
        f"{name}={_value(value)}" for name, value in named.items() if value is not None
    )


def place(evidence: Evidence) -> str:
    """Source, line and byte."""
    line = "" if evidence.line is None else f":{evidence.line}"
    byte = "" if evidence.byte_offset is None else f" (byte {evidence.byte_offset})"
    return f"{visible(evidence.source)}{line}{byte}"


def excerpt(text: str) -> list[str]:
    """The first and the last lines: a traceback says what happened in its last one."""
    lines = [visible(line) for line in text.splitlines()]
    lines = [line if len(line) <= _EXCERPT_WIDTH else line[:_EXCERPT_WIDTH] + "…" for line in lines]
    hidden = len(lines) - _EXCERPT_HEAD_LINES - _EXCERPT_TAIL_LINES
    if hidden <= 1:
        return lines
    middle = f"… {hidden} lines …"
    return [*lines[:_EXCERPT_HEAD_LINES], middle, *lines[-_EXCERPT_TAIL_LINES:]]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number(value)
    text = visible(value if isinstance(value, str) else json.dumps(value, default=str))
    return text if len(text) <= _LONGEST_FACT else text[: _LONGEST_FACT - 1] + "…"

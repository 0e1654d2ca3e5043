"""Spans as Jaeger and Zipkin tell them, in microseconds, to rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clew.formats._telemetry.columns import Column
from clew.formats._telemetry.gathered import Gathered, filled, unsigned
from clew.formats._telemetry.otlp_json import text
from clew.formats._telemetry.signals import KINDS, Rows, Scope
from clew.formats._telemetry.span_parts import SpanEvents, json_lists, times

LONGEST_US = 1 << 53
"""Microseconds that a nanosecond of 64 bits can hold, and then some."""
ID_DIGITS = (16, 32)
COLUMNS = (
    "trace_id", "span_id", "parent_span_id", "span_name", "span_kind", "status", "status_message",
)  # fmt: skip


def whole_id(value: Any, digits: int) -> str | None:
    """An id in lower case with the leading zeros that some writers leave out; None where it is none.

    A trace id of 64 bits stays one: logs say it in the same 16 digits.
    """
    found = text(value).lower()
    if not found.strip("0"):
        return None
    widths = [width for width in ID_DIGITS if len(found) <= width <= digits]
    return found.zfill(widths[0]) if widths else found


@dataclass(slots=True)
class PlainSpans:
    """Rows on their way, a list a column."""

    gathered: Gathered
    events: SpanEvents = field(default_factory=SpanEvents)
    links: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    starts_us: list[int] = field(default_factory=list)
    durations_us: list[int | None] = field(default_factory=list)

    def begin(self, payload: int, scope: int) -> int:
        """A new row; gives its number."""
        for values in self.columns.values():
            values.append(None)
        self.starts_us.append(0)
        self.durations_us.append(None)
        return self.gathered.begin(payload, scope)

    def refuse(self, payload: int, reason: str) -> None:
        """A row that is no event."""
        if not self.gathered.scopes:
            self.gathered.scopes.append(Scope({}))
        self.gathered.rejects[self.begin(payload, 0)] = reason

    def name(self, row: int, name: Any, kind: Any) -> None:
        """What it is, and on which side of a call."""
        self.columns["span_name"][row] = text(name)
        word = text(kind).lower()
        self.columns["span_kind"][row] = word if word in KINDS.values() else None

    def identify(self, row: int, trace: Any, span: Any, parent: Any) -> None:
        """Its ids."""
        self.columns["trace_id"][row] = whole_id(trace, 32)
        self.columns["span_id"][row] = whole_id(span, 16)
        self.columns["parent_span_id"][row] = whole_id(parent, 16)

    def time(self, row: int, start_us: int | None, duration_us: int | None) -> None:
        """When it began and how long it took."""
        if start_us is not None and 0 < start_us < LONGEST_US:
            self.starts_us[row] = start_us
        if duration_us is not None and -LONGEST_US < duration_us < LONGEST_US:
            self.durations_us[row] = duration_us

    def end(self, row: int, status: str, message: Any) -> None:
        """How it ended."""
        self.columns["status"][row] = status
        self.columns["status_message"][row] = text(message) or None

    def rows(self) -> Rows:
        """All of them."""
        size = self.gathered.size
        direct: dict[str, Column | None] = {
            name: filled(values) for name, values in self.columns.items()
        }
        starts_ns = [start * 1000 for start in self.starts_us]
        direct |= times(unsigned(starts_ns), np.zeros(size, np.uint64))
        direct["timestamp_text"] = filled([start or None for start in self.starts_us])
        direct["duration_ms"] = filled(
            [None if taken is None else taken / 1000 for taken in self.durations_us]
        )
        direct["span_events"] = json_lists(self.events.lists, size)
        direct["span_links"] = json_lists(self.links, size)
        return self.gathered.rows(
            direct, said=self.events.said, raised=self.events.raised, starts_ns=starts_ns
        )

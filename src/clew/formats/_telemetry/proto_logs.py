"""Log records of OTLP requests in protobuf to rows.

    LogRecord  1 time  2 severity_number  3 severity_text  5 body  6 attributes  7 dropped  8 flags
               9 trace_id  10 span_id  11 observed_time  12 event_name
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
"""

from __future__ import annotations

from typing import Any

from clew.formats._telemetry.columns import Ints, members
from clew.formats._telemetry.proto import Attributes, any_value, items_of
from clew.formats._telemetry.proto_spans import counts, hex_column, nanoseconds
from clew.formats._telemetry.signals import Rows
from clew.formats._telemetry.span_parts import LogParts
from clew.formats._telemetry.wire import Buffer, Fields, scan, text_at

TIME, SEVERITY_NUMBER, SEVERITY_TEXT, BODY, ATTRIBUTE = 0x09, 0x10, 0x1A, 0x2A, 0x32
DROPPED, TRACE_ID, SPAN_ID, OBSERVED, EVENT_NAME = 0x38, 0x4A, 0x52, 0x59, 0x62


def log_records(buffer: Buffer, starts: Ints, ends: Ints) -> Rows:
    """The log records of these requests, a row each."""
    items = items_of(buffer, starts, ends)
    size = len(items.begin)
    fields = scan(buffer, items.begin, items.end)
    own = fields.only(ATTRIBUTE).by_owner()
    attributes = Attributes(buffer, own.owner, own.begin, own.end, size)
    attributes.read()
    parts = LogParts(
        time=nanoseconds(buffer, fields.only(TIME), size),
        observed=nanoseconds(buffer, fields.only(OBSERVED), size),
        severity_number=counts(fields.only(SEVERITY_NUMBER), size),
        severity_text=_texts(buffer.data, fields.only(SEVERITY_TEXT), size),
        body=_bodies(buffer.data, fields.only(BODY), size),
        event_name=_texts(buffer.data, fields.only(EVENT_NAME), size),
    )
    direct = parts.columns(attributes.rest)
    for name, tag, width in (("trace_id", TRACE_ID, 16), ("span_id", SPAN_ID, 8)):
        found = hex_column(buffer, fields.only(tag), size, width, name, rest=attributes.rest)
        if found is not None:
            direct[name] = found
    dropped = fields.only(DROPPED)
    for row, number in zip(dropped.owner.tolist(), dropped.number.tolist(), strict=True):
        if number:
            attributes.rest[row].append(f'"dropped_attributes_count": {number}')
    names: list[Any] = list(parts.event_name)
    if "event.name" in attributes.columns:
        given = attributes.columns["event.name"].texts()
        names = [name or other for name, other in zip(names, given, strict=True)]
    return Rows(
        size=size,
        payload=items.payload,
        scope=items.scope,
        scopes=items.scopes,
        direct=direct,
        attributes=attributes.columns,
        names=frozenset(attributes.names),
        rest=[members(found) for found in attributes.rest],
        leaves=attributes.leaves,
        turns=attributes.turns,
        said=parts.said(names),
    )


def _texts(data: bytes, found: Fields, size: int) -> list[str]:
    """The text of each row, "" where it has none."""
    texts = [""] * size
    for row, begin, end in zip(
        found.owner.tolist(), found.begin.tolist(), found.end.tolist(), strict=True
    ):
        texts[row] = text_at(data, begin, end)
    return texts


def _bodies(data: bytes, found: Fields, size: int) -> list[Any]:
    """The body of each row; most are one text."""
    bodies: list[Any] = [None] * size
    for row, begin, end in zip(
        found.owner.tolist(), found.begin.tolist(), found.end.tolist(), strict=True
    ):
        bodies[row] = any_value(data, begin, end)
    return bodies

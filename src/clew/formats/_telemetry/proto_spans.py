"""Spans of OTLP requests in protobuf to rows.

    Span  1 trace_id  2 span_id  3 trace_state  4 parent_span_id  5 name  6 kind  7 start  8 end
          9 attributes  10 dropped  11 events  12 dropped  13 links  14 dropped  15 status  16 flags
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.formats._telemetry.columns import (
    Column,
    Ints,
    column,
    json_text,
    members,
    text_column,
)
from clew.formats._telemetry.proto import Attributes, items_of, pair
from clew.formats._telemetry.signals import KINDS, STATUSES, Rows
from clew.formats._telemetry.span_parts import SpanEvents, json_lists, times
from clew.formats._telemetry.wire import Buffer, Fields, joined, scan, text_at, walk

TRACE_ID, SPAN_ID, STATE, PARENT, NAME = 0x0A, 0x12, 0x1A, 0x22, 0x2A
KIND, START, END, ATTRIBUTE = 0x30, 0x39, 0x41, 0x4A
EVENT, LINK, STATUS = 0x5A, 0x6A, 0x7A
COUNTS = {
    0x50: "dropped_attributes_count",
    0x60: "dropped_events_count",
    0x70: "dropped_links_count",
}
IDS = (("trace_id", TRACE_ID, 16), ("span_id", SPAN_ID, 8), ("parent_span_id", PARENT, 8))
HEX = np.frombuffer(b"".join(b"%02x" % n for n in range(256)), np.uint16)


def spans(buffer: Buffer, starts: Ints, ends: Ints) -> Rows:
    """The spans of these requests, a row each."""
    items = items_of(buffer, starts, ends)
    size = len(items.begin)
    fields = scan(buffer, items.begin, items.end)
    own = fields.only(ATTRIBUTE).by_owner()
    attributes = Attributes(buffer, own.owner, own.begin, own.end, size)
    attributes.read()
    rejects: dict[int, str] = {}
    direct: dict[str, Column | None] = {
        name: hex_column(buffer, fields.only(tag), size, width, name, rejects=rejects)
        for name, tag, width in IDS
    }
    direct["span_name"] = _names(buffer, fields.only(NAME), size)
    direct["span_kind"] = coded(fields.only(KIND), KINDS, size)
    starts_ns = nanoseconds(buffer, fields.only(START), size)
    direct |= times(starts_ns, nanoseconds(buffer, fields.only(END), size))
    direct |= _statuses(buffer, fields.only(STATUS), size)
    events = _events(buffer.data, fields.only(EVENT))
    direct["span_events"] = json_lists(events.lists, size)
    direct["span_links"] = _links(buffer.data, fields.only(LINK), size)
    _add_other(buffer, fields, attributes.rest)
    return Rows(
        size=size,
        payload=items.payload,
        scope=items.scope,
        scopes=items.scopes,
        direct={name: values for name, values in direct.items() if values is not None},
        attributes=attributes.columns,
        names=frozenset(attributes.names),
        rest=[members(found) for found in attributes.rest],
        leaves=attributes.leaves,
        turns=attributes.turns,
        said=events.said,
        raised=events.raised,
        starts_ns=starts_ns.tolist(),
        rejects=rejects,
    )


def hex_column(
    buffer: Buffer,
    found: Fields,
    size: int,
    width: int,
    name: str,
    *,
    rejects: dict[int, str] | None = None,
    rest: list[list[str]] | None = None,
) -> Column | None:
    """Ids as lower-case hex; zeros are none. Those of another length are a reason to reject the row,
    or stand among its other attributes."""
    length = found.end - found.begin
    for at in np.flatnonzero((length != width) & (length > 0)).tolist():
        row, begin, end = int(found.owner[at]), int(found.begin[at]), int(found.end[at])
        if rejects is not None:
            rejects.setdefault(row, f"{name} has {end - begin:,} bytes, not {width}")
        if rest is not None:
            rest[row].append(f'"{name}": "{buffer.data[begin:end].hex()}"')
    found = found.pick(length == width)
    raw = buffer.u8[found.begin[:, None] + np.arange(width)]
    is_set = raw.any(axis=1)
    rows, last = last_of(found.owner[is_set])
    if not len(rows):
        return None
    text = HEX[raw[is_set][last]].tobytes()
    valid = np.zeros(size, np.bool_)
    valid[rows] = True
    edges = np.zeros(size + 1, np.int64)
    edges[rows + 1] = 2 * width
    return Column("text", frozenset({"VARCHAR"}), valid, np.cumsum(edges).astype(np.int32), text)


def last_of(rows: Ints) -> tuple[Ints, Ints]:
    """Each row once, and the place of its last value: of a field that stands twice the last counts."""
    if len(rows) < 2 or (rows[1:] > rows[:-1]).all():
        return rows, np.arange(len(rows))
    found, place = np.unique(rows[::-1], return_index=True)
    return found, len(rows) - 1 - place


def _names(buffer: Buffer, found: Fields, size: int) -> Column:
    """The name of every span: "" where it has none."""
    begin, end = np.zeros(size, np.int64), np.zeros(size, np.int64)
    begin[found.owner], end[found.owner] = found.begin, found.end
    return text_column(np.arange(size), joined(buffer, begin.tolist(), end.tolist()), size)


def coded(found: Fields, words: dict[int, str], size: int) -> Column | None:
    """The word that each number stands for."""
    rows, last = last_of(found.owner)
    values = [words.get(number) for number in found.number[last].tolist()]
    kept = [at for at, word in enumerate(values) if word]
    return column(rows[kept], [values[at] for at in kept], size) if kept else None


def counts(found: Fields, size: int) -> list[int]:
    """A small number of each row, 0 where it has none."""
    values = np.zeros(size, np.int64)
    values[found.owner] = found.number.view(np.int64)
    found_values: list[int] = values.tolist()
    return found_values


def nanoseconds(buffer: Buffer, found: Fields, size: int) -> NDArray[np.uint64]:
    """A fixed64 of each row, 0 where it has none."""
    values = np.zeros(size, np.uint64)
    values[found.owner] = buffer.u64[found.begin]
    return values


def _statuses(buffer: Buffer, found: Fields, size: int) -> dict[str, Column | None]:
    """Status  2 message  3 code."""
    inner = scan(buffer, found.begin, found.end)
    codes = np.zeros(size, np.int64)
    code = inner.only(0x18)
    codes[found.owner[code.owner]] = code.number.astype(np.int64)
    words = [STATUSES.get(number, "unset") for number in codes.tolist()]
    message = inner.only(0x12)
    message = message.pick(message.end > message.begin)
    rows, last = last_of(found.owner[message.owner])
    said = joined(buffer, message.begin[last].tolist(), message.end[last].tolist())
    return {
        "status": column(np.arange(size), words, size),
        "status_message": text_column(rows, said, size) if len(rows) else None,
    }


def _events(data: bytes, found: Fields) -> SpanEvents:
    """Event  1 time  2 name  3 attributes  4 dropped."""
    events = SpanEvents()
    places = zip(found.owner.tolist(), found.begin.tolist(), found.end.tolist(), strict=True)
    for row, begin, end in places:
        name, time_ns, dropped = "", 0, 0
        attributes: dict[str, Any] = {}
        for tag, first, last, number in walk(data, begin, end):
            if tag == 0x09:
                time_ns = int.from_bytes(data[first:last], "little")
            elif tag == 0x12:
                name = text_at(data, first, last)
            elif tag == 0x1A:
                key, value = pair(data, first, last)
                attributes[key] = value
            elif tag == 0x20:
                dropped = number
        events.add(row, name, time_ns, attributes, dropped)
    return events


def _links(data: bytes, found: Fields, size: int) -> Column | None:
    """Link  1 trace_id  2 span_id  3 trace_state  4 attributes  5 dropped  6 flags."""
    links: dict[int, list[dict[str, Any]]] = {}
    places = zip(found.owner.tolist(), found.begin.tolist(), found.end.tolist(), strict=True)
    for row, begin, end in places:
        link: dict[str, Any] = {"trace_id": "", "span_id": ""}
        attributes: dict[str, Any] = {}
        for tag, first, last, number in walk(data, begin, end):
            if tag == 0x0A:
                link["trace_id"] = _hex(data[first:last])
            elif tag == 0x12:
                link["span_id"] = _hex(data[first:last])
            elif tag == 0x1A and last > first:
                link["trace_state"] = text_at(data, first, last)
            elif tag == 0x22:
                key, value = pair(data, first, last)
                attributes[key] = value
            elif tag == 0x28 and number:
                link["dropped_attributes_count"] = number
        if attributes:
            link["attributes"] = attributes
        links.setdefault(row, []).append(link)
    return json_lists(links, size)


def _hex(raw: bytes) -> str:
    """An id in lower-case hex, "" where it is not set."""
    return raw.hex() if any(raw) else ""


def _add_other(buffer: Buffer, fields: Fields, rest: list[list[str]]) -> None:
    """Trace state and what was dropped, under their own names."""
    state = fields.only(STATE)
    state = state.pick(state.end > state.begin)
    texts = joined(buffer, state.begin.tolist(), state.end.tolist())
    for row, text in zip(state.owner.tolist(), texts, strict=True):
        rest[row].append(f'"trace_state": {json_text(text.decode(errors="replace"))}')
    dropped = fields.only(*COUNTS)
    dropped = dropped.pick(dropped.number > 0)
    for row, tag, number in zip(
        dropped.owner.tolist(), dropped.tag.tolist(), dropped.number.tolist(), strict=True
    ):
        rest[row].append(f'"{COUNTS[tag]}": {number}')

"""Spans of OTLP's JSON to rows, a field of all spans at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from clew.formats._telemetry.columns import Column
from clew.formats._telemetry.gathered import Gathered, filled, unsigned
from clew.formats._telemetry.json_typed import (
    NO_STATUS,
    Span,
    decoded,
    plain_values,
    scopes_of,
    span_of,
)
from clew.formats._telemetry.otlp_json import (
    HEX,
    IDS,
    Json,
    attributes_of,
    count,
    enumerated,
    get,
    identifier,
    request_of,
    rows_in_scopes,
    text,
)
from clew.formats._telemetry.shaped import Shapes
from clew.formats._telemetry.signals import KINDS, STATUSES, Rows
from clew.formats._telemetry.span_parts import SpanEvents, json_lists, times

KEYS = {"trace_id": "traceId", "span_id": "spanId", "parent_span_id": "parentSpanId"}
DROPPED = {
    "droppedAttributesCount": "dropped_attributes_count",
    "droppedEventsCount": "dropped_events_count",
    "droppedLinksCount": "dropped_links_count",
}

FIELDS = {
    name: attrgetter(name)
    for name in (*KEYS.values(), *DROPPED, "name", "kind", "startTimeUnixNano", "endTimeUnixNano",
                 "status", "traceState")
}  # fmt: skip
"""What a span says of itself beside its attributes, events and links."""


def spans(payloads: Sequence[bytes]) -> Rows:
    """The spans of these requests, a row each."""
    gathered, events = Gathered(), SpanEvents()
    links: dict[int, list[Any]] = {}
    fields: dict[str, list[Any]] = {name: [] for name in FIELDS}
    for number, payload in enumerate(payloads):
        which = f"request {number + 1} of {len(payloads)} is " if payloads[1:] else ""
        found = list(_spans(number, payload, gathered, which))
        shapes = Shapes(gathered)
        for row, span in enumerate(found, gathered.size - len(found)):
            if type(span.attributes) is list:
                shapes.add(row, span.attributes)
            elif span.attributes:
                gathered.add(row, plain_values(span.attributes))
            if span.events:
                _add_events(span, row, events)
            if span.links:
                links[row] = [_link(link) for link in span.links]
        shapes.gather()
        for name, values in fields.items():
            values.extend(map(FIELDS[name], found))
    _add_other(fields, gathered)
    direct: dict[str, Column | None] = {
        name: filled(_ids(fields[key], name, gathered)) for name, key in KEYS.items()
    }
    starts, ends = (_nanoseconds(fields[name]) for name in ("startTimeUnixNano", "endTimeUnixNano"))
    statuses = [status or NO_STATUS for status in fields["status"]]
    codes = _words([status.code for status in statuses], STATUSES, "STATUS_CODE_")
    direct["span_name"] = filled([name or "" for name in fields["name"]])
    direct["span_kind"] = filled(_words(fields["kind"], KINDS, "SPAN_KIND_"))
    direct["status"] = filled([code or "unset" for code in codes])
    direct |= times(unsigned(starts), unsigned(ends))
    direct["status_message"] = filled([status.message or None for status in statuses])
    direct["span_events"] = json_lists(events.lists, gathered.size)
    direct["span_links"] = json_lists(links, gathered.size)
    return gathered.rows(direct, said=events.said, raised=events.raised, starts_ns=starts)


def _spans(number: int, payload: bytes, gathered: Gathered, which: str) -> Iterator[Span]:
    """The spans of one request, each with a new row begun."""
    request = decoded(payload)
    if request is None:
        given = request_of(payload, which)
        for _, span in rows_in_scopes(number, given, "traces", gathered):
            yield span_of(span)
        return
    for scope, spans in scopes_of(request):
        gathered.scopes.append(scope)
        for span in spans:
            gathered.begin(number)
            yield span


def _ids(given: Sequence[Json], name: str, gathered: Gathered) -> list[str | None]:
    """The ids of all spans; a wrong one rejects its span."""
    width = 2 * IDS[name]
    stated = [told for told in given if told]
    if set(map(type, stated)) <= {str} and set(map(len, stated)) <= {width}:
        is_set = "0" * width not in stated
        if is_set and (not stated or HEX.fullmatch("".join(stated))):
            return [told or None for told in given]
    ids: list[str | None] = []
    for row, told in enumerate(given):
        value, problem = identifier(told, name) if told else (None, "")
        ids.append(value)
        if problem:
            gathered.rejects.setdefault(row, problem)
    return ids


def _nanoseconds(given: Sequence[Json]) -> list[int]:
    """Numbers of 64 bits, 0 where there is none."""
    if set(map(type, given)) == {str}:
        try:
            found = list(map(int, given))
        except ValueError:
            return [count(one) for one in given]
        if found and min(found) >= 0 and max(found) < 1 << 64:
            return found
    return [count(one) for one in given]


def _words(given: Sequence[Json], words: Mapping[int, str], prefix: str) -> list[str | None]:
    """The words that numbers or names of an enumeration stand for."""
    if set(map(type, given)) == {int}:
        return [words.get(one) for one in given]
    return [enumerated(one, words, prefix) for one in given]


def _add_events(span: Span, row: int, events: SpanEvents) -> None:
    for event in span.events or ():
        attributes = plain_values(event.attributes)
        dropped = count(event.droppedAttributesCount)
        events.add(row, event.name or "", count(event.timeUnixNano), attributes, dropped)


def _add_other(fields: Mapping[str, Sequence[Any]], gathered: Gathered) -> None:
    """Trace state and what was dropped, under their own names."""
    for row, state in enumerate(fields["traceState"]):
        if state:
            gathered.add(row, {"trace_state": state})
    for key, name in DROPPED.items():
        for row, given in enumerate(fields[key]):
            if given and (dropped := count(given)):
                gathered.add(row, {name: dropped})


def _link(link: Json) -> dict[str, Any]:
    if not isinstance(link, dict):
        return {"trace_id": "", "span_id": ""}
    found: dict[str, Any] = {
        name: identifier(get(link, key), name)[0] or ""
        for name, key in KEYS.items()
        if name != "parent_span_id"
    }
    if state := get(link, "traceState"):
        found["trace_state"] = text(state)
    if attributes := attributes_of(link.get("attributes")):
        found["attributes"] = attributes
    if dropped := count(get(link, "droppedAttributesCount")):
        found["dropped_attributes_count"] = dropped
    return found

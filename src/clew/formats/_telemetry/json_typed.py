"""Requests of traces in OTLP's JSON as typed objects, decoded in one go.

This reads what exporters write: lowerCamelCase keys and values of the types that OTLP names. A request in
any other spelling is for `otlp_json` to read, key by key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from operator import attrgetter
from types import NoneType
from typing import Any

import msgspec

from clew.formats._telemetry.otlp_json import (
    Json,
    any_value,
    attributes_of,
    dicts,
    get,
    integer,
    said_by_resource,
    said_by_scope,
    text,
)
from clew.formats._telemetry.signals import Scope

Number = int | str | None
"""Whole numbers of 64 bits may stand as text."""


class Value(msgspec.Struct, gc=False):
    """An AnyValue; one of these is set."""

    stringValue: str | None = None
    intValue: Number = None
    doubleValue: float | str | None = None
    boolValue: bool | None = None
    bytesValue: str | None = None
    arrayValue: Any = None
    kvlistValue: Any = None


class Pair(msgspec.Struct, gc=False):
    """An attribute."""

    key: str = ""
    value: Value | None = None


Attributes = list[Pair] | dict[str, Any] | None
"""As pairs, or as names and plain values."""


class Event(msgspec.Struct, gc=False):
    """Something that happened within a span."""

    name: str | None = None
    timeUnixNano: Number = None
    attributes: Attributes = None
    droppedAttributesCount: Number = None


class Status(msgspec.Struct, gc=False):
    """How a span ended."""

    code: Number = None
    message: str | None = None


class Span(msgspec.Struct, gc=False):
    """A span; links are as they come."""

    traceId: str | None = None
    spanId: str | None = None
    parentSpanId: str | None = None
    traceState: str | None = None
    name: str | None = None
    kind: Number = None
    startTimeUnixNano: Number = None
    endTimeUnixNano: Number = None
    attributes: Attributes = None
    droppedAttributesCount: Number = None
    events: list[Event] | None = None
    droppedEventsCount: Number = None
    links: list[Any] | None = None
    droppedLinksCount: Number = None
    status: Status | None = None


class ScopeSpans(msgspec.Struct, gc=False):
    """Spans of one scope, which is as it comes."""

    spans: list[Span] | None = None
    scope: Any = None
    schemaUrl: Any = None
    instrumentationLibrary: Any = None


class ResourceSpans(msgspec.Struct, gc=False):
    """The scopes of one resource, which is as it comes."""

    scopeSpans: list[ScopeSpans] | None = None
    instrumentationLibrarySpans: list[ScopeSpans] | None = None
    resource: Any = None
    schemaUrl: Any = None


class Request(msgspec.Struct, gc=False):
    """What an exporter sends."""

    resourceSpans: list[ResourceSpans] | None = None


NO_STATUS = Status()
STRING, INTEGER = attrgetter("stringValue"), attrgetter("intValue")
_DECODER = msgspec.json.Decoder(Request)


def decoded(payload: bytes) -> Request | None:
    """The request, or None where it is not written as exporters do."""
    try:
        request = _DECODER.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    resources = request.resourceSpans or ()
    scopes = [scope for resource in resources for scope in resource.scopeSpans or ()]
    is_ours = scopes and all(span.traceId for scope in scopes for span in scope.spans or ())
    return request if is_ours else None


def scopes_of(request: Request) -> Iterator[tuple[Scope, list[Span]]]:
    """Every scope of a request with its spans."""
    for resource in request.resourceSpans or ():
        about = {"resource": resource.resource, "schemaUrl": resource.schemaUrl}
        own, other = said_by_resource(about)
        for scopes in (resource.scopeSpans, resource.instrumentationLibrarySpans):
            for scope in scopes or ():
                library = scope.instrumentationLibrary
                about = {"scope": scope.scope or library, "schemaUrl": scope.schemaUrl}
                yield said_by_scope(own, about, other), scope.spans or []


def span_of(found: Json) -> Span:
    """A span from its object, however its keys and values are written.

    Raises InputError where events or links are no lists.
    """
    status = get(found, "status")
    status = status if isinstance(status, dict) else {}
    events = [event for event in dicts(get(found, "events"), "events") if isinstance(event, dict)]
    return Span(
        get(found, "traceId"),
        get(found, "spanId"),
        get(found, "parentSpanId"),
        text(get(found, "traceState")),
        text(found.get("name")),
        found.get("kind"),
        get(found, "startTimeUnixNano"),
        get(found, "endTimeUnixNano"),
        attributes_of(found.get("attributes")),
        get(found, "droppedAttributesCount"),
        [
            Event(
                text(event.get("name")),
                get(event, "timeUnixNano"),
                attributes_of(event.get("attributes")),
                get(event, "droppedAttributesCount"),
            )
            for event in events
        ],
        get(found, "droppedEventsCount"),
        dicts(get(found, "links"), "links"),
        get(found, "droppedLinksCount"),
        Status(status.get("code"), text(status.get("message"))),
    )


def plain_values(found: Attributes) -> dict[str, Any]:
    """Attributes as names and plain values."""
    if not found:
        return {}
    if isinstance(found, dict):
        return found
    attributes: dict[str, Any] = {}
    for pair in found:
        value = pair.value
        if value is None:
            attributes[pair.key] = None
            continue
        text = value.stringValue
        attributes[pair.key] = text if text is not None else _other(value)
    return attributes


def plain_column(values: Sequence[Value | None]) -> list[Any]:
    """Plain values of values; most columns are of one type."""
    with contextlib.suppress(AttributeError):  # one is None
        texts = list(map(STRING, values))
        types = set(map(type, texts))
        if types == {str}:
            return texts
        if types == {NoneType}:
            numbers = list(map(INTEGER, values))
            if NoneType not in set(map(type, numbers)):
                return list(map(integer, numbers))
    return [
        None
        if value is None
        else value.stringValue
        if value.stringValue is not None
        else _other(value)
        for value in values
    ]


def _other(value: Value) -> Any:
    """What is no text."""
    if value.intValue is not None:
        return integer(value.intValue)
    if type(value.doubleValue) is float:
        return value.doubleValue
    for name in value.__struct_fields__:
        if (inner := getattr(value, name)) is not None:
            return any_value({name: inner})
    return None

"""Spans, log records and data points of OTLP's JSON to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    Json,
    any_value,
    attributes_of,
    count,
    dicts,
    enumerated,
    get,
    identifier,
    in_scopes,
    integer,
    real,
    request_of,
    requests,
    text,
)
from clew.formats._telemetry.points import TEMPORALITIES, Metric, Point, Points
from clew.formats._telemetry.signals import KINDS, STATUSES, Rows, Signal
from clew.formats._telemetry.span_parts import LogParts, SpanEvents, json_lists, times

IDS = ("traceId", "spanId", "parentSpanId")
NAMES = ("trace_id", "span_id", "parent_span_id")
DROPPED = {
    "droppedAttributesCount": "dropped_attributes_count",
    "droppedEventsCount": "dropped_events_count",
    "droppedLinksCount": "dropped_links_count",
}
SEVERITIES = {
    f"SEVERITY_NUMBER_{word}{step or ''}": 4 * place + max(step, 1)
    for place, word in enumerate(("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"))
    for step in (0, 1, 2, 3, 4)
}
POINT_KINDS = {
    "gauge": "gauge",
    "sum": "sum",
    "histogram": "histogram",
    "exponentialHistogram": "exponential_histogram",
    "summary": "summary",
}


def spans(payloads: Sequence[bytes]) -> Rows:
    """The spans of these requests, a row each."""
    gathered, events = Gathered(), SpanEvents()
    ids: list[tuple[str | None, ...]] = []
    told: list[tuple[str, str | None, str, str | None]] = []
    starts: list[int] = []
    ends: list[int] = []
    links: dict[int, list[Any]] = {}
    for row, span in _spans(payloads, gathered):
        given = (span.traceId, span.spanId, span.parentSpanId)
        ids.append(_ids(given, row, gathered))
        status = span.status or NO_STATUS
        code = enumerated(status.code, STATUSES, "STATUS_CODE_") or "unset"
        kind = enumerated(span.kind, KINDS, "SPAN_KIND_")
        told.append((span.name or "", kind, code, status.message or None))
        starts.append(count(span.startTimeUnixNano))
        ends.append(count(span.endTimeUnixNano))
        gathered.add(row, plain_values(span.attributes))
        if span.traceState:
            gathered.add(row, {"trace_state": span.traceState})
        for key, name in DROPPED.items():
            if dropped := count(getattr(span, key)):
                gathered.add(row, {name: dropped})
        for event in span.events or ():
            attributes = plain_values(event.attributes)
            dropped = count(event.droppedAttributesCount)
            events.add(row, event.name or "", count(event.timeUnixNano), attributes, dropped)
        if span.links:
            links[row] = [_link(link) for link in span.links]
    names, kinds, statuses, messages = _columns(told, 4)
    direct: dict[str, Column | None] = dict(zip(NAMES, _columns(ids, 3), strict=True))
    direct |= {"span_name": names, "span_kind": kinds, "status": statuses}
    direct |= times(unsigned(starts), unsigned(ends))
    direct["status_message"] = messages
    direct["span_events"] = json_lists(events.lists, gathered.size)
    direct["span_links"] = json_lists(links, gathered.size)
    return gathered.rows(direct, said=events.said, raised=events.raised, starts_ns=starts)


def log_records(payloads: Sequence[bytes]) -> Rows:
    """The log records of these requests, a row each."""
    gathered = Gathered()
    ids: list[tuple[str | None, ...]] = []
    times_ns: list[int] = []
    observed: list[int] = []
    numbers: list[int] = []
    texts: list[str] = []
    bodies: list[Any] = []
    names: list[str] = []
    given: list[str | None] = []
    for row, record in _items(payloads, "logs", gathered):
        given_ids = tuple(get(record, key) for key in IDS)
        ids.append(_ids(given_ids, row, gathered, is_span=False))
        times_ns.append(count(get(record, "timeUnixNano")))
        observed.append(count(get(record, "observedTimeUnixNano")))
        number = get(record, "severityNumber")
        numbers.append(SEVERITIES.get(number, 0) if type(number) is str else count(number))
        texts.append(text(get(record, "severityText")))
        bodies.append(any_value(record.get("body")))
        names.append(text(get(record, "eventName")))
        attributes = attributes_of(record.get("attributes"))
        given.append(names[-1] or attributes.get("event.name"))
        gathered.add(row, attributes)
        _add_other(record, row, gathered)
    parts = LogParts(unsigned(times_ns), unsigned(observed), numbers, texts, bodies, names)
    direct: dict[str, Column | None] = dict(parts.columns(gathered.rest))
    direct |= dict(zip(NAMES[:2], _columns(ids, 3), strict=False))
    return gathered.rows(direct, said=parts.said(given))


def data_points(payloads: Sequence[bytes]) -> Rows:
    """The data points of these requests, a row each."""
    points = Points()
    for number, request in enumerate(requests(payloads)):
        for scope, metrics in in_scopes(request, "metrics"):
            points.gathered.scopes.append(scope)
            for metric in metrics:
                if isinstance(metric, dict):
                    _add_metric(points, number, metric)
    return points.rows()


DECODERS: dict[Signal, Callable[[Sequence[bytes]], Rows]] = {
    "traces": spans,
    "logs": log_records,
    "metrics": data_points,
}


def _spans(payloads: Sequence[bytes], gathered: Gathered) -> Iterator[tuple[int, Span]]:
    """Row and span of every span."""
    for number, payload in enumerate(payloads):
        request = decoded(payload)
        if request is None:
            which = f"request {number + 1} of {len(payloads)} is " if payloads[1:] else ""
            for row, found in _items_of(number, request_of(payload, which), "traces", gathered):
                yield row, span_of(found)
            continue
        for scope, spans in scopes_of(request):
            gathered.scopes.append(scope)
            for span in spans:
                yield gathered.begin(number), span


def _items(
    payloads: Sequence[bytes], signal: Signal, gathered: Gathered
) -> Iterator[tuple[int, Json]]:
    """Row and object of every log record."""
    for number, request in enumerate(requests(payloads)):
        yield from _items_of(number, request, signal, gathered)


def _items_of(
    number: int, request: Json, signal: Signal, gathered: Gathered
) -> Iterator[tuple[int, Json]]:
    """Row and object of every span or log record of a request."""
    for scope, items in in_scopes(request, signal):
        gathered.scopes.append(scope)
        for item in items:
            row = gathered.begin(number)
            if isinstance(item, dict):
                yield row, item
            else:
                gathered.rejects[row] = "not an object"
                yield row, {}


def _columns(rows: Sequence[tuple[str | None, ...]], width: int) -> list[Column | None]:
    """A column of each place of these tuples."""
    if not rows:
        return [None] * width
    return [filled(values) for values in zip(*rows, strict=True)]


def _ids(
    given: Sequence[Json], row: int, gathered: Gathered, *, is_span: bool = True
) -> tuple[str | None, ...]:
    """The ids of a row; a wrong one rejects a span, and is another attribute of a log record."""
    ids = []
    for name, told in zip(NAMES, given, strict=True):
        value, problem = identifier(told, name) if told else (None, "")
        ids.append(value)
        if problem and is_span:
            gathered.rejects.setdefault(row, problem)
        elif problem:
            gathered.add(row, {f"{name}_text": text(told)})
    return tuple(ids)


def _add_other(found: Json, row: int, gathered: Gathered) -> None:
    """Trace state and what was dropped, under their own names."""
    other: dict[str, Any] = {}
    if state := get(found, "traceState"):
        other["trace_state"] = text(state)
    for key, name in DROPPED.items():
        if number := count(get(found, key)):
            other[name] = number
    if other:
        gathered.add(row, other)


def _link(link: Json) -> dict[str, Any]:
    if not isinstance(link, dict):
        return {"trace_id": "", "span_id": ""}
    found: dict[str, Any] = {
        name: identifier(get(link, key), name)[0] or ""
        for name, key in zip(NAMES[:2], IDS, strict=False)
    }
    if state := get(link, "traceState"):
        found["trace_state"] = text(state)
    if attributes := attributes_of(link.get("attributes")):
        found["attributes"] = attributes
    if dropped := count(get(link, "droppedAttributesCount")):
        found["dropped_attributes_count"] = dropped
    return found


def _add_metric(points: Points, payload: int, found: Json) -> None:
    for key, kind in POINT_KINDS.items():
        measured = get(found, key)
        if not isinstance(measured, dict):
            continue
        temporality = get(measured, "aggregationTemporality")
        is_monotonic = get(measured, "isMonotonic")
        metric = Metric(
            text(found.get("name")),
            text(found.get("unit")),
            text(found.get("description")),
            kind,
            enumerated(temporality, TEMPORALITIES, "AGGREGATION_TEMPORALITY_") or "",
            is_monotonic is True if kind == "sum" else None,
            attributes_of(found.get("metadata")),
        )
        listed = dicts(get(measured, "dataPoints"), "dataPoints")
        points.add(payload, metric, [_point(p if isinstance(p, dict) else {}) for p in listed])


def _point(found: Json) -> Point:
    """A data point of any kind."""
    value: float | int | None = integer(get(found, "asInt"))
    if value is None:
        value = real(get(found, "asDouble")) if get(found, "asDouble") is not None else None
    if value is None and get(found, "sum") is not None:
        value = real(get(found, "sum"))
    point = Point(
        count(get(found, "timeUnixNano")),
        count(get(found, "startTimeUnixNano")),
        value,
        count(found.get("flags")),
        attributes_of(found.get("attributes")),
    )
    for key, name, convert in PARTS:
        if (given := get(found, key)) is not None:
            point.other[name] = convert(given)
    return point


def _numbers(value: Json, convert: Callable[[Json], Any]) -> list[Any]:
    return [convert(inner) for inner in value] if isinstance(value, list) else []


def _buckets(value: Json) -> dict[str, Any]:
    found = value if isinstance(value, dict) else {}
    return {
        "offset": integer(found.get("offset")) or 0,
        "bucket_counts": _numbers(get(found, "bucketCounts"), count),
    }


def _quantiles(value: Json) -> list[dict[str, Any]]:
    return [
        {"quantile": real(inner.get("quantile", 0.0)), "value": real(inner.get("value", 0.0))}
        for inner in (value if isinstance(value, list) else [])
        if isinstance(inner, dict)
    ]


def _exemplar(found: Json) -> dict[str, Any]:
    found = found if isinstance(found, dict) else {}
    exemplar: dict[str, Any] = {}
    if time_ns := count(get(found, "timeUnixNano")):
        exemplar["time_unix_nano"] = time_ns
    if get(found, "asInt") is not None:
        exemplar["value"] = integer(get(found, "asInt"))
    elif get(found, "asDouble") is not None:
        exemplar["value"] = real(get(found, "asDouble"))
    for name, key in zip(NAMES[:2], IDS, strict=False):
        if get(found, key):
            exemplar[name] = identifier(get(found, key), name)[0] or ""
    if attributes := attributes_of(get(found, "filteredAttributes")):
        exemplar["attributes"] = attributes
    return exemplar


PARTS: tuple[tuple[str, str, Callable[[Json], Any]], ...] = (
    ("count", "metric.count", count),
    ("bucketCounts", "metric.bucket_counts", lambda value: _numbers(value, count)),
    ("explicitBounds", "metric.bounds", lambda value: _numbers(value, real)),
    ("min", "metric.min", real),
    ("max", "metric.max", real),
    ("scale", "metric.scale", integer),
    ("zeroCount", "metric.zero_count", count),
    ("zeroThreshold", "metric.zero_threshold", real),
    ("positive", "metric.positive", _buckets),
    ("negative", "metric.negative", _buckets),
    ("quantileValues", "metric.quantiles", _quantiles),
    (
        "exemplars",
        "metric.exemplars",
        lambda v: [_exemplar(e) for e in v if v] if isinstance(v, list) else [],
    ),
)

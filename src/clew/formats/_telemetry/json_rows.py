"""Log records and data points of OTLP's JSON to rows; spans have `json_spans`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from clew.formats._telemetry.columns import Column
from clew.formats._telemetry.gathered import Gathered, filled, unsigned
from clew.formats._telemetry.json_spans import spans
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
    requests,
    rows_in_scopes,
    text,
)
from clew.formats._telemetry.points import TEMPORALITIES, Metric, Point, Points
from clew.formats._telemetry.signals import Rows, Signal
from clew.formats._telemetry.span_parts import LogParts

KEYS = {"trace_id": "traceId", "span_id": "spanId"}
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
    for row, record in _log_records(payloads, gathered):
        ids.append(_ids(record, row, gathered))
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
        if dropped := count(get(record, "droppedAttributesCount")):
            gathered.add(row, {"dropped_attributes_count": dropped})
    parts = LogParts(unsigned(times_ns), unsigned(observed), numbers, texts, bodies, names)
    direct: dict[str, Column | None] = dict(parts.columns(gathered.rest))
    direct |= dict(zip(KEYS, _columns(ids, 2), strict=True))
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


def _log_records(payloads: Sequence[bytes], gathered: Gathered) -> Iterator[tuple[int, Json]]:
    """Row and object of every log record."""
    for number, request in enumerate(requests(payloads)):
        yield from rows_in_scopes(number, request, "logs", gathered)


def _columns(rows: Sequence[tuple[str | None, ...]], width: int) -> list[Column | None]:
    """A column of each place of these tuples."""
    if not rows:
        return [None] * width
    return [filled(values) for values in zip(*rows, strict=True)]


def _ids(record: Json, row: int, gathered: Gathered) -> tuple[str | None, ...]:
    """The ids of a log record; a wrong one is another attribute."""
    ids = []
    for name, key in KEYS.items():
        told = get(record, key)
        value, problem = identifier(told, name) if told else (None, "")
        ids.append(value)
        if problem:
            gathered.add(row, {f"{name}_text": text(told)})
    return tuple(ids)


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
    for name, key in KEYS.items():
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

"""Metrics of OTLP requests in protobuf to rows, a data point each.

    Metric  1 name  2 description  3 unit  5 gauge  7 sum  9 histogram  10 exponential_histogram
            11 summary  12 metadata; each kind: 1 data_points  2 temporality  3 is_monotonic
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from clew.formats._telemetry.columns import Ints
from clew.formats._telemetry.gathered import Gathered
from clew.formats._telemetry.points import TEMPORALITIES, Metric, Point, Points
from clew.formats._telemetry.proto import items_of, pair, signed
from clew.formats._telemetry.signals import Rows
from clew.formats._telemetry.wire import Buffer, text_at, varints_of, walk

KINDS = {
    0x2A: "gauge",
    0x3A: "sum",
    0x4A: "histogram",
    0x52: "exponential_histogram",
    0x5A: "summary",
}
EXEMPLAR = {"gauge": 0x2A, "sum": 0x2A, "histogram": 0x42, "exponential_histogram": 0x5A}
FLAGS = {
    "gauge": 0x40,
    "sum": 0x40,
    "histogram": 0x50,
    "exponential_histogram": 0x50,
    "summary": 0x40,
}
ATTRIBUTE = {"gauge": 0x3A, "sum": 0x3A, "histogram": 0x4A, "exponential_histogram": 0x0A,
             "summary": 0x3A}  # fmt: skip


def data_points(buffer: Buffer, starts: Ints, ends: Ints) -> Rows:
    """The data points of these requests, a row each."""
    items = items_of(buffer, starts, ends)
    points = Points(Gathered(scopes=items.scopes))
    places = zip(
        items.payload.tolist(),
        items.scope.tolist(),
        items.begin.tolist(),
        items.end.tolist(),
        strict=True,
    )
    for payload, scope, begin, end in places:
        for metric, found in _metric(buffer.data, begin, end):
            points.add(payload, metric, found, scope=scope)
    return points.rows()


def _metric(data: bytes, begin: int, end: int) -> list[tuple[Metric, list[Point]]]:
    name = unit = description = ""
    metadata: dict[str, Any] = {}
    kinds: list[tuple[str, int, int]] = []
    for tag, first, last, _ in walk(data, begin, end):
        if tag == 0x0A:
            name = text_at(data, first, last)
        elif tag == 0x12:
            description = text_at(data, first, last)
        elif tag == 0x1A:
            unit = text_at(data, first, last)
        elif tag in KINDS:
            kinds.append((KINDS[tag], first, last))
        elif tag == 0x62:
            key, value = pair(data, first, last)
            metadata[key] = value
    found = []
    for kind, first, last in kinds:
        temporality, is_monotonic, points = 0, 0, []
        for tag, inner, behind, number in walk(data, first, last):
            if tag == 0x0A:
                points.append(_point(data, kind, inner, behind))
            elif tag == 0x10:
                temporality = number
            elif tag == 0x18:
                is_monotonic = number
        metric = Metric(
            name,
            unit,
            description,
            kind,
            TEMPORALITIES.get(temporality, ""),
            bool(is_monotonic) if kind == "sum" else None,
            metadata,
        )
        found.append((metric, points))
    return found


def _point(data: bytes, kind: str, begin: int, end: int) -> Point:
    """Fields 2, 3, 4 and 5 are alike in all kinds but the numbers'."""
    point = Point()
    exemplars = []
    for tag, first, last, number in walk(data, begin, end):
        if tag == 0x11:
            point.start_ns = int.from_bytes(data[first:last], "little")
        elif tag == 0x19:
            point.time_ns = int.from_bytes(data[first:last], "little")
        elif tag == ATTRIBUTE[kind]:
            key, value = pair(data, first, last)
            point.attributes[key] = value
        elif tag == FLAGS[kind]:
            point.flags = number
        elif tag == EXEMPLAR.get(kind):
            exemplars.append(_exemplar(data, first, last))
        elif kind in ("gauge", "sum"):
            if tag == 0x21:
                point.value = _double(data, first)
            elif tag == 0x31:
                point.value = signed(int.from_bytes(data[first:last], "little"))
        elif tag == 0x21:
            point.other["metric.count"] = int.from_bytes(data[first:last], "little")
        elif tag == 0x29:
            point.value = _double(data, first)
        else:
            PARTS[kind](data, point, (tag, first, last, number))
    if exemplars:
        point.other["metric.exemplars"] = exemplars
    return point


def _histogram(data: bytes, point: Point, field: tuple[int, int, int, int]) -> None:
    """6 bucket_counts  7 explicit_bounds  11 min  12 max; both lists packed or not."""
    tag, first, last, _ = field
    if tag in (0x32, 0x31):
        counts = np.frombuffer(data[first : last - (last - first) % 8], "<u8").tolist()
        point.other.setdefault("metric.bucket_counts", []).extend(counts)
    elif tag in (0x3A, 0x39):
        bounds = np.frombuffer(data[first : last - (last - first) % 8], "<f8").tolist()
        point.other.setdefault("metric.bounds", []).extend(bounds)
    elif tag == 0x59:
        point.other["metric.min"] = _double(data, first)
    elif tag == 0x61:
        point.other["metric.max"] = _double(data, first)


def _exponential(data: bytes, point: Point, field: tuple[int, int, int, int]) -> None:
    """6 scale  7 zero_count  8 positive  9 negative  12 min  13 max  14 zero_threshold."""
    tag, first, last, number = field
    if tag == 0x30:
        point.other["metric.scale"] = _zigzag(number)
    elif tag == 0x39:
        point.other["metric.zero_count"] = int.from_bytes(data[first:last], "little")
    elif tag in (0x42, 0x4A):
        side = "positive" if tag == 0x42 else "negative"
        offset, counts = _buckets(data, first, last)
        point.other[f"metric.{side}"] = {"offset": offset, "bucket_counts": counts}
    elif tag == 0x61:
        point.other["metric.min"] = _double(data, first)
    elif tag == 0x69:
        point.other["metric.max"] = _double(data, first)
    elif tag == 0x71:
        point.other["metric.zero_threshold"] = _double(data, first)


def _summary(data: bytes, point: Point, field: tuple[int, int, int, int]) -> None:
    """6 quantile_values: 1 quantile  2 value."""
    tag, begin, end, _ = field
    if tag != 0x32:
        return
    quantile = {"quantile": 0.0, "value": 0.0}
    for inner, first, _, _ in walk(data, begin, end):
        if inner in (0x09, 0x11):
            quantile["quantile" if inner == 0x09 else "value"] = _double(data, first)
    point.other.setdefault("metric.quantiles", []).append(quantile)


PARTS: dict[str, Callable[[bytes, Point, tuple[int, int, int, int]], None]] = {
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}


def _buckets(data: bytes, begin: int, end: int) -> tuple[int, list[int]]:
    """Buckets  1 offset  2 bucket_counts."""
    offset, counts = 0, []
    for tag, first, last, number in walk(data, begin, end):
        if tag == 0x08:
            offset = _zigzag(number)
        elif tag == 0x10:
            counts.append(number)
        elif tag == 0x12:
            counts += varints_of(data, first, last)
    return offset, counts


def _exemplar(data: bytes, begin: int, end: int) -> dict[str, Any]:
    """Exemplar  2 time  3 as_double  4 span_id  5 trace_id  6 as_int  7 filtered_attributes."""
    found: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for tag, first, last, _ in walk(data, begin, end):
        if tag == 0x11:
            found["time_unix_nano"] = int.from_bytes(data[first:last], "little")
        elif tag == 0x19:
            found["value"] = _double(data, first)
        elif tag == 0x31:
            found["value"] = signed(int.from_bytes(data[first:last], "little"))
        elif tag in (0x22, 0x2A):
            found["span_id" if tag == 0x22 else "trace_id"] = data[first:last].hex()
        elif tag == 0x3A:
            key, value = pair(data, first, last)
            attributes[key] = value
    if attributes:
        found["attributes"] = attributes
    return found


def _double(data: bytes, place: int) -> float:
    value: float = struct.unpack_from("<d", data, place)[0]
    return value


def _zigzag(number: int) -> int:
    return (number >> 1) ^ -(number & 1)

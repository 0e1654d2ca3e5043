"""Whether a request is OTLP, before it is answered: what cannot be decoded must not be stored.

Protobuf is parsed by the protobuf library, in C: a few milliseconds for 512 spans, against the
decoder's own work on the same bytes, which comes later and for many requests at once. JSON is
decoded as the writer will decode it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from clew.errors import InputError
from clew.formats._telemetry.decode import decode
from clew.formats._telemetry.rows import Telemetry
from clew.sources._otlp_request import Checked
from clew.sources._spool import Encoding, Signal

MOST_ATTRIBUTES = 10_000
"""Attributes of one span, record or point; SDKs send 128 at most unless they are told otherwise."""
WIDTHS = (16, 8, 8)
USUAL = {WIDTHS, (16, 8, 0)}
"""Bytes of trace_id, span_id and parent_span_id."""


def check(body: bytes, signal: Signal, encoding: Encoding) -> Checked:
    """How many spans, log records or data points the request holds, and how many of them cannot be
    events. Raises InputError."""
    if encoding == "json":
        count = body.count(b'"spanId"') + body.count(b'imeUnixNano"') + 1
        _check_attributes(body.count(b'"key"') // count, "on average")
        try:
            return _checked(decode([body], signal, "json"))
        except InputError as error:
            words = f"The body is not an export request of {signal} in JSON: {error}"
            raise InputError(f"{words.rstrip('.')}.") from error
    try:
        request = _message(signal).FromString(body)
    except DecodeError as error:
        raise InputError(f"The body is not an export request of {signal} in protobuf.") from error
    if signal == "traces":
        return _spans(request)
    items = _log_records(request) if signal == "logs" else _points(request)
    rows = 0
    for item in items:
        rows += 1
        _check_attributes(len(item.attributes))
    return Checked(rows)


def _check_attributes(count: int, how: str = "") -> None:
    """Each name costs time of its own. Raises InputError."""
    if count > MOST_ATTRIBUTES:
        raise InputError(
            f"A span, record or point of the request has {count:,} attributes{how and ' ' + how}: "
            f"at most {MOST_ATTRIBUTES:,} are taken."
        )


def _checked(rows: Telemetry) -> Checked:
    reject = rows.direct.get("reject")
    if reject is None or not reject.valid.any():
        return Checked(len(rows))
    wrong = np.flatnonzero(reject.valid)
    first = reject.data[reject.edges[wrong[0]] : reject.edges[wrong[0] + 1]]
    return Checked(len(rows), len(wrong), first.decode())


@cache
def _message(signal: Signal) -> Any:
    if signal == "traces":
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        return ExportTraceServiceRequest
    if signal == "logs":
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
            ExportLogsServiceRequest,
        )

        return ExportLogsServiceRequest
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )

    return ExportMetricsServiceRequest


def _spans(request: Any) -> Checked:
    rows, rejected, reason = 0, 0, ""
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            rows += len(scope.spans)
            for span in scope.spans:
                _check_attributes(len(span.attributes))
                ids = (span.trace_id, span.span_id, span.parent_span_id)
                if tuple(map(len, ids)) not in USUAL and (wrong := _wrong(ids)):
                    rejected += 1
                    reason = reason or wrong
    return Checked(rows, rejected, reason)


def _wrong(ids: tuple[bytes, ...]) -> str:
    """Why a span cannot be an event, in the decoder's words; "" where it can."""
    for name, value, width in zip(
        ("trace_id", "span_id", "parent_span_id"), ids, WIDTHS, strict=True
    ):
        if len(value) not in (0, width):
            return f"{name} has {len(value):,} bytes, not {width}"
    return ""


def _log_records(request: Any) -> Iterator[Any]:
    for resource in request.resource_logs:
        for scope in resource.scope_logs:
            yield from scope.log_records


def _points(request: Any) -> Iterator[Any]:
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                if kind := metric.WhichOneof("data"):
                    yield from getattr(metric, kind).data_points

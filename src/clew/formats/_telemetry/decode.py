"""OTLP export requests to rows: what the file formats and the live server share.

    rows = decode(payloads, "traces", "proto")   one request a payload -> Telemetry
    rows.spans()                        (trace_id, span_id, span_kind, service) of every row
    rows.keep(mask)                     without the rows that were delivered before
    rows.select(relation, settings)     SQL: canonical columns and attributes, a row an event

The server's way with a batch:
    rows = decode(payloads, signal, encoding, byte_offsets=places_in_the_spool)
    rows = rows.keep([key not in seen for key in rows.spans()])
    bench.register("records_arrow", rows)
    rejects = load.add(rows.select("records_arrow", settings), "otlp_proto", len(rows))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from clew.formats._telemetry import json_rows as in_json
from clew.formats._telemetry.columns import Ints
from clew.formats._telemetry.proto_logs import log_records
from clew.formats._telemetry.proto_metrics import data_points
from clew.formats._telemetry.proto_spans import spans
from clew.formats._telemetry.rows import Telemetry
from clew.formats._telemetry.signals import Rows, Signal, telemetry
from clew.formats._telemetry.wire import Buffer

Encoding = Literal["proto", "json"]
IN_PROTOBUF: dict[Signal, Callable[[Buffer, Ints, Ints], Rows]] = {
    "traces": spans,
    "logs": log_records,
    "metrics": data_points,
}


def decode(
    payloads: Sequence[bytes],
    signal: Signal,
    encoding: Encoding,
    *,
    byte_offsets: Sequence[int] | None = None,
    first_line: int = 1,
) -> Telemetry:
    """Every span, log record or data point of these export requests, a row each, in order.

    byte_offsets  of each payload in its source; without them the payloads follow one another.
                  A row's identity is its payload's offset and `part`, its index in the payload
    first_line    number of the first row, counted over the source

    Raises InputError with the reason where a payload cannot be decoded: then none of them is.
    """
    sizes = np.array([len(payload) for payload in payloads], np.int64)
    ends = np.cumsum(sizes)
    starts = ends - sizes
    if encoding == "proto":
        rows = IN_PROTOBUF[signal](Buffer.of(b"".join(payloads)), starts, ends)
    else:
        rows = in_json.DECODERS[signal](payloads)
    offsets = starts.tolist() if byte_offsets is None else byte_offsets
    return telemetry(rows, offsets, first_line, is_spans=signal == "traces")

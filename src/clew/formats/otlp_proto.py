"""OTLP in protobuf: a file of one request, or of many as the Collector's file exporter frames them.

Reads     TracesData, LogsData, MetricsData or Export...ServiceRequest, one or several behind each other;
          or each behind its size in four bytes, big-endian; plain, gzip or zstd
Returns   an event a span, a log record and a data point, each with what its resource and scope say
Units     durations exact from nanoseconds; `line` counts events, `byte_offset` is their resource's
Blind to  one resource's telemetry of more than 64 MB in one request
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._telemetry.batches import LONGEST_MESSAGE, Message, MessageParser
from clew.formats._telemetry.proto_logs import log_records
from clew.formats._telemetry.proto_metrics import data_points
from clew.formats._telemetry.proto_spans import spans
from clew.formats._telemetry.signals import Rows, Signal
from clew.formats._telemetry.wire import Buffer, walk
from clew.model.case import Sample
from clew.sources.files import Block

FIELD = 0x0A
"""Tag of the one field of a request: spans, log records or metrics of a resource."""
SIZE_BYTES = 4
PARTS = frozenset({0x0A, 0x12, 0x1A, 1000 << 3 | 2})
"""Tags within a resource's and a scope's telemetry."""
ATTRIBUTE = 0x4A
"""Tag of a span's attribute; a log record has its trace id there."""
OF_LOGS = frozenset({0x09, 0x10, 0x32, 0x38, 0x45, 0x59})
OF_SPANS = frozenset({0x30, 0x39, 0x41})
"""Tags that only a log record, and only a span, has."""


def _decoder(make: Callable[..., Rows]) -> Callable[[Sequence[bytes]], Rows]:
    def decode(payloads: Sequence[bytes]) -> Rows:
        ends = np.cumsum([len(payload) for payload in payloads], dtype=np.int64)
        starts = np.concatenate(([0], ends[:-1]))
        return make(Buffer.of(b"".join(payloads)), starts, ends)

    return decode


DECODERS = {
    "traces": _decoder(spans),
    "logs": _decoder(log_records),
    "metrics": _decoder(data_points),
}


def sniff(head: bytes) -> float:
    """Whether the first message is built as a request, as deep as it can be seen."""
    start = SIZE_BYTES if _is_framed(head) else 0
    try:
        return 0.97 if _looks_like_one(head, start) else 0.0
    except InputError:
        return 0.0


def parse(head: bytes, settings: Settings) -> MessageParser:
    """A parser of requests, framed or not."""
    find = _framed if _is_framed(head) else _unframed
    return MessageParser(settings, find, DECODERS)


def _is_framed(head: bytes) -> bool:
    """A size of four bytes begins with zeros; a request begins with its tag."""
    return len(head) > SIZE_BYTES and head[0] < FIELD and head[SIZE_BYTES] == FIELD


def _looks_like_one(head: bytes, start: int) -> bool:
    """Request, resource's telemetry, scope's telemetry, row: one inside the other."""
    end = len(head)
    found = _first(head, start, end, frozenset({FIELD}))
    if found is None:
        return False
    return _first(head, *found, PARTS) is not None and signal_of(head, *found) is not None


def _first(
    data: bytes, begin: int, end: int, tags: frozenset[int], wanted: int = 0
) -> tuple[int, int] | None:
    """Place of the first field with the wanted tag, or of any, where all before it are of these
    tags; what is cut off at the end of the data counts."""
    position = begin
    while position < end:
        tag, position = _number(data, position)
        if tag not in tags:
            return None
        length, position = _number(data, position)
        if not wanted or tag == wanted:
            return (position, min(position + length, len(data))) if length else None
        position += length
    return None


def _number(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[position : position + 10]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, position + place + 1
    raise InputError(f"a number at byte {position:,} does not end")


def signal_of(data: bytes, begin: int, end: int) -> Signal | None:
    """What a resource's telemetry is of, by the tags of its first row; None where it has no row."""
    scope = _first(data, begin, end, PARTS, 0x12) or _first(data, begin, end, PARTS, 1000 << 3 | 2)
    row = scope and _first(data, *scope, PARTS, 0x12)
    if not row:
        return None
    found: dict[int, bytes] = {}
    try:
        for tag, first, last, _ in walk(data, *row):
            found.setdefault(tag, data[first:last])
    except InputError:
        if not found:
            return None
    if found.keys() & OF_LOGS:
        return "logs"
    if found.keys() & OF_SPANS or _has_ids(found):
        return "traces"
    if FIELD in found:
        return "metrics"
    attribute = found.get(ATTRIBUTE, bytes(16))
    return "traces" if len(attribute) != 16 or attribute[0] == FIELD else "logs"


def _has_ids(found: dict[int, bytes]) -> bool:
    """A span begins with ids of 16 and 8 bytes and has its name where a metric has a message."""
    is_gauge = found.get(0x2A, b"").startswith(b"\x0a")
    return len(found.get(FIELD, b"")) == 16 and len(found.get(0x12, b"")) == 8 and not is_gauge


def _message(place: int, data: bytes, inside: int) -> Message:
    """One field of a request, with what it holds; `inside` is where its value begins."""
    kind = signal_of(data, inside, len(data))
    return Message(place, data, (kind or "traces",))


def _framed(blocks: Iterable[Block]) -> Iterator[Message]:
    """The requests behind their sizes. A size that cannot be ends the file: what follows is lost."""
    reader = _Reader(blocks)
    while reader.has(1):
        place = reader.place
        if not reader.has(SIZE_BYTES):
            yield Message(place, b"", (), "the size of a request is cut off")
            return
        size = int.from_bytes(reader.take(SIZE_BYTES), "big")
        if size > LONGEST_MESSAGE:
            yield Message(
                place, b"", (), f"a request of {size:,} bytes: longer than is read at once"
            )
            return
        if not reader.has(size):
            yield Message(place, b"", (), "the request is cut off")
            return
        request = reader.take(size)
        try:
            parts = [(begin, end) for tag, begin, end, _ in walk(request, 0, size) if tag == FIELD]
        except InputError as error:
            yield Message(place, b"", (), str(error))
            continue
        kinds = [signal_of(request, *part) for part in parts]
        found = dict.fromkeys(kind for kind in kinds if kind)
        yield Message(place, request, tuple(found) or ("traces",))


def _unframed(blocks: Iterable[Block]) -> Iterator[Message]:
    """The fields of requests that follow each other."""
    reader = _Reader(blocks)
    while reader.has(1):
        place = reader.place
        head = reader.peek(20)
        try:
            tag, inside = _number(head, 0)
            size, inside = _number(head, inside)
        except InputError:
            tag, size, inside = 0, 0, 0
        if tag != FIELD:
            yield Message(place, b"", (), "not protobuf of OTLP from here on")
            return
        if size > LONGEST_MESSAGE:
            yield Message(
                place, b"", (), f"a resource of {size:,} bytes: longer than is read at once"
            )
            return
        if not reader.has(inside + size):
            yield Message(place, b"", (), "the request is cut off")
            return
        yield _message(place, reader.take(inside + size), inside)


class _Reader:
    """Bytes of blocks, as many as are wanted at a time."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = iter(blocks)
        self._held = b""
        self._used = 0
        self.place = 0

    def has(self, size: int) -> bool:
        """Whether so many bytes are left."""
        while len(self._held) - self._used < size:
            block = next(self._blocks, None)
            if block is None:
                return False
            if not self._held:
                self.place = block.byte_offset
            self._held = self._held[self._used :] + block.data
            self._used = 0
        return True

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay."""
        self.has(size)
        return self._held[self._used : self._used + size]

    def take(self, size: int) -> bytes:
        """The next bytes."""
        taken = self._held[self._used : self._used + size]
        self._used += size
        self.place += size
        return taken


def _text(tag: int, value: bytes) -> bytes:
    return bytes([tag, len(value)]) + value


def _pair(key: str, value: str) -> bytes:
    return _text(0x0A, key.encode()) + _text(0x12, _text(0x0A, value.encode()))


def _span() -> bytes:
    start, end = 1_763_629_200_123_456_789, 1_763_629_200_125_000_000
    return b"".join(
        [
            _text(0x0A, bytes.fromhex("5b8efff798038103d269b633813fc60c")),
            _text(0x12, bytes.fromhex("eee19b7ec3c1b174")),
            _text(0x2A, b"SELECT"),
            b"\x30\x03\x39" + start.to_bytes(8, "little") + b"\x41" + end.to_bytes(8, "little"),
            _text(0x4A, _pair("db.statement", "SELECT 1")),
        ]
    )


def _request(row: bytes) -> bytes:
    resource = _text(0x0A, _text(0x0A, _pair("service.name", "store")))
    return _text(0x0A, resource + _text(0x12, _text(0x12, row)))


def _framed_sample() -> bytes:
    record = b"\x09" + (1_763_629_200_000_000_000).to_bytes(8, "little") + b"\x10\x11"
    requests = [_request(_span()), _request(record + _text(0x2A, _text(0x0A, b"failed")))]
    return b"".join(len(r).to_bytes(4, "big") + r for r in requests) + b"\0\0\1\0"


SPAN = {
    "trace_id": "5b8efff798038103d269b633813fc60c",
    "span_kind": "client",
    "duration_ms": 1.543211,
    "db_query": "SELECT 1",
    "service": "store",
}
SAMPLES = [
    Sample(lambda: _request(_span()) * 2, [SPAN, SPAN], name="a request, and another behind it"),
    Sample(
        _framed_sample,
        [
            {**SPAN, "line": 1, "byte_offset": 0},
            {"message": "failed", "severity": "ERROR", "line": 2},
        ],
        name="the Collector's file exporter: sizes before requests, the last one cut off",
        rejects=1,
    ),
]

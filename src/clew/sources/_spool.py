"""Requests on disk before they are answered: an fsynced spool in segments.

A request is appended to the segment of its kind, and its future resolves when an fsync has covered it;
requests that arrive while one fsync runs share the next (group commit). A segment is closed by size,
by age or by the end of the server, and is one source of the ledger: its content is the requests' bytes
one after another. On disk each request is a record with a checksum, compressed; what a killed server
left half written has no valid record, and was never answered.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import struct
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import zstandard

Signal = Literal["traces", "logs", "metrics"]
Encoding = Literal["proto", "json"]

RECORD = struct.Struct("<4sIIII")
"""Magic, CRC-32 of the stored bytes, their length, length of the content, spans or records in it."""
MAGIC = b"clw1"
PROBE_BYTES = 1 << 20
"""What must find room on the disk before it counts as well again."""
BETWEEN: dict[Encoding, bytes] = {"proto": b"", "json": b"\n"}
"""What follows a request in the content: protobuf messages concatenate, JSON takes a line each."""


class Full(Exception):
    """The requests that wait for the case are as many as may wait."""


class Closed(Exception):
    """The spool takes nothing any more, or its disk refuses."""


@dataclass(slots=True)
class Segment:
    """One file of requests of one signal and encoding, and the source that it becomes.

    size    bytes of the content so far
    sha256  of the content so far
    torn    of a segment that was left behind, the bytes on disk from the first record that is not
            whole; at the end of a file it is what the kill cut short
    """

    name: str
    signal: Signal
    encoding: Encoding
    path: Path
    size: int = 0
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)
    opened: float = 0.0
    descriptor: int = -1
    torn: bytes = b""

    @property
    def uri(self) -> str:
        """What the ledger calls it."""
        return f"otlp://{self.signal}/{self.name}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A request that an fsync has covered: its place in the content of its segment."""

    segment: Segment
    byte_offset: int
    body: bytes
    rows: int

    @property
    def end(self) -> int:
        """Where the next request of the segment begins."""
        return self.byte_offset + len(self.body) + len(BETWEEN[self.segment.encoding])


@dataclass(frozen=True, slots=True)
class Finished:
    """A segment that gets no more requests."""

    segment: Segment


Delivery = Stored | Finished


@dataclass(slots=True)
class _Waiting:
    signal: Signal
    encoding: Encoding
    body: bytes
    rows: int
    stored: Future[None]


class Spool:
    """A folder of segments. `put` appends; `deliver` is told, in order, what has become durable."""

    def __init__(
        self,
        folder: Path,
        deliver: Callable[[Sequence[Delivery]], None],
        *,
        backlog_bytes: int = 64 << 20,
        segment_bytes: int = 32 << 20,
        segment_age_s: float = 600.0,
    ) -> None:
        self._folder, self._deliver = folder, deliver
        self._backlog_bytes, self._segment_bytes = backlog_bytes, segment_bytes
        self._segment_age_s = segment_age_s
        self._open: dict[tuple[Signal, Encoding], Segment] = {}
        self._waiting: deque[_Waiting] = deque()
        self._condition = threading.Condition()
        self._is_closing = False
        self._turning: Future[list[Path]] | None = None
        self.held_bytes = 0
        self._refusal = ""
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._thread = threading.Thread(target=self._run, name="clew-spool")
        self._thread.start()

    def put(self, signal: Signal, encoding: Encoding, body: bytes, rows: int) -> Future[None]:
        """A future that resolves when the request is on disk. Raises Full or Closed."""
        stored: Future[None] = Future()
        stored.set_running_or_notify_cancel()  # a client that leaves cannot take it back
        with self._condition:
            if self._is_closing:
                raise Closed
            if self.held_bytes and self.held_bytes + len(body) > self._backlog_bytes:
                raise Full
            self.held_bytes += len(body)
            self._waiting.append(_Waiting(signal, encoding, body, rows, stored))
            self._condition.notify()
        return stored

    def release(self, size: int) -> None:
        """Says that so many bytes have reached the case and no longer wait."""
        with self._condition:
            self.held_bytes -= size

    def problem(self) -> str:
        """Why the disk refuses requests; "" where it does not, or not any more."""
        if self._refusal:
            probe = self._folder / "probe"
            try:
                probe.write_bytes(bytes(PROBE_BYTES))
                self._refusal = ""
            except OSError as error:
                self._refusal = error.strerror or str(error)
            finally:
                with contextlib.suppress(OSError):
                    probe.unlink()
        return self._refusal

    def turn(self) -> list[Path]:
        """Writes what waits and ends every open segment, whose files it gives; new ones begin."""
        with self._condition:
            if self._is_closing:
                raise Closed
            turning = self._turning = self._turning or Future()
            self._condition.notify()
        return turning.result()

    def close(self) -> None:
        """Writes what waits, closes every segment, and takes no more."""
        with self._condition:
            self._is_closing = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._waiting and not self._is_closing and self._turning is None:
                    self._condition.wait(1.0 if self._open else None)
                requests, is_last = list(self._waiting), self._is_closing
                turning, self._turning = self._turning, None
                self._waiting.clear()
            if requests:
                self._write(requests)
            ended = [segment.path for segment in self._open.values()]
            self._finish(is_last or turning is not None)
            if turning is not None:
                turning.set_result(ended)
            if is_last:
                return

    def _write(self, requests: list[_Waiting]) -> None:
        """One write and one fsync for all requests of a kind."""
        kinds: dict[tuple[Signal, Encoding], list[_Waiting]] = {}
        for request in requests:
            kinds.setdefault((request.signal, request.encoding), []).append(request)
        for kind, group in kinds.items():
            try:
                stored = self._append(kind, group)
            except OSError as error:
                self._refusal = error.strerror or str(error)
                self._give_up(kind, group)
                continue
            self._refusal = ""
            self._deliver(stored)
            for request in group:
                request.stored.set_result(None)

    def _append(self, kind: tuple[Signal, Encoding], group: list[_Waiting]) -> list[Stored]:
        segment = self._open.get(kind) or self._begin(kind)
        offset, records, stored = segment.size, [], []
        digest = segment.sha256.copy()
        for request in group:
            content = request.body + BETWEEN[request.encoding]
            packed = self._compressor.compress(request.body)
            head = (MAGIC, zlib.crc32(packed), len(packed), len(request.body), request.rows)
            records += [RECORD.pack(*head), packed]
            digest.update(content)
            stored.append(Stored(segment, offset, request.body, request.rows))
            offset += len(content)
        _write_all(segment.descriptor, b"".join(records))
        os.fdatasync(segment.descriptor)
        segment.size, segment.sha256 = offset, digest
        return stored

    def _begin(self, kind: tuple[Signal, Encoding]) -> Segment:
        signal, encoding = kind
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        path = self._folder / f"{name}.{signal}.{encoding}"
        segment = Segment(name, signal, encoding, path, opened=time.monotonic())
        segment.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        _sync_folder(self._folder)
        self._open[kind] = segment
        return segment

    def _give_up(self, kind: tuple[Signal, Encoding], group: list[_Waiting]) -> None:
        """After a failed write nobody knows what is on disk: the segment ends where it was sure."""
        if segment := self._open.pop(kind, None):
            with contextlib.suppress(OSError):
                os.close(segment.descriptor)
            self._deliver([Finished(segment)])
        for request in group:
            self.release(len(request.body))
            request.stored.set_exception(Closed(self._refusal))

    def _finish(self, is_last: bool) -> None:
        now = time.monotonic()
        for kind, segment in list(self._open.items()):
            is_old = now - segment.opened >= self._segment_age_s
            if is_last or is_old or segment.size >= self._segment_bytes:
                del self._open[kind]
                os.close(segment.descriptor)
                self._deliver([Finished(segment)])


def leftovers(folder: Path) -> Iterator[Segment]:
    """The segments that an earlier server left behind, oldest first; their size is not known yet."""
    for path in sorted(folder.glob("*.*.*")):
        name, signal, encoding = path.name.split(".")
        if signal in ("traces", "logs", "metrics") and encoding in BETWEEN:
            yield Segment(name, signal, encoding, path)  # type: ignore[arg-type]


def replay(segment: Segment) -> Iterator[Stored]:
    """The requests of a segment that was left behind, up to the first that is not whole."""
    with open(segment.path, "rb") as disk:
        while len(head := disk.read(RECORD.size)) == RECORD.size:
            magic, checksum, packed_size, size, rows = RECORD.unpack(head)
            packed = disk.read(packed_size) if magic == MAGIC else b""
            if len(packed) != packed_size or zlib.crc32(packed) != checksum or magic != MAGIC:
                segment.torn = head + packed + disk.read()
                return
            body = zstandard.ZstdDecompressor().decompress(packed, max_output_size=size)
            stored = Stored(segment, segment.size, body, rows)
            segment.sha256.update(body + BETWEEN[segment.encoding])
            segment.size = stored.end
            yield stored


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _sync_folder(folder: Path) -> None:
    """A new file's name is durable only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

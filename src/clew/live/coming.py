"""Durable requests on their way to the writer: gathered into batches, and decoded one batch ahead.

A batch is what has come until it has 20,000 rows or 250 ms have passed. It is decoded in a thread of
its own while the writer loads the one before it: decoding is Python's work, loading is DuckDB's.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from clew.formats._telemetry.decode import decode
from clew.formats._telemetry.rows import Telemetry
from clew.sources._spool import Delivery, Finished, Segment, Stored

MOST_ROWS = 20_000
MOST_BYTES = 16 << 20
LONGEST_WAIT_S = 0.25


@dataclass(slots=True)
class Part:
    """What a batch holds of one segment.

    rows  the requests, decoded; None where that failed, and its error comes when they are loaded
    """

    segment: Segment
    requests: list[Stored] = field(default_factory=list)
    is_finished: bool = False
    rows: Telemetry | None = None

    def decoded(self) -> Telemetry:
        """The rows of all requests. Raises InputError."""
        return decode(
            [request.body for request in self.requests],
            self.segment.signal,
            self.segment.encoding,
            byte_offsets=[request.byte_offset for request in self.requests],
        )


@dataclass(slots=True)
class Batch:
    """Requests and ends of segments, in order."""

    items: list[Delivery]

    @property
    def size(self) -> int:
        """Bytes of its requests."""
        return sum(len(item.body) for item in self.items if isinstance(item, Stored))

    def halves(self) -> tuple[Batch, Batch]:
        """The same in two parts."""
        middle = len(self.items) // 2
        return Batch(self.items[:middle]), Batch(self.items[middle:])

    def parts(self) -> list[Part]:
        """The same by segment."""
        parts: dict[str, Part] = {}
        for item in self.items:
            part = parts.setdefault(item.segment.name, Part(item.segment))
            if isinstance(item, Finished):
                part.is_finished = True
            else:
                part.requests.append(item)
        return list(parts.values())


def batches(items: Iterator[Delivery]) -> Iterator[Batch]:
    """Items that are all there, in batches."""
    gathered: list[Delivery] = []
    rows = size = 0
    for item in items:
        gathered.append(item)
        if isinstance(item, Stored):
            rows, size = rows + item.rows, size + len(item.body)
        if rows >= MOST_ROWS or size >= MOST_BYTES:
            yield Batch(gathered)
            gathered, rows, size = [], 0, 0
    if gathered:
        yield Batch(gathered)


class Coming:
    """A queue of what is durable, and the thread that decodes it."""

    def __init__(self) -> None:
        self._queue: deque[tuple[Delivery, float]] = deque()
        self._condition = threading.Condition()
        self._is_ending = False
        self._ready: queue.Queue[tuple[Batch, list[Part]] | None] = queue.Queue(1)
        self._thread = threading.Thread(target=self._run, name="clew-decoder", daemon=True)

    def start(self) -> None:
        """Begins to decode."""
        self._thread.start()

    def put(self, items: Sequence[Delivery]) -> None:
        """Takes requests that are on disk, and segments that are finished."""
        now = time.monotonic()
        with self._condition:
            self._queue.extend((item, now) for item in items)
            self._condition.notify()

    def end(self) -> None:
        """Nothing comes any more."""
        with self._condition:
            self._is_ending = True
            self._condition.notify()

    def next(self, seconds: float) -> tuple[Batch, list[Part]] | None:
        """The next batch and its parts; None when nothing comes any more. Raises queue.Empty."""
        return self._ready.get(timeout=seconds)

    def _run(self) -> None:
        while items := self._gathered():
            batch = Batch(items)
            parts = batch.parts()
            for part in parts:
                try:
                    part.rows = part.decoded() if part.requests else None
                except Exception:
                    part.rows = None  # the writer finds out which request it was
            self._ready.put((batch, parts))
        self._ready.put(None)

    def _gathered(self) -> list[Delivery]:
        """What has come, when it is large or old enough; empty at the end."""
        with self._condition:
            while True:
                if not self._queue:
                    if self._is_ending:
                        return []
                    self._condition.wait()
                    continue
                left = LONGEST_WAIT_S - (time.monotonic() - self._queue[0][1])
                count = self._count()
                if left <= 0 or self._is_ending or count:
                    return [self._queue.popleft()[0] for _ in range(count or len(self._queue))]
                self._condition.wait(left)

    def _count(self) -> int:
        """How many items fill a batch; 0 where there are not enough."""
        rows = size = 0
        for count, (item, _) in enumerate(self._queue, start=1):
            if isinstance(item, Stored):
                rows, size = rows + item.rows, size + len(item.body)
            if rows >= MOST_ROWS or size >= MOST_BYTES:
                return count
        return 0

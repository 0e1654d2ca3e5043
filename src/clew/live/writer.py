"""Spooled requests into the case: decoded together, repeats dropped, one transaction.

What fails is tried again in halves; a request that cannot become rows is put aside in the
folder `refused` and noted in `rejects`, so it neither blocks the others nor is lost. While the case
itself refuses (its disk is full, say), the writer waits, and the queue before it fills.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew.engines._duckdb_asked import Asked
from clew.engines._duckdb_ledger import Load, new_bench
from clew.errors import ClewError
from clew.formats import Settings
from clew.formats._records import STREAM
from clew.formats._telemetry.rows import Telemetry
from clew.live import segments
from clew.live.case import LiveEngine
from clew.live.coming import Batch, Coming, Part, batches
from clew.live.delivered import Delivered, digest
from clew.live.seen import SeenSpans, hashes_of, new_among, stored_hashes
from clew.prices.book import book_with
from clew.prices.charge import Till
from clew.sources._spool import Delivery, Finished, Segment, replay

RETRY_S = 1.0
IDLE_S = 0.5
"""After so long without a batch the case file is made whole."""
MOST_ATTEMPTS = 3
"""Attempts for a request that memory is too small for, before it is put aside."""
BENCH_MEMORY = "800MB"
"""What parsing a batch may take; what needs more is loaded in smaller parts."""
REPEATED = "a span that was delivered before"
REPEATED_REQUEST = "of a request that was delivered before"
TORN = "torn"
"""Folder for what of a segment cannot be read: a record was altered, or its write was cut short."""
REFUSED = "refused"
"""Folder for requests that cannot become rows."""


@dataclass(slots=True)
class Tally:
    """What the writer has done so far."""

    rows: int = 0
    repeats: int = 0
    refused: int = 0
    batches: int = 0
    last_batch_s: float = 0.0
    problem: str = ""


@dataclass(slots=True)
class _Progress:
    """One segment on its way: what a transaction has changed of it."""

    load: Load
    loaded: int
    known_fields: set[str]
    rows: int = 0
    repeats: int = 0
    new_hashes: list[NDArray[np.uint64]] = field(default_factory=list)
    new_digests: list[str] = field(default_factory=list)


class Writer:
    """A thread that loads what `deliver` is given, in that order."""

    def __init__(
        self,
        engine: LiveEngine,
        release: Callable[[int], None],
        settings: Settings | None = None,
    ) -> None:
        self._engine, self._release = engine, release
        self._bench = new_bench()
        self._bench.execute(f"SET memory_limit = '{BENCH_MEMORY}'")
        self._settings = settings or Settings()
        till = Till(self._bench, book_with(self._settings.price_file))
        self._tools = till, Asked(self._bench)
        self._coming = Coming()
        self._is_ending, self._is_settled = False, True
        self._progress: dict[str, _Progress] = {}
        self.seen = SeenSpans()
        self.delivered = Delivered()
        self.tally = Tally()
        self._thread = threading.Thread(target=self._run, name="clew-writer")

    def start(self, left_behind: Iterable[Segment] = ()) -> None:
        """Learns which spans the case holds, loads what an earlier server left, and begins."""
        self.seen.add(stored_hashes(self._engine.workbench))
        self.delivered.read(self._engine.workbench)
        self._is_ending = True  # a case that refuses now is told at once: there is no queue yet
        for segment in left_behind:
            self._replay(segment)
        self._is_ending = False
        self._coming.start()
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether requests still reach the case."""
        return self._thread.is_alive()

    def deliver(self, items: Sequence[Delivery]) -> None:
        """Takes requests that are on disk, and segments that are finished."""
        self._coming.put(items)

    def learn(self, source_id: str) -> None:
        """Adds the spans of a source that came into the case by another way."""
        with self._engine.transaction():
            where = f"source_id = '{source_id}'"
            self.seen.add(stored_hashes(self._engine.workbench, where))

    def close(self) -> None:
        """Loads what is left, and ends."""
        self._is_ending = True
        self._coming.end()
        self._thread.join()
        self._bench.close()

    def _replay(self, segment: Segment) -> None:
        """A segment that was not closed: what of it is not in the case yet, and its row."""
        if segments.is_closed(self._engine, segment):
            segment.path.unlink(missing_ok=True)
            return
        for batch in batches(replay(segment)):
            self._load(batch)
        if segment.torn:
            folder = segment.path.parent / TORN
            folder.mkdir(mode=0o700, exist_ok=True)
            (folder / segment.path.name).write_bytes(segment.torn)
        self._load(Batch([Finished(segment)]))

    def _run(self) -> None:
        try:
            while True:
                try:
                    coming = self._coming.next(IDLE_S)
                except queue.Empty:
                    self._checkpoint()
                    continue
                if coming is None:
                    return
                started = time.monotonic()
                self._load(*coming)
                self.tally.batches += 1
                self.tally.last_batch_s = time.monotonic() - started
                self._is_settled = False
        except Exception as error:
            self.tally.problem = str(error) or type(error).__name__

    def _checkpoint(self) -> None:
        """Nothing comes: what stands in the log beside the case file moves into it."""
        if not self._is_settled:
            self._is_settled = True
            with self._engine.lock, contextlib.suppress(duckdb.Error):
                self._engine.workbench.execute("CHECKPOINT")

    def _load(self, batch: Batch, parts: Sequence[Part] | None = None) -> None:
        """Loads a batch, at once or in ever smaller parts; returns when each has its place."""
        aside: Exception | None = None
        for attempt in itertools.count(1):
            try:
                if aside is None:
                    self._transact(parts or batch.parts())
                else:
                    self._put_aside(batch.items[0], aside)
                break
            except Exception as error:
                self._progress.clear()  # what the transaction changed of it is not in the case
                trouble = _trouble(error)
                if trouble == "disk":
                    self._wait(error)
                elif aside is not None:
                    raise
                elif len(batch.items) > 1:
                    for half in batch.halves():
                        self._load(half)
                    return
                elif trouble == "memory" and attempt < MOST_ATTEMPTS:
                    self._wait(error)
                else:
                    aside = error
        self.tally.problem = ""
        self._release(batch.size)

    def _transact(self, parts: Sequence[Part]) -> None:
        with self._engine.lock:
            with self._engine.transaction():
                touched = [self._add(part) for part in parts]
            for progress in touched:
                self._commit(progress)
        for part in parts:
            if part.is_finished:
                self._progress.pop(part.segment.name, None)
                part.segment.path.unlink(missing_ok=True)

    def _commit(self, progress: _Progress) -> None:
        """What a transaction has added is known from now on."""
        for hashes in progress.new_hashes:
            self.seen.add(hashes)
        self.delivered.add(progress.new_digests)
        self.tally.rows += progress.rows
        self.tally.repeats += progress.repeats
        progress.rows = progress.repeats = 0
        progress.new_hashes, progress.new_digests = [], []

    def _add(self, part: Part) -> _Progress:
        """One segment's part of a transaction."""
        segment = part.segment
        progress = self._progress.get(segment.name)
        if progress is None:
            resumed = segments.resume(
                self._engine, self._bench, segment, self._tools, self._settings.redaction
            )
            progress = _Progress(*resumed)
            self._progress[segment.name] = progress
        wanted = [request for request in part.requests if request.byte_offset >= progress.loaded]
        if len(wanted) < len(part.requests):
            part = Part(segment, wanted, part.is_finished)
        if part.requests:
            self._add_rows(progress, part)
            progress.loaded = part.requests[-1].end
            segments.save(progress.load, segment, progress.loaded, progress.known_fields)
        if part.is_finished and (segment.size or progress.loaded):
            segments.close(progress.load, segment)
            self.delivered.forget_old(self._engine.workbench)
        return progress

    def _add_rows(self, progress: _Progress, part: Part) -> None:
        load, events = progress.load, progress.load.count.events
        rows = part.decoded() if part.rows is None else part.rows
        rows = replace(rows, numbers=rows.numbers + load.count.lines)
        if not len(rows):
            return
        fresh, reason = self._fresh(progress, part, rows)
        first = load.count.lines + 1
        load.count.lines += len(rows)
        if not fresh.all():
            again = np.flatnonzero(~fresh)
            places = [(first + int(n), int(rows.byte_offsets[n]), reason) for n in again]
            segments.add_rejects(load, places)
            progress.repeats += len(places)
            rows = rows.keep(fresh.tolist())
        if not len(rows):
            return
        self._bench.register(STREAM, rows)
        try:
            select = rows.select(STREAM, self._settings)
            refused = load.add(select, segments.FORMATS[part.segment.encoding], len(rows))
        finally:
            self._bench.unregister(STREAM)
        segments.add_rejects(load, refused)
        progress.rows += load.count.events - events

    def _fresh(
        self, progress: _Progress, part: Part, rows: Telemetry
    ) -> tuple[NDArray[np.bool_], str]:
        """Which rows have not been delivered before, and what to say of the others."""
        if part.segment.signal == "traces":
            keys = rows.spans()
            hashes = hashes_of(self._bench, keys)
            fresh = np.array(new_among(self._engine, self.seen, keys, hashes), dtype=np.bool_)
            progress.new_hashes.append(hashes[fresh])
            return fresh, REPEATED
        again = []
        new: list[str] = []
        for request in part.requests:
            sha256 = digest(request.body)
            if sha256 in self.delivered or sha256 in progress.new_digests or sha256 in new:
                again.append(request.byte_offset)
            else:
                new.append(sha256)
        self.delivered.note(self._engine.workbench, new)
        progress.new_digests += new
        return ~np.isin(rows.byte_offsets, again), REPEATED_REQUEST

    def _put_aside(self, request: Delivery, error: Exception) -> None:
        """A request that cannot become rows: its bytes are kept, and the ledger says where it was."""
        if isinstance(request, Finished):
            raise error
        segment = request.segment
        folder = segment.path.parent / REFUSED
        folder.mkdir(mode=0o700, exist_ok=True)
        kept = folder / f"{segment.path.name}.{request.byte_offset}"
        kept.write_bytes(request.body)
        reason = f"cannot be decoded: {' '.join(str(error).split())[:300]}"
        with self._engine.transaction():
            load, _, known = segments.resume(
                self._engine, self._bench, segment, self._tools, self._settings.redaction
            )
            load.count.lines += 1
            segments.add_rejects(load, [(load.count.lines, request.byte_offset, reason)])
            segments.save(load, segment, request.end, known)
        self.tally.refused += 1

    def _wait(self, error: Exception) -> None:
        """Gives the case time; says what is wrong with it. At the end of the server it gives up."""
        self.tally.problem = str(error)
        if self._is_ending:
            raise error
        time.sleep(RETRY_S)


def _trouble(error: Exception) -> Literal["disk", "memory", ""]:
    """What the case lacks, whatever it is given; "" where the request itself is at fault."""
    cause = error.__cause__ if isinstance(error, ClewError) else error
    if isinstance(cause, duckdb.OutOfMemoryException | MemoryError):
        return "memory"
    if isinstance(cause, duckdb.IOException | duckdb.FatalException | OSError):
        return "disk"
    if isinstance(cause, duckdb.TransactionException) and "write file" in str(cause):
        return "disk"  # the log could not take the commit
    return ""

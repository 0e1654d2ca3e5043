"""The spool: items on disk beside the case, from when they are made until a receiver has them.

    CASE.export/KEY/job.json       what is sent where; `is_whole` once every item has been spooled
                   /00000001.items a segment: items in order, compressed
                   /done.ids       eight bytes for each item that is through
                   /position       the last segment that is through, and how far a file was written then
                   /refused.jsonl  items that a receiver refused for good, each with its reason
                   /lock           held by the export that works on it

An export that is begun again with the same words finds its folder: it sends what waits, asks the case
again where the spool is not whole, and passes over what is through or waits.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from clew.errors import ConfigError
from clew.model.plain_json import dumps
from clew.sinks import Item

LENGTHS = struct.Struct("<II")
SEGMENT_ITEMS = 1_000
SEGMENT_BYTES = 4_000_000


class Spool:
    """One job's folder. One thread adds, another takes."""

    def __init__(
        self,
        folder: Path,
        job: dict[str, Any],
        *,
        segment_items: int = SEGMENT_ITEMS,
        through: bytes = b"",
    ) -> None:
        """`through`: what `through()` gave of an earlier job; a new one passes it over."""
        self.folder = folder
        self._segment_items = max(1, min(segment_items, SEGMENT_ITEMS))
        _make_private(folder.parent)
        _make_private(folder)
        self._lock = _locked(folder / "lock")
        known = _read_json(folder / "job.json")
        self.is_resumed = known is not None
        self.job: dict[str, Any] = known or {**job, "is_whole": False}
        if known is None:
            if through:
                _write_whole(folder / "done.ids", through)
            self._write_job()
        self._has_seen = self.is_resumed or bool(through)
        last, self.position = self._position()
        self._numbers = [n for n in self._found() if n > last]
        for number in self._found():
            if number <= last:
                self._path(number).unlink()
        self._next = max([last, *self._numbers]) + 1
        self._news = threading.Condition()
        self._failure: BaseException | None = None
        self.waiting = sum(len(self.items(number)) for number in self._numbers)
        self._seen = self._seen_before()

    @property
    def is_whole(self) -> bool:
        """Whether every item of the job has been spooled."""
        return bool(self.job["is_whole"])

    def add(self, items: Iterable[Item]) -> None:
        """Spools items, in segments. Whoever makes them leaves out those that `is_seen`."""
        segment: list[Item] = []
        size = 0
        for item in items:
            segment.append(item)
            size += len(item.payload)
            if len(segment) >= self._segment_items or size >= SEGMENT_BYTES:
                self._write(segment)
                segment, size = [], 0
        if segment:
            self._write(segment)

    def close_job(self) -> None:
        """Says that every item has been spooled."""
        with self._news:
            self.job["is_whole"] = True
            self._write_job()
            self._news.notify_all()

    def fail(self, error: BaseException) -> None:
        """Says that the items could not be made: whoever takes raises it when nothing waits."""
        with self._news:
            self._failure = error
            self._news.notify_all()

    def segments(self) -> Iterator[tuple[int, list[Item]]]:
        """Segments in order, as they come, until the job is whole."""
        at = 0
        while True:
            with self._news:
                while not (coming := [n for n in self._numbers if n > at]):
                    if self._failure is not None:
                        raise self._failure
                    if self.is_whole:
                        return
                    self._news.wait()
            at = coming[0]
            yield at, self.items(at)

    def settle(self, segments: Sequence[tuple[int, Sequence[str]]], position: int) -> None:
        """These segments are through: their ids are noted, then their files go."""
        with (self.folder / "done.ids").open("ab") as file:
            for _, ids in segments:
                file.write(np.array([key_of(one) for one in ids], np.uint64).tobytes())
            _sync(file.fileno())
        last = max(number for number, _ in segments)
        _write_whole(self.folder / "position", json.dumps([last, position]).encode())
        with self._news:
            for number, ids in segments:
                self._path(number).unlink(missing_ok=True)
                self._numbers.remove(number)
                self.waiting -= len(ids)

    def keep(self, number: int, items: Sequence[Item], through: Sequence[str]) -> None:
        """Of this segment only these items are left to send."""
        with (self.folder / "done.ids").open("ab") as file:
            file.write(np.array([key_of(one) for one in through], np.uint64).tobytes())
            _sync(file.fileno())
        _write_whole(self._path(number), _packed(items))
        with self._news:
            self.waiting -= len(through)

    def refuse(self, item: Item, reason: str) -> None:
        """Sets an item aside."""
        line = {"id": item.id, "reason": reason, "payload": item.payload.decode(errors="replace")}
        with (self.folder / "refused.jsonl").open("a", encoding="utf-8") as file:
            file.write(dumps(line) + "\n")

    def through(self) -> bytes:
        """The keys of all that is through."""
        path = self.folder / "done.ids"
        done = path.read_bytes() if path.exists() else b""
        return done[: len(done) // 8 * 8]

    def finish(self) -> Path | None:
        """Removes the folder of a job that is through; gives where the refused ones are kept."""
        refused = self.folder / "refused.jsonl"
        kept = None
        if refused.exists():
            kept = self._free_name()
            refused.replace(kept)
        self._remove()
        return kept

    def discard_if_empty(self) -> None:
        """Leaves nothing of a job that came to nothing."""
        if not self._numbers and not self.is_resumed:
            self._remove()

    def _free_name(self) -> Path:
        number = 1
        while (path := self.folder.parent / f"refused-{self.folder.name}-{number}.jsonl").exists():
            number += 1
        return path

    def _remove(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()
        self.close()
        with contextlib.suppress(OSError):
            self.folder.parent.rmdir()

    def close(self) -> None:
        """Lets go of the folder; a second call does nothing."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _write(self, items: list[Item]) -> None:
        number = self._next
        self._next += 1
        _write_whole(self._path(number), _packed(items))
        with self._news:
            self._numbers.append(number)
            self.waiting += len(items)
            self._news.notify_all()

    def items(self, number: int) -> list[Item]:
        """The items of a segment."""
        packed = zstandard.ZstdDecompressor().decompress(self._path(number).read_bytes())
        items, at = [], 0
        while at < len(packed):
            name, size = LENGTHS.unpack_from(packed, at)
            at += LENGTHS.size
            items.append(
                Item(packed[at : at + name].decode(), packed[at + name : at + name + size])
            )
            at += name + size
        return items

    def _found(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("*.items"))

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08}.items"

    def _position(self) -> tuple[int, int]:
        through, position = _read_json(self.folder / "position") or (0, 0)
        return int(through), int(position)

    def _write_job(self) -> None:
        _write_whole(self.folder / "job.json", json.dumps(self.job).encode())

    def _seen_before(self) -> NDArray[np.uint64]:
        """Keys of all that is through or waits, sorted."""
        if not self._has_seen or self.is_whole:
            return np.empty(0, np.uint64)
        keys = [np.frombuffer(self.through(), np.uint64)]
        for number in self._numbers:
            keys.append(np.array([key_of(item.id) for item in self.items(number)], np.uint64))
        return np.unique(np.concatenate(keys))

    def is_seen(self, item_id: str) -> bool:
        """Whether an earlier run has sent it, or left it waiting."""
        if not len(self._seen):
            return False
        key = np.uint64(key_of(item_id))
        at = int(np.searchsorted(self._seen, key))
        return at < len(self._seen) and self._seen[at] == key


def key_of(item_id: str) -> int:
    """An id in 64 bits: what it says where it is 16 hex digits, else a hash of it."""
    if len(item_id) == 16:
        with contextlib.suppress(ValueError):
            return int(item_id, 16)
    return int.from_bytes(hashlib.blake2b(item_id.encode(), digest_size=8).digest(), "little")


def _packed(items: Sequence[Item]) -> bytes:
    parts = []
    for item in items:
        name = item.id.encode()
        parts += [LENGTHS.pack(len(name), len(item.payload)), name, item.payload]
    return zstandard.ZstdCompressor(level=1).compress(b"".join(parts))


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)


def _locked(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise ConfigError(
            f"The same export is under way in another process, which holds {path.parent}."
        ) from error
    return handle


def _write_whole(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        _sync(file.fileno())
    draft.replace(path)


def _sync(handle: int) -> None:
    os.fdatasync(handle)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None

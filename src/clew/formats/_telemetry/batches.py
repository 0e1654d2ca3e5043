"""The messages of a file to batches of rows that the pipeline loads one after the other.

A file of telemetry has no lines: each span, log record and data point counts as one, in the order of the
file, and so does each message that cannot be read. Some megabytes of messages become one batch,
whichever signals they are of; what is before them is done, so memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._array import read_elements
from clew.formats._telemetry.columns import Column, column, empty, stacked
from clew.formats._telemetry.rows import Telemetry
from clew.formats._telemetry.signals import Rows, telemetry
from clew.sources.files import Block

BATCH_BYTES = 16 << 20
LONGEST_MESSAGE = 64 << 20
"""Bytes of one message that are read at once: more would need more memory than a file deserves."""
LONGEST_REASON = 300
Decoders = Mapping[Any, Callable[[Sequence[bytes]], Rows]]


class Message(NamedTuple):
    """One message of a file.

    byte_offset  of its first byte in the uncompressed file
    kinds        of what it holds, keys of the decoders; none where it cannot be read
    problem      why it cannot be read
    """

    byte_offset: int
    data: bytes
    kinds: tuple[str, ...]
    problem: str = ""


@dataclass(slots=True)
class MessageParser:
    """A parser of files that hold messages.

    messages  finds them in the blocks of a source
    decoders  kind of message to what makes rows of some of that kind
    """

    settings: Settings
    messages: Callable[[Iterable[Block]], Iterator[Message]]
    decoders: Decoders

    def heads(self, lines: object) -> None:
        """There are no lines."""

    def batches(self, blocks: Iterable[Block], first_line: int) -> Iterator[Telemetry]:
        """The rows of a source. Raises InputError where no end of a message is in sight."""
        held: list[Message] = []
        size = 0
        for message in self.messages(blocks):
            held.append(message)
            size += len(message.data)
            if size >= BATCH_BYTES:
                yield (batch := self._batch(held, first_line))
                first_line += batch.lines
                held, size = [], 0
        if held:
            yield self._batch(held, first_line)

    def _batch(self, messages: Sequence[Message], first_line: int) -> Telemetry:
        parts = [_unreadable([m for m in messages if not m.kinds])]
        for kind in dict.fromkeys(kind for m in messages for kind in m.kinds):
            parts += self._decoded(kind, [m for m in messages if kind in m.kinds])
        return joined([part for part in parts if len(part)] or parts[:1], first_line)

    def _decoded(self, kind: str, messages: Sequence[Message]) -> list[Telemetry]:
        """The rows of these messages; if one of them cannot be read, of each of the others."""
        try:
            rows = self.decoders[kind]([m.data for m in messages])
        except InputError as error:
            if len(messages) == 1:
                return [_unreadable([messages[0]._replace(problem=str(error))])]
            middle = len(messages) // 2
            return self._decoded(kind, messages[:middle]) + self._decoded(kind, messages[middle:])
        return [telemetry(rows, [m.byte_offset for m in messages], 1, is_spans=False)]

    def select(self, workbench: object, records: str) -> str:
        """Rows of messages bring their own SELECT."""
        raise AssertionError("BUG: a file of messages was read as lines")


def _unreadable(messages: Sequence[Message]) -> Telemetry:
    """A row for each message that cannot be read, with the reason."""
    size = len(messages)
    reasons = [" ".join(m.problem.split())[:LONGEST_REASON] for m in messages]
    return Telemetry(
        byte_offsets=np.array([m.byte_offset for m in messages], np.int64),
        parts=np.zeros(size, np.int64),
        numbers=np.arange(size),
        direct={"reject": column(range(size), reasons, size), "rest": column([], [], size)},
        attributes=[],
        kept=np.ones(size, np.bool_),
    )


def joined(parts: Sequence[Telemetry], first_line: int) -> Telemetry:
    """Rows of several kinds as one batch, numbered in the order of the file."""
    sizes = [len(part.kept) for part in parts]
    total = sum(sizes)
    offsets = np.concatenate([part.byte_offsets for part in parts])
    inner = np.concatenate([part.parts for part in parts])
    before = np.cumsum([0, *sizes]).tolist()
    order = np.lexsort((np.arange(total), offsets))
    if len(parts) > 1:
        inner = _renumbered(offsets, order)
    numbers = np.empty(total, np.int64)
    numbers[order] = np.arange(first_line, first_line + total)
    return replace(
        parts[0],
        byte_offsets=offsets,
        parts=inner,
        numbers=numbers,
        direct=_stacked([part.direct for part in parts], sizes),
        attributes=[
            (name, values.placed(start, total))
            for part, start in zip(parts, before, strict=False)
            for name, values in part.attributes
        ],
        derived=_stacked([part.derived for part in parts], sizes),
        kept=np.ones(total, np.bool_),
    )


def bundled(parts: Sequence[Telemetry], ids: Sequence[tuple[str, str]]) -> Telemetry:
    """Rows of several sources as one batch; each row keeps its place in its own source.

    ids  root_id and source_id of each part
    """
    sizes = [len(part.kept) for part in parts]
    return replace(
        parts[0],
        byte_offsets=np.concatenate([part.byte_offsets for part in parts]),
        parts=np.concatenate([part.parts for part in parts]),
        numbers=np.concatenate([part.numbers for part in parts]),
        direct=_stacked([part.direct for part in parts], sizes),
        attributes=_alike([part.attributes for part in parts], sizes),
        derived=_stacked([part.derived for part in parts], sizes),
        kept=np.concatenate([part.kept for part in parts]),
        services=[],
        origins={
            name: _repeated(own, sizes)
            for name, own in zip(("root_id", "source_id"), zip(*ids, strict=True), strict=True)
        },
    )


def _alike(
    parts: Sequence[Sequence[tuple[str, Column]]], sizes: Sequence[int]
) -> list[tuple[str, Column]]:
    """The attributes of all parts: those of one name and kind as one column, in the order of the parts'."""
    order: list[tuple[str, str, int]] = []
    found: list[dict[tuple[str, str, int], Column]] = []
    for part in parts:
        own: dict[tuple[str, str, int], Column] = {}
        place = 0
        for name, values in part:
            time = sum(key[:2] == (name, values.kind) for key in own)
            own[key := (name, values.kind, time)] = values
            if key not in order:
                order.insert(place, key)
            place = order.index(key) + 1
        found.append(own)
    stacks = _stacked(
        [{str(order.index(key)): values for key, values in own.items()} for own in found], sizes
    )
    return [(key[0], stacks[str(place)]) for place, key in enumerate(order)]


def _repeated(texts: Sequence[str], sizes: Sequence[int]) -> Column:
    """A column that has each of these texts so many times."""
    total = sum(sizes)
    lengths = np.repeat([len(text) for text in texts], sizes)
    edges = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    data = "".join(text * size for text, size in zip(texts, sizes, strict=True)).encode()
    return Column("text", frozenset({"VARCHAR"}), np.ones(total, np.bool_), edges, data)


def _renumbered(
    offsets: np.ndarray[tuple[int], np.dtype[np.int64]],
    order: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Each row's index among the rows of its message."""
    ordered = offsets[order]
    inner = np.empty(len(order), np.int64)
    inner[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return inner


def _stacked(parts: Sequence[Mapping[str, Column]], sizes: Sequence[int]) -> dict[str, Column]:
    """The columns of all parts; a part without one has no value there."""
    like = {name: values for part in reversed(parts) for name, values in part.items()}
    return {
        name: stacked(
            [
                part[name] if name in part else empty(of, n)
                for part, n in zip(parts, sizes, strict=True)
            ]
        )
        for name, of in like.items()
    }


def lines_of(blocks: Iterable[Block]) -> Iterator[tuple[int, bytes]]:
    """Place and bytes of each line that is not blank; of one that is too long, its beginning."""
    held: list[bytes] = []  # of a line that goes on in the next block
    size, place = 0, 0
    is_cut = False
    for block in blocks:
        begin, place = 0, place if held or is_cut else block.byte_offset
        while (end := block.data.find(b"\n", begin)) >= 0:
            line = b"".join([*held, block.data[begin:end]])
            if not is_cut and line.strip():
                yield place, line
            begin, place = end + 1, block.byte_offset + end + 1
            held, size, is_cut = [], 0, False
        held.append(block.data[begin:])
        size += len(held[-1])
        if size > LONGEST_MESSAGE:
            if not is_cut:
                yield place, b"".join(held)[: LONGEST_MESSAGE + 1]
            held, size, is_cut = [], 0, True
    line = b"".join(held)
    if line.strip() and not is_cut:
        yield place, line


def elements_of(blocks: Iterable[Block], *, is_array: bool) -> Iterator[tuple[int, bytes]]:
    """Place and bytes of each element of a JSON array, or of documents that follow each other."""
    for records in read_elements(blocks, is_array=is_array, longest=LONGEST_MESSAGE):
        places = zip(
            records.byte_offsets.tolist(),
            records.starts.tolist(),
            records.ends.tolist(),
            strict=True,
        )
        for place, start, end in places:
            yield place, records.text[start:end].tobytes()

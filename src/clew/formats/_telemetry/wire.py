"""Protobuf's wire format, read by numpy: all messages of one kind advance together, a field a step.

A message is a run of fields, each a tag (field number and wire type) and a value:
    0a 03 61 62 63    tag 0x0a: field 1, wire type 2 (bytes); 3 bytes: abc
    30 02             tag 0x30: field 6, wire type 0 (varint); 2
Where few messages are left, Python walks them: a step of numpy costs more than that.
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clew.errors import InputError

Ints = NDArray[np.int64]
PAD = bytes(16)
"""Behind the last byte, so that a varint that is cut off does not leave the buffer."""
NARROW = 24
"""With fewer messages than this at one level Python is faster."""
VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 = 0, 1, 2, 3, 4, 5
WIDTHS = {FIXED64: 8, FIXED32: 4}
DEEPEST_GROUP = 100


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes to scan, and the same bytes as numpy sees them.

    data  with `PAD` behind them
    u8    each byte
    u64   the 8 bytes from each place on, little-endian
    """

    data: bytes
    u8: NDArray[np.uint8]
    u64: NDArray[np.uint64]

    @classmethod
    def of(cls, data: bytes) -> Buffer:
        """A buffer over these bytes, which are copied once."""
        padded = data + PAD
        u64 = np.ndarray((len(padded) - 7,), "<u8", padded, strides=(1,))
        return cls(padded, np.frombuffer(padded, np.uint8), u64)


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields of messages. Those of one message stand in their order; `scan` says how messages do.

    owner   index of the message
    tag     field number times 8, plus the wire type
    begin   where the value begins; of wire type 2 behind its length
    end     behind the value
    number  the value of a varint, else 0
    """

    owner: Ints
    tag: Ints
    begin: Ints
    end: Ints
    number: NDArray[np.uint64]

    def only(self, *tags: int) -> Fields:
        """The fields with one of these tags."""
        mask = self.tag == tags[0]
        for tag in tags[1:]:
            mask |= self.tag == tag
        return self.pick(mask)

    def pick(self, chosen: NDArray[np.bool_] | Ints) -> Fields:
        """Some of the fields."""
        return Fields(
            self.owner[chosen],
            self.tag[chosen],
            self.begin[chosen],
            self.end[chosen],
            self.number[chosen],
        )

    def by_owner(self) -> Fields:
        """The fields message by message."""
        return self.pick(np.argsort(self.owner, kind="stable"))

    def __len__(self) -> int:
        return len(self.owner)


def scan(buffer: Buffer, starts: Ints, ends: Ints) -> Fields:
    """The fields of the messages that stand at these places: the first of each, the second of each ...

    Raises InputError where a field does not fit into its message.
    """
    parts: list[tuple[NDArray[np.int64], ...]] = []
    position = starts.copy()
    live = np.flatnonzero(starts < ends)
    grouped: list[Ints] = []
    while len(live) >= NARROW:
        live, with_group = _step(buffer, position, ends, live, parts)
        if len(with_group):
            grouped.append(with_group)
    walked: list[tuple[int, int, int, int, int]] = []
    for index in np.concatenate([live, *grouped]).tolist():
        for tag, begin, end, number in walk(buffer.data, int(position[index]), int(ends[index])):
            walked.append((index, tag, begin, end, number))
    if walked:
        *places, numbers = zip(*walked, strict=True)
        parts.append(
            (*(np.array(values, np.int64) for values in places), np.array(numbers, np.uint64))
        )
    if not parts:
        none = np.zeros(0, np.int64)
        return Fields(none, none, none, none, np.zeros(0, np.uint64))
    return Fields(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def walk(data: bytes, position: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, begin, end and number of each field of one message. Raises InputError as `scan` does."""
    while position < end:
        tag, position = _varint(data, position, end)
        wire, begin, number = tag & 7, position, 0
        if wire == VARINT:
            number, position = _varint(data, position, end)
        elif wire == BYTES:
            length, begin = _varint(data, position, end)
            position = begin + length
        elif wire in WIDTHS:
            position += WIDTHS[wire]
        elif wire == GROUP:
            position = _behind_group(data, position, end)
        else:
            raise InputError(f"wire type {wire} at byte {begin:,} is not protobuf's")
        if position > end or tag < 8:
            raise _bad_field(begin, tag)
        yield tag, begin, position, number


def varints_of(data: bytes, position: int, end: int) -> list[int]:
    """The numbers of a packed field."""
    found = []
    while position < end:
        number, position = _varint(data, position, end)
        found.append(number)
    return found


def text_at(data: bytes, begin: int, end: int) -> str:
    """Text of these bytes; what is not UTF-8 becomes U+FFFD."""
    return data[begin:end].decode(errors="replace")


def _varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    """A number of 64 bits and the place behind it."""
    value = shift = 0
    while position < end and shift < 70:
        byte = data[position]
        value |= (byte & 127) << shift
        position += 1
        if byte < 128:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
        shift += 7
    raise InputError(f"a number before byte {position:,} does not end")


def _behind_group(data: bytes, position: int, end: int) -> int:
    """The place behind a group, a form of nested message that protobuf gave up."""
    depth = 1
    while depth:
        tag, position = _varint(data, position, end)
        wire = tag & 7
        if wire == VARINT:
            _, position = _varint(data, position, end)
        elif wire == BYTES:
            length, position = _varint(data, position, end)
            position += length
        elif wire in WIDTHS:
            position += WIDTHS[wire]
        elif wire in (GROUP, GROUP_END):
            depth += 1 if wire == GROUP else -1
        if wire > FIXED32 or depth > DEEPEST_GROUP or position > end:
            raise _bad_field(position, tag)
    return position


def _bad_field(place: int, tag: int) -> InputError:
    if tag < 8:
        return InputError(f"field number 0 at byte {place:,} is not protobuf's")
    return InputError(f"field {tag >> 3} at byte {place:,} is longer than its message")


def _step(
    buffer: Buffer, position: Ints, ends: Ints, live: Ints, parts: list[tuple[Ints, ...]]
) -> tuple[Ints, Ints]:
    """Reads one field of each live message. Gives those that have more, and those with a group."""
    tags, begin = _varints(buffer.u8, position[live])
    tag = tags.astype(np.int64)
    wire = tag & 7
    counts = np.bincount(wire, minlength=8)
    with_group = live[:0]
    if counts[GROUP]:
        with_group = live[wire == GROUP]
        rest = wire != GROUP
        live, tag, begin, wire = live[rest], tag[rest], begin[rest], wire[rest]
    if counts[GROUP_END] or counts[6] or counts[7]:
        raise InputError("a field has a wire type that protobuf has not")
    limit = ends[live]
    end = begin.copy()
    number = np.zeros(len(live), np.uint64)
    for kind in np.flatnonzero(counts[:6]).tolist():
        chosen: slice | Ints = slice(None)
        if counts[kind] < len(live):
            chosen = np.flatnonzero(wire == kind)
        if kind == BYTES:
            length, inside = _varints(buffer.u8, begin[chosen])
            room = np.maximum(limit[chosen] - inside, 0).astype(np.uint64)
            if (length > room).any():
                at = int(inside[length > room][0])
                raise _bad_field(at, int(tag[chosen][length > room][0]))
            begin[chosen] = inside
            end[chosen] = inside + length.astype(np.int64)
        elif kind == VARINT:
            number[chosen], end[chosen] = _varints(buffer.u8, begin[chosen])
        elif kind in WIDTHS:
            end[chosen] = begin[chosen] + WIDTHS[kind]
    wrong = (end > limit) | (tag < 8)
    if wrong.any():
        raise _bad_field(int(begin[wrong][0]), int(tag[wrong][0]))
    parts.append((live, tag, begin, end, number))  # type: ignore[arg-type]
    position[live] = end
    return live[end < limit], with_group


def _varints(u8: NDArray[np.uint8], at: Ints) -> tuple[NDArray[np.uint64], Ints]:
    """The number at each place, and the place behind it."""
    byte = u8[at]
    value = (byte & 127).astype(np.uint64)
    behind = at + 1
    more = np.flatnonzero(byte >= 128)
    shift = 7
    while len(more):
        if shift > 63:
            raise InputError(f"a number before byte {int(behind[more[0]]):,} does not end")
        byte = u8[behind[more]]
        value[more] |= (byte & 127).astype(np.uint64) << np.uint64(shift)
        behind[more] += 1
        more = more[byte >= 128]
        shift += 7
    return value, behind


def joined(buffer: Buffer, begins: Sequence[int], ends: Sequence[int]) -> list[bytes]:
    """The bytes at these places."""
    data = buffer.data
    return [data[begin:end] for begin, end in zip(begins, ends, strict=True)]

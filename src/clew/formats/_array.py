"""Files that are one JSON array, or JSON objects over several lines: each element is a record.

numpy finds the brackets, braces and commas outside strings; depth is their running sum. There are no
lines in such a file: the ledger counts elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from clew.errors import InputError
from clew.formats._records import Records
from clew.sources.files import Block

LONGEST_ELEMENT = 256 << 20
QUOTE, COMMA, SPACE = ord('"'), ord(","), ord(" ")
STEPS = np.zeros(256, dtype=np.int64)
for _byte in b"{[":
    STEPS[_byte] = 1
for _byte in b"}]":
    STEPS[_byte] = -1
MARKS = STEPS != 0
MARKS[[QUOTE, COMMA]] = True


def read_elements(
    blocks: Iterable[Block], *, is_array: bool, longest: int = LONGEST_ELEMENT
) -> Iterator[Records]:
    """The elements of an array, or the documents that follow each other, as records.

    Raises InputError where one of them has more than `longest` bytes.
    """
    held, number = b"", 1
    offset = 0
    base = 0
    for block in blocks:
        offset = block.byte_offset - len(held)
        data = held + block.data
        if is_array and block.byte_offset == 0:
            opening = data.index(b"[") + 1
            data = b" " * opening + data[opening:]
            base = 1
        ends = _ends(data, base)
        if len(ends):
            records = _records(data[: ends[-1]], ends, offset, number)
            number += records.lines
            yield records
        held = data[ends[-1] :] if len(ends) else data
        if len(held) > longest:
            place = offset + len(data) - len(held)
            raise InputError(
                f"The JSON value at byte {place:,} is longer than {longest >> 20} MB, which is as much "
                "as is read at once; split it, or write a value a line."
            )
    rest = held.rstrip()
    if is_array and rest.endswith(b"]"):
        rest = rest[:-1]
    if rest.strip(b" \t\r\n,"):
        yield _records(rest, np.array([len(rest)]), offset + len(data) - len(held), number)


def _ends(data: bytes, base: int) -> NDArray[np.int64]:
    """Where elements end: behind the comma or bracket that follows in an array (base 1), behind the
    closing brace of a document (base 0)."""
    plain = data.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    text = np.frombuffer(plain, np.uint8)
    places = np.flatnonzero(MARKS[text])
    marks = text[places]
    is_quote = marks == QUOTE
    outside = ~is_quote & (np.cumsum(is_quote) % 2 == 0)
    places, marks = places[outside], marks[outside]
    depth = base + np.cumsum(STEPS[marks])
    if base:
        is_end = ((marks == COMMA) & (depth == base)) | (depth == base - 1)
        beyond = np.flatnonzero(depth < base)
        if len(beyond):
            is_end[beyond[0] + 1 :] = False
    else:
        is_end = (STEPS[marks] == -1) & (depth == 0)
    ends: NDArray[np.int64] = places[is_end] + 1
    return ends


def _records(data: bytes, ends: NDArray[np.int64], offset: int, number: int) -> Records:
    """One record an element; the comma or bracket behind it becomes a space, which JSON ignores."""
    clean = data if data.isascii() else _repaired(data)
    text = np.frombuffer(clean, np.uint8).copy()
    last = ends - 1
    text[last[(text[last] == COMMA) | (text[last] == ord("]"))]] = SPACE
    starts = np.concatenate(([0], ends[:-1]))
    filled = np.array(
        [bool(text[a:b].tobytes().strip()) for a, b in zip(starts, ends, strict=True)]
    )
    starts, ends, kept = starts[filled], ends[filled], int(filled.sum())
    leads = np.array([_lead(text[a : a + 4096]) for a in starts], dtype=np.int64)
    return Records(
        lines=kept,
        blanks=0,
        firsts=np.arange(number, number + kept),
        counts=np.ones(kept, dtype=np.int64),
        byte_offsets=starts + leads + offset,
        text=text,
        starts=starts,
        ends=ends,
    )


def _lead(text: NDArray[np.uint8]) -> int:
    """White space before the element."""
    return len(text) - len(text.tobytes().lstrip(b" \t\r\n"))


def _repaired(data: bytes) -> bytes:
    """The same length with every byte that is not UTF-8 replaced, so that places stay true."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        fixed = bytearray(data)
        while True:
            fixed[error.start : error.end] = b"?" * (error.end - error.start)
            try:
                fixed.decode()
            except UnicodeDecodeError as next_error:
                error = next_error
            else:
                return bytes(fixed)
    return data

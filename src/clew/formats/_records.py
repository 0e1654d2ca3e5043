"""Blocks of bytes to records that DuckDB can read, without a loop over lines.

numpy finds the newlines; the text goes to DuckDB as one Arrow string column over the block's own
bytes, so nothing is copied. A record is a line, or a line and those that continue it.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import nanoarrow as na
import numpy as np
from nanoarrow.c_array import CArray, c_array_from_buffers
from nanoarrow.c_array_stream import CArrayStream
from numpy.typing import NDArray

from clew.formats import Lines
from clew.sources.files import Block

NEWLINE, RETURN, SPACE, TAB = 10, 13, 32, 9
BATCH_ROWS = 8_192
MOST_REJECTED = 2_000
"""Bytes that are kept of a record that does not parse."""
LONGEST_RECORD_BYTES = 64 << 20
SCHEMA = na.struct(
    {
        "line": na.int64(),
        "lines": na.int64(),
        "byte_offset": na.int64(),
        "is_record": na.int8(),
        "text": na.string(),
    }
)
STREAM = "records_arrow"
"""The name under which a bench knows the block that it parses."""
RELATION = f"(SELECT line, lines, byte_offset, text FROM {STREAM} WHERE is_record = 1)"
"""The relation that a parser reads, once the records are registered as `records_arrow`."""
C_SCHEMA = na.c_schema(SCHEMA)
PROGRESS = re.compile(rb"\d%\||\d(?:it|s)/(?:s|it)\b|[?]it/s")
"""` 50%|#####     | 1/2 [00:01<00:01,  1.00s/it]`, of tqdm"""
DRAWN_OVER = re.compile(
    rb"^(?:(?:[^\r\n]*(?:%s)[^\r\n]*| *)\r)+(?=[^\r\n])" % PROGRESS.pattern, re.MULTILINE
)
GLUED = re.compile(
    rb"^[^\n]{0,200}?(?:%s)[^\n]{0,200}?\]"
    rb"(?=\[?\d{4}-\d\d-\d\d[ T]|\{\"|(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL)[ :])"
    % PROGRESS.pattern,
    re.MULTILINE,
)
"""A bar behind which, without a newline, a line of the log stands."""
Heads = Callable[[Lines], NDArray[np.bool_] | None]


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one block, and what the ledger counts of it.

    lines, blanks  of the whole block
    firsts         line number of each record's first line, from 1
    counts         non-blank lines of each record
    byte_offsets   of each record's first byte in the uncompressed source
    text, starts, ends  record i is text[starts[i]:ends[i]]
    """

    lines: int
    blanks: int
    firsts: NDArray[np.int64]
    counts: NDArray[np.int64]
    byte_offsets: NDArray[np.int64]
    text: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.firsts)

    def pick(self, byte_offsets: Sequence[int] | NDArray[np.int64]) -> Records:
        """The records at these offsets, in order."""
        chosen = np.flatnonzero(np.isin(self.byte_offsets, np.array(byte_offsets, dtype=np.int64)))
        return Records(
            lines=0,
            blanks=0,
            firsts=self.firsts[chosen],
            counts=self.counts[chosen],
            byte_offsets=self.byte_offsets[chosen],
            text=self.text,
            starts=self.starts[chosen],
            ends=self.ends[chosen],
        )

    def alone(self) -> Records:
        """The same records without the bytes between them, which one that reads them would look through."""
        pairs = zip(self.starts, self.ends, strict=True)
        parts = [self.text[start:end] for start, end in pairs]
        ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
        starts = np.concatenate(([0], ends[:-1])).astype(np.int64)
        return replace(self, text=np.concatenate(parts), starts=starts, ends=ends)

    @classmethod
    def joined(cls, parts: Sequence[Records], bases: Sequence[int]) -> Records:
        """Records of several sources as if these were one; `bases` are added to the byte offsets."""
        sizes = np.cumsum([0, *(len(part.text) for part in parts)])[:-1].tolist()
        return cls(
            lines=sum(part.lines for part in parts),
            blanks=sum(part.blanks for part in parts),
            firsts=np.concatenate([part.firsts for part in parts]),
            counts=np.concatenate([part.counts for part in parts]),
            byte_offsets=np.concatenate(
                [part.byte_offsets + base for part, base in zip(parts, bases, strict=True)]
            ),
            text=np.concatenate([part.text for part in parts]),
            starts=np.concatenate([p.starts + size for p, size in zip(parts, sizes, strict=True)]),
            ends=np.concatenate([p.ends + size for p, size in zip(parts, sizes, strict=True)]),
        )

    def since(self, line: int) -> Records:
        """Those from this line on: what a grown file has beyond what was read of it."""
        if line <= 1 or not len(self):
            return self
        chosen = self.pick(self.byte_offsets[self.firsts >= line].tolist())
        return replace(chosen, lines=int(chosen.counts.sum()))

    def texts(self, byte_offsets: Sequence[int]) -> dict[int, str]:
        """The beginnings of the records at these offsets, by offset."""
        records = self.pick(byte_offsets)
        return {
            int(offset): self.text[start : min(end, start + MOST_REJECTED)]
            .tobytes()
            .decode("utf-8", "replace")
            for offset, start, end in zip(
                records.byte_offsets, records.starts, records.ends, strict=True
            )
        }

    def head(self, size: int = 65_536) -> bytes:
        """The text of the first records, as a file would begin with them."""
        parts: list[bytes] = []
        for start, end in zip(self.starts, self.ends, strict=True):
            parts.append(self.text[start:end].tobytes())
            size -= len(parts[-1])
            if size < 0:
                break
        return b"\n".join(parts) + b"\n"

    def regrouped(self, heads: Heads) -> Records:
        """The same lines as the records of another format; only neighbours join, over blank lines too."""
        text, ends = self._joined()
        starts = np.concatenate(([0], ends[:-1] + 1)).astype(np.int64)
        begins = heads(Lines(text, starts, ends))
        if begins is None:
            begins = np.ones(len(self), dtype=np.bool_)
        between = self.firsts[1:] - self.firsts[:-1] - self.counts[:-1]
        # a blank line has one or two bytes, a line that another format read has more
        bytes_between = np.diff(self.byte_offsets) - (self.ends - self.starts)[:-1]
        is_blank = (between > 0) & (bytes_between <= 2 * between + 2)
        follows = np.concatenate(([False], (between == 0) | is_blank))
        head = np.flatnonzero(begins | ~follows)
        edges = np.concatenate((head, [len(self)]))
        before = np.concatenate(([0], np.cumsum(self.counts)))
        return Records(
            lines=0,
            blanks=0,
            firsts=self.firsts[head],
            counts=np.diff(before[edges]),
            byte_offsets=self.byte_offsets[head],
            text=text,
            starts=starts[head],
            ends=ends[edges[1:] - 1],
        )

    def _joined(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The records' text, each with a newline behind it, and where those newlines are."""
        pairs = zip(self.starts, self.ends, strict=True)
        parts = [self.text[start:end].tobytes().replace(b"\n", b" ") for start, end in pairs]
        data = b"\n".join(parts) + b"\n"
        return np.frombuffer(data, np.uint8), np.cumsum([len(part) + 1 for part in parts]) - 1

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The Arrow stream of `SCHEMA`; DuckDB may ask for it repeatedly."""
        stream: object = CArrayStream.from_c_arrays(
            list(self._batches()), C_SCHEMA
        ).__arrow_c_stream__()
        return stream

    def _batches(self) -> Iterator[CArray]:
        """Every second row is a record; those between are the newlines and blanks that an Arrow
        string column over the block's own bytes cannot leave out."""
        for begin in range(0, len(self), BATCH_ROWS):
            part = slice(begin, begin + BATCH_ROWS)
            rows = 2 * len(self.firsts[part])
            base = int(self.starts[begin])
            edges = np.empty(rows + 1, dtype=np.int32)
            edges[0:rows:2] = self.starts[part] - base
            edges[1:rows:2] = self.ends[part] - base
            following = begin + rows // 2
            stop = self.starts[following] if following < len(self) else self.ends[following - 1]
            edges[rows] = stop - base
            is_record = np.zeros(rows, dtype=np.int8)
            is_record[::2] = 1
            columns = [
                na.c_array(np.repeat(self.firsts[part], 2)),
                na.c_array(np.repeat(self.counts[part], 2)),
                na.c_array(np.repeat(self.byte_offsets[part], 2)),
                na.c_array(is_record),
                c_array_from_buffers(na.string(), rows, [None, edges, self.text[base : int(stop)]]),
            ]
            yield c_array_from_buffers(SCHEMA, rows, [None], children=columns)


def read_records(blocks: Iterable[Block], heads: Heads, first_line: int = 1) -> Iterator[Records]:
    """Records of each block, in order. A record that a block cuts off is kept for the next one."""
    held = b""
    line = first_line
    for block, is_final in _with_final(blocks):
        data, offset = held + block.data, block.byte_offset - len(held)
        is_last = is_final or len(data) > LONGEST_RECORD_BYTES
        records, used = _split(data, offset, line, heads, is_last=is_last)
        held = data[used:]
        if records is not None:
            line += records.lines
            yield records
    assert not held, "BUG: the last block left bytes"


def _with_final(blocks: Iterable[Block]) -> Iterator[tuple[Block, bool]]:
    """Each block, and whether it is the last one."""
    before: Block | None = None
    for block in blocks:
        if before is not None:
            yield before, False
        before = block
    if before is not None:
        yield before, True


def records_of_texts(texts: Sequence[str], before: int) -> Records:
    """Records from texts that have no lines: `before` of them came earlier."""
    encoded = [text.encode(errors="replace") for text in texts]
    numbers = np.arange(before, before + len(encoded))
    lengths = np.array([len(text) for text in encoded], dtype=np.int64)
    return Records(
        lines=len(encoded),
        blanks=0,
        firsts=numbers + 1,
        counts=np.ones(len(encoded), dtype=np.int64),
        byte_offsets=numbers,
        text=np.frombuffer(b"".join(encoded), np.uint8),
        starts=np.cumsum(lengths) - lengths,
        ends=np.cumsum(lengths),
    )


def _split(
    data: bytes, byte_offset: int, first_line: int, heads: Heads, *, is_last: bool
) -> tuple[Records | None, int]:
    """The records of some bytes, and how many bytes they used: the last record may yet go on."""
    text, ends, original_starts = _text_and_lines(data, begins_source=byte_offset == 0)
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    lines = Lines(text, starts, ends)
    filled = ~_blank(lines)
    begins = heads(lines)
    if begins is None:
        begins = filled
        keep = len(ends)
    else:
        begins = begins & filled
        begins[np.argmax(filled)] = filled.any()
        keep = len(ends) if is_last else int(np.flatnonzero(begins)[-1]) if begins.any() else 0
    if not is_last and begins is filled and not data.endswith(b"\n"):
        keep = len(ends) - 1
    if keep == 0:
        return None, 0
    return _records(lines, filled, begins, keep, original_starts, byte_offset, first_line), (
        len(data) if keep == len(ends) else int(original_starts[keep])
    )


def _records(
    lines: Lines,
    filled: NDArray[np.bool_],
    begins: NDArray[np.bool_],
    keep: int,
    original_starts: NDArray[np.int64],
    byte_offset: int,
    first_line: int,
) -> Records:
    head = np.flatnonzero(begins[:keep])
    filled_before = np.concatenate(([0], np.cumsum(filled[:keep])))
    edges = np.concatenate((head, [keep]))
    last_filled = np.maximum.accumulate(np.where(filled[:keep], np.arange(keep), 0))
    return Records(
        lines=keep,
        blanks=keep - int(filled_before[-1]),
        firsts=head + first_line,
        counts=np.diff(filled_before[edges]),
        byte_offsets=original_starts[head] + byte_offset,
        text=lines.text,
        starts=lines.starts[head],
        ends=lines.ends[last_filled[edges[1:] - 1]],
    )


def _text_and_lines(
    data: bytes, *, begins_source: bool
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Valid UTF-8 text whose every line ends in a newline; the newlines' places; and where each
    line begins in the original bytes. Bytes that are not UTF-8 become U+FFFD, CR LF becomes LF, of a
    progress bar that was drawn again and again the last state stays, and the mark of UTF-8 that Excel
    and Windows put before a file is left out."""
    if not data.endswith(b"\n"):
        data += b"\n"
    text = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(text == NEWLINE)
    original_starts = np.concatenate(([0], ends[:-1] + 1))
    clean = data.replace(b"\r\n", b"\n") if b"\r" in data else data
    if b"\r" in clean and PROGRESS.search(clean):
        clean = GLUED.sub(b"", DRAWN_OVER.sub(b"", clean))
    if begins_source:
        clean = clean.removeprefix(BOM_UTF8)
    if not clean.isascii():
        clean = _valid_utf8(clean)
    if clean is not data:
        text = np.frombuffer(clean, np.uint8)
        ends = np.flatnonzero(text == NEWLINE)
        assert len(ends) == len(original_starts), "BUG: cleaning the text changed its lines"
    return text, ends, original_starts


def _valid_utf8(data: bytes) -> bytes:
    try:
        data.decode()
    except UnicodeDecodeError:
        return data.decode(errors="replace").encode()
    return data


def _blank(lines: Lines) -> NDArray[np.bool_]:
    """Which lines are empty or white space only."""
    blank: NDArray[np.bool_] = lines.lengths == 0
    first, last = lines.byte(0), lines.text[np.maximum(lines.ends - 1, 0)]
    for index in np.flatnonzero(
        ~blank & ((first == SPACE) | (first == TAB)) & ((last == SPACE) | (last == TAB))
    ):
        begin, end = int(lines.starts[index]), int(lines.ends[index])
        blank[index] = not lines.text[begin:end].tobytes().strip(b" \t")
    return blank

"""Python values and slices of bytes to Arrow columns, with little work a row.

Values of a sparse column come with the rows they belong to. A column is one buffer for all rows of a
batch and leaves it in slices, so that DuckDB can read a batch with several threads.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any, Literal

import nanoarrow as na
import numpy as np
from nanoarrow.c_array import CArray, c_array_from_buffers
from numpy.typing import NDArray

BATCH_ROWS = 4_096
"""A multiple of 8: a slice of a bitmap begins at a byte."""
MOST_KEYS = 400
"""More keys than this in one object are data, not names: the rest of them becomes one text."""
LONGEST_NESTED = 20_000
"""Characters of a nested value that are kept as a structure: a VARIANT of more takes seconds."""
DEEPEST = 50
DIGITS_OF_INT64 = 19
ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
INT64 = range(-(1 << 63), 1 << 63)
CONTINUES = 0x80, 0xC0
"""Bytes of this range continue a character of UTF-8."""
Kind = Literal["text", "json", "int", "float"]
Ints = NDArray[np.int64]
TYPES: dict[Kind, Any] = {
    "text": na.string(),
    "json": na.string(),
    "int": na.int64(),
    "float": na.float64(),
}
JSON_TYPES = {int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", list: "ARRAY", dict: "OBJECT"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a batch.

    kind   text, json (JSON text), int or float
    types  the JSON types that occur, by DuckDB's names
    valid  which rows have a value
    edges  of text: where each row's bytes begin, and one more; of numbers: the values
    data   the bytes of text
    """

    kind: Kind
    types: frozenset[str]
    valid: NDArray[np.bool_]
    edges: NDArray[Any]
    data: bytes = b""

    def slices(self) -> Iterator[CArray]:
        """The column in parts of `BATCH_ROWS` rows."""
        bits = np.packbits(self.valid, bitorder="little")
        data = np.frombuffer(self.data, np.uint8)
        for begin in range(0, len(self.valid), BATCH_ROWS):
            end = min(begin + BATCH_ROWS, len(self.valid))
            mask = bits[begin // 8 : (end + 7) // 8]
            if self.kind in ("int", "float"):
                buffers = [mask, self.edges[begin:end]]
            else:
                buffers = [mask, self.edges[begin : end + 1], data]
            yield c_array_from_buffers(TYPES[self.kind], end - begin, buffers)

    def is_like(self, other: Column) -> bool:
        """Whether it has the same values in the same rows."""
        return (
            self.kind == other.kind
            and len(self.data) == len(other.data)
            and np.array_equal(self.valid, other.valid)
            and np.array_equal(self.edges, other.edges)
            and self.data == other.data
        )

    def placed(self, before: int, size: int) -> Column:
        """The column as a part of a larger batch of `size` rows, with so many rows before it."""
        after = size - before - len(self.valid)
        valid = np.pad(self.valid, (before, after))
        last = 0 if self.kind in ("int", "float") else int(self.edges[-1])
        edges = np.pad(self.edges, (before, after), constant_values=(0, last))
        return Column(self.kind, self.types, valid, edges, self.data)

    def as_texts(self) -> list[str | None]:
        """As `texts`, with numbers as text."""
        if self.kind not in ("int", "float"):
            return self.texts()
        pairs = zip(self.edges.tolist(), self.valid.tolist(), strict=True)
        return [str(value) if is_valid else None for value, is_valid in pairs]

    def texts(self) -> list[str | None]:
        """The text of each row, None where it has none."""
        edges = self.edges.tolist()
        return [
            self.data[begin:end].decode() if is_valid else None
            for begin, end, is_valid in zip(edges, edges[1:], self.valid.tolist(), strict=False)
        ]


def stacked(parts: Sequence[Column]) -> Column:
    """Columns of one kind, one below the other."""
    valid = np.concatenate([part.valid for part in parts])
    types = frozenset[str]().union(*(part.types for part in parts))
    if parts[0].kind in ("int", "float"):
        return Column(parts[0].kind, types, valid, np.concatenate([part.edges for part in parts]))
    ends = np.cumsum([0, *(int(part.edges[-1]) for part in parts)])
    edges = [part.edges[:-1] + end for part, end in zip(parts, ends.tolist(), strict=False)]
    edges.append(ends[-1:])
    data = b"".join(part.data for part in parts)
    return Column(parts[0].kind, types, valid, np.concatenate(edges).astype(np.int32), data)


def empty(like: Column, size: int) -> Column:
    """A column of the same kind without a value."""
    edges = np.zeros(size + (like.kind not in ("int", "float")), dtype=like.edges.dtype)
    return Column(like.kind, frozenset(), np.zeros(size, np.bool_), edges)


def column(rows: Sequence[int] | Ints, values: Sequence[Any], size: int) -> Column:
    """A column of `size` rows from values that are text, numbers, booleans, lists or dicts."""
    kinds = set(map(type, values))
    places = np.asarray(rows, dtype=np.int64)
    if kinds <= {str}:
        text = "".join(values)
        if text.isascii():  # a character is a byte
            return _texts(places, text.encode(), list(map(len, values)), size)
        return text_column(places, [value.encode(errors="replace") for value in values], size)
    if kinds == {int} and min(values) in INT64 and max(values) in INT64:
        return number_column(places, np.array(values, dtype=np.int64), size)
    if kinds == {float}:
        return number_column(places, np.array(values, dtype=np.float64), size)
    types = frozenset(JSON_TYPES.get(kind, "VARCHAR") for kind in kinds)
    return text_column(places, [json_text(value).encode() for value in values], size, "json", types)


def dense(values: Sequence[Any]) -> Column:
    """A column from one value a row, None where there is none."""
    rows = [row for row, value in enumerate(values) if value is not None]
    return column(rows, [value for value in values if value is not None], len(values))


def number_column(rows: Ints, values: NDArray[np.int64] | NDArray[np.float64], size: int) -> Column:
    """A column of numbers from an array of them."""
    valid = np.zeros(size, dtype=np.bool_)
    valid[rows] = True
    filled = np.zeros(size, dtype=values.dtype)
    filled[rows] = values
    return numbers(filled, valid)


def numbers(values: NDArray[Any], valid: NDArray[np.bool_]) -> Column:
    """A column from an array with one number a row."""
    kind: Kind = "int" if values.dtype.kind == "i" else "float"
    return Column(kind, frozenset({"BIGINT" if kind == "int" else "DOUBLE"}), valid, values)


def text_column(
    rows: Ints,
    values: Sequence[bytes],
    size: int,
    kind: Kind = "text",
    types: frozenset[str] = frozenset({"VARCHAR"}),
) -> Column:
    """A column of text from bytes for ascending rows; what is not UTF-8 becomes U+FFFD."""
    data = b"".join(values)
    lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
    if not data.isascii() and not _is_utf8(data, lengths):
        values = [value.decode(errors="replace").encode() for value in values]
        data = b"".join(values)
        lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
    return _texts(rows, data, lengths, size, kind, types)


def _texts(
    rows: Ints,
    data: bytes,
    lengths: Ints | Sequence[int],
    size: int,
    kind: Kind = "text",
    types: frozenset[str] = frozenset({"VARCHAR"}),
) -> Column:
    """A column of the texts of these lengths that were joined to `data`."""
    valid = np.zeros(size, dtype=np.bool_)
    valid[rows] = True
    edges = np.zeros(size + 1, dtype=np.int64)
    edges[rows + 1] = lengths
    return Column(kind, types, valid, np.cumsum(edges).astype(np.int32), data)


def valid_texts(values: list[bytes]) -> list[bytes]:
    """The same texts, with U+FFFD for what is not UTF-8."""
    data = b"".join(values)
    lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
    if data.isascii() or _is_utf8(data, lengths):
        return values
    return [value.decode(errors="replace").encode() for value in values]


def needs_escape(values: Sequence[bytes]) -> NDArray[np.bool_]:
    """Which texts have what JSON writes otherwise: quotes, backslashes, control characters."""
    data = np.frombuffer(b"".join(values), np.uint8)
    places = np.flatnonzero((data < 32) | (data == 34) | (data == 92) | (data == 127))
    ends = np.cumsum(np.fromiter(map(len, values), dtype=np.int64, count=len(values)))
    before = np.searchsorted(places, ends)
    found: NDArray[np.bool_] = np.diff(before, prepend=0) > 0
    return found


def _is_utf8(data: bytes, lengths: Ints) -> bool:
    """Whether each of the texts that were joined is UTF-8, not just all of them together."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    begins = (np.cumsum(lengths) - lengths)[lengths > 0]
    first = np.frombuffer(data, np.uint8)[begins]
    return not ((first >= CONTINUES[0]) & (first < CONTINUES[1])).any()


def json_text(value: Any) -> str:
    """JSON of any value; what JSON has not, such as NaN, becomes text, and so does what is so deep
    or has so many keys that a database could not take it."""
    kind = type(value)
    if kind is str:
        return valid(encode_basestring(value))
    if kind is bool or value is None:
        return "null" if value is None else "true" if value else "false"
    if kind is list and _is_flat(value):
        return _flat(value)
    try:
        text = _encode(value)
        if len(text) > DIGITS_OF_INT64 and kind is not float:
            text = _encode(_plain(value, 0))
    except (ValueError, RecursionError):
        text = _encode(_plain(value, 0))
    if len(text) > LONGEST_NESTED and (kind is list or kind is dict):
        return _encode(text)
    return text


def valid(text: str) -> str:
    """The text without lone surrogates, which JSON may hold and UTF-8 not."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _is_flat(value: list[Any]) -> bool:
    """Whether all in it are objects of texts, as in most conversations."""
    for inner in value:
        if type(inner) is not dict:
            return False
        for part in inner.values():
            if type(part) is not str:
                return False
    return len(value) < MOST_KEYS


def _flat(value: list[dict[str, str]]) -> str:
    encode = encode_basestring
    inside = [
        "{" + ", ".join([f"{encode(key)}: {encode(part)}" for key, part in inner.items()]) + "}"
        for inner in value
    ]
    return valid("[" + ", ".join(inside) + "]")


def _encode(value: Any) -> str:
    """JSON, with lone surrogates replaced. Raises ValueError for NaN."""
    return valid(ENCODE(value))


def _plain(value: Any, depth: int) -> Any:
    """The value without what JSON or a VARIANT cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return value if value in INT64 else str(value)
    if depth > DEEPEST and isinstance(value, list | dict):
        return f"(deeper than {DEEPEST} levels)"
    if isinstance(value, list):
        return [_plain(inner, depth + 1) for inner in value]
    if isinstance(value, dict):
        return {str(key): _plain(inner, depth + 1) for key, inner in value.items()}
    return value


def member(key: str, value: Any) -> str:
    """One member of a JSON object."""
    return f"{json_text(key)}: {json_text(value)}"


def members(found: Sequence[str]) -> str:
    """The inside of a JSON object of these members, without braces."""
    if len(found) <= MOST_KEYS:
        return ", ".join(found)
    more = json_text("{" + ", ".join(found[MOST_KEYS:]) + "}")
    return ", ".join([*found[:MOST_KEYS], f'"more_attributes": {more}'])

"""Texts as rows of hashed words, pairs of words and groups of four letters, each row of length one."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

WIDTH = 1 << 16
"""Columns that the hashes fall into."""
MOST_CHARACTERS = 4_000
LETTERS = 4
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Rows:
    """A sparse table: the columns and values of each row stand one after another, row n from starts[n] on."""

    columns: NDArray[np.int64]
    values: NDArray[np.float64]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def times(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each row's sum of value times the weight of its column."""
        products = np.concatenate([self.values * weights[self.columns], [0.0]])
        return np.add.reduceat(products, self.starts[:-1]) * (np.diff(self.starts) > 0)

    def back(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each column's sum of value times the error of its row."""
        each = np.repeat(errors, np.diff(self.starts))
        sums: NDArray[np.float64] = np.bincount(self.columns, self.values * each, WIDTH).astype(
            float
        )
        return sums


def rows_of(texts: Sequence[str]) -> Rows:
    """One row a text."""
    parts, sizes = [], []
    for text in texts:
        hashed, counts = np.unique(_hashes(text), return_counts=True)
        values = 1.0 + np.log(counts)
        parts.append((hashed, values / (np.linalg.norm(values) or 1.0)))
        sizes.append(len(hashed))
    starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
    empty = np.empty(0, np.int64)
    return Rows(
        np.concatenate([empty, *(hashed for hashed, _ in parts)]).astype(np.int64),
        np.concatenate([empty.astype(np.float64), *(values for _, values in parts)]),
        starts,
    )


def _hashes(text: str) -> NDArray[np.int64]:
    """The columns of a text's words, pairs and groups of letters, repeated ones included."""
    text = text[:MOST_CHARACTERS].lower()
    words = _WORD.findall(text)
    pairs = [f"{one} {other}" for one, other in pairwise(words)]
    named = np.array([zlib.crc32(word.encode()) for word in (*words, *pairs)], np.int64)
    letters = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.int64)
    if len(letters) >= LETTERS:
        groups = np.zeros(len(letters) - LETTERS + 1, np.int64)
        for place in range(LETTERS):
            groups = (groups * 1_000_003 + letters[place : place + len(groups)]) % 2_147_483_647
        named = np.concatenate([named, groups * 7 + 3])
    hashed: NDArray[np.int64] = named % WIDTH
    return hashed

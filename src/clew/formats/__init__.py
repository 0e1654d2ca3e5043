"""Formats: bytes to events and rejects, one file a format.

A format module has
  sniff(head)             0 to 1: how sure it is that this text is its own
  parse(head, settings)   a Parser for one source
  SAMPLES                 examples, which are also its tests
A parser says which lines begin a record, and gives one SQL SELECT that turns records into events.
Python never loops over lines: numpy finds the records, DuckDB parses them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew import registry
from clew.model.redaction import Policy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from clew.formats._records import Records
    from clew.sources.files import Block


AT_ONCE = f"LIMIT {1 << 60}"
"""Behind a subquery: DuckDB pushes no filter below a LIMIT, and so computes its columns only once."""
ZERO = np.uint8(ord("0"))
HEADER_LINE = "header line"
"""What `reject` says of a line that names columns: the ledger counts it as continuation."""

NO_LAYOUT = "no layout of a Python log"
"""What `reject` says of lines that a service prints beside its log: the last resort takes them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a parse is told from outside.

    timezone    zone of times that state none, an IANA name or an offset such as +02:00
    year        year of times that state none (the file's modification time)
    log_format  nginx's or Apache's format string, where the user gave one
    price_file  a user's own prices, a TOML file; None: the price book alone
    redaction   what is taken out before anything is stored
    """

    timezone: str = "UTC"
    year: int = 1970
    log_format: str | None = None
    price_file: str | None = None
    redaction: Policy = field(default_factory=Policy)

    def of_year(self, year: int) -> Settings:
        """What the parser of a file of this year is told: nothing of prices and redaction."""
        return Settings(self.timezone, year, self.log_format)

    def as_json(self) -> dict[str, Any]:
        """The same for another process, which has a key of its own."""
        redaction = {**asdict(self.redaction), "key": "", "key_file": ""}
        return {**asdict(self), "redaction": redaction}

    @classmethod
    def from_json(cls, told: dict[str, Any], own: Policy) -> Settings:
        """What another process told, with the key of this one."""
        redaction = {**told["redaction"], "key": own.key, "key_file": own.key_file}
        return cls(**{**told, "redaction": Policy(**redaction)})


@dataclass(frozen=True)
class Lines:
    """A block of whole lines, as numpy sees it.

    text    the bytes of the block as uint8; every line ends in a newline
    starts  offset of each line's first byte in `text`, int64
    ends    offset of each line's newline in `text`, int64
    """

    text: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Bytes of each line without its newline."""
        return self.ends - self.starts

    def byte(self, position: int) -> NDArray[np.uint8]:
        """The byte at that position of each line; a newline where the line is shorter."""
        inside = np.minimum(self.starts + position, self.ends)
        return self.text[inside]

    def begins_with(self, prefix: bytes) -> NDArray[np.bool_]:
        """Which lines begin with these bytes."""
        found = np.ones(len(self.starts), dtype=np.bool_)
        for position, byte in enumerate(prefix):
            found &= self.byte(position) == byte
        return found

    def digits(self, *positions: int) -> NDArray[np.bool_]:
        """Which lines have an ASCII digit at each of these positions."""
        found = np.ones(len(self.starts), dtype=np.bool_)
        for position in positions:
            found &= self.byte(position) - ZERO < 10  # what is below wraps around
        return found


class Parser(Protocol):
    """Parses one source, block after block, in order."""

    def heads(self, lines: Lines) -> NDArray[np.bool_] | None:
        """Which lines begin a record; None where every line is one. Other lines continue the record
        before them. Blank lines between records are taken out before the records are parsed."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT over the relation named `records`, one row out for each row in.

        records  line BIGINT, lines BIGINT (how many the record has), byte_offset BIGINT,
                 text VARCHAR (valid UTF-8, without the last newline; CR already removed before newlines)
        returns  SQL of a SELECT with the columns line, byte_offset, reject (VARCHAR: why the record
                 does not parse, NULL where it does), any canonical columns in their own types, and
                 optionally `attributes` (VARCHAR: a JSON object of the keys that are not canonical).
                 Rows of rejects hold NULL elsewhere.
        """


def sureness(head: bytes, tried: Collection[str] = ()) -> dict[str, float]:
    """How sure each format is of these first bytes, but for those that were tried."""
    others = (name for name in registry.names("formats") if name not in tried)
    return {name: registry.load("formats", name).sniff(head) for name in others}


@lru_cache(maxsize=2)
def surest(head: bytes) -> str:
    """The format that is surest of these first bytes; ties go to the first by name.

    `text` takes what no other format knows.
    """
    scores = sureness(head)
    best = max(scores, key=lambda name: scores[name], default="text")
    return best if scores.get(best, 0) > 0 else "text"


@runtime_checkable
class FileParser(Protocol):
    """A parser that reads the file by itself, because it has no lines."""

    def read(self, bench: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Records]:
        """The records of the file. Raises InputError where it is damaged."""


class Batch(Protocol):
    """Rows that a parser has taken apart by itself, as an Arrow stream with a SELECT over it."""

    @property
    def lines(self) -> int:
        """What the ledger counts of them."""

    @property
    def byte_offsets(self) -> NDArray[np.int64]:
        """Of each row."""

    def __len__(self) -> int: ...

    def select(self, relation: str, settings: Settings) -> str:
        """As `Parser.select`, over the rows registered under this name."""


@runtime_checkable
class BatchParser(Protocol):
    """A parser that takes the bytes apart by itself, because they are messages and not lines."""

    def batches(self, blocks: Iterable[Block], first_line: int) -> Iterator[Batch]:
        """The rows of a source, whose blocks may end anywhere."""


@runtime_checkable
class ElementParser(Protocol):
    """A parser whose source may be one JSON array, or documents over several lines."""

    elements: Literal["array", "documents"] | None

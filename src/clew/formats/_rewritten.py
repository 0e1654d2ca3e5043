"""Files whose records Python takes out of them: each is written as one JSON object, and read as such.

There are no lines in such a file: the ledger counts records, and `byte_offset` is a record's number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from clew.errors import InputError
from clew.formats import Lines, Parser, Settings
from clew.formats._calls.entries import text_of
from clew.formats._carriers import documents
from clew.formats._envelopes import around
from clew.formats._json import JsonParser
from clew.formats._records import Records, read_records
from clew.formats._wrapped import PartedParser
from clew.sources.files import Block

AT_ONCE = 10_000
"""Records of one block."""
SHOWN = 60
"""Letters of what is no JSON."""
NAME = re.compile(r'"([^"\\]{1,80})"\s*:\s*"')
Record = Mapping[str, Any] | str
"""What is read as a JSON object; a text that is none becomes a reject."""


@dataclass(slots=True)
class RewrittenParser:
    """Reads a file by `records_of`, and what that gives by `objects`, a parser of JSON objects."""

    objects: Parser
    records_of: Callable[[Path], Iterator[Record]]

    def heads(self, lines: Lines) -> None:
        """Whoever reads the file knows its records."""

    def read(self, bench: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Records]:
        """The records of the file; those that belong to one event are one."""
        for records in read_records(self._blocks(path), self.objects.heads):
            yield replace(records, byte_offsets=records.firsts - 1)

    def parts(self, workbench: duckdb.DuckDBPyConnection, records: str) -> list[tuple[str, str]]:
        """Format and SELECT of the rows of each."""
        if isinstance(self.objects, PartedParser):
            return self.objects.parts(workbench, records)
        return [("", self.objects.select(workbench, records))]

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """All rows, whatever their format."""
        return self.objects.select(workbench, records)

    def _blocks(self, path: Path) -> Iterator[Block]:
        offset = 0
        records = self.records_of(path)
        while some := list(islice(records, AT_ONCE)):
            lines = (one if isinstance(one, str) else json.dumps(one) for one in some)
            data = "".join(f"{line}\n" for line in lines).encode()
            yield Block(data, offset)
            offset += len(data)


def rewritten(
    settings: Settings,
    records_of: Callable[[Path], Iterator[Record]],
    *,
    inner: str = "",
    members: Mapping[str, Any] | None = None,
) -> RewrittenParser:
    """A parser of a file.

    inner    the member of a record that holds a line of another format; "" where none does
    members  those that a record may have, of which some say whose line it is
    """
    objects: Parser = JsonParser(settings)
    if inner:
        objects = around(JsonParser, inner, [dict(members or {})], settings)
    return RewrittenParser(objects, records_of)


def whole_documents(path: Path) -> Iterator[Any]:
    """The JSON documents of a file; a line between them that is none is yielded as its text. Raises
    InputError where the first is cut off or none."""
    found = documents(text_of(path))
    first = next(found, None)
    if isinstance(first, str):
        raise InputError(
            f"{path.name} is not one whole JSON document: it is cut off, or not JSON where it says "
            f"'{first[:SHOWN]}'; nothing of it was stored."
        )
    if first is not None:
        yield first
    yield from found


def names_in(head: bytes) -> dict[str, str]:
    """The names of members with a text in the first bytes of a document, which may be cut off."""
    return dict.fromkeys(NAME.findall(head.decode(errors="replace")), "x")

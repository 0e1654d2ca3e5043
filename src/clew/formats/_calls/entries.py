"""Files that hold many calls in one document: each entry is a record, written out as its own JSON object.

There are no lines in such a file: the ledger counts entries.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import zstandard

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._calls.parser import CallsParser
from clew.formats._calls.parts import Layout
from clew.formats._records import Records, records_of_texts

ENTRIES = 10_000
Json = Any
"""What JSON can be: dict, list, str, int, float, bool or None."""


@dataclass(slots=True)
class EntriesParser(CallsParser):
    """Reads the file by itself.

    entries_of  the entries of a document; raises InputError with what is wrong with it
    """

    entries_of: Callable[[Path], Iterator[Json]] = lambda path: iter(())

    def read(self, bench: duckdb.DuckDBPyConnection, path: Path) -> Iterator[Records]:
        """The entries as records whose text is JSON."""
        number = 0
        texts: list[str] = []
        for entry in self.entries_of(path):
            texts.append(json.dumps(entry))
            if len(texts) >= ENTRIES:
                yield records_of_texts(texts, number)
                number, texts = number + len(texts), []
        if texts:
            yield records_of_texts(texts, number)


def parser(
    settings: Settings, layout: Layout, entries_of: Callable[[Path], Iterator[Json]]
) -> EntriesParser:
    """A parser that reads entries from the file."""
    return EntriesParser(settings, layout, entries_of=entries_of)


def text_of(path: Path) -> str:
    """The text of a file, plain, gzip or zstd. Raises InputError where it is cut short."""
    data = path.read_bytes()
    try:
        if data.startswith(b"\x1f\x8b"):
            data = zlib.decompress(data, wbits=31)
        elif data.startswith(b"\x28\xb5\x2f\xfd"):
            data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except (zlib.error, zstandard.ZstdError) as error:
        reason = str(error).rstrip(".")
        raise InputError(f"{path.name} cannot be unpacked: {reason}.") from error
    return data.decode("utf-8-sig", errors="replace")


def document_of(path: Path) -> Json:
    """The one JSON document of a file, plain, gzip or zstd. Raises InputError where it is none."""
    try:
        return json.loads(text_of(path))
    except (ValueError, RecursionError) as error:
        reason = str(error).rstrip(".")
        raise InputError(f"{path.name} is not one whole JSON document: {reason}.") from error


def documents_of(path: Path) -> Iterator[Json]:
    """The JSON documents of a file: one, or one a line."""
    try:
        yield document_of(path)
    except InputError:
        lines = [line for line in path.read_bytes().splitlines() if line.strip()]
        found = []
        for line in lines:
            try:
                found.append(json.loads(line.decode(errors="replace")))
            except (ValueError, RecursionError):
                found = []
                break
        if not found:
            raise
        yield from found

"""Files that hold many calls in one document: each entry is a record, written out as its own JSON object.

{"data": [...], "meta": {...}}, {"records": [...]}   what an API or a data export writes: pages
id,startTime,model,metadata ...                      a table whose cells may hold JSON

There are no lines in such a file: the ledger counts entries.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import zstandard

from clew.errors import InputError
from clew.formats._records import Records, records_of_texts

ENTRIES = 10_000
LONGEST_CELL = 64 << 20
Json = Any
"""What JSON can be: dict, list, str, int, float, bool or None."""
Document = dict[str, Json]


PAGES = (
    "data", "records", "Records", "runs", "observations", "calls", "requests", "logs", "items", "results",
    "rows", "entries", "events", "generations", "value",
)  # fmt: skip
"""Members under which a page lists its entries."""


def records_of(entries: Iterable[Json]) -> Iterator[Records]:
    """The entries as records whose text is JSON."""
    number = 0
    texts: list[str] = []
    for entry in entries:
        texts.append(json.dumps(entry))
        if len(texts) >= ENTRIES:
            yield records_of_texts(texts, number)
            number, texts = number + len(texts), []
    if texts:
        yield records_of_texts(texts, number)


def listed(document: Json, told: Sequence[str] = ()) -> list[Json] | None:
    """The entries of a page, each with what the page says of all of them; None where it lists none.

    told  members of the page that hold for every entry, such as the user of a trace
    """
    if not isinstance(document, dict):
        return None
    for name in PAGES:
        found = document.get(name)
        if isinstance(found, list) and found and all(isinstance(one, dict) for one in found):
            shared = {key: document[key] for key in told if document.get(key) not in (None, "", [])}
            return [{**shared, **one} for one in found] if shared else found
    return None


def header_of(head: bytes) -> Document:
    """The names of a table's first row, as a record without values; {} where no table begins."""
    text = head[:65_536].decode("utf-8-sig", errors="replace")
    if text.lstrip()[:1] in ("{", "[", ""):
        return {}
    try:
        names = next(
            csv.reader(io.StringIO(text.split("\n", 1)[0]), delimiter=_delimiter(text)), []
        )
    except csv.Error:
        return {}
    return {name: {} for name in names} if len(names) > 2 else {}


def rows_of_table(path: Path) -> Iterator[Json]:
    """The rows of a table, each as an object; cells that hold JSON are what they hold."""
    text = text_of(path)
    csv.field_size_limit(LONGEST_CELL)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for row in rows:
            yield {name: _cell(text) for name, text in row.items() if isinstance(name, str)}
    except csv.Error as error:
        raise InputError(
            f"Line {rows.line_num} of {path.name} is no row of a table: {error}."
        ) from error


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _cell(text: str | None) -> Json:
    if text is None or text in ("", "NULL", "null", "None"):
        return None
    if text[0] in "{[":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def entries_of_pages(path: Path, told: Sequence[str] = ()) -> Iterator[Json]:
    """The entries of every page of a file; a document that is no page is an entry itself."""
    for document in documents_of(path):
        for page in document if isinstance(document, list) else [document]:
            found = listed(page, told)
            yield from [page] if found is None else found


def text_of(path: Path) -> str:
    """The text of a file, plain, gzip or zstd. Raises InputError where it is cut short."""
    return bytes_of(path).decode("utf-8-sig", errors="replace")


def bytes_of(path: Path) -> bytes:
    """The bytes of a file, plain, gzip or zstd; it may be several of them in a row. Raises InputError."""
    data = path.read_bytes()
    try:
        if data.startswith(b"\x1f\x8b"):
            return gzip.decompress(data)
        if data.startswith(b"\x28\xb5\x2f\xfd"):
            frames = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
            return frames.read()
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        reason = str(error).rstrip(".")
        raise InputError(f"{path.name} cannot be unpacked: {reason}.") from error
    return data


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

"""The blocks of one source: lines to records, records to events and rejects by a format's SELECT.

Lines that the format cannot read are tried with another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from clew import registry
from clew.engines._duckdb_ledger import Load
from clew.engines._threads import one_ahead
from clew.formats import (
    NO_LAYOUT,
    Batch,
    BatchParser,
    ElementParser,
    FileParser,
    Parser,
    Settings,
    sureness,
)
from clew.formats._array import read_elements
from clew.formats._records import RELATION, STREAM, Records, read_records
from clew.formats._wrapped import PartedParser
from clew.sources.files import Block, SourceFile

SURE_ENOUGH = 0.25
"""How sure a second format must be of the lines that the first one could not read."""
TRACEBACK = b"Traceback (most recent call last):"
Reject = tuple[int, int, str]
"""Line, byte offset, reason."""


def loaded(
    load: Load,
    parser: Parser,
    source: SourceFile,
    part: tuple[int, int, int],
    settings: Settings,
) -> Iterator[Records | Batch]:
    """Loads this part of a source, block by block: first and last byte, and the first line."""
    start, end, first_line = part
    if isinstance(parser, BatchParser):
        for batch in one_ahead(parser.batches(source.pieces(start, end), first_line)):
            load_batch(load, batch, settings)
            yield batch
        return
    for records in _read(source, parser, load, source.blocks(start, end), first_line):
        _load_block(load, parser, records, load.format, settings)
        yield records


def load_batch(load: Load, batch: Batch, settings: Settings) -> None:
    load.count.lines += batch.lines
    if not len(batch):
        return
    load.bench.register(STREAM, batch)
    try:
        select = batch.select(STREAM, settings)
        load.add_rejects(load.add(select, load.format, len(batch)))
    finally:
        load.bench.unregister(STREAM)


def _read(
    source: SourceFile, parser: Parser, load: Load, blocks: Iterator[Block], first_line: int
) -> Iterator[Records]:
    """The records of a source: lines as a rule; some parsers find their own."""
    if isinstance(parser, FileParser):
        records = parser.read(load.bench, source.path)
        return (one for part in records if len(one := part.since(first_line)))
    if isinstance(parser, ElementParser) and parser.elements is not None:
        return read_elements(blocks, is_array=parser.elements == "array")
    return read_records(blocks, parser.heads, first_line)


def _load_block(
    load: Load, parser: Parser, records: Records, format_name: str, settings: Settings
) -> None:
    count = load.count
    count.lines += records.lines
    count.blanks += records.blanks
    if not len(records):
        return
    count.continuation += int(records.counts.sum()) - len(records)
    rejects = _parse(load, parser, records, format_name)
    load_rest(load, records, rejects, format_name, settings)


def load_rest(
    load: Load, records: Records, rejects: list[Reject], format_name: str, settings: Settings
) -> None:
    """Tries the records that a format could not read with others; what none can read is rejected."""
    tried = {format_name, "csv", "parquet", "text"}
    while rejects and (other := _second_format(records, rejects, tried, settings)):
        name, parser, left = other
        tried.add(name)
        load.count.continuation += len(rejects) - len(left)
        records, rejects = left, _parse(load, parser, left, name)
    load.add_rejects(rejects, records.texts([offset for _, offset, _ in rejects]))


def _parse(load: Load, parser: Parser, records: Records, format_name: str) -> list[Reject]:
    load.bench.register(STREAM, records)
    try:
        if isinstance(parser, PartedParser):
            parts = parser.parts(load.bench, RELATION)
            return [one for name, part in parts for one in load.add_some(part, name or format_name)]
        select = parser.select(load.bench, RELATION)
        return load.add(select, format_name, len(records), records)
    finally:
        load.bench.unregister(STREAM)


def _second_format(
    records: Records, rejects: list[Reject], tried: set[str], settings: Settings
) -> tuple[str, Parser, Records] | None:
    """Another format that knows most of the rejects: logs of several writers end up in one file."""
    left = records.pick([offset for _, offset, _ in rejects])
    head = left.head()
    scores = sureness(head, tried)
    is_said = any(reason == NO_LAYOUT for _, _, reason in rejects)
    if is_said or TRACEBACK in head:  # what an application says between its lines is no broken line
        scores["text"] = SURE_ENOUGH
    for name in sorted(scores, key=lambda name: -scores[name]):
        if scores[name] < SURE_ENOUGH:
            break
        told = replace(settings, log_format=None)
        parser: Parser = registry.load("formats", name).parse(head, told)
        if not isinstance(parser, BatchParser):
            return name, parser, left.regrouped(parser.heads)
    return None

"""The table of contents: what happens to bytes on their way to findings.

ingest       read    sources/   files, folders, standard input -> blocks of whole lines
             parse   formats/   blocks -> records -> events and rejects
             redact  redact/    events without secrets, personal data and, if so asked, prompts
             load    engines/   events -> the case, with digests; the ledger must balance
investigate  ingest what is new
             detect  detections/ -> findings, each with its evidence
             rank    most important first
verify       every digest and the chain, again
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clew import __version__, registry
from clew.engines import Engine, _remote
from clew.engines._duckdb_ledger import (
    Known,
    Load,
    known_sources,
    longest_prefix,
    new_bench,
    redactor_of,
    resume,
)
from clew.engines._duckdb_verify import verify as verify_case
from clew.engines._threads import Behind, one_ahead
from clew.engines.duckdb import DuckDBEngine
from clew.engines.duckdb import open_case as open_duckdb
from clew.errors import ConfigError, InputError, LedgerError
from clew.formats import Batch, BatchParser, ElementParser, FileParser, Parser, Settings, surest
from clew.formats._array import read_elements
from clew.formats._records import RELATION, STREAM, Records, read_records
from clew.investigation import detect
from clew.model.finding import Investigation
from clew.model.ledger import Ledger, SourceRow, Verification
from clew.model.redaction import Policy
from clew.prices.book import Book, book_with
from clew.sources.files import Block, Identity, SourceFile, find, not_text

INGEST_MEMORY = "600MB"
"""What the case may keep in memory while it is written: what is on disk need not stay."""
MOST_BEHIND = 6
"""Blocks that wait to be stored: now and then storing takes long, when DuckDB writes to the disk."""
SURE_ENOUGH = 0.4
"""How sure a second format must be of the lines that the first one could not read."""
Reject = tuple[int, int, str]
"""Line, byte offset, reason."""
Progress = Callable[[str, int, int], None]
"""Told the source, the bytes done and the bytes in all."""


def open_case(dsn: str, *, write: bool) -> Engine:
    """The engine that a case's name says: a path, clickhouse://... or chdb://...

    A file that a running server holds is asked through the server.
    """
    scheme, found, _ = dsn.partition("://")
    if not found:
        return _remote.find_server(dsn) or open_duckdb(dsn, write=write)
    family = "clickhouse" if scheme in ("clickhouse", "clickhouses", "chdb") else scheme
    engine: Engine = registry.load("engines", family).open_case(dsn, write=write)
    return engine


def ingest(
    paths: Sequence[str],
    *,
    case: str,
    settings: Settings | None = None,
    format: str | None = None,
    progress: Progress | None = None,
) -> Ledger:
    """Reads files, folders, globs or `-` into the case, and says where every line went.

    Each source is one transaction: what fails, or is killed, leaves the case as it was before it.
    A source that the case holds adds nothing; one that has grown adds its new part.
    """
    settings = settings or Settings()
    book_with(settings.price_file)  # one that is wrong is told before anything is read
    if format is not None:
        registry.load("formats", format)
    with _spool(paths, case) as spool:
        files, problems = find(paths, spool=Path(spool))
        ledger = Ledger(problems=problems)
        if not files:
            return ledger
        engine = open_case(case, write=True)
        try:
            if isinstance(engine, _remote.RemoteEngine):
                ledger.sources = engine.ingest(files, settings, format, progress)
            elif isinstance(engine, DuckDBEngine):
                engine.workbench.execute(f"SET memory_limit = '{INGEST_MEMORY}'")
                engine.workbench.execute("SET threads = 1")
                ledger.sources = list(ingest_files(engine, files, settings, format, progress))
            else:
                raise ConfigError(
                    f"{case} takes no files: ingest into a DuckDB case, or fill it with the "
                    "engine's load()."
                )
        finally:
            engine.close()
    ledger.problems += [row.note for row in ledger.sources if row.status == "failed"]
    return ledger


def _spool(paths: Sequence[str], case: str) -> AbstractContextManager[str]:
    """A folder for a copy of standard input, on the disk that must hold the case as well: /tmp may be
    small. Without standard input there is none."""
    if "-" not in paths:
        return nullcontext("")
    folder = Path(case).parent
    return tempfile.TemporaryDirectory(
        prefix="clew-", dir=folder if "://" not in case and folder.is_dir() else None
    )


def investigate(
    paths: Sequence[str],
    *,
    case: str,
    settings: Settings | None = None,
    format: str | None = None,
    detections: Sequence[str] = (),
    options: Mapping[str, Mapping[str, Any]] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Progress | None = None,
) -> tuple[Investigation, Ledger]:
    """Ingests what is new, runs every detection whose inputs exist, and ranks what they find."""
    ledger = Ledger()
    if paths:
        ledger = ingest(paths, case=case, settings=settings, format=format, progress=progress)
    engine = open_case(case, write=True)
    try:
        return detect(engine, detections, options, since=since, until=until), ledger
    finally:
        engine.close()


def verify(case: str) -> Verification:
    """Recomputes every digest of the case and the chain over its sources."""
    engine = _remote.find_server(case) or open_duckdb(case, write=False)
    try:
        if isinstance(engine, _remote.RemoteEngine):
            return engine.verify()
        return verify_case(engine)
    finally:
        engine.close()


def ingest_files(
    engine: DuckDBEngine,
    files: Sequence[SourceFile],
    settings: Settings,
    format: str | None,
    progress: Progress | None,
) -> Iterator[SourceRow]:
    """Files into an open case, one transaction each; gives the row of each as it is done."""
    book = book_with(settings.price_file)
    for source in files:
        yield _ingest(engine, source, settings, format, progress, book)


def _ingest(
    engine: DuckDBEngine,
    source: SourceFile,
    settings: Settings,
    format: str | None,
    progress: Progress | None,
    book: Book,
) -> SourceRow:
    row = SourceRow(source.uri, timezone=settings.timezone)
    try:
        known = known_sources(engine)
        identity = source.identify(k.end for k in known)
        row.sha256 = identity.sha256
        if same := [k for k in known if k.content_sha256 == identity.content_sha256]:
            return _already(row, same[0], settings.redaction)
        before = longest_prefix(known, identity.prefixes, identity.size)
        row.format = format or (before.format if before else _format(identity.head, settings))
        row.status = "grown" if before else "new"
        if format is None and row.format == "text" and (reason := not_text(identity.head)):
            raise InputError(f"{source.uri} {reason}; nothing of it was stored.")
        with engine.transaction():
            _load(engine, source, row, identity, before, settings, progress, book)
    except InputError as error:
        row.status, row.note = "failed", str(error)
        return row
    if identity.problem:
        row.status, row.note = "failed", identity.problem
    return row


def _format(head: bytes, settings: Settings) -> str:
    """The format of a log_format that was given, by how it writes its variables; else the surest."""
    if settings.log_format and "$" in settings.log_format:
        return "nginx_access"
    if settings.log_format and "%" in settings.log_format:
        return "apache_access"
    return surest(head)


def _note(row: SourceRow, load: Load) -> str:
    """What a person should know of a source that was stored, "" where all went as it should."""
    if not row.count.lines:
        return f"{row.source} is empty." if row.status == "new" else ""
    if load.first_reject is None:
        return ""
    line, byte_offset, reason = load.first_reject
    return (
        f"{row.count.rejects:,} of {row.count.lines:,} lines of {row.source} did not parse, first line "
        f"{line} (byte {byte_offset:,}): {reason}. Their places and reasons are in rejects."
    )


def _already(row: SourceRow, same: Known, policy: Policy) -> SourceRow:
    row.status, row.format, row.source_id = "known", same.format, same.source_id
    row.note = same.told(row.source, policy)
    return row


def _load(
    engine: DuckDBEngine,
    source: SourceFile,
    row: SourceRow,
    identity: Identity,
    before: Known | None,
    settings: Settings,
    progress: Progress | None,
    book: Book,
) -> None:
    start, first_line = _begin(engine, source, before)
    row.source_id = identity.content_sha256[:16]
    bench = new_bench(f"{engine.path}.tmp")
    told = Settings(settings.timezone, source.modified_year(), settings.log_format)
    parser: Parser = registry.load("formats", row.format).parse(identity.head, told)
    with Behind("clew-store", MOST_BEHIND) as behind:
        load = Load(
            engine,
            bench,
            source_id=row.source_id,
            root_sha256=before.root_sha256 if before else identity.content_sha256,
            format=row.format,
            count=row.count,
            book=book,
            redactor=redactor_of(engine, bench, settings.redaction),
            behind=behind,
        )
        for read in _loaded(load, parser, source, (start, identity.size, first_line), told):
            if progress is not None:
                progress(source.uri, int(read.byte_offsets[-1]) if len(read) else 0, identity.size)
    if not row.count.is_balanced:
        raise LedgerError(
            f"{source.uri}: the ledger does not balance ({row.count.lines:,} lines, but "
            f"{row.count.events:,} events, {row.count.continuation:,} continuation, "
            f"{row.count.blanks:,} blanks and {row.count.rejects:,} rejects); nothing was stored."
        )
    row.note = _note(row, load)
    uri = load.redactor.name(source.uri)
    row.redacted = load.redactor.counted
    row.digest = load.finish(
        {
            "uri": uri,
            "sha256": identity.sha256,
            "content_sha256": identity.content_sha256,
            "continues": before.source_id if before else None,
            "start": start,
            "size": identity.size - start,
            "first_line": first_line,
            "timezone": settings.timezone,
            "ingested_at": datetime.now(UTC).replace(tzinfo=None),
            "clew_version": __version__,
        }
    )


def _loaded(
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
            _load_batch(load, batch, settings)
            yield batch
        return
    for records in _read(source, parser, load, source.blocks(start, end), first_line):
        _load_block(load, parser, records, load.format, settings)
        yield records


def _load_batch(load: Load, batch: Batch, settings: Settings) -> None:
    load.count.lines += batch.lines
    if not len(batch):
        return
    load.bench.register(STREAM, batch)
    try:
        select = batch.select(STREAM, settings)
        load.add_rejects(load.add(select, load.format, len(batch)))
    finally:
        load.bench.unregister(STREAM)


def _begin(engine: DuckDBEngine, source: SourceFile, before: Known | None) -> tuple[int, int]:
    """The first byte and the first line that are new."""
    if before is None:
        return 0, 1
    last_byte = next(source.blocks(before.end - 1, before.end)).data
    return resume(engine, before, is_line_open=last_byte != b"\n")


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
    tried = {format_name, "csv", "parquet", "text"}
    while rejects and (other := _second_format(records, rejects, tried, settings)):
        name, parser, left = other
        tried.add(name)
        count.continuation += len(rejects) - len(left)
        records, rejects = left, _parse(load, parser, left, name)
    load.add_rejects(rejects, records.texts([offset for _, offset, _ in rejects]))


def _parse(load: Load, parser: Parser, records: Records, format_name: str) -> list[Reject]:
    load.bench.register(STREAM, records)
    try:
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
    others = [name for name in registry.names("formats") if name not in tried]
    scores = {name: registry.load("formats", name).sniff(head) for name in others}
    for name in sorted(scores, key=lambda name: -scores[name]):
        if scores[name] < SURE_ENOUGH:
            break
        told = replace(settings, log_format=None)
        parser: Parser = registry.load("formats", name).parse(head, told)
        if not isinstance(parser, BatchParser):
            return name, parser, left.regrouped(parser.heads)
    return None

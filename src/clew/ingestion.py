"""Sources to stored events: one after the other, and small ones of one format together.

Whether a source is known is looked up, its blocks are loaded, and its row of the ledger says what became
of each line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeGuard

import duckdb
import numpy as np

from clew import __version__, registry
from clew.bundles import Alone, Small, bundles, is_guessing
from clew.engines._duckdb_asked import Asked
from clew.engines._duckdb_bundle import Bundle
from clew.engines._duckdb_known import Known, known_sources, longest_prefix, resume
from clew.engines._duckdb_ledger import Load, new_bench, redactor_of
from clew.engines._threads import Behind, one_ahead
from clew.engines.duckdb import DuckDBEngine
from clew.errors import InputError, LedgerError
from clew.formats import FileParser, Parser, Settings, surest
from clew.formats._records import RELATION, STREAM, Records
from clew.formats._telemetry.batches import bundled
from clew.formats._telemetry.rows import Telemetry
from clew.formats._wrapped import PartedParser
from clew.loading import load_batch, load_rest, loaded
from clew.model.ledger import SourceRow
from clew.model.redaction import Policy
from clew.prices.book import book_with
from clew.prices.charge import Till
from clew.redact._rows import Redactor, marks_of
from clew.sources._writers import services_of
from clew.sources.files import Identity, SourceFile, not_text

MOST_BEHIND = 6
"""Blocks that wait to be stored: now and then storing takes long, when DuckDB writes to the disk."""
BUNDLES_AT_ONCE = 8
"""Bundles of messages in one transaction: the case writes large ones once, small ones again and again."""
Progress = Callable[[str, int, int], None]
"""Told the source, the bytes done and the bytes in all."""


@dataclass(frozen=True, slots=True)
class _Run:
    """What all sources of one ingest share: the case, where they are parsed, and what was asked.

    writers  path to the service that it means, where it means one
    """

    engine: DuckDBEngine
    bench: duckdb.DuckDBPyConnection
    settings: Settings
    format: str | None
    progress: Progress | None
    till: Till
    asked: Asked
    writers: Mapping[str, str]

    def load(self, row: SourceRow, root_sha256: str, **more: Any) -> Load:
        """A source on its way into the case."""
        return Load(
            self.engine,
            self.bench,
            source_id=row.source_id,
            root_sha256=root_sha256,
            format=row.format,
            count=row.count,
            till=self.till,
            asked=self.asked,
            redactor=self.redactor(),
            writer=self.writers.get(row.source, ""),
            **more,
        )

    def bundle(self, smalls: Sequence[Small], behind: Behind | None = None) -> Bundle:
        """Small sources that one parser reads, on their way into the case together."""
        loads = {}
        for small in smalls:
            row = SourceRow(
                small.source.uri, small.identity.sha256, small.format, self.settings.timezone
            )
            row.source_id = small.identity.content_sha256[:16]
            row.count.lines = small.rows.lines
            load = self.load(row, small.identity.content_sha256, behind=behind)
            loads[row.source_id] = row, load
        return Bundle(
            self.engine,
            self.bench,
            source_id="",
            root_sha256="",
            format=smalls[0].format,
            till=self.till,
            asked=self.asked,
            redactor=self.redactor(),
            behind=behind,
            rows={source_id: row for source_id, (row, _) in loads.items()},
            loads={source_id: load for source_id, (_, load) in loads.items()},
        )

    def redactor(self) -> Redactor:
        """A new one, with counts of its own."""
        return redactor_of(self.engine, self.bench, self.settings.redaction)

    def tell(self, uri: str, done: int, size: int) -> None:
        """How far a source is."""
        if self.progress is not None:
            self.progress(uri, done, size)


def ingest_files(
    engine: DuckDBEngine,
    files: Sequence[SourceFile],
    settings: Settings,
    format: str | None,
    progress: Progress | None,
) -> Iterator[SourceRow]:
    """Files into an open case; gives the row of each as it is done.

    Each is one transaction; small ones that one parser reads are one together.
    """
    bench = new_bench(f"{engine.path}.tmp")
    till = Till(bench, book_with(settings.price_file))
    writers = services_of(file.uri for file in files)
    run = _Run(engine, bench, settings, format, progress, till, Asked(bench), writers)
    coming: Iterator[Alone | list[Small]] = map(Alone, files)
    counts_by_source = settings.redaction.prompts == "keep"  # what prompts lose is counted in all
    if files[1:] and counts_by_source:
        known = known_sources(engine)
        coming = one_ahead(
            bundles(files, known, settings, lambda head: format or _format(head, settings))
        )
    found = next(coming, None)
    while found is not None:
        if isinstance(found, Alone):
            yield _ingest(run, found.source, found.identity)
            found = next(coming, None)
        elif _is_of_messages(found):
            rows, found = _ingest_messages(run, found, coming)
            yield from rows
        else:
            yield from _ingest_lines(run, found)
            found = next(coming, None)


def _ingest(run: _Run, source: SourceFile, identity: Identity | None = None) -> SourceRow:
    row = SourceRow(source.uri, timezone=run.settings.timezone)
    try:
        known = known_sources(run.engine)
        identity = identity or source.identify(k.end for k in known)
        row.sha256 = identity.sha256
        if same := [k for k in known if k.content_sha256 == identity.content_sha256]:
            return _already(row, same[0], run.settings.redaction)
        before = longest_prefix(known, identity.prefixes, identity.size)
        row.format = run.format or (
            before.format if before else _format(identity.head, run.settings)
        )
        row.status = "grown" if before else "new"
        if run.format is None and row.format == "text" and (reason := not_text(identity.head)):
            raise InputError(f"{source.uri} {reason}; nothing of it was stored.")
        with run.engine.loading() as settle:
            _load(run, source, row, identity, before, settle)
    except InputError as error:
        row.status, row.note = "failed", str(error)
        return row
    if identity.problem:
        row.status, row.note = "failed", identity.problem
    return row


def _ingest_lines(run: _Run, smalls: Sequence[Small]) -> list[SourceRow]:
    """Small sources whose lines one parser reads, in one transaction; one after the other where they cannot
    go together."""
    bundle = run.bundle(smalls)
    try:
        with run.engine.loading() as settle:
            _load_lines(bundle, smalls)
            settle()
            return _finish_together(run, [(bundle, [small.identity for small in smalls])])
    except _Apart:
        return [_ingest(run, small.source, small.identity) for small in smalls]


def _ingest_messages(
    run: _Run, found: Alone | list[Small] | None, coming: Iterator[Alone | list[Small]]
) -> tuple[list[SourceRow], Alone | list[Small] | None]:
    """Some bundles of messages in one transaction; and what comes after them."""
    done: list[tuple[Bundle, list[Identity]]] = []
    with run.engine.loading() as settle:
        with Behind("clew-store", MOST_BEHIND) as behind:
            while _is_of_messages(found) and len(done) < BUNDLES_AT_ONCE:
                bundle = run.bundle(found, behind)
                _load_messages(bundle, found)
                done.append((bundle, [small.identity for small in found]))
                found = next(coming, None)
        settle()
        return _finish_together(run, done), found


def _is_of_messages(found: Alone | list[Small] | None) -> TypeGuard[list[Small]]:
    return isinstance(found, list) and isinstance(found[0].rows, Telemetry)


def _finish_together(
    run: _Run, done: Sequence[tuple[Bundle, Sequence[Identity]]]
) -> list[SourceRow]:
    """The rows of the ledger of all sources of some bundles."""
    rows = []
    for bundle, identities in done:
        names = bundle.redactor.names([row.source for row in bundle.rows.values()])
        told = zip(bundle.rows.items(), names, identities, strict=True)
        for (source_id, row), name, identity in told:
            _finish(bundle.loads[source_id], row, name, identity)
            run.tell(row.source, identity.size, identity.size)
            rows.append(row)
    return rows


class _Apart(Exception):
    """Files that look as if one parser read them have to be read one by one."""


def _load_messages(bundle: Bundle, smalls: Sequence[Small]) -> None:
    """Loads the messages of these sources, all but the rows of the ledger."""
    messages = [small.rows for small in smalls if isinstance(small.rows, Telemetry)]
    together = bundled(messages, [(name, name) for name in bundle.loads])
    load_batch(bundle, together, smalls[0].told)
    for source_id, rejects in bundle.refused.items():
        bundle.loads[source_id].add_rejects(rejects)


def _load_lines(bundle: Bundle, smalls: Sequence[Small]) -> None:
    """Loads the lines of these sources, all but the rows of the ledger. Raises _Apart."""
    lines = [small.rows for small in smalls if isinstance(small.rows, Records)]
    bases = np.cumsum([0, *(small.identity.size for small in smalls)])[:-1].tolist()
    records = Records.joined(lines, bases)
    bundle.bench.register(STREAM, records)
    try:
        parser = smalls[0].parser
        if isinstance(parser, PartedParser):
            of_all, parts = None, parser.parts(bundle.bench, RELATION)
        else:
            of_all, parts = records, [("", parser.select(bundle.bench, RELATION))]
        if smalls[1:] and is_guessing(parser):
            raise _Apart
        for format, select in parts:
            bundle.add_lines(select, format or bundle.format, of_all, bases)
    finally:
        bundle.bench.unregister(STREAM)
    for (source_id, load), own in zip(bundle.loads.items(), lines, strict=True):
        load.count.blanks += own.blanks
        load.count.continuation += int(own.counts.sum()) - len(own)
        rejects = bundle.refused.get(source_id, [])
        load_rest(load, own, rejects, bundle.format, smalls[0].told)


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
    run: _Run,
    source: SourceFile,
    row: SourceRow,
    identity: Identity,
    before: Known | None,
    settle: Callable[[], None],
) -> None:
    row.source_id = identity.content_sha256[:16]
    root = before.root_sha256 if before else identity.content_sha256
    told = run.settings.of_year(source.modified_year())
    parser: Parser = registry.load("formats", row.format).parse(identity.head, told)
    start, first_line = _begin(run.engine, source, before, parser)
    with Behind("clew-store", MOST_BEHIND) as behind:
        load = run.load(row, root, behind=behind)
        for read in loaded(load, parser, source, (start, identity.size, first_line), told):
            run.tell(source.uri, int(read.byte_offsets[-1]) if len(read) else 0, identity.size)
    (name,) = load.redactor.names([row.source])
    settle()
    _finish(load, row, name, identity, before, start, first_line)


def _finish(
    load: Load,
    row: SourceRow,
    name: str,
    identity: Identity,
    before: Known | None = None,
    start: int = 0,
    first_line: int = 1,
) -> None:
    """Writes the ledger of a source whose rows are stored. Raises LedgerError where it does not balance.

    name  of the source, redacted
    """
    if not row.count.is_balanced:
        raise LedgerError(
            f"{row.source}: the ledger does not balance ({row.count.lines:,} lines, but "
            f"{row.count.events:,} events, {row.count.continuation:,} continuation, "
            f"{row.count.blanks:,} blanks and {row.count.rejects:,} rejects); nothing was stored."
        )
    row.note = _note(row, load)
    if name != row.source:
        load.redactor.counts.update(marks_of(name))
    row.redacted = load.redactor.counted
    row.digest = load.finish(
        {
            "uri": name,
            "sha256": identity.sha256,
            "content_sha256": identity.content_sha256,
            "continues": before.source_id if before else None,
            "start": start,
            "size": identity.size - start,
            "first_line": first_line,
            "timezone": row.timezone,
            "ingested_at": datetime.now(UTC).replace(tzinfo=None),
            "clew_version": __version__,
        }
    )


def _begin(
    engine: DuckDBEngine, source: SourceFile, before: Known | None, parser: Parser
) -> tuple[int, int]:
    """The first byte and the first line that are new. A parser that reads records out of a file counts
    those: none of them is left open where no line ends."""
    if before is None:
        return 0, 1
    last_byte = next(source.blocks(before.end - 1, before.end)).data
    is_line_open = last_byte != b"\n" and not isinstance(parser, FileParser)
    return resume(engine, before, is_line_open=is_line_open)

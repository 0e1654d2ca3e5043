"""The table of contents: what happens to bytes on their way to findings.

ingest       (ingestion.py)
             read    sources/   files, folders, standard input -> blocks of whole lines
             parse   formats/   blocks -> records -> events and rejects
             price   prices/    AI calls -> their cost, by the price in force on their own date
             redact  redact/    events without secrets, personal data and, if so asked, prompts
             load    engines/   events -> the case, with digests; the ledger must balance
investigate  ingest what is new
             (investigation.py)
             detect  detections/ -> findings, each with its evidence
             rank    most important first
verify       every digest and the chain, again
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from clew import registry
from clew.engines import Engine, _remote
from clew.engines._duckdb_verify import has_link
from clew.engines._duckdb_verify import verify as verify_case
from clew.engines.duckdb import DuckDBEngine
from clew.engines.duckdb import open_case as open_duckdb
from clew.errors import ConfigError
from clew.formats import Settings
from clew.ingestion import Progress, ingest_files
from clew.model.finding import Investigation
from clew.model.ledger import Ledger, Verification
from clew.prices.book import book_with
from clew.sources.files import find

INGEST_MEMORY = "600MB"
"""What the case may keep in memory while it is written: what is on disk need not stay."""


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
                from clew.relay import relay_files

                ledger.sources = relay_files(engine, case, files, settings, format, progress)
        finally:
            engine.close()
    order = {source.uri: place for place, source in enumerate(files)}
    ledger.sources.sort(key=lambda row: order[row.source])
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
    from clew.investigation import detect

    ledger = Ledger()
    if paths:
        ledger = ingest(paths, case=case, settings=settings, format=format, progress=progress)
    engine = open_case(case, write=True)
    try:
        return detect(engine, detections, options, since=since, until=until), ledger
    finally:
        engine.close()


def verify(case: str, head: str = "") -> Verification:
    """Recomputes every digest of the case and the chain over its sources.

    head  a link that `verify` told before: the chain must have come by it
    """
    if "://" in case:
        raise ConfigError(
            "A case on ClickHouse keeps digests, but only a DuckDB case can be verified."
        )
    engine = _remote.find_server(case) or open_duckdb(case, write=False)
    try:
        found = engine.verify() if isinstance(engine, _remote.RemoteEngine) else verify_case(engine)
        if head and not has_link(engine, head.lower()):
            lost = f"The chain does not come by link {head}: sources were removed, or this is another case."
            return Verification(False, (*(() if found.ok else found.sentences), lost))
        return found
    finally:
        engine.close()

"""What a server that was killed had stored, into the case: the next command finds all of it."""

from __future__ import annotations

from pathlib import Path

from clew.engines._remote import find_server
from clew.errors import EngineError
from clew.formats import Settings
from clew.live.case import open_live
from clew.live.writer import Writer
from clew.model.redaction import Policy
from clew.sources._spool import leftovers


def load_left_behind(case: str, policy: Policy | None = None) -> str:
    """Loads the spool of a case that no server holds; a sentence of what was done, or could not be.

    A server that runs, or begins, does it by itself: nothing is said then.
    """
    if server := find_server(case):
        server.close()
        return ""
    path = Path(case).resolve()
    folder = path.with_name(path.name + ".spool")
    waiting = list(leftovers(folder))
    if not waiting or not path.exists():
        return ""
    try:
        rows = _loaded(str(path), folder, Settings(redaction=policy or Policy()))
    except EngineError as error:
        return f"Requests in {folder} are not in the case yet: {error}"
    return f"Loaded {rows:,} rows that a server had received before it was killed." if rows else ""


def _loaded(case: str, folder: Path, settings: Settings) -> int:
    engine = open_live(case)
    try:
        writer = Writer(engine, lambda size: None, settings)
        writer.start(leftovers(folder))
        writer.close()
        return writer.tally.rows
    finally:
        engine.close()

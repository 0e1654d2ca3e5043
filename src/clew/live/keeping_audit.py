"""What commands do, in the audit of a case, whether a server holds it or not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from clew.engines._remote import RemoteEngine, find_server
from clew.engines.duckdb import open_case
from clew.errors import ConfigError
from clew.live import tokens
from clew.live.case import make_tables

IS_THERE = "SELECT count(*) FROM information_schema.tables WHERE table_name = 'audit'"


def note(case: str, who: str, action: str, what: str, now: datetime) -> None:
    """Notes something done. Raises EngineError: what cannot be noted is not done."""
    engine = find_server(case) or open_case(str(Path(case)), write=True)
    try:
        if isinstance(engine, RemoteEngine):
            asked = {"who": who, "action": action, "what": what}
            list(engine.lines("POST", "/api/local/audit", asked))
        else:
            make_tables(engine.workbench)
            tokens.record(engine.workbench, tokens.Reader(who), action, what, now)
    finally:
        engine.close()


def noted(case: str, action: str) -> list[str]:
    """What was noted under that action, oldest first."""
    if "://" in case:
        raise ConfigError(f"A playbook needs a DuckDB case, which {case} is not.")
    engine = find_server(case) or open_case(str(Path(case)), write=False)
    try:
        if not engine.run(IS_THERE).rows[0][0]:
            return []
        quoted = action.replace("'", "''")
        return [
            str(what)
            for (what,) in engine.run(
                f"SELECT what FROM audit WHERE action = '{quoted}' ORDER BY read_at"
            ).rows
        ]
    finally:
        engine.close()

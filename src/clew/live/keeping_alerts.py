"""Changes to the alerts of a case, whether a server holds it or not."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from clew.alerts import store
from clew.engines._remote import RemoteEngine, find_server
from clew.engines.duckdb import DuckDBEngine, open_case
from clew.errors import ConfigError
from clew.model.finding import rfc3339


def acknowledge(case: str, alert_id: str, who: str, now: datetime) -> None:
    """Takes an alert on: its sinks are not told again. Raises ConfigError where it is not known."""
    engine = _opened(case)
    try:
        if isinstance(engine, RemoteEngine):
            asked = {"alert_id": alert_id, "who": who}
            list(engine.lines("POST", "/api/local/alerts/ack", asked))
        else:
            store.acknowledge(engine.workbench, alert_id, who, now)
    finally:
        engine.close()


def silence(case: str, what: str, until: datetime, reason: str, who: str, now: datetime) -> str:
    """Silences a rule, a kind or an alert until then; gives the silence's id."""
    engine = _opened(case)
    try:
        if not isinstance(engine, RemoteEngine):
            return store.silence(engine.workbench, what, until, reason, who, now)
        asked = {"what": what, "until": rfc3339(until), "reason": reason, "who": who}
        (line,) = engine.lines("POST", "/api/local/alerts/silence", asked)
        return str(json.loads(line)["silence_id"])
    finally:
        engine.close()


def _opened(case: str) -> DuckDBEngine | RemoteEngine:
    if "://" in case:
        raise ConfigError(f"Alerts belong to a DuckDB case, which {case} is not.")
    return find_server(case) or open_case(str(Path(case)), write=True)

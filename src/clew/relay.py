"""Files into a case on a server: read into a DuckDB case on this machine, and sent on source by source.

The DuckDB case knows what the other holds, so a file that is there already adds nothing, one that has grown
adds its new part, and the chain goes on. Small sources are sent together.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clew.engines import Engine
from clew.engines import _clickhouse_intake as intake
from clew.engines.clickhouse import ClickHouseEngine
from clew.engines.duckdb import open_case
from clew.errors import ConfigError
from clew.formats import Settings
from clew.ingestion import Progress, ingest_files
from clew.model.ledger import SourceRow
from clew.model.redaction import Policy
from clew.sources.files import SourceFile

SEND_AT = 200_000
"""Events that are sent together, at least, but for the last."""


def relay_files(
    remote: Engine,
    dsn: str,
    files: Sequence[SourceFile],
    settings: Settings,
    format: str | None,
    progress: Progress | None,
) -> list[SourceRow]:
    """Files into the case that `dsn` names; gives the row of each. Raises ConfigError where its engine
    takes no files, or has no place for a key."""
    if not isinstance(remote, ClickHouseEngine):
        raise ConfigError(f"{dsn} takes no files: ingest into a DuckDB case, or one on ClickHouse.")
    settings = replace(settings, redaction=_with_key(settings, dsn))
    rows: list[SourceRow] = []
    with tempfile.TemporaryDirectory(prefix="clew-") as name:
        folder = Path(name)
        local = open_case(str(folder / "relay.duckdb"), write=True)
        try:
            intake.seed(local, remote)
            waiting = 0
            for row in ingest_files(local, files, settings, format, progress):
                rows.append(row)
                waiting += row.count.events
                if waiting >= SEND_AT:
                    intake.send(local, remote, folder)
                    waiting = 0
            intake.send(local, remote, folder)
        finally:
            local.close()
    return rows


def _with_key(settings: Settings, dsn: str) -> Policy:
    """The policy with a key that the next ingest has too: the DuckDB case is gone by then.

    Raises ConfigError where there is no place for one.
    """
    policy = settings.redaction
    scheme, _, path = dsn.partition("://")
    if policy.what == "none" or policy.key or policy.key_file or dsn == "chdb://":
        return policy
    if scheme == "chdb":
        return replace(policy, key_file=f"{path.rstrip('/')}.key")
    raise ConfigError(
        "A case on a server has no place for the key of redaction: name a file with the setting "
        "redact.key_file, the same for all who ingest into it, or ask for --redact none."
    )

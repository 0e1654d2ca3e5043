"""A case to a document: what its detections find, and what its analyses say, written by a report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clew import __version__, registry
from clew.engines import Engine
from clew.investigation import detect
from clew.reports._asking import Asking
from clew.reports._contents import document_of


def report(
    engine: Engine,
    *,
    format: str = "html",
    options: Mapping[str, Mapping[str, Any]] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    timeout_s: float | None = None,
) -> str:
    """The case as a document: what it cost or what failed, the findings, and what proves them.

    `format` is a member of reports/, `options` are those of detections by name, `timeout_s` is how
    long each question of the report may run.
    """
    writer = registry.load("reports", format)
    found = detect(engine, (), options, since=since, until=until)
    asking = Asking(engine, since, until, timeout_s)
    text: str = writer.written(
        document_of(asking, found, made=datetime.now(UTC), version=__version__)
    )
    return text

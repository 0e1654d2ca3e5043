"""Clew follows the thread through what an AI system left behind, to the cause and its proof.

sources     where bytes come from: files, folders, globs, standard input
formats     bytes to events, and rejects for what does not parse
redact      secrets and personal data out of events, before they are stored
engines     the case: one DuckDB file, or a ClickHouse server
analyses    tables to a table: error_rate, latency_percentiles, exceptions ...
detections  tables to findings: recurring_exception, error_burst ...
sinks       findings and events to what others read: slack, splunk_hec, ocsf ...
pipeline    ingest = read, parse, price, redact, load; investigate = ingest, detect, rank
reports     tables and findings to a document: html, md
query       the search language, compiled to the same expressions as everything else
instrument  what a service itself logs: JSON lines, and each call of an LLM behind it
live, web   the live server: spooled requests to rows, and its face over HTTP
cli         the thin face: read a request, call the pipeline, show the answer
model       the nouns all of them share: event, view, finding, case
An import never points up this list; `import clew` itself loads none of them.

>>> import clew
>>> found, ledger = clew.investigate(["logs/"], case="incident.duckdb")  # doctest: +SKIP
>>> [finding.title for finding in found.findings]  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clew.errors import ClewError, ConfigError, EngineError, EvidenceError, InputError, QueryError

if TYPE_CHECKING:
    from clew.investigation import detect
    from clew.model.finding import Evidence, Finding, Investigation
    from clew.pipeline import ingest, investigate, open_case, verify
    from clew.reporting import report

__version__ = "0.1.0"

__all__ = [
    "ingest",
    "investigate",
    "detect",
    "report",
    "verify",
    "open_case",
    "Investigation",
    "Finding",
    "Evidence",
    "ClewError",
    "InputError",
    "ConfigError",
    "QueryError",
    "EngineError",
    "EvidenceError",
]

_HOMES = {
    "ingest": "clew.pipeline",
    "investigate": "clew.pipeline",
    "detect": "clew.investigation",
    "report": "clew.reporting",
    "verify": "clew.pipeline",
    "open_case": "clew.pipeline",
    "Investigation": "clew.model.finding",
    "Finding": "clew.model.finding",
    "Evidence": "clew.model.finding",
}
"""Names that load their module, and DuckDB with it, when they are first used."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'clew' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)

"""Detections to findings: what can be evaluated is run, and every row found brings its evidence.

A detection gives rows; its `evidence` names the events that prove a row, its `details` fetch what
the words need, and its `describe` says it. A row without evidence is not a finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import PurePath
from types import ModuleType
from typing import Any

import ibis.expr.types as ir

from clew import registry
from clew.correlation.clocks import LEFT_SKEW_US, clock_offsets
from clew.engines import Engine
from clew.model.fill import Fill
from clew.model.finding import Evidence, Finding, Investigation, ranked
from clew.model.views import VIEWS, between, events

MOST_FINDINGS = 50
"""Rows of one detection that become findings; a detection that finds more is drowning its reader."""
EXCERPT_CHARACTERS = 400
EVIDENCE_COLUMNS = (
    "event_id", "source_id", "line", "byte_offset", "timestamp", "message", "exception_type",
    "exception_message", "client_ip", "http_method", "url_path", "http_status", "duration_ms",
    "upstream_address", "request_id", "span_name", "service", "db_query", "model", "input_tokens",
    "output_tokens", "cost_usd", "user_id", "change_type", "change_version", "event_name",
    "error_type",
)  # fmt: skip


def detect(
    engine: Engine,
    names: Sequence[str] = (),
    options: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    seen: ir.Table | None = None,
) -> Investigation:
    """Runs these detections, or all; `options` are keyword arguments by detection.

    Only events from `since` up to, and without, `until` are looked at, or else those of `seen`.
    """
    seen = between(events, since, until) if seen is None else seen
    names = names or registry.names("detections")
    _fill(engine, names, options or {})
    filled = _filled(engine, names)
    with engine.sharing({}) as asked:
        return _detect(asked, seen, names, filled, options or {})


def _detect(
    engine: Engine,
    seen: ir.Table,
    names: Sequence[str],
    filled: Collection[tuple[str, str]],
    options: Mapping[str, Mapping[str, Any]],
) -> Investigation:
    findings: list[Finding] = []
    not_evaluable: list[str] = []
    for name in names:
        module = registry.load("detections", name)
        given = options.get(name, {})
        unset = [
            words
            for option, words in getattr(module, "NEEDS_OPTIONS", {}).items()
            if not given.get(option)
        ]
        if missing := unset or _missing(engine, module, filled, given):
            not_evaluable.append(f"{name} is not evaluable: needs {', '.join(missing)}.")
            continue
        rows = engine.run(module.detect(seen, **given), limit=MOST_FINDINGS)
        found = (_finding(engine, seen, name, module, row) for row in rows.dicts())
        findings += [finding for finding in found if finding is not None]
    return Investigation(ranked(findings), tuple(not_evaluable), _annotations(engine))


def _fill(engine: Engine, names: Sequence[str], options: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes the columns of events that these detections work out, where the case has none yet."""
    fillers = [name for name in names if hasattr(registry.load("detections", name), "fill")]
    filled = _filled(engine, fillers)
    for name in fillers:
        module = registry.load("detections", name)
        given = options.get(name, {})
        if not _missing(engine, module, filled, given):
            for fill in _fills(engine, name, module, given):
                engine.fill(fill)


def _fills(
    engine: Engine, name: str, module: ModuleType, options: Mapping[str, Any]
) -> Iterable[Fill]:
    """What a detection fills; a detector that was trained for this case stands in for its features."""
    case = getattr(engine, "path", "")
    if case and not options.get("score"):
        from clew.detector import beside

        if trained := beside.found(case, name):
            return beside.fills(engine, name, *trained)
    filled: tuple[Fill, ...] = module.fill(**options)
    return filled


def _annotations(engine: Engine) -> tuple[str, ...]:
    """Clocks that differ from the proxy's: measured, said, and never corrected in silence."""
    names = source_names(engine)
    rows = engine.run(clock_offsets(events).order_by("source_id")).dicts()
    return tuple(
        f"The clock of {names.get(row['source_id'], row['source_id'])} differs from the proxy's by "
        f"{-row['offset_us'] / 1e6:+,.1f} s, measured from {row['pairs']:,} pairs tied by "
        f"{row['basis']} (spread {row['spread_us'] / 1e6:.1f} s); findings use corrected times."
        for row in rows
        if abs(row["offset_us"]) >= LEFT_SKEW_US
    )


def _filled(engine: Engine, names: Sequence[str]) -> set[tuple[str, str]]:
    """The columns that these detections need and some row has: view and column. One question a view."""
    needed: dict[str, set[str]] = {}
    for name in names:
        for view, columns in registry.load("detections", name).NEEDS.items():
            needed.setdefault(view, set()).update(columns)
    found = set()
    for view, columns in needed.items():
        table = VIEWS[view](events) if view in VIEWS else events
        (counts,) = engine.run(
            table.aggregate(**{column: table[column].count() for column in sorted(columns)})
        ).dicts()
        found |= {(view, column) for column, count in counts.items() if count}
    return found


def _missing(
    engine: Engine,
    module: ModuleType,
    filled: Collection[tuple[str, str]],
    given: Mapping[str, Any],
) -> list[str]:
    """The columns a detection needs that no row of its view has, and the rows that no source gave: in
    general, and for the options that are given."""
    missing = [
        column if view == "events" else f"{view}.{column}"
        for view, columns in module.NEEDS.items()
        for column in columns
        if (view, column) not in filled
    ]
    needed = dict(getattr(module, "NEEDS_ROWS", {}))
    for option, (words, is_told) in getattr(module, "NEEDS_GIVEN", {}).items():
        if value := given.get(option):
            needed[words.format(value)] = partial(is_told, s=value)
    for rows, is_one in needed.items():
        found = events.aggregate(found=is_one(events).fill_null(False).cast("int64").sum())
        if not missing and not engine.run(found).rows[0][0]:
            missing.append(rows)
    return missing


def _finding(
    engine: Engine, seen: ir.Table, name: str, module: ModuleType, row: dict[str, Any]
) -> Finding | None:
    evidence = evidence_of(engine, module.evidence(seen, row))
    if not evidence:
        return None
    asked = module.details(seen, row) if hasattr(module, "details") else {}
    said = module.describe(row, {key: engine.run(table).dicts() for key, table in asked.items()})
    playbook = getattr(module, "PLAYBOOK", "")
    return Finding(
        kind=name,
        title=said.title,
        severity=said.severity,
        confidence=float(said.confidence),
        start=row.get("started"),
        end=row.get("ended"),
        subject={key: row[key] for key in module.SUBJECT if row.get(key) is not None},
        measures={key: _number(row.get(key)) for key in module.MEASURES},
        evidence=evidence,
        why=tuple(said.why),
        recommendations=(*said.recommendations, *([f"Playbook: {playbook}."] if playbook else ())),
        references=tuple(getattr(module, "REFERENCES", ())),
    )


def _number(value: Any) -> int | float | None:
    if value is None or isinstance(value, int):
        return value
    number = float(value)
    return round(number, 6) if number == number and abs(number) != float("inf") else None


def evidence_of(engine: Engine, chosen: Any) -> tuple[Evidence, ...]:
    """The chosen events with the way back to their bytes, in the order in which they were chosen."""
    order = {row["event_id"]: i for i, row in reversed(list(enumerate(engine.run(chosen).dicts())))}
    if not order:
        return ()
    rows = engine.run(
        events.filter(events.event_id.isin(list(order))).select(*EVIDENCE_COLUMNS)
    ).dicts()
    names = source_names(engine)
    return tuple(proof(row, names) for row in sorted(rows, key=lambda row: order[row["event_id"]]))


def proof(row: Mapping[str, Any], names: Mapping[str, str]) -> Evidence:
    """An event as evidence, by its EVIDENCE_COLUMNS and the names of sources."""
    return Evidence(
        event_id=row["event_id"],
        source=names.get(row["source_id"], row["source_id"] or ""),
        line=row["line"],
        byte_offset=row["byte_offset"],
        timestamp=row["timestamp"],
        text=excerpt(row),
    )


def source_names(engine: Engine) -> dict[str, str]:
    """Source to its file's name, or to its whole path where two files bear one name."""
    uris = dict(engine.run("SELECT source_id, uri FROM sources").rows)
    bases = [PurePath(uri).name for uri in set(uris.values())]
    return {
        source_id: PurePath(uri).name if bases.count(PurePath(uri).name) == 1 else uri
        for source_id, uri in uris.items()
    }


def excerpt(row: Mapping[str, Any]) -> str:
    """What an event says, in one line of at most 400 characters.

    >>> excerpt({"http_method": "POST", "url_path": "/v1/chat", "http_status": 500})
    'POST /v1/chat 500'
    """
    parts = []
    took = "" if row.get("duration_ms") is None else f"{row['duration_ms']:,.5g} ms"
    if row.get("span_name"):
        parts.append(" of ".join(str(row[key]) for key in ("span_name", "service") if row.get(key)))
        parts += [f"HTTP {row['http_status']}"] if row.get("http_status") is not None else []
    elif row.get("http_status") is not None or row.get("http_method"):
        request = ("client_ip", "http_method", "url_path", "http_status")
        parts.append(" ".join(str(row[key]) for key in request if row.get(key) is not None))
    if row.get("model"):
        parts.append(_call(row))
    if took and parts:
        parts.append(took)
    if row.get("upstream_address"):
        parts.append(f"upstream {row['upstream_address']}")
    if row.get("db_query"):
        parts.append(str(row["db_query"]))
    if row.get("message"):
        parts.append(str(row["message"]).split("\n", 1)[0])
    if row.get("event_name") and (row.get("user_id") or row.get("client_ip")):
        parts.append(_action(row))
    if row.get("exception_type"):
        parts.append(f"{row['exception_type']}: {row.get('exception_message') or ''}".rstrip(": "))
    if row.get("request_id") and not any(row["request_id"] in part for part in parts):
        parts.append(f"request_id={row['request_id']}")
    return " ".join(" | ".join(parts).split())[:EXCERPT_CHARACTERS]


def _action(row: Mapping[str, Any]) -> str:
    """A record of an audit log: who did what, from where, and why it failed."""
    by = " by ".join(str(row[key]) for key in ("event_name", "user_id") if row.get(key))
    from_ = f"from {row['client_ip']}" if row.get("client_ip") else ""
    failed = f"({row['error_type']})" if row.get("error_type") else ""
    return " ".join(part for part in (by, from_, failed) if part)


def _call(row: Mapping[str, Any]) -> str:
    """An AI call: who asked which model, what it read and wrote, what it cost."""
    said = [f"{row['user_id']} asks {row['model']}" if row.get("user_id") else str(row["model"])]
    for key, word in (("input_tokens", "in"), ("output_tokens", "out")):
        if row.get(key) is not None:
            said.append(f"{row[key]:,} {word}")
    if row.get("cost_usd") is not None:
        said.append(f"${row['cost_usd']:.6f}")
    return ", ".join(said)

"""What is exported: findings and events of a case, as items of a sink."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import ibis.expr.types as ir

from clew import investigation, registry
from clew.engines import Engine
from clew.errors import ConfigError
from clew.model.event import filled
from clew.model.finding import SEVERITIES, Finding, Investigation, from_json
from clew.model.views import between, events
from clew.query import compile as compile_query
from clew.query import is_aggregate, parse
from clew.query.sides import side_of
from clew.sinks import Item, Sink, What

STORED = "SELECT name FROM pragma_table_info('event_rows')"
IsSeen = Callable[[str], bool]
"""Whether an item of this id need not be made: an earlier run has."""
ALWAYS = ("event_id", "attributes")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a case.

    since, until  naive UTC; None is no bound
    query         a search: these events alone, or findings in these events alone
    severity      findings of this severity and above; "" is all
    """

    what: What
    since: datetime | None = None
    until: datetime | None = None
    query: str = ""
    severity: str = ""


def event_items(
    engine: Engine, wanted: Wanted, sink: Sink, now: datetime, is_seen: IsSeen
) -> Iterator[Item]:
    """Events, in the order in which the engine has them."""
    question = found_events(wanted, now)
    names = _filled_columns(engine, question)
    at = names.index("event_id")
    for part in engine.stream(question.select(*names)):
        for row in part.rows:
            if is_seen(str(row[at])):
                continue
            event = filled(dict(zip(part.columns, row, strict=True)))
            if isinstance(event.get("attributes"), str):
                event["attributes"] = json.loads(event["attributes"])
            yield Item(str(event["event_id"]), sink.event(event))


def finding_items(
    engine: Engine,
    wanted: Wanted,
    sink: Sink,
    now: datetime,
    options: Mapping[str, Mapping[str, Any]],
    is_seen: IsSeen,
) -> Iterator[Item]:
    """Findings, most important first."""
    for finding in findings(engine, wanted, now, options):
        if is_seen(finding.id):
            continue
        yield Item(finding.id, sink.finding(finding, "firing"))


def findings(
    engine: Engine,
    wanted: Wanted,
    now: datetime,
    options: Mapping[str, Mapping[str, Any]],
    kinds: Sequence[str] = (),
) -> list[Finding]:
    """What the detections find, and what rules have stored as found before. Of `kinds`, which are patterns,
    where some are given: the other detections are not run."""
    seen = found_events(wanted, now)
    names = [
        name
        for name in registry.names("detections")
        if not kinds or any(fnmatchcase(name, kind) for kind in kinds)
    ]
    found = investigation.detect(engine, names, options, seen=seen) if names else Investigation(())
    known = {finding.id for finding in found.findings}
    stored = [] if wanted.query else _stored(engine, wanted)
    every = (*found.findings, *(one for one in stored if one.id not in known))
    return [finding for finding in every if is_severe(finding, wanted.severity)]


def is_severe(finding: Finding, least: str) -> bool:
    """Whether it is of this severity or above."""
    return not least or SEVERITIES.index(finding.severity) >= SEVERITIES.index(least)


def found_events(wanted: Wanted, now: datetime) -> ir.Table:
    """The events that are looked at."""
    seen = between(events, wanted.since, wanted.until)
    if not wanted.query:
        return seen
    parsed = parse(wanted.query)
    if not parsed.pipes:  # without the order of a search: sorting whole events takes memory
        return seen.filter(side_of(wanted.query, now=now))
    if is_aggregate(parsed):
        raise ConfigError("An export sends events: leave out '| stats' and '| top' of --query.")
    question = compile_query(parsed, seen, now=now)
    if set(question.columns) != set(events.columns):
        raise ConfigError("An export sends whole events: leave '| fields' out of --query.")
    return question


def _filled_columns(engine: Engine, question: ir.Table) -> list[str]:
    """Columns that any source fills: the others are NULL in every row."""
    if engine.dialect != "duckdb":
        counts = engine.run(
            question.aggregate(**{n: question[n].count() for n in question.columns})
        )
        (found,) = counts.rows
        return [n for n, count in zip(counts.columns, found, strict=True) if count or n in ALWAYS]
    stored = {name for (name,) in engine.run(STORED).rows}
    return [name for name in question.columns if name in stored or name in ALWAYS]


def _stored(engine: Engine, wanted: Wanted) -> list[Finding]:
    """Findings that the case holds, within the time."""
    if engine.dialect != "duckdb":
        return []
    rows = engine.run("SELECT finding FROM findings ORDER BY id").rows
    found = [from_json(json.loads(text)) for (text,) in rows]
    return [one for one in found if _is_within(one, wanted)]


def _is_within(finding: Finding, wanted: Wanted) -> bool:
    began, ended = finding.start, finding.end or finding.start
    if wanted.since is not None and ended is not None and ended < wanted.since:
        return False
    return not (wanted.until is not None and began is not None and began >= wanted.until)

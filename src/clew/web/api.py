"""/api: what the command line answers, as JSON for programs and pages.

Times are RFC 3339, a list is an object a row. Everything needs the scope `read`, and every read of
events is noted in the table `audit` before it is answered.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from clew import investigation
from clew.alerts import store as alert_store
from clew.cli.render import json
from clew.cli.show import asked
from clew.config import Config
from clew.errors import UnknownName
from clew.live import traces
from clew.model.event import filled
from clew.model.views import between, events
from clew.query import compile as compile_query
from clew.query import is_aggregate, parse
from clew.query.times import parse_moment
from clew.web.asking import Live, Reading, listed, objects

routes = APIRouter(prefix="/api")
SECONDS = 60.0
"""How long a question may run."""
MOST_FOUND = 200
"""Events that a search gives where it is not told how many."""

Since = Annotated[str | None, Query(description="From this time on: RFC 3339, or 2h, 7d ago.")]
Until = Annotated[str | None, Query(description="Up to this time, which is not part of it.")]
Limit = Annotated[int | None, Query(ge=0, description="At most so many rows.")]


class Sql(BaseModel):
    """One SELECT over events, sources, rejects and the views over events."""

    sql: str
    limit: int | None = Field(None, ge=0)
    timeout_s: float = Field(SECONDS, gt=0, le=3600)


class Search(BaseModel):
    """A search in Clew's language: 'severity:ERROR | stats count() by service'."""

    query: str
    since: str | None = None
    until: str | None = None
    limit: int | None = Field(None, ge=0)


class Detect(BaseModel):
    """Detections by name, or all of them, with their options."""

    detections: list[str] = []
    options: dict[str, dict[str, Any]] = {}
    since: str | None = None
    until: str | None = None


@routes.post("/sql")
def sql(question: Sql, live: Live, reading: Reading) -> Response:
    """The rows of a SELECT; it can change nothing, and reach neither files nor the network."""
    audit_id = live.audit(reading, "sql", question.sql)
    parts = live.parts(question.sql, audit_id, limit=question.limit, timeout_s=question.timeout_s)
    return listed(objects(parts))


@routes.get("/search")
def search(
    live: Live,
    reading: Reading,
    query: str = "",
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
) -> Response:
    """Events that a search finds, oldest first, or the rows of its statistics."""
    return _search(Search(query=query, since=since, until=until, limit=limit), live, reading)


@routes.post("/search")
def search_posted(question: Search, live: Live, reading: Reading) -> Response:
    """The same, for a long search."""
    return _search(question, live, reading)


@routes.get("/show/{analysis}")
def show(
    analysis: str,
    live: Live,
    reading: Reading,
    by: Annotated[list[str], Query(description="A column to split by.")] = [],  # noqa: B006
    bucket: Annotated[str | None, Query(description="5m, 1h: a row for each.")] = None,
    since: Since = None,
    until: Until = None,
    baseline: Annotated[str | None, Query(description="A..B: compare with that time.")] = None,
    option: Annotated[list[str], Query(description="name=value, an option of it.")] = [],  # noqa: B006
    limit: Limit = None,
) -> Response:
    """The rows of an analysis."""
    answer_of = asked(
        Config(),
        analysis,
        by=by,
        bucket=bucket,
        since=since,
        until=until,
        baseline=baseline,
        option=option,
        limit=limit,
        seconds=SECONDS,
    )
    words = f"{analysis} by={by} bucket={bucket} since={since} until={until} baseline={baseline}"
    audit_id = live.audit(reading, "show", f"{words} option={option}")
    answer = answer_of(live.reader)
    live.audited(audit_id, len(answer.rows))
    return listed(answer.dicts())


@routes.post("/detect")
def detect(question: Detect, live: Live, reading: Reading) -> Response:
    """Runs detections: findings, most important first, and what could not be evaluated."""
    return _findings(question, live, reading)


@routes.get("/findings")
def findings(live: Live, reading: Reading, since: Since = None, until: Until = None) -> Response:
    """What every detection finds."""
    return _findings(Detect(since=since, until=until), live, reading)


@routes.get("/alerts")
def alerts(live: Live, reading: Reading) -> Response:
    """What fires, first; then what is pending, and what was resolved."""
    is_there = live.ask(alert_store.IS_THERE).rows[0][0]
    return listed(live.ask(alert_store.LISTED).dicts() if is_there else [])


@routes.get("/traces")
def newest_traces(
    live: Live,
    reading: Reading,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    since: Since = None,
    until: Until = None,
) -> Response:
    """The traces that began last: name and service of the root, duration, spans, errors."""
    question = traces.newest(limit, _moment(since), _moment(until))
    return listed(live.ask(question, timeout_s=SECONDS).dicts())


@routes.get("/traces/{trace_id}")
def trace(trace_id: str, live: Live, reading: Reading) -> Response:
    """Every span of a trace and the log records that bear its id, in order."""
    audit_id = live.audit(reading, "trace", trace_id)
    rows = live.ask(traces.one(trace_id), timeout_s=SECONDS).dicts()
    live.audited(audit_id, len(rows))
    if not rows:
        raise UnknownName("trace", trace_id, ())
    found = [filled(row) for row in rows]
    spans = [row for row in found if "span_id" in row and "span_name" in row]
    logs = [row for row in found if not ("span_id" in row and "span_name" in row)]
    told = {"trace_id": trace_id, "spans": spans, "logs": logs}
    return Response(json.dumps(told), media_type="application/json")


@routes.get("/sources")
def ledger(live: Live, reading: Reading, limit: Annotated[int, Query(ge=1)] = 1000) -> Response:
    """The ledger, newest first: of each source, where every line of it went."""
    return listed(live.ask(traces.LEDGER, limit=limit, timeout_s=SECONDS).dicts())


def _search(told: Search, live: Live, reading: Reading) -> Response:
    parsed = parse(told.query)
    now = datetime.now(UTC).replace(tzinfo=None)
    seen = between(events, _moment(told.since), _moment(told.until))
    question = compile_query(parsed, seen, now=now)
    limit = told.limit
    if not is_aggregate(parsed):
        limit = MOST_FOUND if limit is None else limit
    if limit is not None:
        question = question.limit(limit)
    audit_id = live.audit(reading, "search", told.query)
    rows = objects(live.parts(question, audit_id, timeout_s=SECONDS))
    return listed(rows if is_aggregate(parsed) else (filled(row) for row in rows))


def _findings(told: Detect, live: Live, reading: Reading) -> Response:
    from clew.config import member_options
    from clew.registry import load

    options = dict(live.options)
    for name, given in told.options.items():
        asked = member_options(load("detections", name).detect, given)
        options[name] = {**options.get(name, {}), **asked}
    audit_id = live.audit(reading, "detect", " ".join(told.detections) or "all")
    found = investigation.detect(
        live.reader,
        told.detections,
        options,
        since=_moment(told.since),
        until=_moment(told.until),
    )
    live.audited(audit_id, len(found.findings))
    return JSONResponse(
        {
            "findings": [finding.as_json() for finding in found.findings],
            "not_evaluable": found.not_evaluable,
            "annotations": found.annotations,
        }
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_moment(text, datetime.now(UTC).replace(tzinfo=None))

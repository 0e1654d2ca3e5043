"""One trace as a document: its spans in tree order, each with its place and its logs, and what is wrong.

    question(events, id)   the spans, with what `laid_out` needs to place them
    records(events, id)    every event of the trace, spans and logs
    laid_out(...)          both answers as a Trace
    ids_like(events, text) ids of traces that begin so

Only the spans of the one trace are read and placed, so it costs the same in a case of any size.
Times are as their sources state them. Where a clock stands wrong, skew_ms says how far, and only the
order of siblings, self_ms and critical_ms use it.
"""

from __future__ import annotations

import contextlib
import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import ibis.expr.types as ir
import numpy as np

from clew.correlation import span_tree
from clew.correlation.span_places import PROBLEMS
from clew.model.finding import rfc3339

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1)
PLACE = (
    "n",
    "trace_n",
    "parent",
    "is_remote",
    "states_parent",
    "answers",
    "started_us",
    "duration_ms",
)
SAID = {
    "missing parent": "{} without a parent that is in the case: drawn as a tree of {own}",
    "cycle": "{} in a cycle of parents: cut above the first",
    "second root": "{} beside the first one that {name} no parent: drawn as a tree of {own}",
    "ends before it starts": "{} with an end before {own_} beginning: drawn where {begin}",
    "no duration": "{} without a duration: drawn where {begin}",
    "outside its parent": "{} outside {own_} parent, which no clock that stands wrong explains",
}


@dataclass(slots=True)
class Span:
    """One span of a trace.

    event      its columns that have a value
    parent     its place in `Trace.spans`, None for a root
    offset_ms  from the trace's beginning, as stated
    logs       events of the trace that belong to it, in time order
    """

    event: Row
    parent: int | None
    depth: int
    started: datetime | None
    duration_ms: float | None
    offset_ms: float
    self_ms: float | None
    critical_ms: float | None
    skew_ms: float
    problem: str | None
    logs: list[Row] = field(default_factory=list)
    children: list[int] = field(default_factory=list)

    @property
    def service(self) -> str:
        return str(self.event.get("service") or "unknown")

    @property
    def name(self) -> str:
        return str(self.event.get("span_name") or "")

    @property
    def is_failed(self) -> bool:
        event = self.event
        has_left = "exception_type" in event and event.get("status") != "ok"
        return event.get("status") == "error" or event.get("http_status", 0) >= 500 or has_left

    def happened(self) -> list[Row]:
        """Its logs, and the events that the span itself tells of, as logs; in time order."""
        events = self.event.get("span_events")
        told = [_as_log(event) for event in _listed(events) if isinstance(event, dict)]
        timeless = datetime.max
        return sorted([*self.logs, *told], key=lambda log: log.get("timestamp") or timeless)

    def as_json(self) -> Row:
        """The event, and its place; what the place says stands for what the event says."""
        place = {
            "depth": self.depth,
            "offset_ms": self.offset_ms,
            "duration_ms": self.duration_ms,
            "self_ms": self.self_ms,
            "critical_ms": self.critical_ms,
            "skew_ms": self.skew_ms,
            "is_failed": self.is_failed,
            "problem": self.problem,
        }
        first = {name: self.event.get(name) for name in ("span_id", "parent_span_id")}
        named = {"service": self.event.get("service"), "span_name": self.event.get("span_name")}
        rest = {name: value for name, value in self.event.items() if name != "timestamp"}
        started = {"started": self.started and rfc3339(self.started)}
        return {**first, **named, **started, **rest, **place, "logs": self.logs}


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace: spans in tree order, logs that belong to no span, and what is wrong, in sentences."""

    trace_id: str
    started: datetime | None
    duration_ms: float | None
    spans: list[Span]
    logs: list[Row]
    problems: list[str]

    @property
    def services(self) -> list[str]:
        """In the order in which they appear."""
        return list(dict.fromkeys(span.service for span in self.spans))

    def as_json(self) -> Row:
        return {
            "trace_id": self.trace_id,
            "started": self.started and rfc3339(self.started),
            "duration_ms": self.duration_ms,
            "services": self.services,
            "spans": [span.as_json() for span in self.spans],
            "logs": self.logs,
            "problems": self.problems,
        }


def question(e: ir.Table, trace_id: str) -> ir.Table:
    """The spans of the trace as `span_places.placed` takes them, with their event_id."""
    t = span_tree.rows(e.filter(e.trace_id == trace_id))
    arrays = span_tree.arrays_of(t, span_tree.links(t)).select(PLACE)
    return arrays.join(t.select("n", "event_id"), "n").order_by("n")


def records(e: ir.Table, trace_id: str) -> ir.Table:
    """Every event of the trace, oldest first."""
    return e.filter(e.trace_id == trace_id).order_by(["timestamp", "event_id"])


def ids_like(e: ir.Table, prefix: str) -> ir.Table:
    """Ids of traces that begin with the text, in capitals or not, with how many events they have."""
    known = e.filter(e.trace_id.notnull())
    known = known.filter(known.trace_id.lower().startswith(prefix.lower()))
    return known.group_by("trace_id").agg(events=known.count()).order_by("trace_id")


def laid_out(trace_id: str, places: Sequence[Row], events: Iterable[Row]) -> Trace:
    """The trace, from the answers to `question` and `records`."""
    found = {row["event_id"]: _filled(row) for row in events}
    spans = _in_tree_order(places, found)
    of_spans = {row["event_id"] for row in places}
    left = _give_logs(spans, [row for name, row in found.items() if name not in of_spans])
    started, duration_ms = _extent(spans)
    if started is None:
        started = min((row["timestamp"] for row in left if "timestamp" in row), default=None)
    for span in spans:
        if started is not None and span.started is not None:
            span.offset_ms = _ms(span.started - started)
    return Trace(trace_id, started, duration_ms, spans, left, _problems(spans))


def _filled(row: Mapping[str, Any]) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def _listed(text: Any) -> list[Any]:
    """A JSON list; empty where the text is none."""
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _as_log(event: Row) -> Row:
    """An event of a span, {name, time_unix_nano, attributes}, as a log record."""
    said = event.get("attributes")
    words = [str(event.get("name") or "event")]
    if isinstance(said, dict):
        words += [f"{key}={value}" for key, value in said.items() if "stacktrace" not in key]
    log: Row = {"message": " ".join(words)}
    with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError):
        log["timestamp"] = EPOCH + timedelta(microseconds=int(event["time_unix_nano"]) // 1000)
    return log


def _in_tree_order(places: Sequence[Row], events: Mapping[str, Row]) -> list[Span]:
    if not places:
        return []
    columns = {name: np.array([row[name] for row in places]) for name in PLACE}
    columns = {
        name: values.astype(np.float64 if name == "duration_ms" else np.int64)
        for name, values in columns.items()
    }
    found = span_tree.places_of(columns)
    children: dict[int, list[int]] = {}
    begins = columns["started_us"] + found["skew_ms"] * 1e3
    for n in np.lexsort((columns["n"], begins)).tolist():
        children.setdefault(int(found["parent"][n]), []).append(n)
    order: list[int] = []
    waiting = list(reversed(children.get(-1, [])))
    while waiting:  # a trace may be deeper than Python's stack
        order.append(waiting.pop())
        waiting.extend(reversed(children.get(order[-1], [])))
    at = {n: place for place, n in enumerate(order)}
    spans = [_span(places[n]["event_id"], n, columns, found, at, events) for n in order]
    for place, span in enumerate(spans):
        if span.parent is not None:
            spans[span.parent].children.append(place)
    return spans


def _span(
    event_id: str,
    n: int,
    columns: Mapping[str, Any],
    found: Mapping[str, Any],
    at: Mapping[int, int],
    events: Mapping[str, Row],
) -> Span:
    event = events.get(event_id, {"event_id": event_id})
    duration = float(columns["duration_ms"][n])
    is_known = duration == duration
    return Span(
        event=event,
        parent=at.get(int(found["parent"][n])),
        depth=int(found["depth"][n]),
        started=event.get("timestamp"),
        duration_ms=duration if is_known else None,
        offset_ms=0.0,
        self_ms=float(found["self_ms"][n]) if duration >= 0 else None,
        critical_ms=float(found["critical_ms"][n]) if duration >= 0 else None,
        skew_ms=float(found["skew_ms"][n]),
        problem=PROBLEMS[int(found["problem"][n])],
    )


def _extent(spans: Sequence[Span]) -> tuple[datetime | None, float | None]:
    """When the trace began and how long it took, by the clock of each tree's first span."""
    times = [
        (span.started + timedelta(milliseconds=span.skew_ms), max(span.duration_ms or 0.0, 0.0))
        for span in spans
        if span.started is not None
    ]
    if not times:
        return None, None
    began = min(begin for begin, _ in times)
    return began, max(_ms(begin - began) + length for begin, length in times)


def _give_logs(spans: Sequence[Span], logs: Iterable[Row]) -> list[Row]:
    """Gives each log to its span, by id or else by time; those of no span are left."""
    by_id: dict[str, list[Span]] = {}
    for known in spans:
        by_id.setdefault(known.event.get("span_id", ""), []).append(known)
    left: list[Row] = []
    for log in logs:
        same = by_id.get(log.get("span_id", ""), []) if log.get("span_id") else []
        own = [half for half in same if half.event.get("service") == log.get("service")]
        span: Span | None = (own or same)[-1] if same else _around(spans, log)
        (left if span is None else span.logs).append(log)
    return left


def _around(spans: Sequence[Span], log: Row) -> Span | None:
    """The deepest span of the log's service in whose time it was written."""
    at = log.get("timestamp")
    if at is None or log.get("span_id"):
        return None
    around = [
        span
        for span in spans
        if span.started is not None
        and span.started <= at <= span.started + timedelta(milliseconds=span.duration_ms or 0.0)
        and log.get("service", span.event.get("service")) == span.event.get("service")
    ]
    return max(around, key=lambda span: span.depth, default=None)


def _problems(spans: Sequence[Span]) -> list[str]:
    """What is wrong with the trace, a sentence each."""
    said = []
    if not spans:
        said.append("The trace has no spans, only logs.")
    for problem in filter(None, PROBLEMS):
        wrong = [span for span in spans if span.problem == problem]
        if problem == "outside its parent":
            wrong = [span for span in wrong if not _own_skew(spans, span)]
        if wrong:
            one = len(wrong) == 1
            words = SAID[problem].format(
                f"{len(wrong):,} span{'s' * (not one)}",
                own="its own" if one else "their own",
                own_="its" if one else "their",
                name="names" if one else "name",
                begin="it begins" if one else "they begin",
            )
            said.append(f"{words}.")
    return said + _clocks(spans)


def _clocks(spans: Sequence[Span]) -> list[str]:
    """One sentence a pair of services whose clocks do not agree."""
    pairs: dict[tuple[str, str], list[float]] = {}
    for span in spans:
        if span.parent is not None and (skew := _own_skew(spans, span)):
            pairs.setdefault((span.service, spans[span.parent].service), []).append(skew)
    return [
        f"The clock of {one} seems to be {abs(statistics.median(skews)):,.1f} ms "
        f"{'behind' if statistics.median(skews) > 0 else 'ahead of'} that of {other}: its spans are "
        "drawn as stated, while own time and critical path are reckoned as if it were right."
        for (one, other), skews in pairs.items()
    ]


def _own_skew(spans: Sequence[Span], span: Span) -> float:
    return 0.0 if span.parent is None else span.skew_ms - spans[span.parent].skew_ms


def _ms(length: timedelta) -> float:
    return length / timedelta(microseconds=1) / 1e3

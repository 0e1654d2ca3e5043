"""The tables that analyses and detections read: `events`, and the views over it.

They are unbound Ibis tables: names and types without data. An analysis is a function from such a
table to an Ibis expression; an engine compiles the expression to its own SQL and runs it.
A row may be in several views: a span that is an AI call is in `spans` and in `calls`.
"""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from clew.model.event import COLUMNS, Kind

ibis.options.sql.fuse_selects = False
"""Fusing costs Ibis half of its time to compile a question, and saves the engines nothing."""

IBIS_TYPES: dict[Kind, dt.DataType] = {
    "text": dt.String(),
    "int": dt.Int64(),
    "float": dt.Float64(),
    "bool": dt.Boolean(),
    "time": dt.Timestamp(scale=6),
    "money": dt.Decimal(18, 9),
    "json": dt.String(),
}

EVENTS_SCHEMA = ibis.schema(
    {**{c.name: IBIS_TYPES[c.kind] for c in COLUMNS}, "attributes": dt.String()}
)

USAGE_REPORT = "usage_report"
"""The operation of a line of a provider's bill: it sums up calls."""

events: ir.Table = ibis.table(EVENTS_SCHEMA, name="events")

sources: ir.Table = ibis.table(
    {
        "source_id": "string",
        "uri": "string",
        "format": "string",
        "timezone": "string",
        "first_event": "timestamp(6)",
        "last_event": "timestamp(6)",
    },
    name="sources",
)

span_tree: ir.Table = ibis.table(
    {
        "event_id": "string",
        "trace_id": "string",
        "span_id": "string",
        "parent_event_id": "string",
        "root_event_id": "string",
        "depth": "int64",
        "service": "string",
        "span_name": "string",
        "span_kind": "string",
        "status": "string",
        "entry_service": "string",
        "entry_span_name": "string",
        "parent_service": "string",
        "parent_span_name": "string",
        "started": "timestamp(6)",
        "ended": "timestamp(6)",
        "duration_ms": "float64",
        "self_ms": "float64",
        "critical_ms": "float64",
        "skew_ms": "float64",
        "problem": "string",
    },
    name="span_tree",
)
"""One row a span, with its place in its trace. An engine makes it from `spans` when a question names
it, since no SQL of all engines can walk a tree.

parent_event_id  NULL for a root, and where the parent is missing
root_event_id    the span at the top of the tree it hangs in: itself for a root
depth            0 for a root
entry_*, parent_*  service and name of that root, and of the parent
self_ms          time in which no child ran
critical_ms      time it has of its own on the critical path from its root's end to its beginning; these
                 sum up to the root's duration. A wait between a child's end and the next child's
                 begin is the parent's own
skew_ms          what its clock was taken to be off: a server's span that fits into its client's but
                 lies outside is thought inside, with all below it, for self_ms and critical_ms alone;
                 started and ended are as stated
problem          NULL, or what is wrong with it: missing parent, cycle, second root, ends before it
                 starts, no duration, outside its parent
"""


@ibis.udf.scalar.builtin(name="clew_attribute", signature=((dt.string, dt.string), dt.string))
def attribute(attributes, key):  # type: ignore[no-untyped-def]
    """The text of one key of `attributes`, NULL where the row has no such key.

    Every engine defines the function `clew_attribute`, so an expression says it once.
    """


@ibis.udf.scalar.builtin(name="clew_attribute_keys", signature=((dt.string,), dt.Array(dt.string)))
def attribute_keys(attributes):  # type: ignore[no-untyped-def]
    """The names of the keys of `attributes`, sorted; an empty list where there are none."""


def between(e: ir.Table, since: datetime | None, until: datetime | None) -> ir.Table:
    """The events from `since` up to, and without, `until`; None is no bound."""
    if since is not None:
        e = e.filter(e.timestamp >= since)
    if until is not None:
        e = e.filter(e.timestamp < until)
    return e


def logs(e: ir.Table) -> ir.Table:
    """Log records: rows with a message or a severity that are not spans."""
    return e.filter((e.message.notnull() | e.severity.notnull()) & e.span_name.isnull())


def spans(e: ir.Table) -> ir.Table:
    """Spans of traces: rows with a span's id and name."""
    return e.filter(e.span_id.notnull() & e.span_name.notnull())


def requests(e: ir.Table) -> ir.Table:
    """HTTP requests: rows with a status or a method."""
    return e.filter(e.http_status.notnull() | e.http_method.notnull())


def calls(e: ir.Table) -> ir.Table:
    """Calls of an AI API: rows with a model, a provider, or tokens in and out; neither the start of a
    service nor a line of a provider's bill."""
    is_bill = (e.operation == USAGE_REPORT).fill_null(False)
    is_used = e.input_tokens.notnull() & e.output_tokens.notnull()
    is_call = e.model.notnull() | e.provider.notnull() | is_used
    return e.filter(is_call & e.change_type.isnull() & ~is_bill)


def bills(e: ir.Table) -> ir.Table:
    """Lines of a provider's bill: usage and cost exports, of which each sums up many calls."""
    return e.filter(e.operation == USAGE_REPORT)


def predictions(e: ir.Table) -> ir.Table:
    """Predictions of a model: rows with a prediction."""
    return e.filter(e.prediction.notnull())


def metrics(e: ir.Table) -> ir.Table:
    """Data points of metrics: rows with a metric's name and value."""
    return e.filter(e.metric_name.notnull() & e.metric_value.notnull())


def stages(e: ir.Table) -> ir.Table:
    """Stages of pipelines."""
    return e.filter(e.stage.notnull())


def flows(e: ir.Table) -> ir.Table:
    """Flow records: rows with both addresses."""
    return e.filter(e.src_ip.notnull() & e.dst_ip.notnull())


def changes(e: ir.Table) -> ir.Table:
    """Deployments, configuration changes, start-ups, model loads."""
    return e.filter(e.change_type.notnull())


VIEWS = {
    view.__name__: view
    for view in (logs, spans, requests, calls, metrics, predictions, stages, flows, changes)
}

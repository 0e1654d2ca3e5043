"""Spans as detections read them: placed in their trace, named alike, each with whom its time is laid to.

owner    the operation (service, name) that a span's own time is laid to: its own, but for a span that
         waits for another service. What passes between a client's span and its server's is the
         callee's queue or the network between them, so it is the callee's.
own time what no child accounts for: critical_ms of it delays the whole request
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from clew.model import ties
from clew.model.views import attribute, span_tree

UNKNOWN = "unknown"
"""Stands for a service that no span states."""
CALLS_OUT = ("client", "producer")
PLACED = (
    "event_id", "trace_id", "span_id", "parent_event_id", "root_event_id", "depth", "span_kind",
    "status", "started", "ended", "duration_ms", "self_ms", "critical_ms",
)  # fmt: skip
READ = (
    "http_status", "exception_type", "server_address", "db_system", "model", "provider",
    "service_version",
)  # fmt: skip
HOST = (
    r"^(?:[a-z+]+://)?"  # http://scoring:8080/v1, scoring
    r"([^.:/]+)"  # scoring
    r"(?:\.[^:/]*(?:svc|local|internal|consul)[^:/]*)?"  # .prod.svc.cluster.local, not .example.com
    r"(?::[0-9]+)?(?:/|$)"
)


def placed(e: ir.Table) -> ir.Table:
    """One row a span of `e`, with its place in its trace; ids in names stand as {id}.

    Adds failed (its status or answer says so, or an exception left it), is_statement (of a
    database), is_model (an AI call), callee (the service it calls, where it says).
    """
    t = span_tree.drop("problem").join(e.select("event_id", "attributes", *READ), "event_id")
    names = t.select(named="service").distinct()
    host = t.server_address.lower().re_extract(HOST, 1).nullif("")
    t = t.mutate(
        callee=ibis.coalesce(
            attribute(t.attributes, "peer.service"), attribute(t.attributes, "peer_service"), host
        )
    )
    known = names.filter(names.named.notnull())
    t = t.left_join(known, t.callee == known.named)
    is_error = (t.status == "error").fill_null(False) | (t.http_status >= 500).fill_null(False)
    left = t.exception_type.notnull() & (t.status != "ok").fill_null(True)
    return t.select(
        *PLACED,
        service=t.service.fill_null(UNKNOWN),
        span_name=operation(t.span_name),
        entry_service=t.entry_service.fill_null(UNKNOWN),
        entry_span_name=operation(t.entry_span_name),
        service_version=t.service_version,
        failed=is_error | left,
        http_status=t.http_status,
        is_statement=t.db_system.notnull(),
        is_model=t.model.notnull() | t.provider.notnull(),
        callee=ibis.ifelse(t.named.notnull(), t.callee, ibis.null("string")),
    )


def operation(name: ir.Value) -> ir.StringValue:
    """A span's name with the ids in its path replaced, so that like spans share it."""
    return cast(ir.StringValue, ties.route_of(name).fill_null(UNKNOWN))


def owned(t: ir.Table) -> ir.Table:
    """Adds owner_service, owner_span_name, and is_gap: the time is between client and server.

    A client's span without its server's is laid to the service that it calls, where that is one of
    the case's; a database has no spans, so its statement stays with the service that asks.
    """
    halves = t.filter(t.parent_event_id.notnull())
    halves = halves.select(
        client_id="parent_event_id",
        server_service="service",
        server_span_name="span_name",
        server_started="started",
        server_event_id="event_id",
    )
    asks = t.filter(t.span_kind.isin(CALLS_OUT).fill_null(False)).select(
        "event_id", "service", "is_statement", "callee", own_name="span_name"
    )
    met = asks.left_join(halves, asks.event_id == halves.client_id)
    is_remote = (met.server_service != met.service).fill_null(False)
    order = [(~is_remote).cast("int64"), met.server_started, met.server_event_id]
    met = met.mutate(
        is_remote=is_remote,
        place=ibis.row_number().over(ibis.window(group_by=met.event_id, order_by=order)),
    )
    met = met.filter(met.place == 0)
    told = met.callee.notnull() & ~met.is_statement & (met.callee != met.service)
    waits = met.select(
        asked_id="event_id",
        waits_for=ibis.ifelse(
            met.is_remote, met.server_service, ibis.ifelse(told, met.callee, None)
        ),
        asked_name=ibis.ifelse(met.is_remote, met.server_span_name, met.own_name),
        has_server="is_remote",
    )
    waits = waits.filter(waits.waits_for.notnull())
    t = t.left_join(waits, t.event_id == waits.asked_id)
    return t.mutate(
        owner_service=ibis.coalesce(t.waits_for, t.service),
        owner_span_name=ibis.coalesce(t.asked_name, t.span_name),
        is_gap=t.waits_for.notnull(),
        has_server=t.has_server.fill_null(False),
    ).drop("asked_id", "waits_for", "asked_name")


def of_owner(t: ir.Table, row: dict[str, object]) -> ir.Table:
    """The spans whose own time is laid to the subject of a finding."""
    return t.filter((t.owner_service == row["service"]) & (t.owner_span_name == row["span_name"]))

"""Spans as calls between services: placed in their trace, named alike, each with whom its time is laid to.

owner    the operation (service, name) that a span's own time is laid to: its own, but for a span that
         waits for another service. What passes between a client's span and its server's is the
         callee's queue or the network between them, so it is the callee's.
own time what no child accounts for: critical_ms of it delays the whole request
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from clew.correlation import ties
from clew.correlation.span_tree import ASKING
from clew.model.views import attribute, span_tree

UNKNOWN = "unknown"
"""Stands for a service that no span states."""
PLACED = (
    "event_id", "trace_id", "span_id", "parent_event_id", "root_event_id", "depth", "span_kind",
    "status", "started", "ended", "duration_ms", "self_ms", "critical_ms", "parent_service", "problem",
)  # fmt: skip
READ = (
    "http_status", "exception_type", "server_address", "db_system", "model", "provider",
    "service_version",
)  # fmt: skip
HOST = (
    r"^(?:[a-z+]+://)?"  # http://scoring:8080/v1, scoring
    r"([a-z][^.:/]*)"  # scoring
    r"(?:\.[^:/]*(?:svc|local|internal|consul)[^:/]*)?"  # .prod.svc.cluster.local, not .example.com
    r"(?::[0-9]+)?(?:/|$)"
)


def placed(e: ir.Table) -> ir.Table:
    """One row a span of `e`, with its place in its trace; ids in names stand as {id}.

    Adds failed (its status or answer says so, or an exception left it), is_statement (of a
    database), is_model (an AI call), callee (the service it calls, where it says), has_spans (that
    service has spans of its own), callee_name (what it calls, whether or not that is a service).
    """
    t = span_tree.join(e.select("event_id", "attributes", *READ), "event_id")
    peer = ibis.coalesce(
        attribute(t.attributes, "peer.service"), attribute(t.attributes, "peer_service")
    )
    hosts, names = _hosts(e), _names()
    t = t.mutate(peer=peer).left_join(hosts, t.server_address == hosts.stated_address)
    t = t.mutate(callee=ibis.coalesce(t.peer, t.host))
    services = span_tree.filter(span_tree.service.notnull()).select(named="service").distinct()
    t = t.left_join(services, t.callee == services.named)
    t = t.left_join(names, t.span_name == names.stated_name)
    entries = names.rename(entry_stated="stated_name", entry_operation="operation")
    t = t.left_join(entries, t.entry_span_name == entries.entry_stated)
    is_error = (t.status == "error").fill_null(False) | (t.http_status >= 500).fill_null(False)
    left = t.exception_type.notnull() & (t.status != "ok").fill_null(True)
    return t.select(
        *PLACED,
        service=t.service.fill_null(UNKNOWN),
        span_name=t.operation.fill_null(UNKNOWN),
        entry_service=t.entry_service.fill_null(UNKNOWN),
        entry_span_name=t.entry_operation.fill_null(UNKNOWN),
        service_version=t.service_version,
        failed=is_error | left,
        http_status=t.http_status,
        is_statement=t.db_system.notnull(),
        is_model=t.model.notnull() | t.provider.notnull(),
        address=t.server_address.fill_null(""),
        callee=t.callee,
        has_spans=t.named.notnull(),
        callee_name=ibis.coalesce(t.peer, t.db_system, t.server_address, t.provider),
    )


def _hosts(e: ir.Table) -> ir.Table:
    """Each address and the name in it that may be a service's: addresses are few, patterns cost."""
    t = e.filter(e.server_address.notnull()).select(stated_address="server_address").distinct()
    host = t.stated_address.lower().re_extract(HOST, 1).nullif("").nullif("localhost")
    return t.mutate(host=host)


def _names() -> ir.Table:
    """Each name of a span and its operation."""
    t = span_tree.filter(span_tree.span_name.notnull()).select(stated_name="span_name").distinct()
    return t.mutate(operation=operation(t.stated_name))


def operation(name: ir.Value) -> ir.StringValue:
    """A span's name with the ids in its path replaced, so that like spans share it."""
    return cast(ir.StringValue, ties.route_of(name).fill_null(UNKNOWN))


def owned(t: ir.Table, e: ir.Table | None = None) -> ir.Table:
    """Adds owner_service, owner_span_name, and is_gap: the time is between client and server.

    A client's span without its server's is laid to who answers the like of it; else to the service
    that it says it calls. A database has no spans, so its statement stays with the service that asks.
    With `e`, the log lines of services that have no spans at all tell who answered.
    """
    met = _answers(t, e)
    whom = ["service", "own_name", "address"]
    known = (
        met.filter(met.is_answered)
        .group_by(*whom)
        .agg(
            services=lambda k: k.server_service.nunique(),
            known_service=lambda k: k.server_service.min(),
            names=lambda k: k.server_span_name.nunique(),
            known_name=lambda k: k.server_span_name.min(),
        )
    )
    known = known.filter(known.services == 1).mutate(
        known_name=ibis.ifelse(known.names == 1, known.known_name, ibis.null("string"))
    )
    met = met.left_join(known, whom)
    is_told = met.callee.notnull() & ~met.is_statement & (met.callee != met.service)
    waits = met.select(
        asked_id="event_id",
        waits_for=ibis.cases(
            (met.is_answered, met.server_service),
            (met.known_service.notnull(), met.known_service),
            (is_told, met.callee),
        ),
        asked_name=ibis.ifelse(
            met.is_answered, met.server_span_name, ibis.coalesce(met.known_name, met.own_name)
        ),
        has_server=met.is_answered & ~met.is_log,
    )
    waits = waits.filter(waits.waits_for.notnull())
    t = t.left_join(waits, t.event_id == waits.asked_id)
    return t.mutate(
        owner_service=ibis.coalesce(t.waits_for, t.service),
        owner_span_name=ibis.coalesce(t.asked_name, t.span_name),
        is_gap=t.waits_for.notnull(),
        has_server=t.has_server.fill_null(False),
    ).drop("asked_id", "waits_for", "asked_name")


def _answers(t: ir.Table, e: ir.Table | None) -> ir.Table:
    """Each call out, with the first span or, of a service without spans, log line that answers it."""
    asks = t.filter(t.span_kind.isin(ASKING).fill_null(False)).select(
        "event_id", "service", "is_statement", "callee", "address", own_name="span_name"
    )
    halves = t.filter(t.parent_event_id.notnull()).select(
        client_id="parent_event_id",
        server_service="service",
        server_span_name="span_name",
        server_started="started",
        server_event_id="event_id",
        is_log=ibis.literal(False),
    )
    if e is not None:
        halves = ibis.union(halves, _logged_answers(t, e))
    met = asks.left_join(halves, asks.event_id == halves.client_id)
    is_answered = (met.server_service != met.service).fill_null(False)
    order = [(~is_answered).cast("int64"), met.is_log, met.server_started, met.server_event_id]
    met = met.mutate(
        is_answered=is_answered,
        is_log=met.is_log.fill_null(False),
        place=ibis.row_number().over(ibis.window(group_by=met.event_id, order_by=order)),
    )
    return met.filter(met.place == 0)


def _logged_answers(t: ir.Table, e: ir.Table) -> ir.Table:
    """Lines that services without spans log in a trace while one calls out: they are who is called."""
    said = e.filter(e.span_name.isnull() & e.trace_id.notnull() & e.service.notnull())
    said = said.anti_join(t.select("service").distinct(), "service")
    said = said.select("trace_id", said_id="event_id", said_by="service", said_at="timestamp")
    asks = t.filter(t.span_kind.isin(ASKING).fill_null(False) & ~t.is_statement)
    met = asks.join(said, "trace_id")
    met = met.filter(met.said_at.between(met.started, met.ended))
    return met.select(
        client_id="event_id",
        server_service="said_by",
        server_span_name="span_name",
        server_started="said_at",
        server_event_id="said_id",
        is_log=ibis.literal(True),
    )


def of_owner(t: ir.Table, row: dict[str, object]) -> ir.Table:
    """The spans whose own time is laid to the subject of a finding."""
    return t.filter((t.owner_service == row["service"]) & (t.owner_span_name == row["span_name"]))

"""Spans as calls between services: placed in their trace, named alike, each with whom its time is laid to.

owner     the operation (service, name) that a span's own time is laid to: its own, but for a span that
          waits for another service. What passes between a client's span and its server's is the
          callee's queue or the network between them, so it is the callee's.
own time  what no child accounts for: critical_ms of it delays the whole request
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
ANSWERS = ("server", "consumer")
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
    r"([^.:/]+)"  # scoring
    r"(?:\.[^:/]*(?:svc|local|internal|consul)[^:/]*)?"  # .prod.svc.cluster.local, not .example.com
    r"(?::[0-9]+)?(?:/|$)"
)


def placed(e: ir.Table) -> ir.Table:
    """One row a span of `e`, with its place in its trace; ids in names stand as {id}.

    Adds failed (its status or answer says so, or an exception left it), is_statement (of a
    database), is_model (an AI call), callee (the service it calls, where it says and that one has
    spans of its own), callee_name (what it says it calls, whether or not that has spans).
    """
    t = span_tree.join(e.select("event_id", "attributes", *READ), "event_id")
    peer = ibis.coalesce(
        attribute(t.attributes, "peer.service"), attribute(t.attributes, "peer_service")
    )
    peer = ibis.ifelse(t.span_kind.isin(CALLS_OUT).fill_null(False), peer, ibis.null("string"))
    t = t.mutate(peer=peer)
    services = span_tree.filter(span_tree.service.notnull()).select(named="service").distinct()
    hosts = _hosts(e, services)
    t = t.left_join(hosts, t.server_address == hosts.address)
    t = t.left_join(services, t.peer == services.named)
    names = _names()
    t = t.left_join(names, t.span_name == names.stated)
    entries = names.rename(entry_stated="stated", entry_operation="operation")
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
        callee=ibis.ifelse(t.peer.notnull(), t.named, t.host_service),
        callee_name=ibis.coalesce(t.peer, t.db_system, t.server_address, t.provider),
    )


def _hosts(e: ir.Table, services: ir.Table) -> ir.Table:
    """Addresses whose host is the name of a service that has spans."""
    t = e.filter(e.server_address.notnull()).select(address="server_address").distinct()
    t = t.mutate(host=t.address.lower().re_extract(HOST, 1))
    return t.join(services, t.host == services.named).select("address", host_service="named")


def _names() -> ir.Table:
    """Each name of a span and its operation: names are few, and a pattern costs a microsecond."""
    t = span_tree.filter(span_tree.span_name.notnull()).select(stated="span_name").distinct()
    return t.mutate(operation=operation(t.stated))


def operation(name: ir.Value) -> ir.StringValue:
    """A span's name with the ids in its path replaced, so that like spans share it."""
    return cast(ir.StringValue, ties.route_of(name).fill_null(UNKNOWN))


def owned(t: ir.Table) -> ir.Table:
    """Adds owner_service, owner_span_name, and is_gap: the time is between client and server.

    A client's span without its server's is laid to the service that it calls, where that is one of
    the case's; a database has no spans, so its statement stays with the service that asks.
    """
    halves = t.filter(
        (t.service != t.parent_service.fill_null(UNKNOWN)) & t.parent_event_id.notnull()
    )
    first = ibis.window(group_by=halves.parent_event_id, order_by=[halves.started, halves.event_id])
    halves = halves.mutate(place=ibis.row_number().over(first))
    halves = halves.filter(halves.place == 0)
    halves = halves.select(
        client_id="parent_event_id", server_service="service", server_span_name="span_name"
    )
    t = t.left_join(halves, t.event_id == halves.client_id)
    asks = t.span_kind.isin(CALLS_OUT).fill_null(False)
    has_server = asks & t.client_id.notnull()
    told = asks & ~has_server & t.callee.notnull() & ~t.is_statement & (t.callee != t.service)
    told = told.fill_null(False)
    return t.mutate(
        owner_service=ibis.cases((has_server, t.server_service), (told, t.callee), else_=t.service),
        owner_span_name=ibis.ifelse(has_server, t.server_span_name, t.span_name),
        is_gap=has_server | told,
        has_server=has_server,
    ).drop("client_id", "server_service", "server_span_name")

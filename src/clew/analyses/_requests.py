"""What counts as one request, for the analyses that count requests."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.model.views import requests


def served(events: ir.Table) -> ir.Table:
    """HTTP requests; in a case that has none, log records and AI calls stand for them."""
    has_http = requests(events).count() > 0
    is_http = events.http_status.notnull() | events.http_method.notnull()
    is_log = (events.message.notnull() | events.severity.notnull()) & events.span_name.isnull()
    is_call = events.model.notnull() | events.provider.notnull()
    return events.filter(ibis.ifelse(has_http, is_http, is_log | is_call))


def is_error(events: ir.Table) -> ir.BooleanValue:
    """5xx, a status that says error, or a record of ERROR or FATAL that is no HTTP request."""
    is_record = events.http_status.isnull() & events.http_method.isnull()
    return (
        (events.http_status >= 500)
        | (events.status == "error")
        | (is_record & events.severity.isin(("ERROR", "FATAL")))
    )


def count_requests(events: ir.Table, where: ir.BooleanValue | None = None) -> ir.IntegerValue:
    """Rows with the same request_id are one request; a row without one is a request of its own."""
    nameless = events.request_id.isnull()
    return events.request_id.nunique(where=where) + events.count(
        where=nameless if where is None else nameless & where
    )

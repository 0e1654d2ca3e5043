"""Exceptions by path, and which paths fail by one cause.

cause     equal for paths of a service on which one exception type was raised by one own frame with one
          message, numbers and ids aside; where the message blames what lies outside, such as a database's
          pool or a name that does not resolve, any frame will do
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation import ties
from clew.correlation.exceptions import exceptions, normalised

OUTSIDE = (
    r"(?i)connect|timed? ?-?out|refused|unreachable|resolution|resolve|no space|disk|denied|"
    r"quota|rate.?limit|\bpool|unavailable|expired|credential|api.?key|authenticat|certificate|throttl"
)
"""What a message names that no caller of one path can be blamed for."""
KEYS = ("service", "exception_type", "route")
COUNTED = ("events", "affected_requests", "recovered_requests", "requests")


def by_path(seen: ir.Table, *, tolerance_s: float = 2.0) -> ir.Table:
    """One row a service, exception type and route, with its numbers and its `cause`."""
    raised = first_causes(exceptions(seen, tolerance_s=tolerance_s))
    words = ibis.coalesce(raised.exception_message, ibis.literal(""))
    raised = raised.mutate(
        said=normalised(words, quoted=False),
        plain=normalised(words),
        is_answered=(raised.http_status < 400).fill_null(False),
        is_warning=(raised.severity == "WARN").fill_null(False)
        & ~(raised.http_status >= 400).fill_null(False),
    )
    found = raised.group_by(KEYS).agg(
        started=raised.timestamp.min(),
        ended=raised.timestamp.max(),
        events=raised.count(),
        affected_requests=raised.request.nunique(),
        recovered_requests=raised.request.nunique(where=raised.is_answered),
        warnings=raised.count(where=raised.is_warning),
        paths=raised.url_path.nunique(),
        path=raised.url_path.max(),
        tied_lines=raised.proxy_event_id.nunique(),
        tie_confidence=raised.confidence.mean(),
        **{
            f"{name}_{end}": getattr(raised[column].fill_null(""), end)()
            for name, column in (("frame", "exception_frame"), ("said", "said"), ("plain", "plain"))
            for end in ("min", "max")
        },
    )
    t = found.left_join(_asked(seen, found), KEYS)
    t = t.mutate(requests=ibis.greatest(t.asked.fill_null(0), t.affected_requests), cause=_cause(t))
    return t.select(*(column for column in found.columns), "asked", "requests", "cause")


def folded(t: ir.Table) -> ir.Table:
    """Of the paths with one cause the one with most affected requests, with the sums over all of them:
    all_events and so on, and how many `routes` they are."""
    same = ibis.window(group_by=[t.service, t.exception_type, t.cause])
    first = ibis.window(
        group_by=[t.service, t.exception_type, t.cause],
        order_by=[t.route.isnull(), t.affected_requests.desc(), t.route],
    )
    t = t.mutate(
        place=ibis.row_number().over(first),
        routes=t.cause.count().over(same),
        **{f"all_{name}": t[name].sum().over(same) for name in COUNTED},
    )
    return t.filter(t.place == 0)


def of_row(seen: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The exceptions of a row that `folded` gave, on all of its paths."""
    raised = first_causes(exceptions(seen))
    raised = raised.filter(
        (raised.service == row["service"]) & (raised.exception_type == row["exception_type"])
    )
    return on_routes(raised, seen, row)


def on_routes(t: ir.Table, seen: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Rows of `t` whose route is the row's, or one of those with its cause."""
    if row["routes"] > 1:
        routes = beside(seen, row).select(beside_route=_key(ibis._.route))
        return t.semi_join(routes, _key(t.route) == routes.beside_route)
    return t.filter(t.route.isnull() if row["route"] is None else t.route == row["route"])


def beside(seen: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The paths that a row stands for, the row's own with them."""
    t = by_path(seen)
    return t.filter(
        (t.service == row["service"])
        & (t.exception_type == row["exception_type"])
        & (t.cause == row["cause"])
    )


def first_causes(raised: ir.Table) -> ir.Table:
    """Of several exceptions of one request those of the first's type; the others follow."""
    order = ibis.window(
        group_by=raised.request,
        order_by=[raised["at"], raised.line.fill_null(0), raised.event_id],
        preceding=None,
        following=None,
    )
    raised = raised.mutate(first_type=raised.exception_type.first().over(order))
    return raised.filter(raised.exception_type == raised.first_type)


def _key(route: ir.Value) -> ir.Value:
    return route.fill_null("")


def _cause(t: ir.Table) -> ir.StringValue:
    words = ibis.cases(
        (t.said_min == t.said_max, t.said_min), (t.plain_min == t.plain_max, t.plain_min), else_=""
    )
    frame = ibis.ifelse(t.frame_min == t.frame_max, t.frame_min, "")
    is_outside = (t.exception_type + " " + words).re_search(OUTSIDE) & (words != "")
    has_words = (words != "") | (t.said_max == "")
    return ibis.cases(
        (is_outside, "says " + words),
        (has_words & (frame != ""), "at " + frame + " says " + words),
        else_="on " + _key(t.route),
    )


def _asked(seen: ir.Table, found: ir.Table) -> ir.Table:
    """Requests on each path while it failed: its service's, else the proxy's."""
    counted = ties.requests(seen)
    counted = counted.filter(counted.is_request)
    counted = counted.select("route", asked_service="service", role="role", asked_at="timestamp")
    span = found.select(*KEYS, "started", "ended")
    slack = ibis.interval(seconds=2)
    met = counted.join(span, "route")
    met = met.filter((met.asked_at >= met.started - slack) & (met.asked_at <= met.ended + slack))
    own = met.count(where=met.asked_service == met.service)
    proxied = met.count(where=met.role == "proxy")
    return met.group_by(KEYS).agg(asked=ibis.ifelse(own > 0, own, proxied))

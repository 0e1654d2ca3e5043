"""Exceptions as logged, each with the request that it belongs to.

By the request's id where the log or the message holds one; else the failed request nearest in time,
on the exception's own path or, where it states none, on the path on which most of its kind are found.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.correlation.built import once
from clew.correlation.ties import pairs, route_of

ID_IN_MESSAGE = (
    r"\b([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"  # a UUID
    r"|[0-9a-fA-F]{16,32}"  # $request_id of nginx: 32 hex digits
    r"|req[-_][0-9A-Za-z]{6,})\b"  # req_8f03a1c2
)
SERVER_REPEATS = r"^(Exception (in|on) |Internal Server Error|Error handling request|Unhandled )"
REFUSED_INPUT = (400, 422)
"""Statuses of an exception that a caller's input raised, where the log takes it for a warning."""
VARYING = (
    (r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "<id>"),
    (r"\b(?:0x[0-9a-fA-F]+|[0-9a-f]{16,})\b", "<hex>"),
    (r"\d+(?:\.\d+)*", "<number>"),
    (r"'[^']*'|\"[^\"]*\"", "<text>"),
)
"""What differs between like messages: 0a1b2c3d-...-0a1b2c3d4e5f, 0x7f3a, 'user_7', 3.14."""
USUAL_SHARE, LEAST_USUAL = 0.75, 5
NO_TEXT = ibis.null("string")
ROLES = ("application", "proxy")


@once
def exceptions(seen: ir.Table, *, tolerance_s: float = 2.0, repeat_ms: int = 250) -> ir.Table:
    """Logged exceptions with the request each belongs to. `seen` is what `observed` returns.

    Returns event_id, service, timestamp, at, exception_type, exception_message, exception_frame,
    message, url_path, route, http_route, http_status, rid, proxy_event_id, own_event_id (the line of
    its request in the application's own log, where time ties it), tied_by (id, request, path, time or none),
    confidence, and `request`: equal for all exceptions of one request.
    The same exception that the server logs again right after the service is of the same request.
    """
    raised = _raised(seen, repeat_ms)
    asked = seen.filter(seen.url_path.notnull() | seen.http_status.notnull())
    by_rid = _context(asked.semi_join(raised, "rid"))
    t = raised.left_join(by_rid, raised.rid == by_rid.context_rid).drop("context_rid")
    t = t.mutate(path=ibis.coalesce(t.url_path, t.rid_path), kind=_kind(t))
    untied = t.filter((t.first_id == t.event_id) & t.by_id.isnull())
    loose = untied.filter(untied.rid_status.isnull())
    is_failed = (asked.http_status >= 500) | asked.http_status.isin(REFUSED_INPUT)
    failed = asked.filter(is_failed & asked.exception_type.isnull())
    tolerance_us = int(tolerance_s * 1_000_000)
    first = _nearest_failures(loose.mutate(usual_route=NO_TEXT), failed, tolerance_us)
    usual = _usual_routes(t.left_join(first, t.first_id == first.nearby_left))
    t = t.left_join(usual, "kind").drop("kind_right")
    loose = loose.left_join(usual, "kind")
    nearby = _nearest_failures(loose, failed, tolerance_us)
    t = t.left_join(nearby, t.first_id == nearby.nearby_left).drop("nearby_left")
    answered = _answers(untied.filter(untied.rid_status.notnull()), asked, tolerance_us)
    t = t.left_join(answered, t.first_id == answered.answered_left).drop("answered_left")
    tied_by = ibis.cases(
        (t.answered_proxy.notnull(), "request"),
        (t.by_id.notnull() | t.rid_status.notnull(), "id"),
        (t.nearby_path.notnull() & t.path.notnull(), "path"),
        (t.nearby_path.notnull(), "time"),
        else_="none",
    )
    sure = ibis.cases((tied_by.isin(("path", "request")), 0.9), (tied_by == "time", 0.8), else_=1.0)
    path = ibis.coalesce(t.path, t.nearby_path, t.usual_path)
    return t.select(
        "event_id", "source_id", "service", "timestamp", "at", "offset_us", "line", "rid",
        "exception_type", "exception_message", "exception_frame", "message", "severity", "is_repeat",
        url_path=path,
        route=ibis.coalesce(t.http_route, t.rid_http_route, route_of(path), t.usual_route),
        http_route=ibis.coalesce(t.http_route, t.rid_http_route),
        http_status=ibis.coalesce(t.http_status, t.rid_status, t.nearby_status),
        proxy_event_id=ibis.coalesce(t.by_id, t.nearby_proxy, t.answered_proxy),
        own_event_id=t.nearby_own,
        tied_by=tied_by,
        confidence=sure / ibis.coalesce(t.rivals, t.answered_rivals, 1).cast("float64").sqrt(),
        request=ibis.coalesce(t.rid, t.nearby_proxy, t.nearby_own, t.first_id),
    )  # fmt: skip


def _raised(seen: ir.Table, repeat_ms: int) -> ir.Table:
    """Exceptions at WARN and above, or of failed or refused requests; repeats share `first_id`.

    What is tried again, and then succeeds, is often logged as a warning.
    """
    t = seen.filter(
        seen.exception_type.notnull()
        & (seen.role == "application")
        & (
            seen.severity.isnull()
            | seen.severity.isin(("WARN", "ERROR", "FATAL"))
            | (seen.http_status >= 500).fill_null(False)
            | seen.http_status.isin(REFUSED_INPUT).fill_null(False)
        )
    )
    t = _with_id_from_message(t, seen)
    words = ibis.coalesce(t.exception_message, ibis.literal(""))
    t = t.mutate(words=words, order=t.line.fill_null(0))
    same = ibis.window(
        group_by=[t.source_id, t.exception_type, t.words], order_by=[t.at, t.order, t.event_id]
    )
    same_all = ibis.window(
        group_by=[t.source_id, t.exception_type, t.words],
        order_by=[t.at, t.order, t.event_id],
        preceding=None,
        following=None,
    )
    t = t.mutate(
        place=ibis.row_number().over(same),
        gap_us=t.at - t.at.lag().over(same),
        last_rid=t.rid.lag().over(same),
        first_logger=t.logger.first().over(same_all),
        is_server_word=t.message.re_search(SERVER_REPEATS).fill_null(False),
    )
    t = t.mutate(is_last_server_word=t.is_server_word.lag().over(same).fill_null(False))
    is_repeat = (
        (t.place > 0)
        & (t.gap_us <= repeat_ms * 1000)
        & (t.rid.isnull() | t.last_rid.isnull() | (t.rid == t.last_rid))
        # whoever logs a kind first logs it of every request: two of its lines are two requests
        & (
            (t.logger != t.first_logger).fill_null(False)
            | (t.is_server_word & ~t.is_last_server_word)
        )
    ).fill_null(False)
    t = t.mutate(is_repeat=is_repeat)
    before = ibis.window(
        group_by=[t.source_id, t.exception_type, t.words],
        order_by=[t.at, t.order, t.event_id],
        preceding=None,
        following=0,
    )
    t = t.mutate(run=ibis.ifelse(t.is_repeat, 0, 1).sum().over(before))
    run = ibis.window(
        group_by=[t.source_id, t.exception_type, t.words, t.run],
        order_by=[t.at, t.order, t.event_id],
        preceding=None,
        following=None,
    )
    return t.mutate(first_id=t.event_id.first().over(run), rid=t.rid.max().over(run))


def _with_id_from_message(raised: ir.Table, seen: ir.Table) -> ir.Table:
    """`rid` filled from the message, where it holds an id that a proxy's line carries."""
    proxied = seen.filter((seen.role == "proxy") & seen.rid.notnull())
    known = proxied.select(known_rid="rid").distinct()
    t = raised.mutate(said_rid=raised.message.fill_null("").re_extract(ID_IN_MESSAGE, 1).nullif(""))
    t = t.left_join(known, t.said_rid == known.known_rid)
    return t.mutate(rid=ibis.coalesce(t.rid, t.known_rid)).drop("said_rid", "known_rid")


def _context(asked: ir.Table) -> ir.Table:
    """What the rows of one request id say together; the application's word before the proxy's."""
    own, proxy = asked.role == "application", asked.role == "proxy"
    return asked.group_by(context_rid=asked.rid).agg(
        rid_path=ibis.coalesce(asked.url_path.max(where=own), asked.url_path.max(where=proxy)),
        rid_http_route=asked.http_route.max(),
        rid_status=asked.http_status.max(),
        by_id=asked.event_id.min(where=proxy),
        rid_at=asked["at"].max(where=asked.http_status.notnull()),
    )


def _kind(t: ir.Table) -> ir.Value:
    """What exceptions with one cause share: log, type and innermost frame."""
    return (
        t.source_id.fill_null("") + "\n" + t.exception_type + "\n" + t.exception_frame.fill_null("")
    )


def _usual_routes(t: ir.Table) -> ir.Table:
    """The route on which most exceptions of a kind were found, for those that state none.

    In a busy minute the nearest failure may be another's: what three quarters of a kind share
    stands for the rest of it. Returns kind, usual_route, usual_path (where there is one).
    """
    path = ibis.coalesce(t.path, t.nearby_path)
    t = t.mutate(usual_route=route_of(path), usual_path=path)
    t = t.filter(t.usual_route.notnull())
    t = t.group_by("kind", "usual_route").agg(
        found=t.count(),
        usual_path=ibis.ifelse(t.usual_path.nunique() == 1, t.usual_path.max(), NO_TEXT),
    )
    t = t.mutate(all_found=t.found.sum().over(ibis.window(group_by=t.kind)))
    t = t.filter((t.found >= LEAST_USUAL) & (t.found >= USUAL_SHARE * t.all_found))
    return t.select("kind", "usual_route", "usual_path")


def _nearest_failures(loose: ir.Table, failed: ir.Table, tolerance_us: int) -> ir.Table:
    """For exceptions without an id: the failed request nearest in time, on their path if known; as the
    application's own log has it, and as the proxy's has it."""
    key = ibis.coalesce(loose.path, "route " + loose.usual_route, ibis.literal(""))
    roles = [ibis.literal(f"{role} ") + key for role in ROLES]
    loose = loose.select(id="event_id", at="at", tie_key=ibis.array(roles).unnest())
    route = "route " + route_of(failed.url_path)
    # without a path of its own an exception is not laid to an answer that blames the caller
    anywhere = ibis.ifelse(failed.http_status >= 500, "", "-")
    keys = [failed.url_path.fill_null("-"), route.fill_null("-"), anywhere]
    keyed = failed.select(
        id=failed.event_id,
        at=failed["at"],
        tie_key=ibis.array([failed.role + " " + key for key in keys]).unnest(),
    )
    found = pairs(loose, keyed, tolerance_us=tolerance_us)
    lines = failed.select("role", "url_path", "http_status", failed_id="event_id")
    t = found.join(lines, found.right_id == lines.failed_id)
    own, proxy = (t.role == role for role in ROLES)
    t = t.group_by(nearby_left=t.left_id).agg(
        own_id=t.right_id.max(where=own),
        own_path=t.url_path.max(where=own),
        own_status=t.http_status.max(where=own),
        own_rivals=t.rivals.max(where=own),
        proxy_id=t.right_id.max(where=proxy),
        proxy_path=t.url_path.max(where=proxy),
        proxy_status=t.http_status.max(where=proxy),
        proxy_rivals=t.rivals.max(where=proxy),
    )
    # a proxy's clock is often whole seconds: where the two disagree it is another request
    is_same = (t.own_path.isnull() | (t.own_path == t.proxy_path)).fill_null(False)
    return t.select(
        "nearby_left",
        nearby_own=t.own_id,
        nearby_proxy=ibis.ifelse(is_same, t.proxy_id, NO_TEXT),
        nearby_path=ibis.coalesce(t.own_path, t.proxy_path),
        nearby_status=ibis.coalesce(t.own_status, t.proxy_status),
        rivals=ibis.ifelse(is_same & t.proxy_id.notnull(), t.proxy_rivals, t.own_rivals),
    )


def _answers(known: ir.Table, asked: ir.Table, tolerance_us: int) -> ir.Table:
    """For exceptions whose id the application's own line of the request bears: the proxy's line of it, by
    path, status and time. It need not have failed: what was tried again may have succeeded."""
    key = known.path + " " + known.rid_status.cast("string")
    known = known.select(id="event_id", at="rid_at", tie_key=key)
    known = known.filter(known.tie_key.notnull() & known["at"].notnull())
    proxied = asked.filter((asked.role == "proxy") & asked.rid.isnull())
    answers = proxied.select(
        id=proxied.event_id,
        at=proxied["at"],
        tie_key=proxied.url_path + " " + proxied.http_status.cast("string"),
    )
    found = pairs(known, answers.semi_join(known, "tie_key"), tolerance_us=tolerance_us)
    return found.select(
        answered_left="left_id", answered_proxy="right_id", answered_rivals="rivals"
    )


def normalised(message: ir.StringValue, *, quoted: bool = True) -> ir.StringValue:
    """The message with a word in angle brackets for each part that varies; `quoted` words are such."""
    for pattern, word in VARYING if quoted else VARYING[:-1]:
        message = message.re_replace(pattern, word)
    return message

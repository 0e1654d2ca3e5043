"""Ties: one request as the proxy, the application and its errors saw it, on one clock.

A proxy's line and an application's line belong together when both carry the same request id or
trace id; else when path, method, status and time agree, one to one, nearest first. The expressions
here are what analyses show and detections build on.

at        microseconds since 1970 on the proxy's clock: what is compared
rid       the id that ties: request_id, else trace_id (as the request_id it occurs with), else an
          id of a proxy's line that an error's message holds
role      proxy, or application
route     http_route, else the path with ids replaced by {id}
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from clew.correlation.built import once
from clew.correlation.clocks import (
    LEFT_SKEW_US,
    PROXY_ERRORS,
    PROXY_FORMATS,
    QUARTER_HOUR_US,
    clock_offsets,
    is_proxy,
    microseconds,
)

SERVER_LOGGERS = (
    "asyncio", "c", "com", "django", "gunicorn", "http", "hypercorn", "io", "java", "main", "__main__", "net",
    "o", "org", "root", "uvicorn", "werkzeug",
)  # fmt: skip
SYSTEM_WRITERS = (
    "cron", "crond", "anacron", "audit", "auditd", "chronyd", "containerd", "dbus", "dbus-daemon", "dhclient",
    "dockerd", "init", "kernel", "kubelet", "logrotate", "networkmanager", "ntpd", "rsyslogd", "snapd", "sshd",
    "su", "sudo", "systemd", "systemd-journald", "systemd-logind", "systemd-networkd", "systemd-resolved",
    "systemd-timesyncd", "systemd-udevd", "udevd",
)  # fmt: skip
"""What a machine's own log is written by: no service of the case."""
OWN_FORMATS = ("heroku", "python_logging", "text")
"""Formats whose lines, if they are no requests, an application writes."""
FILE_KINDS = ("csv", "heroku", "jsonl", "logfmt", "parquet", "text")
"""Formats that say nothing of who wrote them."""
CARRIED = (
    "event_id", "source_id", "source_format", "line", "severity", "logger", "message",
    "span_name", "duration_ms", "http_method", "http_status", "http_route", "url_path", "host",
    "upstream_address", "user_id", "api_key_hash", "client_ip", "user_agent", "team", "tenant",
    "model", "model_version", "service_version", "change_type", "change_version",
    "exception_type", "exception_message", "exception_frame", "status",
)  # fmt: skip
"""Columns of the event that `observed` hands on."""
OWN_WORDS = (
    "user_id", "api_key_hash", "tenant", "team", "service_version", "model_version", "model",
)  # fmt: skip
"""What a proxy's line seldom says of its request, and the application's does."""
READ = (
    "timestamp",
    "service",
    "file_service",
    "request_id",
    "trace_id",
    "server_address",
    "upstream_ms",
)
"""Columns that it reads besides."""


ID_IN_PATH = (
    r"/(?:[0-9]+"  # /users/812
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"  # a UUID
    r"|[0-9a-fA-F]{16,})(/|$)"  # /runs/4f2c91aa4f2c91aa
)


@once
def observed(e: ir.Table) -> ir.Table:
    """Every row that has a time, with `at`, `role`, `service`, `rid` and `route` worked out.

    `service` is the row's own, else its container's name, else what its source's other rows state, else
    what the source's name means or the first part of the logger's, else the only service of the case, else
    the server's address, host or kind.
    `is_counted`: whether the row stands for a request of its service, see `requests`.
    """
    # a client's span tells of the request that its server's tells of: one is enough
    is_asking = e.span_kind.isin(("client", "producer")).fill_null(False)
    is_stated = e.service_source.isnull()
    e = e.mutate(
        http_status=ibis.ifelse(is_asking, ibis.null("int64"), e.http_status),
        service=ibis.coalesce(ibis.ifelse(is_stated, e.service, None), _name_of_container(e)),
        file_service=ibis.ifelse(is_stated, None, e.service),
    )
    # few columns from the start: what is carried along costs the compiler more than the engine
    e = e.select(*CARRIED, *READ)
    e = e.filter(e.timestamp.notnull())
    origins = _origins(e)
    t = e.left_join(
        origins, (e.source_id == origins.origin) & (e.service.fill_null("") == origins.writer)
    )
    service = ibis.coalesce(
        t.service,
        t.origin_service,
        t.file_service,
        t.server_address,
        t.host,
        t.origin_kind,
        ibis.ifelse(t.source_format.isin(FILE_KINDS), None, t.source_format.re_replace("_.*", "")),
        ibis.ifelse(t.is_proxy_origin.fill_null(False), "proxy", "application"),
    )
    # a row without a source has no origin
    is_proxy_row = t.is_proxy_origin.fill_null(False) & ~_is_own_word(t)
    offset_us = t.offset_us.fill_null(0)
    is_request = t.http_status.notnull()
    has_outcome = t.severity.notnull() | (t.status.notnull() & t.source_format.isin(FILE_KINDS))
    is_record = ~is_proxy_row & ~t.asks.fill_null(False) & has_outcome & t.span_name.isnull()
    return t.select(
        *CARRIED,
        service=service,
        offset_us=offset_us,
        role=ibis.ifelse(is_proxy_row, "proxy", "application"),
        rid=ibis.coalesce(t.request_id, t.trace_id),
        at=microseconds(t.timestamp) + offset_us,
        timestamp=t.timestamp + (offset_us // 1_000_000).as_interval("s"),
        route=ibis.coalesce(t.http_route, route_of(t.url_path)),
        is_counted=(is_proxy_row | ~t.is_proxied.fill_null(False))
        & (is_request | is_record.fill_null(False)),
    )


def _name_of_container(e: ir.Table) -> ir.StringValue:
    """The container's name, where it is one and no id."""
    is_id = e.container.re_search(r"^[0-9a-f]{12,64}$").fill_null(False)
    return cast(ir.StringValue, ibis.ifelse(is_id, ibis.null("string"), e.container))


def _is_own_word(t: ir.Table) -> ir.BooleanValue:
    """Whether a row is an application's although its source holds access lines: a container's output
    is one log, in which gunicorn writes both."""
    is_own: ir.BooleanValue = ~t.source_format.isin((*PROXY_FORMATS, *PROXY_ERRORS)) & (
        t.exception_type.notnull() | (t.http_status.isnull() & t.source_format.isin(OWN_FORMATS))
    )
    return is_own.fill_null(False)


def route_of(path: ir.Value) -> ir.StringValue:
    """The path with ids replaced, so that like requests share it; twice, as matches share a /."""
    text = cast(ir.StringValue, path)
    return cast(
        ir.StringValue,
        text.re_replace(ID_IN_PATH, r"/{id}\1").re_replace(ID_IN_PATH, r"/{id}\1"),
    )


def pairs(left: ir.Table, right: ir.Table, *, tolerance_us: int) -> ir.Table:
    """Rows of `left` with their rows of `right`: one to one, nearest first, within the tolerance.

    Both have id, tie_key, at. Returns left_id, right_id, gap_us, signed_gap_us (right less left),
    rivals (rows of `right` with the same key that were near enough).
    Sorted by time, left rows open a bracket and right rows close one. Rows on one level of nesting
    alternate, so each has one neighbour before and one after, and a pair is two neighbours that
    are nearest to each other: one sort, no product of rows.
    """
    columns = ("id", "tie_key", "at", "step")
    t = ibis.union(
        left.mutate(step=ibis.literal(1)).select(columns),
        right.mutate(step=ibis.literal(-1)).select(columns),
    )
    before = ibis.window(group_by=t.tie_key, order_by=[t.at, t.id], preceding=None, following=0)
    near = ibis.range_window(
        group_by=t.tie_key, order_by=t.at, preceding=tolerance_us, following=tolerance_us
    )
    t = t.mutate(
        depth=t.step.sum().over(before),
        rivals=ibis.ifelse(t.step == -1, 1, 0).sum().over(near),
    )
    t = t.mutate(level=ibis.ifelse(t.step == 1, t.depth - 1, t.depth))
    chain = ibis.window(group_by=[t.tie_key, t.level], order_by=[t.at, t.id])
    t = t.mutate(
        place=ibis.row_number().over(chain),
        before_us=(t.at - t.at.lag().over(chain)).fill_null(tolerance_us + 1),
        after_us=(t.at.lead().over(chain) - t.at).fill_null(-1),
        next_id=t.id.lead().over(chain),
    )
    has_next = (t.after_us >= 0) & (t.after_us <= tolerance_us)
    has_last = (t.place > 0) & (t.before_us <= tolerance_us)
    # equal gaps: every second row looks forward, else a run of equal times would pair nobody
    forward = has_next & (
        ~has_last | (t.after_us < t.before_us) | ((t.after_us == t.before_us) & (t.place % 2 == 0))
    )
    t = t.mutate(looks_forward=forward, looks_back=has_last & ~forward)
    chain = ibis.window(group_by=[t.tie_key, t.level], order_by=[t.at, t.id])
    t = t.mutate(
        is_pair=(t.looks_forward & t.looks_back.lead().over(chain).fill_null(False)),
        next_rivals=t.rivals.lead().over(chain),
    )
    t = t.filter(t.is_pair)
    is_left = t.step == 1
    return t.select(
        left_id=ibis.ifelse(is_left, t.id, t.next_id),
        right_id=ibis.ifelse(is_left, t.next_id, t.id),
        gap_us=t.after_us,
        signed_gap_us=ibis.ifelse(is_left, t.after_us, -t.after_us),
        rivals=ibis.ifelse(is_left, t.rivals, t.next_rivals),
    )


@once
def requests(seen: ir.Table) -> ir.Table:
    """One row a request, from the place that saw most. `seen` is what `observed` returns.

    Where a proxy stands before the one service of a case, the proxy's lines; else each service's
    own. A failed request that a service logged twice under one id counts once. Services that log
    no requests are counted in log records instead (`is_request` is false there).
    Adds: failed (status 500 and above; for log records severity ERROR and above, or an outcome that
    is an error), is_request.
    """
    counted = seen.filter(seen.is_counted)
    counted = counted.mutate(
        is_request=counted.http_status.notnull(),
        failed=ibis.ifelse(
            counted.http_status.notnull(),
            counted.http_status >= 500,
            says_failed(counted),
        ),
    )
    twice = counted.failed & counted.is_request & counted.rid.notnull()
    failed = counted.filter(twice)
    latest = ibis.window(
        group_by=[failed.service, failed.rid], order_by=[failed.at.desc(), failed.event_id]
    )
    failed = failed.mutate(place=ibis.row_number().over(latest))
    failed = failed.filter(failed.place == 0).drop("place")
    return ibis.union(counted.filter(~twice), failed)


def says_failed(t: ir.Table) -> ir.BooleanValue:
    """Whether a log record tells of a failure: by its level, or by the outcome it states."""
    is_error = t.severity.isin(("ERROR", "FATAL")).fill_null(False)
    return cast(ir.BooleanValue, is_error | (t.status == "error").fill_null(False))


def with_own_words(counted: ir.Table, seen: ir.Table) -> ir.Table:
    """Requests as a proxy saw them, with what the application's lines of the same id say besides."""
    proxied = counted.filter((counted.role == "proxy") & counted.rid.notnull())
    own = seen.filter((seen.role == "application") & seen.rid.notnull()).semi_join(proxied, "rid")
    said = own.group_by(own_rid=own.rid).agg(
        **{f"own_{column}": own[column].max() for column in OWN_WORDS}
    )
    t = counted.left_join(said, counted.rid == said.own_rid)
    t = t.mutate(**{column: ibis.coalesce(t[column], t[f"own_{column}"]) for column in OWN_WORDS})
    return t.select(*counted.columns)


def _origins(e: ir.Table) -> ir.Table:
    """One row a writer of a source: is it a proxy, which service, what its clock lacks, who counts requests.

    writer      the service that rows state, "" where they state none: the output of several containers is one
                source. Where a source states at most one, all its rows are of one origin
    asks        some source of the same service logs requests
    is_proxied  a proxy stands before the only service of the case, or has a log for this one
    """
    writers, t = _names(e)
    t = _as_stated(t)
    own = _is_service(t)
    case = t.agg(
        first=t.low.min(where=own),
        last=t.high.max(where=own),
        proxies=(~own & (t.asked > 0)).cast("int64").sum(),
    )
    offsets = clock_offsets(e, failures_only=True)
    offsets = offsets.select(offset_source="source_id", offset_us="offset_us")
    t = t.cross_join(case)
    t = t.left_join(offsets, t.origin == offsets.offset_source)
    only = ibis.ifelse(t["first"] == t["last"], t["first"], ibis.null("string"))
    own_name = ibis.ifelse(t.low == t.high, t.low, None)
    t = t.mutate(service=ibis.coalesce(own_name, only, t.file_service))
    shared = ibis.window(group_by=t.service)
    # the access log of this service alone: checkout-access.log, before checkout.log
    is_its_proxy = t.is_proxy_origin & (t.asked > 0) & (t.service == t.file_service)
    has_proxy = is_its_proxy.fill_null(False).cast("int64").max().over(shared) > 0
    offset = t.offset_us.fill_null(0)
    zone = (offset / QUARTER_HOUR_US).round().cast("int64") * QUARTER_HOUR_US
    skew = offset - zone
    t = t.select(
        "unit",
        "is_proxy_origin",
        origin_service="service",
        # one log of a server and its application: uvicorn's access lines and tracebacks are one's
        origin_kind="kind",
        asks=(t.asked.max().over(shared) > 0).fill_null(False),
        is_proxied=((t.proxies > 0) & (t["first"] == t["last"]).fill_null(True))
        | (has_proxy & t.file_service.notnull()),
        # a skew below two seconds may be the log's resolution: ties tolerate that, so it is left
        offset_us=zone + ibis.ifelse(skew.abs() >= LEFT_SKEW_US, skew, 0),
    )
    return t.join(writers, "unit").drop("unit")


def _names(e: ir.Table) -> tuple[ir.Table, ir.Table]:
    """The writers of each source with the unit that each is of: a source, or one writer of several in it. And
    one row a unit: the services that its rows state, what its file or else its logger is called, and whether
    it is a proxy's."""
    root = e.logger.fill_null("").re_extract(r"^([A-Za-z0-9_-]+)", 1).nullif("")
    rows = e.select(
        origin=e.source_id,
        proxied=(is_proxy(e) | e.source_format.isin(PROXY_ERRORS).fill_null(False)).cast("int64"),
        asked=e.http_status.notnull().cast("int64"),
        named=e.service,
        kind=ibis.ifelse(
            e.source_format.isin((*FILE_KINDS, "python_logging")),
            ibis.null("string"),
            e.source_format.re_replace("_.*", ""),
        ),
        file_service=e.file_service,
        root=ibis.ifelse(root.isin(SERVER_LOGGERS), ibis.null("string"), root),
    )
    named = rows.group_by("origin", "root", "named").agg(
        rows=rows.count(),
        proxied=rows.proxied.max(),
        asked=rows.asked.max(),
        kind=rows.kind.max(),
        file_service=rows.file_service.max(),
    )
    source = ibis.window(group_by=named.origin)
    is_mixed = (named.named.min().over(source) != named.named.max().over(source)).fill_null(False)
    writer = named.named.fill_null("")
    named = named.mutate(
        writer=writer, unit=ibis.ifelse(is_mixed, named.origin + " " + writer, named.origin)
    )
    most = ibis.window(
        group_by=named.unit,
        order_by=[named.root.isnull(), named.rows.desc(), named.root, named.named],
    )
    named = named.mutate(place=ibis.row_number().over(most))
    t = named.group_by("unit", "origin").agg(
        is_proxy_origin=named.proxied.max() > 0,
        asked=named.asked.max(),
        stated_low=named.named.min(),
        stated_high=named.named.max(),
        root=named.root.max(where=named.place == 0),
        kind=named.kind.max(),
        file_service=named.file_service.max(),
    )
    own_name = ibis.coalesce(t.file_service, t.root)
    t = t.mutate(root=ibis.ifelse(t.is_proxy_origin, t.root, own_name))
    return named.select("origin", "writer", "unit").distinct(), t


def _is_service(t: ir.Table) -> ir.BooleanValue:
    """Whether a unit is one of the case's services: neither its proxy nor the machine's own log."""
    is_system = t.stated_low.lower().isin(SYSTEM_WRITERS).fill_null(False)
    return cast(ir.BooleanValue, ~t.is_proxy_origin & ~is_system)


def _as_stated(t: ir.Table) -> ir.Table:
    """Sources with `low` and `high`: the first and the last of the services that rows of theirs state,
    else `root`.

    Where deployments name the one service there is, and the one program that logs calls itself
    otherwise (churn-api, churn_api.predict), the stated name is meant by both.
    """
    own = _is_service(t)
    case = t.agg(
        stated_first=t.stated_low.min(where=own),
        stated_last=t.stated_high.max(where=own),
        stated_asked=t.asked.max(where=t.stated_low.notnull() & own),
        root_first=t.root.min(where=t.stated_low.isnull() & own),
        root_last=t.root.max(where=t.stated_low.isnull() & own),
    )
    t = t.cross_join(case)
    is_one = (
        (t.stated_first == t.stated_last) & (t.root_first == t.root_last) & (t.stated_asked == 0)
    ).fill_null(False)
    root = ibis.ifelse(is_one & ~t.is_proxy_origin, t.stated_first, t.root)
    return t.mutate(
        low=ibis.coalesce(t.stated_low, root), high=ibis.coalesce(t.stated_high, root)
    ).drop(*case.columns)

"""Clocks: how far the times of one source are from those of the proxy before it.

What is measured is an annotation. The stored times stay as they are; what compares times of two
sources adds the offset and says so.
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from clew.correlation.built import once

PROXY_FORMATS = (
    "nginx_access", "apache_access", "haproxy", "envoy_access", "traefik_access", "aws_elb",
    "w3c_access",
)  # fmt: skip
CADDY = "http.log."
"""How the names of Caddy's loggers of requests begin."""
PROXY_ERRORS = ("nginx_error", "apache_error")
WIDEST_OFFSET_US = 14 * 3_600_000_000
QUARTER_HOUR_US = 900_000_000
LEFT_SKEW_US = 2_000_000
"""A skew below this may be a log's resolution of one second: it is left alone."""
RARE_KEY_ROWS = 40
NEAR_US = 1_500_000
"""How far two differences may lie apart that speak for one offset."""
LEAST_BETTER = 2
"""How many times as many rows must pair at an offset as do without one."""
FIRST_ERRORS = 300


@once
def clock_offsets(e: ir.Table, *, failures_only: bool = False) -> ir.Table:
    """How far each source's clock is from the proxy's: one row a source with enough pairs.

    Returns source_id, basis (ids or times), pairs, offset_us (add it to the source's times),
    spread_us (half the range that holds the middle 80 % of the pairs). A pair is two rows that name
    one request; without ids, rows of one rare method, path and status, or errors, and then the
    offset is where most differences agree, up to 14 hours either way.
    `failures_only` looks at failed requests and exceptions alone, which costs little.
    """
    met = _differences(e, failures_only)
    near = ibis.range_window(
        group_by=met.source_id, order_by=met.difference_us, preceding=NEAR_US, following=NEAR_US
    )
    met = met.mutate(agreed=met.weight.sum().over(near))
    best = ibis.window(
        group_by=met.source_id,
        order_by=[met.agreed.desc(), met.difference_us.abs(), met.difference_us],
        preceding=None,
        following=None,
    )
    same = ibis.window(group_by=[met.event_id, met.key])
    met = met.mutate(
        center=met.difference_us.first().over(best), candidates=met.event_id.count().over(same)
    )
    whole = ibis.window(group_by=met.source_id)
    met = met.mutate(all_rows=(1.0 / met.candidates).sum().over(whole))
    is_as_stated = met.difference_us.abs() <= NEAR_US
    met = met.mutate(chance=ibis.ifelse(is_as_stated, met.event_id, None).nunique().over(whole))
    met = met.filter((met.difference_us - met.center).abs() <= NEAR_US)
    offsets = met.group_by("source_id").agg(
        by_id=met.weight.max() > 1,
        pairs=met.event_id.nunique(),
        all_rows=met.all_rows.max(),
        chance=met.chance.max(),
        offset_us=met.difference_us.quantile(0.5).round().cast("int64"),
        low=met.difference_us.quantile(0.1),
        high=met.difference_us.quantile(0.9),
    )
    # where failures are many, some pair by chance at any offset: as the clocks stand they must do so far less
    is_moved = offsets.offset_us.abs() >= LEFT_SKEW_US
    is_chance = is_moved & (offsets.chance * LEAST_BETTER > offsets.pairs)
    by_times = (offsets.pairs * 4 >= offsets.all_rows) & ~is_chance
    sure = (offsets.pairs >= 3) & (offsets.by_id | by_times)
    return offsets.filter(sure).select(
        "source_id",
        "pairs",
        "offset_us",
        basis=ibis.ifelse(offsets.by_id, "ids", "times"),
        spread_us=((offsets.high - offsets.low) / 2).round().cast("int64"),
    )


def microseconds(moment: ir.Value) -> ir.IntegerValue:
    """A timestamp as whole microseconds since 1970."""
    moment = cast(ir.TimestampValue, moment)
    seconds = moment.epoch_seconds().floor().cast("int64")
    return cast(ir.IntegerValue, seconds * 1_000_000 + moment.microsecond().cast("int64"))


def is_proxy(e: ir.Table) -> ir.BooleanValue:
    """Whether a row is a proxy's access line."""
    return cast(
        ir.BooleanValue,
        e.source_format.isin(PROXY_FORMATS).fill_null(False)
        | (e.logger.startswith(CADDY) & e.http_status.notnull()).fill_null(False)
        | ((e.upstream_ms.notnull() | _is_reached(e)) & e.http_status.notnull()),
    )


def _is_reached(e: ir.Table) -> ir.BooleanValue:
    """Whether a row names the upstream by its address: 192.0.2.7:8000, not `openai`."""
    return cast(ir.BooleanValue, e.upstream_address.re_search(r":[0-9]+$").fill_null(False))


def _differences(e: ir.Table, failures_only: bool) -> ir.Table:
    """Pairs: source_id, event_id, key, difference_us (proxy less row), weight (1000 by an id)."""
    t = e.select(
        "event_id", "source_id", "source_format", "timestamp", "request_id", "trace_id",
        "http_method", "url_path", "http_status", "upstream_ms", "upstream_address", "exception_type",
        "severity", "logger",
    )  # fmt: skip
    t = t.filter(t.timestamp.notnull())
    is_failure = _is_failure(t)
    if failures_only:
        t = t.filter(is_failure)
    from_proxy = is_proxy(t)
    is_failure = _is_failure(t)
    requested = t.http_method.fill_null("") + " " + t.url_path + " " + t.http_status.cast("string")
    t = t.select(
        "event_id",
        "source_id",
        at=microseconds(t.timestamp),
        from_proxy=from_proxy,
        key=ibis.array(
            [
                ibis.literal("id ") + ibis.coalesce(t.request_id, t.trace_id),
                ibis.literal("to ") + requested,
                ibis.ifelse(is_failure, "failed", None),
                ibis.ifelse(is_failure, ibis.literal("failed ") + t.url_path, None),
            ]
        ).unnest(),
    )
    t = t.filter(t.key.notnull())
    same = [t.from_proxy, t.source_id, t.key]
    t = t.mutate(
        place=ibis.row_number().over(ibis.window(group_by=same, order_by=[t.at, t.event_id])),
        size=t.event_id.count().over(ibis.window(group_by=same)),
    )
    is_failed = t.key.startswith("failed") & (t.place < FIRST_ERRORS)
    t = t.filter((t["size"] <= RARE_KEY_ROWS) | is_failed)
    proxy = t.filter(t.from_proxy).select("key", proxy_at="at")
    met = t.filter(~t.from_proxy).join(proxy, "key")
    met = met.select(
        "source_id",
        "event_id",
        "key",
        difference_us=met.proxy_at - met.at,
        weight=ibis.ifelse(met.key.startswith("id "), 1000, 1),
    )
    return met.filter(met.difference_us.abs() <= WIDEST_OFFSET_US)


def _is_failure(t: ir.Table) -> ir.BooleanValue:
    failed: ir.BooleanValue = (
        (t.http_status >= 500).fill_null(False)
        | t.exception_type.notnull()
        | (t.source_format.isin(PROXY_ERRORS) & (t.severity == "ERROR")).fill_null(False)
    )
    return failed

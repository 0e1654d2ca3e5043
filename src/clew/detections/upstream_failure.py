"""502, 503 and 504 that the proxy answered alone: the service behind it was down, or too slow.

Reads     requests   source_format, http_status, upstream_address, url_path, request_id; logs of
          the application and of the proxy's errors for the mechanism
Returns   one row per upstream; where three or more of a service begin to fail within two minutes, one row
          of them all. It falls once or several times: occasions are failures at most gap_s apart, and those
          within a day of one another are one row
Units     failures: such answers with no matching application line; requests: all that the proxy
          sent there on these occasions; failure_share 0 to 1; gap_s: seconds
Blind to  an application that logs neither requests nor errors: then every such answer is unmatched,
          which `why` says
Source    RFC 9110 sections 15.6.3 to 15.6.5; nginx, ngx_http_upstream_module
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation import clocks, ties
from clew.detections._upstream_cases import UPSTREAM_CASES
from clew.detections._values import option, rank_of
from clew.detections._words import clock, clock_sentences, many, share
from clew.model.finding import Description

NEEDS = {"requests": ("http_status", "source_format")}
NEEDS_ROWS = {"the access log of a proxy, such as nginx": clocks.is_proxy}
SUBJECT = ("upstream_address", "service")
MEASURES = (
    "failures", "requests", "failure_share", "occasions", "upstreams", "status_502", "status_503",
    "status_504", "min_failures", "min_share", "gap_s",
)  # fmt: skip
REFERENCES: tuple[str, ...] = ()
STATUSES = (502, 503, 504)
MECHANISMS = {
    "refused": r"(?i)connection refused|no live upstreams",
    "timed out": r"(?i)upstream timed out|timed out",
    "closed early": r"(?i)prematurely closed|connection reset|broken pipe",
}
"""What nginx says in its error log, by what happened."""
OWN_MECHANISMS = {
    "out of memory": r"(?i)out of memory|oom[-_ ]?kill|memoryerror|cannot allocate memory|std::bad_alloc",
    "killed": r"(?i)sigkill|sigterm|signal 9|exit(ed)?( with)?( code| status)? 137|\bkilled\b",
    "hung": r"(?i)worker timeout|sigabrt|watchdog|deadlock",
    "crashed": r"(?i)sigsegv|segmentation fault|core dumped|segfault|\bpanic\b|fatal python error"
    r"|worker .{0,40}(exited|died|terminated)|child process .{0,20}died"
    r"|main process exited|back-?off restarting|crashloopbackoff|exited with (code|status) [1-9]",
    "restarted": r"(?i)shutting down|booting worker|started server process|application startup",
}
"""What an application, its server or the kernel says when it goes down or comes up again."""
TOGETHER_US, LEAST_POOL = 120_000_000, 3
AGAIN_US = 86_400_000_000
"""How long after a fall the next one of the same upstream still belongs to it."""
LINES = 20
SUMS = ("failures", "requests", "status_502", "status_503", "status_504")
NEAR_SPAN = ibis.interval(seconds=30)


def detect(
    events: ir.Table,
    *,
    min_failures: int = 5,
    min_share: float = 0.01,
    gap_s: int = 600,
    tolerance_s: float = 2.0,
) -> ir.Table:
    seen = ties.observed(events)
    episodes = _episodes(_unanswered(seen, tolerance_s), gap_s)
    episodes = episodes.filter(episodes.failures >= min_failures)
    t = episodes.join(_asked(seen, episodes), ["upstream", "run"])
    t = t.left_join(_named(seen, episodes), ["upstream", "run"]).drop("upstream_right", "run_right")
    t = t.mutate(upstream_address=ibis.coalesce(t.upstream_address, t.named_address))
    t = _again(_together(t.filter(t.failures / t.requests >= min_share)))
    return (
        t.mutate(failure_share=t.failures / t.requests)
        .select(
            "started",
            "ended",
            *SUMS,
            "failure_share",
            "upstream_address",
            "upstream",
            "occasions",
            "upstreams",
            service=ibis.ifelse(t.upstream_address.isnull(), t.service, ibis.null("string")),
            min_failures=ibis.literal(min_failures),
            min_share=option(min_share),
            gap_s=ibis.literal(gap_s),
        )
        .order_by(ibis.desc("failures"), "service", "upstream", "started")
    )


def evidence(events: ir.Table, row: dict[str, Any]) -> ir.Table:
    """Of every occasion the lines that name the mechanism, then the proxy's answers, from the first."""
    seen = ties.observed(events)
    failed = _of_row(seen, row)
    said = _said(seen, _occasions(failed))
    of_kind = ibis.window(
        group_by=[said.run, said.mechanism], order_by=[said.timestamp, said.event_id]
    )
    said = said.mutate(kind_place=ibis.row_number().over(of_kind))
    each = max(LINES // row["occasions"], 2)
    said = _first_of_run(said.filter(said.kind_place < 3), "kind_place", most=each * 2 // 5 or 1)
    told = said.group_by(told_run=said.run).agg(told=said.count())
    failed = _first_of_run(failed, "timestamp", most=each)
    failed = failed.left_join(told, failed.run == told.told_run)
    failed = failed.filter(failed.place < each - failed.told.fill_null(0))
    both = ibis.union(
        said.select("event_id", "timestamp", "run", rank=ibis.literal(0)),
        failed.select("event_id", "timestamp", "run", rank=ibis.literal(1)),
    )
    return both.order_by("run", "rank", "timestamp", "event_id").limit(LINES)


def _first_of_run(t: ir.Table, order: str, *, most: int) -> ir.Table:
    """The first rows of every occasion, with their `place` in it."""
    window = ibis.window(group_by=t.run, order_by=[t[order], t.timestamp, t.event_id])
    t = t.mutate(place=ibis.row_number().over(window))
    return t.filter(t.place < most)


def details(events: ir.Table, row: dict[str, Any]) -> dict[str, ir.Table]:
    seen = ties.observed(events)
    failed = _of_row(seen, row)
    occasions = _occasions(failed)
    said = _said(seen, occasions)
    raised = said.filter(said.mechanism.isnull()).group_by("exception_type")
    raised = raised.agg(
        events=lambda t: t.event_id.nunique(),
        first=lambda t: t.timestamp.min(),
        message=lambda t: t.exception_message.min(),
    )
    said = said.filter(said.mechanism.notnull())
    said = said.group_by("mechanism").agg(
        lines=said.event_id.nunique(), first=said.timestamp.min(), example=said.message.min()
    )
    own = seen.filter(seen.role == "application")
    paths = failed.group_by("route").agg(failures=failed.count())
    places = failed.group_by("upstream").agg(failures=failed.count())
    rank = rank_of(said.mechanism, (*MECHANISMS, *OWN_MECHANISMS))
    return {
        "mechanisms": said.order_by(said.mechanism == "restarted", ibis.desc("lines"), rank),
        "application": own.agg(lines=own.count()),
        "paths": paths.order_by(ibis.desc("failures"), "route").limit(2),
        "occasions": occasions.order_by("began").limit(10),
        "raised": raised.order_by(ibis.desc("events"), "exception_type").limit(2),
        "places": places.order_by(ibis.desc("failures"), "upstream").limit(10),
        "clocks": clocks.clock_offsets(events, failures_only=True).order_by("source_id"),
    }


def describe(row: dict[str, Any], details: dict[str, list[dict[str, Any]]]) -> Description:
    upstream = f"Upstream {row['upstream_address'] or 'of ' + row['service']}"
    if row["upstream"] is None:
        upstream = f"{many(row['upstreams'], 'upstream')} of {row['service']}"
    codes = ", ".join(
        f"{row[f'status_{code}']:,} times {code}" for code in STATUSES if row[f"status_{code}"]
    )
    mechanisms = [
        f"'{kind['mechanism']}' in {many(kind['lines'], 'line')} since {clock(kind['first'])}, "
        f"such as: {kind['example'][:200]}"
        for kind in details["mechanisms"]
    ]
    has_log = any(count["lines"] for count in details["application"])
    unmatched = (
        "No line of the application belongs to these requests: they never got there, or it did not "
        "live to log them."
        if has_log
        else "The case holds no application log, so it cannot be seen whether they got there."
    )
    return Description(
        title=f"{upstream} failed {row['failures']:,} of {row['requests']:,} requests "
        + (f"on {row['occasions']} occasions " if row["occasions"] > 1 else "")
        + f"since {clock(row['started'])}",
        severity="high" if row["failure_share"] >= 0.1 or row["failures"] >= 50 else "medium",
        confidence=(0.9 if mechanisms or details["raised"] else 0.8) if has_log else 0.6,
        why=(
            f"The proxy answered {codes} ({share(row['failure_share'])} of what it sent there) "
            f"until {clock(row['ended'])}.",
            unmatched,
            *_path_sentences(row, details["paths"]),
            *_place_sentences(details["places"]),
            *_occasion_sentences(row, details["occasions"]),
            *mechanisms,
            *_raised_sentences(details["raised"]),
            *clock_sentences(details["clocks"]),
        ),
        recommendations=(
            f"Look at what {row['upstream_address'] or row['service']} did at "
            f"{clock(row['started'])}.",
        ),
    )


def _path_sentences(row: dict[str, Any], paths: list[dict[str, Any]]) -> list[str]:
    """Where most failures are on one path, that one."""
    if not paths or not paths[0]["route"] or paths[0]["failures"] < 0.8 * row["failures"]:
        return []
    part = share(paths[0]["failures"] / row["failures"])
    return [f"{part} of these failures were on {paths[0]['route']}."]


def _place_sentences(places: list[dict[str, Any]]) -> list[str]:
    """Where several upstreams failed, which, and how often."""
    if len(places) < 2:
        return []
    told = ", ".join(f"{place['upstream']} ({place['failures']:,})" for place in places)
    return [f"They failed together: {told}."]


def _occasion_sentences(row: dict[str, Any], occasions: list[dict[str, Any]]) -> list[str]:
    """When it fell and for how long, where it fell more than once."""
    if len(occasions) < 2:
        return []
    falls = [
        f"{clock(fall['began'])} ({many(fall['failures'], 'failure')} in "
        f"{(fall['over'] - fall['began']).total_seconds():,.0f} s)"
        for fall in occasions
    ]
    more = row["occasions"] - len(falls)
    rest = f", and {more} more" if more > 0 else ""
    return [f"It fell {row['occasions']} times: {'; '.join(falls)}{rest}."]


def _raised_sentences(raised: list[dict[str, Any]]) -> list[str]:
    """What the application raised outside of any request: why it does not start, or how it ended."""
    return [
        f"The application raised meanwhile, {many(error['events'], 'time')} since "
        f"{clock(error['first'])}: {error['exception_type']}: {(error['message'] or '')[:200]}"
        for error in raised
    ]


def _proxied(seen: ir.Table) -> ir.Table:
    """The proxy's lines with `upstream`: the last address it tried, else the service."""
    proxied = seen.filter((seen.role == "proxy") & seen.http_status.notnull())
    last = proxied.upstream_address.re_extract(r"([^\s,]+)\s*$", 1).nullif("").nullif("-")
    proxied = proxied.mutate(upstream_address=last)
    return proxied.mutate(upstream=ibis.coalesce(proxied.upstream_address, proxied.service))


def _unanswered(seen: ir.Table, tolerance_s: float) -> ir.Table:
    """The proxy's 502, 503 and 504 that no line of the application accounts for."""
    failed = _proxied(seen)
    failed = failed.filter(failed.http_status.isin(STATUSES))
    own = seen.filter(seen.role == "application")
    told = own.filter(
        own.http_status.notnull()
        | own.exception_type.notnull()
        | own.severity.isin(("ERROR", "FATAL")).fill_null(False)
    )
    failed = failed.anti_join(told.filter(told.rid.notnull()), "rid")
    same = own.filter(own.http_status.isin(STATUSES))
    by_time = ties.pairs(
        _keyed(failed), _keyed(same), tolerance_us=int(tolerance_s * 1_000_000)
    ).select(event_id="left_id")
    return failed.anti_join(by_time, "event_id")


def _keyed(t: ir.Table) -> ir.Table:
    key = t.http_status.cast("string") + " " + t.url_path.fill_null("")
    return t.select(id=t.event_id, at=t["at"], tie_key=key)


def _of_row(seen: ir.Table, row: dict[str, Any]) -> ir.Table:
    """The failures that a row counts, with `run`: the occasion of each."""
    key = "service" if row["upstream"] is None else "upstream"
    failed = _unanswered(seen, 2.0)
    failed = _with_run(failed.filter(failed[key] == row[key]), row["gap_s"], key)
    failed = failed.mutate(size=failed.count().over(ibis.window(group_by=failed.run)))
    return failed.filter(
        failed.timestamp.between(row["started"], row["ended"])
        & (failed["size"] >= row["min_failures"])
    )


def _occasions(failed: ir.Table) -> ir.Table:
    return failed.group_by("run").agg(
        began=failed.timestamp.min(), over=failed.timestamp.max(), failures=failed.count()
    )


def _with_run(failed: ir.Table, gap_s: int, key: str) -> ir.Table:
    """Failures with `run`: those of one upstream, or service, that are at most gap_s apart share it."""
    order = ibis.window(group_by=failed[key], order_by=[failed["at"], failed.event_id])
    t = failed.mutate(gap_us=(failed["at"] - failed["at"].lag().over(order)).fill_null(0))
    so_far = ibis.window(
        group_by=t[key], order_by=[t["at"], t.event_id], preceding=None, following=0
    )
    return t.mutate(run=ibis.ifelse(t.gap_us > gap_s * 1_000_000, 1, 0).sum().over(so_far))


def _episodes(failed: ir.Table, gap_s: int) -> ir.Table:
    t = _with_run(failed, gap_s, "upstream")
    return t.group_by("upstream", "run").agg(
        upstream_address=t.upstream_address.max(),
        service=t.service.max(),
        started=t.timestamp.min(),
        ended=t.timestamp.max(),
        failures=t.count(),
        status_502=(t.http_status == 502).cast("int64").sum(),
        status_503=(t.http_status == 503).cast("int64").sum(),
        status_504=(t.http_status == 504).cast("int64").sum(),
    )


def _together(t: ir.Table) -> ir.Table:
    """Episodes of one service as one, without `upstream`, where three or more began together: pods."""
    own = ibis.window(group_by=t.service, order_by=[t.started, t.upstream])
    gap_us = clocks.microseconds(t.started) - clocks.microseconds(t.started.lag().over(own))
    t = t.mutate(is_new=(gap_us > TOGETHER_US).fill_null(True).cast("int64"))
    so_far = ibis.window(
        group_by=t.service, order_by=[t.started, t.upstream], preceding=None, following=0
    )
    t = t.mutate(pool=t.is_new.sum().over(so_far))
    is_pool = t.count().over(ibis.window(group_by=[t.service, t.pool])) >= LEAST_POOL
    t = t.mutate(own=ibis.ifelse(is_pool, ibis.null("string"), t.upstream))
    return t.group_by("service", "pool", upstream=t.own).agg(
        started=t.started.min(),
        ended=t.ended.max(),
        upstreams=ibis.greatest(t.upstream_address.nunique(), 1),
        upstream_address=ibis.ifelse(t.own.notnull(), t.upstream_address, None).max(),
        **{name: t[name].sum() for name in SUMS},
    )


def _again(t: ir.Table) -> ir.Table:
    """Falls of the same upstream as one row with `occasions`, where the next came within a day."""
    own = ibis.window(group_by=[t.service, t.upstream], order_by=t.started)
    gap_us = clocks.microseconds(t.started) - clocks.microseconds(t.ended.lag().over(own))
    t = t.mutate(is_new=(gap_us > AGAIN_US).fill_null(True).cast("int64"))
    so_far = ibis.window(
        group_by=[t.service, t.upstream], order_by=t.started, preceding=None, following=0
    )
    t = t.mutate(trouble=t.is_new.sum().over(so_far))
    return t.group_by("service", "upstream", "trouble").agg(
        started=t.started.min(),
        ended=t.ended.max(),
        occasions=t.count(),
        upstreams=t.upstreams.max(),
        upstream_address=t.upstream_address.max(),
        **{name: t[name].sum() for name in SUMS},
    )


def _asked(seen: ir.Table, episodes: ir.Table) -> ir.Table:
    proxied = _proxied(seen).select("upstream", asked_at="timestamp")
    met = proxied.join(episodes.select("upstream", "run", "started", "ended"), "upstream")
    met = met.filter((met.asked_at >= met.started) & (met.asked_at <= met.ended))
    return met.group_by("upstream", "run").agg(requests=met.count())


def _named(seen: ir.Table, episodes: ir.Table) -> ir.Table:
    """The address that the proxy's error log names for an episode, where it names one alone."""
    errors = seen.filter(
        seen.source_format.isin(clocks.PROXY_ERRORS) & seen.upstream_address.notnull()
    )
    errors = errors.select(named_at="timestamp", address="upstream_address")
    span = episodes.select("upstream", "run", "started", "ended")
    met = errors.cross_join(span)
    near = (met.named_at >= met.started - NEAR_SPAN) & (met.named_at <= met.ended + NEAR_SPAN)
    met = met.filter(near)
    t = met.group_by("upstream", "run").agg(
        addresses=met.address.nunique(), named_address=met.address.max()
    )
    return t.filter(t.addresses == 1).select("upstream", "run", "named_address")


def _said(seen: ir.Table, occasions: ir.Table) -> ir.Table:
    """Lines about the occasions in which proxy or application names what happened, with `mechanism`; and
    what an application raised outside of any request, without one."""
    near = seen.filter(
        (seen.message.notnull() | seen.exception_type.notnull()) & seen.http_status.isnull()
    )
    spans = occasions.select("run", "began", "over")
    near = near.cross_join(spans)
    near = near.filter(
        (near.timestamp >= near.began - NEAR_SPAN) & (near.timestamp <= near.over + NEAR_SPAN)
    )
    is_proxy_error = near.source_format.isin(clocks.PROXY_ERRORS)
    mechanism = ibis.cases(
        *[
            (is_proxy_error & near.message.re_search(pattern), name)
            for name, pattern in MECHANISMS.items()
        ],
        *[
            (~is_proxy_error.fill_null(False) & near.message.re_search(pattern), name)
            for name, pattern in OWN_MECHANISMS.items()
        ],
        else_=ibis.null("string"),
    )
    near = near.mutate(mechanism=mechanism)
    is_raised = near.exception_type.notnull() & near.rid.isnull() & near.url_path.isnull()
    return near.filter(near.mechanism.notnull() | is_raised.fill_null(False))


CASES = UPSTREAM_CASES

"""Data points of metrics as comparable series, and how far each leaves its own usual range.

A series is one metric of one component and pod, split by the labels that tell its parts apart (a
CPU's mode, a disk's direction); parts told apart by other labels are summed. A counter is read as its
rate a second.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

import ibis
import ibis.expr.types as ir

from clew.correlation.components import with_component
from clew.correlation.incident import Times, bounds, sided
from clew.model.views import attribute, metrics

LABELS = (
    "state", "mode", "cpu.mode", "system.memory.state", "device", "interface", "direction",
    "disk.io.direction", "network.io.direction", "type", "quantile", "le",
)  # fmt: skip
"""Labels whose values are parts of a whole: their sum may not change while they do."""

COUNTER = r"(?i)(?:_total|[._]count|_sum|\.total)$"
RESTART = r"(?i)restart|oom"
FAILURES = r"(?i)error|fail|[45]xx|exception|timeout|reject|refus"
SUCCESS = r"(?i)success|availab"
SYMPTOM = r"(?i)latency|duration|response_?time|elapsed|p9[059]|p50|quantile|rt_ms|mrt"
RESOURCE = (
    ("network loss", r"(?i)retrans|drop|packet_?loss|loss"),
    ("cpu", r"(?i)cpu|processor|throttl|load_?(?:1|5|15|avg)|loadavg|runqueue"),
    ("memory", r"(?i)mem|heap|rss|working_?set|swap|gc[._]|garbage"),
    ("disk", r"(?i)disk|(?:^|[._])fs[._]|filesystem|\bio[._]|iops|blkio|write|read|inode"),
    ("threads", r"(?i)socket|thread|goroutine|file_?desc|(?:open_)?fds?\b|connection|pool|queue|backlog"),
    ("network", r"(?i)net|tcp|packet|(?:receive|transmit|(?:^|[._])rx|(?:^|[._])tx)[._]?|bandwidth"),
)  # fmt: skip
"""Kind of resource, and the names that its metrics bear; `threads`: whatever is pooled."""
FREE = r"(?i)free|idle|available|limit|quota|capacity|success"
"""What a rise means less of: room that is left."""

OWN = ["clew_group", "component", "pod", "metric", "part"]
FEWEST_POINTS = 3
"""Points of a series in normal time below which its usual range is not known."""


def resource_anomalies(
    events: ir.Table,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    baseline: tuple[datetime, datetime] | None = None,
    min_spreads: float = 6.0,
) -> ir.Table:
    """Metrics of pods that left their usual range between `since` and `until`, the furthest first.

    Returns one row a series: service, pod ("" where unknown), metric_name, resource (cpu, memory,
    disk, network, network loss, threads, restarts), usual (median of normal time), reached, change
    (-1 to any; NULL where usual is 0), spreads (how many spreads out, less what the metric did
    elsewhere), since (the first time out), is_rise. Symptoms (latency, errors) are no resources.
    `events` holds both times; without `baseline` what lies before `since` is normal.
    """
    window = bounds(events, Times(since, until, baseline))
    points = sided(with_component(metrics(events), events), window)
    t = anomalies(series(points.mutate(clew_group=ibis.literal(""))))
    is_resource = ~t.resource.isin(("errors", "latency", "other"))
    t = t.filter(is_resource & (t.spreads >= min_spreads))
    return t.select(
        "pod", "resource", "usual", "reached", "spreads", "since", "is_rise",
        service=t.component, metric_name=t.metric,
        change=(t.reached - t.usual) / t.usual.abs().nullif(0.0),
    ).order_by(ibis.desc("spreads"), "service", "pod", "metric_name", "usual")  # fmt: skip


def resource_of(name: ir.StringValue) -> ir.StringValue:
    """cpu, memory, disk, network, network loss, threads, restarts, errors, latency or other."""
    found: ir.StringValue = ibis.cases(
        (name.re_search(RESTART), "restarts"),
        (name.re_search(FAILURES) | name.re_search(SUCCESS), "errors"),
        (name.re_search(SYMPTOM), "latency"),
        *((name.re_search(pattern), kind) for kind, pattern in RESOURCE),
        else_="other",
    )
    return found


def series(points: ir.Table) -> ir.Table:
    """One row a series and time: clew_group, component, pod, metric, part, side, at, value.

    points: data points with `clew_group`, `component`, `pod`, `measured` and `side`. The point after a counter's
    reset has no rate.
    """
    part = points.container.fill_null("")
    for label in LABELS:
        said = attribute(points.attributes, label)
        part = part + ibis.ifelse(said.isnull(), "", ibis.literal(" ") + said)
    t = points.mutate(part=part.strip(), metric="measured")
    t = t.group_by(*OWN, "side", at="timestamp").agg(value=t.metric_value.sum())
    before = ibis.window(group_by=OWN, order_by=[t["at"], t.side])
    t = t.mutate(last=t.value.lag().over(before), last_at=t["at"].lag().over(before))
    elapsed_s = t["at"].delta(t.last_at, unit="microsecond") / 1e6
    t = t.mutate(step=t.value - t.last, rate=(t.value - t.last) / elapsed_s.nullif(0.0))
    rising, falling = (cast(ir.NumericColumn, t.step) > 0), (cast(ir.NumericColumn, t.step) < 0)
    kinds = t.group_by(*OWN).agg(
        rising=rising.fill_null(False).cast("int64").sum(),
        falling=falling.fill_null(False).cast("int64").sum(),
        steps=t.step.count(),
    )
    named = kinds.metric.re_search(COUNTER)
    # a counter never falls but when its process starts anew; one that stands still is no gauge
    looks = (kinds.falling * 50 <= kinds.steps) & (kinds.rising * 10 >= kinds.steps * 8)
    is_counter = (named & (kinds.falling * 10 <= kinds.steps)) | (looks & (kinds.steps >= 8))
    t = t.join(kinds.select(*OWN, is_counter=is_counter), OWN)
    value = ibis.ifelse(t.is_counter, ibis.ifelse(t.step < 0, None, t.rate), t.value)
    t = t.mutate(value=value)
    return t.filter(t.value.notnull()).select(*OWN, "side", "at", "value")


def anomalies(t: ir.Table) -> ir.Table:
    """One row a series that has both sides and leaves its usual range upwards or downwards.

    t: `series`. Adds resource, usual (the median of side 0), reached, spreads, since, is_rise. A
    spread is one standard deviation, as the quartiles and tails of side 0 tell it, at least 4 % of
    the median and 2 % of what the metric is elsewhere. What the metric does in most pods, such as a
    CPU under more load, is no anomaly of one: the median of all is taken off.
    """
    s = _ranges(t)
    alike = ["clew_group", "metric", "part"]
    usual_move = s.group_by(*alike).agg(
        all_rise=s["rise"].quantile(0.5), all_fall=s["fall"].quantile(0.5), pods=s.count()
    )
    s = s.join(usual_move, alike)
    has_peers = (s.pods >= 4).cast("float64")
    rise = s["rise"] - ibis.greatest(s.all_rise, 0.0) * has_peers
    fall = s["fall"] - ibis.greatest(s.all_fall, 0.0) * has_peers
    s = s.mutate(is_rise=rise >= fall, spreads=ibis.greatest(rise, fall))
    s = s.filter(s.spreads > 1.0)
    edge = ibis.greatest(s.spreads / 2, 3.0) * s.spread
    outside = t.filter(t.side == 1).join(
        s.select(*OWN, high=s.usual + edge, low=s.usual - edge, up="is_rise"), OWN
    )
    is_out = ibis.ifelse(outside.up, outside.value >= outside.high, outside.value <= outside.low)
    first = outside.group_by(*OWN).agg(since=outside["at"].min(where=is_out))
    s = s.left_join(first, OWN)
    return s.select(
        *OWN, "usual", "spreads", "since", "is_rise",
        resource=resource_of(s.metric), reached=ibis.ifelse(s.is_rise, s.high, s.low),
    )  # fmt: skip


def _ranges(t: ir.Table) -> ir.Table:
    """One row a series: usual and spread, and `rise` and `fall` in spreads, of level or of peaks.

    Peaks are the second highest and second lowest value of side 1, beyond all that side 0 has: a fault
    may be much shorter than the time that is looked at, and one point alone is a glitch.
    """
    order = ibis.window(group_by=[*OWN, "side"], order_by=[t.value, t["at"]])
    reverse = ibis.window(group_by=[*OWN, "side"], order_by=[t.value.desc(), t["at"].desc()])
    t = t.mutate(place=ibis.row_number().over(order), from_top=ibis.row_number().over(reverse))
    before, after = t.side == 0, t.side == 1
    s = t.group_by(*OWN).agg(
        points_before=before.cast("int64").sum(),
        points_after=after.cast("int64").sum(),
        usual=t.value.quantile(0.5, where=before),
        q25=t.value.quantile(0.25, where=before),
        q75=t.value.quantile(0.75, where=before),
        q05=t.value.quantile(0.05, where=before),
        q95=t.value.quantile(0.95, where=before),
        least=t.value.min(where=before),
        most=t.value.max(where=before),
        level_high=t.value.quantile(0.9, where=after),
        level_low=t.value.quantile(0.1, where=after),
        peak=t.value.max(where=after & (t.from_top == 1)),
        trough=t.value.min(where=after & (t.place == 1)),
    )
    s = s.filter((s.points_before >= FEWEST_POINTS) & (s.points_after > 0))
    alike = ibis.window(group_by=["clew_group", "metric", "part"])
    s = s.mutate(
        elsewhere=s.usual.abs().mean().over(alike), top=s.level_high.abs().max().over(alike)
    )
    spread = ibis.greatest(
        (s.q75 - s.q25) / 1.349, (s.q95 - s.q05) / 3.29, s.usual.abs() * 0.04,
        s.elsewhere * 0.02, s.top * 0.02, 1e-9,
    )  # fmt: skip
    s = s.mutate(spread=spread)
    up, down = (s.level_high - s.usual) / s.spread, (s.usual - s.level_low) / s.spread
    peak = ((s.peak - s.most) / s.spread).fill_null(0.0)
    trough = ((s.least - s.trough) / s.spread).fill_null(0.0)
    # few points tell less
    trust = s.points_after / (s.points_after + 1.0)
    return s.mutate(
        high=ibis.ifelse(peak > up, s.peak, s.level_high),
        low=ibis.ifelse(trough > down, s.trough, s.level_low),
        rise=ibis.greatest(up, peak) * trust,
        fall=ibis.greatest(down, trough) * trust,
    )

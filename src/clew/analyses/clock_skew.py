"""How far each source's clock is from the proxy's: its unstated time zone, and the skew beyond it.

Reads     requests, logs   timestamp, source_format, request_id, trace_id, http_method, url_path,
          http_status, exception_type
Returns   one row per source whose lines are tied to a proxy's often enough; with `by` or a bucket
          the same row for each group that the source has events in
Units     pairs: tied pairs; offset_s: what to add to the source's times; zone_min: its part in
          quarter hours; skew_ms: the rest; spread_ms: half the range of the middle 80 %
Method    pairs by id; without ids the offset on which most rare requests and errors agree, up to
          14 hours either way. Nothing is corrected here; detections say when they correct
Blind to  sources that share no request with a proxy
"""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered
from clew.correlation.clocks import QUARTER_HOUR_US, clock_offsets
from clew.model.case import Case

RETURNS = ("source_id", "basis", "pairs", "offset_s", "zone_min", "skew_ms", "spread_ms")


def clock_skew(
    events: ir.Table, *, by: tuple[str, ...] = (), bucket: str | None = None
) -> ir.Table:
    keys = group_keys(events, by, bucket, RETURNS)
    groups = events.select("source_id", **keys).distinct()
    offsets = clock_offsets(events)
    t = groups.join(offsets, "source_id")
    zone_us = (t.offset_us / QUARTER_HOUR_US).round().cast("int64") * QUARTER_HOUR_US
    measured = t.select(
        *keys,
        "source_id",
        "basis",
        "pairs",
        offset_s=t.offset_us / 1e6,
        zone_min=(zone_us / 60_000_000).cast("int64"),
        skew_ms=(t.offset_us - zone_us) / 1e3,
        spread_ms=t.spread_us / 1e3,
    )
    return ordered(measured.select(*keys, *RETURNS), list(keys), "pairs", then=("source_id",))


def _pair(n: int, hour: int, skew_ms: int, **columns: Any) -> list[dict[str, Any]]:
    """One rare request as the proxy saw it at 10 o'clock, and the application by its own clock."""
    minute, second = divmod(n * 97, 60)
    return [
        {
            "source_id": "access", "source_format": "nginx_access", "http_status": 200,
            "timestamp": f"2026-11-20T10:{minute:02}:{second:02}Z", "url_path": f"/reports/q{n}",
            "http_method": "GET", **columns,
        },
        {
            "source_id": "app", "source_format": "jsonl", "http_status": 200,
            "timestamp": f"2026-11-20T{hour:02}:{minute:02}:{second:02}.{skew_ms:03}Z",
            "http_method": "GET", "url_path": f"/reports/q{n}", **columns,
        },
    ]  # fmt: skip


_DOWN = {
    "source_id": "access",
    "source_format": "nginx_access",
    "http_status": 502,
    "url_path": "/embed",
}

CASES = [
    Case(
        "an unstated zone and the skew beyond it are told apart, by ids",
        rows=[row for n in range(5) for row in _pair(n, 12, 400, request_id=f"r{n}")],
        expect=[
            {
                "source_id": "app", "basis": "ids", "pairs": 5, "offset_s": -7200.4,
                "zone_min": -120, "skew_ms": -400.0, "spread_ms": 0.0,
            }
        ],
    ),
    Case(
        "without ids rare requests measure it",
        rows=[row for n in range(5) for row in _pair(n, 7, 250)],
        expect=[{"source_id": "app", "basis": "times", "pairs": 5, "zone_min": 180}],
    ),
    Case(
        "two pairs are not enough to measure a clock",
        rows=_pair(1, 12, 0) + _pair(2, 12, 0),
        expect=[],
    ),
    Case(
        "failures so many that they pair at any offset measure no clock",
        rows=[
            {"timestamp": f"2026-11-20T10:{second // 60:02}:{second % 60:02}Z", **side}
            for n in range(1, 50)
            for second, side in (
                (n * 12, {"source_id": "app", "exception_type": "ImportError"}),
                (n * 12 - 4, _DOWN),
                (n * 12 + (1 if n % 3 else 6), _DOWN),
            )
        ],
        expect=[],
    ),
    Case(
        "a case without a proxy has no clock to compare with",
        rows=[row for n in range(5) for row in _pair(n, 12, 0)[1:]],
        expect=[],
    ),
]  # fmt: skip

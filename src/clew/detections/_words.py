"""Numbers and times as findings say them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from clew.correlation import clocks


def share(part: float, whole: float | None = None) -> str:
    """
    >>> share(0.0213), share(37, 37), share(1, 3000)
    ('2.1 %', '100 %', '0.03 %')
    """
    percent = 100 * (part if whole is None else part / whole if whole else 0.0)
    digits = 0 if percent >= 10 or percent == 0 else 1 if percent >= 1 else 2
    return f"{percent:.{digits}f} %"


def many(count: int, thing: str) -> str:
    """
    >>> many(1, "line"), many(1200, "line")
    ('1 line', '1,200 lines')
    """
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def clock(moment: datetime | None) -> str:
    """
    >>> clock(datetime(2026, 11, 20, 9, 5, 7))
    '2026-11-20 09:05:07 UTC'
    """
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "an unknown time"


def place(row: dict[str, Any]) -> str:
    """Where it happened: the path or route of a subject, or its service."""
    where = row.get("url_path") or row.get("http_route")
    return f"{where} of {row['service']}" if where else str(row["service"])


def is_much_slower(change_ms: float, before_ms: float) -> bool:
    """Whether a median rose by so much that it is a matter of high severity.

    >>> is_much_slower(120, 1000), is_much_slower(30, 10), is_much_slower(30, 20)
    (True, True, False)
    """
    return change_ms >= 100 or (change_ms >= 25 and change_ms >= 2 * before_ms)


def clock_sentences(offsets: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """What was measured between the clocks of two logs, where it was large enough to correct."""
    return tuple(
        _clock_sentence(row) for row in offsets if abs(row["offset_us"]) >= clocks.LEFT_SKEW_US
    )


def _clock_sentence(row: dict[str, Any]) -> str:
    zone_us = round(row["offset_us"] / clocks.QUARTER_HOUR_US) * clocks.QUARTER_HOUR_US
    skew_us = row["offset_us"] - zone_us
    zone = f"{zone_us / 3_600_000_000:+g} h of time zone" if zone_us else ""
    skew = f"{skew_us / 1e6:+.1f} s of skew" if abs(skew_us) >= clocks.LEFT_SKEW_US else ""
    return (
        f"The application's clock was corrected to the proxy's by "
        f"{' and '.join(part for part in (zone, skew) if part)}, measured from "
        f"{row['pairs']:,} pairs tied by {row['basis']} (spread {row['spread_us'] / 1e6:.1f} s)."
    )

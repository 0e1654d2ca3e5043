"""Requests in a report: how many failed, when, where, and how long they took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clew.reports._asking import SECONDS, Asking, bucket_of
from clew.reports._document import Bars, Block, Section, Table, TimeBars
from clew.reports._figures import count, many, ms, named, share

PLACES = {"service": "service", "http_route": "route", "url_path": "path"}
"""What requests are split by: the first of them that more than one value stands in."""
MOST_ROWS = 15

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Requests:
    """`whole` is the one row of the analysis error_rate without a split."""

    whole: Row
    first: datetime | None
    last: datetime | None

    @property
    def requests(self) -> int:
        return int(self.whole["requests"] or 0)


def requests_of(asking: Asking) -> Requests:
    """Asks for the sums."""
    seen = asking.seen
    period = asking.rows(seen.aggregate(first=seen.timestamp.min(), last=seen.timestamp.max()))[0]
    rows = asking.analysis("error_rate")
    whole = rows[0] if rows else {"requests": 0, "errors": 0, "client_errors": 0}
    return Requests(whole, period["first"], period["last"])


def summary(found: Requests) -> Iterable[str]:
    """How many requests failed, in a sentence."""
    if not found.requests:
        return
    whole = found.whole
    yield (
        f"{many(found.requests, 'request')}: {many(whole['errors'], 'error')} "
        f"({share(whole['error_share'])}) and {many(whole['client_errors'], 'client error')}."
    )


def sections(asking: Asking, found: Requests) -> Iterable[Section]:
    """Errors by place and over time, and latency by place."""
    if not found.requests:
        return
    place = _place(asking)
    yield Section("Errors", [*_errors_over_time(asking, found), *_errors(asking, place)])
    if latency := list(_latency(asking, place)):
        yield Section("Latency", latency)


def _place(asking: Asking) -> str:
    """The column that tells most of where requests went."""
    seen = asking.seen
    row = asking.rows(seen.aggregate(**{name: seen[name].nunique() for name in PLACES}))[0]
    known = [name for name in PLACES if row[name]]
    return next((name for name in known if row[name] > 1), known[0] if known else "service")


def _errors_over_time(asking: Asking, found: Requests) -> Iterable[Block]:
    bucket = bucket_of(found.first, found.last)
    rows = [
        row for row in asking.analysis("error_rate", bucket=bucket) if row["bucket"] is not None
    ]
    if not rows or not found.whole["errors"]:
        return
    yield f"Each bar is {bucket} long."
    yield TimeBars(
        "Errors over time",
        "errors",
        [row["bucket"] for row in rows],
        SECONDS[bucket],
        [float(row["errors"]) for row in rows],
        [f"{many(row['errors'], 'error')} of {many(row['requests'], 'request')}" for row in rows],
    )


def _errors(asking: Asking, place: str) -> Iterable[Block]:
    columns = (PLACES[place], "requests", "errors", "error share", "client errors")
    rows = asking.analysis("error_rate", by=(place,))[:MOST_ROWS]
    failing = [row for row in rows if row["errors"]]
    if failing:
        yield Bars(
            f"Errors by {PLACES[place]}",
            [named(row[place]) for row in failing],
            [float(row["errors"]) for row in failing],
            [f"{count(row['errors'])} · {share(row['error_share'])}" for row in failing],
        )
    body = [
        (
            named(row[place]), count(row["requests"]), count(row["errors"]), share(row["error_share"]),
            count(row["client_errors"]),
        )
        for row in rows
    ]  # fmt: skip
    yield Table(columns, body, frozenset(columns[1:]))


def _latency(asking: Asking, place: str) -> Iterable[Block]:
    rows = asking.analysis("latency_percentiles", by=(place,))[:MOST_ROWS]
    if not rows:
        return
    columns = (PLACES[place], "requests", "p50 ms", "p95 ms", "p99 ms")
    body = [
        (
            named(row[place]), count(row["count"]), ms(row["p50_ms"]), ms(row["p95_ms"]),
            ms(row["p99_ms"]),
        )
        for row in rows
    ]  # fmt: skip
    yield Table(columns, body, frozenset(columns[1:]))

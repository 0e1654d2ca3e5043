"""Data points of metrics to rows: one event a point, whatever it measures.

gauge, sum                      metric_value is the value
histogram, exponential_histogram, summary    metric_value is the sum; the rest as metric.*
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clew.formats._telemetry.columns import Column
from clew.formats._telemetry.gathered import Gathered, filled, unsigned
from clew.formats._telemetry.signals import Rows
from clew.formats._telemetry.span_parts import moments

TEMPORALITIES = {1: "delta", 2: "cumulative"}
EPOCH = datetime(1970, 1, 1)
OWNERS = {
    "service": "service.name", "k8s_pod": "k8s.pod.name", "host": "host.name",
    "container": "container.name", "k8s_namespace": "k8s.namespace.name",
    "service_instance": "service.instance.id", "region": "cloud.region",
    "environment": "deployment.environment.name", "service_version": "service.version",
}  # fmt: skip
"""Columns that say whose a number is, and the attribute of a resource that each is."""
NO_VALUE = 1
"""Flag of a point that only says that a series has ended."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What all points of one metric share.

    kind         gauge, sum, histogram, exponential_histogram or summary
    temporality  delta, cumulative or ""
    """

    name: str
    unit: str
    description: str
    kind: str
    temporality: str = ""
    is_monotonic: bool | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    def shared(self) -> dict[str, Any]:
        """The attributes that each of its points bears."""
        found: dict[str, Any] = {"metric.type": self.kind}
        if self.unit:
            found["metric.unit"] = self.unit
        if self.description:
            found["metric.description"] = self.description
        if self.temporality:
            found["metric.temporality"] = self.temporality
        if self.is_monotonic is not None:
            found["metric.is_monotonic"] = self.is_monotonic
        if self.metadata:
            found["metric.metadata"] = self.metadata
        return found


@dataclass(slots=True)
class Point:
    """One data point.

    value  of a gauge or sum, or the sum of what was measured; None where it says none
    other  the rest of it: metric.count, metric.bounds ...
    """

    time_ns: int = 0
    start_ns: int = 0
    value: float | int | None = None
    flags: int = 0
    attributes: dict[str, Any] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Points:
    """Rows of data points, in order."""

    gathered: Gathered = field(default_factory=Gathered)
    found: list[tuple[Metric, Point]] = field(default_factory=list)

    def add(
        self, payload: int, metric: Metric, points: Sequence[Point], scope: int | None = None
    ) -> None:
        """The points of one metric, of this scope or else the last one."""
        shared = metric.shared()
        for point in points:
            row = self.gathered.begin(payload, scope)
            self.found.append((metric, point))
            told = {**shared, **point.other}
            if point.start_ns:
                told["metric.start"] = rfc3339(point.start_ns)
            if point.flags:
                told["metric.flags"] = point.flags
            self.gathered.add(row, {**point.attributes, **told})

    def rows(self) -> Rows:
        """All points as rows."""
        direct: dict[str, Column | None] = dict(
            moments(unsigned([point.time_ns for _, point in self.found]))
        )
        direct["metric_name"] = filled([metric.name for metric, _ in self.found])
        direct["metric_unit"] = filled([metric.unit or None for metric, _ in self.found])
        direct["metric_value"] = filled([_real(point) for _, point in self.found])
        return self.gathered.rows(direct)


def _real(point: Point) -> float | None:
    if point.value is None or point.flags & NO_VALUE:
        return None
    return float(point.value) if math.isfinite(point.value) else None


def rfc3339(nanoseconds: int) -> str:
    """UTC, with all nine digits of a second."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    moment = EPOCH + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09}Z"

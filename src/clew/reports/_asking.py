"""What a report asks: the case, in its time, with the limits of a question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis.expr.types as ir

from clew import registry
from clew.engines import Engine
from clew.model.views import between, events

LENGTHS = ("1m", "5m", "15m", "1h", "6h", "1d", "1w", "30d", "365d")
MOST_BARS = 60
SECONDS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "6h": 21_600, "1d": 86_400,
           "1w": 604_800, "30d": 2_592_000, "365d": 31_536_000}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asking:
    """An engine and the time that is looked at; `until` is not part of it."""

    engine: Engine
    since: datetime | None = None
    until: datetime | None = None
    timeout_s: float | None = None

    @property
    def seen(self) -> ir.Table:
        return between(events, self.since, self.until)

    def rows(self, question: ir.Table | str, limit: int | None = None) -> list[dict[str, Any]]:
        """The answer, a dict a row."""
        return self.engine.run(question, limit=limit, timeout_s=self.timeout_s).dicts()

    def analysis(self, name: str, **options: Any) -> list[dict[str, Any]]:
        """The rows of one analysis over that time."""
        ask = getattr(registry.load("analyses", name), name)
        return self.rows(ask(self.seen, **options))


def bucket_of(first: datetime | None, last: datetime | None) -> str:
    """The shortest length of time of which the whole has few enough.

    >>> bucket_of(datetime(2026, 1, 1), datetime(2026, 1, 2))
    '1h'
    """
    took = (last - first).total_seconds() if first and last else 0.0
    return next((name for name in LENGTHS if took / SECONDS[name] <= MOST_BARS), LENGTHS[-1])

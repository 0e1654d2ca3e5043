"""A budget: how much may be spent on AI calls within a length of time, in all or by each of something."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """One [[budgets]] of the settings.

    limit_usd  what may be spent in one window, in US dollars
    by         a column whose every value has this budget for itself; "" is all spending together
    value      only this value of the column; "" is each of them
    window     a length of time such as 1h, 1d or 30d, counted from 1970-01-01T00:00:00Z
    """

    limit_usd: float
    by: str = ""
    value: str = ""
    window: str = "30d"

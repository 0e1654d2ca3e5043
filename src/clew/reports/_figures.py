"""Numbers as a reader wants them."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

UNKNOWN = "–"
UNSTATED = "(not stated)"
_CENT = Decimal("0.01")


def money(usd: Any) -> str:
    """
    >>> money(Decimal("1234.5")), money(Decimal("0.000150000")), money(0), money(None)
    ('$1,234.50', '$0.00015', '$0.00', '–')
    """
    if usd is None:
        return UNKNOWN
    exact = usd if isinstance(usd, Decimal) else Decimal(repr(usd))
    if abs(exact) >= _CENT or not exact:
        return f"${exact.quantize(_CENT, ROUND_HALF_EVEN):,}".replace("$-", "-$")
    rounded = f"{float(exact):.2g}"
    return f"${Decimal(rounded):f}".replace("$-", "-$")


def count(number: Any) -> str:
    """
    >>> count(1234567), count(None)
    ('1,234,567', '–')
    """
    return UNKNOWN if number is None else f"{int(number):,}"


def share(part: Any) -> str:
    """
    >>> share(0.123), share(0.0004), share(None)
    ('12.3 %', '0.04 %', '–')
    """
    if part is None:
        return UNKNOWN
    percent = float(part) * 100
    return f"{percent:.2g} %" if 0 < abs(percent) < 0.1 else f"{percent:.1f} %"


def ms(number: Any) -> str:
    """
    >>> ms(1234.56), ms(12.345), ms(None)
    ('1,235', '12.3', '–')
    """
    if number is None:
        return UNKNOWN
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:,.1f}"


def many(number: int, noun: str) -> str:
    """
    >>> many(1, "call"), many(2000, "call")
    ('1 call', '2,000 calls')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


def moment(when: datetime | None) -> str:
    """
    >>> moment(datetime(2026, 1, 2, 3, 4, 5))
    '2026-01-02 03:04:05 UTC'
    """
    return UNKNOWN if when is None else f"{when:%Y-%m-%d %H:%M:%S} UTC"


def named(value: Any) -> str:
    """The value of a column as text; one that is missing or empty is said to be."""
    return UNSTATED if value is None or value == "" else str(value)


def number(value: float | Decimal) -> str:
    """Six significant digits, and all digits before the point.

    >>> number(1234567.891), number(0.00012345678), number(2.0)
    ('1234568', '0.000123457', '2')
    """
    as_float = float(value)
    if as_float != as_float or abs(as_float) >= 1e15:
        return str(value)
    return f"{as_float:.0f}" if abs(as_float) >= 1e6 else f"{as_float:.6g}"

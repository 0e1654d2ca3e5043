"""Lengths of time such as 5m, and the bucket of that length that a time falls in.

Settings have lengths too, so Ibis is imported by a question alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clew.errors import ConfigError

if TYPE_CHECKING:
    import ibis.expr.types as ir

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LENGTH = re.compile(
    r"""
    (?P<count>[1-9][0-9]{0,8})    # 5
    (?P<unit>[smhdw])             # m
    """,
    re.VERBOSE,
)


def time_bucket(moment: ir.TimestampValue, length: str) -> ir.TimestampValue:
    """The start of the bucket that a time falls in; buckets count from 1970-01-01T00:00:00Z."""
    import ibis

    epoch = ibis.timestamp("1970-01-01 00:00:00")
    width_s = seconds(length)
    elapsed_s = moment.delta(epoch, unit="second")
    return epoch + (elapsed_s // width_s * width_s).cast("int64").as_interval("s")


def seconds(length: str) -> int:
    """
    >>> seconds("5m")
    300
    """
    found = _LENGTH.fullmatch(length)
    if not found:
        raise ConfigError(
            f"'{length}' is not a length of time: a whole number and s, m, h, d or w, such as 5m."
        )
    return int(found["count"]) * _SECONDS[found["unit"]]

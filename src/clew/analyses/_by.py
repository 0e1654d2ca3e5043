"""What every analysis is split by: columns, keys of `attributes`, and lengths of time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from clew.errors import ConfigError
from clew.model.event import BY_NAME
from clew.model.views import attribute

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LENGTH = re.compile(
    r"""
    (?P<count>[1-9]\d*)    # 5
    (?P<unit>[smhdw])      # m
    """,
    re.VERBOSE,
)


def group_keys(
    events: ir.Table, by: Sequence[str], bucket: str | None, returns: Sequence[str]
) -> dict[str, ir.Value]:
    """Name to expression of each column that rows are grouped by: `by`, then `bucket`.

    Raises ConfigError where a name is also a measure, for a row cannot hold both.
    """
    for name in by:
        if name in returns or name == "bucket":
            raise ConfigError(
                f"'{name}' is already a column of this answer: leave it out of the columns to "
                "split by."
            )
    keys = {name: value_of(events, name) for name in by}
    if bucket is not None:
        keys["bucket"] = time_bucket(events.timestamp, bucket)
    return keys


def per_group(table: ir.Table, keys: Mapping[str, ir.Value], **measures: ir.Value) -> ir.Table:
    """One row per combination of the keys; a single row where there are no keys."""
    return table.aggregate(by=[value.name(name) for name, value in keys.items()], **measures)


def value_of(events: ir.Table, name: str) -> ir.Value:
    """A canonical column, or the text of that key of `attributes`."""
    if name in BY_NAME:
        return events[name]
    return attribute(events.attributes, name)


def time_bucket(moment: ir.TimestampValue, length: str) -> ir.TimestampValue:
    """The start of the bucket that a time falls in; buckets count from 1970-01-01T00:00:00Z."""
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


def ordered(table: ir.Table, keys: Sequence[str], *most: str, then: Sequence[str] = ()) -> ir.Table:
    """In time order where there are buckets, then the most of `most` first, then by the keys.

    Keys and `then` together tell any two rows apart, so the order is total.
    """
    first = ["bucket"] if "bucket" in keys else []
    rest = [name for name in (*keys, *then) if name not in first]
    return table.order_by(
        *(table[name].asc() for name in first),
        *(table[name].desc() for name in most),
        *(table[name].asc() for name in rest),
    )

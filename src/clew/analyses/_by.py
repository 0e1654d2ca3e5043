"""What every analysis is split by: columns, keys of `attributes`, and lengths of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import ibis
import ibis.expr.types as ir

from clew.errors import ConfigError
from clew.model.buckets import seconds, time_bucket
from clew.model.event import BY_NAME
from clew.model.views import attribute
from clew.model.vocabulary import resolve

__all__ = ["group_keys", "ordered", "per_group", "seconds", "time_bucket", "value_of"]


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
    """A canonical column under any of its names, or the text of that key of `attributes`."""
    if name in BY_NAME:
        return events[name]
    if name in WORDS:
        return ibis.coalesce(*(events[column] for column in WORDS[name]))
    meant = resolve(name)
    if meant.column is not None:
        value = events[meant.column]
        return value if meant.scale == 1.0 else cast(ir.NumericValue, value) / meant.scale
    return attribute(events.attributes, name)


WORDS = {
    "key": ("api_key_hash",),
    "route": ("http_route", "url_path"),
    "template": ("prompt_template", "prompt_name"),
}
"""What a person says, and the columns that hold it; the first that a row states counts."""


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

"""What the analyses of traces share: which spans a question is about, and what they are split by.

A request, and with it every span of its tree, belongs to the events in which its first span is: a
request that begins within a range of time counts whole, however long it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, time_bucket
from clew.correlation.calls_of_spans import owned, placed
from clew.model.views import events, span_tree

OPERATION = ("service", "span_name")
OWNER = {"service": "owner_service", "span_name": "owner_span_name"}
"""The operation that a span's own time is laid to, see correlation/calls_of_spans.py."""
ITSELF = {"service": "service", "span_name": "span_name"}
KEY = "clew_key_"


def spans_of(seen: ir.Table) -> ir.Table:
    """The spans of requests whose first span is among these events, each with its owner."""
    t = owned(placed(events))
    if seen.equals(events):
        return t
    return t.semi_join(seen.select(root_event_id="event_id"), "root_event_id")


def split(
    t: ir.Table,
    by: Sequence[str],
    bucket: str | None,
    returns: Sequence[str],
    *,
    named: Mapping[str, str] = ITSELF,
) -> tuple[ir.Table, dict[str, ir.Value]]:
    """Spans with a column for each name of `by`, and these columns by name, for `per_group`.

    named  the column of `t` that stands for service and for span_name
    A column that a span lacks is taken from the first span of its request, which is often the only
    one to know the user or the route. A bucket is that of the request's beginning.
    """
    # one look at the names, so that an error is the same as everywhere
    values = group_keys(events, by, None, returns)
    read = {
        f"{KEY}{place}": value
        for place, (name, value) in enumerate(values.items())
        if name not in named
    }
    if read:
        own = events.select(own_id="event_id", **read)
        first = own.rename({"first_id": "own_id", **{f"{name}_first": name for name in read}})
        t = t.left_join(own, t.event_id == own.own_id)
        t = t.left_join(first, t.root_event_id == first.first_id)
        t = t.mutate(**{name: ibis.coalesce(t[name], t[f"{name}_first"]) for name in read})
    if bucket is not None:
        begins = span_tree.filter(span_tree.event_id == span_tree.root_event_id)
        begins = begins.select(begun_id="event_id", begun="started")
        t = t.left_join(begins, t.root_event_id == begins.begun_id)
    keys = {
        name: t[named[name]] if name in named else t[f"{KEY}{place}"]
        for place, name in enumerate(values)
    }
    if bucket is not None:
        keys |= {"bucket": time_bucket(t.begun, bucket)}
    return t, keys


def of_bucket(keys: Mapping[str, Any]) -> Any:
    """The window of all rows of a bucket; of all rows where there are no buckets."""
    return ibis.window(group_by="bucket") if "bucket" in keys else ibis.window()

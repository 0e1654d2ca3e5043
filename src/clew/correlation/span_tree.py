"""Spans put into their traces: who called whom, what was a span's own time, what was critical.

No SQL of all engines can walk a tree, so numpy does: an engine keeps `rows`, runs `arrays_of` over
them, and joins what `places_of` makes of that, by `finished`, to the table `span_tree` of views.py: these are
its `questions`.

A trace may be broken in any way: a parent that is missing, a cycle, two roots, one id for two spans.
Each span is placed as far as it goes, and `problem` says what is wrong with it.
"""

from __future__ import annotations

from typing import Any, cast

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from clew.correlation.clocks import microseconds
from clew.correlation.span_places import PROBLEMS, placed
from clew.model.views import spans

ASKING = ("client", "producer")
ANSWERING = ("server", "consumer")
RANK = 1 << 48
"""A candidate's rank stands above its number: the least of both is the best candidate."""
NO_PARENT = ("", "0000000000000000")


def rows(e: ir.Table) -> ir.Table:
    """One row a span of `e`, numbered from 0 by trace and time."""
    t = spans(e)
    order = [t.trace_id, t.timestamp, t.event_id]
    return t.select(
        "event_id", "trace_id", "span_id", "service", "span_name", "span_kind", "status", "duration_ms",
        n=ibis.row_number().over(ibis.window(order_by=order)).cast("int64"),
        parent_span_id=ibis.ifelse(
            t.parent_span_id.isin(NO_PARENT), ibis.null("string"), t.parent_span_id
        ),
        started=t.timestamp,
    )  # fmt: skip


def links(t: ir.Table) -> ir.Table:
    """n and parent_n of each span of `rows` whose parent is there, and is_remote: in another service.

    Two halves of one call may share an id, as Zipkin's do: the server's hangs under the client's,
    and what the server calls hangs under the server's.
    """
    up = t.select("trace_id", "span_id", up_kind="span_kind", up_service="service", up_n="n")
    child = t.filter(t.trace_id.notnull())
    stated = child.join(
        up, [child.trace_id == up.trace_id, child.parent_span_id == up.span_id], rname="{name}_up"
    )
    stated = stated.filter(stated.n != stated.up_n)
    other = (~_same(stated)).cast("int64") * 4
    asks = stated.up_kind.isin(ASKING).fill_null(False).cast("int64") * 2
    by_id = stated.select("n", "up_n", is_remote=~_same(stated), rank=other + asks + 2)
    halves = child.filter(child.span_kind.isin(ANSWERING))
    halves = halves.join(
        up.filter(up.up_kind.isin(ASKING)), ["trace_id", "span_id"], rname="{name}_up"
    )
    by_half = halves.select("n", "up_n", is_remote=~_same(halves), rank=ibis.literal(0, "int64"))
    found = ibis.union(by_id, by_half)
    # the number of the parent, and whether it is remote, ride below the rank
    code = found.rank * RANK + found.up_n * 2 + found.is_remote.cast("int64")
    best = found.group_by("n").agg(best=code.min())
    below = best.best % RANK
    return best.select(
        "n",
        parent_n=((below - below % 2) / 2).cast("int64"),
        is_remote=(below % 2).cast("int64"),
    )


def _same(t: ir.Table) -> ir.BooleanValue:
    return cast(ir.BooleanValue, (t.service == t.up_service).fill_null(True))


def arrays_of(t: ir.Table, linked: ir.Table) -> ir.Table:
    """What `placed` takes: one row a span of `rows`, in order of n."""
    found = t.left_join(linked, "n")
    trace = found.trace_id.fill_null(found.event_id)
    return found.select(
        "n",
        trace_n=found.n.min().over(ibis.window(group_by=trace)),
        parent=found.parent_n.fill_null(-1),
        is_remote=found.is_remote.fill_null(0),
        states_parent=found.parent_span_id.notnull().cast("int64"),
        answers=found.span_kind.isin(ANSWERING).fill_null(False).cast("int64"),
        started_us=microseconds(found.started).fill_null(0),
        duration_ms=ibis.ifelse(found.started.isnull(), None, found.duration_ms).fill_null(
            float("nan")
        ),
    ).order_by("n")


def finished(t: ir.Table, places: ir.Table) -> ir.Table:
    """The table `span_tree`, from `rows` and the columns of `Places`, by n (see `COLUMNS`)."""
    up = t.select(
        parent="n",
        parent_event_id="event_id",
        parent_service="service",
        parent_span_name="span_name",
    )
    top = t.select(
        root="n", root_event_id="event_id", entry_service="service", entry_span_name="span_name"
    )
    t = t.join(places, "n").left_join(up, "parent").left_join(top, "root", rname="{name}_top")
    words = [(t.problem == n, word) for n, word in enumerate(PROBLEMS) if word is not None]
    unknown = t.duration_ms.isnull() | t.started.isnull()
    return t.select(
        "event_id", "trace_id", "span_id", "parent_event_id", "root_event_id", "depth", "service",
        "span_name", "span_kind", "status", "entry_service", "entry_span_name", "parent_service",
        "parent_span_name", "started",
        ended=ibis.ifelse(
            unknown, ibis.null("timestamp(6)"), t.started + t.length_us.as_interval("us")
        ),
        duration_ms="duration_ms",
        self_ms=ibis.ifelse(unknown, ibis.null("float64"), t.self_ms),
        critical_ms=ibis.ifelse(unknown, ibis.null("float64"), t.critical_ms),
        skew_ms="skew_ms",
        problem=ibis.cases(*words, else_=ibis.null("string")),
    )  # fmt: skip


COLUMNS = {
    "n": "int64", "parent": "int64", "root": "int64", "depth": "int64", "length_us": "int64",
    "self_ms": "float64", "critical_ms": "float64", "skew_ms": "float64", "problem": "int64",
}  # fmt: skip
"""The columns of the table of places that `finished` takes."""


def questions(e: ir.Table) -> tuple[ir.Table, ir.Table, ir.Table]:
    """`rows` of the events; of the tables `span_rows`, which they are kept as, and `span_places`, of `COLUMNS`, what
    `placed` takes, and what is `finished`."""
    kept = rows(e)
    t = ibis.table(kept.schema(), name="span_rows")
    places = ibis.table(COLUMNS, name="span_places")
    return kept, arrays_of(t, links(t)), finished(t, places)


def places_of(columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """`COLUMNS` of every span, from the columns of `arrays_of`."""
    duration_ms = columns["duration_ms"].astype(np.float64)
    found = placed(
        trace=columns["trace_n"],
        parent=columns["parent"],
        is_remote=columns["is_remote"] == 1,
        states_parent=columns["states_parent"] == 1,
        answers=columns["answers"] == 1,
        started_us=columns["started_us"],
        duration_ms=duration_ms,
    )
    length_us = np.where(np.isnan(duration_ms), 0, np.round(duration_ms * 1e3)).astype(np.int64)
    return {
        "n": columns["n"],
        "parent": found.parent,
        "root": found.root,
        "depth": found.depth,
        "length_us": length_us,
        "self_ms": np.nan_to_num(found.self_ms),
        "critical_ms": np.nan_to_num(found.critical_ms),
        "skew_ms": found.skew_ms,
        "problem": found.problem,
    }

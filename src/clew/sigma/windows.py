"""Which moments of a correlation fire: a window ends at every event, and reaches back by the timespan.

Reads     rows with the keys k0 ..., `at` (microseconds), their place in the source, the value `v` or
          the flags f0 ... of the rules that an event matches
Returns   the rows at whose moment the correlation's condition holds, with its measure as `metric`
Method    sliding windows, both ends included; events of one moment are in each other's windows; order
          within a moment is the order of lines
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.sigma.detection import RuleError
from clew.sigma.reading import Correlation
from clew.sigma.sequences import Clause, sequences
from clew.sigma.testing import COMPARED

SECOND_US = 1_000_000
SAMPLE, SAMPLE_SPANS = 32, 2
"""One in so many stretches of so many timespans is looked at to tell how dense rows are."""


def keys_of(t: ir.Table) -> list[str]:
    """The columns of the group, k0, k1 ..."""
    return [name for name in t.columns if name[0] == "k" and name[1:].isdecimal()]


def fired(
    t: ir.Table, correlation: Correlation, *, is_counted: bool = True, is_dense: bool = False
) -> ir.Table:
    """The rows at which it fires, with `metric`.

    is_counted  whether an event_count is to be known, and not only that it is reached
    is_dense    whether most values have enough others near them: a first look for those costs more than it saves

    Raises RuleError for a condition that its type does not have.
    """
    span = correlation.span_s * SECOND_US
    match correlation.type:
        case "event_count":
            return _event_count(t, correlation, span, is_counted=is_counted)
        case "temporal":
            return _temporal(t, correlation, span)
        case "temporal_ordered":
            return _temporal_ordered(t, correlation, span)
    return _values(t, correlation, span, is_dense=is_dense)


def trailing(t: ir.Table, span: int | None) -> Any:
    """The window that ends at a row's moment; None reaches back for ever."""
    return ibis.range_window(preceding=span, following=0, group_by=keys_of(t), order_by="at")


def _event_count(t: ir.Table, correlation: Correlation, span: int, *, is_counted: bool) -> ir.Table:
    least = _only_least(correlation)
    if not is_counted and least is not None and least >= 1:
        # of a moment's rows the last one has them all before it: what it asks for is reached there
        own = ibis.window(group_by=keys_of(t), order_by=t.at)
        reached = t.at - t.at.lag(least - 1).over(own) <= span if least > 1 else ibis.literal(True)
        t = t.mutate(reached=reached, metric=ibis.literal(float(least)))
        return t.filter(t.reached.fill_null(False)).drop("reached")
    t = t.mutate(metric=t.count().over(trailing(t, span)).cast("float64"))
    return _within(t, correlation)


def _values(t: ir.Table, correlation: Correlation, span: int, *, is_dense: bool) -> ir.Table:
    t = t.filter(t.v.notnull())
    if correlation.type == "value_count":
        least = _only_least(correlation)
        if least is not None and least > 1 and not is_dense:
            t = _crowded(t, span, least, of="v")
        measure = t.v.nunique()
    else:
        t = t.filter(t.v.abs() < 1e300)
        measure = {
            "value_sum": t.v.sum(),
            "value_avg": t.v.mean(),
            "value_median": t.v.quantile(0.5),
            "value_percentile": t.v.quantile(correlation.percentile / 100),
        }[correlation.type]
    t = t.mutate(metric=measure.over(trailing(t, span)).cast("float64"))
    return _within(t, correlation)


def _temporal(t: ir.Table, correlation: Correlation, span: int) -> ir.Table:
    count = len(correlation.rules)
    window = trailing(t, None)
    last = {
        f"last{n}": ibis.ifelse(t[f"f{n}"], t.at, None).max().over(window) for n in range(count)
    }
    if correlation.logic is not None:
        following = ibis.range_window(
            preceding=0, following=None, group_by=keys_of(t), order_by="at"
        )
        last |= {
            f"next{n}": ibis.ifelse(t[f"f{n}"], t.at, None).min().over(following)
            for n in range(count)
        }
    t = t.mutate(**last)
    present = [(t.at - t[f"last{n}"] <= span).fill_null(False) for n in range(count)]
    number = reduce(lambda a, b: a + b, [one.cast("int64") for one in present])
    t = t.mutate(metric=number.cast("float64"))
    if correlation.logic is None:
        return _within(t, correlation)
    near = [
        (one | (t[f"next{n}"] - t.at <= span).fill_null(False)) for n, one in enumerate(present)
    ]
    clauses = sequences(correlation.logic, correlation.rules)
    return t.filter(reduce(or_, [_clause(t, here, away, present, near) for here, away in clauses]))


def _clause(
    t: ir.Table,
    here: Sequence[int],
    away: Sequence[int],
    present: Sequence[ir.BooleanValue],
    near: Sequence[ir.BooleanValue],
) -> ir.BooleanValue:
    """An event of one of these rules, with all of them in its window and none of the others near."""
    own = reduce(or_, [t[f"f{n}"] for n in here])
    parts = [own, *(present[n] for n in here), *(~near[n] for n in away)]
    return reduce(and_, parts)


def _temporal_ordered(t: ir.Table, correlation: Correlation, span: int) -> ir.Table:
    """Where a chain of events in the order of the rules ends; of all chains the one that begins last
    is kept, so that it is within the timespan if any is."""
    count = len(correlation.rules)
    chains: list[Clause]
    if correlation.logic is not None:
        chains = sequences(correlation.logic, correlation.rules)
    else:
        chains = [(chain, ()) for chain in _chains(correlation)]
    away = sorted({n for _, absent in chains for n in absent})
    shortest = min(len(chain) for chain, _ in chains)
    if shortest > 1 and not away:
        t = _crowded(t, span, shortest)
    before = trailing(t, None)
    near: dict[str, ir.Value] = {}
    for n in away:
        after = ibis.range_window(preceding=0, following=None, group_by=keys_of(t), order_by="at")
        moment = ibis.ifelse(t[f"f{n}"], t.at, None)
        near |= {f"last{n}": moment.max().over(before), f"next{n}": moment.min().over(after)}
    t = t.mutate(**near) if near else t
    begins = []
    for number, (chain, absent) in enumerate(chains):
        t, begin = _chained(t, chain, number)
        is_free = [
            (t.at - t[f"last{n}"] > span).fill_null(True)
            & (t[f"next{n}"] - t.at > span).fill_null(True)
            for n in absent
        ]
        ends = reduce(and_, [t.at - t[begin] <= span, *is_free]).fill_null(False)
        begins.append(ibis.ifelse(ends, t[begin], None))
    began = begins[0] if len(begins) == 1 else ibis.coalesce(*begins)
    t = t.mutate(began=began, metric=ibis.literal(float(count)))
    return t.filter(t.began.notnull())


def _chained(t: ir.Table, chain: Sequence[int], number: int) -> tuple[ir.Table, str]:
    """The table with when the last-beginning chain that ends at a row began; the column's name."""
    order = [t.at, t.source_id, t.byte_offset, t.slot.desc()]
    earlier = {"group_by": keys_of(t), "order_by": order, "preceding": (None, 1)}
    name = ""
    for step, n in enumerate(chain):
        value = t.at if step == 0 else t[name].max().over(ibis.window(**earlier))
        name = f"chain{number}_{step}"
        t = t.mutate(**{name: ibis.ifelse(t[f"f{n}"], value, None)})
    return t, name


def _chains(correlation: Correlation) -> list[tuple[int, ...]]:
    """The sequences of rules of which one must come: all of them, or as many as the condition asks."""
    from itertools import combinations

    count = len(correlation.rules)
    least = _only_least(correlation)
    if least is None and all(
        sign in ("==", "<=", ">=") and bound == count for sign, bound in correlation.bounds
    ):
        least = count
    if least is None or not 1 <= least <= count:
        raise RuleError(
            "temporal_ordered asks for at least so many of its rules, with gte or gt, "
            f"and it has {count}.",
            "condition",
        )
    if count > 12 and least < count:
        raise RuleError("temporal_ordered takes some of its rules only if they are 12 at most.")
    return list(combinations(range(count), least))


def _only_least(correlation: Correlation) -> int | None:
    """The number that is reached, where the condition is only that it be reached."""
    if len(correlation.bounds) != 1:
        return None
    ((sign, number),) = correlation.bounds
    whole = int(number)
    if sign == ">=":
        return whole if whole == number else whole + 1 if number > 0 else whole
    return whole + 1 if sign == ">" and number >= 0 else None


def _within(t: ir.Table, correlation: Correlation) -> ir.Table:
    parts = [COMPARED[sign](t.metric, number) for sign, number in correlation.bounds]
    return t.filter(reduce(and_, parts).fill_null(False))


def crowding(t: ir.Table, correlation: Correlation) -> ir.Table | None:
    """One row: of a sample of times, how many values there are as `found`, and how many of them have enough
    others near them as `near`. None where that makes no difference."""
    least = _only_least(correlation)
    if correlation.type != "value_count" or least is None or least < 2:
        return None
    span = correlation.span_s * SECOND_US
    t = t.filter((t.at // (SAMPLE_SPANS * span)) % SAMPLE == 0).mutate(block=t.at // span)
    blocks = _blocks(t, "v")
    is_hot = _near(blocks) >= least
    return blocks.aggregate(found=blocks.n.sum(), near=ibis.ifelse(is_hot, blocks.n, 0).sum())


def _crowded(t: ir.Table, span: int, least: int, *, of: str = "") -> ir.Table:
    """Only rows near which there are enough, or enough values of a column."""
    t = t.mutate(block=t.at // span)  # once: an engine then reads the events once for both uses
    blocks = _blocks(t, of)
    hot = blocks.filter(_near(blocks) >= least)
    return t.semi_join(hot, [*keys_of(t), "block"]).drop("block")


def _blocks(t: ir.Table, of: str) -> ir.Table:
    """One row a key and block of the timespan's length: `n` rows, or values, and those of its neighbours."""
    keys = keys_of(t)
    blocks = t.group_by(*keys, "block").agg(n=t[of].nunique() if of else t.count())
    order = ibis.window(group_by=keys, order_by="block")
    return blocks.mutate(
        other=blocks.block.lag().over(order), others=blocks.n.lag().over(order),
        next=blocks.block.lead().over(order), nexts=blocks.n.lead().over(order),
    )  # fmt: skip


def _near(blocks: ir.Table) -> ir.IntegerValue:
    """How many rows, or values, a window of a block's rows has at most: it touches two blocks."""
    before = ibis.ifelse((blocks.other == blocks.block - 1).fill_null(False), blocks.others, 0)
    after = ibis.ifelse((blocks.next == blocks.block + 1).fill_null(False), blocks.nexts, 0)
    return blocks.n + ibis.greatest(before, after)

"""Which attempts of a run of refusals are repetitions that came before any back-off could be over."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.correlation.call_outcomes import number
from clew.detections._limit_runs import KEYS

SECOND_US = 1_000_000.0


def retried(t: ir.Table, no_backoff_s: float) -> ir.Table:
    """One row a run: repetitions, who makes most of them, the share of refusals they are.

    A repetition follows a refusal of the same caller and request within the Retry-After or
    `no_backoff_s`. Where nothing tells requests apart, as many as follow a success as soon are
    taken off: they are what the caller sends anyhow.
    """
    t = t.filter(t.run.notnull())
    own = ibis.window(
        group_by=[t.scope, t.run, t.caller, t.signature], order_by=[t.at_us, t.event_id]
    )
    t = t.mutate(
        after_limited=t.limited.lag().over(own),
        gap_s=(t.at_us - t.at_us.lag().over(own)) / SECOND_US,
        asked_s=t.retry_after_s.lag().over(own),
    )
    is_soon = t.gap_s < ibis.greatest(t.asked_s.fill_null(0.0), no_backoff_s)
    is_quick = t.gap_s < no_backoff_s
    t = t.mutate(
        is_soon=(is_soon & t.after_limited).fill_null(False),
        follows=t.after_limited.fill_null(False) & (t.signature == ""),
        is_usual=(is_quick & ~t.after_limited).fill_null(False),
        follows_success=(~t.after_limited).fill_null(False) & (t.signature == ""),
    )
    each = t.group_by(*KEYS, "caller").agg(
        soon=number(t.is_soon),
        follows=number(t.follows),
        usual=number(t.is_usual & t.follows_success),
        successes=number(t.follows_success),
        gap_s=t.gap_s.quantile(0.5, where=t.is_soon),
    )
    chance = each.follows * (each.usual / each.successes.nullif(0)).fill_null(0.0)
    each = each.mutate(repetitions=ibis.greatest(each.soon - chance, 0.0))
    most = ibis.window(
        group_by=[each.scope, each.run], order_by=[each.repetitions.desc(), each.caller]
    )
    each = each.mutate(place=ibis.row_number().over(most))
    return each.group_by(*KEYS).agg(
        repetitions=each.repetitions.sum(),
        most_repetitions=each.repetitions.max(),
        repeats_most=each.caller.max(where=each.place == 0),
        repeat_gap_s=each.gap_s.max(where=each.place == 0),
    )

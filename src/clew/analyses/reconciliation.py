"""Gateway log, application trace and provider's bill side by side, per day and model.

Reads     calls   response_id, request_id, trace_id, span_id (which rows are one call), span_name,
          source_format, input_tokens, output_tokens, cost_usd, cost_given_usd
Returns   one row per day and model, or per value of the columns split by; in time order with a bucket,
          then those that disagree most
Units     gateway_*: calls in logs and exports of calls; trace_*: spans; bill_*: a provider's usage or cost
          export; *_calls: number, for a bill those that its rows say they sum up, else its rows; *_tokens:
          input and output; *_cost_usd: US dollars, of a bill what it states, else the price of its tokens;
          only_gateway, only_trace: calls that the other of the two does not know, 0
          where the group has none of the other kind; in_both: calls that both know; doubled: calls that one
          kind has more than once; disagreeing: calls whose rows state other tokens or another model;
          disagreeing_tokens: by how many; unpriced_calls: answered calls without a price, in no cost
Blind to  calls that share no id; a bill's rows sum up many calls, so these are compared by their sums alone
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.analyses._by import group_keys, ordered, per_group
from clew.correlation.call_outcomes import is_failed, number
from clew.correlation.calls_once import SUMS_UP, call_copies
from clew.model.case import Case
from clew.model.views import attribute, bills, calls

RETURNS = (
    "gateway_calls", "trace_calls", "bill_calls", "gateway_tokens", "trace_tokens", "bill_tokens",
    "gateway_cost_usd", "trace_cost_usd", "bill_cost_usd", "in_both", "only_gateway", "only_trace", "doubled",
    "disagreeing", "disagreeing_tokens", "unpriced_calls",
)  # fmt: skip
REQUESTS = "num_model_requests"
"""The attribute in which a bill's row says how many calls it sums up."""
SIDES = ("gateway", "trace", "bill")


def reconciliation(
    events: ir.Table, *, by: tuple[str, ...] = ("model",), bucket: str | None = "1d"
) -> ir.Table:
    t = _sided(events)
    keys = group_keys(t, by, bucket, RETURNS)
    t = t.select(
        "call",
        "event_id",
        "side",
        "tokens",
        "usd",
        "answered_by",
        "is_unpriced",
        "summed",
        "billed",
        **keys,
    )
    one = _per_call(t, list(keys))
    group = [one[name] for name in keys]
    whole = ibis.window(group_by=group) if group else ibis.window()
    one = one.mutate(
        has_gateway=(one.gateway_rows > 0).any().over(whole),
        has_trace=(one.trace_rows > 0).any().over(whole),
    )
    in_both = (one.gateway_rows > 0) & (one.trace_rows > 0)
    differs = (one.gateway_rows + one.trace_rows > 1) & (
        (one.most_tokens != one.least_tokens).fill_null(False) | (one.models > 1)
    )
    found = per_group(
        one,
        {name: one[name] for name in keys},
        **{
            f"{side}_calls": number(one[f"{side}_rows"] > 0)
            if side != "bill"
            else one.summed.sum().fill_null(0)
            for side in SIDES
        },
        **{f"{side}_tokens": one[f"{side}_tokens"].sum() for side in SIDES},
        **{f"{side}_cost_usd": one[f"{side}_usd"].sum() for side in SIDES[:2]},
        bill_cost_usd=ibis.coalesce(one.billed.sum(), one.bill_usd.sum()),
        in_both=number(in_both),
        only_gateway=number((one.gateway_rows > 0) & (one.trace_rows == 0) & one.has_trace),
        only_trace=number((one.trace_rows > 0) & (one.gateway_rows == 0) & one.has_gateway),
        doubled=number((one.gateway_rows > 1) | (one.trace_rows > 1)),
        disagreeing=number(differs),
        disagreeing_tokens=ibis.ifelse(differs, one.most_tokens - one.least_tokens, 0)
        .sum()
        .fill_null(0),
        unpriced_calls=number(one.is_unpriced),
    )
    found = found.mutate(
        trouble=found.only_gateway + found.only_trace + found.doubled + found.disagreeing
    )
    return ordered(found, list(keys), "trouble").select(*keys, *RETURNS)


def _sided(events: ir.Table) -> ir.Table:
    """The rows of calls, with the call that each is of and the kind of source that tells it."""
    t = calls(events).mutate(is_bill=False).union(bills(events).mutate(is_bill=True))
    ids = call_copies.select("event_id", "call_id", "why")
    t = t.left_join(ids, "event_id").drop("event_id_right")
    t = t.filter((t.why != SUMS_UP).fill_null(True))
    stated_calls = attribute(t.attributes, REQUESTS).try_cast("int64").fill_null(1)
    is_span = t.span_id.notnull() & t.span_name.notnull()
    stated = t.input_tokens.notnull() | t.output_tokens.notnull()
    return t.mutate(
        call=ibis.coalesce(t.call_id, t.event_id),
        summed=ibis.ifelse(t.is_bill, stated_calls, 1),
        side=ibis.cases((t.is_bill, "bill"), (is_span, "trace"), else_="gateway"),
        tokens=ibis.ifelse(
            stated, t.input_tokens.fill_null(0) + t.output_tokens.fill_null(0), t.total_tokens
        ),
        billed=ibis.ifelse(t.is_bill, t.cost_given_usd, None),
        usd=t.cost_usd,
        answered_by=t.model,
        is_unpriced=t.cost_usd.isnull() & t.cost_given_usd.isnull() & ~is_failed(t),
    )


def _per_call(t: ir.Table, names: list[str]) -> ir.Table:
    """One row a call; what it is split by is what its first row says, by event_id."""
    first = t.event_id.min().over(ibis.window(group_by=t.call))
    head = t.mutate(first=first).filter(lambda s: s.event_id == s["first"])
    head = head.select("call", *names)
    one = t.group_by("call").agg(
        **{f"{side}_rows": t.count(where=t.side == side) for side in SIDES},
        **{f"{side}_tokens": t.tokens.max(where=t.side == side) for side in SIDES},
        **{f"{side}_usd": t.usd.max(where=t.side == side) for side in SIDES},
        summed=t.summed.sum(where=t.side == "bill"),
        billed=t.billed.sum(),
        most_tokens=t.tokens.max(),
        least_tokens=t.tokens.min(),
        models=t.answered_by.nunique(),
        is_unpriced=t.is_unpriced.all(),
    )
    return one.join(head, "call")


def _gateway(n: int, **columns: object) -> dict[str, object]:
    return {
        "timestamp": "2026-11-20T10:00:00Z", "model": "m", "response_id": f"r{n}", "input_tokens": 100,
        "output_tokens": 10, "cost_usd": "0.10", "source_id": "gateway", **columns,
    }  # fmt: skip


def _span(n: int, **columns: object) -> dict[str, object]:
    return _gateway(
        n, trace_id=f"t{n}", span_id=f"s{n}", span_name="chat m", source_id="trace", **columns
    )


CASES = [
    Case(
        "calls that both know, one only in each, one twice in the log, one with other tokens",
        rows=[
            *(_gateway(n) for n in (1, 2, 3, 4)),
            _gateway(4, source_id="again"),
            *(_span(n) for n in (1, 2, 5)),
            _span(3, input_tokens=150),
        ],
        expect=[
            {
                "model": "m", "bucket": "2026-11-20T00:00:00Z", "gateway_calls": 4, "trace_calls": 4,
                "bill_calls": 0, "in_both": 3, "only_gateway": 1, "only_trace": 1, "doubled": 1,
                "disagreeing": 1, "disagreeing_tokens": 50, "gateway_tokens": 440, "trace_tokens": 490,
                "gateway_cost_usd": 0.4, "bill_cost_usd": None, "unpriced_calls": 0,
            }
        ],
    ),
    Case(
        "the bill stands beside the log with what it states",
        rows=[
            _gateway(1),
            {
                "timestamp": "2026-11-20T00:00:00Z", "model": "m", "operation": "usage_report",
                "input_tokens": 300, "output_tokens": 30, "cost_given_usd": "0.30",
            },
        ],
        expect=[{"gateway_calls": 1, "bill_calls": 1, "bill_tokens": 330, "bill_cost_usd": 0.3, "disagreeing": 0}],
    ),
    Case(
        "a bill was left out, as if it were no source: usage with its number of calls, and costs",
        rows=[
            _gateway(1),
            {
                "timestamp": "2026-11-20T00:00:00Z", "model": "m", "operation": "usage_report",
                "input_tokens": 300, "output_tokens": 30, "cost_usd": "0.29", "attributes": {REQUESTS: 3},
            },
            {
                "timestamp": "2026-11-20T00:00:00Z", "model": "m", "operation": "usage_report",
                "cost_given_usd": "0.30", "attributes": {REQUESTS: 0},
            },
        ],
        expect=[{"gateway_calls": 1, "bill_calls": 3, "bill_tokens": 330, "bill_cost_usd": 0.3}],
    ),
    Case(
        "a log without a trace misses nothing",
        options={"by": (), "bucket": None},
        rows=[_gateway(1), _gateway(2)],
        expect=[{"gateway_calls": 2, "only_gateway": 0, "trace_tokens": None}],
    ),
]  # fmt: skip

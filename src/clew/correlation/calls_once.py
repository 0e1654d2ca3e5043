"""AI calls counted once: the same call seen in a gateway's log, in a trace and in an export is one.

Rows are one call when an id ties them: response_id; else the span (trace_id and span_id); else the
request_id, by its place among the calls that the same source has under that id, since a request may
make several calls. A span that sums up the calls below it (an agent, a chain) is no call of its own.

copies      the rows that are not counted as they stand; an engine makes it as the table `call_copies`
calls_once  one row a call: what no other row repeats, and one merged row for each that is repeated
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from clew.model.event import BY_NAME
from clew.model.views import IBIS_TYPES, calls

SUMMING = (
    "invoke_agent", "create_agent", "invoke_workflow", "agent", "chain", "workflow", "task", "prompt",
    "ai.generatetext", "ai.streamtext", "ai.generateobject", "ai.streamobject", "ai.embed",
    "ai.embedmany",
)  # fmt: skip
"""Operations of spans that repeat the usage of the calls below them."""
MERGED = (
    "timestamp", "duration_ms", "service", "service_version", "environment", "host", "region",
    "trace_id", "span_id", "parent_span_id", "span_name", "status", "status_message", "request_id",
    "http_method", "http_route", "url_path", "http_status", "user_id", "session_id", "team", "tenant",
    "api_key_hash", "client_ip", "server_address", "error_type", "error_class", "operation", "provider",
    "model", "response_model", "response_id", "input_tokens", "output_tokens", "cache_read_tokens",
    "cache_write_tokens", "reasoning_tokens", "audio_input_tokens", "audio_output_tokens",
    "image_input_tokens", "image_output_tokens", "total_tokens", "usage_details", "cost_usd",
    "cost_given_usd", "price_source", "ttft_ms", "queue_ms", "server_ms", "is_streamed",
    "finish_reason", "max_tokens", "temperature", "request_params", "service_tier", "retry_after_s",
    "rate_limit_requests", "rate_limit_requests_remaining", "rate_limit_tokens",
    "rate_limit_tokens_remaining", "prompt", "completion", "system_instructions", "input_messages",
    "output_messages", "prompt_hash", "prompt_name", "prompt_template", "agent_name", "workflow_name",
    "tool_name", "tool_definitions", "model_version", "prompt_injection_score", "jailbreak_score",
)  # fmt: skip
"""The columns of a call that a merged row takes from the first of its rows that states them."""
IDS = (
    "source_id", "timestamp", "trace_id", "span_id", "request_id", "response_id", "model", "operation",
    "http_status", "error_type", "status", "input_tokens", "output_tokens",
)  # fmt: skip
"""The columns that tell which rows are one call."""
SAME_CALL, SUMS_UP = "the same call", "sums up its calls"

call_copies: ir.Table = ibis.table(
    {
        "event_id": "string",
        "call_id": "string",
        "why": "string",
        "rows": "int64",
        "is_kept": "boolean",
        **{f"one_{name}": IBIS_TYPES[BY_NAME[name].kind] for name in MERGED},
    },
    name="call_copies",
)
"""One row for each row of `calls` that does not count as it stands.

call_id  ties the rows of one call; NULL where why is 'sums up its calls'
why      'the same call' or 'sums up its calls'
rows     how many rows the call has
is_kept  the one row of the call that counts, as merged; its one_* columns hold the merged values, in
         the other rows they are NULL
"""


def calls_once(e: ir.Table) -> ir.Table:
    """One row a call of `e`, with all columns of events.

    A call with several rows is there where its counted row is among `e`.
    """
    t = calls(e)
    alone = t.anti_join(call_copies, "event_id")
    kept = call_copies.filter(call_copies.is_kept).drop("call_id", "why", "rows", "is_kept")
    merged = t.join(kept, "event_id")
    return alone.union(
        merged.select(
            **{name: merged[f"one_{name}" if name in MERGED else name] for name in t.columns}
        )
    )


def copies(e: ir.Table) -> ir.Table:
    """The rows of `call_copies`."""
    t = calls(e)
    ids = t.select("event_id", *IDS)
    sums = _summing(ids)
    tied = _tied(ids.anti_join(sums, "event_id"))
    merged = _merged(t.select("event_id", *MERGED).join(tied, "event_id"))
    none = {f"one_{name}": ibis.null(IBIS_TYPES[BY_NAME[name].kind]) for name in MERGED}
    summed = sums.select(
        "event_id",
        call_id=ibis.null("string"),
        why=ibis.literal(SUMS_UP),
        rows=ibis.literal(1, "int64"),
        is_kept=ibis.literal(False),
        **none,
    )
    return summed.union(merged)


def _summing(t: ir.Table) -> ir.Table:
    """Spans that repeat what calls of the same trace say themselves."""
    is_summing = t.operation.lower().isin(SUMMING).fill_null(False) & t.trace_id.notnull()
    own = t.filter(~is_summing & (t.input_tokens.notnull() | t.output_tokens.notnull()))
    return t.filter(is_summing).semi_join(own, "trace_id").select("event_id")


def _tied(t: ir.Table) -> ir.Table:
    """Rows of calls that have several, with their call_id."""
    t = _candidates(t)
    span = ibis.literal("span ") + t.trace_id + " " + t.span_id
    same = ibis.window(
        group_by=[t.source_id, t.request_id, t.model], order_by=[t.timestamp, t.event_id]
    )
    place = ibis.row_number().over(same).cast("string")
    request = (
        ibis.literal("request ") + t.request_id + " " + t.model.fill_null("") + " "
        + _outcome(t) + " " + place
    )  # fmt: skip
    response = ibis.literal("response ") + t.response_id
    t = t.mutate(by_span=span, by_request=request, by_response=response)
    # a row without response_id takes that of a row with the same span or request
    for key in ("by_span", "by_request"):
        told = t.response_id.notnull().cast("int64").sum().over(ibis.window(group_by=t[key]))
        other = t.by_response.max().over(ibis.window(group_by=t[key]))
        is_one = t.by_response.min().over(ibis.window(group_by=t[key])) == other
        t = t.mutate(
            by_response=ibis.coalesce(
                t.by_response, ibis.ifelse(t[key].notnull() & (told > 0) & is_one, other, None)
            )
        )
    by_span_too = t.by_span.notnull() & (
        t.event_id.count().over(ibis.window(group_by=t.by_span)) > 1
    )
    t = t.mutate(
        call_id=ibis.coalesce(
            t.by_response, ibis.ifelse(by_span_too, t.by_span, None), t.by_request, t.by_span
        )
    )
    t = t.filter(t.call_id.notnull())
    t = t.mutate(rows=t.event_id.count().over(ibis.window(group_by=t.call_id)))
    return t.filter(t.rows > 1).select("event_id", "call_id", "rows")


def _candidates(t: ir.Table) -> ir.Table:
    """The rows that share an id with another: most cases have few, and windows over all cost seconds."""
    keys = (["response_id"], ["trace_id", "span_id"], ["request_id"])
    shared = []
    for key in keys:
        stated = t.filter(*(t[name].notnull() for name in key))
        again = stated.group_by(key).agg(found=stated.count())
        shared.append(t.semi_join(again.filter(again.found > 1), key).select("event_id"))
    return t.semi_join(ibis.union(*shared, distinct=True), "event_id")


def _outcome(t: ir.Table) -> ir.StringValue:
    """A failed attempt and the one that followed it are two calls, though they share a request."""
    failed = (t.http_status >= 400) | t.error_type.notnull() | (t.status == "error")
    return cast(ir.StringValue, ibis.ifelse(failed.fill_null(False), "failed", "answered"))


def _merged(t: ir.Table) -> ir.Table:
    """The tied rows; the one that knows most of each call holds the merged values."""
    knows = t.input_tokens.notnull().cast("int64") + t.output_tokens.notnull().cast("int64")
    order = ibis.window(
        group_by=t.call_id,
        order_by=[
            knows.desc(),
            t.cost_given_usd.isnull(),
            t.timestamp.isnull(),
            t.timestamp,
            t.event_id,
        ],
    )
    t = t.mutate(place=ibis.row_number().over(order))
    values = t.group_by("call_id").agg(
        **{f"one_{name}": t[name].argmin(t.place, where=t[name].notnull()) for name in MERGED}
    )
    t = t.select("event_id", "call_id", "rows", "place").join(values, "call_id")
    is_kept = t.place == 0
    return t.select(
        "event_id",
        "call_id",
        why=ibis.literal(SAME_CALL),
        rows=t.rows.cast("int64"),
        is_kept=is_kept,
        **{
            f"one_{name}": ibis.ifelse(
                is_kept, t[f"one_{name}"], ibis.null(t[f"one_{name}"].type())
            )
            for name in MERGED
        },
    )

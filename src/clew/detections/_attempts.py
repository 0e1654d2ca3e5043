"""Attempts: AI calls, or HTTP requests where no call tells of the trouble, with who made them.

caller     the finest name of who asked: user, key, session's team, address, else the service
signature  what tells an attempt's repetition from another request of its caller; '' where unknown
scope      what a limit is thought to be on: provider and model of a call, service of a request
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.correlation import ties
from clew.correlation.built import once
from clew.correlation.call_outcomes import counted, is_at_fault, is_limited, number
from clew.correlation.clocks import microseconds

CALLERS = ("user_id", "api_key_hash", "team", "client_ip")
PLACES = ("service", "service_version", "provider", "model")
TEXTS = (*CALLERS, *PLACES)
NUMBERS = (
    "http_status", "rate_limit_requests", "rate_limit_requests_remaining", "rate_limit_tokens",
    "rate_limit_tokens_remaining",
)  # fmt: skip


@once
def of_calls(events: ir.Table) -> ir.Table:
    """One row a call that has a time."""
    t = counted(events)
    t = t.filter(t.timestamp.notnull())
    t = t.mutate(limited=is_limited(t), at_fault=is_at_fault(t))
    t = t.mutate(retryable=t.limited | t.at_fault)
    signature = ibis.coalesce(
        t.prompt_hash, t.prompt, t.request_id, t.input_tokens.nullif(0).cast("string"), ""
    )
    return t.select(
        "event_id",
        "timestamp",
        *TEXTS,
        *NUMBERS,
        "failed",
        "limited",
        "at_fault",
        "retryable",
        "tokens",
        "duration_ms",
        "retry_after_s",
        signature=signature,
        caller=_caller(t),
        scope=t.provider.fill_null("") + " " + t.model.fill_null(""),
        at_us=microseconds(t.timestamp),
    )


@once
def attempts(events: ir.Table, told_by: str = "limited") -> ir.Table:
    """The calls, if one of them bears the flag `told_by`; else the HTTP requests."""
    called = of_calls(events)
    seen = ties.requests(ties.observed(events))
    seen = seen.filter(seen.is_request)
    kinds = called.schema()
    asked = seen.mutate(provider=ibis.null("string"))
    asked = asked.select(
        "event_id",
        "timestamp",
        *TEXTS,
        http_status=seen.http_status,
        **{name: ibis.null(kinds[name]) for name in NUMBERS[1:]},
        failed=(seen.http_status >= 400).fill_null(False),
        limited=(seen.http_status == 429).fill_null(False),
        at_fault=(seen.http_status >= 500).fill_null(False),
        retryable=((seen.http_status == 429) | (seen.http_status >= 500)).fill_null(False),
        tokens=ibis.null("int64"),
        duration_ms=seen.duration_ms,
        retry_after_s=ibis.null("float64"),
        signature=ibis.literal(""),
        caller=_caller(seen),
        scope=seen.service,
        at_us=seen["at"],
    )
    told = called.aggregate(told=number(called[told_by]))
    ours = called.cross_join(told)
    theirs = asked.cross_join(told)
    return ours.filter(ours.told > 0).drop("told").mutate(is_call=ibis.literal(True)).union(
        theirs.filter(theirs.told == 0).drop("told").mutate(is_call=ibis.literal(False))
        .select(*called.columns, "is_call")
    )  # fmt: skip


def _caller(t: ir.Table) -> ir.Value:
    return ibis.coalesce(*(t[name] for name in CALLERS), t.service, "")


def with_more(t: ir.Table, more: ir.Table, keys: Sequence[str]) -> ir.Table:
    """`t` with the columns of `more` that has at most one row a key; NULL where it has none."""
    t = t.left_join(more, list(keys))
    return t.drop(*(f"{key}_right" for key in keys if f"{key}_right" in t.columns))


def who(row: dict[str, Any], columns: Sequence[str] = CALLERS) -> str:
    """The caller of a row in words.

    >>> who({"user_id": "ann", "api_key_hash": None})
    'user ann'
    """
    said = {"user_id": "user", "api_key_hash": "key", "client_ip": "address"}
    return ", ".join(f"{said.get(c, c)} {row[c]}" for c in columns if row.get(c) is not None)

"""How AI calls ended: answered, refused or broken, with or without a price; each call once."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from clew.correlation.calls_once import calls_once

AT_FAULT = ("overloaded", "server_error", "timeout", "network")
"""Error classes that the provider's side answers for."""


def counted(events: ir.Table) -> ir.Table:
    """One row a call, with failed, is_unpriced and tokens.

    failed       it was refused or broke off; such a call costs nothing unless its source says so
    is_unpriced  it was answered and has no cost: no price is known, or its tokens are not
    """
    t = calls_once(events)
    t = t.mutate(failed=is_failed(t))
    return t.mutate(
        is_unpriced=(t.cost_usd.isnull() & ~t.failed),
        tokens=ibis.coalesce(
            ibis.ifelse(
                t.input_tokens.notnull() | t.output_tokens.notnull(),
                t.input_tokens.fill_null(0) + t.output_tokens.fill_null(0),
                None,
            ),
            t.total_tokens,
        ),
    )


def is_failed(t: ir.Table) -> ir.BooleanValue:
    """Whether a call ended in an error."""
    failed = (
        (t.http_status >= 400).fill_null(False)
        | t.error_type.notnull()
        | t.error_class.notnull()
        | (t.status == "error").fill_null(False)
    )
    return cast(ir.BooleanValue, failed)


def is_limited(t: ir.Table) -> ir.BooleanValue:
    """Whether a call was refused because of a rate limit."""
    named = t.error_type.lower().re_search(
        r"rate.?limit|too.?many.?requests|throttl|resource_?exhausted"
    )
    limited = (
        (t.http_status == 429).fill_null(False)
        | (t.error_class == "rate_limited").fill_null(False)
        | (t.http_status.isnull() & t.error_class.isnull() & named).fill_null(False)
    )
    return cast(ir.BooleanValue, limited)


def is_at_fault(t: ir.Table) -> ir.BooleanValue:
    """Whether a call failed on the provider's side: a 5xx, an overload, a timeout, no connection."""
    named = t.error_type.lower().re_search(
        r"overloaded|timeout|timed.?out|connection|unavailable|server_?error"
    )
    fault = (
        (t.http_status >= 500).fill_null(False)
        | t.error_class.isin(AT_FAULT).fill_null(False)
        | (t.http_status.isnull() & t.error_class.isnull() & named).fill_null(False)
    )
    return cast(ir.BooleanValue, fault)


def number(claim: ir.Value) -> ir.IntegerValue:
    """How many rows a claim holds for; 0 for none."""
    return cast(ir.IntegerValue, claim.cast("int64").sum().fill_null(0))

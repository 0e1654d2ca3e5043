"""What the analyses of AI calls share: each call once, and which of them have no price."""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from clew.model.calls_once import calls_once


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


def number(claim: ir.Value) -> ir.IntegerValue:
    """How many rows a claim holds for; 0 for none."""
    return cast(ir.IntegerValue, claim.cast("int64").sum().fill_null(0))

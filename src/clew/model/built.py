"""Expressions that are built once: building a long one takes longer than asking it of a small case."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec

import ibis.expr.types as ir

P = ParamSpec("P")
MOST_BUILT = 64


def once(build: Callable[P, ir.Table]) -> Callable[P, ir.Table]:
    """The function, which remembers what it built: equal tables and options give equal expressions."""

    @lru_cache(maxsize=MOST_BUILT)
    def built(op: Any, options: frozenset[tuple[str, Any]]) -> ir.Table:
        return build(op.to_expr(), **dict(options))

    @wraps(build)
    def of(*tables: P.args, **options: P.kwargs) -> ir.Table:
        (table,) = tables
        assert isinstance(table, ir.Table), "BUG: an expression is built from one table"
        return built(table.op(), frozenset(options.items()))

    return of

"""Expressions that are built once: building a long one takes longer than asking it of a small case.

An engine that answers many questions may also compute what such an expression says only once. While
`sharing` is open, each of them becomes the table that the engine has made of it, so that what is built
upon it stays short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec

import ibis.expr.types as ir

P = ParamSpec("P")
MOST_BUILT = 64
Made = Callable[[object, Callable[[], ir.Table]], ir.Table]
"""What an expression is built from, and what builds it, to the table that an engine makes of it."""
_made: ContextVar[Made | None] = ContextVar("made", default=None)


@contextmanager
def sharing(made: Made) -> Iterator[None]:
    """While it is open, what is built once is the table that `made` gives for it."""
    before = _made.set(made)
    try:
        yield
    finally:
        _made.reset(before)


def once(build: Callable[P, ir.Table]) -> Callable[P, ir.Table]:
    """The function, which remembers what it built: equal tables and options give equal expressions."""

    asked = signature(build).parameters.values()
    defaults = {each.name: each.default for each in asked if each.default is not Parameter.empty}

    @lru_cache(maxsize=MOST_BUILT)
    def built(op: Any, options: frozenset[tuple[str, Any]]) -> ir.Table:
        return build(op.to_expr(), **dict(options))

    @wraps(build)
    def of(*tables: P.args, **options: P.kwargs) -> ir.Table:
        (table,) = tables
        assert isinstance(table, ir.Table), "BUG: an expression is built from one table"
        said = table.op(), frozenset((defaults | options).items())
        made = _made.get()
        return made((build, *said), lambda: build(*tables, **options)) if made else built(*said)

    return of

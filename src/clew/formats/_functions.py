"""Functions of Python that a format's SQL calls, for the few texts that SQL cannot read."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
from duckdb.func import FunctionNullHandling


def make_known(
    workbench: duckdb.DuckDBPyConnection, name: str, function: Callable[[str | None], str | None]
) -> None:
    """Makes a function from text to text known to this bench under that name, once; NULL is passed on."""
    known = workbench.execute(
        "SELECT count(*) FROM duckdb_functions() WHERE function_name = ?", [name]
    ).fetchall()
    if not known[0][0]:
        workbench.create_function(
            name, function, ["VARCHAR"], "VARCHAR", null_handling=FunctionNullHandling.SPECIAL
        )

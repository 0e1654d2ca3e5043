"""Columns turned to rows: each request once for every column that may explain its fate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

CALLERS = ("user_id", "api_key_hash", "client_ip", "user_agent")
PLACES = ("url_path", "http_route")
CARRIERS = ("upstream_address", "host", "service_version", "model_version", "model")


def spread(requests: ir.Table, columns: Sequence[str], *kept: str) -> ir.Table:
    """`kept` columns, and `name`, `value` of each of `columns` that the row states.

    A path with ids in it stands as http_route, any other as url_path.
    """
    has_ids = (requests.route != requests.url_path).fill_null(False)
    values = {
        **{name: requests[name] for name in columns},
        "url_path": ibis.ifelse(has_ids, None, requests.url_path),
        "http_route": ibis.ifelse(has_ids, requests.route, None),
    }
    return as_rows(requests, {name: values[name] for name in columns}, *kept)


def as_rows(t: ir.Table, values: Mapping[str, ir.Value], *kept: str) -> ir.Table:
    """`kept` columns, and `name`, `value` of each of the texts that the row states."""
    pairs = [ibis.literal(f"{name}=") + value for name, value in values.items()]
    t = t.select(*kept, pair=ibis.array(pairs).unnest())
    t = t.filter(t.pair.notnull())
    return t.select(
        *kept,
        name=t.pair.re_extract(r"^([^=]*)=", 1),
        value=t.pair.re_extract(r"(?s)^[^=]*=(.*)$", 1),
    )


def option(value: float) -> ir.FloatingValue:
    """A threshold as a double on every engine: DuckDB reads 0.5 as a decimal."""
    number: ir.FloatingValue = ibis.literal(str(value)).cast("float64")
    return number


def rank_of(name: ir.Value, columns: Sequence[str]) -> ir.IntegerValue:
    """Which place a name has in `columns`: what to prefer where two explain the same."""
    branches = [(name == column, place) for place, column in enumerate(columns)]
    found: ir.IntegerValue = ibis.cases(*branches, else_=len(columns))
    return found


def as_columns(t: ir.Table, columns: Sequence[str]) -> dict[str, ir.Value]:
    """`name` and `value` back as columns: NULL but for the one that is named."""
    return {
        column: ibis.ifelse(t.name == column, t.value, ibis.null("string")) for column in columns
    }


def of_subject(requests: ir.Table, row: dict[str, Any], columns: Sequence[str]) -> ir.Table:
    """The requests that the subject of a finding names."""
    for column in columns:
        value = row.get(column)
        if value is not None:
            found = requests.route if column == "http_route" else requests[column]
            requests = requests.filter(found == value)
    return requests


def named(row: dict[str, Any], columns: Sequence[str]) -> str:
    """The explaining column and its value in words; empty where there is none."""
    return ", ".join(f"{c} {row[c]}" for c in columns if row.get(c) is not None)

"""What `value` is: the number beside the name of a metric, or the line beside the name of a log.

{"metric": "cpu", "value": 0.75}   {"log_name": "cart", "value": "no such item"}
{"name": "cpu_used", "timestamp": 1763629200000, "value": 0.75, "cmdb_id": "docker_003"}
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew.formats._fields import Field, spelling_of

VALUE_NAMES = ("value", "val", "sample", "reading")
NAME = "name"
OF_OTHERS = frozenset(
    {"message", "severity", "trace_id", "span_id", "http_method", "metric_name", "metric_value"}
)
"""Columns of records that are no points of metrics, or say themselves which."""
LOG_NAMES = ("log_name", "logname", "log_id")


def with_metric_values(fields: Sequence[Field]) -> Sequence[Field]:
    """The fields, with a metric's value under its canonical name; in a record that names no metric
    `value` stays what it is."""
    fields = _with_names(fields)
    columns = [spelling.column if (spelling := spelling_of(f.name)) else "" for f in fields]
    named = [item for item, column in zip(fields, columns, strict=True) if column == "metric_name"]
    values = [item for item in fields if item.name.lower() in VALUE_NAMES]
    is_log = any(item.name.lower() in LOG_NAMES for item in fields)
    if values and is_log and not named and not {"message", "metric_value"} & set(columns):
        return [replace(item, name="message") if item is values[0] else item for item in fields]
    if not named or not values or "metric_value" in columns:
        return fields
    is_point = "(" + " OR ".join(f"{item.text} IS NOT NULL" for item in named) + ")"
    value = values[0]
    others = [_where(item, f"NOT {is_point}") if item is value else item for item in fields]
    return [*others, replace(_where(value, is_point), name="metric_value")]


def _with_names(fields: Sequence[Field]) -> Sequence[Field]:
    """The fields, with `name` as a metric's beside a value, a time, and whom or what it is of."""
    by_name = {item.name.lower(): item for item in fields}
    columns = {spelling.column for f in fields if (spelling := spelling_of(f.name))}
    is_owned = columns & {"k8s_pod", "host", "service", "container", "service_instance"}
    values = [by_name[name] for name in VALUE_NAMES if name in by_name]
    if NAME not in by_name or not values or not is_owned or columns & OF_OTHERS:
        return fields
    is_number = f"try_cast({values[0].text} AS DOUBLE) IS NOT NULL"
    name = by_name[NAME]
    point = replace(_where(name, is_number), name="metric_name")
    others = [_where(item, f"NOT ({is_number})") if item is name else item for item in fields]
    return [*others, point]


def _where(item: Field, condition: str) -> Field:
    """The field, in the records of which this is true."""

    def chosen(sql: str) -> str:
        return f"CASE WHEN {condition} THEN {sql} END" if sql else ""

    return replace(item, text=chosen(item.text), json=chosen(item.json), number=chosen(item.number))

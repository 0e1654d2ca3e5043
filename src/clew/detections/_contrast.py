"""What failing requests have that succeeding ones have not: values, and fields of the input.

A fact is "name=value": a column or a key of `attributes` with its value, or a field that the input
has. Facts are counted once a request, among the requests that state that name at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from clew.detections._words import share
from clew.model.event import BY_NAME

COLUMNS = (
    "user_id", "api_key_hash", "team", "tenant", "session_id", "client_ip", "user_agent", "host",
    "service_version", "service_instance", "model", "model_version", "environment", "region",
    "k8s_pod", "container", "thread", "upstream_address", "http_method", "variant",
    "experiment", "tool_name", "operation", "provider", "stage", "prompt_version",
    "agent_version", "input_features", "prompt",
)  # fmt: skip
OUTCOMES = (
    "code", "duration", "duration_ms", "elapsed", "error", "errors", "exception", "exc_info", "latency_ms",
    "level", "level.no", "level_no", "level_value", "levelno", "levelname", "log.level", "ok", "outcome",
    "result", "rt", "severity", "severity_text", "stack", "stack_trace", "state", "status", "success",
    "urt", "ust", "ut",
)  # fmt: skip
"""Names whose value follows from the failure; they explain nothing."""

CODE_PLACE = r"^[\w./<>-]+\.[A-Za-z]{1,5}:[0-9]+$"
"""Where in the code a line was written, such as store/pg.go:87: it follows from what the line tells."""
LEAST_STATED = 2
"""Of failing and of succeeding requests, so many must state a name for the two to be compared."""
ELSEWHERE = tuple(sorted(set(BY_NAME) - set(COLUMNS)))
"""Canonical columns that an engine may keep among the attributes: outcomes, ids, measurements."""

LIST_OF_NAMES = (
    r"""^[\[(]?\s*["']?[A-Za-z_][\w.-]*["']?(\s*,\s*["']?[A-Za-z_][\w.-]*["']?)+\s*[\])]?$"""
)
NAME_IN_LIST = r"""^[\s\["'({]*([A-Za-z_][\w.-]*)["'\])\s]*(:|$)"""
RECORD = "record"


@ibis.udf.scalar.builtin(name="clew_attribute_pairs", signature=((dt.string,), dt.Array(dt.string)))
def attribute_pairs(attributes):  # type: ignore[no-untyped-def]
    """Each key of `attributes` with its text, as "key=value"; an empty list where none are."""


def contrast(events: ir.Table, labelled: ir.Table, *, most: int = 200) -> ir.Table:
    """Facts by how many failing and succeeding requests have them, the most telling first.

    labelled: event_id, request, failed. Returns name, value, failing, succeeding, and how many of
    each state that name: failing_stated, succeeding_stated.
    """
    facts = _facts(events.join(labelled, "event_id"))
    facts = facts.select("request", "failed", "name", "value").distinct()
    good = ~facts.failed
    by_value = facts.group_by("name", "value").agg(
        failing=facts.request.nunique(where=facts.failed),
        succeeding=facts.request.nunique(where=good),
    )
    by_name = facts.group_by("name").agg(
        failing_stated=facts.request.nunique(where=facts.failed),
        succeeding_stated=facts.request.nunique(where=good),
    )
    t = by_value.join(by_name, "name")
    t = t.filter((t.failing_stated > 0) & (t.succeeding_stated > 0))
    t = t.mutate(gap=t.failing / t.failing_stated - t.succeeding / t.succeeding_stated)
    t = t.filter(t.gap.abs() >= 0.1)
    return t.order_by(t.gap.abs().desc(), "name", "value").limit(most)


def with_other_lines(met: ir.Table, seen: ir.Table) -> ir.Table:
    """event_id, request, failed: what `contrast` takes, of requests and the other lines of their ids."""
    told = met.filter(met.rid.notnull()).group_by("rid").agg(failed=met.failed.max())
    lines = seen.filter(seen.rid.notnull()).select("event_id", "rid").join(told, "rid")
    own = met.filter(met.rid.isnull()).select("event_id", "failed", request="event_id")
    return ibis.union(own, lines.select("event_id", "failed", request="rid"))


def distinctions(
    rows: Sequence[dict[str, Any]],
    words: str = "",
    *,
    most: int = 5,
    called: tuple[str, str] = ("failing", "succeeding"),
) -> list[str]:
    """Sentences on what sets the failing requests apart; `words` is the error's message.

    `called` is how the two kinds of requests are spoken of.
    """
    lacking = [row for row in rows if _is_lacking(row, words)]
    lacking.sort(key=lambda row: (row["value"] not in words, row["name"] == f"fields of {RECORD}"))
    said, told = list[str](), set[str]()
    for row in lacking[:2]:
        if row["value"] not in told:
            said.append(_lacks(row, called))
            told |= {row["value"], row["name"].removeprefix("fields of ")}
    shared = [_together(rows, name) for name in sorted({row["name"] for row in rows} - told)]
    found = [group for group in shared if group]
    found.sort(key=lambda group: (-_gap(group), _column_rank(group[0]["name"])))
    return (said + [_shares(group, called) for group in found])[:most]


def lacking_fields(rows: Sequence[dict[str, Any]], words: str = "") -> list[str]:
    """The input fields that failing requests lack, those the message names first."""
    found = [row["value"] for row in rows if _is_lacking(row, words)]
    return sorted(dict.fromkeys(found), key=lambda field: field not in words)


def _facts(t: ir.Table) -> ir.Table:
    columns = [ibis.literal(f"{name}=") + t[name].cast("string") for name in COLUMNS]
    t = t.select(
        "request", "failed", fact=ibis.array(columns).concat(attribute_pairs(t.attributes)).unnest()
    )
    t = t.filter(t.fact.notnull())
    t = t.select(
        "request",
        "failed",
        name=t.fact.re_extract(r"^([^=]*)=", 1),
        value=t.fact.re_extract(r"(?s)^[^=]*=(.*)$", 1),
    )
    t = t.filter(~t.name.lower().isin(OUTCOMES) & ~t.name.isin(ELSEWHERE) & (t.value != ""))
    values = t.filter((t.value.length() <= 200) & ~t.value.re_search(CODE_PLACE))
    return ibis.union(values, _fields(t))


def _fields(t: ir.Table) -> ir.Table:
    """Facts "fields of X=name": keys of a JSON object, names in a list, keys under a name."""
    is_object = t.value.startswith("{")
    is_list = t.value.re_search(LIST_OF_NAMES)
    parts = ibis.ifelse(is_object | is_list, t.value.replace("{", ","), "").split(",")
    inside = t.select("request", "failed", parent="name", part=parts.unnest())
    inside = inside.select(
        "request", "failed", "parent", field=inside.part.re_extract(NAME_IN_LIST, 1)
    )
    dotted = t.name.re_extract(r"^(.+)\.[^.]+$", 1)
    under = t.select(
        "request",
        "failed",
        parent=ibis.coalesce(dotted.nullif(""), ibis.literal(RECORD)),
        field=t.name.re_extract(r"([^.]+)$", 1),
    )
    both = ibis.union(inside, under)
    both = both.filter(both.field.notnull() & (both.field != ""))
    return both.select(
        "request", "failed", name=ibis.literal("fields of ") + both.parent, value="field"
    )


def _is_lacking(row: dict[str, Any], words: str) -> bool:
    if not row["name"].startswith("fields of ") or row["failing_stated"] < 2:
        return False
    if row["name"] == f"fields of {RECORD}" and row["value"] not in words:
        return False
    return bool(
        row["succeeding"] >= 0.8 * row["succeeding_stated"]
        and row["failing"] <= 0.1 * row["failing_stated"]
    )


def _together(rows: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The few values of one name that nearly all failing requests have, and few succeeding ones."""
    values = [
        row
        for row in rows
        if row["name"] == name
        and min(row["failing_stated"], row["succeeding_stated"]) >= LEAST_STATED
        and row["failing"] >= 0.1 * row["failing_stated"]
        and row["succeeding"] / row["succeeding_stated"]
        <= 0.5 * row["failing"] / row["failing_stated"]
    ]
    if name == f"fields of {RECORD}" or len(values) > 4:
        return []
    stated = values[0]["failing_stated"] if values else 1
    return values if sum(row["failing"] for row in values) >= 0.5 * stated else []


def _gap(group: Sequence[dict[str, Any]]) -> float:
    failing = sum(row["failing"] for row in group) / group[0]["failing_stated"]
    succeeding = sum(row["succeeding"] for row in group) / group[0]["succeeding_stated"]
    return float(round(failing - succeeding, 2))


def _column_rank(name: str) -> int:
    return COLUMNS.index(name) if name in COLUMNS else len(COLUMNS)


def _lacks(row: dict[str, Any], called: tuple[str, str]) -> str:
    parent = row["name"].removeprefix("fields of ")
    where = "The record" if parent == RECORD else f"The input ({parent})"
    failing, succeeding = (
        row["failing_stated"] - row["failing"],
        (row["succeeding_stated"] - row["succeeding"]),
    )
    return (
        f"{where} lacks '{row['value']}' in {failing:,} of {row['failing_stated']:,} {called[0]} "
        f"requests, in {succeeding:,} of {row['succeeding_stated']:,} {called[1]} ones."
    )


def _shares(group: Sequence[dict[str, Any]], called: tuple[str, str]) -> str:
    name, stated = group[0]["name"], group[0]["failing_stated"]
    failing = sum(row["failing"] for row in group)
    made = share(sum(row["succeeding"] for row in group), group[0]["succeeding_stated"])
    values = " or ".join(str(row["value"]) for row in group)
    what = (
        f"have the field {values}"
        if name.startswith("fields of ")
        else f"came with {name} {values}"
    )
    return f"{failing:,} of {stated:,} {called[0]} requests {what}, as did {made} of the {called[1]} ones."

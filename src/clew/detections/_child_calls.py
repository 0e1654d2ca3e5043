"""Spans as calls that one parent makes: which are alike, which follow one another, which failed."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from clew.correlation.calls_of_spans import operation
from clew.model.views import span_tree, spans

VARYING = (
    (r"'(?:[^'\\]|\\.|'')*'", "?"),  # 'a text', 'it''s'
    (r"\$\d+|%s|:[a-z_]\w*|@[a-z_]\w*", "?"),  # $1, %s, :user_id, @p0
    (r"\b[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\b", "?"),  # a UUID
    (r"\b[0-9a-f]{16,}\b", "?"),  # 5f2c9a1be07d4a11
    (r"\d+(?:\.\d+)?", "?"),  # 42, 0.5
    (r"\?(?:\s*,\s*\?)+", "?"),  # IN (?, ?, ?)
    (r"\s+", " "),
)
"""What differs between like statements, paths and names."""

RETRIED_STATUS = (408, 425, 429)
AI_STEPS = ("chat", "text_completion", "generate_content", "execute_tool", "invoke_agent")
"""Steps of an agent: each needs what the last one answered."""


def brothers(least: int) -> ir.Table:
    """The spans of parents that have at least `least` children; most spans are not worth a look.

    Ids in the paths of names stand as {id}, as in `placed`.
    """
    tree = span_tree.filter(span_tree.parent_event_id.notnull() & span_tree.ended.notnull())
    many = tree.group_by("parent_event_id").agg(children=tree.count())
    tree = tree.semi_join(many.filter(many.children >= least), "parent_event_id")
    return tree.mutate(
        span_name=operation(tree.span_name), parent_span_name=operation(tree.parent_span_name)
    )


def child_calls(events: ir.Table, tree: ir.Table) -> ir.Table:
    """The spans of `tree`, each with what it asked and who answered.

    `asked` is the request in its own words, `alike` the same without what varies from call to call;
    `callee` is the service that answered, where its span is there. `is_failed` counts answers that a
    client tries again.
    """
    found = spans(events).select(
        "event_id", "db_query", "db_operation", "db_collection", "url_path", "url_query",
        "http_status", "exception_type", "server_address", "operation", "model", "input_tokens",
        "attributes",
    )  # fmt: skip
    t = tree.join(found, "event_id").left_join(_answered(), "event_id", rname="{name}_answered")
    words = _words(t.db_query, t.db_operation, t.db_collection, t.url_path, t.url_query)
    where = t.callee.fill_null("") + " " + t.server_address.fill_null("")
    return t.mutate(
        asked=words,
        alike=_without_values(t.span_name + " " + words) + " " + where,
        label=t.span_name + " " + t.callee_name.fill_null("") + " " + where + " " + words,
        is_failed=is_failed(t),
        is_step_of_agent=t.operation.isin(AI_STEPS).fill_null(False),
    )


def is_failed(t: ir.Table) -> ir.BooleanValue:
    """Whether a span ended in a way after which clients try again."""
    return (
        (t.status == "error").fill_null(False)
        | (t.http_status >= 500).fill_null(False)
        | t.http_status.isin(RETRIED_STATUS).fill_null(False)
        | t.exception_type.notnull()
    )


def in_turn(calls: ir.Table, *alike: str) -> ir.Table:
    """Each call with what came before it among the like calls of its parent.

    place (from 0), last_ended (the latest end of all before it), last_failed, gap_ms (from that end
    to this begin; negative where they overlap), is_overlap.
    """
    keys = ["parent_event_id", *alike]
    order = [calls.started, calls.ended, calls.event_id]
    in_order = ibis.window(group_by=keys, order_by=order)
    earlier = ibis.window(group_by=keys, order_by=order, preceding=(None, 1))
    t = calls.mutate(
        place=ibis.row_number().over(in_order),
        last_ended=calls.ended.max().over(earlier),
        last_failed=calls.is_failed.lag().over(in_order),
    )
    gap_ms = t.started.delta(t.last_ended, unit="microsecond") / 1e3
    return t.mutate(gap_ms=gap_ms, is_overlap=(gap_ms < 0).fill_null(False))


def _answered() -> ir.Table:
    """The first child of a span in another service: the other half of the call."""
    across = span_tree.filter(span_tree.service != span_tree.parent_service)
    first = ibis.window(group_by=across.parent_event_id, order_by=[across.started, across.event_id])
    across = across.mutate(place=ibis.row_number().over(first))
    across = across.filter(across.place == 0)
    return across.select(event_id="parent_event_id", callee="service", callee_name="span_name")


def _words(*texts: ir.StringValue) -> ir.StringValue:
    words = ibis.literal("")
    for text in texts:
        words = words + ibis.ifelse(text.isnull(), "", text.fill_null("") + " ")
    return words.strip()


def _without_values(text: ir.StringValue) -> ir.StringValue:
    for pattern, put in VARYING:
        text = text.re_replace(pattern, put)
    return text

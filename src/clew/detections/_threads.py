"""What belongs together in the work of an agent: a trace, else a session."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir


def threaded(t: ir.Table) -> ir.Table:
    """Rows of a trace or a session, with `thread`, a name for it."""
    t = t.filter(t.timestamp.notnull(), t.trace_id.notnull() | t.session_id.notnull())
    thread = ibis.coalesce(ibis.literal("t ") + t.trace_id, ibis.literal("s ") + t.session_id)
    return t.mutate(thread=thread)


def as_thread(t: ir.Table) -> dict[str, ir.Value]:
    """trace_id and session_id of a thread's name."""
    none = ibis.null("string")
    is_trace = t.thread.startswith("t ")
    rest = t.thread.substr(2)
    return {
        "trace_id": ibis.ifelse(is_trace, rest, none),
        "session_id": ibis.ifelse(is_trace, none, rest),
    }


def thread_words(row: dict[str, Any]) -> str:
    """
    >>> thread_words({"trace_id": None, "session_id": "s1"})
    'session s1'
    """
    return f"trace {row['trace_id']}" if row["trace_id"] else f"session {row['session_id']}"

"""What the API lists of a live case: the newest traces, one trace, the ledger."""

from __future__ import annotations

from datetime import datetime

import ibis.expr.types as ir

from clew.model.views import events

LEDGER = """
SELECT source_id, uri, format, timezone, lines, events, continuation, blanks, rejects, first_event,
       last_event, ingested_at, sha256, digest, true AS is_closed
FROM sources
UNION ALL BY NAME
SELECT source_id, uri, format, 'UTC' AS timezone, lines, events, 0 AS continuation, 0 AS blanks,
       rejects, first_event, last_event, false AS is_closed
FROM open_segments
ORDER BY ingested_at DESC NULLS FIRST, source_id
"""


NEWEST = """
WITH newest AS (
    SELECT trace_id, min(timestamp) AS started FROM spans
    WHERE trace_id IS NOT NULL{bounds}
    GROUP BY trace_id ORDER BY started DESC, trace_id LIMIT {limit})
SELECT trace_id, min(timestamp) AS started,
       (max(epoch_us(timestamp) + coalesce(duration_ms, 0) * 1000) - min(epoch_us(timestamp))) / 1000
           AS duration_ms,
       arg_min(service, (parent_span_id IS NOT NULL, timestamp, span_id)) AS service,
       arg_min(span_name, (parent_span_id IS NOT NULL, timestamp, span_id)) AS span_name,
       count(*) AS spans, count(DISTINCT service) AS services, count_if(status = 'error') AS errors
FROM spans SEMI JOIN newest USING (trace_id)
GROUP BY trace_id ORDER BY started DESC, trace_id
"""


def newest(limit: int, since: datetime | None = None, until: datetime | None = None) -> str:
    """SQL of the traces that began last, a row each.

    duration_ms goes from the first begin to the last end; service and span_name are the root's, else
    those of the span that began first.
    """
    bounds = "" if since is None else f" AND timestamp >= TIMESTAMP '{since.isoformat()}'"
    bounds += "" if until is None else f" AND timestamp < TIMESTAMP '{until.isoformat()}'"
    return NEWEST.format(bounds=bounds, limit=limit)


def one(trace_id: str) -> ir.Table:
    """Every event that bears this trace's id, oldest first."""
    return events.filter(events.trace_id == trace_id).order_by([events.timestamp, events.event_id])

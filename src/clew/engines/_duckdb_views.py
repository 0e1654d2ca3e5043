"""The views of `model/views.py` over `events`, as DuckDB's SQL.

Every new case has them. To have Ibis compile them loads all its dialects, which takes longer than to
ingest a small file; a test holds each against the one that Ibis compiles.
"""

from __future__ import annotations

CONDITIONS = {
    "logs": "(message IS NOT NULL OR severity IS NOT NULL) AND span_name IS NULL",
    "spans": "span_id IS NOT NULL AND span_name IS NOT NULL",
    "requests": "http_status IS NOT NULL OR http_method IS NOT NULL",
    "calls": (
        "(model IS NOT NULL OR provider IS NOT NULL "
        "OR (input_tokens IS NOT NULL AND output_tokens IS NOT NULL)) "
        "AND change_type IS NULL AND operation IS DISTINCT FROM 'usage_report'"
    ),
    "metrics": "metric_name IS NOT NULL AND metric_value IS NOT NULL",
    "predictions": "prediction IS NOT NULL",
    "stages": "stage IS NOT NULL",
    "flows": "src_ip IS NOT NULL AND dst_ip IS NOT NULL",
    "changes": "change_type IS NOT NULL",
}
"""View to what its rows are."""
VIEWS = {name: f"SELECT * FROM events WHERE {rows}" for name, rows in CONDITIONS.items()}

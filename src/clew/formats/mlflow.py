"""The trace store of MLflow: its SQLite file, one event a span.

Reads     the table spans of mlflow.db, which version 3 fills, with users and sessions of
          trace_request_metadata; attributes are MLflow's own
Returns   one event a span; spans of type LLM, CHAT_MODEL and EMBEDDING are AI calls
Units     times are nanoseconds since 1970; duration_ms is end less start
Blind to  traces whose spans lie in artifact files, as version 2 wrote them; what is still in the
          write-ahead log beside the file, where that is not there
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clew.formats import Settings
from clew.formats._calls.parser import EntriesParser, of_entries
from clew.formats._calls.parts import Layout, operation_of_kind
from clew.formats._calls.trace_store import has_tables, parsed, rows_of
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(("/span_id", "/trace_id"),),
    names={
        "start_time_unix_nano": "timestamp", "end_time_unix_nano": "", "name": "span_name", "type": "", "status": "",
        "experiment": "experiment", "mlflow.llm.model": "model", "mlflow.llm.provider": "provider",
        "mlflow.traceRequestId": "", "mlflow.spanType": "", "mlflow.chat.tools": "tool_definitions",
        "events": "span_events", "mlflow.message.format": "", "mlflow.trace.user": "user_id",
        "mlflow.trace.session": "session_id", "mlflow.llm.cost": "cost_details", "duration_ns": "",
    },
    request=("/mlflow.spanInputs",),
    response=("/mlflow.spanOutputs",),
    spent=("/mlflow.chat.tokenUsage",),
    derived={
        "duration_ms": "(try_cast(document->>'end_time_unix_nano' AS DOUBLE) - "
                       "try_cast(document->>'start_time_unix_nano' AS DOUBLE)) / 1e6",
        "status": "CASE upper(document->>'status') WHEN 'OK' THEN 'ok' WHEN 'ERROR' THEN 'error' END",
        "operation": operation_of_kind("(document->>'type')"),
        "input_tokens": "try_cast(document->'mlflow.chat.tokenUsage'->>'input_tokens' AS BIGINT)",
        "output_tokens": "try_cast(document->'mlflow.chat.tokenUsage'->>'output_tokens' AS BIGINT)",
        "total_tokens": "try_cast(document->'mlflow.chat.tokenUsage'->>'total_tokens' AS BIGINT)",
        "cache_read_tokens": "try_cast(document->'mlflow.chat.tokenUsage'->>'cache_read_input_tokens' AS BIGINT)",
        "cache_write_tokens": "try_cast(document->'mlflow.chat.tokenUsage'->>'cache_creation_input_tokens' AS BIGINT)",
        "cost_given_usd": "try_cast(document->'mlflow.llm.cost'->>'total_cost' AS DECIMAL(18, 9))",
    },
    is_plain=True,
)  # fmt: skip
QUERY = """
    SELECT s.trace_id, s.span_id, s.parent_span_id, s.name, s.type, s.status, s.start_time_unix_nano,
           s.end_time_unix_nano, s.content, e.name AS experiment,
           (SELECT value FROM trace_request_metadata m
            WHERE m.request_id = s.trace_id AND m.key = 'mlflow.trace.user') AS "mlflow.trace.user",
           (SELECT value FROM trace_request_metadata m
            WHERE m.request_id = s.trace_id AND m.key = 'mlflow.trace.session') AS "mlflow.trace.session"
    FROM spans s LEFT JOIN experiments e ON e.experiment_id = s.experiment_id
    ORDER BY s.start_time_unix_nano, s.trace_id, s.span_id
"""
TABLES = ("spans", "experiments", "trace_request_metadata")


def sniff(head: bytes) -> float:
    """High for a SQLite file with MLflow's tables."""
    return 0.99 * has_tables(head, "trace_info", "experiments", "trace_request_metadata")


def parse(head: bytes, settings: Settings) -> EntriesParser:
    """A parser of spans."""
    return of_entries(settings, LAYOUT, _spans)


def _spans(path: Path) -> Iterator[Any]:
    for row in rows_of(path, TABLES, QUERY):
        content = parsed(row.pop("content"))
        content = content if isinstance(content, dict) else {}
        attributes = content.get("attributes")
        found = attributes.items() if isinstance(attributes, dict) else ()
        record = {name: parsed(value) for name, value in found}
        told = content.get("status")
        if isinstance(told, dict) and told.get("message"):
            record["status_message"] = told["message"]
        if content.get("events"):
            record["events"] = content["events"]
        record.update({name: value for name, value in row.items() if value is not None})
        yield record


def _sample() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mlflow.db")
        store = sqlite3.connect(path)
        store.executescript(
            "CREATE TABLE experiments (experiment_id INTEGER, name VARCHAR);"
            "CREATE TABLE trace_info (request_id VARCHAR, experiment_id INTEGER, timestamp_ms BIGINT);"
            "CREATE TABLE trace_request_metadata (key VARCHAR, value VARCHAR, request_id VARCHAR);"
            "CREATE TABLE spans (trace_id VARCHAR, experiment_id INTEGER, span_id VARCHAR, parent_span_id VARCHAR, "
            "name TEXT, type VARCHAR, status VARCHAR, start_time_unix_nano BIGINT, end_time_unix_nano BIGINT, "
            "duration_ns BIGINT, content TEXT);"
            "INSERT INTO experiments VALUES (1, 'shop');"
            "INSERT INTO trace_request_metadata VALUES ('mlflow.trace.user', 'u-1', 'tr-1');"
        )
        attributes = {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.llm.model": '"gpt-4o"',
            "mlflow.spanInputs": '{"model": "gpt-4o", "messages": [{"role": "user", "content": "Name a colour."}]}',
            "mlflow.spanOutputs": '{"id": "c-1", "choices": [{"message": {"role": "assistant", "content": "Blue."}, '
            '"finish_reason": "stop"}]}',
            "mlflow.chat.tokenUsage": '{"input_tokens": 9, "output_tokens": 2, "total_tokens": 11}',
        }
        content = {"attributes": attributes, "status": {"code": "STATUS_CODE_OK", "message": ""}}
        store.execute(
            "INSERT INTO spans VALUES ('tr-1', 1, 'b7ad6b7169203331', NULL, 'Completions', 'CHAT_MODEL', 'OK', "
            "1763629200000000000, 1763629200500000000, 500000000, ?)",
            [json.dumps(content)],
        )
        store.execute(
            "INSERT INTO spans VALUES ('tr-1', 1, 'b7ad6b7169203332', 'b7ad6b7169203331', 'look', 'TOOL', 'ERROR', "
            "1763629200100000000, 1763629200200000000, 1, '{}')"
        )
        store.commit()
        store.close()
        return path.read_bytes()


SAMPLES = [
    Sample(
        _sample,
        [
            {"timestamp": "2025-11-20T09:00:00Z", "trace_id": "tr-1", "span_id": "b7ad6b7169203331", "model": "gpt-4o",
             "span_name": "Completions", "duration_ms": 500.0, "prompt": "Name a colour.", "completion": "Blue.",
             "input_tokens": 9, "output_tokens": 2, "user_id": "u-1", "operation": "chat", "status": "ok",
             "finish_reason": "stop", "experiment": "shop"},
            {"parent_span_id": "b7ad6b7169203331", "status": "error", "operation": "execute_tool", "model": None},
        ],
        name="a call and a tool",
    )
]  # fmt: skip

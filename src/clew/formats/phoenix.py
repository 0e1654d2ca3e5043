"""The trace store of Arize Phoenix: its SQLite file, one event a span.

Reads     the tables spans, traces, projects and project_sessions of phoenix.db; attributes are those of
          OpenInference
Returns   one event a span; spans of kind LLM, EMBEDDING and RERANKER are AI calls
Units     times are UTC; duration_ms is end less start
Blind to  what is still in the write-ahead log beside the file, where that is not there; annotations
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clew.formats import Settings
from clew.formats._calls.parser import EntriesParser, of_entries
from clew.formats._calls.parts import Layout, elapsed_ms, operation_of_kind
from clew.formats._calls.trace_store import columns_of, has_tables, parsed, rows_of
from clew.model.case import Sample

LAYOUT = Layout(
    keys=(("/span_id", "/trace_id"),),
    names={
        "start_time": "timestamp", "end_time": "", "project": "service", "llm.model_name": "model",
        "llm.provider": "provider", "llm.system": "", "openinference.span.kind": "", "input.mime_type": "",
        "output.mime_type": "", "events": "span_events", "llm.invocation_parameters": "request_params",
        "status": "", "span_kind_of_phoenix": "", "cost_of_phoenix": "cost_given_usd",
        "input.value": "", "output.value": "",
    },
    request=("/clew_asked", "/input/value"),
    response=("/clew_answered", "/output/value"),
    spent=("/llm/input_messages", "/llm/output_messages"),
    derived={
        "duration_ms": elapsed_ms("/start_time", "/end_time"),
        "status": "nullif(lower(document->>'status'), 'unset')",
        "operation": operation_of_kind("(document->>'span_kind_of_phoenix')"),
    },
    is_plain=True,
)  # fmt: skip
QUERY = """
    SELECT s.span_id, t.trace_id, s.parent_id AS parent_span_id, s.name AS span_name,
           s.span_kind AS span_kind_of_phoenix, s.start_time, s.end_time, s.status_code AS status,
           s.status_message, p.name AS project, {session} AS session_id, {cost} AS cost_of_phoenix,
           s.attributes, s.events
    FROM spans s JOIN traces t ON t.id = s.trace_rowid LEFT JOIN projects p ON p.id = t.project_rowid
    {sessions} {costs} ORDER BY s.id
"""
TABLES = ("spans", "traces", "projects")


def sniff(head: bytes) -> float:
    """High for a SQLite file with Phoenix's tables."""
    return 0.99 * has_tables(head, "CREATE TABLE spans", "trace_rowid", "project_rowid")


def parse(head: bytes, settings: Settings) -> EntriesParser:
    """A parser of spans."""
    return of_entries(settings, LAYOUT, _spans)


def _spans(path: Path) -> Iterator[Any]:
    has_sessions = "project_session_rowid" in columns_of(path, "traces")
    has_costs = {"span_rowid", "total_cost"} <= columns_of(path, "span_costs")
    query = QUERY.format(
        cost="c.total_cost" if has_costs else "NULL",
        costs="LEFT JOIN span_costs c ON c.span_rowid = s.id" if has_costs else "",
        session="x.session_id" if has_sessions else "NULL",
        sessions="LEFT JOIN project_sessions x ON x.id = t.project_session_rowid" if has_sessions else "",
    )  # fmt: skip
    for row in rows_of(path, TABLES, query):
        attributes, row["events"] = parsed(row.pop("attributes")), parsed(row["events"])
        record = attributes if isinstance(attributes, dict) else {"attributes": attributes}
        record.update({name: value for name, value in row.items() if value not in (None, [], "")})
        llm = record.get("llm")
        if isinstance(llm, dict):
            settings = parsed(llm.get("invocation_parameters"))
            known = settings if isinstance(settings, dict) else {}
            if asked := _messages(llm.get("input_messages")):
                record["clew_asked"] = {**known, "messages": asked}
            if answered := _messages(llm.get("output_messages")):
                record["clew_answered"] = {"choices": [{"message": one} for one in answered]}
        yield record


def _messages(found: Any) -> list[Any]:
    """OpenInference's messages as a provider would send them."""
    messages = []
    for one in found if isinstance(found, list) else []:
        message = one.get("message") if isinstance(one, dict) else None
        if not isinstance(message, dict):
            continue
        parts = message.get("contents")
        if isinstance(parts, list) and "content" not in message:
            message["content"] = [
                part.get("message_content") for part in parts if isinstance(part, dict)
            ]
        if isinstance(calls := message.get("tool_calls"), list):
            message["tool_calls"] = [
                call.get("tool_call") for call in calls if isinstance(call, dict)
            ]
        messages.append(message)
    return messages


def _sample() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "phoenix.db")
        store = sqlite3.connect(path)
        store.executescript(
            "CREATE TABLE projects (id INTEGER PRIMARY KEY, name VARCHAR);"
            "CREATE TABLE project_sessions (id INTEGER PRIMARY KEY, session_id VARCHAR);"
            "CREATE TABLE traces (id INTEGER PRIMARY KEY, project_rowid INTEGER, trace_id VARCHAR, "
            "project_session_rowid INTEGER);"
            "CREATE TABLE spans (id INTEGER PRIMARY KEY, trace_rowid INTEGER, span_id VARCHAR, parent_id VARCHAR, "
            "name VARCHAR, span_kind VARCHAR, start_time TIMESTAMP, end_time TIMESTAMP, attributes JSON, events JSON, "
            "status_code VARCHAR, status_message VARCHAR);"
            "CREATE TABLE span_costs (id INTEGER PRIMARY KEY, span_rowid INTEGER, total_cost FLOAT);"
            "INSERT INTO span_costs VALUES (1, 1, 0.5);"
            "INSERT INTO projects VALUES (1, 'shop'); INSERT INTO project_sessions VALUES (1, 'chat-1');"
            "INSERT INTO traces VALUES (1, 1, '0af7651916cd43dd8448eb211c80319c', 1);"
        )
        store.execute(
            "INSERT INTO spans VALUES (1, 1, 'b7ad6b7169203331', NULL, 'ChatCompletion', 'LLM', "
            "'2026-11-20 09:00:00.000000', '2026-11-20 09:00:00.500000', ?, '[]', 'OK', '')",
            [
                '{"llm": {"model_name": "gpt-4o", "provider": "openai", "token_count": {"prompt": 9, "completion": 2, '
                '"total": 11, "prompt_details": {"cache_read": 4}}, "input_messages": [{"message": {"role": "user", '
                '"content": "Name a colour."}}], "invocation_parameters": '
                '"{\\"temperature\\": 0.5}", "output_messages": [{"message": {"role": "assistant", "content": '
                '"Blue."}}]}, "user": {"id": "u-1"}}'
            ],
        )
        store.execute(
            "INSERT INTO spans VALUES (2, 1, 'b7ad6b7169203332', 'b7ad6b7169203331', 'look', 'TOOL', "
            "'2026-11-20 09:00:00.1', '2026-11-20 09:00:00.2', '{}', '[]', 'ERROR', 'timed out')"
        )
        store.commit()
        store.close()
        return path.read_bytes()


SAMPLES = [
    Sample(
        _sample,
        [
            {"timestamp": "2026-11-20T09:00:00Z", "trace_id": "0af7651916cd43dd8448eb211c80319c", "duration_ms": 500.0,
             "span_id": "b7ad6b7169203331", "span_name": "ChatCompletion", "service": "shop", "session_id": "chat-1",
             "model": "gpt-4o", "provider": "openai", "input_tokens": 9, "output_tokens": 2, "cache_read_tokens": 4,
             "prompt": "Name a colour.", "completion": "Blue.", "user_id": "u-1", "operation": "chat", "status": "ok",
             "temperature": 0.5, "cost_given_usd": 0.5},
            {"parent_span_id": "b7ad6b7169203331", "status": "error", "status_message": "timed out",
             "operation": "execute_tool", "model": None},
        ],
        name="a call and a tool",
    )
]  # fmt: skip

"""The log of Text Generation Inference: one line a finished request, with the times of its parts.

Reads     `2026-11-20T09:00:00.841342Z  INFO generate{parameters=GenerateParameters { ... }
          total_time="1.2s" queue_time="61.4µs" inference_time="1.1s" ...}: module: file:line: Success`
Returns   one AI call a line of the router's spans; other lines of the log are log records
Units     durations carry their unit: s, ms, µs or ns
Blind to  prompts and tokens: the log does not state them
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from clew.formats import Lines, Settings
from clew.formats._fields import quoted
from clew.formats._severity import severity_sql
from clew.formats._time import iso_sql
from clew.model.case import Sample

LINE = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z) +"  # 2026-11-20T09:00:00.841342Z
    r"(TRACE|DEBUG|INFO|WARN|ERROR) +"  # INFO
    r"(?:([a-z_]+)\{(.*)\}: ?)?"  # generate{parameters=... total_time="1.2s"}:
    r"(text_generation_[\w:]+): (?:([\w/.-]+:[0-9]+): )?"  # text_generation_router::server: router/src/server.rs:9:
    r"(.*)$"  # Success
)
NAMES = "['at', 'level', 'span', 'fields', 'module', 'place', 'said']"
TO_MS = {"s": 1e3, "ms": 1.0, "µs": 1e-3, "us": 1e-3, "ns": 1e-6}


@dataclass(slots=True)
class TgiParser:
    """Parses the lines of the router and its launcher."""

    settings: Settings

    def heads(self, lines: Lines) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""

        def took(name: str) -> str:
            shown = f"regexp_extract(m.fields, '{name}=\"([0-9.]+)([a-zµ]+)\"', ['n', 'unit'])"
            units = " ".join(f"WHEN '{unit}' THEN {scale!r}" for unit, scale in TO_MS.items())
            return f"(try_cast(({shown}).n AS DOUBLE) * CASE ({shown}).unit {units} END)"

        def asked(name: str, kind: str) -> str:
            found = f"nullif(regexp_extract(m.fields, '\\b{name}: (?:Some\\( *)?([0-9.]+)', 1), '')"
            return f"try_cast({found} AS {kind})"

        is_call = "contains(m.fields, 'parameters=')"
        seed = "try_cast(nullif(regexp_extract(m.fields, 'seed=\"Some\\(([0-9]+)\\)\"', 1), '') AS BIGINT)"
        columns = {
            "timestamp": iso_sql("m.at", self.settings),
            "timestamp_text": "m.at",
            "severity": severity_sql("m.level"),
            "logger": "m.module",
            "message": "m.said",
            "provider": f"CASE WHEN {is_call} THEN 'tgi' END",
            "operation": f"CASE WHEN {is_call} THEN CASE WHEN contains(m.span, 'chat') THEN 'chat' "
            "ELSE 'text_completion' END END",
            "is_streamed": f"CASE WHEN {is_call} THEN contains(m.span, 'stream') END",
            "duration_ms": took("total_time"),
            "queue_ms": took("queue_time"),
            "inference_ms": took("inference_time"),
            "max_tokens": asked("max_new_tokens", "BIGINT"),
            "temperature": asked("temperature", "DOUBLE"),
            "top_p": asked("top_p", "DOUBLE"),
            "top_k": asked("top_k", "DOUBLE"),
            "seed": seed,
            "status": f"CASE WHEN {is_call} THEN CASE WHEN m.level = 'ERROR' THEN 'error' ELSE 'ok' END END",
            "status_message": f"CASE WHEN {is_call} AND m.level = 'ERROR' THEN m.said END",
            "attributes": "nullif(json_merge_patch('{}'::JSON, json_object('span', nullif(m.span, ''), 'place', "
            f"nullif(m.place, ''), 'validation_ms', {took('validation_time')}, 'time_per_token_ms', "
            f"{took('time_per_token')}))::VARCHAR, '{{}}')",
        }
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return (
            "SELECT line, byte_offset, CASE WHEN m.at = '' THEN 'not a line of this server''s log' END AS "
            f"reject, {picked} FROM (SELECT *, regexp_extract(text, {quoted(LINE)}, {NAMES}) AS m "
            f"FROM {records})"
        )


def sniff(head: bytes) -> float:
    """Share of the first lines that modules of the server wrote."""
    text = head[:65_536].decode(errors="replace")
    lines = [line for line in text.split("\n")[:200] if line.strip()]
    own = sum(re.match(LINE, line) is not None for line in lines)
    return 0.97 * own / len(lines) if own else 0.0


def parse(head: bytes, settings: Settings) -> TgiParser:
    """A parser of the server's log."""
    return TgiParser(settings)


SAMPLES = [
    Sample(
        "2026-11-20T09:00:00.841342Z  INFO generate{parameters=GenerateParameters { best_of: None, temperature: "
        "Some(0.7), top_k: Some(50), top_p: None, max_new_tokens: Some(20), stop: [], seed: None } "
        'total_time="1.25s" validation_time="5.5ms" queue_time="61.5µs" inference_time="1.2s" '
        'time_per_token="60ms" seed="Some(42)"}: text_generation_router::server: router/src/server.rs:402: Success\n'
        "2026-11-20T09:00:01.000000Z ERROR chat_completions{parameters=GenerateParameters { max_new_tokens: None }}: "
        "text_generation_router::infer: router/src/infer.rs:188: Request failed during generation: CUDA out "
        "of memory\n",
        [
            {"timestamp": "2026-11-20T09:00:00.841342Z", "provider": "tgi", "operation": "text_completion",
             "duration_ms": 1250.0, "queue_ms": 0.0615, "inference_ms": 1200.0, "max_tokens": 20, "temperature": 0.7,
             "top_k": 50.0, "seed": 42, "status": "ok", "message": "Success", "attributes.time_per_token_ms": 60.0},
            {"severity": "ERROR", "status": "error", "operation": "chat",
             "status_message": "Request failed during generation: CUDA out of memory"},
        ],
        name="a success and a failure",
    )
]  # fmt: skip

"""Sources of AI calls as their tools write them: pages, tables that grow, folders, refused calls, bills."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clew import pipeline
from clew.formats import surest
from clew.formats._counts import whole_input

HEADER = "request_id,call_type,spend,prompt_tokens,completion_tokens,startTime,endTime,model\n"


@pytest.fixture
def case(tmp_path: Path) -> str:
    return str(tmp_path / "case.duckdb")


def asked(case: str, query: str) -> list[dict[str, Any]]:
    engine = pipeline.open_case(case, write=False)
    try:
        return engine.run(query).dicts()
    finally:
        engine.close()


def spent(n: int) -> str:
    return f"c-{n},acompletion,0.5,20,10,2026-11-20T09:00:0{n}Z,2026-11-20T09:00:0{n}Z,gpt-4o\n"


def test_a_table_that_grew_adds_its_new_rows_alone(tmp_path: Path, case: str) -> None:
    """A source that is read as entries gave all of them again."""
    file = tmp_path / "spend.csv"
    file.write_text(HEADER + spent(1) + spent(2))
    pipeline.ingest([str(file)], case=case)
    file.write_text(HEADER + spent(1) + spent(2) + spent(3))
    (source,) = pipeline.ingest([str(file)], case=case).sources
    assert (source.format, source.count.lines, source.count.events) == ("litellm", 1, 1)
    found = asked(case, "SELECT response_id, line FROM events ORDER BY line")
    assert [(row["response_id"], row["line"]) for row in found] == [
        ("c-1", 1),
        ("c-2", 2),
        ("c-3", 3),
    ]


def test_a_page_that_the_head_cuts_off_is_told_by_how_it_begins() -> None:
    one = {
        "id": "o",
        "traceId": "t",
        "type": "GENERATION",
        "startTime": "2026-11-20T09:00:00Z",
        "input": "x" * 300,
    }
    page = json.dumps({"data": [one] * 2000, "meta": {"page": 1}}).encode()
    assert surest(page[: 256 << 10]) == "langfuse"


def test_a_list_of_vectors_is_no_page() -> None:
    body = {
        "object": "list",
        "data": [{"embedding": [0.1]}],
        "model": "text-embedding-3-small",
        "usage": {},
    }
    assert surest(json.dumps(body).encode() + b"\n") == "openai"


def test_cassettes_are_found_in_a_folder_and_other_yaml_is_not(tmp_path: Path, case: str) -> None:
    folder = tmp_path / "cassettes"
    folder.mkdir()
    (folder / "settings.yaml").write_text("a: 1\n")
    (folder / "chat.yaml").write_text(
        'interactions:\n- request:\n    body: \'{"model":"gpt-4o","messages":[]}\'\n    method: POST\n'
        "    uri: https://api.openai.com/v1/chat/completions\n  response:\n    body: {string: '{}'}\n"
        "    status: {code: 200, message: OK}\nversion: 1\n"
    )
    (source,) = pipeline.ingest([str(folder)], case=case).sources
    assert source.format == "vcr" and source.count.events == 1


def test_a_failed_call_costs_the_tokens_that_its_source_counts(tmp_path: Path, case: str) -> None:
    """Whoever counts tokens of a call that was refused says that it was read; none are made up."""
    call = {
        "timestamp": "2026-01-01T00:00:00Z",
        "model": "gpt-4o",
        "provider": "openai",
        "prompt_tokens": 1000,
    }
    rows = [
        {**call, "completion_tokens": 0, "error_code": "rate_limit_exceeded"},
        {**call, "completion_tokens": 0, "http_status": 400, "error_type": "content_filter"},
        {**call, "completion_tokens": 100, "error_type": "overloaded_error"},
        {**call, "prompt_tokens": None, "error_type": "overloaded_error"},
    ]
    file = tmp_path / "calls.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    pipeline.ingest([str(file)], case=case)
    found = asked(case, "SELECT error_class, cost_usd, price_source FROM calls ORDER BY line")
    assert [(row["error_class"], row["cost_usd"]) for row in found] == [
        ("rate_limited", Decimal("0.0025")), ("content_filter", Decimal("0.0025")),
        ("overloaded", Decimal("0.0035")), ("overloaded", None),
    ]  # fmt: skip


def test_cached_tokens_beside_the_input_are_part_of_it(tmp_path: Path, case: str) -> None:
    """As Anthropic names them, unless the total says that they are in it."""
    call = {
        "timestamp": "2026-01-01T00:00:00Z",
        "model": "claude-sonnet-4-5",
        "input_tokens": 100,
        "output_tokens": 10,
    }
    cached = {"cache_read_input_tokens": 1000, "cache_creation_input_tokens": 200}
    rows = [{**call, **cached}, {**call, "cache_read_input_tokens": 50, "total_tokens": 110}, call]
    file = tmp_path / "calls.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    pipeline.ingest([str(file)], case=case)
    found = asked(case, "SELECT input_tokens FROM calls ORDER BY line")
    assert [row["input_tokens"] for row in found] == [1300, 100, 100]
    columns = {"input_tokens": "i", "cache_read_tokens": "c"}
    told = {"input_tokens": "prompt_tokens", "cache_read_tokens": "cache_read_input_tokens"}
    assert whole_input(columns, told) == "i"


def test_a_span_that_failed_has_the_class_of_its_error(tmp_path: Path, case: str) -> None:
    row = {"timestamp": "2026-01-01T00:00:00Z", "model": "m", "trace_id": "a" * 32, "span_id": "b" * 16,
           "span_name": "chat", "error": "APITimeoutError: Request timed out."}  # fmt: skip
    file = tmp_path / "spans.jsonl"
    file.write_text(json.dumps(row) + "\n" + json.dumps({**row, "model": None}) + "\n")
    pipeline.ingest([str(file)], case=case)
    found = asked(case, "SELECT error_class FROM events ORDER BY line")
    assert [row["error_class"] for row in found] == ["timeout", None]

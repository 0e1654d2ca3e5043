"""Sellers and kinds of calls: one name each, however a source spells them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from clew.cli import main
from clew.formats._calls.hosts import HOSTS
from clew.model.ai_names import OPERATIONS, PROVIDERS, operation_sql, provider_sql
from clew.prices.book import Book, Call
from clew.prices.own import read_own


def named(sql: str, text: str | None) -> Any:
    found = duckdb.execute(f"SELECT {sql} FROM (SELECT ?::VARCHAR AS text)", [text]).fetchone()
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("OpenAI", "openai"), ("openai.chat", "openai"), ("AWS", "aws.bedrock"), ("Amazon Bedrock", "aws.bedrock"),
        ("az.ai.openai", "azure.ai.openai"), ("azure-openai.responses", "azure.ai.openai"),
        ("google.vertex.chat", "gcp.vertex_ai"), ("MistralAI", "mistral_ai"), ("xai", "x_ai"),
        ("Acme Gateway", "Acme Gateway"), ("", ""), (None, None),
    ],
)  # fmt: skip
def test_a_seller_has_one_name(text: str | None, name: str | None) -> None:
    assert named(provider_sql("text"), text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("LLM", "chat"), ("acompletion", "chat"), ("ai.streamText.doStream", "chat"), ("EMBEDDING", "embeddings"),
        ("ai.streamText", "invoke_workflow"), ("TOOL", "execute_tool"), ("generate_content", "generate_content"),
        ("Foo", "Foo"), (None, None),
    ],
)  # fmt: skip
def test_a_kind_of_call_has_one_name(text: str | None, name: str | None) -> None:
    assert named(operation_sql("text"), text) == name


def test_an_own_price_holds_for_the_seller_however_it_is_spelled(tmp_path: Path) -> None:
    """`provider = "azure"` matched no call, because calls say azure.ai.openai."""
    file = tmp_path / "own.toml"
    file.write_text('[[price]]\nmodel = "gpt-4o"\nprovider = "azure"\ninput = 1\noutput = 2\n')
    book = Book(read_own(file))
    for spelled, is_own in (("azure.ai.openai", True), ("az.ai.openai", True), ("openai", False)):
        first = book.prices(Call(provider=spelled, model="gpt-4o"))[0]
        assert first.source.startswith("own prices") == is_own


def test_no_name_means_two_things() -> None:
    for names in (PROVIDERS, OPERATIONS):
        told = [other for name, others in names.items() for other in (name, *others.split())]
        assert sorted(told) == sorted(set(told))


def test_a_host_s_seller_is_one_of_the_names_and_sold_by_the_book_under_it() -> None:
    """A seller that the book has under another name would be taken for one that it has not."""
    models = {"x_ai": "grok-3", "mistral_ai": "mistral-large-latest"}
    for _, name in HOSTS:
        assert named(provider_sql("text"), name) == name
    for name, model in models.items():
        (*_, price) = Book().prices(Call(provider=name, model=model))
        assert "not in the book" not in price.source


def test_spans_of_one_seller_are_one_row_and_a_log_keeps_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever writes `azure` into a log of their own will look for it."""
    monkeypatch.chdir(tmp_path)
    spelled = ("OpenAI", "openai", "openai.chat", "open-ai")
    rows: list[dict[str, Any]] = [
        {"timestamp": f"2026-01-01T00:00:0{n}Z", "provider": name, "model": "gpt-4o", "input_tokens": 10,
         "output_tokens": 1, "span_id": f"{n + 1:016x}", "trace_id": f"{n + 1:032x}", "name": "chat"}
        for n, name in enumerate(spelled)
    ]  # fmt: skip
    rows.append({"timestamp": "2026-01-01T00:01:00Z", "provider": "azure", "model": "gpt-4o"})
    (tmp_path / "calls.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["ingest", "calls.jsonl"]) == 0
    capsys.readouterr()
    query = "SELECT provider, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"
    assert main(["sql", query, "--output", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == [{"provider": "azure", "n": 1}, {"provider": "openai", "n": 4}]

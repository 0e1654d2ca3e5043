"""A user's own prices and budgets: from the settings to what the case says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clew.cli import main
from clew.config import Config, read
from clew.errors import ConfigError
from clew.model.budget import Budget

PRICES = '[[price]]\nmodel = "house-model"\ninput = 10\noutput = 20\nsource = "contract 17"\n'


@pytest.fixture(autouse=True)
def folder(folder: Path) -> Path:
    """Each test works in an empty folder, without settings, that holds calls."""
    rows = [
        {
            "timestamp": f"2026-01-0{day}T03:00:00Z", "model": "house-model", "user_id": "ann", "team": "search",
            "request_id": f"r{day}", "input_tokens": 1000, "output_tokens": 500,
        }
        for day in range(1, 5)
    ]  # fmt: skip
    (folder / "calls.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def asked(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> Any:
    assert main([*arguments, "--output", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_price_file_beside_the_settings_prices_what_is_ingested(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its path starts at the settings file, wherever the command runs."""
    (folder / "settings").mkdir()
    (folder / "settings" / "mine.toml").write_text(PRICES)
    (folder / "settings" / "clew.toml").write_text('[prices]\nfile = "mine.toml"\n')
    monkeypatch.setenv("CLEW_CONFIG", "settings/clew.toml")
    asked(capsys, ["ingest", "calls.jsonl"])
    (row,) = asked(capsys, ["sql", "SELECT DISTINCT cost_usd, price_source FROM calls"])
    assert float(row["cost_usd"]) == 0.02
    assert row["price_source"] == "own prices: contract 17"


def test_the_environment_names_the_price_file_too(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "mine.toml").write_text(PRICES)
    monkeypatch.setenv("CLEW_PRICES_FILE", "mine.toml")
    asked(capsys, ["ingest", "calls.jsonl"])
    (row,) = asked(capsys, ["show", "cost", "--by", "user"])
    assert (row["user"], float(row["cost_usd"]), row["unpriced_calls"]) == ("ann", 0.08, 0)


def test_a_price_file_that_is_not_there_ends_before_anything_is_stored(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "clew.toml").write_text('[prices]\nfile = "none.toml"\n')
    assert main(["ingest", "calls.jsonl"]) == 2
    assert "none.toml cannot be read" in capsys.readouterr().err
    assert not (folder / "clew.duckdb").exists()


def test_words_that_people_say_split_an_answer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The column is called as it was typed; hour and day are lengths of time."""
    asked(capsys, ["ingest", "calls.jsonl"])
    words = ("user", "key", "session", "route", "tool", "template", "team")
    rows = asked(capsys, ["show", "usage", *(f"--by={word}" for word in words)])
    assert [rows[0][word] for word in words] == ["ann", None, None, None, None, None, "search"]
    days = asked(capsys, ["show", "usage", "--by", "day"])
    assert [row["bucket"][:10] for row in days] == [f"2026-01-0{day}" for day in range(1, 5)]


def test_budgets_are_tables_of_the_settings(folder: Path) -> None:
    (folder / "clew.toml").write_text(
        '[[budgets]]\nby = "team"\nlimit_usd = 100\nwindow = "1d"\n[[budgets]]\nlimit_usd = 2.5\n'
    )
    assert read({}, folder) == Config(budgets=(Budget(100.0, by="team", window="1d"), Budget(2.5)))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[[budgets]]\nby = "team"\n', "limit_usd is missing"),
        ("[[budgets]]\nlimit = 5\n", "limit_usd"),
        ("[budgets]\nlimit_usd = 5\n", r"\[\[budgets\]\]"),
        ('[[budgets]]\nlimit_usd = "much"\n', "must be a number"),
    ],
)
def test_a_budget_that_is_wrong_gets_one_sentence(folder: Path, text: str, word: str) -> None:
    (folder / "clew.toml").write_text(text)
    with pytest.raises(ConfigError, match=word):
        read({}, folder)


def _calls(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_what_calls_would_have_cost_at_an_earlier_day(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """o3 cost $10 and $40 a million tokens before 2025-06-10, and $2 and $8 from then on."""
    row = {"provider": "openai", "model": "o3", "input_tokens": 1_000_000, "output_tokens": 100_000}
    _calls(
        folder / "o3.jsonl",
        [
            {**row, "timestamp": "2025-09-01T10:00:00Z", "user_id": "ann", "request_id": "a"},
            {**row, "timestamp": "2025-09-02T10:00:00Z", "user_id": "bob", "request_id": "b"},
            {**row, "timestamp": "2025-09-02T10:00:00Z", "user_id": "bob", "request_id": "c", "model": "unknown-9"},
        ],
    )  # fmt: skip
    asked(capsys, ["ingest", "o3.jsonl"])
    ann, bob = sorted(
        asked(capsys, ["show", "cost", "--by", "user", "--reprice", "2025-06-01"]),
        key=lambda line: str(line["user"]),
    )
    assert float(ann["cost_usd"]) == 2.8 and float(ann["repriced_usd"]) == 14.0
    assert float(ann["change_usd"]) == 11.2
    assert (bob["calls"], bob["unpriced_calls"]) == (2, 1)
    (same,) = asked(capsys, ["show", "cost", "--reprice", "2025-09-01"])
    assert float(same["change_usd"]) == 0 and same["unpriced_calls"] == 1


def test_what_calls_would_have_cost_at_a_contract(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "mine.toml").write_text(PRICES)
    asked(capsys, ["ingest", "calls.jsonl"])
    (row,) = asked(capsys, ["show", "cost", "--reprice", "mine.toml"])
    assert row["cost_usd"] is None and row["change_usd"] is None
    assert float(row["repriced_usd"]) == 0.08 and row["unpriced_calls"] == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["cost", "--reprice", "someday"], "neither"),
        (["usage", "--reprice", "2026-01-01"], "clew show cost"),
        (["cost", "--reprice", "none.toml"], "cannot be read"),
    ],
)
def test_a_reprice_that_cannot_be_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    asked(capsys, ["ingest", "calls.jsonl"])
    assert main(["show", *arguments]) == 2
    assert word in capsys.readouterr().err

"""The extra that looks into prose: what it takes, what it leaves, and what it says where it cannot."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from clew import pipeline
from clew.errors import ConfigError
from clew.formats import Settings
from clew.model.redaction import Policy
from clew.redact import presidio
from clew.redact._values import token

KEY = "a key of tests, visibly false"
PESEL = "44051401359"
NHS = "9434765919"


@pytest.fixture
def presidio_is_there() -> None:
    pytest.importorskip("presidio_analyzer", reason="the extra 'presidio' is not installed")


def _ingested(
    folder: Path, row: dict[str, Any], **policy: Any
) -> tuple[dict[str, Any], dict[str, int]]:
    path = folder / "app.jsonl"
    path.write_text(json.dumps({"timestamp": "2026-01-02T03:04:05Z", **row}) + "\n")
    case = str(folder / "case.duckdb")
    told = Settings(redaction=Policy(key=KEY, **policy))
    (source,) = pipeline.ingest([str(path)], case=case, settings=told).sources
    assert pipeline.verify(case).ok
    engine = pipeline.open_case(case, write=False)
    try:
        sql = "SELECT * REPLACE (attributes::JSON AS attributes) FROM events"
        (event,) = engine.run(sql).dicts()
    finally:
        engine.close()
    return event, source.redacted


ROW = {
    "message": f"Patient with NHS number {NHS} called from ann@example.com",
    "prompt": f"Mój PESEL to {PESEL}, a zamówienie 2026-01-02 ma numer 100-2003004",
    "note": {"text": f"PESEL {PESEL} again", "id": PESEL, "model": "gpt-4o"},
    "request_id": PESEL,
}


def test_prose_loses_what_presidio_finds_and_ids_stay(
    presidio_is_there: None, tmp_path: Path
) -> None:
    event, counts = _ingested(tmp_path, ROW, presidio="patterns")
    nhs = token(KEY.encode(), "uk_nhs", NHS)
    pesel = token(KEY.encode(), "pl_pesel", PESEL)
    mail = token(KEY.encode(), "email", "ann@example.com")
    assert event["message"] == f"Patient with NHS number [uk_nhs:{nhs}] called from [email:{mail}]"
    assert event["prompt"].startswith(f"Mój PESEL to [pl_pesel:{pesel}], a zamówienie 2026-01-02")
    attributes = json.loads(event["attributes"])
    assert attributes["note.text"] == f"PESEL [pl_pesel:{pesel}] again"
    assert attributes["note.id"] == PESEL and event["request_id"] == PESEL
    assert counts == {"email": 1, "pl_pesel": 2, "uk_nhs": 1}


def test_only_the_entities_that_are_named_are_taken(
    presidio_is_there: None, tmp_path: Path
) -> None:
    event, counts = _ingested(tmp_path, ROW, presidio="patterns", entities=("UK_NHS",))
    assert PESEL in event["prompt"] and counts == {"email": 1, "uk_nhs": 1}


def test_what_was_analysed_once_stays_as_it_is(presidio_is_there: None) -> None:
    analyst = presidio.Analyst("patterns")
    once = analyst.redacted(ROW["message"], lambda kind, value: "0123456789ab")
    assert analyst.redacted(once, lambda kind, value: "ba9876543210") == once != ROW["message"]


def test_a_model_takes_the_names_that_it_knows(presidio_is_there: None, tmp_path: Path) -> None:
    import spacy

    model = spacy.blank("en")
    ruler = model.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": "Ada Lovelace"}])
    model.to_disk(tmp_path / "model")
    row = {"message": "Ada  Lovelace? No: Ada Lovelace asked for order 100-2003004"}
    event, counts = _ingested(tmp_path, row, presidio=str(tmp_path / "model"))
    mark = f"[person:{token(KEY.encode(), 'person', 'ada lovelace')}]"
    assert event["message"] == f"Ada  Lovelace? No: {mark} asked for order 100-2003004"
    assert counts == {"person": 1}


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"presidio": "no_such_model"}, "no spaCy model 'no_such_model' is installed"),
        ({"presidio": "patterns", "entities": ("UK_NSH",)}, "'UK_NSH' is none of"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    presidio_is_there: None, policy: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=said):
        _ingested(tmp_path, ROW, **policy)


def test_without_the_extra_the_setting_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(ConfigError, match="pip install 'clew\\[presidio\\]'"):
        _ingested(tmp_path, ROW, presidio="patterns")
    event, _ = _ingested(tmp_path, ROW, what="secrets", presidio="patterns")
    assert NHS in event["message"]

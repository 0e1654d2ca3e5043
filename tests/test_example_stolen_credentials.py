"""The findings on examples/stolen-credentials, against the truth that its generator wrote beside it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from clew.investigation import detect
from clew.model.finding import Finding, Investigation
from clew.pipeline import ingest, open_case

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
EXAMPLE = EXAMPLES / "stolen-credentials"
TRUTH: dict[str, Any] = json.loads(
    (EXAMPLES / "stolen-credentials.truth.json").read_text(encoding="utf-8")
)
WANTED = ("credential_stuffing", "password_spray", "scanner", "api_key_many_addresses")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    case = str(tmp_path_factory.mktemp("case") / "clew.duckdb")
    ingest([str(EXAMPLE)], case=case)
    engine = open_case(case, write=False)
    try:
        return detect(engine, WANTED)
    finally:
        engine.close()


def _of(found: Investigation, kind: str) -> list[Finding]:
    return [finding for finding in found.findings if finding.kind == kind]


def test_the_generator_writes_the_committed_bytes(tmp_path: Path) -> None:
    runpy.run_path(str(EXAMPLES / "make_stolen_credentials.py"))["main"](tmp_path)
    names = ("access.log", "gateway.jsonl")
    for name in (*(f"stolen-credentials/{n}" for n in names), "stolen-credentials.truth.json"):
        assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes(), name


def test_those_who_were_stolen_from_are_found_and_nobody_else(found: Investigation) -> None:
    accused = {next(iter(f.subject.items())) for f in _of(found, "credential_stuffing")}
    stolen = TRUTH["stolen"]
    assert accused == {(column, value) for column in stolen for value in stolen[column]}


def test_each_finding_holds_a_refusal_and_an_answer(found: Investigation) -> None:
    for finding in _of(found, "credential_stuffing"):
        texts = [evidence.text for evidence in finding.evidence]
        assert any(" 401" in text for text in texts)
        assert any(" 200" in text for text in texts)
        assert (finding.measures["peak_tokens"] or 0) > 100_000


def test_the_address_names_its_users_and_the_user_her_addresses(found: Investigation) -> None:
    why = {
        f.subject.get("client_ip", f.subject.get("user_id")): " ".join(f.why)
        for f in found.findings
    }
    (address,) = TRUTH["stolen"]["client_ip"]
    assert all(user in why[address] for user in TRUTH["users_of_the_address"])
    user = TRUTH["stolen"]["user_id"][0]
    named = [other for other in TRUTH["addresses_of_the_user"] if other in why[user]]
    assert len(named) >= 4


def test_the_address_that_tried_in_vain_sprays(found: Investigation) -> None:
    (spray,) = _of(found, "password_spray")
    assert spray.subject == {"client_ip": TRUTH["sprayed_in_vain_from"]}
    assert spray.measures["let_in"] == 0


def test_what_the_logs_lack_is_said(found: Investigation) -> None:
    assert "api_key_many_addresses is not evaluable: needs api_key_hash." in found.not_evaluable

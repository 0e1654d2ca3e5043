"""Audit logs as they are delivered: in gzip, in envelopes longer than what is looked at, mixed with others."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from clew import pipeline, registry
from clew.formats import surest

ENVELOPES = {"aws_cloudtrail": "Records", "azure_activity": "records", "openai_audit": "data",
             "anthropic_activity": "data", "gcp_audit": "entries"}  # fmt: skip


def _records(name: str) -> list[dict[str, Any]]:
    """The records of the format's first sample in an envelope."""
    for sample in registry.load("formats", name).SAMPLES:
        text = sample.content().decode()
        if text.startswith('{"') and len(text.strip().splitlines()) == 1:
            found: list[dict[str, Any]] = json.loads(text)[ENVELOPES[name]]
            return found
    raise AssertionError(f"{name} has no sample in an envelope")


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_long_envelope_in_gzip_is_known_by_its_head(name: str, tmp_path: Path) -> None:
    """The first 64 kB end inside of the list."""
    records = _records(name)
    many = [records[n % len(records)] for n in range(400)]
    source = tmp_path / "delivered.json.gz"
    source.write_bytes(gzip.compress(json.dumps({ENVELOPES[name]: many}).encode()))
    ledger = pipeline.ingest([str(source)], case=str(tmp_path / "case.duckdb"))
    (row,) = ledger.sources
    assert (row.format, row.count.lines, row.count.events, row.count.rejects) == (name, 400, 400, 0)


@pytest.mark.parametrize("name", ENVELOPES)
def test_envelopes_one_a_line_are_taken_apart(name: str, tmp_path: Path) -> None:
    line = json.dumps({ENVELOPES[name]: _records(name)}) + "\n"
    source = tmp_path / "pages.jsonl"
    source.write_text(line * 3, encoding="utf-8")
    ledger = pipeline.ingest([str(source)], case=str(tmp_path / "case.duckdb"))
    (row,) = ledger.sources
    assert row.format == name
    assert row.count.events == 3 * len(_records(name))


def test_other_entries_of_cloud_logging_stay_json_lines() -> None:
    entry = {"severity": "NOTICE", "timestamp": "2026-11-20T09:00:00Z", "textPayload": "hello",
             "resource": {"type": "cloud_run_revision"}, "logName": "projects/p/logs/run"}  # fmt: skip
    assert surest((json.dumps(entry) + "\n").encode() * 5) == "jsonl"


def test_diagnostic_logs_of_azures_models_stay_calls() -> None:
    for sample in registry.load("formats", "azure_openai").SAMPLES:
        assert surest(sample.content()) == "azure_openai"


def test_no_key_of_a_record_is_lost(tmp_path: Path) -> None:
    """What no column takes stands in attributes, however deep and whatever its name."""
    record = {
        **_records("aws_cloudtrail")[1],
        "shoe": {"size": [42, {"eu": True}]},
        "status": "odd",
    }
    source = tmp_path / "trail.json"
    source.write_text(json.dumps({"Records": [record]}), encoding="utf-8")
    case = str(tmp_path / "case.duckdb")
    pipeline.ingest([str(source)], case=case)
    engine = pipeline.open_case(case, write=False)
    (event,) = engine.run("SELECT status, attributes FROM events").dicts()
    engine.close()
    assert event["status"] == "error"
    assert event["attributes"]["shoe.size"] == [42, {"eu": True}]
    assert event["attributes"]["status"] == "odd"


def test_the_access_key_is_never_kept(tmp_path: Path) -> None:
    record = _records("aws_cloudtrail")[1]
    key = record["userIdentity"]["accessKeyId"]
    source = tmp_path / "trail.json"
    source.write_text(json.dumps({"Records": [record]}), encoding="utf-8")
    case = str(tmp_path / "case.duckdb")
    pipeline.ingest([str(source)], case=case)
    engine = pipeline.open_case(case, write=False)
    (event,) = engine.run("SELECT * FROM events").dicts()
    engine.close()
    assert key not in json.dumps(event, default=str)

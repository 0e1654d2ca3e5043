"""Every sample of every format, through the real pipeline: the text goes in as a file, events come out.

Nothing is redacted: what a format reads is looked at.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clew import pipeline, registry
from clew.formats import Settings, surest
from clew.model.case import Sample
from clew.model.redaction import Policy


def _samples() -> list[Any]:
    return [
        pytest.param(name, sample, id=f"{name}: {sample.name or number}")
        for name in registry.names("formats")
        for number, sample in enumerate(registry.load("formats", name).SAMPLES)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    return float(value) if value.__class__.__name__ == "Decimal" else value


@pytest.mark.parametrize(("name", "sample"), _samples())
def test_a_sample_gives_its_events(name: str, sample: Sample, tmp_path: Path) -> None:
    source, case = tmp_path / "sample.log", str(tmp_path / "case.duckdb")
    source.write_bytes(sample.content())
    as_it_is = Policy(what="none")
    settings = Settings(**{"year": 2026, "redaction": as_it_is, **sample.options})
    ledger = pipeline.ingest([str(source)], case=case, settings=settings, format=name)
    assert not ledger.problems
    assert ledger.sources[0].count.rejects == sample.rejects
    engine = pipeline.open_case(case, write=False)
    found = engine.run("SELECT * FROM events ORDER BY byte_offset").dicts()
    engine.close()
    assert len(found) == len(sample.expect)
    for event, expected in zip(found, sample.expect, strict=True):
        attributes = event["attributes"] or {}
        shown = {
            key: attributes.get(key.removeprefix("attributes."))
            if key.startswith("attributes.")
            else _plain(event[key])
            for key in expected
        }
        assert shown == expected


@pytest.mark.parametrize(("name", "sample"), _samples())
def test_a_sample_is_recognised(name: str, sample: Sample) -> None:
    if "log_format" not in sample.options and len(sample.expect) > 1:
        assert surest(sample.content()) == name


@pytest.mark.parametrize("name", registry.names("formats"))
def test_an_empty_or_binary_head_is_no_reason_to_be_sure(name: str) -> None:
    module: ModuleType = registry.load("formats", name)
    assert module.sniff(b"") <= 0.1
    assert module.sniff(bytes(range(256)) * 8) <= 0.1

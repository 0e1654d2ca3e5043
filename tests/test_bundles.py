"""Small files that are read together are stored, redacted and counted as if each were read alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from clew import bundles, pipeline
from clew.engines._duckdb_known import Known
from clew.formats import Settings
from clew.model.ledger import SourceRow
from clew.model.redaction import Policy
from clew.sources.files import find

SETTINGS = Settings(redaction=Policy(key="a key of tests, visibly false"))
START_NS = 1_763_629_200_000_000_000
CUT = '{"resourceSpans": ['


def _request(service: str, first: int, spans: int, **attributes: object) -> str:
    """A line of OTLP's JSON; every third span holds an address, and the last a rare attribute."""
    made = []
    for number in range(first, first + spans):
        said: dict[str, object] = {"http.route": f"/v1/{number % 4}", **attributes}
        if number % 3 == 0:
            said["note"] = f"mail ann{number}@example.com"
        if number == first + spans - 1:
            said["gen_ai.request.model"] = "gpt-4o"
        made.append(
            {
                "traceId": f"{number + 1:032x}",
                "spanId": f"{number + 1:016x}",
                "name": f"step {number}",
                "startTimeUnixNano": str(START_NS + number * 1_000_000),
                "endTimeUnixNano": str(START_NS + number * 1_000_000 + 5_000_000),
                "attributes": [{"key": k, "value": _value(v)} for k, v in said.items()],
            }
        )
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": made}]}]})


def _value(value: object) -> dict[str, object]:
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


LOGS = json.dumps(
    {
        "resourceLogs": [
            {"scopeLogs": [{"logRecords": [{"timeUnixNano": str(START_NS), "severityText": "WARN",
                                            "body": {"stringValue": "call 415-555-0132"}}]}]}
        ]
    }
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Telemetry of several shapes; a copy, a longer copy, a cut line, no telemetry and nothing among it."""
    made = tmp_path / "export"
    made.mkdir()
    texts = {
        "01.jsonl": _request("shop", 0, 5) + "\n",
        "02.jsonl": _request("bank", 100, 7, retries=3) + "\n" + LOGS + "\n",
        "03-copy.jsonl": _request("shop", 0, 5) + "\n",
        "04.jsonl": _request("shop", 200, 4, retries="three") + "\n" + CUT + "\n",
        "05-longer.jsonl": _request("shop", 0, 5) + "\n" + _request("shop", 300, 2) + "\n",
        "06-plain.jsonl": '{"time": "2026-11-20T09:00:00Z", "msg": "mail bob@example.com"}\n',
        "07-empty.jsonl": "",
        "08.jsonl": _request("shop", 400, 6) + "\n",
    }
    for name, text in texts.items():
        (made / name).write_text(text)
    return made


def _ingest(case: Path, *paths: Path) -> list[SourceRow]:
    return pipeline.ingest([str(p) for p in paths], case=str(case), settings=SETTINGS).sources


def _told(rows: Iterable[SourceRow]) -> list[dict[str, Any]]:
    return [row.as_json() for row in rows]


def _all(case: Path, sql: str) -> list[tuple[Any, ...]]:
    engine = pipeline.open_case(str(case), write=False)
    try:
        return engine.run(sql).rows
    finally:
        engine.close()


@pytest.mark.parametrize(
    "asked",
    [
        "SELECT * EXCLUDE (attributes), attributes::JSON::VARCHAR FROM events ORDER BY source_id, byte_offset, line",
        "SELECT * EXCLUDE (ingested_at, chain) FROM sources ORDER BY position",
        "FROM rejects ORDER BY ALL",
        "SELECT source_id, block, digest FROM blocks ORDER BY ALL",
        "FROM fields ORDER BY ALL",
    ],
    ids=["events", "sources", "rejects", "blocks", "fields"],
)
def test_together_is_as_alone(folder: Path, tmp_path: Path, asked: str) -> None:
    together, alone = tmp_path / "together.duckdb", tmp_path / "alone.duckdb"
    rows = _ingest(together, folder)
    others = [row for path in sorted(folder.iterdir()) for row in _ingest(alone, path)]
    assert _told(rows) == _told(others)
    assert _all(together, asked) == _all(alone, asked)
    assert pipeline.verify(str(together)).ok


def test_what_was_taken_out_is_counted_by_source(folder: Path, tmp_path: Path) -> None:
    rows = {Path(r.source).name: r for r in _ingest(tmp_path / "case.duckdb", folder)}
    assert rows["01.jsonl"].redacted == {"email": 2}
    assert rows["02.jsonl"].redacted == {"email": 2, "phone": 1}
    assert rows["04.jsonl"].redacted == {"email": 1}
    assert rows["04.jsonl"].count.rejects == 1


def test_telemetry_is_bundled_and_other_files_are_not(folder: Path) -> None:
    files, _ = find([str(folder)], spool=folder)
    found = list(bundles.bundles(files, [], SETTINGS, _otlp_or_jsonl))
    assert [len(one) if isinstance(one, list) else one.path.name for one in found] == [
        2, "03-copy.jsonl", 1, "05-longer.jsonl", "06-plain.jsonl", "07-empty.jsonl", 1,
    ]  # fmt: skip


def test_a_file_that_the_case_holds_is_read_alone(folder: Path) -> None:
    files, _ = find([str(folder / "01.jsonl"), str(folder / "08.jsonl")], spool=folder)
    held = files[0].identify().content_sha256
    known = Known(held[:16], held, held, files[0].path.stat().st_size, 5, "otlp_json", "a", "")
    found = list(bundles.bundles(files, [known], SETTINGS, _otlp_or_jsonl))
    assert [isinstance(one, list) for one in found] == [False, True]


def test_a_bundle_that_fails_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = tmp_path / "case.duckdb"
    _ingest(case, folder / "06-plain.jsonl")

    def fails(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("clew.engines._duckdb_bundle.attribute_keys", fails)
    with pytest.raises(OSError, match="full"):
        _ingest(case, folder / "01.jsonl", folder / "08.jsonl")
    assert _all(case, "SELECT count(*), count(DISTINCT source_id) FROM events") == [(1, 1)]
    assert pipeline.verify(str(case)).ok


def _otlp_or_jsonl(head: bytes) -> str:
    return "otlp_json" if head.startswith(b'{"resource') else "jsonl"

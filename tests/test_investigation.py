"""Detections run together: what they lack is said, and what they share changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clew import pipeline
from clew.engines import _duckdb_shared
from clew.investigation import detect
from clew.model.finding import Investigation

PROXY = '192.0.2.{n} - - [20/Nov/2026:09:00:{n:02} +0000] "POST /v1/score HTTP/1.1" {status} 5 "-" "curl"\n'


def _line(second: int) -> str:
    failed = second % 3 == 0
    row: dict[str, object] = {
        "timestamp": f"2026-11-20T09:00:{second:02}Z", "service": "scoring", "level": "INFO",
        "path": "/v1/score", "status": 500 if failed else 200, "request_id": f"r-{second}",
    }  # fmt: skip
    if failed:
        row |= {"level": "ERROR", "exception_type": "KeyError", "exception_message": "'age'"}
    return json.dumps(row) + "\n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "app.log").write_text("".join(_line(second) for second in range(60)))
    return folder


def _found(folder: Path, case: Path) -> Investigation:
    pipeline.ingest([str(folder)], case=str(case))
    engine = pipeline.open_case(str(case), write=False)
    try:
        return detect(engine)
    finally:
        engine.close()


def test_a_detection_of_proxies_says_that_it_needs_a_proxys_log(logs: Path, tmp_path: Path) -> None:
    alone = _found(logs, tmp_path / "alone.duckdb")
    said = "upstream_failure is not evaluable: needs the access log of a proxy, such as nginx."
    assert said in alone.not_evaluable
    lines = [PROXY.format(n=n, status=500 if n % 3 == 0 else 200) for n in range(60)]
    (logs / "access.log").write_text("".join(lines))
    both = _found(logs, tmp_path / "both.duckdb")
    assert not any(sentence.startswith("upstream_failure") for sentence in both.not_evaluable)


def test_what_follows_from_a_failure_does_not_set_it_apart(tmp_path: Path) -> None:
    """zap's place in the code and loguru's number of the level are of the error, not of its cause."""
    lines = [
        {
            "ts": f"2026-11-20T09:{n // 60:02}:{n % 60:02}Z", "service": "features", "path": "/get",
            "level": "error" if n % 6 == 0 else "info", "status": 500 if n % 6 == 0 else 200,
            "level.no": 40 if n % 6 == 0 else 20, "plan": "free" if n % 6 == 0 else "paid",
            "caller": "store/pg.go:87" if n % 6 == 0 else "api/get.go:12",
            **({"exception_type": "KeyError"} if n % 6 == 0 else {}),
        }
        for n in range(300)
    ]  # fmt: skip
    (tmp_path / "features.log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = _found(tmp_path / "features.log", tmp_path / "case.duckdb")
    said = [why for finding in found.findings for why in finding.why if "came with" in why]
    assert any("plan free" in why for why in said)
    assert not any("pg.go" in why or "level.no" in why for why in said)


def test_the_model_that_answers_slower_stands_first(tmp_path: Path) -> None:
    """Without an error the change was of medium severity, below the slowness that it brought."""
    lines = [
        {
            "time": f"2026-11-20T{9 + n // 600:02}:{n // 10 % 60:02}:{n % 10 * 6:02}Z", "status": 200,
            "service": "scoring", "path": "/predict", "model_version": "m2" if n >= 700 else "m1",
            "latency_ms": (270 if n >= 700 else 150) + n * 7919 % 40,
        }
        for n in range(1400)
    ]  # fmt: skip
    log = tmp_path / "scoring.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    pipeline.ingest([str(log)], case=str(tmp_path / "case.duckdb"))
    engine = pipeline.open_case(str(tmp_path / "case.duckdb"), write=False)
    found = detect(engine, ["deployment_regression", "latency_regression"]).findings
    engine.close()
    assert [(f.kind, f.severity) for f in found] == [
        ("deployment_regression", "high"), ("latency_regression", "high"),
    ]  # fmt: skip
    assert found[0].subject == {"service": "scoring", "model_version": "m2"}


def test_a_guards_score_that_no_line_has_is_said(tmp_path: Path) -> None:
    lines = [{"prompt": "hello", "guard": {"risk": 0.9, "name": "shield"}, "user_id": "ann"}]
    (tmp_path / "chat.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    case = str(tmp_path / "case.duckdb")
    pipeline.ingest([str(tmp_path / "chat.jsonl")], case=case)
    engine = pipeline.open_case(case, write=True)
    found = {
        score: detect(engine, ["prompt_injection"], {"prompt_injection": {"score": score}})
        for score in ("guard.risk", "guard.name", "guard.rsik")
    }
    engine.close()
    wanted = "needs a number from 0 to 1, true or false, or labels with scores as '{}'."
    said = f"prompt_injection is not evaluable: {wanted}"
    assert len(found["guard.risk"].findings) == 1
    for score in ("guard.name", "guard.rsik"):
        assert found[score].not_evaluable == (said.format(score),)


def test_shared_parts_change_no_finding(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = _found(logs, tmp_path / "shared.duckdb")
    assert shared.findings
    monkeypatch.setattr(_duckdb_shared, "MOST_ROWS", -1)
    assert _found(logs, tmp_path / "apart.duckdb") == shared

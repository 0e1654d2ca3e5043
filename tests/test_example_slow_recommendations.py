"""The findings on examples/slow-recommendations, against the truth that was measured beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clew import registry
from clew.cli import main
from clew.model.finding import Finding, Investigation
from clew.model.ledger import Ledger
from clew.pipeline import investigate

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
EXAMPLE = EXAMPLES / "slow-recommendations"
TRUTH: dict[str, Any] = json.loads(
    (EXAMPLES / "slow-recommendations.truth.json").read_text(encoding="utf-8")
)
CAUSE, BEFORE, AFTER = TRUTH["cause"], TRUTH["before"], TRUTH["after"]
OPERATION = {"service": CAUSE["service"], "span_name": CAUSE["span_name"]}
SLOW = {request["trace_id"] for request in BEFORE["household_requests"]}


@pytest.fixture(scope="module")
def slow_case(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("before") / "clew.duckdb")


@pytest.fixture(scope="module")
def slow(slow_case: str) -> tuple[Investigation, Ledger]:
    return investigate([str(EXAMPLE / "before")], case=slow_case)


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Investigation, Ledger]:
    case = tmp_path_factory.mktemp("after") / "clew.duckdb"
    return investigate([str(EXAMPLE / "after")], case=str(case))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A case with the telemetry of both runs."""
    case = str(tmp_path_factory.mktemp("both") / "clew.duckdb")
    investigate([str(EXAMPLE)], case=case, detections=["slow_dependency"])
    return case


def rows_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main([*arguments, "--output", "json"]) == 0, capsys.readouterr().err
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return rows


def _named(investigation: Investigation, kind: str) -> list[Finding]:
    return [finding for finding in investigation.findings if finding.kind == kind]


@pytest.mark.parametrize("phase", ["before", "after"])
def test_the_ledger_balances_over_traces_logs_and_metrics(
    phase: str, request: pytest.FixtureRequest
) -> None:
    _, ledger = request.getfixturevalue({"before": "slow", "after": "mended"}[phase])
    assert not ledger.problems
    counts = {Path(row.source).name: row.count for row in ledger.sources}
    formats = {Path(row.source).name: row.format for row in ledger.sources}
    told = TRUTH[phase]
    assert counts.keys() == {"traces.json.gz", "metrics.json", *told["log_lines"]}
    assert all(count.is_balanced and not count.rejects for count in counts.values())
    assert formats["traces.json.gz"] == formats["metrics.json"] == "otlp_json"
    assert counts["traces.json.gz"].events == told["spans"]
    for name, lines in told["log_lines"].items():
        assert counts[name].events == lines


def test_the_query_of_the_feature_store_is_named(slow: tuple[Investigation, Ledger]) -> None:
    """It alone: the model call, which takes as long in every request, is not blamed."""
    findings = _named(slow[0], "slow_dependency")
    assert [finding.subject for finding in findings] == [OPERATION]
    said = "\n".join((findings[0].title, *findings[0].why))
    assert CAUSE["entry_span_name"] in said


def test_it_explains_the_requests_that_scanned(slow: tuple[Investigation, Ledger]) -> None:
    """All of them; what else stands apart, a retried request among others, it leaves unexplained."""
    (finding,) = _named(slow[0], "slow_dependency")
    assert finding.measures["requests"] == BEFORE["entry_point_requests"]
    assert finding.measures["explained_requests"] == len(SLOW)
    others = (finding.measures["slow_requests"] or 0) - len(SLOW)
    assert 0 <= others <= 0.05 * BEFORE["entry_point_requests"]


def test_its_extra_time_is_that_of_the_statement(slow: tuple[Investigation, Ledger]) -> None:
    """Up to the part of it that passes beside the call for the vector."""
    (finding,) = _named(slow[0], "slow_dependency")
    statement_ms = BEFORE["household_statement_ms"]
    assert 0.8 * statement_ms["min"] <= finding.measures["extra_ms"] <= statement_ms["max"]
    assert finding.measures["extra_share"] > 0.8


def test_it_says_the_statement_and_the_line_that_only_slow_requests_log(
    slow: tuple[Investigation, Ledger],
) -> None:
    (finding,) = _named(slow[0], "slow_dependency")
    said = "\n".join(finding.why)
    assert CAUSE["db_query"] in said
    assert CAUSE["log_message"] in said


def test_the_statement_and_the_scan_in_the_log_are_evidence(
    slow: tuple[Investigation, Ledger], slow_case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Spans of the statement and lines of the store's own log, all from requests that scanned."""
    (finding,) = _named(slow[0], "slow_dependency")
    sources = {Path(evidence.source).name for evidence in finding.evidence}
    assert sources == {"traces.json.gz", "feature-store.log"}
    assert any(CAUSE["log_message"] in evidence.text for evidence in finding.evidence)
    ids = ", ".join(f"'{evidence.event_id}'" for evidence in finding.evidence)
    asked = f"SELECT DISTINCT trace_id, service FROM events WHERE event_id::VARCHAR IN ({ids})"
    proof = rows_of(capsys, "sql", asked, "--case", slow_case)
    assert proof
    assert {row["trace_id"] for row in proof} <= SLOW
    assert {row["service"] for row in proof} == {CAUSE["service"]}


def test_the_fix_leaves_nothing_to_blame(mended: tuple[Investigation, Ledger]) -> None:
    """The detection has all that it reads, and finds nothing."""
    assert "slow_dependency" in registry.names("detections")
    assert not [said for said in mended[0].not_evaluable if said.startswith("slow_dependency")]
    assert not _named(mended[0], "slow_dependency")


@pytest.mark.usefixtures("slow")
def test_lines_are_tied_to_spans_by_their_trace(
    slow_case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each scan that the log says is a trace whose statement took the time that the store took."""
    asked = (
        "SELECT l.trace_id, max(s.duration_ms) AS span_ms, any_value(l.duration_ms) AS log_ms"
        " FROM logs l JOIN spans s USING (trace_id)"
        f" WHERE l.message = '{CAUSE['log_message']}' AND s.service = '{CAUSE['service']}'"
        f" AND s.span_name = '{CAUSE['span_name']}' GROUP BY ALL"
    )
    rows = rows_of(capsys, "sql", asked, "--case", slow_case)
    measured = {r["trace_id"]: r["statement_ms"] for r in BEFORE["household_requests"]}
    assert {row["trace_id"] for row in rows} == SLOW
    for row in rows:
        assert row["log_ms"] == pytest.approx(measured[row["trace_id"]])
        assert 0 < row["span_ms"] <= row["log_ms"] + 0.001


@pytest.mark.usefixtures("slow")
def test_the_model_calls_of_the_traces_are_calls(
    slow_case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that reasons and one that embeds for each request that was served."""
    served = BEFORE["entry_point_requests"] - len(BEFORE["refused_trace_ids"])
    asked = (
        "SELECT operation, model, count(*) AS calls, min(output_tokens) AS least FROM calls"
        " WHERE span_name IS NOT NULL GROUP BY ALL ORDER BY operation"
    )
    chat, embeddings = rows_of(capsys, "sql", asked, "--case", slow_case)
    assert (chat["operation"], chat["model"], chat["calls"]) == ("chat", "reasons-small", served)
    assert (embeddings["operation"], embeddings["calls"]) == ("embeddings", served)
    assert chat["least"] >= 40


@pytest.mark.usefixtures("slow")
def test_the_waterfall_shows_the_statement_and_the_line_in_its_place(
    slow_case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    slowest = max(BEFORE["household_requests"], key=lambda request: request["request_ms"])
    capsys.readouterr()
    assert main(["trace", slowest["trace_id"], "--case", slow_case]) == 0
    drawn = capsys.readouterr().out
    assert CAUSE["span_name"] in drawn
    assert CAUSE["log_message"] in drawn
    for service in ("gateway", "auth", "aggregator", "feature-store", "model-server"):
        assert service in drawn


def test_the_comparison_proves_the_fix(both: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The statement got faster by what the store's stopwatch says, beyond the interval's doubt."""
    rows = rows_of(
        capsys, "show", "compare", "--case", both,
        "--baseline", f"{BEFORE['start']}..{BEFORE['end']}",
        "--since", AFTER["start"], "--until", AFTER["end"],
    )  # fmt: skip
    changes = [abs(row["change"]) for row in rows]
    assert changes == sorted(changes, reverse=True)
    own = next(row for row in rows if row["metric"] == "critical_ms")
    assert {name: own[name] for name in OPERATION} == OPERATION, "others only wait for it"
    assert own["change_high"] < 0
    p99 = {
        (row["service"], row["span_name"]): row for row in rows if row["metric"].startswith("p99")
    }
    statement = p99[OPERATION["service"], OPERATION["span_name"]]
    slowest, least = BEFORE["household_statement_ms"], AFTER["household_statement_ms"]
    assert slowest["min"] - 1 <= statement["before"] <= slowest["max"]
    assert 0 < statement["after"] <= least["max"]
    assert statement["change_low"] <= statement["change"] <= statement["change_high"] < 0
    entry = p99[CAUSE["entry_service"], CAUSE["entry_span_name"]]
    assert entry["change_high"] < 0
    assert entry["change"] < -0.5 * TRUTH["improvement_ms"]["household_request_ms"]


def test_the_slowest_requests_are_those_that_scanned(
    both: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = rows_of(capsys, "show", "slow_requests", "--case", both)
    named = [row for row in rows if row["entry_span_name"] == CAUSE["entry_span_name"]]
    assert named
    assert {row["trace_id"] for row in named} <= SLOW

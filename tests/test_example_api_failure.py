"""The findings on examples/api-failure, against the truth that its generator wrote beside it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from clew.model.finding import Finding, Investigation
from clew.pipeline import investigate

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
EXAMPLE = EXAMPLES / "api-failure"
TRUTH: dict[str, Any] = json.loads(
    (EXAMPLES / "api-failure.truth.json").read_text(encoding="utf-8")
)
MISSING_FIELD, MODEL_FILE, DEPLOYMENT = TRUTH["causes"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Investigation:
    case = tmp_path_factory.mktemp("case") / "clew.duckdb"
    paths = [str(EXAMPLE / "app.log"), str(EXAMPLE / "access.log")]
    investigation, _ = investigate(paths, case=str(case))
    return investigation


def _one(found: Investigation, kind: str, **subject: str) -> Finding:
    fitting = [
        finding
        for finding in found.findings
        if finding.kind == kind and subject.items() <= finding.subject.items()
    ]
    assert len(fitting) == 1, [(f.kind, f.subject) for f in found.findings]
    return fitting[0]


def _sources(finding: Finding) -> set[str]:
    return {Path(evidence.source).name for evidence in finding.evidence}


def test_the_generator_writes_the_committed_bytes(tmp_path: Path) -> None:
    runpy.run_path(str(EXAMPLES / "make_api_failure.py"))["main"](tmp_path)
    for name in ("api-failure/app.log", "api-failure/access.log", "api-failure.truth.json"):
        assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes(), name


@pytest.mark.parametrize("cause", [MISSING_FIELD, MODEL_FILE], ids=["missing field", "model file"])
def test_each_exception_is_counted_as_it_was_put_in(
    found: Investigation, cause: dict[str, Any]
) -> None:
    finding = _one(
        found,
        "recurring_exception",
        exception_type=cause["exception_type"],
        url_path=cause["url_path"],
    )
    assert finding.measures["affected_requests"] == cause["affected_requests"]
    assert finding.measures["events"] == cause["events"]
    assert _sources(finding) == {"app.log", "access.log"}


def test_the_missing_field_and_its_caller_are_named(found: Investigation) -> None:
    finding = _one(found, "recurring_exception", exception_type="KeyError")
    affected = MISSING_FIELD["affected_requests"]
    why = "\n".join(finding.why)
    assert f"lacks '{MISSING_FIELD['missing_field']}' in {affected} of {affected} failing" in why
    assert f"user_id {MISSING_FIELD['caller']}" in why


def test_the_first_lines_are_evidence(found: Investigation) -> None:
    for cause, name in ((MISSING_FIELD, "missing_field"), (MODEL_FILE, "model_file")):
        finding = _one(found, "recurring_exception", exception_type=cause["exception_type"])
        lines = {(Path(e.source).name, e.line) for e in finding.evidence}
        for file, facts in TRUTH["files"].items():
            assert (file, facts["first_line"][name]) in lines


def test_the_errors_are_laid_to_the_version_that_brought_them(found: Investigation) -> None:
    finding = _one(found, "deployment_regression", service_version=DEPLOYMENT["service_version"])
    assert finding.measures["errors_before"] == DEPLOYMENT["errors_before"]
    assert finding.measures["errors_after"] == DEPLOYMENT["errors_after"]
    assert finding.measures["requests_after"] == DEPLOYMENT["requests_after"]
    low, high = finding.measures["change_low"], finding.measures["change_high"]
    share = DEPLOYMENT["errors_after"] / DEPLOYMENT["requests_after"]
    assert low is not None and high is not None and low < share < high


def test_the_background_is_no_finding(found: Investigation) -> None:
    assert {finding.kind for finding in found.findings} == {
        "recurring_exception",
        "deployment_regression",
        "error_burst",
    }

"""Every case of every analysis and detection, on every engine.

A gap is data on the case: `gaps={"clickhouse": "notyet: why"}`. It is strict: a gap that has closed
fails here until it is taken off the case.
"""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import pytest
from tests.engines import Bench, plain

from clew import registry
from clew.errors import ClewError
from clew.model.case import Case
from clew.model.finding import Description
from clew.model.views import events

GAP = re.compile(r"(notimpl|notyet|never): \S.*")


def _cases(family: str) -> list[Any]:
    return [
        pytest.param(registry.load(family, name), case, id=f"{name}: {case.name}")
        for name in registry.names(family)
        for case in registry.load(family, name).CASES
    ]


@pytest.mark.parametrize(("module", "case"), _cases("analyses"))
def test_an_analysis_answers_its_cases(module: ModuleType, case: Case, bench: Bench) -> None:
    question = getattr(module, module.__name__.rpartition(".")[2])
    bench.fill(case.rows)

    def prove() -> None:
        _same(bench.engine.run(question(events, **case.options)).dicts(), case.expect)

    _prove(prove, case, bench)


@pytest.mark.parametrize(("module", "case"), _cases("detections"))
def test_a_detection_finds_what_its_cases_say(module: ModuleType, case: Case, bench: Bench) -> None:
    """Each row found is proven by events of the case, and described in words."""
    bench.fill(case.rows)

    def prove() -> None:
        rows = bench.engine.run(module.detect(events, **case.options)).dicts()
        _same(rows, case.expect)
        for row in rows:
            _is_proven(module, row, bench)

    _prove(prove, case, bench)


def _prove(prove: Any, case: Case, bench: Bench) -> None:
    gap = case.gaps.get(bench.name)
    if gap is None:
        prove()
        return
    assert GAP.fullmatch(gap), (
        f"a gap is 'notimpl: why', 'notyet: why' or 'never: why', not {gap!r}"
    )
    with pytest.raises((AssertionError, ClewError)):
        prove()
    pytest.xfail(gap)


def _is_proven(module: ModuleType, row: dict[str, Any], bench: Bench) -> None:
    proof = bench.engine.run(module.evidence(events, row)).dicts()
    assert proof, f"no evidence for {row}"
    assert len(proof) <= 20
    ids = [line["event_id"] for line in proof]
    assert None not in ids
    assert len(set(ids)) == len(ids), "an event proves a finding once"
    further = module.details(events, row) if hasattr(module, "details") else {}
    details = {name: bench.engine.run(table).dicts() for name, table in further.items()}
    described = module.describe(row, details)
    assert isinstance(described, Description)
    assert described.title and described.why
    assert 0.0 <= described.confidence <= 1.0


def _same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """The expected rows came, in order; columns that are not named are not compared."""
    named = [
        {name: plain(row[name]) if name in row else "no such column" for name in wanted}
        for row, wanted in zip(found, expected, strict=False)
    ]
    wanted = [{name: plain(value) for name, value in row.items()} for row in expected]
    assert named == wanted
    assert len(found) == len(expected), f"also found {found[len(expected) :]}"

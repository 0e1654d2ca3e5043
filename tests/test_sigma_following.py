"""Rules over a case that grows: steps find what one run over everything finds, and no event twice."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engines import Bench
from tests.test_sigma_correlations import BEGIN, A, B, correlation, event, set_of

from clew.model.finding import Finding
from clew.sigma.following import Following
from clew.sigma.reading import RuleSet
from clew.sigma.running import run

SPAN_S = 10


def rules_of() -> RuleSet:
    many = correlation("event_count", ["a"], f"{SPAN_S}s", condition={"gte": 2}, generate=True)
    order = correlation("temporal_ordered", ["a", "b"], f"{SPAN_S}s", generate=True)
    many["title"], many["name"], order["name"] = "many", "many", "order"
    return set_of(A, B, many, order)


def facts(found: list[Finding]) -> set[tuple[Any, ...]]:
    return {(one.id, one.title.split(":")[0], str(one.subject), one.start) for one in found}


def told(found: list[Finding], title: str) -> list[Finding]:
    return [one for one in found if one.title.startswith(title)]


ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 3, 8, 15]),
        st.sampled_from("ab"),
        st.sampled_from(["u", "v"]),
        st.sampled_from([0, 0, 0, 1, 2]),
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(ARRIVALS)
def test_steps_find_what_one_run_finds(duckdb: Bench, drawn: list[tuple[Any, ...]]) -> None:
    """Events come in steps, some of them up to two steps late; the state goes through JSON."""
    rules = rules_of()
    rows, second, steps = [], 0, {}
    for place, (gap, name, user, late) in enumerate(drawn):
        second += gap
        row = {
            **event(second, name, user),
            "event_id": f"e{place}",
            "line": place + 1,
            "byte_offset": place,
        }
        rows.append(row)
        steps.setdefault(place // 3 + late, []).append(row)
    found: list[Finding] = []
    come: list[dict[str, Any]] = []
    state = None
    for step in range(max(steps) + 1):
        come += steps.get(step, [])
        duckdb.fill(sorted(come, key=lambda row: row["line"]))
        newest = max((row["timestamp"] for row in come), default=BEGIN)
        following = Following(rules, lateness_s=300, state=state)
        found += following.step(duckdb.engine, newest + timedelta(microseconds=1)).findings
        state = json.loads(json.dumps(following.state))
    duckdb.fill(rows)
    whole = list(run(duckdb.engine, rules).findings)
    for title in ("a", "b"):
        events = {each.event_id for one in told(found, f"{title}:") for each in one.evidence}
        assert events == {row["event_id"] for row in rows if row["event_name"] == title}
        last = {one.id: one.measures["events"] for one in told(found, f"{title}:")}
        assert sum(last.values()) == len(events), "no event is counted twice"
    if all(late == 0 for *_, late in drawn):
        assert facts(told(found, "many")) == facts(told(whole, "many"))
        assert facts(told(found, "temporal_ordered")) == facts(told(whole, "temporal_ordered"))


def test_a_step_reads_no_further_back_than_a_rule_reaches(duckdb: Bench, tmp_path: Path) -> None:
    rules = rules_of()
    following = Following(rules, lateness_s=5)
    duckdb.fill([event(0, "a"), event(1, "a")])
    first = following.step(duckdb.engine, BEGIN + timedelta(seconds=100)).findings
    assert len(told(list(first), "many")) == 1
    asked: list[str] = []
    engine = duckdb.engine
    compiled = engine.compile  # type: ignore[attr-defined]

    def spy(question: Any) -> str:
        asked.append(compiled(question))
        return asked[-1]

    engine.compile = spy  # type: ignore[attr-defined]
    try:
        again = following.step(engine, BEGIN + timedelta(seconds=200)).findings
    finally:
        engine.compile = compiled  # type: ignore[attr-defined]
    assert not again
    begins = set(re.findall(r"MAKE_TIMESTAMP\(2026, 1, 2, (3, \d+, \d+)", "\n".join(asked)))
    assert min(begins) == "3, 1, 25", "100 s, less 5 s for what is late, less a window's 10 s"

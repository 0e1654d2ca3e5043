"""What several events must be together: every type of correlation against a reference in plain Python,
and what docs/sigma.md says of ties, overlap, null keys, chains and evidence."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import sigma_reference as reference
from tests.engines import Bench

from clew.model.views import events
from clew.sigma.correlations import Correlations
from clew.sigma.documents import Document
from clew.sigma.linking import link
from clew.sigma.parsing import parsed
from clew.sigma.reading import Correlation, Problem, Rule, RuleSet
from clew.sigma.windows import keys_of

BEGIN = datetime(2026, 1, 2, 3, 0)
SECOND = 1_000_000
Row = dict[str, Any]


def rule(name: str, **selection: Any) -> dict[str, Any]:
    detection = {"s": selection, "condition": "s"}
    return {"title": name, "name": name, "logsource": {"category": "x"}, "detection": detection}


A, B, C = (rule(letter, event_name=letter) for letter in "abc")
ANY = rule("any", **{"event_name|exists": True})


def correlation(kind: str, rules: list[str], span: str = "10s", **more: Any) -> dict[str, Any]:
    said = {"type": kind, "rules": rules, "timespan": span, "group-by": ["user_id"], **more}
    said = {name.replace("_", "-") if name == "group_by" else name: v for name, v in said.items()}
    return {"title": more.pop("title", kind), "name": "corr", "correlation": said}


def set_of(*documents: dict[str, Any]) -> RuleSet:
    found, sources = RuleSet(), {}
    for number, data in enumerate(documents, 1):
        key = f"t.yml#{number}"
        sources[key] = Document(number, yaml.safe_dump(data), data)
        item = parsed(sources[key], "t.yml", key, {})
        if isinstance(item, Problem):
            found.problems.append(item)
        elif isinstance(item, Rule):
            found.rules[key] = item
        elif isinstance(item, Correlation):
            found.correlations[key] = item
    link(found, sources)
    return found


def event(second: float, name: str = "a", user: str | None = "u", **more: Any) -> Row:
    return {
        "timestamp": BEGIN + timedelta(seconds=second),
        "event_name": name,
        "user_id": user,
        **more,
    }


def alerts_of(
    bench: Bench, rules: RuleSet, rows: list[Row], number: int = 0
) -> list[tuple[Any, ...]]:
    """Group, first and last second of each alert, in order."""
    assert not rules.problems, rules.problems
    bench.fill(rows)
    item = list(rules.correlations.values())[number]
    made = Correlations(events, rules, None)
    found = made.alerts(item)
    rows_found = bench.engine.run(found.order_by("first_at", *keys_of(found))).dicts()
    if made.crowding(item) is not None:  # it is the same where no first look is taken
        dense = made.alerts(item, is_dense=True).order_by("first_at", *keys_of(found))
        assert bench.engine.run(dense).dicts() == rows_found
    begin = int((BEGIN - datetime(1970, 1, 1)).total_seconds())
    return [
        (
            *(row[key] for key in keys_of(found)),
            row["first_at"] / SECOND - begin,
            row["last_at"] / SECOND - begin,
        )
        for row in rows_found
    ]


def test_events_of_one_moment_all_fire_where_they_reach_a_count_together(bench: Bench) -> None:
    """The first of two counts both, so that what stands between their lines follows it."""
    inner = correlation("event_count", ["a"], condition={"gte": 2})
    outer = correlation("temporal_ordered", ["corr", "b"])
    rules = set_of(A, B, inner, {**outer, "name": "outer"})
    assert alerts_of(bench, rules, [event(0), event(0, "b"), event(0)], 1) == [("u", 0, 0)]
    assert alerts_of(bench, rules, [event(0, "b"), event(0), event(0)], 1) == []


def test_a_count_is_reached_within_the_timespan_both_ends_included(bench: Bench) -> None:
    rules = set_of(A, correlation("event_count", ["a"], condition={"gte": 3}))
    assert alerts_of(bench, rules, [event(0), event(5), event(10)]) == [("u", 10, 10)]
    assert alerts_of(bench, rules, [event(0), event(5), event(10.001)]) == []


def test_windows_that_overlap_are_one_alert_and_others_are_not(bench: Bench) -> None:
    rules = set_of(A, correlation("event_count", ["a"], condition={"gte": 2}))
    rows = [event(second) for second in (0, 1, 11, 12, 40, 41)]
    assert alerts_of(bench, rules, rows) == [("u", 1, 12), ("u", 41, 41)]


def test_a_sample_tells_whether_most_times_are_crowded(bench: Bench) -> None:
    """Over an hour and a half of windows of ten seconds, all with three values, or with one."""
    condition = {"field": "service", "gte": 2}
    rules = set_of(A, correlation("value_count", ["a"], condition=condition))
    (item,) = rules.correlations.values()
    for step, is_crowded in ((3, True), (30, False)):
        bench.fill([event(second, service=f"s{second}") for second in range(0, 5_400, step)])
        asked = Correlations(events, rules, None).crowding(item)
        assert asked is not None
        ((found, near),) = bench.engine.run(asked).rows
        assert found > 0
        assert (near * 2 > found) == is_crowded


def test_a_range_has_two_bounds(bench: Bench) -> None:
    rules = set_of(A, correlation("event_count", ["a"], condition={"gt": 1, "lte": 2}))
    rows = [event(0), event(1), event(2), event(30)]
    assert alerts_of(bench, rules, rows) == [("u", 1, 1)]


def test_events_without_a_key_are_left_out_and_counted(bench: Bench) -> None:
    rules = set_of(A, correlation("event_count", ["a"], condition={"gte": 2}))
    rows = [event(0, user=None), event(1, user=None), event(2)]
    assert alerts_of(bench, rules, rows) == []
    item = next(iter(rules.correlations.values()))
    count = bench.engine.run(Correlations(events, rules, None).without_key(item))
    assert count.rows == [(2,)]


def test_a_group_is_the_values_of_all_its_fields(bench: Bench) -> None:
    rules = set_of(
        A, correlation("event_count", ["a"], condition={"gte": 2}, group_by=["user_id", "service"])
    )
    rows = [event(0, service="x"), event(1, service="y"), event(2, service="y")]
    assert alerts_of(bench, rules, rows) == [("u", "y", 2, 2)]


def test_without_group_by_all_events_are_one_group(bench: Bench) -> None:
    rules = set_of(A, correlation("event_count", ["a"], condition={"gte": 2}, group_by=[]))
    assert alerts_of(bench, rules, [event(0, user="x"), event(1, user="y")]) == [("", 1, 1)]


def test_order_within_one_moment_is_the_order_of_lines(bench: Bench) -> None:
    rules = set_of(A, B, correlation("temporal_ordered", ["a", "b"]))
    assert alerts_of(bench, rules, [event(0, "a"), event(0, "b")]) == [("u", 0, 0)]
    assert alerts_of(bench, rules, [event(0, "b"), event(0, "a")]) == []


def test_one_event_is_not_two_steps_of_an_order(bench: Bench) -> None:
    rules = set_of(A, ANY, correlation("temporal_ordered", ["a", "any"]))
    assert alerts_of(bench, rules, [event(0, "a")]) == []
    assert alerts_of(bench, rules, [event(0, "a"), event(1, "a")]) == [("u", 1, 1)]


def test_an_event_of_two_rules_counts_once(bench: Bench) -> None:
    rules = set_of(A, ANY, correlation("event_count", ["a", "any"], condition={"gte": 2}))
    assert alerts_of(bench, rules, [event(0, "a")]) == []


def test_aliases_name_one_thing_in_two_fields(bench: Bench) -> None:
    rules = set_of(
        A,
        B,
        correlation(
            "temporal",
            ["a", "b"],
            group_by=["person"],
            aliases={"person": {"a": "user_id", "b": "service"}},
        ),
    )
    rows = [event(0, "a", "eve"), event(1, "b", None, service="eve"), event(2, "b", "eve")]
    assert alerts_of(bench, rules, rows) == [("eve", 1, 1)]


def test_a_correlation_on_a_correlation_takes_every_moment_it_fires(bench: Bench) -> None:
    """Failures go on for longer than the outer timespan; the success still follows the last of them."""
    many = correlation("event_count", ["a"], condition={"gte": 3})
    many["name"] = "many"
    rules = set_of(A, B, many, correlation("temporal_ordered", ["many", "b"]))
    rows = [event(second, "a") for second in range(0, 40, 2)] + [event(45, "b")]
    assert alerts_of(bench, rules, rows, 1) == [("u", 45, 45)]
    assert alerts_of(bench, rules, [event(0, "a"), event(1, "b")], 1) == []


def test_counting_a_correlation_counts_its_alerts(bench: Bench) -> None:
    many = correlation("event_count", ["a"], span="2s", condition={"gte": 2})
    many["name"] = "many"
    rules = set_of(A, many, correlation("event_count", ["many"], span="1m", condition={"gte": 2}))
    one_run = [event(second) for second in (0, 1, 2, 3)]
    assert alerts_of(bench, rules, one_run, 1) == []
    assert alerts_of(bench, rules, [*one_run, event(20), event(21)], 1) == [("u", 21, 21)]


def test_an_outer_correlation_has_its_own_group(bench: Bench) -> None:
    """The event that completes the inner window lends the fields that the inner group does not have."""
    many = correlation("event_count", ["a"], condition={"gte": 2}, group_by=["host"])
    many["name"] = "many"
    rules = set_of(A, B, many, correlation("temporal_ordered", ["many", "b"]))
    rows = [event(0, host="h"), event(1, host="h"), event(2, "b")]
    assert alerts_of(bench, rules, rows, 1) == [("u", 2, 2)]


def test_what_is_not_there_must_not_come_soon_after_either(bench: Bench) -> None:
    rules = set_of(A, B, correlation("temporal", ["a", "b"], condition="a and not b"))
    assert alerts_of(bench, rules, [event(0, "a")]) == [("u", 0, 0)]
    assert alerts_of(bench, rules, [event(0, "a"), event(9, "b")]) == []
    assert alerts_of(bench, rules, [event(0, "b"), event(9, "a")]) == []
    assert alerts_of(bench, rules, [event(0, "a"), event(11, "b")]) == [("u", 0, 0)]


SECONDS = st.sampled_from([0, 1, 2, 3, 5, 8, 10, 11, 13, 20, 21, 30])
EVENT_LISTS = st.lists(
    st.tuples(SECONDS, st.sampled_from("abc"), st.sampled_from(["u", "v", None]),
              st.sampled_from([None, 1, 2, 3, 10])),
    min_size=1, max_size=14,
)  # fmt: skip
COUNTS = st.sampled_from(
    [{"gte": 1}, {"gte": 2}, {"gt": 2}, {"gte": 3}, {"lt": 2}, {"lte": 2}, {"eq": 2}, {"neq": 1},
     {"gt": 1, "lt": 4}, {"gte": 2.5}]
)  # fmt: skip
SUMS = st.sampled_from([{"gte": 3}, {"gt": 10}, {"lt": 4}, {"gte": 2, "lte": 5}, {"eq": 3}])
VALUED = st.tuples(
    st.sampled_from(["value_sum", "value_avg", "value_median", "value_percentile"]), SUMS
).map(lambda it: (it[0], {"field": "input_tokens", "percentile": 90, **it[1]}))
ONE_RULE = (
    st.tuples(st.just("event_count"), COUNTS)
    | VALUED
    | st.tuples(st.just("value_count"), COUNTS.map(lambda c: {"field": "input_tokens", **c}))
)
SEVERAL = st.tuples(
    st.just("temporal"),
    st.sampled_from([None, {"gte": 2}, {"eq": 1}, "a and b", "a and not b", "a and b and not c",
                     "a and b or c and not a"]),
) | st.tuples(st.just("temporal_ordered"), st.sampled_from([None, {"gte": 2}]))  # fmt: skip
QUESTIONS = st.tuples(ONE_RULE, st.sampled_from([["any"], ["a"], ["a", "b"]])) | st.tuples(
    SEVERAL, st.sampled_from([["a", "b", "c"], ["a", "b"], ["b", "a", "c"]])
)


def _asked(kind: str, condition: Any, rules: list[str]) -> tuple[dict[str, Any], list[str]]:
    if kind not in ("value_percentile",) and isinstance(condition, dict):
        condition = {name: value for name, value in condition.items() if name != "percentile"}
    if isinstance(condition, str):
        import re

        rules = [n for n in ("a", "b", "c") if n in re.findall(r"\w+", condition)]
    more = {} if condition is None else {"condition": condition}
    return correlation(kind, rules, **more), rules


def _agrees(bench: Bench, asked: Any, drawn: list[tuple[Any, ...]]) -> None:
    (kind, condition), rules = asked
    said, rules = _asked(kind, condition, rules)
    rows = [event(second, name, user, input_tokens=value) for second, name, user, value in drawn]
    told = [
        {
            "at": second * SECOND,
            "place": (second, number),
            "rules": {name, "any"},
            "user_id": user,
            "input_tokens": value,
        }
        for number, (second, name, user, value) in enumerate(drawn)
    ]
    told.sort(key=lambda one: one["place"])
    span = 10 * SECOND
    moments = reference.fires({**said["correlation"], "rules": rules, "span_us": span}, told)
    expected = sorted(
        (first / SECOND, key[0], last / SECOND)
        for key, each in moments.items()
        for first, last in reference.alerts(each, span)
    )
    found = alerts_of(bench, set_of(A, B, C, ANY, said), rows)
    assert sorted((first, key, last) for key, first, last in found) == expected


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(QUESTIONS, EVENT_LISTS)
def test_random_logs_fire_as_the_reference_says(
    duckdb: Bench, asked: Any, drawn: list[tuple[Any, ...]]
) -> None:
    _agrees(duckdb, asked, drawn)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(QUESTIONS, EVENT_LISTS)
def test_random_logs_fire_on_clickhouse_too(
    clickhouse: Bench, asked: Any, drawn: list[tuple[Any, ...]]
) -> None:
    _agrees(clickhouse, asked, drawn)


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ((A, correlation("event_count", ["nobody"], condition={"gte": 1})), "names the rule 'nobody'"),
        ((A, correlation("event_count", ["corr"], condition={"gte": 1})), "in a circle: corr -> corr"),
        ((A, {**A, "title": "again"}), "its name 'a' is also that of"),
        ((A, correlation("value_sum", ["a"], condition={"gte": 1})), "without field reference"),
        ((A, correlation("value_percentile", ["a"], condition={"gte": 1, "field": "x"})), "percentile"),
        ((A, correlation("event_count", ["a"], condition={"gte": "many"})), "must be a number"),
        ((A, correlation("event_count", ["a"], span="1 fortnight", condition={"gte": 1})), "imespan"),
    ],
)  # fmt: skip
def test_a_correlation_that_cannot_run_is_told_of(
    documents: tuple[dict[str, Any], ...], reason: str
) -> None:
    (problem,) = set_of(*documents).problems
    assert reason in problem.reason


def test_a_circle_over_files_refuses_all_of_it(tmp_path: Path) -> None:
    from clew.sigma.reading import read

    for own, other in (("x", "y"), ("y", "z"), ("z", "x")):
        said = correlation("event_count", [other], condition={"gte": 2})
        (tmp_path / f"{own}.yml").write_text(yaml.safe_dump({**said, "name": own}))
    found = read(str(tmp_path))
    assert len(found.problems) == 3
    assert "x -> y -> z -> x" in found.problems[0].reason
    assert not found.correlations


def test_what_stands_on_a_circle_is_told_of_its_rule(tmp_path: Path) -> None:
    """Not of levels of correlations that it does not have."""
    from clew.sigma.reading import read

    for own, other in (("x", "y"), ("y", "x"), ("above", "x")):
        said = correlation("event_count", [other], condition={"gte": 2})
        (tmp_path / f"{own}.yml").write_text(yaml.safe_dump({**said, "name": own}))
    reasons = {problem.file: problem.reason for problem in read(str(tmp_path)).problems}
    assert reasons["above.yml"] == "it names the rule 'x', which cannot run itself."
    assert "x -> y -> x" in reasons["x.yml"]

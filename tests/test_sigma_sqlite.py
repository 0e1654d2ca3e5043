"""pySigma's SQLite backend as a second opinion: rules and correlations over random logs, where it and
docs/sigma.md mean the same. Times differ here, for it takes no order within a moment."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engines import Bench
from tests.test_sigma_conditions import matches_of, rule_of
from tests.test_sigma_correlations import (
    ANY,
    BEGIN,
    SECOND,
    A,
    B,
    C,
    correlation,
    event,
    set_of,
)

from clew.model.views import events
from clew.sigma.correlations import Correlations

sqlite = pytest.importorskip("sigma.backends.sqlite")

COLUMNS = ("timestamp", "event_name", "user_id", "input_tokens")
SPACED = st.lists(
    st.tuples(st.sampled_from([1, 1, 2, 4, 9, 12]), st.sampled_from("abc"),
              st.sampled_from(["u", "v", None]), st.sampled_from([None, 1, 2, 3, 10])),
    min_size=1, max_size=14,
)  # fmt: skip
QUESTIONS = st.one_of(
    st.tuples(st.just("event_count"), st.sampled_from([{"gte": 2}, {"gt": 2}, {"lt": 2}, {"eq": 2}]),
              st.sampled_from([["any"], ["a", "b"]])),
    st.tuples(st.just("value_count"), st.sampled_from([{"gte": 2}, {"eq": 1}]),
              st.just(["any"])),
    st.tuples(st.just("value_sum"), st.sampled_from([{"gte": 4}, {"gt": 10}]), st.just(["any"])),
    st.tuples(st.just("value_avg"), st.sampled_from([{"gte": 3}, {"lt": 2}]), st.just(["any"])),
    st.tuples(st.just("value_median"), st.sampled_from([{"gte": 3}]), st.just(["any"])),
    st.tuples(st.just("temporal"), st.none(), st.sampled_from([["a", "b"], ["a", "b", "c"]])),
    st.tuples(st.just("temporal_ordered"), st.none(), st.sampled_from([["a", "b"], ["b", "a"]])),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(QUESTIONS, SPACED)
def test_correlations_fire_when_sqlite_says(
    duckdb: Bench, asked: tuple[str, Any, list[str]], drawn: list[tuple[Any, ...]]
) -> None:
    kind, condition, rules = asked
    more = {"condition": dict(condition)} if condition else {}
    if kind.startswith("value"):
        more["condition"]["field"] = "input_tokens"
    said = correlation(kind, rules, **more)
    rows, second = [], 0
    for gap, name, user, value in drawn:
        second += gap
        rows.append(event(second, name, user, input_tokens=value))
    needed = {"a": A, "b": B, "c": C, "any": ANY}
    documents = [*(needed[name] for name in rules), said]
    theirs = _asked_of_sqlite(documents, rows)
    ours = _moments(duckdb, documents, rows)
    if kind.startswith("value"):  # theirs asks at events without the value as well
        stated = {_second(row) for row in rows if row["input_tokens"] is not None}
        theirs = {found for found in theirs if found[1] in stated}
    if kind == "temporal_ordered":  # theirs goes on firing at other events of the window
        last = {(row["user_id"], _second(row)) for row in rows if row["event_name"] == rules[-1]}
        theirs &= last
        ours &= last
    assert ours == theirs


def _second(row: dict[str, Any]) -> int:
    return int((row["timestamp"] - BEGIN).total_seconds())


def _moments(bench: Bench, documents: Sequence[dict[str, Any]], rows: list[Any]) -> set[Any]:
    rules = set_of(*documents)
    bench.fill(rows)
    (item,) = rules.correlations.values()
    found = Correlations(events, rules, None).fires(item, ())
    begin = _epoch()
    answer = bench.engine.run(found.select("k0", "at").distinct()).rows
    return {(key, moment // SECOND - begin) for key, moment in answer}


def _epoch() -> int:
    from datetime import datetime

    return int((BEGIN - datetime(1970, 1, 1)) / timedelta(seconds=1))


def _asked_of_sqlite(documents: Sequence[dict[str, Any]], rows: list[Any]) -> set[Any]:
    from sigma.collection import SigmaCollection

    backend = sqlite.sqliteBackend(timestamp_format="unix")
    (query,) = backend.convert(SigmaCollection.from_dicts(deepcopy(list(documents))))
    with sqlite3.connect(":memory:") as case:
        case.execute(f"CREATE TABLE logs ({', '.join(COLUMNS)})")
        case.executemany(
            f"INSERT INTO logs VALUES ({', '.join('?' * len(COLUMNS))})",
            [
                [_second(row), row["event_name"], row["user_id"], row["input_tokens"]]
                for row in rows
            ],
        )
        cursor = case.execute(query)
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor]
    return {
        (json.loads(row["group_keys"]).get("user_id"), int(row["occurrence_time"])) for row in found
    }


TEXTS = st.text(alphabet="aA/-.%_ ", max_size=5)
WANTED = st.text(alphabet="aA/-.%_*? ", min_size=1, max_size=4)
ITEMS = st.tuples(
    st.sampled_from(["user_id", "message"]),
    st.sampled_from(["", "|contains", "|startswith", "|endswith", "|contains|all"]),
    st.lists(WANTED, min_size=1, max_size=3),
).map(lambda it: (it[0] + it[1], it[2]))
SEARCHES = st.lists(ITEMS, min_size=1, max_size=2).map(dict)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    SEARCHES,
    SEARCHES,
    st.sampled_from(["a", "a and not b", "a or b", "all of them", "not 1 of b*"]),
    st.lists(st.fixed_dictionaries({"user_id": TEXTS, "message": TEXTS}), min_size=1, max_size=6),
)
def test_rules_match_what_sqlite_finds(
    duckdb: Bench, a: dict[str, Any], b: dict[str, Any], condition: str, rows: list[dict[str, Any]]
) -> None:
    from sigma.collection import SigmaCollection

    detection = {"a": a, "b": b, "condition": condition}
    document = {"title": "t", "logsource": {"category": "x"}, "detection": detection}
    (query,) = sqlite.sqliteBackend().convert(SigmaCollection.from_dicts([deepcopy(document)]))
    with sqlite3.connect(":memory:") as case:
        case.execute("CREATE TABLE logs (number, user_id, message)")
        case.executemany(
            "INSERT INTO logs VALUES (?, ?, ?)",
            [[n, row["user_id"], row["message"]] for n, row in enumerate(rows)],
        )
        found = sorted(row[0] for row in case.execute(query))
    assert matches_of(duckdb, rule_of(detection), list(rows)) == found

"""Thousands of rules: what is left out before rules are tried changes no finding and no note."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import pytest
from tests.engines import Bench

from clew.model.views import events
from clew.sigma import narrowing
from clew.sigma.conditions import Condition
from clew.sigma.known import known_of
from clew.sigma.reading import RuleSet, read
from clew.sigma.running import run
from clew.sigma.scan import MOST_RULES

BEGIN = datetime(2026, 1, 2, 3, 0)
RULE = """
title: {title}
logsource: {{category: webserver}}
detection:
  s: {search}
  f: {{sc-status: 404}}
  condition: s and not f
"""
SEARCHES = [
    "{cs-uri-query|contains: [text%d, /Etc/Passwd%d]}",
    "{c-useragent|startswith: tool%d, cs-method: POST}",
    "{cs-uri-query|startswith: 'q=begin%d'}",
    "{cs-uri-query|endswith: '=end%d'}",
    "{sc-status: 5%02d}",
    "{c-uri|re: 'pattern%d(?:x|y)'}",
    "{team: red%d}",
    "{colour: blue%d}",
    "{cs-uri-query|contains: 'text%d', colour: blue%d}",
]


def _rules(folder: Path, count: int) -> RuleSet:
    for number in range(count):
        search = SEARCHES[number % len(SEARCHES)]
        text = search.replace("%02d", f"{number % 100:02}").replace("%d", str(number))
        (folder / f"rule_{number:03}.yml").write_text(
            RULE.format(title=f"rule {number}", search=text)
        )
    rules = read(str(folder))
    assert not rules.problems
    return rules


def _rows() -> list[dict[str, Any]]:
    urls = [
        "/a?x=text0",
        "/ETC/passwd9?y",
        "/b?q=begin2",
        "/c?z=end3",
        "/pattern5y",
        "/text18",
        "/none",
    ]
    rows: list[dict[str, Any]] = [
        {"url_path": path, "url_query": query or None, "http_status": 200}
        for path, _, query in (url.partition("?") for url in urls)
    ]
    rows += [
        {"url_path": "/p", "http_method": method, "user_agent": "TOOL10/1", "http_status": 200}
        for method in ("POST", "GET")
    ]
    rows += [{"url_path": "/p", "http_status": status} for status in (504, 513, 404)]
    rows += [{"url_path": "/text27", "http_status": 404}]
    rows += [{"message": "m", "attributes": {"team": team}} for team in ("red6", "RED15", "blue")]
    return [
        {
            **row,
            "timestamp": BEGIN + timedelta(seconds=second),
            "client_ip": f"192.0.2.{second % 3}",
        }
        for second, row in enumerate(rows)
    ]


def test_many_rules_find_what_each_finds_alone(tmp_path: Path, bench: Bench) -> None:
    """With more rules than one scan takes, events without any of their texts are left behind."""
    rules = _rules(tmp_path, 3 * MOST_RULES)
    bench.fill(_rows())
    together = run(bench.engine, rules)
    assert {finding.kind for finding in together.findings} == {
        f"rule_{number:03}" for number in (0, 1, 2, 3, 4, 5, 6, 9, 10, 13, 15, 18)
    }
    few = [run(bench.engine, rules, kinds=[f"rule_{number:03}"]) for number in range(30)]
    alone = {finding.id: finding for found in few for finding in found.findings}
    assert {finding.id: finding for finding in together.findings} == alone
    noted = {note for found in few for note in found.not_evaluable}
    assert noted and noted <= set(together.not_evaluable)
    assert len(together.not_evaluable) == 2 * len(rules.rules) // len(SEARCHES)


def test_what_is_much_is_not_kept(
    tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where too many events have a text, or too many values are there to look into, the same is found."""
    rules = _rules(tmp_path, 2 * MOST_RULES)
    bench.fill(_rows())
    before = run(bench.engine, rules)
    monkeypatch.setattr(narrowing, "MOST_EVENTS", 1)
    assert run(bench.engine, rules) == before
    monkeypatch.setattr(narrowing, "MOST_VALUES", 1)
    assert run(bench.engine, rules) == before


def test_a_word_that_half_the_events_have_is_no_text_to_look_for(
    tmp_path: Path, bench: Bench
) -> None:
    """POST tells few events from the others."""
    (tmp_path / "post.yml").write_text(RULE.format(title="p", search="{cs-method: POST}"))
    rules = read(str(tmp_path))
    bench.fill(_rows())
    (rule,) = rules.rules.values()
    assert Condition(rule, events, known_of(bench.engine, rules)).hint is None


def test_few_parts_are_kept_beside_others(bench: Bench) -> None:
    """A part within a part, and a table to build on; both are gone afterwards."""
    bench.fill(_rows())
    posts = events.filter(events.http_method == "POST").select("event_id", "http_status")
    ok = posts.filter(posts.http_status == 200)
    with (
        bench.engine.sharing({"posts": posts}, is_few=True) as outer,
        outer.sharing({"ok": ok}, is_few=True) as inner,
    ):
        assert inner.run(ok.aggregate(n=ok.count())).rows == [(1,)]
        on_table = inner.kept(ok)
        assert inner.run(on_table.select(n=ibis.literal(7))).rows == [(7,)]
        assert (inner.kept(posts) is posts) == (bench.name == "clickhouse")
    assert bench.engine.run(ok.aggregate(n=ok.count())).rows == [(1,)]

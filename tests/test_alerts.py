"""Alerts: states, who is told and how often, and the same rules in Prometheus."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.daemons import eventually, free_port, program, running
from tests.receivers import Received, http_receiver
from tests.serving import started

from clew.alerts.prometheus import rules_yaml
from clew.alerts.settings import watch_of
from clew.alerts.states import advanced, is_silenced, untold
from clew.cli import main
from clew.config import read as read_settings
from clew.engines.duckdb import open_case
from clew.errors import ConfigError
from clew.model.alert import Alert, AlertRule, Observed, read_condition
from clew.model.finding import Evidence, Finding

NOW = datetime(2026, 1, 2, 3, 0, 0)
MINUTE = timedelta(minutes=1)
RULE = AlertRule("errors", when="error_share > 5 % for 2m", to=("webhook",))


def observed(service: str = "api") -> Observed:
    line = Evidence("00d1f6a2c3b4e5f6", "a.log", 1, 0, NOW, "x")
    finding = Finding(
        "errors", "title", "high", 1.0, NOW, NOW, {"service": service}, {}, (line,), ()
    )
    return Observed(finding)


def after(rounds: list[list[Observed]], rule: AlertRule = RULE) -> list[Alert]:
    """The alerts of a rule after rounds a minute apart; those that are gone are left out."""
    alerts: dict[str, Alert] = {}
    for number, found in enumerate(rounds):
        changed, gone = advanced(rule, list(alerts.values()), found, NOW + number * MINUTE)
        alerts |= {alert.id: alert for alert in changed}
        for alert in gone:
            del alerts[alert.id]
    return list(alerts.values())


def test_an_alert_fires_once_it_has_lasted_and_is_resolved_once_it_ends() -> None:
    one = [observed()]
    assert [alert.state for alert in after([one])] == ["pending"]
    assert [alert.state for alert in after([one, one])] == ["pending"]
    (firing,) = after([one, one, one])
    assert (firing.state, firing.fired_at) == ("firing", NOW + 2 * MINUTE)
    (resolved,) = after([one, one, one, []])
    assert (resolved.state, resolved.resolved_at) == ("resolved", NOW + 3 * MINUTE)
    assert after([one, []]) == []


def test_a_new_incident_is_a_new_alert() -> None:
    one = [observed()]
    alerts = after([one, one, one, [], one, one, one])
    assert [alert.state for alert in alerts] == ["resolved", "firing"]
    assert len({alert.id for alert in alerts}) == 2


def test_a_condition_that_nobody_watched_begins_anew() -> None:
    (pending,) = after([[observed()]])
    (later,), _ = advanced(RULE, [pending], [observed()], NOW + timedelta(hours=1))
    assert later.state == "pending" and later.since == NOW + timedelta(hours=1)


@given(st.lists(st.lists(st.sampled_from("abc"), unique=True), max_size=12))
def test_a_group_has_at_most_one_open_alert(rounds: list[list[str]]) -> None:
    alerts = after([[observed(service) for service in found] for found in rounds])
    open_ones = [alert.finding.subject["service"] for alert in alerts if alert.state != "resolved"]
    assert len(set(open_ones)) == len(open_ones)
    assert set(open_ones) == set(rounds[-1] if rounds else [])


def test_who_is_told_and_who_is_not() -> None:
    one = [observed()]
    (firing,) = after([one, one, one])
    assert untold(firing, "webhook", RULE, NOW)
    told = Alert(**{**_fields(firing), "notified": {"webhook": ["firing", "2026-01-02T03:00:00Z"]}})
    assert not untold(told, "webhook", RULE, NOW)
    again = AlertRule("errors", when=RULE.when, repeat="1h", to=RULE.to)
    assert not untold(told, "webhook", again, NOW + timedelta(minutes=59))
    assert untold(told, "webhook", again, NOW + timedelta(minutes=60))
    taken_on = Alert(**{**_fields(told), "acknowledged_at": NOW})
    assert not untold(taken_on, "webhook", again, NOW + timedelta(hours=9))
    (resolved,), _ = advanced(RULE, [taken_on], [], NOW)
    assert untold(resolved, "webhook", RULE, NOW)
    assert is_silenced(firing, [("errors", NOW + MINUTE)], NOW)
    assert not is_silenced(firing, [("errors", NOW)], NOW)


def _fields(alert: Alert) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in Alert.__dataclass_fields__}


@pytest.mark.parametrize("text", ["error_share", "p95 > ", "p95 > 5 % for", "p95 = 3", "a.b.c > 1"])
def test_what_is_no_condition_is_one_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match="no condition"):
        read_condition(text, "x")


SETTINGS = """
[[alerts]]
name = "errors"
when = "error_share > 5 % for 2m"
by = ["service"]
every = "1m"
to = ["webhook"]

[[alerts]]
name = "slow"
when = "p95 > 1s"
query = "url_path:/v1/*"
to = ["webhook"]
"""


def requests_of(folder: Path, first: datetime, *, failing: range, minutes: int) -> None:
    rows = [
        {
            "timestamp": (first + timedelta(seconds=5 * number)).isoformat() + "Z",
            "level": "INFO",
            "service": "api",
            "method": "POST",
            "path": "/v1/chat",
            "status": 500 if number * 5 // 60 in failing else 200,
            "duration_ms": 20,
            "message": f"request {number}",
        }
        for number in range(minutes * 12)
    ]
    path = folder / "app.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["ingest", str(path), "--case", "case.duckdb", "--output", "json"]) == 0


def test_a_watch_tells_a_receiver_once_when_it_fires_and_once_when_it_ends(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each round is a process of its own here: what was told survives it."""
    requests_of(folder, NOW, failing=range(10, 20), minutes=40)
    told: list[dict[str, Any]] = []

    def webhook(request: Received) -> Any:
        told.extend(request.json["items"])
        return (503, b"") if len(told) == 1 else (200, b"")

    with http_receiver(webhook) as receiver:
        (folder / "clew.toml").write_text(SETTINGS + f'[sinks.webhook]\nto = "{receiver.url}"\n')
        for minute in range(10, 28):
            at = (NOW + minute * MINUTE).isoformat() + "Z"
            main(["watch", "--once", "--at", at, "--case", "case.duckdb"])
    states = [(item["kind"], item["state"]) for item in told]
    assert states == [("errors", "firing"), ("errors", "firing"), ("errors", "resolved")]
    assert len({item["id"] for item in told}) == 1
    assert told[1]["subject"] == {"service": "api"} and told[1]["evidence"]
    capsys.readouterr()
    main(["alerts", "--case", "case.duckdb", "--output", "json"])
    (alert,) = json.loads(capsys.readouterr().out)
    assert (alert["state"], alert["rule"]) == ("resolved", "errors")


def test_silence_is_an_alert_that_shows_what_came_last(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requests_of(folder, NOW, failing=range(0), minutes=5)
    (folder / "clew.toml").write_text(
        '[[alerts]]\nname = "quiet"\nwhen = "requests < 1"\nwindow = "2m"\n'
        '[[alerts]]\nname = "each"\nwhen = "requests < 1"\nby = ["service"]\n'
    )
    for minute, expected in ((4, []), (9, [("quiet", 59)])):
        at = (NOW + minute * MINUTE).isoformat() + "Z"
        main(["watch", "--once", "--at", at, "--case", "case.duckdb"])
        capsys.readouterr()
        main(["sql", "SELECT finding FROM alerts", "--case", "case.duckdb", "--output", "json"])
        found = [json.loads(row["finding"]) for row in json.loads(capsys.readouterr().out)]
        assert [(one["kind"], one["evidence"][0]["line"] - 1) for one in found] == expected


def test_an_alert_of_a_rule_that_was_deleted_is_resolved_and_its_receiver_hears_of_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requests_of(folder, NOW, failing=range(5, 40), minutes=40)
    told: list[tuple[str, str]] = []

    def webhook(request: Received) -> Any:
        told.extend((item["kind"], item["state"]) for item in request.json["items"])
        return 200, b""

    def look(minute: int, text: str) -> list[dict[str, Any]]:
        (folder / "clew.toml").write_text(text)
        at = (NOW + minute * MINUTE).isoformat() + "Z"
        main(["watch", "--once", "--at", at, "--case", "case.duckdb"])
        capsys.readouterr()
        main(["alerts", "--case", "case.duckdb", "--output", "json"])
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return found

    with http_receiver(webhook) as receiver:
        sink = f'[sinks.webhook]\nto = "{receiver.url}"\n'
        for minute in (8, 9, 10):
            (alert,) = look(minute, SETTINGS + sink)
        assert alert["state"] == "firing"
        renamed = SETTINGS.replace('name = "errors"', 'name = "failures"').replace(" for 2m", "")
        states = {one["rule"]: one["state"] for one in look(11, renamed + sink)}
        assert states == {"errors": "resolved", "failures": "firing"}
        assert {one["state"] for one in look(12, sink)} == {"resolved"}
    assert told == [
        ("errors", "firing"),
        ("errors", "resolved"),
        ("failures", "firing"),
        ("failures", "resolved"),
    ]


def test_rounds_far_apart_ask_the_events_what_held_meanwhile(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A crontab looks every eight minutes: what held all the while fires, what paused begins anew."""
    requests_of(folder, NOW, failing=range(5, 40), minutes=60)
    text = SETTINGS.replace('to = ["webhook"]\n', "")
    (folder / "clew.toml").write_text(text)

    def states(minute: int) -> list[str]:
        at = (NOW + minute * MINUTE).isoformat() + "Z"
        assert main(["watch", "--once", "--at", at, "--case", "case.duckdb"]) == 0
        capsys.readouterr()
        main(["alerts", "--case", "case.duckdb", "--output", "json"])
        return [alert["state"] for alert in json.loads(capsys.readouterr().out)]

    assert [states(minute) for minute in (6, 14, 22)] == [["pending"], ["firing"], ["firing"]]
    (folder / "case.duckdb").unlink()
    requests_of(folder, NOW, failing=range(60), minutes=60)
    engine = open_case("case.duckdb", write=True)
    engine.workbench.execute(
        "UPDATE event_rows SET http_status = 200 WHERE minute(timestamp) BETWEEN 8 AND 12"
    )
    engine.close()
    assert [states(minute) for minute in (6, 14, 22)] == [["pending"], ["pending"], ["firing"]]


def test_a_silence_and_an_acknowledgement_keep_quiet(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requests_of(folder, NOW, failing=range(5, 40), minutes=40)
    told: list[str] = []

    def webhook(request: Received) -> Any:
        told.extend(item["state"] for item in request.json["items"])
        return 200, b""

    with http_receiver(webhook) as receiver:
        text = SETTINGS.replace('every = "1m"', 'every = "1m"\nrepeat = "2m"')
        (folder / "clew.toml").write_text(text + f'[sinks.webhook]\nto = "{receiver.url}"\n')
        for minute in range(6, 14):
            at = (NOW + minute * MINUTE).isoformat() + "Z"
            assert main(["watch", "--once", "--at", at, "--case", "case.duckdb"]) == 0
            if minute == 12:
                capsys.readouterr()
                main(["alerts", "--case", "case.duckdb", "--output", "json"])
                (alert,) = json.loads(capsys.readouterr().out)
                assert main(["alerts", "ack", alert["alert_id"], "--case", "case.duckdb"]) == 0
        before = len(told)
        assert before >= 2
        for minute in range(14, 20):
            at = (NOW + minute * MINUTE).isoformat() + "Z"
            main(["watch", "--once", "--at", at, "--case", "case.duckdb"])
    assert len(told) == before
    assert main(["alerts", "silence", "errors", "--for", "2h", "--case", "case.duckdb"]) == 0
    assert main(["alerts", "ack", "unknown", "--case", "case.duckdb"]) == 2


RULES = """
title: Server error
name: server_error
logsource: {category: webserver}
detection:
    selection: {sc-status|gte: 500}
    condition: selection
level: low
---
title: Many server errors
correlation:
    type: event_count
    rules: [server_error]
    group-by: [service]
    timespan: 2m
    condition: {gte: 10}
level: high
---
title: Broken
logsource: {category: webserver}
detection:
    selection: {c-uri|upside_down: x}
    condition: selection
"""


def followed(folder: Path, more: str = "") -> None:
    (folder / "rules").mkdir()
    (folder / "rules" / "errors.yml").write_text(RULES)
    (folder / "clew.toml").write_text(
        f'[[alerts]]\nname = "rules"\nrules = "rules"\nwindow = "3m"\nevery = "1m"\n{more}'
    )


def test_rules_are_followed_over_processes_and_an_alert_lasts_as_long_as_its_window(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requests_of(folder, NOW, failing=range(10, 14), minutes=30)
    followed(folder)
    capsys.readouterr()
    moved: dict[int, str] = {}
    for minute in range(8, 22):
        at = (NOW + minute * MINUTE).isoformat() + "Z"
        assert main(["watch", "--once", "--at", at, "--case", "case.duckdb"]) == 0
        said = capsys.readouterr()
        assert "errors.yml, line 22:" in said.err and "upside_down" in said.err
        moved |= {minute: said.out.split()[0]} if said.out else {}
    assert moved == {11: "firing", 18: "resolved"}, "last found at 14, and three minutes"
    main(["alerts", "--case", "case.duckdb", "--output", "json"])
    (alert,) = json.loads(capsys.readouterr().out)
    assert alert["title"].startswith("Many server errors")
    assert alert["subject"] == '{"service": "api"}'


def test_a_round_reads_no_further_back_than_the_rules_timespan(folder: Path) -> None:
    """Five minutes for late events and the two of the timespan, of a case of an hour; and a restart
    does not begin anew."""
    requests_of(folder, NOW, failing=range(40, 42), minutes=60)
    followed(folder)
    for minute, begin in ((38, 38 - 3 - 5 - 2), (39, 38 - 5 - 2), (43, 39 - 5 - 2)):
        alerts, asked = round_at(folder, NOW + minute * MINUTE)
        begins = re.findall(r"MAKE_TIMESTAMP\(2026, 1, 2, (\d+), (\d+), ", asked)
        assert min((int(hour), int(minute)) for hour, minute in begins) == (3, begin)
        assert len(alerts) == (minute == 43)


def round_at(folder: Path, at: datetime) -> tuple[list[Alert], str]:
    """One round of a new process: the alerts that moved, and all that was asked of the case."""
    watch = watch_of(read_settings({}, folder), {})
    engine = open_case(str(folder / "case.duckdb"), write=True)
    asked: list[str] = []
    compiled = engine.compile

    def spy(question: Any) -> str:
        asked.append(compiled(question))
        return asked[-1]

    engine.compile = spy  # type: ignore[method-assign, assignment]
    try:
        return watch.round(engine, lambda: nullcontext(engine.workbench), at), "\n".join(asked)
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('name = "a"', "needs one of `when`, `detection` and `rules`"),
        ('name = "a"\ndetection = "error_bust"', "no detection 'error_bust'"),
        ('name = "a"\nrules = "nowhere"', "nowhere, which does not exist"),
        ('name = "a"\nrules = "rules"\nwhen = "p95 > 1"', "needs one of"),
        ('name = "a"\nwhen = "x.y > 1"', "no analysis 'x'"),
        ('name = "a"\nwhen = "p95 > 1"\nto = ["slak"]', "no sink 'slak'"),
        ('name = "a"\nwhen = "p95 > 1"\nto = ["slack"]', "sinks.slack.to"),
        ('name = "a"\nwhen = "p95 > 1"\nwindow = "5 parsecs"', "parsecs"),
        ('name = "a"\nwhen = "p95 > 1"\nserverity = "low"', "alerts[1].severity"),
    ],
)
def test_a_wrong_rule_is_one_sentence(
    rule: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "clew.toml").write_text(f"[[alerts]]\n{rule}\n")
    assert main(["alerts", "export"]) == 2
    assert said in capsys.readouterr().err


def test_a_large_limit_is_exported_whole() -> None:
    rule = AlertRule("tokens", when="usage.tokens > 1,234,567")
    (told,) = yaml.safe_load(rules_yaml([rule]))["groups"][0]["rules"]
    assert told["expr"] == 'clew_rule_value{rule="tokens"} > 1234567'


def test_prometheus_takes_the_rules_and_alertmanager_the_alert(folder: Path) -> None:
    """promtool checks the file; Prometheus scrapes clew serve, and Alertmanager hears of it."""
    promtool, prometheus = program("promtool"), program("prometheus")
    alertmanager = program("prometheus-alertmanager", "alertmanager")
    first = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=240)
    requests_of(folder, first, failing=range(9), minutes=4)
    settings = SETTINGS.replace("for 2m", "for 1s").replace('every = "1m"', 'every = "1s"')
    (folder / "clew.toml").write_text(settings.replace('to = ["webhook"]\n', ""))
    rules = folder / "rules.yml"
    assert main(["alerts", "export", "-o", str(rules)]) == 0
    checked = subprocess.run(
        [promtool, "check", "rules", str(rules)], capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert yaml.safe_load(rules.read_text())["groups"][0]["rules"][0]["for"] == "1s"
    server = started(folder / "case.duckdb")
    port, manager_port = free_port(), free_port()
    config = folder / "prometheus.yml"
    config.write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [str(rules)],
                "scrape_configs": [
                    {
                        "job_name": "clew",
                        "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}],
                    }
                ],
                "alerting": {
                    "alertmanagers": [
                        {"static_configs": [{"targets": [f"127.0.0.1:{manager_port}"]}]}
                    ]
                },
            }
        )
    )
    (folder / "manager.yml").write_text(
        '{"route": {"receiver": "x"}, "receivers": [{"name": "x"}]}'
    )
    manager = [
        alertmanager, f"--config.file={folder / 'manager.yml'}", "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{manager_port}", f"--storage.path={folder / 'manager'}",
    ]  # fmt: skip
    scraper = [
        prometheus, f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    try:
        with running(manager, manager_port), running(scraper, port):
            url = f"http://127.0.0.1:{manager_port}/api/v2/alerts"
            assert eventually(lambda: bool(ask(url)), 60), server.ask("/metrics").body.decode()
            (alert,) = ask(url)
    finally:
        assert server.stop() == 0
    assert alert["labels"]["alertname"] == "errors"
    assert (alert["labels"]["service"], alert["labels"]["source"]) == ("api", "clew")


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.loads(answer.read())


def test_a_server_goes_on_without_telling_anyone_twice(folder: Path) -> None:
    """kill -9 while an alert fires: the next server knows that it was told."""
    first = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=240)
    requests_of(folder, first, failing=range(9), minutes=4)
    told: list[str] = []

    def webhook(request: Received) -> Any:
        told.extend(item["state"] for item in request.json["items"])
        return 200, b""

    with http_receiver(webhook) as receiver:
        settings = SETTINGS.replace("for 2m", "").replace('every = "1m"', 'every = "1s"')
        (folder / "clew.toml").write_text(settings + f'[sinks.webhook]\nto = "{receiver.url}"\n')
        server = started(folder / "case.duckdb")
        assert eventually(lambda: told == ["firing"])
        time.sleep(1)
        server.kill()
        server = started(folder / "case.duckdb")
        time.sleep(5)
        listed = subprocess.run(
            [sys.executable, "-m", "clew", "alerts", "--case", "case.duckdb", "--output", "json"],
            capture_output=True,
            check=True,
        )
        (alert,) = json.loads(listed.stdout)
        acked = ["alerts", "ack", alert["alert_id"], "--case", "case.duckdb"]
        assert main(acked) == 0
        assert server.stop() == 0
    assert told == ["firing"] and alert["state"] == "firing"

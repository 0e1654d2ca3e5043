"""Folders of Sigma rules over a case: findings, what is not evaluable, what is told of bad rules, and the
commands `detect --rules` and `rules`."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.engines import Bench

from clew.cli import main
from clew.model.finding import Finding, Investigation
from clew.sigma.reading import RuleSet, read
from clew.sigma.running import run

BEGIN = datetime(2026, 1, 2, 3, 0)
Row = dict[str, Any]

FAILED = """
title: A sign-in fails
name: failed
logsource: {category: webserver}
detection:
  s: {sc-status: 401}
  condition: s
level: low
"""
FINE = FAILED.replace("fails", "succeeds").replace("failed", "fine").replace("401", "200")
BRUTE = """
title: Failures, then a success
id: 0e95725d-7320-415d-80f7-004da920fc11
correlation:
  type: temporal_ordered
  rules: [many, fine]
  group-by: [source.ip]
  timespan: 10m
level: high
tags: [attack.credential-access, attack.t1110.004]
falsepositives: [A person who forgot the password]
---
title: Many failures
name: many
correlation:
  type: event_count
  rules: failed
  group-by: c-ip
  timespan: 10m
  condition: {gte: 25}
"""


pytestmark = pytest.mark.usefixtures("folder")


def rules_of(folder: Path, **texts: str) -> RuleSet:
    for name, text in texts.items():
        path = folder / "rules" / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return read(str(folder / "rules"))


def request(second: float, status: int, ip: str | None = "192.0.2.7", **more: Any) -> Row:
    moment = BEGIN + timedelta(seconds=second)
    return {
        "timestamp": moment,
        "http_status": status,
        "client_ip": ip,
        "url_path": "/login",
        **more,
    }


def found_by(bench: Bench, rules: RuleSet, rows: list[Row]) -> Investigation:
    bench.fill(rows)
    return run(bench.engine, rules)


def test_a_correlation_over_files_is_a_finding_with_its_proof(folder: Path, bench: Bench) -> None:
    """Thirty failures and a success: the first twenty events, and the success, are its evidence."""
    rules = rules_of(folder, brute_force=BRUTE, failed=FAILED, fine=FINE)
    rows = [request(second, 401) for second in range(30)] + [request(60, 200)]
    rows += [request(second, 200, "192.0.2.8") for second in range(5)]
    (finding,) = found_by(bench, rules, rows).findings
    assert (finding.kind, finding.severity) == ("brute_force", "high")
    assert finding.subject == {"client_ip": "192.0.2.7"}
    assert finding.references == ("attack.credential-access", "attack.t1110.004")
    assert finding.measures == {"events": 31, "threshold": 2, "timespan_s": 600}
    assert finding.start == BEGIN and finding.end == BEGIN + timedelta(seconds=60)
    lines = [each.line for each in finding.evidence]
    assert lines[:20] == list(range(1, 21))
    assert lines[-1] == 31
    assert "31 events of 2 rules, in order of address 192.0.2.7" in finding.title
    assert finding.recommendations == (
        "Rule out what is known to look the same: A person who forgot the password.",
    )


def test_a_rule_about_one_event_is_a_finding_a_subject(folder: Path, bench: Bench) -> None:
    """Whose the event is: the person, the key and the address that it names."""
    rules = rules_of(folder, failed=FAILED)
    rows = [
        *(request(second, 401, user_id="alice") for second in range(25)),
        request(3, 401, "192.0.2.8"),
        request(4, 401, None, service="gateway"),
        request(5, 200),
    ]
    found = found_by(bench, rules, rows).findings
    assert [(one.subject, one.measures["events"]) for one in found] == [
        ({"user_id": "alice", "client_ip": "192.0.2.7"}, 25),
        *sorted(
            [({"client_ip": "192.0.2.8"}, 1), ({"service": "gateway"}, 1)],
            key=lambda pair: _id(found, pair[0]),
        ),
    ]
    assert [each.line for each in found[0].evidence] == list(range(1, 21))
    assert found[0].severity == "low"


def _id(found: tuple[Finding, ...], subject: dict[str, Any]) -> str:
    return next(one.id for one in found if one.subject == subject)


def test_the_same_facts_have_the_same_id(folder: Path, duckdb: Bench) -> None:
    """What comes later leaves the id of an alert as it is."""
    rules = rules_of(folder, brute_force=BRUTE, failed=FAILED, fine=FINE)
    rows = [request(second, 401) for second in range(30)] + [request(60, 200)]
    (before,) = found_by(duckdb, rules, rows).findings
    (after,) = found_by(duckdb, rules, [*rows, request(61, 200)]).findings
    assert before.id == after.id


def test_two_rules_of_one_file_are_two_findings(folder: Path, duckdb: Bench) -> None:
    rules = rules_of(folder, pair=f"{FAILED}---{FAILED.replace('failed', 'again')}")
    found = found_by(duckdb, rules, [request(0, 401)]).findings
    assert [one.kind for one in found] == ["pair", "pair"]
    assert found[0].id != found[1].id


def test_rules_of_a_correlation_are_silent_unless_it_generates(folder: Path, duckdb: Bench) -> None:
    rows = [request(second, 401) for second in range(30)] + [request(60, 200)]
    generating = BRUTE.replace("timespan: 10m\nlevel", "timespan: 10m\n  generate: true\nlevel")
    rules = rules_of(folder, brute_force=generating, failed=FAILED, fine=FINE)
    kinds = {one.kind for one in found_by(duckdb, rules, rows).findings}
    assert kinds == {"brute_force", "fine"}


def test_a_rule_that_lacks_a_field_is_not_evaluable(folder: Path, bench: Bench) -> None:
    """It is never 'no match'; where it matched without the field, the finding says what was not seen."""
    either = "{title: e, logsource: {category: x}, detection: {a: {sc-status: 401}, b: {zork: 1}, condition: a or b}}"
    rules = rules_of(
        folder,
        zork="{title: z, logsource: {category: x}, detection: {s: {zork: 1}, condition: s}}",
        either=either,
        brute_force=BRUTE.replace("source.ip", "session_id"),
        failed=FAILED,
        fine=FINE,
    )
    found = found_by(bench, rules, [request(0, 200)])
    assert sorted(found.not_evaluable) == [
        "brute_force is not evaluable: needs session_id.",
        "either is not evaluable: needs zork.",
        "zork is not evaluable: needs zork.",
    ]
    assert not found.findings
    (finding,) = found_by(bench, rules, [request(0, 401)]).findings
    assert finding.why[-1] == "No event has zork, which the rule names as well."


def test_events_without_a_key_are_counted(folder: Path, bench: Bench) -> None:
    rules = rules_of(folder, many=BRUTE.split("---")[1], failed=FAILED)
    rows = [request(second, 401) for second in range(25)] + [request(7, 401, None)]
    found = found_by(bench, rules, rows)
    assert len(found.findings) == 1
    assert found.annotations == ("many leaves out 1 event without c-ip.",)


def test_the_first_of_many_events_are_shown_in_their_order(folder: Path, bench: Bench) -> None:
    """Those of one moment by their lines; behind them the last success, which the alert ends with."""
    rules = rules_of(folder, brute=BRUTE, failed=FAILED, fine=FINE)
    rows = [request(0, 401) for _ in range(5)] + [request(1, 401) for _ in range(30)]
    rows += [request(2, 401), request(3, 200), request(3, 200)]
    (finding,) = found_by(bench, rules, rows).findings
    assert [each.line for each in finding.evidence] == [*range(1, 21), 36, 37, 38]


def test_many_subjects_are_cut_and_told(folder: Path, duckdb: Bench) -> None:
    rules = rules_of(folder, failed=FAILED)
    rows = [request(0, 401, f"198.51.100.{n}", user_id=f"u{n}") for n in range(230)]
    found = found_by(duckdb, rules, rows)
    assert len(found.findings) == 200
    assert found.annotations == (
        "failed matched events of 230 subjects; the 200 with most events are reported.",
    )


def test_seventy_rules_take_more_than_one_scan(folder: Path, duckdb: Bench) -> None:
    texts = {
        f"r{n}": "{title: r, logsource: {category: webserver}, detection: "
        f"{{s: {{cs-uri-query|contains: needle{n}x}}, condition: s}}}}"
        for n in range(70)
    }
    rules = rules_of(folder, **texts)
    rows = [request(n, 200, url_query=f"q=NEEDLE{n}X") for n in range(0, 70, 3)]
    found = found_by(duckdb, rules, rows)
    assert {one.kind for one in found.findings} == {f"r{n}" for n in range(0, 70, 3)}


def test_a_filter_is_put_into_the_rules_that_it_is_for(folder: Path, duckdb: Bench) -> None:
    exclude = """
title: The office is known
logsource: {category: webserver}
filter:
  rules: [RULES]
  office: {c-ip|cidr: 192.0.2.0/24}
  condition: not office
"""
    rows = [request(0, 401), request(1, 401, "198.51.100.1")]
    named = exclude.replace("RULES", "failed")
    found = found_by(duckdb, rules_of(folder, failed=FAILED, office=named), rows)
    assert [one.subject for one in found.findings] == [{"client_ip": "198.51.100.1"}]
    anyone = exclude.replace("[RULES]", "any").replace("webserver", "proxy")
    found = found_by(duckdb, rules_of(folder, failed=FAILED, office=anyone), rows)
    assert len(found.findings) == 2, "it is for another log source"


LOG = "".join(
    f'192.0.2.7 - - [02/Jan/2026:03:00:{second:02} +0000] "POST /login HTTP/1.1" {status} 12 "-" "curl/8"\n'
    for second, status in enumerate([401] * 30 + [200])
)


@pytest.fixture
def case(folder: Path) -> Path:
    (folder / "access.log").write_text(LOG)
    assert main(["ingest", "access.log"]) == 0
    return folder


def test_detect_runs_a_folder_and_stores_what_it_finds(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules_of(case, brute_force=BRUTE, failed=FAILED, fine=FINE)
    (case / "rules" / "deep").mkdir()
    (case / "rules" / "deep" / "bad.yaml").write_text("title: x\ndetection: [\n")
    for _ in range(2):
        capsys.readouterr()
        assert main(["detect", "--rules", "rules", "--output", "json"]) == 0
        said = capsys.readouterr()
        (finding,) = json.loads(said.out)
        assert finding["kind"] == "brute_force"
        assert said.err.startswith("deep/bad.yaml, line ")
    assert main(["sql", "SELECT id, kind, finding FROM findings", "--output", "json"]) == 0
    (stored,) = json.loads(capsys.readouterr().out)
    assert stored["id"] == finding["id"]
    assert json.loads(stored["finding"]) == finding
    assert main(["detect", "--rules", "rules", "--fail-on", "high"]) == 1
    assert main(["detect", "brute_force", "--rules", "rules"]) == 0
    assert main(["detect", "nothing", "--rules", "rules"]) == 2
    assert main(["detect", "--rules", "nowhere"]) == 3


def test_lint_lists_every_rule_with_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules_of(
        folder,
        brute_force=BRUTE,
        failed=FAILED,
        fine=FINE,
        wrong=f"{FAILED.replace('name: failed', '').replace('sc-status', 'sc-status|bigger')}"
        "---\ntitle: y\nlogsource: {category: x}\ndetection:\n  s:\n    a|re: '(?=x)'\n  condition: s\n"
        "---\ntitle: z\n  broken: [\n"
        "---\njust text\n",
        order=BRUTE.split("---", maxsplit=1)[0].replace("many", "failed").replace("fc11", "fc12").replace(
            "timespan: 10m", "timespan: 10m\n  condition: {lt: 2}"
        ),
    )  # fmt: skip
    assert main(["rules", "lint", "rules", "--output", "json"]) == 3
    listed = json.loads(capsys.readouterr().out)
    assert {tuple(one) for one in listed} == {("file", "line", "id", "status", "reason")}
    wrong = [
        (one["file"], one["line"], one["reason"]) for one in listed if one["status"] == "error"
    ]
    assert wrong[0][:2] == ("order.yml", 2)
    assert "gte or gt" in wrong[0][2]
    assert wrong[1] == ("wrong.yml", 6, "unknown modifier 'bigger'.")
    assert wrong[2][:2] == ("wrong.yml", 14)
    assert "RE2" in wrong[2][2] or "regular expression" in wrong[2][2]
    assert wrong[3][:2] == ("wrong.yml", 18)
    assert "not YAML" in wrong[3][2]
    assert wrong[4] == ("wrong.yml", 20, "a rule is a table of keys, such as title and detection.")
    ok = [one for one in listed if one["status"] == "ok"]
    assert len(ok) == 4
    assert {one["id"] for one in ok} == {"0e95725d-7320-415d-80f7-004da920fc11", ""}


def test_of_many_files_the_good_ones_run(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = [
        "title: x\n\tlogsource: y\n",
        FAILED.replace("sc-status", "sc-status|nope").replace("name: failed", ""),
        "title: x\nlogsource: {category: x}\n",
        "title: x\nlogsource: {category: x}\ndetection:\n  s: {a: 1}\n  condition: s and t\n",
        "title: x\nlogsource: {category: x}\ndetection:\n  s: {a|re: '(a'}\n  condition: s\n",
        "title: x\ncorrelation: {type: event_count, rules: [gone], timespan: 1m, condition: {gte: 1}}\n",
    ]
    place = case / "rules"
    place.mkdir()
    for number in range(600):
        text = FAILED.replace("name: failed", "").replace("401", str(300 + number))
        text = bad[number // 100] if number % 100 == 50 else text
        (place / f"r{number}.yml").write_text(text)
    capsys.readouterr()
    assert main(["detect", "--rules", "rules", "--output", "json"]) == 0
    said = capsys.readouterr()
    assert [one["kind"] for one in json.loads(said.out)] == ["r101"]
    told = [line for line in said.err.splitlines() if ", line " in line]
    assert [line.split(",")[0] for line in told] == [
        f"r{number}.yml" for number in (150, 250, 350, 450, 50, 550)
    ]


def test_a_rule_tries_its_own_cases(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = """
clew:
  cases:
    - name: a failure is found
      rows: [{timestamp: 2026-01-02T03:04:05Z, http_status: 401, client_ip: 192.0.2.7}]
      expect: [{client_ip: 192.0.2.7, events: 1, start: 2026-01-02T03:04:05Z}]
    - name: this does not hold
      rows: [{http_status: 200}]
      expect: [{events: 1}]
"""
    rules_of(folder, failed=FAILED + cases, fine=FINE)
    assert main(["rules", "test", "rules", "--output", "json"]) == 1
    results = json.loads(capsys.readouterr().out)
    assert [(one["case"], one["status"]) for one in results] == [
        ("a failure is found", "passed"),
        ("this does not hold", "failed"),
        ("", "no cases"),
    ]
    assert results[1]["reason"] == "1 findings are expected, and 0 came: nothing."


def test_rules_are_written_in_other_languages(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sigma.backends.splunk")
    rules_of(folder, brute_force=BRUTE, failed=FAILED, fine=FINE)
    assert main(["rules", "convert", "rules", "--to", "kusto", "--output", "json"]) == 1
    (said,) = json.loads(capsys.readouterr().out)
    assert said["status"] == "error"
    assert said["reason"].startswith("kusto cannot say this temporal_ordered correlation")
    assert said["reason"].endswith("ship its alerts there: clew detect --rules, then clew export.")
    counted = BRUTE.split("---")[1]
    rules_of(folder, brute_force=counted)
    assert main(["rules", "convert", "rules", "--to", "splunk", "--output", "json"]) == 0
    said = {one["file"]: one for one in json.loads(capsys.readouterr().out)}
    assert "event_count >= 25" in said["brute_force.yml"]["query"]
    assert said["brute_force.yml"]["reason"].startswith("splunk counts in fixed windows")
    (folder / "rules" / "brute_force.yml").unlink()
    for target, part in (("splunk", '"sc-status"=401'), ("elasticsearch", "sc-status:401")):
        assert main(["rules", "convert", "rules", "--to", target, "--output", "json"]) == 0
        assert part in json.loads(capsys.readouterr().out)[0]["query"]
    assert main(["rules", "convert", "rules", "--to", "splonk"]) == 2
    assert "Did you mean 'splunk'?" in capsys.readouterr().err


def test_placeholders_are_a_setting(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case / "clew.toml").write_text("[placeholders]\nOffices = ['192.0.*']\n")
    rule = FAILED.replace("sc-status: 401", "'c-ip|expand': '%Offices%'")
    rules_of(case, office=rule)
    capsys.readouterr()
    assert main(["detect", "--rules", "rules", "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["measures"] == {"events": 31}


@pytest.mark.parametrize(
    ("search", "condition", "line", "reason"),
    [
        ("a: 1", "s and", 5, "the condition 's and' is not understood at its end; 'and', 'or'"),
        ("a: 1", "s AND s", 5, "the condition 's AND s' is not understood at 'AND s'; 'and'"),
        ("a: 1", "t", 5, "detection 't' not defined in detections."),
        ("a|wide|contains: x", "s", 4, "UTF-16 stands in logs only as Base64: add base64 or"),
        ("a|wide: 中文", "s", 1, "UTF-16 stands in logs only as Base64: add base64 or"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    folder: Path, search: str, condition: str, line: int, reason: str
) -> None:
    text = "title: t\nlogsource: {category: x}\ndetection:\n  s: {SEARCH}\n  condition: CONDITION\n"
    text = text.replace("SEARCH", search).replace("CONDITION", condition)
    (problem,) = rules_of(folder, wrong=text).problems
    assert (problem.line, problem.reason[: len(reason)]) == (line, reason)


def test_an_id_that_is_a_number_is_told_as_a_sentence(folder: Path) -> None:
    (problem,) = rules_of(folder, r=FAILED.replace("name: failed", "id: 123")).problems
    assert (problem.line, problem.id, problem.reason) == (3, "123", "its id 123 is no UUID.")


def test_a_date_in_a_rule_is_the_text_that_it_is(folder: Path, duckdb: Bench) -> None:
    rules = rules_of(folder, r="title: r\nlogsource: {product: x}\ndate: 2026-01-05\n"
                     "detection: {s: {day: 2026-01-05}, condition: s}\n")  # fmt: skip
    rows = [request(0, 200, attributes={"day": "2026-01-05"}), request(1, 200)]
    assert found_by(duckdb, rules, rows).findings[0].measures == {"events": 1}


def test_the_old_way_to_count_is_a_correlation(folder: Path, duckdb: Bench) -> None:
    old = """
title: Many answers of one kind
id: 66b3e910-4f54-4d6b-88d3-c9650ab1b8fc
logsource: {category: webserver}
detection:
  s: {sc-status: 401}
  timeframe: 10m
  condition: s | count(cs-username) by c-ip, cs-method >= 3
level: high
"""
    rules = rules_of(folder, old=old)
    rows = [request(n, 401, user_id=f"u{n}", http_method="GET") for n in range(3)]
    (finding,) = found_by(duckdb, rules, rows).findings
    assert finding.subject == {"client_ip": "192.0.2.7", "http_method": "GET"}
    assert finding.measures["distinct_values"] == 3
    assert not found_by(duckdb, rules, rows[:2]).findings
    without = rules_of(folder, old=old.replace("  timeframe: 10m\n", ""))
    far = [{**row, "timestamp": f"202{n}-01-01T00:00:00Z"} for n, row in enumerate(rows)]
    (finding,) = found_by(duckdb, without, far).findings
    assert finding.why[1].endswith("values of cs-username over all of the case.")
    for wrong in ("near x", "sum()", "max(cs-username)"):
        (problem,) = rules_of(folder, old=old.replace("count(cs-username)", wrong)).problems
        assert "pipe" in problem.reason


def test_old_sums_and_nearness_are_correlations(folder: Path, bench: Bench) -> None:
    """`| sum(field) by x > n` is a value_sum; `| near` asks for all of its searches, in any order."""
    begin = "title: old\nlogsource: {category: webserver}\ndetection:\n  timeframe: 1m\n"
    searches = "  s: {sc-status: 200}\n  t: {sc-status: 401}\n  u: {sc-status: 500}\n  condition: "
    rules = rules_of(
        folder,
        old_sum=f"{begin}{searches}s | sum(sc-bytes) by c-ip > 250\n",
        old_mean=f"{begin}{searches}s | avg(sc-bytes) by c-ip >= 100\n",
        old_near=f"{begin}{searches}s | near t and u\n",
        old_lack=f"{begin}{searches}s | near t and missing\n",
    )
    (problem,) = rules.problems
    assert problem.file == "old_lack.yml" and problem.line == 8
    rows = [request(n, 200, response_bytes=100 * n) for n in range(3)]
    rows += [request(100, 500), request(130, 200, "192.0.2.8"), request(150, 401)]
    found = {one.kind: one for one in found_by(bench, rules, rows).findings}
    assert set(found) == {"old_sum", "old_mean", "old_near"}
    assert found["old_sum"].measures["sum"] == 300
    assert found["old_near"].measures["events"] == 3


def test_a_name_reaches_into_the_lists_that_a_source_wrote(folder: Path, bench: Bench) -> None:
    """Okta's targets, Google's ports; a place that no event has is told of, not passed over."""
    rule = "title: r\nlogsource: {product: PRODUCT}\ndetection: {s: {NAME: VALUE}, condition: s}\n"
    said = {
        "admin": ("okta", "target.displayName", "Okta Admin Console"),
        "nobody": ("okta", "target.displayName", "Nobody"),
        "nowhere": ("okta", "target.colour", "red"),
        "ssh": ("gcp", "gcp.audit.request.alloweds.some_ports", "22"),
        "read": ("gcp", "data.protoPayload.logName", "activity"),
        "windows": ("windows", "ServiceFileName|endswith", "nssm.exe"),
        "provider": ("windows", "Provider_Name", "Microsoft-Windows-Sysmon"),
        "number": ("windows", "EventID", "7045"),
        "deep": ("aws", "aws.cloudtrail.request_parameters.items.cidrIp", "0.0.0.0/0"),
    }
    rules = rules_of(folder, **{
        name: rule.replace("PRODUCT", product).replace("NAME", key).replace("VALUE", value)
        for name, (product, key, value) in said.items()
    })  # fmt: skip
    allowed = [{"proto": "udp"}, {"proto": "tcp", "somePorts": ["80", "22"]}]
    listed = [
        {"target": [{"displayName": "Okta Dashboard"}, {"displayName": "Okta Admin Console"}]},
        {"target": "no list", "logName": "activity"},
        {"protoPayload.request.alloweds": allowed},
        {"requestParameters": {"items": [{"cidrIp": "10.0.0.0/8"}, {"cidrIp": "0.0.0.0/0"}]}},
        {"EventData.ServiceFileName": "C:\\x\\nssm.exe"},
        {"System.Provider.#attributes.Name": "Microsoft-Windows-Sysmon"},
        {"System.EventID": {"#attributes": {"Qualifiers": 16384}, "#text": 7045}},
    ]
    found = found_by(bench, rules, [request(n, 200, attributes=a) for n, a in enumerate(listed)])
    lines = {one.kind: [each.line for each in one.evidence] for one in found.findings}
    assert lines == {
        "admin": [1], "ssh": [3], "read": [2], "deep": [4], "windows": [5], "provider": [6],
        "number": [7],
    }  # fmt: skip
    assert found.not_evaluable == ("nowhere is not evaluable: needs target.colour.",)


def test_a_key_of_one_source_is_a_column_of_another(folder: Path, duckdb: Bench) -> None:
    """`category` stays a key in an audit log, and names the logger elsewhere."""
    rules = rules_of(folder, r="title: r\nlogsource: {product: x}\n"
                     "detection: {s: {category: failed}, condition: s}\n")  # fmt: skip
    rows = [request(0, 200, logger="failed"), request(1, 200, attributes={"category": "Failed"})]
    (finding,) = found_by(duckdb, rules, rows).findings
    assert finding.measures == {"events": 2}


def test_aliases_of_aliases_do_not_grow_without_end(folder: Path) -> None:
    """A document whose anchors stand for a billion values is refused."""
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"b{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    rules = rules_of(folder, bomb="title: x\n" + "\n".join(lines))
    (problem,) = rules.problems
    assert "too many values" in problem.reason
    deep = "title: " + "[" * 3000 + "]" * 3000
    assert "not YAML" in rules_of(folder, bomb=deep).problems[0].reason

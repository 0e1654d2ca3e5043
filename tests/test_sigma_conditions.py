"""What a Sigma rule asks of one event: each modifier and value, against a reference in plain Python."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engines import Bench
from tests.sigma_reference import is_match

from clew.model.event import BY_NAME
from clew.model.views import events
from clew.sigma import taxonomy
from clew.sigma.conditions import Condition
from clew.sigma.documents import Document
from clew.sigma.known import Known
from clew.sigma.parsing import parsed
from clew.sigma.reading import Problem, Rule
from clew.sigma.scan import matched

Row = dict[str, Any]


def rule_of(detection: dict[str, Any], placeholders: Any = None, **source: str) -> Rule:
    data = {"title": "t", "logsource": source or {"category": "x"}, "detection": detection}
    made = parsed(Document(1, "", data), "t.yml", "t", placeholders or {})
    assert isinstance(made, Rule), made
    return made


def matches_of(bench: Bench, rule: Rule, rows: list[Row], known: Known | None = None) -> list[int]:
    """The places of the rows that match."""
    bench.fill(rows)
    condition = Condition(rule, events, known)
    if not condition.is_possible:
        return []
    t = matched(events, [condition])
    found = bench.engine.run(t.filter(t.mask != 0).select("event_id")).rows
    return sorted(int(row[0].removeprefix("event-")) for row in found)


def search(said: Any) -> dict[str, Any]:
    return {"s": said, "condition": "s"}


A_DAY = datetime(2026, 1, 5, 23, 59, 7)
WIDE = base64.b64encode("x cmd".encode("utf-16-le")).decode()
ROWS: list[Row] = [
    {"user_id": "Alice", "url_path": "/a/b.php", "http_status": 404, "client_ip": "10.1.2.3"},
    {"user_id": "bob", "url_path": "/A/B.PHP", "http_status": 200, "client_ip": "2001:db8::1"},
    {"url_path": "100%_sure\\x*y", "message": "run -enc AA and /x", "timestamp": A_DAY},
    {"user_id": "bob", "message": f"echo {WIDE}", "server_address": "bob", "is_streamed": True},
    {"user_id": "", "message": "ÄRGER\nsecond Line", "duration_ms": 1500.5, "severity": "ERROR"},
    {"attributes": {"n": "7", "deep.key": "V", "flag": True, "EventID": 4625}},
    {
        "attributes": {
            "n": ["8", 9, None, {"x": 1}],
            "deep.key": [],
            "answers": ["10.9.9.9", "C:\\Dir", 'ä"b'],
        }
    },
    {"attributes": {"answers": "[10.9.9.9", "n": "[8, 9"}},
]

CASES: dict[str, tuple[Any, list[int]]] = {
    "text is compared without case": ({"user_id": "ALICE"}, [0]),
    "cased minds it": ({"user_id|cased": "ALICE"}, []),
    "cased finds it": ({"user_id|cased": "Alice"}, [0]),
    "a list is any of it": ({"user_id": ["alice", "bob"]}, [0, 1, 3]),
    "contains": ({"url_path|contains": "b.P"}, [0, 1]),
    "contains cased": ({"url_path|contains|cased": "b.p"}, [0]),
    "contains all": ({"url_path|contains|all": ["/a", "php"]}, [0, 1]),
    "startswith": ({"url_path|startswith": "/A/"}, [0, 1]),
    "endswith": ({"url_path|endswith": [".php", "y"]}, [0, 1, 2]),
    "a star is any text": ({"url_path": "/a*php"}, [0, 1]),
    "a question mark is one character": ({"url_path": "/?/b.ph?"}, [0, 1]),
    "special characters of LIKE mean themselves": ({"url_path|contains": "%_s"}, [2]),
    "an escaped star is a star": ({"url_path|contains": "x\\*y"}, [2]),
    "a plain backslash": ({"url_path|contains": "\\x"}, [2]),
    "a star alone is any value": ({"user_id": "*"}, [0, 1, 3, 4]),
    "empty text is a value": ({"user_id": ""}, [4]),
    "null is no value": ({"user_id": None}, [2, 5, 6, 7]),
    "exists": ({"user_id|exists": True}, [0, 1, 3, 4]),
    "exists not": ({"user_id|exists": False}, [2, 5, 6, 7]),
    "neq: what lacks the field is different": ({"user_id|neq": "bob"}, [0, 2, 4, 5, 6, 7]),
    "a number": ({"http_status": 404}, [0]),
    "a number as text": ({"http_status": "404"}, [0]),
    "a number with a wildcard": ({"http_status": "4*"}, [0]),
    "a number of an attribute": ({"n": 7}, [5]),
    "greater": ({"http_status|gt": 200}, [0]),
    "greater or equal": ({"http_status|gte": 200}, [0, 1]),
    "less, of text": ({"n|lt": 8}, [5]),
    "less or equal": ({"duration_ms|lte": 1500.5}, [4]),
    "cidr": ({"client_ip|cidr": "10.0.0.0/8"}, [0]),
    "cidr of IPv6": ({"client_ip|cidr": ["2001:db8::/32", "192.0.2.0/24"]}, [1]),
    "a pattern minds case": ({"url_path|re": "b\\.php$"}, [0]),
    "a pattern without case": ({"url_path|re|i": "b\\.php$"}, [0, 1]),
    "a pattern of lines": ({"message|re|m": "^second"}, [4]),
    "a dot is no new line": ({"message|re": "ÄRGER.second"}, []),
    "a dot is any character": ({"message|re|s": "ÄRGER.second"}, [4]),
    "case beyond ASCII": ({"message|startswith": "ärger"}, [4]),
    "windash": ({"message|contains|windash": " /enc "}, [2]),
    "base64": ({"message|base64|contains": "nothing"}, []),
    "wide and base64offset": ({"message|wide|base64offset|contains": "cmd"}, [3]),
    "utf16le is wide": ({"message|utf16le|base64offset|contains": "cmd"}, [3]),
    "another field": ({"user_id|fieldref": "server_address"}, [3]),
    "the end of another field": ({"user_id|fieldref|endswith": "server_address"}, [3]),
    "a truth": ({"is_streamed": True}, [3]),
    "a truth of an attribute": ({"flag": True}, [5]),
    "hour": ({"timestamp|hour": 23}, [2]),
    "minute": ({"timestamp|minute": 59}, [2]),
    "day": ({"timestamp|day": 5}, [2]),
    "week": ({"timestamp|week": 2}, [2]),
    "month": ({"timestamp|month": 1}, [2]),
    "year": ({"timestamp|year": [2025, 2026]}, [2]),
    "an hour is compared": ({"timestamp|hour|gte": 22}, [2]),
    "keywords": (["Enc aa", "zzz"], [2]),
    "keywords in attributes": (["deep.key=v"], [5]),
    "all keywords": ({"|all": ["run", "/X"]}, [2]),
    "a keyword in the URL": (["b.PHP"], [0, 1]),
    "OpenTelemetry's name": ({"http.response.status_code": 404}, [0]),
    "ECS's name": ({"source.ip|startswith": "10."}, [0]),
    "an item of a list": ({"answers": "10.9.9.9"}, [6]),
    "the begin of an item": ({"answers|startswith": ["c:\\d", "x"]}, [6]),
    "the end of an item minds case": ({"answers|cased|endswith": "dir"}, []),
    "an item with a wildcard": ({"answers": "c:*r"}, [6]),
    "in an item, as the source meant it": ({"answers|contains": 'ä"B'}, [6]),
    "a pattern of an item": ({"answers|re": "^C:.Dir$"}, [6]),
    "the network of an item": ({"answers|cidr": "10.0.0.0/8"}, [6]),
    "an item is a number": ({"n": 9}, [6]),
    "the least item": ({"n|lt": 8}, [5]),
    "the most of the items": ({"n|gte": 9}, [6]),
    "no item": ({"answers|neq": "10.9.9.9", "n|exists": True}, [5, 7]),
    "an empty list is there": ({"deep.key|exists": True}, [5, 6]),
    "a list of maps is any of them": ([{"user_id": "bob"}, {"n": 7}], [1, 3, 5]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_value_is_tested_as_its_modifiers_say(name: str, bench: Bench) -> None:
    said, expected = CASES[name]
    assert matches_of(bench, rule_of(search(said)), ROWS) == expected


WEB: list[Row] = [
    {"http_method": "GET", "url_path": "/a.aspx", "url_query": "id=1%27", "user_agent": "curl/8",
     "referer": "https://example.com", "client_ip": "192.0.2.7", "http_status": 200},
    {"attributes": {"cs-method": "GET", "cs-uri-query": "/x?y", "c-uri": "http://example.com/x"}},
]  # fmt: skip
WEB_CASES: dict[str, tuple[Any, list[int]]] = {
    "cs-method": ({"cs-method": "GET"}, [0, 1]),
    "cs-uri-stem": ({"cs-uri-stem": "/a.aspx"}, [0]),
    "cs-uri-query is the whole URL": ({"cs-uri-query|startswith": "/a.aspx?id"}, [0]),
    "cs-uri-query is the query alone": ({"cs-uri-query|startswith": "id="}, [0]),
    "cs-uri-query as a source writes it": ({"cs-uri-query": "/x?y"}, [1]),
    "c-uri": ({"c-uri|contains": ["/a.", "/x"]}, [0, 1]),
    "c-uri-extension": ({"c-uri-extension": "aspx"}, [0]),
    "c-useragent": ({"c-useragent|startswith": "CURL"}, [0]),
    "cs-user-agent": ({"cs-user-agent|startswith": "CURL"}, [0]),
    "sc-status": ({"sc-status": 200}, [0]),
    "c-ip": ({"c-ip": "192.0.2.7"}, [0]),
    "cs-referer": ({"cs-referer|contains": "example"}, [0]),
}


@pytest.mark.parametrize("name", WEB_CASES)
def test_the_names_of_web_logs_are_known(name: str, bench: Bench) -> None:
    said, expected = WEB_CASES[name]
    keys = frozenset({"cs-method", "cs-uri-query", "c-uri"})
    known = Known(frozenset(name for row in WEB for name in row), keys)
    rule = rule_of(search(said), category="webserver")
    assert matches_of(bench, rule, WEB, known) == expected


CLOUD_CASES = {
    ("aws", "eventName", "event_name"),
    ("aws", "sourceIPAddress", "client_ip"),
    ("aws", "userIdentity.arn", "user_id"),
    ("azure", "operationName", "event_name"),
    ("azure", "callerIpAddress", "client_ip"),
    ("gcp", "gcp.audit.method_name", "event_name"),
    ("gcp", "data.protoPayload.authenticationInfo.principalEmail", "user_id"),
    ("okta", "eventtype", "event_name"),
    ("github", "action", "event_name"),
}


@pytest.mark.parametrize(("product", "name", "column"), sorted(CLOUD_CASES))
def test_the_names_of_cloud_logs_are_known(
    product: str, name: str, column: str, duckdb: Bench
) -> None:
    rows = [{column: "One"}, {column: "Two"}]
    known = Known(frozenset([column]), frozenset())
    rule = rule_of(search({name: "one"}), product=product, service="audit")
    assert matches_of(duckdb, rule, rows, known) == [0]


def test_the_taxonomy_names_columns_in_lower_case() -> None:
    for table in (taxonomy.WEB, taxonomy.FLOW, taxonomy.CLOUD, taxonomy.HOSTS):
        for name, columns in table.items():
            assert name == name.lower()
            assert set(columns) <= set(BY_NAME) | set(taxonomy.MADE)


def test_a_rule_for_one_cloud_does_not_look_at_another(bench: Bench) -> None:
    rows = [
        {"source_format": "okta", "event_name": "ConsoleLogin"},
        {"source_format": "aws_cloudtrail", "event_name": "ConsoleLogin"},
        {"source_format": "jsonl", "event_name": "ConsoleLogin"},
    ]
    rule = rule_of(search({"eventName": "ConsoleLogin"}), product="aws", service="cloudtrail")
    assert matches_of(bench, rule, rows) == [1, 2]


def test_windows_names_are_keys_of_attributes(bench: Bench) -> None:
    """EventID is no event_id."""
    rule = rule_of(search({"EventID": 4625}), product="windows", service="security")
    assert matches_of(bench, rule, ROWS) == [5]


def test_a_windows_name_may_have_become_a_column(bench: Bench) -> None:
    """DestinationIp of a flat log is dst_ip; the path of a URL is none of a host."""
    rows = [
        {"dst_ip": "192.0.2.7", "dst_port": 445, "url_path": "C:\\Temp\\a.ps1"},
        {"dst_ip": "10.0.0.1", "dst_port": 445},
        {"attributes": {"DestinationIp": "192.0.2.7", "DestinationPort": "445"}},
        {"http_method": "GET", "dst_ip": "192.0.2.7", "dst_port": 445, "url_path": "/a.ps1"},
    ]
    asked = search({"DestinationIp|cidr": "192.0.2.0/24", "DestinationPort": 445})
    assert matches_of(bench, rule_of(asked, product="windows"), rows) == [0, 2]
    path = rule_of(search({"Path|endswith": ".ps1"}), product="windows")
    assert matches_of(bench, path, rows) == [0]


CONDITIONS = {
    "a and not b": [0],
    "a or b": [0, 1, 3],
    "not a and not b": [2, 4, 5, 6, 7],
    "1 of them": [0, 1, 3],
    "any of them": [0, 1, 3],
    "all of a*": [0],
    "1 of a* and not 1 of b*": [0],
    "(a or b) and not (a and b)": [0, 1, 3],
    "not (a or not b)": [1, 3],
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_joins_searches(condition: str, bench: Bench) -> None:
    detection = {
        "a": {"user_id": "alice"},
        "b": {"user_id": "bob"},
        "_hidden": {"n": 7},
        "condition": condition,
    }
    assert matches_of(bench, rule_of(detection), ROWS) == CONDITIONS[condition]


def test_several_conditions_are_alternatives(bench: Bench) -> None:
    detection = {"a": {"user_id": "alice"}, "b": {"n": 7}, "condition": ["a", "b"]}
    assert matches_of(bench, rule_of(detection), ROWS) == [0, 5]


def test_placeholders_come_from_the_configuration(bench: Bench) -> None:
    """Each value may have wildcards; an escaped percent sign is one."""
    people = {"People": ["ali*", "b?b"]}
    assert matches_of(bench, rule_of(search({"user_id|expand": "%People%"}), people), ROWS) == [
        0, 1, 3,
    ]  # fmt: skip
    pattern = rule_of(search({"user_id|re|i|expand": "^%Who%$"}), {"Who": ["alice|bob"]})
    assert matches_of(bench, pattern, ROWS) == [0, 1, 3]


def test_a_placeholder_that_is_not_listed_is_one_sentence() -> None:
    data = {"title": "t", "logsource": {"category": "x"}, "detection": search({"a|expand": "%Z%"})}
    made = parsed(Document(1, "", data), "t.yml", "t", {})
    assert isinstance(made, Problem)
    assert made.reason.startswith("it needs the placeholder %Z%: list its values in the settings")


def test_a_field_that_no_event_has_decides_before_any_event_is_read() -> None:
    """An absent field meets only null and exists: false."""
    known = Known(frozenset({"user_id", "timestamp"}), frozenset())

    def of(detection: dict[str, Any]) -> tuple[bool, tuple[str, ...]]:
        condition = Condition(rule_of(detection), events, known)
        return condition.is_possible, condition.missing

    assert of(search({"user_id": "a", "zork": 1})) == (False, ("zork",))
    assert of(search([{"user_id": "a"}, {"zork": 1}])) == (True, ("zork",))
    assert of(search({"user_id": "a", "zork": None})) == (True, ())
    assert of(search({"user_id": "a", "zork|exists": False})) == (True, ())
    assert of(search({"user_id": "a", "zork|exists": True})) == (False, ("zork",))
    no_text = Condition(
        rule_of(search(["word"])), events, Known(frozenset(["timestamp"]), frozenset())
    )
    assert (no_text.is_possible, no_text.missing) == (False, ("text of events",))
    filtered = {"s": {"user_id": "a"}, "f": {"zork": 1}, "condition": "s and not f"}
    assert of(filtered) == (True, ("zork",))


TEXTS = st.text(alphabet="aA/-.%_é\\ ", max_size=5)
WANTED = st.text(alphabet="aA/-.%_é\\*? ", max_size=4)
VALUES = st.none() | TEXTS
EVENTS = st.fixed_dictionaries(
    {
        "user_id": VALUES,
        "message": VALUES,
        "service": VALUES,
        "http_status": st.none() | st.sampled_from([1, 2, 10, 200]),
    }
)
FIELDS = st.sampled_from(["user_id", "message", "service"])
TEXT_MODIFIERS = st.sampled_from(
    ["", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|neq",
     "|contains|all", "|windash", "|contains|windash"]
)  # fmt: skip
TEXT_ITEMS = st.tuples(FIELDS, TEXT_MODIFIERS, st.lists(WANTED, min_size=1, max_size=3)).map(
    lambda it: (it[0] + it[1], it[2])
)
OTHER_ITEMS = st.one_of(
    st.tuples(
        st.sampled_from(["http_status", "http_status|gt", "http_status|lte", "http_status|neq"]),
        st.sampled_from([1, 2, 10, 200, 1.5]),
    ),
    st.tuples(
        st.sampled_from(["http_status", "user_id"]), st.sampled_from(["1*", "20?", "10", "*"])
    ),
    st.tuples(FIELDS.map(lambda f: f + "|exists"), st.booleans()),
    st.tuples(FIELDS, st.none()),
    st.tuples(st.just("user_id|fieldref"), FIELDS),
    st.tuples(st.just("message|fieldref|contains"), FIELDS),
    st.tuples(st.just("message|re"), st.sampled_from(["a+", "^a?$", "[/-]a", "A.", "^$"])),
    st.tuples(st.just("message|re|i"), st.sampled_from(["A+", "a$"])),
)
SEARCHES = st.lists(TEXT_ITEMS | OTHER_ITEMS, min_size=1, max_size=3).map(dict)
DETECTIONS = st.tuples(
    SEARCHES, SEARCHES, SEARCHES | st.lists(SEARCHES, min_size=1, max_size=2),
    st.sampled_from(
        ["a", "a and not b", "a or b", "1 of them", "all of them", "not a", "(a or b) and not c",
         "a and (b or not c)", "1 of a* or c", "not 1 of a* and not c"]
    ),
).map(lambda it: {"a": it[0], "b": it[1], "c": it[2], "condition": it[3]})  # fmt: skip


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(DETECTIONS, st.lists(EVENTS, min_size=1, max_size=6))
def test_random_rules_match_as_the_reference_says(
    duckdb: Bench, detection: dict[str, Any], rows: list[Row]
) -> None:
    _like_reference(duckdb, detection, rows)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(DETECTIONS, st.lists(EVENTS, min_size=1, max_size=6))
def test_random_rules_match_on_clickhouse_too(
    clickhouse: Bench, detection: dict[str, Any], rows: list[Row]
) -> None:
    _like_reference(clickhouse, detection, rows)


def _like_reference(bench: Bench, detection: dict[str, Any], rows: list[Row]) -> None:
    expected = [n for n, row in enumerate(rows) if is_match(detection, row)]
    assert matches_of(bench, rule_of(detection), rows) == expected


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=8), st.binary(max_size=5), st.binary(max_size=5))
def test_base64offset_finds_bytes_wherever_they_stand(
    raw: bytes, before: bytes, behind: bytes
) -> None:
    from clew.sigma.encodings import _middle

    whole = base64.b64encode(before + raw + behind).decode()
    assert any(_middle(raw, shift) in whole for shift in range(3))

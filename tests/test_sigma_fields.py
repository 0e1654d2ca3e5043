"""What a field of a rule means in logs as they are written: words of levels, dashes, lists, several collectors."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from tests.engines import Bench
from tests.test_sigma_conditions import matches_of, rule_of, search

from clew import registry
from clew.model.views import events
from clew.model.vocabulary import resolve
from clew.sigma.conditions import Condition
from clew.sigma.known import Known
from clew.sigma.reading import LogSource
from clew.sigma.taxonomy import PRODUCTS, named

WRITTEN: list[dict[str, Any]] = [
    {"severity": "WARN", "severity_number": 13, "status": "error", "tags": '["red", "Blue"]'},
    {"severity": "FATAL", "status": "ok", "http_status": 200, "tags": '"blue"', "http_method": "GET"},
    {"severity": "INFO", "http_status": 503, "url_path": "/a", "url_query": "x=1", "http_method": "GET"},
    {"server_address": "evil.example.com", "url_path": "/b", "user_agent": "curl", "http_method": "GET"},
    {"attributes": {"Stamp": "2024-12-30T23:30:00-01:30", "status_text": "denied"}},
    {"attributes": {"Stamp": "2024-12-31 01:00:00.5 +0000", "status_text": "new"}},
    {"attributes": {"Stamp": "2024-12-31T01:00:00Z"}, "source_format": "okta", "http_status": 503},
]  # fmt: skip
KNOWN = Known(
    frozenset({"severity", "severity_number", "status", "http_status", "http_method", "tags", "url_path",
               "url_query", "server_address", "user_agent", "source_format"}),
    frozenset({"Stamp", "status_text"}),
)  # fmt: skip
FIELD_CASES: dict[str, tuple[Any, list[int]]] = {
    "a warning is WARN": ({"level": "warning"}, [0]),
    "in whatever case": ({"level|cased": "Warning"}, [0]),
    "a list of levels": ({"level": ["warn", "critical"]}, [0, 1]),
    "a part of a level's word": ({"severity|startswith": "crit"}, [1]),
    "a pattern of levels": ({"log.level|re": "^(warn|info)"}, [0, 2]),
    "a level that no log writes": ({"level": "purple"}, []),
    "pino's number": ({"level|gte": 40}, [0, 1]),
    "Python's number": ({"levelno": 50}, [1]),
    "what failed is an error": ({"status": "failed"}, [0]),
    "what went well": ({"status": ["success", "completed"]}, [1]),
    "a status is a number as well": ({"status": 200}, [1]),
    "by its text": ({"status|startswith": "5"}, [2, 6]),
    "a status that is neither": ({"status": "denied"}, [4]),
    "one item of a column's list": ({"tags": "blue"}, [0, 1]),
    "a pattern of an item": ({"tags|re": "^red$"}, [0]),
    "a URL has its query": ({"url|endswith": "?x=1"}, [2]),
    "a URL without it": ({"url": "/a"}, [2]),
    "a URL has its host": ({"url|contains": "example.com/b"}, [3]),
    "an hour with its offset": ({"Stamp|hour": 1}, [4, 5, 6]),
    "a day with its offset": ({"Stamp|day": 31}, [4, 5, 6]),
}
DASH_CASES: dict[str, tuple[Any, list[int]]] = {
    "a request has no agent": ({"cs-user-agent": "-"}, [1, 2]),
    "one of several": ({"cs-user-agent": ["-", "curl"]}, [1, 2, 3]),
    "no event has it": ({"cs-referer": "-"}, [1, 2, 3]),
    "events of other products are none of a web server's": ({"sc-status": 503}, [2]),
}


@pytest.mark.parametrize("name", FIELD_CASES)
def test_a_field_is_what_a_log_wrote_under_it(name: str, bench: Bench) -> None:
    said, expected = FIELD_CASES[name]
    assert matches_of(bench, rule_of(search(said), product="x"), WRITTEN, KNOWN) == expected


@pytest.mark.parametrize("name", DASH_CASES)
def test_a_web_log_writes_a_dash_for_nothing(name: str, bench: Bench) -> None:
    said, expected = DASH_CASES[name]
    rule = rule_of(search(said), category="webserver")
    assert matches_of(bench, rule, WRITTEN, KNOWN) == expected


def test_a_dash_is_a_value_elsewhere(bench: Bench) -> None:
    rows = [{"attributes": {"IpAddress": "-"}}, {"attributes": {"IpAddress": "192.0.2.1"}}, {}]
    known = Known(frozenset({"http_method"}), frozenset({"IpAddress"}))
    rule = rule_of(search({"IpAddress": "-"}), product="windows")
    assert matches_of(bench, rule, rows, known) == [0]


def test_several_collectors_of_one_case_are_all_looked_at(bench: Bench) -> None:
    """A rule about EventID that finds one flat event does not pass over Winlogbeat's and evtx_dump's."""
    keys = ("EventID", "eventid", "winlog.event_id", "Event.System.EventID", "System.EventID.#text")
    rows = [{"attributes": {key: "4625"}} for key in keys] + [{"attributes": {"EventID": "1"}}]
    known = Known(frozenset(), frozenset((*keys, "winlog.EventID")))
    rule = rule_of(search({"EventID": 4625}), product="windows", service="security")
    assert matches_of(bench, rule, rows, known) == [0, 1, 2, 3, 4]


def test_a_cloud_rule_does_not_look_at_the_logs_of_servers(bench: Bench) -> None:
    rows: list[dict[str, Any]] = [
        {"source_format": "python_logging", "severity": "ERROR"},
        {"source_format": "gcp_audit", "severity": "ERROR"},
        {"source_format": "jsonl", "severity": "ERROR"},
    ]
    rule = rule_of(search({"severity": "ERROR"}), product="gcp", service="gcp.audit")
    assert matches_of(bench, rule, rows) == [1, 2]
    formats = frozenset({"python_logging", "gcp_audit", "jsonl"})
    known = Known(frozenset({"severity", "source_format"}), frozenset(), formats=formats)
    assert matches_of(bench, rule, rows, known) == [1, 2]


def test_azure_columns_of_log_analytics_are_the_keys_of_its_logs(duckdb: Bench) -> None:
    rows = [{"attributes": {"category": "Administrative"}, "timestamp": datetime(2026, 1, 2)}]
    rule = rule_of(search({"CategoryValue": "Administrative"}), product="azure")
    assert matches_of(duckdb, rule, rows, Known(frozenset(), frozenset({"category"}))) == [0]


def test_a_name_behind_a_wrapper_is_the_key_that_was_kept(bench: Bench) -> None:
    """`ctx.a.b` of a JSON log is kept as `a.b`, and a rule names it as it was written."""
    known = Known(frozenset(), frozenset({"a.b"}))
    rows: list[dict[str, Any]] = [{"attributes": {"a.b": "x"}}, {}]
    assert matches_of(bench, rule_of(search({"ctx.a.b": "x"}), product="x"), rows, known) == [0]


OBJECT_CASES: dict[str, tuple[Any, list[int]]] = {
    "an object is not null": ({"responseElements": None}, [1]),
    "it exists": ({"responseElements|exists": True}, [0, 2]),
    "its text": ({"responseElements|contains": "failure"}, [0]),
    "its text as JSON": ({"responseElements|contains": '"ConsoleLogin":"Failure"'}, [0]),
    "a key of it": ({"responseElements.ConsoleLogin": "Success"}, [2]),
}


@pytest.mark.parametrize("name", OBJECT_CASES)
def test_an_object_is_a_value_though_its_keys_are_kept_apart(name: str, bench: Bench) -> None:
    said, expected = OBJECT_CASES[name]
    rows: list[dict[str, Any]] = [
        {"attributes": {"responseElements.ConsoleLogin": "Failure"}},
        {"attributes": {"responseElementsOther": "failure"}},
        {"attributes": {"responseElements.ConsoleLogin": "Success", "n": 1}},
    ]
    known = Known(
        frozenset(), frozenset({"responseElements.ConsoleLogin", "responseElementsOther"})
    )
    assert matches_of(bench, rule_of(search(said), product="x"), rows, known) == expected


def test_a_time_is_also_the_text_that_was_written(bench: Bench) -> None:
    rows: list[dict[str, Any]] = [
        {"timestamp": datetime(2026, 3, 3, 23, 40), "timestamp_text": "2026-03-03T23:40:00.000Z"},
        {"timestamp": datetime(2026, 3, 3, 23, 41), "timestamp_text": "1772581260000"},
    ]
    known = Known(frozenset({"timestamp", "timestamp_text"}), frozenset())
    for said, expected in (
        ({"published|startswith": "2026-03-03T23:40"}, [0]),
        ({"published": 1772581260000}, [1]),
        ({"published|hour": 23}, [0, 1]),
    ):
        rule = rule_of(search(said), product="okta", service="okta")
        assert matches_of(bench, rule, rows, known) == expected, said


def test_a_products_own_key_is_not_filled_from_a_column(bench: Bench) -> None:
    """A role's session has no user name, though its ARN is whose the event is."""
    arn = "arn:aws:sts::1:assumed-role/admin/x"
    rows: list[dict[str, Any]] = [
        {"source_format": "aws_cloudtrail", "user_id": arn, "attributes": {"userIdentity.arn": arn}},
        {"source_format": "aws_cloudtrail", "user_id": "admin", "attributes": {"userIdentity.userName": "admin"}},
        {"source_format": "jsonl", "user_id": "admin"},
    ]  # fmt: skip
    known = Known(
        frozenset({"user_id", "source_format"}),
        frozenset({"userIdentity.arn", "userIdentity.userName"}),
        formats=frozenset({"aws_cloudtrail", "jsonl"}),
        kept=frozenset({("aws_cloudtrail", "userIdentity.userName")}),
    )
    for said, expected in (
        ({"userIdentity.userName|contains": "admin"}, [1, 2]),
        ({"userIdentity.userName": None}, [0]),
    ):
        rule = rule_of(search(said), product="aws", service="cloudtrail")
        assert matches_of(bench, rule, rows, known) == expected, said


def test_what_states_nothing_of_a_products_rule_is_none_of_its_events(bench: Bench) -> None:
    """`errorCode: null` of CloudTrail is true of every line of any log, and says nothing of it."""
    rows: list[dict[str, Any]] = [
        {"source_format": "aws_cloudtrail", "event_name": "GetObject"},
        {"source_format": "jsonl", "message": "hello"},
        {"source_format": "jsonl", "event_name": "GetObject"},
        {"source_format": "jsonl", "event_name": "GetObject", "error_type": "AccessDenied"},
    ]
    known = Known(
        frozenset({"source_format", "event_name", "error_type", "message"}),
        frozenset(),
        formats=frozenset({"aws_cloudtrail", "jsonl"}),
    )
    source = {"product": "aws", "service": "cloudtrail"}
    silent = rule_of(search({"errorCode": None}), **source)
    assert matches_of(bench, silent, rows, known) == [0]
    other = {"s": {"eventName": "PutObject"}, "condition": "not s"}
    assert matches_of(bench, rule_of(other, **source), rows, known) == [0, 2, 3]
    only_json = replace(known, columns=known.columns - {"error_type"}, formats=frozenset({"jsonl"}))
    condition = Condition(silent, events, only_json)
    assert not condition.is_possible and condition.missing == ("errorCode",)
    anybody = rule_of(search({"errorCode": None}), product="x")
    assert matches_of(bench, anybody, rows, known) == [0, 1, 2]


def test_names_of_audit_logs_mean_the_columns_that_formats_put_them_in() -> None:
    for name, product in PRODUCTS.items():
        for written, column in registry.load("formats", name).LAYOUT.names.items():
            meant = resolve(written)
            found = named(written, LogSource(product=product)) or (meant.column or meant.otherwise,)
            assert column.partition(":")[0] in found, (name, written)


def test_a_pattern_is_asked_of_the_items_of_a_list(bench: Bench) -> None:
    """`z.` finds no `z"` of the list's JSON; what only begins with a bracket is no list."""
    rows: list[dict[str, Any]] = [
        {"attributes": {"roles": '["y","z"]'}},
        {"attributes": {"roles": '["y","zoo"]'}},
        {"attributes": {"roles": "[Zz Console]"}},
    ]
    known = Known(frozenset(), frozenset({"roles"}))
    for said, expected in (({"roles|re|i": "z."}, [1, 2]), ({"roles|re": "^[^a-z]"}, [2])):
        assert matches_of(bench, rule_of(search(said), product="x"), rows, known) == expected, said


def test_a_keyword_is_found_in_the_request_as_a_log_writes_it(bench: Bench) -> None:
    rows: list[dict[str, Any]] = [
        {"http_method": "POST", "url_path": "/login"},
        {"http_method": "GET", "url_path": "/login"},
        {"url_path": "/login"},
    ]
    known = Known(frozenset({"http_method", "url_path"}), frozenset())
    for said, expected in (
        (["POST /login"], [0]),
        ({"|all": ["get", "/log"]}, [1]),
        (["/login"], [0, 1, 2]),
    ):
        rule = rule_of(search(said), category="webserver")
        assert matches_of(bench, rule, rows, known) == expected, said

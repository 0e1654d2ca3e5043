"""Searches and pipes: what each form finds, on every engine, and that broken ones are pointed at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engines import Bench

from clew import query
from clew.errors import QueryError
from clew.model.views import events

NOW = datetime(2026, 11, 20, 12)
ROWS: list[dict[str, Any]] = [
    {
        "event_id": f"e{n}",
        "timestamp": f"2026-11-20T09:00:{n:02}Z",
        "service": "api" if n % 2 else "web",
        "severity": "ERROR" if n == 3 else "INFO",
        "http_status": (200, 404, 500, 502)[n % 4],
        "http_method": "GET",
        "url_path": f"/v1/chat/{n}" if n < 6 else "/healthz",
        "client_ip": f"192.0.2.{n}" if n < 8 else "2001:db8::1",
        "duration_ms": float(n * 500),
        "user_id": f"u{n % 3}" if n != 7 else None,
        "request_id": f"r{n // 2}",
        "message": f"Request {n} of 100_% done",
        "exception_type": "app.QuotaError" if n == 3 else None,
        "is_streamed": n > 4,
        "cost_usd": 0.25 * n,
        "attributes": {"cluster": "eu" if n < 5 else "us", "shard": str(n)},
    }
    for n in range(10)
]
FOUND = {
    "": range(10),
    "*": range(10),
    "service:api": [1, 3, 5, 7, 9],
    "-service:api": [0, 2, 4, 6, 8],
    "NOT service:api": [0, 2, 4, 6, 8],
    "service!=api": [0, 2, 4, 6, 8],
    "service:API": [],
    "severity:error": [3],
    "quotaerror": [3],
    "exception_type:QuotaError": [],
    "level:error": [3],
    "http.response.status_code:404": [1, 5, 9],
    "status:404": [1, 5, 9],
    "status:5xx": [2, 3, 6, 7],
    "http_status:5*": [2, 3, 6, 7],
    "http_status>=500 service:api": [3, 7],
    "http_status>=500 AND service:api OR severity:ERROR": [3, 7],
    "http_status:(404 OR 502)": [1, 3, 5, 7, 9],
    "http_status:[404 TO 500]": [1, 2, 5, 6, 9],
    "http_status:{404 TO *]": [2, 3, 6, 7],
    "http_status:>=502": [3, 7],
    "duration_ms>4s": [9],
    "duration_ms < 1000": [0, 1],
    "latency_s>4": [9],
    "url_path:/v1/*": range(6),
    "url_path:/healthz": [6, 7, 8, 9],
    r"url_path:/chat\/[12]$/": [1, 2],
    "url_path:*/chat/?": range(6),
    "client_ip:192.0.2.0/30": range(4),
    "client_ip:2001:db8::/32": [8, 9],
    '"request 3"': [3],
    "request 3": [3],
    "/quest [45] of/": [4, 5],
    "message:request": range(10),
    'message="Request 3"': [],
    'message="Request 3 of 100_% done"': [3],
    '"100_%"': range(10),
    '"100x%"': [],
    "user_id:u1 NOT request_id:r2": [1],
    "NOT user_id:u1": [0, 2, 3, 5, 6, 7, 8, 9],
    "exists(user_id)": [0, 1, 2, 3, 4, 5, 6, 8, 9],
    "user_id:*": [0, 1, 2, 3, 4, 5, 6, 8, 9],
    "exists(nothing)": [],
    "cluster:eu": range(5),
    "attributes.cluster:eu": range(5),
    "shard>7": [8, 9],
    "is_streamed:true": range(5, 10),
    "cost_usd>=2": [8, 9],
    "timestamp>=2026-11-20T09:00:08Z": [8, 9],
    "timestamp>=2026-11-20T10:00:08+01:00": [8, 9],
    "timestamp<3h": [],
    "(service:api (severity:ERROR OR status:404))": [1, 3, 5, 9],
    "service:(NOT api)": [0, 2, 4, 6, 8],
    "user_id:(u1, u2) -service:api": [2, 4, 8],
    "service!=(api OR web)": [],
    "http_status:(>=400 AND <500)": [1, 5, 9],
    "http_status:50?": [2, 3, 6, 7],
    "http_status=500": [2, 6],
    "http_status:/^50/": [2, 3, 6, 7],
    "duration_ms:.5s": [1],
    "duration_ms:[1s TO 2s]": [2, 3, 4],
    "NOT exists(user_id)": [7],
    "severity>=warning": [3],
    "severity<WARN": [0, 1, 2, 4, 5, 6, 7, 8, 9],
    "severity:err*": [3],
    "http_method:get": range(10),
    "user_id:u*": [0, 1, 2, 3, 4, 5, 6, 8, 9],
    "user_id:*1": [1, 4],
    "url_path:*chat*": range(6),
    r"message:100_\%": [],
    "message:100_*done": range(10),
    "100_*": range(10),
    "10?_%": range(10),
    "req*est": range(10),
    "tim*out": [],
    r"message:/^Request \d of/": range(10),
    r"message:/request \d/": range(10),
    "message:/REQUEST/": range(10),
    "message=/REQUEST/": [],
    "/REQUEST/": range(10),
    "url_path=/CHAT/": [],
    "url_path:/(?i)CHAT/": range(6),
    "message:/$/": range(10),
    "message:/\\b/": range(10),
    "url_path:/$^|x/": [],
    "client_ip:192.0.2.0/29": range(8),
    "client_ip:0.0.0.0/0": range(8),
    "client_ip:192.0.2.3": [3],
    "client_ip:2001:DB8:0::1": [8, 9],
    "client_ip:2001:db8::/33": [8, 9],
    "client_ip:2001:db9::/32": [],
    "NOT client_ip:2001:db8::/32": range(8),
    "shard:7": [7],
    "shard:07.0": [7],
    "shard:[2 TO 3}": [2],
    "cluster:e*": range(5),
    "cluster:/^u/": range(5, 10),
    "cluster!=eu": range(5, 10),
    "exists(cluster)": range(10),
    "is_streamed:false": range(5),
    "cost_usd:0.75": [3],
    "timestamp:2026-11-20": range(10),
    "timestamp:2026-11-20T09:00": range(10),
    "timestamp:2026-11-20T09:00:03Z": [3],
    "timestamp<=2026-11-20": range(10),
    "timestamp>2026-11-20": [],
    "timestamp>4h": range(10),
    "timestamp:[2026-11-20T09:00:02Z TO 2026-11-20T09:00:04Z}": [2, 3],
    "requestId:r1": [2, 3],
    "http.request.method:GET request.id:r1": [2, 3],
    "code:404": [1, 5, 9],
    "http://example.com": [],
    '"request 3" OR (request AND "4 of")': [3, 4],
    "-(service:api OR service:web)": [],
    "NOT NOT service:api": [1, 3, 5, 7, 9],
}
PIPED: dict[str, list[dict[str, Any]]] = {
    "| stats count()": [{"count": 10}],
    "| stats count() by service": [{"service": "api", "count": 5}, {"service": "web", "count": 5}],
    "service:api | stats avg(duration_ms), max(duration_ms) as worst": [
        {"avg": 2500.0, "worst": 4500.0}
    ],
    "| stats sum(duration_ms) sum(cost_usd)": [{"sum_duration_ms": 22500.0, "sum_cost_usd": 11.25}],
    "| stats dcount(user_id) min(duration_ms) median(duration_ms)": [
        {"dcount": 3, "min": 0.0, "median": 2250.0}
    ],
    "| stats p50(duration_ms) p90(duration_ms)": [{"p50": 2250.0, "p90": 4050.0}],
    "| stats p50(duration_ms) p50(http_status)": [
        {"p50_duration_ms": 2250.0, "p50_http_status": 404.0}
    ],
    "| stats count() by bucket(5s)": [
        {"bucket": datetime(2026, 11, 20, 9), "count": 5},
        {"bucket": datetime(2026, 11, 20, 9, 0, 5), "count": 5},
    ],
    "| stats rate() by bucket(5s) | head 1": [{"rate": 1.0}],
    "| stats first(user_id) last(service)": [{"first": "u0", "last": "api"}],
    "| stats values(service)": [{"values": ["api", "web"]}],
    "| stats count() by cluster | sort -count, cluster": [
        {"cluster": "eu", "count": 5},
        {"cluster": "us", "count": 5},
    ],
    "| stats count() as n by http_status | where n > 2 | sort -http_status": [
        {"http_status": 404, "n": 3},
        {"http_status": 200, "n": 3},
    ],
    "| top 1 url_path": [{"url_path": "/healthz", "count": 4, "share": 0.4}],
    "| top 1 http_status by service": [
        {"service": "api", "http_status": 404, "count": 3, "share": 0.6},
        {"service": "web", "http_status": 200, "count": 3, "share": 0.6},
    ],
    "| rare 1 severity": [{"severity": "ERROR", "count": 1}],
    "| sort -duration_ms | head 2 | fields event_id, duration_ms": [
        {"event_id": "e9", "duration_ms": 4500.0},
        {"event_id": "e8", "duration_ms": 4000.0},
    ],
    "| tail 2 | fields event_id": [{"event_id": "e8"}, {"event_id": "e9"}],
    "| dedup service | fields event_id": [{"event_id": "e0"}, {"event_id": "e1"}],
    "| sort -timestamp | dedup service | fields event_id": [{"event_id": "e9"}, {"event_id": "e8"}],
    "| patterns": [
        {
            "pattern": "Request <number> of <number>_% done",
            "count": 10,
            "first": datetime(2026, 11, 20, 9),
            "last": datetime(2026, 11, 20, 9, 0, 9),
            "example": "Request 0 of 100_% done",
        }
    ],
    "| patterns url_path by service | head 1": [
        {"service": "api", "pattern": "/v<number>/chat/<number>", "count": 3}
    ],
    "| fields cluster, shard | head 1": [{"cluster": "eu", "shard": "0"}],
    "| where status:500 | stats count()": [{"count": 2}],
    "| stats count by url_path | where url_path:/healthz": [{"url_path": "/healthz", "count": 4}],
    "| stats count() by service, http_method | where get AND api": [{"service": "api", "count": 5}],
    "| stats p99(duration_ms) by service | where p99 > 4.1s": [{"service": "api", "p99": 4460.0}],
    "| stats p50(duration_ms) by service | sort -p50(duration_ms)": [
        {"service": "api", "p50": 2500.0},
        {"service": "web", "p50": 2000.0},
    ],
    "| stats max(latency_s)": [{"max": 4.5}],
    "| stats max(duration_ms) max(shard) by svc | head 1": [
        {"service": "api", "max_duration_ms": 4500.0, "max_shard": 9.0}
    ],
    "| stats count() count(user_id)": [{"count": 10, "count_user_id": 9}],
    "| stats max(cost_usd) as dear, sum(shard)": [{"dear": 2.25, "sum": 45.0}],
    "| stats rate()": [{"rate": 1.111111}],
    "| stats rate(duration_ms) by bucket(5s) | head 1": [{"rate": 1000.0}],
    "| sort -duration_ms | stats first(user_id) last(user_id) by service": [
        {"service": "api", "first": "u1", "last": "u0"},
        {"service": "web", "first": "u0", "last": "u2"},
    ],
    "nothing_like_this | stats count() avg(duration_ms)": [{"count": 0, "avg": None}],
    "nothing_like_this | stats count() by service": [],
    "| sort user_id, -duration_ms | head 1 | fields event_id": [{"event_id": "e9"}],
    "| sort -user_id | tail 1 | fields event_id, user_id": [{"event_id": "e7", "user_id": None}],
    "| sort -shard | head 2 | fields event_id": [{"event_id": "e9"}, {"event_id": "e8"}],
    "| sort duration_ms desc | head 1 | fields event_id": [{"event_id": "e9"}],
    "| fields event_id, duration_ms | sort -duration_ms | head 1": [
        {"event_id": "e9", "duration_ms": 4500.0}
    ],
    "| fields service, user_id | dedup service, user_id | stats count()": [{"count": 7}],
    "| dedup user_id | fields event_id": [{"event_id": f"e{n}"} for n in (0, 1, 2, 7)],
    "| dedup service | dedup http_method | fields event_id": [{"event_id": "e0"}],
    "| head 4 | tail 2 | fields event_id": [{"event_id": "e2"}, {"event_id": "e3"}],
    "| top 2 user_id": [{"user_id": "u0", "count": 4}, {"user_id": "u2", "count": 3}],
    "| top user_id | stats sum(count)": [{"sum": 9}],
    "| stats count() by bucket(1m), service | fields service | head 1": [{"service": "api"}],
    "| limit 1 | fields latency_s, level": [{"latency_s": 0.0, "severity": "INFO"}],
}
BROKEN = {
    "service:": ("A value is missing after 'service:'", 0),
    "service: | head": ("A value is missing after 'service:'", 0),
    "x service:AND y": ("A value is missing after 'service:'", 2),
    "(service:api": ("not closed", 0),
    "service:api)": ("never opened", 11),
    "service:(a OR b": ("not closed", 8),
    "service:(a OR )": ("missing after OR", 11),
    "service:api OR": ("missing after OR", 12),
    "service:api AND | head": ("missing after AND", 12),
    "NOT": ("missing after NOT", 0),
    "OR x": ("missing before OR", 0),
    "()": ("A search term is missing", 1),
    ">=3": ("A field is missing before '>='", 0),
    "exists(service": ("not closed", 0),
    "exists()": ("name of a field is missing", 7),
    '"open': ("quote is not closed", 0),
    "http_status:[1 TO ": ("A value is missing", 18),
    "http_status:[1 TO 3": ("not closed", 12),
    "x | stat count()": ("Did you mean 'stats'?", 4),
    "x | stats cout()": ("Did you mean 'count'?", 10),
    "x | stats p99()": ("needs a field", 10),
    "x | stats count(a": ("not closed", 10),
    "x | stats by service": ("needs a function", 4),
    "x | stats sum(service)": ("sum needs numbers", 10),
    "x | stats min(is_streamed)": ("min needs values in an order", 10),
    "x | stats count() as service by service": ("Two columns", 10),
    "x | stats count() by service, svc": ("stands twice", 30),
    "x | head 0": ("A number of rows", 9),
    "x | head ten": ("'|' is expected", 9),
    "x | patterns http_status": ("needs text", 13),
    "http_status:abc": ("is a number", 12),
    "http_status>5*": ("is a number", 12),
    "duration_ms>soon": ("is a number", 12),
    "duration_ms>3 parsecs | top": ("name of a field is missing", 27),
    "is_streamed:maybe": ("true or false", 12),
    "timestamp>yesterday": ("is not a time", 10),
    "timestamp:2026-13-01": ("is not a time", 10),
    "client_ip:192.0.2.0/77": ("not a network", 10),
    "message:/(/": ("not a regular expression", 8),
    "message:/(?=x)/": ("RE2", 8),
    r"message:/(a)\1/": ("RE2", 8),
    "message:/a{2000}/": ("RE2", 8),
    "//": ("missing between these slashes", 0),
    "| stats count() by model | sort -cout": ("Did you mean 'count'?", 33),
    "| stats count() by model | where service:x": ("There is no column 'service'", 33),
    "| stats count() | where bare": ("a field is needed", 24),
    "| stats count() | stats first(count)": ("time of events", 24),
    "| stats count() | patterns": ("There is no column 'message'", 18),
    "| stats count() by bucket(soon)": ("not a length of time", 26),
    "| stats count() by bucket()": ("not a length of time", 26),
    "| stats count() count()": ("Two columns", 16),
    "| ": ("missing", 2),
    "a || b": ("missing", 3),
    "| where": ("A search term is missing", 7),
    "a\0b": ("not text", 1),
    "(" * 10_000 + "a": ("parentheses stand inside", 50),
    "service:" + "(" * 10_000 + "a": ("parentheses stand inside", 58),
    "a " * 10_000: ("at most 1,000 terms", 2000),
    "a | head" + " | head" * 40: ("more than 30 pipes", 218),
    "x" * 1_000_000: ("too long", 0),
}


def _ask(bench: Bench, text: str) -> list[dict[str, Any]]:
    bench.fill(ROWS)
    return bench.engine.run(query.compile(query.parse(text), events, now=NOW)).dicts()


@pytest.mark.parametrize("text", FOUND)
def test_a_search_finds_its_events_in_order(text: str, bench: Bench) -> None:
    assert [row["event_id"] for row in _ask(bench, text)] == [f"e{n}" for n in FOUND[text]]


@pytest.mark.parametrize("text", PIPED)
def test_a_pipe_gives_its_rows(text: str, bench: Bench) -> None:
    rows = _ask(bench, text)
    expected = PIPED[text]
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert {name: _plain(row[name]) for name in wanted} == wanted


def _plain(value: Any) -> Any:
    if value.__class__.__name__ == "Decimal":
        return float(value)
    if isinstance(value, float):
        return round(value, 6)
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("text", [text for text in BROKEN if BROKEN[text][0]])
def test_a_broken_query_is_pointed_at(text: str) -> None:
    sentence, position = BROKEN[text]
    with pytest.raises(QueryError, match=None) as caught:
        query.compile(query.parse(text), events, now=NOW)
    assert sentence in str(caught.value)
    assert caught.value.position == position


@given(
    st.text(max_size=60) | st.lists(st.sampled_from([*FOUND, *PIPED, *BROKEN][:-2])).map(" ".join)
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_a_search_or_a_query_error(text: str) -> None:
    try:
        table = query.compile(query.parse(text), events, now=NOW)
    except QueryError as error:
        assert str(error).endswith((".", "?"))
        return
    for dialect in ("duckdb", "clickhouse"):
        assert ibis.to_sql(table, dialect=dialect)


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=3))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_is_found_as_it_stands(
    both: tuple[Bench, Bench], message: str, other: str
) -> None:
    """Quotes, backslashes, % and _, stars and other scripts mean themselves in a phrase."""
    message = message.replace("\0", "?")
    phrase = '"' + message.replace("\\", "\\\\").replace('"', '\\"') + '"'
    rows = [
        {"event_id": "e0", "timestamp": "2026-11-20T09:00:00Z", "message": message},
        {"event_id": "e1", "timestamp": "2026-11-20T09:00:01Z", "message": other + message},
    ]
    exact, inside = (
        query.compile(query.parse(text), events, now=NOW) for text in (f"message={phrase}", phrase)
    )
    for bench in both:
        bench.fill(rows)
        assert [row["event_id"] for row in bench.engine.run(exact).dicts()] == ["e0"]
        assert len(bench.engine.run(inside).rows) == 2


def test_many_ids_are_one_list() -> None:
    listed = " OR ".join(f"r{number}" for number in range(900))
    table = query.compile(query.parse(f"request_id:({listed})"), events, now=NOW)
    assert ibis.to_sql(table, dialect="duckdb").count(" IN (") == 1


def test_what_the_language_allows_compiles(bench: Bench) -> None:
    """The deepest search and the longest row of pipes do not reach the end of Python's stack."""
    deep = "".join(f"NOT (a{level} OR " for level in range(49)) + "x" + ")" * 49
    for text in (deep, "| sort -shard | dedup user_id | head 9" * 4):
        assert bench.engine.run(query.compile(query.parse(text), events, now=NOW)).columns

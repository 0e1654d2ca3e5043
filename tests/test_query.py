"""The search language: what each form finds, on every engine; and that broken queries are pointed at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engines import Bench

from clew import query
from clew.errors import ConfigError, QueryError
from clew.model.views import events
from clew.query.times import parse_moment, parse_range

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
    "| stats p50(duration_ms) p90(duration_ms)": [
        {"p50_duration_ms": 2250.0, "p90_duration_ms": 4050.0}
    ]
    and [{"p50": 2250.0, "p90": 4050.0}],
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
    "| patterns": [{"pattern": "Request <n> of <n>_% done", "count": 10}],
    "| fields cluster, shard | head 1": [{"cluster": "eu", "shard": "0"}],
    "| where status:500 | stats count()": [{"count": 2}],
}
BROKEN = {
    "service:": ("A value is missing after service:", 0),
    "(service:api": ("not closed", 0),
    "service:api)": ("not expected", 11),
    "service:api OR": ("missing", 14),
    "OR x": ("missing before OR", 0),
    '"open': ("quote is not closed", 0),
    "x | stat count()": ("Did you mean 'stats'?", 4),
    "x | stats cout()": ("Did you mean 'count'?", 10),
    "x | stats p99()": ("needs a field", 10),
    "x | stats sum(service) | head": ("", 0),
    "http_status:abc": ("is a number", 12),
    "duration_ms>soon": ("is a number", 12),
    "is_streamed:maybe": ("true or false", 12),
    "timestamp>yesterday": ("is not a time", 10),
    "client_ip:192.0.2.0/77": ("not a network", 10),
    "client_ip:2001:db8::/33": ("end on a group", 10),
    "message:/(/": ("not a regular expression", 8),
    "message:/(?=x)/": ("RE2", 8),
    "| stats count() by model | sort -cout": ("Did you mean 'count'?", 33),
    "| stats count() by model | where model > 3 bare": ("needs a field", 43),
    "| stats count() by bucket(soon)": ("not a length of time", 19),
    "| stats count() count()": ("Two columns", 16),
    "| ": ("missing", 2),
    "(" * 10_000 + "a": ("parentheses inside each other", 100),
    "x" * 200_000: ("too long", 0),
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


def test_a_query_knows_the_fields_it_names() -> None:
    parsed = query.parse("service:a (exists(team) OR x>3) | stats p99(duration_ms) by model")
    assert parsed.columns() == {"service", "team", "x", "duration_ms", "model"}
    assert query.is_aggregate(parsed)
    assert not query.is_aggregate(query.parse("a | head 3"))


def test_moments_are_rfc_3339_or_before_now() -> None:
    assert parse_moment("90m", NOW) == datetime(2026, 11, 20, 10, 30)
    assert parse_moment("7d", NOW) == datetime(2026, 11, 13, 12)
    assert parse_moment("2026-11-20", NOW) == datetime(2026, 11, 20)
    assert parse_range("7d..2026-11-20T09:00:00Z", NOW) == (
        datetime(2026, 11, 13, 12),
        datetime(2026, 11, 20, 9),
    )
    for wrong in ("soon", "7 parsecs", "9" * 400 + "d"):
        with pytest.raises(ConfigError):
            parse_moment(wrong, NOW)
    with pytest.raises(ConfigError, match="ends before it begins"):
        parse_range("1d..2d", NOW)

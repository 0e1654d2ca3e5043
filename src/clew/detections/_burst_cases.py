"""What error_burst finds and what not, as minutes of requests."""

from __future__ import annotations

from typing import Any

from clew.model.case import Case


def minutes(errors: dict[int, int], *, of: int = 20, every_min: int = 1) -> list[dict[str, Any]]:
    """Two hours of requests, `of` a minute; `errors` says how many fail in which minute."""
    return [
        {
            "timestamp": f"2026-11-20T{10 + minute // 60:02}:{minute % 60:02}:{n * 60 // of:02}Z",
            "service": "scoring",
            "url_path": "/v1/score" if n < errors.get(minute, 0) else f"/v1/{n % 3}x",
            "http_status": 500 if n < errors.get(minute, 0) else 200,
        }
        for minute in range(0, 120, every_min)
        for n in range(of)
    ]


BURST_CASES = [
    Case(
        "failures that records state by their outcome, without a level or a status of HTTP, are a burst",
        rows=[
            {
                "timestamp": f"2026-11-20T10:{n // 10:02}:{n % 10 * 6:02}Z", "service": "vectors",
                "source_format": "jsonl", "message": "query",
                "status": "error" if n >= 400 and n % 4 == 0 else "ok",
            }
            for n in range(600)
        ],
        expect=[{"service": "vectors", "errors": 49, "requests": 193, "is_request": False}],
    ),
    Case(
        "a fault that holds for two thirds of the log is one burst, though few fail in each bucket",
        rows=minutes(dict.fromkeys(range(40, 120), 3), of=40),
        expect=[
            {
                "errors": 240, "baseline_share": 0.0, "started": "2026-11-20T10:40:00Z",
                "ended": "2026-11-20T11:59:03Z",
            }
        ],
    ),
    Case(
        "an outage of a minute has the share of that minute, not of its bucket",
        rows=minutes({60: 20}),
        expect=[{"errors": 20, "requests": 20, "error_share": 1.0}],
    ),
    Case(
        "what explains a burst explains all of its errors at most, those of a calm pause too",
        rows=minutes({**dict.fromkeys(range(30, 35), 10), 35: 1, **dict.fromkeys(range(40, 45), 10)}),
        expect=[{"errors": 101, "url_path": "/v1/score", "explained_share": 1.0}],
    ),
    Case(
        "a hundred errors in nine minutes of an access log are a burst",
        rows=[
            {
                "timestamp": f"2026-11-20T10:{n * 9 // 300:02}:{n * 9 // 5 % 60:02}Z", "client_ip": "203.0.113.7",
                "source_format": "nginx_access", "url_path": "/", "http_status": 500 if 150 <= n < 250 else 200,
            }
            for n in range(300)
        ],
        expect=[{"errors": 97, "bucket_s": 22, "http_route": None, "url_path": None}],
    ),
    Case(
        "twelve minutes of errors on one path are one burst, and the path explains it",
        rows=minutes(dict.fromkeys(range(60, 72), 8)),
        expect=[
            {
                "service": "scoring", "url_path": "/v1/score", "errors": 96,
                "baseline_share": 0.0, "started": "2026-11-20T11:00:00Z",
                "ended": "2026-11-20T11:11:21Z",
            }
        ],
    ),
    Case(
        "a constant error share is a baseline, not a burst",
        rows=minutes(dict.fromkeys(range(120), 2)),
        expect=[],
    ),
    Case(
        "errors that waver around a constant share are no burst",
        rows=minutes({minute: minute * 7 % 5 for minute in range(120)}),
        expect=[],
    ),
    Case(
        "one error in a hundred all day long is no burst, though most minutes have none",
        rows=[
            {
                "timestamp": f"2026-11-20T{n // 300:02}:{n // 5 % 60:02}:{n % 5 * 11:02}Z", "service": "scoring",
                "http_status": 500 if n * 7919 % 997 < 10 else 200,
            }
            for n in range(7200)
        ],
        expect=[],
    ),
    Case(
        "three errors at night are no burst",
        rows=minutes({64: 1, 65: 1, 66: 1}, of=1),
        expect=[],
    ),
    Case(
        "a proxy before two services does not tell again of the burst of one",
        rows=[
            {**row, **side}
            for n, row in enumerate(minutes(dict.fromkeys(range(60, 72), 8)))
            for side in (
                {"source_id": "access", "source_format": "nginx_access", "service": None,
                 "request_id": f"r{n}"},
                {"source_id": "scoring", "source_format": "jsonl", "request_id": f"r{n}"},
                {"source_id": "users", "source_format": "jsonl", "service": "users",
                 "http_status": 200, "url_path": "/users", "request_id": f"u{n}"},
            )
        ],
        expect=[{"service": "scoring", "url_path": "/v1/score", "errors": 96}],
    ),
    Case(
        "a burst of one tenant names it",
        rows=[
            {**row, "url_path": "/v1/score", "tenant": "globex" if row["http_status"] == 500 else f"t{n % 5}"}
            for n, row in enumerate(minutes(dict.fromkeys(range(60, 72), 8)))
        ],
        expect=[{"service": "scoring", "tenant": "globex", "url_path": None, "errors": 96}],
    ),
    Case("no error, no burst", rows=minutes({}), expect=[]),
    Case(
        "a service that logs no requests is judged by its records",
        rows=[
            {
                "timestamp": row["timestamp"], "service": "worker", "message": "work",
                "severity": "ERROR" if row["http_status"] == 500 else "INFO",
            }
            for row in minutes(dict.fromkeys(range(30, 36), 10))
        ],
        expect=[{"service": "worker", "errors": 60, "url_path": None}],
    ),
]  # fmt: skip

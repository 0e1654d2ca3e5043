"""What upstream_failure finds and what not, as lines of a proxy."""

from __future__ import annotations

from typing import Any

from clew.model.case import Case


def line(second: int, status: int, **columns: Any) -> dict[str, Any]:
    return {
        "source_id": "access", "source_format": "nginx_access", "http_status": status,
        "timestamp": f"2026-11-20T10:{second // 60:02}:{second % 60:02}Z", "http_method": "POST",
        "url_path": "/v1/predict", "upstream_address": "192.0.2.10:8000",
        "upstream_ms": 12.0, **columns,
    }  # fmt: skip


GOOD = [line(second, 200) for second in range(0, 600, 5)]
DOWN = [line(second, 502) for second in range(302, 342, 4)]

UPSTREAM_CASES = [
    Case(
        "502s without a line of the application name the upstream and since when",
        rows=[
            *GOOD,
            *DOWN,
            {
                "source_id": "error", "source_format": "nginx_error", "severity": "ERROR",
                "timestamp": "2026-11-20T10:05:02Z",
                "message": "connect() failed (111: Connection refused) while connecting",
            },
            {
                "source_id": "app", "source_format": "python_logging", "severity": "INFO",
                "timestamp": "2026-11-20T10:04:58Z", "message": "Shutting down",
            },
        ],
        expect=[
            {
                "upstream_address": "192.0.2.10:8000", "service": None, "failures": 10,
                "requests": 17, "status_502": 10, "started": "2026-11-20T10:05:02Z",
            }
        ],
    ),
    Case(
        "an access log without upstreams takes the address from the error log",
        rows=[
            *[{**row, "upstream_address": None, "upstream_ms": None} for row in (*GOOD, *DOWN)],
            {
                "source_id": "error", "source_format": "nginx_error", "severity": "ERROR",
                "timestamp": "2026-11-20T10:05:04Z", "upstream_address": "192.0.2.10:8000",
                "message": "upstream prematurely closed connection",
            },
        ],
        expect=[{"upstream_address": "192.0.2.10:8000", "service": None, "failures": 10}],
    ),
    Case(
        "a 503 that the application itself answered is not the upstream's failure",
        rows=[
            row
            for n in range(10)
            for row in (
                line(n, 503, request_id=f"r{n}"),
                line(n, 503, request_id=f"r{n}", source_id="app", source_format="jsonl",
                      upstream_ms=None, upstream_address=None, service="api"),
            )
        ],
        expect=[],
    ),
    Case(
        "so is one that path, status and time tie to the application's line",
        rows=[
            row
            for n in range(10)
            for row in (
                line(n * 7, 503),
                line(n * 7, 503, source_id="app", source_format="jsonl", upstream_ms=None,
                      upstream_address=None, service="api"),
            )
        ],
        expect=[],
    ),
    Case(
        "a timeout now and then among thousands of requests is no failure of the upstream",
        rows=[*GOOD, line(100, 504), line(300, 504), line(500, 504)],
        expect=[],
    ),
    Case(
        "the pods of a service that went down are one finding",
        rows=[
            *GOOD,
            *[{**row, "upstream_address": f"192.0.2.{20 + n % 3}:8000", "service": "llm"}
              for n, row in enumerate(line(second, 200 if second < 300 else 503) for second in range(0, 360, 2))],
        ],
        expect=[
            {"service": "llm", "upstream_address": None, "upstreams": 3, "failures": 30, "requests": 30}
        ],
    ),
    Case(
        "an upstream that falls again and again is one finding with its occasions",
        rows=[
            *[line(second, 200) for second in range(0, 3600, 20)],
            *[line(fall + n, 502) for fall in (600, 1800, 3000) for n in range(6)],
            {
                "source_id": "sys", "source_format": "syslog", "timestamp": "2026-11-20T10:30:00Z",
                "message": "Out of memory: Killed process 812 (node)", "service": "kernel",
            },
        ],
        expect=[
            {
                "upstream_address": "192.0.2.10:8000", "occasions": 3, "failures": 18,
                "started": "2026-11-20T10:10:00Z", "ended": "2026-11-20T10:50:05Z",
            }
        ],
    ),
    Case("no failure, no finding", rows=GOOD, expect=[]),
]  # fmt: skip

"""What recurring_exception finds and what not, as rows of logs."""

from __future__ import annotations

from typing import Any

from clew.model.case import Case


def request(
    minute: int, second: int, *, user: str, fields: str, fails: bool
) -> list[dict[str, Any]]:
    rid = f"r{minute:02}{second:02}{user}"
    seen_at = f"2026-11-20T10:{minute:02}:{second:02}"
    proxy = {
        "source_id": "access", "source_format": "nginx_access", "timestamp": f"{seen_at}Z",
        "http_method": "POST", "url_path": "/v1/predict", "http_status": 500 if fails else 200,
        "request_id": rid, "client_ip": "203.0.113.9" if fails else "198.51.100.4",
    }  # fmt: skip
    own = {
        "source_id": "app", "source_format": "python_logging", "timestamp": f"{seen_at}.120Z",
        "service": "scoring", "request_id": rid, "user_id": user, "attributes": {"fields": fields},
        "severity": "ERROR" if fails else "INFO", "message": "failed" if fails else "done",
    }  # fmt: skip
    error = {
        "exception_type": "KeyError", "exception_message": "'customer_age'",
        "exception_frame": "features.py:41 in build",
    }  # fmt: skip
    again = {**own, **error, "logger": "uvicorn.error", "message": "Exception in ASGI application"}
    return [proxy, {**own, **error}, again] if fails else [proxy, own]


MIXED = [
    row
    for minute in range(6)
    for row in [
        *request(minute, 1, user="partner-7", fields="income,tenure", fails=True),
        *request(minute, 20, user="web", fields="income,customer_age", fails=False),
        *request(minute, 40, user="app", fields="tenure,customer_age", fails=False),
    ]
]
NO_IDS = [
    {name: value for name, value in row.items() if name != "request_id"}
    for row in MIXED
    if row["source_id"] == "access" or "exception_type" in row
]


def busy(second: int, ms: int, path: str, kind: str) -> list[dict[str, Any]]:
    """A failing request's line of the proxy, and what the application logged of it."""
    logged_ms = ms + (20 if ms == 600 else 10)
    return [
        {
            "source_id": "access", "source_format": "nginx_access", "http_status": 500,
            "timestamp": f"2026-11-20T10:00:{second:02}.{ms:03}Z", "url_path": path,
        },
        {
            "source_id": "app", "source_format": "python_logging", "service": "scoring",
            "timestamp": f"2026-11-20T10:00:{second:02}.{logged_ms:03}Z",
            "severity": "ERROR", "exception_type": kind, "message": "failed",
        },
    ]  # fmt: skip


BUSY = [
    row
    for second in range(8)
    # every fourth answer on the other path is logged nearest to a failure on this one
    for ms, path, kind in (
        (100, "/v1/predict", "KeyError"),
        (130 if second % 4 == 3 else 600, "/v1/explain", "FileNotFoundError"),
    )
    for row in busy(second, ms, path, kind)
]

POOL = {
    "source_id": "app", "source_format": "python_logging", "service": "scoring", "severity": "ERROR",
    "exception_type": "sqlalchemy.exc.TimeoutError", "message": "failed",
    "exception_message": "QueuePool limit of size 5 reached, timeout 30.00",
}  # fmt: skip


def raised(n: int, path: str, **columns: Any) -> dict[str, Any]:
    return {
        **POOL, "timestamp": f"2026-11-20T10:00:{n:02}Z", "url_path": path, "http_status": 500,
        "request_id": f"r{n}", **columns,
    }  # fmt: skip


def tried_again(n: int, severity: str) -> list[dict[str, Any]]:
    """What an application logs of a request whose first attempt failed, and the proxy's line of it."""
    at = f"2026-11-20T10:{n:02}:1"
    own = {
        "source_id": "app", "source_format": "python_logging", "service": "ocr", "request_id": f"r{n}",
        "attributes": {"doc_type": "scan" if n % 3 == 0 else "invoice"},
    }  # fmt: skip
    failed = {
        **own, "timestamp": f"{at}0Z", "severity": severity, "message": "attempt 1 failed, trying again",
        "exception_type": "ocr.EmptyPage", "exception_message": "page 1 is empty",
    }  # fmt: skip
    done = {
        **own, "timestamp": f"{at}2.100Z", "severity": "INFO", "message": "done", "http_status": 200,
        "url_path": "/extract",
    }  # fmt: skip
    proxied = {
        "source_id": "access", "source_format": "nginx_access", "timestamp": f"{at}2Z",
        "http_method": "POST", "url_path": "/extract", "http_status": 200,
    }  # fmt: skip
    return [failed, done, proxied] if n % 3 == 0 else [done, proxied]


EXCEPTION_CASES = [
    Case(
        "what fails, is tried again and succeeds is found, with the proxy's lines of its requests",
        rows=[row for n in range(60) for row in tried_again(n, "ERROR")],
        expect=[
            {
                "exception_type": "ocr.EmptyPage", "url_path": "/extract", "events": 20, "requests": 58,
                "affected_requests": 20, "all_recovered_requests": 20, "tied_lines": 20,
            }
        ],
    ),
    Case(
        "what is tried again is found where it is logged as a warning, if there is enough of it",
        rows=[row for n in range(60) for row in tried_again(n, "WARN")],
        expect=[{"exception_type": "ocr.EmptyPage", "events": 20, "warnings": 20}],
    ),
    Case(
        "an exception of what all paths share is one finding, of the path with most requests",
        rows=[
            raised(n, path, exception_frame=f"routes.py:{len(path)} in handle")
            for n, path in enumerate(["/v1/score"] * 4 + ["/v1/rank"] * 3 + ["/v1/history"])
        ],
        expect=[
            {
                "exception_type": "sqlalchemy.exc.TimeoutError", "url_path": "/v1/score", "events": 4,
                "affected_requests": 4, "error_share": 1.0, "routes": 3, "all_events": 8, "all_requests": 8,
            }
        ],
    ),
    Case(
        "one message raised at different places of the service's own code is several findings",
        rows=[
            raised(n, path, exception_type="IndexError", exception_frame=f"{path[4:]}.py:3 in f",
                   exception_message="list index out of range")
            for n, path in enumerate(["/v1/score"] * 4 + ["/v1/rank"] * 3)
        ],
        expect=[{"url_path": "/v1/score", "routes": 1}, {"url_path": "/v1/rank", "routes": 1}],
    ),
    Case(
        "different fields that one function misses on different paths are several findings",
        rows=[
            raised(n, path, exception_type="KeyError", exception_frame="body.py:3 in need",
                   exception_message=f"'{path[4:]}_id'")
            for n, path in enumerate(["/v1/score"] * 4 + ["/v1/rank"] * 3)
        ],
        expect=[{"url_path": "/v1/score", "routes": 1}, {"url_path": "/v1/rank", "routes": 1}],
    ),
    Case(
        "exceptions in a container's output, which holds the server's access lines too, are found",
        rows=[
            {"timestamp": f"2026-11-20T10:00:{n:02}Z", "source_id": "out", **columns}
            for n in range(0, 40, 4)
            for columns in (
                {"source_format": "python_logging", "exception_type": "KeyError", "url_path": "/v1/x"},
                {"source_format": "nginx_access", "http_method": "POST", "http_status": 500, "url_path": "/v1/x"},
            )
        ],
        expect=[{"exception_type": "KeyError", "events": 10, "requests": 10, "url_path": "/v1/x"}],
    ),
    Case(
        "in one log of a server and its application each line of an exception is a request's",
        rows=[
            {
                "timestamp": f"2026-11-20T10:00:{n // 5:02}.{n % 5 * 200:03}Z", "source_id": "out",
                **columns,
            }
            for n in range(40)
            for columns in (
                [
                    {
                        "source_format": "uvicorn_access", "logger": "uvicorn.access",
                        "http_method": "GET", "url_path": "/cart", "http_status": 500 if n % 2 else 200,
                    },
                ]
                + [
                    {
                        "source_format": "python_logging", "logger": "uvicorn.error", "severity": "ERROR",
                        "exception_type": "RepoError", "message": "Exception in ASGI application",
                    }
                ]
                * (n % 2)
            )
        ],
        expect=[{"service": "uvicorn", "events": 20, "affected_requests": 20, "requests": 40}],
    ),
    Case(
        "in a busy minute each exception stays on the path of its kind",
        rows=BUSY,
        expect=[
            {"exception_type": "FileNotFoundError", "url_path": "/v1/explain", "events": 8},
            {"exception_type": "KeyError", "url_path": "/v1/predict", "events": 8},
        ],
    ),
    Case(
        "input that was refused is found, although it is logged as a warning",
        rows=[
            {
                "timestamp": f"2026-11-20T10:00:0{n}Z", "service": "api", "severity": "WARN",
                "exception_type": "ValidationError", "message": "refused", "http_status": 422,
                "url_path": "/v1/predict",
            }
            for n in range(5)
        ],
        expect=[{"exception_type": "ValidationError", "url_path": "/v1/predict", "events": 5}],
    ),
    Case(
        "requests are counted, not the lines that the service and its server wrote of each",
        rows=MIXED,
        expect=[
            {
                "service": "scoring", "exception_type": "KeyError", "url_path": "/v1/predict",
                "http_route": None, "events": 12, "requests": 16, "affected_requests": 6,
                "error_share": 0.375, "tied_lines": 6,
            }
        ],
    ),
    Case(
        "without any id the nearest failed request gives the path",
        rows=NO_IDS,
        expect=[{"url_path": "/v1/predict", "events": 12, "requests": 16, "affected_requests": 6}],
    ),
    Case(
        "a log that is an hour ahead of the proxy is tied all the same",
        rows=[
            {**row, "timestamp": row["timestamp"].replace("T10", "T11")}
            if row["source_id"] == "app"
            else row
            for row in NO_IDS
        ],
        expect=[{"url_path": "/v1/predict", "affected_requests": 6, "tied_lines": 6}],
    ),
    Case(
        "paths that differ in their ids are one route",
        rows=[
            {
                "timestamp": f"2026-11-20T10:00:0{n}Z", "service": "users", "severity": "ERROR",
                "url_path": f"/users/{n}/orders", "http_status": 500,
                "exception_type": "TimeoutError", "message": "no answer",
            }
            for n in range(4)
        ],
        expect=[{"url_path": None, "http_route": "/users/{id}/orders", "events": 4, "requests": 4}],
    ),
    Case(
        "an exception on no path at all is found without a share",
        rows=[
            {
                "timestamp": f"2026-11-20T10:00:0{n}Z", "service": "worker", "severity": "ERROR",
                "exception_type": "OSError", "message": "disk",
            }
            for n in range(3)
        ],
        expect=[{"service": "worker", "url_path": None, "events": 3, "error_share": None}],
    ),
    Case(
        "a few exceptions that were handled and logged as warnings are not reported",
        rows=[
            {
                "timestamp": f"2026-11-20T10:00:0{n}Z", "service": "api", "severity": "WARN",
                "exception_type": "TimeoutError", "message": "retrying", "http_status": 200,
                "url_path": "/v1/predict",
            }
            for n in range(5)
        ],
        expect=[],
    ),
    Case("two exceptions are not yet recurring", rows=MIXED[:9], expect=[]),
]  # fmt: skip

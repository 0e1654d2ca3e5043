"""Cases of resource_exhaustion_prompts: an hour of a chat behind a proxy."""

from __future__ import annotations

from typing import Any

from clew.model.case import Case


def _call(second: int, tokens: int, request: str, **columns: Any) -> dict[str, Any]:
    at = f"2026-11-20T10:{second // 60:02}:{second % 60:02}Z"
    return {"timestamp": at, "model": "m", "service": "chat", "input_tokens": tokens, "request_id": request,
            "duration_ms": 500.0, "source_id": "calls", **columns}  # fmt: skip


def _line(second: int, address: str, request: str, status: int = 200) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T10:{second // 60:02}:{second % 60:02}Z", "client_ip": address, "http_status": status,
        "http_method": "POST", "url_path": "/chat", "request_id": request, "duration_ms": 500.0, "source_id": "proxy",
    }  # fmt: skip


_USUAL = [
    row
    for n in range(90)
    for row in (_call(40 * n, 200 + n % 7, f"u{n}"), _line(40 * n, f"198.51.100.{n % 9}", f"u{n}"))
]
_ATTACK = [
    row
    for n in range(6)
    for row in (
        _call(300 + 90 * n, 60_000, f"x{n}"),
        _line(302 + 90 * n, "192.0.2.66", f"x{n}", 504),
        {
            "timestamp": f"2026-11-20T10:{(303 + 90 * n) // 60:02}:{(303 + 90 * n) % 60:02}Z",
            "severity": "ERROR",
            "severity_number": 17,
            "message": "CUDA out of memory",
            "request_id": f"x{n}",
            "source_id": "app",
        },
        _line(309 + 90 * n, "198.51.100.3", f"v{n}", 503),
    )
]

EXHAUSTION_CASES = [
    Case(
        "one address whose long prompts break the service, for itself and for others",
        rows=_USUAL + _ATTACK,
        expect=[
            {
                "client_ip": "192.0.2.66",
                "user_id": None,
                "heavy": 6,
                "calls": 6,
                "largest_tokens": 60_000,
                "errors": 12,
                "tied": 6,
                "near": 6,
            }
        ],
    ),
    Case(
        "a user who asks for endless output, seen in the call log alone",
        rows=_USUAL
        + [
            _call(
                400 + 60 * n,
                20,
                f"y{n}",
                user_id="eve",
                prompt="Repeat the word poem forever",
                error_class="timeout",
            )
            for n in range(4)
        ],
        expect=[
            {
                "client_ip": None,
                "user_id": "eve",
                "heavy": 4,
                "tied": 4,
                "errors": 4,
                "explained_share": 1.0,
            }
        ],
    ),
    Case(
        "long prompts after which nothing fails",
        rows=_USUAL + [_call(300 + 90 * n, 60_000, f"x{n}", user_id="eve") for n in range(6)],
        expect=[],
    ),
    Case(
        "failures that have nothing to do with long prompts",
        rows=_USUAL
        + [_call(300 + 90 * n, 60_000, f"x{n}", user_id="eve") for n in range(6)]
        + [_line(5 + 31 * n, "198.51.100.3", f"e{n}", 500) for n in range(100)],
        expect=[],
    ),
    Case(
        "failures and prompts of the usual length",
        rows=[*_USUAL, *(_line(9 * n, "198.51.100.3", f"e{n}", 500) for n in range(50))],
        expect=[],
    ),
]

"""Requests whose caller repeats calls that failed, as the cases of retry_amplification have them."""

from __future__ import annotations

from typing import Any


def trace(
    trace: int, outcomes: str, *, waits_ms: tuple[int, ...] = (50, 100, 200, 400), **columns: Any
) -> list[dict[str, Any]]:
    """One request whose caller makes an attempt for each letter: f fails, o is ok; 10 ms each."""
    at = {"trace_id": f"t{trace}", "service": "api"}
    rows = [
        {
            **at, "span_id": f"p{trace}", "span_name": "GET /pay", "span_kind": "server",
            "timestamp": f"2026-11-20T10:{trace:02}:00Z", "duration_ms": 900.0,
        }
    ]  # fmt: skip
    start_ms = 1
    for n, outcome in enumerate(outcomes):
        rows.append(
            {
                **at, "span_id": f"c{trace}-{n}", "parent_span_id": f"p{trace}",
                "span_name": "POST", "span_kind": "client", "url_path": "/charge",
                "timestamp": f"2026-11-20T10:{trace:02}:00.{start_ms:03}Z", "duration_ms": 10.0,
                "http_status": 503 if outcome == "f" else 200,
                "status": "error" if outcome == "f" else "ok",
                **{key: value(n) if callable(value) else value for key, value in columns.items()},
            }
        )  # fmt: skip
        start_ms += 10 + waits_ms[min(n, len(waits_ms) - 1)]
    return rows


def inner(trace: int, outer: int, outcomes: str) -> list[dict[str, Any]]:
    """What the callee of one attempt does: it repeats a call of its own."""
    at = {"trace_id": f"t{trace}", "service": "payments"}
    parent = {
        **at, "span_id": f"s{trace}-{outer}", "parent_span_id": f"c{trace}-{outer}",
        "span_name": "POST /charge", "span_kind": "server", "status": "error",
        "timestamp": f"2026-11-20T10:{trace:02}:00.{outer * 100:03}Z", "duration_ms": 9.0,
    }  # fmt: skip
    return [
        parent,
        *[
            {
                **at, "span_id": f"d{trace}-{outer}-{n}", "parent_span_id": f"s{trace}-{outer}",
                "span_name": "bank.Charge", "span_kind": "client", "duration_ms": 1.0,
                "timestamp": f"2026-11-20T10:{trace:02}:00.{outer * 100 + 2 * n:03}Z",
                "status": "error" if outcome == "f" else "ok",
            }
            for n, outcome in enumerate(outcomes)
        ],
    ]  # fmt: skip

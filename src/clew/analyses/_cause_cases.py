"""Rows for the cases of root_cause: a gateway asks a cart of two pods, and both have a CPU metric.

All is normal from 10:00 to 10:20, and something may be wrong from 10:20 to 10:26.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
BEGIN = datetime(2026, 11, 20, 10)
SINCE, UNTIL = BEGIN + timedelta(minutes=20), BEGIN + timedelta(minutes=26)
REQUESTS = 78
EVERY_S = 20
PODS = ("cart-7d9c6b5f48-aaaaa", "cart-7d9c6b5f48-bbbbb")


def requests(
    *,
    slow_ms: float = 0.0,
    gap_ms: float = 0.0,
    error: bool = False,
    queries: int = 1,
    call: str = "call cart",
    client: str | None = "client",
    server: str | None = "server",
    count: int = REQUESTS,
) -> list[Row]:
    """GET /shop of the gateway -> its client's span -> GET /cart of a pod of the cart, by turns.

    From 10:20 on the second pod takes `slow_ms` longer, its answers come `gap_ms` later, it fails, or
    it sends as many `queries` instead of one. `call` names the client's span; client and server are
    span kinds.
    """
    rows: list[Row] = []
    for n in range(count):
        is_hit = n * EVERY_S >= 1200 and n % 2 == 1
        own = 10 + n * 7 % 5 + (slow_ms if is_hit else 0.0)
        gap = 1 + n * 3 % 2 / 10 + (gap_ms if is_hit else 0.0)
        status = "error" if is_hit and error else "ok"
        rows += [
            _span(n, "a", None, 0, own + gap + 4, service="gateway", span_name="GET /shop", status=status),
            _span(n, "b", "a", 2, own + gap, service="gateway", span_name=call, span_kind=client,
                  status=status, server_address="cart"),
            _span(n, "c", "b", 2.5, own, service="cart", span_name="GET /cart", span_kind=server,
                  status=status, k8s_pod=PODS[n % 2]),
        ]  # fmt: skip
        for place in range(queries if is_hit else 1) if queries > 1 else ():
            rows.append(_span(n, f"q{place}", "c", 3 + place * 0.5, 0.4, service="cart",
                              span_name="SELECT cart", k8s_pod=PODS[n % 2]))  # fmt: skip
    return rows


def _span(
    n: int, own: str, under: str | None, begin_ms: float, length_ms: float, **columns: Any
) -> Row:
    return {
        "trace_id": f"t{n:04}", "span_id": f"{own}{n:04}",
        "parent_span_id": f"{under}{n:04}" if under else None, "duration_ms": length_ms,
        "timestamp": BEGIN + timedelta(seconds=n * EVERY_S, milliseconds=begin_ms), **columns,
    }  # fmt: skip


def points(name: str = "container_cpu_usage", usual: float = 0.2, wrong: float = 0.9) -> list[Row]:
    """A point of both pods each half minute; from 10:21 on the second pod's is `wrong`."""
    return [
        {
            "timestamp": BEGIN + timedelta(seconds=30 * n), "k8s_pod": pod, "metric_name": name,
            "metric_value": wrong if n >= 42 and pod == PODS[1] else usual * (1 + n * 7 % 5 / 50),
        }
        for n in range(52)
        for pod in PODS
    ]  # fmt: skip


def lines(message: str, count: int, service: str = "gateway", severity: str = "ERROR") -> list[Row]:
    """Log records from 10:21 on, each with a number of its own in place of {}."""
    return [
        {
            "timestamp": SINCE + timedelta(seconds=60 + n), "service": service, "severity": severity,
            "message": message.replace("{}", str(n * 37)),
        }
        for n in range(count)
    ]  # fmt: skip

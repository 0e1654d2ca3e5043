"""The finding and the event that the samples of all sinks share; both hold hostile text."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from clew.model.finding import Evidence, Finding

FINDING = Finding(
    kind="credential_stuffing",
    title="41 users tried from 192.0.2.7 | <b>=x",
    severity="high",
    confidence=0.9,
    start=datetime(2026, 1, 2, 3, 4, 5),
    end=datetime(2026, 1, 2, 4, 0, 0),
    subject={"client_ip": "192.0.2.7", "user_id": "a=b|c\\d\ne"},
    measures={"users": 41, "error_share": 0.75},
    evidence=(
        Evidence(
            event_id="00d1f6a2c3b4e5f6",
            source="access.log",
            line=812,
            byte_offset=90114,
            timestamp=datetime(2026, 1, 2, 3, 4, 5),
            text="POST /login 401 <!channel> \x1b[2J",
        ),
    ),
    why=("41 users from one address within an hour.",),
    recommendations=("Block 192.0.2.7 at the proxy.",),
    references=("attack.t1110.004", "owasp.llm10-2025"),
    id="f1f2f3f4f5f6f7f8",
)

CALL: dict[str, Any] = {
    "event_id": "00d1f6a2c3b4e5f6",
    "source_format": "nginx_access",
    "line": 812,
    "timestamp": datetime(2026, 1, 2, 3, 4, 5, 678000),
    "duration_ms": 12.5,
    "severity": "ERROR",
    "message": "upstream | said = no\nand \\ ended",
    "service": "gateway",
    "host": "edge-1",
    "status": "error",
    "http_method": "POST",
    "url_path": "/v1/chat",
    "http_status": 502,
    "protocol": "HTTP/1.1",
    "user_agent": 'curl/8.0 "x] y',
    "user_id": "u-17",
    "client_ip": "192.0.2.7",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "operation": "chat",
    "provider": "openai",
    "model": "gpt-4o",
    "input_tokens": 812,
    "output_tokens": 40,
    "cost_usd": Decimal("0.002430000"),
    "attributes": {"team.name": "search", "retries": 2},
}

r"""Traefik's access log: the common layout with its own tail.

    203.0.113.7 - ann [20/Nov/2026:09:00:00 +0000] "POST /v1/pay HTTP/1.1" 502 11 "-" "curl/8"
    2 "api@docker" "http://192.0.2.7:8000" 1504ms

Reads     one line a request: the usual layout, then a number, the router, the server and the duration
Returns   requests: time, client, user, method, path, status, size, upstream, duration
Units     the duration is milliseconds
Blind to  the request's id: Traefik writes headers in JSON only, which jsonl reads
Source    Traefik documentation, access logs
"""

from __future__ import annotations

from clew.formats import Parser, Settings
from clew.formats._access import PatternParser, share_of_lines
from clew.formats._tails import Meaning
from clew.model.case import Sample

TEXT = r"(?:[^\"\\]|\\.)*"
LINE = (
    r"^(\S+) \S+ (\S+) \[([^\]]+)\] "  # 203.0.113.7 - ann [20/Nov/2026:09:00:00 +0000]
    rf'"({TEXT})" (\d+|-) (\d+|-) "({TEXT})" "({TEXT})" '  # "POST /v1/pay HTTP/1.1" 502 11 "-" "curl/8"
    r'(\d+) "([^"]*)" "(?:[a-z0-9]+://)?([^"]*)" (\d+)ms(.*)$'  # 2 "api@docker" "http://..." 1504ms
)
GROUPS = (
    Meaning("client_ip"), Meaning("user_id"), Meaning("timestamp"), Meaning("request"),
    Meaning("http_status"), Meaning("response_bytes"), Meaning("referer"), Meaning("user_agent"),
    Meaning("request_count"), Meaning("router"), Meaning("upstream_address"), Meaning("duration_ms"),
)  # fmt: skip


def sniff(head: bytes) -> float:
    """Share of the first lines in the layout."""
    return 0.98 * share_of_lines(head, LINE)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of Traefik's lines."""
    return PatternParser(LINE, GROUPS, settings)


SAMPLES = [
    Sample(
        '203.0.113.7 - - [20/Nov/2026:09:00:00 +0000] "GET /v1/items?x=1 HTTP/1.1" 200 12 "-" "curl/8" 1 '
        '"api@docker" "http://192.0.2.7:8000" 12ms\n'
        '203.0.113.7 - ann [20/Nov/2026:09:00:01 +0000] "POST /v1/pay HTTP/1.1" 502 11 "-" "-" 2 "api@docker" '
        '"http://192.0.2.7:8000" 1504ms\n'
        '203.0.113.7 - - [20/Nov/2026:09:00:02 +0000] "GET /none HTTP/1.1" 404 19 "-" "-" 3 "-" "-" 0ms\nx\n',
        [
            {"timestamp": "2026-11-20T09:00:00Z", "client_ip": "203.0.113.7", "url_path": "/v1/items",
             "duration_ms": 12.0, "upstream_address": "192.0.2.7:8000", "user_agent": "curl/8",
             "request_id": None, "attributes.router": "api@docker"},
            {"user_id": "ann", "http_status": 502, "duration_ms": 1504.0},
            {"http_status": 404, "upstream_address": None, "duration_ms": 0.0},
        ],
        name="a count stood for the duration, and a router for the request's id",
        rejects=1,
    ),
]  # fmt: skip

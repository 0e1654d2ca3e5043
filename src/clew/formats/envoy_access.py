r"""Envoy's access log in its default text format, and Istio's longer one.

    [2026-11-20T09:00:00.123Z] "GET /v1/items HTTP/1.1" 503 UF 10 91 5001 -
    "203.0.113.7" "curl/8" "cc21" "api" "192.0.2.7:8000"

Reads     one line a request; Istio's has the response's details and the upstream's failure besides
Returns   requests: time, method, path, status, sizes, duration, upstream and its time, client, request id;
          response flags such as UF or UH as `response_flags`
Units     DURATION and X-ENVOY-UPSTREAM-SERVICE-TIME are milliseconds
Blind to  a format of one's own: give it as JSON, which jsonl reads
Source    Envoy documentation, access logging, default format string
"""

from __future__ import annotations

from clew.formats import Parser, Settings
from clew.formats._access import PatternParser, share_of_lines
from clew.formats._tails import Meaning
from clew.model.case import Sample

TEXT = r"(?:[^\"\\]|\\.)*"
LINE = (
    r"^\[([^\]]+)\] "  # [2026-11-20T09:00:00.123Z]
    rf'"({TEXT})" (\d+) (\S+) '  # "GET /v1/items HTTP/1.1" 503 UF
    rf'(?:(\S+) (\S+) "({TEXT})" )?'  # via_upstream - "-", which Istio adds
    r"(\d+) (\d+) (\d+) (\S+) "  # 10 91 5001 -
    rf'"([^"]*)" "({TEXT})" "([^"]*)" "([^"]*)" "([^"]*)"'  # client, agent, id, host, upstream
    r"(?: (\S+) (\S+) (\S+) (\S+) (\S+) (\S+))?(.*)$"  # outbound|8000||api ... default
)
GROUPS = (
    Meaning("timestamp"), Meaning("request"), Meaning("http_status"), Meaning("response_flags"),
    Meaning("response_code_details"), Meaning("connection_termination"), Meaning("upstream_failure"),
    Meaning("request_bytes"), Meaning("response_bytes"), Meaning("duration_ms"), Meaning("upstream_ms"),
    Meaning("client_ip"), Meaning("user_agent"), Meaning("request_id"), Meaning("server_address"),
    Meaning("upstream_address"), Meaning("upstream_cluster"), Meaning("upstream_local_address"),
    Meaning("downstream_local_address"), Meaning("downstream_remote_address"),
    Meaning("requested_server_name"), Meaning("envoy_route"),
)  # fmt: skip


def sniff(head: bytes) -> float:
    """Share of the first lines in either format."""
    return 0.97 * share_of_lines(head, LINE)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of Envoy's lines."""
    return PatternParser(LINE, GROUPS, settings)


SAMPLES = [
    Sample(
        '[2026-11-20T09:00:00.123Z] "GET /v1/items?x=1 HTTP/1.1" 200 - 0 12 12 11 "203.0.113.7" "curl/8" '
        '"cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "api.example.com" "192.0.2.7:8000"\n'
        '[2026-11-20T09:00:01.123Z] "POST /v1/pay HTTP/1.1" 503 UF,URX 10 91 5001 - "203.0.113.7" "curl/8" '
        '"cc21d9b0-cf5c-432b-8c7e-98aeb7988cd3" "api.example.com" "192.0.2.7:8000"\nno request\n',
        [
            {"timestamp": "2026-11-20T09:00:00.123000Z", "http_method": "GET", "url_path": "/v1/items",
             "url_query": "x=1", "http_status": 200, "duration_ms": 12.0, "upstream_ms": 11.0,
             "response_bytes": 12, "client_ip": "203.0.113.7", "upstream_address": "192.0.2.7:8000",
             "request_id": "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2", "server_address": "api.example.com"},
            {"http_status": 503, "duration_ms": 5001.0, "upstream_ms": None, "request_bytes": 10,
             "attributes.response_flags": "UF,URX"},
        ],
        name="the default, and a line that is none",
        rejects=1,
    ),
    Sample(
        '[2026-11-20T09:00:01.123Z] "POST /v1/pay HTTP/1.1" 503 UF upstream_reset{connection_failure} - '
        '"delayed connect error: 111" 10 91 1 - "-" "curl/8" "cc21" "api:8000" "192.0.2.7:8000" '
        "outbound|8000||api.default.svc.cluster.local - 192.0.2.9:8000 203.0.113.7:52141 - default\n",
        [
            {"http_status": 503, "duration_ms": 1.0, "client_ip": None, "request_id": "cc21",
             "attributes.upstream_failure": "delayed connect error: 111",
             "attributes.upstream_cluster": "outbound|8000||api.default.svc.cluster.local"},
        ],
        name="Istio",
    ),
]  # fmt: skip

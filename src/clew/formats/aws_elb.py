r"""Access logs of AWS load balancers: application load balancers, and the classic ones.

    https 2026-11-20T09:00:00.123456Z app/my-lb/50dc6c 203.0.113.7:2817 192.0.2.7:80
    0.000 0.012 0.000 200 200 34 366 "GET https://api.example.com:443/v1 HTTP/1.1" "curl/8" ...

Reads     one line a request, as they lie in S3; the classic balancer's lack the type and what follows TLS
Returns   requests: time, client, target, method, path, status of balancer and target, sizes, duration,
          trace id of the Root header as request_id
Units     the three times are seconds and are added up; -1, where the target never answered, is NULL
Blind to  the address of a client behind another proxy
Source    Elastic Load Balancing user guides, access log entries
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from clew.formats import Parser, Settings
from clew.formats._access import PatternParser, share_of_lines
from clew.formats._tails import Meaning
from clew.model.case import Sample

TEXT = r"(?:[^\"\\]|\\.)*"
LINE = (
    r"^(?:(https?|h2|grpcs|wss?) )?"  # https
    r"(\d{4}-\d\d-\d\dT[\d:.]+Z) (\S+) "  # 2026-11-20T09:00:00.123456Z app/my-lb/50dc6c
    r"(\S+):(\d+) (\S+) "  # 203.0.113.7:2817 192.0.2.7:80
    r"(-1|[\d.]+) (-1|[\d.]+) (-1|[\d.]+) "  # 0.000 0.012 0.000
    rf'(\d+|-) (\d+|-) (\d+) (\d+) "({TEXT})" "({TEXT})"'  # 200 200 34 366 "GET ..." "curl/8"
    r" (\S+) (\S+)"  # ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2
    r'(?: (\S+) "(?:Root=|[^"]*;Root=)?([^"]*)")?(.*)$'  # arn:... "Root=1-58337262-36d228ad"
)
GROUPS = (
    Meaning("type"), Meaning("timestamp"), Meaning("balancer"), Meaning("client_ip"),
    Meaning("client_port"), Meaning("upstream_address"), Meaning("waited", "s"),
    Meaning("upstream_ms", "s"), Meaning("answered", "s"), Meaning("http_status"),
    Meaning("upstream_status"), Meaning("request_bytes"), Meaning("response_bytes"), Meaning("request"),
    Meaning("user_agent"), Meaning("tls_cipher"), Meaning("tls_protocol"), Meaning("target_group"),
    Meaning("request_id"),
)  # fmt: skip
TIMES = [f"try_cast(m.g{place} AS DOUBLE)" for place in (6, 7, 8)]


@dataclass(slots=True)
class BalancerParser(PatternParser):
    """Parses lines of load balancers."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """As the pattern says; the duration is the sum of the three times."""
        plain = PatternParser.select(self, workbench, records)
        known = " AND ".join(f"{time} >= 0" for time in TIMES)
        total = f"CASE WHEN {known} THEN round(({' + '.join(TIMES)}) * 1000, 6) END"
        return plain.replace("AS reject, ", f'AS reject, {total} AS "duration_ms", ', 1)


def sniff(head: bytes) -> float:
    """Share of the first lines in either layout."""
    return 0.97 * share_of_lines(head, LINE)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of the lines of load balancers."""
    return BalancerParser(LINE, GROUPS, settings)


SAMPLES = [
    Sample(
        "https 2026-11-20T09:00:00.123456Z app/my-lb/50dc6c495c0c9188 203.0.113.7:2817 192.0.2.7:80 0.001 0.012 "
        '0.000 200 200 34 366 "GET https://api.example.com:443/v1/items?x=1 HTTP/1.1" "curl/8" '
        "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/api/7 "
        '"Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2026-11-20T09:00:00.110000Z "forward" "-" "-"\n'
        'http 2026-11-20T09:00:01Z app/my-lb/50dc6c495c0c9188 203.0.113.7:2818 - -1 -1 -1 502 - 34 366 "POST '
        'http://api.example.com:80/v1/pay HTTP/1.1" "curl/8" - - arn:x "Root=1-5" "-" "-" 0 - "forward"\nx\n',
        [
            {"timestamp": "2026-11-20T09:00:00.123456Z", "client_ip": "203.0.113.7", "client_port": 2817,
             "upstream_address": "192.0.2.7:80", "http_method": "GET", "url_path": "/v1/items",
             "http_status": 200, "upstream_status": 200, "duration_ms": 13.0, "upstream_ms": 12.0,
             "request_id": "1-58337262-36d228ad5d99923122bbe354", "response_bytes": 366},
            {"http_status": 502, "upstream_status": None, "duration_ms": None, "upstream_address": None,
             "upstream_ms": None, "url_path": "/v1/pay"},
        ],
        name="application load balancer",
        rejects=1,
    ),
    Sample(
        "2026-11-20T09:00:00.123456Z my-lb 203.0.113.7:2817 192.0.2.7:80 0.000073 0.012048 0.000057 200 200 0 29 "
        '"GET http://www.example.com:80/v1/items HTTP/1.1" "curl/8" - -\n',
        [{"url_path": "/v1/items", "duration_ms": 12.178, "attributes.balancer": "my-lb"}],
        name="classic load balancer",
    ),
]  # fmt: skip

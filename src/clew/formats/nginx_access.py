r"""nginx's access log: combined, combined with a tail, or any `log_format`.

Reads     combined; tails such as rt=0.012 uct="0.001" urt="0.010" ua="192.0.2.7:8000" rid=4f2a, bare
          request times, request ids and forwarded addresses; a format given by --log-format
Returns   requests: time, client, method, path, status, sizes, user agent, duration, upstream
Units     nginx's seconds become milliseconds; of several upstreams the last one counts, all of them
          stay in `attributes`
Blind to  variables that the format does not write; a TLS greeting has a status but no method
Source    nginx documentation, ngx_http_log_module and ngx_http_upstream_module
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from clew.formats import Parser, Settings
from clew.formats._access import (
    PatternParser,
    UsualParser,
    compiled,
    share_of,
    tails_of,
    usual_matches,
)
from clew.formats._tails import Meaning, find_tail
from clew.model.case import Sample

SECONDS = r"[\d.]+|-"
LIST = r"[\d.:]+(?:(?:, | : )[\d.:-]+)*|-"
ADDRESSES = r"[^\s\"]+(?:(?:, | : )[^\s\"]+)*|-"
VARIABLES: dict[str, tuple[Meaning, str]] = {
    "remote_addr": (Meaning("client_ip"), r"\S+"),
    "realip_remote_addr": (Meaning("peer_ip"), r"\S+"),
    "http_x_forwarded_for": (Meaning("forwarded_for"), r"[^\"]*?"),
    "remote_user": (Meaning("user_id"), r".*?"),
    "time_local": (Meaning("timestamp"), r"[^\]\"]+?"),
    "time_iso8601": (Meaning("timestamp"), r"[^\]\"\s]+"),
    "msec": (Meaning("timestamp"), r"\d+\.\d+"),
    "request": (Meaning("request"), r"(?:[^\"\\]|\\.)*"),
    "request_method": (Meaning("http_method"), r"\S*"),
    "request_uri": (Meaning("url_path"), r"[^\s\"]*"),
    "uri": (Meaning("url_path"), r"[^\s\"]*"),
    "args": (Meaning("url_query"), r"[^\s\"]*"),
    "query_string": (Meaning("url_query"), r"[^\s\"]*"),
    "server_protocol": (Meaning("protocol"), r"\S*"),
    "status": (Meaning("http_status"), r"\d{3}"),
    "body_bytes_sent": (Meaning("response_bytes"), r"\d+|-"),
    "bytes_sent": (Meaning("bytes_on_wire"), r"\d+|-"),
    "request_length": (Meaning("request_bytes"), r"\d+|-"),
    "request_time": (Meaning("duration_ms", "s"), SECONDS),
    "upstream_response_time": (Meaning("upstream_ms", "s"), LIST),
    "upstream_connect_time": (Meaning("upstream_connect_s"), LIST),
    "upstream_header_time": (Meaning("upstream_header_s"), LIST),
    "upstream_addr": (Meaning("upstream_address"), ADDRESSES),
    "upstream_status": (Meaning("upstream_status"), LIST),
    "request_id": (Meaning("request_id"), r"[^\s\"]*"),
    "http_x_request_id": (Meaning("request_id"), r"[^\s\"]*"),
    "http_traceparent": (Meaning("traceparent"), r"[^\s\"]*"),
    "http_referer": (Meaning("referer"), r"(?:[^\"\\]|\\.)*"),
    "http_user_agent": (Meaning("user_agent"), r"(?:[^\"\\]|\\.)*"),
    "host": (Meaning("server_address"), r"\S*"),
    "http_host": (Meaning("server_address"), r"\S*"),
    "server_name": (Meaning("server_address"), r"\S*"),
    "server_port": (Meaning("server_port"), r"\d*"),
    "remote_port": (Meaning("client_port"), r"\d*"),
}
VARIABLE = re.compile(r"\$\{?([a-z_0-9]+)\}?")
KEYS: dict[str, Meaning] = {
    "rt": Meaning("duration_ms", "s"),
    "request_time": Meaning("duration_ms", "s"),
    "urt": Meaning("upstream_ms", "s"),
    "upstream_response_time": Meaning("upstream_ms", "s"),
    "upstream_time": Meaning("upstream_ms", "s"),
    "uct": Meaning("upstream_connect_s"),
    "uht": Meaning("upstream_header_s"),
    "ua": Meaning("upstream_address"),
    "upstream": Meaning("upstream_address"),
    "upstream_addr": Meaning("upstream_address"),
    "us": Meaning("upstream_status"),
    "upstream_status": Meaning("upstream_status"),
    "rid": Meaning("request_id"),
    "req_id": Meaning("request_id"),
    "request_id": Meaning("request_id"),
    "rl": Meaning("request_bytes"),
    "cs": Meaning("cache_status"),
    "host": Meaning("server_address"),
    "xff": Meaning("forwarded_for"),
}
NAMED_FORMATS = {
    "combined": '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"',
}
"""Formats that nginx knows by name."""


def sniff(head: bytes) -> float:
    """Share of the first lines in the combined layout; less where the tail is Apache's."""
    matches = usual_matches(head)
    combined = [m for m in matches if m["agent"] and not m["vhost"]]
    foreign = [m for m in combined if re.fullmatch(FOREIGN_TAIL, m["tail"])]
    weight = 0.5 if len(foreign) > len(combined) / 2 else 0.94
    return weight * share_of(combined, head)


FOREIGN_TAIL = r" \d+(?:/\d+)?(?: (?!\d+\.\d).*)?"
"""Microseconds, as Apache and gunicorn write; a length before nginx's seconds is not that."""


def name_shapes(shapes: Sequence[str]) -> list[Meaning]:
    """The usual order: a length, the time taken, the upstream's address, length, time and status."""
    names = []
    times = 0
    for place, shape in enumerate(shapes):
        following = shapes[place + 1] if place + 1 < len(shapes) else ""
        name = Meaning(f"tail_{place + 1}")
        if shape == "seconds" or (
            shape == "nothing" and times == 1 and "socket" not in shapes[place:]
        ):
            times += 1
            name = (Meaning("duration_ms", "s"), Meaning("upstream_ms", "s"), name)[
                min(times, 3) - 1
            ]
        elif shape == "socket":
            name = Meaning("upstream_address")
        elif shape == "id":
            name = Meaning("request_id")
        elif shape == "address":
            name = Meaning("forwarded_for")
        elif shape == "count" and following == "seconds" and times == 0:
            name = Meaning("request_bytes")
        elif shape == "count" and "socket" in shapes[:place] and times == 2:
            name = Meaning("upstream_status")
        names.append(name)
    seen: set[str] = set()
    for place, meaning in enumerate(names):
        if meaning.name in seen:
            names[place] = Meaning(f"tail_{place + 1}")
        seen.add(meaning.name)
    return names


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of the format that was given, else of the combined layout and what follows it."""
    if settings.log_format:
        log_format = NAMED_FORMATS.get(settings.log_format.strip(), settings.log_format)
        pattern, groups = compiled(log_format, VARIABLE, VARIABLES, r"[^\s\"]*")
        return PatternParser(pattern, groups, settings)
    return UsualParser(settings, tail=find_tail(tails_of(head), KEYS, name_shapes))


SAMPLES = [
    Sample(
        '192.0.2.1 [26/Nov/2026:04:25:44 +0000] "GET /v1/x/1 HTTP/1.1" 200 169 "-" "curl/8"\n'
        '192.0.2.2 [26/Nov/2026:04:25:45 +0000] "GET /v1/x/3 HTTP/1.1" 500 246 "-" "curl/8"\n',
        [
            {
                "timestamp": "2026-11-26T04:25:44Z",
                "client_ip": "192.0.2.1",
                "user_id": None,
                "http_status": 200,
                "response_bytes": 169,
                "user_agent": "curl/8",
            },
            {"http_status": 500, "url_path": "/v1/x/3"},
        ],
        name="aiohttp's default has no user",
    ),
    Sample(
        '192.0.2.1 - - [20/Nov/2026:09:00:00 +0100] "GET /v1/models?limit=5 HTTP/1.1" 200 512 "-" '
        '"OpenAI/Python 1.55.0"\n'
        '2001:db8::1 - alice [20/Nov/2026:09:00:01 +0000] "POST /v1/chat HTTP/2.0" 500 0 '
        '"https://app.example.com/" "odd \\x22agent\\x22 \\"two\\""\n'
        '192.0.2.2 - - [20/Nov/2026:09:00:02 +0000] "\\x16\\x03\\x01" 400 150 "-" "-"\n'
        "no access log line\n",
        [
            {
                "timestamp": "2026-11-20T08:00:00Z",
                "timestamp_text": "20/Nov/2026:09:00:00 +0100",
                "client_ip": "192.0.2.1",
                "user_id": None,
                "http_method": "GET",
                "url_path": "/v1/models",
                "url_query": "limit=5",
                "protocol": "HTTP/1.1",
                "http_status": 200,
                "response_bytes": 512,
                "referer": None,
                "user_agent": "OpenAI/Python 1.55.0",
            },
            {"client_ip": "2001:db8::1", "user_id": "alice", "user_agent": 'odd "agent" "two"'},
            {"http_status": 400, "http_method": None, "url_path": None},
        ],
        name="combined",
        rejects=1,
    ),
    Sample(
        '192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 502 0 "-" "curl/8" 4f2c91aa8b01d3e7\n'
        '192.0.2.1 - - [20/Nov/2026:09:00:01 +0000] "GET / HTTP/1.1" 200 9 "-" "curl/8" 0123456789012345\n',
        [{"request_id": "4f2c91aa8b01d3e7"}, {"request_id": "0123456789012345"}],
        name="a request's id of half the usual length",
    ),
    Sample(
        '192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 502 0 "-" "curl/8" rt=0.123 '
        'uct="0.001, 0.002" urt="0.050, 0.070" ua="192.0.2.7:8000, 192.0.2.8:8000" us="502, 504" '
        "rid=4f2a cs=MISS\n"
        '192.0.2.1 - - [20/Nov/2026:09:00:01 +0000] "GET / HTTP/1.1" 200 9 "-" "curl/8" rt=0.010 '
        'uct="-" urt="-" ua="-" us="-" rid=4f2b cs=HIT\n',
        [
            {
                "duration_ms": 123.0,
                "upstream_ms": 70.0,
                "upstream_address": "192.0.2.8:8000",
                "upstream_status": 504,
                "request_id": "4f2a",
                "attributes.cache_status": "MISS",
                "attributes.upstream_address_all": "192.0.2.7:8000, 192.0.2.8:8000",
            },
            {
                "duration_ms": 10.0,
                "upstream_ms": None,
                "upstream_address": None,
                "request_id": "4f2b",
            },
        ],
        name="combined with keys behind it",
    ),
    Sample(
        '192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 9 "-" "curl/8" '
        '"203.0.113.4, 192.0.2.9" 0.250 0.249 0af7651916cd43dd8448eb211c80319c\n' * 2,
        [
            {
                "duration_ms": 250.0,
                "upstream_ms": 249.0,
                "request_id": "0af7651916cd43dd8448eb211c80319c",
                "attributes.forwarded_for": "203.0.113.4, 192.0.2.9",
            }
        ]
        * 2,
        name="combined with bare values behind it",
    ),
    Sample(
        '192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 9 "-" "curl/8" 345 0.021 '
        "[default-api-80] [] 192.0.2.9:8080 12 0.020 200 0af7651916cd43dd8448eb211c80319c\n"
        '192.0.2.1 - - [20/Nov/2026:09:00:01 +0000] "GET / HTTP/1.1" 502 9 "-" "curl/8" 345 0.030 '
        "[default-api-80] [] 192.0.2.8:8080, 192.0.2.9:8080 0, 12 0.010, 0.020 502, 504 "
        "0af7651916cd43dd8448eb211c80319d\n"
        '192.0.2.1 - - [20/Nov/2026:09:00:02 +0000] "GET / HTTP/1.1" 200 9 "-" "curl/8" odd one\n',
        [
            {
                "request_bytes": 345,
                "duration_ms": 21.0,
                "upstream_address": "192.0.2.9:8080",
                "upstream_ms": 20.0,
                "upstream_status": 200,
                "request_id": "0af7651916cd43dd8448eb211c80319c",
                "attributes.tail_3": "[default-api-80]",
            },
            {
                "upstream_address": "192.0.2.9:8080",
                "upstream_ms": 20.0,
                "upstream_status": 504,
                "attributes.upstream_status_all": "502, 504",
            },
            {"http_status": 200, "duration_ms": None, "attributes.tail": "odd one"},
        ],
        name="Kubernetes' ingress-nginx, and a tail that is different",
    ),
    Sample(
        '192.0.2.1 - bob smith [20/Nov/2026:09:00:00 +0000] "GET /a b?next=https://h.example.com/x '
        'HTTP/1.1" 200 9 "-" "a [b] c" "0.250" "-"\n'
        '192.0.2.1 - - [20/Nov/2026:09:00:01 +0000] "GET http://h.example.com?q=1 HTTP/1.1" 200 9 "-" '
        '"curl/8" "0.250" "0.249"\n',
        [
            {
                "user_id": "bob smith",
                "url_path": "/a b",
                "url_query": "next=https://h.example.com/x",
                "user_agent": "a [b] c",
                "duration_ms": 250.0,
                "upstream_ms": None,
            },
            {"url_path": None, "url_query": "q=1", "duration_ms": 250.0, "upstream_ms": 249.0},
        ],
        name="blanks in a user and a path, a URL in a query, times in quotes",
    ),
    Sample(
        "2026-11-20T09:00:00+00:00|192.0.2.1|GET|/v1/chat?x=1|503|0.5|192.0.2.7:8000|r-1|eu\n",
        [
            {
                "timestamp": "2026-11-20T09:00:00Z",
                "http_method": "GET",
                "url_path": "/v1/chat",
                "url_query": "x=1",
                "http_status": 503,
                "duration_ms": 500.0,
                "upstream_address": "192.0.2.7:8000",
                "request_id": "r-1",
                "attributes.x_region": "eu",
            }
        ],
        name="a log_format of one's own",
        options={
            "log_format": "$time_iso8601|$remote_addr|$request_method|$request_uri|$status|"
            "$request_time|$upstream_addr|$request_id|$http_x_region"
        },
    ),
]

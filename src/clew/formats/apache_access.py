r"""Apache's access log: common, combined, vhost_combined, or any LogFormat.

Reads     `%h %l %u %t "%r" %>s %b`, with Referer and User-Agent, with `%v:%p` before it, with %D or %T
          behind it; a LogFormat given by --log-format
Returns   requests: time, client, method, path, status, size, user agent, duration
Units     %D is microseconds, %T seconds; both become milliseconds
Blind to  modules' own directives: they become attributes
Source    Apache HTTP Server documentation, mod_log_config
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

QUOTED = r"(?:[^\"\\]|\\.)*"
DIRECTIVES: dict[str, tuple[Meaning, str]] = {
    "h": (Meaning("client_ip"), r"\S+"),
    "a": (Meaning("client_ip"), r"\S+"),
    "l": (Meaning("ident"), r"\S+"),
    "u": (Meaning("user_id"), r".*?"),
    "t": (Meaning("timestamp"), r"\[[^\]]+\]"),
    "r": (Meaning("request"), QUOTED),
    "s": (Meaning("http_status"), r"\d{3}"),
    "b": (Meaning("response_bytes"), r"\d+|-"),
    "B": (Meaning("response_bytes"), r"\d+"),
    "D": (Meaning("duration_ms", "us"), r"\d+|-"),
    "T": (Meaning("duration_ms", "s"), r"[\d.]+|-"),
    "m": (Meaning("http_method"), r"\S*"),
    "U": (Meaning("url_path"), r"[^\s\"]*"),
    "q": (Meaning("url_query"), r"[^\s\"]*"),
    "H": (Meaning("protocol"), r"\S*"),
    "v": (Meaning("server_address"), r"[^\s:]*"),
    "V": (Meaning("server_address"), r"[^\s:]*"),
    "p": (Meaning("server_port"), r"\d*"),
    "P": (Meaning("process_id"), r"\d*"),
    "I": (Meaning("request_bytes"), r"\d+|-"),
    "O": (Meaning("bytes_on_wire"), r"\d+|-"),
    "L": (Meaning("request_id"), r"\S*"),
    "{Referer}i": (Meaning("referer"), QUOTED),
    "{User-Agent}i": (Meaning("user_agent"), QUOTED),
    "{X-Request-Id}i": (Meaning("request_id"), r"[^\s\"]*"),
    "{X-Forwarded-For}i": (Meaning("forwarded_for"), r"[^\"]*?"),
    "{UNIQUE_ID}e": (Meaning("request_id"), r"[^\s\"]*"),
    "{ms}T": (Meaning("duration_ms"), r"\d+|-"),
    "{us}T": (Meaning("duration_ms", "us"), r"\d+|-"),
}
DIRECTIVE = re.compile(r"%[<>]?((?:\{[^}]+\})?[a-zA-Z])")
KEYS: dict[str, Meaning] = {
    "request_id": Meaning("request_id"),
    "rid": Meaning("request_id"),
    "time": Meaning("duration_ms", "us"),
    "duration": Meaning("duration_ms", "us"),
}
OWN_TAIL = r" \d+(?:/\d+)?(?: (?!\d+\.\d).*)?"
"""%D, or %T/%D, and what follows; a number before nginx's seconds is a length."""


def sniff(head: bytes) -> float:
    """Share of the first lines in a layout that is Apache's rather than nginx's."""
    matches = usual_matches(head)
    own = [m for m in matches if m["vhost"] or not m["agent"] or re.fullmatch(OWN_TAIL, m["tail"])]
    return (0.93 if len(own) > len(matches) / 2 else 0.6) * share_of(matches, head)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of the format that was given, else of the usual layouts."""
    if settings.log_format:
        pattern, groups = compiled(settings.log_format, DIRECTIVE, DIRECTIVES, r"[^\s\"]*")
        return PatternParser(pattern, groups, settings)
    matches = usual_matches(head)
    has_vhost = sum(bool(m["vhost"]) for m in matches) > len(matches) / 2
    return UsualParser(settings, has_vhost, find_tail(tails_of(head), KEYS, name_shapes))


def name_shapes(shapes: Sequence[str]) -> list[Meaning]:
    """The time taken stands first: a whole number is %D, one with a point %T, two are %T/%D."""
    names = [Meaning(f"tail_{place + 1}") for place in range(len(shapes))]
    if shapes[0] == "count":
        names[0] = Meaning("duration_ms", "us")
    elif shapes[0] == "seconds":
        names[0] = Meaning("duration_ms", "s")
    elif shapes[0] == "pair":
        names[0] = Meaning("duration_ms", "s/us")
    for place, shape in enumerate(shapes):
        if shape in ("id", "word") and place:
            names[place] = Meaning("request_id")
            break
    return names


SAMPLES = [
    Sample(
        '192.0.2.1 - frank [20/Nov/2026:09:00:00 +0000] "GET /a.gif HTTP/1.0" 200 2326\n'
        '192.0.2.1 - - [20/Nov/2026:09:00:01 +0000] "GET /b?x HTTP/1.0" 404 -\nbroken\n',
        [
            {"client_ip": "192.0.2.1", "user_id": "frank", "url_path": "/a.gif", "http_status": 200,
             "response_bytes": 2326},
            {"url_query": "x", "http_status": 404, "response_bytes": None, "user_agent": None},
        ],
        name="common",
        rejects=1,
    ),
    Sample(
        '192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] "GET /a HTTP/1.0" 200 2326 1523\n'
        '192.0.2.1 - - [20/Nov/2026:09:00:01 +0000] "GET /b HTTP/1.0" 200 - 99\n',
        [{"response_bytes": 2326, "duration_ms": 1.523}, {"response_bytes": None, "duration_ms": 0.099}],
        name="common with %D",
    ),
    Sample(
        '192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] "GET /a HTTP/1.0" 200 9 "-" "curl/8" 2/2001523\n'
        '192.0.2.1 - - [20/Nov/2026:09:00:01 +0000] "GET /b HTTP/1.0" 200 9 "-" "curl/8" 0/99\n',
        [{"duration_ms": 2001.523}, {"duration_ms": 0.099}],
        name="combined with %T/%D",
    ),
    Sample(
        'api.example.com:443 192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] "GET /a HTTP/1.1" 500 12 "-" '
        '"curl/8" 152300\n'
        'api.example.com:443 192.0.2.2 - - [20/Nov/2026:09:00:01 +0000] "GET /b HTTP/1.1" 200 12 "-" '
        '"curl/8" 900\n',
        [
            {"server_address": "api.example.com", "server_port": 443, "client_ip": "192.0.2.1",
             "http_status": 500, "duration_ms": 152.3, "user_agent": "curl/8"},
            {"client_ip": "192.0.2.2", "duration_ms": 0.9},
        ],
        name="vhost_combined with %D",
    ),
    Sample(
        '[20/Nov/2026:09:00:00 +0000] 192.0.2.1 "POST /v1/chat HTTP/1.1" 503 2.5 r-1 x9\n',
        [
            {"timestamp": "2026-11-20T09:00:00Z", "http_method": "POST", "http_status": 503,
             "duration_ms": 2500.0, "request_id": "r-1", "attributes.{note}n": "x9"},
        ],
        name="a LogFormat of one's own",
        options={"log_format": '%t %h "%r" %>s %T %{X-Request-Id}i %{note}n'},
    ),
]  # fmt: skip

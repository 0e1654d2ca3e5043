r"""nginx's error log: what the proxy itself could not do.

    2026/11/20 09:00:00 [error] 31#31: *42 connect() failed (111: Connection refused) while connecting
    to upstream, client: 192.0.2.1, server: api.example.com, request: "POST /v1/chat HTTP/1.1",
    upstream: "http://192.0.2.7:8000/v1/chat", host: "api.example.com"

Reads     the fixed layout of nginx; lines that do not begin with a time continue the one before
Returns   time, severity, message, client, request, upstream; error_type names the mechanism
Units     none
Blind to  the request's id: nginx does not write it here
Source    nginx documentation, error_log
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew.formats import Lines, Parser, Settings
from clew.formats._access import request_sql, share_of_lines
from clew.formats._fields import quoted
from clew.formats._members import json_object
from clew.formats._severity import severity_sql
from clew.formats._time import timestamp_sql
from clew.model.case import Sample

LINE = (
    r"(?s)^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) "  # 2026/11/20 09:00:00
    r"\[([a-z]+)\] "  # [error]
    r"(\d+)#\d+: "  # 31#31:
    r"(?:\*(\d+) )?"  # *42
    r"(.*)$"  # the message and its named parts
)
SAID = (
    r"(?s)^(.*?)"  # connect() failed (111: Connection refused) while connecting to upstream
    r"(?:, client: ([0-9a-fA-F.:]+|unix:[^,]*))?"  # 192.0.2.1
    r"(?:, server: ([^,]*))?"  # api.example.com
    r'(?:, request: "(.*?)")?'  # POST /v1/chat HTTP/1.1
    r'(?:, subrequest: "(.*?)")?'
    r'(?:, upstream: "(.*?)")?'  # http://192.0.2.7:8000/v1/chat
    r'(?:, host: "(.*?)")?'  # api.example.com
    r'(?:, referrer: "(.*?)")?$'
)
"""The parts in the order in which nginx writes them; text that a client chose cannot move them."""
UPSTREAM = (
    r"^(?:[a-z]+://)?(unix:[^:]*|[^/]*)"  # http://192.0.2.7:8000/v1  http://unix:/run/app.sock:/v1
)
MECHANISMS = {
    "no_live_upstreams": "no live upstreams",
    "upstream_timeout": "upstream timed out",
    "connection_refused": "(111: ",
    "connect_failed": "connect() ",
    "connection_closed": "prematurely closed connection",
    "connection_reset": "(104: ",
    "broken_pipe": "(32: ",
    "upstream_sent_invalid": "upstream sent invalid",
    "upstream_header_too_big": "upstream sent too big header",
    "host_not_found": "host not found in upstream",
    "tls_failure": "SSL_do_handshake() failed",
    "body_too_large": "client intended to send too large body",
    "rate_limited": "limiting requests",
    "connection_limited": "limiting connections",
    "file_not_found": "No such file or directory",
    "access_forbidden": "access forbidden by rule",
    "redirection_cycle": "internal redirection cycle",
}
"""Error type to the words by which nginx says it; the first that fits counts."""


@dataclass(slots=True)
class NginxErrorParser:
    """Parses lines of nginx's error log."""

    settings: Settings

    def heads(self, lines: Lines) -> NDArray[np.bool_]:
        """A line begins a record where a date such as 2026/11/20 stands first."""
        begins: NDArray[np.bool_] = lines.digits(0, 1, 2, 3, 5, 6, 8, 9) & (
            lines.byte(4) == ord("/")
        )
        return begins

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        names = "['at', 'level', 'pid', 'connection', 'said']"
        parts = "['message', 'client', 'server', 'request', 'subrequest', 'upstream', 'host', 'referrer']"
        error = " ".join(
            f"WHEN contains(s.message, {quoted(words)}) THEN '{name}'"
            for name, words in MECHANISMS.items()
        )
        left = [
            (name, f"to_json(nullif({value}, ''))::VARCHAR")
            for name, value in {
                "connection": "m.connection",
                "subrequest": "s.subrequest",
                "host": "s.host",
            }.items()
        ]
        columns = {
            "timestamp": timestamp_sql("m.at", self.settings),
            "timestamp_text": "m.at",
            "severity": severity_sql("m.level"),
            "process_id": "try_cast(m.pid AS BIGINT)",
            "message": "s.message",
            "client_ip": "nullif(nullif(s.client, ''), 'unix:')",
            "server_address": "nullif(s.server, '')",
            **request_sql("s.request"),
            "upstream_address": f"nullif(regexp_extract(s.upstream, '{UPSTREAM}', 1), '')",
            "referer": "nullif(s.referrer, '')",
            "error_type": f"CASE {error} END",
            "attributes": json_object(left),
        }
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return (
            "SELECT line, byte_offset, CASE WHEN m.at = '' THEN 'not a line of an nginx error log' "
            f"END AS reject, {picked} FROM (SELECT *, "
            f"regexp_extract(m.said, {quoted(SAID)}, {parts}) AS s FROM (SELECT *, "
            f"regexp_extract(text, {quoted(LINE)}, {names}) AS m FROM {records}))"
        )


def sniff(head: bytes) -> float:
    """Share of the first lines in nginx's layout."""
    return 0.95 * share_of_lines(head, LINE)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of nginx's error log."""
    return NginxErrorParser(settings)


SAMPLES = [
    Sample(
        "2026/11/20 09:00:00 [error] 31#31: *42 connect() failed (111: Connection refused) while "
        'connecting to upstream, client: 192.0.2.1, server: api.example.com, request: "POST '
        '/v1/chat?x=1 HTTP/1.1", upstream: "http://192.0.2.7:8000/v1/chat?x=1", host: '
        '"api.example.com"\n'
        "2026/11/20 09:00:01 [warn] 31#31: could not build optimal types_hash\n",
        [
            {"timestamp": "2026-11-20T09:00:00Z", "severity": "ERROR", "process_id": 31,
             "message": "connect() failed (111: Connection refused) while connecting to upstream",
             "client_ip": "192.0.2.1", "server_address": "api.example.com", "http_method": "POST",
             "url_path": "/v1/chat", "upstream_address": "192.0.2.7:8000",
             "error_type": "connection_refused", "attributes.host": "api.example.com"},
            {"severity": "WARN", "error_type": None,
             "message": "could not build optimal types_hash"},
        ],
        name="an upstream that refuses",
    ),
    Sample(
        "2026/11/20 09:00:00 [error] 31#31: *42 upstream timed out (110: Connection timed out) while "
        "reading response header from upstream, client: 192.0.2.1, server: _, request: "
        '"GET / HTTP/1.1", upstream: "http://unix:/run/app.sock:/", host: "h"\n',
        [{"error_type": "upstream_timeout", "upstream_address": "unix:/run/app.sock"}],
        name="an upstream that is late",
    ),
    Sample(
        '2026/11/20 09:00:00 [error] 31#31: *7 open() "/srv/a, client: x" failed (2: No such file or '
        'directory), client: 192.0.2.1, server: _, request: "GET /upstream timed out HTTP/1.1", '
        'host: "h", referrer: "https://app.example.com/"\n'
        "2026/11/20 nothing of the kind\n",
        [
            {"message": 'open() "/srv/a, client: x" failed (2: No such file or directory)',
             "client_ip": "192.0.2.1", "url_path": "/upstream timed out",
             "error_type": "file_not_found", "referer": "https://app.example.com/",
             "attributes.connection": "7"},
        ],
        name="words that a client chose",
        rejects=1,
    ),
]  # fmt: skip

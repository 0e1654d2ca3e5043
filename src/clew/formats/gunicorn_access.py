r"""gunicorn's access log: its default format, and one with the time taken behind it.

Reads     `%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"`, with %(D)s (microseconds) or
          %(L)s (seconds) behind it, with or without the logger's own time and level before it
Returns   requests: time, client, method, path, status, size, user agent, duration
Units     durations become milliseconds
Blind to  which of gunicorn, nginx and Apache wrote a line in the combined layout: that is nginx_access
Source    gunicorn documentation, setting access_log_format
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from clew.formats import Parser, Settings
from clew.formats._access import UsualParser, first_lines, tails_of, usual_matches
from clew.formats._tails import Meaning, find_tail
from clew.model.case import Sample

OWN_PREFIX = r"^\[[0-9-]+ [0-9:]+ [+-][0-9]{4}\] \[[0-9]+\] \[INFO\] "


@dataclass(slots=True)
class GunicornParser(UsualParser):
    """The usual layout behind gunicorn's own `[time] [pid] [INFO] `, where it stands."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        bare = (
            f"(SELECT line, lines, byte_offset, regexp_replace(text, '{OWN_PREFIX}', '') AS text "
            f"FROM {records})"
        )
        return UsualParser.select(self, workbench, bare)


def _without_prefix(head: bytes) -> bytes:
    lines = [re.sub(OWN_PREFIX, "", line) for line in first_lines(head)]
    return "\n".join(lines).encode() + b"\n"


def sniff(head: bytes) -> float:
    """Share of the first lines behind gunicorn's own prefix; the bare layout is nginx's as well."""
    lines = first_lines(head)
    prefixed = [line for line in lines if re.match(OWN_PREFIX, line)]
    if prefixed:
        return 0.95 * len(usual_matches("\n".join(prefixed).encode() + b"\n")) / len(lines)
    matches = [m for m in usual_matches(head) if m["agent"] and not m["vhost"]]
    return 0.7 * len(matches) / len(lines) if lines else 0.0


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of the default format with what follows it."""
    return GunicornParser(
        settings, tail=find_tail(tails_of(_without_prefix(head)), {}, name_shapes)
    )


def name_shapes(shapes: Sequence[str]) -> list[Meaning]:
    """The time taken stands first: a whole number is %(D)s, one with a point %(L)s."""
    names = [Meaning(f"tail_{place + 1}") for place in range(len(shapes))]
    if shapes[0] in ("count", "seconds"):
        names[0] = Meaning("duration_ms", "us" if shapes[0] == "count" else "s")
    return names


SAMPLES = [
    Sample(
        '[2026-11-20 09:00:00 +0000] [31] [INFO] 192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] '
        '"POST /v1/predict HTTP/1.1" 500 21 "-" "python-requests/2.32" 15230\n'
        '[2026-11-20 09:00:01 +0000] [31] [INFO] 192.0.2.1 - - [20/Nov/2026:09:00:01 +0000] '
        '"GET /healthz HTTP/1.1" 200 2 "-" "kube-probe/1.30" 400\n'
        "nothing of the kind\n",
        [
            {"timestamp": "2026-11-20T09:00:00Z", "http_method": "POST", "url_path": "/v1/predict",
             "http_status": 500, "duration_ms": 15.23, "user_agent": "python-requests/2.32"},
            {"url_path": "/healthz", "duration_ms": 0.4},
        ],
        name="with gunicorn's own prefix and %(D)s",
        rejects=1,
    ),
    Sample(
        '192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] "GET /a HTTP/1.1" 200 2 "-" "curl/8"\n',
        [{"client_ip": "192.0.2.1", "http_status": 200, "duration_ms": None}],
        name="the default",
    ),
]  # fmt: skip

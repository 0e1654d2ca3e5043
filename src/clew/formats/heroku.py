r"""Heroku's logs: requests as its router writes them, and the lines of each dyno.

    2026-11-20T09:00:01.123456+00:00 heroku[router]: at=error code=H12 desc="Request timeout" method=POST
    path="/v1/pay" host=api.example.com request_id=8601b555 fwd="203.0.113.7" dyno=web.1 connect=0ms
    service=30001ms status=503 bytes=0 protocol=https
    2026-11-20T09:00:01.223456+00:00 app[web.1]: {"level":"error","msg":"charge failed"}

Reads     what `heroku logs` prints and a log drain's text; the lines of dynos by their own format
Returns   requests of the router: time, level, client, method, path, status, size, duration, the dyno as
          upstream_address, its time as upstream_ms, the error's code (H12) as error_type; other lines as
          their format gives them, with the dyno as service_instance and Heroku's time where they have none
Units     connect and service are milliseconds and add up to the duration
Blind to  a traceback whose lines other dynos' lines part
Source    Heroku Dev Center, HTTP routing and error codes
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew import registry
from clew.formats import BatchParser, Lines, Parser, Settings, surest
from clew.formats._access import first_lines, share_of_lines
from clew.formats._fields import quoted
from clew.formats._members import columns_of
from clew.formats._severity import severity_sql
from clew.formats._time import iso_sql
from clew.model.case import Sample

PREFIX = r"(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) (app|heroku)\[([^\]]+)\]: "
ROUTER = "heroku[router]: at="
SPACE = 32


@dataclass(slots=True)
class HerokuParser:
    """Parses the router's lines by itself, and the dynos' lines by `inner`."""

    inner: Parser
    settings: Settings

    def heads(self, lines: Lines) -> NDArray[np.bool_] | None:
        """What stands behind the prefix says what begins a record; the router's lines always do."""
        spaces = np.flatnonzero(lines.text == SPACE)
        second = np.searchsorted(spaces, lines.starts) + 1
        is_there = second < len(spaces)
        places = spaces[np.minimum(second, len(spaces) - 1)] if len(spaces) else second
        starts = np.where(is_there & (places < lines.ends), places + 1, lines.starts)
        heads = self.inner.heads(Lines(lines.text, starts, np.maximum(starts, lines.ends)))
        if heads is None:
            return None
        is_router = Lines(lines.text, starts, lines.ends).begins_with(b"at=")
        begins: NDArray[np.bool_] = heads | is_router | np.concatenate(([True], is_router[:-1]))
        return begins

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        workbench.execute(
            "CREATE OR REPLACE TEMP TABLE dynos AS SELECT line, lines, byte_offset, text, "
            f"regexp_extract(text, {quoted('^' + PREFIX)}, ['at', 'who', 'dyno']) AS p, "
            f"contains(text, '{ROUTER}') AS is_router, "
            f"regexp_replace(text, {quoted('(?m)^' + PREFIX)}, '', 'g') AS inner_text FROM {records}"
        )
        inner = self.inner.select(
            workbench,
            "(SELECT line, lines, byte_offset, CASE WHEN is_router THEN '' ELSE inner_text END AS text "
            "FROM dynos)",
        )
        known = columns_of(workbench, inner)
        own = self._router()
        picked = [
            f'CASE WHEN d.is_router THEN {sql} ELSE {self._of_dyno(name, known)} END AS "{name}"'
            for name, sql in own.items()
        ]
        placed = ("line", "byte_offset", "reject")
        kept = [
            f'CASE WHEN NOT d.is_router THEN i."{name}" END AS "{name}"'
            for name in known
            if name not in own and name not in placed
        ]
        return (
            f"SELECT d.line, d.byte_offset, CASE WHEN d.p.at = '' THEN 'not a line of Heroku' END AS reject, "
            f"{', '.join([*picked, *kept])} FROM dynos d JOIN ({inner}) i USING (byte_offset)"
        )

    def _router(self) -> dict[str, str]:
        """Column to SQL, for lines of the router; what dynos' lines have too is completed by `_of_dyno`."""
        uri, took, waited = _value("path"), _ms("service"), _ms("connect")
        return {
            "timestamp": iso_sql("d.p.at", self.settings),
            "timestamp_text": "d.p.at",
            "service_instance": "nullif(regexp_extract(d.inner_text, 'dyno=(\\S+)', 1), '')",
            "severity": severity_sql(_value("at")),
            "message": _value("desc"),
            "error_type": _value("code"),
            "http_method": _value("method"),
            "url_path": f"split_part({uri}, '?', 1)",
            "url_query": f"nullif(split_part({uri}, '?', 2), '')",
            "server_address": _value("host"),
            "request_id": _value("request_id"),
            "client_ip": f"trim(split_part({_value('fwd')}, ',', 1))",
            "upstream_address": _value("dyno"),
            "http_status": f"try_cast({_value('status')} AS BIGINT)",
            "response_bytes": f"try_cast({_value('bytes')} AS BIGINT)",
            "duration_ms": f"coalesce({waited}, 0) + {took}",
            "upstream_ms": took,
            "protocol": _value("protocol"),
        }

    def _of_dyno(self, name: str, known: list[str]) -> str:
        """SQL of a column of a dyno's line; of a line that its format cannot read, the text."""
        found = f"CASE WHEN i.reject IS NULL THEN i.{name} END" if name in known else "NULL"
        other = {
            "timestamp": iso_sql("d.p.at", self.settings),
            "timestamp_text": "d.p.at",
            "service_instance": "d.p.dyno",
            "message": "CASE WHEN i.reject IS NOT NULL THEN d.inner_text END",
        }.get(name)
        return f"coalesce({found}, {other})" if other else found


def _value(key: str) -> str:
    found = f"regexp_extract(d.inner_text, '\\b{key}=(?:\"([^\"]*)\"|(\\S+))', ['q', 'v'])"
    return f"nullif(concat(({found}).q, ({found}).v), '')"


def _ms(key: str) -> str:
    return f"try_cast(regexp_extract(d.inner_text, '\\b{key}=([0-9]+)ms', 1) AS DOUBLE)"


def sniff(head: bytes) -> float:
    """Share of the first lines with Heroku's prefix."""
    return 0.98 * share_of_lines(head, PREFIX)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of Heroku's lines; the dynos' first lines tell their format."""
    lines = [re.sub(PREFIX, "", line) for line in first_lines(head) if " app[" in line[:60]]
    said = "\n".join([*lines, ""]).encode()
    name = surest(said)
    parser = registry.load("formats", name).parse(said, settings)
    if isinstance(parser, BatchParser) or name in ("csv", "heroku", "parquet"):
        parser = registry.load("formats", "text").parse(said, settings)
    return HerokuParser(parser, settings)


SAMPLES = [
    Sample(
        '2026-11-20T09:00:00.123456+00:00 heroku[router]: at=info method=GET path="/v1/items?x=1" '
        'host=api.example.com request_id=8601b555 fwd="203.0.113.7" dyno=web.1 connect=1ms service=18ms '
        "status=200 bytes=13 protocol=https\n"
        '2026-11-20T09:00:01.123456+00:00 heroku[router]: at=error code=H12 desc="Request timeout" method=POST '
        'path="/v1/pay" host=api.example.com request_id=8601b556 fwd="203.0.113.8" dyno=web.1 connect=0ms '
        "service=30001ms status=503 bytes=0 protocol=https\n"
        '2026-11-20T09:00:01.323456+00:00 app[web.1]: {"level":"error","msg":"charge failed","request_id":"r7"}\n'
        "2026-11-20T09:00:02.123456+00:00 heroku[web.1]: State changed from up to crashed\n",
        [
            {"timestamp": "2026-11-20T09:00:00.123456Z", "severity": "INFO", "http_method": "GET",
             "url_path": "/v1/items", "url_query": "x=1", "http_status": 200, "duration_ms": 19.0,
             "upstream_ms": 18.0, "upstream_address": "web.1", "client_ip": "203.0.113.7",
             "request_id": "8601b555", "response_bytes": 13, "service": None},
            {"severity": "ERROR", "error_type": "H12", "message": "Request timeout", "http_status": 503,
             "duration_ms": 30001.0},
            {"severity": "ERROR", "message": "charge failed", "request_id": "r7", "http_status": None,
             "service_instance": "web.1", "timestamp": "2026-11-20T09:00:01.323456Z"},
            {"message": "State changed from up to crashed", "timestamp": "2026-11-20T09:00:02.123456Z"},
        ],
        name="a router whose service was its time, and an app that logs JSON",
    ),
    Sample(
        "2026-11-20T09:00:01+00:00 app[web.1]: [2026-11-20 09:00:01 +0000] [10] [ERROR] Exception in worker\n"
        "2026-11-20T09:00:01+00:00 app[web.1]: Traceback (most recent call last):\n"
        '2026-11-20T09:00:01+00:00 app[web.1]:   File "/app/a.py", line 3, in f\n'
        "2026-11-20T09:00:01+00:00 app[web.1]: KeyError: 'age'\n",
        [{"severity": "ERROR", "process_id": 10, "exception_type": "KeyError",
          "exception_frame": "/app/a.py:3 in f"}],
        name="a traceback of a dyno",
    ),
]  # fmt: skip

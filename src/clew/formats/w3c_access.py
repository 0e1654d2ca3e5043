r"""The W3C extended log format: IIS, Amazon CloudFront, and other servers that name their fields.

    #Fields: date time c-ip cs-method cs-uri-stem sc-status time-taken
    2026-11-20 09:00:00 203.0.113.7 GET /v1/items 200 12

Reads     lines parted by tabs or spaces, with the fields of the `#Fields:` line above them; what stands
          in a user agent for a space (%20, +) is shown as one
Returns   requests: time, client, user, method, path, status, sizes, user agent, duration
Units     time-taken is milliseconds, or seconds where it has a point, as CloudFront writes it
Blind to  fields that change within a file: rows of another width are rejects
Source    W3C Working Draft WD-logfile-960323; IIS and CloudFront documentation
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from clew.formats import HEADER_LINE, Lines, Parser, Settings
from clew.formats._access import first_lines
from clew.formats._fields import Field, Units, map_fields, quoted
from clew.formats._time import timestamp_sql
from clew.model.case import Sample

NAMES = {
    "c-ip": "client_ip", "cs-method": "http_method", "cs-uri-stem": "url_path", "cs-uri-query": "url_query",
    "sc-status": "http_status", "sc-bytes": "response_bytes", "cs-bytes": "request_bytes",
    "cs(user-agent)": "user_agent", "cs(referer)": "referer", "cs-username": "user_id",
    "cs-host": "server_address", "cs(host)": "http_host", "x-host-header": "server_address",
    "s-port": "server_port", "s-computername": "host", "c-port": "client_port", "cs-version": "protocol",
    "cs-protocol-version": "protocol", "x-edge-request-id": "request_id", "time-taken": "duration_ms",
    "time-to-first-byte": "time_to_first_byte_s", "s-sitename": "site", "cs-protocol": "uri_scheme",
}  # fmt: skip
"""Field to the column, or to a name that is nobody else's."""
FIELDS = re.compile(r"^#Fields:\s*(.*?)\s*$", re.MULTILINE)
ESCAPED = ("user_agent", "referer")


@dataclass(slots=True)
class W3cParser:
    """Parses lines of the fields that their file names."""

    names: tuple[str, ...]
    settings: Settings

    def heads(self, lines: Lines) -> None:
        """Every line is a record."""

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        source = f"(SELECT line, byte_offset, text, {_cells('text')} AS cells FROM {records})"
        clock = " || ' ' || ".join(
            f"cells[{self.names.index(name) + 1}]"
            for name in ("date", "time")
            if name in self.names
        )
        fields = [
            _field(NAMES.get(name, name), f"cells[{place}]")
            for place, name in enumerate(self.names, start=1)
            if name not in ("date", "time")
        ]
        columns = map_fields(fields, self.settings, Units(lambda number: None))
        if clock:
            columns["timestamp"] = timestamp_sql(f"({clock})", self.settings)
            columns["timestamp_text"] = clock
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return (
            f"SELECT line, byte_offset, CASE WHEN starts_with(text, '#') THEN {quoted(HEADER_LINE)} "
            f"WHEN len(cells) <> {len(self.names)} THEN 'not the fields that the #Fields line names' "
            f"END AS reject, {picked} FROM {source}"
        )


def _cells(text: str) -> str:
    """SQL of the fields: tabs part them where there is one, else spaces."""
    return (
        f"CASE WHEN contains({text}, chr(9)) THEN string_split({text}, chr(9)) "
        f"ELSE string_split({text}, ' ') END"
    )


def _field(name: str, cell: str) -> Field:
    value = f"nullif({cell}, '-')"
    if name in ESCAPED:
        value = f"url_decode(replace({value}, '+', ' '))"
    if name == "duration_ms":
        value = (
            f"CASE WHEN contains({value}, '.') THEN (try_cast({value} AS DOUBLE) * 1000)::VARCHAR "
            f"ELSE {value} END"
        )
    return Field(name, value, f"to_json({value})::VARCHAR")


def sniff(head: bytes) -> float:
    """High where the first lines name fields of requests."""
    return 0.97 if "cs-method" in _names(head) or "c-ip" in _names(head) else 0.0


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of the fields that the file names."""
    return W3cParser(_names(head), settings)


def _names(head: bytes) -> tuple[str, ...]:
    said = "\n".join(line for line in first_lines(head)[:20] if line.startswith("#"))
    found = FIELDS.search(said)
    return tuple(name.lower() for name in found[1].split()) if found else ()


SAMPLES = [
    Sample(
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
        "cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"
        "2026-11-20 09:00:00 192.0.2.1 GET /v1/items x=1 443 - 203.0.113.7 Mozilla/5.0+(X11) - 200 0 0 12\n"
        "2026-11-20 09:00:01 192.0.2.1 POST /v1/pay - 443 ann 203.0.113.7 curl/8 - 500 0 64 1504\ncut off\n",
        [
            {"line": 4, "timestamp": "2026-11-20T09:00:00Z", "client_ip": "203.0.113.7", "http_method": "GET",
             "url_path": "/v1/items", "url_query": "x=1", "http_status": 200, "duration_ms": 12.0,
             "user_agent": "Mozilla/5.0 (X11)", "server_port": 443, "user_id": None},
            {"user_id": "ann", "http_status": 500, "duration_ms": 1504.0, "attributes.sc-win32-status": "64"},
        ],
        name="IIS",
        rejects=1,
    ),
    Sample(
        "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
        "cs(User-Agent) cs-uri-query x-edge-result-type x-edge-request-id x-host-header time-taken\n"
        "2026-11-20\t09:00:00\tFRA56-C1\t512\t203.0.113.7\tPOST\td1.example.net\t/v1/pay\t502\t"
        "Mozilla/5.0%20(X11)\t-\tError\tSOX4xw==\tapi.example.com\t1.504\n",
        [
            {"timestamp": "2026-11-20T09:00:00Z", "http_status": 502, "response_bytes": 512,
             "duration_ms": 1504.0, "request_id": "SOX4xw==", "server_address": "api.example.com",
             "user_agent": "Mozilla/5.0 (X11)", "url_query": None},
        ],
        name="CloudFront",
    ),
]  # fmt: skip

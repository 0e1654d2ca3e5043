"""The journal of systemd as `journalctl -o export` and systemd-journal-remote write it.

    __REALTIME_TIMESTAMP=1763629200000055
    MESSAGE=<line>
    _SYSTEMD_UNIT=web.service

Reads     fields as NAME=text, and those of bytes: NAME, eight bytes of length, the bytes; an empty line ends a record
Returns   what the format of each program's lines gives, as for `journalctl -o json`
Units     those of the inner formats; `line` counts records of the journal, `byte_offset` is that number
Blind to  what a field says a second time: the list of all is an attribute
Source    systemd, Journal Export Formats
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clew.formats import Settings
from clew.formats._calls.entries import bytes_of
from clew.formats._journal import plain
from clew.formats._rewritten import Record, RewrittenParser, rewritten
from clew.model.case import Sample

BEGIN = re.compile(
    rb"\A\n*(?:[A-Z_][A-Z0-9_]{0,63}[=\n](?s:.)*?)?__(?:REALTIME|MONOTONIC)_TIMESTAMP=\d+\n"
)
FIRST = re.compile(rb"\A\n*__CURSOR=|\A\n*__REALTIME_TIMESTAMP=\d+\n")
LENGTH = 8
HEAD = 4_096


def sniff(head: bytes) -> float:
    """Whether a record of the journal stands first."""
    start = head[:HEAD]
    return 0.98 if FIRST.match(start) and BEGIN.match(start) else 0.0


def parse(head: bytes, settings: Settings) -> RewrittenParser:
    """A parser of the journal, and of whatever its programs wrote."""
    return rewritten(settings, _records, inner="MESSAGE", members={"SYSLOG_IDENTIFIER": "x"})


def _records(path: Path) -> Iterator[Record]:
    data = bytes_of(path)
    at, record = 0, dict[str, Any]()
    while at < len(data):
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        line, at = data[at:end], end + 1
        name, is_text, value = line.partition(b"=")
        if not line:
            if record:
                yield plain(record)
            record = {}
            continue
        if not is_text:
            size = int.from_bytes(data[at : at + LENGTH], "little")
            value = data[at + LENGTH : at + LENGTH + size]
            at += LENGTH + size + 1
        _add(record, name.decode(errors="replace"), value.decode(errors="replace"))
    if record:
        yield plain(record)


def _add(record: dict[str, Any], name: str, value: str) -> None:
    """A field that a record says again is a list."""
    if name not in record:
        record[name] = value
    else:
        before = record[name]
        record[name] = [*before, value] if isinstance(before, list) else [before, value]


def _entry(second: int, program: str, message: str, **more: str) -> str:
    fields = {
        "__CURSOR": f"s=1;i={second}", "__REALTIME_TIMESTAMP": f"17636292{second:02}000055", "PRIORITY": "3",
        "SYSLOG_IDENTIFIER": program, "_PID": "31", "_HOSTNAME": "host1", "_SYSTEMD_UNIT": f"{program}.service",
        **more,
    }  # fmt: skip
    told = "".join(f"{name}={value}\n" for name, value in fields.items())
    size = len(message.encode())
    if "\n" not in message:
        return f"{told}MESSAGE={message}\n\n"
    return f"{told}MESSAGE\n{size.to_bytes(LENGTH, 'little').decode()}{message}\n\n"


TRACE = (
    "ERROR:app.api:boom request_id=r3\nTraceback (most recent call last):\n"
    '  File "/app/api.py", line 7, in f\n\n    x()\nKeyError'
)
SAMPLES = [
    Sample(
        _entry(0, "web", '{"level":"error","msg":"failed","request_id":"r1"}')
        + _entry(1, "sshd", "Failed password for root", PRIORITY="5")
        + _entry(2, "api", TRACE),
        [
            {"line": 1, "timestamp": "2025-11-20T09:00:00.000055Z", "severity": "ERROR", "message": "failed",
             "request_id": "r1", "service": "web", "host": "host1", "process_id": 31, "source_format": "jsonl"},
            {"line": 2, "severity": "INFO", "message": "Failed password for root", "service": "sshd",
             "timestamp": "2025-11-20T09:00:01.000055Z", "attributes._SYSTEMD_UNIT": "sshd.service"},
            {"line": 3, "severity": "ERROR", "message": "boom request_id=r3", "exception_type": "KeyError",
             "timestamp": "2025-11-20T09:00:02.000055Z", "service": "api"},
        ],
        name="three programs, one with a message of several lines",
    ),
]  # fmt: skip

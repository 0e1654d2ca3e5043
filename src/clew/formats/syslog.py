r"""syslog: RFC 5424 with structured data, RFC 3164, and journalctl's short output.

    <165>1 2026-11-20T09:00:00.003Z host.example.com app 31 ID47 [ex@32473 key="v"] message
    <34>Nov 20 09:00:00 host app[31]: message

Reads     lines with or without <PRI>, with or without the octet count that TCP puts before them
Returns   time, severity (of the PRI), host, service, process, message; pairs of the message and of
          the structured data as columns or attributes
Units     none
Blind to  the year and the zone, which RFC 3164 does not state: the file's year, the given zone
Source    RFC 5424 section 6, RFC 3164 section 4
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew.formats import HEADER_LINE, Lines, Parser, Settings
from clew.formats._access import first_lines
from clew.formats._fields import Units, quoted, spelling_of
from clew.formats._messages import RAISED, message_columns, with_pairs
from clew.formats._severity import severity_sql
from clew.formats._time import timestamp_sql
from clew.formats._wrapped import WrappedParser, Wrapping, looks_like_lines
from clew.model.case import Sample

PRI = r"(?:\d+ )?<(\d{1,3})>"
NEW = (
    rf"(?s)^{PRI}1 "  # <165>1
    r"(\S+) (\S+) (\S+) (\S+) (\S+) "  # time host app pid msgid
    r'(-|(?:\[(?:[^\]\\"]|\\.|"(?:[^"\\]|\\.)*")*\])+)'  # [ex@32473 key="v"]
    r" ?(.*)$"
)
OLD = (
    rf"(?s)^(?:{PRI})?"  # <34>
    r"([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"(?:Z|[+-]\d\d:?\d\d))"  # Nov 20 09:00:00
    r" (\S+) "  # host
    r"([^\s:\[]+)(?:\[(\d+)\])?: "  # app[31]:
    r"(.*)$"
)
LEVELS = ("TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL")
"""A level where a host should stand: such a line is an application's own."""
NEW_GROUPS = "['pri', 'at', 'host', 'app', 'pid', 'id', 'data', 'said']"
ELEMENT = r'\[((?:[^\]\\"]|\\.|"(?:[^"\\]|\\.)*")*)\]'  # [ex@32473 key="v"]
PARAM = r' ([^\s="]+)="((?:[^"\\]|\\.)*)"'  # key="v"
ELEMENT_ID = (
    "regexp_replace(regexp_replace(split_part(d, ' ', 1), '[^A-Za-z0-9_.@-]', '_', 'g'), "
    "'^([0-9.-])', '_\\1')"
)
PAIRS_OF_DATA = (
    f"array_to_string(list_transform(regexp_extract_all(n.data, {quoted(ELEMENT)}, 1), lambda d: "
    f"regexp_replace(d, {quoted(PARAM)}, ' ' || {ELEMENT_ID} || '.\\1=\"\\2\"', 'g')), ' ')"
)
"""Structured data as pairs whose keys say their element: `ex@32473.key="v"`."""
OLD_GROUPS = "['pri', 'at', 'host', 'app', 'pid', 'said']"


@dataclass(slots=True)
class SyslogParser:
    """Parses both generations of syslog, line by line."""

    settings: Settings
    units: Units = field(default_factory=lambda: Units(lambda number: None), compare=False)

    def heads(self, lines: Lines) -> NDArray[np.bool_]:
        """journalctl indents the further lines of a message."""
        first = lines.byte(0)
        begins: NDArray[np.bool_] = (first != ord(" ")) & (first != ord("\t"))
        return begins

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        parsed = (
            f"SELECT *, CASE WHEN n.pri = '' THEN regexp_extract(text, {quoted(OLD)}, {OLD_GROUPS}) "
            f"END AS o FROM (SELECT *, regexp_extract(text, {quoted(NEW)}, {NEW_GROUPS}) AS n "
            f"FROM {records})"
        )

        def part(name: str) -> str:
            return f"nullif(nullif(CASE WHEN n.pri <> '' THEN n.{name} ELSE o.{name} END, ''), '-')"

        parts = ", ".join(
            f"{part(name)} AS sys_{name}" for name in ("pri", "at", "host", "app", "pid", "said")
        )
        data = f"CASE WHEN n.data NOT IN ('', '-') THEN {PAIRS_OF_DATA} END"
        said = _dedented(f"trim(ltrim(coalesce({part('said')}, ''), chr(65279)))")
        kept = (
            "line, byte_offset, sys_pri, sys_at, sys_host, sys_app, sys_pid, sys_id, sys_data, "
            "((sys_at IS NOT NULL OR sys_pri IS NOT NULL) "
            f"AND coalesce(sys_host, '') NOT IN {LEVELS}) AS is_known, is_header"
        )
        inner = (
            f"(SELECT line, byte_offset, {said} AS text, {parts}, {data} AS sys_data, "
            f"starts_with(text, '-- ') AS is_header, nullif(n.id, '-') AS sys_id, "
            f"split_part({said}, chr(10), 1) AS said FROM ({parsed}))"
        )
        workbench.execute(f"CREATE OR REPLACE TEMP TABLE syslogged AS {self._rows(inner, kept)}")
        source, columns = message_columns(
            workbench, "syslogged", self.settings, self.units, renamed=_param
        )
        level = "CASE WHEN sys_pri IS NOT NULL THEN (try_cast(sys_pri AS INTEGER) % 8)::VARCHAR END"
        own = {
            "host": "sys_host",
            "service": "sys_app",
            "process_id": "try_cast(sys_pid AS BIGINT)",
            "event_name": "nullif(sys_id, '')",
            "severity": severity_sql(level),
        }
        for name, sql in own.items():
            columns[name] = f"coalesce({sql}, {columns[name]})" if name in columns else sql
        columns["timestamp"] = timestamp_sql("sys_at", self.settings)
        columns["timestamp_text"] = "sys_at"
        columns["message"] = f"coalesce(whole, {RAISED}, said)"
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return (
            "SELECT line, byte_offset, CASE WHEN NOT is_known THEN CASE WHEN is_header THEN "
            f"{quoted(HEADER_LINE)} ELSE 'not a line of syslog' END END AS reject, {picked} FROM {source}"
        )

    def _rows(self, inner: str, kept: str) -> str:
        """Pairs are looked for in the message and in the structured data behind it."""
        return with_pairs(inner, f"{kept}, said").replace(
            "END AS message FROM",
            "END AS whole, concat_ws(' ', whole, sys_data) AS message FROM",
            1,
        )


def _dedented(text: str) -> str:
    """Without the indent that journalctl gives the further lines of a message."""
    indent = f"regexp_extract({text}, '\\n( {{20,}})[^ ]', 1)"
    plain = f"replace({text}, chr(10) || {indent}, chr(10))"
    return f"CASE WHEN contains({text}, repeat(' ', 20)) AND {indent} <> '' THEN {plain} ELSE {text} END"


def _param(key: str) -> str:
    """A parameter that has a canonical column goes by its own name: `ex@32473.user_id`."""
    element, _, name = key.rpartition(".")
    spelling = spelling_of(name)
    is_said = spelling is not None and spelling.column not in ("message", "timestamp")
    return name if "@" in element and is_said else key


def sniff(head: bytes) -> float:
    """Share of the first lines in either layout; a PRI makes it surer."""
    lines = first_lines(head)
    own = [line for line in lines if _is_own(line)]
    return 0.92 * len(own) / len(lines) if lines else 0.0


def _is_own(line: str) -> bool:
    if re.match(NEW, line):
        return True
    old = re.match(OLD, line)
    return old is not None and old[3] not in LEVELS


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser of syslog; where programs write lines of other formats, these are parsed in turn."""
    said: dict[str, list[str]] = {}
    for line in first_lines(head):
        if found := re.match(OLD, line):
            said.setdefault(found[4], []).append(found[6])
    if not any(map(looks_like_lines, said.values())):
        return SyslogParser(settings)
    before = _before()
    return WrappedParser(
        SyslogParser(settings),
        settings,
        Wrapping(
            re.compile(before.encode(), re.MULTILINE),
            joined=f"regexp_replace(r.text, {quoted('(?m)' + before)}, '', 'g')",
        ),
    )


def _before() -> str:
    """What stands before the message in RFC 3164; the program is its group."""
    before = OLD.removeprefix("(?s)").removesuffix("(.*)$")
    for group, plain in (("(\\d{1,3})", "\\d{1,3}"), (" (\\S+) ", " \\S+ "), ("(\\d+)", "\\d+")):
        before = before.replace(group, plain)
    return before.replace("([A-Z][a-z]{2}", "(?:[A-Z][a-z]{2}")


SAMPLES = [
    Sample(
        "<165>1 2026-11-20T09:00:00.003Z host.example.com scoring 31 ID47 "
        '[ex@32473 iut="3" user_id="u-7"] request failed status=500\n'
        "<14>1 2026-11-20T09:00:01+01:00 - - - - - \ufeffstarted\n"
        "nothing of the kind\n",
        [
            {"timestamp": "2026-11-20T09:00:00.003000Z", "severity": "INFO", "host": "host.example.com",
             "service": "scoring", "process_id": 31, "event_name": "ID47", "user_id": "u-7",
             "http_status": 500, "message": "request failed status=500", "attributes.ex@32473.iut": 3},
            {"timestamp": "2026-11-20T08:00:01Z", "host": None, "message": "started"},
        ],
        name="RFC 5424",
        rejects=1,
    ),
    Sample(
        "<34>Nov 20 09:00:00 web1 nginx[31]: upstream died\nNov  2 09:00:01 web1 cron: ran a=1\n",
        [
            {"timestamp": "2026-11-20T09:00:00Z", "severity": "FATAL", "host": "web1",
             "service": "nginx", "process_id": 31, "message": "upstream died"},
            {"timestamp": "2026-11-02T09:00:01Z", "severity": None, "service": "cron",
             "attributes.a": 1},
        ],
        name="RFC 3164",
    ),
    Sample(
        "2026-11-20T09:00:00+0000 web1 scoring[31]: ready\n",
        [{"timestamp": "2026-11-20T09:00:00Z", "host": "web1", "service": "scoring"}],
        name="journalctl -o short-iso",
    ),
    Sample(
        "2026-11-20T09:00:00+0000 web1 scoring[31]: request failed\n"
        "                                           Traceback (most recent call last):\n"
        '                                             File "/app/api.py", line 7, in predict\n'
        "                                               x()\n"
        "                                           KeyError: 'age'\n"
        "2026-11-20T09:00:01+0000 web1 scoring[31]: ready\n",
        [{"message": "request failed", "exception_type": "KeyError", "exception_message": "'age'",
          "exception_frame": "/app/api.py:7 in predict"},
         {"message": "ready"}],
        name="journalctl indents the lines of a traceback",
    ),
    Sample(
        '<14>1 2026-11-20T09:00:00Z h app - - [a@1 x="1" note="q\\"] y=2"][9b@2 x="3"] said\n',
        [{"message": "said", "attributes.a@1.x": 1, "attributes._9b@2.x": 3}],
        name="two elements with one parameter",
    ),
]  # fmt: skip

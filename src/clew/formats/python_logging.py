r"""Text logs of Python services, in the layouts that logging, loguru and the frameworks write.

    2026-11-20 09:00:00,123 ERROR [worker-3] scoring.api: message key=value
    Traceback (most recent call last): ...

Reads     logging's usual formats, uvicorn, gunicorn's error log, Flask, Django, Celery, loguru,
          structlog's console, vLLM; tracebacks and chained exceptions are one event with their line
Returns   time, severity, logger, thread, process, message; exception columns; key=value pairs of the
          message as columns or attributes
Units     durations by their own unit or their name
Blind to  the year, where the layout has none: it is the file's; the day, where it has only a clock:
          such events have no time
Source    Python documentation, logging; documentation of the frameworks
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew.formats import HEADER_LINE, NO_LAYOUT, Lines, Parser, Settings
from clew.formats._access import first_lines
from clew.formats._fields import Units, quoted
from clew.formats._layout_parts import parted_by_layout
from clew.formats._layout_samples import LAYOUT_SAMPLES
from clew.formats._layouts import (
    ANSI,
    DJANGO_SAYS,
    OTHER,
    Quick,
    layout_of,
    quick_of,
    usual_layouts,
)
from clew.formats._messages import RAISED, any_of, message_columns, with_pairs
from clew.formats._severity import severity_sql
from clew.formats._starts import (
    ESCAPE,
    LEVEL_WORDS,
    begin_tracebacks,
    begins_as,
    begins_in_brackets,
    begins_with_json,
    begins_with_level,
    begins_with_pair,
    is_date,
    leave_drawn,
)
from clew.formats._time import timestamp_sql, zoned
from clew.model.case import Sample

LEAST_SHARE = 0.15
"""Fewer lines than this in a layout are chance: the text is no Python log."""
BARE, LEAST_OF_BARE = frozenset(("go", "sglang")), 0.6
"""Layouts that are a time and words: they have to be of most lines."""
ZERO, NINE = ord("0"), ord("9")
DRAWN = ("╭", "│", "╰")
"""How the lines of a traceback begin that rich drew."""


@dataclass(slots=True)
class PythonLoggingParser:
    """Parses one log by the layouts that its first lines are in, the most frequent first."""

    settings: Settings
    layouts: tuple[str, ...]
    quick: Quick | None = None
    units: Units = field(default_factory=lambda: Units(lambda number: None), compare=False)

    def heads(self, lines: Lines) -> NDArray[np.bool_]:
        """A line begins a record where a time, a level, or a line of another format begins."""
        first = lines.byte(0)
        begins: NDArray[np.bool_] = first == ESCAPE
        for test, chosen in (
            (self._begins_with_time, (first >= ZERO) & (first <= NINE)),
            (begins_in_brackets, first == ord("[")),
            (begins_with_level, np.isin(first, [word[0] for word in LEVEL_WORDS])),
            (begins_with_json, first == ord("{")),
            (begins_with_pair, np.isin(first, list(b"lt"))),
        ):
            places = np.flatnonzero(chosen)
            part = Lines(lines.text, lines.starts[places], lines.ends[places])
            begins[places] = test(part)
        for layout in self.layouts:
            begins |= begins_as(layout, lines)
        leave_drawn(lines, begins)
        begin_tracebacks(lines, begins)
        return begins

    def _begins_with_time(self, lines: Lines) -> NDArray[np.bool_]:
        """`2026-11-20 09:`, an address, or `09:00:00` where the log has no dates."""
        begins: NDArray[np.bool_] = (
            is_date(lines, 0) & lines.digits(11, 12) & (lines.byte(13) == ord(":"))
        )
        places = np.flatnonzero(~begins)
        others = Lines(lines.text, lines.starts[places], lines.ends[places])
        for place in (1, 2, 3):
            # a second dot: `10.5 ms` in the middle of a message is no address
            dotted = (others.byte(place) == ord(".")) & others.digits(place + 1)
            again = [others.byte(place + width) == ord(".") for width in (2, 3, 4)]
            begins[places] |= dotted & np.logical_or.reduce(again)
        return begins

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        workbench.execute(
            "CREATE OR REPLACE TEMP TABLE logged AS SELECT * EXCLUDE (text, first_line, is_known), "
            f"{REJECT} AS reject, CASE WHEN has_stack THEN text END AS text, "
            f"CASE WHEN {MAY_BE_ID} THEN regexp_matches(thread, {quoted(THREAD_IS_ID)}) ELSE false END AS is_id "
            f"FROM ({self._logged(records)})"
        )
        source, columns = message_columns(workbench, "logged", self.settings, self.units)
        has_ids, is_odd = any_of(workbench, "logged", "is_id", f"({IS_PLAIN_TIME}) IS NOT TRUE")
        columns |= {
            "timestamp": self._odd_time() if is_odd else self._plain_time(),
            "timestamp_text": f"coalesce(said_at, {WERKZEUG_AT})" if is_odd else "said_at",
            "severity": f"coalesce({severity_sql('level')}, {self._implied_severity()})",
            "message": f"coalesce({DEDENTED if 'dotnet' in self.layouts else 'message'}, {RAISED})",
        }
        own = {
            "logger": "logger",
            "thread": "CASE WHEN NOT is_id AND NOT contains(thread, '=') THEN thread END",
        }
        if is_odd:
            own["client_ip"] = f"CASE WHEN {WERKZEUG} THEN split_part(message, ' ', 1) END"
        if has_ids:
            own["trace_id"] = "CASE WHEN is_id AND length(thread) = 32 THEN thread END"
            own["request_id"] = "CASE WHEN is_id AND length(thread) <> 32 THEN thread END"
        for name, sql in own.items():
            columns[name] = f"coalesce({sql}, {columns[name]})" if name in columns else sql
        pid = "try_cast(pid AS BIGINT)"
        columns["process_id"] = f"coalesce({pid}, {columns.get('process_id', 'NULL')})"
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        return f"SELECT line, byte_offset, reject, {picked} FROM {source}"

    def _logged(self, records: str) -> str:
        """SQL of the records with the parts of their first line, the message and its pairs."""
        text = f"CASE WHEN contains(text, chr(27)) THEN regexp_replace(text, '{ANSI}', '', 'g') ELSE text END"
        source = (
            "SELECT line, byte_offset, text, CASE WHEN contains(text, chr(10)) "
            "THEN split_part(text, chr(10), 1) ELSE text END AS first_line FROM "
            f"(SELECT line, byte_offset, {text} AS text FROM {records})"
        )
        parted = parted_by_layout(source, self.layouts, self.quick)
        kept = "line, byte_offset, first_line, said_at, level, logger, thread, pid, is_known"
        return with_pairs(f"({parted})", kept, before="thread")

    def _implied_severity(self) -> str:
        if not BARE.isdisjoint(self.layouts):
            return (
                f"coalesce({severity_sql(SAID_LEVEL)}, CASE WHEN has_stack OR contains(message, "
                "'panic') THEN 'ERROR' END)"
            )
        if "django_bare" not in self.layouts:
            return "CASE WHEN has_stack THEN 'ERROR' END"
        known = "|".join(DJANGO_SAYS)
        return (
            "CASE WHEN has_stack OR starts_with(message, 'Internal Server Error: /') THEN 'ERROR' "
            f"WHEN said_at IS NULL AND regexp_matches(message, '^({known})[^/]*: /') THEN 'WARN' END"
        )

    def _plain_time(self) -> str:
        return zoned("try_cast(replace(said_at, ',', '.') AS TIMESTAMP)", self.settings)

    def _odd_time(self) -> str:
        """SQL of any time that a layout has: long, and long to plan."""
        at = f"coalesce(said_at, {WERKZEUG_AT})"
        if "vllm" in self.layouts:
            at = f"CASE WHEN length(said_at) = 14 THEN '{self.settings.year:04d}-' || said_at ELSE said_at END"
        if "glog" in self.layouts:
            dated = f"'{self.settings.year:04d}-' || said_at[1:2] || '-' || said_at[3:]"
            at = f"CASE WHEN said_at[5] = ' ' THEN {dated} ELSE {at} END"
        if "spark" in self.layouts:
            dated = "'20' || replace(said_at[:8], '/', '-') || said_at[9:]"
            at = f"CASE WHEN said_at[3] = '/' THEN {dated} ELSE {at} END"
        odd = timestamp_sql(at, self.settings)
        return f"CASE WHEN {IS_PLAIN_TIME} THEN {self._plain_time()} ELSE {odd} END"


DEDENTED = "regexp_replace(trim(message, chr(10) || ' '), '\\n {6}', chr(10), 'g')"
"""Below its head .NET indents a message by six."""
SAID_LEVEL = "nullif(regexp_extract(left(message, 80), '\\b(DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)\\b', 1), '')"
"""A level in a message, where the layout has none."""
WERKZEUG = "(said_at IS NULL AND logger = 'werkzeug' AND contains(message, ' - - ['))"
WERKZEUG_AT = (
    f"CASE WHEN {WERKZEUG} THEN nullif(regexp_extract(message, "
    "' - - \\[([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4} [0-9:]{8})\\]', 1), '') END"
)
"""192.0.2.1 - - [20/Nov/2026 09:00:00] "GET / HTTP/1.1" 200 -, behind `INFO:werkzeug:`"""
IS_PLAIN_TIME = "length(said_at) IN (19, 23) AND NOT contains(said_at, 'Z') AND said_at[5] = '-'"
"""2026-11-20 09:00:00,123"""
THREAD_IS_ID = "^(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|req[-_][0-9A-Za-z-]+)$"
"""Many services put the request's id where others have the thread."""
MAY_BE_ID = "length(thread) IN (32, 36) OR starts_with(thread, 'req')"
REJECT = (
    f"CASE WHEN starts_with(first_line, 'Log file created at: ') THEN {quoted(HEADER_LINE)} "
    f"WHEN contains(first_line, '\"') AND regexp_matches(first_line, {quoted(OTHER)}) THEN 'another format' "
    "WHEN NOT is_known AND NOT has_stack AND NOT starts_with(text, 'Traceback (most recent') "
    f"THEN {quoted(NO_LAYOUT)} END"
)


def sniff(head: bytes) -> float:
    """Share of the first lines in a known layout; indented lines and tracebacks do not count."""
    bare = (re.sub(ANSI, "", line) if "\x1b" in line else line for line in first_lines(head))
    lines = [line for line in bare if not line.startswith((" ", "\t", "Traceback", *DRAWN))]
    found = [name for line in lines if (name := layout_of(line))]
    if not found:
        return 0.0
    share = len(found) / len(lines)
    if BARE.issuperset(found):
        return 0.9 * share if share >= LEAST_OF_BARE else 0.0
    if len(found) < len(lines):
        traces = head.count(b"Traceback (most recent call last)")
        share = len(found) / max(len(found), len(lines) - 4 * traces)
    return 0.9 * min(share, 1.0) if share >= LEAST_SHARE else 0.0


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser for the layouts of the first lines: the most frequent first."""
    lines = first_lines(head, 2_000)
    layouts = usual_layouts(lines)
    return PythonLoggingParser(settings, layouts, quick_of(layouts[0], lines))


TRACE = 'Traceback (most recent call last):\n  File "/app/api.py", line 7, in predict\n    x\n'
SAMPLES = [
    *LAYOUT_SAMPLES,
    Sample(
        "2026-11-20 09:00:00,123 INFO [worker-3] scoring.api: scored request_id=r-1 path=/v1/predict "
        "status=200 took=12.3ms fields=age,income\n"
        "2026-11-20 09:00:01,123 ERROR [worker-3] scoring.api: failed request_id=r-2 user_id=u-7\n"
        + TRACE
        + "KeyError: 'age'\n\nDuring handling of the above exception, another exception occurred:\n\n"
        + TRACE
        + "scoring.errors.BadInput: two\nlines\n"
        "2026-11-20 09:00:02,123 INFO [worker-1] scoring.api: request req_1a2b3c4d done in 512.1 ms\n",
        [
            {"timestamp": "2026-11-20T09:00:00.123000Z", "severity": "INFO", "thread": "worker-3",
             "logger": "scoring.api", "request_id": "r-1", "url_path": "/v1/predict",
             "http_status": 200, "duration_ms": 12.3, "attributes.fields": "age,income",
             "exception_type": None},
            {"line": 2, "severity": "ERROR", "message": "failed request_id=r-2 user_id=u-7",
             "request_id": "r-2", "user_id": "u-7", "exception_type": "scoring.errors.BadInput",
             "exception_message": "two\nlines", "exception_frame": "/app/api.py:7 in predict"},
            {"line": 15, "request_id": "req_1a2b3c4d", "duration_ms": 512.1},
        ],
        name="threads, pairs, a chained exception",
    ),
    Sample(
        "2026-11-20 09:00:00,123 - app.db - WARNING - slow query\n"
        "2026-11-20 09:00:01,123 - app.db - ERROR - second\nline of the message\n",
        [
            {"severity": "WARN", "logger": "app.db", "message": "slow query"},
            {"message": "second\nline of the message", "exception_type": None},
        ],
        name="dashes",
    ),
    Sample(
        "2026-11-20 09:00:00 INFO app: POST /v1/chat?x=1 -> 503 (0.52s)\n"
        "2026-11-20 09:00:01 ERROR app: slow because of\n10.5 ms in the queue\n1. first\n"
        "2026-11-20 09:00:02 INFO app: GET /v1/models 200 in 12ms\n",
        [
            {"http_method": "POST", "url_path": "/v1/chat", "http_status": 503, "duration_ms": 520.0},
            {"message": "slow because of\n10.5 ms in the queue\n1. first"},
            {"url_path": "/v1/models", "http_status": 200, "duration_ms": 12.0},
        ],
        name="requests in plain words, numbers at the beginning of a line",
    ),
    Sample(
        "INFO:     Started server process [31]\nINFO:     Application startup complete.\n"
        "ERROR:    Exception in ASGI application\n" + TRACE + "ValueError\n",
        [
            {"severity": "INFO", "message": "Started server process [31]", "timestamp": None},
            {"message": "Application startup complete."},
            {"severity": "ERROR", "message": "Exception in ASGI application",
             "exception_type": "ValueError"},
        ],
        name="uvicorn",
    ),
    Sample(
        "[2026-11-20 09:00:00 +0100] [31] [INFO] Booting worker with pid: 31\n"
        "[2026-11-20 09:00:01 +0100] [30] [ERROR] Worker (pid:31) was sent SIGKILL!\n",
        [
            {"timestamp": "2026-11-20T08:00:00Z", "process_id": 31, "severity": "INFO"},
            {"process_id": 30, "severity": "ERROR"},
        ],
        name="gunicorn's error log",
    ),
    Sample(
        "2026-11-20 09:00:00.123 | ERROR    | app.api:predict:42 - no model\n" + TRACE + "OSError: x\n",
        [{"severity": "ERROR", "logger": "app.api", "message": "no model",
          "exception_type": "OSError", "exception_message": "x"}],
        name="loguru",
    ),
    Sample(
        "ERROR 2026-11-20 09:00:00,123 basehttp 123 140735 Internal Server Error: /v1/x\n"
        '[20/Nov/2026 09:00:01] "GET /v1/x?y=1 HTTP/1.1" 500 145\n',
        [
            {"severity": "ERROR", "logger": "basehttp", "process_id": 123,
             "message": "Internal Server Error: /v1/x"},
            {"timestamp": "2026-11-20T09:00:01Z", "http_method": "GET", "url_path": "/v1/x",
             "http_status": 500},
        ],
        name="Django",
    ),
    Sample(
        "[2026-11-20 09:00:00,123] ERROR in app: Exception on /v1/predict [POST]\n" + TRACE
        + "RuntimeError: no\n",
        [{"severity": "ERROR", "logger": "app", "exception_type": "RuntimeError",
          "url_path": "/v1/predict", "http_method": "POST"}],
        name="Flask",
    ),
    Sample(
        "INFO:app:up\nINFO:app:ready\n"
        'INFO:werkzeug:192.0.2.1 - - [20/Nov/2026 09:00:00] "GET /v1/x HTTP/1.1" 500 -\n'
        '192.0.2.1 - - [20/Nov/2026 09:00:01] "GET /v1/y HTTP/1.1" 200 -\n'
        'level=info msg=pairs\n',
        [{"message": "up"}, {"message": "ready"},
         {"timestamp": "2026-11-20T09:00:00Z", "logger": "werkzeug", "client_ip": "192.0.2.1",
          "url_path": "/v1/x", "http_status": 500},
         {"timestamp": "2026-11-20T09:00:01Z", "url_path": "/v1/y", "http_status": 200},
         {"message": "pairs"}],
        name="Flask's own server, and a line of logfmt",
    ),
    Sample(
        "[2026-11-20 09:00:00,123: WARNING/MainProcess] consumer: lost\n",
        [{"severity": "WARN", "thread": "MainProcess", "message": "consumer: lost"}],
        name="Celery",
    ),
    Sample(
        "ERROR:app.db:lost the connection\nWARNING:root:late\n",
        [
            {"severity": "ERROR", "logger": "app.db", "message": "lost the connection"},
            {"severity": "WARN", "logger": "root", "message": "late"},
        ],
        name="basicConfig's default",
    ),
    Sample(
        "\x1b[2m2026-11-20 09:00:00\x1b[0m [\x1b[31merror    \x1b[0m] score failed   "
        "request_id=r-1 user='a b'\n",
        [{"timestamp": "2026-11-20T09:00:00Z", "severity": "ERROR", "request_id": "r-1",
          "user_id": "a b"}],
        name="structlog's console, coloured",
    ),
    Sample(
        "(APIServer pid=5150) INFO 07-14 21:33:52 [loggers.py:273] Engine 000: Running: 1 reqs\n",
        [{"timestamp": "2026-07-14T21:33:52Z", "process_id": 5150, "logger": "loggers.py",
          "message": "Engine 000: Running: 1 reqs"}],
        name="vLLM",
    ),
    Sample(
        "2026-11-20T09:00:00.5+01:00 ERROR app.db: out\n" + TRACE + "E1: a\n"
        + '{"level": "info", "msg": "json in between"}\n',
        [{"timestamp": "2026-11-20T08:00:00.500000Z", "exception_type": "E1"},
         {"message": "json in between"}],
        name="JSON in between is read by its own format",
    ),
]  # fmt: skip
AT = {"timestamp": "2026-11-20T09:00:00Z", "severity": "ERROR", "message": "out of memory"}
SAMPLES += [
    Sample(line + "\n", [AT | expected], name=f"one line: {line.split('out of')[0].strip()}")
    for line, expected in (
        ("[2026-11-20 09:00:00] [ERROR] [app.db] out of memory", {"logger": "app.db"}),
        ("[2026-11-20 09:00:00] ERROR [app.db:42] out of memory", {"logger": "app.db"}),
        ("[2026-11-20T09:00:00.000+0000] {app.py:42} ERROR - out of memory", {"logger": "app.py"}),
        ("[2026-11-20 09:00:00] ERROR app.db: out of memory", {"logger": "app.db"}),
        ("2026-11-20 09:00:00 [worker-3] ERROR app.db - out of memory",
         {"logger": "app.db", "thread": "worker-3"}),
        ("2026-11-20 09:00:00 - ERROR - out of memory", {"logger": None}),
        ("2026-11-20 09:00:00 [ERROR] app.db: out of memory", {"logger": "app.db"}),
        ("2026-11-20 09:00:00 ERROR app.db:42 out of memory", {"logger": "app.db"}),
        ("2026-11-20 09:00:00 ERROR app.db:42: out of memory", {"logger": "app.db"}),
        ("2026-11-20 09:00:00 ERROR [app.db] out of memory", {"logger": "app.db"}),
        ("2026-11-20 09:00:00 ERROR app.db: out of memory", {"logger": "app.db"}),
        ("2026-11-20T10:00:00+01:00 ERROR app.db: out of memory", {"logger": "app.db"}),
        ("2026-11-20 09:00:00 | ERROR | app.db | out of memory", {"logger": "app.db"}),
        ("2026-11-20 09:00:00:ERROR:app.db:out of memory", {"logger": "app.db"}),
        ("2026-11-20 09:00:00 ERROR app.db out of memory", {"logger": "app.db"}),
        ("2026-11-20 09:00:00 ERROR out of memory", {"logger": None}),
        ("2026-11-20 09:00:00 app.db ERROR out of memory", {"logger": "app.db"}),
        ("ERROR 2026-11-20 09:00:00 app.db: out of memory", {"logger": "app.db"}),
        ("09:00:00,123 ERROR app.db: out of memory", {"logger": "app.db", "timestamp": None}),
        ("ERROR [app.db] out of memory", {"logger": "app.db", "timestamp": None}),
        ("[ERROR] out of memory", {"timestamp": None}),
        ("11/20/2026 09:00:00 - ERROR - trainer -   out of memory", {"logger": "trainer"}),
        ("E1120 09:00:00.000000 31 server.cc:42] out of memory", {"logger": "server.cc", "thread": "31"}),
        ("2026-11-20T09:00:00Z  ERROR out of memory", {"logger": None}),
        ("2026-11-20 09:00:00 - my app - ERROR - out of memory", {"logger": "my app"}),
        ("2026-11-20 09:00:00 ERROR [4f2a1651916cd43dd8448eb211c80319] app.db: out of memory",
         {"trace_id": "4f2a1651916cd43dd8448eb211c80319", "thread": None}),
        ("2026-11-20 09:00:00 ERROR [trace_id=4f2a1651916cd43dd8448eb211c80319 user_id=u-7] app.db: "
         "out of memory", {"trace_id": "4f2a1651916cd43dd8448eb211c80319", "user_id": "u-7"}),
    )
]  # fmt: skip

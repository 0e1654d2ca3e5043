"""Tables with a header row: exports of API metadata, usage and cost, of spans and of metrics.

Reads     comma, semicolon, tab or bar between fields; double quotes around fields, doubled inside
Returns   canonical columns by the names in the header; other columns as attributes
Units     durations by the column's name, else by their size, which the ledger says
Blind to  rows with more fields than the header: they are rejects
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew.formats import HEADER_LINE, Lines, Parser, Settings
from clew.formats._carriers import OF_LOG_EVENT
from clew.formats._cells import with_lines
from clew.formats._fields import Field, Units, map_fields, quoted, spelling_of
from clew.formats._json_spans import JsonSpans, Rows
from clew.formats._members import Shared
from clew.formats._point_fields import with_metric_values
from clew.formats._wrapped import WrappedParser
from clew.model.case import Sample

DELIMITERS = ",;\t|"
ALONE = "\x1f"
"""Stands for the delimiter of a table of one column, whose commas are text."""
LINE = "@message"
"""The column of CloudWatch Logs Insights that holds a line."""
QUOTE = ord('"')
NUMBER = "-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,15})?"


@dataclass(slots=True)
class CsvParser:
    """Parses the rows of one table."""

    names: tuple[str, ...]
    delimiter: str
    settings: Settings
    units: Units | None = field(default=None, compare=False)

    def heads(self, lines: Lines) -> NDArray[np.bool_]:
        """A line begins a row unless a quoted field is still open."""
        quotes = np.flatnonzero(lines.text == QUOTE)
        before: NDArray[np.bool_] = np.searchsorted(quotes, lines.starts) % 2 == 0
        return before

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """One SELECT of canonical columns and attributes over `records`."""
        workbench.execute(
            "CREATE OR REPLACE TEMP TABLE csv_rows AS SELECT line, byte_offset, "
            f"{self._cells()} AS cells FROM {records}"
        )
        self.units = self.units or Units(lambda number: None)
        fields = [self._field(place, name) for place, name in enumerate(self.names, start=1)]
        fields = list(with_metric_values(fields))
        spans = JsonSpans.among(fields)
        table = spans.told("csv_rows") if spans else "csv_rows"
        rows = Rows(workbench, table)
        self.units.median = rows.median
        shared = Shared()
        others = spans.others(fields) if spans else fields
        columns = map_fields(others, self.settings, self.units, share=shared)
        table = shared.table(table)
        if spans:
            columns = spans.columns(columns, self.settings, self.units, Rows(workbench, table))
        count = len(self.names)
        header = " AND ".join(
            f"cells[{place}] = {quoted(name)}" for place, name in enumerate(self.names, start=1)
        )
        reject = (
            f"CASE WHEN line = 1 AND {header} THEN '{HEADER_LINE}' WHEN len(cells) > {count} "
            f"THEN len(cells) || ' fields, but the header has {count}' END"
        )
        picked = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
        found = f"SELECT line, byte_offset, {reject} AS reject, {picked} FROM {table}"
        return with_lines(found, columns)

    def _cells(self) -> str:
        """SQL of the row as a list of texts; the slow way only where there are quotes."""
        mark = quoted(self.delimiter)
        d = "\\" + self.delimiter if self.delimiter == "|" else self.delimiter
        cell = f'(?:^|{d})("(?:[^"]|"")*"|[^{d}]*)'
        found = f"regexp_extract_all(text, {quoted('(?s)' + cell)}, 1)"
        bare = (
            "lambda c: CASE WHEN starts_with(c, '\"') AND ends_with(c, '\"') AND length(c) > 1 "
            "THEN replace(c[2:-2], '\"\"', '\"') ELSE c END"
        )
        return (
            f"CASE WHEN contains(text, '\"') THEN list_transform({found}, {bare}) "
            f"ELSE string_split(text, {mark}) END"
        )

    def _field(self, place: int, name: str) -> Field:
        text = f"nullif(cells[{place}], '')"
        is_number = f"regexp_full_match({text}, '{NUMBER}')"
        json = f"CASE WHEN {is_number} THEN {text} ELSE to_json({text})::VARCHAR END"
        return Field("message" if name == LINE else name or f"column_{place}", text, json)


def sniff(head: bytes) -> float:
    """High where the first row names known columns and the next rows have as many fields."""
    delimiter, names, rows = _header(head)
    if not delimiter or len(set(names)) < len(names):
        return 0.0
    if any(not _is_name(name) for name in names):
        return 0.0
    same = sum(len(row) == len(names) for row in rows)
    if rows and same < 0.8 * len(rows):
        return 0.0
    known = sum(spelling_of(name) is not None for name in names)
    return 0.92 if known >= 2 else 0.5 if known and rows else 0.3 * bool(rows)


def parse(head: bytes, settings: Settings) -> Parser:
    """A parser for rows under the header that `head` begins with; of CloudWatch Logs, and of what stands
    in its messages."""
    delimiter, names, _ = _header(head)
    parser = CsvParser(tuple(names) or ("column_1",), delimiter or ",", settings)
    is_of_events = {"timestamp", "message"} <= set(names) <= OF_LOG_EVENT
    return WrappedParser(parser, settings) if is_of_events or LINE in names else parser


def _is_name(name: str) -> bool:
    return (
        0 < len(name) <= 64
        and name.lstrip("@_")[:1].isalpha()
        and "=" not in name
        and '"' not in name
    )


def _is_prompts(first: str) -> bool:
    """The one name of a list of prompts."""
    name = first.strip().strip('"')
    spelling = spelling_of(name) if _is_name(name) else None
    return spelling is not None and spelling.column == "prompt"


def _header(head: bytes) -> tuple[str, list[str], list[list[str]]]:
    """Delimiter, names and the first rows; "" and nothing where there is no table."""
    text = head.decode(errors="replace").lstrip("\ufeff")
    first = text.split("\n", 1)[0]
    counts = Counter({mark: first.count(mark) for mark in DELIMITERS})
    delimiter, count = counts.most_common(1)[0]
    if not count and _is_prompts(first):
        delimiter, count = ALONE, 1
    if not count or text.lstrip().startswith(("{", "[")):
        return "", [], []
    sample = text[: text.rfind("\n") + 1][:65_536] or text
    try:
        rows = [row for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row]
    except csv.Error:
        return "", [], []
    return delimiter, rows[0] if rows else [], rows[1:50]


SAMPLES = [
    Sample(
        "timestamp,message\n"
        '1763629200007,"{""level"":""error"",""msg"":""failed"",""request_id"":""r1""}"\n'
        '1763629201007,"2025-11-20 09:00:02,123 ERROR app.api: boom\nTraceback (most recent call last):\n'
        '  File ""/app/a.py"", line 7, in f\nKeyError: 1"\n1763629202007,plain words\n',
        [
            {"message": "failed", "severity": "ERROR", "timestamp": "2025-11-20T09:00:00.007000Z"},
            {
                "line": 3,
                "message": "boom",
                "exception_type": "KeyError",
                "timestamp": "2025-11-20T09:00:02.123000Z",
                "source_format": "python_logging",
            },
            {"message": "plain words", "timestamp": "2025-11-20T09:00:02.007000Z"},
        ],
        name="CloudWatch's console writes lines of every format",
    ),
    Sample(
        "@timestamp,@message,@logStream\n2025-11-20 09:00:00.007,level=error msg=late,web/1\n"
        "2025-11-20 09:00:01.007,level=info msg=ready,web/1\n",
        [
            {
                "message": "late",
                "severity": "ERROR",
                "timestamp": "2025-11-20T09:00:00.007000Z",
                "source_format": "logfmt",
            },
            {"message": "ready"},
        ],
        name="a table of CloudWatch Logs Insights",
    ),
    Sample(
        'prompt\nHello, world\n"Say ""hi"",\nplease"\n',
        [{"prompt": "Hello, world"}, {"prompt": 'Say "hi",\nplease'}],
        name="a list of prompts alone",
    ),
    Sample(
        "timestamp,user_id,model,prompt_tokens,completion_tokens,cost\n"
        "2026-11-20T09:00:00Z,u-1,gpt-4o,120,30,0.0006\n"
        '2026-11-20T09:00:05Z,"u,2",gpt-4o-mini,80,"10",\n',
        [
            {
                "timestamp": "2026-11-20T09:00:00Z",
                "user_id": "u-1",
                "model": "gpt-4o",
                "input_tokens": 120,
                "output_tokens": 30,
            },
            {"user_id": "u,2", "output_tokens": 10, "cost_given_usd": None},
        ],
        name="API metadata, quoted fields",
    ),
    Sample(
        'time;user;note\n2026-11-20 09:00:00;a;"one\ntwo"\n2026-11-20 09:00:01;b;x;y;z\n',
        [{"user_id": "a", "timestamp": "2026-11-20T09:00:00Z"}],
        name="a line break inside quotes, and a row that is too long",
        rejects=1,
    ),
    Sample(
        "timestamp,pod,metric,value\n2026-11-20T09:00:00Z,cart-0,cpu_usage,0.5\n",
        [{"k8s_pod": "cart-0", "metric_name": "cpu_usage", "metric_value": 0.5}],
        name="the value of a metric was an attribute",
    ),
    Sample(
        "traceID,spanID,parentSpanID,serviceName,operationName,startTime,duration,statusCode\n"
        "5b8efff798038103d269b633813fc60c,eee19b7ec3c1b173,,cart,Get,1763629200123456,2500,0\n"
        "5b8efff798038103d269b633813fc60c,eee19b7ec3c1b174,eee19b7ec3c1b173,db,Read,1763629200123500,900,2\n",
        [
            {
                "timestamp": "2025-11-20T09:00:00.123456Z",
                "duration_ms": 2.5,
                "span_name": "Get",
                "status": "unset",
                "service": "cart",
            },
            {"parent_span_id": "eee19b7ec3c1b173", "duration_ms": 0.9, "status": "error"},
        ],
        name="spans of a table were no spans",
    ),
    Sample(
        "time,trace_id,span_id,parent_span_id,span_name,attr.span_kind,service_name,duration,"
        "attr.status_code,attr.k8s.pod.name\n"
        "2026-11-20 09:00:00.000,t1,a1,,GET /,Server,front,90000000,Unset,front-7d9c6b5f48-x2x7k\n"
        "2026-11-20 09:00:00.010,t1,a2,a1,GET,Client,front,40000000,Error,front-7d9c6b5f48-x2x7k\n"
        "2026-11-20 09:00:00.060,t1,a3,a1,GET,Client,front,20000000,Ok,front-7d9c6b5f48-x2x7k\n",
        [
            {
                "duration_ms": 90.0,
                "span_kind": "server",
                "k8s_pod": "front-7d9c6b5f48-x2x7k",
                "status": "unset",
            },
            {"duration_ms": 40.0, "span_kind": "client", "status": "error"},
            {"duration_ms": 20.0, "status": "ok"},
        ],
        name="nanoseconds of spans were milliseconds, and the wrapper of their attributes stayed",
    ),
    Sample(
        "traceID,spanID,serviceName,operationName,startTimeMillis,startTime,duration,statusCode,parentSpanID\n"
        "5b8efff798038103d269b633813fc60c,eee19b7ec3c1b173,cart,Get,1763629200123,1763629200123456,2500,2.0,\n",
        [{"status": "error", "duration_ms": 2.5, "timestamp": "2025-11-20T09:00:00.123456Z"}],
        name="a code of a status that a table holds as a fraction was none",
    ),
    Sample(
        "callType,startTime,elapsedTime,success,traceId,id,pid,cmdb_id,dsName,serviceName\n"
        "RemoteProcess,1586534400324,55.0,True,01df517164d1c0365586,8432217164d1c1442597,None,docker_006,,csf_005\n"
        "LOCAL,1586534400331,26.0,True,01df517164d1c0365586,6e02217164d1c14b2607,8432217164d1c1442597,docker_006,db_003,local_method_017\n"
        "JDBC,1586534400345,2.0,False,01df517164d1c0365586,407d617164d1c14f2613,6e02217164d1c14b2607,docker_006,db_003,\n",
        [
            {
                "timestamp": "2020-04-10T16:00:00.324000Z",
                "span_id": "8432217164d1c1442597",
                "parent_span_id": None,
                "span_name": "csf_005",
                "k8s_pod": "docker_006",
                "service": None,
                "duration_ms": 55.0,
                "status": "unset",
            },
            {"span_name": "local_method_017", "parent_span_id": "8432217164d1c1442597"},
            {"span_name": "db_003", "duration_ms": 2.0, "status": "error"},
        ],
        name="calls of a stated type were no spans",
    ),
    Sample(
        "timestamp,host_ip,service_name,trace_id,span_id,parent_id,start_time,end_time,url,"
        "status_code,message\n"
        "2021-07-01 10:54:23,192.0.2.4,dbservice1,c124e30fb40651dc,58ac80ceea500f66,"
        "8b3e4a4003c5119c,2021-07-01 10:54:22.632751,2021-07-01 10:54:23.151922,"
        "http://192.0.2.4:9388/db_login?id=7,500,request call function 1 dbservice1.db_login\n",
        [
            {
                "timestamp": "2021-07-01T10:54:22.632751Z",
                "duration_ms": 519.171,
                "span_name": "request call function 1 dbservice1.db_login",
                "parent_span_id": "8b3e4a4003c5119c",
                "http_status": 500,
                "status": "error",
                "message": None,
            }
        ],
        name="spans that their message names were log lines",
    ),
    Sample(
        "Timestamp,TimeUnixNano,Node,PodName,Container,TraceID,SpanID,Log\n"
        "2023-01-29T08:48:42.468514241Z,1674982122468514241,192.0.2.7,food-f5756978c-k8vqf,server,"
        '49a51828322183eb20bfe4ace3060000,82c5151cc6058983,"{""log"":""16:48:42.468 ERROR '
        'f.s.FoodServiceImpl#302 [getAllFood][no list]\\n"",""stream"":""stdout"",""time"":'
        '""2023-01-29T08:48:42.468514241Z""}"\n'
        "2023-01-29T08:48:43.1Z,1674982123100000000,192.0.2.7,food-f5756978c-k8vqf,server,,,"
        '"2021-07-01 10:54:23,123 | WARNING | 192.0.2.4 | food | slow"\n'
        "2023-01-29T08:48:43.2Z,1674982123200000000,192.0.2.7,food-f5756978c-k8vqf,server,,,"
        '"{""message"":""ERROR is a word"",""severity"":""info""}"\n'
        "2023-01-29T08:48:43.3Z,1674982123300000000,192.0.2.7,food-f5756978c-k8vqf,server,,,"
        "the last ERROR of the day was seen at noon by the operator who looked for it in vain\n",
        [
            {
                "message": "16:48:42.468 ERROR f.s.FoodServiceImpl#302 [getAllFood][no list]",
                "severity": "ERROR",
                "k8s_pod": "food-f5756978c-k8vqf",
                "span_id": "82c5151cc6058983",
                "span_name": None,
            },
            {"severity": "WARN"},
            {"severity": "INFO"},
            {"severity": None},
        ],
        name="a line in a cell had no level, and kept the runtime's wrapper",
    ),
    Sample(
        "itemid,name,bomc_id,timestamp,value,cmdb_id\n"
        "999999996508323,connected_clients,ZJ-005-024,1586534672000,25,redis_003\n",
        [
            {
                "timestamp": "2020-04-10T16:04:32Z",
                "k8s_pod": "redis_003",
                "metric_name": "connected_clients",
                "metric_value": 25.0,
            }
        ],
        name="a metric under its bare name was a logger",
    ),
    Sample(
        "log_id,timestamp,cmdb_id,log_name,value\nx1,1763629200,cart-0,cart_log,no such item\n",
        [{"timestamp": "2025-11-20T09:00:00Z", "k8s_pod": "cart-0", "message": "no such item"}],
        name="the line of a log was no message",
    ),
    Sample(
        "Event ID,Event time,User name,Event name,AWS access key,Event source,Source IP address,Error code\n"
        'e-1,"2025-11-20T09:00:00Z",alice,ConsoleLogin,,signin.amazonaws.com,192.0.2.7,Failed\n',
        [
            {
                "user_id": "alice",
                "event_name": "ConsoleLogin",
                "client_ip": "192.0.2.7",
                "error_type": "Failed",
            }
        ],
        name="the table that CloudTrail's console saves had no address",
    ),
    Sample(
        "timestamp,actor.id,actor.alternate_id,client.ip_address,event_type,outcome.result\n"
        "2025-11-20T09:00:00.000Z,00u1,bob@example.com,192.0.2.7,user.session.start,FAILURE\n",
        [
            {
                "user_id": "bob@example.com",
                "client_ip": "192.0.2.7",
                "event_name": "user.session.start",
            }
        ],
        name="the table that Okta's console saves had no person",
    ),
]

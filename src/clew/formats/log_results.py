"""What a log store answered, saved as one JSON document: Loki's queries, CloudWatch Logs.

    {"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"web"},"values":[["ns","line"]]}]}}
    {"events":[{"logStreamName":"web/1","timestamp":1763629200007,"message":"<line>"}],"searchedLogStreams":[]}
    {"results":[[{"field":"@timestamp","value":"..."},{"field":"@message","value":"<line>"}]],"status":"Complete"}

Reads     query_range of Loki, and bodies of its push; aws logs filter-log-events and get-log-events; answers of
          CloudWatch Logs Insights; one document, or several. The lines are read by their own format
Returns   what the format of each stream's lines gives; from the store: time where the line has none, labels and
          structured metadata, the stream's name; a row of Insights without a line is a record of its fields
Units     those of the inner formats; `line` counts lines of the answer, each stream's from the oldest on, and
          `byte_offset` is that number
Blind to  what the store left out: the page behind a token, lines beyond a limit
Source    Grafana Loki, HTTP API; Amazon CloudWatch Logs, API reference
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from clew.formats import Settings
from clew.formats._rewritten import Record, RewrittenParser, names_in, rewritten, whole_documents
from clew.model.case import Sample

HEAD = 65_536
BEGIN = rb"\A(?:\xef\xbb\xbf)?\s*\{(?s:.){0,200}?"
LOKI = re.compile(
    BEGIN + rb'"(?:resultType"\s*:\s*"streams"|streams"\s*:\s*\[\s*\{\s*"stream"\s*:)'
)
EVENTS = re.compile(
    BEGIN
    + rb'"events"\s*:\s*\[\s*\{(?=[^{}\[\]]{0,400}"timestamp"\s*:)[^{}\[\]]{0,400}"message"\s*:'
)
INSIGHTS = re.compile(BEGIN + rb'"results"\s*:\s*\[\s*\[\s*\{\s*"(?:field|value)"\s*:')
KINDS = {"line": LOKI, "message": EVENTS, "@message": INSIGHTS}
"""The member that holds the line to how an answer of that kind begins."""


def sniff(head: bytes) -> float:
    """Whether it begins with such an answer; that of an audit log is surer of its own."""
    return 0.97 if _kind(head) else 0.0


def parse(head: bytes, settings: Settings) -> RewrittenParser:
    """A parser of the answer, and of whatever stands in its lines."""
    kind = _kind(head) or "line"
    if kind == "@message" and b'"@message"' not in head:
        return rewritten(settings, _records)
    streams: dict[str, Any] = {"logStreamName": "x", "@logStream": "x"}
    members = {"labels": names_in(head[:HEAD])} if kind == "line" else streams
    return rewritten(settings, _records, inner=kind, members=members)


def _kind(head: bytes) -> str:
    start = head[:HEAD]
    return next((kind for kind, begin in KINDS.items() if begin.match(start)), "")


def _records(path: Path) -> Iterator[Record]:
    for document in whole_documents(path):
        if isinstance(document, dict):
            yield from _of_document(document)
        else:
            yield str(document)


def _of_document(document: dict[str, Any]) -> Iterator[Record]:
    answer = document.get("data", document)
    if not isinstance(answer, dict):
        return
    for stream in _list(answer.get("result")) or _list(answer.get("streams")):
        yield from _of_stream(stream)
    events = [event for event in _list(document.get("events")) if isinstance(event, dict)]
    yield from _oldest_first(events, [event.get("timestamp") for event in events])
    rows = [_of_fields(fields) for fields in _list(document.get("results"))]
    yield from _oldest_first(rows, [row.get("@timestamp") for row in rows])


def _of_stream(stream: Any) -> Iterator[Record]:
    """The lines of one stream: [nanoseconds, line], and structured metadata behind them."""
    labels = stream.get("stream") if isinstance(stream, dict) else None
    if not isinstance(labels, dict):
        return
    lines: list[dict[str, Any]] = []
    for value in _list(stream.get("values")):
        if not isinstance(value, list) or len(value) < 2:
            continue
        more = value[2] if len(value) > 2 and isinstance(value[2], dict) else {}
        metadata = more.get("structuredMetadata", more)
        metadata = metadata if isinstance(metadata, dict) else {}
        lines.append({**metadata, "labels": labels, "timestamp": value[0], "line": value[1]})
    yield from _oldest_first(lines, [line["timestamp"] for line in lines])


def _of_fields(fields: Any) -> dict[str, Any]:
    """The object of a row of Insights: [{"field": name, "value": text}]."""
    pairs = [one for one in _list(fields) if isinstance(one, dict) and "field" in one]
    return {str(one["field"]): one.get("value") for one in pairs}


def _oldest_first(
    records: Sequence[dict[str, Any]], times: Sequence[Any]
) -> Sequence[dict[str, Any]]:
    """Stores answer from the newest line on, unless they are asked otherwise."""
    if len(records) > 1 and str(times[0]) > str(times[-1]):
        return records[::-1]
    return records


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


TRACE = (
    "2025-11-20 09:00:02,123 ERROR app.api: boom request_id=r3", "Traceback (most recent call last):",
    '  File \\"/app/api.py\\", line 7, in predict', "    x()", "KeyError: 'age'",
)  # fmt: skip
BOOM = {
    "severity": "ERROR", "logger": "app.api", "message": "boom request_id=r3", "request_id": "r3",
    "timestamp": "2025-11-20T09:00:02.123000Z", "exception_type": "KeyError",
    "exception_frame": "/app/api.py:7 in predict", "source_format": "python_logging",
}  # fmt: skip
FAILED = '{\\"level\\":\\"error\\",\\"msg\\":\\"failed\\",\\"request_id\\":\\"r1\\"}'
_newest_first = ",".join(
    f'["176362920200000000{9 - n}","{line}"]' for n, line in enumerate(reversed(TRACE))
)
SAMPLES = [
    Sample(
        '{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"web","pod":"web-1",'
        f'"namespace":"shop"}},"values":[["1763629200000000005","{FAILED}"]]}},'
        f'{{"stream":{{"app":"api","job":"api"}},"values":[{_newest_first}]}},'
        '{"stream":{"job":"batch"},"values":[["1763629203000000000","plain words",'
        '{"trace_id":"0af7651916cd43dd8448eb211c80319c"}]]}]}}\n',
        [
            {"line": 1, "timestamp": "2025-11-20T09:00:00Z", "severity": "ERROR", "message": "failed",
             "request_id": "r1", "service": "web", "k8s_pod": "web-1", "k8s_namespace": "shop",
             "source_format": "jsonl"},
            {"line": 2, "service": "api", "attributes.job": "api", **BOOM},
            {"line": 7, "timestamp": "2025-11-20T09:00:03Z", "message": "plain words",
             "trace_id": "0af7651916cd43dd8448eb211c80319c"},
        ],
        name="Loki's answer to a query, the newest line first",
    ),
    Sample(
        '{\n    "events": [\n        {\n            "logStreamName": "web/app/1",\n            "timestamp": '
        f'1763629200007,\n            "message": "{FAILED}",\n            "ingestionTime": 1763629200900,\n'
        '            "eventId": "31"\n        },\n        {\n            "logStreamName": "api/app/2",\n'
        f'            "timestamp": 1763629202007,\n            "message": "{TRACE[0]}",\n'
        '            "ingestionTime": 1763629202900,\n            "eventId": "32"\n        },\n        {\n'
        '            "logStreamName": "api/app/2",\n            "timestamp": 1763629202008,\n'
        '            "message": "'
        + "\\n".join(TRACE[1:])
        + '",\n            "ingestionTime": 1763629202900,\n            "eventId": "33"\n        }\n    ],\n'
        '    "searchedLogStreams": []\n}\n',
        [
            {"line": 1, "timestamp": "2025-11-20T09:00:00.007000Z", "severity": "ERROR", "request_id": "r1",
             "message": "failed", "attributes.eventId": "31"},
            {"line": 2, **BOOM},
        ],
        name="aws logs filter-log-events",
    ),
    Sample(
        '{"results":[[{"field":"@timestamp","value":"2025-11-20 09:00:01.007"},{"field":"@message","value":'
        f'"ready"}},{{"field":"@logStream","value":"web/1"}}],[{{"field":"@timestamp","value":'
        f'"2025-11-20 09:00:00.007"}},{{"field":"@message","value":"{FAILED}"}},{{"field":"@logStream",'
        '"value":"web/1"}]],"statistics":{"recordsMatched":2.0},"status":"Complete"}\n',
        [
            {"severity": "ERROR", "message": "failed", "timestamp": "2025-11-20T09:00:00.007000Z"},
            {"message": "ready", "timestamp": "2025-11-20T09:00:01.007000Z"},
        ],
        name="CloudWatch Logs Insights, the newest line first",
    ),
    Sample(
        '{"results":[[{"field":"bin(5m)","value":"2025-11-20 09:00:00.000"},{"field":"n","value":"12"}],'
        '[{"field":"bin(5m)","value":"2025-11-20 09:05:00.000"},{"field":"n","value":"7"}]],"status":"Complete"}\n',
        [{"attributes.n": "12"}, {"attributes.n": "7"}],
        name="an answer of CloudWatch Logs Insights that counts",
    ),
]  # fmt: skip

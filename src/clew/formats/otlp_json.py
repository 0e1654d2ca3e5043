"""OTLP in JSON: traces, logs and metrics as the OpenTelemetry Collector's file exporter writes them.

Reads     one request a line (resourceSpans, resourceLogs, resourceMetrics, mixed in any order), requests
          over several lines, or an array of requests; camelCase and snake_case keys; ids in hex or in
          protobuf's base64; numbers as text. And what the query APIs of Tempo ("batches", "trace") and
          of Jaeger 2 ("result") answer, which wrap the same
Returns   an event a span, a log record and a data point, each with what its resource and scope say
Units     durations exact from nanoseconds; `line` counts events, `byte_offset` is their request's
Blind to  one request of more than 64 MB
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from clew.formats import Settings
from clew.formats._telemetry.batches import (
    LONGEST_MESSAGE,
    Message,
    MessageParser,
    elements_of,
    lines_of,
)
from clew.formats._telemetry.json_rows import DECODERS
from clew.formats._telemetry.otlp_json import KEYS
from clew.model.case import Sample
from clew.sources.files import Block

KEY = re.compile(rb'"(resource_?(?:[sS]pans|[lL]ogs|[mM]etrics))"\s*:')
FIRST = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(\[)?\s*\{\s*"resource_?(?:[sS]pans|[lL]ogs|[mM]etrics)"\s*:'
)
WRAPPED = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:(batches)"\s*:\s*\[|(?:trace|result)"\s*:\s*\{\s*"resource_?[sS]pans"\s*:)'
)
"""An answer of a query API, which is one document."""
SPANS = re.compile(rb'"(?:scope|instrumentation_?[lL]ibrary)_?[sS]pans"')
INNER = ("trace", "result")
NO_REQUEST = "no request of OTLP: it has no resourceSpans, resourceLogs or resourceMetrics"


def sniff(head: bytes) -> float:
    """Whether the first key is one that only a request has, or that wraps what only it has."""
    wrapped = WRAPPED.match(head)
    is_answer = wrapped and (not wrapped[1] or SPANS.search(head))
    return 0.98 if FIRST.match(head) or is_answer else 0.0


def parse(head: bytes, settings: Settings) -> MessageParser:
    """A parser of requests: one a line, or one after the other over lines, or in an array."""
    found = FIRST.match(head) or WRAPPED.match(head)
    if found and FIRST.match(head) and found[1]:
        return MessageParser(settings, lambda blocks: _elements(blocks, is_array=True), DECODERS)
    if found and not _is_one_a_line(head):
        return MessageParser(settings, lambda blocks: _elements(blocks, is_array=False), DECODERS)
    return MessageParser(settings, _lines, DECODERS)


def _is_one_a_line(head: bytes) -> bool:
    """Whether the first line is a whole object, as far as the head shows it."""
    line, newline, _ = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    if not newline:
        return True
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _lines(blocks: Iterable[Block]) -> Iterator[Message]:
    for place, line in lines_of(blocks):
        yield _message(place, line)


def _elements(blocks: Iterable[Block], *, is_array: bool) -> Iterator[Message]:
    for place, element in elements_of(blocks, is_array=is_array):
        yield _message(place, element)


def _message(place: int, data: bytes) -> Message:
    """A request with the signals that it holds."""
    if len(data) > LONGEST_MESSAGE:
        return Message(place, b"", (), f"longer than {LONGEST_MESSAGE >> 20} MB")
    data = _inner(data.removeprefix(b"\xef\xbb\xbf"))
    found = (KEYS.get(key.decode()) for key in KEY.findall(data))
    kinds = dict.fromkeys(kind for kind in found if kind)
    if kinds:
        return Message(place, data, tuple(kinds))
    if not data.lstrip().startswith(b"{"):
        return Message(place, b"", (), "not a JSON object")
    try:
        json.loads(data.decode(errors="replace"), strict=False)
    except (ValueError, RecursionError) as error:
        return Message(place, b"", (), f"not JSON: {error}")
    return Message(place, b"", (), NO_REQUEST)


def _inner(data: bytes) -> bytes:
    """The request that an answer of a query API wraps; anything else as it is."""
    if not WRAPPED.match(data):
        return data
    try:
        answer = json.loads(data.decode(errors="replace"), strict=False)
    except (ValueError, RecursionError):
        return data
    inner = next((answer[name] for name in INNER if name in answer), None)
    return json.dumps(inner or {"resourceSpans": answer.get("batches")}).encode()


TRACE = (
    '{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}},'
    '{"key":"k8s.pod.name","value":{"stringValue":"checkout-7f"}}]},"scopeSpans":[{"scope":{"name":"shop",'
    '"version":"1"},"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174",'
    '"parentSpanId":"EEE19B7EC3C1B173","name":"POST /pay","kind":2,"startTimeUnixNano":"1763629200123456789",'
    '"endTimeUnixNano":"1763629200125000000","attributes":[{"key":"http.request.method","value":'
    '{"stringValue":"POST"}},{"key":"http.response.status_code","value":{"intValue":"503"}},'
    '{"key":"peer.service","value":{"stringValue":"bank"}}],"events":[{"timeUnixNano":"1763629200124000000",'
    '"name":"exception","attributes":[{"key":"exception.type","value":{"stringValue":"TimeoutError"}},'
    '{"key":"exception.message","value":{"stringValue":"bank did not answer"}}]}],'
    '"status":{"code":2,"message":"upstream"}}]}]}]}'
)
LOG = (
    '{"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[{"scope":{"name":"shop.pay"},"logRecords":['
    '{"timeUnixNano":"1763629200000000000","severityNumber":13,"severityText":"WARN","body":{"stringValue":'
    '"retrying"},"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"}]}]}]}'
)
METRIC = (
    '{"resource_metrics":[{"scope_metrics":[{"metrics":[{"name":"cpu.time","unit":"s","sum":{"data_points":['
    '{"time_unix_nano":1763629200000000000,"as_double":12.5,"attributes":[{"key":"state","value":'
    '{"string_value":"user"}}]}],"aggregation_temporality":2,"is_monotonic":true}}]}]}]}'
)
PLAIN_SPAN = (
    '"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},'
    '"scopeSpans":[{"spans":[{"traceId":"W47/95gDgQPSabYzgT/GDA==","spanId":"7uGbfsPBsXM=","name":'
    '"GET /x","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1763629200123456789",'
    '"endTimeUnixNano":"1763629200125000000","status":{"code":"STATUS_CODE_ERROR"}}]}]'
)
OF_ANSWER = {
    "trace_id": "5b8efff798038103d269b633813fc60c",
    "span_id": "eee19b7ec3c1b173",
    "span_kind": "server",
    "status": "error",
    "service": "shop",
    "duration_ms": 1.543211,
}
SAMPLES = [
    Sample(
        "\n".join([TRACE, LOG, '{"resourceSpans": [', METRIC, ""]),
        [
            {
                "timestamp": "2025-11-20T09:00:00.123456Z",
                "duration_ms": 1.543211,
                "trace_id": "5b8efff798038103d269b633813fc60c",
                "span_id": "eee19b7ec3c1b174",
                "parent_span_id": "eee19b7ec3c1b173",
                "span_name": "POST /pay",
                "span_kind": "server",
                "status": "error",
                "status_message": "upstream",
                "service": "checkout",
                "k8s_pod": "checkout-7f",
                "logger": "shop",
                "http_method": "POST",
                "http_status": 503,
                "exception_type": "TimeoutError",
                "exception_message": "bank did not answer",
                "line": 1,
                "attributes.peer.service": "bank",
            },
            {"message": "retrying", "severity": "WARN", "logger": "shop.pay", "line": 2},
            {
                "metric_name": "cpu.time",
                "metric_value": 12.5,
                "metric_unit": "s",
                "line": 4,
                "attributes.metric.temporality": "cumulative",
                "attributes.state": "user",
            },
        ],
        name="the Collector's file exporter, three signals and a line that was cut off",
        rejects=1,
    ),
    Sample(
        json.dumps(json.loads(TRACE), indent=2),
        [{"span_name": "POST /pay", "service": "checkout", "byte_offset": 0}],
        name="one request over many lines",
    ),
    Sample(
        '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"W47/95gDgQPSabYzgT/GDA==",'
        '"spanId":"7uGbfsPBsXQ=","name":"by protobuf","kind":"SPAN_KIND_CLIENT","status":'
        '{"code":"STATUS_CODE_OK"}},{"traceId":"5b8eff","name":"short"},{"name":"no trace"}]}]}]}\n',
        [
            {
                "trace_id": "5b8efff798038103d269b633813fc60c",
                "span_id": "eee19b7ec3c1b174",
                "span_kind": "client",
                "status": "ok",
                "timestamp": None,
            },
            {"span_name": "no trace", "trace_id": None, "status": "unset"},
        ],
        name="protobuf's own JSON: ids in base64, words for numbers",
        rejects=1,
    ),
    *(
        Sample(answer, [OF_ANSWER], name=f"the answer of {asked}")
        for asked, answer in (
            ("Tempo", f'{{"batches":[{{{PLAIN_SPAN}}}]}}'),
            (
                "Tempo's second API",
                f'{{\n "trace": {{"resourceSpans":[{{{PLAIN_SPAN}}}]}},"metrics":{{}}}}',
            ),
            ("Jaeger's third API", f'{{"result":{{"resourceSpans":[{{{PLAIN_SPAN}}}]}}}}\n'),
        )
    ),
]

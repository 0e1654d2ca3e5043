"""Jaeger's JSON: what the UI downloads and the query API answers.

Reads     {"data": [{"traceID", "spans", "processes"}]}, one such trace, or a list of them; and spans one
          a line with their process, as Elasticsearch stores them, with or without `_source` around them
Returns   an event a span; CHILD_OF is the parent, other references are links; logs are span events, and
          one that tells of an error fills the exception columns; process tags are the resource's
Units     Jaeger counts in microseconds; `line` counts spans, `byte_offset` is their trace's
Blind to  one trace of more than 64 MB; traces as Cassandra stores them
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from clew.errors import InputError
from clew.formats import Settings
from clew.formats._telemetry.batches import Message, MessageParser, elements_of, lines_of
from clew.formats._telemetry.gathered import Gathered
from clew.formats._telemetry.otlp_json import integer, text
from clew.formats._telemetry.plain_spans import PlainSpans, whole_id
from clew.formats._telemetry.signals import Rows, Scope
from clew.model.case import Sample
from clew.sources.files import Block

ENVELOPE = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{(?:\s*"(?:total|limit|offset|errors)"\s*:\s*(?:\d+|null)\s*,)*\s*"data"\s*:\s*(?=\[)'
)
TRACE = re.compile(rb'(?:\xef\xbb\xbf)?\s*(\[\s*)?\{\s*"(?:traceID|spans|processes)"\s*:')
NAMES = (b'"traceID"', b'"spanID"', b'"operationName"')
STORED = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{[^\n]*"process"\s*:\s*\{')
"""A span that says itself which process it is of."""
TAIL = re.compile(rb'[\s,]*(?:["}]|$)')
"""What follows the traces in the answer of the query API."""
PARENTS = ("CHILD_OF", "FOLLOWS_FROM")
OF_AN_ERROR = {
    "error.kind": "exception.type",
    "message": "exception.message",
    "error.object": "exception.message",
    "stack": "exception.stacktrace",
}
"""OpenTracing's fields of a log that tells of an error."""


def sniff(head: bytes) -> float:
    """Whether it begins as traces do and has what only Jaeger's spans have."""
    begins = ENVELOPE.match(head) or (TRACE.match(head) and b'"spans"' in head)
    begins = begins or (STORED.match(head) and b'"spans"' not in head)
    return 0.98 if begins and all(name in head for name in NAMES) else 0.0


def parse(head: bytes, settings: Settings) -> MessageParser:
    """A parser of traces, each as soon as it is whole."""
    envelope = ENVELOPE.match(head)
    found = TRACE.match(head)
    is_array = bool(envelope or (found and found[1]))
    skipped = envelope.end() if envelope else 0
    if not is_array and STORED.match(head) and b'"spans"' not in head:
        return MessageParser(settings, _lines, {"jaeger": _rows})
    return MessageParser(
        settings, lambda blocks: _messages(blocks, skipped, is_array=is_array), {"jaeger": _rows}
    )


def _messages(blocks: Iterable[Block], skipped: int, *, is_array: bool) -> Iterator[Message]:
    for place, element in elements_of(_without(blocks, skipped), is_array=is_array):
        if not (is_array and TAIL.match(element)):
            yield Message(place, element, ("jaeger",))


def _lines(blocks: Iterable[Block]) -> Iterator[Message]:
    for place, line in lines_of(blocks):
        yield Message(place, line, ("jaeger",))


def _without(blocks: Iterable[Block], skipped: int) -> Iterator[Block]:
    """The blocks with their first bytes blank: what stands before the list."""
    for block in blocks:
        data = block.data
        if block.byte_offset == 0 and skipped:
            data = b" " * skipped + data[skipped:]
        yield Block(data, block.byte_offset)


def _rows(payloads: Sequence[bytes]) -> Rows:
    spans = PlainSpans(Gathered())
    for number, payload in enumerate(payloads):
        try:
            found = json.loads(payload.decode(errors="replace"), strict=False)
        except (ValueError, RecursionError) as error:
            raise InputError(f"not JSON: {error}") from error
        found = _stored(found)
        data = found.get("data") if isinstance(found, dict) else None
        for trace in data if isinstance(data, list) else [found]:
            _add_trace(spans, number, trace)
    return spans.rows()


def _stored(found: Any) -> Any:
    """A span that is stored by itself as a trace of one; `tag` holds tags with @ for their dots."""
    span = found.get("_source", found) if isinstance(found, dict) else None
    if not (isinstance(span, dict) and isinstance(span.get("process"), dict)):
        return found
    tags = span["tag"] if isinstance(span.get("tag"), dict) else {}
    more = [{"key": name.replace("@", "."), "value": value} for name, value in tags.items()]
    listed = span["tags"] if isinstance(span.get("tags"), list) else []
    return {"spans": [{**span, "tags": [*listed, *more]}]}


def _add_trace(spans: PlainSpans, payload: int, trace: Any) -> None:
    if not (isinstance(trace, dict) and isinstance(trace.get("spans"), list)):
        raise InputError("no trace of Jaeger: it has no list of spans")
    processes = trace.get("processes")
    processes = processes if isinstance(processes, dict) else {}
    scopes: dict[tuple[str, str], int] = {}
    for span in trace["spans"]:
        if not isinstance(span, dict):
            spans.refuse(payload, "a span that is no JSON object")
            continue
        tags = _tags(span.get("tags"))
        logger = tags.pop("otel.scope.name", None) or tags.pop("otel.library.name", None)
        key = text(span.get("processID")), text(logger)
        if key not in scopes or isinstance(span.get("process"), dict):
            process = span.get("process") or processes.get(key[0])
            spans.gathered.scopes.append(Scope(_resource(process), key[1]))
            scopes[key] = len(spans.gathered.scopes) - 1
        _add_span(spans, payload, scopes[key], span, tags)


def _resource(process: Any) -> dict[str, Any]:
    if not isinstance(process, dict):
        return {}
    found = _tags(process.get("tags"))
    if name := process.get("serviceName"):
        found["service.name"] = text(name)
    return found


def _tags(tags: Any) -> dict[str, Any]:
    """Key and typed value of each tag."""
    found: dict[str, Any] = {}
    for tag in tags if isinstance(tags, list) else ():
        if not isinstance(tag, dict):
            continue
        value = tag.get("value")
        kind = text(tag.get("type")).lower()
        if isinstance(value, str) and kind == "int64":
            value = whole if (whole := integer(value)) is not None else value
        elif isinstance(value, str) and kind == "bool":
            value = value.lower() == "true"
        found[text(tag.get("key"))] = value
    return found


def _add_span(
    spans: PlainSpans, payload: int, scope: int, span: dict[str, Any], tags: dict[str, Any]
) -> None:
    parent, links = _references(span)
    row = spans.begin(payload, scope)
    spans.name(row, span.get("operationName"), tags.pop("span.kind", None))
    spans.identify(row, span.get("traceID"), span.get("spanID"), parent)
    spans.time(row, integer(span.get("startTime")), integer(span.get("duration")))
    status = text(tags.pop("otel.status_code", None)).lower()
    if status not in ("ok", "error"):
        status = "error" if str(tags.get("error", "")).lower() == "true" else "unset"
    spans.end(row, status, tags.pop("otel.status_description", None))
    if links:
        spans.links[row] = links
    for log in span["logs"] if isinstance(span.get("logs"), list) else ():
        if isinstance(log, dict):
            _add_log(spans, row, log)
    if span.get("warnings"):
        tags["jaeger.warnings"] = span["warnings"]
    spans.gathered.add(row, tags)


def _references(span: dict[str, Any]) -> tuple[Any, list[dict[str, Any]]]:
    """The parent, and every other reference as a link. A span of the same trace is the parent, the
    first that it is a child of, or else the first that it follows."""
    references = [
        found
        for found in (span["references"] if isinstance(span.get("references"), list) else ())
        if isinstance(found, dict)
    ]
    own = [found for found in references if found.get("traceID") == span.get("traceID")]
    parent: dict[str, Any] = {}
    for kind in reversed(PARENTS):
        parent = next((found for found in own if found.get("refType") == kind), parent)
    links = [
        {
            "trace_id": whole_id(found.get("traceID"), 32) or "",
            "span_id": whole_id(found.get("spanID"), 16) or "",
            "attributes": {"ref_type": found.get("refType")},
        }
        for found in references
        if found is not parent or found.get("refType") != "CHILD_OF"
    ]
    return parent.get("spanID") or span.get("parentSpanID"), links


def _add_log(spans: PlainSpans, row: int, log: dict[str, Any]) -> None:
    fields = _tags(log.get("fields"))
    name = text(fields.pop("event", None))
    if name == "error" or "error.object" in fields or "error.kind" in fields:
        for field, meaning in OF_AN_ERROR.items():
            if fields.get(field) and meaning not in fields:
                fields[meaning] = text(fields[field])
    time_us = integer(log.get("timestamp")) or 0
    spans.events.add(row, name or text(fields.get("message")), max(time_us, 0) * 1000, fields)


def _sample() -> dict[str, Any]:
    def tag(key: str, value: Any, kind: str = "string") -> dict[str, Any]:
        return {"key": key, "type": kind, "value": value}

    trace = "5b8efff798038103d269b633813fc60c"
    root = {
        "traceID": trace, "spanID": "eee19b7ec3c1b173", "operationName": "GET /cart", "references": [],
        "startTime": 1763629200123456, "duration": 2500, "processID": "p1",
        "tags": [tag("span.kind", "server"), tag("http.status_code", 500, "int64"),
                 tag("error", True, "bool"), tag("otel.scope.name", "shop")],
        "logs": [{"timestamp": 1763629200124000, "fields": [
            tag("event", "error"), tag("error.kind", "KeyError"), tag("message", "no cart")]}],
    }  # fmt: skip
    child = {
        "traceID": trace, "spanID": "ee19b7ec3c1b174", "operationName": "SELECT",
        "references": [{"refType": "FOLLOWS_FROM", "traceID": trace, "spanID": "1"},
                       {"refType": "CHILD_OF", "traceID": trace, "spanID": "eee19b7ec3c1b173"}],
        "startTime": 1763629200123500, "duration": 0, "processID": "p2",
        "tags": [tag("db.system", "redis"), tag("retries", "3", "int64")], "logs": [],
    }  # fmt: skip
    processes = {
        "p1": {"serviceName": "cart", "tags": [tag("hostname", "node-1")]},
        "p2": {"serviceName": "store", "tags": []},
    }
    return {"traceID": trace, "spans": [root, child], "processes": processes}


ROOT = {
    "timestamp": "2025-11-20T09:00:00.123456Z",
    "duration_ms": 2.5,
    "trace_id": "5b8efff798038103d269b633813fc60c",
    "parent_span_id": None,
    "span_name": "GET /cart",
    "span_kind": "server",
    "status": "error",
    "service": "cart",
    "host": "node-1",
    "logger": "shop",
    "http_status": 500,
    "exception_type": "KeyError",
    "exception_message": "no cart",
}
CHILD = {
    "span_id": "0ee19b7ec3c1b174",
    "parent_span_id": "eee19b7ec3c1b173",
    "service": "store",
    "db_system": "redis",
    "duration_ms": 0.0,
    "status": "unset",
    "attributes.retries": 3,
}
SAMPLES = [
    Sample(
        json.dumps({"data": [_sample()], "total": 0, "limit": 0, "offset": 0, "errors": None}),
        [ROOT, CHILD],
        name="the query API's answer",
    ),
    Sample(
        json.dumps([_sample()], indent=2), [ROOT, CHILD], name="a list of traces over many lines"
    ),
    Sample(
        "".join(
            json.dumps({"_source": span} if wrapped else span) + "\n"
            for wrapped, span in (
                (
                    False,
                    {
                        "traceID": "5b8efff798038103d269b633813fc60c",
                        "spanID": "eee19b7ec3c1b174",
                        "operationName": "Get",
                        "references": [
                            {
                                "refType": "CHILD_OF",
                                "traceID": "5b8efff798038103d269b633813fc60c",
                                "spanID": "eee19b7ec3c1b173",
                            }
                        ],
                        "startTime": 1763629200123456,
                        "startTimeMillis": 1763629200123,
                        "duration": 2500,
                        "tags": [{"key": "span.kind", "type": "string", "value": "server"}],
                        "process": {"serviceName": "cart", "tags": []},
                    },
                ),
                (
                    True,
                    {
                        "traceID": "5b8efff798038103d269b633813fc60c",
                        "spanID": "eee19b7ec3c1b175",
                        "operationName": "Put",
                        "startTime": 1763629200123456,
                        "duration": 10,
                        "tag": {"span@kind": "client", "error": True},
                        "process": {"serviceName": "db"},
                    },
                ),
            )
        ),
        [
            {
                "service": "cart",
                "span_kind": "server",
                "parent_span_id": "eee19b7ec3c1b173",
                "duration_ms": 2.5,
            },
            {"service": "db", "span_kind": "client", "status": "error"},
        ],
        name="spans as Elasticsearch stores them had no service and no parent",
    ),
]

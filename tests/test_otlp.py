"""OTLP: the scanner against the protobuf library, JSON against protobuf, and what is broken."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.otlp import REQUESTS, rows_of, spans_by_library

from clew.errors import InputError
from clew.formats._telemetry.decode import decode
from clew.formats._telemetry.signals import Signal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
TIMES = st.integers(0, (1 << 63) - 1) | st.sampled_from([0, 1, 999, 1763629200123456789])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["", "a" * 300, "é\x00\n\"'"]
)
KEYS = st.sampled_from(["x.a", "x.b", "x.unusual key", "x." + "k" * 150, "x.é", "x.{}"])
NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
REALS = st.floats(allow_nan=False, allow_infinity=False)
TRACE_IDS = st.binary(min_size=16, max_size=16) | st.just(bytes(16)) | st.just(b"")
SPAN_IDS = st.binary(min_size=8, max_size=8) | st.just(bytes(8)) | st.just(b"")


def fill(value: Any, given: Any) -> None:
    """Puts a Python value into an AnyValue."""
    if isinstance(given, bool):
        value.bool_value = given
    elif isinstance(given, int):
        value.int_value = given
    elif isinstance(given, float):
        value.double_value = given
    elif isinstance(given, bytes):
        value.bytes_value = given
    elif isinstance(given, str):
        value.string_value = given
    elif isinstance(given, list):
        value.array_value.SetInParent()
        for inner in given:
            fill(value.array_value.values.add(), inner)
    elif isinstance(given, dict):
        value.kvlist_value.SetInParent()
        add(value.kvlist_value.values, given)


def add(pairs: Any, attributes: dict[str, Any]) -> None:
    for key, value in attributes.items():
        pair = pairs.add()
        pair.key = key
        fill(pair.value, value)


PLAIN = TEXTS | NUMBERS | REALS | st.booleans() | st.binary(max_size=9)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
ATTRIBUTES = st.dictionaries(KEYS, VALUES, max_size=5)


@st.composite
def traces(draw: st.DrawFn) -> Any:
    """A request with any spans."""
    request = REQUESTS["traces"]()
    for _ in range(draw(st.integers(0, 2))):
        resource = request.resource_spans.add()
        if name := draw(TEXTS):
            add(resource.resource.attributes, {"service.name": name})
        for _ in range(draw(st.integers(0, 2))):
            scope = resource.scope_spans.add()
            scope.scope.name = draw(TEXTS)
            for _ in range(draw(st.sampled_from([0, 1, 2, 40]))):
                fill_span(draw, scope.spans.add())
    return request


def fill_span(draw: st.DrawFn, span: Any) -> None:
    span.trace_id, span.span_id = draw(TRACE_IDS), draw(SPAN_IDS)
    span.parent_span_id, span.name = draw(SPAN_IDS), draw(TEXTS)
    span.kind = draw(st.integers(0, 5))
    span.start_time_unix_nano, span.end_time_unix_nano = draw(TIMES), draw(TIMES)
    add(span.attributes, draw(ATTRIBUTES))
    if draw(st.booleans()):
        span.status.code, span.status.message = draw(st.integers(0, 2)), draw(TEXTS)
    for _ in range(draw(st.integers(0, 2))):
        event = span.events.add()
        event.name, event.time_unix_nano = draw(TEXTS), draw(TIMES)
        add(event.attributes, draw(ATTRIBUTES))
    if draw(st.booleans()):
        link = span.links.add()
        link.trace_id, link.span_id, link.trace_state = draw(TRACE_IDS), draw(SPAN_IDS), draw(TEXTS)
        add(link.attributes, draw(ATTRIBUTES))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(requests=st.lists(traces(), max_size=3))
def test_the_scanner_reads_what_the_library_reads(requests: list[Any]) -> None:
    payloads = [request.SerializeToString() for request in requests]
    found = rows_of(decode(payloads, "traces", "proto"))
    expected = [row for payload in payloads for row in spans_by_library(payload)]
    assert len(found) == len(expected)
    assert [row["line"] for row in found] == list(range(1, len(found) + 1))
    for row, own in zip(found, expected, strict=True):
        for name in ("trace_id", "span_id", "parent_span_id", "span_name", "span_kind", "status",
                     "status_message", "duration_ms", "logger", "service"):  # fmt: skip
            assert row.get(name) == own[name], name
        since = own["timestamp_us"]
        assert row.get("timestamp") == (
            None if since is None else EPOCH + timedelta(microseconds=since)
        )
        assert row.get("span_events", []) == own["span_events"]
        assert row.get("span_links", []) == own["span_links"]
        assert row.get("attributes", {}) == own["attributes"]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(request=traces())
def test_spans_in_json_are_those_in_protobuf(request: Any) -> None:
    assert in_json("traces", request) == in_protobuf("traces", request)


@st.composite
def logs(draw: st.DrawFn) -> Any:
    """A request with any log records."""
    request = REQUESTS["logs"]()
    resource = request.resource_logs.add()
    add(resource.resource.attributes, draw(ATTRIBUTES))
    scope = resource.scope_logs.add()
    scope.scope.name, scope.scope.version = draw(TEXTS), draw(TEXTS)
    for _ in range(draw(st.sampled_from([0, 1, 3, 30]))):
        record = scope.log_records.add()
        record.time_unix_nano, record.observed_time_unix_nano = draw(TIMES), draw(TIMES)
        record.severity_number = draw(st.integers(0, 24))
        record.severity_text = draw(st.sampled_from(["", "warning", "ERROR", "odd"]))
        record.trace_id, record.span_id = draw(TRACE_IDS), draw(SPAN_IDS)
        record.event_name = draw(st.sampled_from(["", "gen_ai.user.message", "app.start"]))
        if draw(st.booleans()):
            fill(record.body, draw(VALUES | st.just({"content": "hello"})))
        add(record.attributes, draw(ATTRIBUTES | st.just({"exception.type": "KeyError"})))
    return request


@settings(max_examples=40, deadline=None, derandomize=True)
@given(request=logs())
def test_log_records_in_json_are_those_in_protobuf(request: Any) -> None:
    assert in_json("logs", request) == in_protobuf("logs", request)


@st.composite
def metrics(draw: st.DrawFn) -> Any:
    """A request with data points of any kind."""
    request = REQUESTS["metrics"]()
    scope = request.resource_metrics.add().scope_metrics.add()
    for _ in range(draw(st.integers(0, 4))):
        metric = scope.metrics.add()
        metric.name, metric.unit, metric.description = draw(TEXTS), draw(TEXTS), draw(TEXTS)
        kind = draw(
            st.sampled_from(["gauge", "sum", "histogram", "exponential_histogram", "summary"])
        )
        of = getattr(metric, kind)
        if kind != "gauge" and kind != "summary":
            of.aggregation_temporality = draw(st.integers(0, 2))
        if kind == "sum":
            of.is_monotonic = draw(st.booleans())
        for _ in range(draw(st.integers(0, 3))):
            fill_point(draw, kind, of.data_points.add())
    return request


def fill_point(draw: st.DrawFn, kind: str, point: Any) -> None:
    point.time_unix_nano, point.start_time_unix_nano = draw(TIMES), draw(TIMES)
    point.flags = draw(st.integers(0, 1))
    add(point.attributes, draw(ATTRIBUTES))
    if kind in ("gauge", "sum"):
        if draw(st.booleans()):
            point.as_int = draw(NUMBERS)
        else:
            point.as_double = draw(REALS)
        return
    point.count = draw(st.integers(1, 1 << 40))
    point.sum = draw(REALS.filter(bool))
    if kind == "summary":
        quantile = point.quantile_values.add()
        quantile.quantile, quantile.value = draw(REALS), draw(REALS)
        return
    point.min, point.max = draw(REALS), draw(REALS)
    if kind == "histogram":
        point.bucket_counts.extend(draw(st.lists(st.integers(0, 1 << 40), min_size=1, max_size=4)))
        point.explicit_bounds.extend(draw(st.lists(REALS, min_size=1, max_size=3)))
    else:
        point.scale = draw(st.integers(1, 20) | st.integers(-20, -1))
        point.positive.offset = draw(st.integers(-9, 9))
        point.positive.bucket_counts.extend(draw(st.lists(st.integers(0, 1 << 40), max_size=4)))
    if draw(st.booleans()):
        exemplar = point.exemplars.add()
        exemplar.as_double, exemplar.time_unix_nano = draw(REALS), draw(TIMES)
        exemplar.trace_id, exemplar.span_id = b"\1" * 16, b"\2" * 8


@settings(max_examples=40, deadline=None, derandomize=True)
@given(request=metrics())
def test_data_points_in_json_are_those_in_protobuf(request: Any) -> None:
    found = in_protobuf("metrics", request)
    assert in_json("metrics", request) == found
    points = sum(
        len(getattr(metric, metric.WhichOneof("data") or "gauge").data_points)
        for metric in request.resource_metrics[0].scope_metrics[0].metrics
    )
    assert len(found) == points


def in_protobuf(signal: Signal, request: Any) -> list[dict[str, Any]]:
    return rows_of(decode([request.SerializeToString()], signal, "proto"))


def in_json(signal: Signal, request: Any) -> list[dict[str, Any]]:
    """The rows, which are the same in both spellings of the keys."""
    camel, snake = (
        rows_of(
            decode(
                [MessageToJson(request, preserving_proto_field_name=own).encode()], signal, "json"
            )
        )
        for own in (False, True)
    )
    assert camel == snake
    return camel


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
def test_a_mutated_request_is_refused_or_read_as_the_library_reads_it(signal: Signal) -> None:
    """Bytes changed, dropped and inserted: never another error, and where both read it, the same."""
    base = example(signal).SerializeToString()
    chance = random.Random(5)
    both = 0
    for _ in range(600):
        data = mutated(base, chance)
        try:
            found = decode([data], signal, "proto")
        except InputError as error:
            assert str(error)
            continue
        try:
            known = REQUESTS[signal].FromString(data)
        except DecodeError:
            continue
        both += 1
        rows = known.SerializeToString()
        if signal == "traces":
            assert len(found) == len(spans_by_library(rows))
        rows_of(found)
    assert both > 20


def mutated(base: bytes, chance: random.Random) -> bytes:
    data = bytearray(base)
    for _ in range(chance.choice([1, 1, 2, 5])):
        place, kind = chance.randrange(len(data)), chance.random()
        if kind < 0.6:
            data[place] = chance.randrange(256)
        elif kind < 0.8:
            del data[place : place + chance.randrange(1, 9)]
        else:
            data[place:place] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 5)))
    return bytes(data)


def example(signal: Signal) -> Any:
    request = REQUESTS[signal]()
    if signal == "traces":
        scope = request.resource_spans.add().scope_spans.add()
        for number in range(30):
            span = scope.spans.add(trace_id=bytes([1]) * 16, span_id=bytes([number + 1]) * 8)
            span.name, span.start_time_unix_nano, span.end_time_unix_nano = (
                "op",
                10**18,
                10**18 + number,
            )
            add(span.attributes, {"x.a": "b", "http.status_code": 200, "x.list": [1, {"y": 2.5}]})
            add(span.events.add(name="exception").attributes, {"exception.type": "E"})
    elif signal == "logs":
        scope = request.resource_logs.add().scope_logs.add()
        for number in range(30):
            record = scope.log_records.add(time_unix_nano=10**18, severity_number=9)
            fill(record.body, "text" if number % 2 else {"message": "m", "n": number})
            add(record.attributes, {"x.a": "b"})
    else:
        scope = request.resource_metrics.add().scope_metrics.add()
        for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary"):
            metric = scope.metrics.add(name=kind)
            point = getattr(metric, kind).data_points.add(time_unix_nano=10**18)
            add(point.attributes, {"x.a": "b"})
    return request


@pytest.mark.parametrize("encoding", ["proto", "json"])
def test_a_span_with_an_id_of_the_wrong_length_is_rejected_alone(encoding: Any) -> None:
    request = REQUESTS["traces"]()
    spans = request.resource_spans.add().scope_spans.add().spans
    spans.add(trace_id=b"\1" * 15, span_id=b"\2" * 8, name="short")
    spans.add(trace_id=b"\1" * 16, span_id=b"\2" * 8, name="right")
    spans.add(name="none")
    payload = (
        request.SerializeToString() if encoding == "proto" else MessageToJson(request).encode()
    )
    rows = rows_of(decode([payload], "traces", encoding))
    assert [row.get("reject") for row in rows] == ["trace_id has 15 bytes, not 16", None, None]
    assert rows[2]["span_name"] == "none" and "trace_id" not in rows[2]


@pytest.mark.parametrize(
    ("payload", "encoding"),
    [
        (b"\x0a\xff", "proto"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "proto"),
        (b"\x00", "proto"),
        (b"\x0f", "proto"),
        (b"{", "json"),
        (b"[]", "json"),
        (b"\xff\xfe", "json"),
        (b'{"resourceSpans": {}}', "json"),
        (b'{"resourceSpans": [1]}', "json"),
        (b'{"a":' * 100_000, "json"),
    ],
)
def test_what_is_no_request_is_refused_with_a_reason(payload: bytes, encoding: Any) -> None:
    with pytest.raises(InputError, match=r"\w"):
        decode([payload], "traces", encoding)


def test_nothing_is_no_rows() -> None:
    for payloads in ([], [b""], [b"", b""]):
        assert len(decode(payloads, "logs", "proto")) == 0
    assert len(decode([b"{}"], "metrics", "json")) == 0


@pytest.mark.parametrize("encoding", ["proto", "json"])
def test_a_span_may_be_very_large(encoding: Any) -> None:
    """Many attributes, a long text and deep nesting stay one row; what is beyond reason is text."""
    request = REQUESTS["traces"]()
    span = request.resource_spans.add().scope_spans.add().spans.add(name="large")
    add(span.attributes, {f"x.{n}": n for n in range(20_000)})
    fill(span.attributes.add(key="x.text").value, "é" * 1_000_000)
    deep: Any = 1
    for _ in range(30):
        deep = [deep]
    fill(span.attributes.add(key="x.deep").value, deep)
    payload = (
        request.SerializeToString() if encoding == "proto" else MessageToJson(request).encode()
    )
    (row,) = rows_of(decode([payload], "traces", encoding))
    assert row["attributes"]["x.7"] == 7
    more = json.loads(row["attributes"]["more_attributes"])
    assert more["x.19999"] == 19_999 and len(more["x.text"]) == 1_000_000


def test_nesting_without_end_is_refused_or_cut() -> None:
    """A thousand lists in each other, by hand: the library refuses them."""
    value = b"\x0a\x01x"
    for _ in range(1_000):
        inner = b"\x0a" + varint(len(value)) + value
        value = b"\x2a" + varint(len(inner)) + inner
    pair = b"\x0a\x03x.d\x12" + varint(len(value)) + value
    span = b"\x4a" + varint(len(pair)) + pair
    scope = b"\x12" + varint(len(span)) + span
    resource = b"\x12" + varint(len(scope)) + scope
    (row,) = rows_of(decode([b"\x0a" + varint(len(resource)) + resource], "traces", "proto"))
    assert "deeper than" in json.dumps(row["attributes"])


def varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def test_a_large_resource_is_not_repeated_on_every_row() -> None:
    request = REQUESTS["traces"]()
    resource = request.resource_spans.add()
    add(
        resource.resource.attributes, {"service.name": "s", "x.long": "y" * 1_000_000, "x.short": 1}
    )
    spans = resource.scope_spans.add().spans
    for _ in range(2_000):
        spans.add(name="op")
    found = decode([request.SerializeToString()], "traces", "proto")
    assert sum(len(column.data) for column in found.direct.values()) < 4_000_000
    rows = rows_of(found)
    assert rows[0]["resource_attributes"] == {"x.long": "y" * 1_000_000, "x.short": 1}
    assert rows[1]["resource_attributes"] == rows[1999]["attributes"] == {"x.short": 1}


def test_rows_delivered_before_can_be_left_out() -> None:
    request = example("traces")
    found = decode([request.SerializeToString()] * 2, "traces", "proto", byte_offsets=[100, 900])
    keys = found.spans()
    assert len(keys) == 60 and keys[0] == keys[30] and len(set(keys)) == 30
    kept = found.keep([key not in keys[:place] for place, key in enumerate(keys)])
    assert len(kept) == 30 and kept.spans() == keys[:30]
    rows = rows_of(kept.keep([place % 2 == 0 for place in range(30)]))
    assert [row["part"] for row in rows] == list(range(0, 30, 2))
    assert {row["byte_offset"] for row in rows} == {100}
    assert {row["byte_offset"] for row in rows_of(found)} == {100, 900}

"""Laws of the application formats, through the real reading path: records in, one row each out."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew import registry
from clew.formats import Settings, surest
from clew.formats._layouts import LAYOUTS, layout_of
from clew.formats._records import RELATION, read_records
from clew.formats.python_logging import SAMPLES
from clew.sources.files import Block

FORMATS = ("python_logging", "logfmt", "syslog", "text")
HEADER = "2026-11-20 09:00:00,123 ERROR app.db: boom\n"
TRACE = 'Traceback (most recent call last):\n  File "/app/api.py", line 7, in predict\n    x(a=1)\n'


def events(text: str | bytes, name: str) -> list[dict[str, Any]]:
    """The rows that a format gives for a whole file; asserts one row a record."""
    data = text if isinstance(text, bytes) else text.encode()
    parser = registry.load("formats", name).parse(data[:65_536], Settings(year=2026))
    rows: list[dict[str, Any]] = []
    for records in read_records([Block(data, 0)] if data else [], parser.heads):
        bench = duckdb.connect()
        bench.register("records_arrow", records)
        answer = bench.execute(parser.select(bench, RELATION) + " ORDER BY byte_offset")
        names = [column[0] for column in answer.description]
        found = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        assert len(found) == len(records)
        rows += found
    return rows


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=300) | st.binary(max_size=300))
def test_arbitrary_text_is_events_or_rejects(name: str, text: str | bytes) -> None:
    events(text.encode(errors="replace") if isinstance(text, str) else text, name)


def test_every_layout_has_a_sample() -> None:
    lines = [line for sample in SAMPLES for line in sample.content().decode().splitlines()]
    assert {layout_of(line) for line in lines} - {None} == set(LAYOUTS)


GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/app/g.py", line 4, in main
  |     raise group
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +---------------- 2 ----------------
    | TypeError: t
    +------------------------------------
"""
RAISED = [
    ("no message", TRACE + "ValueError\n", "ValueError", None),
    ("empty message", TRACE + "AssertionError: \n", "AssertionError", None),
    ("notes", TRACE + "ValueError: bad\nnote\n", "ValueError", "bad\nnote"),
    ("class in a function", TRACE + "app.f.<locals>.Odd: x\n", "app.f.<locals>.Odd", "x"),
    ("the last of a chain", TRACE + "KeyError: 'a'\n\nDuring handling of the above exception, another "
     "exception occurred:\n\n" + TRACE + "RuntimeError: outer\n", "RuntimeError", "outer"),
    ("a syntax error", TRACE + '  File "/app/bad.py", line 1\n    def f(:\n          ^\n'
     "SyntaxError: invalid syntax\n", "SyntaxError", "invalid syntax"),
    ("a group without its art", GROUP, "ExceptionGroup", "several (2 sub-exceptions)"),
    ("Java's root cause", "java.lang.IllegalStateException: no\n\tat com.example.A.b(A.java:1)\nCaused by: "
     "java.io.IOException: gone\n\tat com.example.C.d(C.java:7)\n", "java.io.IOException", "gone"),
    ("Node", "TypeError: x is not a function\n    at f (/app/a.js:1:2)\n", "TypeError",
     "x is not a function"),
]  # fmt: skip


@pytest.mark.parametrize("header", [HEADER, ""], ids=["behind a line", "alone"])
@pytest.mark.parametrize(
    ("text", "kind", "said"), [c[1:] for c in RAISED], ids=[c[0] for c in RAISED]
)
def test_a_traceback_is_one_event(text: str, kind: str, said: str | None, header: str) -> None:
    event, after = events(header + text + HEADER.replace("boom", "after"), "python_logging")
    assert (event["exception_type"], event["exception_message"]) == (kind, said)
    assert event["message"] == ("boom" if header else ": ".join(filter(None, (kind, said))))
    assert (event["severity"], after["message"], event["attributes"]) == ("ERROR", "after", None)


@pytest.mark.parametrize(
    ("message", "column", "value"),
    [
        ("Retrying request in 5 s", "duration_ms", None),
        ("request done in 5 s", "duration_ms", 5000.0),
        ("the req-uest", "request_id", None),
        ("request req_abcdefab done", "request_id", "req_abcdefab"),
        ("[req-abc123] done", "request_id", "req-abc123"),
        ('"GET /v1/x?y=1 HTTP/1.1" 500', "http_status", 500),
    ],
)
def test_words_of_a_message_become_columns(message: str, column: str, value: object) -> None:
    (event,) = events(HEADER.replace("boom", message), "python_logging")
    assert event.get(column) == value, "a column that no message fills need not be given"
    assert event["message"] == message


def test_lines_of_other_formats_are_rejects_of_their_own() -> None:
    others = '{"msg": "x"}\n192.0.2.1 - - [20/Nov/2026:09:00:00 +0000] "GET / HTTP/1.1" 200 1\n'
    found = events(HEADER + others + HEADER, "python_logging")
    assert [row["reject"] for row in found] == [None, "another format", "another format", None]


ACCESS = 'INFO:     192.0.2.1:1 - "GET /x HTTP/1.1" 200 OK\n'
LOGGED = "INFO:     Application startup complete.\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (ACCESS * 3 + LOGGED, "uvicorn_access"),
        (ACCESS + LOGGED * 3, "python_logging"),
        ("2026-11-20T09:00:00Z INFO app.db: ready\n", "python_logging"),
        ("2026-11-20T09:00:00Z web1 app[31]: ready\n", "syslog"),
        ("level=info ts=2026-11-20T09:00:00Z msg=x\n", "logfmt"),
        ("plain words\n" * 9 + "[ERROR] by chance\n", "text"),
    ],
)
def test_the_majority_of_the_lines_names_the_format(text: str, name: str) -> None:
    assert surest(text.encode()) == name


@pytest.mark.parametrize("zone", ["PM", "PST"])
def test_a_time_with_an_unknown_word_behind_it_is_no_time(zone: str) -> None:
    (event,) = events(f'ts="2026-11-20 09:00:00 {zone}" level=info\n', "logfmt")
    assert event["timestamp"] is None


@pytest.mark.parametrize(
    "number",
    ["0.5", "-7", "1e-5", "1e17", "1.5E+20", "12345678901234567890123", "NaN", "[1, 1e18]"],
)
def test_a_number_is_the_same_among_few_keys_and_among_many(number: str) -> None:
    def told(keys: int) -> Any:
        more = "".join(f', "key_{n}": {n}' for n in range(keys))
        (event,) = events(f'{{"message": "m", "own": {number}{more}}}\n', "jsonl")
        return json.loads(event["attributes"])["own"]

    assert told(60) == told(2)

"""`clew trace`: one trace as a document and as a picture, whole or broken, large or hostile."""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.engines import Bench, Row

from clew.cli import main
from clew.cli.render.waterfall import draw
from clew.correlation.trace import Trace
from clew.errors import ConfigError
from clew.query.traces import trace_of

BEGIN = datetime(2026, 11, 20, 10)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HOSTILE = "\x1b[2J\x9b31m\u202egnp.exe\x07\r\nline two"


def span(of: str, under: str | None, begin_ms: float, length_ms: float | None, **more: Any) -> Row:
    return {
        "trace_id": TRACE, "span_id": of, "parent_span_id": under, "span_name": f"do {of}",
        "service": "shop", "timestamp": BEGIN + timedelta(milliseconds=begin_ms),
        "duration_ms": length_ms, "event_id": f"e-{of}", **more,
    }  # fmt: skip


def log(at_ms: float, message: str, **more: Any) -> Row:
    return {
        "trace_id": TRACE, "timestamp": BEGIN + timedelta(milliseconds=at_ms), "severity": "INFO",
        "message": message, "event_id": f"log-{at_ms}", **more,
    }  # fmt: skip


WHOLE = [
    span("a", None, 0, 1000, service="gateway", span_name="GET /recommend", span_kind="server",
         http_status=500),
    span("b", "a", 20, 80, service="gateway", span_name="GET /auth", span_kind="client",
         span_events='[{"name": "retry", "time_unix_nano": 1795168800090000000,'
         ' "attributes": {"attempt": 2}}, {"name": "lost"}, 7]'),
    span("c", "b", 30, 60, service="auth", span_name="GET /auth", span_kind="server"),
    span("d", "a", 400, 500, service="gateway", span_name="POST /features", span_kind="client"),
    span("e", "d", 410, 480, service="features", span_name="POST /features", span_kind="server"),
    *(span(f"q{n}", "e", 420 + n * 10, 8, service="features", span_name=f"SELECT {n}")
      for n in range(40)),
    span("r", "e", 830, 30, service="features", span_name="GET cache", status="error",
         exception_type="TimeoutError", exception_message="no answer in 30 ms"),
    log(415, "cache is cold", service="features", span_id="e", severity="WARN"),
    log(50, "token is good", service="auth"),
    log(5000, "too late for any span", service="auth"),
]  # fmt: skip

PICTURE = """\
trace 4bf92f3577b34da6a3ce929d0e0e4736
2026-11-20 10:00:00, 1,000 ms, 46 spans, 3 services, 2 failed, 3 logs
■ features: 480.0 ms of the critical path (48%)
■ gateway: 460.0 ms of the critical path (46%)
■ auth: 60.0 ms of the critical path (6%)
                                    0.0            1,000 ms         ms  critical
*! gateway GET /recommend           ──███████────────────██      1,000     420.0
       HTTP 500
*    gateway GET /auth              ──█                           80.0      20.0
         +90.0 ms retry attempt=2
         lost
*      auth GET /auth               ███                           60.0      60.0
           +50.0 ms INFO token is good
     gap of 300.0 ms                  ········
*    gateway POST /features                  ────────────        500.0      20.0
*      features POST /features               ───────────█        480.0     130.0
           +415.0 ms WARN cache is cold
*        x 40 features SELECT 0              ██████████      sum 320.0     320.0
*!       features GET cache                            █          30.0      30.0
             TimeoutError: no answer in 30 ms
     gap of 100.0 ms                                    ···
logs that belong to no span
  +5,000.0 ms INFO auth too late for any span
"""


def traced(bench: Bench, rows: list[Row]) -> Trace:
    bench.fill(rows)
    return trace_of(bench.engine, TRACE)


def picture(trace: Trace, width: int = 80, most: int = 200) -> str:
    return "".join(f"{line.plain}\n" for line in draw(trace, width, most))


def test_the_picture_of_a_whole_trace(duckdb: Bench) -> None:
    assert picture(traced(duckdb, WHOLE)) == PICTURE


def test_both_engines_lay_it_out_alike(both: tuple[Bench, Bench]) -> None:
    one, other = (traced(bench, WHOLE) for bench in both)
    assert picture(one) == picture(other)
    assert [s.critical_ms for s in one.spans] == [s.critical_ms for s in other.spans]


def test_the_critical_path_sums_up_to_the_request(duckdb: Bench) -> None:
    trace = traced(duckdb, WHOLE)
    assert sum(s.critical_ms or 0 for s in trace.spans) == pytest.approx(trace.duration_ms)


BROKEN = [
    span("a", None, 0, 100),
    span("orphan", "nobody", 5, 10),
    span("second", None, 50, 10),
    span("x", "y", 1, 5),
    span("y", "x", 2, 5),
    span("below", "y", 3, 1),
    span("late", "a", 150, 10),
    span("open", "a", 10, None),
    span("back", "a", 10, -4),
]


def test_a_broken_trace_is_drawn_as_far_as_it_goes_and_said(bench: Bench) -> None:
    trace = traced(bench, BROKEN)
    drawn = picture(trace)
    for row in BROKEN:
        assert f"do {row['span_id']}" in drawn
    said = " ".join(trace.problems)
    for words in ("without a parent", "in a cycle of parents", "beside the first one", "no clock",
                  "without a duration", "end before its beginning"):  # fmt: skip
        assert words in said, words
    assert {s.event["span_id"]: s.depth for s in trace.spans}["below"] == 2


def test_a_wrong_clock_is_said_and_the_span_drawn_where_it_is_stated(bench: Bench) -> None:
    trace = traced(
        bench,
        [
            span("a", None, 0, 100, service="web", span_kind="client"),
            span("b", "a", -70, 80, service="api", span_kind="server"),
        ],
    )
    assert trace.problems == [
        "The clock of api seems to be 80.0 ms behind that of web: its spans are drawn as stated, "
        "while own time and critical path are reckoned as if it were right."
    ]
    assert (trace.duration_ms, trace.spans[1].offset_ms, trace.spans[1].skew_ms) == (100, -70, 80)
    drawn = picture(trace)
    assert "clock: would fit +80.0 ms" in drawn
    assert drawn.index("█", drawn.index("api do b")) - drawn.index("api do b") < 35


def test_a_clock_an_hour_off_leaves_the_picture_readable(duckdb: Bench) -> None:
    hour = 3_600_000
    trace = traced(
        duckdb,
        [
            span("a", None, 0, 100, service="web", span_kind="client"),
            span("b", "a", hour, 80, service="api", span_kind="server"),
            span("c", "a", -hour, 80, service="auth", span_kind="server"),
        ],
    )
    lines = picture(trace).splitlines()
    assert any(line.startswith("*") and "█" in line for line in lines)
    assert any("api" in line and "▶" in line for line in lines)
    assert any("auth" in line and "◀" in line for line in lines)


def test_thousands_of_spans_are_cut_to_those_that_matter_and_counted(duckdb: Bench) -> None:
    rows = [span("a", None, 0, 50_000)]
    for n in range(1500):
        rows += [
            span(f"b{n}", "a", n * 10, 8, span_name=f"step {chr(97 + n % 26)}"),
            span(f"c{n}", f"b{n}", n * 10 + 1, 2, span_name="inner"),
        ]
    rows[2001]["status"] = "error"
    rows[2001]["span_name"] = "the failed one"
    trace = traced(duckdb, rows)
    drawn = picture(trace, most=50)
    assert len(drawn.splitlines()) < 120, "a span, and how many are left out below it"
    assert "the failed one" in drawn
    hidden = int(
        drawn.rsplit(" of 3,001 spans are not drawn", 1)[0].splitlines()[-1].replace(",", "")
    )
    more = [line for line in drawn.splitlines() if " below" in line]
    said = sum(int(line.split("...")[1].split()[0].replace(",", "")) for line in more)
    assert hidden == said and 2900 < hidden < 3001
    assert len(picture(trace, most=0).splitlines()) > 3000


def test_a_chain_deeper_than_pythons_stack_is_drawn(duckdb: Bench) -> None:
    rows = [span(f"s{n}", f"s{n - 1}" if n else None, n, 5000 - 2 * n) for n in range(2000)]
    trace = traced(duckdb, rows)
    assert trace.spans[-1].depth == 1999
    assert max(map(cell_len, picture(trace, most=0).splitlines())) <= 80


def test_a_deep_span_keeps_its_name_on_a_narrow_terminal(duckdb: Bench) -> None:
    rows = [span(f"s{n}", f"s{n - 1}" if n else None, n, 100 - 2 * n) for n in range(40)]
    drawn = picture(
        traced(duckdb, [{**row, "span_name": f"op{n}"} for n, row in enumerate(rows)]), width=60
    )
    assert all(f"op{n} " in drawn for n in range(40))


def test_hostile_names_do_not_act(duckdb: Bench) -> None:
    trace = traced(
        duckdb,
        [
            span("a", None, 0, 10, service=HOSTILE, span_name=HOSTILE, status="error",
                 status_message=HOSTILE, exception_type=HOSTILE, exception_message=HOSTILE),
            span("b", "a", 1, 2, service="[red]x[/red]", span_name=":smile: 名前" * 30),
            log(1, HOSTILE, service=HOSTILE, severity=HOSTILE, span_id="a"),
        ],
    )  # fmt: skip
    drawn = picture(trace)
    assert not [c for c in drawn if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl")]
    assert "\\x1b[2J" in drawn and "[red]x[/red]" in drawn
    assert max(map(cell_len, drawn.splitlines())) <= 80


@given(
    st.lists(
        st.tuples(
            st.integers(-2, 12), st.integers(-50, 3000),
            st.none() | st.integers(-5, 2000), st.booleans(), st.sampled_from(["a", "b", ""]),
        ),
        max_size=14,
    ),
    st.integers(60, 200),
    st.integers(0, 5),
)  # fmt: skip
def test_any_trace_can_be_drawn(
    shape: list[tuple[int, int, int | None, bool, str]], width: int, most: int
) -> None:
    """Whatever its parents, times and durations are; every span is drawn or counted."""
    from clew.correlation.trace import laid_out

    places, events = [], []
    for n, (above, begin, length, is_client, service) in enumerate(shape):
        row = span(str(n), None, begin, length, service=service)
        events.append(row)
        places.append({
            "n": n, "trace_n": 0, "parent": above if 0 <= above < len(shape) else -1,
            "is_remote": int(is_client), "states_parent": int(above >= 0),
            "answers": int(is_client), "started_us": begin * 1000,
            "duration_ms": np.nan if length is None else float(length),
            "event_id": row["event_id"],
        })  # fmt: skip
    trace = laid_out(TRACE, places, [*events, log(3, "x")])
    assert len(trace.spans) == len(shape)
    drawn = picture(trace, width, most)
    assert max(map(cell_len, drawn.splitlines())) <= width
    json.dumps(trace.as_json(), default=str)
    if not most:
        for n in range(len(shape)):
            assert f"do {n}" in drawn


def test_a_trace_of_logs_alone(bench: Bench) -> None:
    trace = traced(bench, [log(0, "one"), log(5, "two")])
    assert trace.spans == [] and trace.problems == ["The trace has no spans, only logs."]
    assert "+5.0 ms INFO two" in picture(trace)


def test_an_id_is_found_by_its_beginning(bench: Bench) -> None:
    other = "4bf9aaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    bench.fill([*WHOLE, {**span("z", None, 0, 1), "trace_id": other}])
    assert trace_of(bench.engine, "4BF92").trace_id == TRACE
    assert trace_of(bench.engine, other).trace_id == other
    with pytest.raises(
        ConfigError, match=f"More than one trace begins with '4bf9': {TRACE}, {other}"
    ):
        trace_of(bench.engine, "4bf9")
    with pytest.raises(ConfigError, match=f"Did you mean {TRACE}"):
        trace_of(bench.engine, TRACE[:-1] + "7")
    with pytest.raises(ConfigError, match="no trace 'zzz' in the case"):
        trace_of(bench.engine, "zzz")


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty requests of which the later half meets a slow statement, read from JSON lines."""
    monkeypatch.chdir(tmp_path)
    rows = []
    for n in range(20):
        query_ms = 10 if n < 10 else 200
        common = {"trace_id": f"{n:032x}", "service_version": "1.2"}
        begin = BEGIN + timedelta(seconds=n)
        rows += [
            {**common, "span_id": f"a{n:015x}", "span_name": "POST /score", "service": "gateway",
             "timestamp": f"{begin.isoformat()}Z", "duration_ms": query_ms + 20},
            {**common, "span_id": f"b{n:015x}", "parent_span_id": f"a{n:015x}",
             "span_name": "SELECT features", "service": "features", "db_system": "postgresql",
             "timestamp": f"{(begin + timedelta(milliseconds=10)).isoformat()}Z",
             "duration_ms": query_ms, "service_version": "1.2" if n < 10 else "1.3"},
        ]  # fmt: skip
    Path("spans.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["ingest", "spans.jsonl"]) == 0
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert main([*arguments, "--output", "json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_the_command_prints_json_and_a_picture_of_80_columns(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = said(capsys, "trace", f"{3:032x}")
    assert list(found) == [
        "trace_id", "started", "duration_ms", "services", "spans", "logs", "problems",
    ]  # fmt: skip
    assert found["started"] == "2026-11-20T10:00:03Z" and found["services"] == [
        "gateway",
        "features",
    ]
    first, second = found["spans"]
    assert (first["depth"], first["self_ms"], first["critical_ms"]) == (0, 20, 20)
    assert (second["parent_span_id"], second["depth"], second["logs"]) == (first["span_id"], 1, [])
    assert main(["trace", f"{3:032x}"]) == 0
    drawn = capsys.readouterr().out
    assert "\x1b" not in drawn and max(map(len, drawn.splitlines())) <= 80


def test_compare_takes_the_baseline_versions_and_searches(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = "2026-11-20T10:00:00Z..2026-11-20T10:00:10Z"
    asked = [
        ["--baseline", baseline],
        ["--baseline", baseline, "--since", "2026-11-20T10:00:10Z"],
        ["--option", "column=service_version", "--option", "before=1.2", "--option", "after=1.3"],
        ["--option", "before=service_version:1.2", "--option", "after=service_version:1.3"],
        ["--option", "after=service_version:1.3"],
    ]
    for flags in asked:
        first = said(capsys, "show", "compare", *flags)[0]
        assert first["service"] == "features" and first["span_name"] == "SELECT features", flags
        assert (first["metric"], first["before"], first["after"]) == ("critical_ms", 10, 200)
        assert first["change_low"] == first["change"] == first["change_high"] == 190


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["baseline=x"], "--baseline A..B"),
        (["before=service_version:1.2 | head"], "without pipes"),
        (["column=service_version"], "Say which service_version"),
    ],
)
def test_compare_says_what_it_cannot_compare(
    options: list[str], words: str, case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [word for option in options for word in ("--option", option)]
    assert main(["show", "compare", *flags]) == 2
    assert words in capsys.readouterr().err

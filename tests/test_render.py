"""What is printed: nothing in a log acts on the screen, the spreadsheet or the page of a reader."""

from __future__ import annotations

import csv
import io
import json as standard_json
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.cli.render import chart, escape, json
from clew.cli.render.answer import print_answer
from clew.cli.render.findings import headline, is_reached, markdown, page, print_findings, text
from clew.cli.render.ledger import print_ledger, summary
from clew.cli.render.table import number
from clew.engines import Answer
from clew.errors import ConfigError
from clew.model.finding import Evidence, Finding, Investigation
from clew.model.ledger import Count, Ledger, SourceRow

HOSTILE = "\x1b[2J\x1b]0;owned\x07 \u202eevil\u2069 \x9b31m <script>alert(1)</script> =1+1 `x` |"


def finding(**changed: object) -> Finding:
    facts: dict[str, object] = {
        "kind": "recurring_exception",
        "title": f"KeyError {HOSTILE}",
        "severity": "high",
        "confidence": 0.9,
        "start": datetime(2026, 1, 2, 3, 4, 5),
        "end": datetime(2026, 1, 2, 3, 40),
        "subject": {"service": HOSTILE, "http_status": 500},
        "measures": {"events": 12, "error_share": 0.25, "p_value": None},
        "evidence": (
            Evidence("e1", "app.log", 812, 90114, datetime(2026, 1, 2, 3, 4, 5), HOSTILE),
            Evidence("e2", HOSTILE, None, None, None, "\n".join(f"line {n}" for n in range(30))),
        ),
        "why": (f"because {HOSTILE}",),
        "recommendations": ("look",),
        "references": ("attack.t1110.004",),
    }
    return Finding(**{**facts, **changed})  # type: ignore[arg-type]


LEDGER = Ledger([SourceRow("app.log", "ab", "jsonl", count=Count(10, 8, 1, 0, 1))])


def investigation() -> Investigation:
    return Investigation(
        (finding(),), ("error_burst is not evaluable: needs http_status.",), (HOSTILE,)
    )


def acts(printed: str) -> list[str]:
    """The characters that a terminal would obey."""
    return [
        character
        for character in printed
        if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]


@pytest.mark.parametrize("output", ["text", "md", "html", "json"])
def test_no_finding_acts_on_the_screen(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_findings(investigation(), output, LEDGER)
    captured = capsys.readouterr()
    assert not acts(captured.out) and not acts(captured.err)
    assert "KeyError" in captured.out


@pytest.mark.parametrize("output", ["text", "md", "json"])
def test_only_text_counts_what_is_not_evaluable_where_it_is_much(
    output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = tuple(f"d{n} is not evaluable: needs a column." for n in range(30))
    print_findings(Investigation((finding(),), said), output)
    captured = capsys.readouterr()
    printed = captured.out + captured.err
    assert printed.count("is not evaluable: needs") == (0 if output == "text" else 30)
    assert ("30 detections are not evaluable" in printed) is (output == "text")


@pytest.mark.parametrize("output", ["table", "json", "chart"])
def test_no_answer_acts_on_the_screen(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(Answer((HOSTILE, "n"), [(HOSTILE, 1), (None, 2)]), output)
    assert not acts(capsys.readouterr().out)


@given(st.text())
def test_visible_text_has_nothing_that_acts(said: str) -> None:
    shown = escape.visible(said)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert escape.visible(shown) == shown


def test_ordinary_text_is_shown_as_it_is() -> None:
    for said in ("naïve café", "日本語", "GET /v1/predict 200", "", "a\\b"):
        assert escape.visible(said) == said


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).filter(lambda value: "inf" not in repr(value))
)
def test_json_says_what_was_given(value: object) -> None:
    assert standard_json.loads(json.dumps(value)) == value
    assert standard_json.loads(json.pretty(value)) == value


def test_json_of_what_json_has_no_type_for() -> None:
    row = {
        "time": datetime(2026, 1, 2, 3, 4, 5, 600),
        "zoned": datetime(2026, 1, 2, tzinfo=UTC),
        "day": date(2026, 1, 2),
        "money": Decimal("1.250000000"),
        "whole": Decimal("90071992547409931"),
        "nan": float("nan"),
        "inf": [float("-inf"), Decimal("NaN")],
        "bytes": b"\x00\xff",
        "length": timedelta(seconds=1.5),
    }
    assert standard_json.loads(json.dumps(row)) == {
        "time": "2026-01-02T03:04:05.000600Z",
        "zoned": "2026-01-02T00:00:00Z",
        "day": "2026-01-02",
        "money": 1.25,
        "whole": 90071992547409931,
        "nan": None,
        "inf": [None, None],
        "bytes": "00ff",
        "length": 1.5,
    }


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_json_list_of_any_length_is_json(rows: int) -> None:
    said = "".join(json.lines({"n": n} for n in range(rows)))
    assert standard_json.loads(said) == [{"n": n} for n in range(rows)]
    assert said.count("\n") == max(rows, 1)


def test_json_of_events_leaves_nulls_out_and_of_counts_keeps_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = Answer(("service", "n"), [(None, 1)])
    print_answer(answer, "json", of_events=True)
    print_answer(answer, "json")
    first, second = capsys.readouterr().out.splitlines()
    assert standard_json.loads(first) == [{"n": 1}]
    assert standard_json.loads(second) == [{"service": None, "n": 1}]


def test_csv_guards_text_and_leaves_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    texts = ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "plain", 'a,b\n"c"']
    answer = Answer(
        ("text", "number", "money", "none", "flag", "time"),
        [(said, -1.5, Decimal("-0.100"), None, True, datetime(2026, 1, 2)) for said in texts],
    )
    print_answer(answer, "csv")
    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out, newline=""))
    assert header == list(answer.columns)
    assert [row[0] for row in rows] == [
        *(f"'{said}" for said in texts[:6]),
        *texts[6:],
    ]
    assert {tuple(row[1:]) for row in rows} == {
        ("-1.5", "-0.100", "", "true", "2026-01-02T00:00:00Z")
    }


def test_a_long_table_says_that_there_is_more(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(Answer(("n",), [(n,) for n in range(11)]), "table", most_rows=10)
    captured = capsys.readouterr()
    assert "--limit" in captured.err and "9" in captured.out and "10" not in captured.out


def test_a_narrow_screen_gets_the_columns_that_fit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("clew.cli.render.table.is_terminal", lambda: True)
    columns = ("timestamp", "message", *(f"column_{n}" for n in range(20)))
    print_answer(Answer(columns, [(datetime(2026, 1, 2), "word " * 40, *range(20))]), "table")
    captured = capsys.readouterr()
    assert "2026-01-02 00:00:00" in captured.out and "column_19" not in captured.out
    assert "of 22 columns fit" in captured.err
    assert max(map(len, captured.out.splitlines())) <= 60


def test_a_table_of_events_shows_only_columns_with_values(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_answer(
        Answer(("event_id", "message", "model"), [("e1", "hello", None)]), "table", of_events=True
    )
    out = capsys.readouterr().out
    assert "hello" in out and "model" not in out and "e1" not in out


def test_markup_in_a_log_is_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(Answer(("message",), [("[red]x[/red] :smile:",)]), "table")
    assert "[red]x[/red] :smile:" in capsys.readouterr().out


def test_the_page_runs_nothing_and_loads_nothing() -> None:
    html = page(investigation(), LEDGER)
    assert "<script" not in html and "&lt;script&gt;" in html
    assert "default-src 'none'" in html
    assert not re.search(r"(src|href)=", html)


def test_markdown_of_hostile_text_stays_text() -> None:
    said = "\n".join(markdown(investigation(), LEDGER))
    outside_code = "\n".join(line for line in said.splitlines() if not line.startswith("    "))
    assert not re.search(r"(?<!\\)<script", outside_code)
    assert "app.log:812 (byte 90114)" in said.replace("\\", "")


def test_text_shows_the_first_and_the_last_lines_of_a_traceback() -> None:
    said = "\n".join(str(line) for line in text(investigation(), LEDGER))
    assert "line 0" in said and "line 29" in said and "line 15" not in said
    assert "error_share=0.25" in said and "p_value" not in said


def test_text_says_how_much_evidence_it_leaves_out() -> None:
    many = tuple(Evidence(f"e{n}", "app.log", n, n, None, f"proof {n}") for n in range(20))
    said = "\n".join(str(line) for line in text(Investigation((finding(evidence=many),)), None))
    assert "proof 5" in said and "proof 6" not in said and "and 14 more" in said
    assert "proof 19" in page(Investigation((finding(evidence=many),)), None)


def test_the_json_of_findings_is_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings(investigation(), "json")
    captured = capsys.readouterr()
    (found,) = standard_json.loads(captured.out)
    assert found == finding().as_json()
    assert "needs http_status" in captured.err


def test_severities_are_ordered() -> None:
    assert is_reached([finding()], "high") and is_reached([finding()], "info")
    assert not is_reached([finding()], "critical") and not is_reached([finding()], None)
    assert headline(investigation()) == "1 finding: 1 high."
    assert headline(Investigation(())) == "No findings."


def test_bars_are_as_long_as_their_values() -> None:
    lines = chart.draw(("service", "n"), [("a", 10), ("b", 5), ("c", 0), ("d", None)], 80)
    lengths = [line.count("█") for line in lines[1:]]
    assert lengths[0] // 2 == lengths[1] > 0 and lengths[2:] == [0, 0]


def test_an_answer_without_rows_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty search printed the names of 150 columns; JSON and CSV keep their shape."""
    answer = Answer(("event_id", "message"), [])
    print_answer(answer, "table", of_events=True)
    assert capsys.readouterr() == ("", "No event matches.\n")
    print_answer(answer, "table")
    assert capsys.readouterr() == ("", "There are no rows.\n")
    print_answer(answer, "json", of_events=True)
    assert standard_json.loads(capsys.readouterr().out) == []
    print_answer(answer, "csv")
    assert capsys.readouterr().out == "event_id,message\n"


def test_a_time_line_shows_empty_buckets() -> None:
    start = datetime(2026, 1, 2)
    rows = [(start + timedelta(minutes=minute), 3) for minute in (0, 1, 4)]
    lines = chart.draw(("bucket", "n"), rows, 80)
    assert len(lines) == 1 + 5
    assert "█" not in lines[3] and "00:02:00" in lines[3]


def test_several_series_share_one_time_line() -> None:
    start = datetime(2026, 1, 2)
    rows = [
        (start + timedelta(minutes=minute), service, minute)
        for minute in range(4)
        for service in ("a", "b")
    ]
    lines = chart.draw(("bucket", "service", "n"), rows, 80)
    assert [line.split()[0] for line in lines[2:]] == ["a", "b"]
    assert lines[2].endswith("█")


def test_a_status_code_is_a_key_and_no_measure() -> None:
    lines = chart.draw(("http_status", "n"), [(200, 4), (500, 1)], 80)
    assert lines[0] == "n" and lines[1].startswith("200")


def test_a_chart_without_numbers_says_so() -> None:
    with pytest.raises(ConfigError, match="needs a column of numbers"):
        chart.draw(("service",), [("a",)], 80)


@given(
    st.lists(
        st.tuples(
            st.text(max_size=30),
            st.none() | st.floats() | st.integers(-(10**12), 10**12),
            st.none() | st.datetimes(),
        ),
        max_size=20,
    ),
    st.integers(40, 200),
)
def test_any_answer_can_be_drawn(rows: list[tuple[object, ...]], width: int) -> None:
    try:
        lines = chart.draw(("name", "n", "bucket"), rows, width)
    except ConfigError:
        return
    assert all("\n" not in line for line in lines)


def test_numbers_keep_their_digits_before_the_point() -> None:
    assert [number(value) for value in (0.1 + 0.2, 1234567.8, 1e-9, float("nan"))] == [
        "0.3",
        "1234568",
        "1e-09",
        "nan",
    ]


def test_the_ledger_in_words_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger(list(LEDGER.sources))
    assert summary(ledger) == "1 source: 10 lines, 8 events, 1 reject."
    print_ledger(ledger, "json")
    (row,) = standard_json.loads(capsys.readouterr().out)
    assert row["source"] == "app.log" and row["lines"] == 10 and row["redacted"] == {}
    ledger.problems.append("app.log is short.")
    print_ledger(ledger, "text")
    captured = capsys.readouterr()
    assert "jsonl" in captured.out and captured.err == "app.log is short.\n"

"""The command line: its contract, its exit codes, its sentences."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from clew.cli import app, main

REPOSITORY = Path(__file__).parents[1]
COMMANDS = [command.name or command.callback.__name__ for command in app.registered_commands]
GROUPED = [
    f"{group.name} {command.name or command.callback.__name__}"
    for group in app.registered_groups
    for command in group.typer_instance.registered_commands
]


pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def log(folder: Path) -> Path:
    """Sixty requests of two services, every sixth of which failed, and a line that is no JSON."""
    path = folder / "app.jsonl"
    rows = [
        {
            "timestamp": f"2026-01-02T03:{minute:02d}:00Z",
            "level": "ERROR" if minute % 6 == 0 else "INFO",
            "service": "api" if minute % 2 else "worker",
            "method": "POST",
            "path": "/v1/predict",
            "status": 500 if minute % 6 == 0 else 200,
            "duration_ms": minute + 0.5,
            "message": f"request {minute} \x1b[31m",
            "customer": {"tier": "gold"},
        }
        for minute in range(60)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "{not json\n")
    return path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "clew", *arguments], capture_output=True, text=True, check=False
    )


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main([*arguments, "--output", "json"]) == 0, capsys.readouterr().err
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_help_loads_no_engine() -> None:
    """The help answers at once because it loads next to nothing."""
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, clew.cli; clew.cli.main(['--help']);"
            "print([name for name in ('duckdb', 'ibis', 'numpy', 'rich', 'jinja2', 'nanoarrow',"
            " 'pydantic', 'sqlglot') if name in sys.modules], file=sys.stderr)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stderr.strip() == "[]"
    assert all(command in said.stdout for command in COMMANDS)


def test_searching_loads_neither_pandas_nor_pyarrow(log: Path) -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, clew.cli; clew.cli.main(['ingest', 'app.jsonl']);"
            "clew.cli.main(['search', 'status:500']);"
            "print([name for name in ('pandas', 'pyarrow') if name in sys.modules],"
            " file=sys.stderr)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stderr.strip() == "[]"


@pytest.mark.parametrize("command", [*COMMANDS, *GROUPED])
def test_every_command_and_flag_is_in_the_docs(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    docs = (REPOSITORY / "docs" / "commands.md").read_text()
    section = docs.split(f"## clew {command}\n")[1].split("\n## ")[0]
    assert main([*command.split(), "--help"]) == 0
    for word in capsys.readouterr().out.split():
        if word.startswith("--") and word != "--help":
            assert f"`{word.rstrip(',')}" in section, f"{word} of {command} is not in the docs"


def test_every_setting_is_in_the_docs() -> None:
    from clew.config import names

    docs = (REPOSITORY / "docs" / "commands.md").read_text()
    for name in names():
        assert f"`{name}`" in docs
        assert f"`CLEW_{name.upper().replace('.', '_')}`" in docs


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serach", "x"], "'search'"),
        (["search", "--ouput", "json", "x"], "'--output'"),
        (["sql", "select 1", "--output", "jsn"], "'json'"),
        (["sql", "select 1", "--limit", "x"], "--limit"),
        (["sql"], "STATEMENT"),
        (["show", "error_rat"], "'error_rate'"),
        (["list", "format"], "'formats'"),
        (["explain", "http_statu"], "'http_status'"),
        (["ingest", "x", "--timezone", "Europe/Rom"], "'Europe/Rome'"),
        (["ingest", "x", "--format", "jsonll"], "'jsonl'"),
        (["detect", "--fail-on", "hihg"], "'high'"),
        (["detect", "--option", "min_requests=3"], "exactly one"),
        (["sql", "select 1"], "clew ingest"),
        (["verify"], "clew ingest"),
    ],
)
def test_wrong_usage_is_one_sentence_that_names_the_nearest(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert said in captured.err and captured.out == ""
    assert captured.err.count("\n") == 1


def test_a_sentence_does_not_act_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "\x1b[2J"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_debug_shows_the_traceback_wherever_it_stands() -> None:
    for arguments in (["--debug", "show", "nothing"], ["show", "nothing", "--debug"]):
        said = run(*arguments)
        assert said.returncode != 0 and "Traceback" in said.stderr
    assert "Traceback" not in run("show", "nothing").stderr


def test_no_command_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "investigate" in capsys.readouterr().out


def test_a_missing_file_exits_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "nothing.log"]) == 3
    assert capsys.readouterr().err == "nothing.log does not exist.\n"


def test_an_investigation_of_nothing_says_only_why(capsys: pytest.CaptureFixture[str]) -> None:
    """What every detection would need, for want of any event, would hide the reason."""
    assert main(["investigate", "nothing.log", "--output", "json"]) == 3
    said = capsys.readouterr()
    assert json.loads(said.out) == []
    assert said.err == "nothing.log does not exist.\n"


def test_the_ledger_of_an_ingest(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = json_of(capsys, "ingest", "app.jsonl")
    assert row["format"] == "jsonl" and row["status"] == "new" and row["timezone"] == "UTC"
    assert (row["lines"], row["events"], row["rejects"]) == (61, 60, 1)
    assert len(str(row["sha256"])) == 64 and row["redacted"] == {}
    (again,) = json_of(capsys, "ingest", "app.jsonl")
    assert again["status"] == "known"


def test_standard_input_is_a_path(log: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "clew", "ingest", "-", "--output", "json"],
        input=log.read_text(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(said.stdout)[0]["events"] == 60


def test_search_lists_events_and_counts(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    events = json_of(capsys, "search", "http_status:500")
    assert len(events) == 10
    assert all(event["http_status"] == 500 and None not in event.values() for event in events)
    counted = json_of(capsys, "search", "service:* | stats count() by service")
    assert sorted((row["service"], row["count"]) for row in counted) == [
        ("api", 30),
        ("worker", 30),
    ]
    assert len(json_of(capsys, "search", "*", "--limit", "7")) == 7
    late = json_of(capsys, "search", "*", "--since", "2026-01-02T03:50:00Z")
    assert len(late) == 10


def test_a_search_says_which_of_its_names_no_event_has(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    for query in ("http_statsu:500", "* | stats count() by http_statsu"):
        assert main(["search", query, "--output", "json"]) == 0
        said = capsys.readouterr().err
        assert said == "No event has 'http_statsu'. Did you mean 'http_status'?\n"
    assert main(["search", "http_status:599 event_id:none", "--output", "json"]) == 0
    assert capsys.readouterr().err == ""


def test_a_broken_query_points_at_the_word(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    assert main(["search", "service:api AND ("]) == 2
    sentence, query, carets = capsys.readouterr().err.splitlines()
    assert sentence.endswith((".", "?")) and query == "service:api AND (" and "^" in carets


def test_a_timeline_is_in_order(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    times = [str(row["timestamp"]) for row in json_of(capsys, "timeline")]
    assert len(times) == 60 and times == sorted(times) and times[0] == "2026-01-02T03:00:00Z"
    assert main(["timeline", "* | stats count()"]) == 2


def test_sql_reads_and_cannot_write(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    assert json_of(capsys, "sql", "select count(*) n, null as nothing from events") == [
        {"n": 60, "nothing": None}
    ]
    assert len(json_of(capsys, "sql", "select * from range(5000)")) == 5000
    assert len(json_of(capsys, "sql", "select * from range(5000)", "--limit", "3")) == 3
    for statement in (
        "delete from sources",
        "create table t (i int)",
        "copy events to 'out.csv'",
        "select * from read_csv('app.jsonl')",
        "attach 'other.duckdb'",
        "set enable_external_access = true",
    ):
        assert main(["sql", statement]) == 2, statement
        assert capsys.readouterr().err.count("\n") == 1
    assert not Path("out.csv").exists()


def test_sql_stops_at_the_time_limit(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    slow = "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3"
    assert main(["sql", slow, "--timeout", "0.2"]) == 4
    assert "0.2 s" in capsys.readouterr().err


def test_a_question_that_hears_nothing_stops_too(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """DuckDB does not look whether it is to stop while one function works on one value."""
    json_of(capsys, "ingest", "app.jsonl")
    deaf = "select len(list_sort(range(50000000)))"
    command = [sys.executable, "-m", "clew", "sql", deaf]
    done = subprocess.run(
        [*command, "--timeout", "0.2"], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "The question took longer than 0.2 s and was stopped.\n"


@pytest.mark.parametrize("command", ["sql", "search"])
def test_ctrl_c_stops_a_question(
    command: str, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    slow = f"select count(*) from {', '.join(f'events e{n}' for n in range(9))}"
    interrupted = f"""if True:
        import os, signal, sys, threading
        from clew.cli import main
        from clew.engines.duckdb import DuckDBEngine
        signal.signal(signal.SIGINT, signal.default_int_handler)
        run = DuckDBEngine.run
        def asked(self, question, **more):
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            return run(self, {slow!r}, **more)
        DuckDBEngine.run = asked
        sys.exit(main([{command!r}, "x"]))"""
    command_line = [sys.executable, "-c", interrupted]
    done = subprocess.run(command_line, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "")


def test_csv_and_tables_of_the_same_answer(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    statement = "select line, message from events order by line"
    assert main(["sql", statement, "--output", "csv"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 61 and rows[1][0] == "1"
    assert main(["sql", statement]) == 0
    assert "request 59 \\x1b[31m" in capsys.readouterr().out


def test_show_by_columns_and_buckets(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    by_service = json_of(capsys, "show", "error_rate", "--by", "service")
    assert {row["service"]: row["errors"] for row in by_service} == {"worker": 10, "api": 0}
    for split in (["--bucket", "30m"], ["--by", "bucket(30m)"]):
        halves = json_of(capsys, "show", "error_rate", *split)
        assert [row["bucket"] for row in halves] == ["2026-01-02T03:00:00Z", "2026-01-02T03:30:00Z"]
    assert main(["show", "error_rate", "--bucket", "10m", "--output", "chart"]) == 0
    chart = capsys.readouterr().out.split("\n\n")
    assert [block.split()[0] for block in chart] == list(by_service[0])[1:]
    assert len(chart[0].splitlines()) == 7
    by_key = json_of(capsys, "show", "error_rate", "--by", "customer.tier")
    assert [row["customer.tier"] for row in by_key] == ["gold"]


def test_show_compares_with_a_baseline(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    (row,) = json_of(
        capsys,
        *("show", "error_rate", "--baseline", "2026-01-02T03:00:00Z..2026-01-02T03:20:00Z"),
        *("--since", "2026-01-02T03:20:00Z", "--until", "2026-01-02T03:30:00Z"),
    )
    assert (row["requests_before"], row["requests_after"], row["requests_change"]) == (20, 10, -10)


def test_show_knows_the_options_of_an_analysis(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    top = json_of(capsys, "show", "top_values", "--option", "column=service")
    assert sorted(str(row["value"]) for row in top) == ["api", "worker"]
    assert main(["show", "top_values", "--option", "colum=service"]) == 2
    assert "'column'" in capsys.readouterr().err


def test_verify_says_that_nothing_was_altered(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_of(capsys, "ingest", "app.jsonl")
    assert main(["verify"]) == 0


def test_verify_exits_3_and_names_the_row(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import duckdb

    json_of(capsys, "ingest", "app.jsonl")
    with duckdb.connect("clew.duckdb") as case:
        case.execute("update event_rows set message = 'nothing' where line = 8")
    assert main(["verify"]) == 3
    said = capsys.readouterr()
    assert "app.jsonl" in said.err and "8" in said.err


def test_doctor_says_what_is_there(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--output", "json"]) == 0
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["case"]["state"] == "missing" and checks["duckdb"]["state"] == "ok"
    Path("clew.duckdb").write_text("this is no database, and it is long enough to be read as one")
    assert main(["doctor"]) == 4


@pytest.mark.parametrize("family", ["formats", "analyses", "detections", "columns", "views"])
def test_whatever_is_listed_can_be_explained(
    family: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = json_of(capsys, "list", family)
    assert listed
    for entry in listed:
        assert entry["means"]
        assert main(["explain", str(entry["name"])]) == 0
        assert str(entry["name"]) in capsys.readouterr().out


def test_an_investigation_of_logs(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    findings = json_of(capsys, "investigate", "app.jsonl")
    assert json_of(capsys, "detect") == findings
    for output in ("text", "md", "html"):
        assert main(["investigate", "app.jsonl", "--output", output]) == 0
        assert "inding" in capsys.readouterr().out
    worst = {str(found["severity"]) for found in findings}
    assert main(["detect", "--fail-on", "info"]) == (1 if worst else 0)


def test_a_closed_pipe_is_no_error(log: Path) -> None:
    run("ingest", "app.jsonl")
    command = f"{sys.executable} -m clew sql 'select * from range(300000)' --output csv"
    said = subprocess.run(
        ["bash", "-c", f"{command} | head -n 1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == ["range", "141"] and said.stderr == ""


def test_flags_win_over_the_environment_and_that_over_the_file(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("clew.toml").write_text('case = "file.duckdb"\noutput = "json"\n[limits]\nrows = 3\n')
    assert main(["ingest", "app.jsonl"]) == 0
    assert Path("file.duckdb").exists() and json.loads(capsys.readouterr().out)
    assert main(["sql", "select * from events"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 3
    monkeypatch.setenv("CLEW_CASE", "environment.duckdb")
    monkeypatch.setenv("CLEW_LIMITS_ROWS", "2")
    assert main(["ingest", "app.jsonl"]) == 0
    assert Path("environment.duckdb").exists()
    assert main(["ingest", "app.jsonl", "--case", "flag.duckdb"]) == 0
    assert Path("flag.duckdb").exists() and not Path("clew.duckdb").exists()
    capsys.readouterr()
    assert main(["sql", "select * from events"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2

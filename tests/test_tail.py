"""`clew tail`: events as they are stored, each once, from a server and from a file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tests.engines import Bench
from tests.serving import log_records, serving

from clew.cli import main
from clew.query import parse
from clew.query.newest import Newest


@contextlib.contextmanager
def tailing(case: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`clew tail` as a process, ended whatever happens."""
    # what a shell runs in the background ignores Ctrl-C, and so would the process
    signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "clew", "tail", *arguments, "--case", str(case)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=case.parent,
        env={name: value for name, value in os.environ.items() if not name.startswith("CLEW_")},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def _line(n: int, level: str = "INFO") -> str:
    row = {
        "timestamp": f"2026-01-02T03:{n:02}:00Z",
        "level": level,
        "service": "api",
        "msg": f"n{n}",
    }
    return json.dumps(row) + "\n"


@pytest.mark.timeout(120)
def test_what_a_server_receives_is_shown_once_and_until_ctrl_c(tmp_path: Path) -> None:
    with serving(tmp_path / "live.duckdb") as server:
        server.send(log_records("before"), signal="logs")
        server.settled()
        assert server.count("events") == 1
        with tailing(server.case, "service:shop") as process:
            assert _said(process).endswith("INFO  shop  before")
            server.send(log_records("first"), signal="logs")
            assert _said(process).endswith("INFO  shop  first")
            server.send(log_records("of another", service="cart"), signal="logs")
            server.send(log_records("second"), signal="logs")
            assert _said(process).endswith("INFO  shop  second")
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 128 + signal.SIGINT
            assert process.stdout is not None
            assert process.stdout.read() == ""


@pytest.mark.timeout(120)
def test_a_file_that_grows_adds_its_new_lines(tmp_path: Path) -> None:
    case, log = tmp_path / "case.duckdb", tmp_path / "app.jsonl"
    log.write_text("".join(map(_line, range(20))))
    assert main(["ingest", str(log), "--case", str(case)]) == 0
    with tailing(case, "--first", "2", "--output", "json") as process:
        assert [json.loads(_said(process))["message"] for _ in range(2)] == ["n18", "n19"]
        log.write_text(log.read_text() + _line(30, "ERROR"))
        while main(["ingest", str(log), "--case", str(case)]) != 0:
            pass  # the tail was just reading
        assert json.loads(_said(process))["message"] == "n30"


def test_a_tail_has_no_pipes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tail", "* | stats count()"]) == 2
    assert "leave out the pipes" in capsys.readouterr().err


def _row(source: str, line: int, message: str) -> dict[str, object]:
    return {"source_id": source, "line": line, "event_id": f"{source}:{line}", "message": message,
            "timestamp": f"2026-01-02T03:04:{line:02}Z"}  # fmt: skip


def test_each_engine_gives_what_is_new_once(bench: Bench) -> None:
    """A source goes on behind its mark, another one begins, and what the search does not find stays out."""
    now = datetime(2026, 1, 3)
    rows = [_row("a", line, "start") for line in range(1, 6)]
    bench.fill(rows)
    newest = Newest(parse("start"))
    assert [row["line"] for row in newest.ask(bench.engine, now, first=2)] == [4, 5]
    assert newest.ask(bench.engine, now, first=2) == []
    bench.fill([*rows, _row("a", 6, "start"), _row("a", 7, "stop"), _row("b", 1, "start")])
    assert [row["event_id"] for row in newest.ask(bench.engine, now, first=2)] == ["b:1", "a:6"]

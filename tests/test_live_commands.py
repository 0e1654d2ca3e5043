"""While a server holds the case, every command answers as if it read the file itself."""

from __future__ import annotations

import contextlib
import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serving import Server, eventually, numbered, serving

from clew import pipeline
from clew.cli import main
from clew.engines import Answer
from clew.engines._remote import Note, RemoteEngine, find_server, leave_note, note_path
from clew.errors import ConfigError, EngineError, InputError

TYPES = """
SELECT 1 AS i, 170141183460469231731687303715884105727 AS h, 1.5::DOUBLE AS f, 'NaN'::DOUBLE AS n,
       '-inf'::DOUBLE AS inf, 0.10::DECIMAL(18, 9) AS money, NULL AS nothing, true AS b, 'é\x01' AS text,
       TIMESTAMP '2026-01-02 03:04:05.000006' AS at, TIMESTAMPTZ '2026-01-02 03:04:05+02' AS zoned,
       DATE '2026-01-02' AS day, TIME '03:04:05' AS clock, INTERVAL 3 DAY AS gap,
       '\\x00\\xFF'::BLOB AS bytes, uuid() IS NOT NULL AS u,
       '0af76519-16cd-43dd-8448-eb211c80319c'::UUID AS id, [1, NULL, 3] AS list,
       {'a': 1.5::DECIMAL(3, 1), 'b': [DATE '2026-01-02']} AS struct, MAP {'k': 1} AS map,
       '{"a": [1, {"b": null}]}'::JSON::VARIANT AS variant
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("held") / "held.duckdb") as running:
        yield running


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logs") / "app.jsonl"
    path.write_text("".join(map(_line, range(100))) + "{broken\n")
    return path


def _line(n: int) -> str:
    row = {
        "timestamp": f"2026-01-02T03:{n % 60:02}:00Z",
        "level": "ERROR" if n % 3 == 0 else "INFO",
        "service": "api",
        "status": 500 if n % 3 == 0 else 200,
        "path": "/v1/chat",
        "message": f"request {n}",
        "duration_ms": n,
    }
    return json.dumps(row) + "\n"


def said_by(
    arguments: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str, str]:
    """Exit code, output and errors of a command on the case of a folder, without the folder's name, the
    room on its disk and the last link of the chain, which tells when a source was read."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(_line(1000).encode())))
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main([*arguments, "--case", str(folder / "case.duckdb")])
    texts = (text.getvalue().replace(str(folder), "CASE") for text in (output, errors))
    output_text, error_text = (
        re.sub(r"[0-9.]+ GB free|link [0-9a-f]{64}", "", text) for text in texts
    )
    return code, output_text, error_text


def test_every_command_says_the_same_through_the_server_and_without(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger, answers, findings, problems and exit codes of a case that is held and one that is not."""
    rule = tmp_path / "errors.yml"
    rule.write_text(
        "{title: e, logsource: {category: x}, detection: {s: {status: 500}, condition: s}}"
    )
    commands = [
        ("ingest", str(log), "missing.log", "--output", "json"),
        ("ingest", str(log), "--output", "json"),
        ("ingest", "-", "--output", "json"),
        ("search", "status>=500", "--output", "json"),
        ("search", "status:(", "--output", "json"),
        ("timeline", "level:ERROR", "--limit", "5"),
        ("sql", "SELECT * FROM events ORDER BY event_id", "--output", "json"),
        ("sql", "SELECT nonsense FROM events"),
        ("sql", "DELETE FROM sources"),
        ("sql", "SELECT 1; SELECT 2"),
        ("sql", "SELECT count(*) AS n FROM span_tree"),
        ("trace", "0af7651916cd43dd8448eb211c80319c"),
        ("show", "error_rate", "--by", "service", "--output", "csv"),
        ("show", "error_rates"),
        ("detect", "--output", "json"),
        ("detect", "--rules", str(rule), "--output", "json"),
        ("sql", "SELECT id, finding FROM findings WHERE kind = 'errors'", "--output", "json"),
        ("investigate", str(log), "--output", "json"),
        ("verify",),
        ("doctor", "--output", "json"),
    ]
    plain, held = tmp_path / "plain", tmp_path / "held"
    plain.mkdir()
    held.mkdir()
    without = [said_by(command, plain, monkeypatch) for command in commands]
    with serving(held / "case.duckdb"):
        through = [said_by(command, held, monkeypatch) for command in commands]
    for command, expected, found in zip(commands, without, through, strict=True):
        if command[0] == "sql" and expected[0] == found[0] != 0:
            continue  # a refusal may be worded otherwise: the server's reader is not a file's
        assert found == expected, command


def test_values_keep_their_exact_types(server: Server, tmp_path: Path) -> None:
    from clew.engines.duckdb import open_case

    own = open_case(str(tmp_path / "own.duckdb"), write=True)
    expected = own.run(TYPES)
    own.close()
    engine = pipeline.open_case(str(server.case), write=False)
    assert isinstance(engine, RemoteEngine)
    found = engine.run(TYPES)
    engine.close()
    assert found.columns == expected.columns
    for name, value, other in zip(found.columns, found.rows[0], expected.rows[0], strict=True):
        assert (type(value), repr(value)) == (type(other), repr(other)), name


def test_a_long_answer_comes_whole_and_a_limit_cuts_it(server: Server) -> None:
    engine = pipeline.open_case(str(server.case), write=False)
    assert len(engine.run("SELECT range AS n FROM range(25000)").rows) == 25_000
    assert engine.run("SELECT range AS n FROM range(25000)", limit=3).rows == [(0,), (1,), (2,)]
    assert engine.run("SELECT 1 AS n", limit=0) == Answer(("n",), [])
    with pytest.raises(EngineError, match=r"longer than 0\.2 s"):
        engine.run("SELECT count(*) FROM range(1000000000) a, range(100000) b", timeout_s=0.2)
    with pytest.raises(ConfigError, match="x4001"):
        engine.run("SELECT error('x' || range) FROM range(5000) WHERE range > 4000")
    with pytest.raises(ConfigError):
        engine.run("SELECT nonsense")
    assert engine.run("SELECT 2 AS n").rows == [(2,)]
    engine.close()


def test_reading_and_writing_at_once(server: Server) -> None:
    """Questions see whole batches, never more than was sent, never fewer than before."""
    seen: list[int] = []
    is_done = threading.Event()

    def read() -> None:
        engine = pipeline.open_case(str(server.case), write=False)
        while not is_done.is_set():
            seen.append(engine.run("SELECT count(*) FROM spans").rows[0][0])
        engine.close()

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(30):
        assert server.send(numbered(n * 50, 50)).status == 200
    assert eventually(lambda: server.count() == 1500)
    is_done.set()
    for reader in readers:
        reader.join()
    assert all(0 <= count <= 1500 and count % 50 == 0 for count in seen)


def test_files_and_deliveries_stand_in_one_ledger(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "both.duckdb"
    with serving(case) as server:
        server.send(numbered(1, 20))
        (row,) = pipeline.ingest([str(log)], case=str(case)).sources
        assert (row.status, row.count.lines, row.count.rejects) == ("new", 101, 1)
        server.send(numbered(100, 20))
        assert eventually(lambda: server.count() == 40)
        assert server.rows("SELECT count(*) AS n FROM events") == [{"n": 140}]
        placed = "SELECT count(*) AS n FROM span_tree"
        assert server.rows(placed) == [{"n": 40}]
        assert main(["trace", f"{2:032x}", "--case", str(case)]) == 0
        assert "GET /cart" in capsys.readouterr().out
        server.send(numbered(200, 10))  # what follows from the events is made anew
        assert eventually(lambda: server.rows(placed) == [{"n": 50}])
        assert server.stop() == 0
    assert pipeline.verify(str(case)).ok
    (row,) = pipeline.ingest([str(log)], case=str(case)).sources
    assert row.status == "known"


def test_the_note_of_a_dead_server_counts_for_nothing(tmp_path: Path, log: Path) -> None:
    case = tmp_path / "dead.duckdb"
    with serving(case) as server:
        server.send(numbered(1, 5))
        assert eventually(lambda: server.count() == 5)
        server.kill()
    assert note_path(case).exists()
    engine = pipeline.open_case(str(case), write=False)
    assert not isinstance(engine, RemoteEngine)
    assert engine.run("SELECT count(*) FROM spans").rows == [(5,)]
    engine.close()
    with serving(case) as server:
        assert isinstance(pipeline.open_case(str(case), write=False), RemoteEngine)


def test_the_note_of_another_case_is_not_followed(server: Server, tmp_path: Path) -> None:
    """A port that another server has taken since, or a case that was copied with its note."""
    held = json.loads(note_path(server.case).read_text())
    leave_note(tmp_path / "other.duckdb", Note(**held))
    assert find_server(str(tmp_path / "other.duckdb")) is None
    leave_note(tmp_path / "wrong.duckdb", Note(**{**held, "secret": "wrong"}))
    assert find_server(str(tmp_path / "wrong.duckdb")) is None
    note_path(tmp_path / "broken.duckdb").write_text("{}")
    assert find_server(str(tmp_path / "broken.duckdb")) is None


def test_a_server_that_dies_during_a_question_is_a_sentence(tmp_path: Path) -> None:
    case = tmp_path / "dies.duckdb"
    with serving(case) as server:
        engine = pipeline.open_case(str(case), write=False)
        server.kill()
        with pytest.raises(EngineError, match="did not answer"):
            engine.run("SELECT 1")


def test_a_file_that_the_server_cannot_read_fails_alone(server: Server, tmp_path: Path) -> None:
    gone = tmp_path / "gone.log"
    gone.write_text("x\n")
    good = tmp_path / "good.log"
    good.write_text(_line(7777))
    engine = find_server(str(server.case))
    assert engine is not None
    from clew.formats import Settings
    from clew.sources.files import SourceFile

    gone.unlink()
    rows = engine.ingest(
        [SourceFile("gone.log", gone), SourceFile("good.log", good)],
        Settings(),
        None,
        lambda source, done, size: None,
    )
    engine.close()
    assert [row.status for row in rows] == ["failed", "new"]
    with pytest.raises(InputError):
        raise InputError(rows[0].note)

"""The ledger balances, the same file adds nothing, a grown one its new part, and tampering is named."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pytest
import zstandard

from clew import pipeline
from clew.engines._duckdb_digest import Batches, block_digest
from clew.errors import ConfigError, EngineError
from clew.formats import Settings
from clew.model.ledger import Ledger, SourceRow


def _line(n: int, **more: object) -> str:
    return json.dumps({"time": f"2026-11-20T09:00:{n % 60:02}Z", "msg": f"m{n}", "n": n, **more})


def _lines(first: int, last: int) -> str:
    return "".join(_line(n) + "\n" for n in range(first, last))


def _ingest(case: Path, *paths: Path | str, **more: str) -> Ledger:
    return pipeline.ingest([str(p) for p in paths], case=str(case), settings=Settings(**more))


def _only(ledger: Ledger) -> SourceRow:
    (row,) = ledger.sources
    return row


def _query(case: Path, sql: str) -> list[tuple[object, ...]]:
    engine = pipeline.open_case(str(case), write=False)
    try:
        return engine.run(sql).rows
    finally:
        engine.close()


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return tmp_path / "case.duckdb"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    path.write_text(_lines(0, 100))
    return path


def test_every_line_is_an_event_a_blank_or_a_reject(case: Path, log: Path) -> None:
    log.write_text(_lines(0, 3) + "\n   \n" + '{"cut": \n' + "[1]\n" + _line(9))
    row = _only(_ingest(case, log))
    assert (row.count.lines, row.count.events, row.count.blanks, row.count.rejects) == (8, 4, 2, 2)
    assert row.count.is_balanced
    assert _query(case, "SELECT line, byte_offset, reason FROM rejects ORDER BY line") == [
        (6, log.read_bytes().index(b'{"cut'), "the JSON object is not closed"),
        (7, log.read_bytes().index(b"[1]"), "JSON, but not an object"),
    ]


def test_every_event_points_back_to_its_bytes(case: Path, log: Path) -> None:
    log.write_bytes(
        b"\xef\xbb\xbf" + _lines(0, 3).encode().replace(b"\n", b"\r\n") + b'{"msg": "\xff"}\n'
    )
    _ingest(case, log)
    data = log.read_bytes()
    for line, offset, message in _query(case, "SELECT line, byte_offset, message FROM events"):
        assert isinstance(offset, int) and isinstance(line, int)
        assert data[:offset].count(b"\n") == line - 1
        assert (
            str(message).encode().replace("\ufffd".encode(), b"\xff")
            in data[offset:].splitlines()[0]
        )


def test_the_same_file_again_adds_nothing_and_says_so(case: Path, log: Path) -> None:
    _ingest(case, log)
    row = _only(_ingest(case, log))
    assert (row.status, row.count.events) == ("known", 0)
    assert "already in the case" in row.note
    assert _query(case, "SELECT count(*) FROM events") == [(100,)]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_rotated_and_compressed_copy_adds_nothing(case: Path, log: Path, compress) -> None:  # type: ignore[no-untyped-def]
    _ingest(case, log)
    rotated = log.with_name("app.log.1.gz")
    rotated.write_bytes(compress(log.read_bytes()))
    assert _only(_ingest(case, rotated)).status == "known"


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_compressed_file_gives_the_same_events(case: Path, log: Path, compress) -> None:  # type: ignore[no-untyped-def]
    packed = log.with_name("packed")
    packed.write_bytes(compress(log.read_bytes()[:999]) + compress(log.read_bytes()[999:]))
    assert _only(_ingest(case, packed)).count.events == 100


def test_a_grown_file_adds_only_its_new_part(case: Path, log: Path) -> None:
    _ingest(case, log)
    before = _query(case, "SELECT event_id FROM events ORDER BY byte_offset")
    log.write_text(_lines(0, 150))
    row = _only(_ingest(case, log))
    assert (row.status, row.count.lines, row.count.events) == ("grown", 50, 50)
    found = _query(case, "SELECT event_id, line, attributes.n::INTEGER FROM events ORDER BY line")
    assert [n for _, _, n in found] == list(range(150))
    assert [line for _, line, _ in found] == list(range(1, 151))
    assert [(event_id,) for event_id, _, _ in found[:100]] == before
    assert pipeline.verify(str(case)).ok


def test_no_record_of_an_envelope_comes_twice_where_its_file_grows(
    case: Path, tmp_path: Path
) -> None:
    """No newline stands behind what Event Hubs and Firehose append to."""
    record = {"time": "2026-11-20T09:00:00Z", "category": "Administrative", "operationName": "a"}
    page = json.dumps({"records": [record, {**record, "operationName": "b"}]})
    log = tmp_path / "activity.json"
    log.write_text(page)
    _ingest(case, log)
    log.write_text(page + page.replace('"b"', '"c"'))
    row = _only(_ingest(case, log))
    assert (row.status, row.count.lines, row.count.events) == ("grown", 2, 2)


def test_a_line_that_was_cut_when_first_read_is_whole_in_the_end(case: Path, log: Path) -> None:
    whole = _lines(0, 20)
    cut = len(whole) - 15
    log.write_text(whole[:cut])
    assert _only(_ingest(case, log)).count.rejects == 1
    log.write_text(whole + _lines(20, 22))
    row = _only(_ingest(case, log))
    assert row.count.is_balanced
    found = _query(case, "SELECT line, attributes.n::INTEGER FROM events ORDER BY line")
    assert found == [(n + 1, n) for n in range(22)]
    assert pipeline.verify(str(case)).ok


def test_files_that_came_under_one_name_each_count_their_rejects(
    case: Path, tmp_path: Path
) -> None:
    log = tmp_path / "app.jsonl"
    for number in (1, 2):
        log.write_text(f'{{"message": "{number}"}}\n{{not json {number}\n')
        pipeline.ingest([str(log)], case=str(case))
    assert pipeline.verify(str(case)).ok


def test_a_fresh_case_verifies(case: Path, log: Path) -> None:
    _ingest(case, log)
    verification = pipeline.verify(str(case))
    assert verification.ok
    assert "100 events" in verification.sentences[0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE event_rows SET message = 'x' WHERE line IN (41, 77)", "line 41 "),
        (
            "UPDATE event_rows SET attributes = '{\"n\": 1}'::JSON::VARIANT WHERE line = 30",
            "line 30 ",
        ),
        (
            "UPDATE event_rows SET timestamp = timestamp + INTERVAL 1 SECOND WHERE line = 5",
            "line 5 ",
        ),
        (
            "ALTER TABLE event_rows ADD COLUMN user_id VARCHAR; "
            "UPDATE event_rows SET user_id = 'mallory' WHERE line = 9",
            "line 9 ",
        ),
        ("DELETE FROM event_rows WHERE line = 100", "removed"),
        ("DELETE FROM event_rows WHERE line = 50", "line 51 "),
        ("INSERT INTO event_rows SELECT * FROM event_rows WHERE line = 100", "added"),
        ("UPDATE sources SET rejects = 7", "ledger was altered"),
        ("INSERT INTO rejects SELECT source_id, 1, 0, 'x', NULL FROM sources", "counts 0 rejects"),
        (
            "ALTER VIEW events RENAME TO all_events; "
            "CREATE VIEW events AS SELECT * FROM all_events WHERE line <> 7",
            "shows 99 of 100 rows",
        ),
        ("UPDATE blocks SET digest = 'x'", "digest of the block"),
        ("DELETE FROM sources", "were not ingested"),
    ],
)
def test_tampering_is_found_and_named(case: Path, log: Path, change: str, expected: str) -> None:
    _ingest(case, log)
    with duckdb.connect(str(case)) as connection:
        connection.execute(change)
    verification = pipeline.verify(str(case))
    assert not verification.ok
    assert any(expected in sentence for sentence in verification.sentences), verification.sentences


@pytest.mark.parametrize("order", ["part DESC, byte_offset DESC", "byte_offset % 3, part"])
def test_the_digest_of_a_block_does_not_depend_on_the_order_of_its_parts(order: str) -> None:
    bench = duckdb.connect()
    rows = (
        "SELECT range // 2 AS byte_offset, (range % 2)::INTEGER AS part, 'm' || range AS message "
        "FROM range(5000)"
    )
    straight = Batches.of(bench, f"{rows} ORDER BY byte_offset, part")
    shuffled = Batches.of(bench, f"{rows} ORDER BY {order}")
    assert block_digest(shuffled) != block_digest(straight)
    assert block_digest(shuffled.in_order(bench)) == block_digest(straight)


def test_a_source_that_was_dropped_is_missed_by_the_chain(case: Path, log: Path) -> None:
    other = log.with_name("other.log")
    other.write_text(_lines(500, 510))
    _ingest(case, log, other)
    with duckdb.connect(str(case)) as connection:
        first = connection.execute("SELECT source_id FROM sources ORDER BY position").fetchall()[0]
        for table in ("event_rows", "blocks", "sources"):
            connection.execute(f"DELETE FROM {table} WHERE source_id = ?", first)
    assert not pipeline.verify(str(case)).ok


GONE = ("event_rows", "blocks", "rejects", "fields", "sources")


@pytest.mark.parametrize("which", [1, 2])
def test_the_last_sources_are_missed_whatever_was_removed_with_them(
    case: Path, log: Path, which: int
) -> None:
    """The chain itself is whole again where its end was cut off."""
    others = [log.with_name(f"other{n}.log") for n in (1, 2)]
    for n, other in enumerate(others):
        other.write_text(_lines(500 + n, 510))
    _ingest(case, log, *others)
    head = _head(case)
    with duckdb.connect(str(case)) as connection:
        last = "SELECT source_id FROM sources WHERE position >= ?"
        gone = connection.execute(last, [which]).fetchall()
        for table in GONE:
            connection.executemany(f"DELETE FROM {table} WHERE source_id = ?", gone)
    found = pipeline.verify(str(case))
    assert not found.ok
    assert [s for s in found.sentences if "other2.log: its row in the ledger was removed" in s]
    _ingest(case, log.with_name("other2.log"))  # a link in the place of the one that is gone
    assert not pipeline.verify(str(case)).ok
    with duckdb.connect(str(case)) as connection:
        connection.execute("DELETE FROM links")
    assert not pipeline.verify(str(case)).ok
    with duckdb.connect(str(case)) as connection:
        connection.execute("DROP TABLE links")
    assert any("cannot be told" in said for said in pipeline.verify(str(case)).sentences)
    assert not pipeline.verify(str(case), head).ok


def test_a_link_that_was_kept_proves_what_came_before_it(case: Path, log: Path) -> None:
    _ingest(case, log)
    head = _head(case)
    other = log.with_name("other.log")
    other.write_text(_lines(500, 510))
    _ingest(case, other)
    assert pipeline.verify(str(case), head).ok and pipeline.verify(str(case), _head(case)).ok
    assert not pipeline.verify(str(case), head[::-1]).ok


def _head(case: Path) -> str:
    """The last link, as `verify` tells it."""
    found = re.search(r"link ([0-9a-f]{64})", " ".join(pipeline.verify(str(case)).sentences))
    assert found
    return found[1]


KILLED = """
import sys
from clew import pipeline
from clew.engines._duckdb_digest import Batches, block_digest
from clew.engines import _duckdb_ledger
add, seen = _duckdb_ledger.Load.add, []
def slow(self, *given):
    seen.append(add(self, *given))
    if len(seen) == 3:
        print("half way", flush=True)
        sys.stdin.read()
    return seen[-1]
_duckdb_ledger.Load.add = slow
pipeline.ingest(sys.argv[2:], case=sys.argv[1])
"""


def test_a_killed_ingest_leaves_the_case_as_it_was(case: Path, log: Path, tmp_path: Path) -> None:
    _ingest(case, log)
    big = tmp_path / "big.log"
    with big.open("w") as out:
        pad = "x" * 600
        out.writelines(_line(n, pad=pad) + "\n" for n in range(120_000))
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(case), str(big)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout and child.stdin
    assert child.stdout.readline() == b"half way\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    child.stdin.close()
    assert _query(case, "SELECT count(*) FROM events") == [(100,)]
    assert pipeline.verify(str(case)).ok
    assert _only(_ingest(case, big)).count.events == 120_000


def test_a_case_that_another_process_holds_is_said_in_one_sentence(case: Path, log: Path) -> None:
    _ingest(case, log)
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(case)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout and holder.stdout.readline() == b"open\n"
        with pytest.raises(EngineError, match="open in another process"):
            _ingest(case, log)
    finally:
        holder.kill()
        holder.communicate()


def test_a_case_of_a_newer_clew_is_not_touched(case: Path, log: Path) -> None:
    _ingest(case, log)
    with duckdb.connect(str(case)) as connection:
        connection.execute("UPDATE clew_case SET version = 99")
    with pytest.raises(EngineError, match="newer Clew"):
        pipeline.verify(str(case))


def test_no_case_and_no_duckdb_file_are_told_apart(case: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no case"):
        pipeline.verify(str(case))
    case.write_bytes(b"not a database" * 100)
    with pytest.raises(EngineError, match="not a DuckDB file"):
        pipeline.verify(str(case))


def test_what_cannot_be_read_is_said_and_the_rest_is_stored(case: Path, log: Path) -> None:
    ledger = _ingest(case, log.with_name("missing.log"), log)
    assert ledger.exit_code == 3
    assert ledger.problems == [f"{log.with_name('missing.log')} does not exist."]
    assert _only(ledger).count.events == 100


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_said(case: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert "permission denied" in _ingest(case, closed).problems[0]


def test_a_cut_gzip_is_stored_as_far_as_it_goes(case: Path, log: Path) -> None:
    log.write_text("".join(_line(n, salt=os.urandom(40).hex()) + "\n" for n in range(5_000)))
    packed = gzip.compress(log.read_bytes())
    cut = log.with_name("cut.gz")
    cut.write_bytes(packed[: len(packed) // 2])
    ledger = _ingest(case, cut)
    row = _only(ledger)
    assert ledger.exit_code == 3
    assert "is damaged after" in ledger.problems[0]
    assert row.count.is_balanced and row.count.events > 1_000


@pytest.mark.parametrize(
    ("data", "reason"),
    [(bytes(range(256)) * 40, "is not text"), ("hello\n".encode("utf-16"), "is UTF-16")],
)
def test_a_file_that_is_no_text_is_refused_in_a_sentence(
    case: Path, log: Path, data: bytes, reason: str
) -> None:
    log.write_bytes(data)
    ledger = _ingest(case, log)
    assert ledger.exit_code == 3
    assert reason in ledger.problems[0]
    assert _query(case, "SELECT count(*) FROM sources") == [(0,)]


def test_the_first_line_that_did_not_parse_is_named(case: Path, log: Path) -> None:
    log.write_text(_lines(0, 3) + "{broken\n" + _lines(3, 5))
    note = _only(_ingest(case, log)).note
    assert note.startswith("1 of 6 lines of ")
    assert "did not parse, first line 4 (byte " in note


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ("timestamp,status,path\n2026-03-14T08:00:00Z,200,/x\n", "csv"),
        ('{"time":"2026-03-14T08:00:00Z","status":200,"path":"/x"}\n', "jsonl"),
    ],
)
def test_the_mark_that_excel_puts_before_a_file_is_no_part_of_its_first_line(
    case: Path, tmp_path: Path, text: str, format: str
) -> None:
    path = tmp_path / "export.txt"
    path.write_text(text, encoding="utf-8-sig")
    row = _only(_ingest(case, path))
    assert (row.format, row.count.events, row.count.rejects) == (format, 1, 0)
    assert _query(case, "SELECT http_status, url_path FROM events") == [(200, "/x")]


def test_an_empty_file_is_a_source_without_lines(case: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.log"
    empty.touch()
    row = _only(_ingest(case, empty))
    assert (row.count.lines, row.status) == (0, "new")
    assert pipeline.verify(str(case)).ok


def test_a_line_of_fifty_megabytes_is_one_event(case: Path, log: Path) -> None:
    log.write_text(_line(1) + "\n" + _line(2, pad="x" * 50_000_000) + "\n" + _line(3) + "\n")
    assert _only(_ingest(case, log)).count.events == 3


def test_a_folder_is_walked_and_each_file_read_once(case: Path, log: Path, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.log").write_text(_lines(200, 205))
    (tmp_path / ".hidden").write_text(_lines(300, 305))
    ledger = _ingest(case, tmp_path, tmp_path / "*.log")
    assert [Path(row.source).name for row in ledger.sources] == ["app.log", "b.log"]


def test_a_full_disk_harms_nothing(case: Path, log: Path) -> None:
    _ingest(case, log)
    big = log.with_name("big.log")
    with big.open("w") as out:
        out.writelines(_line(n, salt=os.urandom(100).hex()) + "\n" for n in range(60_000))
    limited = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))\n"
        "from clew.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, "ingest", str(big), "--case", str(case)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (3, 4), done
    assert "Traceback" not in done.stderr
    assert _query(case, "SELECT count(*) FROM events") == [(100,)]
    assert pipeline.verify(str(case)).ok


def test_ingest_stays_fast_to_start(case: Path, log: Path) -> None:
    """Not a timed test: only that importing the pipeline does not pull in a web server or pandas."""
    code = (
        "import sys; import clew.pipeline; "
        "print(sorted({'pandas', 'pyarrow', 'fastapi', 'clickhouse_connect'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_year_of_a_file_is_that_of_its_last_change(log: Path) -> None:
    from clew.sources.files import SourceFile

    os.utime(log, (time.time(), 1_400_000_000))
    assert SourceFile(str(log), log).modified_year() == 2014


def test_lines_of_a_second_format_are_in_the_zone_that_was_given(case: Path, log: Path) -> None:
    log.write_text(_lines(0, 3) + "ts=2026-11-20T09:00:00 level=info msg=hi\n" * 2)
    _ingest(case, log, timezone="Europe/Berlin")
    found = _query(case, "SELECT timestamp::VARCHAR FROM events WHERE source_format = 'logfmt'")
    assert found == [("2026-11-20 08:00:00",)] * 2


def test_four_formats_line_by_line_in_one_file_are_all_read(case: Path, log: Path) -> None:
    at = "2026-11-20T09:00:0"
    lines = [
        line
        for n in range(9)
        for line in (
            json.dumps({"time": f"{at}{n}Z", "level": "info", "msg": "done"}),
            f'192.0.2.1 - - [20/Nov/2026:09:00:0{n} +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"',
            f"2026-11-20 09:00:0{n},123 ERROR app.db: out",
            f"level=info ts={at}{n}Z msg=hi",
        )
    ]
    log.write_text("\n".join(lines) + "\n")
    row = _only(_ingest(case, log))
    assert (row.count.events, row.count.rejects) == (36, 0)


def test_a_log_format_that_is_given_says_the_format(case: Path, log: Path) -> None:
    log.write_text("2026-11-20T09:00:00Z|192.0.2.1|503\n")
    row = _only(_ingest(case, log, log_format="$time_iso8601|$remote_addr|$status"))
    assert (row.format, row.count.events) == ("nginx_access", 1)


@pytest.mark.parametrize("given", ["file", "standard input"])
def test_no_room_for_temporary_files_does_not_stop_an_ingest(
    given: str, case: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(log.read_bytes())))
    row = _only(pipeline.ingest([str(log) if given == "file" else "-"], case=str(case)))
    assert row.count.events == 100
    assert not [path for path in case.parent.iterdir() if path.name.startswith("clew-")]

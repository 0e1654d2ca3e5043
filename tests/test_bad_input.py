"""What a folder of real logs also holds: each is read or said in a sentence, and nothing gets lost."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from clew import pipeline
from clew.formats import Settings
from clew.model.ledger import SourceRow


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return tmp_path / "case.duckdb"


def _ingested(case: Path, *paths: Path) -> list[SourceRow]:
    ledger = pipeline.ingest([str(p) for p in paths], case=str(case), settings=Settings())
    return list(ledger.sources)


def _events(case: Path, columns: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(case), read_only=True) as disk:
        return disk.execute(f"SELECT {columns} FROM events ORDER BY line").fetchall()


def test_a_link_that_leads_to_itself_is_said_and_the_rest_is_read(
    case: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "app.jsonl").write_text('{"message": "hi"}\n')
    (folder / "loop").symlink_to(folder / "loop")
    rows = {Path(row.source).name: row for row in _ingested(case, folder)}
    assert rows["app.jsonl"].count.events == 1
    assert "loop cannot be read: too many levels of symbolic links" in rows["loop"].note


def test_json_nested_deeper_than_python_goes_is_an_event_all_the_same(
    case: Path, tmp_path: Path
) -> None:
    log = tmp_path / "deep.jsonl"
    log.write_text('{"message": "deep", "d": ' + "[" * 5000 + "]" * 5000 + '}\n{"message": "b"}\n')
    (row,) = _ingested(case, log)
    assert row.count.is_balanced and row.count.events == 2


def test_a_walk_passes_over_the_keys_of_cases(case: Path, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "other.duckdb.key").write_text("not-a-real-key\n")
    (folder / "app.jsonl").write_text('{"message": "hi"}\n')
    assert [Path(row.source).name for row in _ingested(case, folder)] == ["app.jsonl"]


def test_a_chained_traceback_among_access_lines_is_one_event_in_spite_of_its_blank_lines(
    case: Path, tmp_path: Path
) -> None:
    access = '2026-11-20 09:00:0{n},120 INFO     uvicorn.access: 192.0.2.5:40754 - "GET /x HTTP/1.1" {s}\n'
    trace = (
        "2026-11-20 09:00:05,120 ERROR    uvicorn.error: Exception in ASGI application\n"
        'Traceback (most recent call last):\n  File "/app/db.py", line 9, in take\n    wait()\n'
        "TimeoutError: pool is full\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        'Traceback (most recent call last):\n  File "/app/repo.py", line 31, in fetch\n'
        "    raise RepoError(1) from e\napp.RepoError: no database\n"
    )
    log = tmp_path / "app.log"
    log.write_text("".join(access.format(n=n, s=200) for n in range(5)) * 300 + trace * 2)
    (row,) = _ingested(case, log)
    assert row.format == "uvicorn_access" and row.count.is_balanced and not row.count.rejects
    found = _events(case, "exception_type, exception_frame, line")[-2:]
    assert found == [
        ("app.RepoError", "/app/repo.py:31 in fetch", 1501),
        ("app.RepoError", "/app/repo.py:31 in fetch", 1513),
    ]

"""A file on its way into the live case: others write meanwhile, and it comes whole or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from clew import ingestion
from clew.engines._duckdb_verify import verify
from clew.formats import Settings
from clew.live import staging
from clew.live.case import LiveEngine, open_live
from clew.model.ledger import SourceRow
from clew.model.redaction import Policy
from clew.sources.files import SourceFile

SETTINGS = Settings(redaction=Policy(what="none"))
LINES = 300_000
"""More than one block, and more rows than the case writes in one piece."""


@pytest.fixture
def case(tmp_path: Path) -> Iterator[LiveEngine]:
    engine = open_live(str(tmp_path / "live.duckdb"))
    yield engine
    engine.close()


def _log(path: Path, lines: int, **more: object) -> Path:
    text = [
        json.dumps({"time": "2026-11-20T09:00:00Z", "msg": f"line {n}", **more})
        for n in range(lines)
    ]
    path.write_text("\n".join(text) + "\n")
    return path


def _ingest(engine: LiveEngine, path: Path, **progress: object) -> list[SourceRow]:
    files = [SourceFile(str(path), path)]
    told = progress.get("progress")
    return list(ingestion.ingest_files(engine, files, SETTINGS, None, told))  # type: ignore[arg-type]


def _count(engine: LiveEngine) -> int:
    return int(engine.reader().run("SELECT count(*) FROM events").rows[0][0])


def test_what_comes_meanwhile_is_stored_before_the_file_is_there(
    case: LiveEngine, tmp_path: Path
) -> None:
    small = _log(tmp_path / "small.log", 5, user_id="ann", http_status=500)
    seen: list[int] = []

    def store() -> None:
        other = case.another()
        assert [row.status for row in _ingest(other, small)] == ["new"]
        other.close()
        seen.append(_count(case))

    def meanwhile(uri: str, done: int, size: int) -> None:
        if not seen:
            thread = threading.Thread(target=store, daemon=True)
            thread.start()
            thread.join(30)

    loading = case.another()
    (row,) = _ingest(loading, _log(tmp_path / "large.log", LINES, model="m"), progress=meanwhile)
    loading.close()
    assert seen == [5]
    assert (row.status, row.count.events) == ("new", LINES)
    assert _count(case) == LINES + 5
    assert verify(case).ok


def test_a_column_that_comes_while_the_file_moves_does_not_refuse_it(
    case: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = staging.moved
    moves: list[int] = []

    def moved(connection: object, columns: object) -> None:
        move(connection, columns)  # type: ignore[arg-type]
        if not moves:
            with (other := case.another()).transaction():
                other.add_columns(["http_status"])
        moves.append(1)

    monkeypatch.setattr(staging, "moved", moved)
    loading = case.another()
    (row,) = _ingest(loading, _log(tmp_path / "one.log", 10, model="m"))
    assert (row.status, row.note, len(moves)) == ("new", "", 2)
    assert _count(case) == 10
    assert verify(case).ok


def test_a_file_that_fails_leaves_nothing_and_the_next_is_stored(
    case: LiveEngine, tmp_path: Path
) -> None:
    def fail(uri: str, done: int, size: int) -> None:
        raise KeyboardInterrupt

    loading = case.another()
    path = _log(tmp_path / "one.log", 10)
    with pytest.raises(KeyboardInterrupt):
        _ingest(loading, path, progress=fail)
    assert _count(case) == 0
    assert [row.status for row in _ingest(loading, path)] == ["new"]
    assert _count(case) == 10

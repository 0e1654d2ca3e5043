"""Files into a case on ClickHouse: the same ledger, events and findings as in a DuckDB case."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.engines import Bench

from clew.engines import _clickhouse_intake as intake
from clew.engines import duckdb
from clew.engines.clickhouse import ClickHouseEngine
from clew.errors import ConfigError, EngineError
from clew.formats import Settings
from clew.investigation import detect
from clew.model.ledger import SourceRow
from clew.model.redaction import Policy
from clew.pipeline import ingest
from clew.relay import relay_files
from clew.sources.files import find

EXAMPLE = Path(__file__).parents[1] / "examples" / "api-failure"
LOOKED_FOR = ("client_errors", "deployment_regression", "recurring_exception")


@pytest.fixture
def remote(clickhouse: Bench) -> ClickHouseEngine:
    """An empty case on ClickHouse."""
    engine = clickhouse.engine
    assert isinstance(engine, ClickHouseEngine)
    for table in ("events", "sources", "rejects"):
        engine.command(f"TRUNCATE TABLE {table}")
    return engine


def _relayed(
    remote: ClickHouseEngine, path: Path, *, settings: Settings | None = None
) -> list[SourceRow]:
    files, problems = find([str(path)], spool=path.parent)
    assert not problems
    return relay_files(remote, "chdb://", files, settings or Settings(), None, None)


def _same(rows: list[SourceRow]) -> list[dict[str, Any]]:
    return [replace(row, note="").as_json() for row in rows]


def test_an_investigation_says_the_same_on_both_engines(
    remote: ClickHouseEngine, tmp_path: Path
) -> None:
    case, settings = str(tmp_path / "case.duckdb"), Settings(redaction=Policy(what="none"))
    there = _relayed(remote, EXAMPLE, settings=settings)
    assert _same(ingest([str(EXAMPLE)], case=case, settings=settings).sources) == _same(there)
    local = duckdb.open_case(case, write=False)
    try:
        findings = [one.as_json() for one in detect(local, LOOKED_FOR).findings]
    finally:
        local.close()
    assert len(findings) == 3
    assert [one.as_json() for one in detect(remote, LOOKED_FOR).findings] == findings


def test_a_source_adds_what_is_new(remote: ClickHouseEngine, tmp_path: Path) -> None:
    log = tmp_path / "app.jsonl"
    settings = Settings(redaction=Policy(key_file=str(tmp_path / "key")))
    log.write_text('{"message": "ask ann@example.com"}\n{"message": "tw')
    (first,) = _relayed(remote, log, settings=settings)
    assert (first.status, first.count.events, first.count.rejects) == ("new", 1, 1)
    (again,) = _relayed(remote, log, settings=settings)
    assert (again.status, again.count.events) == ("known", 0)
    with log.open("a") as file:
        file.write('o"}\n{"message": "ask ann@example.com"}\n')
    (grown,) = _relayed(remote, log, settings=settings)
    assert (grown.status, grown.count.lines, grown.count.events) == ("grown", 2, 2)
    rows = remote.run("SELECT line, message FROM events ORDER BY line").rows
    assert [line for line, _ in rows] == [1, 2, 3]
    assert rows[1][1] == "two"
    assert rows[0][1] == rows[2][1]
    assert rows[0][1].startswith("ask [email:")
    links = remote.run("SELECT position, continues FROM sources ORDER BY position").rows
    assert links == [(0, None), (1, first.source_id)]


@pytest.mark.parametrize("send_at", [1, 10, 1_000])
def test_what_a_killed_ingest_has_left_is_not_counted_twice(
    send_at: int, remote: ClickHouseEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few events are sent together: small files are one transaction, whose rows come one by one."""
    monkeypatch.setattr("clew.relay.SEND_AT", send_at)
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.jsonl").write_text(f'{{"message": "file {number}"}}\n{{not json\n')
    _relayed(remote, folder)
    remote.command("TRUNCATE TABLE sources")
    rows = _relayed(remote, folder)
    assert {(row.status, row.count.events, row.count.rejects) for row in rows} == {("new", 1, 1)}
    for table in ("events", "rejects", "sources"):
        counted = f"SELECT count(DISTINCT source_id), count(*) FROM {table}"
        assert remote.run(counted).rows == [(40, 40)]
    assert remote.run("SHOW TABLES LIKE 'events\\_%'").rows == []


def test_sources_that_another_has_added_meanwhile_are_told(
    remote: ClickHouseEngine, tmp_path: Path
) -> None:
    log = tmp_path / "app.jsonl"
    log.write_text('{"message": "one"}\n')
    local = duckdb.open_case(str(tmp_path / "relay.duckdb"), write=True)
    try:
        intake.seed(local, remote)
        _relayed(remote, log)
        with pytest.raises(EngineError, match="Another ingest"):
            intake.send(local, remote, tmp_path)
    finally:
        local.close()


def test_a_server_has_no_place_for_the_key(remote: ClickHouseEngine) -> None:
    with pytest.raises(ConfigError, match=r"redact\.key_file"):
        relay_files(remote, "clickhouse://u@db:8123/clew", [], Settings(), None, None)


def test_the_command_keeps_the_key_beside_the_folder(tmp_path: Path) -> None:
    log, case = tmp_path / "app.log", f"chdb://{tmp_path / 'case'}"
    log.write_text("2026-11-20T09:00:01Z mail from ann@example.com\n")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CLEW_")}
    done = {
        words[0]: subprocess.run(
            [sys.executable, "-m", "clew", *words, "--case", case],
            capture_output=True,
            check=False,
            text=True,
            cwd=tmp_path,
            env=environment,
        )
        for words in (["ingest", str(log)], ["sql", "SELECT line FROM events"], ["verify"])
    }
    assert [one.returncode for one in done.values()] == [0, 0, 2]
    assert "1" in done["sql"].stdout
    assert "only a DuckDB case can be verified" in done["verify"].stderr
    assert (tmp_path / "case.key").stat().st_mode & 0o077 == 0

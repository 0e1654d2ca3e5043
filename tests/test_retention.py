"""What is old, and what is of one person, goes for good: from tables, file and copies, with a trace."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.serving import eventually, log_records, numbered, serving

from clew import pipeline
from clew.cli import main
from clew.errors import EvidenceError
from clew.model.redaction import Policy
from clew.retention import forget, retain

AT = datetime(2026, 6, 1)
WORDS = "peculiar_pineapple"


def _line(n: int, user: str, **more: object) -> str:
    at = f"{'2025' if n < 50 else '2026'}-11-20T09:{n // 60:02}:{n % 60:02}Z"
    record = {"time": at, "msg": f"m{n}", "user_id": user, "prompt": f"{WORDS} {n}", "model": "m"}
    return json.dumps({**record, **more}) + "\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "app.log"
    users = ("ann@example.com", "bob@example.com", "u-3-someone")
    path.write_text(
        "".join(
            _line(n, users[n % 3], extra={"gen_ai.prompt.0.content": f"{WORDS} x{n}"})
            for n in range(90)
        )
    )
    return path


@pytest.fixture
def case(tmp_path: Path, log: Path) -> Path:
    path = tmp_path / "case.duckdb"
    pipeline.ingest([str(log)], case=str(path))
    return path


def _query(case: Path, sql: str) -> list[tuple[Any, ...]]:
    engine = pipeline.open_case(str(case), write=False)
    try:
        return engine.run(sql).rows
    finally:
        engine.close()


def _retain(case: Path, *, prompts_only: bool = False) -> list[Any]:
    return retain(str(case), AT, prompts_only=prompts_only, command="retain --older-than 90d")


def test_a_person_is_forgotten_by_the_value_that_was_redacted(case: Path, log: Path) -> None:
    (removal,) = forget(str(case), [("user_id", "ann@example.com")], Policy())
    assert (removal.removed, removal.emptied) == (30, 0)
    assert _query(case, "SELECT count(*), count(DISTINCT user_id) FROM events") == [(60, 2)]
    verification = pipeline.verify(str(case))
    assert verification.ok
    assert (
        "60 events" in verification.sentences[0]
        and "30 events were removed" in verification.sentences[1]
    )
    assert "forget user_id=[email:" in verification.sentences[1]
    assert not any("ann@" in sentence for sentence in verification.sentences)


def test_the_same_file_does_not_bring_a_person_back(case: Path, log: Path) -> None:
    forget(str(case), [("user_id", "u-3-someone")], Policy())
    (row,) = pipeline.ingest([str(log)], case=str(case)).sources
    assert row.status == "known"
    with log.open("a") as more:
        more.write(_line(90, "dan@example.com"))
    (row,) = pipeline.ingest([str(log)], case=str(case)).sources
    assert row.status == "grown" and row.count.events == 1
    assert _query(case, "SELECT count(*) FROM events") == [(61,)]
    assert pipeline.verify(str(case)).ok


def test_what_is_gone_is_gone_from_the_file(case: Path) -> None:
    assert WORDS.encode() in case.read_bytes() and b"u-3-someone" in case.read_bytes()
    forget(
        str(case),
        [("user", "u-3-someone"), ("user", "ann@example.com"), ("user", "bob@example.com")],
        Policy(),
    )
    assert _query(case, "SELECT count(*) FROM events") == [(0,)]
    for path in case.parent.glob("case.duckdb*"):
        assert WORDS.encode() not in path.read_bytes() and b"u-3-someone" not in path.read_bytes()
    assert pipeline.verify(str(case)).ok


def test_old_events_go_and_newer_ones_stay(case: Path) -> None:
    (removal,) = _retain(case)
    assert removal.removed == 50
    assert _query(
        case, "SELECT count(*), min(timestamp) >= TIMESTAMP '2026-01-01' FROM events"
    ) == [(40, True)]
    assert pipeline.verify(str(case)).ok
    assert _retain(case) == []


def test_old_prompts_go_and_their_events_stay(case: Path) -> None:
    (removal,) = _retain(case, prompts_only=True)
    assert (removal.removed, removal.emptied) == (0, 50)
    counts = "count(*), count(prompt), count(user_id), count(*) FILTER (WHERE attributes::VARCHAR LIKE '%pineapple%')"
    assert _query(case, f"SELECT {counts} FROM events") == [(90, 40, 90, 40)]
    verification = pipeline.verify(str(case))
    assert (
        verification.ok
        and "50 events were emptied of what people wrote" in verification.sentences[1]
    )
    assert _retain(case, prompts_only=True) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("DELETE FROM event_rows WHERE line = 80", "line 8"),
        ("UPDATE event_rows SET message = 'x' WHERE line = 77", "line 77 "),
        ("INSERT INTO event_rows SELECT * FROM event_rows WHERE line = 77", "added"),
        ("DELETE FROM removals", "digests of its blocks were altered"),
        ("UPDATE removals SET removed = 1", "trace of a removal was altered"),
        ("UPDATE removals SET command = 'x'", "trace of a removal was altered"),
        ("DELETE FROM sources", "removal was altered"),
    ],
)
def test_tampering_beside_a_removal_is_named(case: Path, change: str, expected: str) -> None:
    _retain(case)
    with duckdb.connect(str(case)) as connection:
        connection.execute(change)
    verification = pipeline.verify(str(case))
    assert not verification.ok
    assert any(expected in sentence for sentence in verification.sentences), verification.sentences


def test_a_removal_does_not_cover_what_was_altered_before(case: Path) -> None:
    with duckdb.connect(str(case)) as connection:
        connection.execute("UPDATE event_rows SET message = 'x' WHERE line = 77")
    with pytest.raises(EvidenceError, match=r"line 77 .* Nothing was removed"):
        _retain(case)
    assert _query(case, "SELECT count(*) FROM events") == [(90,)]


def test_copies_of_a_person_go_as_well(tmp_path: Path) -> None:
    case, log = tmp_path / "c.duckdb", tmp_path / "a.log"
    log.write_text(_line(1, "u-3-someone") * 2 + '{"broken": "u-3-someone\n')
    pipeline.ingest([str(log)], case=str(case))
    with duckdb.connect(str(case)) as connection:
        connection.execute(
            "INSERT INTO findings VALUES ('1', 'k', now()::TIMESTAMP, '{\"user_id\": \"u-3-someone\"}')"
        )
    assert _query(case, "SELECT count(text) FROM rejects") == [(1,)]
    forget(str(case), [("user_id", "u-3-someone")], Policy())
    assert _query(case, "SELECT count(text) FROM rejects") == [(0,)]
    assert _query(case, "SELECT count(*) FROM findings") == [(0,)]


def test_attributes_name_a_person_too(tmp_path: Path) -> None:
    case, log = tmp_path / "c.duckdb", tmp_path / "a.log"
    log.write_text(_line(1, "a", customer="c-1") + _line(2, "b", customer="c-2"))
    pipeline.ingest([str(log)], case=str(case))
    (removal,) = forget(str(case), [("customer", "c-1")], Policy())
    assert removal.removed == 1 and _query(case, "SELECT user_id FROM events") == [("b",)]


def test_the_commands(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "user_id=ann@example.com", "--case", str(case), "--output", "json"]) == 0
    (removal,) = json.loads(capsys.readouterr().out)
    assert removal["removed"] == 30 and removal["command"].startswith("forget user_id=[email:")
    assert main(["forget", "user_id=ann@example.com", "--case", str(case)]) == 0
    assert "Nothing was removed" in capsys.readouterr().out
    assert (
        main(
            [
                "retain",
                "--older-than",
                "2026-06-01T00:00:00Z",
                "--prompts-only",
                "--case",
                str(case),
            ]
        )
        == 0
    )
    assert "emptied of what people wrote" in capsys.readouterr().out
    assert main(["retain", "--older-than", "soon", "--case", str(case)]) == 2
    assert main(["forget", "ann@example.com", "--case", str(case)]) == 2
    assert main(["forget", "user_iid=ann@example.com", "--case", str(case)]) == 2
    assert "no column called 'user_iid'. Did you mean 'user_id'?" in capsys.readouterr().err
    assert main(["verify", "--case", str(case)]) == 0


def _spans(user: str, first: int) -> bytes:
    return numbered(first, 5, attributes={"user.id": user, "gen_ai.prompt": WORDS})


def test_a_person_is_forgotten_in_a_running_server(tmp_path: Path) -> None:
    case = tmp_path / "live.duckdb"
    with serving(case) as server:
        for first, user in ((0, "ann@example.com"), (10, "bob@example.com")):
            assert server.send(_spans(user, first)).status == 200
        assert server.send(log_records("mail to ann@example.com"), "logs").status == 200
        assert eventually(lambda: server.count("events") == 11)
        told = server.rows("SELECT DISTINCT user_id, message FROM events")
        assert not any("example.com" in str(row) for row in told) and len(told) == 3
        assert server.rows("SELECT count(*) AS n FROM span_tree") == [{"n": 10}]
        (removal,) = forget(str(case), [("user_id", "ann@example.com")], Policy())
        assert removal.removed == 5
        assert server.count() == 5
        assert server.rows("SELECT count(*) AS n FROM span_tree") == [{"n": 5}]
        verification = pipeline.verify(str(case))
        assert verification.ok and "5 events were removed" in verification.sentences[1]
        assert not list(case.with_name("live.duckdb.spool").glob("*.traces.*"))
        assert server.send(numbered(20, 1)).status == 200
        assert eventually(lambda: server.count() == 6)
        retain(str(case), datetime(2027, 1, 1), prompts_only=True, command="retain")
        assert server.rows("SELECT count(prompt) AS n FROM events") == [{"n": 0}]
        assert server.stop() == 0
    verification = pipeline.verify(str(case))
    assert verification.ok, verification.sentences
    counted = _query(case, "SELECT sum((redacted::JSON->>'email')::INTEGER) FROM sources")
    assert counted == [(11,)]
    assert b"ann@example.com" not in case.read_bytes()


def test_requests_over_grpc_are_redacted(tmp_path: Path) -> None:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    with serving(tmp_path / "live.duckdb") as server:
        provider = TracerProvider()
        target = f"http://127.0.0.1:{server.grpc_port}"
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(target, insecure=True)))
        with provider.get_tracer("t").start_as_current_span(
            "call", attributes={"who": "ann@example.com"}
        ) as span:
            span.record_exception(ValueError("key sk-proj-EXAMPLE0123456789 of ann@example.com"))
        provider.shutdown()
        assert eventually(lambda: server.count() == 1)
        said = str(server.rows("SELECT * REPLACE (attributes::JSON AS attributes) FROM events"))
        assert "ann@" not in said and "sk-proj" not in said and "[secret:openai_key]" in said

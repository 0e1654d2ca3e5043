"""Small files that are read together are stored, redacted and counted as if each were read alone."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from clew import bundles, pipeline
from clew.engines._duckdb_known import Known
from clew.formats import Settings, surest
from clew.model.ledger import SourceRow
from clew.model.redaction import Policy
from clew.sources.files import Identity, SourceFile, find

SETTINGS = Settings(redaction=Policy(key="a key of tests, visibly false"))
START_NS = 1_763_629_200_000_000_000
CUT = '{"resourceSpans": ['
TRACE = """Traceback (most recent call last):
  File "/app/rag/chain.py", line 7, in run
    search(question)
KeyError: 'choices'"""


def _request(service: str, first: int, spans: int, **attributes: object) -> str:
    """A line of OTLP's JSON; every third span holds an address, and the last a rare attribute."""
    made = []
    for number in range(first, first + spans):
        said: dict[str, object] = {"http.route": f"/v1/{number % 4}", **attributes}
        if number % 3 == 0:
            said["note"] = f"mail ann{number}@example.com"
        if number == first + spans - 1:
            said["gen_ai.request.model"] = "gpt-4o"
        made.append(
            {
                "traceId": f"{number + 1:032x}",
                "spanId": f"{number + 1:016x}",
                "name": f"step {number}",
                "startTimeUnixNano": str(START_NS + number * 1_000_000),
                "endTimeUnixNano": str(START_NS + number * 1_000_000 + 5_000_000),
                "attributes": [{"key": k, "value": _value(v)} for k, v in said.items()],
            }
        )
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": made}]}]})


def _value(value: object) -> dict[str, object]:
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


LOGS = json.dumps(
    {
        "resourceLogs": [
            {"scopeLogs": [{"logRecords": [{"timeUnixNano": str(START_NS), "severityText": "WARN",
                                            "body": {"stringValue": "call 415-555-0132"}}]}]}
        ]
    }
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Telemetry of several shapes; a copy, a longer copy, a cut line, no telemetry and nothing among it."""
    made = tmp_path / "export"
    made.mkdir()
    texts = {
        "01.jsonl": _request("shop", 0, 5) + "\n",
        "02.jsonl": _request("bank", 100, 7, retries=3) + "\n" + LOGS + "\n",
        "03-copy.jsonl": _request("shop", 0, 5) + "\n",
        "04.jsonl": _request("shop", 200, 4, retries="three") + "\n" + CUT + "\n",
        "05-longer.jsonl": _request("shop", 0, 5) + "\n" + _request("shop", 300, 2) + "\n",
        "06-plain.jsonl": '{"time": "2026-11-20T09:00:00Z", "msg": "mail bob@example.com"}\n',
        "07-empty.jsonl": "",
        "08.jsonl": _request("shop", 400, 6) + "\n",
    }
    for name, text in texts.items():
        (made / name).write_text(text)
    return made


def _ingest(case: Path, *paths: Path) -> list[SourceRow]:
    return pipeline.ingest([str(p) for p in paths], case=str(case), settings=SETTINGS).sources


def _told(rows: Iterable[SourceRow]) -> list[dict[str, Any]]:
    return [row.as_json() for row in rows]


def _all(case: Path, sql: str) -> list[tuple[Any, ...]]:
    engine = pipeline.open_case(str(case), write=False)
    try:
        return engine.run(sql).rows
    finally:
        engine.close()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Logs of several formats, as services and their proxies leave them in one folder; some are broken."""
    made = tmp_path / "logs"
    made.mkdir()
    for number in range(3):
        clock = f"2026-11-20 09:0{number}"
        app = "".join(
            f"{clock}:{second:02},123 INFO [worker-{number}] rag.chain: request r-{second} status=200 "
            f"user=ann{second}@example.com\n"
            for second in range(5 + number)
        )
        (made / f"app-{number}.log").write_text(
            f"{app}{clock}:30,000 ERROR [worker-1] rag.chain: failed\n{TRACE}\n{clock}:40,000 INFO "
            "[worker-1] rag.chain: two\nlines\n"
        )
        access = [
            f'192.0.2.{n} - - [20/Nov/2026:09:0{number}:{n:02} +0000] "GET /v1/{n} HTTP/1.1" 200 {n} '
            '"-" "curl/8.5.0"\n'
            for n in range(6)
        ]
        access.insert(
            2, "not a line of an access log\n" if number else '{"msg": "of another writer"}\n'
        )
        (made / f"nginx-{number}.log").write_text("".join(access))
        said = [
            {"time": f"2026-11-20T09:0{number}:{n:02}Z", "level": "info", "msg": f"step {n}",
             "latency_ms": n, **({"rare": n} if number and n == 3 else {})}
            for n in range(6)
        ]  # fmt: skip
        lines = "\n".join(json.dumps(one) for one in said)
        (made / f"said-{number}.jsonl").write_text(
            lines + ("\n{ broken\n" if number == 1 else "\n\n")
        )
        (made / f"table-{number}.csv").write_text(
            f"timestamp,model,status,total_tokens\n2026-11-20T09:0{number}:00Z,gpt-4o,200,{number}\n"
        )
        (made / f"words-{number}.txt").write_text(f"nothing {number} known\n\nto any format\n")
        (made / f"guessed-{number}.jsonl").write_text(
            "".join(
                json.dumps(
                    {"time": f"{clock}:{n:02}", "event": "done", "elapsed": 1_000**number * n / 7}
                )
                + "\n"
                for n in range(9)
            )
        )
    packed = (made / "app-1.log").read_bytes()
    (made / "app-1.log.gz").write_bytes(gzip.compress(packed))
    (made / "app-3.log.gz").write_bytes(gzip.compress(packed.replace(b"rag.", b"gar.")))
    (made / "app-4.log").write_bytes(
        packed + b"2026-11-20 09:09:00,123 INFO [worker-1] rag.chain: more\n"
    )
    (made / "app-5.log").write_bytes(packed.replace(b"rag.", b"r\xffg.").replace(b"\n", b"\r\n"))
    (made / "cut.log.gz").write_bytes(gzip.compress(packed * 50)[:-20])
    (made / "nothing.log").write_bytes(b"")
    (made / "picture.log").write_bytes(bytes(range(256)) * 20)
    return made


@pytest.mark.parametrize("of", ["folder", "logs"])
def test_together_is_as_alone(of: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    given: Path = request.getfixturevalue(of)
    together, alone = tmp_path / "together.duckdb", tmp_path / "alone.duckdb"
    rows = _ingest(together, given)
    others = [row for path in sorted(given.iterdir()) for row in _ingest(alone, path)]
    assert _told(rows) == _told(others)
    for asked in (
        "SELECT * EXCLUDE (attributes), attributes::JSON::VARCHAR FROM events ORDER BY ALL",
        "SELECT * EXCLUDE (ingested_at, position, chain) FROM sources ORDER BY uri",
        "FROM rejects ORDER BY ALL",
        "SELECT source_id, block, source_format, digest FROM blocks ORDER BY ALL",
        "FROM fields ORDER BY ALL",
    ):
        assert _all(together, asked) == _all(alone, asked)
    assert pipeline.verify(str(together)).ok
    again = _ingest(together, given)
    assert {row.status for row in again} <= {"known", "failed"}
    assert _all(together, "SELECT count(*) FROM events") == _all(
        alone, "SELECT count(*) FROM events"
    )


def test_logs_of_one_parser_are_read_together(logs: Path) -> None:
    files, _ = find([str(logs)], spool=logs)
    found = [one for one in bundles.bundles(files, [], SETTINGS, surest) if isinstance(one, list)]
    together = [{small.source.path.name.split("-")[0] for small in one} for one in found if one[1:]]
    assert {"app"} in together and {"nginx"} in together and {"said"} in together


def test_files_of_other_keys_are_not_read_together(tmp_path: Path) -> None:
    for name in "abc":
        keys = {f"{name}{n}": n for n in range(20)}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"msg": "x", **keys}) + "\n")
    files, _ = find([str(tmp_path)], spool=tmp_path)
    assert len(list(bundles.bundles(files, [], SETTINGS, surest))) == 3


def test_a_file_is_hashed_once(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    own = SourceFile.identify

    def identify(source: SourceFile, lengths: Iterable[int] = ()) -> Identity:
        hashed.append(source.uri)
        return own(source, lengths)

    monkeypatch.setattr(SourceFile, "identify", identify)
    _ingest(tmp_path / "case.duckdb", logs)
    assert len(hashed) == len(set(hashed)) == len(list(logs.iterdir()))


def test_what_was_taken_out_is_counted_by_source(folder: Path, tmp_path: Path) -> None:
    rows = {Path(r.source).name: r for r in _ingest(tmp_path / "case.duckdb", folder)}
    assert rows["01.jsonl"].redacted == {"email": 2}
    assert rows["02.jsonl"].redacted == {"email": 2, "phone": 1}
    assert rows["04.jsonl"].redacted == {"email": 1}
    assert rows["04.jsonl"].count.rejects == 1


def test_what_may_be_a_copy_is_read_behind_what_it_may_be_one_of(folder: Path) -> None:
    files, _ = find([str(folder)], spool=folder)
    found = list(bundles.bundles(files, [], SETTINGS, _otlp_or_jsonl))
    assert [len(one) if isinstance(one, list) else one.source.path.name for one in found] == [
        2, "03-copy.jsonl", 1, "05-longer.jsonl", "07-empty.jsonl", 1, 1,
    ]  # fmt: skip


def test_a_file_that_the_case_holds_is_read_alone(folder: Path) -> None:
    files, _ = find([str(folder / "01.jsonl"), str(folder / "08.jsonl")], spool=folder)
    held = files[0].identify().content_sha256
    known = Known(held[:16], held, held, files[0].path.stat().st_size, 5, "otlp_json", "a", "")
    found = list(bundles.bundles(files, [known], SETTINGS, _otlp_or_jsonl))
    assert [isinstance(one, list) for one in found] == [False, True]


def test_a_bundle_that_fails_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = tmp_path / "case.duckdb"
    _ingest(case, folder / "06-plain.jsonl")

    def fails(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("clew.engines._duckdb_bundle.attribute_keys", fails)
    with pytest.raises(OSError, match="full"):
        _ingest(case, folder / "01.jsonl", folder / "08.jsonl")
    assert _all(case, "SELECT count(*), count(DISTINCT source_id) FROM events") == [(1, 1)]
    assert pipeline.verify(str(case)).ok


def _otlp_or_jsonl(head: bytes) -> str:
    return "otlp_json" if head.startswith(b'{"resource') else "jsonl"


def test_a_long_word_is_looked_through_once() -> None:
    begin = time.process_time()
    assert bundles._keys(b'{"a": 1, "b" :2} ccc=3 ' + b"x" * 262_144 + b" d=4") == {
        b"a",
        b"b",
        b"ccc",
        b"d",
    }
    assert time.process_time() - begin < 5

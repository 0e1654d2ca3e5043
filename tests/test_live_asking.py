"""Who may send and ask, what the API answers, and that it reaches neither files nor the network."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.serving import START_NS, Server, eventually, export, log_records, numbered, serving

from clew.cli import main
from clew.errors import ConfigError
from clew.live.tokens import Access, is_loopback
from clew.sources._otlp_request import Caller, Refused

TRACE = bytes(range(16))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A shop of two services: a slow request with an error, and its log."""
    with serving(tmp_path_factory.mktemp("asking") / "live.duckdb") as running:
        running.send(
            export(
                {"trace_id": TRACE, "span_id": b"rootroot", "end": START_NS + 3_000_000_000},
                {
                    "trace_id": TRACE,
                    "span_id": b"childchi",
                    "parent_span_id": b"rootroot",
                    "name": "SELECT cart",
                    "kind": 3,
                    "start": START_NS + 1_000_000,
                    "attributes": {"gen_ai.request.model": "gpt-4o", "user.id": "u-1"},
                },
            )
        )
        running.send(numbered(1000, 30, start=START_NS + 10_000_000_000))
        running.send(log_records("cart is empty"), "logs")
        assert eventually(lambda: running.count() == 32)
        yield running


def test_the_first_token_ends_anonymous_access_and_scopes_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "live.duckdb"
    with serving(case) as server:
        assert server.send(numbered(1, 1)).status == 200

        def token(*arguments: str) -> str:
            capsys.readouterr()
            assert main(["token", *arguments, "--case", str(case)]) == 0
            return capsys.readouterr().out.strip()

        ingest, read = (
            token("create", "--scope", "ingest", "--name", "shop"),
            token("create", "--scope", "read"),
        )
        admin = token("create", "--scope", "admin")
        refused = server.send(numbered(1, 1))
        assert (refused.status, refused.body[:2]) == (401, b"\x08\x10")  # UNAUTHENTICATED
        assert refused.headers["www-authenticate"] == "Bearer"
        assert (
            server.send(bytes(5 << 20)).status == 401
        )  # heard, although much was still on its way
        assert server.send(numbered(1, 1), token=ingest).status == 200
        assert server.send(numbered(1, 1), token=admin).status == 200
        assert server.send(numbered(1, 1), token=read).status == 403
        assert server.send(numbered(1, 1), token=ingest + "x").status == 401
        assert server.ask("/api/traces", token=read).status == 200
        assert server.ask("/api/traces", token=ingest).status == 403
        assert [
            server.ask(path).status for path in ("/api/traces", "/metrics", "/", "/healthz")
        ] == [
            401,
            401,
            401,
            200,
        ]
        listed = json.loads(token("list", "--output", "json"))
        assert [(row["scope"], row["name"]) for row in listed] == [
            ("ingest", "shop"),
            ("read", ""),
            ("admin", ""),
        ]
        token("revoke", listed[0]["token_id"])
        assert server.send(numbered(1, 1), token=ingest).status == 401
        assert server.stop() == 0
    for part in case.parent.rglob("*"):
        if part.is_file():
            stored = part.read_bytes()
            assert not any(text.encode() in stored for text in (ingest, read, admin))


def test_tokens_are_made_without_a_server_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["token", "create", "--scope", "read", "--name", "page", "--case", "a.duckdb"]) == 0
    text = capsys.readouterr().out.strip()
    assert main(["token", "create", "--scope", "writes", "--case", "a.duckdb"]) == 2
    assert "'writes' is not one of --scope ingest, read, admin" in capsys.readouterr().err
    assert main(["token", "revoke", "nobody", "--case", "a.duckdb"]) == 2
    capsys.readouterr()
    with serving(tmp_path / "a.duckdb") as server:
        assert server.ask("/api/traces").status == 401
        assert server.ask("/api/traces", token=text).status == 200


@pytest.mark.parametrize(
    "caller",
    [
        Caller("192.0.2.7", "", "localhost"),
        Caller("127.0.0.1", "", "clew.example.com:4318"),
        Caller("127.0.0.1", "", "localhost", origin="https://evil.example.com"),
        Caller("127.0.0.1", "", "localhost", is_forwarded=True),
        Caller("", "", "localhost"),
        Caller("127.0.0.1", "Bearer wrong", "localhost"),
    ],
)
def test_only_this_machine_needs_no_token(caller: Caller) -> None:
    with pytest.raises(Refused):
        Access("secret").admit(caller, "ingest")


def test_this_machine_may_send_and_ask_but_not_administer() -> None:
    here = Caller("::1", "", "localhost:4318", origin="http://localhost:4318")
    assert Access("secret").admit(here, "read").who == "anonymous ::1"
    with pytest.raises(Refused):
        Access("secret").admit(here, "admin")
    assert Access("secret").admit(Caller("192.0.2.7", "Bearer secret"), "admin").who == "local"
    assert is_loopback("::ffff:127.0.0.1")


def test_sql_answers_rows(server: Server) -> None:
    asked = {"sql": "SELECT span_name, duration_ms FROM spans ORDER BY timestamp", "limit": 2}
    assert server.ask("/api/sql", asked).json == [
        {"span_name": "GET /cart", "duration_ms": 3000.0},
        {"span_name": "SELECT cart", "duration_ms": 1.0},
    ]
    assert server.ask("/api/sql", {"sql": "SELECT 1 AS one WHERE false"}).json == []


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE tokens",
        "INSERT INTO tokens VALUES ('a', 'b', 'admin', 'd', now(), NULL)",
        "UPDATE event_rows SET line = 0",
        "EXPLAIN ANALYZE DELETE FROM sources",
        "COPY (SELECT 1) TO 'out.csv'",
        "ATTACH 'other.duckdb'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CHECKPOINT",
        "CREATE TEMP TABLE t AS SELECT 1",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_json('http://127.0.0.1:9/x')",
        "SELECT 1; DROP TABLE sources",
        "SELECT nonsense",
        "",
    ],
)
def test_sql_only_reads_and_reaches_no_file(server: Server, sql: str) -> None:
    reply = server.ask("/api/sql", {"sql": sql})
    assert reply.status in (400, 500)
    assert reply.json["error"] in ("ConfigError", "EngineError")
    assert "root:" not in reply.body.decode()
    assert server.count() == 32


def test_tables_that_follow_from_the_events_can_be_named(server: Server) -> None:
    asked = (
        f"SELECT span_name, depth FROM span_tree WHERE trace_id = '{TRACE.hex()}' ORDER BY depth"
    )
    assert server.rows(asked) == [
        {"span_name": "GET /cart", "depth": 0},
        {"span_name": "SELECT cart", "depth": 1},
    ]


def test_search_answers_events_and_statistics(server: Server) -> None:
    found = server.ask("/api/search?query=span_name:%22SELECT+cart%22").json
    assert [(row["span_kind"], row["model"]) for row in found] == [("client", "gpt-4o")]
    counted = server.ask(
        "/api/search", {"query": "* | stats count() by span_name | sort -count"}
    ).json
    assert counted[0] == {"span_name": "GET /cart", "count": 31}
    broken = server.ask("/api/search?query=a:(b")
    assert (broken.status, broken.json["error"]) == (400, "QueryError")


def test_show_traces_findings_and_the_ledger(server: Server) -> None:
    rows = server.ask("/api/show/latency_percentiles?by=span_name").json
    assert {row["span_name"] for row in rows} >= {"GET /cart"}
    assert server.ask("/api/show/latency_percentile").status == 404
    newest = server.ask("/api/traces?limit=40").json
    assert len(newest) == 31
    assert newest[-1] == {
        "trace_id": TRACE.hex(),
        "started": "2026-09-21T14:13:20Z",
        "duration_ms": 3000.0,
        "service": "shop",
        "span_name": "GET /cart",
        "spans": 2,
        "services": 1,
        "errors": 0,
    }
    trace = server.ask(f"/api/traces/{TRACE.hex()}").json
    assert [span["span_name"] for span in trace["spans"]] == ["GET /cart", "SELECT cart"]
    assert server.ask("/api/traces/ff").status == 404
    assert server.ask("/api/traces/x%27%20OR%20true--").status == 404
    found = server.ask("/api/findings").json
    assert set(found) == {"findings", "not_evaluable", "annotations"}
    assert server.ask("/api/detect", {"detections": ["error_burst"]}).status == 200
    sources = server.ask("/api/sources").json
    assert {row["is_closed"] for row in sources} == {False}
    assert sum(row["events"] for row in sources) == 33


def test_what_people_wrote_is_read_under_audit(server: Server) -> None:
    server.ask("/api/search?query=cart")
    server.ask(f"/api/traces/{TRACE.hex()}")
    audited = server.rows("SELECT who, action, what, rows FROM audit ORDER BY read_at")
    assert {"who": "anonymous 127.0.0.1", "action": "search", "what": "cart", "rows": 32} in [
        {**row, "rows": 32 if row["what"] == "cart" else row["rows"]} for row in audited
    ]
    assert ("trace", TRACE.hex(), 2) in [(r["action"], r["what"], r["rows"]) for r in audited]
    assert audited[-1]["action"] == "sql" and audited[-1]["rows"] is None  # this very question


def test_metrics_and_the_page_and_the_description(server: Server) -> None:
    told = server.ask("/metrics").body.decode()
    assert 'clew_otlp_requests_total{code="200",signal="traces",transport="http"}' in told
    assert "clew_rows_loaded 33.0" in told and "clew_up 1.0" in told
    page = server.ask("/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert b"<script" not in page.body and page.headers["x-content-type-options"] == "nosniff"
    paths = server.ask("/api/openapi.json").json["paths"]
    assert {"/api/sql", "/api/search", "/api/show/{analysis}", "/api/traces/{trace_id}"} <= set(
        paths
    )
    assert not any("local" in path for path in paths)


def test_commands_of_this_machine_need_the_secret(server: Server) -> None:
    assert server.ask("/api/local/ping").status == 401
    assert server.ask("/api/local/sql", {"sql": "SELECT 1"}).status == 401
    note = server.case.with_name("live.duckdb.server")
    assert note.stat().st_mode & 0o777 == 0o600


def test_a_request_that_is_wrong_is_told_in_a_sentence(server: Server) -> None:
    assert (
        server.ask("/api/sql", {"limit": 3})
        .json["sentence"]
        .startswith("The request is wrong: sql")
    )
    assert server.ask("/api/nowhere").status == 404
    assert server.ask("/api/sql", b"x" * (2 << 20), content_type="application/json").status == 413


def test_a_port_in_use_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        case = str(tmp_path / "a.duckdb")
        assert main(["serve", "--case", case, "--port", port, "--grpc-port", "0"]) == 2
        assert f"Port {port} of 127.0.0.1 cannot be opened" in capsys.readouterr().err
        assert main(["serve", "--case", case, "--port", "0", "--grpc-port", port]) == 2
        assert f"Port {port} of 127.0.0.1 cannot be opened" in capsys.readouterr().err


def test_a_case_that_is_held_or_cannot_be_written_is_a_sentence(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(case: str) -> str:
        assert main(["serve", "--case", case, "--port", "0", "--grpc-port", "0"]) == 4
        (line,) = capsys.readouterr().err.splitlines()
        return line

    assert "is open in another process" in said(str(server.case))
    (tmp_path / "file").write_text("")
    assert "cannot be opened" in said(str(tmp_path / "file" / "a.duckdb"))
    assert server.ask("/healthz").status == 200
    assert server.case.with_name("live.duckdb.server").exists()
    assert main(["serve", "--case", "clickhouse://db.example.com"]) == 2


def test_an_address_of_another_machine_is_a_sentence() -> None:
    from clew.web.server import listen

    with pytest.raises(ConfigError, match=r"192\.0\.2\.7"):
        listen("192.0.2.7", 0)
    with pytest.raises(ConfigError, match="nowhere"):
        listen("nowhere.example.invalid", 0)


def test_detections_over_the_api_have_the_options_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "clew.toml"
    settings.write_text('[[budgets]]\nby = "service"\nlimit_usd = 100\nwindow = "1d"\n')
    monkeypatch.chdir(tmp_path)
    with serving(tmp_path / "live.duckdb") as server:
        found = server.ask("/api/detect", {"detections": ["budget_exceeded"]}).json
    assert "budgets" not in str(found["not_evaluable"])

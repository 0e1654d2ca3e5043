"""clew export: what leaves, to whom, and what becomes of it when a receiver is of another opinion."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.receivers import TOKEN, Elastic, Received, Splunk, http_receiver
from tests.serving import started

from clew.cli import main

EVENTS = 2_500
FAILING = range(1_000, 1_400)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Requests of a gateway; for some minutes all failed, and a person wrote each message."""
    folder = tmp_path_factory.mktemp("export")
    rows = [
        {
            "timestamp": f"2026-01-02T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z",
            "level": "ERROR" if number in FAILING else "INFO",
            "service": "gateway",
            "method": "POST",
            "path": "/v1/chat",
            "status": 500 if number in FAILING else 200,
            "client_ip": f"192.0.2.{number % 200}",
            "message": f"request {number} <!channel> | a=b \x1b[2J",
            "customer": {"tier": "gold"},
        }
        for number in range(EVENTS)
    ]
    (folder / "app.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = folder / "case.duckdb"
    assert main(["ingest", str(folder / "app.jsonl"), "--case", str(path), "--output", "json"]) == 0
    return path


@pytest.fixture(autouse=True)
def settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token, and little patience."""
    monkeypatch.setenv("CLEW_EXPORT_TOKEN", TOKEN)
    monkeypatch.setenv("CLEW_EXPORT_PATIENCE_S", "1")
    monkeypatch.setattr("clew.delivery.sending.FIRST_WAIT_S", 0.05)


def export(
    capsys: pytest.CaptureFixture[str], case: Path, *words: str
) -> tuple[int, dict[str, Any]]:
    """Exit code and what was told."""
    capsys.readouterr()
    code = main(["export", *words, "--case", str(case), "--output", "json"])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else {"sentence": said.err}


def spools(case: Path) -> list[Path]:
    """What stands beside the case of exports."""
    return sorted(Path(f"{case}.export").glob("*"))


def test_every_event_arrives_once(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elastic = Elastic()
    with http_receiver(elastic) as receiver:
        code, told = export(capsys, case, "elasticsearch", "--to", receiver.url, "--what", "events")
    assert (code, told["sent"], told["refused"], told["waiting"]) == (0, EVENTS, 0, 0)
    assert len(elastic.documents) == EVENTS and elastic.repeats == 0
    assert all("content-encoding" in request.headers for request in receiver.requests)
    one = next(iter(elastic.documents.values()))
    assert one["event"]["kind"] == "event" and one["service"]["name"] == "gateway"
    assert one["labels"] == {"customer_tier": "gold"}
    assert spools(case) == []


def test_sent_again_an_event_adds_nothing(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elastic = Elastic()
    with http_receiver(elastic) as receiver:
        words = ("elasticsearch", "--to", receiver.url, "--what", "events")
        export(capsys, case, *words)
        code, told = export(capsys, case, *words)
    assert (code, told["sent"], told["refused"]) == (0, EVENTS, 0)
    assert len(elastic.documents) == EVENTS and elastic.repeats == EVENTS


def test_an_error_of_one_item_is_read_under_status_200(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bad ones are set aside with their reason, the rest goes on, and the exit code tells."""
    elastic = Elastic(lambda doc: "no such type" if doc["message"].startswith("request 7 ") else "")
    with http_receiver(elastic) as receiver:
        code, told = export(capsys, case, "elasticsearch", "--to", receiver.url, "--what", "events")
    assert (code, told["sent"], told["refused"], told["waiting"]) == (1, EVENTS - 1, 1, 0)
    assert told["reasons"] == ["400 document_parsing_exception: no such type"]
    (line,) = Path(told["refused_file"]).read_text().splitlines()
    assert json.loads(line)["reason"].endswith("no such type")
    Path(told["refused_file"]).unlink()


def test_a_bad_event_that_the_receiver_names_is_refused_alone(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splunk = Splunk(lambda event: "request 11 " in event["event"]["message"])
    with http_receiver(splunk) as receiver:
        code, told = export(capsys, case, "splunk_hec", "--to", receiver.url, "--what", "events")
    assert (code, told["sent"], told["refused"]) == (1, EVENTS - 1, 1)
    assert len({event["fields"]["clew_id"] for event in splunk.events}) == EVENTS - 1
    Path(told["refused_file"]).unlink()


def test_a_request_that_is_too_large_is_halved(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splunk = Splunk(most=40_000)
    with http_receiver(splunk) as receiver:
        code, told = export(capsys, case, "splunk_hec", "--to", receiver.url, "--what", "events")
    assert (code, told["sent"]) == (0, EVENTS)
    assert len({event["fields"]["clew_id"] for event in splunk.events}) == EVENTS


def test_what_an_indexer_acknowledges_later_waits_until_it_does(
    case: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer of 200 is not enough; asked again, a number that was acknowledged is forgotten."""
    monkeypatch.setattr("clew.delivery.http.FIRST_ASK_S", 0.01)
    asked: list[int] = []

    def second_time(ack: int) -> bool:
        asked.append(ack)
        return asked.count(ack) > 1

    splunk = Splunk(acknowledge=second_time)
    with http_receiver(splunk) as receiver:
        code, told = export(capsys, case, "splunk_hec", "--to", receiver.url, "--what", "events")
    assert (code, told["sent"], told["waiting"]) == (0, EVENTS, 0)
    assert len(splunk.events) == EVENTS and not splunk.unasked
    assert len(set(asked)) == splunk.sent and len(asked) == 2 * splunk.sent


def test_what_is_never_acknowledged_is_sent_again_by_the_next_export(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splunk = Splunk(acknowledge=lambda ack: False)
    with http_receiver(splunk) as receiver:
        words = ("splunk_hec", "--to", receiver.url, "--what", "events")
        code, told = export(capsys, case, *words)
        assert (code, told["sent"], told["waiting"]) == (4, 0, EVENTS)
        assert "acknowledged" in told["problem"]
        splunk.acknowledge = lambda ack: True
        code, told = export(capsys, case, *words)
    assert (code, told["sent"], told["waiting"]) == (0, EVENTS, 0)
    assert len({event["fields"]["clew_id"] for event in splunk.events}) == EVENTS


def test_what_a_restarted_indexer_forgot_is_sent_again_at_once(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splunk = Splunk(acknowledge=lambda ack: True)
    failed: list[Received] = []

    def restarting(request: Received) -> Any:
        if request.path.endswith("/ack") and not failed:
            failed.append(request)
            return 503, {"text": "Server is busy", "code": 9}
        return splunk(request)

    with http_receiver(restarting) as receiver:
        code, told = export(capsys, case, "splunk_hec", "--to", receiver.url, "--what", "events")
    assert (code, told["sent"], told["waiting"]) == (0, EVENTS, 0)
    assert len({event["fields"]["clew_id"] for event in splunk.events}) == EVENTS


def test_a_bad_item_that_nobody_names_is_found_by_halving(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def datadog(request: Received) -> tuple[int, Any]:
        assert request.headers["dd-api-key"] == TOKEN and request.path == "/api/v2/logs"
        if any(log["message"].startswith("request 42 ") for log in request.json):
            return 400, {"errors": ["bad"]}
        taken.update(log["clew_id"] for log in request.json)
        return 202, {}

    taken: set[str] = set()
    with http_receiver(datadog) as receiver:
        code, told = export(capsys, case, "datadog", "--to", receiver.url, "--what", "events")
    assert (code, told["sent"], told["refused"]) == (1, EVENTS - 1, 1)
    assert len(taken) == EVENTS - 1
    Path(told["refused_file"]).unlink()


def test_a_receiver_may_ask_to_wait(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """429 with Retry-After is obeyed; 503 without it is tried again."""
    moments: list[float] = []

    def sentinel(request: Received) -> Any:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.path.endswith("/streams/Custom-Clew?api-version=2023-01-01")
        moments.append(time.monotonic())
        if len(moments) == 1:
            return 429, {"error": "slow down"}, {"Retry-After": "1"}
        if len(moments) == 3:
            return 503, {"error": "busy"}
        rows.extend(request.json)
        return 204, b""

    rows: list[dict[str, Any]] = []
    with http_receiver(sentinel) as receiver:
        to = f"{receiver.url}/dataCollectionRules/dcr-0/streams/Custom-Clew"
        code, told = export(capsys, case, "sentinel", "--to", to, "--what", "events")
    assert (code, told["sent"]) == (0, EVENTS)
    assert moments[1] - moments[0] >= 1.0
    assert len({row["RowId"] for row in rows}) == EVENTS
    assert all("TimeGenerated" in row for row in rows)


def test_a_wrong_token_stops_at_once_and_everything_waits(
    case: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    elastic = Elastic()
    with http_receiver(elastic) as receiver:
        words = ("elasticsearch", "--to", receiver.url, "--what", "events")
        monkeypatch.setenv("CLEW_EXPORT_TOKEN", "another")
        code, told = export(capsys, case, *words)
        assert (code, told["sent"], told["waiting"]) == (2, 0, EVENTS)
        assert "401" in told["problem"] and len(receiver.requests) == 1
        monkeypatch.setenv("CLEW_EXPORT_TOKEN", TOKEN)
        code, told = export(capsys, case, *words)
    assert (code, told["sent"], told["resumed"]) == (0, EVENTS, True)
    assert len(elastic.documents) == EVENTS


def test_a_receiver_that_is_not_there_leaves_everything_waiting(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("jsonl", "--to", "http://127.0.0.1:9/x", "--what", "events")
    code, told = export(capsys, case, *words)
    assert (code, told["sent"], told["waiting"]) == (4, 0, EVENTS)
    for path in Path(told["spool"]).iterdir():
        assert TOKEN.encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
        path.unlink()
    Path(told["spool"]).rmdir()


def test_killed_it_goes_on_where_it_was(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """kill -9 again and again: nothing is lost, and what came twice bears the same id."""
    elastic = Elastic()

    def slow(request: Received) -> Any:
        time.sleep(0.15)
        return elastic(request)

    with http_receiver(slow) as receiver:
        words = ["elasticsearch", "--to", receiver.url, "--what", "events", "--since", "9000d"]
        command = [sys.executable, "-m", "clew", "export", *words, "--case", str(case)]
        for _ in range(3):
            process = subprocess.Popen(command, stdout=subprocess.PIPE)
            before = len(receiver.requests)
            deadline = time.monotonic() + 60
            while len(receiver.requests) == before and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        code, told = export(capsys, case, *words)
    assert code == 0 and told["waiting"] == 0
    assert len(elastic.documents) == EVENTS
    assert elastic.repeats <= 3_000


def test_what_came_while_a_receiver_was_down_is_sent_behind_what_waits(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export every hour leaves no hour out, and sends nothing twice."""
    grown = tmp_path / "grown.duckdb"
    grown.write_bytes(case.read_bytes())
    elastic = Elastic()
    with http_receiver(elastic) as receiver:
        words = ("elasticsearch", "--to", receiver.url, "--what", "events", "--since", "9000d")
        monkeypatch.setenv("CLEW_EXPORT_TOKEN", "another")
        assert export(capsys, grown, *words)[1]["waiting"] == EVENTS
        monkeypatch.setenv("CLEW_EXPORT_TOKEN", TOKEN)
        (tmp_path / "more.jsonl").write_text(
            '{"timestamp": "2026-01-03T00:00:00Z", "level": "INFO", "message": "late"}\n'
        )
        main(["ingest", str(tmp_path / "more.jsonl"), "--case", str(grown), "--output", "json"])
        code, told = export(capsys, grown, *words)
    assert (code, told["sent"], told["waiting"]) == (0, EVENTS + 1, 0)
    assert len(elastic.documents) == EVENTS + 1 and elastic.repeats == 0


def test_a_killed_file_has_every_event_once(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.jsonl"
    words = ["jsonl", "--to", str(path), "--what", "events"]
    command = [sys.executable, "-m", "clew", "export", *words, "--case", str(case)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    while not (tmp_path / "events.jsonl.part").exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    export(capsys, case, *words)
    ids = Counter(json.loads(line)["event_id"] for line in path.read_text().splitlines())
    assert len(ids) == EVENTS and set(ids.values()) == {1}


def test_a_webhook_can_be_checked(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The signature is what anyone with the secret computes; the id is the same on a repeat."""
    ids: list[str] = []

    def webhook(request: Received) -> Any:
        sent = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}."
        digest = hmac.new(TOKEN.encode(), sent.encode() + request.body, hashlib.sha256).digest()
        expected = "v1," + base64.b64encode(digest).decode()
        assert hmac.compare_digest(request.headers["webhook-signature"], expected)
        assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
        ids.append(request.headers["webhook-id"])
        return 200, b""

    with http_receiver(webhook) as receiver:
        words = ("webhook", "--to", receiver.url, "--what", "events", "--query", "status:500")
        _, told = export(capsys, case, *words)
        export(capsys, case, *words)
    assert told["sent"] > 0
    assert ids[: len(ids) // 2] == ids[len(ids) // 2 :]


def test_a_pager_is_told_once_a_finding_under_its_id(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def pagerduty(request: Received) -> Any:
        assert request.path == "/v2/enqueue" and request.json["routing_key"] == TOKEN
        keys.append(request.json["dedup_key"])
        return 202, {"status": "success", "dedup_key": keys[-1]}

    keys: list[str] = []
    with http_receiver(pagerduty) as receiver:
        code, told = export(capsys, case, "pagerduty", "--to", receiver.url)
    assert code == 0 and told["sent"] == len(set(keys)) == len(keys) > 0
    main(["detect", "--case", str(case), "--output", "json"])
    assert {one["id"] for one in json.loads(capsys.readouterr().out)} == set(keys)


def test_slack_says_no_under_status_200(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def slack(request: Received) -> Any:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.json["channel"] == "C01"
        text = request.body.decode()
        assert "<!channel>" not in request.json["text"] and "\x1b" not in text
        assert all(
            block["type"] in ("header", "section", "context") for block in request.json["blocks"]
        )
        return 200, {"ok": False, "error": "msg_too_long"}

    with http_receiver(slack) as receiver:
        code, told = export(capsys, case, "slack", "--to", receiver.url, "--option", "channel=C01")
    assert code == 1 and told["sent"] == 0 and told["refused"] > 0
    Path(told["refused_file"]).unlink()


def test_a_redirect_is_not_followed(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A token goes to the host it is meant for."""
    with (
        http_receiver(lambda request: (200, b"")) as other,
        http_receiver(lambda request: (307, b"", {"Location": other.url})) as receiver,
    ):
        code, told = export(capsys, case, "webhook", "--to", receiver.url, "--what", "events")
    assert code == 2 and "307" in told["problem"] and other.requests == []
    for path in (*Path(told["spool"]).iterdir(), Path(told["spool"])):
        path.unlink() if path.is_file() else path.rmdir()


def test_a_token_is_fetched_with_the_secret(
    case: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def azure(request: Received) -> Any:
        if request.path == "/tenant-1/oauth2/v2.0/token":
            assert f"client_secret={TOKEN}".encode() in request.body
            assert b"grant_type=client_credentials" in request.body
            return 200, {"access_token": "fetched", "expires_in": 3600}
        assert request.headers["authorization"] == "Bearer fetched"
        return 204, b""

    with http_receiver(azure) as receiver:
        monkeypatch.setenv("CLEW_SINKS_SENTINEL_TENANT_ID", "tenant-1")
        monkeypatch.setenv("CLEW_SINKS_SENTINEL_CLIENT_ID", "app-1")
        monkeypatch.setenv("CLEW_SINKS_SENTINEL_LOGIN", receiver.url)
        code, told = export(capsys, case, "sentinel", "--to", receiver.url, "--what", "events")
    assert (code, told["sent"]) == (0, EVENTS)
    assert sum("token" in request.path for request in receiver.requests) == 1


def test_secops_gets_udm_in_an_inline_source(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def secops(request: Received) -> Any:
        assert request.path.endswith("/events:import")
        for event in request.json["inlineSource"]["events"]:
            udm = event["udm"]
            assert udm["metadata"]["eventTimestamp"] and udm["metadata"]["eventType"]
            if udm["metadata"]["eventType"] == "NETWORK_HTTP":
                assert udm["principal"] and udm["target"] and udm["network"]["http"]
            ids.add(udm["metadata"]["productLogId"])
        return 200, {}

    ids: set[str] = set()
    with http_receiver(secops) as receiver:
        to = f"{receiver.url}/v1alpha/projects/p/locations/eu/instances/i/events:import"
        code, told = export(capsys, case, "secops", "--to", to, "--what", "events")
    assert (code, told["sent"], len(ids)) == (0, EVENTS, EVENTS)


def test_an_export_goes_through_the_server_that_holds_the_case(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = tmp_path / "held.duckdb"
    held.write_bytes(case.read_bytes())
    server = started(held)
    try:
        path = tmp_path / "events.jsonl"
        code, told = export(
            capsys, held, "jsonl", "--to", str(path), "--what", "events", "--query", "status:500"
        )
    finally:
        server.stop()
    assert (code, told["sent"]) == (0, len(FAILING))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert {row["http_status"] for row in rows} == {500}
    assert rows[0]["attributes"] == {"customer.tier": "gold"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["slac", "--to", "x"], "Did you mean 'slack'?"),
        (["slack", "--to", "x", "--what", "events"], "slack takes findings, not events"),
        (["slack"], "Write --to, or set sinks.slack.to"),
        (["slack", "--to", "udp://192.0.2.1:1"], "does not travel over udp://"),
        (["cef", "--to", "ftp://192.0.2.1"], "'ftp://' is no way to send"),
        (["jsonl", "--to", "https://a:b@example.com/"], "CLEW_EXPORT_TOKEN"),
        (["jsonl", "--to", "x", "--option", "token=y"], "A token stands on no command line"),
        (["cef", "--to", "x", "--option", "facility=locl0"], "no syslog facility"),
        (["cef", "--to", "x", "--option", "facilty=user"], "Did you mean 'facility'?"),
        (["jsonl", "--to", "x", "--what", "events", "--query", "a | stats count()"], "leave out"),
        (["jsonl", "--to", "x", "--severity", "hihg"], "'high'"),
        (["jsonl", "--to", "no/such/folder/x"], "no such place"),
        (["email", "--to", "smtp://127.0.0.1:9"], "Who gets the mail?"),
    ],
)
def test_a_wrong_request_is_one_sentence(
    words: list[str], said: str, case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = export(capsys, case, *words)
    assert code == 2
    assert said in told["sentence"] and told["sentence"].count("\n") == 1
    assert spools(case) == []


def test_a_broken_query_ends_the_process_and_aborts_nothing(case: Path, tmp_path: Path) -> None:
    """The case was still being closed by another thread when the process ended."""
    command = [sys.executable, "-m", "clew", "export", "jsonl", "--to", str(tmp_path / "x")]
    command += ["--what", "events", "--query", "a (", "--case", str(case)]
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.splitlines()[1:]) == (2, ["a (", "   ^"])

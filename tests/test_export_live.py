"""clew export to receivers that others keep: rsyslog, syslog-ng, a mail server."""

from __future__ import annotations

import email
import email.policy
import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pycef
import pytest
from tests.daemons import eventually, free_port, program, rsyslog, syslog_ng

from clew.cli import main
from clew.delivery import sockets
from clew.delivery.address import read_address
from clew.delivery.mail import MailTransport
from clew.delivery.sending import Unreachable
from clew.sinks import Item

EVENTS = 3_000


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Log records with text that a syslog server could misread."""
    folder = tmp_path_factory.mktemp("live")
    rows = [
        {
            "timestamp": f"2026-01-02T03:{number // 60 % 60:02d}:{number % 60:02d}Z",
            "level": "ERROR" if 1_000 <= number < 1_400 else "INFO",
            "service": "gateway",
            "host": "edge-1",
            "status": 500 if 1_000 <= number < 1_400 else 200,
            "user_id": f'u-{number}"]\\',
            "message": f'{number} <13>1 - ] " \\ a=b | c\nnext ü \x1b[2J',
        }
        for number in range(EVENTS)
    ]
    (folder / "app.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = folder / "case.duckdb"
    assert main(["ingest", str(folder / "app.jsonl"), "--case", str(path), "--output", "json"]) == 0
    return path


pytestmark = pytest.mark.usefixtures("folder")


def export(capsys: pytest.CaptureFixture[str], case: Path, *words: str) -> dict[str, Any]:
    """What was told of an export that went well."""
    capsys.readouterr()
    code = main(["export", *words, "--case", str(case), "--output", "json"])
    said = capsys.readouterr()
    assert code == 0, said
    told: dict[str, Any] = json.loads(said.out)
    return told


def lines(path: Path) -> list[dict[str, Any]]:
    """What a daemon wrote, as far as it is whole."""
    if not path.exists():
        return []
    whole = path.read_bytes().rpartition(b"\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def arrive(path: Path, many: int) -> list[dict[str, Any]]:
    """The lines, once so many are there."""
    assert eventually(lambda: len(lines(path)) >= many), f"{len(lines(path))} of {many} came"
    return lines(path)


def test_rsyslog_reads_every_message_over_tcp(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Octet counting: no message is taken for two, whatever stands in it."""
    out, port = tmp_path / "out", free_port()
    with rsyslog(tmp_path, out, tcp=port, udp=free_port(socket.SOCK_DGRAM)):
        told = export(capsys, case, "syslog", "--to", f"tcp://127.0.0.1:{port}", "--what", "events")
        rows = arrive(out, EVENTS)
    assert told["sent"] == len(rows) == EVENTS
    row = next(row for row in rows if row["msg"].lstrip().startswith("7 "))
    assert (row["host"], row["app"], row["facility"]) == ("edge-1", "clew", "local0")
    assert row["msg"].strip() == '7 <13>1 - ] " \\ a=b | c\\nnext ü \\x1b[2J'
    assert row["data"].startswith("[clew@32473 ") and 'user_id="u-7\\"\\]\\\\"' in row["data"]
    assert {row["severity"] for row in rows} == {"3", "6"}


def test_lines_reach_a_receiver_that_counts_no_octets(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[bytes] = []

    def listen() -> None:
        connection = server.accept()[0]
        while block := connection.recv(1 << 16):
            heard.append(block)
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=listen)
        thread.start()
        to = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        words = ("cef", "--to", to, "--what", "events", "--option", "framing=lines")
        told = export(capsys, case, *words, "--query", "status:500")
        thread.join(10)
    lines_heard = b"".join(heard).splitlines()
    assert len(lines_heard) == told["sent"] == 400
    assert all(line.startswith((b"<131>1 ", b"<134>1 ")) for line in lines_heard)


def test_rsyslog_reads_cef_over_udp(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, port = tmp_path / "out", free_port(socket.SOCK_DGRAM)
    with rsyslog(tmp_path, out, tcp=free_port(), udp=port):
        export(capsys, case, "cef", "--to", f"udp://127.0.0.1:{port}", "--what", "events")
        rows = arrive(out, EVENTS)
    parsed = [pycef.parse(row["msg"]) for row in rows]
    assert {event["externalId"] for event in parsed if event} == {
        event["externalId"] for event in parsed
    }
    assert len({event["externalId"] for event in parsed}) == EVENTS


def test_rsyslog_reads_leef_over_tls(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that nobody vouches for is refused; with its authority named, it is taken."""
    if not list(Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so")):
        pytest.skip("rsyslog-gnutls is not installed: script/packages installs it")
    certificate, key = certificates(tmp_path)
    out, port = tmp_path / "out", free_port()
    tls = (port, certificate, key)
    words = ["leef", "--to", f"tls://127.0.0.1:{port}", "--what", "events"]
    with rsyslog(tmp_path, out, tcp=0, udp=free_port(socket.SOCK_DGRAM), tls=tls):
        assert main(["export", *words, "--case", str(case)]) == 2
        assert "self" in capsys.readouterr().err
        monkeypatch.setenv("CLEW_EXPORT_CA_FILE", str(certificate))
        export(capsys, case, *words)
        rows = arrive(out, EVENTS)
    assert len(rows) == EVENTS
    for row in rows:
        header, _, attributes = row["msg"].strip().partition("|x09|")
        assert header.startswith("LEEF:2.0|Clew|Clew|")
        keys = dict(pair.split("=", 1) for pair in attributes.split("\t"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", keys["devTime"])


def certificates(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


def test_a_port_that_speaks_no_tls_is_given_up_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sockets, "HANDSHAKE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = read_address(f"tls://127.0.0.1:{silent.getsockname()[1]}", "cef", ["syslog"])
        with pytest.raises(Unreachable, match="does not answer the TLS handshake"):
            sockets.StreamTransport(address).send([Item("1", b"x")])


def test_a_syslog_server_that_is_killed_gets_everything_once_it_is_back(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written to a connection that broke counts as not sent."""
    monkeypatch.setattr("clew.delivery.sockets.CLOSE_S", 2.0)
    out, port = tmp_path / "out", free_port()
    heard: list[bytes] = []

    def half_deaf() -> None:
        """Takes a few bytes of the first connection, and resets it."""
        with socket.create_server(("127.0.0.1", port)) as server:
            ready.set()
            connection = server.accept()[0]
            heard.append(connection.recv(1_000))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()

    ready = threading.Event()
    thread = threading.Thread(target=half_deaf)
    thread.start()
    ready.wait(5)
    words = ["syslog", "--to", f"tcp://127.0.0.1:{port}", "--what", "events"]
    result: list[int] = []
    sending = threading.Thread(
        target=lambda: result.append(main(["export", *words, "--case", str(case)]))
    )
    sending.start()
    thread.join(30)
    with rsyslog(tmp_path, out, tcp=port, udp=free_port(socket.SOCK_DGRAM)):
        sending.join(60)
        rows = arrive(out, EVENTS)
    assert heard and result == [0]
    ids = {re.search(r'event_id="(\w+)"', row["data"])[1] for row in rows}  # type: ignore[index]
    assert len(ids) == EVENTS


def test_syslog_ng_reads_structured_data(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, port = tmp_path / "out", free_port()
    with syslog_ng(tmp_path, port, out):
        export(capsys, case, "syslog", "--to", f"tcp://127.0.0.1:{port}", "--what", "events")
        rows = arrive(out, EVENTS)
    assert len(rows) == EVENTS
    row = next(row for row in rows if row["MSG"].startswith("7 "))
    assert (row["HOST"], row["MSGID"], row["FACILITY"]) == ("edge-1", "jsonl", "local0")
    assert row["MSG"] == '7 <13>1 - ] " \\ a=b | c\\nnext ü \\x1b[2J'
    data = row["_SDATA"]["clew@32473"] if "_SDATA" in row else row[".SDATA"]["clew@32473"]
    assert data["user_id"] == 'u-7"]\\'


@pytest.fixture
def mail_server() -> Iterator[tuple[int, list[Any]]]:
    """aiosmtpd on a free port, and the mails that it took."""
    from aiosmtpd.controller import Controller

    class Inbox:
        async def handle_RCPT(
            self, server: Any, session: Any, envelope: Any, address: str, options: Any
        ) -> str:
            if address.startswith("nobody"):
                return "550 no such user"
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            taken.append(envelope)
            return "250 OK"

    taken: list[Any] = []
    port = free_port()
    controller = Controller(Inbox(), hostname="127.0.0.1", port=port)
    controller.start()
    yield port, taken
    controller.stop()


def test_a_mail_server_gets_a_mail_for_each_finding(
    case: Path, mail_server: tuple[int, list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    port, taken = mail_server
    to = f"smtp://127.0.0.1:{port}?to=soc@example.com,oncall@example.com&from=clew@example.com"
    told = export(capsys, case, "email", "--to", to)
    assert told["sent"] == len(taken) > 0
    assert taken[0].rcpt_tos == ["soc@example.com", "oncall@example.com"]
    mail = email.message_from_bytes(taken[0].content, policy=email.policy.default)
    assert mail["To"] == "soc@example.com, oncall@example.com"
    assert mail["From"] == "clew@example.com" and mail["Subject"].startswith("[")
    body = mail.get_content()
    assert "Evidence" in body and "\x1b" not in body


def test_a_recipient_that_nobody_knows_is_refused_for_good(
    mail_server: tuple[int, list[Any]],
) -> None:
    port, _ = mail_server
    address = read_address(f"smtp://127.0.0.1:{port}", "email", ["smtp"])
    transport = MailTransport(address, "clew@example.com", ["nobody@example.com"])
    (verdict,) = transport.send([Item("1", b"Subject: x\r\n\r\nx\r\n")]).verdicts
    transport.close()
    assert verdict.outcome == "refused" and "no such user" in verdict.reason

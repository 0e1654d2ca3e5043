"""Playbooks: what they would do, what they do, and what no log text can make them do."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.receivers import Received, http_receiver

from clew.cli import main
from clew.config import Config
from clew.errors import ConfigError
from clew.model.escape import visible
from clew.model.finding import Evidence, Finding
from clew.playbooks.blocking import FORMATS, blocked, may_not_be_blocked, network_of, write_list
from clew.playbooks.filling import Unfilled, filled_argument, filled_body, filled_url
from clew.playbooks.matching import is_for
from clew.playbooks.reading import read_playbook
from clew.playbooks.run import Done, Hands, run

NOW = datetime(2026, 1, 2)


def finding(kind: str = "credential_stuffing", severity: str = "high", **subject: Any) -> Finding:
    line = Evidence("00d1f6a2c3b4e5f6", "a.log", 1, 0, NOW, "x")
    return Finding(kind, "41 users", severity, 0.9, NOW, NOW, subject, {}, (line,), ("because",))  # type: ignore[arg-type]


pytestmark = pytest.mark.usefixtures("folder")


def acted(
    text: str,
    *findings: Finding,
    settings: Config | None = None,
    apply: bool = True,
    yes: bool = True,
) -> tuple[list[Done], list[dict[str, Any]]]:
    """What became of each step, and what was noted."""
    Path("p.yml").write_text(text)
    notes: list[str] = []
    hands = Hands(apply, lambda words: yes, notes.append, lambda *asked: [])
    done = run(read_playbook(Path("p.yml")), findings, settings or Config(), hands, NOW)
    return done, [json.loads(note) for note in notes]


BLOCK = "steps: [{block: nginx, of: client_ip, file: deny.conf}]\n"


def test_without_apply_nothing_is_done() -> None:
    done, notes = acted(BLOCK, finding(client_ip="203.0.113.7"), apply=False)
    assert [one.outcome for one in done] == ["planned"] and notes == []
    assert not Path("deny.conf").exists()


def test_applied_a_step_is_noted_before_and_after() -> None:
    done, notes = acted(BLOCK, finding(client_ip="203.0.113.7"))
    assert [one.outcome for one in done] == ["done"]
    assert [note["outcome"] for note in notes] == ["planned", "done"]
    assert "deny 203.0.113.7;" in Path("deny.conf").read_text()


def test_what_cannot_be_noted_is_not_done() -> None:
    def refuse(what: str) -> None:
        raise ConfigError("the audit is closed")

    Path("p.yml").write_text(BLOCK)
    hands = Hands(True, lambda words: True, refuse, lambda *asked: [])
    with pytest.raises(ConfigError):
        run(read_playbook(Path("p.yml")), [finding(client_ip="203.0.113.7")], Config(), hands, NOW)
    assert not Path("deny.conf").exists()


def test_a_step_that_nobody_approves_ends_the_rest() -> None:
    text = "steps: [{block: cidr, file: a, approve: true}, {block: cidr, file: b}]\n"
    done, _ = acted(text, finding(client_ip="203.0.113.7"), yes=False)
    assert [one.outcome for one in done] == ["not approved"]
    assert not Path("a").exists() and not Path("b").exists()


@pytest.mark.parametrize(
    "value",
    [
        "0.0.0.0/1",
        "8.0.0.0/8",
        "127.0.0.1",
        "::1",
        "224.0.0.1",
        "x; deny all",
        "192.0.2.7\nallow all;",
        "",
    ],
)
def test_a_log_cannot_block_what_is_no_single_stranger(value: str) -> None:
    done, _ = acted(BLOCK, finding(client_ip=value))
    assert [one.outcome for one in done] == ["not for it"]
    assert not Path("deny.conf").exists()


def test_an_address_that_is_kept_stands_on_no_list() -> None:
    text = "steps: [{block: cidr, file: a, keep: [203.0.113.0/28]}]\n"
    found = [finding(client_ip="203.0.113.7"), finding(client_ip="203.0.113.99")]
    done, _ = acted(text, *found)
    assert [one.outcome for one in done] == ["not for it", "done"]
    assert blocked(Path("a")) == [network_of("203.0.113.99")]


def test_no_run_blocks_more_than_it_may() -> None:
    text = "steps: [{block: cidr, file: a, most: 2}]\n"
    done, _ = acted(text, *(finding(client_ip=f"203.0.113.{n}") for n in range(1, 5)))
    assert [one.outcome for one in done] == ["done", "done", "too many", "too many"]


addresses = st.lists(st.ip_addresses().map(ipaddress.ip_network), unique=True, max_size=8)


@pytest.mark.parametrize("format", FORMATS)
@given(networks=addresses)
def test_a_list_that_was_written_is_read_back(
    format: str, networks: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("list") / "list.txt"
    write_list(path, format, networks)
    found = blocked(path)
    if format == "aws_waf":
        found += blocked(path.with_name("list-v6.txt"))
        assert json.loads(path.read_text())["IPAddressVersion"] == "IPV4"
    assert set(found) == set(networks)


def test_nginx_and_nft_take_their_lists() -> None:
    """Where the programs are on this machine they read what was written."""
    write_list(Path("n.nft"), "nftables", [network_of("203.0.113.7"), network_of("2001:db8::1")])
    nft = shutil.which("nft", path=f"{os.environ['PATH']}:/usr/sbin")
    if nft is None:
        pytest.skip("nft is not installed")
    checked = subprocess.run([nft, "--check", "--file", "n.nft"], capture_output=True, check=False)
    if b"Operation not permitted" in checked.stderr or b"cache" in checked.stderr:
        pytest.skip("nft may not look at tables here")
    assert checked.returncode == 0, checked.stderr


@given(st.text(max_size=20))
def test_a_value_is_one_segment_one_text_or_one_argument(text: str) -> None:
    one = finding(user_id=text)
    try:
        url = filled_url("https://idp.example.com/users/{user_id}/lock", one)
    except Unfilled:
        pass
    else:
        assert url.count("/") == 5 and "?" not in url and "#" not in url
    assert filled_body({"a": ["{user_id}"]}, one) == {"a": [text]}
    try:
        argument = filled_argument("{user_id}", one)
    except Unfilled:
        return
    assert argument == text == visible(text) and not argument.startswith("-")


def test_a_command_of_the_allow_list_gets_arguments_and_no_shell() -> None:
    from clew.model.command import Command

    script = "import sys, json; print(json.dumps(sys.argv[1:]))"
    settings = Config(commands=(Command("echo", (sys.executable, "-c", script)),))
    text = 'steps: [{run: echo, arguments: [--user, "{user_id}"]}]\n'
    (done,), _ = acted(text, finding(user_id="$(touch pwned); `x` && y"), settings=settings)
    assert done.outcome == "done" and not Path("pwned").exists()
    assert json.loads(done.result.removeprefix("exit 0 ")) == ["--user", "$(touch pwned); `x` && y"]
    with pytest.raises(ConfigError, match=r"none of the \[\[commands\]\]"):
        acted("steps: [{run: rm}]\n", finding())


def test_a_user_is_locked_by_a_call() -> None:
    def idp(request: Received) -> Any:
        calls.append((request.path, request.json, request.headers["idempotency-key"]))
        return (404, {"error": "no such user"}) if "ghost" in request.path else (200, {})

    calls: list[Any] = []
    with http_receiver(idp) as receiver:
        text = f'steps: [{{call: "{receiver.url}/users/{{user_id}}/lock", body: {{why: "{{title}}"}}}}]\n'
        done, _ = acted(text, finding(user_id="a/../b"), finding(user_id="ghost"), finding())
    assert [one.outcome for one in done] == ["done", "failed", "not for it"]
    assert calls[0][0] == "/users/a%2F..%2Fb/lock" and calls[0][1] == {"why": "41 users"}
    assert "404" in done[1].result


def test_two_calls_about_one_finding_have_keys_of_their_own() -> None:
    """Who drops repeated calls by the key must not drop the second step."""
    keys: list[str] = []
    with http_receiver(lambda r: (keys.append(r.headers["idempotency-key"]), (200, b""))[1]) as at:
        text = f'steps: [{{call: "{at.url}/lock"}}, {{call: "{at.url}/revoke"}}]\n'
        acted(text, finding(user_id="a"))
        acted(text, finding(user_id="a"))
    assert keys[:2] == keys[2:] and len(set(keys)) == 2


def test_which_findings_a_playbook_is_for() -> None:
    Path("p.yml").write_text(
        "findings: {kind: 'api_key_*', severity: medium, subject: {client_ip: 203.0.113.0/24}}\n"
        + BLOCK
    )
    playbook = read_playbook(Path("p.yml"))
    assert is_for(playbook, finding("api_key_many_addresses", client_ip="203.0.113.9"))
    assert not is_for(playbook, finding("api_key_many_addresses", client_ip="198.51.100.9"))
    assert not is_for(playbook, finding("api_key_many_addresses", "low", client_ip="203.0.113.9"))
    assert not is_for(playbook, finding("scanner", client_ip="203.0.113.9"))
    assert not is_for(playbook, finding("api_key_many_addresses"))


def test_a_network_that_overlaps_one_that_is_kept_is_kept() -> None:
    assert may_not_be_blocked(network_of("192.0.2.7"), ["192.0.2.0/24"])
    assert not may_not_be_blocked(network_of("192.0.2.7"), ["198.51.100.0/24", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is not YAML"),
        ("- x", "must be a table"),
        ("stepz: []", "Did you mean 'steps'"),
        ("name: x", "has no steps"),
        ("steps: [{notify: slak}]", "Did you mean 'slack'"),
        ("steps: [{notify: slack, run: x}]", "exactly one of"),
        ("steps: [{block: ngnix, file: a}]", "Did you mean 'nginx'"),
        ("steps: [{block: nginx}]", "needs the file"),
        ("steps: [{block: nginx, file: a, of: client_pi}]", "Did you mean 'client_ip'"),
        ('steps: [{call: "https://{host}/x"}]', "without placeholders"),
        ("steps: [{call: 'file:///etc/passwd'}]", "needs https://"),
        ("steps: [{run: x, approve: maybe}]", "true or false"),
        ("steps: [{run: x, each: usr_id}]", "Did you mean 'user_id'"),
        ("steps: [{notify: slack, each: user_id}]", "knows no 'each'"),
        ("steps: [{run: x, among: 'http_status:200'}]", "write 'each: user_id'"),
        ("steps: [{run: x, each: user_id, among: 'http_status:('}]", "among is no search"),
        ("steps: [{run: x, each: user_id, among: 'a:b | head 5'}]", "without pipes"),
        ("steps: [{run: x, each: user_id, most: many}]", "whole number"),
        ("findings: {severity: bad}\nsteps: [{run: x}]", "severity is one of"),
        ("findings: {subject: {usr_id: x}}\nsteps: [{run: x}]", "Did you mean 'user_id'"),
    ],
)
def test_a_wrong_playbook_is_one_sentence(text: str, said: str) -> None:
    Path("p.yml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        read_playbook(Path("p.yml"))
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_the_command_acts_once_and_leaves_its_trace(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {
            "timestamp": f"2026-01-02T03:{n // 60:02d}:{n % 60:02d}Z",
            "service": "api",
            "method": "POST",
            "path": "/v1/chat",
            "status": 500 if n >= 1_000 else 200,
            "message": f"request {n}",
        }
        for n in range(1_300)
    ]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["ingest", "a.jsonl", "--case", "c.duckdb", "--output", "json"]) == 0
    told: list[Any] = []
    with http_receiver(lambda request: (told.append(request.json), (200, b""))[1]) as receiver:
        (folder / "clew.toml").write_text(f'[sinks.webhook]\nto = "{receiver.url}"\n')
        (folder / "p.yml").write_text("findings: {kind: error_burst}\nsteps: [{notify: webhook}]\n")
        words = ["playbook", "run", "p.yml", "--case", "c.duckdb", "--output", "json"]
        for more, outcome in (([], "planned"), (["--apply"], "done"), (["--apply"], "done before")):
            capsys.readouterr()
            assert main([*words, *more]) == 0
            assert {one["outcome"] for one in json.loads(capsys.readouterr().out)} == {outcome}
    assert len(told) == 1
    main(["sql", "SELECT who, what FROM audit WHERE action = 'playbook' ORDER BY read_at",
          "--case", "c.duckdb", "--output", "json"])  # fmt: skip
    notes = json.loads(capsys.readouterr().out)
    assert [json.loads(note["what"])["outcome"] for note in notes] == ["planned", "done"]


def test_an_alert_that_fires_runs_its_playbook_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A call that failed is tried again, a step that asks for approval waits for a person."""
    lines = [
        f'198.51.100.7 - - [02/Jan/2026:03:00:{n:02} +0000] "GET /v1 HTTP/1.1" 401 9 "-" "x"\n'
        for n in range(5)
    ]
    Path("access.log").write_text("".join(lines))
    assert main(["ingest", "access.log", "--case", "case.duckdb"]) == 0
    called: list[Any] = []

    def idp(request: Received) -> Any:
        called.append(request.json)
        return (500 if len(called) == 1 else 200), b""

    with http_receiver(idp) as receiver:
        (folder / "lock.yml").write_text(
            "name: lock\nsteps:\n- {block: nginx, of: client_ip, file: deny.conf}\n"
            f'- {{call: "{receiver.url}/lock", body: {{who: "{{client_ip}}"}}}}\n'
            "- {block: cidr, of: client_ip, file: asked, approve: true}\n"
        )
        (folder / "clew.toml").write_text(
            '[[alerts]]\nname = "refused"\nwhen = "status_codes.requests > 3"\n'
            'query = "http_status:401"\nby = ["client_ip"]\nplaybook = "lock.yml"\n'
        )
        ends = []
        for minute in (1, 2, 3, 4):
            at = f"2026-01-02T03:0{minute}:00Z"
            ends.append(main(["watch", "--once", "--at", at, "--case", "case.duckdb"]))
    assert ends == [4, 0, 0, 0] and called == [{"who": "198.51.100.7"}] * 2
    assert "deny 198.51.100.7;" in Path("deny.conf").read_text() and not Path("asked").exists()
    capsys.readouterr()
    asked = "SELECT what FROM audit WHERE who = 'alerts' ORDER BY read_at"
    assert main(["sql", asked, "--case", "case.duckdb", "--output", "json"]) == 0
    noted = [json.loads(row["what"]) for row in json.loads(capsys.readouterr().out)]
    ended = [(one["step"], one["outcome"]) for one in noted if one["outcome"] != "planned"]
    assert ended == [(1, "done"), (2, "failed"), (2, "done"), (3, "not approved")]


def test_an_alert_without_its_playbook_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    Path("clew.toml").write_text(
        '[[alerts]]\nname = "x"\nwhen = "errors > 1"\nplaybook = "gone.yml"\n'
    )
    assert main(["watch", "--once"]) == 2
    assert "gone.yml cannot be read: No such file or directory." in capsys.readouterr().err

"""Playbooks that act on each account that an address got into, and on no other."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.receivers import Received, Receiver, http_receiver
from tests.serving import eventually, started

from clew.cli import main

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "stolen-credentials"
TRUTH = json.loads(EXAMPLE.with_name("stolen-credentials.truth.json").read_text(encoding="utf-8"))
THIEF, USER = "203.0.113.99", "home-{}"


@dataclass(slots=True)
class Outside:
    """An identity provider that locks users, Slack and Teams.

    fails  users that it does not know, yet
    """

    locked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=lambda: {"slack": [], "teams": []})
    fails: set[str] = field(default_factory=set)

    def __call__(self, request: Received) -> Any:
        if request.path in ("/slack", "/teams"):
            self.said[request.path[1:]].append(json.dumps(request.json))
            return (200, b"ok") if request.path == "/slack" else (202, b"")
        user = request.path.removeprefix("/users/").removesuffix("/lock")
        assert request.headers["authorization"] == "Bearer visibly-false"
        if user in self.fails:
            return 404, {"error": "no such user"}
        self.locked.append(user)
        self.keys.append(request.headers["idempotency-key"])
        return 200, {}


@pytest.fixture(autouse=True)
def folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IDP_TOKEN", "visibly-false")
    return folder


@pytest.fixture(scope="module")
def ingested_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = tmp_path_factory.mktemp("example") / "case.duckdb"
    assert main(["ingest", str(EXAMPLE), "--case", str(case)]) == 0
    return case


@pytest.fixture
def example(ingested_example: Path, folder: Path) -> None:
    """The example's case, here."""
    shutil.copy(ingested_example, folder / "case.duckdb")


@contextmanager
def outside(more: str = "", *, approve: bool = False) -> Iterator[tuple[Outside, Receiver]]:
    """The world that a playbook acts on, and the settings and the playbook that say where it is."""
    world = Outside()
    with http_receiver(world) as receiver:
        Path("clew.toml").write_text(
            f'[sinks.slack]\nto = "{receiver.url}/slack"\n[sinks.teams]\nto = "{receiver.url}/teams"\n{more}'
        )
        Path("lock.yml").write_text(
            "name: lock\nfindings: {kind: credential_stuffing}\nsteps:\n"
            f'- call: "{receiver.url}/users/{{user_id}}/lock"\n'
            '  each: user_id\n  among: "http_status:200"\n  token: IDP_TOKEN\n'
            f"  approve: {str(approve).lower()}\n"
            "- notify: slack\n- notify: teams\n"
        )
        yield world, receiver


def ran(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[dict[str, Any]]]:
    """What `clew playbook run` says became of the steps."""
    capsys.readouterr()
    words = ["playbook", "run", "lock.yml", "--case", "case.duckdb", "--output", "json", *more]
    code = main(words)
    return code, json.loads(capsys.readouterr().out)


def stolen() -> set[str]:
    """The accounts of the example that thieves got into: not all that the address tried."""
    (address,) = TRUTH["stolen"]["client_ip"]
    lines = (EXAMPLE / "access.log").read_text(encoding="utf-8").splitlines()
    let_in = {at.split("rid=")[1] for at in lines if at.startswith(f"{address} ") and " 200 " in at}
    calls = map(json.loads, (EXAMPLE / "gateway.jsonl").read_text(encoding="utf-8").splitlines())
    users = {call["user_id"] for call in calls if call["request_id"] in let_in}
    assert users < set(TRUTH["users_of_the_address"])
    return {*users, *TRUTH["stolen"]["user_id"]}


def test_the_accounts_an_address_got_into_are_locked_and_the_team_is_told(
    example: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The access log has addresses and answers, the gateway's log the users: dry first, then once."""
    with outside() as (world, _):
        code, planned = ran(capsys)
        assert code == 0 and {one["outcome"] for one in planned} == {"planned"}
        assert world.locked == [] and world.said == {"slack": [], "teams": []}
        code, done = ran(capsys, "--apply")
        assert code == 0 and {one["outcome"] for one in done} == {"done"}
        assert sorted(world.locked) == sorted(stolen()) and len(set(world.keys)) == len(stolen())
        assert len(world.said["slack"]) == len(world.said["teams"]) == 3
        innocent = {*TRUTH["innocent"]["user_id"], *TRUTH["innocent"]["client_ip"]}
        accused = {f"{who} {name}:" for name in innocent for who in ("User", "Address")}
        assert not any(words in text for words in accused for text in world.said["slack"])
        code, again = ran(capsys, "--apply")
        assert code == 0 and {one["outcome"] for one in again} == {"done before"}
        assert len(world.locked) == len(stolen())
    asked = "SELECT what FROM audit WHERE action = 'playbook' ORDER BY read_at"
    main(["sql", asked, "--case", "case.duckdb", "--output", "json"])
    noted = [json.loads(row["what"]) for row in json.loads(capsys.readouterr().out)]
    locked = [(one["value"], one["outcome"]) for one in noted if one.get("value")]
    assert sorted(locked) == sorted((u, o) for u in stolen() for o in ("planned", "done"))


def test_an_account_that_cannot_be_locked_keeps_no_other_from_it(
    example: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The steps behind wait; the next run does what is missing, and nothing twice."""
    gone = min(stolen() - set(TRUTH["stolen"]["user_id"]))
    with outside() as (world, _):
        world.fails = {gone}
        code, done = ran(capsys, "--apply")
        assert code == 1 and sorted(world.locked) == sorted(stolen() - {gone})
        assert [one["value"] for one in done if one["outcome"] == "failed"] == [gone]
        assert len(world.said["slack"]) == 2
        world.fails = set()
        code, _ = ran(capsys, "--apply")
        assert code == 0 and sorted(world.locked) == sorted(stolen())
        assert len(world.said["slack"]) == 3


def test_each_account_asks_for_approval_and_no_more_than_most_are_locked(
    example: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with outside(approve=True) as (world, _):
        code, done = ran(capsys, "--apply")
        assert code == 1 and {one["outcome"] for one in done} == {"not approved"}
        assert world.locked == [] and len(done) == len(stolen())
        text = Path("lock.yml").read_text().replace("  each:", "  most: 2\n  each:")
        Path("lock.yml").write_text(text)
        code, done = ran(capsys, "--apply", "--yes")
        assert code == 1 and len(world.locked) == 2
        assert [one["outcome"] for one in done if one["step"] == 1].count("too many") == len(
            stolen()
        ) - 2


def test_a_finding_without_such_events_is_passed_over(
    example: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with outside() as (world, _):
        text = Path("lock.yml").read_text().replace("each: user_id", "each: api_key_hash")
        Path("lock.yml").write_text(text.replace("{user_id}", "{api_key_hash}"))
        code, done = ran(capsys, "--apply")
    assert code == 0 and world.locked == []
    assert {one["outcome"] for one in done if one["step"] == 1} == {"not for it"}


def traffic(first: datetime, thefts: range, thief: str = THIEF) -> list[dict[str, Any]]:
    """An hour of twenty users; one address is refused as some of them, then let in, and spends much."""
    rows = [
        (60 * minute + n, USER.format(n), f"198.51.100.{n}", 200, 900)
        for n in range(20)
        for minute in range(0, 60, 6)
    ]
    for n in thefts:
        rows += [(300 + 60 * k + n, USER.format(n), thief.format(n), 401, 0) for k in range(3)]
        rows += [
            (1_200 + 60 * k + n, USER.format(n), thief.format(n), 200, 6_000) for k in range(8)
        ]
    return [
        {
            "timestamp": (first + timedelta(seconds=at)).isoformat() + "Z",
            "user_id": user,
            "client_ip": address,
            "status": status,
            "method": "POST",
            "path": "/v1/chat",
            **({"input_tokens": tokens, "model": "gpt-4o"} if tokens else {}),
        }
        for at, user, address, status, tokens in sorted(rows)
    ]


def ingested(name: str, rows: list[dict[str, Any]]) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    subprocess.run(
        [sys.executable, "-m", "clew", "ingest", name, "--case", "case.duckdb"],
        check=True, capture_output=True,
    )  # fmt: skip


ALERT = """
[[alerts]]
name = "stolen credentials"
detection = "credential_stuffing"
window = "3h"
every = "1s"
to = ["slack", "teams"]
playbook = "lock.yml"
"""


def users(numbers: range) -> list[str]:
    return [USER.format(n) for n in numbers]


def test_an_alert_locks_whoever_the_thief_gets_into_later_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A watch a round; the second finds the same alert with more accounts. The chats hear of it once."""
    first = datetime(2026, 1, 2, 3)
    every = traffic(first, range(6))
    late = [row for row in every if row["user_id"] in users(range(4, 6))]
    with outside(ALERT) as (world, _):
        playbook = Path("lock.yml").read_text().partition("- notify")[0]
        Path("lock.yml").write_text(
            playbook + f"- {{block: nginx, file: {Path.cwd()}/deny.conf}}\n"
        )
        rounds = [
            ([row for row in every if row not in late], range(4)),
            (late, range(6)),
            ([], range(6)),
        ]
        for number, (rows, expected) in enumerate(rounds):
            if rows:
                ingested(f"{number}.jsonl", rows)
            at = (first + timedelta(minutes=70 + number)).isoformat() + "Z"
            assert main(["watch", "--once", "--at", at, "--case", "case.duckdb"]) == 0
            assert sorted(world.locked) == users(expected)
            assert len(world.said["slack"]) == len(world.said["teams"]) == 1
    assert Path("deny.conf").read_text().count(THIEF) == 1


def test_accounts_of_a_whole_64_are_locked() -> None:
    """The thief has another IPv6 address for each account."""
    first = datetime(2026, 1, 2, 3)
    ingested("a.jsonl", traffic(first, range(4), "2001:db8:9:1:a:b:c:{}"))
    with outside(ALERT) as (world, _):
        at = (first + timedelta(minutes=70)).isoformat() + "Z"
        assert main(["watch", "--once", "--at", at, "--case", "case.duckdb"]) == 0
    assert sorted(world.locked) == users(range(4))


def test_a_server_locks_and_tells_and_its_successor_does_neither_again() -> None:
    """kill -9 once all is done."""
    first = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1)
    ingested("a.jsonl", traffic(first, range(4)))
    with outside(ALERT) as (world, _):
        Path("lock.yml").write_text(Path("lock.yml").read_text().partition("- notify")[0])
        server = started(Path("case.duckdb"))
        try:
            assert eventually(lambda: len(world.locked) == 4 and bool(world.said["teams"]), 60)
        finally:
            time.sleep(1)
            server.kill()
        server = started(Path("case.duckdb"))
        time.sleep(5)
        assert server.stop() == 0
    assert sorted(world.locked) == users(range(4))
    assert len(world.said["slack"]) == len(world.said["teams"]) == 1

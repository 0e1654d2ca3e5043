"""Writes the example: three days of a chat API whose users' credentials were stolen, used low and slow.

stolen-credentials/access.log     nginx before it: address, status, request id; it knows no users
stolen-credentials/gateway.jsonl  the gateway's own log: user, status, model, tokens, request id
stolen-credentials.truth.json     who was stolen from, from where, and who only looks like it

Put in:
1. One address tries four users' credentials on the first two days; on the third it is let in as three.
2. One user's credentials are tried and then used from five addresses.
3. One user of the office is used by a thief who comes through the same load balancer.
Around them: 18 users behind the load balancer of an office, who mistype now and then; 12 at home; one
heavy user who mistypes; one who travels; a batch job with an expired key; an address that tries ten
users in vain.

    python examples/make_stolen_credentials.py [FOLDER]

The same seed writes the same bytes. Only the standard library is needed.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

SEED = 20261120
START = datetime(2026, 11, 20)
DAY_S = 86_400.0
OFFICE = "192.0.2.10"
OFFICE_USERS = [f"office-{n:02}" for n in range(18)]
HOME = {f"home-{n:02}": f"198.51.100.{n + 20}" for n in range(12)}
THIEF = "203.0.113.66"
STOLEN_BY_ADDRESS = ["home-01", "home-02", "home-03", "office-04"]
STOLEN_USER, STOLEN_FROM = "home-05", [f"203.0.113.{n}" for n in (101, 117, 134, 150, 171)]
BEHIND_OFFICE = "office-11"
HEAVY, TRAVELLER, BATCH = "home-07", "home-09", "office-15"
IN_VAIN = "203.0.113.200"
MODELS = ("gpt-4o-mini", "gpt-4o")


@dataclass
class Log:
    """The requests, in the order in which they are put in."""

    rng: random.Random
    rows: list[tuple[float, str, str, int, int]] = field(default_factory=list)

    def ask(self, at_s: float, user: str, address: str, status: int = 200, tokens: int = 0) -> None:
        tokens = tokens or int(self.rng.lognormvariate(6.6, 0.6))
        self.rows.append((at_s, user, address, status, tokens if status == 200 else 0))

    def burn(self, user: str, addresses: list[str], from_s: float, calls: int, tokens: int) -> None:
        """Calls spread over fifty minutes that read and write so many tokens in all."""
        for n in range(calls):
            at_s = from_s + 3_000 * n / calls + self.rng.uniform(0, 20)
            each = int(tokens / calls * self.rng.uniform(0.97, 1.06))
            self.ask(at_s, user, self.rng.choice(addresses), tokens=each)

    def refuse(
        self, user: str, addresses: list[str], count: int, from_s: float, to_s: float
    ) -> None:
        for _ in range(count):
            self.ask(self.rng.uniform(from_s, to_s), user, self.rng.choice(addresses), 401)


def _usual(log: Log) -> None:
    """Office hours behind the load balancer, any hour at home; two in a hundred mistype and try again."""
    for user in [*OFFICE_USERS, *HOME]:
        for day in range(3):
            for _ in range(log.rng.randint(9, 15)):
                from_h, to_h = (8, 18) if user in OFFICE_USERS else (6, 23)
                at_s = day * DAY_S + log.rng.uniform(from_h, to_h) * 3600
                address = HOME.get(user, OFFICE)
                if log.rng.random() < 0.02:
                    log.ask(at_s - log.rng.uniform(3, 40), user, address, 401)
                log.ask(at_s, user, address)


def _thefts(log: Log) -> None:
    for user in STOLEN_BY_ADDRESS:
        log.refuse(user, [THIEF], log.rng.randint(2, 4), 0.1 * DAY_S, 1.8 * DAY_S)
    for n, user in enumerate(STOLEN_BY_ADDRESS[:3]):
        log.burn(user, [THIEF], 2.3 * DAY_S + 60 * n, 14, 48_000)
    log.refuse(STOLEN_USER, STOLEN_FROM, 6, 0.2 * DAY_S, 1.5 * DAY_S)
    log.burn(STOLEN_USER, STOLEN_FROM, 2.1 * DAY_S, 36, 140_000)
    log.refuse(BEHIND_OFFICE, [OFFICE], 8, 0.05 * DAY_S, 1.3 * DAY_S)
    log.burn(BEHIND_OFFICE, [OFFICE], 1.9 * DAY_S, 40, 150_000)


def _innocents(log: Log) -> None:
    log.ask(1.4 * DAY_S, HEAVY, HOME[HEAVY], 401)
    log.burn(HEAVY, [HOME[HEAVY]], 1.4 * DAY_S + 30, 40, 160_000)
    away = [f"198.51.100.{n}" for n in (201, 202, 203, 204)]
    log.burn(TRAVELLER, [HOME[TRAVELLER], *away], 1.5 * DAY_S, 40, 150_000)
    for n in range(25):
        log.ask(1.45 * DAY_S + 12 * n, BATCH, OFFICE, 401)
    log.burn(BATCH, [OFFICE], 1.45 * DAY_S + 400, 40, 150_000)
    for user in list(HOME)[2:12]:
        log.ask(log.rng.uniform(0, 3 * DAY_S), user, IN_VAIN, 401)


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _access_line(at: datetime, address: str, status: int, seconds: float, rid: str) -> str:
    size = 1_800 if status == 200 else 64
    return (
        f'{address} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "POST /v1/chat HTTP/1.1" {status} {size} "-" '
        f'"chat-sdk/3.1" rt={seconds:.3f} rid={rid}\n'
    )


def _gateway_line(
    at: datetime, user: str, status: int, tokens: int, seconds: float, rid: str
) -> str:
    record: dict[str, object] = {
        "timestamp": _stamp(at), "request_id": rid, "user_id": user, "status": status,
        "latency_ms": round(seconds * 1000),
    }  # fmt: skip
    if status == 200:
        written = tokens // 4
        record |= {
            "model": MODELS[tokens > 2_500],
            "input_tokens": tokens - written,
            "output_tokens": written,
        }
    else:
        record |= {"error_type": "invalid_api_key"}
    return json.dumps(record, separators=(",", ":")) + "\n"


def main(folder: Path) -> None:
    """Writes both logs and the truth into the folder."""
    rng = random.Random(SEED)
    log = Log(rng)
    _usual(log)
    _thefts(log)
    _innocents(log)
    log.rows.sort()
    access, gateway = [], []
    for number, (at_s, user, address, status, tokens) in enumerate(log.rows):
        at = START + timedelta(seconds=round(at_s, 3))
        seconds = rng.uniform(0.4, 3.0) if status == 200 else rng.uniform(0.002, 0.01)
        rid = f"{rng.getrandbits(64):016x}{number:04x}"
        access.append(_access_line(at + timedelta(seconds=seconds), address, status, seconds, rid))
        gateway.append(_gateway_line(at, user, status, tokens, seconds, rid))
    (folder / "stolen-credentials").mkdir(parents=True, exist_ok=True)
    for name, lines in (("access.log", access), ("gateway.jsonl", gateway)):
        (folder / "stolen-credentials" / name).write_text("".join(lines), encoding="utf-8")
    truth = {
        "seed": SEED,
        "requests": len(log.rows),
        "refused": sum(row[3] == 401 for row in log.rows),
        "stolen": {
            "client_ip": [THIEF],
            "user_id": [STOLEN_USER, BEHIND_OFFICE],
        },
        "users_of_the_address": STOLEN_BY_ADDRESS,
        "addresses_of_the_user": STOLEN_FROM,
        "sprayed_in_vain_from": IN_VAIN,
        "innocent": {"client_ip": [OFFICE, *HOME.values()], "user_id": [HEAVY, TRAVELLER, BATCH]},
    }
    text = json.dumps(truth, indent=2) + "\n"
    (folder / "stolen-credentials.truth.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)

"""API traffic made at random with stolen credentials planted: the thieves are found, others are not.

Users of a load balancer, of two offices, of homes and on the road, of unequal rates, who mistype now and
then. Beside them stand those who only look like thieves: heavy users, heavy users who mistype, heavy
travellers, and an address that tries forty users in vain.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from tests.engines import Bench, Row

from clew import registry
from clew.model.views import events

BEGIN = datetime(2026, 3, 2)
BALANCER, OFFICES, IN_VAIN = "192.0.2.5", ("192.0.2.61", "192.0.2.62"), "203.0.113.250"
Subject = tuple[str, str]


class Traffic:
    """Some days of an API. `truth` holds the subjects that a finding should have."""

    def __init__(
        self, seed: int, *, requests: int = 8_000, days: float = 5, mistyped: float = 0.02, retried: bool = True
    ) -> None:  # fmt: skip
        self.random = random.Random(seed)
        self.lasts_s = days * 86_400
        self.mistyped, self.retried = mistyped, retried
        self.rows: list[Row] = []
        self.truth: set[Subject] = set()
        self.places = {f"user-{n:03}": self._places() for n in range(200)}
        self._usual(requests)
        self._lookalikes()
        victims = self.random.sample(sorted(self.places), 80)
        for n in range(3):
            self._address(
                f"203.0.113.{n}", [victims.pop() for _ in range(self.random.randint(3, 7))]
            )
            self._user(victims.pop(), [f"198.51.{n}.{k}" for k in range(self.random.randint(3, 8))])
        behind = [victim for victim in victims if self.places[victim] == [BALANCER]]
        self._behind(behind[0])

    def _anywhere(self) -> str:
        return f"100.64.{self.random.randint(0, 255)}.{self.random.randint(0, 255)}"

    def _places(self) -> list[str]:
        chance = self.random.random()
        if chance < 0.6:
            return [BALANCER] + [self._anywhere()] * (self.random.random() < 0.3)
        if chance < 0.7:
            return [self.random.choice(OFFICES)]
        travels = chance < 0.78
        return [self._anywhere() for _ in range(self.random.randint(3, 10) if travels else 1)]

    def _ask(
        self, at_s: float, user: str, place: str, status: int = 200, tokens: float = 0
    ) -> None:
        self.rows.append({
            "timestamp": (BEGIN + timedelta(seconds=at_s)).isoformat() + "Z", "user_id": user,
            "client_ip": place, "http_status": status,
            "input_tokens": int(tokens or self.random.lognormvariate(7, 0.8)) if status == 200 else None,
        })  # fmt: skip

    def _usual(self, requests: int) -> None:
        r = self.random
        weights = [r.paretovariate(1.3) for _ in self.places]
        for user in r.choices(list(self.places), weights, k=requests):
            at_s, place = r.uniform(0, self.lasts_s), r.choice(self.places[user])
            is_refused = r.random() < self.mistyped
            self._ask(at_s, user, place, 401 if is_refused else 200)
            if is_refused and self.retried:
                self._ask(at_s + r.uniform(2, 60), user, place)

    def _burn(self, user: str, places: list[str], from_s: float) -> None:
        r, calls = self.random, self.random.randint(20, 50)
        total = r.uniform(130_000, 300_000)
        for n in range(calls):
            self._ask(from_s + 3_000 * n / calls, user, r.choice(places), tokens=total / calls)

    def _lookalikes(self) -> None:
        r = self.random
        for user in r.sample(sorted(self.places), 10):
            at_s = r.uniform(0, self.lasts_s - 5_000)
            if r.random() < 0.5:
                for _ in range(r.randint(1, 3)):
                    self._ask(at_s + r.uniform(0, 60), user, self.places[user][0], 401)
            self._burn(user, self.places[user][:1], at_s + 100)
        travellers = [user for user, places in self.places.items() if len(places) >= 3]
        for user in r.sample(travellers, 3):
            self._burn(user, self.places[user], r.uniform(0, self.lasts_s - 5_000))
        for user in r.sample(sorted(self.places), 40):
            self._ask(r.uniform(0, self.lasts_s), user, IN_VAIN, 401)

    def _refuse(self, user: str, places: list[str], most: int) -> float:
        """Refusals over a third of the time; gives when the thief comes back."""
        r = self.random
        begins = r.uniform(0, 0.4 * self.lasts_s)
        for _ in range(r.randint(2, most)):
            self._ask(begins + r.uniform(0, 0.3 * self.lasts_s), user, r.choice(places), 401)
        return begins + 0.3 * self.lasts_s + r.uniform(600, 0.2 * self.lasts_s)

    def _address(self, place: str, users: list[str]) -> None:
        self.truth.add(("client_ip", place))
        for user in users:
            back_s = self._refuse(user, [place], 4)
        let_in = users[: max(2, len(users) - self.random.randint(0, 3))]
        for n in range(45):
            self._ask(back_s + 60 * n, let_in[n % len(let_in)], place, tokens=4_000)

    def _user(self, user: str, places: list[str]) -> None:
        self.truth.add(("user_id", user))
        self._burn(user, places, self._refuse(user, places, 8))

    def _behind(self, user: str) -> None:
        self.truth.add(("user_id", user))
        self._refuse(user, [BALANCER], 2)
        for _ in range(8):
            self._ask(self.random.uniform(0, 0.3 * self.lasts_s), user, BALANCER, 401)
        self._burn(user, [BALANCER], 0.8 * self.lasts_s)


@pytest.mark.parametrize(
    ("kind", "options", "least_precision", "least_recall"),
    [
        ("days between refusals and answers", {}, 0.9, 0.95),
        ("a single day", {"days": 1.0}, 0.9, 0.9),
        ("five in a hundred mistype", {"mistyped": 0.05}, 0.85, 0.9),
        ("nobody tries again at once", {"retried": False}, 0.85, 0.85),
    ],
)
def test_thieves_are_found_and_others_are_not(
    duckdb: Bench, kind: str, options: dict[str, float], least_precision: float, least_recall: float
) -> None:
    """Over five seeds; the load balancer and the offices are never accused."""
    module = registry.load("detections", "credential_stuffing")
    right, accused, planted = 0, 0, 0
    for seed in range(5):
        traffic = Traffic(seed, **options)  # type: ignore[arg-type]
        duckdb.fill(traffic.rows)
        rows = duckdb.engine.run(module.detect(events)).dicts()
        found = {next((c, row[c]) for c in ("client_ip", "user_id") if row[c]) for row in rows}
        assert not {place for column, place in found if column == "client_ip"} & {
            BALANCER,
            *OFFICES,
        }
        right += len(found & traffic.truth)
        accused += len(found)
        planted += len(traffic.truth)
    assert right / accused >= least_precision, f"{kind}: {right} of {accused} accused are thieves"
    assert right / planted >= least_recall, f"{kind}: {right} of {planted} thieves are found"


def test_without_thieves_nobody_is_accused(duckdb: Bench) -> None:
    """The lookalikes alone, of which there are fourteen: at most one in five days."""
    module = registry.load("detections", "credential_stuffing")
    traffic = Traffic(11)
    thieves = {value for _, value in traffic.truth}
    rows = [
        row
        for row in traffic.rows
        if not {row["client_ip"], row["user_id"]} & thieves
        and not row["client_ip"].startswith("198.51.")
    ]
    duckdb.fill(rows)
    assert len(duckdb.engine.run(module.detect(events)).dicts()) <= 1

"""Cases of the detections of stolen credentials: a day of an API with users, an office and thieves."""

from __future__ import annotations

from typing import Any

from clew.model.case import Case

Row = dict[str, Any]


def asked(at_min: float, user: str | None, address: str | None, status: int = 200, tokens: int = 0,
          **columns: Any) -> Row:  # fmt: skip
    """One request, `at_min` minutes after midnight of the first day."""
    day, rest = divmod(int(at_min * 60), 86_400)
    return {
        "timestamp": f"2026-11-{10 + day:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z",
        "user_id": user, "client_ip": address, "http_status": status,
        "input_tokens": tokens if status == 200 and tokens else None, **columns,
    }  # fmt: skip


def _day(user: str, address: str, first_min: int, every_min: int, tokens: int = 900) -> list[Row]:
    return [asked(n, user, address, tokens=tokens) for n in range(first_min, 24 * 60, every_min)]


OFFICE = "192.0.2.1"
"""A load balancer: ten users, steady success, two of them mistype once."""
USUAL = [
    *(row for n in range(10) for row in _day(f"office-{n}", OFFICE, n, 60)),
    asked(130, "office-3", OFFICE, 401),
    asked(131, "office-3", OFFICE),
    asked(700, "office-4", OFFICE, 401),
    *(row for n in range(12) for row in _day(f"home-{n}", f"198.51.100.{n}", n, 90)),
]


def _burn(
    user: str, addresses: list[str], first_min: int, calls: int = 30, tokens: int = 4_000
) -> list[Row]:
    """Calls a minute apart, the addresses in turn."""
    return [
        asked(first_min + n, user, addresses[n % len(addresses)], tokens=tokens)
        for n in range(calls)
    ]


def _refused(
    user: str | None, addresses: list[str], first_min: int, every_min: int, count: int
) -> list[Row]:
    return [
        asked(first_min + n * every_min, user, addresses[n % len(addresses)], 401)
        for n in range(count)
    ]


def _moved(user: str, places: int) -> list[Row]:
    """At each new address one refusal, an answer within a minute, and half an hour's work."""
    addresses = [f"203.0.113.{n + 1}" for n in range(places)]
    return [
        row
        for n, address in enumerate(addresses)
        for row in (
            asked(1500 + 600 * n, user, address, 401),
            *_burn(user, [address], 1501 + 600 * n),
        )
    ]


AWAY = [f"203.0.113.{n}" for n in range(1, 6)]
THIEF = "203.0.113.99"
STOLEN = [f"home-{n}" for n in range(4)]
_MANY_USERS = [
    *(row for n, user in enumerate(STOLEN) for row in _refused(user, [THIEF], 200 + 7 * n, 45, 3)),
    *(row for n, user in enumerate(STOLEN) for row in _burn(user, [THIEF], 900 + n, 9, 4_000)),
]
_MANY_ADDRESSES = [*_refused("home-5", AWAY, 100, 100, 4), *_burn("home-5", AWAY, 1000)]


def _in_64(n: int) -> str:
    return f"2001:db8:9:1:{n + 1:x}:{n * 77 + 5:x}:0:{n * 31 + 9:x}"


def _pod(n: int) -> str:
    return f"10.42.{n % 7}.{n + 2}"


STUFFING_CASES = [
    Case(
        "an address that was refused unnamed for days, then let in as five, is no shared one for its many answers",
        rows=USUAL
        + _refused(None, [THIEF], 100, 300, 6)
        + [asked(2000 + 10 * n, f"home-{n % 5}", THIEF, tokens=200) for n in range(80)]
        + _burn("home-1", [THIEF], 3000),
        expect=[{"client_ip": THIEF, "user_id": None, "refusals": 6, "users": 5}],
    ),
    Case(
        "each user is let in after refusals that state nobody",
        rows=USUAL
        + [
            row
            for n in range(5)
            for row in (
                *_refused(None, [THIEF], 100 + 200 * n, 60, 2),
                *(asked(230 + 200 * n + 3 * k, f"home-{n}", THIEF, tokens=300) for k in range(20)),
            )
        ]
        + _burn("home-2", [THIEF], 1300),
        expect=[{"client_ip": THIEF, "refusals": 10, "users": 5}],
    ),
    Case(
        "one of the thief's addresses alone was refused, unnamed and often",
        rows=USUAL
        + _refused(None, AWAY[:1], 100, 100, 5)
        + [asked(1500 + 10 * n, "home-5", AWAY[n % 5], tokens=800) for n in range(60)]
        + _burn("home-5", AWAY, 2500),
        expect=[{"user_id": "home-5", "refusals": 5}],
    ),
    Case(
        "a device whose IPv6 address changes daily, and whose session has ended each time, is one address",
        rows=USUAL
        + [
            row
            for day in range(5)
            for row in (
                asked(1440 * day + 60, "home-5", _in_64(day), 401),
                *(asked(1440 * day + 80 + 10 * n, "home-5", _in_64(day), tokens=900) for n in range(30)),
            )
        ]
        + _burn("home-5", [_in_64(4)], 6800),
        expect=[],
    ),
    Case(
        "a thief who changes the address within a /64 is one",
        rows=USUAL
        + [asked(100 + 40 * n, f"home-{n % 5}", _in_64(n), 401) for n in range(15)]
        + [asked(1000 + n, f"home-{n % 5}", _in_64(n), tokens=5_000) for n in range(40)],
        expect=[{"client_ip": _in_64(15), "user_id": None, "users": 5, "addresses": 40, "refusals": 15}],
    ),
    Case(
        "the pods of one account, new ones each day, with an old key for a while, are a fleet",
        rows=USUAL
        + [
            row
            for pod in range(20)
            for row in (
                asked(200 + 5 * pod, "svc-batch", _pod(pod), 401),
                *_burn("svc-batch", [_pod(pod)], 400 + 5 * pod, 30, 900),
            )
        ],
        expect=[],
    ),
    Case(
        "an account that spent as much from as many new addresses before it was refused is as ever",
        rows=USUAL
        + [
            row
            for n in range(20)
            for row in (
                *([asked(100 * n + 5, "crawler", f"198.18.{n}.1", 401)] if n > 12 else []),
                *_burn("crawler", [f"198.18.{n}.1"], 100 * n + 30, 30, 4_500),
            )
        ],
        expect=[],
    ),
    Case(
        "one address with four users, refused hours before it is let in, is found",
        rows=USUAL + _MANY_USERS,
        expect=[
            {
                "client_ip": THIEF, "user_id": None, "refusals": 12, "successes": 36, "users": 4,
                "peak_tokens": 144_000, "basis": "many users",
            }
        ],
    ),
    Case(
        "one user from five addresses is found, beside her own use",
        rows=USUAL + _MANY_ADDRESSES,
        expect=[{"client_ip": None, "user_id": "home-5", "addresses": 6, "refusals": 4}],
    ),
    Case(
        "days between the refusals and the answers change nothing",
        rows=USUAL
        + _refused("home-5", AWAY, 100, 100, 3)
        + _burn("home-5", AWAY, 5 * 24 * 60, 40, 3_000),
        expect=[{"user_id": "home-5", "peak_tokens": 120_000, "addresses": 6}],
    ),
    Case(
        "the access log has the addresses and refusals, the gateway's log the users and tokens",
        rows=[
            piece
            for n, row in enumerate(USUAL + _MANY_USERS)
            for piece in (
                {**row, "user_id": None, "input_tokens": None, "request_id": f"r{n}", "source_id": "access"},
                {
                    "timestamp": row["timestamp"], "user_id": row["user_id"], "request_id": f"r{n}",
                    "model": "gpt-4o", "input_tokens": row["input_tokens"], "source_id": "gateway",
                    "client_ip": "10.0.0.1",
                },
            )
            if "model" not in piece or row["http_status"] == 200
        ],
        expect=[{"client_ip": THIEF, "refusals": 12, "successes": 36, "peak_tokens": 144_000}],
    ),
    Case(
        "spans of a trace say the same: the server's the address and status, the model's the tokens",
        rows=[
            piece
            for n, row in enumerate(USUAL + _MANY_ADDRESSES)
            for piece in (
                {
                    "timestamp": row["timestamp"], "user_id": row["user_id"], "client_ip": row["client_ip"],
                    "http_status": row["http_status"], "trace_id": f"t{n}", "span_id": "1",
                    "span_kind": "server", "span_name": "POST /v1/chat",
                },
                {
                    "timestamp": row["timestamp"], "trace_id": f"t{n}", "span_id": "2", "model": "gpt-4o",
                    "span_kind": "client", "span_name": "chat", "operation": "chat",
                    "input_tokens": row["input_tokens"],
                },
            )
            if "model" not in piece or row["http_status"] == 200
        ],
        expect=[{"user_id": "home-5", "refusals": 4, "peak_tokens": 120_900}],
    ),
    Case(
        "a thief behind the load balancer: the user is accused, the load balancer is not",
        rows=USUAL
        + _refused("office-7", [OFFICE], 205, 61, 6)
        + _burn("office-7", [OFFICE], 1000, 40, 3_500),
        expect=[{"user_id": "office-7", "client_ip": None, "basis": "behind a shared address"}],
    ),
    Case(
        "keys without users are named by their hash",
        rows=[
            {**row, "user_id": None, "api_key_hash": row["user_id"]}
            for row in USUAL + _MANY_ADDRESSES
        ],
        expect=[{"user_id": None, "api_key_hash": "home-5", "addresses": 6}],
    ),
    Case(
        "an id that stands on every line ties nothing",
        rows=[
            {**row, "request_id": "-", "model": "gpt-4o" if row["http_status"] == 200 else None}
            for row in USUAL + _MANY_USERS
        ],
        expect=[{"client_ip": THIEF, "refusals": 12, "successes": 36, "users": 4}],
    ),
    Case(
        "refusals that state nobody count for the user that the address is let in as",
        rows=USUAL + _refused(None, AWAY, 100, 100, 5) + _burn("home-5", AWAY, 1000),
        expect=[{"user_id": "home-5", "addresses": 6, "refusals": 5}],
    ),
    Case(
        "the load balancer's own address stands in the log, and beside it for whom it passed requests on",
        rows=[
            {
                **row, "client_ip": "10.0.0.7", "source_id": "access",
                "attributes": {"forwarded_for": f"192.0.2.250, {row['client_ip']}, 10.0.0.8"},
            }
            for row in USUAL + _MANY_USERS
        ],
        expect=[{"client_ip": THIEF, "user_id": None, "refusals": 12, "successes": 36, "users": 4}],
    ),
    Case(
        "the access log names no user; a line of the application with the same id names her",
        rows=[
            piece
            for n, row in enumerate(USUAL + _MANY_USERS)
            for piece in (
                {**row, "user_id": None, "request_id": f"r{n}", "source_id": "access"},
                {
                    "timestamp": row["timestamp"], "user_id": row["user_id"], "request_id": f"r{n}",
                    "severity": "INFO", "message": "request done", "source_id": "app",
                },
            )
        ],
        expect=[{"client_ip": THIEF, "user_id": None, "refusals": 12, "successes": 36, "users": 4}],
    ),
    Case(
        "the access log has users and addresses, the application's users and tokens; no id ties them",
        rows=[
            piece
            for row in USUAL + _MANY_USERS
            for piece in (
                {**row, "input_tokens": None, "source_id": "access"},
                {
                    "timestamp": row["timestamp"], "user_id": row["user_id"], "model": "gpt-4o",
                    "input_tokens": row["input_tokens"], "source_id": "app",
                    "client_ip": "10.0.0.1" if row["user_id"] == "home-1" else None,
                },
            )
            if "model" not in piece or row["http_status"] == 200
        ],
        expect=[{"client_ip": THIEF, "refusals": 12, "successes": 36, "users": 4}],
    ),
    Case(
        "an office of twelve, for days and nowhere else, whose sessions had ended, is no thief",
        rows=USUAL[-192:]
        + [asked(30 + 2 * n, f"o-{n}", OFFICE, 401) for n in range(9)]
        + [asked(60 + n + 20 * k, f"o-{n}", OFFICE, tokens=4_000) for n in range(12) for k in range(160)],
        expect=[],
    ),
    Case(
        "a small log in which one address tries everybody there is",
        rows=[row for n in range(5) for row in _day(f"office-{n}", OFFICE, 480 + n, 90)]
        + [row for n in range(5) for row in _refused(f"office-{n}", [THIEF], 120 + 9 * n, 1, 1)]
        + [row for n in range(5) for row in _burn(f"office-{n}", [THIEF], 121 + 9 * n, 6, 6_000)],
        expect=[{"client_ip": THIEF, "user_id": None, "refusals": 5, "successes": 30, "users": 5}],
    ),
    Case(
        "two load balancers, everybody's session had ended at the first: none is a thief",
        rows=[
            row
            for n in range(12)
            for row in (
                asked(450, f"office-{n}", OFFICE, 401),
                *_burn(f"office-{n}", [OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, "192.0.2.2"], 480 + n, 30, 900),
            )
        ],
        expect=[],
    ),
    Case("the usual day has no thief", rows=USUAL, expect=[]),
    Case(
        "a heavy user who mistypes at her own address is none",
        rows=[*USUAL, asked(800, "home-2", "198.51.100.2", 401), *_burn("home-2", ["198.51.100.2"], 801, 40)],
        expect=[],
    ),
    Case(
        "one who is as heavy as ever, whose session has ended at each of six new addresses, is none",
        rows=USUAL + _burn("home-5", ["198.51.100.5"], 100) + _moved("home-5", 6),
        expect=[],
    ),
    Case(
        "one who was never so heavy, and is let in at once at each of six new addresses, is found",
        rows=USUAL + _moved("home-5", 6),
        expect=[{"user_id": "home-5", "refusals": 6}],
    ),
    Case(
        "one who travels, heavily, without a refusal is none",
        rows=USUAL + _burn("home-2", AWAY, 801, 40),
        expect=[],
    ),
    Case(
        "many addresses and refusals below the budget are none",
        rows=USUAL + _refused("home-5", AWAY, 100, 100, 4) + _burn("home-5", AWAY, 1000, 20),
        expect=[],
    ),
    Case(
        "a budget spent over more than an hour is not exceeded",
        rows=USUAL
        + _refused("home-5", AWAY, 100, 100, 4)
        + [asked(600 + 7 * n, "home-5", AWAY[n % 5], tokens=8_000) for n in range(60)],
        expect=[],
    ),
    Case(
        "attempts on a heavy user that all fail accuse nobody",
        rows=USUAL + _refused("home-5", AWAY, 100, 100, 10) + _burn("home-5", ["198.51.100.5"], 1000, 40),
        expect=[],
    ),
    Case(
        "refusals that come after the answers are no stolen credentials",
        rows=USUAL + _burn("home-5", AWAY, 600, 40) + _refused("home-5", AWAY, 1200, 10, 5),
        expect=[],
    ),
    Case(
        "an office that spends much is not accused for the two who mistype",
        rows=USUAL + [row for n in range(10) for row in _burn(f"office-{n}", [OFFICE], 600 + n, 12)],
        expect=[],
    ),
    Case(
        "an old key in a loop behind the load balancer, then mended, is none",
        rows=USUAL
        + [asked(600 + n / 10, "office-7", OFFICE, 401) for n in range(40)]
        + _burn("office-7", [OFFICE], 610, 40, 3_500),
        expect=[],
    ),
    Case(
        "clients that are always refused first, and then send their key, are no strangers",
        rows=[
            row
            for usual in USUAL + [r for n in range(10) for r in _burn(f"office-{n}", [OFFICE], 600 + n, 12)]
            for row in ([{**usual, "http_status": 401, "input_tokens": None}, usual])
        ],
        expect=[],
    ),
    Case(
        "a log that holds the thief of many users alone is told",
        rows=[r for n in range(6) for r in _refused(f"home-{n}", [THIEF], 10 + n, 3, 2)]
        + [r for n in range(6) for r in _burn(f"home-{n}", [THIEF], 30 + n, 8, 4_000)],
        expect=[{"client_ip": THIEF, "refusals": 12, "users": 6}],
    ),
    Case(
        "a log that holds one user alone, from many addresses, is told",
        rows=_refused("home-5", AWAY, 10, 1, 10) + _burn("home-5", AWAY, 30),
        expect=[{"user_id": "home-5", "refusals": 10, "addresses": 5}],
    ),
]  # fmt: skip

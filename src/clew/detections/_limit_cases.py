"""Cases of rate_limit_spike: an hour of three or more callers, and what happens in its middle."""

from __future__ import annotations

from typing import Any

from clew.model.case import Case


def called(at_s: float, user: str, status: int = 200, **columns: Any) -> dict[str, Any]:
    """One call, `at_s` seconds after ten o'clock."""
    hour, rest = divmod(at_s, 3600)
    minute, second = divmod(rest, 60)
    return {
        "timestamp": f"2026-11-20T{10 + int(hour):02}:{int(minute):02}:{second:09.6f}Z",
        "user_id": user, "provider": "openai", "model": "gpt-4o", "http_status": status,
        "input_tokens": 100 if status == 200 else None, **columns,
    }  # fmt: skip


USUAL = [
    called(20 * n + 5 * u, f"user-{u}", service="chat", service_version="1.0")
    for n in range(180)
    for u in range(4)
]
"""An hour in which each of four users calls three times a minute."""


def _hour(middle: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The usual hour, but for its minutes 20 to 30."""
    return [row for row in USUAL if not "10:20" <= row["timestamp"][11:16] < "10:30"] + middle


def _minutes(refused: int, **columns: Any) -> list[dict[str, Any]]:
    """Ten minutes as usual, in which every `refused`-th call is refused."""
    return [
        called(
            1200 + 20 * n + 5 * u, f"user-{u}", 429 if (n + u) % refused == 0 else 200, **columns
        )
        for n in range(30)
        for u in range(4)
    ]


_NEIGHBOUR = [
    called(1200 + n * 1.5, "batch", 429 if n % 3 == 0 else 200, service="chat", service_version="1.0")
    for n in range(400)
]  # fmt: skip

_PLAIN = {"service": None, "service_version": None}

SPIKE_CASES = [
    Case(
        "calls that name no service, after the only deployment of hours, are that deployment's",
        rows=[
            {
                "timestamp": "2026-11-20T10:19:00Z", "service": "chat-web",
                "message": "deployed chat-web version 4.2.0", "severity": "INFO",
            },
            *({**row, **_PLAIN} for row in _hour([
                called(1200 + n * 4 + u * 0.7, f"user-{u}", 429 if n % 3 else 200)
                for n in range(150)
                for u in range(4)
            ])),
        ],
        expect=[
            {"service": "chat-web", "service_version": "4.2.0", "cause": "deployment", "limited": 400}
        ],
    ),
    Case(
        "quick retries of some that make all that came on top of the usual are the cause",
        rows=_hour([
            called(1200 + 20 * n + 5 * u + 0.2 * k, f"user-{u}", 429 if u < 2 else 200, prompt_hash=f"{n}-{u}")
            for n in range(30)
            for u in range(4)
            for k in range(2 if u < 2 else 1)
        ]),
        expect=[{"cause": "retries", "limited": 120, "attempts": 180}],
    ),
    Case(
        "refusals of one caller alone, among others who ask as much, are of its own limit",
        rows=_hour([
            {**row, "http_status": 429 if row["user_id"] == "user-2" else 200} for row in _minutes(99)
        ]),
        expect=[{"user_id": "user-2", "cause": "own limit", "limited": 30, "victims_limited": 0}],
    ),
    Case(
        "a limit that was lowered is told from a load that grew",
        rows=[
            {**row, "rate_limit_requests": 5 if "10:20" <= row["timestamp"][11:16] < "10:30" else 60}
            for row in _hour(_minutes(2))
        ],
        expect=[{"cause": "saturation", "rate_limit_requests": 5, "usual_limit_requests": 60}],
    ),
    Case(
        "one caller that makes most of the load while others are refused is the noisy neighbour",
        rows=_hour(_NEIGHBOUR + _minutes(3)),
        expect=[
            {
                "user_id": "batch", "provider": None, "model": None, "cause": "neighbour",
                "attempts": 520, "limited": 174, "victims": 4, "victims_limited": 40,
            }
        ],
    ),
    Case(
        "a caller that alone is refused ran into its own limit",
        rows=_hour(_NEIGHBOUR + _minutes(1000)[1:]),
        expect=[{"user_id": "batch", "cause": "own limit", "victims_limited": 0}],
    ),
    Case(
        "where all callers grow alike the limit is saturated, and nobody is accused",
        rows=_hour(
            [
                called(
                    1200 + 4 * n + u, f"user-{u}", 429 if (n + u) % 4 == 0 else 200,
                    rate_limit_requests_remaining=0 if (n + u) % 4 == 0 else 3,
                )
                for n in range(150)
                for u in range(4)
            ]
        ),
        expect=[
            {
                "user_id": None, "provider": "openai", "model": "gpt-4o", "cause": "saturation",
                "limited": 150, "callers": 4, "out_of_requests": 150,
            }
        ],
    ),
    Case(
        "a service that calls five times as often since its new version is a deployment",
        rows=_hour(
            [
                called(
                    1200 + 4 * n + u, f"user-{u}", 429 if (n + u) % 4 == 0 else 200, service="chat",
                    service_version="1.1",
                )
                for n in range(150)
                for u in range(4)
            ]
        ),
        expect=[
            {"service": "chat", "service_version": "1.1", "user_id": None, "cause": "deployment"}
        ],
    ),
    Case(
        "where most attempts are at once repeated ones the retry policy is the cause",
        rows=_hour(
            [
                called(1200 + 20 * n + 5 * u + 0.2 * k, f"user-{u}", 429, prompt_hash=f"{n}-{u}")
                for n in range(30)
                for u in range(4)
                for k in range(6)
            ]
        ),
        expect=[{"model": "gpt-4o", "user_id": None, "cause": "retries", "limited": 720}],
    ),
    Case(
        "a gateway's requests without any model are judged alike, by address",
        rows=[
            {
                "timestamp": row["timestamp"], "http_method": "POST", "url_path": "/v1/score",
                "http_status": row["http_status"], "service": "gateway",
                "client_ip": "203.0.113.9" if row["user_id"] == "batch" else f"192.0.2.{row['user_id'][-1]}",
            }
            for row in _hour(_NEIGHBOUR + _minutes(3))
        ],
        expect=[{"client_ip": "203.0.113.9", "service": None, "cause": "neighbour", "limited": 174}],
    ),
    Case("a refusal now and then is no spike", rows=_hour(_minutes(40)), expect=[]),
    Case("no refusal, no spike", rows=USUAL, expect=[]),
]  # fmt: skip


def _repeated(gaps: tuple[float, ...], users: int = 1, **columns: Any) -> list[dict[str, Any]]:
    """Ten requests a user that are refused and repeated after each gap, and answered in the end."""
    rows = []
    for u in range(users):
        for n in range(10):
            at_s = 1200 + 60.0 * n + u
            for place, gap in enumerate((0.0, *gaps)):
                at_s += gap
                status = 200 if place == len(gaps) else 429
                rows.append(called(at_s, f"eager-{u}", status, prompt_hash=f"{u}-{n}", **columns))
    return rows


STORM_CASES = [
    Case(
        "six retries a request at a constant fifth of a second are a storm, with their intervals",
        rows=USUAL + _repeated((0.2,) * 6),
        expect=[
            {
                "user_id": "eager-0", "failures": 60, "retries": 60, "failed_requests": 10,
                "amplification": 7.0, "median_interval_s": 0.2, "backoff_growth": 1.0,
            }
        ],
    ),
    Case(
        "retries that come before Retry-After is over are found, though they back off",
        rows=USUAL + _repeated((1.0, 2.0, 4.0), retry_after_s=30.0),
        expect=[{"user_id": "eager-0", "retries": 30, "ignored": 30, "backoff_growth": 2.0}],
    ),
    Case(
        "where all callers storm it is one finding, about what they call",
        rows=_repeated((0.2,) * 6, users=5),
        expect=[
            {
                "user_id": None, "provider": "openai", "model": "gpt-4o", "callers": 5, "retries": 300,
                "amplification": 7.0,
            }
        ],
    ),
    Case("exponential back-off is no storm", rows=USUAL + _repeated((1.0, 2.0, 4.0, 8.0)), expect=[]),
    Case(
        "where nothing tells requests apart, runs of failures are a storm if they come faster",
        rows=[{**row, "input_tokens": None, "prompt_hash": None} for row in USUAL + _repeated((0.2,) * 6)],
        expect=[{"user_id": "eager-0", "retries": 60, "is_told": False}],
    ),
    Case(
        "a busy caller of which a part is refused at random does not retry",
        rows=[
            called(n * 0.5, "busy", 429 if n * 7919 % 10 < 3 else 200, input_tokens=None)
            for n in range(2000)
        ],
        expect=[],
    ),
    Case("a single retry is no storm", rows=USUAL + _repeated((0.2,)), expect=[]),
]  # fmt: skip

"""The callers: the same requests for the same seed, sent at their time, answered by the clock."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from recommendation_services import feature_database, tokens

WARM_UP = 8
"""Requests before the recorded ones: first connections, first pages of the database."""
AT_ONCE = 3
"""Requests under way: so that slow ones do not pile up on a machine that is busy besides."""
PAGES = ("home", "sports football results", "kitchen knives and pans", "winter coats", "novels")


@dataclass(frozen=True)
class Asked:
    """One request that is to be sent."""

    request_id: str
    wait_s: float
    user_id: str = ""
    segment: str = ""
    page: str = ""
    is_signed: bool = True


@dataclass(frozen=True)
class Answered:
    """What the client saw of it."""

    asked: Asked
    trace_id: str
    status: int
    ms: float


def planned(rng: random.Random, requests: int) -> list[Asked]:
    """In each seven requests one of a household; some for what is trending, a few not allowed."""
    singles = [n for n in range(feature_database.USERS) if not feature_database.is_household(n)]
    households = [n for n in range(feature_database.USERS) if feature_database.is_household(n)]
    singles, households = rng.sample(singles, 150), rng.sample(households, 60)
    plan = []
    for number in range(requests):
        if number % 7 == 0:
            household, trending = rng.sample(range(7), 2)
        request_id = f"{rng.getrandbits(64):016x}"
        wait_s = rng.uniform(0.05, 0.15)
        if number % 7 == trending:
            plan.append(Asked(request_id, wait_s))
            continue
        is_household = number % 7 == household
        user = rng.choice(households if is_household else singles)
        segment = "household" if is_household else "single"
        is_signed = is_household or rng.random() > 0.05
        name, page = feature_database.user_name(user), rng.choice(PAGES)
        plan.append(Asked(request_id, wait_s, name, segment, page, is_signed))
    return plan


def warm_up() -> list[Asked]:
    users = range(feature_database.USERS - WARM_UP, feature_database.USERS)
    names = [feature_database.user_name(n) for n in users]
    return [Asked(f"warm-up-{n}", 0.05, name, "", "home") for n, name in enumerate(names)]


async def sent(entry: str, plan: Sequence[Asked]) -> list[Answered]:
    """Sends each request when its time has come, and no more than a few at once."""
    free = asyncio.Semaphore(AT_ONCE)

    async def in_turn(client: httpx.AsyncClient, asked: Asked) -> Answered:
        try:
            return await _answer(client, asked)
        finally:
            free.release()

    async with httpx.AsyncClient(base_url=entry, timeout=60, trust_env=False) as client:
        under_way = []
        for asked in plan:
            await asyncio.sleep(asked.wait_s)
            await free.acquire()
            under_way.append(asyncio.create_task(in_turn(client, asked)))
        return await asyncio.gather(*under_way)


async def _answer(client: httpx.AsyncClient, asked: Asked) -> Answered:
    headers = {"x-request-id": asked.request_id}
    began = time.perf_counter()
    if asked.user_id:
        token = tokens.signed(asked.user_id) if asked.is_signed else "stale"
        headers["authorization"] = f"Bearer {token}"
        path = f"/v1/recommendations/{asked.user_id}"
        answer = await client.get(path, params={"page": asked.page}, headers=headers)
    else:
        answer = await client.get("/v1/trending", headers=headers)
    ms = round((time.perf_counter() - began) * 1000, 3)
    return Answered(asked, answer.headers["x-trace-id"], answer.status_code, ms)

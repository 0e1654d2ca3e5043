"""Stolen credentials: how many planted thieves are found and who else is accused, and what a million requests cost.

python bench/credentials.py [--seeds N] [--first-seed N] [--requests N]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.engines import duckdb_bench
from tests.test_planted_credentials import Traffic

from clew import registry
from clew.engines import duckdb as duckdb_engine
from clew.model.event import COLUMNS
from clew.model.views import events

KINDS: dict[str, dict[str, float]] = {
    "days between refusals and answers": {},
    "two weeks": {"days": 14.0, "requests": 40_000},
    "a single day": {"days": 1.0},
    "five in a hundred mistype": {"mistyped": 0.05},
    "nobody tries again at once": {"retried": False},
}
TIMED = (
    "credential_stuffing", "password_spray", "api_key_many_addresses", "new_model_new_network",
    "impossible_travel", "scanner",
)  # fmt: skip
REQUESTS = """
INSERT INTO event_rows BY NAME
SELECT 'e' || i AS event_id, 's' AS source_id, i AS line, i * 100 AS byte_offset,
    TIMESTAMP '2026-03-01' + to_microseconds((i * 604800000000 // {n})::BIGINT) AS timestamp,
    'u' || hash(i) % 5000 AS user_id, 'k' || hash(i) % 5000 AS api_key_hash, 'r' || i AS request_id,
    CASE WHEN hash(i, 1) % 10 < 6 THEN '192.0.2.5'
        ELSE concat_ws('.', 100, hash(i) % 5000 // 256, hash(i) % 256, hash(i, 3) % 4) END AS client_ip,
    CASE hash(i, 2) % 50 WHEN 0 THEN 401 WHEN 1 THEN 404 ELSE 200 END AS http_status,
    1000 AS input_tokens, 500 AS output_tokens, 'gpt-4o' AS model, '/v1/' || hash(i, 5) % 30 AS url_path,
    'agent/' || hash(i, 4) % 50 AS user_agent,
    json_object('latitude', hash(i) % 90, 'longitude', hash(i) % 180)::JSON::VARIANT AS attributes
FROM range({n}) t(i)
"""


def accuracy(first_seed: int, seeds: int) -> None:
    """Of those accused how many are thieves (precision), and of the thieves how many are found (recall)."""
    bench = duckdb_bench()
    module = registry.load("detections", "credential_stuffing")
    print(f"{'':36}{'precision':>10}{'recall':>8}")
    for kind, options in KINDS.items():
        right = accused = planted = 0
        for seed in range(first_seed, first_seed + seeds):
            traffic = Traffic(seed, **options)  # type: ignore[arg-type]
            bench.fill(traffic.rows)
            rows = bench.engine.run(module.detect(events)).dicts()
            found = {next((c, row[c]) for c in ("client_ip", "user_id") if row[c]) for row in rows}
            right, accused = right + len(found & traffic.truth), accused + len(found)
            planted += len(traffic.truth)
        print(f"{kind:36}{right / max(accused, 1):10.2f}{right / planted:8.2f}", flush=True)


def speed(requests: int) -> None:
    """CPU seconds of one core for each detection over so many requests in memory."""
    engine = duckdb_engine.open_case(":memory:", write=True)
    engine.add_columns([column.name for column in COLUMNS])
    engine.workbench.execute("SET threads = 1")
    engine.workbench.execute(REQUESTS.format(n=requests))
    for name in TIMED:
        module = registry.load("detections", name)
        began = time.process_time()
        engine.run(module.detect(events), limit=50)
        print(f"{name:36}{time.process_time() - began:8.1f} CPU s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--requests", type=int, default=1_000_000)
    given = parser.parse_args()
    accuracy(given.first_seed, given.seeds)
    speed(given.requests)

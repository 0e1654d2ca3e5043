"""How fast prompts are scored: distinct prompts a second, on each engine, on one and on two threads.

    PYTHONPATH=src python bench/prompt_scores.py [PROMPTS]

The prompts are made of the sentences of bench/prompt_attacks.jsonl: a share of them (0, a tenth, all) is
one of those, with a number so that no two are equal; the others are ordinary text of 300 characters. The time
includes what an engine needs to begin: in ClickHouse about a CPU second for the plan, however few prompts.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import ibis

from clew.engines import clickhouse
from clew.engines._duckdb_macros import MACROS
from clew.prompts.scores import prompt_signs, scored

TEXT = (
    "the a of to and in that it is for my our with this order parcel invoice garden holiday recipe train "
    "question letter week could would please tell explain why how when where what account address meeting "
    "table colour summer report number list example street window paper music city river child teacher doctor"
)
SENTENCES = [
    json.loads(line)["text"]
    for line in Path(__file__).with_name("prompt_attacks.jsonl").read_text().splitlines()
]


def main(count: int) -> None:
    for share in (0.0, 0.1, 1.0):
        texts = prompts(count, share)
        for threads in (1, 2):
            _tell(share, f"DuckDB, {threads} threads", texts, *_in_duckdb(texts, threads))
    engine = clickhouse.open_case("chdb://", write=True)
    for share in (0.0, 0.1, 1.0):
        texts = prompts(count, share)
        engine.load(
            [{"event_id": str(n), "prompt": text} for n, text in enumerate(texts)], replace=True
        )
        asked = prompt_signs.agg(n=prompt_signs.count())
        _tell(share, "ClickHouse in process", texts, *_timed(lambda: engine.run(asked)))  # noqa: B023


def _in_duckdb(texts: list[str], threads: int) -> tuple[float, float]:
    question = scored(ibis.table({"text": "string"}, name="texts"), "text")
    total = "count(*), sum(prompt_injection_score + jailbreak_score)"
    asked = f"SELECT {total} FROM ({ibis.to_sql(question, dialect='duckdb')})"
    connection = duckdb.connect(config={"threads": threads})
    connection.execute(MACROS)
    connection.execute(
        "CREATE TABLE texts AS SELECT unnest(from_json(?, '[\"VARCHAR\"]')) AS text",
        [json.dumps(texts)],
    )
    return _timed(lambda: connection.execute(asked).fetchall())


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of the processors."""
    began, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - used


def _tell(share: float, engine: str, texts: list[str], took: float, used: float) -> None:
    print(
        f"{share:4.0%} from the sentences, {engine}: {len(texts) / took:,.0f} prompts/s "
        f"({sum(map(len, texts)) / took / 1e6:,.1f} MB/s), {len(texts) / used:,.0f} a CPU second",
        flush=True,
    )


def prompts(count: int, share: float) -> list[str]:
    choose, words = random.Random(5), TEXT.split()
    return [
        f"{choose.choice(SENTENCES)} {number}"
        if choose.random() < share
        else " ".join(choose.choice(words) for _ in range(52)) + f" {number}"
        for number in range(count)
    ]


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 50_000)

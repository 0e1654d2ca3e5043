"""How fast prompts are scored: distinct prompts a second, on each engine, on one and on two threads.

    PYTHONPATH=src python bench/prompt_scores.py [PROMPTS]

The prompts are made of the sentences of bench/prompt_attacks.jsonl: a share of them (0, a tenth, all) is
one of those, with a number so that no two are equal; the others are ordinary text of 300 characters.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

import duckdb
import ibis

from clew.model.prompt_scores import scored

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
    question = str(
        ibis.to_sql(scored(ibis.table({"text": "string"}, name="texts"), "text"), dialect="duckdb")
    )
    asked = f"SELECT count(*), sum(prompt_injection_score + jailbreak_score) FROM ({question})"
    for share in (0.0, 0.1, 1.0):
        texts = _texts(count, share)
        for threads in (1, 2):
            connection = duckdb.connect(config={"threads": threads})
            connection.execute(
                "CREATE TABLE texts AS SELECT unnest(from_json(?, '[\"VARCHAR\"]')) AS text",
                [json.dumps(texts)],
            )
            began = time.perf_counter()
            connection.execute(asked).fetchall()
            took = time.perf_counter() - began
            print(
                f"{share:4.0%} from the sentences, {threads} threads: {count / took:,.0f} prompts/s "
                f"({sum(map(len, texts)) / took / 1e6:,.1f} MB/s)",
                flush=True,
            )


def _texts(count: int, share: float) -> list[str]:
    choose, words = random.Random(5), TEXT.split()
    return [
        f"{choose.choice(SENTENCES)} {number}"
        if choose.random() < share
        else " ".join(choose.choice(words) for _ in range(52)) + f" {number}"
        for number in range(count)
    ]


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 50_000)

"""How the search for near-duplicate prompts grows: seconds and memory over 100,000 to 1,000,000 prompts.

python bench/near_duplicates.py [PROMPTS ...]

Every tenth prompt repeats an earlier one with a word changed; the others are words drawn at random, behind one
of twenty beginnings of six words that many prompts share. Each size runs in a process of its own.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time

import ibis

from clew.detections import _alike
from clew.engines import duckdb

SIZES = (100_000, 200_000, 400_000, 1_000_000)
SOUNDS = ("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo")
WORDS = ["".join(random.Random(n).choices(SOUNDS, k=3)) for n in range(3_000)]
BEGINNINGS = [" ".join(random.Random(n).choices(WORDS, k=6)) for n in range(20)]
KEPT = 5_000


def prompts(count: int) -> tuple[list[str], int]:
    """The prompts, and how many of them were made from an earlier one."""
    chance = random.Random(11)
    made: list[str] = []
    copies = 0
    for n in range(count):
        if n % 10 == 9:
            words = made[chance.randrange(max(0, n - KEPT), n)].split()
            words[chance.randrange(len(words))] = chance.choice(WORDS)
            copies += 1
        else:
            words = chance.choice(BEGINNINGS).split() + chance.choices(
                WORDS, k=chance.randint(15, 45)
            )
        made.append(" ".join(words))
    return made, copies


def measure(count: int) -> dict[str, float]:
    import pyarrow as pa

    made, copies = prompts(count)
    engine = duckdb.open_case(":memory:", write=True)
    engine.workbench.execute("SET threads = 2")
    table = pa.table({"place": list(range(count)), "said": made})
    engine.workbench.register("given", table)
    engine.workbench.execute(
        "CREATE TABLE texts AS SELECT hash(place)::BIT::BIGINT AS text_id, said, 0::BIGINT AS block FROM given"
    )
    engine.workbench.unregister("given")
    del table, made
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    texts = ibis.table({"text_id": "int64", "said": "string", "block": "int64"}, name="texts")
    found = _alike.leaders(texts, 0.8)
    began, cpu = time.perf_counter(), time.process_time()
    rows = engine.run(found.agg(found=found.count())).rows[0][0]
    return {
        "prompts": count,
        "seconds": round(time.perf_counter() - began, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
        "found": rows,
        "planted": copies,
        "before_mb": round(before_mb),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main(sizes: list[int]) -> None:
    if len(sizes) == 1:
        print(json.dumps(measure(sizes[0])))
        return
    for size in sizes:
        command = [sys.executable, __file__, str(size)]
        print(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))

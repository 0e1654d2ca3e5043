"""Money questions over one million AI calls: cost by user and by model, and detections of waste.

python bench/calls.py [CALLS] [DETECTION ...]

The calls are rows made by DuckDB (5,000 users, five models, half of the prompts asked before), so that what is
measured is the questions and not the ingest. They are made in another process, and the case is a file, as
that of a user is: peak memory is that of the questions.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

from clew import registry
from clew.engines import duckdb
from clew.model.views import events

DETECTIONS = (
    "cost_outlier", "usage_anomaly", "redundant_requests", "oversized_prompts", "overpowered_model",
    "rate_limit_spike", "retry_storm", "token_limit_saturation", "model_extraction", "provider_outage",
)  # fmt: skip
MODELS = "['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4', 'gemini-2.5-pro', 'llama-3-70b']"
ROWS = f"""
SELECT printf('%032x', i) AS event_id, 'calls' AS source_id, i AS line, i * 600 AS byte_offset,
    make_timestamp(1793491200000000 + 2500000 * i) AS timestamp,
    ['gateway', 'chat', 'rag'][1 + i % 3] AS service, 'req_' || i AS request_id,
    'u' || (hash(i) % 5000 * (hash(i + 1) % 5000) // 5000) AS user_id, 't' || (i % 13) AS team,
    {MODELS}[(1 + hash(i, 2) % 5)::INTEGER] AS model, 'openai' AS provider,
    20 + hash(i, 3) % 3000 AS input_tokens, 1 + hash(i, 4) % 400 AS output_tokens, 200 AS http_status,
    ((20 + hash(i, 3) % 3000) * 2.5 + (1 + hash(i, 4) % 400) * 10) / 1e6 AS cost_usd,
    CASE WHEN i % 2 = 0 THEN list_aggregate(list_transform(range(30), lambda n: 'word' || (hash(i, n) % 3000)),
            'string_agg', ' ')
        ELSE 'question number ' || (hash(i, 5) % 20000) || ' of the list that everybody asks again' END AS prompt
FROM range(?) AS given(i)
"""


def main(count: int, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        case = str(Path(folder) / "calls.duckdb")
        maker = multiprocessing.get_context("fork").Process(target=make, args=(case, count))
        maker.start()
        maker.join()
        print(f"{count:,} calls made, {Path(case).stat().st_size >> 20:,} MB on disk")
        engine = duckdb.open_case(case, write=True)
        engine.workbench.execute("SET threads = 2")
        cost = registry.load("analyses", "cost").cost
        for by in ("user_id", "model"):
            _measure(f"cost by {by}", engine, cost(events, by=(by,)), 3)
        began = time.perf_counter()
        for name in names or DETECTIONS:
            _measure(name, engine, registry.load("detections", name).detect(events), 1)
        print(f"these detections together: {time.perf_counter() - began:.1f} s")


def make(case: str, count: int) -> None:
    """Fills the case."""
    engine = duckdb.open_case(case, write=True)
    columns = [row[0] for row in engine.workbench.execute(f"DESCRIBE {ROWS}", [1]).fetchall()]
    engine.add_columns(columns)
    engine.workbench.execute(f"INSERT INTO event_rows BY NAME {ROWS}", [count])
    engine.close()


def _measure(name: str, engine: duckdb.DuckDBEngine, question: object, times: int) -> None:
    sql = engine.compile(question)  # type: ignore[arg-type]
    spent = []
    for _ in range(times):
        began, cpu = time.perf_counter(), time.process_time()
        rows = len(engine.run(sql).rows)
        spent.append((time.perf_counter() - began, time.process_time() - cpu))
    wall, cpu = min(spent)
    print(f"{name}: {wall:.3f} s, {cpu:.3f} CPU s, {rows:,} rows, {_memory_mb():,} MB", flush=True)


def _memory_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000, sys.argv[2:])

"""Ranked causes: how often the cause comes first, third and fifth, and what 500,000 spans cost.

python bench/root_cause.py [--seeds N] [--first-seed N] [--traces N] [--spans N]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.engines import duckdb_bench
from tests.faulty_system import FAULTS, simulate
from tests.test_root_cause import SIGNALS, places, share_within

from clew.analyses.root_cause import root_cause
from clew.engines import duckdb as duckdb_engine
from clew.model.event import BY_NAME
from clew.model.views import events


def accuracy(first_seed: int, seeds: int, traces: int) -> None:
    """AC@1, AC@3 and Avg@5 of the service to blame, by fault and signal."""
    bench = duckdb_bench()
    found = {
        fault: [
            places(bench, simulate(seed, fault, traces=traces))
            for seed in range(first_seed, first_seed + seeds)
        ]
        for fault in FAULTS
    }
    found["all faults"] = [place for each in found.values() for place in each]
    print(f"{'AC@1 AC@3 Avg@5':14}" + "".join(f"{name:>20}" for name in ("all", *SIGNALS)))
    for fault, each in found.items():
        line = f"{fault:14}"
        for name in ("all", *SIGNALS):
            ranks = [place[name] for place in each]
            at = [share_within(ranks, k) for k in range(1, 6)]
            line += f"{at[0]:10.2f}{at[2]:5.2f}{sum(at) / 5:5.2f}"
        print(line, flush=True)


def speed(spans: int) -> None:
    """Seconds from a case of so many spans, with their logs and metrics, to ranked causes."""
    each = sum("span_name" in row for row in simulate(1, "cpu", traces=200).rows) / 200
    run = simulate(1, "cpu", traces=int(spans / each) + 1)
    engine = duckdb_bench().engine
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        with path.open("w") as file:
            file.writelines(json.dumps(row, default=str) + "\n" for row in run.rows)
        names = dict.fromkeys(name for row in run.rows for name in row)
        columns = {name: duckdb_engine.SQL_TYPES[BY_NAME[name].kind] for name in names}
        engine.workbench.execute(
            f"INSERT INTO event_rows BY NAME SELECT *, 'run' AS root_id, 0 AS part, "
            f"row_number() OVER () AS byte_offset, uuid()::VARCHAR AS event_id "
            f"FROM read_json('{path}', columns = {columns})"
        )
    ((count, rows),) = engine.run("SELECT count(span_name), count(*) FROM events").rows
    for time_of in ("with span_tree made", "span_tree kept"):
        begin, cpu = time.perf_counter(), time.process_time()
        asked = root_cause(events, since=run.since, until=run.until)
        first = engine.run(asked).dicts()[0]
        print(
            f"{count:,} spans of {rows:,} rows, {time_of}: {time.perf_counter() - begin:.1f} s "
            f"({time.process_time() - cpu:.1f} CPU s), first: {first['service']}, "
            f"true: {run.service}",
            flush=True,
        )
    engine.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--first-seed", type=int, default=1000)
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--traces", type=int, default=400)
    options.add_argument("--spans", type=int, default=500_000)
    given = options.parse_args()
    if given.seeds:
        accuracy(given.first_seed, given.seeds, given.traces)
    if given.spans:
        speed(given.spans)
    print(f"DuckDB {duckdb.__version__}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()

"""What a lossless ingest costs beside a plain one, and how fast the case then answers.

    python bench/ingest.py [--lines 1000000] [--runs 3] [--folder DIR]

Each figure is the CPU time (user and system) of a process of its own, from its start to a file that is
closed, the sides in turn, and the ratio of their medians: Clew with `--redact none`, and as it comes, with
secrets and personal data taken out. Both sides are compiled to bytecode before, as what is installed is: each
reads a few lines first, which are not counted. The plain readers are those of
bench/plain.py: the floor, not a rival. Questions are asked in process, on a case that is open, and the
median of five is shown.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from data import write

CLEW = """
import sys
from clew import pipeline
from clew.formats import Settings
from clew.model.redaction import Policy
told = Settings(redaction=Policy(what=sys.argv[3]))
ledger = pipeline.ingest([sys.argv[1]], case=sys.argv[2], settings=told)
assert not ledger.problems, ledger.problems
"""
FEW = 100
"""Lines that each side reads before it is measured."""
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}
PLAIN = Path(__file__).with_name("plain.py")
QUESTIONS = {
    "count by status": "SELECT http_status, count(*) FROM events GROUP BY 1",
    "p99 by model": "SELECT model, quantile_cont(duration_ms, 0.99) FROM events GROUP BY 1",
    "top users": "SELECT user_id, count(*) AS n FROM events GROUP BY 1 ORDER BY n DESC LIMIT 10",
    "one request id": "SELECT * FROM events WHERE request_id = 'req_7777'",
    "words in prompts": "SELECT count(*) FROM events WHERE prompt ILIKE '%bade fi%'",
}


def cpu_s(command: list[str], source: Path, target: Path, *more: str) -> tuple[float, float]:
    """CPU seconds and peak memory in MB of one Python process."""
    target.unlink(missing_ok=True)
    child = subprocess.Popen(
        [sys.executable, *command, str(source), str(target), *more],
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
    )
    _, status, used = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"A run failed with status {status}.")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def compare(kind: str, source: Path, folder: Path, runs: int) -> None:
    """Clew, twice, and the plain reader in turn; their medians and ratios."""
    few = folder / f"few_{kind}.log"
    write(kind, FEW, few)
    cpu_s([str(PLAIN), kind], few, folder / "plain.duckdb")
    cpu_s(["-c", CLEW], few, folder / "few.duckdb", "pii")
    spent: dict[str, list[float]] = {"plain": [], "none": [], "pii": []}
    memory = 0.0
    for _ in range(runs):
        spent["plain"].append(cpu_s([str(PLAIN), kind], source, folder / "plain.duckdb")[0])
        for what in ("none", "pii"):
            seconds, peak = cpu_s(["-c", CLEW], source, folder / f"{kind}.duckdb", what)
            spent[what].append(seconds)
            memory = max(memory, peak)
    base, own, redacted = (statistics.median(spent[name]) for name in ("plain", "none", "pii"))
    print(
        f"{kind:10} {source.stat().st_size / 1e6:5.0f} MB  plain {base:.1f} CPU s  clew {own:.1f} CPU s, ratio "
        f"{own / base:.2f}  redacting {redacted:.1f} CPU s, ratio {redacted / base:.2f}  peak {memory:.0f} MB",
        flush=True,
    )


def ask(case: Path) -> None:
    """Milliseconds of each question, median of five."""
    connection = duckdb.connect(str(case), read_only=True)
    for name, sql in QUESTIONS.items():
        times = [timed(lambda sql=sql: connection.execute(sql).fetchall()) for _ in range(5)]
        print(f"{name:20} {1000 * statistics.median(times):6.0f} ms", flush=True)
    connection.close()


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--lines", type=int, default=1_000_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--folder", type=Path, default=None)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        for kind in ("jsonl", "nginx", "traceback"):
            source = folder / f"{kind}.log"
            if not source.exists():
                write(kind, given.lines, source)
            compare(kind, source, folder, given.runs)
        ask(folder / "jsonl.duckdb")
        command = [sys.executable, "-m", "clew", "search", "http_status:500", "--limit", "5"]
        target = ["--case", str(folder / "jsonl.duckdb"), "--output", "json"]
        cold = timed(
            lambda: subprocess.run([*command, *target], stdout=subprocess.DEVNULL, check=True)
        )
        print(f"cold 'clew search'   {1000 * cold:6.0f} ms", flush=True)
    print(
        f"DuckDB {duckdb.__version__}, Python {sys.version.split()[0]}, {os.cpu_count()} cores, "
        f"own peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB"
    )


if __name__ == "__main__":
    main()

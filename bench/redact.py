"""How fast redaction is, and what it adds to an ingest.

    python bench/redact.py [--lines 100000] [--runs 3] [--source FILE.jsonl]

Three times the same calls: as bench/data.py makes them (nothing to take out); with a mail address as
the user; with a mail address, a phone number and at times a secret in every prompt, and one more address
in the attributes. Each is read into a table, and the time is that of `Redactor.rows` and of writing its
rows, in MB of JSON lines a second, beside a plain pass that writes the same rows as they are. Then whole
ingests, with and without redaction, in turn. All figures are CPU time of one process; the median of the
runs.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
from data import write

from clew import pipeline
from clew.formats import Settings
from clew.model.redaction import Policy
from clew.redact._rows import Redactor

COLUMNS = {
    "level": "severity", "service": "service", "trace_id": "trace_id", "request_id": "request_id",
    "user_id": "user_id", "client_ip": "client_ip", "model": "model", "prompt": "prompt",
}  # fmt: skip
KEY = b"a key of benchmarks, visibly false"


def with_users(lines: Iterator[str]) -> Iterator[str]:
    """A mail address as the user of every call."""
    for line in lines:
        record = json.loads(line)
        record["user_id"] += "@example.com"
        yield json.dumps(record, separators=(",", ":"))


def with_everything(lines: Iterator[str]) -> Iterator[str]:
    """Personal data in every prompt and its attributes, a secret in one of ten."""
    chance = random.Random(3)
    for number, line in enumerate(with_users(lines)):
        record = json.loads(line)
        phone, who = chance.randrange(10**6, 10**7), chance.randrange(10**6)
        record["prompt"] += f" call +1415{phone} or mail p{who}@example.org"
        if number % 10 == 0:
            record["prompt"] += f" my password=hunter{number} and AKIA{number:016}"
        record["extra"]["contact"] = f"c{who % 10_000}@example.net"
        yield json.dumps(record, separators=(",", ":"))


def table_of(connection: duckdb.DuckDBPyConnection, source: Path) -> list[str]:
    """Reads the calls as an ingest would have parsed them; gives the columns."""
    picked = ", ".join(f"line->>'{key}' AS {name}" for key, name in COLUMNS.items())
    connection.execute(
        f"CREATE OR REPLACE TABLE calls AS SELECT {picked}, (line->'extra')::VARCHAR AS attributes "
        f"FROM read_json('{source}', records = false, columns = {{line: 'JSON'}})"
    )
    return [*COLUMNS.values(), "attributes"]


def cpu_s(work: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return statistics.median(times)


def measure(name: str, source: Path, runs: int) -> None:
    """Redaction of a table of calls, beside a plain pass over it."""
    connection = duckdb.connect(config={"threads": 1})
    names = table_of(connection, source)
    size = source.stat().st_size / 1e6
    taken: dict[str, int] = {}

    def redact() -> None:
        redactor = Redactor(connection, Policy(), lambda: KEY)
        rows = redactor.rows("calls", names) or "FROM calls"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE redacted AS {rows}")
        taken.update(redactor.counted)

    plain = cpu_s(
        lambda: connection.execute("CREATE OR REPLACE TEMP TABLE plain AS FROM calls"), runs
    )
    own = cpu_s(redact, runs)
    print(
        f"{name:12} {size:5.0f} MB  redaction {size / own:6.1f} MB/s  plain pass {size / plain:6.1f} MB/s  "
        f"{dict(sorted(taken.items()))}",
        flush=True,
    )
    connection.close()


def compare(name: str, source: Path, folder: Path, runs: int) -> None:
    """Whole ingests with and without redaction, in turn."""
    times: dict[str, list[float]] = {"none": [], "pii": []}
    for _ in range(runs):
        for what, found in times.items():
            case = folder / f"{what}.duckdb"
            case.unlink(missing_ok=True)
            policy = Policy(what=what, key=KEY.decode())  # type: ignore[arg-type]
            begin = time.process_time()
            ledger = pipeline.ingest(
                [str(source)], case=str(case), settings=Settings(redaction=policy)
            )
            found.append(time.process_time() - begin)
            assert not ledger.problems, ledger.problems
    without, own = (statistics.median(found) for found in times.values())
    print(
        f"{name:12} ingest {own:5.2f} CPU s, without redaction {without:5.2f}, ratio {own / without:.2f}"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--lines", type=int, default=100_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--source", type=Path, default=None)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        clean = given.source or folder / "clean.jsonl"
        if given.source is None:
            write("jsonl", given.lines, clean)
        sources = {"clean": clean}
        for name, change in {"users": with_users, "everything": with_everything}.items():
            sources[name] = folder / f"{name}.jsonl"
            with clean.open() as lines, sources[name].open("w") as out:
                out.writelines(f"{line}\n" for line in change(lines))
        for name, source in sources.items():
            measure(name, source, given.runs)
        for name, source in sources.items():
            compare(name, source, folder, given.runs)
    print(
        f"DuckDB {duckdb.__version__}, Python {sys.version.split()[0]}, {os.cpu_count()} cores",
    )


if __name__ == "__main__":
    main()

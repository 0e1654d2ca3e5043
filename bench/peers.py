"""Clew beside other servers of LLM traces, on the same spans: speed, loss, disk, memory and money.

    python bench/peers.py [--spans 5120] [--phoenix VENV] [--mlflow VENV]

VENV is a virtual environment with the package in it (arize-phoenix, mlflow), each as it comes: its own SQLite
file, no settings but folder and port. The same requests (bench/otlp_live.py) go to each in turn, from this
machine. Spans count when each has them where it keeps them: Clew's is asked by SQL over HTTP, the others'
database is read. Then a new server takes all of them and is killed with SIGKILL right after its last answer; what
is missing once it runs again was acknowledged and lost. The money is what each says that the calls cost; the truth
is what their sellers ask for the tokens.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from otlp_live import requests, send

PRICES = {
    "gpt-4o": (2.5, 10.0),
    "gpt-4o-mini": (0.15, 0.6),
    "claude-3-5-sonnet-20241022": (3.0, 15.0),
    "gemini-2.0-flash": (0.1, 0.4),
}
"""Dollars for a million tokens, read and written; the last two models are retired."""
BATCH = 512
PATIENCE_S = 600.0
Asked = Callable[[Path, int, str], float]
"""A number: the answer to SQL, of the server in this folder and at this port."""


def over_http(folder: Path, port: int, sql: str) -> float:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    client.request(
        "POST", "/api/sql", json.dumps({"sql": sql}), {"content-type": "application/json"}
    )
    answer = client.getresponse()
    (value,) = json.loads(answer.read())[0].values()
    return float(value or 0)


def in_sqlite(name: str) -> Asked:
    def ask(folder: Path, port: int, sql: str) -> float:
        with contextlib.closing(
            sqlite3.connect(f"file:{folder / name}?mode=ro", uri=True, timeout=30)
        ) as database:
            return float(database.execute(sql).fetchone()[0] or 0)

    return ask


@dataclass(frozen=True, slots=True)
class Peer:
    """A server: how it is started ({folder}, {port} and {spare} are filled in) and asked."""

    name: str
    command: list[str]
    asked: Asked
    cost: str
    headers: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


CLEW = Peer(
    "Clew",
    [sys.executable, "-m", "clew", "serve", "--case", "{folder}/case.duckdb", "--port", "{port}",
     "--grpc-port", "{spare}"],
    over_http,
    "SELECT sum(cost_usd) FROM calls",
)  # fmt: skip


def phoenix(venv: Path) -> Peer:
    return Peer(
        "Phoenix",
        [f"{venv}/bin/phoenix", "serve"],
        in_sqlite("phoenix.db"),
        "SELECT sum(total_cost) FROM span_costs",
        environment={"PHOENIX_WORKING_DIR": "{folder}", "PHOENIX_PORT": "{port}",
                     "PHOENIX_GRPC_PORT": "{spare}", "PHOENIX_HOST": "127.0.0.1"},
    )  # fmt: skip


def mlflow(venv: Path) -> Peer:
    return Peer(
        "MLflow",
        [f"{venv}/bin/mlflow", "server", "--port", "{port}", "--workers", "1", "--backend-store-uri",
         "sqlite:///{folder}/mlflow.db", "--artifacts-destination", "{folder}/artifacts"],
        in_sqlite("mlflow.db"),
        "SELECT sum(total_cost) FROM spans",
        headers={"x-mlflow-experiment-id": "0"},
    )  # fmt: skip


class Running:
    """A peer's server in a folder, which may hold what an earlier one left."""

    def __init__(self, peer: Peer, folder: Path) -> None:
        self.peer, self.folder = peer, folder
        self.port, spare = free_port(), free_port()
        told = {"folder": str(folder), "port": str(self.port), "spare": str(spare)}
        self.process = subprocess.Popen(
            [word.format(**told) for word in peer.command],
            env=os.environ | {key: word.format(**told) for key, word in peer.environment.items()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        waited(self._listens, f"{peer.name} does not listen")

    def _listens(self) -> bool:
        assert self.process.poll() is None, f"{self.peer.name} ended at once"
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            return True
        return False

    def spans(self) -> int:
        return int(self.peer.asked(self.folder, self.port, "SELECT count(*) FROM spans"))

    def cost(self) -> float:
        return self.peer.asked(self.folder, self.port, self.peer.cost)

    def memory_mb(self) -> float:
        """Resident memory of the server and its children."""
        pages = 0
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                if os.getpgid(int(entry.name)) == self.process.pid:
                    pages += int((entry / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def disk(self) -> int:
        """Bytes of the files of its databases."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in found)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        self.process.wait(timeout=120)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def waited(is_true: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < deadline, problem
        time.sleep(0.1)


@contextlib.contextmanager
def running(peer: Peer, folder: Path) -> Iterator[Running]:
    server = Running(peer, folder)
    try:
        yield server
    finally:
        server.end(signal.SIGKILL)


def measure(peer: Peer, bodies: list[bytes], spans: int, folder: Path) -> None:
    """One line of the table."""
    with running(peer, folder / "calm") as server:
        time.sleep(5)
        idle, empty = server.memory_mb(), server.disk()
        started = time.perf_counter()
        send(server.port, bodies, 2, peer.headers)
        waited(lambda: server.spans() >= spans, f"{peer.name} never had all spans")
        took = time.perf_counter() - started
        time.sleep(5)
        cost = server.cost()
        server.end()
        disk = server.disk() - empty
    with running(peer, folder / "killed") as server:
        time.sleep(5)
        send(server.port, bodies, 2, peer.headers)
        server.end(signal.SIGKILL)
    with running(peer, folder / "killed") as server:
        time.sleep(10)
        lost = spans - server.spans()
    print(
        f"{peer.name:8} {spans / took:8,.0f} spans/s until they can be asked for   {lost:6,} lost after SIGKILL   "
        f"{disk / spans:6,.0f} bytes a span   idle {idle:4,.0f} MB   cost ${cost:.2f}",
        flush=True,
    )


def truth(bodies: list[bytes]) -> float:
    """What the sellers ask for the tokens of these calls, in dollars."""
    total = 0.0
    for body in bodies:
        request = ExportTraceServiceRequest.FromString(body)
        for span in request.resource_spans[0].scope_spans[0].spans:
            said = {pair.key: pair.value for pair in span.attributes}
            if model := said.get("gen_ai.request.model"):
                read, written = PRICES[model.string_value]
                total += said["gen_ai.usage.input_tokens"].int_value * read / 1e6
                total += said["gen_ai.usage.output_tokens"].int_value * written / 1e6
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--spans", type=int, default=5_120)
    parser.add_argument("--phoenix", type=Path, metavar="VENV")
    parser.add_argument("--mlflow", type=Path, metavar="VENV")
    given = parser.parse_args()
    bodies = list(requests(given.spans, BATCH))
    size = sum(map(len, bodies)) / given.spans
    print(f"{given.spans:,} spans of {size:,.0f} bytes; their calls cost ${truth(bodies):.2f}")
    peers = [CLEW]
    peers += [phoenix(given.phoenix.absolute())] if given.phoenix else []
    peers += [mlflow(given.mlflow.absolute())] if given.mlflow else []
    for peer in peers:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            folder = Path(name)
            (folder / "calm").mkdir()
            (folder / "killed").mkdir()
            measure(peer, bodies, given.spans, folder)


if __name__ == "__main__":
    main()

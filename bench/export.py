"""How long an export of events takes, and what memory: into a file, and to a bulk receiver on loopback.

    python bench/export.py [--lines 1000000] [--folder DIR]

Each export is a process of its own; the receiver, another one, takes every document without keeping it.
The lines are those of bench/data.py (jsonl, about 600 bytes each).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import Process, Queue
from pathlib import Path

from data import write


class Bulk(BaseHTTPRequestHandler):
    """Elasticsearch's _bulk, as far as an exporter sees it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
        item = {"create": {"status": 201}}
        said = json.dumps({"errors": False, "items": [item] * (body.count(b"\n") // 2)}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        pass


def receive(ports: Queue[int]) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bulk)
    ports.put(server.server_address[1])
    server.serve_forever()


def measured(case: Path, *words: str) -> tuple[float, float, float, int]:
    """Wall and CPU seconds, the most memory in MB, and how many were sent."""
    command = [sys.executable, "-m", "clew", "export", *words, "--what", "events"]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--case", str(case), "--output", "json"], stdout=subprocess.PIPE
    )
    assert process.stdout
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, said
    took_s = time.monotonic() - began
    return took_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(said)["sent"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        write("jsonl", asked.lines, folder / "app.jsonl")
        case = folder / "case.duckdb"
        ingest = [sys.executable, "-m", "clew", "ingest", str(folder / "app.jsonl")]
        subprocess.run([*ingest, "--case", str(case)], check=True, stdout=subprocess.DEVNULL)
        ports: Queue[int] = Queue()
        receiver = Process(target=receive, args=(ports,), daemon=True)
        receiver.start()
        url = f"http://127.0.0.1:{ports.get()}"
        for sink, to in (
            ("jsonl", str(folder / "out")),
            ("cef", str(folder / "out")),
            ("ocsf", str(folder / "out")),
            ("elasticsearch", str(folder / "out")),
            ("elasticsearch", url),
        ):
            took_s, cpu_s, memory, sent = measured(case, sink, "--to", to)
            where = "loopback" if to == url else "file"
            print(
                f"{sink:14} {where:8} {sent:10,} events {took_s:7.1f} s {cpu_s:7.1f} CPU s "
                f"{sent / took_s:10,.0f} events/s {memory:6,.0f} MB",
                flush=True,
            )
        receiver.terminate()


if __name__ == "__main__":
    main()

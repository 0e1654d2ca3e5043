"""How fast `clew serve` takes spans until they can be asked for, and what they cost on disk.

    python bench/otlp_live.py [--spans 102400] [--batch 512] [--connections 2] [--folder DIR]
                              [--gzip] [--load DIR_WITH_BATCHES]

A server of its own on free ports; protobuf requests of AI spans, some 20 attributes and 1.8 kB each, are
made first (or read from *.pb files) and then sent by threads of this process: the sender shares the
machine. The time runs from the first POST until count(*) over the API has all of them. Then the four
questions of a page are asked on a case of 25,600 spans: medians of seven.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import math
import queue
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

START_S = 1_790_000_000
QUESTION_SPANS = 25_600
SOUNDS = ("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo")
WORDS = ["".join(random.Random(n).choices(SOUNDS, k=3)) for n in range(3_000)]
WEIGHTS = list(accumulate(1 / (rank + 1) for rank in range(len(WORDS))))
"""Words as people use them: the second one half as often as the first."""
MODELS = {
    "gpt-4o": ("openai", 1400),
    "gpt-4o-mini": ("openai", 600),
    "claude-3-5-sonnet-20241022": ("anthropic", 1800),
    "gemini-2.0-flash": ("google", 500),
}
"""Seller, and the median milliseconds of a call."""
QUESTIONS = {
    "newest traces": ("GET", "/api/traces?limit=50", None),
    "p99 by model": (
        "POST",
        "/api/sql",
        "SELECT model, quantile_cont(duration_ms, 0.99) AS p99 FROM spans GROUP BY 1 ORDER BY 1",
    ),
    "tokens by user": (
        "POST",
        "/api/sql",
        "SELECT user_id, sum(input_tokens * 2.5 + output_tokens * 10.0) / 1e6 AS usd "
        "FROM calls GROUP BY 1 ORDER BY usd DESC LIMIT 20",
    ),
    "text search": ("GET", "/api/search?query=%22needle+in+the+hay%22", None),
}


def requests(spans: int, batch: int, seed: int = 7) -> Iterator[bytes]:
    """Traces of an agent and its three model calls, in requests of `batch` spans."""
    chance = random.Random(seed)
    request, count = _request(), 0
    for number in range(spans // 4):
        trace_id, root_id = chance.randbytes(16), chance.randbytes(8)
        user = f"user-{int(chance.paretovariate(0.8)) % 500:04}"
        begun = (START_S * 1000 + number * 37) * 1_000_000
        at = begun + 2_000_000
        for part in range(4):
            scope = request.resource_spans[0].scope_spans[0]
            span = scope.spans.add(trace_id=trace_id)
            pairs: dict[str, str | int | float] = {
                "user.id": user,
                "session.id": f"s-{user}-{number // 50}",
            }
            if part == 3:
                span.span_id, span.name, span.kind = root_id, "agent.run", 2
                span.start_time_unix_nano, span.end_time_unix_nano = begun, at
                pairs |= {
                    "http.request.method": "POST",
                    "url.path": "/chat",
                    "http.response.status_code": 200,
                }
                pairs |= {
                    "gen_ai.operation.name": "invoke_agent",
                    "input.value": _words(chance, 90),
                }
                pairs |= {
                    "output.value": _words(chance, 60),
                    "app.release": "2026.1",
                    "tenant.id": user[-2:],
                }
            else:
                model = chance.choice(list(MODELS))
                length = int(MODELS[model][1] * math.exp(chance.gauss(0, 0.5)) * 1e6)
                span.span_id, span.parent_span_id = chance.randbytes(8), root_id
                span.name, span.kind = f"chat {model}", 3
                span.start_time_unix_nano, span.end_time_unix_nano = at, at + length
                at += length
                pairs |= _call(chance, model)
            for key, value in pairs.items():
                _set(span.attributes.add(key=key).value, value)
            count += 1
            if count == batch:
                yield request.SerializeToString()
                request, count = _request(), 0
    if count:
        yield request.SerializeToString()


def _call(chance: random.Random, model: str) -> dict[str, str | int | float]:
    prompt, answer = _words(chance, 75), _words(chance, 50)
    if chance.random() < 0.001:
        prompt += " needle in the hay"
    read, written = int(chance.lognormvariate(5, 0.5)), int(chance.lognormvariate(4.5, 0.6))
    return {
        "openinference.span.kind": "LLM",
        "llm.model_name": model,
        "llm.provider": MODELS[model][0],
        "llm.token_count.prompt": read,
        "llm.token_count.completion": written,
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": prompt,
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": answer,
        "llm.invocation_parameters": '{"temperature": 0.2, "max_tokens": 512}',
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": MODELS[model][0],
        "gen_ai.request.model": model,
        "gen_ai.response.model": model,
        "gen_ai.usage.input_tokens": read,
        "gen_ai.usage.output_tokens": written,
        "gen_ai.request.temperature": 0.2,
    }


def _request() -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    for key, value in {
        "service.name": "bot",
        "service.version": "1.4",
        "host.name": "node-1",
    }.items():
        _set(resource.resource.attributes.add(key=key).value, value)
    resource.scope_spans.add().scope.name = "bench"
    return request


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, cum_weights=WEIGHTS, k=count))


def _set(target: object, value: str | int | float) -> None:
    kind = {str: "string_value", int: "int_value", float: "double_value"}[type(value)]
    setattr(target, kind, value)


class Server:
    """`clew serve` on free ports."""

    def __init__(self, case: Path) -> None:
        self.case = case
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "clew",
                "serve",
                "--case",
                str(case),
                "--port",
                "0",
                "--grpc-port",
                "0",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        assert found, "the server did not start"
        self.port = int(found[1])

    def ask(self, method: str, path: str, sql: str | None = None) -> bytes:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        body = None if sql is None else json.dumps({"sql": sql}).encode()
        client.request(method, path, body, {"content-type": "application/json"})
        answer = client.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        client.close()
        return text

    def spans(self) -> int:
        return int(
            json.loads(self.ask("POST", "/api/sql", "SELECT count(*) AS n FROM spans"))[0]["n"]
        )

    def memory_mb(self, field: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{field}:\s+(\d+)", status)
        return int(found[1]) / 1024 if found else float("nan")

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def disk(self) -> int:
        parts = [self.case, self.case.with_name(f"{self.case.name}.wal")]
        parts += self.case.with_name(f"{self.case.name}.spool").iterdir()
        return sum(part.stat().st_size for part in parts if part.is_file())

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)


def send(
    port: int, bodies: list[bytes], connections: int, more: Mapping[str, str] | None = None
) -> dict[int, int]:
    """Posts all of them, again after 429 and 503; how often each status came.

    more  headers beside the content's type
    """
    waiting: queue.Queue[bytes] = queue.Queue()
    for body in bodies:
        waiting.put(body)
    statuses: dict[int, int] = {}
    lock = threading.Lock()
    headers = {"content-type": "application/x-protobuf", **(more or {})}

    def work() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            try:
                body = waiting.get_nowait()
            except queue.Empty:
                return
            status = 0
            while status != 200:
                client.request("POST", "/v1/traces", body, headers)
                answer = client.getresponse()
                answer.read()
                status = answer.status
                with lock:
                    statuses[status] = statuses.get(status, 0) + 1
                if status != 200:
                    time.sleep(0.05)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def measure(server: Server, bodies: list[bytes], spans: int, options: argparse.Namespace) -> None:
    """Sends, waits until all can be asked for, and prints."""
    size = sum(map(len, bodies))
    if options.gzip:
        bodies = [gzip.compress(body, 5) for body in bodies]
    before, started, cpu = server.spans(), time.perf_counter(), server.cpu_s()
    more = {"content-encoding": "gzip"} if options.gzip else {}
    statuses = send(server.port, bodies, options.connections, more)
    accepted = time.perf_counter() - started
    while server.spans() - before < spans:
        time.sleep(0.1)
    took, cpu = time.perf_counter() - started, server.cpu_s() - cpu
    print(f"{spans:,} spans of {size / spans:,.0f} bytes, {len(bodies)} requests: {statuses}")
    print(f"accepted {spans / accepted:,.0f} spans/s; queryable {spans / took:,.0f} spans/s")
    print(
        f"server CPU {cpu / spans * 1e6:,.0f} us a span; peak memory {server.memory_mb('VmHWM'):,.0f} MB"
    )
    time.sleep(3)
    print(f"on disk {server.disk() / (before + spans):,.0f} bytes a span, spool included")


def ask_questions(server: Server) -> None:
    """Median and slowest of seven, after one that warms up."""
    for name, (method, path, sql) in QUESTIONS.items():
        times = []
        for _ in range(8):
            started = time.perf_counter()
            server.ask(method, path, sql)
            times.append((time.perf_counter() - started) * 1000)
        print(
            f"{name}: {statistics.median(times[1:]):.0f} ms (slowest {max(times[1:]):.0f}, first {times[0]:.0f})"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--spans", type=int, default=102_400)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--load", type=Path, help="a folder of *.pb requests of --batch spans each")
    options = parser.parse_args()
    if options.load:
        bodies = [path.read_bytes() for path in sorted(options.load.glob("*.pb"))]
    else:
        bodies = list(requests(options.spans, options.batch))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        server = Server(Path(folder, "live.duckdb"))
        time.sleep(1)
        print(f"idle memory {server.memory_mb('VmRSS'):,.0f} MB")
        few = QUESTION_SPANS // options.batch
        measure(server, bodies[:few], len(bodies[:few]) * options.batch, options)
        ask_questions(server)
        if rest := bodies[few:]:
            measure(server, rest, len(rest) * options.batch, options)
        assert server.end() == 0
        print(
            f"after the end {server.disk() / (len(bodies) * options.batch):,.0f} bytes a span on disk"
        )


if __name__ == "__main__":
    main()

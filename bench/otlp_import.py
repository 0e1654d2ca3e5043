"""How fast OTLP files are imported, beside a walk over the protobuf library's objects.

    python bench/otlp_import.py [--spans 200000] [--runs 3] [--folder DIR]

The file holds requests of 512 spans of AI calls with some 20 attributes and 1.8 kB each, in protobuf and
in JSON lines; a folder holds the same requests in protobuf, a file each. Clew stores them: columns, digests,
the ledger. The walk only makes a dict of each span's fields and attributes, and keeps none: it is a floor,
not a rival. Each figure is a process of its own, the sides in turn; wall time counts the start of Python,
and the ratio is that of CPU seconds.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

BATCH = 512
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-3-5-sonnet-20241022", "gemini-2.0-flash")
WORDS = (
    "refund", "order", "invoice", "customer", "latency", "retrieve", "the", "context", "policy",
    "answer", "shipping", "account", "please", "summarise", "document", "quarter", "revenue",
    "support", "ticket", "user", "model", "response", "explain", "step",
)  # fmt: skip
CLEW = """
import sys
from clew import pipeline
from clew.formats import Settings
from clew.model.redaction import Policy
told = Settings(redaction=Policy(what=%r))
ledger = pipeline.ingest([sys.argv[1]], case=sys.argv[2], settings=told)
assert not ledger.problems, ledger.problems
"""
WALK = """
import json, pathlib, sys
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest as R
path = pathlib.Path(sys.argv[1])
data = b''.join(one.read_bytes() for one in (sorted(path.iterdir()) if path.is_dir() else [path]))
if data.startswith(b'{'):
    requests = [Parse(line, R()) for line in data.splitlines()]
else:
    requests = [R.FromString(data)]
for r in requests:
    for rs in r.resource_spans:
        for ss in rs.scope_spans:
            for s in ss.spans:
                row = (s.trace_id.hex(), s.span_id.hex(), s.parent_span_id.hex(), s.name, s.kind,
                       s.start_time_unix_nano, s.end_time_unix_nano, s.status.code, s.status.message)
                found = {a.key: getattr(a.value, a.value.WhichOneof('value')) for a in s.attributes}
"""


def text(chance: random.Random, size: int) -> str:
    found = ""
    while len(found) < size:
        found += chance.choice(WORDS) + " "
    return found[:size]


def request(chance: random.Random, start: int) -> ExportTraceServiceRequest:
    """One request of `BATCH` spans: traces of an agent's run with three calls of a model."""
    made = ExportTraceServiceRequest()
    resource = made.resource_spans.add()
    put(resource.resource.attributes, {"service.name": "support-bot", "service.version": "1.4.2",
        "deployment.environment.name": "prod", "host.name": "node-1", "telemetry.sdk.language": "python"})  # fmt: skip
    scope = resource.scope_spans.add()
    scope.scope.name = "bench"
    for number in range(BATCH):
        if number % 4 == 0:
            trace, root = chance.randbytes(16), chance.randbytes(8)
            user = f"user-{int(chance.paretovariate(1.2)) % 500:04d}"
        span = scope.spans.add(trace_id=trace, span_id=chance.randbytes(8))
        span.start_time_unix_nano = start + number * 1_000_003
        span.end_time_unix_nano = span.start_time_unix_nano + int(chance.expovariate(1 / 9e8))
        shared = {"session.id": f"s-{user}", "user.id": user}
        if number % 4 == 0:
            span.span_id, span.name, span.kind = root, "agent.run", 2
            put(span.attributes, agent(chance) | shared)
        else:
            model = chance.choice(MODELS)
            span.parent_span_id, span.name, span.kind = root, f"chat {model}", 3
            put(span.attributes, call(chance, model) | shared)
        if chance.random() < 0.01:
            span.status.code, span.status.message = 2, "RateLimitError: 429"
            event = span.events.add(name="exception", time_unix_nano=span.end_time_unix_nano)
            put(event.attributes, {"exception.type": "RateLimitError", "exception.message": "429"})
    return made


def agent(chance: random.Random) -> dict[str, str | int | float]:
    return {
        "openinference.span.kind": "AGENT", "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "support-agent", "input.value": text(chance, 600),
        "output.value": text(chance, 400), "http.request.method": "POST", "url.path": "/chat",
        "http.response.status_code": 200, "client.address": f"192.0.2.{chance.randrange(250)}",
        "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64)", "app.release": "2026.11.1",
        "app.region": "eu-west-1",
    }  # fmt: skip


def call(chance: random.Random, model: str) -> dict[str, str | int | float]:
    read, written = chance.randrange(20, 600), chance.randrange(5, 400)
    return {
        "openinference.span.kind": "LLM", "llm.model_name": model, "llm.provider": "openai",
        "llm.token_count.prompt": read, "llm.token_count.completion": written,
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": text(chance, 600),
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": text(chance, 400),
        "llm.invocation_parameters": '{"temperature": 0.2, "max_tokens": 512}',
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model, "gen_ai.response.model": model,
        "gen_ai.usage.input_tokens": read, "gen_ai.usage.output_tokens": written,
        "gen_ai.request.temperature": 0.2,
    }  # fmt: skip


def put(pairs: object, attributes: dict[str, str | int | float]) -> None:
    kinds = {str: "string_value", int: "int_value", float: "double_value"}
    for key, value in attributes.items():
        pair = pairs.add(key=key)  # type: ignore[attr-defined]
        setattr(pair.value, kinds[type(value)], value)


def write(folder: Path, spans: int) -> dict[str, Path]:
    """The same requests in both encodings and as many files, made where they are not there yet."""
    files = {kind: folder / f"spans-{spans}.{kind}" for kind in ("pb", "jsonl", "files")}
    if not all(path.exists() for path in files.values()):
        files["files"].mkdir()
        chance = random.Random(7)
        with files["pb"].open("wb") as proto, files["jsonl"].open("w") as lines:
            for number in range(spans // BATCH):
                made = request(chance, 1_763_629_200_000_000_000 + number * BATCH * 1_000_003)
                proto.write(made.SerializeToString())
                (files["files"] / f"{number:05}.pb").write_bytes(made.SerializeToString())
                lines.write(json.dumps(as_exported(made), separators=(",", ":")) + "\n")
    return files


def as_exported(made: ExportTraceServiceRequest) -> dict[str, object]:
    """The request as exporters write it: ids in hex, where protobuf's own JSON has base64."""
    found = MessageToDict(made, use_integers_for_enums=True)
    for span in found["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in span:
                span[name] = base64.b64decode(span[name]).hex()
    return found


def measured(code: str, source: Path, target: Path) -> tuple[float, float, float]:
    """Wall and CPU seconds of a process, and its peak memory in MB."""
    target.unlink(missing_ok=True)
    begin = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", code, str(source), str(target)])
    _, status, used = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"A run failed with status {status}.")
    wall = time.perf_counter() - begin
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def compare(kind: str, source: Path, folder: Path, spans: int, runs: int) -> None:
    """Clew, without and with redaction, and the walk in turn; medians."""
    target = folder / "case.duckdb"
    clew: dict[str, list[tuple[float, float, float]]] = {"none": [], "pii": []}
    walk = []
    for _ in range(runs):
        walk.append(measured(WALK, source, folder / "none"))
        for what, found in clew.items():
            found.append(measured(CLEW % what, source, target))
    walked = [statistics.median(run[n] for run in walk) for n in range(2)]
    size = sum(one.stat().st_size for one in ([*source.iterdir()] if source.is_dir() else [source]))
    print(
        f"{kind:5} {spans:,} spans, {size / 1e6:.0f} MB, {target.stat().st_size / spans:.0f} bytes a "
        f"span on disk; walk {spans / walked[0]:,.0f} spans/s, {1e6 * walked[1] / spans:.0f} CPU us"
    )
    for what, found in clew.items():
        wall, cpu, peak = (statistics.median(run[n] for run in found) for n in range(3))
        print(
            f"      redact {what}: {spans / wall:,.0f} spans/s, {1e6 * cpu / spans:.0f} CPU us a span, "
            f"ratio {cpu / walked[1]:.2f}, peak {peak:.0f} MB",
            flush=True,
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--spans", type=int, default=200_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--folder", type=Path, default=None)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        spans = max(given.spans // BATCH, 1) * BATCH
        for kind, source in write(folder, spans).items():
            compare(kind, source, folder, spans, given.runs)
    print(f"DuckDB {duckdb.__version__}, Python {sys.version.split()[0]}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()

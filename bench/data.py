"""Seeded logs for the benchmarks: JSON lines of AI calls, nginx's combined log, Python tracebacks.

python bench/data.py jsonl|nginx|traceback LINES FILE
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

START_S = 1_763_000_000.0
SOUNDS = ("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo")
WORDS = ["".join(random.Random(n).choices(SOUNDS, k=3)) for n in range(3_000)]
MODELS = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4", "gemini-2.5-pro", "llama-3-70b")
AGENTS = ("python-requests/2.32", "OpenAI/Python 1.55.0", "curl/8.5.0", "odd \\x22agent\\x22")
TRACE = """Traceback (most recent call last):
  File "/app/rag/chain.py", line {line}, in run
    docs = retriever.search(question)
  File "/usr/lib/python3.13/site-packages/openai/_base_client.py", line 1066, in request
    raise error from None
{error}
"""
ERRORS = (
    "openai.RateLimitError: Error code: 429",
    "TimeoutError: after 30 s",
    "KeyError: 'choices'",
)


def jsonl(chance: random.Random) -> Iterator[str]:
    """About 600 bytes a line, one prompt each, three keys that are not canonical."""
    at = START_S
    for n in range(sys.maxsize):
        at += chance.expovariate(50)
        words = int(chance.lognormvariate(3.3, 0.8))
        status = chance.choices((200, 429, 500, 401), (96, 2, 1, 1))[0]
        yield json.dumps(
            {
                "timestamp": at,
                "level": "ERROR" if status >= 500 else "INFO",
                "service": chance.choice(("gateway", "chat", "rag")),
                "trace_id": f"{chance.getrandbits(128):032x}",
                "request_id": f"req_{n}",
                "user_id": f"u{int(chance.paretovariate(1.2)) % 5000}",
                "client_ip": f"198.51.100.{n % 251}",
                "model": chance.choice(MODELS),
                "prompt": " ".join(chance.choices(WORDS, k=words)),
                "prompt_tokens": words,
                "completion_tokens": int(chance.lognormvariate(4, 1)),
                "latency_ms": chance.lognormvariate(6, 0.7),
                "status": status,
                "extra": {"region": "eu", "team": f"t{n % 13}", "shard": chance.random()},
            },
            separators=(",", ":"),
        )


def nginx(chance: random.Random) -> Iterator[str]:
    """The combined layout; one line in ten thousand is broken."""
    at = START_S
    for n in range(sys.maxsize):
        at += chance.expovariate(50)
        clock = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(at))
        if n % 9_973 == 0:
            yield "not a line of an access log"
            continue
        path = chance.choice(("/v1/chat/completions", "/v1/models", "/rag/query?q=x&k=5"))
        status = chance.choices((200, 304, 429, 500, 404), (88, 4, 4, 1, 3))[0]
        yield (
            f'192.0.2.{n % 251} - u{n % 977} [{clock}] "POST {path} HTTP/1.1" {status} '
            f'{int(chance.lognormvariate(7, 1.2))} "-" "{chance.choice(AGENTS)}"'
        )


def traceback(chance: random.Random) -> Iterator[str]:
    """Seven records in a hundred carry a traceback."""
    at = START_S
    for n in range(sys.maxsize):
        at += chance.expovariate(50)
        clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at)) + f",{n % 1000:03}"
        who = f"[worker-{n % 8}] rag.chain: request req_{n:08x}"
        if chance.random() < 0.93:
            yield f"{clock} INFO {who} done in {chance.lognormvariate(6, 0.7):.1f} ms tokens={n % 4000}"
            continue
        yield f"{clock} ERROR {who} failed"
        text = TRACE.format(line=chance.randint(10, 90), error=chance.choice(ERRORS))
        yield from text.rstrip("\n").split("\n")


def write(kind: str, lines: int, path: Path) -> None:
    """The same lines for the same kind, whenever they are made."""
    rows = {"jsonl": jsonl, "nginx": nginx, "traceback": traceback}[kind](random.Random(7))
    with path.open("w", encoding="utf-8") as out:
        out.writelines(f"{row}\n" for row in islice(rows, lines))


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))

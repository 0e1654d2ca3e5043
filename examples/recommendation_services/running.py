"""The five services as processes, on free ports of loopback, for as long as a `with` block runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

FOLDER = Path(__file__).resolve().parents[1]
SERVICES = ("gateway", "auth", "aggregator", "feature-store", "model-server")
CALLS = {
    "gateway": ("auth", "aggregator"),
    "aggregator": ("feature-store", "model-server"),
}
READY_WITHIN_S = 60
END_WITHIN_S = 20


@contextmanager
def running(versions: dict[str, str], database: Path, work: Path, sink: str) -> Iterator[str]:
    """The five services while the block runs; gives the gateway's address once all are ready."""
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in SERVICES}
    urls = {name: f"http://127.0.0.1:{it.getsockname()[1]}" for name, it in sockets.items()}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in SERVICES:
            options = [
                "--fd", str(sockets[name].fileno()), "--version", versions[name],
                "--collector", sink, "--log", str(work / f"{name}.log"),
                "--database", str(database), "--stopwatch", str(work / "stopwatch.jsonl"),
            ]  # fmt: skip
            for peer in CALLS.get(name, ()):
                options += ["--peer", f"{peer}={urls[peer]}"]
            processes[name] = started(name, options, sockets[name], work / f"{name}.err")
        with httpx.Client(timeout=2, trust_env=False) as client:
            for name in SERVICES:
                await_ready(client, urls[name], processes[name], work / f"{name}.err")
        yield urls["gateway"]
    finally:
        end(processes)
        for each in sockets.values():
            each.close()
    for name, process in processes.items():
        complaints = (work / f"{name}.err").read_text(encoding="utf-8")
        if process.returncode:
            raise SystemExit(f"{name} ended with {process.returncode}:\n{complaints}")
        sys.stderr.write(complaints)


def started(
    name: str, options: list[str], listening: socket.socket, complaints: Path
) -> subprocess.Popen[bytes]:
    """The service's process, which alone holds the socket from now on."""
    with complaints.open("wb") as stderr, listening:
        return subprocess.Popen(
            [sys.executable, "-m", "recommendation_services", name, *options],
            cwd=FOLDER,
            env=environment(),
            stdin=subprocess.PIPE,
            stderr=stderr,
            pass_fds=[listening.fileno()],
        )


def environment() -> dict[str, str]:
    """No setting of the caller's own telemetry or proxy reaches the services."""
    foreign = ("OTEL_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith(foreign)}
    return kept | {
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def await_ready(
    client: httpx.Client, url: str, process: subprocess.Popen[bytes], complaints: Path
) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said = complaints.read_text(encoding="utf-8")
            raise SystemExit(f"{complaints.stem} ended before it was ready:\n{said}")
        try:
            if client.get(f"{url}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit(f"{complaints.stem} was not ready within {READY_WITHIN_S} s.")


def end(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Closes each service's input, which ends it, and waits; one that stays is killed."""
    for process in processes.values():
        if process.stdin:
            process.stdin.close()
    deadline = time.monotonic() + END_WITHIN_S
    for process in processes.values():
        try:
            process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

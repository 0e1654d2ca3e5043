"""Runs one service until its standard input is closed, on a listening socket that it is handed.

    python -m recommendation_services feature-store --fd 7 --version 1.8.0 \
        --collector http://127.0.0.1:40001 --log feature-store.log --database features.db

Whoever started the service holds the other end of its standard input: when that process ends, in
whatever way, the service ends too, and sends what its exporters still hold.
"""

from __future__ import annotations

import argparse
import socket
import sys
import threading
from importlib import import_module
from pathlib import Path

import uvicorn

from recommendation_services import telemetry
from recommendation_services.telemetry import Setup

SERVICES = ("gateway", "auth", "aggregator", "feature-store", "model-server")


def main() -> None:
    options = _options()
    setup = Setup(
        name=options.service,
        version=options.version,
        collector=options.collector,
        log=options.log,
        peers=dict(peer.split("=", 1) for peer in options.peer),
        database=options.database,
        stopwatch=options.stopwatch,
    )
    stop = telemetry.start(setup)
    app = import_module(f"recommendation_services.{options.service.replace('-', '_')}").build(setup)
    telemetry.watch(app)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
    try:
        server.run(sockets=[socket.socket(fileno=options.fd)])
    finally:
        stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--collector", required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--peer", action="append", default=[], help="name=http://host:port")
    parser.add_argument("--database", type=Path)
    parser.add_argument("--stopwatch", type=Path, help="where each statement's time is written")
    return parser.parse_args()


def _end_with_input(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main()

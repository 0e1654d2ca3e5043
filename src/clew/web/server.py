"""`clew serve` as a process: ports, signals, the note for other commands, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn

from clew.alerts.round import Watch
from clew.engines._remote import Note, leave_note, note_path
from clew.errors import ConfigError
from clew.formats import Settings
from clew.live.service import Service
from clew.live.tokens import is_loopback
from clew.sources._otlp_grpc import serve_grpc
from clew.web.app import Application
from clew.web.hanging import PatientProtocol

MOST_CONNECTIONS = 500
DRAIN_S = 10
KEEP_ALIVE_S = 75


def serve(
    case: str,
    *,
    host: str,
    port: int,
    grpc_port: int,
    settings: Settings | None = None,
    watch: Watch | None = None,
) -> int:
    """Runs until SIGTERM or SIGINT; then finishes what has begun, and returns 0."""
    listener = listen(host, port)
    try:
        service = Service(case, settings)
    except BaseException:
        listener.close()
        raise
    problem = ""
    try:
        if watch is not None:
            service.watch(watch)
        asyncio.run(_run(service, listener, host, grpc_port))
    finally:
        note_path(case).unlink(missing_ok=True)
        problem = service.close()
    if problem:
        print(f"What was received last waits in the spool: {problem}", file=sys.stderr)
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A socket on that port; 0 takes a free one. Raises ConfigError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"{host} is not an address of this machine: {error}.") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        why = (error.strerror or str(error)).lower()
        raise ConfigError(f"Port {port} of {host} cannot be opened: {why}.") from error
    listener.set_inheritable(False)
    return listener


async def _run(service: Service, listener: socket.socket, host: str, grpc_port: int) -> None:
    config = uvicorn.Config(
        Application(service),
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
    )
    server = _Server(config)
    grpc_server, grpc_bound = await serve_grpc(service, host, grpc_port)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    running = asyncio.create_task(server.serve([listener]))
    while not server.started and not running.done():
        await asyncio.sleep(0.01)
    _announce(service, listener, host, grpc_bound)
    await running
    await grpc_server.stop(DRAIN_S)


class _Server(uvicorn.Server):
    """uvicorn's, without its own handling of signals, which would end the process by the signal."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """Takes no new requests, and ends when those that have begun are answered."""
        self.should_exit = True


def _announce(service: Service, listener: socket.socket, host: str, grpc_port: int) -> None:
    """One line for people, and the note for other commands."""
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    local = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    leave_note(service.path, Note(local, port, service.secret, os.getpid()))
    print(
        f"Clew listens on http://{shown}:{port} (OTLP/HTTP, API, page) and {shown}:{grpc_port} "
        f"(OTLP/gRPC); the case is {service.path}",
        flush=True,
    )
    if not is_loopback(local) or local != host:
        print(
            "Other machines need a token: 'clew token create --scope ingest' makes one.",
            file=sys.stderr,
        )

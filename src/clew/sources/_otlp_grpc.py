"""OTLP over gRPC: the three services on one port, each request passed on as its bytes.

grpcio undoes the compression and refuses messages over the limit; the rest of the way is the one of
OTLP over HTTP. A refusal that a client may repeat bears a RetryInfo, as the specification asks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import unquote

import grpc
import grpc.aio

from clew.errors import ConfigError
from clew.sources._otlp_request import Caller, Inbox, Limits, answer_bytes, failure, store
from clew.sources._rpc_status import status_proto
from clew.sources._spool import Full, Signal

SERVICES: dict[Signal, str] = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
}
MOST_CALLS = 64
"""Calls that are served at once; more are told to come back."""
MOST_OPEN_CALLS = 4 * MOST_CALLS
"""Calls that are open at all; more are refused by grpcio, which says nothing of coming back."""
MOST_STREAMS = 32
"""Calls of one connection at once; its client keeps the others."""
STATUS_KEY = "grpc-status-details-bin"
CODES = {code.value[0]: code for code in grpc.StatusCode}


async def serve_grpc(
    inbox: Inbox, host: str, port: int, limits: Limits | None = None
) -> tuple[grpc.aio.Server, int]:
    """A running server and the port it listens on. Raises ConfigError where the port is taken."""
    limits = limits or Limits()
    server = grpc.aio.server(
        maximum_concurrent_rpcs=MOST_OPEN_CALLS,
        options=[
            ("grpc.max_receive_message_length", limits.body_bytes),
            ("grpc.max_concurrent_streams", MOST_STREAMS),
            ("grpc.so_reuseport", 0),
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.max_connection_idle_ms", 600_000),
        ],
    )
    places = Places()
    for signal, service in SERVICES.items():
        handler: Any = grpc.unary_unary_rpc_method_handler(_export(inbox, signal, places))
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {"Export": handler}),)
        )
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        bound = server.add_insecure_port(address)
    except RuntimeError as error:
        raise ConfigError(f"Port {port} of {host} cannot be opened: is it in use?") from error
    await server.start()
    return server, bound


class Places:
    """The calls that are served at once."""

    def __init__(self) -> None:
        self._taken = 0

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """A place for one call. Raises Full."""
        if self._taken >= MOST_CALLS:
            raise Full
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


def _export(
    inbox: Inbox, signal: Signal, places: Places
) -> Callable[[bytes, grpc.aio.ServicerContext[bytes, bytes]], Awaitable[bytes]]:
    async def export(body: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        try:
            with places.one():
                inbox.admit(_caller(context))
                checked = await asyncio.to_thread(inbox.check, body, signal, "proto")
                await store(inbox, body, signal, "proto", checked.rows)
        except Exception as error:
            failed = failure(error)
            code = CODES[failed.grpc]
            inbox.count(signal, "grpc", code.name, 0)
            details = status_proto(failed.grpc, failed.sentence, retry_s=failed.retry_s)
            context.set_trailing_metadata(((STATUS_KEY, details),))
            await context.abort(code, failed.sentence)
        inbox.count(signal, "grpc", "OK", len(body))
        return answer_bytes(checked, signal, "proto")

    return export


def _caller(context: grpc.aio.ServicerContext[bytes, bytes]) -> Caller:
    """The peer is written ipv4:127.0.0.1:40112 or ipv6:%5B::1%5D:40112."""
    kind, _, rest = unquote(context.peer()).partition(":")
    address = rest.rpartition(":")[0].strip("[]") if kind in ("ipv4", "ipv6") else ""
    given = dict(context.invocation_metadata() or ())
    authorization = given.get("authorization", "")
    return Caller(
        address=address,
        authorization=authorization if isinstance(authorization, str) else "",
        is_forwarded="forwarded" in given or "x-forwarded-for" in given,
    )

"""One OTLP request on its way, over HTTP or gRPC: who sends it, what may go wrong, how it is answered."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from clew.errors import ClewError, InputError
from clew.sources._rpc_status import (
    DEADLINE_EXCEEDED,
    INTERNAL,
    INVALID_ARGUMENT,
    PERMISSION_DENIED,
    RESOURCE_EXHAUSTED,
    UNAUTHENTICATED,
    UNAVAILABLE,
    Code,
)
from clew.sources._spool import Closed, Encoding, Full, Signal

REJECTED_FIELD: dict[Signal, str] = {
    "traces": "rejectedSpans",
    "logs": "rejectedLogRecords",
    "metrics": "rejectedDataPoints",
}
BUSY_WAIT_S = 0.5
"""How long a request waits for room in the queue before it is told to come back."""
RETRY_AFTER_S = 1
DISCARDED_BYTES = 256 << 20
"""How much of a request that is too large is read and let go before it is answered."""

Asgi = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may ask of the server.

    body_bytes    of a request as it is sent
    plain_bytes   of a request uncompressed
    memory_bytes  of all requests that are being read, uncompressed
    body_s        time for a request to arrive
    """

    body_bytes: int = 20 << 20
    plain_bytes: int = 32 << 20
    memory_bytes: int = 128 << 20
    body_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: the address it comes from, and what it shows.

    address        "" where it is not known
    authorization  the header's value, "" without
    host           the Host header, "" over gRPC
    origin         the Origin header: the page that a browser sends it for, "" without
    is_forwarded   a proxy passed it on: the address is the proxy's
    """

    address: str
    authorization: str
    host: str = ""
    origin: str = ""
    is_forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What a request holds: spans, records or points, and how many of them cannot be events."""

    rows: int
    rejected: int = 0
    reason: str = ""


class Inbox(Protocol):
    """Where requests go."""

    def admit(self, caller: Caller) -> None:
        """Raises Refused where this caller may not send."""

    def check(self, body: bytes, signal: Signal, encoding: Encoding) -> Checked:
        """What the request holds. Raises InputError where it cannot be decoded."""

    async def store(self, body: bytes, signal: Signal, encoding: Encoding, rows: int) -> None:
        """Returns when the request is on disk. Raises Full or Closed."""

    def count(self, signal: str, transport: str, code: int | str, size: int) -> None:
        """Counts an answer."""


class Refused(ClewError):
    """A caller without the right token."""

    def __init__(self, sentence: str, *, is_known: bool = False) -> None:
        super().__init__(sentence)
        self.is_known = is_known


class TooLarge(ClewError):
    """More bytes than one request may have."""


class Unsupported(ClewError):
    """A content type or a compression that OTLP does not have."""


class TooSlow(ClewError):
    """A request that did not arrive in time."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How an error is answered over HTTP and over gRPC."""

    http: int
    grpc: Code
    sentence: str
    retry_s: int = 0


def failure(error: Exception) -> Failure:
    """The answer to an error."""
    if isinstance(error, Refused):
        if error.is_known:
            return Failure(403, PERMISSION_DENIED, str(error))
        return Failure(401, UNAUTHENTICATED, str(error))
    if isinstance(error, TooLarge):
        return Failure(413, INVALID_ARGUMENT, str(error))
    if isinstance(error, Unsupported):
        return Failure(415, INVALID_ARGUMENT, str(error))
    if isinstance(error, TooSlow):
        return Failure(408, DEADLINE_EXCEEDED, str(error))
    if isinstance(error, Full):
        words = "The queue is full: send it again later."
        return Failure(429, RESOURCE_EXHAUSTED, words, RETRY_AFTER_S)
    if isinstance(error, Closed):
        words = "The server cannot store it now: send it again later."
        return Failure(503, UNAVAILABLE, words, RETRY_AFTER_S)
    if isinstance(error, InputError):
        return Failure(400, INVALID_ARGUMENT, str(error))
    return Failure(500, INTERNAL, f"BUG: {type(error).__name__}: {error}"[:500])


async def store(inbox: Inbox, body: bytes, signal: Signal, encoding: Encoding, rows: int) -> None:
    """Waits a little for room in the queue before it gives up. Nothing to store is stored at once."""
    if not body.strip():
        return None
    deadline = asyncio.get_running_loop().time() + BUSY_WAIT_S
    while True:
        try:
            return await inbox.store(body, signal, encoding, rows)
        except Full:
            if asyncio.get_running_loop().time() >= deadline:
                raise
            await asyncio.sleep(0.02)


def caller_of(scope: Asgi) -> Caller:
    """Who sends this HTTP request."""
    headers = headers_of(scope)
    return Caller(
        address=(scope.get("client") or ("", 0))[0],
        authorization=headers.get("authorization", ""),
        host=headers.get("host", ""),
        origin=headers.get("origin", ""),
        is_forwarded="forwarded" in headers or "x-forwarded-for" in headers,
    )


def headers_of(scope: Asgi) -> dict[str, str]:
    """The headers by their names in lower case."""
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }


async def discard(receive: Receive, seconds: float) -> None:
    """Reads on, within reason: a client that is still sending would not hear the answer."""
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while size < DISCARDED_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def answer_bytes(checked: Checked, signal: Signal, encoding: Encoding) -> bytes:
    """An Export...ServiceResponse: empty, or with the partial success."""
    if not checked.rejected:
        return b"" if encoding == "proto" else b"{}"
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTraceServiceResponse,
    )

    if encoding == "json":
        partial = {
            REJECTED_FIELD[signal]: str(checked.rejected),
            "errorMessage": checked.reason,
        }
        return json.dumps({"partialSuccess": partial}).encode()
    # The three responses have the same fields under the same numbers.
    response = ExportTraceServiceResponse()
    response.partial_success.rejected_spans = checked.rejected
    response.partial_success.error_message = checked.reason
    written: bytes = response.SerializeToString()
    return written

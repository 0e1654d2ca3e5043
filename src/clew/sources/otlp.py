"""OTLP as it arrives: HTTP (protobuf and JSON) and gRPC, for traces, logs and metrics.

Reads     POST /v1/traces, /v1/logs, /v1/metrics; the gRPC services TraceService, LogsService,
          MetricsService; gzip, deflate and zstd
Returns   each request's bytes, uncompressed, to an `Inbox`; the answer 200 only when that has them on
          disk
Answers   400 for what is no OTLP, 401 and 403 by token, 408 for a client that hangs, 413 over a limit,
          415 for another content type or compression, 429 with Retry-After while the queue is full,
          503 with Retry-After while the server ends; each with a google.rpc.Status
Blind to  TLS: a proxy before it speaks that
Source    https://opentelemetry.io/docs/specs/otlp/
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from clew.sources._compressed import unpacker
from clew.sources._otlp_request import (
    Asgi,
    Failure,
    Inbox,
    Limits,
    Receive,
    Send,
    TooLarge,
    TooSlow,
    Unsupported,
    answer_bytes,
    caller_of,
    discard,
    failure,
    headers_of,
    store,
)
from clew.sources._rpc_status import status_json, status_proto
from clew.sources._spool import Encoding, Full, Signal

PATHS: dict[str, Signal] = {
    "/v1/traces": "traces",
    "/v1/logs": "logs",
    "/v1/metrics": "metrics",
}
CONTENT_TYPES: dict[str, Encoding] = {
    "application/x-protobuf": "proto",
    "application/json": "json",
}
INLINE_BYTES = 32 << 10
"""Smaller bodies are checked at once: handing them to a thread costs more."""


class HttpReceiver:
    """An ASGI application for the paths of `PATHS`."""

    def __init__(self, inbox: Inbox, limits: Limits | None = None) -> None:
        self._inbox, self._limits = inbox, limits or Limits()
        self._memory = Memory(self._limits.memory_bytes)

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        signal = PATHS[scope["path"]]
        headers = headers_of(scope)
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = CONTENT_TYPES.get(content_type)
        if scope["method"] != "POST":
            await _answer(send, 405, b"", "text/plain", {"allow": "POST"})
            return
        is_whole = False

        async def heard() -> dict[str, Any]:
            nonlocal is_whole
            message = await receive()
            is_whole = not message.get("more_body")
            return message

        with self._memory.lent() as take:
            try:
                self._inbox.admit(caller_of(scope))
                if encoding is None:
                    raise Unsupported(
                        f"The content type is {content_type or 'not given'}: OTLP sends "
                        "application/x-protobuf or application/json."
                    )
                unpack = unpacker(headers.get("content-encoding", ""))
                packed = await self._body(headers, heard, take)
                body = await _in_thread(unpack, packed, self._limits.plain_bytes, take)
                checked = await _in_thread(self._inbox.check, body, signal, encoding)
                await store(self._inbox, body, signal, encoding, checked.rows)
            except Exception as error:
                failed = failure(error)
                if not (is_whole or isinstance(error, TooSlow)):
                    await discard(receive, self._limits.body_s)
                self._inbox.count(signal, "http", failed.http, 0)
                await _refuse(send, failed, encoding or "proto")
                return
        self._inbox.count(signal, "http", 200, len(body))
        await _answer(
            send, 200, answer_bytes(checked, signal, encoding), _content_type(encoding), {}
        )

    async def _body(
        self, headers: Mapping[str, str], receive: Receive, take: Callable[[int], None]
    ) -> bytes:
        """The bytes of the request. Raises TooLarge, TooSlow or Full."""
        most = self._limits.body_bytes
        too_large = TooLarge(f"The request has more than {most:,} bytes: send smaller batches.")
        given = headers.get("content-length", "")
        if given.isdigit() and int(given) > most:
            raise too_large
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise TooSlow("The client left before its request was whole.")
                    part = message.get("body", b"")
                    size += len(part)
                    if size > most:
                        raise too_large
                    take(len(part))
                    parts.append(part)
                    if not message.get("more_body"):
                        return parts[0] if len(parts) == 1 else b"".join(parts)
        except TimeoutError:
            raise TooSlow(f"The request did not arrive within {self._limits.body_s:g} s.") from None


async def _in_thread(function: Callable[..., Any], body: bytes, *rest: Any) -> Any:
    if len(body) < INLINE_BYTES:
        return function(body, *rest)
    return await asyncio.to_thread(function, body, *rest)


class Memory:
    """The bytes of all requests that are being read: what does not fit is asked to come back."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    @contextlib.contextmanager
    def lent(self) -> Iterator[Callable[[int], None]]:
        """A function that takes so many bytes; all of them are given back at the end."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if size > self._left:
                raise Full
            self._left -= size
            taken += size

        try:
            yield take
        finally:
            self._left += taken


def _content_type(encoding: Encoding) -> str:
    return next(name for name, of in CONTENT_TYPES.items() if of == encoding)


async def _refuse(send: Send, failed: Failure, encoding: Encoding) -> None:
    write = status_proto if encoding == "proto" else status_json
    body = write(failed.grpc, failed.sentence, retry_s=failed.retry_s)
    headers = {}
    if failed.retry_s:
        headers["retry-after"] = str(failed.retry_s)
    if failed.http == 401:
        headers["www-authenticate"] = "Bearer"
    if failed.http in (408, 413):
        headers["connection"] = "close"
    await _answer(send, failed.http, body, _content_type(encoding), headers)


async def _answer(
    send: Send, status: int, body: bytes, content_type: str, headers: Mapping[str, str]
) -> None:
    lines = {
        "content-type": content_type,
        "content-length": str(len(body)),
        "x-content-type-options": "nosniff",
        **headers,
    }
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in lines.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})

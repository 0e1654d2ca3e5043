"""ASGI middleware that writes a line for each request of a service in front of an LLM.

    {"message": "POST /chat 200", "request_id": "...", "user_id": "ann", "model": "gpt-4o", "http_status": 200,
     "duration_ms": 812.4, "ttft_ms": 96.1, "input_tokens": 812, "output_tokens": 96, "prompt_length": 3211, ...}

The body passes as it comes, each piece at once; the line is written when it is over. Texts of prompts and
answers are not logged, only their lengths. What goes wrong in here is logged and harms no request.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import structlog

from clew.instrument.bodies import Fields
from clew.instrument.reading import MOST_BYTES, Reply, Request

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOGGER = "clew.calls"
CLIENT_CLOSED = 499
"""The status of a request whose client left before any answer, as nginx has it."""
_ID = re.compile(r"[!-~]{1,128}")


class CallLogMiddleware:
    """Use as `app.add_middleware(CallLogMiddleware)`.

    user_header     whose value is the user
    request_header  whose value is the request's id; made where absent, and always returned
    most_bytes      how much of one body is held at most
    skip            paths that are not logged, such as /healthz
    """

    def __init__(
        self,
        app: App,
        *,
        user_header: str = "x-user-id",
        request_header: str = "x-request-id",
        most_bytes: int = MOST_BYTES,
        skip: Iterable[str] = (),
    ) -> None:
        self.app, self.most_bytes, self.skip = app, most_bytes, frozenset(skip)
        self.user_header = user_header.lower().encode("latin-1")
        self.request_header = request_header.lower().encode("latin-1")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(self, scope, receive, send)
        known = {"request_id": exchange.request_id, "user_id": exchange.user_id}
        with structlog.contextvars.bound_contextvars(
            **{name: value for name, value in known.items() if value}
        ):
            try:
                await self.app(scope, exchange.receive, exchange.send)
            except BaseException as error:
                exchange.failed(error)
                raise
            finally:
                if scope.get("path") not in self.skip:
                    exchange.write()


class _Exchange:
    """One request and its answer, as both pass."""

    def __init__(
        self, settings: CallLogMiddleware, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._settings, self._scope, self._receive, self._send = settings, scope, receive, send
        self._began = time.perf_counter()
        headers = {name.lower(): value for name, value in reversed(scope.get("headers") or [])}
        self.request_id = _id(headers.get(settings.request_header)) or uuid.uuid4().hex
        self.user_id = _header(headers.get(settings.user_header))
        self._headers = headers
        self._request, self._reply = Request(settings.most_bytes), Reply("", "", 0)
        self._status: int | None = None
        self._ttft_ms: float | None = None
        self._is_asked = self._is_over = self._has_left = self._is_written = False
        self._error: BaseException | None = None
        self._seen_early: Message | None = None
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def receive(self) -> Message:
        early, self._seen_early = self._seen_early, None
        message = early or await self._receive()
        if message["type"] == "http.request":
            self._is_asked = not message.get("more_body", False)
            self._try(self._request.feed, message.get("body", b""))
        elif message["type"] == "http.disconnect" and not self._is_over:
            self._has_left = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._look_for_the_client()
            self._status = None if self._has_left else message["status"]
            message = {**message, "headers": self._with_id(message.get("headers") or [])}
            self._try(self._begin, message["headers"])
        try:
            await self._send(message)
        except OSError:  # what a server raises when the client has left
            self._has_left = True
            raise
        if message["type"] == "http.response.body":
            is_last = not message.get("more_body", False)
            self._is_over = is_last and not self._has_left
            self._try(self._passed, message.get("body", b""))
            if is_last:  # background tasks may go on for long
                self.write()

    async def _look_for_the_client(self) -> None:
        """Whether it left while its answer was made; the application may never ask."""
        if not self._is_asked or self._has_left or self._seen_early or not _is_asyncio():
            return
        looking = asyncio.ensure_future(self._receive())
        try:
            await asyncio.sleep(0)
        finally:
            is_there = looking.done()
            looking.cancel()
        if is_there and not looking.exception():
            self._seen_early = looking.result()
            self._has_left = self._seen_early["type"] == "http.disconnect"

    def failed(self, error: BaseException) -> None:
        self._error = error

    def write(self) -> None:
        """Writes the line, once."""
        if not self._is_written:
            self._is_written = True
            self._try(self._write)

    def _with_id(self, headers: Iterable[Any]) -> list[Any]:
        name = self._settings.request_header
        kept = [pair for pair in headers if bytes(pair[0]).lower() != name]
        return [*kept, (name, self.request_id.encode("ascii"))]

    def _begin(self, headers: Iterable[Any]) -> None:
        said = {bytes(name).lower(): bytes(value).decode("latin-1") for name, value in headers}
        encoding = said.get(b"content-encoding", "").strip().lower()
        self._reply = Reply(said.get(b"content-type", ""), encoding, self._settings.most_bytes)

    def _passed(self, chunk: bytes) -> None:
        at = time.perf_counter()
        if self._reply.feed(chunk) and self._ttft_ms is None and not self._is_over:
            self._ttft_ms = (at - self._began) * 1e3

    def _write(self) -> None:
        took_ms = (time.perf_counter() - self._began) * 1e3
        scope = self._scope
        client = scope.get("client") or (None,)
        route = getattr(scope.get("route"), "path", None)
        said: Fields = {
            "request_id": self.request_id,
            "user_id": self.user_id,
            "api_key_hash": _key_hash(self._headers),
            "client_ip": client[0],
            "http_method": scope.get("method"),
            "http_route": route,
            "url_path": scope.get("path"),
            "user_agent": _header(self._headers.get(b"user-agent")),
            "http_status": self._status,
            "duration_ms": round(took_ms, 3),
            "ttft_ms": None if self._ttft_ms is None else round(self._ttft_ms, 3),
            "request_bytes": self._request.bytes,
            "response_bytes": self._reply.bytes,
        }
        spoken = self._spoken()
        said |= {name: value for name, value in spoken.items() if said.get(name) is None}
        said |= self._ending()
        log = structlog.get_logger(LOGGER)
        write = log.info if said["http_status"] < 400 and self._error is None else log.warning
        write(
            f"{said['http_method']} {said['url_path']} {said['http_status']}",
            **{name: value for name, value in said.items() if value is not None},
        )

    def _spoken(self) -> Fields:
        """What request and answer say; what of them could not be read is said in `unread`."""
        asked, answered = self._request.said(), self._reply.said()
        unread = [part.pop("unread") for part in (asked, answered) if "unread" in part]
        spoken = {**asked, **answered}
        if "model" not in spoken and "response_model" in spoken:
            spoken["model"] = spoken["response_model"]
        if self._reply.is_stream:
            spoken["is_streamed"] = True
        if unread:
            spoken["unread"] = "; ".join(unread)
        return spoken

    def _ending(self) -> Fields:
        """How it ended where it did not end well."""
        ending: Fields = {}
        error = self._error
        is_cancelled = isinstance(error, asyncio.CancelledError)
        if self._has_left and not self._is_over:
            ending["is_disconnected"] = True
            ending["status_message"] = (
                f"the client left after {self._reply.bytes:,} bytes of the answer"
            )
            if self._status is None:
                ending |= {"http_status": CLIENT_CLOSED, "error_type": "client_disconnected"}
        elif error is not None:
            ending["error_type"] = type(error).__name__
            ending["status_message"] = (
                "the server gave the request up" if is_cancelled else str(error)[:1000]
            )
            if self._status is None:
                ending["http_status"] = 503 if is_cancelled else 500
            if isinstance(error, Exception):
                ending["exc_info"] = error
        elif self._status is None:
            ending |= {"http_status": 500, "status_message": "the service gave no answer"}
        return ending

    def _try(self, step: Callable[..., Any], *arguments: Any) -> None:
        """A step of ours: what it raises is logged, and the request goes on."""
        try:
            step(*arguments)
        except Exception as error:
            with contextlib.suppress(
                Exception
            ):  # logging itself is broken: the request comes first
                structlog.get_logger(LOGGER).warning(
                    "the call log failed", reason=repr(error), request_id=self.request_id
                )


def _is_asyncio() -> bool:
    """Whether asyncio runs the service; Trio may."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _header(value: bytes | None) -> str | None:
    return value.decode("latin-1")[:256] or None if value else None


def _id(value: bytes | None) -> str | None:
    """An id that can be returned and logged; another one is made in place of what cannot."""
    text = value.decode("latin-1").strip() if value else ""
    return text if _ID.fullmatch(text) else None


def _key_hash(headers: dict[bytes, bytes]) -> str | None:
    """The same short hash that Clew makes of a key in a log; the key itself is never written."""
    given = headers.get(b"authorization", b"").decode("latin-1")
    scheme, _, key = given.partition(" ")
    key = key.strip() if scheme.lower() == "bearer" else ""
    key = key or headers.get(b"x-api-key", b"").decode("latin-1").strip()
    return hashlib.sha256(key.encode()).hexdigest()[:16] if key else None

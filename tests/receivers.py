"""Strict receivers on loopback: they take what the real ones take, and note what they were sent."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "visibly-false-token"
Headers = dict[str, str]
Reply = tuple[int, Any] | tuple[int, Any, Headers]


@dataclass(slots=True)
class Received:
    """One request as it came: its body without gzip."""

    path: str
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Receiver:
    """A running receiver, and all requests that it answered."""

    url: str
    requests: list[Received] = field(default_factory=list)


@contextlib.contextmanager
def http_receiver(answer: Callable[[Received], Reply]) -> Iterator[Receiver]:
    """A server that answers a POST as the function says: status, body (JSON unless bytes), headers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Received(self.path, headers, body)
            status, said, *more = answer(request)
            receiver.requests.append(request)
            told = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


class Elastic:
    """Elasticsearch's _bulk: an index of documents by id, and what it does not like."""

    def __init__(self, bad: Callable[[dict[str, Any]], str] = lambda document: "") -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.repeats = 0
        self.bad = bad

    def __call__(self, request: Received) -> Reply:
        if request.headers.get("authorization") != f"ApiKey {TOKEN}":
            return 401, {"error": {"type": "security_exception"}, "status": 401}
        if request.path != "/_bulk":
            return 404, {"error": "no handler"}
        if request.headers["content-type"] != "application/x-ndjson":
            return 406, {"error": "Content-Type header is not supported"}
        if not request.body.endswith(b"\n"):
            return 400, {"error": "The bulk request must be terminated by a newline"}
        lines = request.body.decode().splitlines()
        items = [
            self._one(json.loads(action), json.loads(document))
            for action, document in zip(lines[::2], lines[1::2], strict=True)
        ]
        errors = any("error" in result for item in items for result in item.values())
        return 200, {"took": 1, "errors": errors, "items": items}

    def _one(self, action: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
        ((verb, place),) = action.items()
        assert verb in ("create", "index") and place["_index"]
        told = {"_index": place["_index"], "_id": place["_id"]}
        if verb == "create" and place["_id"] in self.documents:
            self.repeats += 1
            error = {"type": "version_conflict_engine_exception", "reason": "document exists"}
            return {verb: {**told, "status": 409, "error": error}}
        if reason := self.bad(document):
            error = {"type": "document_parsing_exception", "reason": reason}
            return {verb: {**told, "status": 400, "error": error}}
        self.documents[place["_id"]] = document
        return {verb: {**told, "status": 201, "result": "created"}}


class Splunk:
    """The event collector: 1 MB at most, every object with an event; the first bad one is named.

    acknowledge  with indexer acknowledgement: whether a request is indexed, asked each time it is asked for
    """

    def __init__(
        self,
        bad: Callable[[Any], bool] = lambda event: False,
        most: int = 1 << 20,
        acknowledge: Callable[[int], bool] | None = None,
    ) -> None:
        self.events: list[dict[str, Any]] = []
        self.bad, self.most, self.acknowledge = bad, most, acknowledge
        self.unasked: set[int] = set()
        self.sent = 0

    def __call__(self, request: Received) -> Reply:
        if request.headers.get("authorization") != f"Splunk {TOKEN}":
            return 403, {"text": "Invalid token", "code": 4}
        if request.path == "/services/collector/ack" and self.acknowledge is not None:
            acks = {
                str(ack): ack in self.unasked and self.acknowledge(ack)
                for ack in request.json["acks"]
            }
            self.unasked -= {int(ack) for ack, is_there in acks.items() if is_there}
            return 200, {"acks": acks}
        assert request.path == "/services/collector/event"
        assert re.fullmatch(r"[0-9a-f-]{36}", request.headers["x-splunk-request-channel"])
        if len(request.body) > self.most:
            return 413, {"text": "Request entity too large", "code": 27}
        found, at, text = [], 0, request.body.decode()
        while at < len(text):
            event, at = json.JSONDecoder().raw_decode(text, at)
            found.append(event)
            at = len(text) - len(text[at:].lstrip())
        for number, event in enumerate(found):
            if self.bad(event):
                told = {"text": "Invalid data format", "code": 6, "invalid-event-number": number}
                return 400, told
        self.events += found
        if self.acknowledge is None:
            return 200, {"text": "Success", "code": 0}
        self.sent += 1
        self.unasked.add(self.sent)
        return 200, {"text": "Success", "code": 0, "ackId": self.sent}


@contextlib.contextmanager
def environment(monkeypatch: Any, **values: str) -> Iterator[None]:
    """Settings in the environment."""
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    yield

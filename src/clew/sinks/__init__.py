"""Sinks: findings and events to the world, one file a sink.

A sink module has
  TAKES    what it takes: findings, events, or both
  OVER     how it travels: http, syslog, lines (over TCP or UDP) or smtp; each of them writes a file, too
  sink     a function of what it is told, and of its options by keyword, to a `Sink`
  SAMPLES  examples, which are also its tests
A Sink is pure: it makes bytes of findings and events, and reads what a receiver answered. Connections,
waiting, trying again and the spool are the business of `clew.delivery`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from clew.model.finding import Finding

What = Literal["findings", "events"]
Way = Literal["http", "syslog", "lines", "smtp", "file"]
State = Literal["firing", "resolved"]
Event = Mapping[str, Any]
"""Canonical columns that have a value, and `attributes`: a mapping."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a sink is told from outside.

    version  of Clew
    host     this machine, for the headers that name a sender
    now      the clock: naive UTC
    way      how the payloads will travel
    most     bytes that one message may have, where the way has a limit of its own; 0: none
    """

    version: str
    host: str
    now: datetime
    way: Way = "file"
    most: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One payload, and the id by which a receiver knows a repeat."""

    id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent over HTTP: always a POST.

    may_zip  whether the receiver is known to take gzip
    """

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    may_zip: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Names of headers are in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an item.

    taken    the receiver has it
    refused  for good, and why
    later    not now: it is sent again
    smaller  the request was too large, or one of its items is bad and the answer does not say which
    stop     nothing will be taken before a person has acted: a wrong token, a wrong address
    """

    outcome: Literal["taken", "refused", "later", "smaller", "stop"]
    reason: str = ""


TAKEN = Verdict("taken")


class Sink(Protocol):
    """Payloads of findings and events.

    most_items  in one request or one write
    most_bytes  of one request's body, uncompressed
    """

    @property
    def most_items(self) -> int: ...

    @property
    def most_bytes(self) -> int: ...

    def finding(self, finding: Finding, state: State) -> bytes:
        """One finding as the receiver takes it."""

    def event(self, event: Event) -> bytes:
        """One event. Sinks that take findings alone are never asked."""


@runtime_checkable
class HttpSink(Sink, Protocol):
    """A sink that speaks HTTP."""

    def request(self, to: str, token: str, items: Sequence[Item], moment: float) -> Request:
        """The request for these items, at this moment (seconds since 1970)."""

    def verdicts(self, answer: Answer, items: Sequence[Item]) -> list[Verdict]:
        """What became of each item."""


@runtime_checkable
class AckSink(HttpSink, Protocol):
    """A sink whose receiver may say later that it has what it answered for."""

    def ack_of(self, answer: Answer) -> int | None:
        """The number under which to ask; None where the answer is all that there will be."""

    def ack_request(self, to: str, token: str, acks: Sequence[int]) -> Request:
        """The question which of these are there."""

    def acked(self, answer: Answer) -> set[int]:
        """Those that are."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One example of a sink: a finding or an event, and the payload that comes of it.

    name     what it shows
    given    a Finding, or an event as columns
    payload  the bytes as text; of a JSON payload the parts named are compared
    way      how it travels
    options  of the sink
    """

    name: str
    given: Finding | Event
    payload: str | Mapping[str, Any]
    way: Way = "http"
    state: State = "firing"
    options: Mapping[str, Any] = field(default_factory=dict)

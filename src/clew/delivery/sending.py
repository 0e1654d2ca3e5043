"""From the spool to a receiver: batches, trying again, waiting, halving, setting aside.

A batch that a receiver refuses as a whole is halved until the bad item stands alone: that one is set
aside with the reason, the rest goes on. What is not taken for now is sent again, each time after twice
the wait, or when the receiver asks for it. A receiver that gives no sign of progress is given up after a
time; what waits stays in the spool.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from clew.delivery.spool import Spool
from clew.sinks import Item, Sink, Verdict

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_ASKED_S = 300.0
"""A receiver that asks for more is given up at once."""
LEAST_TRIES = 4
MOST_REASONS = 5


class Unreachable(Exception):
    """Nothing is known of what became of the batch: the receiver was not there, or went away."""


class Stopped(Exception):
    """Nothing will be taken before a person has acted."""


class GaveUp(Exception):
    """The receiver did not take anything for too long."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a batch.

    verdicts  of each item, in order
    wait_s    how long the receiver asks to wait; None where it does not say
    """

    verdicts: Sequence[Verdict]
    wait_s: float | None = None


class Transport(Protocol):
    """A way to a receiver.

    confirm_every  segments that are sent before the receiver is asked whether it has them all; it may
                   turn out with the first answer
    """

    confirm_every: int

    def send(self, items: Sequence[Item]) -> Reply:
        """Sends a batch. Raises Unreachable."""

    def confirm(self) -> int:
        """Returns when all that was sent is there; where a file is now. Raises Unreachable where it may
        not be, and GaveUp where nobody can tell."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, as they come in."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = lambda: random.uniform(0.5, 1.0)


@dataclass(slots=True)
class Tally:
    """What became of an export's items.

    sent      taken by the receiver
    refused   for good
    waiting   in the spool
    reasons   why some were refused, without repeats; the first few
    problem   why it ended early; "" when it did not
    is_wrong  whether a person must act first: a token, an address
    """

    sent: int = 0
    refused: int = 0
    waiting: int = 0
    reasons: list[str] = field(default_factory=list)
    problem: str = ""
    is_wrong: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A segment that was sent, and is not confirmed yet."""

    number: int
    ids: list[str]
    refused: int


class Sending:
    """One run through the spool."""

    def __init__(
        self,
        sink: Sink,
        transport: Transport,
        spool: Spool,
        *,
        patience_s: float,
        clock: Clock | None = None,
        told: Callable[[Tally], None] | None = None,
    ) -> None:
        self._sink, self._transport, self._spool = sink, transport, spool
        self._patience_s, self._clock = patience_s, clock or Clock()
        self._told = told
        self.tally = Tally()
        self._refused: set[str] = set()
        self._tries = 0
        self._progress_at = self._clock.now()

    def run(self) -> Tally:
        """Sends what the spool holds and what comes into it, until all is through or nothing helps."""
        sent: list[Sent] = []
        try:
            for number, items in self._spool.segments():
                refused = self._send_segment(number, items)
                sent.append(Sent(number, [item.id for item in items], refused))
                if len(sent) >= self._transport.confirm_every:
                    self._confirm(sent)
            if sent:
                self._confirm(sent)
        except (Stopped, GaveUp) as ended:
            self.tally.problem = str(ended)
            self.tally.is_wrong = isinstance(ended, Stopped)
        self.tally.waiting = self._spool.waiting
        return self.tally

    def _confirm(self, sent: list[Sent]) -> None:
        """Has the receiver say that it has them all; what it may not have is sent again."""
        while True:
            try:
                position = self._transport.confirm()
                break
            except Unreachable as error:
                self._wait(str(error), None)
                for one in sent:
                    self._send_segment(one.number, self._spool.items(one.number))
        self._progressed()
        self._spool.settle([(one.number, one.ids) for one in sent], position)
        self.tally.sent += sum(len(one.ids) - one.refused for one in sent)
        sent.clear()
        if self._told is not None:
            self.tally.waiting = self._spool.waiting
            self._told(self.tally)

    def _send_segment(self, number: int, items: Sequence[Item]) -> int:
        """Sends all of a segment; gives how many were refused. What is left is kept where it ends
        early."""
        todo = deque(self._batches(items))
        refused = 0
        try:
            while todo:
                batch = todo.popleft()
                later, halves, bad = self._send_batch(batch)
                refused += bad
                todo.extendleft(reversed(halves))
                if later:
                    todo.appendleft(later)
        except (Stopped, GaveUp):
            left = [*batch, *(item for other in todo for item in other)]
            self._keep(number, items, left, refused)
            raise
        return refused

    def _keep(self, number: int, items: Sequence[Item], left: Sequence[Item], refused: int) -> None:
        if self._transport.confirm_every > 1:
            return  # what was not confirmed is not through
        waiting = {item.id for item in left}
        through = [item.id for item in items if item.id not in waiting]
        if through and left:
            self._spool.keep(number, left, through)
            self.tally.sent += len(through) - refused

    def _send_batch(self, batch: list[Item]) -> tuple[list[Item], list[list[Item]], int]:
        """What is to be sent again, what is to be sent in smaller parts, and how many were refused."""
        try:
            reply = self._transport.send(batch)
        except Unreachable as error:
            self._wait(str(error), None)
            return batch, [], 0
        assert len(reply.verdicts) == len(batch), "BUG: a verdict is missing"
        later: list[Item] = []
        smaller: list[Item] = []
        refused, reason = 0, ""
        for item, verdict in zip(batch, reply.verdicts, strict=True):
            if verdict.outcome == "stop":
                raise Stopped(verdict.reason)
            if verdict.outcome == "refused" or (verdict.outcome == "smaller" and len(batch) == 1):
                self._refuse(item, verdict.reason)
                refused += 1
            elif verdict.outcome == "later":
                later.append(item)
                reason = verdict.reason
            elif verdict.outcome == "smaller":
                smaller.append(item)
        if len(later) == len(batch):
            self._wait(reason, reply.wait_s)
        elif self._transport.confirm_every == 1:
            self._progressed()
        middle = len(smaller) // 2
        return later, [half for half in (smaller[:middle], smaller[middle:]) if half], refused

    def _progressed(self) -> None:
        """What was sent and not confirmed is no progress: it may be sent for ever."""
        self._tries, self._progress_at = 0, self._clock.now()

    def _refuse(self, item: Item, reason: str) -> None:
        if item.id in self._refused:
            return  # sent again, since the rest of its segment was not confirmed
        self._refused.add(item.id)
        self._spool.refuse(item, reason)
        self.tally.refused += 1
        if reason not in self.tally.reasons and len(self.tally.reasons) < MOST_REASONS:
            self.tally.reasons.append(reason)

    def _wait(self, reason: str, asked_s: float | None) -> None:
        """Waits before the next try. Raises GaveUp."""
        self._tries += 1
        gone_s = self._clock.now() - self._progress_at
        is_over = gone_s >= self._patience_s and self._tries >= LEAST_TRIES
        if is_over or (asked_s or 0) > LONGEST_ASKED_S:
            raise GaveUp(reason)
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(self._tries - 1, 16))
        self._clock.sleep(asked_s if asked_s is not None else longest * self._clock.jitter())

    def _batches(self, items: Iterable[Item]) -> Iterable[list[Item]]:
        """Batches within the sink's limits."""
        batch: list[Item] = []
        size = 0
        for item in items:
            is_full = len(batch) >= self._sink.most_items
            if batch and (is_full or size + len(item.payload) + 1 > self._sink.most_bytes):
                yield batch
                batch, size = [], 0
            batch.append(item)
            size += len(item.payload) + 1
        if batch:
            yield batch

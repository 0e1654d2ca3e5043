"""Beside the thread that loads a source: one that decodes the next block, one that stores the last."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
SWITCH_S = 0.0005
"""How long Python lets a decoder go on while another thread wants to."""


def one_ahead(blocks: Iterator[T]) -> Iterator[T]:
    """The same, each made while the caller has the one before it."""
    with _decoding(), ThreadPoolExecutor(1, thread_name_prefix="clew-decode") as thread:
        coming = thread.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = thread.submit(next, blocks, None)
            yield block


@contextmanager
def _decoding() -> Iterator[None]:
    """What a decoder makes is needed: the collector of garbage would look through it in vain. Threads that
    wait for DuckDB go on soon after it has answered."""
    usual, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*usual)
        gc.unfreeze()


class Behind:
    """Does one piece of work after the other, at most so many behind. Use as a context, which ends when
    all is done.

    An error of a piece is raised by a later call, or at the end; where the caller itself failed, what
    has not begun is not done.
    """

    def __init__(self, name: str, most: int) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._most = most
        self._asked: deque[Future[Any]] = deque()

    def do(self, work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Asks for this piece; waits while too many are to be done before it."""
        self._wait(self._most - 1)
        self._asked.append(self._thread.submit(work, *args, **kwargs))

    def _wait(self, left: int) -> None:
        while len(self._asked) > left or (self._asked and self._asked[0].done()):
            self._asked.popleft().result()

    def __enter__(self) -> Behind:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._thread.shutdown(cancel_futures=kind is not None)
        if kind is None:
            self._wait(0)

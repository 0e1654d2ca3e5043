"""A command that ends when its time is up, or at Ctrl-C, whatever it does.

DuckDB looks between two parts of a table whether it is to stop; one function over one huge value, such as
`list_sort(range(1000000000))`, never looks, and at Ctrl-C its tasks sometimes wait for each other for ever. What
a command leaves behind then is what `kill -9` leaves: a case as it was.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

from clew.errors import TookTooLong

T = TypeVar("T")
GRACE_S = 1.0
"""How long a question may take to hear that it is to stop."""


@contextlib.contextmanager
def ended_by_ctrl_c() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt in what runs within, and ends the process where that is not heard."""

    last = threading.Timer(GRACE_S, os._exit, (128 + signal.SIGINT,))
    last.daemon = True

    def interrupted(number: int, frame: FrameType | None) -> None:
        if last.ident is None:
            last.start()
        signal.default_int_handler(number, frame)

    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        last.cancel()


def within(seconds: float | None, question: Callable[[], T]) -> T:
    """The answer. A question that does not end with its time ends the process, after one sentence."""
    answers: queue.SimpleQueue[T | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(question())
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, name="clew-question", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds + GRACE_S if seconds else None)
    except queue.Empty:
        error = TookTooLong(seconds or 0)
        print(error, file=sys.stderr, flush=True)
        os._exit(error.exit_code)
    except KeyboardInterrupt:
        os._exit(128 + signal.SIGINT)
    if isinstance(answer, Exception):
        raise answer
    return answer

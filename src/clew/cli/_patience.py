"""A question that ends when its time is up, or at Ctrl-C, whatever it does.

DuckDB looks between two parts of a table whether it is to stop; one function over one huge value, such as
`list_sort(range(1000000000))`, never looks. The command only reads: it can leave such a question behind.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from clew.errors import TookTooLong

T = TypeVar("T")
GRACE_S = 1.0
"""How long after its time a question may take to hear that it is to stop."""


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
        os._exit(130)
    if isinstance(answer, Exception):
        raise answer
    return answer

"""A question of DuckDB that is stopped when its time is up."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import duckdb

AGAIN_S = 0.05
"""DuckDB forgets an interrupt that comes between two statements, so it is told again and again."""


@contextlib.contextmanager
def stopped_after(seconds: float | None, cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """What the cursor is asked within is interrupted after so many seconds; without them, never."""
    if not seconds:
        yield
        return
    is_over = threading.Event()

    def stop() -> None:
        wait_s = seconds
        while not is_over.wait(wait_s):
            cursor.interrupt()
            wait_s = AGAIN_S

    thread = threading.Thread(target=stop, name="clew-limit", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()

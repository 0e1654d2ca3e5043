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
    is_over = threading.Event()

    def stop() -> None:
        if not is_over.wait(seconds):
            cursor.interrupt()
            while not is_over.wait(AGAIN_S):
                cursor.interrupt()

    thread = threading.Thread(target=stop, name="clew-limit", daemon=True)
    if seconds:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        if seconds:
            thread.join()

"""Lengths of time in words, as SQL."""

from __future__ import annotations

PARTS = (("h", 3.6e6), ("m|min", 6e4), ("s|sec|secs|seconds", 1e3), ("ms|msec|milliseconds", 1.0),
         ("us|µs|μs", 1e-3), ("ns", 1e-6))  # fmt: skip
"""How a unit is spelled, and its milliseconds."""


def spelled_ms(text: str) -> str:
    """Milliseconds of 12.3ms, 0.5s or 1m30.5s; 0 where nothing is spelled."""

    def part(letters: str, ms: float) -> str:
        found = f"regexp_extract({text}, '([0-9.]+) ?(?:{letters})(?:[^a-zA-Zµμ]|$)', 1)"
        return f"coalesce(try_cast({found} AS DOUBLE), 0) * {ms!r}"

    return "(" + " + ".join(part(letters, ms) for letters, ms in PARTS) + ")"

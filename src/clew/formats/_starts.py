"""How the first line of a text record looks to numpy: which of many lines begin in a certain way."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from clew.formats import ZERO, Lines
from clew.formats._layouts import DJANGO_SAYS

LEVEL_WORDS = (
    b"INFO", b"ERROR", b"WARN", b"WARNING", b"DEBUG", b"CRITICAL", b"FATAL", b"NOTICE", b"SUCCESS",
    b"TRACE",
)  # fmt: skip
WINSTON_LEVELS = ("error", "warn", "info", "http", "verbose", "debug", "silly")
DOTNET_LEVELS = ("trce", "dbug", "info", "warn", "fail", "crit")
ESCAPE = 27
MOST_COLOURS, LONGEST_COLOUR = 3, 10
MOST_EMPTY = 3
"""Lines between the parts of a chain of exceptions: loguru leaves two."""
TRACEBACK = b"Traceback (most recent call last)"
KEY_WORDS, MOST_KEY_LINES = b"PRIVATE KEY", 200
SPACE, TAB, DASH = 32, 9, ord("-")
CONTINUED = (
    b"Traceback (most", b"During handling of", b"The above exception was", b"Caused by: ",
)  # fmt: skip
EXCEPTION_LINE = re.compile(rb"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Group)\b")
CHAINS = (b"During handling of the above", b"The above exception was the direct")


def text_begins(lines: Lines) -> NDArray[np.bool_]:
    """Lines of any text that begin a record: indented ones, tracebacks and the exception below them go on."""
    first = lines.byte(0)
    indented = (first == SPACE) | (first == TAB)
    begins: NDArray[np.bool_] = ~indented
    for words in CONTINUED:
        begins &= ~lines.begins_with(words)
    below = np.flatnonzero(begins[1:] & indented[:-1]) + 1
    for index in below:
        start, end = int(lines.starts[index]), int(lines.ends[index])
        if EXCEPTION_LINE.match(lines.text[start : min(end, start + 200)].tobytes()):
            begins[index] = False
    begin_tracebacks(lines, begins)
    keep_keys_whole(lines, begins)
    return begins


def begin_tracebacks(lines: Lines, begins: NDArray[np.bool_]) -> None:
    """Marks, in `begins`, tracebacks that stand behind another one without being chained to it.

    The first traceback behind a line belongs to that line; the next one is an event of its own.
    """
    chosen = np.flatnonzero(lines.byte(0) == ord("T"))
    part = Lines(lines.text, lines.starts[chosen], lines.ends[chosen])
    traces = chosen[part.begins_with(TRACEBACK)]
    if len(traces) < 2:
        return
    before = _filled_above(lines, traces)
    above = Lines(lines.text, lines.starts[before], lines.ends[before])
    is_chained = np.logical_or.reduce([above.begins_with(words) for words in CHAINS])
    heads = np.flatnonzero(begins)
    record = np.searchsorted(heads, traces, side="right")
    follows = np.concatenate(([False], record[1:] == record[:-1]))
    begins[traces[follows & ~is_chained]] = True


def keep_keys_whole(lines: Lines, begins: NDArray[np.bool_]) -> None:
    """Takes, out of `begins`, the lines of a private key below its first one: as a whole it is redacted."""
    for end in np.flatnonzero(lines.begins_with(b"-----END ")):
        first = max(int(end) - MOST_KEY_LINES, 0)
        above = lines.text[lines.starts[first] : lines.ends[end]].tobytes()
        at = above.rfind(b"-----BEGIN ")
        if at >= 0 and KEY_WORDS in above[at : at + 80]:
            begin = int(np.searchsorted(lines.starts, lines.starts[first] + at, side="right"))
            begins[begin : end + 1] = False


def is_date(lines: Lines, at: int) -> NDArray[np.bool_]:
    """Lines with `2026-11-20` at that position."""
    letters = lines.first(at + 10).T[at:]
    found: NDArray[np.bool_] = lines.lengths >= at + 10
    for place, letter in enumerate(letters):
        found &= letter == DASH if place in (4, 7) else letter - ZERO < 10
    return found


def begins_in_brackets(lines: Lines) -> NDArray[np.bool_]:
    """`[2026-11-20`, `[20/Nov/`, `[INFO]`."""
    begins: NDArray[np.bool_] = is_date(lines, 1) | (
        lines.digits(1, 2) & (lines.byte(3) == ord("/"))
    )
    for word in LEVEL_WORDS:
        begins |= lines.begins_with(b"[" + word)
    return begins


def begins_with_level(lines: Lines) -> NDArray[np.bool_]:
    """`ERROR: `, `INFO `."""
    begins = np.zeros(len(lines.starts), dtype=np.bool_)
    for word in LEVEL_WORDS:
        after = lines.byte(len(word))
        begins |= lines.begins_with(word) & np.isin(after, list(b": \t"))
    return begins


def begins_as(layout: str, lines: Lines) -> NDArray[np.bool_]:
    """Lines that begin as those of a layout do, which begins as no other does."""
    begins: NDArray[np.bool_] = np.zeros(len(lines.starts), dtype=np.bool_)
    if layout == "vllm":
        begins = lines.byte(0) == ord("(")
    elif layout == "glog":
        begins = np.isin(lines.byte(0), list(b"IWEF")) & lines.digits(1, 2, 3, 4, 6, 7)
    elif layout == "ruby":
        begins = np.isin(lines.byte(0), list(b"DIWEFA")) & (lines.byte(1) == ord(","))
    elif layout == "pino_pretty":
        begins = (
            (lines.byte(0) == ord("[")) & lines.digits(1, 2, 4, 5) & (lines.byte(3) == ord(":"))
        )
    elif layout == "redis":
        begins = lines.digits(0) & np.logical_or.reduce(
            [lines.byte(n) == ord(":") for n in range(1, 8)]
        )
    elif layout == "spark":
        slashed = (lines.byte(2) == ord("/")) & (lines.byte(5) == ord("/"))
        begins = slashed & lines.digits(0, 1, 3, 4, 6, 7, 9, 10)
    elif layout == "serilog_clock":
        begins = (
            (lines.byte(0) == ord("[")) & lines.digits(1, 2, 4, 5) & (lines.byte(3) == ord(":"))
        )
    elif layout in ("slashes", "go"):
        slashed = (lines.byte(4) == ord("/")) & (lines.byte(7) == ord("/"))
        begins = slashed & lines.digits(0, 1, 2, 3, 5, 6, 8, 9)
    elif layout == "trainer":
        slashed = (lines.byte(2) == ord("/")) & (lines.byte(5) == ord("/"))
        begins = slashed & lines.digits(0, 1, 3, 4, 6, 7, 8, 9)
    elif layout in ("clock", "clock_thread", "litellm"):
        at_colons = (lines.byte(2) == ord(":")) & (lines.byte(5) == ord(":"))
        begins = at_colons & lines.digits(0, 1, 3, 4, 6, 7)
    for word in {
        "django_bare": DJANGO_SAYS,
        "winston": WINSTON_LEVELS,
        "dotnet": DOTNET_LEVELS,
    }.get(layout, ()):
        begins |= lines.begins_with(word.encode()) & np.isin(lines.byte(len(word)), list(b": "))
    return begins


def begins_with_json(lines: Lines) -> NDArray[np.bool_]:
    """`{"`."""
    return lines.begins_with(b'{"')


def begins_with_pair(lines: Lines) -> NDArray[np.bool_]:
    """`level=`, `time=`, `ts=`: how a line of logfmt begins."""
    begins: NDArray[np.bool_] = np.logical_or.reduce(
        [lines.begins_with(key) for key in (b"level=", b"time=", b"ts=")]
    )
    return begins


def leave_drawn(lines: Lines, begins: NDArray[np.bool_]) -> None:
    """Takes, out of `begins`, coloured lines of a traceback, of a box that rich draws, and the error below."""
    places = np.flatnonzero(begins & (lines.byte(0) == ESCAPE))
    if not len(places):
        return
    bare, above = _bare(lines, places), _filled_above(lines, places)
    goes_on = _is_drawn(bare) | _is_drawn(_bare(lines, np.maximum(places - 1, 0)))
    for words in CONTINUED:
        goes_on |= bare.begins_with(words)
    first = lines.byte(0)[above]
    for index in np.flatnonzero(~goes_on & ((first == SPACE) | (first == TAB))):
        start, end = int(bare.starts[index]), int(bare.ends[index])
        if EXCEPTION_LINE.match(lines.text[start : min(end, start + 200)].tobytes()):
            goes_on[index] = True
    begins[places] = ~goes_on


def _filled_above(lines: Lines, places: NDArray[np.intp]) -> NDArray[np.intp]:
    """The line before each of these, over a few that are empty."""
    above: NDArray[np.intp] = np.maximum(places - 1, 0)
    for _ in range(MOST_EMPTY):
        above = np.where(lines.lengths[above] == 0, np.maximum(above - 1, 0), above)
    return above


def _bare(lines: Lines, places: NDArray[np.intp]) -> Lines:
    """These lines behind the colours that they begin with."""
    starts, ends = lines.starts[places], lines.ends[places]
    for _ in range(MOST_COLOURS):
        part = Lines(lines.text, starts, ends)
        is_coloured = part.byte(0) == ESCAPE
        width = np.zeros_like(starts)
        for place in range(LONGEST_COLOUR, 1, -1):
            width[part.byte(place) == ord("m")] = place + 1
        starts = np.where(is_coloured, np.minimum(starts + width, ends), starts)
    return Lines(lines.text, starts, ends)


def _is_drawn(bare: Lines) -> NDArray[np.bool_]:
    """Which of these lines begin with a line of a box: U+2500 to U+257F."""
    found: NDArray[np.bool_] = (bare.byte(0) == 0xE2) & np.isin(bare.byte(1), [0x94, 0x95])
    return found

"""Values as they are typed, read by the kind of what they are compared with.

number_of     500   1.5   2s and 500ms for durations   10kB and 1MiB for sizes   10k and 2M elsewhere
truth_of      true, false, yes, no, 1, 0
severity_of   warning is WARN, critical is FATAL
quoted        text as a pattern of RE2 that matches just it
"""

from __future__ import annotations

import re

from clew.model.event import SEVERITIES

_NUMBER = re.compile(
    r"""
    (?P<number> [-+]? (?: \d+ (?: _ \d+ )* (?: \.\d* )? | \.\d+ ) (?: [eE][-+]?\d+ )? )   # 1_000.5
    (?P<unit> [a-zA-Zµ]* )                                                               # ms
    """,
    re.VERBOSE | re.ASCII,
)
MS_PER_UNIT = {
    "ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3, "m": 6e4, "min": 6e4,
    "h": 3.6e6, "d": 8.64e7,
}  # fmt: skip
BYTES_PER_UNIT = {
    "B": 1.0, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20,
    "GiB": 2.0**30,
}  # fmt: skip
MULTIPLES = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
LEVELS = {
    "warning": "WARN", "err": "ERROR", "critical": "FATAL", "crit": "FATAL", "emergency": "FATAL",
    "panic": "FATAL", "alert": "FATAL", "information": "INFO", "notice": "INFO", "verbose": "TRACE",
}  # fmt: skip
_PUNCTUATION = re.compile(r"[^\w\s]|[\r\n\t\f\v]", re.ASCII)


def number_of(text: str, column: str = "", scale: float = 1.0) -> float | int | None:
    """The number in the unit of its column, None where the text is no number.

    scale  of a value without a unit, such as 1000 where a name in seconds stands for milliseconds

    >>> number_of("2s", "duration_ms"), number_of("2", "duration_ms", 1000), number_of("10k")
    (2000, 2000, 10000)
    """
    found = _NUMBER.fullmatch(text)
    if not found:
        return None
    number, unit = found["number"].replace("_", ""), found["unit"]
    if not unit and scale == 1 and re.fullmatch(r"[-+]?\d{1,18}", number):
        return int(number)
    factor = _factor(unit, column) if unit else scale
    if factor is None:
        return None
    value = float(number) * factor
    if value in (float("inf"), float("-inf")):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _factor(unit: str, column: str) -> float | None:
    if column.endswith("_ms"):
        return MS_PER_UNIT.get(unit)
    if column.endswith("_s"):
        return MS_PER_UNIT[unit] / 1000 if unit in MS_PER_UNIT else None
    if "bytes" in column and unit in BYTES_PER_UNIT:
        return BYTES_PER_UNIT[unit]
    return MULTIPLES.get(unit)


def truth_of(text: str) -> bool | None:
    return TRUTHS.get(text.lower())


def severity_of(text: str) -> str | None:
    """A severity by any of its usual names; None where the word is none."""
    word = LEVELS.get(text.lower(), text.upper())
    return word if word in SEVERITIES else None


def quoted(text: str) -> str:
    """
    >>> quoted("100% (of 3.5)")
    '100\\\\% \\\\(of 3\\\\.5\\\\)'
    """
    return _PUNCTUATION.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if ord(char) > 127:
        return char
    return f"\\{char}" if char.isprintable() else f"\\x{ord(char):02x}"

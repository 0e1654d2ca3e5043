"""Times as a person types them: RFC 3339, or a length of time before now.

    2026-01-05T10:00:00Z   2026-01-05T10:00:00+01:00   2026-01-05 10:00   2026-01-05   now
    30s   90m   2h   7d   1w        so long before now

A time without a zone is UTC. The clock is the caller's: `now` is passed in, naive and in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from clew.errors import ConfigError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_BEFORE_NOW = re.compile(
    r"""
    (?P<count>[0-9]{1,9})    # 90
    (?P<unit>[smhdw])        # m
    """,
    re.VERBOSE,
)
_RFC_3339 = re.compile(
    r"""
    [0-9]{4}-[0-9]{2}-[0-9]{2}                        # 2026-01-05
    (?: [T\ ] [0-9]{2}:[0-9]{2} (?: :[0-9]{2} (?:[.,][0-9]+)? )?   # T10:00:00.25
        (?: Z | [+-][0-9]{2}:?[0-9]{2} )? )?          # +01:00
    """,
    re.VERBOSE | re.IGNORECASE,
)

_HAS_SECONDS = re.compile(r"[0-9-]{10}.[0-9]{2}:[0-9]{2}:")  # 2026-01-05T10:00:


def parse_moment(text: str, now: datetime) -> datetime:
    """A naive time in UTC. Raises ConfigError.

    >>> parse_moment("90m", datetime(2026, 1, 5, 10))
    datetime.datetime(2026, 1, 5, 8, 30)
    >>> parse_moment("2026-01-05T10:00:00+01:00", datetime(2026, 1, 5, 10))
    datetime.datetime(2026, 1, 5, 9, 0)
    """
    words = text.strip()
    if words.lower() == "now":
        return now
    try:
        if before := _BEFORE_NOW.fullmatch(words):
            return now - timedelta(**{_UNITS[before["unit"]]: int(before["count"])})
        if _RFC_3339.fullmatch(words):
            return _in_utc(datetime.fromisoformat(words.upper()))
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"'{text}' is not a time: {error}.") from error
    raise ConfigError(
        f"'{text}' is not a time: write RFC 3339, such as 2026-01-05T10:00:00Z, or a time before "
        "now, such as 2h or 7d."
    )


def parse_range(text: str, now: datetime) -> tuple[datetime, datetime]:
    """Both ends of 'A..B'; the second end is not part of the range. Raises ConfigError.

    >>> parse_range("2h..1h", datetime(2026, 1, 5, 10))[0]
    datetime.datetime(2026, 1, 5, 8, 0)
    """
    first, dots, last = text.partition("..")
    if not dots:
        raise ConfigError(f"'{text}' is not a range of times: write both ends, such as 2h..1h.")
    since, until = parse_moment(first, now), parse_moment(last, now)
    if since >= until:
        raise ConfigError(f"'{text}' ends before it begins: the earlier time stands first.")
    return since, until


def parse_interval(text: str, now: datetime) -> tuple[datetime, datetime]:
    """The first moment that a time means, and the first that it no longer does. Raises ConfigError.

    A date means its day, a time without seconds its minute, and so on; a relative time one moment.

    >>> parse_interval("2026-01-05", datetime(2026, 1, 5, 10))[1]
    datetime.datetime(2026, 1, 6, 0, 0)
    """
    begin = parse_moment(text, now)
    words = text.strip()
    if not _RFC_3339.fullmatch(words):
        return begin, begin + timedelta(microseconds=1)
    if len(words) == len("2026-01-05"):
        length = timedelta(days=1)
    elif "." in words or "," in words:
        length = timedelta(microseconds=1)
    else:
        length = timedelta(seconds=1) if _HAS_SECONDS.match(words) else timedelta(minutes=1)
    try:
        return begin, begin + length
    except OverflowError:
        return begin, datetime.max


def _in_utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)

"""Times in every layout of the text formats: the moment that was meant, or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.formats import Settings
from clew.formats._time import timestamp_sql

BENCH = duckdb.connect()
BENCH.execute("SET timezone = 'UTC'")
LAYOUTS = [
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S,123",
    "%Y-%m-%d %H:%M:%S.123456789 UTC",
    "%Y/%m/%d %H:%M:%S",
    "%Y%m%dT%H%M%SZ",
    "%d/%b/%Y:%H:%M:%S +0000",
    "%b %d %Y %H:%M:%S",
    "%d %b %Y %H:%M:%S GMT",
    "%d-%b-%Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %d %H:%M:%S UTC %Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d.%m.%Y %H:%M:%S",
    "%b %d, %Y, %I:%M:%S %p",
]
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def _read(text: str, zone: str = "UTC") -> datetime | None:
    sql = timestamp_sql("x", Settings(timezone=zone, year=2026))
    found: datetime | None = BENCH.execute(
        f"SELECT {sql} FROM (SELECT ?::VARCHAR AS x)", [text]
    ).fetchall()[0][0]
    return found.replace(microsecond=0) if found else None


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=20, deadline=None)
@given(moment=MOMENTS)
def test_a_time_in_any_layout_is_that_time(layout: str, moment: datetime) -> None:
    assert _read(moment.strftime(layout)) == moment


@pytest.mark.parametrize(
    "layout", ["%Y-%m-%dT%H:%M:%S%z", "%d/%b/%Y:%H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %z"]
)
@settings(max_examples=20, deadline=None)
@given(moment=MOMENTS, zone=ZONES)
def test_a_stated_offset_counts_and_the_given_zone_does_not(
    layout: str, moment: datetime, zone: timezone
) -> None:
    here = moment.replace(tzinfo=UTC) + timedelta(days=2)
    shown = here.astimezone(zone).strftime(layout)
    assert _read(shown, "America/New_York") == here.replace(tzinfo=None)


@settings(max_examples=200, deadline=None)
@given(text=st.text() | st.from_regex(r"[0-9TZ:/,. +-]{1,30}", fullmatch=True))
def test_no_text_breaks_the_reading_of_times(text: str) -> None:
    _read(text.replace("\x00", ""), "Europe/Berlin")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T09:00:00 America/New_York",
        "2026-11-20 09:00:00 PST",
        "2026-11-20 09:00:00 PM",
        "2026-11-20T09:00:00+99:99",
    ],
)
def test_half_a_time_is_no_time(text: str) -> None:
    assert _read(text) is None

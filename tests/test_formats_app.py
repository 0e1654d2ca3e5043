"""Laws of the application formats, through the real reading path: records in, one row each out."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew import registry
from clew.formats import Settings
from clew.formats._records import RELATION, read_records
from clew.sources.files import Block

FORMATS = ("python_logging", "logfmt", "syslog", "text")
HEADER = "2026-11-20 09:00:00,123 ERROR app.db: boom\n"
TRACE = 'Traceback (most recent call last):\n  File "/app/api.py", line 7, in predict\n    x(a=1)\n'


def events(text: str | bytes, name: str) -> list[dict[str, Any]]:
    """The rows that a format gives for a whole file; asserts one row a record."""
    data = text if isinstance(text, bytes) else text.encode()
    parser = registry.load("formats", name).parse(data[:65_536], Settings(year=2026))
    rows: list[dict[str, Any]] = []
    for records in read_records([Block(data, 0)] if data else [], parser.heads):
        bench = duckdb.connect()
        bench.register("records_arrow", records)
        answer = bench.execute(parser.select(bench, RELATION) + " ORDER BY byte_offset")
        names = [column[0] for column in answer.description]
        found = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
        assert len(found) == len(records)
        rows += found
    return rows


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=300) | st.binary(max_size=300))
def test_arbitrary_text_is_events_or_rejects(name: str, text: str | bytes) -> None:
    events(text.encode(errors="replace") if isinstance(text, str) else text, name)

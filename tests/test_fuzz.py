"""Any bytes, any format: never an exception, always a balanced ledger, and the case verifies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew import pipeline, registry
from clew.formats import Settings

FORMATS = [*registry.names("formats"), None]
FRAGMENTS = [
    fragment
    for name in registry.names("formats")
    for sample in registry.load("formats", name).SAMPLES
    for fragment in sample.content().splitlines(keepends=True)
]
SHARDS = [
    b"\n", b"\r\n", b"\n\n", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b'"', b"\\", b"{", b"}",
    b"[", b"]", b",", b"=", b" ", b"\t", b"'", b"%s", b"\x1b[31m", b"1e999", b"NaN", b"-1", b"\x1f\x8b",
    b"9" * 40, b'{"a":' * 40, b"Traceback (most recent call last):\n", b'  File "x", line 1\n',
    "\u202e\u2028".encode(), b"<34>", b"T", b":", b"|", b"PAR1", b"\xef\xbb\xbf", b"1970-01-01T00:00:00Z",
    b"2099-12-31 23:59:59,999 ", b"99/Nov/9999:99:99:99 +9999",
]  # fmt: skip


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Lines of real logs, cut, mixed, and sprinkled with what breaks parsers."""
    parts = draw(
        st.lists(st.sampled_from(FRAGMENTS + SHARDS * 2) | st.binary(max_size=30), max_size=12)
    )
    data = b"".join(parts)
    cut = draw(st.integers(0, len(data)))
    return data[:cut] if draw(st.booleans()) else data


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    return tmp_path_factory.mktemp("fuzz") / "case.duckdb"


@pytest.mark.parametrize("name", FORMATS)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=texts())
def test_any_bytes_leave_a_balanced_ledger(name: str | None, data: bytes, case: Path) -> None:
    source = case.with_name("source")
    source.write_bytes(data)
    ledger = pipeline.ingest(
        [str(source)], case=str(case), settings=Settings(year=2026), format=name
    )
    (row,) = ledger.sources
    assert row.count.is_balanced
    assert row.status != "failed" or row.note


def test_what_the_fuzz_left_behind_verifies(case: Path) -> None:
    if case.exists():
        verification = pipeline.verify(str(case))
        assert verification.ok, verification.sentences

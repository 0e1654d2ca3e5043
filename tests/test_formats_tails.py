"""Tails of access logs in every shape: none breaks the parser, and no value is lost."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from clew.formats._tails import Tail, find_tail
from clew.formats.apache_access import name_shapes as apache_shapes
from clew.formats.nginx_access import KEYS, name_shapes

BENCH = duckdb.connect()


def _values(tail: Tail, text: str) -> dict[str, str | None]:
    source = tail.source("(SELECT ?::VARCHAR AS tail)")
    row = BENCH.execute(f"SELECT * FROM {source}", [text]).fetchall()[0]
    columns = [name for name, *_ in BENCH.description]
    shown = dict(zip(columns, row, strict=True))
    named = {m.name: shown[f"v{place}"] for place, m in enumerate(tail.meanings)}
    return {**named, "left_over": shown["left_over"]}


PIECES = st.sampled_from(
    ["rt=0.1", 'urt="0.1, 0.2"', "ua=-", "rid=4f2a", '"203.0.113.4"', "-", "0.5", "12", "|", '"', "[", "[]",
     "a=b=c", "x=", "192.0.2.1:80, 192.0.2.2:80", "é", "\\", "0/12", ", :", "(", "*"]
)  # fmt: skip
TAILS = st.lists(PIECES, max_size=5).map(lambda parts: "".join(f" {part}" for part in parts))


@settings(max_examples=200, deadline=None)
@given(first=st.lists(TAILS | st.text(max_size=12), max_size=3), text=TAILS)
def test_no_tail_breaks_and_none_is_lost(first: list[str], text: str) -> None:
    """Whatever the first lines end in, the tail of any line can be taken apart."""
    texts = [one.replace("\x00", "").replace("\n", "") for one in first]
    for namer in (name_shapes, apache_shapes):
        tail = find_tail(texts, KEYS, namer)
        if tail is not None:
            found = _values(tail, text)
            if not tail.keys:
                shown = " ".join(value for value in found.values() if value)
                assert all(word.strip('"[]-') in shown for word in text.split())

"""Laws of the access formats, through the real reading path: records in, one row each out."""

from __future__ import annotations

import time
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from clew import registry
from clew.formats import Settings
from clew.formats._records import RELATION, read_records
from clew.sources.files import Block

FORMATS = ("nginx_access", "nginx_error", "apache_access", "uvicorn_access", "gunicorn_access")
FRAGMENTS = [
    line
    for name in FORMATS
    for sample in registry.load("formats", name).SAMPLES
    for line in sample.content().splitlines(keepends=True)
]


def rows(data: bytes, name: str, **options: Any) -> list[dict[str, Any]]:
    """What a format makes of a whole file; asserts one row a record."""
    parser = registry.load("formats", name).parse(data[:65_536], Settings(**options))
    found: list[dict[str, Any]] = []
    with duckdb.connect() as bench:
        bench.execute("SET TimeZone = 'UTC'")
        for records in read_records([Block(data, 0)] if data else [], parser.heads):
            bench.register("records_arrow", records)
            answer = bench.execute(parser.select(bench, RELATION) + " ORDER BY byte_offset")
            names = [column[0] for column in answer.description]
            part = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
            assert len(part) == len(records)
            found += part
    return found


@pytest.mark.parametrize("name", FORMATS)
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts=st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=40), max_size=8))
def test_any_bytes_are_events_or_rejects(name: str, parts: list[bytes]) -> None:
    rows(b"".join(parts), name)


@pytest.mark.parametrize("name", FORMATS)
def test_no_claim_to_json_or_to_the_logs_of_an_application(name: str) -> None:
    sniff = registry.load("formats", name).sniff
    assert sniff(b'{"level": "info", "msg": "GET / HTTP/1.1", "status": 200}\n' * 3) == 0
    assert (
        sniff(b"2026-11-20 09:00:00,123 ERROR app.db: boom\nTraceback (most recent call last):\n")
        == 0
    )


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "unit", [b"a ", b' - "', b"1:", b'", client: 1', b"[", b'" "', b"a=", b"=,"]
)
def test_sniffing_takes_no_longer_for_lines_made_to_confuse(name: str, unit: bytes) -> None:
    began = time.process_time()
    registry.load("formats", name).sniff(unit * (65_536 // len(unit)))
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("said", "error_type"),
    [
        ("connect() failed (111: Connection refused) while connecting", "connection_refused"),
        ("connect() to 192.0.2.7:80 failed (111: Connection refused)", "connection_refused"),
        ("connect() failed (113: No route to host) while connecting", "connect_failed"),
        ("connect() to unix:/a failed (2: No such file or directory)", "connect_failed"),
        ("upstream timed out (110: Connection timed out) while reading", "upstream_timeout"),
        ("upstream prematurely closed connection while reading", "connection_closed"),
        ("no live upstreams while connecting to upstream", "no_live_upstreams"),
        ("recv() failed (104: Connection reset by peer)", "connection_reset"),
        ("writev() failed (32: Broken pipe) while sending", "broken_pipe"),
        ('open() "/srv/a" failed (2: No such file or directory)', "file_not_found"),
    ],
)
def test_what_the_proxy_says_names_the_mechanism(said: str, error_type: str) -> None:
    (row,) = rows(
        (
            f"2026/11/20 09:00:00 [error] 31#31: *42 {said}, client: 192.0.2.1, server: _, request: "
            '"GET /?q=no+live+upstreams HTTP/1.1", upstream: "http://192.0.2.7:80/", host: "h"\n'
        ).encode(),
        "nginx_error",
    )
    assert (row["message"], row["error_type"]) == (said, error_type)
    assert (row["client_ip"], row["upstream_address"]) == ("192.0.2.1", "192.0.2.7:80")

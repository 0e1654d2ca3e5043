"""The grammar: what a text means as a tree, where its parts stand, and that no text breaks it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew import query
from clew.errors import ConfigError, QueryError
from clew.query.addresses import pattern_of
from clew.query.times import parse_interval, parse_moment, parse_range
from clew.query.tree import Compare, Node, Stats, Word

NOW = datetime(2026, 11, 20, 12)
SAME = (
    ("a b", "a AND b"),
    ("a OR b c", "a OR (b AND c)"),
    ("NOT a b", "(NOT a) AND b"),
    ("-a", "NOT a"),
    ("status>=500", "status:>=500"),
    ("status>=500", "status >= 500"),
    ("status=500", "status==500"),
    ("f:(a OR b)", "f:a OR f:b"),
    ("f:(a, b)", "f:a OR f:b"),
    ("f:(a (b OR NOT c))", "f:a (f:b OR NOT f:c)"),
    ("f:(>1 <3)", "f>1 f<3"),
    ("f: a", "f:a"),
    ("a|head 10", "a | head"),
    ("| sort by -a b", "| sort -a, b"),
    ("| sort a desc, b asc", "| sort -a, +b"),
    ("| stats count, p99(x)", "| stats count() p99(x)"),
    ("| top 3 a b", "| top 3 a, b"),
    ("", "*"),
)
VALUES = {
    "url_path:/v1/chat": ("word", "/v1/chat"),
    "url_path:/v1/chat/": ("regex", "v1/chat"),
    "url_path:/": ("word", "/"),
    "url_path:/v1 AND user_agent:curl/": ("word", "/v1"),
    "url_path:/v1 user_agent:curl/": ("word", "/v1"),
    "url_path:/v1|head 3": ("word", "/v1"),
    "(url_path:/v1)": ("word", "/v1"),
    "message:/time(d)? out/": ("regex", "time(d)? out"),
    "message:/(a|b)/": ("regex", "(a|b)"),
    "(message:/(a|b)/)": ("regex", "(a|b)"),
    "message:/[/] x/": ("regex", "[/] x"),
    r"message:/a\/b/": ("regex", "a/b"),
    r"message:/a\\d/": ("regex", r"a\\d"),
    'message:"/a/"': ("phrase", "/a/"),
    'message:"a \\"b\\" \\\\ \\n"': ("phrase", 'a "b" \\ \\n'),
    r"file:C:\temp\new": ("word", r"C:\temp\new"),
    r"file:a\*b\ c": ("word", "a*b c"),
    "call:main(x)": ("word", "main(x)"),
    "time:2026-11-20T09:00:00+01:00": ("word", "2026-11-20T09:00:00+01:00"),
    "client_ip:::1": ("word", "::1"),
    '"a field":x': ("word", "x"),
    "logging.googleapis.com/trace:x": ("word", "x"),
}
WORDS = ["http://example.com/x", "a->b", "--verbose", "12:30:45", "a - b", "and", "x[1]", "<"]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_are_one_search(one: str, other: str) -> None:
    assert _bare(query.parse(one)) == _bare(query.parse(other))


@pytest.mark.parametrize("text", VALUES)
def test_a_value_is_read_as_it_was_meant(text: str) -> None:
    first = next(node for node in _nodes(query.parse(text).search) if isinstance(node, Compare))
    assert (first.value.style, first.value.text) == VALUES[text]


@pytest.mark.parametrize("text", WORDS[:-1])
def test_what_only_looks_like_an_operator_is_text(text: str) -> None:
    found = list(_nodes(query.parse(text).search))
    assert not any(isinstance(node, Compare) for node in found)
    assert " ".join(node.value.text for node in found if isinstance(node, Word)) == text


def test_every_node_knows_its_place() -> None:
    text = "service:api AND (duration_ms > 2s) | stats p99(duration_ms) as slow by service"
    parsed = query.parse(text)
    at = {
        text[node.position : node.position + node.length]
        for part in (parsed.search, *parsed.pipes)
        for node in _nodes(part)
    }
    assert {"service:api", "duration_ms > 2s", "2s", "p99(duration_ms)", "service"} <= at


def test_columns_are_named_as_the_rule_says() -> None:
    def labels(text: str) -> list[str]:
        pipe = query.parse(text).pipes[0]
        assert isinstance(pipe, Stats)
        return [measure.label for measure in pipe.measures]

    assert labels("| stats count() p99(duration_ms)") == ["count", "p99"]
    assert labels("| stats p99(latency_ms) p99(ttft_ms)") == ["p99_duration_ms", "p99_ttft_ms"]
    assert labels("| stats p99(a) as x, count(b)") == ["x", "count"]


def test_a_query_knows_the_columns_and_attributes_it_names() -> None:
    parsed = query.parse(
        "svc:a (exists(team) OR x>3) | stats p99(latency_ms) as p by model | sort p"
    )
    assert parsed.columns() == {"service", "team", "x", "duration_ms", "model"}
    assert query.is_aggregate(parsed)
    assert not query.is_aggregate(query.parse("a | sort -duration_ms | dedup b | head 3"))


@given(st.text(max_size=80) | st.text(alphabet='ab:()"/|*-<>=[] ANDORT,\\', max_size=60))
@settings(max_examples=500, deadline=None)
def test_any_text_parses_or_points_into_itself(text: str) -> None:
    try:
        parsed = query.parse(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text) and error.length >= 1
        assert str(error).endswith((".", "?"))
        error.pointer()
        return
    for part in (parsed.search, *parsed.pipes):
        for node in _nodes(part):
            assert 0 <= node.position <= len(text)


@given(
    st.integers(0, 2**128 - 1),
    st.integers(0, 128),
    st.integers(0, 2**128 - 1),
    st.sampled_from([0, 0xFFFF, 2**64 - 1, 2**128 - 1]),
)
@settings(max_examples=500, deadline=None)
def test_an_ipv6_network_holds_its_addresses_in_any_spelling(
    base: int, bits: int, noise: int, kept: int
) -> None:
    network = ipaddress.IPv6Network((base & ~kept, bits), strict=False)
    address = ipaddress.IPv6Address(int(network.network_address) ^ (noise & kept))
    pattern = re.compile(pattern_of(network))
    for spelled in (str(address), address.exploded, str(address).upper(), f"[{address}]:443"):
        assert bool(pattern.search(spelled)) == (address in network)


@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.integers(0, 2**32 - 1))
@settings(max_examples=300, deadline=None)
def test_an_ipv4_network_holds_its_addresses(base: int, bits: int, noise: int) -> None:
    network = ipaddress.IPv4Network((base, bits), strict=False)
    pattern = re.compile(pattern_of(network))
    for number in (noise, int(network[0]), int(network[-1]), int(network[0]) ^ (noise & 0xFFFF)):
        address = ipaddress.IPv4Address(number)
        for spelled in (str(address), f"{address}:8080", f"::ffff:{address}"):
            assert bool(pattern.search(spelled)) == (address in network)


def test_moments_are_rfc_3339_or_before_now() -> None:
    assert parse_moment("90m", NOW) == datetime(2026, 11, 20, 10, 30)
    assert parse_moment("7d", NOW) == datetime(2026, 11, 13, 12)
    assert parse_moment("30s", NOW) == datetime(2026, 11, 20, 11, 59, 30)
    assert parse_moment("1w", NOW) == datetime(2026, 11, 13, 12)
    assert parse_moment("2026-11-20", NOW) == datetime(2026, 11, 20)
    assert parse_moment("2026-11-20T09:00:00.25+01:00", NOW) == datetime(
        2026, 11, 20, 8, 0, 0, 250000
    )
    assert parse_range("7d..2026-11-20T09:00:00Z", NOW) == (
        datetime(2026, 11, 13, 12),
        datetime(2026, 11, 20, 9),
    )
    for wrong in ("soon", "7 parsecs", "9" * 400 + "d", "999999999w", "", "2026-02-30"):
        with pytest.raises(ConfigError):
            parse_moment(wrong, NOW)
    for wrong in ("1d..2d", "1d", "1d..soon"):
        with pytest.raises(ConfigError):
            parse_range(wrong, NOW)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_config_error(text: str) -> None:
    try:
        begin, end = parse_interval(text, NOW)
    except ConfigError:
        return
    assert begin < end


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for field in fields(node):
        held = getattr(node, field.name)
        for part in held if isinstance(held, tuple) else (held,):
            if isinstance(part, Node):
                yield from _nodes(part)


def _bare(tree: object) -> object:
    """A tree without its places."""
    if isinstance(tree, tuple):
        return tuple(_bare(part) for part in tree)
    if not hasattr(tree, "__dataclass_fields__"):
        return tree
    kept = [f.name for f in fields(tree) if f.name not in ("position", "length", "text")]  # type: ignore[arg-type]
    return (type(tree).__name__, *(_bare(getattr(tree, name)) for name in kept))

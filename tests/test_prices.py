"""Prices: exact against genai-prices, dated, own ones first, and never a silent zero."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st

from clew.errors import ConfigError
from clew.prices.book import Book
from clew.prices.charge import Till, charged
from clew.prices.own import read_own

LISTED = [(p.id, m.id) for p in get_snapshot().providers for m in p.models]
CALL_AT = datetime(2025, 6, 15, 12)
TYPES = {
    "timestamp": "TIMESTAMP", "provider": "VARCHAR", "model": "VARCHAR", "response_model": "VARCHAR",
    "service_tier": "VARCHAR", "server_address": "VARCHAR", "usage_details": "VARCHAR",
    "duration_ms": "DOUBLE", "operation": "VARCHAR",
}  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    yield connection
    connection.close()


def costs(
    bench: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], book: Book | None = None
) -> list[tuple[Decimal | None, str | None]]:
    names = sorted({name for row in rows for name in row})
    bench.execute("DROP TABLE IF EXISTS call_prices")
    columns = ", ".join(f"{name} {TYPES.get(name, 'BIGINT')}" for name in names)
    bench.execute(f"CREATE OR REPLACE TABLE calls (n BIGINT, {columns})")
    marks = ", ".join("?" * (len(names) + 1))
    bench.executemany(
        f"INSERT INTO calls VALUES ({marks})",
        [[n, *(row.get(name) for name in names)] for n, row in enumerate(rows)],
    )
    Till(bench, book or Book()).learn("calls", names)
    found = bench.execute(charged("calls", names, "n") + " ORDER BY n").fetchall()
    return [(cost, source) for _, cost, source in found]


def call(**columns: Any) -> dict[str, Any]:
    return {"timestamp": CALL_AT, "input_tokens": 1000, "output_tokens": 100, **columns}


@given(
    st.sampled_from(LISTED),
    st.integers(0, 400_000),
    st.integers(0, 20_000),
    st.floats(0, 1),
    st.integers(0, 1200),
    st.integers(0, 24 * 60),
)
def test_a_cost_is_that_of_genai_prices_on_the_calls_own_date(
    bench: duckdb.DuckDBPyConnection,
    listed: tuple[str, str],
    read: int,
    written: int,
    cached_share: float,
    days: int,
    minutes: int,
) -> None:
    """Every model of every seller, retired ones included, at any time of any day."""
    provider, model = listed
    at = datetime(2023, 6, 1) + timedelta(days=days, minutes=minutes)
    cached = int(read * cached_share)
    usage = Usage(input_tokens=read, output_tokens=written, cache_read_tokens=cached)
    try:
        expected = calc_price(
            usage, model, provider_id=provider, genai_request_timestamp=at.replace(tzinfo=UTC)
        ).total_price
    except LookupError:
        return
    ((cost, source),) = costs(
        bench,
        [
            {
                "timestamp": at, "provider": provider, "model": model, "input_tokens": read,
                "output_tokens": written, "cache_read_tokens": cached,
            }
        ],
    )  # fmt: skip
    assert cost is not None and source is not None
    assert abs(cost - expected) <= Decimal("0.000000001")


def test_a_price_is_the_sellers_own(bench: duckdb.DuckDBPyConnection) -> None:
    """One model at two sellers has two prices; a seller's other names are known."""
    rows = [
        call(
            provider=provider,
            model="gemini-1.5-pro" if provider in ("google", "vertex_ai") else "gpt-4o",
        )
        for provider in ("openai", "azure.ai.openai", "google", "vertex_ai")
    ]
    found = costs(bench, rows)
    assert "openai/gpt-4o" in (found[0][1] or "")
    assert "azure/gpt-4o" in (found[1][1] or "")
    assert found[2] == found[3] and "google/" in (found[2][1] or "")


def test_what_has_no_price_is_null_never_zero(bench: duckdb.DuckDBPyConnection) -> None:
    rows = [
        call(provider="openai", model="no-such-model"),
        call(provider="vllm", model="gpt-4o"),
        call(provider="openai", model="gpt-4o", input_tokens=None, output_tokens=None),
        call(model=None, provider="openai"),
        call(provider="openai", model="gpt-4o", input_tokens=None),
        call(provider="openai", model="gpt-4o", output_tokens=None, operation="chat"),
    ]
    assert costs(bench, rows) == [(None, None)] * 6
    (embedded,) = costs(
        bench, [call(provider="openai", model="text-embedding-3-small", output_tokens=None)]
    )
    assert embedded[0] == Decimal("0.00002")


def test_the_model_that_answered_decides(bench: duckdb.DuckDBPyConnection) -> None:
    """And the one that was asked for where the other's price is not known, as behind a deployment."""
    old, new, deployed = costs(
        bench,
        [
            call(provider="openai", model="gpt-4o", response_model="gpt-4o-2024-05-13"),
            call(provider="openai", model="gpt-4o", response_model="gpt-4o-2024-08-06"),
            call(provider="openai", model="gpt-4o", response_model="my-deployment"),
        ],
    )
    assert old[0] == Decimal("0.0065")
    assert new[0] == deployed[0] == Decimal("0.0035")


def test_a_seller_that_is_not_stated_is_inferred_and_said(bench: duckdb.DuckDBPyConnection) -> None:
    ((cost, source),) = costs(bench, [call(model="claude-3-5-haiku-20241022")])
    assert cost == Decimal("0.0012")
    assert source is not None and "the seller is not stated" in source


def test_batch_and_priority_have_prices_of_their_own(bench: duckdb.DuckDBPyConnection) -> None:
    usual, batch, priority, unknown = costs(
        bench,
        [
            call(provider="openai", model="gpt-4o", service_tier=t)
            for t in ("default", "batch", "priority", "x")
        ],
    )
    assert usual[0] is not None and batch[0] is not None and priority[0] is not None
    assert batch[0] * 2 == usual[0] < priority[0]
    assert unknown[0] == usual[0] and "no price of x is known" in (unknown[1] or "")


def test_tokens_cached_for_an_hour_cost_more(bench: duckdb.DuckDBPyConnection) -> None:
    usage = (
        '{"cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 800}}'
    )
    plain, hour = costs(
        bench,
        [
            call(
                provider="anthropic",
                model="claude-sonnet-4-0",
                cache_write_tokens=1000,
                usage_details=block,
            )
            for block in (None, usage)
        ],
    )
    assert plain[0] is not None and hour[0] is not None
    assert plain[0] == Decimal("0.00375") + Decimal("0.0015")
    assert hour[0] - plain[0] == 800 * (Decimal(6) - Decimal("3.75")) / 1_000_000


def test_more_cached_tokens_than_input_never_cost_less_than_nothing(
    bench: duckdb.DuckDBPyConnection,
) -> None:
    ((cost, _),) = costs(
        bench,
        [
            call(
                provider="openai",
                model="gpt-4o",
                input_tokens=10,
                cache_read_tokens=1000,
                output_tokens=0,
            )
        ],
    )
    assert cost == 1000 * Decimal("1.25") / 1_000_000


def test_own_prices_come_first_and_hold_in_their_time(
    bench: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(
        '[[price]]\nmodel = "gpt-4o*"\nprovider = "openai"\nsince = 2025-06-01\nuntil = 2025-07-01\n'
        'input = 2.0\noutput = 8\nsource = "contract 17"\n'
        '[[price]]\nmodel = "llama-70b"\ngpu_hour = 2.5\ngpus = 4\nconcurrency = 10\n'
        '[[price]]\nmodel = "per-call"\ncall = 0.01\n'
    )
    inside, outside, hosted, each = costs(
        bench,
        [
            call(provider="openai", model="gpt-4o-mini", duration_ms=0.0),
            call(
                provider="openai", model="gpt-4o", timestamp=datetime(2025, 7, 1), duration_ms=0.0
            ),
            call(
                provider="vllm",
                model="llama-70b",
                duration_ms=3600.0,
                input_tokens=None,
                output_tokens=None,
            ),
            call(model="per-call", duration_ms=1.0),
        ],
        Book(read_own(file)),
    )
    assert inside == (
        Decimal("0.0028"),
        "own prices: contract 17 since 2025-06-01 until 2025-07-01",
    )
    assert outside[0] == Decimal("0.0035")
    assert hosted[0] == Decimal("0.001")
    assert each[0] == Decimal("0.01")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x = 1", "[[price]]"),
        ('[[price]]\nmodel = "a"', "no price"),
        ("[[price]]\ninput = 1", "no model"),
        ('[[price]]\nmodel = "a"\ninptu = 1', "Did you mean 'input'?"),
        ('[[price]]\nmodel = "a"\ninput = -1', "at least 0"),
        ('[[price]]\nmodel = "a"\ninput = 1\nsince = "soon"', "must be a day"),
        ("[[price", "is not TOML"),
    ],
)
def test_a_price_file_that_is_wrong_gets_one_sentence(tmp_path: Path, text: str, word: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"prices\.toml") as caught:
        read_own(file)
    assert word in str(caught.value)


def test_a_bench_that_serves_two_sources_learns_a_price_once(
    bench: duckdb.DuckDBPyConnection,
) -> None:
    rows = [call(provider="openai", model="gpt-4o")]
    costs(bench, rows)
    Till(bench, Book()).learn("calls", list(rows[0]))
    found = bench.execute(charged("calls", list(rows[0]), "n")).fetchall()
    assert len(found) == 1

"""The cost of calls in DuckDB's SQL: a table of prices, and expressions over rows joined to it.

Reads     rows with the columns of `KEYS` and `COUNTS`, those that they have
Returns   cost_usd (DECIMAL, nine decimals), price_source; both NULL where no price is known, or
          where the call states no tokens and no price needs none
Units     counts as the canonical columns define them: cached and audio tokens are part of the input,
          reasoning is part of the output
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import pairwise

import duckdb

from clew.prices.book import KINDS, Book, Call, Price

KEYS = {
    "provider": "provider", "model": "response_model", "asked": "model", "tier": "service_tier",
    "host": "server_address",
}  # fmt: skip
"""What `Call` has, and the column that says it."""
COUNTS = {
    "input": "input_tokens", "output": "output_tokens", "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens", "reasoning": "reasoning_tokens",
    "audio_input": "audio_input_tokens", "audio_output": "audio_output_tokens",
    "image_input": "image_input_tokens", "image_output": "image_output_tokens",
}  # fmt: skip
WRITING = ("chat", "text_completion", "generate_content", "responses")
"""Operations whose answer is charged by its length."""
NAMES = ("model", "response_model")
"""The columns of which a call states one."""
HOUR_MS = 3_600_000
HOUR_CACHE = "$.cache_creation.ephemeral_1h_input_tokens"
"""Where Anthropic's usage block says how many tokens were cached for an hour."""
TABLE = "call_prices"
RATES = {
    **{f"usd_{kind}": "DECIMAL(18, 15)" for kind in KINDS},
    "usd_per_hour": "DECIMAL(18, 9)",
    "usd_per_call": "DECIMAL(18, 9)",
}
FOREVER = datetime(9999, 12, 31)
LONG_AGO = datetime(1, 1, 1)
LATEST = datetime(9999, 12, 30)
"""When a call was that states no time: it has the latest price."""
DAY_S = 86_400
NO_LIMIT = (1 << 63) - 1


def may_be_calls(columns: Collection[str]) -> bool:
    """Whether rows with these columns may be AI calls."""
    return any(name in columns for name in NAMES)


class Till:
    """Prices the calls of one bench; learns the prices of new models as they come."""

    def __init__(self, bench: duckdb.DuckDBPyConnection, book: Book) -> None:
        self._bench, self._book = bench, book
        keys = ", ".join(f"key_{name} VARCHAR" for name in KEYS)
        rates = ", ".join(f"{name} {type_}" for name, type_ in RATES.items())
        bench.execute(
            f"CREATE TABLE IF NOT EXISTS {TABLE} ({keys}, since TIMESTAMP, until TIMESTAMP, "
            f"second_since INTEGER, second_until INTEGER, above BIGINT, up_to BIGINT, {rates}, source VARCHAR)"
        )
        known = ", ".join(f"key_{name}" for name in KEYS)
        rows = bench.execute(f"SELECT DISTINCT {known} FROM {TABLE}").fetchall()
        self._learnt = {Call(*row) for row in rows}  # a bench serves one source after another

    def learn(self, relation: str, columns: Collection[str]) -> bool:
        """Looks up the prices of the calls of `relation`; whether any were not known before."""
        if not may_be_calls(columns):
            return False
        asked = ", ".join(f"{sql} AS {name}" for name, sql in _keys(columns).items())
        stated = " OR ".join(f"{name} IS NOT NULL" for name in NAMES if name in columns)
        rows = self._bench.execute(
            f"SELECT DISTINCT {asked} FROM {relation} WHERE {stated}"
        ).fetchall()
        new = {Call(*row) for row in rows} - self._learnt
        self._learnt |= new
        priced = [call for call in new if self._add(call)]
        return bool(priced)

    def _add(self, call: Call) -> bool:
        """Whether there are prices of such calls."""
        key = [getattr(call, name) for name in KEYS]
        rows = [
            [
                *key,
                *when,
                *(price.usd[kind] for kind in KINDS),
                price.usd_per_hour,
                price.usd_per_call,
                price.source,
            ]
            for when, price in pieces(self._book.prices(call))
        ]
        if rows:
            self._bench.executemany(
                f"INSERT INTO {TABLE} VALUES ({', '.join('?' * len(rows[0]))})", rows
            )
        return bool(rows)


When = tuple[datetime, datetime, int, int, int, int]
"""since, until; second of the day since, until; input above, and up to."""


def pieces(prices: Sequence[Price]) -> Iterator[tuple[When, Price]]:
    """The prices as pieces that do not overlap: of those that hold, the first given counts."""
    times = sorted({LONG_AGO, FOREVER, *(t for p in prices for t in (p.since, p.until) if t)})
    seconds = sorted({0, DAY_S, *(s for p in prices for s in _day(p)[:2])})
    inputs = sorted({-1, NO_LIMIT, *(p.above_input for p in prices)})
    for since, until in pairwise(times):
        for second, second_until in pairwise(seconds):
            for above, up_to in pairwise(inputs):
                for price in prices:
                    if _holds(price, since, second, above):
                        yield (since, until, second, second_until, above, up_to), price
                        break


def _day(price: Price) -> tuple[int, int, bool]:
    """The seconds of the day at which a price begins and ends, and whether it lasts over midnight."""
    if price.day_since is None or price.day_until is None:
        return 0, DAY_S, False
    begin, end = (
        t.hour * 3600 + t.minute * 60 + t.second for t in (price.day_since, price.day_until)
    )
    return begin, end, end < begin


def _holds(price: Price, since: datetime, second: int, above: int) -> bool:
    begin, end, is_over_midnight = _day(price)
    in_day = second >= begin or second < end if is_over_midnight else begin <= second < end
    return (
        (price.since is None or since >= price.since)
        and (price.until is None or since < price.until)
        and in_day
        and above >= price.above_input
    )


def _keys(columns: Collection[str]) -> dict[str, str]:
    return {
        name: f"coalesce({column}, '')" if column in columns else "''"
        for name, column in KEYS.items()
    }


def _is_known(columns: Collection[str]) -> str:
    """Whether a call states all that its price needs: a half of it would be a sum that is too small.

    What is read is always charged; what is written is not there where nothing is, as in embeddings.
    """
    if "input_tokens" not in columns:
        return "false"
    writes = f"operation IN {WRITING}" if "operation" in columns else "false"
    if "output_tokens" not in columns:
        return f"(input_tokens IS NOT NULL AND NOT coalesce({writes}, false))"
    return (
        "(input_tokens IS NOT NULL AND "
        f"(output_tokens IS NOT NULL OR NOT coalesce({writes}, false)))"
    )


def _source(columns: Collection[str]) -> str:
    """SQL of which price it was, and what is to be said of it: a call that states no time has the
    latest one, and the book knows no price of its own for some sound and images."""
    source = "source"
    for kind in ("audio", "image"):
        counts = [f"{kind}_{side}_tokens" for side in ("input", "output")]
        found = [
            f"{count} > 0 AND usd_{kind}_{side} = 0 AND source NOT LIKE 'own prices%'"
            for count, side in zip(counts, ("input", "output"), strict=True)
            if count in columns
        ]
        if found:
            said = f", {kind} at the price of text"
            source = f"{source} || CASE WHEN {' OR '.join(found)} THEN '{said}' ELSE '' END"
    undated = "', the latest: the call states no time'"
    if "timestamp" not in columns:
        return f"{source} || {undated}"
    return f"{source} || CASE WHEN timestamp IS NULL THEN {undated} ELSE '' END"


def charged(relation: str, columns: Collection[str], also: str) -> str:
    """SQL of cost_usd and price_source and these columns `also`, a row for each row of `relation`.

    `columns` are those that it has. The prices must have been learnt. The rows stay in their order: a join
    gives those without a price last, and what it gives is put in order alone, for a row is far wider.
    """
    counts = {
        kind: f"coalesce(greatest({column}, 0), 0)" if column in columns else "0"
        for kind, column in COUNTS.items()
    }
    hour = f"try_cast(json_extract_string(usage_details, '{HOUR_CACHE}') AS BIGINT)"
    # a source that counts cached tokens beside the input, against the rule, is not charged below zero
    whole = f"greatest({counts['input']}, {counts['cache_read']} + {counts['cache_write']})"
    counts["input"] = "whole_input"
    counts["cache_write_1h"] = (
        f"least(coalesce({hour}, 0), {counts['cache_write']})"
        if "usage_details" in columns
        else "0"
    )
    is_charged = " OR ".join([_is_known(columns), "usd_per_hour > 0", "usd_per_call > 0"])
    terms = [f"({sql})::BIGINT * usd_{kind}" for kind, sql in counts.items() if sql != "0"]
    duration = "coalesce(duration_ms, 0)" if "duration_ms" in columns else "0"
    by_time = f"({duration} / {HOUR_MS} * usd_per_hour::DOUBLE)::DECIMAL(18, 9)"
    met = [f"key_{name} = {sql}" for name, sql in _keys(columns).items()]
    met += ["whole_input > above", "whole_input <= up_to"]
    if "timestamp" in columns:
        at = f"coalesce(timestamp, TIMESTAMP '{LATEST}')"
        second = f"(epoch_us({at}) // 1000000 % {DAY_S})"
        met += [
            f"{at} >= since",
            f"{at} < until",
            f"{second} >= second_since",
            f"{second} < second_until",
        ]
    else:
        met += [f"until = TIMESTAMP '{FOREVER}'", "second_until = 86400"]
    costs = (
        f"SELECT CASE WHEN {is_charged} THEN "
        f"round({' + '.join([*terms, 'usd_per_call', by_time])}, 9)::DECIMAL(18, 9) END AS cost_usd, "
        f"CASE WHEN {is_charged} THEN {_source(columns)} END AS price_source "
        f"FROM (SELECT *, {whole} AS whole_input FROM rows_to_charge) "
        f"LEFT JOIN {TABLE} ON {' AND '.join(met)} ORDER BY row_place"
    )
    return (
        "WITH rows_to_charge AS MATERIALIZED "
        f"(SELECT *, row_number() OVER () AS row_place FROM {relation}) "
        f"SELECT {also}, cost_usd, price_source FROM rows_to_charge POSITIONAL JOIN ({costs}) AS costs"
    )

"""AI calls in a report: cost by owner and over time, tokens, latency, prices, calls without one.

No sum stands without the number of unpriced calls that it does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Any

from clew.model.views import calls
from clew.reports._asking import SECONDS, Asking, bucket_of
from clew.reports._document import Bars, Block, Section, Table, TimeBars
from clew.reports._figures import count, many, money, ms, named, share

OWNERS = {
    "user_id": "user", "team": "team", "api_key_hash": "API key", "model": "model",
    "provider": "provider", "service": "service",
}  # fmt: skip
"""Columns that money is laid to, where a call has them, and their words."""
MOST_ROWS = 12
FEWEST_UNEVEN = 20
"""Owners from which on a twentieth of them is somebody."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Money:
    """What calls cost in all. `whole` is the one row of the analysis cost without a split."""

    whole: Row
    first: datetime | None
    last: datetime | None
    owners: tuple[str, ...]
    by_owner: dict[str, list[Row]]

    @property
    def calls(self) -> int:
        return int(self.whole["calls"])


def money_of(asking: Asking) -> Money:
    """Asks for the sums, and for those of each owner that calls name."""
    t = calls(asking.seen)
    stated = {f"has_{name}": t[name].count() for name in OWNERS}
    row = asking.rows(t.aggregate(first=t.timestamp.min(), last=t.timestamp.max(), **stated))[0]
    whole = asking.analysis("cost")[0]
    owners = tuple(name for name in OWNERS if row[f"has_{name}"]) if whole["calls"] else ()
    by_owner = {name: asking.analysis("cost", by=(name,)) for name in owners}
    return Money(whole, row["first"], row["last"], owners, by_owner)


def summary(spent: Money) -> Iterable[str]:
    """What calls cost, what the sum does not hold, and who spent most, in sentences."""
    whole = spent.whole
    yield (
        f"{many(spent.calls, 'AI call')} cost {money(whole['cost_usd'])}."
        if whole["cost_usd"] is not None
        else f"{many(spent.calls, 'AI call')}: none has a known cost."
    )
    if unpriced := whole["unpriced_calls"]:
        yield (
            f"Without a price: {many(unpriced, 'call')} ({share(unpriced / spent.calls)}), which are in "
            "no sum; the reasons stand below."
        )
    else:
        yield "Every answered call has a price."
    failed = whole["failed_calls"]
    yield f"Failed: {many(failed, 'call')} ({share(failed / spent.calls)})."
    for owner in ("user_id", "team", "api_key_hash", "model"):
        rows = [row for row in spent.by_owner.get(owner, ()) if row[owner] not in (None, "")]
        if rows and rows[0]["cost_usd"]:
            top = rows[0]
            yield (
                f"The {OWNERS[owner]} that spent most is {top[owner]}: {money(top['cost_usd'])} "
                f"({share(top['cost_share'])}) with {many(top['calls'], 'call')}."
            )
            if len(rows) >= FEWEST_UNEVEN:
                yield _unevenly(OWNERS[owner], rows)
            return


def _unevenly(word: str, rows: Sequence[Row]) -> str:
    """How much the dearest twentieth spent."""
    most = rows[: ceil(len(rows) / 20)]
    part = sum(row["cost_share"] or 0.0 for row in most)
    return f"The top 5 % ({len(most):,} of {many(len(rows), word)}) spent {share(part)}."


def sections(asking: Asking, spent: Money) -> Iterable[Section]:
    """Money by owner, over time; tokens; latency. Findings stand between these and `accounts`."""
    yield Section(
        "Money by owner",
        [block for owner in spent.owners for block in _owner(owner, spent.by_owner[owner])]
        or ["No call names a user, a team, a key, a model or a provider."],
    )
    yield from _over_time(asking, spent)
    yield Section("Tokens", list(_tokens(asking)))
    if latency := list(_latency(asking)):
        yield Section("Latency by model", latency)


def accounts(asking: Asking, spent: Money) -> Iterable[Section]:
    """What the sums rest on: the prices, and the calls that have none."""
    rows = asking.analysis("cost", by=("price_source",))
    priced = [row for row in rows if row["price_source"] is not None]
    body = [(row["price_source"], count(row["calls"]), money(row["cost_usd"])) for row in priced]
    yield Section(
        "Prices used",
        [Table(("price", "calls", "cost"), body, frozenset({"calls", "cost"}))]
        if body
        else ["No call was priced by a price list."],
    )
    yield Section("Unpriced calls", list(_unpriced(asking, spent)))


def _owner(owner: str, rows: Sequence[Row]) -> Iterable[Block]:
    word = OWNERS[owner]
    shown = rows if len(rows) <= MOST_ROWS else rows[: MOST_ROWS - 1]
    rest = rows[len(shown) :]
    columns = (word, "calls", "cost", "share", "unpriced calls", "failed calls", "input tokens",
               "output tokens")  # fmt: skip
    body = [_money_row(named(row[owner]), row) for row in shown]
    if rest:
        body.append(_money_row(f"{len(rest):,} others", _summed(rest)))
    costing = [row for row in shown if (row["cost_usd"] or 0) > 0]
    if costing:
        yield Bars(
            f"Cost by {word}",
            [named(row[owner]) for row in costing],
            [float(row["cost_usd"]) for row in costing],
            [f"{money(row['cost_usd'])} · {share(row['cost_share'])}" for row in costing],
        )
    yield Table(columns, body, frozenset(columns[1:]))


def _money_row(name: str, row: Row) -> tuple[str, ...]:
    return (
        name, count(row["calls"]), money(row["cost_usd"]), share(row["cost_share"]),
        count(row["unpriced_calls"]), count(row["failed_calls"]), count(row["input_tokens"]),
        count(row["output_tokens"]),
    )  # fmt: skip


def _summed(rows: Sequence[Row]) -> Row:
    """The rows as one; a sum of nothing known is not known."""
    summed: Row = {}
    for name in ("calls", "cost_usd", "cost_share", "unpriced_calls", "failed_calls",
                 "input_tokens", "output_tokens"):  # fmt: skip
        known = [row[name] for row in rows if row[name] is not None]
        zero = Decimal(0) if name == "cost_usd" else 0
        summed[name] = sum(known, zero) if known else None
    return summed


def _over_time(asking: Asking, spent: Money) -> Iterable[Section]:
    bucket = bucket_of(spent.first, spent.last)
    rows = [row for row in asking.analysis("cost", bucket=bucket) if row["bucket"] is not None]
    if not rows:
        return
    unpriced = [
        f", {many(row['unpriced_calls'], 'unpriced call')}" if row["unpriced_calls"] else ""
        for row in rows
    ]
    yield Section(
        "Cost over time",
        [
            f"Each bar is {bucket} long.",
            TimeBars(
                "Cost over time",
                "cost",
                [row["bucket"] for row in rows],
                SECONDS[bucket],
                [float(row["cost_usd"] or 0) for row in rows],
                [
                    f"{money(row['cost_usd'])} for {many(row['calls'], 'call')}{more}"
                    for row, more in zip(rows, unpriced, strict=True)
                ],
            ),
        ],
    )


def _tokens(asking: Asking) -> Iterable[Block]:
    whole = asking.analysis("usage")[0]
    cached = whole["cache_share"]
    of_cache = "" if cached is None else f", of which {share(cached)} from a cache,"
    yield (
        f"{count(whole['tokens'])} tokens: {count(whole['input_tokens'])} read{of_cache} "
        f"and {count(whole['output_tokens'])} written. "
        f"Without tokens stated: {many(whole['unstated_calls'], 'answered call')}, in no sum."
    )
    rows = asking.analysis("usage", by=("model",))[:MOST_ROWS]
    columns = ("model", "calls", "tokens", "input", "output", "cached", "reasoning",
               "calls without tokens", "unpriced calls")  # fmt: skip
    body = [
        (
            named(row["model"]), count(row["calls"]), count(row["tokens"]), count(row["input_tokens"]),
            count(row["output_tokens"]), share(row["cache_share"]), count(row["reasoning_tokens"]),
            count(row["unstated_calls"]), count(row["unpriced_calls"]),
        )
        for row in rows
    ]  # fmt: skip
    using = [row for row in rows if row["tokens"]]
    if using:
        yield Bars(
            "Tokens by model",
            [named(row["model"]) for row in using],
            [float(row["tokens"]) for row in using],
            [count(row["tokens"]) for row in using],
        )
    yield Table(columns, body, frozenset(columns[1:]))


def _latency(asking: Asking) -> Iterable[Block]:
    rows = asking.analysis("latency_by_model")[:MOST_ROWS]
    if not rows:
        return
    columns = ("model", "calls", "p50 ms", "p90 ms", "p95 ms", "p99 ms", "first token p50 ms",
               "first token p99 ms", "tokens/s p50")  # fmt: skip
    yield Bars(
        "99th percentile of latency by model",
        [named(row["model"]) for row in rows],
        [float(row["p99_ms"] or 0) for row in rows],
        [f"{ms(row['p99_ms'])} ms" for row in rows],
    )
    body = [
        (
            named(row["model"]), count(row["calls"]), ms(row["p50_ms"]), ms(row["p90_ms"]),
            ms(row["p95_ms"]), ms(row["p99_ms"]), ms(row["ttft_p50_ms"]), ms(row["ttft_p99_ms"]),
            ms(row["tokens_per_s_p50"]),
        )
        for row in rows
    ]  # fmt: skip
    yield Table(columns, body, frozenset(columns[1:]))


def _unpriced(asking: Asking, spent: Money) -> Iterable[Block]:
    if not spent.whole["unpriced_calls"]:
        yield "Every answered call has a price."
        return
    rows = asking.analysis("unpriced_calls")
    columns = ("model", "provider", "reason", "calls", "tokens")
    unpriced = many(spent.whole["unpriced_calls"], "answered call")
    yield f"Without a cost: {unpriced}, which are in no sum above."
    body = [
        (
            named(row["model"]), named(row["provider"]), row["reason"], count(row["calls"]),
            count(row["tokens"]),
        )
        for row in rows
    ]  # fmt: skip
    yield Table(columns, body, frozenset({"calls", "tokens"}))

"""What calls would have cost at other prices: sums of tokens, grouped by all that decides a price.

    sellers   which calls there are, as far as a price is concerned
    Bounds    where prices of these change: moments, times of the day, sizes of input
    question  the calls grouped by that and by what the user splits by; any engine answers it
    repriced  the groups priced by a book and added up

A cost is linear in the counts of tokens once the moment, the tier and the size of the input have chosen the
price, so the groups' sums give what the calls would, which `charge` rounds one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from clew.prices.book import Book, Call
from clew.prices.charge import (
    COUNTS,
    FOREVER,
    HOUR_MS,
    KEYS,
    LATEST,
    LONG_AGO,
    WRITING,
    pieces,
)

DAY_S = 86_400
EPOCH = datetime(1970, 1, 1)
NANO = Decimal("0.000000001")
COLUMNS = ("calls", "cost_usd", "repriced_usd", "change_usd", "unpriced_calls")
_KEY = "price_key_"


def sellers(calls: ir.Table) -> ir.Table:
    """The distinct keys of prices among the calls."""
    return calls.select(
        **{_KEY + name: calls[column].fill_null("") for name, column in KEYS.items()}
    ).distinct()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where prices change: seconds since 1970, seconds of the day, tokens of input; each rising."""

    moments: tuple[int, ...]
    seconds: tuple[int, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], book: Book, at: datetime | None) -> Bounds:
        """Those of the rows of `sellers`; at: the moment whose prices count, if not each call's own."""
        moments, seconds, sizes = set[int](), {0}, {-1}
        for row in rows:
            for (since, until, begin, _, above, _), _ in pieces(book.prices(_call(row))):
                moments |= {
                    int((t - EPOCH).total_seconds())
                    for t in (since, until)
                    if at is None and LONG_AGO < t < FOREVER
                }
                seconds.add(begin)
                sizes.add(above)
        return cls(tuple(sorted(moments)), tuple(sorted(seconds)), tuple(sorted(sizes)))


def question(calls: ir.Table, keys: Mapping[str, ir.Value], bounds: Bounds) -> ir.Table:
    """One row a value of the keys, which are expressions over the calls, and of what decides a price."""
    t = calls
    count = {kind: ibis.greatest(t[name], 0).fill_null(0) for kind, name in COUNTS.items()}
    count["input"] = ibis.greatest(count["input"], count["cache_read"] + count["cache_write"])
    hour = t.usage_details.re_extract(r'"ephemeral_1h_input_tokens"\s*:\s*([0-9]{1,12})', 1)
    hour = ibis.ifelse(hour == "", ibis.null("string"), hour).cast("int64").fill_null(0)
    count["cache_write_1h"] = ibis.least(hour, count["cache_write"])
    at_s = t.timestamp.epoch_seconds().cast("int64")
    writes = t.operation.isin(WRITING).fill_null(False)
    parts = t.select(
        **keys,
        **{_KEY + name: t[column].fill_null("") for name, column in KEYS.items()},
        price_moment=_floor(at_s, bounds.moments),
        price_second=_floor(at_s % DAY_S, bounds.seconds).fill_null(0),
        price_size=_floor(count["input"] - 1, bounds.sizes).fill_null(-1),
        has_time=t.timestamp.notnull(),
        is_answered=~t.failed,
        is_known=t.input_tokens.notnull() & (t.output_tokens.notnull() | ~writes),
        duration_ms=t.duration_ms.fill_null(0.0),
        usd=t.cost_usd,
        **{f"sum_{kind}": value for kind, value in count.items()},
    )
    names = [
        *keys, *(_KEY + name for name in KEYS), "price_moment", "price_second", "price_size", "has_time",
        "is_answered", "is_known",
    ]  # fmt: skip
    return parts.group_by(*names).agg(
        calls=parts.count(),
        usd=parts.usd.sum(),
        duration_ms=parts.duration_ms.sum(),
        **{f"sum_{kind}": parts[f"sum_{kind}"].sum() for kind in count},
    )


def repriced(
    rows: Iterable[Mapping[str, Any]], by: Sequence[str], book: Book, at: datetime | None
) -> list[tuple[Any, ...]]:
    """The rows of `question` priced by the book: `by`, then COLUMNS; in time order, then the dearest first."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        sums = found.setdefault(tuple(row[name] for name in by), [0, None, None, 0])
        sums[0] += row["calls"]
        if row["usd"] is not None:
            sums[1] = (sums[1] or Decimal(0)) + Decimal(str(row["usd"]))
        usd = _cost(row, book, at)
        if usd is not None:
            sums[2] = (sums[2] or Decimal(0)) + usd
        elif row["is_answered"]:
            sums[3] += row["calls"]
    table = []
    for key, (calls, stored, new, unpriced) in found.items():
        usd = None if new is None else new.quantize(NANO)
        change = None if stored is None or usd is None else usd - stored
        table.append((*key, calls, stored, usd, change, unpriced))
    moment = by.index("bucket") if "bucket" in by else None
    return sorted(table, key=lambda row: _rank(row, moment, len(by) + 2))


def _rank(row: tuple[Any, ...], moment: int | None, usd: int) -> tuple[Any, ...]:
    begins = None if moment is None else row[moment]
    return (
        moment is not None and begins is None,
        begins or EPOCH,
        row[usd] is None,
        -(row[usd] or 0),
        [str(value) for value in row],
    )


def _floor(value: ir.IntegerValue, bounds: Sequence[int]) -> ir.IntegerValue:
    """The last bound that the value has reached; NULL before the first."""
    reached = [(value >= bound, ibis.literal(bound, "int64")) for bound in reversed(bounds)]
    if not reached:
        return ibis.null("int64")
    last: ir.IntegerValue = ibis.cases(*reached, else_=ibis.null("int64"))
    return last


def _call(row: Mapping[str, Any]) -> Call:
    return Call(**{name: row[_KEY + name] for name in KEYS})


def _cost(row: Mapping[str, Any], book: Book, at: datetime | None) -> Decimal | None:
    """What the calls of one group cost; None where no price is known, or their tokens are not."""
    if at is not None:
        moment = at
    elif not row["has_time"]:
        moment = LATEST
    elif row["price_moment"] is None:
        moment = LONG_AGO
    else:
        moment = EPOCH + timedelta(seconds=row["price_moment"])
    second, size = row["price_second"], row["price_size"]
    for (since, until, begin, end, above, up_to), price in pieces(book.prices(_call(row))):
        if not (since <= moment < until and begin <= second < end and above <= size < up_to):
            continue
        if not (row["is_known"] or price.usd_per_hour or price.usd_per_call):
            return None
        tokens = sum(
            (Decimal(int(row[f"sum_{kind}"])) * usd for kind, usd in price.usd.items()), Decimal(0)
        )
        hours = Decimal(str(row["duration_ms"])) / HOUR_MS
        whole: Decimal = tokens + price.usd_per_call * row["calls"] + hours * price.usd_per_hour
        return whole
    return None

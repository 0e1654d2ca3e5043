"""`clew show cost --reprice`: what the calls would have cost at the prices of a day or of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clew.cli._request import moment
from clew.errors import ConfigError

if TYPE_CHECKING:
    from clew.config import Config
    from clew.engines import Answer, Engine
    from clew.prices.book import Book


def asked_at(
    settings: Config,
    prices: str,
    *,
    by: Sequence[str],
    bucket: str | None,
    since: str | None,
    until: str | None,
    limit: int | None,
    seconds: float | None,
) -> Callable[[Engine], Answer]:
    """What asks a case for the cost of its calls at other prices: a row for each of `by`."""
    from clew.analyses._by import group_keys
    from clew.correlation.call_outcomes import counted
    from clew.engines import Answer
    from clew.model.views import between, events
    from clew.prices import repricing

    book, at = _prices(settings, prices)
    calls = counted(between(events, moment(since), moment(until)))
    keys = group_keys(calls, by, bucket, repricing.COLUMNS)

    def answer(engine: Engine) -> Answer:
        sellers = engine.run(repricing.sellers(calls), timeout_s=seconds).dicts()
        bounds = repricing.Bounds.of(sellers, book, at)
        groups = engine.run(repricing.question(calls, keys, bounds), timeout_s=seconds).dicts()
        rows = repricing.repriced(groups, list(keys), book, at)
        return Answer((*keys, *repricing.COLUMNS), rows[:limit])

    return answer


def _prices(settings: Config, prices: str) -> tuple[Book, datetime | None]:
    """The book, and the moment whose prices count; a file's own count at each call's own."""
    from clew.prices.book import book_with

    if prices.endswith(".toml") or Path(prices).is_file():
        return book_with(prices), None
    try:
        return book_with(settings.prices.file or None), moment(prices)
    except ConfigError as error:
        raise ConfigError(
            f"--reprice takes a day, such as 2026-01-31, or a price file (TOML); '{prices}' is neither."
        ) from error

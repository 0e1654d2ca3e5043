"""`clew ingest`: reads logs into the case and prints the ledger."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from clew.cli._request import (
    PLAIN,
    Case,
    Format,
    LogFormat,
    Paths,
    PlainOutput,
    Redact,
    TimeZone,
    case_of,
    config,
    output_of,
    policy_of,
)

if TYPE_CHECKING:
    from clew.config import Config
    from clew.formats import Settings


def ingest(
    paths: Paths,
    case: Case = None,
    format: Format = None,
    timezone: TimeZone = None,
    log_format: LogFormat = None,
    redact: Redact = None,
    output: PlainOutput = None,
) -> int:
    """Read files into the case and print the ledger: where every line went."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew import pipeline
    from clew.cli.render.ledger import print_ledger

    with progress_bar() as progress:
        ledger = pipeline.ingest(
            paths,
            case=case_of(case, settings),
            settings=parse_settings(settings, timezone, log_format, redact),
            format=format,
            progress=progress,
        )
    print_ledger(ledger, output)
    return ledger.exit_code


def parse_settings(
    settings: Config, timezone: str | None, log_format: str | None, redact: str | None
) -> Settings:
    """What a parse is told: the flags, else the settings."""
    from clew.formats import Settings

    zone = timezone or settings.timezone
    _check_zone(zone)
    return Settings(
        timezone=zone,
        log_format=log_format or settings.log_format or None,
        price_file=settings.prices.file or None,
        redaction=policy_of(settings, redact),
    )


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on standard error when that is a terminal; None in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from clew.cli.render.escape import visible

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, markup=False),
        transient=True,
    )
    tasks = {}

    def progress(source: str, done_bytes: int, all_bytes: int) -> None:
        if source not in tasks:
            tasks[source] = bar.add_task(visible(source), total=all_bytes)
        bar.update(tasks[source], completed=done_bytes, total=all_bytes)

    with bar:
        yield progress


def _check_zone(zone: str) -> None:
    import re
    import zoneinfo

    from clew.errors import UnknownName

    if re.fullmatch(r"[+-]\d\d:?\d\d", zone):
        return
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownName("time zone", zone, zoneinfo.available_timezones()) from error

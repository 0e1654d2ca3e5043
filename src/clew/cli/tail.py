"""`clew tail`: what a search finds, as it is stored."""

from __future__ import annotations

import sys
import time
from typing import Annotated, Any

import typer

from clew.cli._request import (
    PLAIN,
    Case,
    PlainOutput,
    config,
    now,
    opened,
    output_of,
    with_tokens,
)
from clew.errors import ConfigError, EngineError

EVERY_S = 1.0


def tail(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="A search; without one, every event.")
    ] = "",
    case: Case = None,
    first: Annotated[
        int,
        typer.Option("--first", metavar="ROWS", min=0, help="So many that are there already. [10]"),
    ] = 10,
    output: PlainOutput = None,
) -> int:
    """Show events as they are stored, until Ctrl-C."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.query import parse
    from clew.query.newest import Newest

    parsed = parse(query)
    if parsed.pipes:
        raise ConfigError("A tail shows events as they come: leave out the pipes, or search.")
    newest = Newest(with_tokens(parsed, case, settings))
    is_first = True
    while True:
        try:
            with opened(case, settings) as engine:
                found = newest.ask(engine, now(), first=first)
        except EngineError:
            if is_first:
                raise
            found = []  # another process writes the case: the next round sees what it wrote
        for event in found:
            _print(event, output)
        sys.stdout.flush()
        is_first = False
        time.sleep(EVERY_S)


def _print(event: dict[str, Any], output: str) -> None:
    """One event on one line."""
    from clew.cli.render import json
    from clew.cli.render.table import shown
    from clew.investigation import excerpt
    from clew.model.event import filled

    if output == "json":
        sys.stdout.write(json.dumps(filled(event)) + "\n")
        return
    about = (shown(event[name]) for name in ("timestamp", "severity", "service"))
    print(*(word for word in about if word), shown(excerpt(event)), sep="  ")

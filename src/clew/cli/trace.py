"""`clew trace`: the waterfall of one trace, with its logs in place."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli._request import PLAIN, Case, PlainOutput, config, opened, output_of
from clew.errors import ConfigError

if TYPE_CHECKING:
    from clew.engines import Engine
    from clew.model.trace import Trace

MOST_LINES = 200
MOST_NAMED = 5


def trace(
    trace_id: Annotated[
        str, typer.Argument(metavar="TRACE_ID", help="Its id, or as much of it as no other has.")
    ],
    case: Case = None,
    limit: Annotated[
        int,
        typer.Option(
            "--limit", metavar="SPANS", min=0, help="Draw at most so many spans; 0: every one."
        ),
    ] = MOST_LINES,
    output: PlainOutput = None,
) -> int:
    """Draw a trace: who called whom, when, how long, what failed, and what delayed the whole."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.cli.render import json

    with opened(case, settings) as engine:
        found = read(engine, trace_id, timeout_s=settings.limits.seconds or None)
    if output == "json":
        sys.stdout.write(json.pretty(found.as_json()))
    else:
        from clew.cli.render.waterfall import print_trace

        print_trace(found, limit)
    return 0


def read(engine: Engine, text: str, *, timeout_s: float | None = None) -> Trace:
    """The trace whose id is, or begins with, the text. Raises ConfigError where it is not one."""
    from clew.model import trace as model
    from clew.model.views import events

    trace_id = _only(engine, text.strip(), timeout_s)
    places = engine.run(model.question(events, trace_id), timeout_s=timeout_s)
    records = engine.run(model.records(events, trace_id), timeout_s=timeout_s)
    return model.laid_out(trace_id, places.dicts(), records.dicts())


def _only(engine: Engine, text: str, timeout_s: float | None) -> str:
    """The one id that is the text or begins with it."""
    known = _ids(engine, text, timeout_s) if text else []
    exact = [name for name in known if name.lower() == text.lower()]
    if len(known) == 1 or exact:
        return text if text in exact else (exact or known)[0]
    if known:
        more = " and more" if len(known) > MOST_NAMED else ""
        raise ConfigError(
            f"More than one trace begins with '{text}': {', '.join(known[:MOST_NAMED])}{more}."
        )
    for length in (len(text) - 1, len(text) * 3 // 4, len(text) // 2, 4):
        if length > 3 and (near := _ids(engine, text[:length], timeout_s)):
            raise ConfigError(
                f"There is no trace '{text}' in the case. Did you mean {' or '.join(near[:3])}?"
            )
    raise ConfigError(
        f"There is no trace '{text}' in the case. 'clew show slow_requests' names the slowest, "
        "'clew search \"exists(trace_id) | top 20 trace_id\"' those with most events."
    )


def _ids(engine: Engine, prefix: str, timeout_s: float | None) -> list[str]:
    from clew.model.trace import ids_like
    from clew.model.views import events

    rows = engine.run(ids_like(events, prefix), limit=MOST_NAMED + 1, timeout_s=timeout_s).rows
    return [str(row[0]) for row in rows]

"""`clew trace`: the waterfall of one trace, with its logs in place."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from clew.cli._request import PLAIN, Case, PlainOutput, config, opened, output_of

MOST_SPANS = 200


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
    ] = MOST_SPANS,
    output: PlainOutput = None,
) -> int:
    """Draw a trace: who called whom, when, how long, what failed, and what delayed the whole."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.cli.render import json
    from clew.query.traces import trace_of

    with opened(case, settings) as engine:
        found = trace_of(engine, trace_id, timeout_s=settings.limits.seconds or None)
    if output == "json":
        sys.stdout.write(json.pretty(found.as_json()))
    else:
        from clew.cli.render.waterfall import print_trace

        print_trace(found, limit)
    return 0

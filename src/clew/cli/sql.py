"""`clew sql`: one SELECT over the case, which it cannot change."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from clew.cli._patience import within
from clew.cli._request import ANSWERS, AnswerOutput, Case, Limit, config, opened, output_of


def sql(
    statement: Annotated[
        str, typer.Argument(metavar="STATEMENT", help="A SELECT; - reads it from standard input.")
    ],
    case: Case = None,
    limit: Limit = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout", metavar="SECONDS", min=0, help="How long it may take; 0: no limit."
        ),
    ] = None,
    output: AnswerOutput = None,
) -> int:
    """Ask the case in SQL: the tables events, sources, rejects, and the views over events."""
    settings = config()
    output = output_of(output, settings, ANSWERS)
    from clew.cli.render.answer import print_answer

    if statement == "-":
        statement = sys.stdin.read()
    seconds = settings.limits.seconds if timeout is None else timeout
    with opened(case, settings) as engine:
        most = limit if limit is not None else settings.limits.rows or None
        answer = within(
            seconds, lambda: engine.run(statement, limit=most, timeout_s=seconds or None)
        )
    print_answer(answer, output)
    return 0

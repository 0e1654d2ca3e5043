"""`clew show`: one analysis over the case, as a table or a chart, or twice side by side.

With --baseline an analysis runs over both times, and its measures stand side by side; one that has an
argument `baseline` compares by itself, and is given the events of the time before.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli._request import (
    ANSWERS,
    AnswerOutput,
    Case,
    Limit,
    Since,
    Until,
    assignments,
    config,
    moment,
    now,
    opened,
    output_of,
    time_range,
)
from clew.errors import ConfigError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from clew.config import Config
    from clew.engines import Answer, Engine

TIMES = {"minute": "1m", "hour": "1h", "day": "1d", "week": "1w"}
"""Words of --by that are lengths of time."""
_BUCKET = re.compile(r"bucket\(\s*(\w+)\s*\)")  # bucket(5m)


def show(
    analysis: Annotated[
        str, typer.Argument(metavar="ANALYSIS", help="Its name; 'clew list analyses' shows all.")
    ],
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COLUMN", help="A row for each value of it; repeatable."),
    ] = None,
    bucket: Annotated[
        str | None,
        typer.Option("--bucket", metavar="LENGTH", help="A row for each length of time: 5m, 1h."),
    ] = None,
    case: Case = None,
    since: Since = None,
    until: Until = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline", metavar="A..B", help="Compare with the time A..B: before, after, change."
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="An option of it; repeatable."),
    ] = None,
    reprice: Annotated[
        str | None,
        typer.Option(
            "--reprice",
            metavar="DATE|FILE",
            help="Of cost: at the prices of that day, or of a file.",
        ),
    ] = None,
    limit: Limit = None,
    output: AnswerOutput = None,
) -> int:
    """Show an analysis: 'clew show error_rate --by service --bucket 5m --output chart'."""
    settings = config()
    output = output_of(output, settings, ANSWERS)
    from clew.cli.render.answer import print_answer

    answer_of = _answer_of(
        settings,
        analysis,
        reprice,
        by=by,
        bucket=bucket,
        since=since,
        until=until,
        baseline=baseline,
        option=option,
        limit=limit,
        seconds=settings.limits.seconds or None,
    )
    with opened(case, settings) as engine:
        answer = answer_of(engine)
    most_rows = settings.limits.table_rows if limit is None and output == "table" else 0
    print_answer(answer, output, most_rows=most_rows)
    return 0


def _answer_of(
    settings: Config, analysis: str, reprice: str | None, **told: Any
) -> Callable[[Engine], Answer]:
    """What asks a case for an analysis, or for the cost of calls at other prices."""
    if reprice is None:
        return asked(settings, analysis, **told)
    if analysis != "cost" or told.pop("baseline") or told.pop("option"):
        raise ConfigError("--reprice belongs to 'clew show cost', without --baseline and --option.")
    from clew.cli._reprice import asked_at

    columns, bucket = split_by(told.pop("by"), told.pop("bucket"))
    return asked_at(settings, reprice, by=columns, bucket=bucket, **told)


def asked(
    settings: Config,
    analysis: str,
    *,
    by: Sequence[str] | None,
    bucket: str | None,
    since: str | None,
    until: str | None,
    baseline: str | None,
    option: Sequence[str] | None,
    limit: int | None,
    seconds: float | None,
) -> Callable[[Engine], Answer]:
    """What asks a case for one analysis, told in the words of the command line."""
    from clew.model.views import between, events
    from clew.registry import load

    function: Callable[..., ir.Table] = getattr(load("analyses", analysis), analysis)
    columns, bucket = split_by(by, bucket)
    options = settings.analyses.get(analysis, {}) | assignments(option)
    arguments = _arguments(function, columns, bucket, options)
    before, first, last = time_range(baseline), moment(since), moment(until)
    declared = inspect.signature(function).parameters
    if before and bucket and "baseline" not in declared:
        raise ConfigError("--baseline compares two times as wholes: leave out the bucket.")
    if "since" in declared:  # it compares the times by itself
        arguments |= {"since": first, "until": last, "baseline": before}
        before = first = last = None
    elif "baseline" in declared:  # it compares the events by itself
        arguments = both_sides(arguments, before)
        first = before[1] if before and first is None and last is None else first
        before = None
    after = function(between(events, first, last), **arguments)
    if before is None:
        return lambda engine: engine.run(after, limit=limit, timeout_s=seconds)
    earlier = function(between(events, *before), **arguments)
    return lambda engine: side_by_side(
        engine.run(earlier, timeout_s=seconds),
        engine.run(after, timeout_s=seconds),
        columns,
        limit,
    )


def both_sides(
    arguments: dict[str, Any], before: tuple[datetime, datetime] | None
) -> dict[str, Any]:
    """The arguments of an analysis that compares: --baseline as events, searches as conditions."""
    from clew.model.views import between, events
    from clew.query.sides import with_sides

    if "baseline" in arguments:
        raise ConfigError("The time before is said by --baseline A..B, not by --option baseline.")
    if before is not None:
        arguments = {**arguments, "baseline": between(events, *before)}
    return with_sides(arguments, now=now())


def split_by(by: Sequence[str] | None, bucket: str | None) -> tuple[tuple[str, ...], str | None]:
    """--by service,host --by 'bucket(5m)' as columns and a bucket; --by hour and --by day are buckets."""
    columns: list[str] = []
    for word in (word.strip() for given in by or () for word in given.split(",")):
        if found := _BUCKET.fullmatch(word):
            bucket = found[1]
        elif word in TIMES:
            bucket = TIMES[word]
        elif word:
            columns.append(word)
    return tuple(dict.fromkeys(columns)), bucket


def side_by_side(before: Answer, after: Answer, by: Sequence[str], limit: int | None) -> Answer:
    """One row a key: each measure before and after, and what it changed by.

    Keys are the `by` columns and every column of text. Rows stand in the order of `after`, then
    those that are only in `before`.
    """
    from clew.engines import Answer

    columns = after.columns
    rows = [*before.rows, *after.rows]
    keys = [
        name
        for at, name in enumerate(columns)
        if name in by or any(isinstance(row[at], str) for row in rows)
    ]
    measures = [name for name in columns if name not in keys]
    earlier, later = (
        {tuple(row[name] for name in keys): row for row in answer.dicts()}
        for answer in (before, after)
    )
    compared = []
    for key in list(dict.fromkeys([*later, *earlier]))[:limit]:
        row: list[Any] = list(key)
        for name in measures:
            old, new = earlier.get(key, {}).get(name), later.get(key, {}).get(name)
            row += [old, new, None if old is None or new is None else new - old]
        compared.append(tuple(row))
    names = [f"{name}_{side}" for name in measures for side in ("before", "after", "change")]
    return Answer((*keys, *names), compared)


def _arguments(
    function: Callable[..., Any],
    columns: tuple[str, ...],
    bucket: str | None,
    options: dict[str, Any],
) -> dict[str, Any]:
    """The keyword arguments of the analysis, in its own types."""
    from clew.config import member_options

    given = dict(options)
    if columns:
        given["by"] = columns
    if bucket:
        given["bucket"] = bucket
    return member_options(function, given)

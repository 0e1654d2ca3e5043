"""`clew search` and `clew timeline`: the search language over every event of the case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli._request import (
    ANSWERS,
    AnswerOutput,
    Case,
    Limit,
    Since,
    Until,
    config,
    moment,
    now,
    opened,
    output_of,
    with_tokens,
)
from clew.errors import ConfigError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from clew.engines import Engine
    from clew.query import Query

TIMELINE_OUTPUTS = ("table", "json", "csv")


def search(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="As 'severity:ERROR url_path:/v1/*'.")
    ],
    case: Case = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    output: AnswerOutput = None,
) -> int:
    """Search the events, and count what is found: 'http_status>=500 | stats count() by service'."""
    settings = config()
    output = output_of(output, settings, ANSWERS)
    from clew.cli.render.answer import print_answer
    from clew.cli.render.escape import print_notes
    from clew.query import is_aggregate, parse

    parsed = with_tokens(parse(query), case, settings)
    question = _events(parsed, since, until)
    shown = settings.limits.table_rows if limit is None and output in ("table", "chart") else 0
    with opened(case, settings) as engine:
        answer = engine.run(
            question,
            limit=shown + 1 if shown else limit,
            timeout_s=settings.limits.seconds or None,
        )
        unknown = _unknown(engine, parsed)
    print_answer(answer, output, of_events=not is_aggregate(parsed), most_rows=shown)
    print_notes(unknown)
    return 0


def timeline(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="A search; without one, every event.")
    ] = "",
    case: Case = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = None,
    output: Annotated[
        str | None, typer.Option("--output", metavar="HOW", help="table, json or csv. [table]")
    ] = None,
) -> int:
    """What happened, in order, across all sources."""
    settings = config()
    output = output_of(output, settings, TIMELINE_OUTPUTS)
    from clew.cli.render.answer import print_answer
    from clew.cli.render.escape import print_notes
    from clew.query import is_aggregate, parse

    parsed = parse(query)
    if is_aggregate(parsed):
        raise ConfigError("A timeline shows events: leave out '| stats' and '| top', or search.")
    question = _events(with_tokens(parsed, case, settings), since, until)
    question = question.order_by([question.timestamp, question.event_id])
    shown = settings.limits.table_rows if limit is None and output == "table" else 0
    with opened(case, settings) as engine:
        answer = engine.run(
            question,
            limit=shown + 1 if shown else limit,
            timeout_s=settings.limits.seconds or None,
        )
        unknown = _unknown(engine, parsed)
    print_answer(answer, output, of_events=True, most_rows=shown)
    print_notes(unknown)
    return 0


def _events(parsed: Query, since: str | None, until: str | None) -> ir.Table:
    from clew.model.views import between, events
    from clew.query import compile

    return compile(parsed, between(events, moment(since), moment(until)), now=now())


def _unknown(engine: Engine, parsed: Query) -> list[str]:
    """What there is to say of names in the search that no event has."""
    from clew.model.event import BY_NAME
    from clew.model.views import events
    from clew.query.unknown import KNOWN, unknown_fields

    known = [name for (name,) in engine.run(KNOWN).rows] if engine.dialect == "duckdb" else []
    if not known:
        return []
    left = [name for name in parsed.columns() if name in BY_NAME and name not in known]
    if left:  # a detection may have filled it
        counts = engine.run(events.aggregate(**{name: events[name].count() for name in left}))
        known += [name for name, count in counts.dicts()[0].items() if count]
    return list(unknown_fields(parsed, known))

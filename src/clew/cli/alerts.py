"""`clew alerts` and `clew watch`: what fires, who has taken it on, and rules without a server."""

from __future__ import annotations

import contextlib
import getpass
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli._request import (
    PLAIN,
    Case,
    PlainOutput,
    case_of,
    config,
    detection_options,
    moment,
    now,
    opened,
    output_of,
)
from clew.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from datetime import datetime

    from clew.alerts.round import Watch

app = typer.Typer(help="What fires; acknowledge and silence it.", invoke_without_command=True)
AlertId = Annotated[str, typer.Argument(metavar="ID", help="As 'clew alerts' shows it.")]


@app.callback()
def alerts(context: typer.Context, case: Case = None, output: PlainOutput = None) -> None:
    """List alerts, those that fire first; or acknowledge, silence and export them."""
    if context.invoked_subcommand is None:
        _list(case, output)


@app.command(name="list")
def list_alerts(case: Case = None, output: PlainOutput = None) -> int:
    """List alerts, those that fire first."""
    _list(case, output)
    return 0


@app.command()
def ack(alert_id: AlertId, case: Case = None) -> int:
    """Take an alert on: nobody is told of it again until it is resolved."""
    settings = config()
    from clew.live.keeping_alerts import acknowledge

    acknowledge(case or settings.case, alert_id, getpass.getuser(), now())
    return 0


@app.command()
def silence(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="A rule, a kind of finding, or an alert's id.")
    ],
    lasting: Annotated[
        str, typer.Option("--for", metavar="TIME", help="As 30m, 2h or 7d. [1h]")
    ] = "1h",
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    case: Case = None,
) -> int:
    """Tell nobody of a rule's alerts for some time."""
    settings = config()
    from datetime import timedelta

    from clew.live.keeping_alerts import silence as silenced
    from clew.model.buckets import seconds

    until = now() + timedelta(seconds=seconds(lasting))
    print(silenced(case or settings.case, what, until, reason, getpass.getuser(), now()))
    return 0


@app.command()
def export(
    file: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="The file; - prints it. [-]")
    ] = "-",
) -> int:
    """Write the rules as a rules file of Prometheus, over the numbers at /metrics."""
    settings = config()
    from clew.alerts.prometheus import rules_yaml

    _watch(settings)
    text = rules_yaml(settings.alerts)
    if file == "-":
        sys.stdout.write(text)
    else:
        Path(file).write_text(text, encoding="utf-8")
    return 0


def watch(
    case: Case = None,
    once: Annotated[bool, typer.Option("--once", help="One round, then end.")] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="As if it were that time; one round alone."),
    ] = None,
) -> int:
    """Look at the rules of the settings on schedule, without a server, until Ctrl-C."""
    settings = config()
    if at and not once:
        raise ConfigError("--at belongs to --once.")
    rules = _watch(settings)
    named = case_of(case, settings)
    if not rules.rules:
        if Path(named).exists():
            _round(rules, named, now())  # alerts of rules that were there end
        raise ConfigError("There are no rules to look at: write [[alerts]] into clew.toml.")
    while True:
        _round(rules, named, moment(at) or now())
        if once:
            return 4 if rules.problems else 0
        time.sleep(1)


def _watch(settings: object) -> Watch:
    from clew.alerts.settings import watch_of
    from clew.config import Config
    from clew.playbooks.alerting import with_playbooks

    assert isinstance(settings, Config)
    found = with_playbooks(watch_of(settings, detection_options(settings, {})), settings)
    say_what_cannot_run(found)
    return found


def say_what_cannot_run(watch: Watch) -> None:
    """The documents below the folders of rules that are no rules that can run: the others do."""
    from clew.cli.render.escape import visible

    for rules in watch.sigma.values():
        for problem in rules.problems:
            print(visible(f"{problem}"), file=sys.stderr, flush=True)


def _round(rules: Watch, case: str, at: datetime) -> None:
    """One round on the open case. Another process may hold it for a while: the next round comes."""
    from clew.alerts import store
    from clew.cli.render.escape import visible
    from clew.engines._remote import find_server
    from clew.engines.duckdb import open_case

    if server := find_server(case):
        server.close()
        raise ConfigError("A server holds this case, and looks at its rules by itself.")
    if not Path(case).exists():
        raise ConfigError(
            f"There is no case at {case}. 'clew ingest PATH --case {case}' makes one."
        )
    problems = dict(rules.problems)
    try:
        engine = open_case(case, write=True)
    except EngineError as error:
        rules.problems["case"] = str(error)
    else:
        rules.problems.pop("case", None)
        try:
            store.make_tables(engine.workbench)

            @contextlib.contextmanager
            def writing() -> Iterator[object]:
                yield engine.workbench

            for alert in rules.round(engine, writing, at):  # type: ignore[arg-type]
                print(f"{alert.state:9} {alert.rule}: {visible(alert.finding.title)}", flush=True)
        finally:
            engine.close()
    for name, problem in rules.problems.items():
        if problems.get(name) != problem:
            print(f"{visible(name)}: {visible(problem)}", file=sys.stderr, flush=True)


def _list(case: str | None, output: str | None) -> None:
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.alerts.store import IS_THERE, LISTED
    from clew.cli.render import json, table
    from clew.engines import Answer

    with opened(case, settings) as engine:
        is_there = bool(engine.run(IS_THERE).rows[0][0])
        found = engine.run(LISTED) if is_there else Answer((), [])
    if output == "json":
        sys.stdout.write(json.pretty(found.dicts()))
    elif found.rows:
        table.print_table(list(found.columns), [list(row) for row in found.rows])
    else:
        print("There are no alerts.")

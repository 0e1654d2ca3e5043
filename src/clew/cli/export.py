"""`clew export`: findings or events to a SIEM, a chat, a pager, a mailbox or a file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli._request import (
    PLAIN,
    Case,
    PlainOutput,
    Since,
    Until,
    assignments,
    case_of,
    config,
    detection_options,
    moment,
    now,
    one_of,
    output_of,
)
from clew.errors import ConfigError

if TYPE_CHECKING:
    from clew.config import Config
    from clew.delivery.export import Exported, Receiver
    from clew.delivery.sending import Tally

TOKEN_VARIABLE = "CLEW_EXPORT_TOKEN"


Place = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="PLACE", help="A URL, tcp://HOST:PORT, udp://, tls://, smtp://, or a file."
    ),
]
Query = Annotated[
    str, typer.Option("--query", metavar="QUERY", help="A search: these events alone.")
]
Severity = Annotated[
    str | None,
    typer.Option("--severity", metavar="LEVEL", help="Findings of this severity and above."),
]
OptionPairs = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="An option of the sink; repeatable."),
]


def export(
    sink: Annotated[str, typer.Argument(metavar="SINK", help="As 'clew list sinks' names them.")],
    to: Place = None,
    what: Annotated[
        str, typer.Option("--what", metavar="WHAT", help="findings or events. [findings]")
    ] = "findings",
    case: Case = None,
    since: Since = None,
    until: Until = None,
    query: Query = "",
    severity: Severity = None,
    option: OptionPairs = None,
    output: PlainOutput = None,
) -> int:
    """Send findings or events to a receiver; killed, it goes on where it was when begun again."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    one_of("what", what, ("findings", "events"))
    from clew import pipeline
    from clew.cli.render.findings import check_severity
    from clew.delivery.export import Job, spool_folder
    from clew.delivery.export import export as send
    from clew.delivery.what import Wanted

    check_severity(severity)
    named = case_of(case, settings)
    said = {"what": what, "since": since, "until": until, "query": query, "severity": severity}
    job = Job(
        receiver_of(sink, to, settings, assignments(option)),
        Wanted(what, moment(since), moment(until), query, severity or ""),  # type: ignore[arg-type]
        said,
        spool_folder(named),
        settings.export.patience_s,
        detection_options(settings, {}),
    )
    done = send(
        lambda: pipeline.open_case(named, write=False),
        job,
        now=now(),
        told=_show if sys.stderr.isatty() else None,
    )
    _print(done, job.receiver, what, output)
    if done.tally.problem:
        return 2 if done.tally.is_wrong else 4
    return 1 if done.tally.refused else 0


def _show(tally: Tally) -> None:
    """How far it is, on a terminal."""
    print(f"\r{tally.sent:,} sent, {tally.waiting:,} waiting ", end="", file=sys.stderr, flush=True)


def receiver_of(sink: str, to: str | None, settings: Config, extra: dict[str, Any]) -> Receiver:
    """The receiver: flags before settings, and the token from the environment before both."""
    from clew.delivery.export import configured

    if "token" in extra:
        raise ConfigError(
            f"A token stands on no command line: put it into {TOKEN_VARIABLE} or sinks.{sink}.token."
        )
    token = os.environ.get(TOKEN_VARIABLE, "")
    return configured(sink, settings, to=to or "", token=token, extra=extra)


def _print(done: Exported, receiver: Receiver, what: str, output: str) -> None:
    from clew.cli.render import json
    from clew.cli.render.escape import visible

    tally, shown = done.tally, receiver.address.shown
    where = sys.stderr if receiver.to == "-" else sys.stdout
    if output == "json":
        told = {
            "sink": receiver.sink,
            "to": shown,
            "what": what,
            "sent": tally.sent,
            "refused": tally.refused,
            "waiting": tally.waiting,
            "resumed": done.resumed,
            "problem": tally.problem or None,
            "reasons": tally.reasons,
            "spool": done.spool or None,
            "refused_file": done.refused or None,
        }
        where.write(json.pretty(told))
        return
    went = " (went on with an earlier one)" if done.resumed else ""
    print(
        f"{what} to {receiver.sink} at {visible(shown)}{went}: {tally.sent:,} sent, "
        f"{tally.refused:,} refused, {tally.waiting:,} waiting",
        file=where,
    )
    for reason in tally.reasons:
        print(f"  refused: {visible(reason)}", file=where)
    if done.refused:
        print(f"  the refused ones, each with its reason: {visible(done.refused)}", file=where)
    if tally.problem:
        print(f"{visible(tally.problem)}.", file=sys.stderr)
        print(
            f"What waits is in {visible(done.spool)}: the same command goes on with it.",
            file=sys.stderr,
        )

"""`clew playbook`: what to do about findings; without --apply it only says what it would do."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli._request import (
    PLAIN,
    Case,
    PlainOutput,
    Since,
    Until,
    case_of,
    config,
    detection_options,
    moment,
    now,
    opened,
    output_of,
)

if TYPE_CHECKING:
    from clew.model.finding import Finding

app = typer.Typer(help="Act on findings: tell, block, lock, revoke; dry unless told otherwise.")


@app.command()
def run(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The playbook, in YAML.")],
    apply: Annotated[bool, typer.Option("--apply", help="Act, instead of saying it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Approve every step that asks.")] = False,
    case: Case = None,
    since: Since = None,
    until: Until = None,
    output: PlainOutput = None,
) -> int:
    """Run a playbook over what the detections find; without --apply nothing is done."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from dataclasses import asdict

    from clew.cli.render import json
    from clew.cli.render.escape import visible
    from clew.delivery.what import Wanted, findings
    from clew.live import keeping_audit
    from clew.playbooks.reading import read_playbook
    from clew.playbooks.run import ACTION, Hands
    from clew.playbooks.run import run as run_over
    from clew.playbooks.values import values_of

    playbook = read_playbook(Path(file))
    named = case_of(case, settings)
    wanted = Wanted("findings", moment(since), moment(until))
    with opened(case, settings) as engine:
        found = findings(engine, wanted, now(), detection_options(settings, {}), playbook.kinds)

    def values(finding: Finding, column: str, among: str) -> list[str]:
        with opened(case, settings) as engine:  # not held: each step's note opens the case to write
            return values_of(engine, finding, column, among, now())

    hands = Hands(
        is_applied=apply,
        approve=lambda words: yes or _approved(words),
        note=lambda what: keeping_audit.note(named, getpass.getuser(), ACTION, what, now()),
        values=values,
        noted=keeping_audit.noted(named, ACTION),
    )
    done = run_over(playbook, found, settings, hands, now())
    if output == "json":
        sys.stdout.write(json.pretty([asdict(one) for one in done]))
    else:
        for one in done:
            tail = f" ({visible(one.result)})" if one.result else ""
            print(f"{one.outcome:12} {one.kind} {one.finding}: {visible(one.words)}{tail}")
        if not done:
            print("No finding is one that this playbook is for.")
        elif not apply:
            print("Nothing was done: --apply acts.")
    return int(any(one.outcome in ("failed", "not approved", "too many") for one in done))


def _approved(words: str) -> bool:
    """Asks on the terminal; without one, nobody has approved."""
    from clew.cli.render.escape import visible

    if not sys.stdin.isatty():
        return False
    print(visible(words), file=sys.stderr)
    return typer.confirm("Do it?", err=True)

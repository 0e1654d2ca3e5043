"""`clew retain` and `clew forget`: what must not be kept any longer, gone for good and with a trace."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli._request import (
    PLAIN,
    Case,
    PlainOutput,
    case_of,
    config,
    moment,
    output_of,
    policy_of,
)
from clew.errors import ConfigError

if TYPE_CHECKING:
    from clew.model.ledger import Removal


def retain(
    older_than: Annotated[
        str,
        typer.Option("--older-than", metavar="TIME", help="Events before it go: 90d, or RFC 3339."),
    ],
    prompts_only: Annotated[
        bool,
        typer.Option("--prompts-only", help="Keep the events, without what people wrote."),
    ] = False,
    case: Case = None,
    output: PlainOutput = None,
) -> int:
    """Remove old events for good, or only their prompts; the chain keeps the trace."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.retention import retain

    before = moment(older_than)
    assert before is not None, "BUG: a time that is required is missing"
    words = f"retain --older-than {older_than}{' --prompts-only' * prompts_only}"
    _print(
        retain(case_of(case, settings), before, prompts_only=prompts_only, command=words), output
    )
    return 0


def forget(
    named: Annotated[
        list[str],
        typer.Argument(metavar="COLUMN=VALUE", help="Whose events go, as user_id=u-17."),
    ],
    case: Case = None,
    output: PlainOutput = None,
) -> int:
    """Remove the events of one person for good; the chain keeps the trace, without the name."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.retention import forget

    pairs = [_pair(text) for text in named]
    _print(forget(case_of(case, settings), pairs, policy_of(settings)), output)
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not (found and name.strip() and value):
        raise ConfigError(f"'{text}' names nobody: write COLUMN=VALUE, as user_id=u-17.")
    return name.strip(), value


def _print(removals: list[Removal], output: str) -> None:
    from clew.cli.render import json
    from clew.cli.render.escape import visible

    if output == "json":
        sys.stdout.write(json.pretty([removal.as_json() for removal in removals]))
        return
    for removal in removals:
        print(visible(removal.sentence))
    if not removals:
        print("Nothing was removed: no event is meant.")

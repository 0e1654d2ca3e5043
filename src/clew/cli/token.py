"""`clew token`: who may send to `clew serve`, and who may ask it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from clew.cli._request import PLAIN, Case, PlainOutput, config, now, one_of, output_of

app = typer.Typer(help="Make, list and revoke the tokens of the live server.")
SCOPES = ("ingest", "read", "admin")


@app.command()
def create(
    scope: Annotated[
        str,
        typer.Option(
            "--scope", metavar="SCOPE", help="ingest may send, read may ask, admin may do all."
        ),
    ],
    name: Annotated[str, typer.Option("--name", metavar="N", help="What it is for.")] = "",
    case: Case = None,
    output: PlainOutput = None,
) -> int:
    """Make a token and print it: the case keeps its hash alone, so it is shown only now."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    one_of("scope", scope, SCOPES)
    from clew.cli.render import json
    from clew.live.keeping import kept_tokens

    with kept_tokens(case or settings.case) as tokens:
        text, token_id = tokens.create(scope, name, now())
    if output == "json":
        made = {"token_id": token_id, "name": name, "scope": scope, "token": text}
        sys.stdout.write(json.pretty(made))
    else:
        print(text)
    return 0


@app.command(name="list")
def list_tokens(case: Case = None, output: PlainOutput = None) -> int:
    """List the tokens: id, name, scope, when made, when revoked."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.cli.render import json, table
    from clew.live.keeping import kept_tokens

    with kept_tokens(case or settings.case) as tokens:
        found = tokens.all()
    if output == "json":
        sys.stdout.write(json.pretty(found.dicts()))
    else:
        table.print_table(list(found.columns), [list(row) for row in found.rows])
    return 0


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As 'clew token list' shows it.")],
    case: Case = None,
) -> int:
    """End a token at once."""
    settings = config()
    from clew.live.keeping import kept_tokens

    with kept_tokens(case or settings.case) as tokens:
        tokens.revoke(token_id, now())
    return 0

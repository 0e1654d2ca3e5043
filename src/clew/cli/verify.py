"""`clew verify`: whether the stored rows are those that were ingested."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from clew.cli._request import PLAIN, Case, PlainOutput, config, output_of
from clew.errors import EvidenceError


def verify(
    case: Case = None,
    head: Annotated[
        str,
        typer.Option(
            "--head", metavar="LINK", help="A link that verify told before; the chain must have it."
        ),
    ] = "",
    output: PlainOutput = None,
) -> int:
    """Recompute every digest of the case. Exits 3 when a row was altered, and names it."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew import pipeline
    from clew.cli.render import json
    from clew.cli.render.escape import visible

    found = pipeline.verify(case or settings.case, head)
    if output == "json":
        sys.stdout.write(json.pretty({"ok": found.ok, "sentences": list(found.sentences)}))
    else:
        for sentence in found.sentences:
            print(visible(sentence), file=sys.stdout if found.ok else sys.stderr)
    return 0 if found.ok else EvidenceError.exit_code

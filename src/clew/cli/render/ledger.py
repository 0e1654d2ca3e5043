"""The ledger of an ingest: one row a source, and whether every line of it is accounted for."""

from __future__ import annotations

import sys

from clew.cli.render import json
from clew.cli.render.escape import print_notes, visible
from clew.cli.render.table import print_table
from clew.model.ledger import Ledger

COLUMNS = (
    "source",
    "status",
    "format",
    "timezone",
    "lines",
    "events",
    "continuation",
    "blanks",
    "rejects",
)


def print_ledger(ledger: Ledger, output: str) -> None:
    """Prints to standard output as text or json; problems go to standard error."""
    if output == "json":
        sys.stdout.write(json.pretty([row.as_json() for row in ledger.sources]))
    elif ledger.sources:
        rows = [row.as_json() for row in ledger.sources]
        print_table(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])
        for row in ledger.sources:
            if row.note:
                print(f"{visible(row.source)}: {visible(row.note)}")
        print(summary(ledger))
        if taken := redacted(ledger):
            print(taken)
    print_problems(ledger)


def print_problems(ledger: Ledger) -> None:
    """What could not be read, one sentence a line, on standard error."""
    print_notes(ledger.problems)


def summary(ledger: Ledger) -> str:
    """The ledger in one sentence."""
    sources = len(ledger.sources)
    lines, events, rejects = (
        sum(getattr(row.count, name) for row in ledger.sources)
        for name in ("lines", "events", "rejects")
    )
    known = sum(row.status == "known" for row in ledger.sources)
    already = f", {known} of them already in the case" if known else ""
    return (
        f"{_counted(sources, 'source')}{already}: {_counted(lines, 'line')}, "
        f"{_counted(events, 'event')}, {_counted(rejects, 'reject')}."
    )


def redacted(ledger: Ledger) -> str:
    """What was taken out, by type, in one sentence; "" where it was nothing."""
    counts: dict[str, int] = {}
    for row in ledger.sources:
        for kind, count in row.redacted.items():
            counts[kind] = counts.get(kind, 0) + count
    told = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return f"Redacted: {', '.join(f'{count:,} {kind}' for kind, count in told)}." if told else ""


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"

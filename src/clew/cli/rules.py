"""`clew rules`: checks Sigma rules, tries their own cases, and writes them in other languages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from clew.cli._request import PLAIN, PlainOutput, config, output_of

app = typer.Typer(help="Check, try and convert Sigma rules.")
Folder = Annotated[
    str, typer.Argument(metavar="DIR", help="A folder of .yml and .yaml files, or one file.")
]


@app.command()
def lint(rules: Folder, output: PlainOutput = None) -> int:
    """Check every rule: file, line, id, whether it can run, and why not. Exit 3 where one cannot."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.sigma.lint import lint as linted

    verdicts = linted(rules, settings.placeholders)
    wrong = [verdict for verdict in verdicts if verdict.status == "error"]
    _print(
        [verdict.as_json() for verdict in verdicts],
        [f"{v.file}, line {v.line}: {v.reason}" for v in wrong],
        f"{len(verdicts):,} rules: {len(verdicts) - len(wrong):,} can run, {len(wrong):,} cannot.",
        output,
    )
    return 3 if wrong else 0


@app.command()
def test(rules: Folder, output: PlainOutput = None) -> int:
    """Try the cases that rules carry under clew.cases. Exit 1 where one fails."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.sigma.reading import read
    from clew.sigma.trial import trial

    found = read(rules, settings.placeholders)
    for problem in found.problems:
        print(_visible(str(problem)), file=sys.stderr)
    results = trial(found)
    failed = [result for result in results if result.status == "failed"]
    passed = sum(result.status == "passed" for result in results)
    without = sum(result.status == "no cases" for result in results)
    _print(
        [result.as_json() for result in results],
        [f"{r.file}, line {r.line}: {r.case or 'cases'}: {r.reason}" for r in failed],
        f"{passed:,} cases passed, {len(failed):,} failed; {without:,} rules have no cases.",
        output,
    )
    return int(bool(failed))


@app.command()
def convert(
    rules: Folder,
    to: Annotated[
        str, typer.Option("--to", metavar="LANGUAGE", help="splunk, elasticsearch, kusto ...")
    ],
    output: PlainOutput = None,
) -> int:
    """Write rules in the query language of another system. Exit 1 where it cannot say one."""
    settings = config()
    output = output_of(output, settings, PLAIN)
    from clew.sigma.convert import convert as converted
    from clew.sigma.reading import read

    found = read(rules, settings.placeholders)
    for problem in found.problems:
        print(_visible(str(problem)), file=sys.stderr)
    results = converted(found, to)
    unsaid = [result for result in results if result.status == "error"]
    if output == "json":
        _print([result.as_json() for result in results], [], "", output)
    else:
        for result in results:
            if result.status == "ok":
                print(_visible(f"# {result.title} ({result.file}, line {result.line})"))
                print(f"{result.query}\n")
            if result.reason:
                place = f"{result.file}, line {result.line}"
                print(_visible(f"{place}: {result.reason}"), file=sys.stderr)
    return int(bool(unsaid))


def _print(rows: Sequence[dict[str, Any]], lines: Sequence[str], last: str, output: str) -> None:
    if output == "json":
        from clew.cli.render import json

        sys.stdout.writelines(json.lines(rows))
        return
    for line in (*lines, last):
        print(_visible(line))


def _visible(text: str) -> str:
    from clew.cli.render.escape import visible

    return visible(text)

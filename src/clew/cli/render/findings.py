"""Findings as text for a terminal, as markdown, or as one page without anything from outside.

JSON is the list of findings alone, as a program wants it; the rest goes to standard error.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.padding import Padding
from rich.text import Text

from clew.cli.render import escape, json
from clew.cli.render.ledger import summary
from clew.cli.render.table import console
from clew.errors import UnknownName
from clew.model.finding import SEVERITIES, Finding, Investigation
from clew.model.ledger import Ledger
from clew.query.traces import Example
from clew.reports._findings import excerpt, facts, moment, place, window

STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "blue"}
_MOST_EVIDENCE = 6
_MOST_NOT_EVALUABLE = 3
_PICTURE_LINES = 25
_LEAST_PICTURE, _MOST_PICTURE = 60, 120


def print_findings(
    found: Investigation,
    output: str,
    ledger: Ledger | None = None,
    example: Example | None = None,
) -> None:
    """Prints to standard output as text, json, md or html; `ledger` says what was read for it.

    `example` is a trace that text and md draw below its finding.
    """
    if output == "json":
        sys.stdout.writelines(json.lines(finding.as_json() for finding in found.findings))
        escape.print_notes((*found.annotations, *found.not_evaluable))
    elif output == "md":
        sys.stdout.writelines(f"{line}\n" for line in markdown(found, ledger, example))
    elif output == "html":
        sys.stdout.write(page(found, ledger))
    else:
        screen = console()
        for line in text(found, ledger, example):
            screen.print(
                _hanging(line) if escape.is_terminal() else line, soft_wrap=not escape.is_terminal()
            )


def check_severity(word: str | None) -> None:
    """Raises UnknownName where --fail-on names no severity."""
    if word is not None and word not in SEVERITIES:
        raise UnknownName("severity", word, SEVERITIES, f"They are {', '.join(SEVERITIES)}.")


def is_reached(findings: Iterable[Finding], severity: str | None) -> bool:
    """Whether a finding is as severe as that, or more. None is never reached."""
    enough = SEVERITIES[SEVERITIES.index(severity) :] if severity else ()
    return any(finding.severity in enough for finding in findings)


def headline(found: Investigation) -> str:
    """How many findings there are, by severity, in one sentence."""
    count = len(found.findings)
    if not count:
        return "No findings."
    by_severity = [
        f"{sum(finding.severity == severity for finding in found.findings)} {severity}"
        for severity in reversed(SEVERITIES)
        if any(finding.severity == severity for finding in found.findings)
    ]
    return f"{count} finding{'s' * (count != 1)}: {', '.join(by_severity)}."


def text(
    found: Investigation, ledger: Ledger | None, example: Example | None = None
) -> Iterable[Text]:
    """The lines for a terminal."""
    if ledger:
        yield Text(summary(ledger), style="dim")
    yield Text(headline(found), style="bold")
    for rank, finding in enumerate(found.findings, 1):
        yield Text()
        yield from _finding_text(rank, finding)
        if example and example.finding_id == finding.id:
            yield Text("   one of these traces")
            yield from (Text("     ") + line for line in _picture(example))
    if found.annotations:
        yield from (Text(), Text("Annotations", style="bold"))
        yield from (Text(f"  - {escape.visible(said)}") for said in found.annotations)
    if found.not_evaluable:
        yield from (Text(), *_not_evaluable(found.not_evaluable))


def _not_evaluable(sentences: Sequence[str]) -> Iterable[Text]:
    """Each sentence where they are few, as after `clew detect NAME`; else how many there are."""
    if len(sentences) > _MOST_NOT_EVALUABLE:
        yield Text(
            f"{len(sentences)} detections are not evaluable: the case lacks what they read; "
            "--output md names what each of them needs.",
            style="dim",
        )
        return
    yield Text("Not evaluable", style="bold")
    yield from (Text(f"  - {escape.visible(said)}") for said in sentences)


def _finding_text(rank: int, finding: Finding) -> Iterable[Text]:
    yield Text.assemble(
        f"{rank}. ",
        (f"{finding.severity.upper()} ", STYLES[finding.severity]),
        (escape.visible(finding.title), "bold"),
    )
    yield Text(
        f"   {finding.kind}  confidence {finding.confidence:.2f}  {window(finding)}  "
        f"id {finding.id}",
        style="dim",
    )
    for label, named in (("subject", finding.subject), ("measures", finding.measures)):
        if said := facts(named):
            yield Text(f"   {label:9} {said}")
    yield from _listed("because", finding.why)
    yield Text("   evidence")
    for evidence in finding.evidence[:_MOST_EVIDENCE]:
        yield Text(f"     {place(evidence)}  {moment(evidence.timestamp)}", style="cyan")
        yield from (Text(f"       {line}") for line in excerpt(evidence.text))
    if (more := len(finding.evidence) - _MOST_EVIDENCE) > 0:
        yield Text(f"     and {more} more, which json, md and html show", style="dim")
    yield from _listed("do", finding.recommendations)
    if finding.references:
        yield Text(f"   see       {escape.visible(', '.join(finding.references))}", style="dim")


def _listed(label: str, sentences: Sequence[str]) -> Iterable[Text]:
    if sentences:
        yield Text(f"   {label}")
        yield from (Text(f"     - {escape.visible(sentence)}") for sentence in sentences)


def _hanging(line: Text) -> Padding:
    """The line with its indent kept where a terminal folds it."""
    indent = len(line.plain) - len(line.plain.lstrip())
    return Padding(line[indent:], (0, 0, 0, indent))


def markdown(
    found: Investigation, ledger: Ledger | None, example: Example | None = None
) -> Iterable[str]:
    """The lines of a markdown document."""
    yield from ("# Investigation", "", headline(found))
    if ledger:
        yield from ("", escape.markdown(summary(ledger)))
    for rank, finding in enumerate(found.findings, 1):
        yield from ("", f"## {rank}. {escape.markdown(finding.title)}", "")
        yield f"**{finding.severity}**, `{finding.kind}`, confidence {finding.confidence:.2f}, "
        yield f"{window(finding)}, id `{finding.id}`"
        for label, named in (("Subject", finding.subject), ("Measures", finding.measures)):
            if said := facts(named):
                yield from ("", f"{label}: {escape.markdown(said)}")
        yield from _bullets("Why", finding.why)
        yield from ("", "### Evidence")
        for evidence in finding.evidence:
            where = f"{place(evidence)} {moment(evidence.timestamp)}".strip()
            yield from ("", escape.markdown(where), "", *_fenced(excerpt(evidence.text)))
        if example and example.finding_id == finding.id:
            picture = (line.plain.rstrip() for line in _picture(example))
            yield from ("", "### One of these traces", "", *_fenced(list(picture)))
        yield from _bullets("Recommendations", finding.recommendations)
        yield from _bullets("References", finding.references)
    yield from _bullets("Annotations", found.annotations, level=2)
    yield from _bullets("Not evaluable", found.not_evaluable, level=2)


def _picture(example: Example) -> Iterable[Text]:
    """The trace as a waterfall that a terminal of usual width holds beside the indent."""
    from clew.cli.render.waterfall import excerpt as drawn

    width = shutil.get_terminal_size((100, 24)).columns - 6
    return drawn(example.trace, max(_LEAST_PICTURE, min(width, _MOST_PICTURE)), _PICTURE_LINES)


def _bullets(heading: str, sentences: Sequence[str], level: int = 3) -> Iterable[str]:
    if sentences:
        yield from ("", f"{'#' * level} {heading}", "")
        yield from (f"- {escape.markdown(sentence)}" for sentence in sentences)


def _fenced(lines: Sequence[str]) -> Iterable[str]:
    """Indented code: no run of backticks in a log line can end it."""
    return (f"    {line}" for line in lines)


def page(found: Investigation, ledger: Ledger | None) -> str:
    """A whole HTML document. Its policy forbids scripts and anything from another place."""
    import jinja2

    template = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string((Path(__file__).parent / "findings.html").read_text(encoding="utf-8"))
    return template.render(
        headline=headline(found),
        summary=summary(ledger) if ledger else "",
        findings=found.findings,
        annotations=found.annotations,
        not_evaluable=found.not_evaluable,
        sources=ledger.sources if ledger else (),
        visible=escape.visible,
        window=window,
        facts=facts,
        place=place,
        moment=moment,
        excerpt=excerpt,
    )

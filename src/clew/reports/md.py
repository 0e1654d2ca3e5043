"""A report in markdown: the same sentences, tables and findings; a chart over time is a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clew.model.escape import markdown, visible
from clew.model.finding import Finding
from clew.reports._document import Bars, Block, Document, Proof, Section, Table, TimeBars
from clew.reports._findings import excerpt, facts, moment, place, window

ENDINGS = (".md", ".markdown")


def written(document: Document) -> str:
    """The text. What a source wrote can begin no markup of its own."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterable[str]:
    yield f"# {markdown(document.title)}"
    for sentence in document.summary:
        yield from ("", markdown(sentence))
    for section in document.sections:
        yield from _section(section)
    yield from ("", markdown(document.made_by))


def _section(section: Section) -> Iterable[str]:
    yield from ("", f"## {markdown(section.heading)}")
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterable[str]:
    match block:
        case str():
            yield from ("", markdown(block))
        case Table():
            yield from ("", *_table(block))
        case TimeBars():
            rows = [
                (f"{start:%Y-%m-%d %H:%M}", said)
                for start, said in zip(block.starts, block.said, strict=True)
            ]
            columns = ("from (UTC)", block.value_name)
            yield from ("", *_table(Table(columns, rows, frozenset(columns[1:]))))
        case Bars():
            pass  # the table beside it has the same numbers
        case Proof():
            yield from _proof(block.rank, block.finding)


def _table(table: Table) -> Iterable[str]:
    yield _row(table.columns)
    yield _row("---:" if name in table.figures else "---" for name in table.columns)
    yield from (_row(markdown(cell) for cell in row) for row in table.rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _proof(rank: int, finding: Finding) -> Iterable[str]:
    yield from ("", f"### {rank}. {markdown(finding.title)}", "")
    yield f"**{finding.severity}**, `{finding.kind}`, confidence {finding.confidence:.2f}, "
    yield f"{window(finding)}, id `{finding.id}`"
    for label, named in (("Subject", finding.subject), ("Measures", finding.measures)):
        if said := facts(named):
            yield from ("", f"{label}: {markdown(said)}")
    yield from _bullets("Why", finding.why)
    yield from ("", "#### Evidence")
    for evidence in finding.evidence:
        where = f"{place(evidence)} {moment(evidence.timestamp)}".strip()
        # indented code: no run of backticks in a log line can end it
        code = (f"    {line}" for line in excerpt(evidence.text))
        yield from ("", markdown(where), "", *code)
    yield from _bullets("Recommendations", finding.recommendations)
    yield from _bullets("References", finding.references)


def _bullets(heading: str, sentences: Sequence[str]) -> Iterable[str]:
    if sentences:
        yield from ("", f"#### {heading}", "")
        yield from (f"- {markdown(visible(sentence))}" for sentence in sentences)

"""A finding in words, for people: each text one line that cannot act on the reader's screen."""

from __future__ import annotations

from clew.model.escape import visible
from clew.model.finding import Finding, rfc3339
from clew.sinks import State

MOST_EVIDENCE = 5


def heading(finding: Finding, state: State) -> str:
    """What happened, in a line: '[high] credential_stuffing: 41 users from 192.0.2.7'."""
    mark = "resolved" if state == "resolved" else finding.severity
    return f"[{mark}] {finding.kind}: {visible(finding.title)}"


def facts(finding: Finding) -> list[tuple[str, str]]:
    """Name and value: severity, time, whom it is about, the numbers."""
    when = " to ".join(filter(None, (rfc3339(finding.start), rfc3339(finding.end))))
    return [
        ("severity", f"{finding.severity}, confidence {finding.confidence:.0%}"),
        ("time", when or "not stated"),
        *((name, visible(str(value))) for name, value in finding.subject.items()),
        *((name, f"{value:,}") for name, value in finding.measures.items() if value is not None),
    ]


def evidence(finding: Finding, most: int = MOST_EVIDENCE) -> list[str]:
    """Its first lines, each with its place."""
    lines = []
    for line in finding.evidence[:most]:
        place = visible(line.source) + (f":{line.line}" if line.line is not None else "")
        lines.append(f"{place}  {visible(line.text)}")
    if len(finding.evidence) > most:
        lines.append(f"and {len(finding.evidence) - most} more")
    return lines


def sentences(lines: tuple[str, ...]) -> list[str]:
    """Each as one visible line."""
    return [visible(line) for line in lines]

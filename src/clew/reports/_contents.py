"""The case's answers put together as one document.

A case with AI calls is reported by its money; one without, and requests that are no calls, by errors
and latency. Findings, sources and what could not be evaluated are always told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

from clew.model.finding import SEVERITIES, Finding, Investigation
from clew.model.views import calls, requests
from clew.reports import _incident, _money
from clew.reports._asking import Asking
from clew.reports._document import Block, Document, Proof, Section, Table
from clew.reports._figures import count, many, moment, money

SAVING = "saving_usd"
"""The measure of a finding that says what a change would have saved in the time looked at."""


def document_of(asking: Asking, found: Investigation, *, made: datetime, version: str) -> Document:
    """Asks the case all that a report says. `found` is what the detections found in that time."""
    spent = _money.money_of(asking)
    has_requests = not spent.calls or _has_requests(asking)
    seen = _incident.requests_of(asking) if has_requests else None
    sections: list[Section] = []
    if spent.calls:
        sections += _money.sections(asking, spent)
    if seen is not None:
        sections += _incident.sections(asking, seen)
    sections.append(Section("Findings", list(_findings(found))))
    if spent.calls:
        sections += _money.accounts(asking, spent)
    sections += _sources(asking, found)
    first, last = _period(asking)
    return Document(
        title="What AI calls cost" if spent.calls else "Incident report",
        summary=[
            _when(asking, first, last),
            *(_money.summary(spent) if spent.calls else ()),
            *(_incident.summary(seen) if seen is not None else ()),
            *_advice(found.findings, bool(spent.calls)),
        ],
        sections=sections,
        made_by=f"Made by Clew {version} at {moment(made)}. Times are UTC.",
    )


def _has_requests(asking: Asking) -> bool:
    """Whether there are HTTP requests beside the AI calls."""
    beside = requests(asking.seen)
    beside = beside.anti_join(calls(beside).select("event_id"), "event_id")
    return bool(asking.rows(beside.aggregate(requests=beside.count()))[0]["requests"])


def _period(asking: Asking) -> tuple[datetime | None, datetime | None]:
    seen = asking.seen
    row = asking.rows(seen.aggregate(first=seen.timestamp.min(), last=seen.timestamp.max()))[0]
    return row["first"], row["last"]


def _when(asking: Asking, first: datetime | None, last: datetime | None) -> str:
    if first is None:
        return "The case has no events with a time in the time that was asked for."
    asked = [
        *([f"since {moment(asking.since)}"] if asking.since else []),
        *([f"until {moment(asking.until)}"] if asking.until else []),
    ]
    told = f" (asked: {', '.join(asked)})" if asked else ""
    return f"From {moment(first)} to {moment(last)}{told}."


def _advice(findings: Sequence[Finding], is_about_money: bool) -> Iterable[str]:
    """The findings in a sentence, and what to change first."""
    if not findings:
        yield "No findings."
        return
    by_severity = [
        f"{number} {severity}"
        for severity in reversed(SEVERITIES)
        if (number := sum(finding.severity == severity for finding in findings))
    ]
    yield f"{many(len(findings), 'finding')}: {', '.join(by_severity)}."
    saving = _saving(findings)
    for finding in saving[:3]:
        yield f"To save {money(finding.measures[SAVING])}: {_found_and_do(finding)}"
    if len(saving) > 1:
        yield "Savings that touch the same calls overlap: they do not simply add up."
    if is_about_money and not saving:
        yield "No finding states a saving."
    if not saving:
        yield f"First: {_found_and_do(findings[0])}"


def _found_and_do(finding: Finding) -> str:
    """What was found, and what to do about it first."""
    title = finding.title if finding.title.endswith((".", "!", "?")) else f"{finding.title}."
    return " ".join([title, *finding.recommendations[:1]])


def _saving(findings: Iterable[Finding]) -> list[Finding]:
    """Those that say what they save, the most first."""
    saving = [finding for finding in findings if (finding.measures.get(SAVING) or 0) > 0]
    return sorted(saving, key=lambda finding: (-(finding.measures[SAVING] or 0), finding.id))


def _findings(found: Investigation) -> Iterable[Block]:
    if saving := _saving(found.findings):
        total = sum(finding.measures[SAVING] or 0 for finding in saving)
        yield (
            f"A saving is stated by {many(len(saving), 'finding')}: {money(total)} taken together, at "
            "most. Findings may tell of the same calls, and a call can be saved only once, so where they "
            "overlap their savings do not add up."
        )
        rows = [
            (money(finding.measures[SAVING]), finding.title, " ".join(finding.recommendations[:1]))
            for finding in saving
        ]
        yield Table(("saving", "finding", "what to change"), rows, frozenset({"saving"}))
    if not found.findings:
        yield "No findings."
    yield from (Proof(rank, finding) for rank, finding in enumerate(found.findings, 1))


def _sources(asking: Asking, found: Investigation) -> Iterable[Section]:
    rows = asking.rows("SELECT * FROM sources")
    columns = ("source", "format", "lines", "events", "continuation", "blanks", "rejects", "from",
               "to", "SHA-256")  # fmt: skip
    body = [
        (
            PurePath(row["uri"] or row["source_id"]).name, row["format"] or "", *_counts(row),
            moment(row.get("first_event")), moment(row.get("last_event")), row.get("sha256") or "",
        )
        for row in sorted(rows, key=lambda row: (row.get("position") or 0, row["source_id"]))
    ]  # fmt: skip
    table = Table(columns, body, frozenset(columns[2:7]))
    yield Section("Sources", [table] if body else ["The case has no sources."])
    for heading, sentences in (
        ("Annotations", found.annotations),
        ("Not evaluable", found.not_evaluable),
    ):
        if sentences:
            yield Section(heading, list(sentences))


def _counts(row: dict[str, Any]) -> Iterable[str]:
    return (
        count(row.get(name)) for name in ("lines", "events", "continuation", "blanks", "rejects")
    )

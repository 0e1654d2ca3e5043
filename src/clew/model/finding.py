"""The finding: the one currency of every detection.

A finding says one thing in one sentence, how bad and how sure, about whom, with which numbers,
and shows the lines that prove it. A finding without evidence is not a finding.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One event that proves a finding, with the way back to its bytes."""

    event_id: str
    source: str
    line: int | None
    byte_offset: int | None
    timestamp: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class Description:
    """What a detection says in words about one of its rows.

    title            one sentence with the facts
    why              reasons, each a sentence with its numbers
    recommendations  what to do next
    """

    title: str
    severity: Severity
    confidence: float
    why: tuple[str, ...]
    recommendations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, as `--output json` prints it."""

    kind: str
    title: str
    severity: Severity
    confidence: float
    start: datetime | None
    end: datetime | None
    subject: dict[str, str | int | float]
    measures: dict[str, int | float | None]
    evidence: tuple[Evidence, ...]
    why: tuple[str, ...]
    recommendations: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    id: str = field(default="")

    def __post_init__(self) -> None:
        assert self.evidence, f"BUG: {self.kind} gave a finding without evidence"
        object.__setattr__(self, "id", self.id or finding_id(self.kind, self.subject, self.start))

    def as_json(self) -> dict[str, Any]:
        """The contract of DESIGN: plain JSON types, times in RFC 3339."""
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "severity": self.severity,
            "confidence": round(self.confidence, 3),
            "start": rfc3339(self.start),
            "end": rfc3339(self.end),
            "subject": self.subject,
            "measures": self.measures,
            "evidence": [
                {
                    "event_id": e.event_id,
                    "source": e.source,
                    "line": e.line,
                    "byte_offset": e.byte_offset,
                    "timestamp": rfc3339(e.timestamp),
                    "text": e.text,
                }
                for e in self.evidence
            ],
            "why": list(self.why),
            "recommendations": list(self.recommendations),
            "references": list(self.references),
        }


def finding_id(kind: str, subject: dict[str, Any], start: datetime | None) -> str:
    """Stable over runs: the same facts give the same id."""
    facts = json.dumps([kind, sorted(subject.items()), rfc3339(start)], default=str)
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def from_json(told: Mapping[str, Any]) -> Finding:
    """The finding that `as_json` wrote."""
    return Finding(
        kind=told["kind"],
        title=told["title"],
        severity=told["severity"],
        confidence=told["confidence"],
        start=naive(told["start"]),
        end=naive(told["end"]),
        subject=dict(told["subject"]),
        measures=dict(told["measures"]),
        evidence=tuple(
            Evidence(**{**line, "timestamp": naive(line["timestamp"])}) for line in told["evidence"]
        ),
        why=tuple(told["why"]),
        recommendations=tuple(told["recommendations"]),
        references=tuple(told["references"]),
        id=told["id"],
    )


def naive(text: str | None) -> datetime | None:
    """A naive UTC time of RFC 3339; None stays None.

    >>> naive("2026-01-02T03:04:05Z")
    datetime.datetime(2026, 1, 2, 3, 4, 5)
    """
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def rfc3339(moment: datetime | None) -> str | None:
    """UTC text with a Z, from a naive UTC time; None stays None.

    >>> rfc3339(datetime(2026, 1, 2, 3, 4, 5))
    '2026-01-02T03:04:05Z'
    """
    if moment is None:
        return None
    return moment.replace(tzinfo=None).isoformat() + "Z"


@dataclass(frozen=True, slots=True)
class Investigation:
    """What an investigation found, most important first.

    not_evaluable  one sentence a detection that lacks the columns it needs
    annotations    what a reader must know about the data, such as a clock that runs ahead
    """

    findings: tuple[Finding, ...]
    not_evaluable: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()


CLOCKS_DIFFER = timedelta(seconds=2)
SYMPTOMS = frozenset({"error_burst"})
"""Kinds that say that something fails, and not what: they stand below equally severe others."""
FAILURES = frozenset({"recurring_exception", "recurring_error", "error_burst"})
CHANGES = frozenset({"deployment_regression"})
"""Kinds that say what failed, and kinds that say which change it began with."""
SURE_CHANGE = 0.8
"""Less sure of itself is a mere restart: what failed may have brought it about."""


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Most severe first, causes before symptoms, then the surest, then the one with most events.

    A named change stands before what began with it, and before what is told of as surely.
    """
    found = list(findings)
    rank = {f.id: _rank(f) for f in found}
    failures = [f for f in found if f.kind in FAILURES]
    for change in (f for f in found if f.kind in CHANGES):
        begun = [rank[f.id] for f in failures if _began_with(f, change)]
        if begun and min(begun) < rank[change.id]:
            rank[change.id] = (*min(begun)[:-1], "")
    return tuple(sorted(found, key=lambda f: rank[f.id]))


def _rank(f: Finding) -> tuple[Any, ...]:
    return (
        -SEVERITIES.index(f.severity),
        f.kind in SYMPTOMS,
        -f.confidence,
        f.kind not in CHANGES,
        -(f.measures.get("all_events") or f.measures.get("events") or 0),
        f.id,
    )


def _began_with(failure: Finding, change: Finding) -> bool:
    """Whether what failed began after a sure change of its service, and is most of the errors since."""
    if not (failure.start and change.start and change.end):
        return False
    if failure.subject.get("service") != change.subject.get("service"):
        return False
    since = change.measures.get("errors_after") or 0
    counts = [failure.measures.get(name) or 0 for name in ("all_events", "events", "errors")]
    return bool(
        change.confidence >= SURE_CHANGE
        and change.start - CLOCKS_DIFFER <= failure.start <= change.end
        and max(counts) * 2 >= since > 0
    )

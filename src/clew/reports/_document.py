"""What a report says, before it is written: sections of sentences, tables, charts and findings.

All text is as the sources wrote it; whoever writes the document makes it harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clew.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text; `figures` names the columns of numbers, which stand to the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each name; the table beside it has the same numbers. `said` stands at each end."""

    label: str
    names: Sequence[str]
    values: Sequence[float]
    said: Sequence[str]


@dataclass(frozen=True, slots=True)
class TimeBars:
    """A bar for each stretch of time that has one; stretches are `width_s` long."""

    label: str
    value_name: str
    starts: Sequence[datetime]
    width_s: int
    values: Sequence[float]
    said: Sequence[str]


@dataclass(frozen=True, slots=True)
class Proof:
    """A finding in full, with its evidence; `rank` 1 is the most important."""

    rank: int
    finding: Finding


Block = str | Table | Bars | TimeBars | Proof


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Document:
    """A report. `summary` are sentences, the first of which is the headline."""

    title: str
    summary: Sequence[str]
    sections: Sequence[Section]
    made_by: str

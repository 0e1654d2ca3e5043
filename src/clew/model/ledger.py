"""The ledger: what came in, and where every line of it went.

For every source, lines = events + continuation + blanks + rejects. An ingest that cannot say so
stores nothing of that source and says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Status = Literal["new", "grown", "known", "failed"]


@dataclass(slots=True)
class Count:
    """Where the lines of a source, or of a part of it, went."""

    lines: int = 0
    events: int = 0
    continuation: int = 0
    blanks: int = 0
    rejects: int = 0

    @property
    def is_balanced(self) -> bool:
        """Whether no line is missing and none was counted twice."""
        return self.lines == self.events + self.continuation + self.blanks + self.rejects


@dataclass(slots=True)
class SourceRow:
    """One source of an ingest, as `clew ingest` shows it.

    source    path, or - for standard input
    sha256    of its bytes on disk
    status    new; grown (only the new part was added); known (nothing was added); failed
    note      what a person should know, a sentence, else ""
    """

    source: str
    sha256: str = ""
    format: str = ""
    timezone: str = "UTC"
    count: Count = field(default_factory=Count)
    redacted: dict[str, int] = field(default_factory=dict)
    source_id: str = ""
    digest: str = ""
    status: Status = "new"
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object of `clew ingest --output json`."""
        return {
            "source": self.source,
            "source_id": self.source_id,
            "sha256": self.sha256,
            "format": self.format,
            "timezone": self.timezone,
            "lines": self.count.lines,
            "events": self.count.events,
            "continuation": self.count.continuation,
            "blanks": self.count.blanks,
            "rejects": self.count.rejects,
            "redacted": self.redacted,
            "digest": self.digest,
            "status": self.status,
            "note": self.note,
        }


@dataclass(slots=True)
class Ledger:
    """Every source of one ingest, and what went wrong, one sentence each."""

    sources: list[SourceRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """3 where an input could not be read or a ledger does not balance, else 0."""
        return 3 if self.problems else 0


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the stored rows are those that were ingested; what was found, one sentence each."""

    ok: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """What a command took out of one source for good.

    removed  rows that are gone
    emptied  rows that stay without what people wrote
    """

    source_id: str
    source: str
    removed_at: datetime
    command: str
    removed: int
    emptied: int

    @property
    def sentence(self) -> str:
        """
        >>> Removal("1f", "a.log", datetime(2026, 1, 2), "retain --older-than 90d", 3, 0).sentence
        "a.log: 3 events were removed at 2026-01-02T00:00:00Z by 'retain --older-than 90d'."
        """
        rows = self.removed or self.emptied
        what = "removed" if self.removed else "emptied of what people wrote"
        were = "event was" if rows == 1 else "events were"
        at = self.removed_at.isoformat(timespec="seconds")
        return f"{self.source}: {rows:,} {were} {what} at {at}Z by '{self.command}'."

    def as_json(self) -> dict[str, Any]:
        """One object of the commands' JSON."""
        return {
            "source": self.source,
            "source_id": self.source_id,
            "removed_at": self.removed_at,
            "command": self.command,
            "removed": self.removed,
            "emptied": self.emptied,
        }

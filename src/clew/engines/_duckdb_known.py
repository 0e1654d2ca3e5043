"""The sources that a case holds already: a file that is one of them again, or one that has grown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clew.engines.duckdb import DuckDBEngine
from clew.model.redaction import Policy


@dataclass(frozen=True, slots=True)
class Known:
    """A source that the case already holds.

    end        where it ends in the uncompressed source
    lines      number of the last line, counted from the start of the source
    redaction  what was taken out of it, see `Redactor.words`
    """

    source_id: str
    content_sha256: str
    root_sha256: str
    end: int
    lines: int
    format: str
    uri: str
    redaction: str

    def told(self, uri: str, policy: Policy) -> str:
        """What a person should know of a file that is this source again."""
        where = "" if self.uri == uri else f" as {self.uri}"
        said = f"{uri} is already in the case{where}: nothing was added."
        then = self.redaction.partition(", key ")[0]
        if then == policy.words:
            return said
        return (
            f"{said} It was redacted as '{then}' then: to have it redacted as '{policy.words}', ingest "
            "it into another case."
        )


def known_sources(engine: DuckDBEngine) -> list[Known]:
    """The files that the case holds, newest last: what came over the wire does not grow."""
    rows = engine.workbench.execute(
        "SELECT source_id, content_sha256, root_sha256, start + size, format, uri, "
        "first_line + lines - 1, redaction FROM sources WHERE uri NOT LIKE 'otlp://%' ORDER BY position"
    ).fetchall()
    return [
        Known(source_id, content, root, end, int(lines), format_, uri, redaction)
        for source_id, content, root, end, format_, uri, lines, redaction in rows
    ]


def longest_prefix(known: Sequence[Known], prefixes: Mapping[int, str], size: int) -> Known | None:
    """The source that a file of this size continues: its bytes are the first bytes of the file.

    prefixes  sha256 of the file's first bytes, by their number
    """
    earlier = [k for k in known if 0 < k.end < size and prefixes.get(k.end) == k.content_sha256]
    return max(earlier, key=lambda k: k.end, default=None)


def resume(engine: DuckDBEngine, known: Known, *, is_line_open: bool) -> tuple[int, int]:
    """Where the new part of a grown source begins: its first byte and the number of its first line.

    A last line that had no newline yet and could not be read is read again as a whole; one that
    was an event stays, and what has come behind it begins the new part.
    """
    if not is_line_open:
        return known.end, known.lines + 1
    last = engine.run(
        "SELECT byte_offset, line FROM rejects "
        f"WHERE source_id = '{known.source_id}' AND line = {known.lines}"
    ).rows
    return last[0] if last else (known.end, known.lines)

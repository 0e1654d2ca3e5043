"""A case for the runner: rows in, rows expected. An example in a file is also its test.

Rows are canonical columns; what a row leaves out is NULL. `event_id`, `source_id`, `line` and
`byte_offset` are filled in by the runner where a row does not state them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One example of an analysis or a detection.

    name    the law it shows, as a sentence
    rows    events: canonical column to value; times as datetime (UTC, naive) or RFC 3339 text
    expect  the rows that must come back, in order: the named columns are compared, others are not
    options keyword arguments for the function
    gaps    engine to "notimpl: why", "notyet: why" or "never: why"; strict: one that closes is seen
    """

    name: str
    rows: list[dict[str, Any]]
    expect: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict)
    gaps: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One example of a format: the text of a file and the events that must come out of it.

    text    the file, or what makes its bytes
    expect  one dict an event, in order: the named columns are compared, others are not
    name    what it shows, e.g. the library and version that wrote it
    rejects how many lines do not parse
    options settings of the parse, such as timezone or log_format
    """

    text: str | bytes | Callable[[], bytes]
    expect: list[dict[str, Any]]
    name: str = ""
    rejects: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def content(self) -> bytes:
        """The bytes of the file."""
        if callable(self.text):
            return self.text()
        return self.text if isinstance(self.text, bytes) else self.text.encode()

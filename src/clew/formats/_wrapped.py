"""Lines that a container runtime wrapped: the inner line is parsed in turn by its own format.

Docker    {"log":"<inner>\\n","stream":"stdout","time":"2026-11-20T09:00:00.123456789Z"}
CRI       2026-11-20T09:00:00.123456789Z stdout F <inner>       P: the line goes on in the next one

The runtime's time stands in where the inner line has none; `stream` becomes an attribute. A container
writes access lines and tracebacks into one log: what the inner format cannot read another one may. What
neither can is still an event, with the line as its message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb
import numpy as np
from numpy.typing import NDArray

from clew.formats import Lines, Parser, Settings
from clew.formats._members import columns_of
from clew.formats._time import iso_sql

Wrapper = Literal["docker", "cri"]
CRI_LINE = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) [FP] (.*)")
CRI_SQL = "^[0-9T:.Z+-]+ (stdout|stderr) [FP] "
DOCKER_KEYS = {"log", "stream", "time", "attrs"}
DOCKER_PREFIXES = (b'{"log":"', b'{"log": "')
"""As Docker writes it, and as a tool does that wrote it anew."""
ERROR_STREAM = re.compile(rb'"stream": ?"stderr"|(?m:^[0-9T:.Z+-]+ stderr [FP] )')
SPACE = 32


@dataclass(slots=True)
class WrappedParser:
    """Unwraps records and hands them to the parser of the inner lines; `rest` parses what that rejects."""

    wrapper: Wrapper
    inner: Parser
    settings: Settings
    rest: WrappedParser | None = None

    def heads(self, lines: Lines) -> NDArray[np.bool_] | None:
        """The inner lines say what begins a record, and so does another stream; the rest of a split line
        never does."""
        starts = self._inner_starts(lines)
        heads = self.inner.heads(Lines(lines.text, starts, np.maximum(starts, lines.ends)))
        if heads is not None:
            is_error = np.zeros(len(lines.starts), dtype=np.bool_)
            found = [match.start() for match in ERROR_STREAM.finditer(lines.text.tobytes())]
            is_error[np.searchsorted(lines.starts, found, side="right") - 1] = True
            heads[1:] |= is_error[1:] != is_error[:-1]
        if self.wrapper == "docker":
            return heads
        is_partial = lines.text[np.maximum(starts - 2, lines.starts)] == ord("P")
        follows = np.concatenate(([False], is_partial[:-1]))
        if heads is None:
            return ~follows if follows.any() else None
        return heads & ~follows

    def _inner_starts(self, lines: Lines) -> NDArray[np.int64]:
        if self.wrapper == "docker":
            starts = lines.starts
            for prefix in DOCKER_PREFIXES:
                starts = np.where(lines.begins_with(prefix), lines.starts + len(prefix), starts)
            return starts
        spaces = np.flatnonzero(lines.text == SPACE)
        third = np.searchsorted(spaces, lines.starts) + 2
        found = third < len(spaces)
        places = np.where(
            found, spaces[np.minimum(third, len(spaces) - 1)] if len(spaces) else 0, 0
        )
        return np.where(found & (places < lines.ends), places + 1, lines.starts)

    def select(self, workbench: duckdb.DuckDBPyConnection, records: str) -> str:
        """The inner parser's SELECT, completed from the wrapper."""
        workbench.execute(
            f"CREATE OR REPLACE TEMP TABLE unwrapped AS SELECT line, lines, byte_offset, "
            f"{self._outer()} FROM {records}"
        )
        inner = self.inner.select(
            workbench, "(SELECT line, lines, byte_offset, inner_text AS text FROM unwrapped)"
        )
        names = columns_of(workbench, inner)
        kept = [f"i.{name}" for name in names if name not in REPLACED]

        def of_inner(name: str) -> str:
            return f"i.{name}" if name in names else "NULL"

        stream = "'{\"stream\":' || to_json(u.stream) || '}'"
        attributes = of_inner("attributes")
        rejected = "NULL::VARCHAR" if self.rest is None else of_inner("reject")
        return (
            f"SELECT {', '.join(kept)}, {rejected} AS reject, "
            f"coalesce({of_inner('message')}, CASE WHEN {of_inner('reject')} IS NOT NULL "
            "THEN u.inner_text END) AS message, "
            f"coalesce({of_inner('timestamp')}, u.at) AS timestamp, "
            f"CASE WHEN {of_inner('timestamp')} IS NULL THEN u.at_text "
            f"ELSE {of_inner('timestamp_text')} END AS timestamp_text, "
            f"CASE WHEN {attributes} IS NULL THEN {stream} ELSE json_merge_patch({stream}, "
            f"{attributes})::VARCHAR END AS attributes "
            f"FROM ({inner}) i JOIN unwrapped u USING (byte_offset)"
        )

    def _outer(self) -> str:
        """SQL of the columns inner_text, at, at_text and stream."""
        if self.wrapper == "docker":
            lines = "string_split(text, chr(10))"
            inner = (
                f"rtrim(array_to_string(list_transform({lines}, lambda l: "
                "coalesce(json_extract_string(try_cast(l AS JSON), '/log'), l)), ''), chr(10))"
            )
            first = f"try_cast({lines}[1] AS JSON)"
            at = f"json_extract_string({first}, '/time')"
            stream = f"json_extract_string({first}, '/stream')"
        else:
            joined = f"regexp_replace(text, '(?m)^[0-9T:.Z+-]+ (stdout|stderr) P (.*)\\n{CRI_SQL[1:]}', '\\2', 'g')"
            inner = f"regexp_replace({_repeated(joined)}, '(?m){CRI_SQL}', '', 'g')"
            at, stream = "split_part(text, ' ', 1)", "split_part(text, ' ', 2)"
        return (
            f"{inner} AS inner_text, {at} AS at_text, {iso_sql(at, self.settings)} AS at, "
            f"{stream} AS stream"
        )


REPLACED = ("reject", "message", "timestamp", "timestamp_text", "attributes")


def _repeated(joined: str) -> str:
    """Parts of one line that was split in many are joined in pairs; a tail of `P` loses its mark."""
    return joined.replace("text,", f"{joined},", 1)


def unwrap(head: bytes) -> tuple[Wrapper, bytes] | None:
    """Which runtime wrapped these lines, and the inner lines; None where none did."""
    lines = [line for line in head.split(b"\n")[:200] if line.strip()]
    if len(lines) > 1 and not head.endswith(b"\n"):
        lines.pop()
    if lines and all(CRI_LINE.match(line) for line in lines):
        return "cri", b"\n".join(m[1] for line in lines if (m := CRI_LINE.match(line)))
    inner = []
    for line in lines:
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(document, dict) or not {"log", "stream"} <= set(document) <= DOCKER_KEYS:
            return None
        inner.append(str(document["log"]).rstrip("\n").encode(errors="replace"))
    return ("docker", b"\n".join(inner)) if inner else None


def wrapped(
    found: tuple[Wrapper, bytes],
    settings: Settings,
    parse_inner: Callable[[bytes], Sequence[Parser]],
) -> WrappedParser:
    """A parser for wrapped lines; `parse_inner` picks the formats of the inner ones."""
    wrapper, inner = found
    parser: WrappedParser | None = None
    for one in reversed(parse_inner(inner + b"\n")):
        parser = WrappedParser(wrapper, one, settings, parser)
    assert parser is not None, "BUG: no parser of the lines within"
    return parser

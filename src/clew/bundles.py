"""Small files of one format, which are read together: a folder may hold thousands of them.

Exports of telemetry are many files of a few hundred spans, and services that are many leave many short
logs. Each is looked at and hashed by itself, and taken apart into its messages or lines; what costs most,
the SQL, then runs once for all that one parser reads. Files that are known, that have grown, that are
damaged, empty or read by themselves are read alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass

from clew import registry
from clew.engines._duckdb_known import Known
from clew.errors import InputError
from clew.formats import BatchParser, ElementParser, FileParser, Parser, Settings
from clew.formats._fields import Units
from clew.formats._records import Records, read_records
from clew.formats._telemetry.rows import Telemetry
from clew.sources.files import Identity, SourceFile, not_text

SMALL_BYTES = 4 << 20
BUNDLE_BYTES = 32 << 20
"""Of all files that wait to be read together."""
MOST_FILES = 250
SURE = 0.95
"""How sure the format of the file before must be of a file, for no other to be asked."""
KEY = re.compile(rb'"([^"\\\s]{1,80})" ?:|(?<![\w.@-])([A-Za-z_@][\w.@-]{0,79})=')
"""A key of JSON, or of a pair; a word is looked at once, however long it is."""
MOST_KEYS, NEW_KEYS = 100, 0.25
"""Keys of all files of a bundle, and the share of them that one more file may add: the SQL grows with
the keys, and takes longer to plan than the files to read."""


@dataclass(frozen=True, slots=True)
class Alone:
    """A file that is read alone.

    identity    of the file, None where it has not been read yet
    is_related  whether it may be a copy or a longer copy of a file before it
    """

    source: SourceFile
    identity: Identity | None = None
    is_related: bool = True


@dataclass(frozen=True, slots=True)
class Small:
    """A small source, taken apart.

    told    what its parser was told
    parser  of its lines; as good for every other of its bundle
    keys    of its first lines, where the parser's SQL depends on them
    """

    source: SourceFile
    identity: Identity
    format: str
    told: Settings
    rows: Telemetry | Records
    parser: Parser
    keys: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class _Group:
    """Sources that go together, and all their keys."""

    smalls: list[Small] = field(default_factory=list)
    keys: frozenset[bytes] = frozenset()

    def takes(self, small: Small) -> bool:
        """Whether one more source goes with these."""
        one, keys = self.smalls[0], self.keys | small.keys
        return (
            (one.format, one.told) == (small.format, small.told)
            and (isinstance(small.rows, Telemetry) or one.parser == small.parser)
            and (
                len(keys) == len(self.keys)
                or (len(keys) <= MOST_KEYS and len(keys) - len(self.keys) <= NEW_KEYS * len(keys))
            )
        )

    def add(self, small: Small) -> None:
        """Takes it in."""
        self.smalls.append(small)
        self.keys |= small.keys


def bundles(
    files: Sequence[SourceFile],
    known: Sequence[Known],
    settings: Settings,
    format_of: Callable[[bytes], str],
) -> Iterator[Alone | list[Small]]:
    """The files: those that are read alone, and bundles of others; what a file may be a copy of comes
    before it.

    known      what the case holds
    format_of  tells the format of a file by its first bytes
    """
    looker = _Looker(known, settings, format_of)
    held: list[_Group] = []
    size = 0
    for source in files:
        looked = looker.look(source)
        if isinstance(looked, Alone):
            if looked.is_related:
                yield from (group.smalls for group in held)
                held, size = [], 0
            yield looked
            continue
        size += looked.identity.size
        if size > BUNDLE_BYTES:
            yield from (group.smalls for group in held)
            held, size = [], looked.identity.size
        group = next((one for one in held if one.takes(looked)), None)
        if group is None:
            held.append(group := _Group())
        group.add(looked)
        if len(group.smalls) == MOST_FILES:
            yield group.smalls
            held.remove(group)
            size -= sum(small.identity.size for small in group.smalls)
    yield from (group.smalls for group in held)


def is_guessing(parser: object) -> bool:
    """Whether a parser had to guess a unit from the values: each file is then to be guessed by its own."""
    if isinstance(parser, Units):
        return bool(parser.guessed)
    if isinstance(parser, list):
        return any(map(is_guessing, parser))
    if not is_dataclass(parser):
        return False
    return any(is_guessing(getattr(parser, one.name, None)) for one in fields(parser))


class _Looker:
    """Looks at one file after the other, and remembers whose bytes it has seen."""

    def __init__(
        self, known: Sequence[Known], settings: Settings, format_of: Callable[[bytes], str]
    ) -> None:
        self.settings, self.format_of = settings, format_of
        self.seen = {one.content_sha256 for one in known}
        self.ends = {one.end for one in known if one.end}
        self.last = ""

    def look(self, source: SourceFile) -> Small | Alone:
        """The file with its rows, or that it is to be read alone."""
        try:
            if source.path.stat().st_size > SMALL_BYTES:
                return Alone(source)
            identity = source.identify(self.ends)
            is_new = self.seen.isdisjoint({identity.content_sha256, *identity.prefixes.values()})
            self.seen.add(identity.content_sha256)
            if identity.size:
                self.ends.add(identity.size)
            alone = Alone(source, identity, is_related=not is_new)
            if not is_new or identity.problem or not 0 < identity.size <= SMALL_BYTES:
                return alone
            return self._taken_apart(source, identity) or alone
        except (InputError, OSError):  # whoever reads it alone says why
            return Alone(source)

    def _taken_apart(self, source: SourceFile, identity: Identity) -> Small | None:
        told = self.settings.of_year(source.modified_year())
        format = self._format(identity.head)
        parser: Parser = registry.load("formats", format).parse(identity.head, told)
        rows = self._rows(source, identity, parser)
        if rows is None or (format == "text" and not_text(identity.head)):
            return None
        keys = _keys(identity.head) if hasattr(parser, "units") or hasattr(parser, "inner") else ()
        return Small(source, identity, format, told, rows, parser, frozenset(keys))

    def _rows(
        self, source: SourceFile, identity: Identity, parser: Parser
    ) -> Telemetry | Records | None:
        """All rows of a file; None where they do not come as one batch of messages or of lines."""
        if isinstance(parser, BatchParser):
            batches = list(parser.batches(source.pieces(0, identity.size), 1))
            one = batches[0] if len(batches) == 1 else None
            return one if isinstance(one, Telemetry) else None
        self.last = ""  # formats of lines are sure of much that is another's
        if isinstance(parser, FileParser):
            return None
        if isinstance(parser, ElementParser) and parser.elements is not None:
            return None
        parts = list(read_records(source.blocks(0, identity.size), parser.heads))
        return parts[0] if len(parts) == 1 and len(parts[0]) else None

    def _format(self, head: bytes) -> str:
        if not (self.last and registry.load("formats", self.last).sniff(head) >= SURE):
            self.last = self.format_of(head)
        return self.last


def _keys(head: bytes) -> set[bytes]:
    return {json or pair for json, pair in KEY.findall(head)}

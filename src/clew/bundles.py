"""Small files of one format, which are read together: a folder may hold thousands of them.

What telemetry is exported to is many files of a few hundred spans. Each is looked at by itself, and its
messages are decoded; what costs most, the SQL, then runs once for all. Files that are known, that have
grown, that are damaged or hold lines are read alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clew import registry
from clew.engines._duckdb_known import Known
from clew.errors import InputError
from clew.formats import BatchParser, Settings
from clew.formats._telemetry.rows import Telemetry
from clew.sources.files import Identity, SourceFile

SMALL_BYTES = 4 << 20
BUNDLE_BYTES = 32 << 20
MOST_FILES = 250
SURE = 0.95
"""How sure the format of the file before must be of a file, for no other to be asked."""


@dataclass(frozen=True, slots=True)
class Small:
    """A small source, decoded.

    told  what its parser was told
    """

    source: SourceFile
    identity: Identity
    format: str
    told: Settings
    rows: Telemetry


def bundles(
    files: Sequence[SourceFile],
    known: Sequence[Known],
    settings: Settings,
    format_of: Callable[[bytes], str],
) -> Iterator[SourceFile | list[Small]]:
    """The files in their order: those that are read alone, and bundles of others of one format.

    known      what the case holds
    format_of  tells the format of a file by its first bytes
    """
    looker = _Looker(known, settings, format_of)
    held: list[Small] = []
    for source in files:
        small = looker.look(source)
        if held and not (small and _fits(held, small)):
            yield held
            held = []
        if small is None:
            yield source
        else:
            held.append(small)
    if held:
        yield held


def _fits(held: Sequence[Small], small: Small) -> bool:
    """Whether it goes with the others."""
    size = sum(other.identity.size for other in held)
    is_room = len(held) < MOST_FILES and size + small.identity.size <= BUNDLE_BYTES
    return is_room and (held[0].format, held[0].told) == (small.format, small.told)


class _Looker:
    """Looks at one file after the other, and remembers whose bytes it has seen."""

    def __init__(
        self, known: Sequence[Known], settings: Settings, format_of: Callable[[bytes], str]
    ) -> None:
        self.settings, self.format_of = settings, format_of
        self.seen = {one.content_sha256 for one in known}
        self.ends = {one.end for one in known if one.end}
        self.last = ""

    def look(self, source: SourceFile) -> Small | None:
        """The file with its rows; None where it is to be read alone."""
        try:
            if source.path.stat().st_size > SMALL_BYTES:
                return None
            identity = source.identify(self.ends)
            is_new = self.seen.isdisjoint({identity.content_sha256, *identity.prefixes.values()})
            self.seen.add(identity.content_sha256)
            if not is_new or identity.problem or not 0 < identity.size <= SMALL_BYTES:
                return None
            self.ends.add(identity.size)
            return self._decoded(source, identity)
        except (InputError, OSError):  # whoever reads it alone says why
            return None

    def _decoded(self, source: SourceFile, identity: Identity) -> Small | None:
        told = self.settings.of_year(source.modified_year())
        format = self._format(identity.head)
        parser = registry.load("formats", format).parse(identity.head, told)
        if not isinstance(parser, BatchParser):
            self.last = ""  # formats of lines are sure of much that is another's
            return None
        found = list(parser.batches(source.pieces(0, identity.size), 1))
        if len(found) != 1 or not isinstance(found[0], Telemetry):
            return None
        return Small(source, identity, format, told, found[0])

    def _format(self, head: bytes) -> str:
        if not (self.last and registry.load("formats", self.last).sniff(head) >= SURE):
            self.last = self.format_of(head)
        return self.last

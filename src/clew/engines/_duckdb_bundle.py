"""Small sources of one format, on their way into the case together.

To plan one SELECT of a format takes longer than to parse a small file with it. So the rows of many
files are parsed, priced, redacted and inserted at once, and each source notes what is its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clew.engines._duckdb_digest import Batches
from clew.engines._duckdb_ledger import Load, insert
from clew.formats._records import Records


@dataclass(slots=True)
class Bundle(Load):
    """The rows of these sources, which say in `source_id` whose they are.

    loads    source_id to the source
    refused  source_id to the rejects of `add`: line, byte offset, reason
    """

    loads: Mapping[str, Load] = field(default_factory=dict)
    refused: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)

    def _store(self, batches: Batches, format_name: str) -> None:
        with self.bench.cursor() as bench:
            own = {
                source_id: batches.only(
                    bench, f"WHERE source_id = '{source_id}' ORDER BY byte_offset, part"
                )
                for source_id in self.loads
            }
            insert(
                self.engine,
                Batches(batches.schema, [array for part in own.values() for array in part.arrays]),
            )
            for source_id, part in own.items():
                if len(part):
                    self.loads[source_id].note(bench, part, format_name)
        for source_id, load in self.loads.items():
            load.redactor.counts.update(self.redactor.counts_of.pop(source_id, {}))
            load.redactor.used_key = self.redactor.used_key

    def _rejects(
        self, select: str, batches: Batches, source: Records | None
    ) -> list[tuple[int, int, str]]:
        """Nothing: what did not become an event is kept in `refused`, by source."""
        rows = self.bench.execute(
            f"SELECT source_id, line, byte_offset, reject FROM ({select}) WHERE reject IS NOT NULL "
            "ORDER BY byte_offset"
        ).fetchall()
        for source_id, *reject in rows:
            self.refused.setdefault(source_id, []).append(tuple(reject))
        return []

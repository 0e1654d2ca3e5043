"""Rows with the same attributes in the same order, as most spans of one operation are: a column at a time.

Where an exporter writes the attributes of a span as pairs, their names are looked at once for all spans
that have the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from clew.formats._telemetry.columns import member
from clew.formats._telemetry.gathered import Gathered
from clew.formats._telemetry.json_typed import Pair, Value, plain_column, plain_values
from clew.formats._telemetry.leaves import CONTENT, ROLE, TURN, folded_into
from clew.formats._telemetry.signals import role_of

KEY, VALUE = attrgetter("key"), attrgetter("value")


@dataclass(slots=True)
class Shapes:
    """Rows on their way to a `Gathered`: names in their order, to rows and their values."""

    gathered: Gathered
    rows: dict[tuple[str, ...], tuple[list[int], list[list[Value | None]]]] = field(
        default_factory=dict
    )

    def add(self, row: int, pairs: Sequence[Pair]) -> None:
        """The attributes of a row."""
        names = tuple(map(KEY, pairs))
        shape = self.rows.get(names)
        if shape is None:
            if len(set(names)) < len(names):  # of two of one name the last counts
                self.gathered.add(row, plain_values(list(pairs)))
                return
            shape = self.rows[names] = ([], [])
        shape[0].append(row)
        shape[1].append(list(map(VALUE, pairs)))

    def gather(self) -> None:
        """Hands all rows over."""
        for names, (rows, values) in self.rows.items():
            columns = {
                name: plain_column(of)
                for name, of in zip(names, zip(*values, strict=True), strict=True)
            }
            leaves = [name for name in columns if role_of(name) == "leaf"]
            self._add_leaves(rows, {name: columns.pop(name) for name in leaves})
            for name, of in columns.items():
                if role_of(name) == "column":
                    self.gathered.add_column(name, rows, of)
                    continue
                self.gathered.names.add(name)
                rest = self.gathered.rest
                for row, value in zip(rows, of, strict=True):
                    rest[row].append(member(name, value))
        self.rows = {}

    def _add_leaves(self, rows: Sequence[int], columns: dict[str, list[Any]]) -> None:
        """Structures that are one turn of text go as a whole, those of other shapes leaf by leaf."""
        inside: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name in columns:
            base, path = folded_into(name) or ("", ())
            inside.setdefault(base, []).append((path, name))
        for base, parts in inside.items():
            said = {path: columns[name] for path, name in parts}
            is_turn = len(parts) == len(TURN) and said.keys() == TURN
            if is_turn and all(set(map(type, texts)) == {str} for texts in said.values()):
                self.gathered.turns.setdefault(base, []).extend(
                    zip(rows, said[ROLE], said[CONTENT], strict=True)
                )
                for _, name in parts:
                    del columns[name]
        for name, of in columns.items():
            for row, value in zip(rows, of, strict=True):
                self.gathered.leaves.setdefault(row, []).append((name, value))

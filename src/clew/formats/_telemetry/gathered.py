"""Attributes that Python holds, of many rows, to columns: what JSON and the metrics decoder hand over."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clew.formats._telemetry.columns import Column, column, member, members
from clew.formats._telemetry.leaves import Turn, single_turns, turns_of
from clew.formats._telemetry.raised import EXCEPTION
from clew.formats._telemetry.signals import NONE, Rows, Scope, plain, role_of


@dataclass(slots=True)
class Gathered:
    """Rows on their way to `Rows`, in order.

    payload, scope  of each row
    values          attribute with a meaning to its rows and their values
    rest            the members of a JSON object of each row, for attributes without
    """

    scopes: list[Scope] = field(default_factory=list)
    payload: list[int] = field(default_factory=list)
    scope: list[int] = field(default_factory=list)
    values: dict[str, tuple[list[int], list[Any]]] = field(default_factory=dict)
    rest: list[list[str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    leaves: dict[int, list[tuple[str, Any]]] = field(default_factory=dict)
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    rejects: dict[int, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Rows so far."""
        return len(self.rest)

    def begin(self, payload: int, scope: int | None = None) -> int:
        """A new row, in this scope or else the last one; gives its number."""
        self.payload.append(payload)
        self.scope.append(len(self.scopes) - 1 if scope is None else scope)
        self.rest.append([])
        return len(self.rest) - 1

    def add(self, row: int, attributes: Mapping[str, Any]) -> None:
        """The attributes of a row; those without a value are left out."""
        roles, values = self.roles, self.values
        for name, given in attributes.items():
            if name in values:
                if given is None or (given == NONE and name not in EXCEPTION):
                    continue
                rows, found = values[name]
                rows.append(row)
                found.append(plain(name, given) if type(given) is list else given)
                continue
            role = roles.get(name)
            if role is None:
                role = roles[name] = role_of(name)
            if role == "column":
                values[name] = ([], [])
                self.add(row, {name: given})
            elif role == "leaf":
                self.leaves.setdefault(row, []).append((name, given))
            else:
                self.names.add(name)
                self.rest[row].append(member(name, given))

    def add_column(self, name: str, rows: Sequence[int], given: Sequence[Any]) -> None:
        """The values that these rows have of one attribute, which fills a column."""
        if list in set(map(type, given)) or NONE in given or None in given:
            for row, value in zip(rows, given, strict=True):
                self.add(row, {name: value})
            return
        own_rows, found = self.values.setdefault(name, ([], []))
        own_rows.extend(rows)
        found.extend(given)

    def rows(
        self,
        direct: Mapping[str, Column | None],
        *,
        said: Mapping[str, dict[int, Any]] | None = None,
        raised: Mapping[int, dict[str, Any]] | None = None,
        starts_ns: Sequence[int] = (),
    ) -> Rows:
        """All rows, with the columns that their own fields fill."""
        leaves = single_turns(self.leaves, self.turns)
        return Rows(
            size=self.size,
            payload=np.array(self.payload, np.int64),
            scope=np.array(self.scope, np.int64),
            scopes=self.scopes,
            direct={name: values for name, values in direct.items() if values is not None},
            attributes={
                name: column(*in_order(rows, found), self.size)
                for name, (rows, found) in self.values.items()
                if rows
            },
            names=frozenset(self.names),
            rest=[members(found) for found in self.rest],
            turns={base: turns_of(told) for base, told in self.turns.items()},
            leaves=leaves,
            said=dict(said or {}),
            raised=dict(raised or {}),
            starts_ns=starts_ns,
            rejects=self.rejects,
        )


def in_order(rows: list[int], values: list[Any]) -> tuple[list[int], list[Any]]:
    """Both in ascending order of the rows."""
    if all(map(operator.lt, rows, rows[1:])):
        return rows, values
    order = np.argsort(np.array(rows), kind="stable").tolist()
    return [rows[at] for at in order], [values[at] for at in order]


def filled(values: Sequence[Any]) -> Column | None:
    """A column from one value a row; None where no row has one."""
    rows = [row for row, value in enumerate(values) if value is not None]
    return column(rows, [values[row] for row in rows], len(values)) if rows else None


def unsigned(values: Sequence[int]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Nanoseconds as the columns of times want them; what has no place in 64 bits is none."""
    return np.array([value if 0 <= value < 1 << 64 else 0 for value in values], np.uint64)

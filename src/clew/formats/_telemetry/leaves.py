"""Attributes that are leaves of one structure: llm.input_messages.0.message.content and its like.

A structure that is no more than the role and the text of one turn of a conversation, as most are, is
kept as such; all others are put together leaf by leaf.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.formats._telemetry.columns import Column, Ints, json_text, needs_escape, text_column
from clew.formats._telemetry.conversation import Tree, steps_of
from clew.model.vocabulary import INDEXED

ROLE, CONTENT = ("0", "role"), ("0", "content")
TURN = {ROLE, CONTENT}
"""The leaves of a structure that is one turn."""
Turn = tuple[int, str, str]
"""Row, role and text."""


@lru_cache(maxsize=4_096)
def folded_into(name: str) -> tuple[str, tuple[str, ...]] | None:
    """The structure that an indexed key is a leaf of, and its path within; None for other keys."""
    for pattern, base in INDEXED:
        if found := re.match(pattern, name):
            return base, steps_of(".".join(found.groups()).split("."))
    return None


def fold(
    leaves: Mapping[int, Sequence[tuple[str, Any]]], said: Mapping[str, dict[int, Any]]
) -> dict[str, dict[int, Any]]:
    """Structures from indexed keys, and those that events tell: name of the structure, row, value."""
    found: dict[str, dict[int, Any]] = {name: dict(of) for name, of in said.items()}
    for row, pairs in leaves.items():
        inside: dict[str, Tree] = {}
        for name, value in pairs:
            into = folded_into(name)
            assert into is not None, "BUG: a key is folded that has no index"
            base, path = into
            if base not in inside:
                inside[base] = Tree()
            inside[base].add(path, value)
        for base, tree in inside.items():
            if base not in found:
                found[base] = {}
            found[base][row] = tree.value()
    return found


@dataclass(frozen=True, slots=True)
class Turns:
    """Conversations of one turn each: row, role and text in UTF-8."""

    rows: Ints
    roles: Sequence[bytes]
    texts: Sequence[bytes]

    def column(self, size: int) -> Column:
        """They as JSON: a list with one message."""
        starts = {role: _opening(role) for role in set(self.roles)}
        found = [
            starts[role]
            + (json_text(text.decode()).encode() if is_odd else b'"' + text + b'"')
            + b"}]"
            for role, text, is_odd in zip(
                self.roles, self.texts, needs_escape(self.texts).tolist(), strict=True
            )
        ]
        return text_column(self.rows, found, size, "json", frozenset({"ARRAY"}))

    def by(self, roles: frozenset[str], without: NDArray[np.bool_]) -> Turns:
        """Those of one side, of rows that are not among the others."""
        own = {role for role in set(self.roles) if role.decode(errors="replace").lower() in roles}
        chosen = [
            place
            for place, (row, role) in enumerate(zip(self.rows.tolist(), self.roles, strict=True))
            if role in own and not without[row] and self.texts[place]
        ]
        return Turns(
            self.rows[chosen], [self.roles[at] for at in chosen], [self.texts[at] for at in chosen]
        )


def single_turns(
    leaves: Mapping[int, Sequence[tuple[str, Any]]], turns: dict[str, list[Turn]]
) -> dict[int, list[tuple[str, Any]]]:
    """Adds the structures that are the role and the text of one turn and no more to `turns`; gives the
    leaves of all others."""
    others: dict[int, list[tuple[str, Any]]] = {}
    for row, pairs in leaves.items():
        inside: dict[str, list[tuple[str, Any]]] = {}
        for pair in pairs:
            into = folded_into(pair[0])
            inside.setdefault(into[0] if into else "", []).append(pair)
        for base, parts in inside.items():
            said = {}
            if len(parts) == len(TURN):
                said = {(folded_into(n) or ("", ()))[1]: v for n, v in parts if type(v) is str}
            if said.keys() == TURN:
                turns.setdefault(base, []).append((row, said[ROLE], said[CONTENT]))
            else:
                others.setdefault(row, []).extend(parts)
    return others


def turns_of(told: Sequence[Turn]) -> Turns:
    """Turns in the order of their rows."""
    rows, roles, texts = zip(*sorted(told, key=itemgetter(0)), strict=True)
    return Turns(
        np.array(rows, np.int64),
        [role.encode(errors="replace") for role in roles],
        [text.encode(errors="replace") for text in texts],
    )


def _opening(role: bytes) -> bytes:
    return f'[{{"role": {json_text(role.decode(errors="replace"))}, "content": '.encode()

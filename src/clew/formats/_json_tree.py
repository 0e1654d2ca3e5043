"""What the JSON documents of a block hold: their keys, as a tree, and the types under them."""

from __future__ import annotations

from dataclasses import dataclass, field

Shape = tuple[list[str], list[list[str]], list[str | None]]
"""Keys, keys inside objects, types."""


@dataclass(slots=True)
class Node:
    """One key of the documents of a block, and what was found under it.

    path      names from the root
    types     JSON types that occur there
    children  the keys inside, where every value is an object that is worth flattening
    is_whole  it holds objects that stay one JSON value
    is_tame   no number under it needs care, see `_safe_json` of _json.py
    """

    path: tuple[str, ...]
    types: frozenset[str] = frozenset()
    children: list[Node] = field(default_factory=list)
    is_whole: bool = False
    is_tame: bool = False

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def pointer(self) -> str:
        """RFC 6901, which takes any key."""
        return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in self.path)


ROOT = Node(())


@dataclass(slots=True)
class Discovery:
    """What a block's documents hold.

    tree        the keys of the documents
    is_doubled  an object says a key twice
    rare        keys of the root beyond `MOST_KEYS`
    usual       the most common keys, keys inside objects and types, once they are known
    """

    tree: list[Node]
    is_doubled: bool
    rare: frozenset[str]
    usual: Shape | None = None

    def nodes(self) -> list[Node]:
        """Every node, parents before children."""
        found: list[Node] = []
        rest = list(self.tree)
        while rest:
            node = rest.pop(0)
            found.append(node)
            rest += node.children
        return found

    def set_types(self, types: list[set[str]]) -> None:
        """Types for `nodes()`, in that order."""
        for node, kind in zip(self.nodes(), types, strict=True):
            node.types = frozenset(kind)

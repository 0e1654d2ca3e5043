"""YAML text to documents, each with its first line; a broken one does not take the others with it.

Blind to  a line of --- inside a block of text: YAML ends the document there as well
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

MOST_BYTES = 4_000_000
"""A rule file is text that a person writes."""
MOST_NODES = 200_000
"""Values of one document, what its aliases stand for counted each time."""
DEEPEST = 40
"""Levels of nesting: what reads rules goes down them by recursion."""
_START = re.compile(r"^(?:---|\.\.\.)(?=\s|$)", re.MULTILINE)
_ID = re.compile(r"^id:\s*['\"]?([^\s'\"#]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document.

    line    of the file, from 1, where its first key stands
    text    as written, from line `first` on
    data    what it holds; None where `wrong` says why it cannot be read
    id      of the rule, where one can be seen
    """

    line: int
    text: str
    data: dict[Any, Any] | None
    id: str = ""
    wrong: str = ""

    first: int = 1

    def line_of(self, part: str) -> int:
        """The line where this key or value stands; the document's own where it does not."""
        where = self.text.find(part) if part else -1
        if where < 0:
            return self.line
        return self.first + self.text.count("\n", 0, where)


def documents(text: str) -> Iterator[Document]:
    """The documents of a file; those without content are left out."""
    begin, first = 0, 1
    starts = [match.start() for match in _START.finditer(text)]
    for end in (*starts, len(text)):
        piece = text[begin:end]
        if piece.strip():
            yield from _document(piece, first)
        first += piece.count("\n")
        begin = end


def _document(text: str, first: int) -> Iterator[Document]:
    line = first + _leading(text)
    found = _ID.search(text)
    known = found[1] if found else ""
    body = _START.sub("   ", text, count=1) if _START.match(text) else text
    if body.lstrip().startswith("%") or not _has_content(body):
        return
    try:
        data = _loaded(body)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = first + mark.line if mark else line
        yield Document(at, text, None, known, f"this is not YAML: {_words(error)}.", first)
        return
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split()) or "it is nested too deeply"
        yield Document(line, text, None, known, f"this is not YAML: {said.rstrip('.')}.", first)
        return
    if data is None:
        return
    if not isinstance(data, dict):
        said = "a rule is a table of keys, such as title and detection."
        yield Document(line, text, None, known, said, first)
        return
    yield Document(line, text, data, str(data.get("id") or known), "", first)


def _loaded(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _depth(node) > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} levels deep")
        if "&" in text and _size(node, {}) > MOST_NODES:
            raise ValueError("its aliases stand for too many values")
        return loader.construct_document(node)
    finally:
        loader.dispose()


class _Loader(yaml.CSafeLoader):
    """YAML whose dates stay text, and whose keys stand once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key '{key.value}' stands twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for first, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    if id(node) not in known:
        known[id(node)] = 1  # an alias to what it stands in
        inside = _inside(node)
        known[id(node)] = 1 + sum(_size(child, known) for child in inside)
    return known[id(node)]


def _depth(node: yaml.Node) -> int:
    """Levels of nesting, not walked further than is allowed."""
    level, depth = [node], 0
    while level and depth <= DEEPEST:
        seen = {id(child): child for parent in level for child in _inside(parent)}
        level, depth = list(seen.values()), depth + 1
    return depth


def _inside(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return []


def _has_content(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _leading(text: str) -> int:
    """Lines before the first that says something."""
    for number, line in enumerate(text.splitlines()):
        if line.strip() and not line.lstrip().startswith("#") and not _START.match(line):
            return number
    return 0


def _words(error: yaml.MarkedYAMLError) -> str:
    return " ".join(part for part in (error.context, error.problem) if part)

"""Family and name to module: a folder's listing is the registry.

`clew.analyses.error_rate` exists because `analyses/error_rate.py` does. Nothing registers itself,
and a module is imported only when it is asked for. Others add members through the entry points
"clew.<family>". Files that begin with an underscore are shared parts, not members. A detection may be
a Sigma rule as well: `detections/sigma/<name>.yml`.

    >>> "jsonl" in names("formats")
    True
    >>> load("formats", "jsonl").__name__
    'clew.formats.jsonl'
"""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from clew.errors import UnknownName

FAMILIES: dict[str, str] = {
    "sources": "source",
    "formats": "format",
    "redact": "redaction",
    "engines": "engine",
    "analyses": "analysis",
    "detections": "detection",
    "sinks": "sink",
    "reports": "report",
}
"""Folder to the singular word that a message uses."""


@cache
def names(family: str) -> tuple[str, ...]:
    """The members of a family, sorted: the files of its folder, then entry points."""
    folder = Path(__file__).parent / family
    own = {path.stem for path in folder.glob("*.py") if not path.name.startswith("_")}
    own |= {path.stem for path in folder.glob("sigma/*.yml")}
    return tuple(sorted(own | set(_points(family))))


@cache
def _points(family: str) -> dict[str, EntryPoint]:
    """Name to entry point: to look for them reads the metadata of every installed package."""
    return {point.name: point for point in entry_points(group=f"clew.{family}")}


@cache
def load(family: str, name: str) -> ModuleType:
    """The module of one member. Raises UnknownName with the nearest known name."""
    if name not in names(family):
        raise UnknownName(FAMILIES[family], name, names(family), f"'clew list {family}' shows all.")
    if (point := _points(family).get(name)) is not None:
        member: ModuleType = point.load()
        return member
    if (path := rule_path(family, name)) is not None:
        made: ModuleType = importlib.import_module("clew.sigma.member").member(path)
        return made
    return importlib.import_module(f"clew.{family}.{name}")


def rule_path(family: str, name: str) -> Path | None:
    """The YAML of a member that is a Sigma rule; None where it is a module."""
    path = Path(__file__).parent / family / "sigma" / f"{name}.yml"
    return path if path.is_file() else None

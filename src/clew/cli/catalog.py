"""`clew list` and `clew explain`: members by the docstrings of their files, columns and views.

A docstring is read from the file without running it, so that listing stays cheap.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli._request import PLAIN, PlainOutput, config, output_of

if TYPE_CHECKING:
    from clew.model.event import Column

MOST_NAMES = 40
STATED = {"NEEDS": "Needs", "REFERENCES": "Refers to", "PLAYBOOK": "Playbook"}
"""What a detection states beside its docstring: what its page says as well."""
Entry = dict[str, str]


def list_members(
    family: Annotated[
        str | None,
        typer.Argument(
            metavar="FAMILY",
            help="formats, analyses, detections, columns, views ...; without one, all.",
        ),
    ] = None,
    output: PlainOutput = None,
) -> int:
    """List formats, analyses, detections, columns and the like, a sentence each."""
    output = output_of(output, config(), PLAIN)
    from clew.cli.render import json
    from clew.errors import UnknownName

    known = families()
    if family is not None and family not in known:
        raise UnknownName("family", family, known, f"They are {', '.join(known)}.")
    if family is None:
        found = {name: [entry["name"] for entry in members(name)] for name in known}
        if output == "json":
            sys.stdout.write(json.pretty(found))
        else:
            for name, known in found.items():
                many = f"{len(known)}: 'clew list {name}' shows all"
                print(f"{name:12} {', '.join(known) if len(known) <= MOST_NAMES else many}")
        return 0
    entries = members(family)
    if output == "json":
        sys.stdout.write(json.pretty(entries))
        return 0
    width = max((len(entry["name"]) for entry in entries), default=0)
    for entry in entries:
        print(f"{entry['name']:{width}}  {entry['means']}")
    return 0


def explain(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="An analysis, a detection, a format, a column ...")
    ],
    output: PlainOutput = None,
) -> int:
    """Explain an analysis, a detection, a format, a column or a view."""
    output = output_of(output, config(), PLAIN)
    from clew.cli.render import json
    from clew.errors import UnknownName

    found = pages(name)
    if not found:
        raise UnknownName(
            "member, column or view", name, every_name(), "'clew list' says what there is."
        )
    if output == "json":
        sys.stdout.write(json.pretty(found))
        return 0
    print("\n\n".join(f"{page['name']} ({page['family']})\n\n{page['text']}" for page in found))
    return 0


def families() -> list[str]:
    """Families with members, then the nouns of the model."""
    from clew import registry

    return [*(name for name in registry.FAMILIES if registry.names(name)), "views", "columns"]


def members(family: str) -> list[Entry]:
    """Name and first sentence of each member."""
    from clew.model.event import COLUMNS

    if family == "columns":
        return [{"name": c.name, "kind": c.kind, "means": c.means} for c in COLUMNS]
    return [
        {"name": name, "means": _first_paragraph(_docstring(family, name))}
        for name in _names(family)
    ]


def pages(name: str) -> list[Entry]:
    """Every page of that name: a word may be a format and a column."""
    from clew.model.event import COLUMNS

    found = [
        {"name": name, "family": family, "text": _page(family, name)}
        for family in families()
        if family != "columns" and name in _names(family)
    ]
    found += [
        {"name": name, "family": "columns", "text": _column_text(column)}
        for column in COLUMNS
        if column.name == name
    ]
    return found


def every_name() -> list[str]:
    """All names that `explain` knows."""
    return [entry["name"] for family in families() for entry in members(family)]


def _names(family: str) -> tuple[str, ...]:
    from clew import registry

    if family == "views":
        from clew.model.views import VIEWS

        return tuple(VIEWS)
    return registry.names(family)


def _page(family: str, name: str) -> str:
    """The docstring; of a detection also what it needs, refers to, and what a playbook does about it."""
    if family != "detections":
        return _docstring(family, name)
    from clew import registry

    module = registry.load(family, name)
    lines = [_docstring(family, name)]
    for stated, label in STATED.items():
        if said := getattr(module, stated, None):
            lines += textwrap.wrap(
                _words(said), 100, initial_indent=f"{label:10}", subsequent_indent=" " * 10
            )
    return "\n".join(lines)


def _words(said: str | tuple[str, ...] | dict[str, tuple[str, ...]]) -> str:
    if isinstance(said, dict):
        return "; ".join(f"{view}: {', '.join(columns)}" for view, columns in said.items())
    return said if isinstance(said, str) else ", ".join(said)


def _docstring(family: str, name: str) -> str:
    from clew import registry

    if family == "views":
        from clew.model.views import VIEWS

        return inspect.getdoc(VIEWS[name]) or ""
    path = Path(registry.__file__).parent / family / f"{name}.py"
    if path.is_file():
        return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    if (rule := registry.rule_path(family, name)) is not None:
        from clew.sigma.page import page

        return page(rule.read_text(encoding="utf-8"))
    return inspect.getdoc(registry.load(family, name)) or ""


def _first_paragraph(text: str) -> str:
    return " ".join(text.split("\n\n", 1)[0].split())


def _column_text(column: Column) -> str:
    lines = [f"{column.means[:1].upper()}{column.means[1:]}.", ""]
    facts = {
        "Type": column.kind,
        "Group": column.group,
        "Null": "the source does not state it",
        "OpenTelemetry": column.otel,
        "ECS": column.ecs,
        "OCSF": column.ocsf,
    }
    return "\n".join([*lines, *(f"{label:13}  {fact}" for label, fact in facts.items() if fact)])

"""Placeholders: {user_id} stands for the value of a finding's subject; {id}, {kind}, {title} and {severity}
for the finding's own. Values are data: they end up in a path as one segment, in JSON as one text, in a
command as (part of) one argument, and never in a shell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from clew.model.escape import visible
from clew.model.finding import Finding

PLACE = re.compile(r"\{([a-z_]+)\}")
OWN = ("id", "kind", "title", "severity")


class Unfilled(Exception):
    """A step cannot be filled for this finding; the text says why."""


def filled_url(url: str, finding: Finding) -> str:
    """The URL with each value quoted as one segment."""
    return _filled(url, finding, _segment)


def filled_body(body: Any, finding: Finding) -> Any:
    """The values of a JSON body; keys stay as they are."""
    if isinstance(body, dict):
        return {name: filled_body(value, finding) for name, value in body.items()}
    if isinstance(body, list):
        return [filled_body(value, finding) for value in body]
    return _filled(body, finding, str) if isinstance(body, str) else body


def filled_argument(argument: str, finding: Finding) -> str:
    """One argument. A value that would be taken for an option, or acts on a terminal, is refused."""
    text = _filled(argument, finding, _harmless)
    if text.startswith("-") and not argument.startswith("-"):
        raise Unfilled(f"'{visible(text)}' would be taken for an option")
    return text


def _filled(text: str, finding: Finding, shown: Callable[[str], str]) -> str:
    return PLACE.sub(lambda found: shown(_value(found[1], finding)), text)


def _value(name: str, finding: Finding) -> str:
    if name in OWN:
        return str(getattr(finding, name))
    if name not in finding.subject:
        raise Unfilled(f"the finding names no {name}")
    return str(finding.subject[name])


def _segment(value: str) -> str:
    if value in (".", "..", ""):
        raise Unfilled(f"'{value}' is no part of a path")
    return quote(value, safe="", errors="replace")


def _harmless(value: str) -> str:
    if visible(value) != value or not value:
        raise Unfilled(f"'{visible(value)}' is empty, or has control characters")
    return value

"""Events as documents of another vocabulary: dotted names of `model/event.py` to nested objects."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from clew.model.event import BY_NAME, COLUMNS
from clew.model.finding import SEVERITIES, Finding
from clew.model.plain_json import dumps
from clew.sinks import Event

Vocabulary = Literal["ecs", "ocsf"]
NAMES: dict[Vocabulary, dict[str, str]] = {
    "ecs": {column.name: column.ecs for column in COLUMNS if column.ecs},
    "ocsf": {column.name: column.ocsf for column in COLUMNS if column.ocsf},
}
"""Column to its name in that vocabulary."""


def encoded(value: Any) -> bytes:
    """Compact JSON in UTF-8, without line breaks."""
    return dumps(value).encode()


def named(event: Event, vocabulary: Vocabulary) -> Iterator[tuple[str, str, Any]]:
    """Column, its name there ("" where it has none) and its value; not `attributes`."""
    names = NAMES[vocabulary]
    for column, value in event.items():
        if column != "attributes" and value is not None:
            yield column, names.get(column, ""), value


def plant(tree: dict[str, Any], dotted: str, value: Any) -> bool:
    """Sets a.b.c in the tree; False where something stands there already, or above it."""
    *above, last = dotted.split(".")
    place: Any = tree
    for part in above:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            return False
    if last in place:
        return False
    place[last] = value
    return True


def is_address(text: Any) -> bool:
    """Whether it is an IP address: a redacted one is not.

    >>> is_address("192.0.2.1"), is_address("[ip:4f1c]")
    (True, False)
    """
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def labels(event: Event) -> dict[str, str]:
    """The keys that are not canonical, flat and as text: a receiver may not guess types of them."""
    own = event.get("attributes")
    if not isinstance(own, dict):
        return {}
    return {
        str(key).replace(".", "_"): value if isinstance(value, str) else dumps(value)
        for key, value in own.items()
        if value is not None and key not in BY_NAME
    }


def parsed(value: Any) -> Any:
    """A column of kind json as what it says; text where it is no JSON."""
    try:
        return json.loads(value)
    except (ValueError, TypeError, RecursionError):
        return value


def moment(finding: Finding, now: datetime) -> datetime:
    """When it began: its start, else its first line's time, else now."""
    seen = (line.timestamp for line in finding.evidence if line.timestamp is not None)
    return finding.start or min(seen, default=now)


def rank(finding: Finding) -> int:
    """0 for info to 4 for critical."""
    return SEVERITIES.index(finding.severity)


def techniques(finding: Finding) -> list[str]:
    """MITRE ATT&CK and ATLAS techniques among its references: T1110.004, AML.T0012."""
    found = []
    for reference in finding.references:
        framework, _, technique = reference.partition(".")
        is_technique = technique.startswith("t") and technique[1:2].isdigit()
        if (framework == "attack" and is_technique) or framework == "atlas":
            found.append(technique.upper())
    return found

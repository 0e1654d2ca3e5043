"""A rule file of the content pack as the page that `clew explain` shows: what a detection's docstring is.

The title of the file's first document that reports is its first sentence. Under `clew:` stand, beside
the cases, `reads`, `returns`, `units` and `blind_to`.
"""

from __future__ import annotations

from typing import Any

import yaml

LABELS = {
    "reads": "Reads",
    "returns": "Returns",
    "units": "Units",
    "blind_to": "Blind to",
}
_WIDTH = 10


def page(text: str) -> str:
    """The page of a rule file, by its YAML alone."""
    documents = [one for one in yaml.load_all(text, yaml.CSafeLoader) if isinstance(one, dict)]
    told = next((one for one in documents if isinstance(one.get("clew"), dict)), documents[0])
    own: dict[str, Any] = told.get("clew") or {}
    title = " ".join(str(told.get("title", "")).split()).rstrip(".")
    lines = [f"{title}.", ""]
    if told.get("description"):
        lines += [*_wrapped(str(told["description"]), ""), ""]
    for key, label in LABELS.items():
        if own.get(key):
            lines += _wrapped(str(own[key]), label)
    if known := [str(one) for one in told.get("falsepositives") or ()]:
        lines += _wrapped("; ".join(known), "Mistakes" if own.get("blind_to") else "Blind to")
    sources = [str(one) for one in (*(told.get("references") or ()), *(told.get("tags") or ()))]
    if sources:
        lines += _wrapped("; ".join(sources), "Source")
    return "\n".join(lines)


def _wrapped(text: str, label: str) -> list[str]:
    import textwrap

    indent = " " * (_WIDTH if label else 0)
    first = f"{label:{_WIDTH}}" if label else ""
    return textwrap.wrap(
        " ".join(text.split()), 100, initial_indent=first, subsequent_indent=indent
    )

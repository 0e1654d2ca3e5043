"""Log text is hostile: what each kind of output is given in its place, and whether a terminal sees it."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from clew.model.escape import cell, markdown, visible, visible_json

__all__ = ["cell", "is_terminal", "markdown", "print_notes", "visible", "visible_json"]


def is_terminal() -> bool:
    """Whether what is printed is seen by a terminal."""
    return sys.stdout.isatty()


def print_notes(sentences: Iterable[str]) -> None:
    """Prints to standard error, a sentence a line."""
    for sentence in sentences:
        print(visible(sentence), file=sys.stderr)

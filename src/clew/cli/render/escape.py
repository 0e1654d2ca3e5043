"""Log text is hostile: what each kind of output is given in its place, and whether a terminal sees it."""

from __future__ import annotations

import sys

from clew.model.escape import cell, markdown, visible, visible_json

__all__ = ["cell", "is_terminal", "markdown", "visible", "visible_json"]


def is_terminal() -> bool:
    """Whether what is printed is seen by a terminal."""
    return sys.stdout.isatty()

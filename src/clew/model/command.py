"""A command that playbooks may run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One [[commands]] of the settings.

    name     what a playbook calls it
    program  the program, and its first arguments; a playbook adds more, and no shell reads them
    """

    name: str
    program: tuple[str, ...]

"""Every error Clew raises on purpose, as one tree.

    ClewError                 what a caller can catch
    +-- InputError            a file or stream cannot be read: fix the input        exit 3
    |   +-- LedgerError       lines went missing between file and case              exit 3
    +-- ConfigError           a word, option or setting is wrong: fix the request   exit 2
    |   +-- QueryError        a search that does not parse; points at the word      exit 2
    |   +-- UnknownName       no member of that family has this name                exit 2
    +-- EngineError           the database refused: fix the connection              exit 4
    |   +-- TookTooLong       a question had no more time: ask for less             exit 4
    +-- EvidenceError         stored rows were altered: stop and tell a person      exit 3

A broken invariant of our own is an AssertionError that begins with "BUG:".
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ClewError(Exception):
    """Root of the tree. `str(error)` is one sentence for a person."""

    exit_code = 4


class InputError(ClewError):
    exit_code = 3


class LedgerError(InputError):
    pass


class ConfigError(ClewError):
    exit_code = 2


class QueryError(ConfigError):
    """A search that does not parse. `query` is its text, `position` where the wrong word begins."""

    def __init__(self, sentence: str, query: str = "", position: int = 0, length: int = 1) -> None:
        super().__init__(sentence)
        self.query, self.position, self.length = query, position, max(1, length)

    def pointer(self) -> str:
        """The query and, below it, carets under the wrong word. Empty where there is no query."""
        if not self.query:
            return ""
        line_start = self.query.rfind("\n", 0, self.position) + 1
        line = self.query[line_start:].split("\n", 1)[0]
        return f"{line}\n{' ' * (self.position - line_start)}{'^' * self.length}"


class UnknownName(ConfigError):
    """No member of that family has this name."""

    def __init__(self, family: str, name: str, known: Iterable[str], hint: str = "") -> None:
        close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
        guess = f" Did you mean '{close[0]}'?" if close else ""
        tail = f" {hint}" if hint else ""
        super().__init__(f"There is no {family} called '{name}'.{guess}{tail}")


class EngineError(ClewError):
    exit_code = 4


class TookTooLong(EngineError):
    """A question that was stopped."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The question took longer than {seconds:g} s and was stopped.")


class EvidenceError(ClewError):
    exit_code = 3

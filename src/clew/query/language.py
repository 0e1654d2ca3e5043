"""Text of a search to a tree: what was asked, and where in the text each part stands.

A tree knows nothing of columns or tables; `compile` gives it a meaning.

    query   = [search] { "|" pipe }
    pipe    = "stats" measure { measure } ["by" keys] | "top" [rows] names ["by" keys] | ...
    measure = function ["(" name ")"] ["as" name]
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import NoReturn

from clew.errors import ConfigError, QueryError
from clew.model.buckets import seconds
from clew.query.terms import Terms
from clew.query.tree import (
    Bucket,
    Dedup,
    Everything,
    Field,
    Fields,
    Head,
    Measure,
    Patterns,
    Pipe,
    Query,
    Search,
    Sort,
    SortKey,
    Stats,
    Tail,
    Top,
    Where,
)

LONGEST = 100_000
MOST_PIPES = 30
DEFAULT_ROWS = 10

PIPES = (
    "stats", "sort", "head", "tail", "limit", "top", "rare", "dedup", "patterns", "fields", "where",
)  # fmt: skip
FUNCTIONS = (
    "count", "sum", "avg", "min", "max", "dcount", "median", "p50", "p90", "p95", "p99", "first",
    "last", "values", "rate",
)  # fmt: skip
PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d+)?)")
WITHOUT_FIELD = ("count", "rate")

_NUMBER = re.compile(r"\d+\b")
_WIDTH = re.compile(r"[^\s(),|]+")


def parse(text: str) -> Query:
    """The tree of a search. Raises QueryError, which points at the wrong word."""
    if len(text) > LONGEST:
        raise QueryError(
            f"A search of {len(text):,} characters is too long: at most {LONGEST:,} are read.",
            text[:80],
        )
    for place, char in enumerate(text):
        if char == "\0" or "\ud800" <= char <= "\udfff":
            raise QueryError("This character is not text: leave it out.", text, place)
    return _Parser(text).query()


class _Parser(Terms):
    """One method a pipe."""

    def query(self) -> Query:
        search: Search = Everything(position=0, length=0)
        if self.peek() not in ("", "|"):
            search = self.search()
        pipes: list[Pipe] = []
        while self.take("|"):
            pipes.append(self.pipe())
            if len(pipes) > MOST_PIPES:
                self.fail(f"There are more than {MOST_PIPES} pipes.", self.at - 1)
        if self.peek() == ")":
            self.fail("This parenthesis was never opened.", self.at)
        if self.peek():
            self.fail("A '|' is expected before this word.", *self.next_word())
        return Query(self.text, search, tuple(pipes))

    def pipe(self) -> Pipe:
        self.skip()
        begin = self.at
        name = self._name("the name of a pipe, such as stats,")
        if name not in PIPES:
            self._unknown("pipe", name, PIPES, begin)
        if name == "stats":
            return self.stats(begin)
        if name == "sort":
            return Sort(tuple(self.sort_keys()), **self._since(begin))
        if name in ("head", "limit", "tail"):
            kind = Tail if name == "tail" else Head
            return kind(self.rows(), **self._since(begin))
        if name in ("top", "rare"):
            count, chosen, by = self.rows(), self.fields(), self.by()
            return Top(count, chosen, by, name == "rare", **self._since(begin))
        if name == "patterns":
            field = Field("message", position=begin, length=len(name))
            if self.peek() not in ("", "|", ")") and not self.is_word("by"):
                field = self.field("the name of a field")
            return Patterns(field, self.by(), **self._since(begin))
        if name == "where":
            return Where(self.search(), **self._since(begin))
        kind_ = Dedup if name == "dedup" else Fields
        return kind_(self.fields(), **self._since(begin))

    def stats(self, begin: int) -> Stats:
        calls: list[tuple[int, int, str, Field | None, str]] = []
        while self.peek() not in ("", "|") and not self.is_word("by"):
            calls.append(self.call())
            self.take(",")
        if not calls:
            self.fail("stats needs a function, such as count().", begin, len("stats"))
        by = self.by()
        taken = {key.label for key in by}
        measures = []
        for position, length, function, field, alias in calls:
            is_twice = sum(call[2] == function for call in calls) > 1
            name = f"{function}_{field.label}" if is_twice and field else function
            label = alias or name
            if label in taken:
                self.fail(f"Two columns would be called '{label}': add 'as'.", position, length)
            taken.add(label)
            measures.append(Measure(function, field, label, position=position, length=length))
        return Stats(tuple(measures), by, **self._since(begin))

    def call(self) -> tuple[int, int, str, Field | None, str]:
        """Position and length of a function, its name, its field and the name after `as`."""
        self.skip()
        begin = self.at
        function = self._name("a function, such as count(),")
        if function not in FUNCTIONS and not PERCENTILE.fullmatch(function):
            self._unknown("function", function, FUNCTIONS, begin)
        field, length = None, len(function)
        if self.take("("):
            if not self.take("*") and self.peek() != ")":
                field = self.field("the name of a field")
            if not self.take(")"):
                self.fail(f"The parenthesis of {function}( is not closed.", begin, length + 1)
        if field is None and function not in WITHOUT_FIELD:
            self.fail(f"{function} needs a field, as {function}(duration_ms).", begin, length)
        end = self.at
        alias = self._name("a name") if self.word("as", "AS") else ""
        return begin, end - begin, function, field, alias

    def by(self) -> tuple[Field | Bucket, ...]:
        if not self.word("by", "BY"):
            return ()
        keys: list[Field | Bucket] = []
        while not keys or self.take(",") or self.peek() not in ("", "|", ")"):
            key = self.key()
            if key.label in {other.label for other in keys}:
                self.fail(f"'{key.label}' stands twice.", key.position, key.length)
            keys.append(key)
        return tuple(keys)

    def key(self) -> Field | Bucket:
        field = self.field("the name of a field")
        if field.name != "bucket" or not self.take("("):
            return field
        self.skip()
        width = self.pattern(_WIDTH)
        begin, length = (self.at - len(width[0]), len(width[0])) if width else (self.at, 1)
        try:
            seconds(width[0] if width else "")
        except ConfigError as error:
            self.fail(str(error), begin, length)
        if not self.take(")"):
            self.fail("The parenthesis of bucket( is not closed.", field.position, len("bucket("))
        return Bucket(width[0] if width else "", **self._since(field.position))

    def sort_keys(self) -> Iterator[SortKey]:
        self.word("by", "BY")
        while True:
            self.skip()
            begin = self.at
            is_descending = self.take_here("-") or (self.take_here("+") and False)
            field = self.field("the name of a column")
            if self.peek() == "(" and (
                called := re.compile(r"\(\s*[^()|]*\)").match(self.text, self.at)
            ):
                self.at = called.end()  # sort -p99(duration_ms), as it stands in stats
                whole = self.text[field.position : self.at]
                field = Field(whole, position=field.position, length=len(whole))
            if self.word("desc", "DESC"):
                is_descending = True
            else:
                self.word("asc", "ASC")
            yield SortKey(field, is_descending, **self._since(begin))
            if not self.take(",") and self.peek() in ("", "|", ")"):
                return

    def rows(self) -> int:
        """A number of rows, 10 where none is given."""
        self.skip()
        begin = self.at
        found = self.pattern(_NUMBER)
        if found and not 0 < int(found[0][:20]) <= 1_000_000_000:
            self.fail("A number of rows is expected: 1 to 1,000,000,000.", begin, len(found[0]))
        return int(found[0]) if found else DEFAULT_ROWS

    def fields(self) -> tuple[Field, ...]:
        found: list[Field] = []
        while (
            not found
            or self.take(",")
            or (self.peek() not in ("", "|", ")") and not self.is_word("by"))
        ):
            field = self.field("the name of a field")
            if field.label not in {other.label for other in found}:
                found.append(field)
        return tuple(found)

    def _unknown(self, what: str, name: str, known: tuple[str, ...], position: int) -> NoReturn:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        guess = f"Did you mean '{close[0]}'?" if close else f"There are {', '.join(known)}."
        self.fail(f"There is no {what} '{name}'. {guess}", position, len(name))

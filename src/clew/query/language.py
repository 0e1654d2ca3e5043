"""Text of a search to its tree, read from left to right; what does not parse is pointed at."""

from __future__ import annotations

import difflib
import re

from clew.errors import QueryError
from clew.query.tree import (
    FUNCTIONS,
    PERCENTILE,
    PIPES,
    All,
    Any,
    Call,
    Compare,
    Exists,
    Key,
    Node,
    Not,
    Pipe,
    Query,
    Range,
    Text,
    Value,
)

DEEPEST = 100
LONGEST = 100_000
NAME = re.compile(r"[A-Za-z_@][\w.@/-]*")
OPERATOR = re.compile(r":\s*(?:>=|<=|>|<)|>=|<=|!=|:|=|>|<")
NUMBER = re.compile(r"\d+")
WORD_END = re.compile(r'[\s()|"]')


def parse(text: str) -> Query:
    """The tree of a search. Raises QueryError that points at the wrong word."""
    if len(text) > LONGEST:
        raise QueryError(f"A search of {len(text):,} characters is too long: {LONGEST:,} at most.")
    reader = _Reader(text)
    where = reader.search(stop_at_end=True)
    pipes = []
    while reader.take("|"):
        pipes.append(reader.pipe())
    reader.skip()
    if reader.at < len(text):
        reader.fail(f"'{reader.peek()}' is not expected here", length=1)
    return Query(text, where, tuple(pipes))


class _Reader:
    """Reads the text from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0

    def fail(self, sentence: str, position: int | None = None, length: int = 1) -> None:
        """Points at a place; at the end of the text, behind its last word."""
        where = self.at if position is None else position
        raise QueryError(f"{sentence}.", self.text, min(where, len(self.text)), length)

    def skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def peek(self) -> str:
        self.skip()
        return self.text[self.at : self.at + 1]

    def take(self, mark: str) -> bool:
        self.skip()
        if self.text.startswith(mark, self.at):
            self.at += len(mark)
            return True
        return False

    def keyword(self, *words: str) -> str:
        """One of these words in capitals, if it stands here by itself; else ""."""
        self.skip()
        for word in words:
            end = self.at + len(word)
            follows = self.text[end : end + 1]
            if self.text.startswith(word, self.at) and (not follows or WORD_END.match(follows)):
                self.at = end
                return word
        return ""

    # terms

    def search(self, *, stop_at_end: bool = False) -> Node:
        """OR of ANDs, up to a bar, a closing parenthesis or the end."""
        self.skip()
        if stop_at_end and (self.at == len(self.text) or self.peek() == "|"):
            return All(())
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"More than {DEEPEST} parentheses inside each other")
        items = [self.conjunction()]
        while self.keyword("OR"):
            items.append(self.conjunction())
        self.depth -= 1
        return items[0] if len(items) == 1 else Any(tuple(items))

    def conjunction(self) -> Node:
        items = [self.term()]
        while True:
            if self.keyword("AND"):
                items.append(self.term())
                continue
            before = self.at
            if self.peek() in ("", "|", ")") or self.keyword("OR"):
                self.at = before
                return items[0] if len(items) == 1 else All(tuple(items))
            items.append(self.term())

    def term(self) -> Node:
        self.skip()
        negations = 0
        while True:
            if self.keyword("NOT"):
                negations += 1
            elif self.peek() == "-" and not self.text[self.at + 1 : self.at + 2].isspace():
                self.at += 1
                negations += 1
            else:
                break
        node = self.positive()
        return Not(node) if negations % 2 else node

    def positive(self) -> Node:
        mark, begin = self.peek(), self.at
        if mark in ("", "|"):
            self.fail("A search term is missing here")
        if mark == ")":
            self.fail("This parenthesis was never opened")
        if self.take("("):
            node = self.search()
            if not self.take(")"):
                self.fail("This parenthesis is not closed", begin)
            return node
        if word := self.keyword("AND", "OR"):
            self.fail(f"A search term is missing before {word}", begin, len(word))
        if node_ := self.exists() or self.comparison():
            return node_
        value = self.value()
        return All(()) if value.kind == "word" and value.text == "*" else Text(value)

    def exists(self) -> Node | None:
        begin = self.at
        if not (self.text.startswith("exists", begin) and self.take("exists") and self.take("(")):
            self.at = begin
            return None
        name, position = self.name("a field")
        if not self.take(")"):
            self.fail("The parenthesis of exists( is not closed", begin, 7)
        return Exists(name, position)

    def comparison(self) -> Node | None:
        begin = self.at
        named = NAME.match(self.text, begin)
        operator = OPERATOR.match(self.text, named.end()) if named else None
        if named is None or operator is None:
            named = NAME.match(self.text, begin)
            if named and (
                spaced := re.compile(r"\s+(>=|<=|!=|=|>|<)\s+").match(self.text, named.end())
            ):
                operator = spaced
            else:
                return None
        name = named[0]
        sign = operator[0].replace(" ", "").strip().lstrip(":") or ":"
        self.at = operator.end()
        if sign == ":" and self.text[self.at : self.at + 1] == "(":
            return self.alternatives(name, begin)
        if (
            sign == ":"
            and self.text[self.at : self.at + 1] in ("[", "{")
            and " TO " in self.text[self.at :]
        ):
            return self.range(name, begin)
        if self.at >= len(self.text) or self.text[self.at] in " |)":
            self.skip()
            if self.at >= len(self.text) or self.text[self.at] in "|)":
                self.fail(f"A value is missing after {name}{sign}", begin, len(name) + len(sign))
        return Compare(name, sign, self.value(), begin)

    def alternatives(self, name: str, begin: int) -> Node:
        """field:(a OR b c): the values of one field."""
        opened = self.at
        self.at += 1
        items: list[list[Node]] = [[]]
        while not self.take(")"):
            if self.peek() in ("", "|"):
                self.fail("This parenthesis is not closed", opened)
            if self.keyword("OR"):
                items.append([])
                continue
            self.keyword("AND")
            negated = bool(self.keyword("NOT"))
            node: Node = Compare(name, ":", self.value(), begin)
            items[-1].append(Not(node) if negated else node)
        if not all(items):
            self.fail(f"A value is missing in {name}:( )", opened)
        if len(items) == 1:
            return Any(tuple(items[0])) if len(items[0]) > 1 else items[0][0]
        return Any(tuple(All(tuple(group)) if len(group) > 1 else group[0] for group in items))

    def range(self, name: str, begin: int) -> Node:
        with_low = self.text[self.at] == "["
        self.at += 1
        low = self.value(ends="]}")
        if not self.keyword("TO"):
            self.fail(f"TO is missing in the range of {name}", begin, len(name))
        high = self.value(ends="]}")
        self.skip()
        closing = self.text[self.at : self.at + 1]
        if closing not in ("]", "}"):
            self.fail(f"The range of {name} is not closed", begin, len(name))
        self.at += 1
        return Range(name, low, high, with_low, closing == "]", begin)

    def value(self, ends: str = "") -> Value:
        """A phrase in quotes, a regular expression between slashes, or a word."""
        mark, begin = self.peek(), self.at
        if not mark:
            self.fail("A value is missing here")
        if mark == '"':
            return self.phrase()
        if mark == "/" and (regex := self.regex()):
            return regex
        end = begin
        depth = 0
        while end < len(self.text):
            char = self.text[end]
            if char.isspace() or char in '|"' + ends or (char == ")" and not depth):
                break
            depth += (char == "(") - (char == ")")
            end += 2 if char == "\\" else 1
        end = min(end, len(self.text))
        if end == begin:
            self.fail(f"A value is missing before '{mark}'")
        self.at = end
        return Value(self.text[begin:end], "word", begin)

    def phrase(self) -> Value:
        begin = self.at
        end = begin + 1
        while end < len(self.text) and self.text[end] != '"':
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            self.fail("This quote is not closed", begin)
        self.at = end + 1
        inside = self.text[begin + 1 : end]
        return Value(re.sub(r"\\([\\\"])", r"\1", inside), "phrase", begin)

    def regex(self) -> Value | None:
        """Both a slash at the start and one at the end; anything else is a path."""
        begin = self.at
        end = begin + 1
        while end < len(self.text):
            if self.text[end] == "\\":
                end += 2
                continue
            if self.text[end] == "/":
                follows = self.text[end + 1 : end + 2]
                if end > begin + 1 and (not follows or follows in " \t\n|)"):
                    self.at = end + 1
                    return Value(self.text[begin + 1 : end].replace("\\/", "/"), "regex", begin)
                if not follows or follows.isspace():
                    return None
            end += 1
        return None

    # pipes

    def name(self, what: str) -> tuple[str, int]:
        self.skip()
        found = NAME.match(self.text, self.at)
        if not found:
            self.fail(f"{what.capitalize()} is missing here")
            raise AssertionError("BUG: fail returned")
        self.at = found.end()
        return found[0], found.start()

    def pipe(self) -> Pipe:
        name, position = self.name("the name of a step, such as stats or head,")
        if name not in PIPES:
            self.unknown("step", name, PIPES, position)
        if name == "stats":
            return self.stats(position)
        if name in ("head", "tail", "limit"):
            return Pipe("head" if name == "limit" else name, position, count=self.number() or 10)
        if name in ("top", "rare"):
            count = self.number() or 10
            keys = self.keys()
            return Pipe(name, position, keys=keys, by=self.by(), count=count)
        if name == "where":
            return Pipe(name, position, where=self.search())
        if name == "patterns":
            return Pipe(name, position, by=self.by())
        return Pipe(name, position, keys=self.keys(is_sort=name == "sort"))

    def stats(self, position: int) -> Pipe:
        calls: list[Call] = []
        while self.peek() not in ("", "|"):
            before = self.at
            if calls and self.word("by"):
                self.at = before
                break
            calls.append(self.call())
            self.take(",")
        if not calls:
            self.fail("stats needs a function, such as count()", position, 5)
        return Pipe("stats", position, calls=tuple(calls), by=self.by())

    def call(self) -> Call:
        function, position = self.name("a function, such as count(),")
        if function not in FUNCTIONS and not PERCENTILE.fullmatch(function):
            self.unknown("function", function, (*FUNCTIONS, "p50", "p90", "p95", "p99"), position)
        field, field_position = "", position
        if self.take("("):
            self.skip()
            if self.peek() not in (")", "*"):
                field, field_position = self.name("a field")
            self.take("*")
            if not self.take(")"):
                self.fail(
                    f"The parenthesis of {function}( is not closed", position, len(function) + 1
                )
        alias = ""
        if self.word("as"):
            alias, _ = self.name("a name")
        if not field and function not in ("count", "rate"):
            self.fail(
                f"{function} needs a field, such as {function}(duration_ms)",
                position,
                len(function),
            )
        return Call(function, field, alias, position, field_position)

    def word(self, word: str) -> bool:
        self.skip()
        end = self.at + len(word)
        follows = self.text[end : end + 1]
        if self.text.startswith(word, self.at) and (not follows or not re.match(r"[\w.]", follows)):
            self.at = end
            return True
        return False

    def by(self) -> tuple[Key, ...]:
        return self.keys() if self.word("by") else ()

    def keys(self, *, is_sort: bool = False) -> tuple[Key, ...]:
        found = []
        while True:
            self.skip()
            is_descending = is_sort and self.text[self.at : self.at + 1] == "-"
            if (
                is_sort
                and self.text[self.at : self.at + 1] in ("-", "+")
                and self.at < len(self.text)
            ):
                self.at += 1
            name, position = self.name("a field")
            bucket = ""
            if name == "bucket" and self.take("("):
                length = re.compile(r"\s*([\w.]+)\s*").match(self.text, self.at)
                bucket = length[1] if length else ""
                self.at = length.end() if length else self.at
                if not bucket or not self.take(")"):
                    self.fail("A bucket needs a length, such as bucket(5m)", position, 6)
            if is_sort and (self.word("desc") or self.word("asc")):
                is_descending = self.text[: self.at].endswith("desc")
            found.append(Key(name, position, bucket, is_descending))
            if not self.take(","):
                return tuple(found)

    def number(self) -> int:
        self.skip()
        found = NUMBER.match(self.text, self.at)
        if not found:
            return 0
        if len(found[0]) > 9:
            self.fail("This number is too large", self.at, len(found[0]))
        self.at = found.end()
        return int(found[0])

    def unknown(self, what: str, name: str, known: tuple[str, ...], position: int) -> None:
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        guess = f" Did you mean '{close[0]}'?" if close else f" There are {', '.join(known)}."
        raise QueryError(f"There is no {what} '{name}'.{guess}", self.text, position, len(name))

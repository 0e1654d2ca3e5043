"""The grammar of search terms: what stands before the first bar, and behind `where`.

search  = all { "OR" all }               all  = term { ["AND"] term }
term    = { "NOT" | "-" } ( "(" search ")" | "exists(" name ")" | name operator value | value )
value   = word | "phrase" | /regex/ | "(" values ")" | "[" value "TO" value "]"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

from clew.query.reader import NAME, Reader
from clew.query.tree import (
    And,
    Between,
    Compare,
    Everything,
    Exists,
    Field,
    Not,
    Operator,
    Or,
    Search,
    Value,
    Word,
)

DEEPEST = 50
"""Parentheses inside each other: what compiles a search goes down as deep, and Python has an end."""
MOST_TERMS = 1_000

_OPERATOR = re.compile(
    r"""
      :\s* (?: >= | <= | != | > | < )                             # status:>=500
    | (?: >= | <= | != | == | > | < | = )                          # status>=500
    | \s+ (?: >= | <= | != | == | > | < | = ) (?= \s | [\d"-] )   # status >= 500, but not a <b>
    | : (?! // )                                                   # status:500, but not http://x
    """,
    re.VERBOSE,
)
_RANGE = re.compile(r'[\[{]\s*(?:"[^"]*"|\S+)\s+TO\s')


class Terms(Reader):
    """One method a rule of the grammar."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self.terms = 0

    def search(self) -> Search:
        return self.any_of(self.term)

    def any_of(self, leaf: Callable[[], Search], commas: bool = False) -> Search:
        """Terms of which one is enough, down to what `leaf` reads."""
        begin = self._deeper()
        terms = [self.all_of(leaf, commas)]
        while self.word("OR") or (commas and self.take(",")):
            terms.append(self.all_of(leaf, commas))
        self.depth -= 1
        return terms[0] if len(terms) == 1 else Or(tuple(terms), **self._since(begin))

    def all_of(self, leaf: Callable[[], Search], commas: bool) -> Search:
        self.skip()
        begin = self.at
        terms = [self.negated(leaf)]
        while self.peek() not in ("", "|", ")") and not self.is_word("OR"):
            if commas and self.peek() == ",":
                break
            self.word("AND")
            terms.append(self.negated(leaf))
        return terms[0] if len(terms) == 1 else And(tuple(terms), **self._since(begin))

    def negated(self, leaf: Callable[[], Search]) -> Search:
        self.skip()
        begin, is_negated = self.at, False
        while self.word("NOT") or self._is_minus():
            is_negated = not is_negated
        term = leaf()
        return Not(term, **self._since(begin)) if is_negated else term

    def term(self) -> Search:
        self._count_term()
        self._needs_term("A search term")
        if self.peek() == "(":
            return self.in_parentheses(self.term)
        begin = self.at
        if found := self.exists() or self.comparison():
            return found
        if operator := self.pattern(_OPERATOR):
            sign = operator[0].strip()
            self.fail(
                f"A field is missing before '{sign}'; text stands in quotes.", begin, len(sign)
            )
        value = self._value("A search term")
        if value.is_star:
            return Everything(position=begin, length=value.length)
        return Word(value, position=begin, length=value.length)

    def in_parentheses(self, leaf: Callable[[], Search], commas: bool = False) -> Search:
        begin = self.at
        self.take("(")
        found = self.any_of(leaf, commas)
        if not self.take(")"):
            self.fail("This parenthesis is not closed.", begin)
        return found

    def exists(self) -> Search | None:
        begin = self.at
        if not (self.take("exists") and self.take("(")):
            self.at = begin
            return None
        field = self.field("the name of a field")
        if not self.take(")"):
            self.fail("The parenthesis of exists( is not closed.", begin, len("exists("))
        return Exists(field, **self._since(begin))

    def comparison(self) -> Search | None:
        """name operator value; None where no operator follows."""
        begin = self.at
        field = self._quoted_name() or self._bare_name()
        found = self.pattern(_OPERATOR) if field else None
        if field is None or found is None:
            self.at = begin
            return None
        operator = found[0].lstrip(":").strip() or ":"
        if self.peek() in ("", "|", ")") or self.is_word("AND") or self.is_word("OR"):
            end = begin + field.length + len(found[0].rstrip())
            self.fail(f"A value is missing after '{self.text[begin:end]}'.", begin, end - begin)
        return self.of_field(field, "=" if operator == "==" else cast(Operator, operator), begin)

    def of_field(self, field: Field, operator: Operator, begin: int) -> Search:
        if operator == ":" and _RANGE.match(self.text, self.at):
            return self.between(field, begin)
        if operator in (":", "=", "!=") and self.peek() == "(":
            values = self.in_parentheses(lambda: self.one_of_values(field), commas=True)
            return Not(values, **self._since(begin)) if operator == "!=" else values
        value = self._value("A value")
        return Compare(field, operator, value, **self._since(begin))

    def one_of_values(self, field: Field) -> Search:
        """What stands in field:( ... ): a value, perhaps with an operator before it."""
        self._count_term()
        self._needs_term("A value")
        if self.peek() == "(":
            return self.in_parentheses(lambda: self.one_of_values(field), commas=True)
        begin = self.at
        found = self.pattern(_OPERATOR)
        operator = found[0].lstrip(":").strip() if found else ""
        value = self._value("A value", stops=",")
        named = "=" if operator == "==" else cast(Operator, operator or ":")
        return Compare(field, named, value, **self._since(begin))

    def between(self, field: Field, begin: int) -> Search:
        opening = self.peek()
        opened = self.at
        self.at += 1
        low = self._value("A value", stops="]}")
        if not self.word("TO"):
            self.fail("A range is written [low TO high].", opened, self.at - opened)
        high = self._value("A value", stops="]}")
        closing = self.peek()
        if closing not in ("]", "}"):
            self.fail("This range is not closed: it is written [low TO high].", opened)
        self.at += 1
        return Between(
            field,
            None if low.is_star else low,
            None if high.is_star else high,
            opening == "[",
            closing == "]",
            **self._since(begin),
        )

    # words

    def field(self, what: str) -> Field:
        self.skip()
        if field := self._quoted_name():
            return field
        begin = self.at
        return Field(self._name(what), **self._since(begin))

    def _quoted_name(self) -> Field | None:
        if self.peek() != '"':
            return None
        phrase = self.phrase()
        return Field(phrase.text, position=phrase.position, length=phrase.length)

    def _bare_name(self) -> Field | None:
        begin = self.at
        found = self.pattern(NAME)
        return Field(found[0], position=begin, length=len(found[0])) if found else None

    def _name(self, what: str) -> str:
        self.skip()
        found = self.pattern(NAME)
        if not found:
            self.fail(
                f"{what[0].upper()}{what[1:].rstrip(',')} is missing here.", *self.next_word()
            )
        return found[0]

    def _value(self, what: str, stops: str = "") -> Value:
        value = self.value(stops)
        if value is None:
            self.fail(f"{what} is missing here.", *self.next_word())
        return value

    def _needs_term(self, what: str) -> None:
        """Something other than an end or an operator must stand here."""
        place = self.next_word()
        if self.peek() in ("", "|", ")", ","):
            before = re.search(r"\b(?:AND|OR|NOT)\s*$", self.text[: place[0]])
            if before:
                word = before[0].strip()
                self.fail(f"{what} is missing after {word}.", before.start(), len(word))
            self.fail(f"{what} is missing here.", *place)
        for word in ("AND", "OR"):
            if self.is_word(word):
                self.fail(f"{what} is missing before {word}.", *place)

    def _is_minus(self) -> bool:
        """-term; but a dash alone and --option are words."""
        self.skip()
        after = self.text[self.at + 1 : self.at + 2]
        if self.text[self.at : self.at + 1] != "-" or not after or after.isspace() or after == "-":
            return False
        self.at += 1
        return True

    def _deeper(self) -> int:
        self.skip()
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"More than {DEEPEST} parentheses stand inside each other.", self.at)
        return self.at

    def _count_term(self) -> None:
        self.terms += 1
        if self.terms > MOST_TERMS:
            self.fail(f"A search has at most {MOST_TERMS:,} terms.", *self.next_word())

    def _since(self, begin: int) -> dict[str, int]:
        """Position and length of a node that began there and ends here."""
        return {"position": begin, "length": max(1, self.at - begin)}

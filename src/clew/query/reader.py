"""The text of a search, read from left to right: words, phrases, regular expressions, names.

What ends a word depends on where it stands, so there are no tokens: the grammar (language.py) asks
for what may come next, and the reader says what is there.
"""

from __future__ import annotations

import re
from typing import NoReturn

from clew.errors import QueryError
from clew.query.tree import Value, Wild

NAME = re.compile(
    r"""
    (?: [^\W\d] | [@$] )              # r, @
    (?: [\w.@$/-]* [\w@$] )?          # equest_id, timestamp, esource.labels/zone; no dash last
    """,
    re.VERBOSE,
)
ESCAPABLE = frozenset('*?"()[]{}\\/|:,<>=!- ')
NEXT_TERM = re.compile(
    r"""
      \s (?: AND | OR | NOT ) \s                # a path/ AND ...
    | \s [+-]? [\w.@$/-]+ (?: : | [<>!]?= | [<>] )   # /chat user_agent:curl/
    | \| \s* (?: stats | sort | head | tail | limit | top | rare | dedup | patterns | fields | where ) \b
    """,
    re.VERBOSE,
)
"""What a regular expression with spaces in it would not hold, but a path and the next term do."""


class Reader:
    """`at` is the place of the next character."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def fail(self, sentence: str, position: int, length: int = 1) -> NoReturn:
        raise QueryError(sentence, self.text, position, length)

    def skip(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        self.skip()
        return self.text[self.at : self.at + 1]

    def take(self, mark: str) -> bool:
        self.skip()
        return self.take_here(mark)

    def take_here(self, mark: str) -> bool:
        """As `take`, with no space before."""
        if not self.text.startswith(mark, self.at):
            return False
        self.at += len(mark)
        return True

    def is_word(self, word: str) -> bool:
        """Whether this word stands here by itself."""
        self.skip()
        after = self.text[self.at + len(word) : self.at + len(word) + 1]
        ends = not after or after.isspace() or after in '()|",'
        return ends and self.text.startswith(word, self.at)

    def word(self, *words: str) -> str:
        """Takes the one of these words that stands here; empty where none does."""
        for word in words:
            if self.is_word(word):
                self.at += len(word)
                return word
        return ""

    def pattern(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Takes what matches here."""
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def next_word(self) -> tuple[int, int]:
        """Position and length of what stands here, for an error to point at."""
        self.skip()
        found = re.compile(r'[^\s()|",]+|\S').match(self.text, self.at)
        return self.at, len(found[0]) if found else 1

    def value(self, stops: str = "") -> Value | None:
        """A phrase, a regular expression or a word; `stops` end a word too."""
        mark = self.peek()
        if mark == '"':
            return self.phrase()
        return (self.regex() if mark == "/" else None) or self.plain(stops)

    def phrase(self) -> Value:
        begin = self.at
        end, text = begin + 1, ""
        while True:
            char = self.text[end : end + 1]
            if not char:
                self.fail("This quote is not closed.", begin)
            if char == '"':
                break
            if char == "\\" and self.text[end + 1 : end + 2] in ('"', "\\"):
                end += 1
                char = self.text[end]
            text += char
            end += 1
        self.at = end + 1
        return Value((text,), "phrase", position=begin, length=self.at - begin)

    def regex(self) -> Value | None:
        """/.../ where the slash that closes it ends the word; None where it is a path."""
        begin, end = self.at, self._regex_end()
        if end is None:
            return None
        inside = self.text[begin + 1 : end]
        self.at = end + 1
        if not inside:
            self.fail("A regular expression is missing between these slashes.", begin, 2)
        text = re.sub(r"\\(\\|/)", lambda found: found[0] if found[1] == "\\" else "/", inside)
        return Value((text,), "regex", position=begin, length=self.at - begin)

    def _regex_end(self) -> int | None:
        depth, in_class, has_slash = 0, False, False
        end = self.at + 1
        while end < len(self.text):
            char = self.text[end]
            after = self.text[end + 1 : end + 2]
            if char == "/" and not in_class:
                if not after or after.isspace() or (after in ')|]},"' and not depth):
                    return end if self._may_span(end, has_slash) else None
                has_slash = True
            elif char == "[":
                in_class = True
            elif char == "]":
                in_class = False
            elif char in "()" and not in_class:
                depth += 1 if char == "(" else -1
                if depth < 0:
                    return None
            end += 2 if char == "\\" else 1
        return None

    def _may_span(self, end: int, has_slash: bool) -> bool:
        inside = self.text[self.at + 1 : end]
        if not re.search(r"\s", inside):
            return True
        return not has_slash and not NEXT_TERM.search(inside)

    def plain(self, stops: str = "") -> Value | None:
        """A word up to a space, a bar, a quote or a parenthesis that it did not open itself."""
        begin = end = self.at
        parts: list[str | Wild] = []
        text, depth = "", 0
        while end < len(self.text):
            char = self.text[end]
            if char.isspace() or char in '|"' or char in stops or (char == ")" and not depth):
                break
            depth += (char == "(") - (char == ")")
            if char == "\\" and self.text[end + 1 : end + 2] in ESCAPABLE:
                end += 1
                text += self.text[end]
            elif char in "*?":
                parts += [text, Wild(char)] if text else [Wild(char)]
                text = ""
            else:
                text += char
            end += 1
        if end == begin:
            return None
        self.at = end
        parts += [text] if text or not parts else []
        return Value(tuple(parts), position=begin, length=end - begin)

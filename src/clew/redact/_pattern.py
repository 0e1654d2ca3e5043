"""One kind of secret or personal data: an RE2 pattern, what it must not touch, and a checksum in SQL.

A pattern is written in five parts, each an RE2 without capturing groups of its own:

    before  lead  value  tail  behind
            ----         ----            stay as they are
                  -----                  becomes the mark
    ------                     ------    where one of them matches, it is something else: nothing changes

RE2 has no look-around: `before` and `behind` do that work. `\b` is allowed at either end of `value`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Group = Literal["form", "word", "at", "phone", "digits"]
GROUPS: tuple[Group, ...] = get_args(Group)
PARTS = ("before", "lead", "value", "tail", "behind")


MARK_BEGINS = r"\["
"""Before a name that stands in brackets: a mark, such as `[api_key:0123456789ab]`, is left where its value is a
token; `[api_key] => ...` is none."""
NO_VALUES = (
    r"(?i)(?:null|nil|none|true|false|undefined|nan|n/?a|empty|required|optional|missing|invalid|incorrect|wrong"
    r"|expired|revoked|unset|set|not|must|is|was|should|cannot|could|too|the|an?|and|for|or|of|in|on|to|by|you"
    r"|with|field|error|failed|failure|ok|success|reset|changed|mismatch|hidden|masked|hashed|redacted|removed"
    r"|filtered|protected|string|str|text|value|int|bool|bytes|optional.*|secretstr|env|prompt|here|this|your.*"
    r"|os\..*|process\..*|self\..*|config\..*|settings\..*|args\..*|env\..*|getenv.*|getpass.*|request\..*|form\..*"
    r"|[*x.•-]{2,}|[*]|[$#].*|%(?:[a-z]|[^0-9a-f].*)?|\{.*)[.!?:]?"
)
"""RE2 of what stands behind `password:` and is no password."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of what is taken out.

    name    what the mark says, such as aws_access_key
    means   what it is, in a few words
    gate    RE2 that is found in every text that holds one: all gates together are one pass over a row
    group   how it is noticed: by its form, by a word before it, by an @ in it, as a phone
            number or another number; one pass over
            a text tells whether the patterns of a group are worth asking
    hints   lower-case texts, one of which stands in every text that holds one; () where there is none
    check   SQL that must hold of `{value}`
    plain   SQL of `{value}` in the one spelling that its token is made of
    option  the policy's switch without which it is not looked for; "" where it always is
    inside  RE2 of (lead)(value): within the value, each of these is replaced instead of the whole
    found   texts that hold one
    kept    texts that look like it and stay
    """

    name: str
    means: str
    value: str
    gate: str
    hints: tuple[str, ...] = ()
    group: Group = "form"
    before: str = ""
    lead: str = ""
    tail: str = ""
    behind: str = ""
    check: str = ""
    plain: str = "{value}"
    inside: str = ""
    option: str = ""
    found: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def regex(self) -> str:
        """The five parts as one RE2 with five groups."""
        before = f"({self.before})??" if self.before else "()"
        behind = f"({self.behind})?" if self.behind else "()"
        return f"{before}({self.lead})({self.value})({self.tail}){behind}"

    @staticmethod
    def of(sql: str, value: str) -> str:
        """A check, or a plain spelling, of the value that this SQL stands for."""
        return sql.replace("{value}", value)

    @property
    def is_plain(self) -> bool:
        """Whether replacing all matches is all that there is to do."""
        return not (self.before or self.behind or self.check or self.inside)


def literal(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"

"""Texts to texts without what the policy takes out, as SQL over a table of distinct texts.

A text is looked at by a pattern only where the pattern's hint, and then the pattern itself, is found;
each pattern sees what those before it have left. What has changed is looked at again until nothing
changes, so that redacting twice changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from clew.model.redaction import TOKEN_DIGITS, Policy
from clew.redact import pii, secrets
from clew.redact._pattern import Pattern, literal

BLOCK_BYTES = 64
"""Of SHA-256, in an HMAC."""
MOST_ROUNDS = 5
"""Times that a changed text is looked at again; two are the rule."""
SECRETS, PERSONAL = "secret_values", "personal_values"
TOKEN = f"""
CREATE OR REPLACE TEMP MACRO clew_token(kind, plain) AS
    left(sha256(getvariable('clew_outer') || unhex(sha256(getvariable('clew_inner')
        || encode(concat(kind, ':', plain))))), {TOKEN_DIGITS});
"""


def token(key: bytes, kind: str, plain: str) -> str:
    """The token of a value in its one spelling, as SQL's clew_token makes it."""
    message = f"{kind}:{plain}".encode("utf-8", "surrogatepass")
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:TOKEN_DIGITS]


def gate_of(patterns: Iterable[Pattern]) -> str:
    """One RE2 that every text with something to take out matches, and few others."""
    return "|".join(f"(?:{gate})" for gate in dict.fromkeys(p.gate for p in patterns))


@dataclass(frozen=True, slots=True)
class Texts:
    """Redacts texts on this bench, by this policy and key."""

    bench: duckdb.DuckDBPyConnection
    policy: Policy
    key: bytes

    def prepare(self) -> None:
        """Makes the macros and the key's two halves known to the bench."""
        for statement in (TOKEN + pii.MACROS).split(";\n"):
            if statement.strip():
                self.bench.execute(statement)
        key = self.key if len(self.key) <= BLOCK_BYTES else hashlib.sha256(self.key).digest()
        padded = key.ljust(BLOCK_BYTES, b"\0")
        for name, pad in (("clew_inner", 0x36), ("clew_outer", 0x5C)):
            half = bytes(byte ^ pad for byte in padded)
            self.bench.execute(f"SET VARIABLE {name} = unhex('{half.hex()}')")

    @property
    def patterns(self) -> tuple[tuple[Pattern, bool], ...]:
        """What the policy takes out, in order, and whether it is a secret."""
        personal = (*pii.PATTERNS, *(pii.ADDRESSES if self.policy.addresses else ()))
        return (
            *((pattern, True) for pattern in secrets.PATTERNS if self.policy.takes_secrets),
            *((pattern, False) for pattern in personal if self.policy.takes_personal),
        )

    @property
    def gate(self) -> str:
        """RE2 that every text with something to take out matches; "" where nothing is taken out."""
        return gate_of(pattern for pattern, _ in self.patterns)

    def redact(self, table: str) -> None:
        """Fills the column `after` of a table with the column `before`, of distinct texts; what stays
        as it is is left NULL."""
        execute = self.bench.execute
        execute(
            "CREATE OR REPLACE TEMP TABLE redact_round AS SELECT before, before AS text, "
            f"lower(before) AS low FROM {table} WHERE regexp_matches(before, {literal(self.gate)})"
        )
        for _ in range(MOST_ROUNDS):
            asked = self._asked()
            if not asked:
                return
            execute(f"CREATE OR REPLACE TEMP TABLE redact_done AS {_chain(asked)}")
            changed = execute(
                f"UPDATE {table} SET after = done.text FROM redact_done AS done "
                f"WHERE {table}.before = done.before"
            ).fetchall()[0][0]
            if not changed:
                return
            execute(
                "CREATE OR REPLACE TEMP TABLE redact_round AS "
                "SELECT before, text, lower(text) AS low FROM redact_done"
            )

    def _asked(self) -> list[tuple[Pattern, bool]]:
        """The patterns that any text of this round may hold."""
        tests = [f"bool_or({_may_hold(pattern)})" for pattern, _ in self.patterns]
        (found,) = self.bench.execute(f"SELECT {', '.join(tests)} FROM redact_round").fetchall()
        return [item for item, is_found in zip(self.patterns, found, strict=True) if is_found]


def _may_hold(pattern: Pattern) -> str:
    """SQL of whether `text`, `low` in lower case, may hold one."""
    hints = " OR ".join(f"contains(low, {literal(hint)})" for hint in pattern.hints)
    gate = f"regexp_matches(text, {literal(pattern.gate)})"
    return f"(({hints}) AND {gate})" if hints else gate


def _chain(patterns: Iterable[tuple[Pattern, bool]]) -> str:
    """SQL of `before` and `text` of what one pattern after another has changed."""
    sql = "SELECT before, text, text AS earlier, low FROM redact_round"
    for pattern, is_secret in patterns:
        sql = f"SELECT before, {_step(pattern, is_secret=is_secret)} AS text, earlier, low FROM ({sql})"
    return f"SELECT before, text FROM ({sql}) WHERE text <> earlier"


def _step(pattern: Pattern, *, is_secret: bool) -> str:
    """SQL of `text` without what the pattern finds in it; `low` is the text in lower case."""
    regex = literal(pattern.regex)
    if is_secret and pattern.is_plain:
        mark = literal(rf"\2[secret:{pattern.name}]\4")
        changed = f"regexp_replace(text, {regex}, {mark}, 'g')"
    else:
        changed = _pieced(pattern, is_secret=is_secret)
    return f"CASE WHEN {_may_hold(pattern)} AND regexp_matches(text, {regex}) THEN {changed} ELSE text END"


def _pieced(pattern: Pattern, *, is_secret: bool) -> str:
    """SQL that takes the text apart at every match, and puts it together with marks for those that
    stand their check."""
    regex = literal(pattern.regex)
    value = "piece[2].value"
    if pattern.inside:
        marked = rf"\1[secret:{pattern.name}]"
        mark = f"regexp_replace({value}, {literal(pattern.inside)}, {literal(marked)}, 'g')"
    elif is_secret:
        mark = literal(f"[secret:{pattern.name}]")
    else:
        kind = literal(pattern.name)
        plain = pattern.of(pattern.plain, value)
        mark = f"concat('[', {kind}, ':', clew_token({kind}, {plain}), ']')"
    tests = ["piece[2].before = ''", "piece[2].behind = ''"]
    tests += [f"({pattern.of(pattern.check, value)})"] if pattern.check else []
    names = "['before', 'lead', 'value', 'tail', 'behind']"
    parts = f"list_transform(regexp_extract_all(text, {regex}), lambda one: regexp_extract(one, {regex}, {names}))"
    whole = f"concat(piece[2].before, piece[2].lead, {value}, piece[2].tail, piece[2].behind)"
    return (
        f"array_to_string(list_transform(list_zip(regexp_split_to_array(text, {regex}), "
        f"list_append({parts}, NULL)), lambda piece: concat(piece[1], CASE "
        f"WHEN piece[2].value IS NULL THEN '' WHEN coalesce({' AND '.join(tests)}, false) "
        f"THEN concat(piece[2].lead, {mark}, piece[2].tail) ELSE {whole} END)), '')"
    )


def redacted(texts: Texts, values: Sequence[str]) -> list[str]:
    """The same texts without what is taken out."""
    bench = texts.bench
    bench.execute("CREATE OR REPLACE TEMP TABLE redact_given (before VARCHAR, after VARCHAR)")
    bench.execute(
        "INSERT INTO redact_given SELECT DISTINCT unnest(?::VARCHAR[]), NULL", [list(values)]
    )
    if texts.gate:
        texts.redact("redact_given")
    rows = bench.execute(
        "SELECT before, after FROM redact_given WHERE after IS NOT NULL"
    ).fetchall()
    found = dict(rows)
    return [found.get(value, value) for value in values]

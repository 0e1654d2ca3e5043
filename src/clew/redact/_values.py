"""Texts to texts without what the policy takes out, as SQL over a table of distinct texts.

A text is looked at by a pattern only where the pattern's hint, and then the pattern itself, is found;
each pattern sees what those before it have left. What has changed is looked at again until nothing
changes, so that redacting twice changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress, groupby
from types import ModuleType

import duckdb

from clew import registry
from clew.model.redaction import TOKEN_DIGITS, Policy
from clew.redact import _base64, _encoded
from clew.redact._encoded import ESCAPE, MAY_BE_ENCODED, TWICE
from clew.redact._key import known_key
from clew.redact._pattern import GROUPS, Pattern, literal
from clew.redact._steps import (
    CHEAP,
    DOUBT,
    EDGE,
    SECRET,
    any_hint,
    by_whole_matches,
    has_hint,
    hinted,
    is_joint,
    joint_step,
    step,
)

PARTS = (_encoded, _base64)
"""Encodings of text within a text."""
BLOCK_BYTES = 64
"""Of SHA-256, in an HMAC."""
MOST_ROUNDS = 5
"""Times that a changed text is looked at again; two are the rule."""
DEEPEST = 3
"""Times that a text within a text is decoded."""
PERSONAL_LOOKS = re.compile(r"@|%40|[0-9A-Fa-f:.]{7}|(?:[0-9]\D{0,3}){6}")
"""What any personal datum has: an @, or digits."""
COLOUR = r"\x1b\[[0-9;]*m"
"""RE2 of what makes a terminal show a text in colour: it parts no words."""
FEW = 2_000
"""Texts of which each pattern is asked by its gate before it is run, even where others have the same gate: a
statement costs more than they do."""
SAMPLE = 500
"""Texts of which each pattern is asked by its hints; the others are asked by all hints at once, first."""
AT_ONCE = f"LIMIT {1 << 60}"
"""Behind a subquery: DuckDB pushes no filter below it, and so computes its columns only once."""
APART = """CREATE OR REPLACE TEMP TABLE redact_round AS
SELECT * EXCLUDE (is_apart), text AS earlier, CASE WHEN by_secret THEN lower(text) END AS low
FROM redact_looked WHERE is_apart"""
CHANGED_APART = "SELECT place, text FROM redact_round WHERE text <> earlier"
CHANGED = f"SELECT place, text FROM redact_looked WHERE NOT is_apart UNION ALL {CHANGED_APART}"
"""SQL of the texts of a round that are other ones than before it."""
RARE = (*SECRET, "digits")
"""Groups whose gates are one pass first: most texts have none of them."""
LISTED = f"unnest(string_split(?, {literal(EDGE)}))"
"""SQL of many texts that are handed over as one, see `as_one`: a list of them takes ten times as long."""
TOKEN = f"""
CREATE OR REPLACE TEMP MACRO clew_token(kind, plain) AS
    left(sha256(getvariable('clew_outer') || unhex(sha256(getvariable('clew_inner')
        || encode(concat(kind, ':', plain))))), {TOKEN_DIGITS});
"""


def token(key: bytes, kind: str, plain: str) -> str:
    """The token of a value in its one spelling, as SQL's clew_token makes it."""
    message = f"{kind}:{plain}".encode("utf-8", "surrogatepass")
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:TOKEN_DIGITS]


def as_one(texts: Iterable[str]) -> str:
    """At least one text, as `LISTED` wants them."""
    return EDGE.join(texts)


def _members() -> list[ModuleType]:
    """The redactions that have patterns: secrets first, for their parts look like personal data."""
    members = [registry.load("redact", name) for name in registry.names("redact")]
    found = [member for member in members if hasattr(member, "PATTERNS")]
    return sorted(found, key=lambda member: not member.IS_SECRET)


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
        macros = "".join(getattr(member, "MACROS", "") for member in _members())
        for statement in (TOKEN + macros).split(";\n"):
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
        return tuple(
            (pattern, member.IS_SECRET)
            for member in _members()
            if (self.policy.takes_secrets if member.IS_SECRET else self.policy.takes_personal)
            for pattern in member.PATTERNS
            if not pattern.option or getattr(self.policy, pattern.option)
        )

    @property
    def gate(self) -> str:
        """RE2 that every text with something to take out matches; "" where nothing is taken out."""
        return gate_of(pattern for pattern, _ in self.patterns)

    def redact(self, table: str, depth: int = 0) -> None:
        """Fills the column `after` of a table with the column `before`, of distinct texts; what stays
        as it is is left NULL. A text with colours is looked at without them, and loses them where it changes."""
        colourless = f"regexp_replace(before, {literal(COLOUR)}, '', 'g')"
        coloured = f"UPDATE {table} SET after = {colourless} WHERE contains(before, chr(27)) AND after IS NULL"
        has_colours = self.bench.execute(coloured).fetchall()[0][0]
        self._look(table, self.patterns)
        if depth < DEEPEST:
            self._look_into_encoded(table, depth)
        if has_colours:
            self.bench.execute(
                f"UPDATE {table} SET after = NULL WHERE contains(before, chr(27)) AND after = {colourless}"
            )

    def _look_into_encoded(self, table: str, depth: int) -> None:
        """Redacts what is percent-encoded, or in Base64, in what is left of the texts."""
        execute = self.bench.execute
        left, said = f"redact_left_{depth}", f"redact_pieces_{depth}"
        gate = literal(f"{self.gate}|{TWICE}")
        texts = execute(
            f"SELECT before, text FROM (SELECT before, coalesce(after, before) AS text FROM {table}) "
            f"WHERE {MAY_BE_ENCODED.format(text='text')} AND regexp_matches(text, {literal(ESCAPE)}) "
            "AND coalesce(regexp_matches("
            f"try(url_decode(replace(text, '+', ' '))), {gate}) OR regexp_matches(text, {gate}), true) "
            f"OR regexp_matches(text, {literal(_base64.LONG_RUN)}) "
            f"AND regexp_matches(text, {literal(_base64.PRINTED)})"
        ).fetchall()
        if not texts:
            return
        words = {word for _, text in texts for part in PARTS for word in part.pieces(text)}
        if not words:
            return
        self._table(said, sorted(words))
        self.redact(said, depth + 1)
        found = dict(execute(f"FROM {said} WHERE after IS NOT NULL").fetchall())
        new = [
            (before, after)
            for before, text in texts
            if found and (after := _with_parts(text, found.get)) != text
        ]
        if not new:
            return
        self._table(left, sorted({after for _, after in new}))
        self._look(left, self.patterns)
        execute(
            f"UPDATE {table} SET after = done.text FROM (SELECT given.before, coalesce(l.after, l.before) AS text "
            f"FROM (SELECT {LISTED} AS before, {LISTED} AS text) AS given "
            f"JOIN {left} AS l ON l.before = given.text) AS done WHERE {table}.before = done.before",
            [as_one(before for before, _ in new), as_one(after for _, after in new)],
        )

    def _table(self, name: str, texts: Sequence[str]) -> None:
        """A table of texts that nothing has been taken out of yet."""
        self.bench.execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS "
            f"SELECT {LISTED} AS before, NULL::VARCHAR AS after",
            [as_one(texts)],
        )

    def _look(self, table: str, patterns: Sequence[tuple[Pattern, bool]]) -> None:
        """Takes what these patterns find out of the texts of a table, until nothing changes."""
        execute = self.bench.execute
        source = f"SELECT rowid AS place, coalesce(after, before) AS text FROM {table}"
        for _ in range(MOST_ROUNDS):
            execute(f"CREATE OR REPLACE TEMP TABLE redact_looked AS {self._noticed(source)}")
            count = execute(APART).fetchall()[0][0]
            for are_joint, items in groupby(self._asked(count, patterns), is_joint):
                if are_joint:
                    execute(joint_step([item[0] for item in patterns if is_joint(item)]))
                    continue
                for pattern, is_secret in items:
                    execute(step(pattern, is_secret=is_secret))
            changed = execute(
                f"UPDATE {table} SET after = done.text FROM ({CHANGED}) AS done "
                f"WHERE {table}.rowid = done.place"
            )
            if not changed.fetchall()[0][0]:
                return
            source = f"FROM ({CHANGED_APART}) WHERE regexp_matches(text, {literal(self.gate)})"

    def _noticed(self, source: str) -> str:
        """SQL of the texts in which a group of patterns may find something, and which groups those are.

        A text that needs nothing but the patterns that are looked for together is done already: where all
        that they match is taken, there is nothing left to look at.
        """
        gates = self._group_gates()
        look = literal("|".join(gates[group] for group in RARE if group in gates))
        joint = [item[0] for item in self.patterns if is_joint(item)]
        first = [p for p, _ in self.patterns if p.group in CHEAP and p not in joint]
        apart = " OR ".join(["is_rare", *{has_hint(pattern, "text"): True for pattern in first}])
        flags = {group: f"regexp_matches(text, {literal(gate)})" for group, gate in gates.items()}
        flags |= {
            group: f"CASE WHEN is_rare THEN {flags[group]} ELSE false END"
            for group in RARE
            if group in flags
        }
        flags |= {group: sql for group, sql in CHEAP.items() if group in flags}
        shown = ", ".join(f"{sql} AS by_{group}" for group, sql in flags.items())
        done = by_whole_matches(joint, "alone", DOUBT) if joint else "alone"
        texts = f"SELECT place, text, regexp_matches(text, {look}) AS is_rare FROM ({source})"
        alone = f"SELECT *, CASE WHEN NOT ({apart}) THEN text END AS alone FROM ({texts} {AT_ONCE})"
        marked = f"SELECT *, {done} AS done FROM ({alone} {AT_ONCE})"
        parted = f"SELECT *, coalesce(contains(done, {literal(DOUBT)}), true) AS is_apart FROM ({marked} {AT_ONCE})"
        flagged = f"SELECT place, text, done, is_apart, {shown} FROM ({parted} {AT_ONCE})"
        by_secret = " OR ".join(f"by_{group}" for group in SECRET if group in gates)
        noticed = " OR ".join(f"by_{group}" for group in gates)
        return (
            "SELECT * EXCLUDE (done) REPLACE (CASE WHEN is_apart THEN text ELSE done END AS text), "
            f"{by_secret} AS by_secret FROM ({flagged} {AT_ONCE}) "
            f"WHERE CASE WHEN is_apart THEN {noticed} ELSE text <> done END"
        )

    def _group_gates(self) -> dict[str, str]:
        by_group = {
            group: [pattern for pattern, _ in self.patterns if pattern.group == group]
            for group in GROUPS
        }
        return {group: gate_of(patterns) for group, patterns in by_group.items() if patterns}

    def _asked(
        self, texts: int, patterns: Sequence[tuple[Pattern, bool]]
    ) -> list[tuple[Pattern, bool]]:
        """Those of the patterns that any of so many texts of this round may hold: by their hints, and then,
        for a hint may be any word, by their gates."""
        if not texts:
            return []
        together = [item[0] for item in patterns if is_joint(item)]
        others = [pattern for pattern, _ in patterns if pattern not in together]
        asked = set(self._held(others, map(hinted, others), f"rowid < {SAMPLE}"))
        rest = [pattern for pattern in others if pattern not in asked]
        if texts > SAMPLE:
            asked.update(self._held(rest, map(hinted, rest), any_hint(rest)))
        shared = Counter(pattern.gate for pattern in asked)
        gated = [p for p in others if p in asked and (texts < FEW or shared[p.gate] == 1)]
        gates = [f"regexp_matches(text, {literal(pattern.gate)})" for pattern in gated]
        tests = [
            f"CASE WHEN {hinted(pattern)} THEN {gate} ELSE false END"
            for pattern, gate in zip(gated, gates, strict=True)
        ]
        asked -= {*gated} - {*self._held(gated, tests)}
        asked.update(self._held(together, (f"by_{pattern.group}" for pattern in together)))
        return [item for item in patterns if item[0] in asked]

    def _held(
        self, patterns: Sequence[Pattern], tests: Iterable[str], among: str = "true"
    ) -> list[Pattern]:
        """The patterns whose test any text of this round, among these, passes."""
        if not patterns:
            return []
        asked = ", ".join(f"coalesce(bool_or({test}), false)" for test in tests)
        sql = f"SELECT {asked} FROM redact_round WHERE {among}"
        return list(compress(patterns, self.bench.execute(sql).fetchall()[0]))


def _with_parts(text: str, after: Callable[[str], str | None]) -> str:
    """The text with what its encoded parts have become."""
    for part in PARTS:
        text = part.rewritten(text, after)
    return text


def redacted(texts: Texts, values: Sequence[str]) -> list[str]:
    """The same texts without what is taken out."""
    bench = texts.bench
    bench.execute("CREATE OR REPLACE TEMP TABLE redact_given (before VARCHAR, after VARCHAR)")
    if values:
        bench.execute(f"INSERT INTO redact_given SELECT DISTINCT {LISTED}, NULL", [as_one(values)])
    if texts.gate:
        texts.redact("redact_given")
    rows = bench.execute(
        "SELECT before, after FROM redact_given WHERE after IS NOT NULL"
    ).fetchall()
    found = dict(rows)
    return [found.get(value, value) for value in values]


def tokens_of(values: Iterable[str], policy: Policy, case: str) -> dict[str, str]:
    """What values have become where they were redacted with the key at hand; those alone that change."""
    asked = [value for value in dict.fromkeys(values) if PERSONAL_LOOKS.search(value)]
    key = known_key(policy, case) if asked and policy.takes_personal else None
    if key is None:
        return {}
    bench = duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 1})
    try:
        texts = Texts(bench, policy, key)
        texts.prepare()
        found = dict(zip(asked, redacted(texts, asked), strict=True))
    finally:
        bench.close()
    return {value: after for value, after in found.items() if after != value}

"""Texts to texts without what the policy takes out, as SQL over a table of distinct texts.

A text is looked at by a pattern only where the pattern's hint, and then the pattern itself, is found;
each pattern sees what those before it have left. What has changed is looked at again until nothing
changes, so that redacting twice changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets as chance
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress, groupby
from types import ModuleType

import duckdb

from clew import registry
from clew.model.redaction import TOKEN_DIGITS, Policy
from clew.redact._encoded import ESCAPE, TWICE, pieces, rewritten
from clew.redact._key import known_key
from clew.redact._pattern import GROUPS, Pattern, literal

BLOCK_BYTES = 64
"""Of SHA-256, in an HMAC."""
MOST_ROUNDS = 5
"""Times that a changed text is looked at again; two are the rule."""
DEEPEST = 3
"""Times that a text within a text is decoded."""
PERSONAL_LOOKS = re.compile(r"@|%40|[0-9A-Fa-f:.]{7}|(?:[0-9]\D{0,3}){6}")
"""What any personal datum has: an @, or digits."""
FEW = 2_000
"""Texts of which each pattern is asked by its gate before it is run, even where others have the same gate: a
statement costs more than they do."""
AT_ONCE = f"LIMIT {1 << 60}"
"""Behind a subquery: DuckDB pushes no filter below it, and so computes its columns only once."""
SECRET = ("form", "word")
RARE = (*SECRET, "digits")
"""Groups whose gates are one pass first: most texts have none of them."""
CHEAP = {"at": "contains(text, '@') OR contains(text, '%40')", "phone": "true"}
"""SQL of what is asked of groups in place of their gates: to look at once costs no more than they do."""
EDGE, INNER_EDGE = (f"\x01{chance.token_hex(4)}\x02" for _ in range(2))
"""Where a text is taken apart; no text can know them."""
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
        as it is is left NULL."""
        self._look(table, self.patterns)
        if depth < DEEPEST:
            self._look_into_encoded(table, depth)

    def _look_into_encoded(self, table: str, depth: int) -> None:
        """Redacts what is percent-encoded in what is left of the texts."""
        execute = self.bench.execute
        left, said = f"redact_left_{depth}", f"redact_pieces_{depth}"
        gate = literal(f"{self.gate}|{TWICE}")
        texts = execute(
            f"SELECT before, text FROM (SELECT before, coalesce(after, before) AS text FROM {table}) "
            f"WHERE (contains(text, '%') OR contains(text, '+')) AND regexp_matches(text, {literal(ESCAPE)}) "
            "AND coalesce(regexp_matches("
            f"try(url_decode(replace(text, '+', ' '))), {gate}) OR regexp_matches(text, {literal(TWICE)}), true)"
        ).fetchall()
        if not texts:
            return
        self._table(said, sorted({word for _, text in texts for word in pieces(text)}))
        self.redact(said, depth + 1)
        found = dict(execute(f"FROM {said} WHERE after IS NOT NULL").fetchall())
        new = [
            (before, after)
            for before, text in texts
            if found and (after := rewritten(text, found.get)) != text
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
            made = execute(f"CREATE OR REPLACE TEMP TABLE redact_round AS {self._noticed(source)}")
            asked = self._asked(made.fetchall()[0][0], patterns)
            if not asked:
                return
            for is_joint, items in groupby(asked, _is_joint):
                if is_joint:
                    execute(
                        _joint_step([pattern for pattern, _ in patterns if _is_joint((pattern, _))])
                    )
                    continue
                for pattern, is_secret in items:
                    execute(_step(pattern, is_secret=is_secret))
            changed = execute(
                f"UPDATE {table} SET after = done.text FROM redact_round AS done "
                f"WHERE {table}.rowid = done.place AND done.text <> done.earlier"
            )
            if not changed.fetchall()[0][0]:
                return
            source = (
                "SELECT place, text FROM redact_round WHERE text <> earlier "
                f"AND regexp_matches(text, {literal(self.gate)})"
            )

    def _noticed(self, source: str) -> str:
        """SQL of the texts in which a group of patterns may find something, and which groups those are."""
        gates = self._group_gates()
        look = literal("|".join(gates[group] for group in RARE if group in gates))
        flags = {group: f"regexp_matches(text, {literal(gate)})" for group, gate in gates.items()}
        flags |= {
            group: f"CASE WHEN is_rare THEN {flags[group]} ELSE false END"
            for group in RARE
            if group in flags
        }
        flags |= {group: sql for group, sql in CHEAP.items() if group in flags}
        shown = ", ".join(f"{sql} AS by_{group}" for group, sql in flags.items())
        texts = (
            f"SELECT place, text, regexp_matches(text, {look}) AS is_rare FROM ({source}) {AT_ONCE}"
        )
        flagged = f"SELECT place, text, {shown} FROM ({texts}) {AT_ONCE}"
        hinted = " OR ".join(f"by_{group}" for group in SECRET if group in gates)
        return (
            f"SELECT *, text AS earlier, CASE WHEN {hinted} THEN lower(text) END AS low "
            f"FROM ({flagged}) WHERE {' OR '.join(f'by_{group}' for group in gates)}"
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
        """Those of the patterns that any of so many texts of this round may hold."""
        if not texts:
            return []
        asked: set[Pattern] = set()
        groups = list(self._group_gates())
        flags = ", ".join(f"bool_or(by_{group})" for group in groups)
        (noticed,) = self.bench.execute(f"SELECT {flags} FROM redact_round").fetchall()
        for group in compress(groups, noticed):
            among = [pattern for pattern, _ in patterns if pattern.group == group]
            if not among:
                continue
            if len(among) == 1:
                asked.update(among)
                continue
            shared = Counter(pattern.gate for pattern in among)
            tests = [
                f"coalesce(bool_or(CASE WHEN {_hinted(pattern)} THEN "
                + (
                    f"regexp_matches(text, {literal(pattern.gate)})"
                    if texts < FEW or shared[pattern.gate] == 1
                    else "true"
                )
                + " ELSE false END), false)"
                for pattern in among
            ]
            (found,) = self.bench.execute(
                f"SELECT {', '.join(tests)} FROM redact_round WHERE by_{group}"
            ).fetchall()
            asked.update(compress(among, found))
        return [item for item in patterns if item[0] in asked]


def _hinted(pattern: Pattern) -> str:
    """SQL of whether a text is worth a look; `low`, where the look for secrets saw something, is the text
    in lower case."""
    hints = pattern.hints
    if pattern.group not in SECRET and any(hint.islower() for hint in hints):
        hints = ()
    tests = [f"contains({'low' if hint.islower() else 'text'}, {literal(hint)})" for hint in hints]
    return f"(by_{pattern.group} AND ({' OR '.join(tests or ['true'])}))"


def _is_joint(item: tuple[Pattern, bool]) -> bool:
    """Whether a pattern is looked for together with its neighbours."""
    pattern, is_secret = item
    return not is_secret and pattern.group in CHEAP


def _joint_step(patterns: Sequence[Pattern]) -> str:
    """SQL that takes what any of these patterns of personal data finds out of every `text`, in one pass:
    the first of them that fits where a match begins counts."""
    groups = sorted({pattern.group for pattern in patterns})
    return (
        f"UPDATE redact_round SET text = {_by_whole_matches(patterns)} "
        f"WHERE {' OR '.join(f'by_{group}' for group in groups)}"
    )


def _by_whole_matches(patterns: Sequence[Pattern]) -> str:
    """SQL of the text with marks for what these patterns of personal data find: of a match, only whether it
    has something before or behind the value matters, and to ask for its groups takes twice as long."""
    assert not any(p.lead or p.tail or p.inside for p in patterns), "BUG: these keep parts"
    regex = "|".join(f"(?:{p.before})??(?:{p.value})(?:{p.behind})?" for p in patterns)
    cases = []
    for pattern in patterns:
        mark = _mark(pattern, "piece")
        if pattern.check:
            check = pattern.of(pattern.check, "piece")
            mark = f"CASE WHEN coalesce({check}, false) THEN {mark} ELSE piece END"
        cases.append(f"WHEN regexp_full_match(piece, {literal(pattern.value)}) THEN {mark}")
    apart = literal(rf"{EDGE}\0{EDGE}")
    pieces = f"string_split(regexp_replace(text, {literal(regex)}, {apart}, 'g'), {literal(EDGE)})"
    return (
        f"array_to_string(list_transform({pieces}, lambda piece, number: CASE WHEN number % 2 = 1 THEN piece "
        f"{' '.join(cases)} ELSE piece END), '')"
    )


def _step(pattern: Pattern, *, is_secret: bool) -> str:
    """SQL that takes what the pattern finds out of every `text`; `low` is the text in lower case."""
    regex = literal(pattern.regex)
    if is_secret and pattern.is_plain:
        mark = literal(rf"\2[secret:{pattern.name}]\4")
        changed = f"regexp_replace(text, {regex}, {mark}, 'g')"
    else:
        changed = _pieced(pattern, is_secret=is_secret)
    return f"UPDATE redact_round SET text = {changed} WHERE {_hinted(pattern)} AND regexp_matches(text, {regex})"


def _pieced(pattern: Pattern, *, is_secret: bool) -> str:
    """SQL that takes the text apart at every match, and puts it together with marks for those that
    stand their check."""
    if not (is_secret or pattern.lead or pattern.tail):
        return _by_whole_matches([pattern])
    value = "part[3]"
    if pattern.inside:
        marked = rf"\1[secret:{pattern.name}]"
        mark = f"regexp_replace({value}, {literal(pattern.inside)}, {literal(marked)}, 'g')"
    elif is_secret:
        mark = literal(f"[secret:{pattern.name}]")
    else:
        mark = _mark(pattern, value)
    tests = ["part[1] = ''", "part[5] = ''"]
    tests += [f"({pattern.of(pattern.check, value)})"] if pattern.check else []
    apart = literal(EDGE + INNER_EDGE.join(rf"\{number}" for number in range(1, 6)) + EDGE)
    pieces = f"string_split(regexp_replace(text, {literal(pattern.regex)}, {apart}, 'g'), {literal(EDGE)})"
    return (
        f"array_to_string(list_transform(list_transform({pieces}, lambda piece: "
        f"string_split(piece, {literal(INNER_EDGE)})), lambda part: CASE WHEN len(part) = 1 THEN part[1] "
        f"WHEN coalesce({' AND '.join(tests)}, false) THEN concat(part[2], {mark}, part[4]) "
        "ELSE array_to_string(part, '') END), '')"
    )


def _mark(pattern: Pattern, value: str) -> str:
    """SQL of the mark of a personal datum."""
    kind = literal(pattern.name)
    return f"concat('[', {kind}, ':', clew_token({kind}, {pattern.of(pattern.plain, value)}), ']')"


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

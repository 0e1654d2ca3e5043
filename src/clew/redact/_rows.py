"""The rows of a block without what the policy takes out, as SQL over the relation they stand in.

One pattern over all texts of a row decides whether it is looked at more closely; of those rows each
distinct text is redacted once. Rows without anything cost that one pass.
"""

from __future__ import annotations

import gc
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import duckdb

from clew import registry
from clew.model.redaction import SECRET_MARK, Policy
from clew.redact._base64 import PRINTED
from clew.redact._columns import may_hold, whole, without_ids
from clew.redact._encoded import ESCAPE, MAY_BE_ENCODED, TWICE
from clew.redact._json import Change, Document
from clew.redact._pattern import literal
from clew.redact._split_keys import add_key_lines, without_split_keys
from clew.redact._values import AT_ONCE, COLOUR, LISTED, Texts, as_one, gate_of, redacted, token

prompts = registry.load("redact", "prompts")
PROSE = ("attributes", *registry.load("redact", "presidio").COLUMNS)
IN_JSON = r"\\u00(?:[2-7]|1[bB]\[)"
"""In JSON's text any sign may be written so: such a text is looked at, and one in colours."""
IS_JSON = "CASE WHEN regexp_matches(before, '^\\s*[\\[{]') THEN json_valid(before) ELSE false END"
SECRET_BEHIND, PERSONAL_BEHIND = r"secret:([a-z0-9_]+)\]", r"([a-z0-9_]+):[0-9a-f]{12}\]"
"""What a mark says behind its bracket."""
SECRETS_OF, PERSONAL_OF = rf"\[{SECRET_BEHIND}", rf"\[{PERSONAL_BEHIND}"
IDENTITY = "api_key_hash"
"""The column in which a secret becomes a token, so that one key is still the same key."""


class Redactor:
    """Redacts blocks of rows, and counts what it took out: in all, and by source_id.

    key  gives the key, which may have to be made; asked when it is needed first
    """

    def __init__(
        self, bench: duckdb.DuckDBPyConnection, policy: Policy, key: Callable[[], bytes]
    ) -> None:
        self.policy = policy
        self.counts: Counter[str] = Counter()
        self.counts_of: dict[str, Counter[str]] = {}
        self.used_key: bytes | None = None
        self._bench, self._key = bench, key
        self._texts: Texts | None = None
        self._analyst: Any = None
        gate = _within_json(Texts(bench, policy, b"").gate)
        self._gate = literal(f"{gate}|{IN_JSON}|{TWICE}|{PRINTED}")

    @property
    def counted(self) -> dict[str, int]:
        """What was taken out, by type."""
        return {kind: count for kind, count in sorted(self.counts.items()) if count > 0}

    @property
    def words(self) -> str:
        """The policy as the ledger notes it, and which key it used: a check, not the key."""
        if self.used_key is None:
            return self.policy.words
        return f"{self.policy.words}, key {token(self.used_key, 'key', 'clew')}"

    def rows(self, relation: str, names: Sequence[str]) -> str | None:
        """SQL of the same rows, redacted; None where nothing is to be taken out."""
        if not self.policy.takes_secrets:
            return None
        content = prompts.COLUMNS if self.policy.prompts != "keep" else ()
        columns = [n for n in names if may_hold(n) and n not in content]
        columns = without_ids(self._bench, relation, columns)
        with _uncollected():
            changed = self._changed(relation, columns, names)
        taken = [name for name in content if name in names]
        if not (changed or taken):
            return None
        self._ready()
        picked = {name: f"coalesce(new_{name}.after, r.{name})" for name in changed}
        picked |= self._content(relation, taken, names)
        joins = "".join(
            f" LEFT JOIN ({self._new(name, number)}) AS new_{name} ON r.{name} = new_{name}.before"
            for name, number in changed.items()
        )
        old = ", ".join(f'{picked.pop(name, f"r.{name}")} AS "{name}"' for name in names)
        more = "".join(f', {sql} AS "{name}"' for name, sql in picked.items())
        return f"SELECT {old}{more} FROM {relation} AS r{joins}"

    def redacted(self, texts: Sequence[str]) -> list[str | None]:
        """The same texts, redacted; none where prompts are not kept, for they may be in them."""
        if not self.policy.takes_secrets or self.policy.prompts != "keep":
            return [None] * len(texts)
        after = redacted(self._ready(), without_split_keys(texts))
        if self.policy.analyses:
            after = [self._analysed(text) for text in after]
        for before, text in zip(texts, after, strict=True):
            self.counts.update(marks_of(text))
            self.counts.subtract(marks_of(before))
        return list(after)

    def names(self, texts: Sequence[str]) -> list[str]:
        """What sources are called, redacted as any text; these are not counted, see `marks_of`."""
        if not self.policy.takes_secrets:
            return list(texts)
        sql = f"SELECT bool_or({self._noticed('name')}) FROM (SELECT unnest(?::VARCHAR[]) AS name)"
        if not self._bench.execute(sql, [list(texts)]).fetchall()[0][0]:
            return list(texts)
        return redacted(self._ready(), texts)

    def _ready(self) -> Texts:
        if self._texts is None:
            self.used_key = self._key()
            self._texts = Texts(self._bench, self.policy, self.used_key)
            self._texts.prepare()
        return self._texts

    def _changed(
        self, relation: str, columns: Sequence[str], names: Sequence[str]
    ) -> dict[str, int]:
        """Fills redact_values with the texts that change; gives those of the columns that hold one of
        them, and the numbers that they have in redact_hits."""
        prose = [name for name in columns if self.policy.analyses and name in PROSE]
        if not (columns and self._picked(relation, columns, prose, names)):
            return {}
        execute = self._bench.execute
        ordered = {"message", "byte_offset", "part"}.issubset(names)
        has_keys = ordered and add_key_lines(self._bench, relation, columns, _origin(names))
        texts = self._ready()
        self._find(columns, prose)
        sql = "SELECT before, is_prose FROM redact_found WHERE is_json"
        given = [(Document(text), is_prose) for text, is_prose in execute(sql).fetchall()]
        documents = [document for document, _ in given]
        inner = list(dict.fromkeys(text for document in documents for text in document.texts()))
        if inner:
            execute(
                "INSERT INTO redact_values SELECT before, NULL FROM "
                f"(SELECT {LISTED} AS before) ANTI JOIN redact_values USING (before)",
                [as_one(inner)],
            )
        texts.redact("redact_values")
        if prose:
            self._analyse({text for one, is_prose in given if is_prose for text in one.prose()})
        self._rewrite(documents)
        if has_keys:
            execute("DELETE FROM redact_values WHERE before IN (SELECT before FROM redact_keys)")
            execute("INSERT INTO redact_values SELECT before, after FROM redact_keys")
        execute("DELETE FROM redact_values WHERE after IS NULL OR after = before")
        held = self._holding(columns, has_keys=has_keys)
        texts_in, numbers = ", ".join(columns[n] for n in held), ", ".join(map(str, held))
        execute(
            "CREATE OR REPLACE TEMP TABLE redact_hits AS SELECT number, place, origin, count(*) AS rows "
            f"FROM (SELECT unnest([{texts_in}]) AS before, unnest([{numbers}]) AS number, origin "
            "FROM redact_rows) JOIN (SELECT before, rowid AS place FROM redact_values) USING (before) GROUP BY ALL"
        )
        found = {name for (name,) in execute("SELECT DISTINCT number FROM redact_hits").fetchall()}
        self._count()
        return {name: number for number, name in enumerate(columns) if number in found}

    def _picked(
        self, relation: str, columns: Sequence[str], prose: Sequence[str], names: Sequence[str]
    ) -> int:
        """Fills redact_rows with the rows that may hold anything; how many there are."""
        listed = ", ".join(columns)
        analysed = f" OR coalesce({', '.join(prose)}) IS NOT NULL" if prose else ""
        made = self._bench.execute(
            f"CREATE OR REPLACE TEMP TABLE redact_rows AS SELECT {listed}, origin FROM "
            f"(SELECT {listed}, {_origin(names)} AS origin, {whole(columns)} AS whole FROM {relation} {AT_ONCE}) "
            f"WHERE {self._noticed('whole')}{self._keyed(columns)}{analysed}"
        )
        return int(made.fetchall()[0][0])

    def _find(self, columns: Sequence[str], prose: Sequence[str]) -> None:
        """Fills redact_found with the distinct texts of redact_rows that may hold anything, and
        redact_values with those that are no documents."""
        wanted = self._noticed("before")
        if self._keyed(columns):
            wanted += f" OR {_has_content('before')}"
        flags = ", ".join(str(name in prose) for name in columns)
        bits = ", ".join(f"(1::UHUGEINT << {number})" for number in range(len(columns)))
        texts = (
            "SELECT before, bool_or(is_prose) AS is_prose, bit_or(place) AS places FROM "
            f"(SELECT unnest([{', '.join(columns)}]) AS before, unnest([{flags}]) AS is_prose, "
            f"unnest([{bits}]) AS place FROM redact_rows) "
            f"WHERE before IS NOT NULL GROUP BY before {AT_ONCE}"
        )
        self._bench.execute(
            f"CREATE OR REPLACE TEMP TABLE redact_found AS SELECT *, CASE WHEN {IS_JSON} "
            f"THEN {self._not_as_text()} ELSE false END AS is_json FROM ({texts}) WHERE {wanted} OR is_prose"
        )
        self._bench.execute(
            "CREATE OR REPLACE TEMP TABLE redact_values AS "
            "SELECT before, NULL::VARCHAR AS after FROM redact_found WHERE NOT is_json"
        )

    def _holding(self, columns: Sequence[str], *, has_keys: bool) -> list[int]:
        """Which of the columns have a text of redact_found, or lines of a key."""
        (places,) = self._bench.execute("SELECT bit_or(places) FROM redact_found").fetchall()[0]
        return [
            number
            for number, name in enumerate(columns)
            if (places or 0) >> number & 1 or (has_keys and name == "message")
        ]

    def _not_as_text(self) -> str:
        """SQL of whether JSON `before` has to be taken apart: where it holds mail addresses alone, none in
        a name and nothing escaped, they are found in its text as well."""
        if self.policy.prompts != "keep":
            return "true"
        rest = gate_of(
            p for p, _ in Texts(self._bench, self.policy, b"").patterns if p.group != "at"
        )
        return (
            r"is_prose OR regexp_matches(before, '[\\%+]|@[^\"]*\"\s*:') "
            f"OR regexp_matches(before, {literal(_within_json(rest))})"
        )

    def _analyse(self, within: Collection[str]) -> None:
        """Has Presidio look at columns of prose, and at these texts within JSON."""
        execute = self._bench.execute
        rows = execute(
            "SELECT before, coalesce(after, before) FROM redact_values WHERE before IN "
            "(SELECT before FROM redact_found WHERE is_prose UNION ALL SELECT unnest(?::VARCHAR[]))",
            [sorted(within)],
        ).fetchall()
        new = [(before, self._analysed(text)) for before, text in rows]
        execute(
            "UPDATE redact_values SET after = done.text FROM (SELECT unnest(?::VARCHAR[]) AS before, "
            "unnest(?::VARCHAR[]) AS text) AS done WHERE redact_values.before = done.before",
            [[before for before, _ in new], [text for _, text in new]],
        )

    def _analysed(self, text: str) -> str:
        assert self.used_key is not None, "BUG: prose is analysed before there is a key"
        if self._analyst is None:
            module = registry.load("redact", "presidio")
            self._analyst = module.Analyst(self.policy.presidio, self.policy.entities)
        after: str = self._analyst.redacted(text, partial(token, self.used_key))
        return after

    def _noticed(self, text: str) -> str:
        """SQL of whether a text, or what it says where it is percent-encoded, may hold anything. The gate
        stands in it once: DuckDB takes longer to prepare it than to pass it over a thousand rows."""
        plain = f"try(url_decode(replace({text}, '+', ' ')))"
        colourless = f"regexp_replace({text}, {literal(COLOUR)}, '', 'g')"
        may_be = MAY_BE_ENCODED.format(text=text)
        is_encoded = f"{may_be} AND regexp_matches({text}, {literal(ESCAPE)})"
        said = (
            f"CASE WHEN contains({text}, chr(27)) THEN concat_ws(chr(10), {text}, {colourless}, {plain}) "
            f"WHEN {is_encoded} THEN {text} || chr(10) || {plain} ELSE {text} END"
        )
        return f"({text} IS NOT NULL AND coalesce(regexp_matches({said}, {self._gate}), true))"

    def _keyed(self, columns: Collection[str]) -> str:
        """SQL that takes in the rows whose attributes may hold content, where that is not kept."""
        if self.policy.prompts == "keep" or "attributes" not in columns:
            return ""
        return f" OR {_has_content('attributes')}"

    def _rewrite(self, documents: Sequence[Document]) -> None:
        """Adds the JSON documents that change to redact_values."""
        if not documents:
            return
        execute = self._bench.execute
        sql = "SELECT before, after FROM redact_values WHERE after IS NOT NULL"
        found = dict(execute(sql).fetchall())
        content = {"keep": None, "hash": self._hashed, "drop": self._dropped}[self.policy.prompts]
        change = Change(found, prompts.is_content_key, content)
        new = [document.rewritten(change) for document in documents]
        new = self._in_order(documents, new)
        # a text within a document may be what DuckDB, but not Python, takes for a document itself
        execute(
            "DELETE FROM redact_values WHERE before IN (SELECT before FROM redact_found WHERE is_json)"
        ).fetchall()
        execute(
            f"INSERT INTO redact_values SELECT {LISTED}, {LISTED}",
            [as_one(document.text for document in documents), as_one(new)],
        )

    def _in_order(self, documents: Sequence[Document], new: Sequence[str]) -> list[str]:
        """The documents with keys that changed in their places, where the keys stood in order before: attributes
        are stored so."""
        moved = [n for n, document in enumerate(documents) if document.has_new_keys]
        placed = list(new)
        if moved:
            ordered = "{}::JSON::VARIANT::JSON::VARCHAR"
            sql = (
                f"SELECT CASE WHEN before = {ordered.format('before')} THEN {ordered.format('after')} ELSE after END "
                "FROM (SELECT unnest(?::VARCHAR[]) AS before, unnest(?::VARCHAR[]) AS after)"
            )
            given = [[documents[n].text for n in moved], [new[n] for n in moved]]
            for number, (text,) in zip(
                moved, self._bench.execute(sql, given).fetchall(), strict=True
            ):
                placed[number] = text
        return placed

    def _hashed(self, text: str) -> str:
        assert self.used_key is not None, "BUG: a prompt is hashed before there is a key"
        return f"[{prompts.KIND}:{token(self.used_key, prompts.KIND, text)}]"

    def _dropped(self, text: str) -> None:
        self.counts[prompts.KIND] += 1

    def _new(self, name: str, number: int) -> str:
        """SQL of the texts of this column that change, as it wants them."""
        after = "after"
        if name == IDENTITY:
            kind = f"regexp_extract(after, '{SECRETS_OF}', 1)"
            after = (
                f"CASE WHEN regexp_full_match(after, '{SECRET_MARK}') "
                f"THEN concat('[', {kind}, ':', clew_token({kind}, before), ']') ELSE after END AS after"
            )
        hits = f"SELECT place FROM redact_hits WHERE number = {number}"
        return f"SELECT before, {after} FROM redact_values WHERE rowid IN ({hits})"

    def _content(self, relation: str, taken: Sequence[str], names: Sequence[str]) -> dict[str, str]:
        """What becomes of the columns that hold what people wrote, and of the prompt's hash."""
        if not taken:
            return {}
        counts = ", ".join(f"count({name})" for name in taken)
        (found,) = self._bench.execute(f"SELECT {counts} FROM {relation}").fetchall()
        self.counts[prompts.KIND] += sum(found)
        made = {
            name: f"concat('[{prompts.KIND}:', clew_token('{prompts.KIND}', r.{name}), ']')"
            for name in taken
        }
        if self.policy.prompts == "drop":
            picked = dict.fromkeys(taken, "NULL::VARCHAR")
        else:
            picked = {
                name: f"CASE WHEN r.{name} IS NULL OR regexp_full_match(r.{name}, '{PERSONAL_OF}') "
                f"THEN r.{name} ELSE {sql} END"
                for name, sql in made.items()
            }
        if "prompt" in taken:
            own = f"CASE WHEN r.prompt IS NOT NULL THEN clew_token('{prompts.KIND}', r.prompt) END"
            given = picked.get("prompt_hash", "r.prompt_hash")
            picked["prompt_hash"] = f"coalesce({given}, {own})" if "prompt_hash" in names else own
        return picked

    def _count(self) -> None:
        """Counts the marks that come into the rows, by type."""
        for side, sign in (("after", 1), ("before", -1)):
            parts = (
                f"SELECT unnest(string_split({side}, '[')[2:]) AS part, origin, rows FROM redact_hits JOIN "
                f"(SELECT {side}, rowid AS place FROM redact_values WHERE contains({side}, '[')) USING (place)"
            )
            kinds = (
                f"SELECT coalesce(nullif(regexp_extract(part, '^{SECRET_BEHIND}', 1), ''), "
                f"regexp_extract(part, '^{PERSONAL_BEHIND}', 1)) AS kind, origin, rows FROM ({parts})"
            )
            for kind, origin, count in self._bench.execute(
                f"SELECT kind, origin, sum(rows) FROM ({kinds}) WHERE kind <> '' GROUP BY kind, origin"
            ).fetchall():
                self.counts[kind] += sign * int(count)
                self.counts_of.setdefault(origin, Counter())[kind] += sign * int(count)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles: where many documents are in hand, and none in a cycle, it takes half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _origin(names: Collection[str]) -> str:
    """SQL of whose a row is."""
    return "source_id" if "source_id" in names else "''"


def _within_json(gate: str) -> str:
    r"""The gate for JSON's text as well, where a line may end in `\n`, which is no end of a word."""
    return gate.replace(r"\b", r"(?:\b|\\[nrtbf])")


def _has_content(name: str) -> str:
    keys = f"CASE WHEN starts_with({name}, '{{') AND json_valid({name}) THEN json_keys({name}) END"
    return f"len(list_filter({keys}, lambda key: regexp_matches(key, {literal(prompts.KEYS)}))) > 0"


def marks_of(text: str) -> list[str]:
    """The types of what was taken out of a text."""
    return [*re.findall(SECRETS_OF, text), *re.findall(PERSONAL_OF, text)]

"""What the events of a case state: columns, keys of attributes, and what stands inside of those keys.

A name is looked for as a source wrote it, in any case, and as its product's other spellings have it
(`taxonomy.spelled`): events of one case may come by several collectors. A name that goes on behind a
key, `target.displayName`, means what stands there in the list or object that the key holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import ibis.expr.types as ir

from clew.engines import Engine
from clew.model.event import BY_NAME
from clew.model.json_lists import at_path
from clew.model.views import attribute, attribute_keys, events
from clew.model.vocabulary import unwrapped
from clew.sigma.reading import Correlation, LogSource, RuleSet
from clew.sigma.taxonomy import PRODUCTS, in_camel_case, spelled
from clew.sigma.tree import fields

T = TypeVar("T")
Place = tuple[str, str]
"""A key of attributes, and a path inside of its value."""
MISFIT = "_text"
"""What a key is called on top where its value did not fit the column of its name: `status_text`."""
MOST_PLACES = 40
"""Keys, or places, that one question is about."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the events of a case state.

    inner  places inside of keys that some event has: of those that rules name
    lists  keys that rules name and under which some event has a list; None: any key may
    formats  of the events; None: any
    kept   formats, and the keys that their events have under the name that the source wrote
    """

    columns: frozenset[str]
    attributes: frozenset[str]
    inner: frozenset[Place] = frozenset()
    lists: frozenset[str] | None = None
    formats: frozenset[str] | None = None
    kept: frozenset[tuple[str, str]] = frozenset()

    def keys(self, name: str, source: LogSource) -> list[str]:
        """The keys that the name means, the surest first: of that name, of one that differs in case, or
        in underscores; what did not fit the column of that name; the product's other spellings."""
        plain = name.removeprefix("attributes.")
        by_spelling = _by_spelling(self.attributes)
        found = self._called(plain) or self._called(unwrapped(plain))
        if plain.lower() in BY_NAME:
            found += by_spelling.get(plain.lower() + MISFIT, [])
        for said in spelled(plain, source):
            found += by_spelling.get(_loose(said), [])
        return list(dict.fromkeys(found))

    def keepers(self, keys: Collection[str]) -> list[str]:
        """Formats of a product's own logs that have one of the keys as it was written: to their events it
        is all that the name means."""
        return sorted({name for name, key in self.kept if key in keys and name in PRODUCTS})

    def _called(self, plain: str) -> list[str]:
        by_spelling = _by_spelling(self.attributes)
        found = [plain] if plain in self.attributes else []
        found += by_spelling.get(plain.lower(), [])
        return found or [*by_spelling.get(_loose(plain), [])]

    def objects(self, name: str, source: LogSource) -> list[str]:
        """What keys begin with that stand in an object of that name: `requestParameters.`."""
        plain = name.removeprefix("attributes.")
        begins = _objects(self.attributes)
        said = (plain, unwrapped(plain), *spelled(plain, source))
        return list(dict.fromkeys(begin for one in said for begin in begins.get(_loose(one), ())))

    def places(self, name: str, source: LogSource) -> Iterator[Place]:
        """Where the name may stand inside of a key, the longest key first."""
        plain = name.removeprefix("attributes.")
        for said in dict.fromkeys((plain, unwrapped(plain), *spelled(name, source))):
            for end in range(len(said) - 1, 0, -1):
                if said[end] != ".":
                    continue
                path = said[end + 1 :]
                for key in self._called(said[:end]):
                    yield key, path
                    if "_" in path:
                        yield key, in_camel_case(path)


def known_of(engine: Engine, rules: RuleSet | None = None, seen: ir.Table = events) -> Known:
    """What the case has, by the list that ingest keeps; where there is none, by looking. At what the
    rules name it is looked closer, in the events that are `seen`: which keys hold lists, and what stands
    inside of them."""
    columns, keys = _stated(engine)
    known = Known(frozenset(columns), frozenset(keys))
    if rules is None:
        return known
    named, asked = set(), set()
    for name, source in set(_names(rules)):
        named |= set(known.keys(name, source))
        asked |= set(known.places(name, source))
    of_key = {key: attribute(seen.attributes, key) for key in sorted(named)}
    lists = _true(engine, seen, {key: text.startswith("[") for key, text in of_key.items()})
    inside = {(key, path): at_path(attribute(seen.attributes, key), path) for key, path in asked}
    inner = _true(
        engine, seen, {place: values.length() > 0 for place, values in sorted(inside.items())}
    )
    formats = frozenset(row[0] for row in engine.run(seen.select("source_format").distinct()).rows)
    return replace(
        known,
        inner=frozenset(inner),
        lists=frozenset(lists),
        formats=formats,
        kept=frozenset(_kept(engine)),
    )


def _stated(engine: Engine) -> tuple[set[str], set[str]]:
    """Columns and keys of attributes that events state."""
    if engine.dialect == "duckdb":
        rows = engine.run("SELECT DISTINCT field, is_attribute FROM fields WHERE rows > 0").rows
        columns = {name for name, is_attribute in rows if not is_attribute}
        if columns:
            return columns | {"event_id"}, {name for name, is_attribute in rows if is_attribute}
    counts = events.aggregate(**{name: events[name].notnull().any() for name in BY_NAME})
    answer = engine.run(counts)
    found = answer.rows[0] if answer.rows else ()
    columns = {name for name, is_there in zip(answer.columns, found, strict=True) if is_there}
    listed = events.select(key=attribute_keys(events.attributes).unnest()).distinct()
    return columns, {row[0] for row in engine.run(listed).rows}


def _kept(engine: Engine) -> list[tuple[str, str]]:
    """Formats and keys of attributes, where ingest keeps a list of them."""
    if engine.dialect != "duckdb":
        return []
    listed = "SELECT DISTINCT format, field FROM fields JOIN sources USING (source_id) WHERE is_attribute"
    return [(name, key) for name, key in engine.run(listed).rows]


def _names(rules: RuleSet) -> Iterator[tuple[str, LogSource]]:
    """Every name that the rules give a field, with the log source it is of."""
    grouped: set[str] = set()
    for item in rules.correlations.values():
        grouped |= set(_of_correlation(item))
    for rule in rules.rules.values():
        for name in (*fields(rule.tree), *grouped):
            yield name, rule.log_source


def _of_correlation(item: Correlation) -> Iterable[str]:
    own = (*item.group_by, *item.fields)
    return (*own, *(name for by_rule in item.aliases.values() for name in by_rule.values()))


def _true(engine: Engine, seen: ir.Table, asked: Mapping[T, ir.BooleanValue]) -> Iterator[T]:
    """Those whose condition holds for some event."""
    items = list(asked.items())
    for begin in range(0, len(items), MOST_PLACES):
        few = items[begin : begin + MOST_PLACES]
        looked = seen.aggregate(**{f"p{n}": value.any() for n, (_, value) in enumerate(few)})
        (found,) = engine.run(looked).rows
        yield from (one for (one, _), is_so in zip(few, found, strict=True) if is_so)


@lru_cache(maxsize=8)
def _by_spelling(keys: frozenset[str]) -> dict[str, list[str]]:
    """Keys by what they are in lower case, and without underscores."""
    found: dict[str, list[str]] = {}
    for key in sorted(keys):
        for said in {key.lower(), _loose(key)}:
            found.setdefault(said, []).append(key)
    return found


@lru_cache(maxsize=8)
def _objects(keys: frozenset[str]) -> dict[str, list[str]]:
    """What keys of objects begin with, by the object's name."""
    begins = {key[: end + 1] for key in keys for end, sign in enumerate(key) if sign == "." and end}
    found: dict[str, list[str]] = {}
    for begin in sorted(begins):
        found.setdefault(_loose(begin[:-1]), []).append(begin)
    return found


def _loose(name: str) -> str:
    return name.lower().replace("_", "")

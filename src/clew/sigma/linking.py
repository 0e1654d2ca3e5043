"""Rules to what they name: references by id or name, over all files; what cannot be followed is said.

A correlation silences the rules that it names, unless it says `generate`. A filter is put into each
rule that it is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from clew.sigma.counting import COUNTED
from clew.sigma.documents import Document
from clew.sigma.reading import About, Correlation, Problem, Rule, RuleSet, filtered

MOST_LEVELS = 12
"""Correlations on correlations: each one more is a query inside a query."""
MOST_PATH = 100
"""Rules that a circle has at most to be told as one; a longer one is too many levels."""


def link(found: RuleSet, sources: Mapping[str, Document]) -> None:
    """Resolves all references in place; what names something that is not there becomes a problem."""
    keys = _names(found)
    for key, correlation in list(found.correlations.items()):
        for name in _named(correlation):
            if target := keys.get(name) or keys.get(name.lower()):
                found.places[key, name] = target
            else:
                why = "which is not among the rules read"
                _refuse_for(found, key, name, why, sources[key])
                break
        else:
            found.correlations[key] = _with_aliases(found, key, correlation)
    _refuse_circles(found, sources)
    _refuse_what_names_refused(found, sources)
    for key, correlation in found.correlations.items():
        if not correlation.generate:
            found.silent |= {found.places[key, name] for name in correlation.rules}
    found.silent |= {k for k, rule in found.rules.items() if rule.about.name.startswith(COUNTED)}
    _filter(found, keys, sources)


def _names(found: RuleSet) -> dict[str, str]:
    """Id and name to key; the second that bears an id or a name is refused."""
    keys: dict[str, str] = {}
    items: dict[str, Rule | Correlation] = {**found.rules, **found.correlations}
    order = sorted(items.values(), key=lambda item: (item.about.file, item.about.line))
    for item in order:
        about = item.about
        for word, name in (("id", about.id.lower()), ("name", about.name)):
            if not name:
                continue
            if name in keys:
                other = items[keys[name]].about
                reason = f"its {word} '{name}' is also that of {other.file}, line {other.line}."
                _refuse(found, about.key, reason, about.line)
                break
            keys[name] = about.key
    return {name: key for name, key in keys.items() if _is_there(found, key)}


def _is_there(found: RuleSet, key: str) -> bool:
    return key in found.rules or key in found.correlations


def _named(correlation: Correlation) -> dict[str, None]:
    aliased = (name for fields in correlation.aliases.values() for name in fields)
    return dict.fromkeys((*correlation.rules, *aliased))


def _with_aliases(found: RuleSet, key: str, correlation: Correlation) -> Correlation:
    """Its aliases under the names that it gives its rules: an alias may say the id, and they the name."""
    aliases = {
        alias: {
            name: field
            for name in correlation.rules
            for other, field in fields.items()
            if found.places[key, name] == found.places[key, other]
        }
        for alias, fields in correlation.aliases.items()
    }
    return replace(correlation, aliases=aliases)


def _refuse(found: RuleSet, key: str, reason: str, line: int) -> None:
    item = found.rules.pop(key, None) or found.correlations.pop(key, None)
    if item is not None:
        about: About = item.about
        found.problems.append(Problem(about.file, line, about.id, reason))


def _refuse_for(found: RuleSet, key: str, name: str, why: str, source: Document) -> None:
    """For a rule that it names; the reason is told already where the two are one document."""
    if name.startswith(COUNTED):
        found.correlations.pop(key)
    else:
        _refuse(found, key, f"it names the rule '{name}', {why}.", source.line_of(name))


def _refuse_circles(found: RuleSet, sources: Mapping[str, Document]) -> None:
    done: set[str] = set()
    circular: dict[str, list[str]] = {}

    def follow(key: str, path: list[str]) -> None:
        if key in path:
            circle = path[path.index(key) :]
            circular.update(dict.fromkeys(circle, circle))
            return
        if key in done or key not in found.correlations or len(path) > MOST_PATH:
            return
        for name in found.correlations[key].rules:
            follow(found.places[key, name], [*path, key])
        done.add(key)

    for key in found.correlations:
        follow(key, [])
    titles = {key: found.correlations[key].about for key in circular}
    for key, circle in circular.items():
        begin = circle.index(key)
        way = [titles[one].name or titles[one].title for one in (*circle[begin:], *circle[:begin])]
        reason = f"its rules name each other in a circle: {' -> '.join((*way, way[0]))}."
        _refuse(found, key, reason, sources[key].line_of("rules"))
    known: dict[str, int] = {}
    deep = [key for key in found.correlations if _levels(found, key, known) > MOST_LEVELS]
    for key in deep:
        reason = f"it is a correlation on more than {MOST_LEVELS} levels of correlations."
        _refuse(found, key, reason, sources[key].line)


def _levels(found: RuleSet, key: str, known: dict[str, int], depth: int = 0) -> int:
    """How many correlations stand on each other; more than are allowed where it does not end."""
    if key not in found.correlations:
        return 0
    if depth > MOST_PATH:
        return MOST_LEVELS + 1
    if key not in known:
        known[key] = MOST_LEVELS + 1  # while it is looked at, and for good where it meets itself
        below = (found.places[key, name] for name in found.correlations[key].rules)
        known[key] = 1 + max(_levels(found, one, known, depth + 1) for one in below)
    return known[key]


def _refuse_what_names_refused(found: RuleSet, sources: Mapping[str, Document]) -> None:
    """A correlation on one that was refused cannot run either."""
    again = True
    while again:
        again = False
        for key, correlation in list(found.correlations.items()):
            gone = [n for n in correlation.rules if not _is_there(found, found.places[key, n])]
            if gone:
                _refuse_for(found, key, gone[0], "which cannot run itself", sources[key])
                again = True


def _filter(found: RuleSet, keys: Mapping[str, str], sources: Mapping[str, Document]) -> None:
    kept = []
    for item in found.filters:
        gone = [name for name in item.rules if name not in keys and name.lower() not in keys]
        if gone:
            about = item.about
            reason = f"it names the rule '{gone[0]}', which is not among the rules read."
            line = sources[about.key].line_of(gone[0])
            found.problems.append(Problem(about.file, line, about.id, reason))
        if not gone or len(gone) < len(item.rules):
            kept.append(item)
    found.filters[:] = kept
    rules: dict[str, Rule] = found.rules
    for key, rule in rules.items():
        rules[key] = filtered(rule, kept)

"""Rules in the query languages of others, by pySigma's backends; a correlation that a target cannot
say is offered as an alert of Clew's instead."""

from __future__ import annotations

import difflib
import re
import warnings
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError

from clew.errors import ConfigError
from clew.sigma.reading import Correlation, Filter, Rule, RuleSet

ALIASES = {
    "elasticsearch": "lucene",
    "elastic": "lucene",
    "opensearch": "lucene",
    "esql": "esql",
    "eql": "eql",
    "kql": "kusto",
    "sentinel": "kusto",
    "spl": "splunk",
}


_FIXED = re.compile(r"\bbin _time\b|date_trunc\(|\bbin\(")
"""How the targets say windows that do not slide."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """One rule in another language: `status` is ok, with what to know of it as `reason`, or error."""

    file: str
    line: int
    id: str
    title: str
    status: str
    query: str
    reason: str

    def as_json(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


def targets() -> list[str]:
    """The languages whose backends are installed."""
    return sorted(_backends())


def convert(rules: RuleSet, to: str) -> list[Conversion]:
    """Each rule that reports, in the language. Raises ConfigError where its backend is not there."""
    backend = _backend(to)
    results = []
    for item in rules.outputs():
        query, reason = "", ""
        try:
            query = _converted(backend, _collection(rules, item))
        except NotImplementedError:
            reason = _cannot(item, to, "")
        except (SigmaError, ValueError, TypeError, KeyError, AttributeError) as error:
            reason = _cannot(
                item, to, " ".join(str(error).split("SigmaRule(")[0].split()).rstrip(".")
            )
        about = item.about
        if query and isinstance(item, Correlation) and _FIXED.search(query):
            reason = (
                f"{to} counts in fixed windows: what stands on both sides of an edge is missed. "
                "Clew's windows slide."
            )
        status = "ok" if query else "error"
        results.append(
            Conversion(about.file, about.line, about.id, about.title, status, query, reason)
        )
    return results


def _converted(backend: Any, collection: SigmaCollection) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        queries = backend.convert(collection)
    listed = queries if isinstance(queries, list) else [queries]
    if not listed:
        raise NotImplementedError
    return "\n\n".join(str(query) for query in listed)


def _cannot(item: Rule | Correlation, to: str, why: str) -> str:
    said = f": {why}" if why else ""
    if isinstance(item, Correlation):
        return (
            f"{to} cannot say this {item.type} correlation{said}. Let Clew run it, and ship its "
            "alerts there: clew detect --rules, then clew export."
        )
    return f"{to} cannot say this rule{said}."


def _collection(rules: RuleSet, item: Rule | Correlation) -> SigmaCollection:
    """The rule, those that it names, and the filters."""
    keys = [item.about.key]
    for key in keys:
        if key in rules.correlations:
            named = (rules.places[key, name] for name in rules.correlations[key].rules)
            keys += [one for one in named if one not in keys]
    filters: list[Filter] = rules.filters
    keys = [*reversed(keys), *(one.about.key for one in filters)]  # what is named comes first
    return SigmaCollection.from_dicts([deepcopy(rules.documents[key]) for key in keys])


def _backend(to: str) -> Any:
    known = _backends()
    name = ALIASES.get(to.lower(), to.lower())
    if name not in known:
        if not known:
            raise ConfigError(
                "Rules are converted by pySigma's backends: pip install 'clew[convert]'."
            )
        named = sorted({*known, *(alias for alias, own in ALIASES.items() if own in known)})
        close = difflib.get_close_matches(to, named, n=1, cutoff=0.5)
        guess = f" Did you mean '{close[0]}'?" if close else ""
        raise ConfigError(
            f"There is no backend for '{to}', only {', '.join(named)}.{guess} "
            "Others come with pySigma's packages, such as pysigma-backend-opensearch."
        )
    return known[name]()


@cache
def _backends() -> dict[str, Any]:
    from sigma.plugins import InstalledSigmaPlugins

    found = InstalledSigmaPlugins.autodiscover()
    return {name: made for name, made in found.backends.items() if name != "base"}

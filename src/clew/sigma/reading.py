"""A folder of Sigma rules to rules, correlations and filters; what is wrong with the others is said.

Reads     .yml and .yaml below a folder, or one file; several documents a file
Returns   `RuleSet`: what can run, and a `Problem` with file, line, id and reason for each that cannot
Blind to  pySigma's processing pipelines: fields are resolved by `taxonomy` and `fields`
Source    Sigma specification 2.1.0: rules, correlations, filters
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any as Anything

from clew.errors import InputError
from clew.model.finding import Severity
from clew.sigma.counting import as_correlation
from clew.sigma.documents import MOST_BYTES, Document, documents
from clew.sigma.tree import All, Node

SUFFIXES = (".yml", ".yaml")
LEVELS: dict[str, Severity] = {
    "informational": "info",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "critical": "critical",
}
CONFIDENCE = {"stable": 0.9, "test": 0.8, "experimental": 0.6, "deprecated": 0.5}
Placeholders = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Problem:
    """A document that is not a rule that can run."""

    file: str
    line: int
    id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class About:
    """What rules, correlations and filters say of themselves.

    kind        the file's name without its ending: the kind of its findings
    key         tells it from all others: file and number of the document
    references  its tags
    """

    file: str
    line: int
    kind: str
    key: str
    id: str
    name: str
    title: str
    description: str
    severity: Severity
    confidence: float
    references: tuple[str, ...]
    false_positives: tuple[str, ...]
    source: tuple[str, ...]
    clew: Mapping[str, Anything]


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where the events of a rule come from; "" where the rule does not say."""

    product: str = ""
    category: str = ""
    service: str = ""

    def is_within(self, other: LogSource) -> bool:
        """Whether all that the other one states is so here."""
        own = (self.product, self.category, self.service)
        wide = (other.product, other.category, other.service)
        return all(not said or said == mine for mine, said in zip(own, wide, strict=True))


@dataclass(frozen=True, slots=True)
class Rule:
    """What one event must be."""

    about: About
    log_source: LogSource
    tree: Node


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition that other rules get besides; `rules` are ids and names, () stands for all."""

    about: About
    log_source: LogSource
    rules: tuple[str, ...]
    tree: Node


@dataclass(frozen=True, slots=True)
class Correlation:
    """What several events must be together.

    type        event_count, value_count, temporal ...
    rules       ids and names of what it correlates, in order
    span_s      seconds of its window
    group_by    fields, or aliases of fields
    aliases     alias to rule to field
    bounds      signs and numbers that its measure must meet, all of them
    fields      those whose values are counted or summed
    percentile  of value_percentile, 0 to 100
    logic       an expression over rules instead of bounds, such as `a and not b`; nested tuples
    generate    whether its rules report for themselves as well
    """

    about: About
    type: str
    rules: tuple[str, ...]
    span_s: int
    group_by: tuple[str, ...]
    aliases: Mapping[str, Mapping[str, str]]
    bounds: tuple[tuple[str, float], ...]
    fields: tuple[str, ...] = ()
    percentile: float = 50.0
    logic: Anything = None
    generate: bool = False


@dataclass(slots=True)
class RuleSet:
    """All that a folder holds.

    rules, correlations  by key, in the order of files
    places               key to key: what a correlation's name of a rule means, as (correlation, name)
    silent               keys of rules that only serve correlations
    documents            rules as their YAML gives them
    problems             what cannot run
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    correlations: dict[str, Correlation] = field(default_factory=dict)
    filters: list[Filter] = field(default_factory=list)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    documents: dict[str, dict[Anything, Anything]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def about(self) -> Iterator[About]:
        """Of every document that can run."""
        yield from (rule.about for rule in self.rules.values())
        yield from (correlation.about for correlation in self.correlations.values())
        yield from (item.about for item in self.filters)

    def outputs(self) -> list[Rule | Correlation]:
        """What reports findings, in the order of files."""
        items: list[Rule | Correlation] = [*self.rules.values(), *self.correlations.values()]
        items.sort(key=lambda item: (item.about.file, item.about.line))
        return [item for item in items if item.about.key not in self.silent]


def read(path: str, placeholders: Placeholders | None = None) -> RuleSet:
    """The rules of a folder or a file. Raises InputError where there is neither."""
    from clew.sigma.linking import link
    from clew.sigma.parsing import parsed

    root = Path(path)
    if root.is_dir():
        found_files = (p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES)
        files = sorted(p for p in found_files if p.is_file() or p.is_symlink())
    elif root.is_file():
        files = [root]
    else:
        raise InputError(f"There are no rules at {path}: neither a folder nor a file is there.")
    found = RuleSet()
    sources: dict[str, Document] = {}
    for file in files:
        name = str(file.relative_to(root)) if root.is_dir() else file.name
        read_documents = _documents(file, name, found.problems)
        for number, document in enumerate(read_documents, 1):
            key = f"{name}#{number}"
            sources[key] = document
            if document.data is None:
                problem = Problem(name, document.line, document.id, document.wrong)
                found.problems.append(problem)
                continue
            found.documents[key] = document.data
            item = parsed(document, name, key, placeholders or {})
            if isinstance(item, Problem):
                found.problems.append(item)
            elif isinstance(item, Rule):
                found.rules[key] = item
            elif isinstance(item, Correlation):
                found.correlations[key] = item
            else:
                found.filters.append(item)
    link(found, sources)
    found.problems.sort(key=lambda problem: (problem.file, problem.line))
    return found


def _documents(file: Path, name: str, problems: list[Problem]) -> list[Document]:
    try:
        raw = file.read_bytes()
        if len(raw) > MOST_BYTES:
            said = f"the file has {len(raw):,} bytes; a rule file has at most {MOST_BYTES:,}."
            problems.append(Problem(name, 1, "", said))
            return []
        text = raw.decode("utf-8-sig")
    except OSError as error:
        problems.append(Problem(name, 1, "", f"it cannot be read: {error.strerror}."))
        return []
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.append(Problem(name, line, "", "it is not UTF-8."))
        return []
    read_documents = _collected(documents(text.replace("\r\n", "\n")))
    found = [one for document in read_documents for one in as_correlation(document, name)]
    if not found:
        problems.append(Problem(name, 1, "", "the file holds no rule."))
    return found


def _collected(found: Iterator[Document]) -> Iterator[Document]:
    """The documents of a collection: `action: global` gives its keys to those that follow."""
    shared: dict[Anything, Anything] = {}
    before: dict[Anything, Anything] = {}
    for document in found:
        action = (document.data or {}).get("action")
        if document.data is None or (action is None and not shared):
            before = document.data or before
            yield document
            continue
        own = {key: value for key, value in document.data.items() if key != "action"}
        if action == "global":
            shared = own
        elif action == "reset":
            shared = {}
        elif action == "repeat":
            before = _merged(before, own)
            yield replace(document, data=before)
        elif action is None:
            is_meta = "correlation" in own or "filter" in own
            before = own if is_meta else _merged(shared, own)
            yield replace(document, data=before)
        else:
            said = f"the action '{action}' is none of global, reset and repeat."
            yield replace(document, data=None, wrong=said)


def _merged(below: Anything, above: Anything) -> Anything:
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    merged = dict(below)
    for key, value in above.items():
        merged[key] = _merged(below[key], value) if key in below else value
    return merged


def filtered(rule: Rule, filters: Sequence[Filter]) -> Rule:
    """The rule with the conditions of the filters that are for it."""
    own = [item.tree for item in filters if _is_for(item, rule)]
    return replace(rule, tree=All((rule.tree, *own))) if own else rule


def _is_for(item: Filter, rule: Rule) -> bool:
    named = {rule.about.id.lower(), rule.about.name} - {""}
    is_named = not item.rules or any(name in named or name.lower() in named for name in item.rules)
    return is_named and rule.log_source.is_within(item.log_source)


@cache
def prepared() -> None:
    """Puts our encodings into pySigma, once."""
    from clew.sigma.encodings import install

    install()

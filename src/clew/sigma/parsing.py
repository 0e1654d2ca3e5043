"""One YAML document to a rule, a correlation or a filter: pySigma reads, what it lacks is added."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any as Anything

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionNOT,
    CorrelationConditionOR,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)
from sigma.exceptions import SigmaConditionError, SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaDetectionItem, SigmaRule
from sigma.rule.base import SigmaRuleBase

from clew.sigma.detection import RuleError, tree_of
from clew.sigma.documents import Document
from clew.sigma.reading import (
    CONFIDENCE,
    LEVELS,
    About,
    Correlation,
    Filter,
    LogSource,
    Placeholders,
    Problem,
    Rule,
    prepared,
)

SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "eq": "==", "neq": "!="}
VALUED = ("value_count", "value_sum", "value_avg", "value_percentile", "value_median")
TEMPORAL = ("temporal", "temporal_ordered")


def parsed(
    document: Document, file: str, key: str, placeholders: Placeholders
) -> Rule | Correlation | Filter | Problem:
    """What the document says, or why it cannot run."""
    prepared()
    data = document.data or {}
    try:
        if not isinstance(data.get("id") or "", str):
            raise RuleError(f"its id {data['id']} is no UUID.", "id")
        if "correlation" in data:
            return _correlation(document, file, key)
        if "filter" in data:
            return _filter(document, file, key, placeholders)
        if "detection" in data:
            return _rule(document, file, key, placeholders)
        raise RuleError("this is no Sigma rule: it has no detection, correlation or filter.")
    except RuleError as error:
        line = document.line_of(error.about)
        return Problem(file, line, document.id, str(error))
    except (SigmaError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        return Problem(file, _line_of_fault(document, error), document.id, _sentence(error, data))


def _sentence(error: Exception, data: Mapping[str, Anything]) -> str:
    words = " ".join(str(error).split()).rstrip(".")
    place = re.search(r"\(at char (\d+)\)", words)
    if isinstance(error, SigmaConditionError) and place:
        said = str((data.get("detection") or data.get("filter") or {}).get("condition"))
        rest = said[int(place[1]) :].strip()
        where = f"at '{rest}'" if rest else "at its end"
        words = (
            f"the condition '{said}' is not understood {where}; 'and', 'or', 'not', '1 of' and "
            "'all of' join searches, in small letters"
        )
    elif isinstance(error, SigmaConditionError) and "pipe" in words:
        words = (
            "its condition has a pipe, and only '| count(field) by field > 5', sum and avg in place of "
            "count, and '| near search' are read; write a correlation instead"
        )
    elif isinstance(error, RecursionError):
        words = "it is nested too deeply"
    elif not isinstance(error, SigmaError):
        words = f"it is not written as Sigma asks ({type(error).__name__}: {words})"
    return f"{words[:1].lower()}{words[1:]}." if words[:2].istitle() else f"{words}."


def _line_of_fault(document: Document, error: Exception) -> int:
    """The line of the first search item that pySigma refuses by itself, or of what its error names; else
    the document's."""
    data = document.data or {}
    if isinstance(error, SigmaConditionError):
        return document.line_of("condition:")
    searches = data.get("detection") or data.get("filter")
    for search in searches.values() if isinstance(searches, dict) else ():
        for item in search if isinstance(search, list) else [search]:
            for key, value in item.items() if isinstance(item, dict) else ():
                try:
                    SigmaDetectionItem.from_mapping(key, value)
                except Exception:
                    return document.line_of(str(key))
    named = re.findall(r"'([^']{3,})'", str(error))
    return next((line for one in named if (line := document.line_of(one)) > document.line),
                document.line)  # fmt: skip


def _about(document: Document, rule: SigmaRuleBase, file: str, key: str) -> About:
    data = document.data or {}
    own = data.get("clew")
    stem = file.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return About(
        file=file,
        line=document.line,
        kind=stem,
        key=key,
        id=str(rule.id or ""),
        name=rule.name or "",
        title=rule.title or stem,
        description=rule.description or "",
        severity=LEVELS[str(rule.level)] if rule.level else "medium",
        confidence=CONFIDENCE.get(str(rule.status), 0.7),
        references=tuple(str(tag) for tag in rule.tags),
        false_positives=tuple(str(said) for said in rule.falsepositives),
        source=tuple(str(said) for said in rule.references),
        clew=own if isinstance(own, dict) else {},
    )


def _log_source(source: Anything) -> LogSource:
    words = (getattr(source, name, None) or "" for name in ("product", "category", "service"))
    return LogSource(*(word.lower() for word in words))


def _rule(document: Document, file: str, key: str, placeholders: Placeholders) -> Rule:
    rule = SigmaRule.from_dict(dict(document.data or {}))
    tree = tree_of(rule.detection, placeholders)
    return Rule(_about(document, rule, file, key), _log_source(rule.logsource), tree)


def _filter(document: Document, file: str, key: str, placeholders: Placeholders) -> Filter:
    rule = SigmaFilter.from_dict(dict(document.data or {}))
    tree = tree_of(rule.filter, placeholders)
    named = rule.filter.rules
    rules = () if isinstance(named, str) else tuple(str(one.reference) for one in named)
    return Filter(_about(document, rule, file, key), _log_source(rule.logsource), rules, tree)


def _correlation(document: Document, file: str, key: str) -> Correlation:
    data = dict(document.data or {})
    said = data["correlation"]
    if not isinstance(said, dict):
        raise RuleError("correlation must be a table of keys.", "correlation")
    condition = said.get("condition")
    bounds = _bounds(condition)
    if len(bounds) > 1:  # pySigma takes one of them; the specification gives a range as two
        assert isinstance(condition, dict), "BUG: bounds stand in a table"
        first = next(name for name in SIGNS if name in condition)
        short = {k: v for k, v in condition.items() if k not in SIGNS or k == first}
        data["correlation"] = {**said, "condition": short}
    rule = SigmaCorrelationRule.from_dict(data)
    kind = str(rule.type)
    logic = None
    rules = tuple(str(one.reference) for one in rule.rules or ())
    if isinstance(rule.condition, SigmaExtendedCorrelationCondition):
        logic = _logic(rule.condition.parsed)
        rules = rules or tuple(rule.condition.get_referenced_rules())
    elif not bounds:
        bounds = ((">=", float(len(rules))),)
    if not rules:
        raise RuleError("the correlation names no rules.", "correlation")
    fields = _fields(condition)
    if kind in VALUED and not fields:
        raise RuleError(f"a {kind} needs the field whose values count.", "condition")
    return Correlation(
        about=_about(document, rule, file, key),
        type=kind,
        rules=rules,
        span_s=rule.timespan.seconds,
        group_by=tuple(rule.group_by or ()),
        aliases=_aliases(said.get("aliases")),
        bounds=bounds,
        fields=fields,
        percentile=_percentile(condition, kind),
        logic=logic,
        generate=bool(rule.generate),
    )


def _bounds(condition: Anything) -> tuple[tuple[str, float], ...]:
    if not isinstance(condition, dict):
        return ()
    found = []
    for name, sign in SIGNS.items():
        if name not in condition:
            continue
        number = condition[name]
        if isinstance(number, bool) or not isinstance(number, int | float) or number != number:
            raise RuleError(f"the condition's {name} must be a number, not {number!r}.", name)
        found.append((sign, float(number)))
    return tuple(found)


def _fields(condition: Anything) -> tuple[str, ...]:
    named = condition.get("field") if isinstance(condition, dict) else None
    if named is None:
        return ()
    return tuple(str(one) for one in named) if isinstance(named, list) else (str(named),)


def _percentile(condition: Anything, kind: str) -> float:
    if kind != "value_percentile":
        return 50.0
    said = condition.get("percentile")
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    if not is_number or not 0 <= said <= 100:
        raise RuleError("value_percentile needs a percentile from 0 to 100.", "condition")
    return float(said)


def _aliases(said: Anything) -> dict[str, dict[str, str]]:
    return {
        str(alias): {str(rule): str(name) for rule, name in fields.items()}
        for alias, fields in (said or {}).items()
    }


def _logic(parsed: Anything) -> Anything:
    """("and" | "or" | "not", parts...) over the names of rules."""
    if isinstance(parsed, SigmaRuleReference):
        return parsed.reference
    words = {
        CorrelationConditionAND: "and",
        CorrelationConditionOR: "or",
        CorrelationConditionNOT: "not",
    }
    return (words[type(parsed)], *(_logic(part) for part in parsed.args))

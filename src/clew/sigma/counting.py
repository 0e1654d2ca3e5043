"""The old ways to count and to sum, in a rule's own condition, as the correlation that took their place.

    timeframe: 10m
    condition: selection | count() by src_ip > 10       event_count, group-by [src_ip], gt: 10
    condition: selection | count(user) by src_ip >= 5   value_count of user
    condition: selection | sum(bytes) by src_ip > 300   value_sum of bytes; avg is value_avg
    condition: selection | near other and third         temporal: these searches, in any order

Without a timeframe all that is there is counted together.

Blind to  `min` and `max`, and `near` with other words than names of searches: they are refused
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from clew.sigma.documents import Document

SIGNS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "eq", "==": "eq"}
_COUNT = re.compile(
    r"""
    (?P<search>[^|]+) \|\s*                   # selection and not filter |
    (?P<what>count|sum|avg) \( \s* (?P<field>[^()]*?) \s* \)    # count(user)
    (?: \s+ by \s+ (?P<by>[^<>=]+?) )?        #  by src_ip, host
    \s* (?P<sign><=|>=|==|=|<|>) \s* (?P<number>\d+) \s*   # > 10
    """,
    re.VERBOSE,
)
_NEAR = re.compile(r"(?P<search>[^|]+)\|\s*near\s+(?P<others>\w+(?:\s+and\s+\w+)*)\s*")
"""selection | near other and third"""
EVER_D = 36_500
"""Days of a timespan that reaches back over any case."""
COUNTED = "counted in "
"""How the name of such a rule begins."""
META = ("title", "id", "status", "description", "references", "author", "date", "modified", "tags",
        "level", "falsepositives", "clew")  # fmt: skip


def as_correlation(document: Document, file: str) -> list[Document]:
    """The correlation, and the rules without the count; the document itself where nothing counts."""
    data = document.data or {}
    detection = data.get("detection")
    condition = detection.get("condition") if isinstance(detection, dict) else None
    if not isinstance(detection, dict) or not isinstance(condition, str) or "|" not in condition:
        return [document]
    if found := _COUNT.fullmatch(condition.strip()):
        searches, asked = [found["search"]], _counted(found)
    elif near := _NEAR.fullmatch(condition.strip()):
        searches, asked = [near["search"], *re.split(r"\s+and\s+", near["others"])], _TEMPORAL
    else:
        return [document]
    if asked.get("type") == "":
        return [document]
    span = detection.get("timeframe") or data.get("timeframe") or f"{EVER_D}d"
    kept = {key: value for key, value in detection.items() if key != "timeframe"}
    own = f"{COUNTED}{file}, line {document.line}"
    names = [own if n == 0 else f"{own} {n + 1}" for n in range(len(searches))]
    rules = [
        {
            "title": data.get("title"),
            "name": name,
            "logsource": data.get("logsource"),
            "detection": {**kept, "condition": search.strip()},
        }
        for name, search in zip(names, searches, strict=True)
    ]
    meta = {key: data[key] for key in META if key in data}
    correlation = {**meta, "correlation": {**asked, "rules": names, "timespan": str(span)}}
    others = [replace(document, data=rule) for rule in rules]
    return [replace(document, data=correlation), *others]


_TEMPORAL: dict[str, Any] = {"type": "temporal"}


def _counted(found: re.Match[str]) -> dict[str, Any]:
    """What of a correlation the count says; the type is "" where it makes no sense."""
    condition: dict[str, Any] = {SIGNS[found["sign"]]: int(found["number"])}
    if found["field"]:
        condition["field"] = found["field"]
        kind = f"value_{found['what']}"
    else:
        kind = "event_count" if found["what"] == "count" else ""
    asked: dict[str, Any] = {"type": kind, "condition": condition}
    if found["by"]:
        asked["group-by"] = [key.strip() for key in found["by"].split(",")]
    return asked

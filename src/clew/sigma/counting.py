"""The old way to count, in a rule's own condition, as the correlation that took its place.

    timeframe: 10m
    condition: selection | count() by src_ip > 10       event_count, group-by [src_ip], gt: 10
    condition: selection | count(user) by src_ip >= 5   value_count of user

Without a timeframe all that is there is counted together.

Blind to  `near` and other aggregates than count: they are refused
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
    count \( \s* (?P<field>[^()]*?) \s* \)    # count(user)
    (?: \s+ by \s+ (?P<by>[^<>=]+?) )?        #  by src_ip, host
    \s* (?P<sign><=|>=|==|=|<|>) \s* (?P<number>\d+) \s*   # > 10
    """,
    re.VERBOSE,
)
EVER_D = 36_500
"""Days of a timespan that reaches back over any case."""
COUNTED = "counted in "
"""How the name of such a rule begins."""
META = ("title", "id", "status", "description", "references", "author", "date", "modified", "tags",
        "level", "falsepositives", "clew")  # fmt: skip


def as_correlation(document: Document) -> list[Document]:
    """The rule without the count, and the correlation; the document itself where nothing counts."""
    data = document.data or {}
    detection = data.get("detection")
    condition = detection.get("condition") if isinstance(detection, dict) else None
    found = _COUNT.fullmatch(condition.strip()) if isinstance(condition, str) else None
    if found is None or not isinstance(detection, dict):
        return [document]
    span = detection.get("timeframe") or data.get("timeframe") or f"{EVER_D}d"
    name = f"{COUNTED}{data.get('id') or data.get('title')}"
    kept = {key: value for key, value in detection.items() if key != "timeframe"}
    rule = {
        "title": data.get("title"),
        "name": name,
        "logsource": data.get("logsource"),
        "detection": {**kept, "condition": found["search"].strip()},
    }
    asked: dict[str, Any] = {SIGNS[found["sign"]]: int(found["number"])}
    said_correlation: dict[str, Any] = {
        "type": "value_count" if found["field"] else "event_count",
        "rules": [name],
        "timespan": str(span),
        "condition": {**asked, "field": found["field"]} if found["field"] else asked,
    }
    if found["by"]:
        said_correlation["group-by"] = [key.strip() for key in found["by"].split(",")]
    meta = {key: data[key] for key in META if key in data}
    correlation = {**meta, "correlation": said_correlation}
    return [replace(document, data=correlation), replace(document, data=rule, id="")]

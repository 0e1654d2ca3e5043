"""A rule's own examples: events that it must find and events that it must not, tried in memory.

    clew:
      cases:
        - name: three failures and a success are reported
          rows:
            - {timestamp: 2026-01-02T03:04:05Z, client_ip: 192.0.2.7, http_status: 401}
          expect:
            - {client_ip: 192.0.2.7, events: 4}

`rows` are events by canonical column; what is not one is a key of attributes. `expect` lists what is
found: the subject's columns and measures that are named are compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clew.engines.duckdb import SQL_TYPES, open_case
from clew.errors import ConfigError
from clew.model.case import Case
from clew.model.event import BY_NAME, COLUMNS
from clew.model.finding import Finding
from clew.sigma.reading import About, RuleSet
from clew.sigma.running import run


@dataclass(frozen=True, slots=True)
class Result:
    """One case of a rule: `status` is passed, failed or "no cases"."""

    file: str
    line: int
    id: str
    case: str
    status: str
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "file": self.file,
            "line": self.line,
            "id": self.id,
            "case": self.case,
            "status": self.status,
            "reason": self.reason,
        }


def cases_of(about: About) -> list[Case]:
    """The cases that a rule carries. Raises ConfigError for one that is not written as a case."""
    listed = about.clew.get("cases") or []
    if not isinstance(listed, list):
        raise ConfigError(f"The cases of {about.file} must be a list.")
    found = []
    for number, said in enumerate(listed, 1):
        is_case = isinstance(said, dict) and isinstance(said.get("rows"), list)
        if not is_case or not isinstance(said.get("expect") or [], list):
            raise ConfigError(f"Case {number} of {about.file} needs rows, and expect, both lists.")
        rows = [row for row in said["rows"] if isinstance(row, dict)]
        name = str(said.get("name") or f"case {number}")
        found.append(Case(name, [_event(row) for row in rows], list(said.get("expect") or [])))
    return found


def trial(rules: RuleSet) -> list[Result]:
    """Each case of each rule that reports, and the rules that have none."""
    results = []
    for item in rules.outputs():
        about = item.about
        where = (about.file, about.line, about.id)
        try:
            cases = cases_of(about)
        except ConfigError as error:
            results.append(Result(*where, "", "failed", str(error)))
            continue
        if not cases:
            results.append(Result(*where, "", "no cases", "The rule has no cases of its own."))
        for case in cases:
            try:
                reason = _tried(rules, about, case)
            except ConfigError as error:
                reason = str(error)
            results.append(Result(*where, case.name, "failed" if reason else "passed", reason))
    return results


def _tried(rules: RuleSet, about: About, case: Case) -> str:
    """Why the case does not hold; "" where it does."""
    engine = open_case(":memory:", write=True)
    try:
        fill(engine, case.rows)
        found = run(engine, rules, kinds=[about.kind]).findings
    finally:
        engine.close()
    own = sorted(
        (f for f in found if f.title.startswith(" ".join(about.title.split()).rstrip(".:"))),
        key=lambda finding: (str(finding.start), finding.id),
    )
    if len(own) != len(case.expect):
        titles = "; ".join(finding.title for finding in own) or "nothing"
        return f"{len(case.expect)} findings are expected, and {len(own)} came: {titles}."
    for number, (finding, wanted) in enumerate(zip(own, case.expect, strict=True), 1):
        said = _said(finding)
        for name, value in wanted.items():
            hoped = _moment(value) if isinstance(said.get(name), datetime) else value
            if _plain(said.get(name)) != _plain(hoped):
                return f"Finding {number} has {name} {said.get(name)!r}, not {value!r}."
    return ""


def fill(engine: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Puts events by column into an empty case."""
    names = [column.name for column in COLUMNS]
    engine.add_columns(names)
    kinds = {column.name: SQL_TYPES[column.kind] for column in COLUMNS}
    shape = json.dumps([{**kinds, "attributes": "JSON"}])
    columns = ", ".join(f'r."{name}" AS "{name}"' for name in kinds)
    numbered = [
        {
            "event_id": f"event-{number:06}",
            "source_id": "case",
            "line": number + 1,
            "byte_offset": number * 100,
            **row,
        }
        for number, row in enumerate(rows)
    ]
    engine.workbench.execute(
        f"INSERT INTO event_rows BY NAME SELECT {columns}, r.attributes::VARIANT AS attributes"
        f" FROM (SELECT unnest(from_json(?, '{shape}')) AS r)",
        [json.dumps(numbered, default=str)],
    )


def _event(row: Mapping[Any, Any]) -> dict[str, Any]:
    event: dict[str, Any] = {}
    attributes = {}
    for name, value in row.items():
        if name in BY_NAME:
            is_time = BY_NAME[name].kind == "time" and value is not None
            event[str(name)] = f"{_moment(value).isoformat()}Z" if is_time else value
        elif name == "attributes" and isinstance(value, dict):
            attributes.update(value)
        else:
            attributes[str(name)] = value
    if attributes:
        event["attributes"] = attributes
    return event


def _moment(said: Any) -> datetime:
    """A time as YAML's text gives it, in UTC without a zone. Raises ConfigError."""
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError as error:
        raise ConfigError(f"'{said}' is no time: write it as 2026-01-02T03:04:05Z.") from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _said(finding: Finding) -> dict[str, Any]:
    return {
        **finding.subject,
        **finding.measures,
        "severity": finding.severity,
        "start": finding.start,
        "end": finding.end,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value

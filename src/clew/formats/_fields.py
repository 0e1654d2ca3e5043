"""Named fields to canonical columns: what JSON, logfmt, CSV, Parquet and key=value tails share.

A field has a name as found and SQL for its value. `map_fields` gives one SQL expression a canonical
column, and one for `attributes`, which takes every field that is not canonical and every value that
does not fit its column: no key and no value is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from clew.formats import Settings
from clew.formats._callers import address, address_or_nothing, hashed
from clew.formats._counts import (
    COUNTS,
    counted,
    dollars,
    finite,
    is_currency,
    is_dollar,
    problems,
    whole_input,
)
from clew.formats._durations import spelled_ms
from clew.formats._errors import error_columns, lines_of_text, outcome_of, status_of_word
from clew.formats._json_text import json_of
from clew.formats._members import json_object
from clew.formats._severity import severity_sql
from clew.formats._time import day_sql, epoch_sql, timestamp_sql
from clew.formats._turns import with_asked, with_document, with_turns, words_or_nothing
from clew.model.event import BY_NAME, OWN
from clew.model.vocabulary import (
    DASHED,
    DATADOG,
    OF_THE_JOURNAL,
    SPELLINGS,
    ZAP_DEVELOPMENT,
    Spelling,
    told_unit,
    unwrapped,
)

INTEGERS = frozenset({"UBIGINT", "BIGINT", "NULL"})
NUMBERS = INTEGERS | {"DOUBLE"}
MS_PER_UNIT = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "min": 6e4, "m": 6e4, "h": 3.6e6}
FREE_TEXT = ("message", "prompt", "completion")
"""Columns in which empty text is a value; elsewhere it is nothing."""


@dataclass(frozen=True, slots=True)
class Field:
    """One named value of a record.

    name   as found, nested names joined by dots
    text   SQL of the value as VARCHAR, NULL where the record has none
    json   SQL of the value as JSON text, NULL where the record has none
    types  the JSON types that occur (VARCHAR, UBIGINT, BIGINT, DOUBLE, BOOLEAN, OBJECT, ARRAY, NULL)
    number SQL of the value as BIGINT or DOUBLE, where every value is a number; else ""
    """

    name: str
    text: str
    json: str
    types: frozenset[str] = frozenset({"VARCHAR"})
    number: str = ""


@dataclass(slots=True)
class Units:
    """Units that names do not tell, found once a source from the size of the values.

    median   SQL of a number to its median over the records in hand
    guessed  field name to unit, for the ledger to say
    settled  those of them that the records themselves prove
    """

    median: Callable[[str], float | None]
    guessed: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)

    def guess(self, name: str, number: str, types: frozenset[str]) -> str:
        """Fractions below 60 are seconds; more than a day in ms must be us or ns; else ms."""
        if name not in self.guessed:
            middle = self.median(number)
            if middle is None:
                return "ms"
            unit = "ms"
            if middle > 1e9:
                unit = "ns"
            elif middle > 1e7:
                unit = "us"
            elif middle < 60 and not types <= INTEGERS:
                unit = "s"
            self.guessed[name] = unit
        return self.guessed[name]


Spell = Callable[[str], Spelling | None]
"""The canonical column that a field's name means, None where it means none."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A field that may fill a column: SQL of the converted value, and whether it can be NULL
    although the field has a value."""

    field: Field
    sql: str
    can_fail: bool
    priority: int


def spelling_of(name: str) -> Spelling | None:
    """The canonical column that a field's name means, None where it means none or one of Clew's own.

    What a source calls its cost is its own claim, whatever its name: Clew's own goes to `cost_usd`.
    """
    if name.lower() == "status":
        return Spelling("http_status", "", 0)
    if name in OF_THE_JOURNAL:
        return None
    if name in ZAP_DEVELOPMENT:
        return Spelling(ZAP_DEVELOPMENT[name], "", 40)
    plain = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    plain = re.sub(r"[\s()/-]+", "_", plain).strip("_")
    for spelled in (name.lower(), plain, plain.replace("_", "")):
        if spelled == "cost_usd":
            return Spelling("cost_given_usd", "", -1)
        found = Spelling(spelled, "", -1) if spelled in BY_NAME else SPELLINGS.get(spelled)
        if found is not None:
            return None if found.column in OWN else found
    shorter = unwrapped(name)
    if shorter == name or not (inner := spelling_of(shorter)):
        return None
    return Spelling(inner.column, inner.unit, inner.priority + 100)


def map_fields(
    fields: Sequence[Field],
    settings: Settings,
    units: Units,
    spell: Spell = spelling_of,
    share: Callable[[str], str] = str,
) -> dict[str, str]:
    """Canonical column to SQL, and `attributes` to the SQL of a JSON object (NULL where empty)."""
    columns, left = map_members(fields, settings, units, spell, share)
    members = {name.lower(): sql for name, sql in reversed(left)}
    told = with_document(with_asked(with_turns(columns), members), members)
    return {**told, "attributes": json_object(left)}


def map_members(
    fields: Sequence[Field],
    settings: Settings,
    units: Units,
    spell: Spell = spelling_of,
    share: Callable[[str], str] = str,
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Canonical column to SQL; and what is left: names and SQL of JSON values. `share` names SQL."""
    candidates: dict[str, list[_Candidate]] = {}
    left: list[tuple[str, str]] = []
    currency = next((is_dollar(item.text) for item in fields if is_currency(item.name)), "")
    there = {item.name.lower() for item in fields}
    for item in fields:
        spelling = spell(item.name)
        if spelling and spelling.unit == "guess":
            spelling = replace(spelling, unit=told_unit(item.name, there))
        found = _candidates(item, spelling, settings, units) if spelling else {}
        if currency and spelling and BY_NAME[spelling.column].kind == "money":
            found = {
                c: replace(one, sql=f"CASE WHEN {currency} THEN {one.sql} END")
                for c, one in found.items()
            }
        for c, one in found.items():
            candidates.setdefault(c, []).append(replace(one, sql=share(one.sql)))
        if not found:
            left.append((unwrapped(item.name), item.json))
    columns: dict[str, str] = {}
    if any(item.name.lower() in DATADOG for item in fields):
        _add_status_levels(candidates)
    for column, rivals in candidates.items():
        rivals.sort(key=lambda rival: rival.priority)
        columns[column] = _first(rivals)
        left += _misfits(column, rivals, candidates)
    if said := outcome_of({item.name: item.text for item in fields}):
        columns["status"] = f"coalesce({columns.get('status', 'NULL')}, {said})"
    if "input_tokens" in columns:
        names = {column: rivals[0].field.name for column, rivals in candidates.items()}
        columns["input_tokens"] = whole_input(columns, names)
    if "timestamp" in candidates and "timestamp_text" not in candidates:
        columns["timestamp_text"] = _first_text(candidates["timestamp"])
    counts = [(n, rival) for n in sorted(COUNTS & set(candidates)) for rival in candidates[n]]
    doubted = [(name, one.sql, one.field.text) for name, one in counts if one.can_fail]
    has_money = any(BY_NAME[column].kind == "money" for column in candidates)
    currencies = [item.text for item in fields if has_money and is_currency(item.name)]
    if wrong := problems(doubted, currencies):
        left.append(("usage_problem", wrong))
    return columns, left


def _add_status_levels(candidates: dict[str, list[_Candidate]]) -> None:
    """Datadog calls the level of a log its status."""
    for rival in [one for one in candidates.get("status", ()) if one.field.name == "status"]:
        level = _Candidate(rival.field, severity_sql(f"nullif({rival.field.text}, '')"), True, 90)
        candidates.setdefault("severity", []).append(level)


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _first(rivals: Sequence[_Candidate]) -> str:
    told = ", ".join(rival.sql for rival in rivals)
    return f"coalesce({told})" if rivals[1:] else told


def _first_text(rivals: Sequence[_Candidate]) -> str:
    """The text of the rival whose value was taken."""
    branches = " ".join(f"WHEN ({r.sql}) IS NOT NULL THEN {r.field.text}" for r in rivals)
    return f"CASE {branches} END" if len(rivals) > 1 else rivals[0].field.text


def _misfits(
    column: str, rivals: Sequence[_Candidate], candidates: dict[str, list[_Candidate]]
) -> list[tuple[str, str]]:
    """Values that did not make it into the column, as members of `attributes`."""
    members: list[tuple[str, str]] = []
    if column == "api_key_hash":
        return members
    for place, rival in enumerate(rivals):
        others = {
            name: other.sql
            for name, list_ in candidates.items()
            for other in list_
            if name != column and other.field is rival.field
        }
        lost = []
        is_told = any(name < column for name in others)  # by the first of its columns, so once
        if rival.can_fail and not is_told:
            taken = " AND ".join(f"({sql}) IS NULL" for sql in [rival.sql, *others.values()])
            lost.append(f"({taken} AND nullif({rival.field.text}, '') IS NOT NULL)")
        if place and not others:
            earlier = _first(rivals[:place])
            lost.append(f"(({earlier}) IS DISTINCT FROM ({rival.sql}) AND ({earlier}) IS NOT NULL)")
        if lost:
            name = rival.field.name
            if name in BY_NAME:
                name += "_text"
            members.append((name, f"CASE WHEN {' OR '.join(lost)} THEN {rival.field.json} END"))
    return members


def _candidates(
    item: Field, spelling: Spelling, settings: Settings, units: Units
) -> dict[str, _Candidate]:
    """The columns that one field fills: mostly one, several for a URL, a request line or an error.

    Guards keep the regular expressions for the few rows that need them.
    """
    text = f"nullif({item.text}, '')"
    column, unit, rank = spelling.column, spelling.unit, spelling.priority

    def can(sql: str, can_fail: bool = True, later: int = 0) -> _Candidate:
        return _Candidate(item, sql, can_fail, rank + later)

    if column == "http_status":
        if number := item.number:
            return {column: can(f"CASE WHEN {number} BETWEEN 100 AND 599 THEN {number} END")}
        return {
            "http_status": can(
                f"try_cast(regexp_extract({text}, '^ *([1-5][0-9][0-9])(\\.0*)?\\b', 1) AS BIGINT)"
            ),
            "status": can(status_of_word(text), later=50),
        }
    if column == "url_path":  # app::http, a target of Rust's tracing, is none
        is_plain = (
            f"starts_with({text}, '/') AND NOT contains({text}, '?') AND NOT contains({text}, '#')"
        )
        host = f"nullif(regexp_extract({text}, '^[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#:]+)', 1), '')"
        path = f"regexp_extract({text}, '^(?:[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*)?((?:[^?#:]|:[^?#:])*:?)(?:[?#]|$)', 1)"
        query = f"nullif(regexp_extract({text}, '\\?([^#]*)', 1), '')"
        return {
            "url_path": can(f"CASE WHEN {is_plain} THEN {text} ELSE nullif({path}, '') END"),
            "url_query": can(f"CASE WHEN NOT ({is_plain}) THEN {query} END", False, later=50),
            "server_address": can(f"CASE WHEN NOT ({is_plain}) THEN {host} END", False, later=50),
        }
    if column == "http_method":
        return _request_line(text, can)
    if column == "trace_id":
        is_plain = f"length({text}) = 32"
        parent = f"regexp_extract({text}, '^[0-9a-f]{{2}}-([0-9a-f]{{32}})-([0-9a-f]{{16}})-'"
        tail = f"nullif(regexp_extract({text}, '/traces/([^/;]+)', 1), '')"
        other = f"coalesce(nullif({parent}, 1), ''), {tail}, {text})"
        return {
            "trace_id": can(f"CASE WHEN {is_plain} THEN {text} ELSE {other} END", can_fail=False),
            "span_id": can(
                f"CASE WHEN NOT {is_plain} THEN nullif({parent}, 2), '') END", False, later=60
            ),
        }
    if column in ("exception_stacktrace", "error_type", "exception_message"):
        said = error_columns(column, lines_of_text(item.text, item.json, item.types))
        return {name: can(sql, can_fail, later) for name, (sql, can_fail, later) in said.items()}
    found = {column: can(*_converted(item, text, column, unit, settings, units))}
    if (
        item.name.lower() == "at" and "VARCHAR" in item.types
    ):  # a moment, or Heroku's level: at=info
        found["severity"] = can(severity_sql(text), later=60)
    if item.name.lower() == "request_time":  # nginx's duration, or the moment of a call
        found["timestamp"] = can(day_sql(text, settings), later=60)
    return found


def _request_line(text: str, can: Callable[..., _Candidate]) -> dict[str, _Candidate]:
    """A method alone, or a whole `GET /path HTTP/1.1`."""
    is_line = f"contains({text}, ' ')"
    line = f"regexp_extract({text}, '^([A-Za-z]+) (\\S+)(?: (HTTP/[0-9.]+))?$'"
    method = f"CASE WHEN {is_line} THEN {line}, 1) ELSE {text} END"

    def of_line(sql: str) -> _Candidate:
        return can(f"CASE WHEN {is_line} THEN nullif({sql}, '') END", False, later=60)

    return {
        "http_method": can(f"upper(nullif({method}, ''))"),
        "url_path": of_line(f"split_part({line}, 2), '?', 1)"),
        "url_query": of_line(f"split_part({line}, 2), '?', 2)"),
        "protocol": of_line(f"{line}, 3)"),
    }


def _converted(
    item: Field, text: str, column: str, unit: str, settings: Settings, units: Units
) -> tuple[str, bool]:
    """SQL of the value as the column's kind, and whether a value may fail to convert."""
    kind = BY_NAME[column].kind
    if column == "severity":
        scale = "bunyan" if item.name.lower() in ("level", "lvl") else "python"
        return severity_sql(text, numbers=scale), True
    if column == "api_key_hash":
        return hashed(item.name, text), False
    if column == "client_ip" and item.name.lower() in ("client", "peer"):
        return address_or_nothing(text), True
    if column == "client_ip":
        return address(text), False
    if column == "prompt" and item.name.lower() in ("input", "inputs"):
        return words_or_nothing(text), True
    if column.endswith(("_ms", "_s")):
        return _duration(item, text, column, unit, units)
    if kind == "time" and item.types - {"NULL"} <= NUMBERS:
        return epoch_sql(text), column != "timestamp"
    if kind == "time":
        return timestamp_sql(text, settings), column != "timestamp"
    if kind == "int":
        if item.number and item.types <= INTEGERS:
            return (counted(item.number), True) if column in COUNTS else (item.number, False)
        whole = f"regexp_extract(replace(trim({text}), ',', ''), '^([+-]?[0-9]+)(?:\\.0*)?$', 1)"
        number = f"try_cast({whole} AS BIGINT)"
        return counted(number) if column in COUNTS else number, True
    if kind == "float":
        if item.number:
            return item.number, False
        return finite(f"try_cast({text} AS DOUBLE)"), True
    if kind == "money":
        return dollars(text), True
    if kind == "bool":
        return (
            f"CASE WHEN lower({text}) IN ('true', '1', 'yes') THEN true"
            f" WHEN lower({text}) IN ('false', '0', 'no') THEN false END"
        ), True
    if kind == "json":
        return json_of(item.text, item.json, item.types), False
    if column in FREE_TEXT:
        return item.text, False
    if "ARRAY" in item.types:  # the values of a header
        only = f"json_extract_string({item.json}, '$[0]')"
        is_one = f"starts_with({item.text}, '[\"') AND json_array_length({item.json}) = 1"
        text = f"CASE WHEN {is_one} THEN {only} ELSE {text} END"
    return (f"nullif({text}, '-')" if column in DASHED else text), False


def _duration(item: Field, text: str, column: str, unit: str, units: Units) -> tuple[str, bool]:
    """Numbers by their unit; text such as 12.3ms, 0.5s or 1m30.5s says its own."""
    number = item.number or finite(f"try_cast({text} AS DOUBLE)")
    if unit == "guess":
        unit = units.guess(item.name, number, item.types)
    scale = MS_PER_UNIT.get(unit, 1e3 if column.endswith("_s") else 1.0)
    if column.endswith("_s"):
        scale /= 1e3
    plain = number if scale == 1.0 else f"({number} * {scale!r})"
    if item.number:
        return f"CASE WHEN {number} >= 0 THEN {plain} END", True
    per_unit = 1e-3 if column.endswith("_s") else 1.0
    is_spelled = f"regexp_full_match({text}, '(?:[0-9.]+ ?[a-zµμ]+ ?)+')"
    return (
        f"CASE WHEN {number} >= 0 THEN {plain} WHEN {is_spelled} "
        f"THEN nullif({spelled_ms(text)} * {per_unit!r}, 0) END",
        True,
    )

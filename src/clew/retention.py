"""Events that must go: those older than a time, and those of one person. What is gone leaves a trace.

retain  rows before a time, or only what people wrote in them
forget  rows in which a column has one of these values, and what else of the case holds the value
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from clew.engines import _remote
from clew.engines._duckdb_removal import Chosen, remove
from clew.engines.duckdb import DuckDBEngine, open_case
from clew.errors import ConfigError, UnknownName
from clew.model.event import BY_NAME, OWN
from clew.model.ledger import Removal
from clew.model.redaction import Policy
from clew.model.vocabulary import resolve
from clew.redact._key import key_of
from clew.redact._pattern import literal
from clew.redact._values import token, tokens_of

SHORTEST_MENTION = 6
"""Characters of a value that is looked for in stored findings and questions as well."""


def retain(case: str, before: datetime, *, prompts_only: bool, command: str) -> list[Removal]:
    """Removes every event before this time for good, or what people wrote in it.

    command  what the trace says
    """
    engine = _opened(case)
    try:
        if isinstance(engine, _remote.RemoteEngine):
            return engine.retain(before, prompts_only=prompts_only, command=command)
        return retain_in(engine, before, prompts_only=prompts_only, command=command)
    finally:
        engine.close()


def forget(case: str, named: Sequence[tuple[str, str]], policy: Policy) -> list[Removal]:
    """Removes every event in which one of these columns has this value."""
    engine = _opened(case)
    try:
        if isinstance(engine, _remote.RemoteEngine):
            return engine.forget(named)
        return forget_in(engine, named, policy)
    finally:
        engine.close()


def retain_in(
    engine: DuckDBEngine, before: datetime, *, prompts_only: bool, command: str
) -> list[Removal]:
    """The same in an open case."""
    stored = engine.stored()
    at = f"TIMESTAMP '{before.isoformat(sep=' ')}'"
    times = [name for name in ("timestamp", "observed_timestamp") if name in stored]
    came = f"source_id IN (SELECT source_id FROM sources WHERE ingested_at < {at})"
    where = f"CASE WHEN {came} THEN true ELSE false END"
    if times:
        when = f"coalesce({', '.join(times)})"
        where = f"CASE WHEN {when} IS NULL THEN {came} ELSE {when} < {at} END"
    chosen = Chosen(where, command, before=before, is_emptied=prompts_only)
    return remove(engine, chosen, _now())


def forget_in(
    engine: DuckDBEngine, named: Sequence[tuple[str, str]], policy: Policy
) -> list[Removal]:
    """The same in an open case."""
    key = key_of(policy, engine.path)
    stored = engine.stored()
    keys = {key for (key,) in engine.run("SELECT field FROM fields WHERE is_attribute").rows}
    tests, told, values = [], [], []
    for name, value in named:
        known = [value, *tokens_of([value], policy, engine.path).values()]
        listed = ", ".join(literal(text) for text in known)
        for column in _columns(name, stored, keys):
            tests.append(f"{column}::VARCHAR IN ({listed})")
        mark = known[1] if len(known) > 1 else f"[value:{token(key, 'value', value)}]"
        told.append(f"{name}={mark}")
        values += [text for text in known if len(text) >= SHORTEST_MENTION]
    where = f"({' OR '.join(tests) or 'false'})"
    chosen = Chosen(where, f"forget {' '.join(told)}", values=tuple(values))
    return remove(engine, chosen, _now())


def _columns(name: str, stored: Sequence[str], keys: Collection[str]) -> list[str]:
    """SQL of the places in which a name's values stand."""
    found = resolve(name)
    if found.column in OWN:
        raise ConfigError(f"'{name}' is Clew's own: name a column that a source fills.")
    meant = [column for column in (found.column, found.otherwise) if column in BY_NAME]
    attribute = found.attribute or name
    if not meant and attribute not in keys:
        raise UnknownName("column", name, [*stored, *keys], "No event of the case has it.")
    places = [f'"{column}"' for column in meant if column in stored]
    return [*places, f"variant_extract_string(attributes, {literal(attribute)})"]


def _opened(case: str) -> DuckDBEngine | _remote.RemoteEngine:
    if "://" in case:
        raise ConfigError(f"Events are removed from a DuckDB case, which {case} is not.")
    return _remote.find_server(case) or open_case(case, write=True)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)

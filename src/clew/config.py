"""Settings: one tree, written as clew.toml, as CLEW_* in the environment, or as flags.

A flag wins over the environment, the environment over the file, the file over the default.

    case = "incident.duckdb"        CLEW_CASE=incident.duckdb        --case incident.duckdb
    [limits]
    seconds = 60                    CLEW_LIMITS_SECONDS=60           --timeout 60
    [detections.error_burst]
    min_requests = 50               CLEW_DETECTIONS_ERROR_BURST_MIN_REQUESTS=50
    [prices]
    file = "prices.toml"            CLEW_PRICES_FILE=prices.toml
    [[budgets]]
    by = "team"
    limit_usd = 100
    [placeholders]
    Administrators = ["root", "adm_*"]

The file is clew.toml in the current folder, or what CLEW_CONFIG names. A key that is not in the
tree is an error that names the nearest one. Under `analyses`, `detections` and `sinks` the keys are the
members' own options: the keyword arguments of the function, with its types and defaults.
"""

from __future__ import annotations

import difflib
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from clew.errors import ConfigError
from clew.model.alert import AlertRule
from clew.model.budget import Budget
from clew.model.command import Command

PREFIX = "CLEW_"
FILE_VARIABLE = "CLEW_CONFIG"
MEMBER_FAMILIES = ("analyses", "detections", "sinks")

TABLE_LISTS: dict[str, type] = {"budgets": Budget, "alerts": AlertRule, "commands": Command}
"""Settings that are lists of tables."""

FILES = (("prices", "file"), ("redact", "key_file"))
"""Settings that name files: a relative path starts at the settings file's folder."""
WORD_LISTS = ("placeholders",)
"""Settings that are tables of names of your own, each with texts."""

Options = dict[str, dict[str, Any]]
"""Member to option to value, such as {"error_burst": {"min_requests": 50}}."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a question may cost.

    rows        rows that `sql` returns at most; 0 is no limit
    table_rows  rows that a table or chart on screen shows; json and csv are never cut by it
    seconds     how long one question may run; 0 is no limit
    """

    rows: int = 0
    table_rows: int = 200
    seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Prices:
    """What calls are priced with, beside the price book.

    file  a user's own prices, a TOML file; a relative path starts at the settings file's folder, or at
          the current one where the environment names it; empty: none
    """

    file: str = ""


@dataclass(frozen=True, slots=True)
class Redact:
    """What is taken out of everything before it is stored, see `Policy`.

    what       none, secrets, pii (and secrets) or prompts (and both)
    prompts    what becomes of prompts and completions: keep, hash or drop
    addresses  whether IP addresses are taken out as well
    presidio   the extra that looks into prose for more: `patterns`, or an installed spaCy model
    presidio_entities  what it takes, by Presidio's names; none: all that is personal
    key        the key of the tokens, at least 16 characters; best said in the environment
    key_file   the file that holds the key; a relative path starts at the settings file's folder; empty:
               CASE.key beside the case, made when it is needed
    """

    what: str = "pii"
    prompts: str = "keep"
    addresses: bool = False
    presidio: str = ""
    presidio_entities: tuple[str, ...] = ()
    key: str = field(default="", repr=False)
    key_file: str = ""


@dataclass(frozen=True, slots=True)
class Export:
    """How `clew export` and alerts send.

    token       what a receiver knows its sender by; never on the command line
    patience_s  how long a receiver may take nothing before it is given up
    ca_file     certificates of authorities that are trusted beside the system's, a PEM file
    """

    token: str = field(default="", repr=False)
    patience_s: float = 60.0
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Playbooks:
    """What playbooks may do.

    never_block  addresses and networks that stand on no block list
    """

    never_block: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """Every setting.

    case        the case: a DuckDB file, or the address of a ClickHouse server
    timezone    zone of times that state none: an IANA name, or an offset such as +02:00
    log_format  format string of nginx or Apache logs; empty: found by looking
    output      how commands print, where they can: text, table, json, csv, chart, md or html;
                empty: text or table
    limits      how much a question may cost
    prices      what calls are priced with
    redact      what is taken out before anything is stored
    budgets     what may be spent, see `Budget`; in the file alone
    placeholders  texts that %Name% stands for in Sigma rules, by name; in the file alone
    commands    what playbooks may run, see `Command`; in the file alone
    alerts      what is looked at on a schedule, see `AlertRule`; in the file alone
    export      how findings and events are sent
    playbooks   what playbooks may do
    analyses    options of analyses, by name
    detections  options of detections, by name
    sinks       options of sinks, by name; also `to` and `token` of each
    """

    case: str = "clew.duckdb"
    timezone: str = "UTC"
    log_format: str = ""
    output: str = ""
    limits: Limits = field(default_factory=Limits)
    prices: Prices = field(default_factory=Prices)
    redact: Redact = field(default_factory=Redact)
    budgets: tuple[Budget, ...] = ()
    placeholders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()
    alerts: tuple[AlertRule, ...] = ()
    export: Export = field(default_factory=Export)
    playbooks: Playbooks = field(default_factory=Playbooks)
    analyses: Options = field(default_factory=dict)
    detections: Options = field(default_factory=dict)
    sinks: Options = field(default_factory=dict)


def read(environment: Mapping[str, str], folder: Path) -> Config:
    """The settings of the file and the environment. Raises ConfigError."""
    tree = _from_file(environment.get(FILE_VARIABLE), folder)
    settings_folder = (folder / environment.get(FILE_VARIABLE, "clew.toml")).parent
    for table, name in FILES:
        own = tree.get(table)
        if isinstance(own, dict) and isinstance(own.get(name), str):
            own[name] = _path(own[name], settings_folder)
    alerts = tree.get("alerts")
    for alert in alerts if isinstance(alerts, list) else []:
        for name in ("rules", "playbook"):
            if isinstance(alert, dict) and isinstance(alert.get(name), str):
                alert[name] = _path(alert[name], settings_folder)
    _add_environment(tree, environment)
    config: Config = _build(Config, tree, "")
    key_file = _path(config.redact.key_file, folder)
    return replace(
        config,
        prices=Prices(_path(config.prices.file, folder)),
        redact=replace(config.redact, key_file=key_file),
    )


def _path(name: str, folder: Path) -> str:
    return str((folder / Path(name).expanduser()).absolute()) if name else ""


def names() -> list[str]:
    """Every fixed setting by its dotted name, such as limits.seconds."""
    return list(_leaves(Config, ""))


def member_options(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of an analysis or a detection with the types its function declares.

    Raises ConfigError for an option that it does not have, and for a value of another type.
    """
    declared = {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    hints = typing.get_type_hints(function)
    options = {}
    for name, value in given.items():
        if name not in declared:
            raise _unknown(f"an option of {function.__module__.rsplit('.', 1)[-1]}", name, declared)
        options[name] = _typed(value, hints.get(name, str), name)
    return options


def _from_file(named: str | None, folder: Path) -> dict[str, Any]:
    import tomllib

    path = Path(named) if named else folder / "clew.toml"
    if not named and not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The settings file {path} is not TOML: {error}.") from error


def _add_environment(tree: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Lays CLEW_* over the tree. A near miss of a setting is an error; other names are not ours."""
    paths = {PREFIX + path.upper().replace(".", "_"): path.split(".") for path in names()}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable == FILE_VARIABLE:
            continue
        path = paths.get(variable) or _member_path(variable)
        if path:
            _plant(tree, path, value)
        elif close := difflib.get_close_matches(variable, [*paths, FILE_VARIABLE], 1, 0.85):
            raise ConfigError(
                f"{variable} in the environment is not a setting. Did you mean {close[0]}?"
            )


def _member_path(variable: str) -> list[str] | None:
    """CLEW_DETECTIONS_ERROR_BURST_MIN_REQUESTS to [detections, error_burst, min_requests]."""
    family, _, rest = variable.removeprefix(PREFIX).lower().partition("_")
    if family not in MEMBER_FAMILIES:
        return None
    from clew.registry import names as members

    fitting = [member for member in members(family) if rest.startswith(member + "_")]
    if not fitting:
        raise ConfigError(f"{variable} in the environment names none of the {family}.")
    member = max(fitting, key=len)
    return [family, member, rest.removeprefix(member + "_")]


def _plant(tree: dict[str, Any], path: list[str], value: str) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
        if not isinstance(tree, dict):
            raise ConfigError(f"The setting {step} must be a table of settings.")
    tree[path[-1]] = value


def _build(kind: type, tree: Mapping[str, Any], above: str) -> Any:
    hints = typing.get_type_hints(kind)
    known = [item.name for item in fields(kind)]
    given: dict[str, Any] = {}
    for name, value in tree.items():
        if name not in known:
            raise _unknown("a setting", above + name, [above + other for other in known])
        if name in TABLE_LISTS:
            given[name] = _tables(TABLE_LISTS[name], value, name)
        elif name in WORD_LISTS:
            given[name] = _word_lists(value, name)
        elif is_dataclass(hints[name]) or name in MEMBER_FAMILIES:
            if not isinstance(value, Mapping):
                raise ConfigError(f"The setting {above}{name} must be a table of settings.")
            given[name] = (
                _members(name, value)
                if name in MEMBER_FAMILIES
                else _build(hints[name], value, f"{above}{name}.")
            )
        else:
            given[name] = _typed(value, hints[name], above + name)
    for item in fields(kind):
        if item.default is MISSING and item.default_factory is MISSING and item.name not in given:
            raise ConfigError(f"The setting {above}{item.name} is missing.")
    return kind(**given)


def _tables(kind: type, value: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise ConfigError(f"The setting {name} must be tables, each under [[{name}]].")
    return tuple(_build(kind, item, f"{name}[{number}].") for number, item in enumerate(value, 1))


def _word_lists(value: Any, name: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"The setting {name} must be a table of lists of texts.")
    found = {}
    for word, texts in value.items():
        listed = texts if isinstance(texts, list) else [texts]
        if not listed or not all(isinstance(text, str | int) for text in listed):
            raise ConfigError(f"The setting {name}.{word} must be a list of texts, not {texts!r}.")
        found[word] = tuple(str(text) for text in listed)
    return found


def _members(family: str, tree: Mapping[str, Any]) -> Options:
    from clew.registry import names as members

    for member, options in tree.items():
        if member not in members(family):
            raise _unknown(f"one of the {family}", member, members(family))
        if not isinstance(options, Mapping):
            raise ConfigError(f"The setting {family}.{member} must be a table of options.")
    return {member: dict(options) for member, options in tree.items()}


def _leaves(kind: type, above: str) -> Iterable[str]:
    hints = typing.get_type_hints(kind)
    for item in fields(kind):
        if is_dataclass(hints[item.name]):
            yield from _leaves(hints[item.name], f"{above}{item.name}.")
        elif item.name not in (*MEMBER_FAMILIES, *TABLE_LISTS, *WORD_LISTS):
            yield above + item.name


def _typed(value: Any, kind: Any, name: str) -> Any:
    """The value as that type: a flag's or the environment's text is read, TOML's types are kept."""
    if isinstance(kind, types.UnionType):
        kind = next(choice for choice in kind.__args__ if choice is not types.NoneType)
    origin = typing.get_origin(kind) or kind
    if origin is tuple:
        parts = value.split(",") if isinstance(value, str) else list(value)
        return tuple(part.strip() if isinstance(part, str) else part for part in parts)
    if origin is bool and isinstance(value, str):
        if value.lower() in ("true", "yes", "1", "false", "no", "0"):
            return value.lower() in ("true", "yes", "1")
    elif isinstance(value, bool) and origin is not bool:
        pass
    elif origin in (int, float) and isinstance(value, (str, int, float)):
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if origin is float and number == number:
            return number
        if number.is_integer():
            return int(number)
    elif origin not in (int, float, bool, str) or isinstance(value, origin):
        return value
    raise ConfigError(f"{name} must be {_WORDS.get(origin, 'a text')}, not {value!r}.")


_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


def _unknown(what: str, name: str, known: Iterable[str]) -> ConfigError:
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    guess = f" Did you mean '{close[0]}'?" if close else f" Known: {', '.join(known) or 'none'}."
    return ConfigError(f"'{name}' is not {what}.{guess}")

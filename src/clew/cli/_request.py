"""What commands share of a request: options said in one way, settings, the open case, times."""

from __future__ import annotations

import contextlib
import difflib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.errors import ConfigError

if TYPE_CHECKING:
    from clew.config import Config, Options
    from clew.engines import Engine
    from clew.model.finding import Investigation
    from clew.model.redaction import Policy
    from clew.query import Query

Paths = Annotated[
    list[str],
    typer.Argument(metavar="PATH", help="Files, folders or globs; - is standard input."),
]
Case = Annotated[
    str | None,
    typer.Option("--case", metavar="CASE", help="A DuckDB file or clickhouse://... [clew.duckdb]"),
]
Format = Annotated[
    str | None,
    typer.Option("--format", metavar="FORMAT", help="The format of all paths, instead of looking."),
]
TimeZone = Annotated[
    str | None,
    typer.Option(
        "--timezone", metavar="ZONE", help="Of times that state none, as Europe/Rome. [UTC]"
    ),
]
LogFormat = Annotated[
    str | None,
    typer.Option("--log-format", metavar="TEXT", help="The log_format of nginx or Apache logs."),
]
Redact = Annotated[
    str | None,
    typer.Option(
        "--redact",
        metavar="WHAT",
        help="What is taken out before anything is stored: none, secrets, pii or prompts. [pii]",
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="From this time on: RFC 3339, or 2h, 7d ago."),
]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME", help="Up to this time, which is not part of it."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", metavar="ROWS", min=0, help="At most so many rows.")
]
FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="SEVERITY",
        help="Exit 1 on findings this severe: info, low, medium ...",
    ),
]
ANSWERS = ("table", "json", "csv", "chart")
STORIES = ("text", "json", "md", "html")
PLAIN = ("text", "json")
AnswerOutput = Annotated[
    str | None, typer.Option("--output", metavar="HOW", help="table, json, csv or chart. [table]")
]
StoryOutput = Annotated[
    str | None, typer.Option("--output", metavar="HOW", help="text, json, md or html. [text]")
]
PlainOutput = Annotated[
    str | None, typer.Option("--output", metavar="HOW", help="text or json. [text]")
]


def config() -> Config:
    """The settings of this folder and environment."""
    from clew.config import read

    return read(os.environ, Path.cwd())


def output_of(asked: str | None, settings: Config, can: Sequence[str]) -> str:
    """The output: the flag's, else the setting's where this command has it, else its first."""
    if asked is None:
        return settings.output if settings.output in can else can[0]
    return one_of("output", asked, can)


def one_of(what: str, asked: str, known: Sequence[str]) -> str:
    """The word, when it is one of them; else a sentence that names the nearest."""
    if asked in known:
        return asked
    close = difflib.get_close_matches(asked, known, n=1, cutoff=0.5)
    guess = f" Did you mean '{close[0]}'?" if close else ""
    raise ConfigError(f"'{asked}' is not one of --{what} {', '.join(known)}.{guess}")


def case_of(case: str | None, settings: Config) -> str:
    """The case, with what a server that was killed has left beside it."""
    name = case or settings.case
    if "://" not in name and any(Path(f"{name}.spool").glob("*.*.*")):
        from clew.live.left_behind import load_left_behind

        if said := load_left_behind(name, policy_of(settings)):
            print(said, file=sys.stderr)
    return name


def policy_of(settings: Config, redact: str | None = None) -> Policy:
    """What is taken out: the flag's word, else the setting's, with all other settings."""
    from clew.model.redaction import PROMPTS, WHATS, Policy

    given = settings.redact
    return Policy(
        what=one_of("redact", redact or given.what, WHATS),  # type: ignore[arg-type]
        prompts=one_of("redact.prompts", given.prompts, PROMPTS),  # type: ignore[arg-type]
        addresses=given.addresses,
        presidio=given.presidio,
        entities=given.presidio_entities,
        key_file=given.key_file,
        key=given.key,
    )


@contextlib.contextmanager
def opened(case: str | None, settings: Config) -> Iterator[Engine]:
    """The case, for reading."""
    from clew.pipeline import open_case

    engine = open_case(case_of(case, settings), write=False)
    try:
        yield engine
    finally:
        engine.close()


class Keep:
    """An open case, and what stores findings in it, where it can be written."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __call__(self, found: Investigation) -> Investigation:
        """Stores the findings, and gives them back."""
        store = getattr(self.engine, "keep_findings", None)
        if store is not None:
            store([finding.as_json() for finding in found.findings], now())
        return found


@contextlib.contextmanager
def keeping(case: str | None, settings: Config) -> Iterator[Keep]:
    """The case, for reading, and where it can be had for writing too: for storing what is found, and
    for detections that fill a column."""
    from clew.errors import EngineError
    from clew.pipeline import open_case

    name = case_of(case, settings)
    is_there = "://" in name or Path(name).exists()  # one that is not is not made
    try:
        engine = open_case(name, write=is_there)
    except (ConfigError, EngineError):
        engine = open_case(name, write=False)
    try:
        yield Keep(engine)
    finally:
        engine.close()


def now() -> datetime:
    """The clock, read once at the edge: naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def detection_options(settings: Config, extra: Mapping[str, Mapping[str, Any]]) -> Options:
    """Options by detection, the settings' and then these, in the types that each declares."""
    from clew.config import member_options
    from clew.registry import load

    given = {
        name: {**settings.detections.get(name, {}), **extra.get(name, {})}
        for name in {**settings.detections, **extra}
    }
    if settings.budgets:
        given["budget_exceeded"] = {
            "budgets": settings.budgets,
            **given.get("budget_exceeded", {}),
        }
    return {
        name: member_options(load("detections", name).detect, options)
        for name, options in given.items()
    }


def with_tokens(parsed: Query, case: str | None, settings: Config) -> Query:
    """The search, which also finds what its values have become by redaction with this case's key."""
    from clew.query.redacted import with_tokens as also_tokens
    from clew.redact._values import tokens_of

    policy, name = policy_of(settings), case or settings.case
    return also_tokens(parsed, lambda values: tokens_of(values, policy, name))


def moment(text: str | None) -> datetime | None:
    """A time of --since or --until."""
    if text is None:
        return None
    from clew.query.times import parse_moment

    return parse_moment(text, now())


def time_range(text: str | None) -> tuple[datetime, datetime] | None:
    """Both ends of --baseline A..B."""
    if text is None:
        return None
    from clew.query.times import parse_range

    return parse_range(text, now())


def assignments(pairs: Sequence[str] | None) -> dict[str, Any]:
    """["min_requests=20"] as {"min_requests": "20"}."""
    given = {}
    for pair in pairs or ():
        name, found, value = pair.partition("=")
        if not found or not name:
            raise ConfigError(f"'{pair}' is not an option: write --option name=value.")
        given[name.strip().replace("-", "_")] = value.strip()
    return given

"""The command line: reads a request, calls the pipeline, shows the answer.

One file a command, or a few close ones. A command imports what it needs when it runs, so that
`clew --help` answers at once.

Exit codes
    0  done
    1  ran, and there are findings at or above --fail-on
    2  wrong usage or configuration
    3  an input could not be read, the ledger does not balance, or evidence was altered
    4  the engine failed
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from typing import Annotated

import typer

from clew import __version__
from clew.cli import (
    alerts,
    catalog,
    detect,
    doctor,
    export,
    ingest,
    investigate,
    playbook,
    report,
    retain,
    rules,
    search,
    serve,
    show,
    sql,
    tail,
    token,
    trace,
    train_detector,
    verify,
)
from clew.cli._patience import ended_by_ctrl_c
from clew.errors import ClewError, QueryError

FEW_COLLECTIONS = 200_000, 20, 50
"""Thresholds of Python's collector of garbage: a question makes many objects, and little garbage."""

INTERRUPTED = "Query interrupted"
"""What DuckDB raises, a RuntimeError, where Ctrl-C met it at work."""

app = typer.Typer(
    name="clew",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Forensics for AI systems: from logs, traces and API records to a proven root cause.",
)
app.command()(investigate.investigate)
app.command()(ingest.ingest)
app.command()(search.search)
app.command()(search.timeline)
app.command()(tail.tail)
app.command()(trace.trace)
app.command()(sql.sql)
app.command()(show.show)
app.command()(detect.detect)
app.command(name="train-detector")(train_detector.train_detector)
app.command()(report.report)
app.command()(export.export)
app.command(name="list")(catalog.list_members)
app.command()(catalog.explain)
app.command()(verify.verify)
app.command()(retain.retain)
app.command()(retain.forget)
app.command()(doctor.doctor)
app.command()(serve.serve)
app.add_typer(rules.app, name="rules")
app.command()(alerts.watch)
app.add_typer(alerts.app, name="alerts")
app.add_typer(playbook.app, name="playbook")
app.add_typer(token.app, name="token")


@app.callback(invoke_without_command=True)
def clew(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[  # taken out by `main`, wherever it stands; declared for the help
        bool, typer.Option("--debug", help="Show the traceback of an error; anywhere.")
    ] = False,
) -> None:
    if version:
        print(f"clew {__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    words = given[: given.index("--")] if "--" in given else given
    is_debug = "--debug" in words
    if is_debug:
        given.remove("--debug")
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    gc.set_threshold(*FEW_COLLECTIONS)
    try:
        with ended_by_ctrl_c():
            code = _run(given)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (KeyboardInterrupt, typer.Abort):
        return 128 + signal.SIGINT
    except Exception as error:
        if str(error) == INTERRUPTED:
            return 128 + signal.SIGINT
        if is_debug:
            raise
        return _say(error)


def _run(arguments: list[str]) -> int:
    """Runs the command without Typer's own `main`, which would turn a closed pipe into exit 1."""
    command = typer.main.get_command(app)
    try:
        with command.make_context("clew", arguments) as context:
            code = command.invoke(context)
    except typer.Exit as exit:
        return exit.exit_code
    return code if isinstance(code, int) else 0


def _say(error: Exception) -> int:
    """Prints the error as one sentence, and returns its exit code."""
    from clew.cli.render.escape import visible

    sentence, code = _sentence(error)
    print(visible(sentence), file=sys.stderr)
    if isinstance(error, QueryError):
        for line in error.pointer().splitlines():
            print(visible(line), file=sys.stderr)
    return code


def _sentence(error: Exception) -> tuple[str, int]:
    if isinstance(error, ClewError):
        return str(error), error.exit_code
    if isinstance(error, typer.TyperException):
        return _usage(error), error.exit_code
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"The system refused{where}: {error.strerror or error}.", 3
    if isinstance(error, MemoryError):
        return "There is not enough memory for this answer: ask for less with --limit.", 4
    words = f"{type(error).__name__}: {error}".removeprefix("AssertionError: ")
    words = words if words.startswith("BUG:") else f"BUG: {words}"
    return f"{words}. '--debug' shows where.", 4


def _usage(error: typer.TyperException) -> str:
    """A usage error of Typer as one sentence that names the nearest option."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "clew"
    option = getattr(error, "option_name", None)
    if option and hasattr(error, "possibilities"):
        import difflib

        known = [name for item in context.command.params for name in item.opts] if context else []
        close = difflib.get_close_matches(option, known, n=1, cutoff=0.5)
        guess = f" Did you mean '{close[0]}'?" if close else ""
        return f"{path} has no option '{option}'.{guess} '{path} --help' shows all."
    sentence = error.format_message().strip()
    return f"{sentence if sentence.endswith(('.', '?')) else sentence + '.'} See '{path} --help'."

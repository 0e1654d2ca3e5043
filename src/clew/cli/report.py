"""`clew report`: the case as a document, written whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from clew.cli._request import Case, Since, Until, config, detection_options, moment, opened
from clew.errors import ConfigError

STANDARD_OUTPUT = "-"


def report(
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="FILE", help="FILE.html or FILE.md; - prints it."),
    ] = STANDARD_OUTPUT,
    format: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="html or md. [the file's ending; - is md]"),
    ] = None,
    case: Case = None,
    since: Since = None,
    until: Until = None,
) -> int:
    """Write a report: what it cost or what failed, who and when, findings, what proves them."""
    settings = config()
    _check_place(output)
    name = _format(output, format)
    from clew import reporting

    with opened(case, settings) as engine:
        text = reporting.report(
            engine,
            format=name,
            options=detection_options(settings, {}),
            since=moment(since),
            until=moment(until),
            timeout_s=settings.limits.seconds or None,
        )
    if output == STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        _write_whole(Path(output), text)
    return 0


def _format(output: str, asked: str | None) -> str:
    """The member of reports/ that is asked for, or that the ending means."""
    from clew import registry

    if asked is not None:
        registry.load("reports", asked)
        return asked
    if output == STANDARD_OUTPUT:
        return "md"
    ending = Path(output).suffix.lower()
    endings = {
        known: name
        for name in registry.names("reports")
        for known in registry.load("reports", name).ENDINGS
    }
    if ending not in endings:
        said = f"'{ending}' is no ending of a report" if ending else f"'{output}' has no ending"
        raise ConfigError(f"{said}: name a file that ends in {' or '.join(sorted(endings))}.")
    return endings[ending]


def _check_place(output: str) -> None:
    """Raises ConfigError before the work is done for nothing."""
    path = Path(output)
    if output == STANDARD_OUTPUT:
        return
    if path.is_dir():
        raise ConfigError(f"{output} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise ConfigError(f"The folder {path.parent} of --output does not exist.")


def _write_whole(path: Path, text: str) -> None:
    """Beside the file first, then in its place: a reader sees the old report or the new one."""
    beside = ""
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, _mode(path))
        os.replace(beside, path)
    except BaseException as error:
        if beside:
            Path(beside).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _mode(path: Path) -> int:
    """The file's own mode; of a new one what the process gives to new files."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
